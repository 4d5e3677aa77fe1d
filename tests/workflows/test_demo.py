from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from harstudio.body.sites import layout_of
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Progress, finished
from harstudio.core.project import Project
from harstudio.demo.activities import ACTIVITIES
from harstudio.store.project_file import ProjectFile
from harstudio.workflows import demo
from harstudio.workflows.aligning import align_clips
from harstudio.workflows.demo import HIDDEN, make_demo, segment_of_truth
from harstudio.workflows.loading import load_clip
from harstudio.workflows.placing import fitted_placement
from harstudio.workflows.relinking import missing_sources
from harstudio.workflows.training import training_clips


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished(make_demo(tmp_path_factory.mktemp("demo") / "new" / "folder"))


@pytest.fixture(scope="module")
def project(made: Path) -> Project:
    with ProjectFile.open(made, read_only=True) as file:
        return file.project


def by_name(project: Project) -> Mapping[str, str]:
    return {clip.name: clip.id for clip in project.clips.values()}


def test_the_same_seed_makes_the_same_bytes_and_an_equal_project(
    made: Path, project: Project, tmp_path: Path
) -> None:
    again = finished(make_demo(tmp_path / "other"))
    files = {p.relative_to(made.parent) for p in made.parent.rglob("*.*") if p.suffix in _DATA}
    others = {p.relative_to(tmp_path / "other") for p in (tmp_path / "other").rglob("*.*")}
    assert files == {path for path in others if path.suffix in _DATA}
    assert len(files) > 60
    for path in files:
        assert (made.parent / path).read_bytes() == (tmp_path / "other" / path).read_bytes(), path
    with ProjectFile.open(again, read_only=True) as file:
        assert file.project == project


_DATA = (".npz", ".csv")


def test_several_people_do_the_five_activities(project: Project) -> None:
    assert project.label_set.names == ACTIVITIES
    assert len(ACTIVITIES) == 5
    subjects = {clip.subject for clip in project.clips.values()}
    assert len(subjects) >= 5
    for subject in subjects:
        labels = {
            label
            for clip in project.clips.values()
            if clip.subject == subject
            for label in clip.labels.labels
        }
        assert labels == set(ACTIVITIES)
    assert all(not clip.problem for clip in project.clips.values())


def test_the_demo_says_that_it_is_synthetic(project: Project) -> None:
    assert "synthetic" in project.name
    for clip in project.clips.values():
        assert "synthetic" in clip.dataset
        assert "Synthetic" in clip.notes


def test_two_clips_are_mislabelled_and_the_truth_is_known(project: Project) -> None:
    wrong = {
        clip.name: clip.labels.labels
        for clip in project.clips.values()
        if (truth := segment_of_truth(clip.name)) and clip.labels.labels != (truth.label,)
    }
    assert len(wrong) == 2
    assert set(wrong) == set(demo._MISLABELLED)
    right = [clip for clip in project.clips.values() if clip.motion and clip.name not in wrong]
    for clip in right:
        if not clip.name.endswith("session"):
            assert clip.labels.labels == (clip.name.split("_", 1)[1],)


def test_alignment_recovers_the_hidden_lag_and_drift(made: Path, project: Project) -> None:
    ids = tuple(by_name(project)[name] for name in HIDDEN)
    found = finished(align_clips(project, made.parent, ids))
    assert found.failures == ()
    for name, fit in found.fits:
        assert fit.alignment.offset_s == pytest.approx(HIDDEN[name].offset_s, abs=1e-3), name
        assert fit.alignment.drift_ppm == pytest.approx(HIDDEN[name].drift_ppm, abs=5.0), name
        assert fit.ambiguous == "", name


def test_sessions_hold_every_activity_and_unlabelled_transitions(project: Project) -> None:
    clip = project.clip(by_name(project)["p5_session"])
    assert set(clip.labels.labels) == set(ACTIVITIES)
    labelled = sum(segment.duration_s for segment in clip.labels.segments)
    assert 0.8 * clip.duration_s < labelled < clip.duration_s


def test_people_have_different_bodies(made: Path, project: Project) -> None:
    bodies = []
    for number in (1, 3, 5):
        clip = project.clip(by_name(project)[f"p{number}_walking"])
        loaded = load_clip(project, clip, made.parent)
        assert loaded.shaped is not None
        bodies.append(loaded.shaped.vertices)
    apart_m = [np.abs(a - b).max() for a, b in itertools.combinations(bodies, 2)]
    assert min(apart_m) > 0.01
    assert max(apart_m) > 0.04


def test_people_with_a_recording_are_kept_out_of_training(project: Project) -> None:
    names = {project.clip(i).name for i in training_clips(project)}
    recorded = {clip.subject for clip in project.clips.values() if clip.recordings}
    assert recorded
    assert not any(name.startswith(tuple(recorded)) for name in names)
    everyone = {project.clip(i).name for i in training_clips(project, include_recorded=True)}
    assert set(HIDDEN) <= everyone


def test_the_project_moves_with_its_folder(made: Path, project: Project, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.symlink_to(made.parent, target_is_directory=True)
    assert missing_sources(project, moved) == ()
    paths = [clip.motion.path for clip in project.clips.values() if clip.motion]
    assert not any(Path(path).is_absolute() for path in paths)


def test_other_files_in_the_folder_are_none_of_its_business(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = demo._takes
    monkeypatch.setattr(demo, "_takes", lambda seed: [whole(seed)[0], whole(seed)[-1]])
    (tmp_path / "broken.npz").write_bytes(b"no archive")
    np.savez(tmp_path / "shape.npz", betas=np.zeros(16))
    path = finished(make_demo(tmp_path))
    with ProjectFile.open(path, read_only=True) as file:
        names = {clip.name for clip in file.project.clips.values()}
    assert {"p1_walking", "p6_session"} <= names
    assert all(name.startswith("p") for name in names)


def test_a_demo_that_is_there_is_not_overwritten(made: Path) -> None:
    before = made.read_bytes()
    with pytest.raises(HarstudioError, match="exists already"):
        finished(make_demo(made.parent))
    assert made.read_bytes() == before


def test_closing_midway_leaves_no_project(tmp_path: Path) -> None:
    job = make_demo(tmp_path)
    steps: list[Progress] = [next(job), next(job)]
    job.close()
    assert steps[1].done == 1
    assert steps[1].total > 30
    assert not list(tmp_path.glob("*.harstudio*"))


def test_where_the_worn_sensors_slipped_to_is_found_and_helps_where_it_was_not_sought(
    made: Path, project: Project
) -> None:
    number, take = next(
        (i, take) for i, take in enumerate(demo._takes(7)) if take.name == "p5_session"
    )
    rng = np.random.default_rng(7 * 1000 + number)
    slipped = [demo._slipped(sensor, rng) for sensor in layout_of(demo.SENSORS).sensors]
    clip_id = by_name(project)[take.name]
    aligned = finished(align_clips(project, made.parent, (clip_id,))).clips
    loaded = load_clip(project.with_clips(aligned), aligned[0], made.parent)
    for sensor, truth in zip(project.layout.sensors, slipped, strict=True):
        found = fitted_placement(loaded, sensor, project.rate_hz)
        assert found.fit.worth_it, sensor.name
        assert found.fit.gain > 0.5, sensor.name
        off = np.subtract(found.sensor.mount.lever_arm_m, truth.mount.lever_arm_m)
        assert np.linalg.norm(off) < 0.003, sensor.name
