"""An AMASS-sized folder and project: importing, opening, searching.

Run with ``python -m pytest tests/benchmarks/test_import_speed.py -s``; it writes 11,000 files
(half a GB) into a temporary folder.
"""

from __future__ import annotations

import io
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harstudio.body.sites import LAYOUTS, layout_of
from harstudio.core.jobs import Progress, finished
from harstudio.core.project import Project
from harstudio.gui.library.filtering import Query, found
from harstudio.store.project_file import ProjectFile
from harstudio.workflows.importing import Imported, import_folder, with_imported

FILES = 11_000
SMALL_FRAMES, USUAL_FRAMES = 240, 1560
"""Two seconds at 120 Hz, so that 11,000 files fit on a disk; and AMASS's mean of 13 seconds."""

USUAL_FILES = 60
IMPORT_AT_MOST_S = 30.0
TIMES_AS_FAST_AS_LOADING = 5
OPEN_AT_MOST_S = 2.0
SEARCH_AT_MOST_S = 0.1
REPORT_AT_LEAST_EVERY_S = 0.1


def write_motions(place: Path, files: int, frames: int, decimals: int) -> Path:
    """Motions in 300 folders, each different; few decimals make small files."""
    rng = np.random.default_rng(0)
    template = io.BytesIO()
    np.savez_compressed(
        template,
        poses=np.cumsum(rng.normal(0, 1e-3, (frames, 156)), axis=0).round(decimals),
        trans=np.zeros((frames, 3)),
        gender=np.array("female"),
        mocap_framerate=np.array(120.0),
    )
    for number in range(files):
        path = place / f"CMU/{number % 300:03d}/{number:05d}_poses.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(template.getvalue())
        betas = io.BytesIO()
        np.save(betas, np.full(16, number / files))
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("betas.npy", betas.getvalue())
    return place


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """11,000 small motions."""
    place = write_motions(tmp_path_factory.mktemp("amass"), FILES, SMALL_FRAMES, 3)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def imported(folder: Path) -> tuple[Imported, float, float]:
    """What was found, in how many seconds, and the longest time without a report."""
    project = Project("AMASS", layout_of(LAYOUTS["xiao2020"]))
    start = last = time.perf_counter()
    longest = 0.0

    def report(_: Progress) -> None:
        nonlocal last, longest
        now = time.perf_counter()
        longest, last = max(longest, now - last), now

    result = finished(import_folder(project, folder, folder), report)
    return result, time.perf_counter() - start, longest


@pytest.fixture(scope="module")
def project_file(imported: tuple[Imported, float, float], folder: Path) -> Path:
    project = Project("AMASS", layout_of(LAYOUTS["xiao2020"]))
    path = folder / "amass.harstudio"
    ProjectFile.create(path, with_imported(project, imported[0])).close()
    return path


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def load_every_array(folder: Path) -> None:
    for path in folder.rglob("*_poses.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            _ = [arrays[name] for name in arrays.files]


def test_11_000_files_are_an_ordinary_case(imported: tuple[Imported, float, float]) -> None:
    found_files, took_s, longest_s = imported
    print(f"{FILES:,} files in {took_s:.1f} s, longest silence {1000 * longest_s:.0f} ms")
    assert len(found_files.clips) == FILES
    assert found_files.rejected == ()
    assert took_s < IMPORT_AT_MOST_S
    assert longest_s < 3 * REPORT_AT_LEAST_EVERY_S  # a busy machine stops us now and then


def test_importing_reads_headers_only(benchmark: Any, tmp_path: Path) -> None:
    place = write_motions(tmp_path, USUAL_FILES, USUAL_FRAMES, 12)
    project = Project("AMASS", layout_of(LAYOUTS["xiao2020"]))

    def run() -> None:
        assert len(finished(import_folder(project, place, place)).clips) == USUAL_FILES

    run()
    loading_s = min(seconds(lambda: load_every_array(place)) for _ in range(3))
    ratio = loading_s / min(seconds(run) for _ in range(3))
    benchmark.extra_info["times as fast as numpy.load"] = round(ratio, 1)
    print(f"files of usual length: {ratio:.0f} times as fast as numpy.load of every array")
    benchmark(run)
    assert ratio >= TIMES_AS_FAST_AS_LOADING


def test_a_project_of_11_000_clips_opens_and_is_searched_at_once(
    benchmark: Any, project_file: Path
) -> None:
    opening_s = min(
        seconds(lambda: ProjectFile.open(project_file, read_only=True).close()) for _ in range(3)
    )
    with ProjectFile.open(project_file, read_only=True) as file:
        clips = list(file.project.clips.values())
    query = Query(text="cmu 0777")
    searching_s = min(seconds(lambda: found(clips, query, "name")) for _ in range(3))
    print(f"opened in {opening_s:.2f} s, searched in {1000 * searching_s:.0f} ms")
    assert 0 < len(found(clips, query)) < 100
    benchmark(found, clips, query, "name")
    assert opening_s < OPEN_AT_MOST_S
    assert searching_s < SEARCH_AT_MOST_S


def test_importing_the_same_folder_again_adds_nothing(project_file: Path, folder: Path) -> None:
    with ProjectFile.open(project_file, read_only=True) as file:
        project = file.project
    again: list[Imported] = []
    took_s = seconds(lambda: again.append(finished(import_folder(project, folder, folder))))
    print(f"imported again in {took_s:.1f} s")
    assert (len(again[0].clips), again[0].known) == (0, FILES)
