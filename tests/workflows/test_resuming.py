"""A project's interrupted training is taken up, from the command line too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harstudio.cli import main
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.core.project import MINE
from harstudio.learn.config import TrainingConfig
from harstudio.learn.fit import network_training
from harstudio.learn.runs.folder import MODEL, RunFolder
from harstudio.workflows.resuming import project_of_run, resume_project
from harstudio.workflows.training import train_project
from tests.workflows.making import SENSORS, Study

CONFIG = TrainingConfig(model="cnn", sensors=SENSORS, epochs=4, people=1)


@pytest.fixture
def interrupted(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run that Ctrl+C ended after its second epoch; with windows of made-up people."""
    monkeypatch.setattr(network_training, "_KEEP_EVERY_S", 0.0)
    job = train_project(study.project, study.folder, CONFIG, tmp_path / "parts")
    for progress in job:
        if progress.values.get("epoch_done") and progress.values["epoch"] == 2:
            break
    with pytest.raises(KeyboardInterrupt):
        job.throw(KeyboardInterrupt())
    return RunFolder(tmp_path / "parts")


def test_a_projects_run_comes_to_the_model_it_would_have_come_to(
    study: Study, interrupted: RunFolder, tmp_path: Path
) -> None:
    finished(train_project(study.project, study.folder, CONFIG, tmp_path / "whole"))
    summary = finished(resume_project(study.project, study.folder, interrupted.path))
    assert summary.epochs == 4
    assert (interrupted.path / MODEL).read_bytes() == (tmp_path / "whole" / MODEL).read_bytes()


def test_the_command_line_finds_the_project_of_a_run(
    study: Study, interrupted: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project_of_run(interrupted.path) == study.path
    assert main(["train", "--resume", str(interrupted.path)]) == 0
    assert "macro F1" in capsys.readouterr().out
    assert interrupted.state.state == "finished"
    assert main(["train", "--resume", str(interrupted.path)]) == 1
    assert "came to its end" in capsys.readouterr().err


def test_runs_of_the_window_lie_beside_their_project(study: Study, interrupted: RunFolder) -> None:
    runs = study.path.parent / f"{study.path.stem}-runs"
    runs.mkdir()
    moved = interrupted.path.rename(runs / "run")
    try:
        assert project_of_run(moved) == study.path
    finally:
        moved.rename(interrupted.path)
        runs.rmdir()


def test_a_project_whose_clips_or_labels_changed_is_refused(
    study: Study, interrupted: RunFolder
) -> None:
    project = study.project
    clips = dict(list(project.clips.items())[1:])
    with pytest.raises(HarstudioError, match="clips are not in project"):
        finished(resume_project(replace(project, clips=clips), study.folder, interrupted.path))
    clip = next(c for c in project.clips.values() if len(c.labels))
    track = clip.labels
    halved = tuple(replace(s, end_s=(s.start_s + s.end_s) / 2) for s in track.segments)
    tracks = ((MINE, replace(track, segments=halved)),)
    relabelled = replace(clip, tracks=tracks)
    changed = project.with_clips([relabelled])
    with pytest.raises(HarstudioError, match="are not those"):
        finished(resume_project(changed, study.folder, interrupted.path))
    assert interrupted.resumable
    (interrupted.path.parent / "none").mkdir()
    with pytest.raises(HarstudioError):
        finished(resume_project(project, study.folder, interrupted.path.parent / "none"))


def test_train_says_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["train"], ["train", "p.harstudio"], ["train", "-o", "run"]):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 2
        assert "or --resume RUN" in capsys.readouterr().err


def test_a_network_is_exported_from_the_command_line(
    interrupted: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="the extra `onnx` is not installed")
    path = tmp_path / "model.onnx"
    assert main(["export-model", str(interrupted.path), "-o", str(path)]) == 0
    shown = capsys.readouterr().out
    assert f"{path}: signals (batch, 6, 60) to logits (batch, 2)" in shown
    assert "differs from torch by" in shown
    assert path.is_file()
    assert main(["export-model", str(tmp_path / "nothing"), "-o", str(path)]) == 1
