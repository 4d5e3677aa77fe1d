"""A model's proposals lie on their own tier, cover the clip, and leave a person's labels alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harstudio.body.sites import layout_of
from harstudio.core.agreement import agreement
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Progress, finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import EXCLUDED, MINE, PREDICTED, Project
from harstudio.learn.config import TrainingConfig
from harstudio.learn.runs.folder import RunFolder
from harstudio.workflows.importing import import_folder, with_imported
from harstudio.workflows.predicting import Predictions, predict_project
from harstudio.workflows.training import train_project
from tests.workflows.making import Study


@pytest.fixture(scope="module")
def run(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("predicting") / "forest"
    config = TrainingConfig(model="random_forest", trees=20)
    finished(train_project(study.project, study.folder, config, path))
    return path


@pytest.fixture(scope="module")
def whole(study: Study, run: Path) -> Predictions:
    return finished(predict_project(study.project, study.folder, run))


def test_every_clip_gets_a_timeline_by_the_run(study: Study, whole: Predictions) -> None:
    assert {clip_id for clip_id, _ in whole.tracks} == set(study.project.clips)
    segments = [s for _, track in whole.tracks for s in track.segments]
    assert len(segments) == whole.segments
    assert {s.author for s in segments} == {"forest"}
    assert all(0.5 <= s.confidence <= 1 for s in segments)
    assert all(s.duration_s >= 1.0 - 1e-6 for s in segments)


def test_a_long_clip_is_cut_where_the_activity_changes(study: Study, whole: Predictions) -> None:
    track = dict(whole.tracks)[study.clip_id("p4_long")]
    assert [s.label for s in track.segments] == ["waving", "shaking", "waving", "shaking"]
    ends = [s.end_s for s in track.segments]
    assert ends[:3] == pytest.approx([12, 24, 36], abs=0.6)
    assert ends[-1] == pytest.approx(48, abs=0.3)


def test_a_persons_labels_and_other_tiers_are_left_alone(study: Study, whole: Predictions) -> None:
    clip_id = study.clip_id("p1_waving")
    mine = LabelTrack((Segment(0, 2, "another", author="me"),))
    other = LabelTrack((Segment(1, 3, "third"),))
    clip = study.project.clip(clip_id).with_track(mine, MINE).with_tier("ann", other)
    after = whole.applied(study.project.with_clips([clip])).clip(clip_id)
    assert after.labels == mine
    assert after.track("ann") == other
    assert after.track(PREDICTED) == dict(whole.tracks)[clip_id]


def test_proposals_take_the_place_of_earlier_ones(study: Study, whole: Predictions) -> None:
    clip_id = study.clip_id("p1_waving")
    old = LabelTrack((Segment(0, 6, "old"),))
    clip = study.project.clip(clip_id).with_track(old, PREDICTED)
    after = whole.applied(study.project.with_clips([clip]))
    assert "old" not in after.clip(clip_id).track(PREDICTED).labels


def test_a_clip_that_was_removed_meanwhile_is_passed_over(study: Study, whole: Predictions) -> None:
    gone = study.clip_id("p1_waving")
    after = whole.applied(study.project.without_clips([gone]))
    assert gone not in after.clips
    assert len(whole.clips(after)) == len(study.project.clips) - 1


def test_a_recording_is_judged_on_the_clips_own_clock(study: Study, run: Path) -> None:
    clip_id = study.clip_id("p4_long")
    found = finished(predict_project(study.project, study.folder, run, (clip_id,), "real"))
    track = found.tracks[0][1]
    assert [s.label for s in track.segments] == ["waving", "shaking", "waving", "shaking"]
    assert [s.end_s for s in track.segments][:3] == pytest.approx([12, 24, 36], abs=0.6)
    ref = study.project.clip(clip_id).recordings[0]
    assert found.applied(study.project).clip(clip_id).recordings[0] == ref


def test_excluded_clips_are_not_judged(study: Study, run: Path) -> None:
    clip_id = study.clip_id("p1_waving")
    excluded = replace(study.project.clip(clip_id), status=EXCLUDED)
    project = study.project.with_clips([excluded])
    found = finished(predict_project(project, study.folder, run))
    assert clip_id not in dict(found.tracks)
    with pytest.raises(HarstudioError, match="no clip has"):
        finished(predict_project(project, study.folder, run, (clip_id,)))


def test_unsure_stretches_can_be_left_open(study: Study, run: Path) -> None:
    ids = (study.clip_id("p4_long"),)
    found = finished(predict_project(study.project, study.folder, run, ids, least_confidence=1.0))
    assert all(s.confidence == 1.0 for s in found.tracks[0][1].segments)


def test_progress_never_runs_back(study: Study, run: Path) -> None:
    told: list[Progress] = []
    ids = tuple(list(study.project.clips)[:3])
    finished(predict_project(study.project, study.folder, run, ids), told.append)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)


def test_a_clip_that_cannot_be_read_is_told_and_the_others_are_judged(
    study: Study, run: Path
) -> None:
    clip = study.project.clip(study.clip_id("p1_waving"))
    assert clip.motion is not None
    broken = replace(clip, motion=replace(clip.motion, path="motions/nowhere.npz"))
    other = study.clip_id("p2_waving")
    project = study.project.with_clips([broken])
    found = finished(predict_project(project, study.folder, run, (clip.id, other)))
    assert [clip_id for clip_id, _ in found.tracks] == [other]
    assert "p1_waving" in found.left_out[0]
    with pytest.raises(HarstudioError, match="none of 1 clip"):
        finished(predict_project(project, study.folder, run, (clip.id,)))


def test_what_cannot_be_asked_is_told(study: Study, run: Path, tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match="signals"):
        finished(predict_project(study.project, study.folder, run, None, "both"))
    with pytest.raises(HarstudioError):
        finished(predict_project(study.project, study.folder, tmp_path))


def test_exercises_of_a_session_that_was_left_out_are_found_segment_by_segment(
    real_data: Path, tmp_path: Path
) -> None:
    """Two recorded sessions are learnt from, the third is proposed."""
    empty = Project("exercises", layout_of(("left_wrist", "right_thigh", "head")))
    source = real_data / "amass_cmu/exercises"
    project = with_imported(empty, finished(import_folder(empty, tmp_path, source)))
    config = TrainingConfig(
        model="random_forest", trees=50, split="clip", test_share=0.34, validation_share=0.0
    )
    run = tmp_path / "run"
    finished(train_project(project, tmp_path, config, run, tuple(project.clips)))
    (left_out,) = RunFolder(run).report().parts["test"]["clips"]
    found = finished(predict_project(project, tmp_path, run, (left_out,)))
    clip = project.clip(left_out)
    agreed = agreement(clip.labels, found.tracks[0][1], clip.duration_s, clip.rate_hz)
    f1 = agreed.f1(0.5)
    assert f1 is not None
    assert f1 > 0.4  # chance, with seven labels, finds one in seven
