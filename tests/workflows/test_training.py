from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Progress, finished
from harstudio.core.labels import UNKNOWN, LabelTrack, Segment
from harstudio.core.timebase import Alignment
from harstudio.learn.config import FinetuneConfig, TrainingConfig
from harstudio.learn.fit.finetuning import FinetuneSummary
from harstudio.learn.runs.folder import RunFolder
from harstudio.workflows import training
from harstudio.workflows.training import (
    check_trainable,
    data_summary,
    evaluate_project,
    finetune_project,
    new_run_folder,
    runs_folder,
    train_project,
    training_clips,
)
from harstudio.workflows.windowing import LEFT_OUT, REAL
from tests.workflows.making import SENSORS, Study

CONFIG = TrainingConfig(model="cnn", sensors=SENSORS, epochs=3, channels="acc_gyro")
FOREST = TrainingConfig(model="random_forest", sensors=SENSORS, trees=5)


@pytest.fixture(scope="module")
def run(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network, trained on three people."""
    path = tmp_path_factory.mktemp("runs") / "base"
    finished(train_project(study.project, study.folder, CONFIG, path))
    return path


@pytest.fixture(scope="module")
def tuned(study: Study, run: Path, tmp_path_factory: pytest.TempPathFactory) -> FinetuneSummary:
    """The network adapted to the fourth person's recording."""
    out = tmp_path_factory.mktemp("tuned") / "run"
    config = FinetuneConfig(steps=20)
    return finished(finetune_project(study.project, study.folder, run, None, config, out))


def test_a_run_folder_holds_all_that_reproduces_it(run: Path) -> None:
    names = {path.name for path in run.iterdir()}
    kept = {"config.json", "history.csv", "model.safetensors", "report.json"}
    assert names == {*kept, "state.json", "probabilities.npz"}
    about = json.loads((run / "config.json").read_text())
    assert TrainingConfig.from_json(about["config"]).sensors == SENSORS
    with (run / "history.csv").open(newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3"]


def test_the_report_has_matrix_figures_split_and_counts(run: Path, study: Study) -> None:
    report = json.loads((run / "report.json").read_text())
    matrix = np.array(report["confusion"])
    assert report["labels"] == list(study.project.label_set.names)
    assert matrix.shape == (2, 2)
    assert report["accuracy"] == pytest.approx(np.trace(matrix) / matrix.sum())
    assert 0 <= report["macro_f1"] <= 1
    assert report["split"]["kind"] == "subject"
    assert set(report["split"]["parts"]) == {"train", "validation", "test"}
    assert len(report["windows"]) == matrix.sum()
    assert "counts" in report or "counts" in json.loads((run / "config.json").read_text())


def test_nobody_is_both_trained_and_tested_on(run: Path) -> None:
    parts = RunFolder(run).report().parts
    groups = [set(parts[part]["subjects"]) for part in ("train", "validation", "test")]
    assert all(groups)
    assert sum(len(group) for group in groups) == len(set.union(*groups))


def test_the_person_with_a_recording_is_not_seen_in_training(run: Path) -> None:
    parts = RunFolder(run).report().parts
    assert "p4" not in {s for part in parts.values() for s in part["subjects"]}


def test_the_same_seed_gives_the_same_report(study: Study, tmp_path: Path) -> None:
    reports = [
        finished(train_project(study.project, study.folder, FOREST, tmp_path / name)).report
        for name in ("one", "two")
    ]
    assert reports[0].to_json() == reports[1].to_json()
    assert reports[0].accuracy > 0.8


def test_progress_carries_the_losses(study: Study, tmp_path: Path) -> None:
    steps: list[Progress] = []
    job = train_project(study.project, study.folder, replace(CONFIG, epochs=2), tmp_path / "r")
    finished(job, steps.append)
    epochs = [step.values for step in steps if "train_loss" in step.values]
    assert {values["epoch"] for values in epochs} == {1, 2}


def test_closing_midway_leaves_no_run(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "runs" / "r"
    job = train_project(study.project, study.folder, replace(CONFIG, epochs=50), out)
    for step in job:
        if "train_loss" in step.values:
            break
    assert (out / "config.json").exists()
    job.close()
    assert not out.exists()


def test_a_folder_with_a_run_is_refused_before_any_work(study: Study, run: Path) -> None:
    job = train_project(study.project, study.folder, CONFIG, run)
    with pytest.raises(HarstudioError, match="already holds a run"):
        next(job)


def test_fine_tuning_judges_before_and_after_on_the_same_windows(tuned: FinetuneSummary) -> None:
    def places(report):  # type: ignore[no-untyped-def]
        return [(w.clip_id, w.start_s, w.truth) for w in report.windows]

    assert places(tuned.before) == places(tuned.after)
    assert all(window.real for window in tuned.after.windows)
    assert RunFolder(tuned.path).report().to_json() == tuned.after.to_json()
    assert RunFolder(tuned.path).before().to_json() == tuned.before.to_json()
    assert RunFolder(tuned.path).kind == "finetuning"


def test_fine_tuning_aligns_a_recording_that_never_was(
    study: Study, tuned: FinetuneSummary
) -> None:
    # Windows start with the recording: at its first moment, on the clip's clock.
    first = min(window.start_s for window in tuned.after.windows) % 0.5
    assert first > 0
    clip = study.project.clip(study.clip_id("p4_long"))
    assert clip.recordings[0].alignment == Alignment()
    assert tuned.before.accuracy > 0.5


def test_where_alignment_fails_fine_tuning_says_so_and_goes_on(
    study: Study, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object, **options: object) -> Iterator[Progress]:
        yield Progress(0, 1)
        raise HarstudioError("p4_long: no overlap")

    monkeypatch.setattr(training, "align_clips", fails)
    steps: list[Progress] = []
    job = finetune_project(
        study.project, study.folder, run, None, FinetuneConfig(steps=2), tmp_path / "r"
    )
    finished(job, steps.append)
    told = [step.values[LEFT_OUT] for step in steps if step.values.get(LEFT_OUT)]
    assert told == [("not aligned: p4_long: no overlap",)]


def test_a_forest_cannot_be_fine_tuned_and_says_so_at_once(study: Study, tmp_path: Path) -> None:
    finished(train_project(study.project, study.folder, FOREST, tmp_path / "forest"))
    job = finetune_project(
        study.project, study.folder, tmp_path / "forest", None, FinetuneConfig(), tmp_path / "out"
    )
    with pytest.raises(HarstudioError, match="no dense layers"):
        next(job)


def test_evaluation_warns_of_people_that_the_model_knows(study: Study, run: Path) -> None:
    report = finished(evaluate_project(study.project, study.folder, run))
    assert report.total > 0
    assert any("trained on" in warning for warning in report.warnings)


def test_evaluation_on_real_signals_takes_the_recordings(study: Study, run: Path) -> None:
    report = finished(evaluate_project(study.project, study.folder, run, REAL))
    assert {window.clip_id for window in report.windows} == {study.clip_id("p4_long")}
    assert all(window.real for window in report.windows)


def test_a_paper_run_cannot_judge_a_sensor_without_orientation(
    study: Study, tmp_path: Path
) -> None:
    config = replace(FOREST, preset="paper")
    finished(train_project(study.project, study.folder, config, tmp_path / "paper"))
    with pytest.raises(HarstudioError, match="no orientation to turn it into the world frame"):
        finished(evaluate_project(study.project, study.folder, tmp_path / "paper", REAL))


def test_training_is_refused_early_with_what_to_do(study: Study) -> None:
    project = study.project
    with pytest.raises(HarstudioError, match=r"no model 'perceptron' \(known: "):
        check_trainable(project, TrainingConfig(model="perceptron"))
    with pytest.raises(HarstudioError, match="no sensor 'tail'"):
        check_trainable(project, TrainingConfig(sensors=("tail",)))
    one = tuple(c.id for c in project.clips.values() if c.labels.labels == ("waving",))
    with pytest.raises(HarstudioError, match="labels in use: waving; expected at least 2"):
        check_trainable(project, TrainingConfig(), one)
    p1 = tuple(c.id for c in project.clips.values() if c.subject == "p1")
    with pytest.raises(HarstudioError, match="choose the split by clip"):
        check_trainable(project, TrainingConfig(split="subject"), p1)
    with pytest.raises(HarstudioError, match="none is left to test on"):
        check_trainable(project, TrainingConfig(split="clip"), p1)
    check_trainable(project, TrainingConfig(split="clip"))
    check_trainable(project, TrainingConfig())


def test_unknown_counts_neither_as_a_class_nor_as_labelled_time(study: Study) -> None:
    clips = [
        clip.with_track(LabelTrack((Segment(0, 3, UNKNOWN), Segment(3, 6, "waving"))))
        for clip in study.project.clips.values()
    ]
    project = study.project.with_clips(clips)
    assert data_summary(project).by_label == {"waving": pytest.approx(3.0 * len(clips))}
    with pytest.raises(HarstudioError, match="labels in use: waving"):
        check_trainable(project, TrainingConfig())


def test_people_with_a_recording_take_part_where_too_few_others_remain(study: Study) -> None:
    assert len(training_clips(study.project)) == len(study.project.clips) - 3
    everyone = training_clips(study.project, include_recorded=True)
    assert len(everyone) == len(study.project.clips)
    p1 = [clip.id for clip in study.project.clips.values() if clip.subject == "p1"]
    three = study.project.without_clips(p1)
    assert len(training_clips(three)) == len(three.clips)


def test_runs_lie_beside_the_project_under_names_not_taken(tmp_path: Path) -> None:
    project = tmp_path / "study.harstudio"
    first = new_run_folder(project, "cnn")
    assert first.parent == runs_folder(project) == tmp_path / "study-runs"
    first.mkdir(parents=True)
    assert not new_run_folder(project, "cnn").exists()


def test_the_summary_counts_seconds_by_label_and_person(study: Study) -> None:
    summary = data_summary(study.project)
    assert summary.by_label == {"shaking": pytest.approx(48.0), "waving": pytest.approx(48.0)}
    assert summary.by_subject["p4"] == pytest.approx(60.0)
    assert (summary.clips, summary.recordings) == (9, 1)


def test_made_up_people_train_and_never_judge(study: Study, tmp_path: Path) -> None:
    plain = finished(train_project(study.project, study.folder, FOREST, tmp_path / "plain"))
    config = replace(FOREST, people=2)
    steps: list[Progress] = []
    job = train_project(study.project, study.folder, config, tmp_path / "people")
    summary = finished(job, steps.append)
    own, other = plain.report.parts, summary.report.parts
    assert other["train"]["varied"] == 2 * own["train"]["windows"]
    assert other["train"]["windows"] == 3 * own["train"]["windows"]
    assert other["train"]["clips"] == own["train"]["clips"]
    assert [other[part] for part in ("validation", "test")] == [
        own[part] for part in ("validation", "test")
    ]
    key = [(w.clip_id, w.start_s, w.truth) for w in plain.report.windows]
    assert [(w.clip_id, w.start_s, w.truth) for w in summary.report.windows] == key
    assert f"({other['train']['varied']} by made-up people)" in summary.report.split
    assert RunFolder(tmp_path / "people").config().people == 2
    named = [step.message for step in steps if step.message.startswith("Other people: ")]
    names = {study.project.clip(clip_id).name for clip_id in own["train"]["clips"]}
    assert {message.removeprefix("Other people: ") for message in named} == names
