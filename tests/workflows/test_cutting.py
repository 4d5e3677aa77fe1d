"""Motions cut to segments are the source's frames to the bit; windows load without pickles."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from harstudio.body.sites import layout_of
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.core.labels import UNKNOWN, LabelTrack, Segment
from harstudio.core.project import EXCLUDED, Project
from harstudio.io.amass import read
from harstudio.io.label_formats.registry import format_of
from harstudio.learn.config import TrainingConfig
from harstudio.workflows.exchange.cutting import (
    INDEX,
    MotionExport,
    export_motions,
    export_windows,
    segment_frames,
)
from harstudio.workflows.exchange.exporting import Exported
from harstudio.workflows.importing import import_folder, with_imported
from harstudio.workflows.windowing import collect_windows
from tests.workflows.making import Study


def cut(study: Study, folder: Path, project: Project | None = None, **choice: object) -> Exported:
    job = export_motions(
        project or study.project,
        study.folder,
        folder,
        MotionExport(**choice),  # type: ignore[arg-type]
    )
    return finished(job)


def index_of(folder: Path) -> list[dict[str, str]]:
    with (folder / INDEX).open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_segment_is_a_file_of_the_sources_own_frames(study: Study, tmp_path: Path) -> None:
    done = cut(study, tmp_path / "out")
    rows = index_of(tmp_path / "out")
    assert done.files == len(rows) == 12
    row = next(r for r in rows if r["file"] == "p4_long__shaking__12.000-24.000.npz")
    clip = study.project.clip(study.clip_id("p4_long"))
    assert clip.motion is not None
    source, part = read(study.folder / clip.motion.path), read(tmp_path / "out" / row["file"])
    first, stop = int(row["first_frame"]), int(row["first_frame"]) + int(row["frames"])
    assert (first, stop) == (720, 1440)
    np.testing.assert_array_equal(part.pose, source.pose[first:stop], strict=True)
    np.testing.assert_array_equal(part.translation, source.translation[first:stop], strict=True)
    np.testing.assert_array_equal(part.betas, source.betas)
    assert (part.rate_hz, part.gender, part.shape_space) == (60.0, "neutral", "openbody")
    assert row["source_fingerprint"] == clip.motion.fingerprint
    assert (row["subject"], row["label"], row["tier"]) == ("p4", "shaking", "labels")


def test_neighbours_share_no_frame_and_miss_none() -> None:
    rng = np.random.default_rng(5)
    for rate_hz in (30.0, 59.94, 60.0, 120.0):
        edges = np.unique(np.round(rng.uniform(0, 10, 20), 6))
        on_frames = np.round(np.arange(0, 600, 37) / rate_hz, 6)
        for times in (edges, on_frames):
            track = LabelTrack(tuple(Segment(a, b, "x") for a, b in pairwise(times)))
            spans = [(a, b) for _, a, b in segment_frames(track, 600, rate_hz)]
            assert all(left[1] == right[0] for left, right in pairwise(spans))
            inside = np.round(np.arange(600) / rate_hz, 6)
            covered = np.flatnonzero((inside >= times[0]) & (inside < times[-1]))
            assert (spans[0][0], spans[-1][1]) == (covered[0], covered[-1] + 1)


def test_excluded_broken_and_unknown_are_left_out_and_told(study: Study, tmp_path: Path) -> None:
    one, two, three = (study.project.clip(study.clip_id(f"p{i}_waving")) for i in (1, 2, 3))
    unsure = three.with_track(LabelTrack((Segment(0, 2, UNKNOWN), Segment(2, 3, "waving"))))
    project = study.project.with_clips(
        [replace(one, status=EXCLUDED), replace(two, problem="broken"), unsure]
    )
    done = cut(study, tmp_path / "out", project)
    names = [row["clip"] for row in index_of(tmp_path / "out")]
    assert not {"p1_waving", "p2_waving"} & set(names)
    assert names.count("p3_waving") == 1
    assert done.notes == (
        "2 clips left out: excluded, broken, without a motion or labels",
        "1 segments labelled 'unknown' left out",
    )


def test_whole_clips_come_with_their_labels_and_import_again(study: Study, tmp_path: Path) -> None:
    cut(study, tmp_path / "out", whole=True)
    empty = replace(study.project, clips={})
    found = finished(import_folder(empty, tmp_path, tmp_path / "out"))
    assert found.rejected == ()  # the index neither
    again = with_imported(empty, found)
    assert {clip.name: clip.labels for clip in again.clips.values()} == {
        clip.name: clip.labels for clip in study.project.clips.values()
    }
    row = next(row for row in index_of(tmp_path / "out") if row["clip"] == "p4_long")
    assert (row["labels"], row["frames"]) == ("shaking; waving", "2880")
    assert format_of(tmp_path / "out/index.csv") is None  # nor is "shaking; waving" a label


def test_extra_arrays_follow_the_frames_and_pickles_stay_behind(
    study: Study, tmp_path: Path
) -> None:
    clip = study.project.clip(study.clip_id("p1_waving"))
    frames = 16  # as many as there are betas, which must not be cut for that
    source = tmp_path / "odd_poses.npz"
    arrays = {
        "poses": np.random.default_rng(0).normal(0, 0.2, (frames, 156)).astype(np.float32),
        "trans": np.zeros((frames, 3)),
        "betas": np.arange(16.0),
        "dmpls": np.arange(frames * 8.0).reshape(frames, 8),
        "gender": np.array("female"),
        "mocap_framerate": np.array(8.0),
        "marker_labels": np.array(["a"] * frames),
        "notes": np.array([{"a": 1}], dtype=object),
    }
    np.savez(source, allow_pickle=True, **arrays)
    assert clip.motion is not None
    odd = replace(
        clip,
        motion=replace(clip.motion, path=source.as_posix()),
        duration_s=2.0,
        tracks=(("labels", LabelTrack((Segment(0.5, 1.0, "waving"),))),),
    )
    project = study.project.with_clips([odd])
    cut(study, tmp_path / "out", project, clip_ids=(odd.id,))
    with np.load(tmp_path / "out/p1_waving__waving__0.500-1.000.npz") as part:
        assert part["poses"].dtype == np.float32
        np.testing.assert_array_equal(part["poses"], arrays["poses"][4:8], strict=True)
        np.testing.assert_array_equal(part["dmpls"], arrays["dmpls"][4:8], strict=True)
        assert len(part["betas"]) == len(part["marker_labels"]) == 16
        assert "notes" not in part


def test_a_clip_that_fails_is_told_and_the_others_are_written(study: Study, tmp_path: Path) -> None:
    clip = study.project.clip(study.clip_id("p1_waving"))
    assert clip.motion is not None
    gone = replace(clip, motion=replace(clip.motion, path="gone_poses.npz"))
    done = cut(study, tmp_path / "out", study.project.with_clips([gone]))
    assert done.files == 11
    assert "p1_waving: gone_poses.npz: no such file" in done.notes[-1]


def test_nothing_is_left_of_an_export_that_fails_or_is_cancelled(
    study: Study, tmp_path: Path
) -> None:
    job = export_motions(study.project, study.folder, tmp_path / "out")
    next(job)
    next(job)
    job.close()
    bare = [clip.with_track(LabelTrack()) for clip in study.project.clips.values()]
    with pytest.raises(HarstudioError, match="no usable clip has both a motion and labels"):
        cut(study, tmp_path / "out", study.project.with_clips(bare))
    short = [
        clip.with_track(LabelTrack((Segment(1.001, 1.002, "x"),)))
        for clip in study.project.clips.values()
    ]
    with pytest.raises(HarstudioError, match=r"none of 9 clips gave a motion .their segments are"):
        cut(study, tmp_path / "out", study.project.with_clips(short))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_things_is_not_written_into(study: Study, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(HarstudioError, match="the folder is not empty"):
        cut(study, tmp_path)
    cut(study, tmp_path, overwrite=True)
    assert (tmp_path / "mine.txt").read_text() == "x"
    assert (tmp_path / INDEX).exists()


def test_points_are_written_as_the_motion_fitted_to_them(real_data: Path, tmp_path: Path) -> None:
    folder = real_data / "utd_mhad"
    skeleton = next(iter(sorted((folder / "Skeleton").glob("a1_s1_t1*"))))
    empty = Project("x", layout_of(("left_wrist",)))
    project = with_imported(empty, finished(import_folder(empty, tmp_path, skeleton)))
    finished(export_motions(project, tmp_path, tmp_path / "out"))
    row = index_of(tmp_path / "out")[0]
    part = read(tmp_path / "out" / row["file"])
    assert part.frames == int(row["frames"])
    assert part.rate_hz == pytest.approx(float(row["rate_hz"]))
    assert part.frames > 30


def test_windows_load_without_pickles_and_agree_with_their_index(
    study: Study, tmp_path: Path
) -> None:
    config = TrainingConfig(sensors=("left_wrist",), channels="acc_gyro", window_s=2.0)
    done = finished(export_windows(study.project, study.folder, tmp_path / "w", config))
    windows = finished(collect_windows(study.project, study.folder, config))
    with np.load(tmp_path / "w.npz", allow_pickle=False) as file:
        assert file["X"].dtype == np.float32
        assert file["X"].shape == (len(windows), 120, 6) == (done.items, 120, 6)
        np.testing.assert_array_equal(file["X"], windows.signals)
        np.testing.assert_array_equal(file["y"], windows.codes)
        assert file["labels"].tolist() == list(windows.labels)
        assert file["channels"][0] == "left_wrist acc_x"
        assert set(file["subject"]) == {"p1", "p2", "p3", "p4"}
        assert "p4_long" in file["clip"]
        assert json.loads(str(file["config"]))["window_s"] == 2.0
        assert float(file["rate_hz"]) == 60.0
        labels = file["labels"][file["y"]]
        starts = file["start_s"]
    with (tmp_path / "w_index.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["label"] for row in rows] == labels.tolist()
    np.testing.assert_allclose([float(row["start_s"]) for row in rows], starts, atol=1e-6)


def test_real_windows_say_that_they_are_real(study: Study, tmp_path: Path) -> None:
    config = TrainingConfig(sensors=("left_wrist",))
    finished(export_windows(study.project, study.folder, tmp_path / "w.npz", config, "real"))
    with np.load(tmp_path / "w.npz", allow_pickle=False) as file:
        assert file["real"].all()
        assert set(file["clip"]) == {"p4_long"}
