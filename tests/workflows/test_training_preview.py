"""What is told before a training or a fine-tuning starts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harstudio.body.sites import layout_of
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip, Project, RecordingRef
from harstudio.core.source import Source
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.label_map import LabelMap
from harstudio.learn.runs.folder import RunFolder, list_runs
from harstudio.learn.runs.state import FAILED
from harstudio.workflows.failed_runs import keep_failure
from harstudio.workflows.finetune_preview import can_be_finetuned, preview_finetune
from harstudio.workflows.training_preview import (
    LabelUse,
    chosen_clips,
    labels_in_use,
    mapped_seconds,
    preview_training,
    sensor_choices,
    split_text,
)

WRIST, ANKLE = "right_wrist", "right_ankle"


def clip_of(name: str, subject: str, *labels: str, sensors: tuple[str, ...] = ()) -> Clip:
    """Ten seconds of each label; with a recording of these sensors, if there are any."""
    track = LabelTrack(tuple(Segment(10.0 * i, 10.0 * i + 10, n) for i, n in enumerate(labels)))
    length_s = 10.0 * len(labels)
    ref = RecordingRef(Source(f"{name}.npz", "imu_npz"), sensors, length_s, 50.0)
    return Clip(
        name, name, length_s, 60.0, subject,
        motion=Source(f"{name}_poses.npz", "amass"),
        recordings=(ref,) if sensors else (),
        tracks=((MINE, track),),
    )  # fmt: skip


@pytest.fixture
def project() -> Project:
    """Four people, of whom the last wears two sensors and once only one."""
    clips = [clip_of(f"c{i}", f"p{i}", "walking", "jumping", "unknown") for i in range(3)]
    clips.append(clip_of("r0", "p3", "walking", "running", sensors=(WRIST, ANKLE)))
    clips.append(clip_of("r1", "p3", "walking", sensors=(WRIST,)))
    return Project("test", layout_of([WRIST])).with_clips(clips)


def test_amounts_are_of_the_clips_that_take_part(project: Project) -> None:
    preview = preview_training(project, TrainingConfig())
    assert preview.labels.seconds == {"walking": 30.0, "jumping": 30.0}
    assert preview.subjects.seconds == {"p0": 20.0, "p1": 20.0, "p2": 20.0}
    assert (preview.clips, preview.kept_out) == (3, 2)
    every = preview_training(project, TrainingConfig(), include_recorded=True)
    assert every.subjects.seconds["p3"] == 30.0
    assert every.kept_out == 0


def test_windows_of_labels_and_of_subjects_are_the_same_windows(project: Project) -> None:
    preview = preview_training(project, TrainingConfig())
    total = len(preview.plan.windows)
    assert sum(preview.labels.windows.values()) == sum(preview.subjects.windows.values()) == total


def test_what_stands_in_the_way_is_told_not_raised(project: Project) -> None:
    preview = preview_training(project, TrainingConfig(split="folds", folds=9))
    assert preview.plan is None
    assert "9 folds by subject need as many subjects" in preview.obstacle
    assert preview.labels.seconds["walking"] == 30.0
    assert preview.leaks == preview.warnings == ()


def test_real_signals_take_clips_with_all_of_the_sensors(project: Project) -> None:
    both = TrainingConfig(signals="real", sensors=(WRIST, ANKLE))
    assert chosen_clips(project, both) == ("r0",)
    assert chosen_clips(project, replace(both, sensors=(WRIST,))) == ("r0", "r1")
    choices = sensor_choices(project, "real", ("r0", "r1"))
    assert [(c.name, c.worn, c.everywhere) for c in choices] == [
        (WRIST, 2, True), (ANKLE, 1, False),
    ]  # fmt: skip


def test_leaks_of_several_folds_are_told_once(project: Project) -> None:
    preview = preview_training(project, TrainingConfig(split="random_windows"))
    texts = [leak.text for leak in preview.leaks]
    assert len(texts) == len(set(texts)) > 0
    assert not set(texts) & set(preview.warnings)


def test_folds_are_told_as_a_range(project: Project) -> None:
    preview = preview_training(project, TrainingConfig(split="leave_one_subject_out"))
    assert split_text(preview.plan.splits).startswith("leave one subject out, 3 trainings")


def test_labels_in_use_are_counted_and_unknown_comes_last(project: Project) -> None:
    used = labels_in_use(project, "virtual", ("c0", "c1", "c2"))
    assert used[-1] == LabelUse("unknown", 3, 30.0)
    found = mapped_seconds(used, LabelMap((("walking", "moving"), ("jumping", ""))))
    assert found == {"moving": 30.0}


def run_of(folder: Path, **entries: object) -> RunFolder:
    config = TrainingConfig(model="cnn", sensors=(WRIST, ANKLE)).to_json()
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"config": config, **entries}))
    return RunFolder(folder)


def test_fine_tuning_tells_known_new_and_absent_classes(project: Project, tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", labels=["walking", "jumping"])
    found = preview_finetune(project, run.path, None)
    assert (found.known, found.new, found.absent) == (("walking",), ("running",), ("jumping",))
    assert (found.clips, found.seconds) == (1, 20.0)
    assert found.lacking == (("r1", (ANKLE,)),)
    assert "adapted to p3 alone" in found.lines[-1]
    assert found.obstacle == ""


def test_a_recording_without_the_models_sensors_is_named(project: Project, tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", labels=["walking"])
    assert preview_finetune(project, run.path, ("r1",)).obstacle == (
        "r1 lacks right_ankle, which the model was trained on."
    )


def test_only_finished_networks_are_fine_tuned(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", labels=["walking"])
    assert not can_be_finetuned(run)
    (run.path / "report.json").write_text("{}")
    assert can_be_finetuned(run)
    fold = run_of(tmp_path / "folds", kind="cross_validation")
    (fold.path / "report.json").write_text("{}")
    assert not can_be_finetuned(fold)


def test_a_job_that_died_before_its_run_began_leaves_the_reason(tmp_path: Path) -> None:
    config = TrainingConfig(model="cnn", epochs=7)
    assert keep_failure(tmp_path / "runs" / "a", config, "out of memory")
    assert not keep_failure(tmp_path / "runs" / "a", config, "something else")
    (run,) = list_runs(tmp_path / "runs")
    assert (run.state.state, run.state.reason) == (FAILED, "out of memory")
    assert run.config() == config
