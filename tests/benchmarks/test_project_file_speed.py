"""A project of 11,000 clips stays usable: an edit and an opening, against one JSON file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from harstudio.core.imu import Sensor, SensorLayout, SensorSite
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip, Project
from harstudio.core.source import Source
from harstudio.store import serial
from harstudio.store.project_file import ProjectFile

CLIPS = 11_000
OPEN_AT_MOST_S = 2.0
EDIT_AT_MOST_S = 0.03


def clip(n: int) -> Clip:
    labels = ("walk", "run", "jump", "sit", "stand")
    track = LabelTrack(tuple(Segment(2.0 * k, 2.0 * k + 1.5, labels[k]) for k in range(5)))
    motion = Source(f"amass/CMU/{n % 300}/motion_{n}_poses.npz", "amass", f"{n:064x}")
    name, subject = f"{n % 300}/motion_{n}", f"subject {n % 300}"
    return Clip(f"c{n}", name, 10.0, 120.0, subject, "CMU", motion, (), ((MINE, track),))


@pytest.fixture(scope="module")
def project() -> Project:
    site = SensorSite("left_elbow", ("left_elbow", "left_wrist"), 0.9, (0.0, 1.0, 0.0))
    layout = SensorLayout("watch", (Sensor("left_wrist", site),))
    return Project("AMASS", layout).with_clips(clip(n) for n in range(CLIPS))


@pytest.fixture
def file(tmp_path: Path, project: Project) -> Iterator[ProjectFile]:
    with ProjectFile.create(tmp_path / "amass.harstudio", project) as file:
        yield file


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def write_json(path: Path, project: Project) -> None:
    """What a project without a database does on each edit: the whole file again."""
    clips = [serial.to_json(c) for c in project.clips.values()]
    path.write_text(json.dumps({"parts": serial.parts_to_text(project), "clips": clips}))


def test_an_edit_is_20_times_faster_than_writing_all_clips_again(
    benchmark: BenchmarkFixture, file: ProjectFile, tmp_path: Path
) -> None:
    numbers = count()

    def edit() -> None:
        before, n = file.project, next(numbers)
        old = before.clip(f"c{n * 37 % CLIPS}")
        painted = old.with_track(old.labels.paint(Segment(0.5, 1.0, f"label {n % 2}")))
        file.write(before, before.with_clips([painted]), "Paint")

    benchmark.pedantic(edit, rounds=100)
    whole = seconds(lambda: write_json(tmp_path / "all.json", file.project))
    edit_s = benchmark.stats.stats.median
    benchmark.extra_info.update(times_faster=whole / edit_s, json_s=whole)
    assert whole / edit_s > 20
    assert edit_s < EDIT_AT_MOST_S


def test_opening_costs_less_than_twice_the_reading_of_one_json_file(
    benchmark: BenchmarkFixture, file: ProjectFile, tmp_path: Path
) -> None:
    path = tmp_path / "all.json"
    write_json(path, file.project)
    file.close()

    def read_json() -> list[Clip]:
        return [serial.from_json(Clip, data) for data in json.loads(path.read_text())["clips"]]

    benchmark.pedantic(lambda: ProjectFile.open(file.path).close(), rounds=3)
    one_file = min(seconds(read_json) for _ in range(2))
    open_s = benchmark.stats.stats.min
    benchmark.extra_info.update(share_of_json=open_s / one_file)
    assert open_s / one_file < 2
    assert open_s < OPEN_AT_MOST_S
