from __future__ import annotations

import csv
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import KEPT, Project
from harstudio.core.timebase import Alignment
from harstudio.io import registry
from harstudio.io.imu_npz import write_imu_npz
from harstudio.io.reader import Reader
from harstudio.workflows import importing
from harstudio.workflows.importing import Imported, import_folder, with_imported
from tests.workflows.making import HZ, Study, moving, worn, write_moving


def imported(project: Project, folder: Path, **options: bool) -> Imported:
    return finished(import_folder(project, folder, folder, **options))


def arrays(**changes: object) -> dict[str, object]:
    """A sound AMASS file's arrays, changed."""
    sound: dict[str, object] = {
        "poses": np.zeros((30, 156)),
        "trans": np.zeros((30, 3)),
        "betas": np.zeros(16),
        "gender": np.array("female"),
        "mocap_framerate": np.array(60.0),
    }
    return {k: v for k, v in {**sound, **changes}.items() if v is not None}


def test_folders_are_searched_to_any_depth(tmp_path: Path, empty_project: Project) -> None:
    for place in ("a_poses.npz", "x/b_poses.npz", "x/y/z/c_poses.npz"):
        write_moving(tmp_path / place, "waving", 0.5, seed=len(place))
    found = imported(empty_project, tmp_path)
    assert [clip.name for clip in found.clips] == ["a", "b", "c"]
    assert [clip.motion and clip.motion.path for clip in found.clips] == [
        "a_poses.npz",
        "x/b_poses.npz",
        "x/y/z/c_poses.npz",
    ]


def test_a_clip_knows_length_rate_subject_and_dataset_from_headers_and_folders(
    tmp_path: Path, empty_project: Project
) -> None:
    write_moving(tmp_path / "CMU/07/walk_poses.npz", "waving", 2.0)
    (clip,) = imported(empty_project, tmp_path).clips
    assert (clip.duration_s, clip.rate_hz) == (2.0, 60.0)
    assert (clip.subject, clip.dataset) == ("07", "CMU")
    assert len(clip.labels) == 0


BROKEN = {
    "framerate_zero": arrays(mocap_framerate=np.array(0.0)),
    "framerate_negative": arrays(mocap_framerate=np.array(-60.0)),
    "framerate_nan": arrays(mocap_framerate=np.array(np.nan)),
    "no_frames": arrays(poses=np.zeros((0, 156)), trans=np.zeros((0, 3))),
    "wrong_width": arrays(poses=np.zeros((30, 100))),
    "no_trans": arrays(trans=None),
    "objects": arrays(gender=np.array({"a": 1}, dtype=object)),
    "foreign": {"images": np.zeros((4, 4))},
}


def test_every_bad_file_is_listed_with_its_reason_and_the_rest_goes_on(
    tmp_path: Path, empty_project: Project
) -> None:
    for name, content in BROKEN.items():
        np.savez(tmp_path / f"{name}.npz", **content)  # type: ignore[arg-type]
    good = write_moving(tmp_path / "sound_poses.npz", "waving", 1.0)
    whole = good.read_bytes()
    (tmp_path / "truncated.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    (tmp_path / "text.npz").write_text("this is no archive")
    (tmp_path / "table.csv").write_text("name,age\nanna,7\n")
    (tmp_path / "matrix.mat").write_bytes(b"MATLAB 5.0")
    found = imported(empty_project, tmp_path)
    assert [clip.name for clip in found.clips] == ["sound"]
    expected = {f"{name}.npz" for name in BROKEN}
    expected |= {"truncated.npz", "empty.npz", "text.npz", "table.csv", "matrix.mat"}
    assert {item.path for item in found.rejected} == expected
    assert all(len(item.reason) > 10 for item in found.rejected)
    reasons = {item.path: item.reason for item in found.rejected}
    assert "0 Hz" in reasons["framerate_zero.npz"]
    assert "100" in reasons["wrong_width.npz"]
    assert "images" in reasons["foreign.npz"]


def test_randomly_damaged_files_never_stop_an_import(
    tmp_path: Path, empty_project: Project
) -> None:
    rng = random.Random(5)
    whole = write_moving(tmp_path / "keep_poses.npz", "waving", 0.5).read_bytes()
    for number in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 20)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        (tmp_path / f"d{number}.npz").write_bytes(damaged[: rng.randint(1, len(damaged))])
    found = imported(empty_project, tmp_path)
    assert len(found.clips) + len(found.rejected) + len(found.skipped) + found.known == 61
    assert "keep" in {clip.name for clip in found.clips}


def test_a_body_shape_is_skipped_and_not_refused(tmp_path: Path, empty_project: Project) -> None:
    np.savez(tmp_path / "shape.npz", betas=np.zeros(16), gender=np.array("male"))
    write_moving(tmp_path / "walk_poses.npz", "waving", 0.5)
    found = imported(empty_project, tmp_path)
    assert [item.path for item in found.skipped] == ["shape.npz"]
    assert found.rejected == ()
    assert len(found.clips) == 1


