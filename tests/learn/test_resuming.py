"""Training that was stopped, interrupted or killed goes on as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit import network_training
from harstudio.learn.fit.resuming import TrainingState
from harstudio.learn.fit.training import resume, train
from harstudio.learn.runs.folder import LAST, MODEL, REPORT, RunFolder, list_runs

MakeConfig = Callable[..., TrainingConfig]
MakeWindows = Callable[..., WindowSet]


@pytest.fixture(autouse=True)
def _every_epoch_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_training, "_KEEP_EVERY_S", 0.0)


def interrupted_after(
    epochs: int, windows: WindowSet, config: TrainingConfig, path: Path
) -> RunFolder:
    """A run that Ctrl+C ended after so many epochs."""
    job = train(windows, config, path)
    done = 0
    for progress in job:
        done += bool(progress.values.get("epoch_done"))
        if done == epochs:
            break
    with pytest.raises(KeyboardInterrupt):
        job.throw(KeyboardInterrupt())
    return RunFolder(path)


@pytest.mark.parametrize("model", ["cnn", "lstm", "deepconvlstm"])
@pytest.mark.parametrize("epochs", [1, 4])
def test_an_interrupted_run_comes_to_the_same_model(
    model: str, epochs: int, windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(model=model, epochs=6, mix_channels=True)
    finished(train(windows, config, tmp_path / "whole"))
    run = interrupted_after(epochs, windows, config, tmp_path / "parts")
    assert (run.state.state, run.state.reason) == ("stopped", "interrupted")
    assert run.resumable
    summary = finished(resume(windows, run.path))
    whole = RunFolder(tmp_path / "whole")
    for name in (MODEL, REPORT):
        assert (run.path / name).read_bytes() == (whole.path / name).read_bytes(), name
    told = [replace(row, seconds=None) for row in run.history()]
    assert told == [replace(row, seconds=None) for row in whole.history()]
    assert summary.epochs == 6
    assert run.state.state == "finished"
    assert not run.resumable
    assert not (run.path / LAST).exists()


def test_a_run_stopped_on_request_can_still_go_on(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(epochs=6)
    finished(train(windows, config, tmp_path / "whole"))
    job = train(windows, config, tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    next(p for p in job if p.values.get("epoch_done"))
    run.ask_to_stop()
    assert finished(job).stopped_early == "on request"
    assert (run.state.state, run.state.reason, run.finished) == ("stopped", "on request", True)
    finished(resume(windows, run.path))
    assert (run.path / MODEL).read_bytes() == (tmp_path / "whole" / MODEL).read_bytes()
    assert run.state.state == "finished"


def test_taking_up_a_run_and_leaving_it_at_once_keeps_its_results(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    job = train(windows, make_config(epochs=6), tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    next(p for p in job if p.values.get("epoch_done"))
    run.ask_to_stop()
    report = finished(job).report
    again = resume(windows, run.path)
    next(again)
    again.close()
    assert run.report().to_json() == report.to_json()
    assert run.probabilities(run.report()) is not None
    assert run.resumable
    again = resume(windows, run.path)
    next(p for p in again if p.values.get("epoch_done"))
    again.close()
    assert not run.finished  # by now it is another model
    assert run.probabilities(report) is None


def _train_for_ever(windows: WindowSet, config: TrainingConfig, path: Path) -> None:
    finished(train(windows, config, path))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 on this system")
def test_a_killed_run_is_told_as_failed_and_goes_on_where_it_was(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(epochs=2000, patience=0)
    path = tmp_path / "run"
    child = multiprocessing.get_context("spawn").Process(
        target=_train_for_ever, args=(windows, config, path)
    )
    child.start()
    assert child.pid is not None
    for _ in range(600):
        child.join(0.05)
        if (path / LAST).exists():
            break
    run = RunFolder(path)
    assert run.state.state == "running"
    assert not run.resumable
    with pytest.raises(HarstudioError, match="is being trained now"):
        finished(resume(windows, path))
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    (found,) = list_runs(tmp_path)
    assert found.state.state == "failed"
    assert "its process ended without a word" in found.state.reason
    assert found.resumable
    before = TrainingState.load(path / LAST).epoch
    job = resume(windows, path)
    epoch = next(p.values["epoch"] for p in job if p.values.get("epoch_done"))
    assert epoch == before + 1
    job.close()
    assert run.state.state == "stopped", "a run that was taken up is not thrown away"
    assert run.resumable


def test_a_run_is_not_taken_up_with_other_windows(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    run = interrupted_after(1, windows, make_config(), tmp_path / "run")
    moved = replace(windows, signals=(windows.signals + 1).astype(np.float32))
    with pytest.raises(HarstudioError, match="windows are not those") as caught:
        finished(resume(moved, run.path))
    assert "start a new run" in caught.value.hint
    assert run.resumable


def test_a_run_that_came_to_its_end_is_not_taken_up(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    finished(train(windows, make_config(epochs=1), tmp_path / "run"))
    with pytest.raises(HarstudioError, match="came to its end"):
        finished(resume(windows, tmp_path / "run"))
    with pytest.raises(HarstudioError, match="cannot be read"):
        finished(resume(windows, tmp_path / "nothing"))
    assert not (tmp_path / "nothing").exists()


def test_a_run_without_a_whole_epoch_begins_anew(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(model="random_forest", trees=40)
    finished(train(windows, config, tmp_path / "whole"))
    job = train(windows, config, tmp_path / "run")
    next(p for p in job if "epoch" in p.values)
    with pytest.raises(MemoryError):
        job.throw(MemoryError())
    run = RunFolder(tmp_path / "run")
    assert run.state.state == "failed"
    assert run.state.reason.startswith("out of memory")
    finished(resume(windows, run.path))
    assert (run.path / MODEL).read_bytes() == (tmp_path / "whole" / MODEL).read_bytes()


@pytest.mark.parametrize("damage", ["cut", "noise", "other", "shape"])
def test_a_damaged_state_is_refused_with_its_name(
    damage: str, windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    run = interrupted_after(1, windows, make_config(), tmp_path / "run")
    last = run.path / LAST
    whole = last.read_bytes()
    if damage == "cut":
        last.write_bytes(whole[: len(whole) // 2])
    elif damage == "noise":
        last.write_bytes(np.random.default_rng(0).bytes(len(whole)))
    elif damage == "other":
        last.write_bytes((run.path / MODEL).read_bytes())
    else:
        state = TrainingState.load(last)
        first = next(name for name in state.tensors if name.startswith("network."))
        replace(state, tensors={k: v for k, v in state.tensors.items() if k != first}).save(last)
    with pytest.raises(HarstudioError):
        finished(resume(windows, run.path))
    assert run.state.state == "failed"


def test_the_state_survives_its_file(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    run = interrupted_after(2, windows, make_config(), tmp_path / "run")
    state = TrainingState.load(run.path / LAST)
    state.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (run.path / LAST).read_bytes()
    assert state.epoch == 2
    assert len(state.rows) == 2
