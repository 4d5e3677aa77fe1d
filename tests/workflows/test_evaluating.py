"""Doubts about labels, the map of windows, and segments, from a project and a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.label_map import LabelMap
from harstudio.learn.judging.out_of_fold import OUT_OF_FOLD
from harstudio.learn.runs.folder import RunFolder
from harstudio.store.project_file import ProjectFile
from harstudio.workflows.demo import make_demo
from harstudio.workflows.evaluating import (
    embed_project,
    find_label_errors,
    run_report,
    segments_of,
)
from harstudio.workflows.training import train_project
from tests.workflows.making import Study

CONFIG = TrainingConfig(model="random_forest", trees=20)


@pytest.fixture(scope="module")
def run(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evaluating") / "forest"
    finished(train_project(study.project, study.folder, CONFIG, path))
    return path


def test_the_two_wrong_labels_of_the_demo_are_the_first_two_doubts(tmp_path: Path) -> None:
    with ProjectFile.open(finished(make_demo(tmp_path)), read_only=True) as file:
        project, folder = file.project, file.folder
    found = finished(find_label_errors(project, folder))
    first = {project.clip(s.clip_id).name: (s.given, s.suggested) for s in found.suspects[:2]}
    assert first == {
        "p2_computer_work": ("arm_stretching", "computer_work"),
        "p4_walking": ("jumping", "walking"),
    }
    assert all(s.end_s - s.start_s > 18.0 for s in found.suspects[:2])  # of 20 s
    assert len(found.suspects) <= 6
    assert "5 folds" in found.how


def test_a_cross_validation_is_doubted_without_training_anew(study: Study, tmp_path: Path) -> None:
    config = replace(CONFIG, split="folds", folds=3)
    ids = tuple(study.project.clips)
    finished(train_project(study.project, study.folder, config, tmp_path / "cv", ids))
    assert (tmp_path / "cv" / OUT_OF_FOLD).is_file()
    found = finished(find_label_errors(study.project, study.folder, tmp_path / "cv"))
    assert "cv" in found.how
    gone = study.clip_id("p1_waving")
    fewer = finished(
        find_label_errors(study.project.without_clips([gone]), study.folder, tmp_path / "cv")
    )
    assert gone not in {s.clip_id for s in fewer.suspects}


def test_the_plane_of_the_test_part_holds_its_windows(study: Study, run: Path) -> None:
    report = RunFolder(run).report()
    found = finished(embed_project(study.project, study.folder, run))
    assert len(found) == report.total
    judged = {(w.clip_id, round(w.start_s, 3)) for w in report.windows}
    shown = zip(found.clip, found.start_s, strict=True)
    assert {(str(clip), round(float(start), 3)) for clip, start in shown} == judged


def test_all_windows_real_beside_virtual_and_no_more_than_asked_for(
    study: Study, run: Path
) -> None:
    found = finished(
        embed_project(
            study.project, study.folder, run, part="all", signals=("virtual", "real"), most=150
        )
    )
    assert len(found) == 150
    assert found.real.any()
    assert not found.real.all()
    again = finished(
        embed_project(
            study.project, study.folder, run, part="all", signals=("virtual", "real"), most=150
        )
    )
    np.testing.assert_array_equal(found.points, again.points)


def test_a_test_part_that_is_gone_is_told(study: Study, run: Path) -> None:
    tested = {w.clip_id for w in RunFolder(run).report().windows}
    rest = study.project.without_clips(tested)
    with pytest.raises(HarstudioError, match="test windows"):
        finished(embed_project(rest, study.folder, run))
    with pytest.raises(HarstudioError, match="part"):
        finished(embed_project(study.project, study.folder, run, part="train"))


def test_segments_follow_the_labels_as_they_are_now(study: Study, run: Path) -> None:
    folder = RunFolder(run)
    report = run_report(folder)
    assert report.probabilities is not None
    before = segments_of(study.project, report, folder.config())
    assert dict(before.f1)[0.5] == 1.0
    clip = study.project.clip(report.windows[0].clip_id)
    label = clip.labels.segments[0].label
    torn = LabelTrack(tuple(Segment(i, i + 1, label) for i in (0, 2, 4)))
    after = segments_of(
        study.project.with_clips([clip.with_track(torn, MINE)]), report, folder.config()
    )
    assert dict(after.f1)[0.5] < 1.0


def test_segments_go_through_the_runs_label_map(study: Study, run: Path) -> None:
    folder = RunFolder(run)
    report, config = run_report(folder), folder.config()
    renamed = LabelMap((("wave", "waving"), ("shake", "shaking")))
    clips = []
    for clip in study.project.clips.values():
        segments = tuple(
            replace(
                s, label=s.label.removesuffix("ing").replace("wav", "wave").replace("shak", "shake")
            )
            for s in clip.labels.segments
        )
        clips.append(clip.with_track(LabelTrack(segments), MINE))
    project = study.project.with_clips(clips)
    found = segments_of(project, report, replace(config, label_map=renamed))
    assert dict(found.f1)[0.5] == 1.0