def test_a_fault_in_a_readers_own_code_costs_one_file(
    tmp_path: Path, empty_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(path: Path) -> object:
        raise ZeroDivisionError("division by zero")

    strange = Reader("odd", "Odd", "motion", (".odd",), lambda path: True, fails, fails)  # type: ignore[arg-type]
    monkeypatch.setattr(registry, "READERS", (*registry.READERS, strange))
    (tmp_path / "a.odd").write_text("x")
    write_moving(tmp_path / "b_poses.npz", "waving", 0.5)
    found = imported(empty_project, tmp_path)
    assert [(r.path, r.reason) for r in found.rejected] == [
        ("a.odd", "unexpected ZeroDivisionError: division by zero")
    ]
    assert len(found.clips) == 1


def test_hidden_files_are_passed_over(tmp_path: Path, empty_project: Project) -> None:
    write_moving(tmp_path / "walk_poses.npz", "waving", 0.5)
    (tmp_path / "._walk_poses.npz").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache/x.npz").write_bytes(b"")
    found = imported(empty_project, tmp_path)
    assert (len(found.clips), len(found.rejected)) == (1, 0)


def test_a_folder_that_cannot_be_opened_is_listed(
    tmp_path: Path, empty_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_moving(tmp_path / "a/walk_poses.npz", "waving", 0.5)
    locked = tmp_path / "locked"
    walk = importing.os.walk

    def refusing(top, onerror=None):  # type: ignore[no-untyped-def]
        onerror(PermissionError(13, "Permission denied", str(locked)))
        return walk(top, onerror=onerror)

    monkeypatch.setattr(importing.os, "walk", refusing)
    found = imported(empty_project, tmp_path)
    assert [(r.path, r.reason) for r in found.rejected] == [
        ("locked", "cannot be read (Permission denied)")
    ]
    assert len(found.clips) == 1


def test_no_such_folder_is_an_error(tmp_path: Path, empty_project: Project) -> None:
    with pytest.raises(HarstudioError, match="no such folder"):
        imported(empty_project, tmp_path / "missing")


def test_closing_an_import_midway_changes_nothing(study: Study, empty_project: Project) -> None:
    before = sorted(study.folder.rglob("*"))
    job = import_folder(empty_project, study.folder, study.folder)
    next(job)
    job.close()
    assert sorted(study.folder.rglob("*")) == before
    assert empty_project.clips == {}


def test_an_import_reports_at_least_every_tenth_of_a_second(
    study: Study, empty_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(np.arange(0, 1e4, 0.03))
    monkeypatch.setattr(importing, "monotonic", lambda: float(next(clock)))
    steps = list(import_folder(empty_project, study.folder, study.folder))
    assert len(steps) > 4
    assert [step.done for step in steps] == sorted(step.done for step in steps)


def test_importing_again_adds_nothing(study: Study) -> None:
    again = imported(study.project, study.folder)
    assert again.clips == ()
    assert again.recordings == ()
    assert again.known == len(study.project.clips) + 1  # the motions and the recording
    assert with_imported(study.project, again) is study.project


def test_a_file_that_is_there_twice_is_one_clip(tmp_path: Path, empty_project: Project) -> None:
    write_moving(tmp_path / "a_poses.npz", "waving", 0.5)
    shutil.copy(tmp_path / "a_poses.npz", tmp_path / "copy_poses.npz")
    found = imported(empty_project, tmp_path)
    assert (len(found.clips), found.known) == (1, 1)


def test_a_motion_and_its_recording_make_one_clip(study: Study) -> None:
    clip = study.project.clip(study.clip_id("p4_long"))
    (recording,) = clip.recordings
    assert recording.source.path == "recordings/p4_long_imu.npz"
    assert recording.sensors == ("left_wrist", "right_thigh")
    assert recording.rate_hz == pytest.approx(100.0)
    assert len(study.project.clips) == 4 * len(HZ) + 1


def test_a_recording_in_the_motions_own_folder_is_preferred_to_one_of_equal_name_elsewhere(
    tmp_path: Path, empty_project: Project
) -> None:
    for number, place in enumerate(("a", "b")):
        path = write_moving(tmp_path / place / "take_poses.npz", "waving", 2.0, seed=number)
        real = worn(moving("waving", 2.0, seed=number), Alignment())
        write_imu_npz(path.with_name("take_imu.npz"), real)
    clips = imported(empty_project, tmp_path).clips
    assert len(clips) == 2
    for clip in clips:
        assert clip.motion is not None
        assert Path(clip.motion.path).parent == Path(clip.recordings[0].source.path).parent


def test_a_recording_without_a_motion_is_a_clip_of_its_own(
    tmp_path: Path, empty_project: Project
) -> None:
    write_imu_npz(tmp_path / "watch_imu.npz", worn(moving("waving", 2.0), Alignment()))
    (tmp_path / "watch_labels.csv").write_text("start_s,end_s,label\n0,1,waving\n")
    (clip,) = imported(empty_project, tmp_path).clips
    assert clip.motion is None
    assert clip.labels.labels == ("waving",)


def test_a_recording_that_comes_later_joins_the_clip_it_belongs_to(
    tmp_path: Path, empty_project: Project
) -> None:
    write_moving(tmp_path / "motions/take_poses.npz", "waving", 2.0)
    project = with_imported(empty_project, imported(empty_project, tmp_path))
    (clip,) = project.clips.values()
    project = project.with_clips([replace(clip, status=KEPT)])
    write_imu_npz(tmp_path / "take_imu.npz", worn(moving("waving", 2.0), Alignment()))
    found = imported(project, tmp_path)
    assert (found.clips, len(found.recordings)) == ((), 1)
    (after,) = with_imported(project, found).clips.values()
    assert [r.source.name for r in after.recordings] == ["take_imu.npz"]
    assert after.status == KEPT
    assert imported(with_imported(project, found), tmp_path).recordings == ()


def test_folder_names_become_labels_of_whole_clips(tmp_path: Path, empty_project: Project) -> None:
    write_moving(tmp_path / "walking/01_poses.npz", "waving", 2.0)
    write_moving(tmp_path / "unlabelled/02_poses.npz", "shaking", 2.0)
    found = imported(empty_project, tmp_path, labels_from_folders=True)
    by_name = {clip.name: clip for clip in found.clips}
    assert by_name["01"].labels == LabelTrack((Segment(0.0, 2.0, "walking", author="folder"),))
    assert len(by_name["02"].labels) == 0
    assert by_name["01"].subject == ""
    assert with_imported(empty_project, found).label_set.names == ("walking",)


def test_a_label_file_beside_the_motion_wins_over_the_folder(
    tmp_path: Path, empty_project: Project
) -> None:
    path = write_moving(tmp_path / "walking/01_poses.npz", "waving", 2.0)
    path.with_name("01_labels.csv").write_text("start_s,end_s,label\n0.5,1,jump\n1,9,sit\n")
    (clip,) = imported(empty_project, tmp_path, labels_from_folders=True).clips
    assert [(s.start_s, s.end_s, s.label) for s in clip.labels.segments] == [
        (0.5, 1.0, "jump"),
        (1.0, 2.0, "sit"),  # cut where the clip ends
    ]


def test_a_damaged_label_file_is_named_and_the_clip_comes_unlabelled(
    tmp_path: Path, empty_project: Project
) -> None:
    path = write_moving(tmp_path / "01_poses.npz", "waving", 2.0)
    path.with_name("01_labels.csv").write_text("start_s,end_s,label\n0,1,a\n1,x,b\n")
    found = imported(empty_project, tmp_path)
    assert [clip.name for clip in found.clips] == ["01"]
    (refusal,) = found.rejected
    assert "labels" in refusal.path
    assert "line 3" in refusal.reason


def test_a_clip_name_is_never_taken_twice(tmp_path: Path, empty_project: Project) -> None:
    for number, place in enumerate(("a/x", "b/x", "c/x", "x")):
        write_moving(tmp_path / place / "walk_poses.npz", "waving", 0.5, seed=number)
        write_moving(tmp_path / place / "walk.npz", "shaking", 0.5, seed=number)
    project = with_imported(empty_project, imported(empty_project, tmp_path))
    names = [clip.name for clip in project.clips.values()]
    assert len(set(names)) == len(names) == 8
    assert {"walk", "x/walk", "b/x/walk", "c/x/walk"} <= set(names)


def test_edits_made_while_an_import_runs_are_kept(study: Study, empty_project: Project) -> None:
    found = imported(empty_project, study.folder)
    edited = replace(found.clips[0], status=KEPT, notes="mine")
    project = with_imported(empty_project.with_clips([edited]), found)
    assert project.clip(edited.id) is edited
    assert len(project.clips) == len(found.clips)


def test_utd_files_state_their_label_and_subject(real_data: Path, empty_project: Project) -> None:
    found = imported(empty_project, real_data / "utd_mhad", labels_from_folders=True)
    clip = next(clip for clip in found.clips if clip.name == "a22_s3_t1")
    assert clip.labels.labels == ("jog",)
    assert clip.labels.segments[0].author == "file name"
    assert (clip.subject, clip.dataset) == ("s3", "UTD-MHAD")
    assert len(clip.recordings) == 1
    assert len(found.clips) == len(list((real_data / "utd_mhad/Skeleton").glob("*.mat")))


def test_human_labels_of_a_real_recording_are_on_its_timeline(
    real_data: Path, empty_project: Project
) -> None:
    folder = real_data / "amass_cmu/exercises"
    clips = {clip.name: clip for clip in imported(empty_project, folder).clips}
    with (folder / "13_29_labels.csv").open(newline="") as file:
        rows = [(float(r["start_s"]), float(r["end_s"]), r["label"]) for r in csv.DictReader(file)]
    segments = clips["13_29"].labels.segments
    assert [s.label for s in segments] == [row[2] for row in rows]
    np.testing.assert_allclose([s.start_s for s in segments], [r[0] for r in rows], atol=1e-6)
    ends = [min(row[1], clips["13_29"].duration_s) for row in rows]
    np.testing.assert_allclose([s.end_s for s in segments], ends, atol=1e-6)
