"""Training as a job: it learns, repeats itself, stops, and cleans up."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Progress, finished
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.scaling import fitted
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit import training_loop
from harstudio.learn.fit.devices import available
from harstudio.learn.fit.fitting import class_weights
from harstudio.learn.fit.torch_setup import torch
from harstudio.learn.fit.training import train
from harstudio.learn.fit.training_loop import TrainingLoop
from harstudio.learn.models import model_spec
from harstudio.learn.runs.checkpoint import SOURCE_CODES, SOURCE_WINDOWS
from harstudio.learn.runs.files import read_json
from harstudio.learn.runs.folder import MODEL, REPORT, STOP, RunFolder, RunSummary, RunWriter
from harstudio.learn.splitting.splits import make_split

MakeConfig = Callable[..., TrainingConfig]
MakeWindows = Callable[..., WindowSet]

MODELS = ("cnn", "xiao2020", "random_forest")


@pytest.mark.parametrize("model", MODELS)
def test_every_model_learns_what_anything_can_learn(
    model: str, windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    told: list[Progress] = []
    summary = finished(train(windows, make_config(model=model), tmp_path / "run"), told.append)
    assert summary.report.macro_f1 > 0.9
    run = RunFolder(tmp_path / "run")
    assert run.finished
    assert run.kind == "training"
    assert run.report().to_json() == summary.report.to_json()
    assert run.config().model == model
    assert not list((tmp_path / "run").glob(".*")), "a temporary file is left"
    assert any(p.values.get("epoch_done") for p in told)
    assert all(p.fraction <= 1 for p in told)


def test_the_report_says_what_was_tested(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(model="random_forest")
    report = finished(train(windows, config, tmp_path / "run")).report
    split = make_split(windows, config)
    assert report.total == len(split.test) == len(report.windows)
    assert report.split.startswith("by subject: ")
    assert report.parts["test"]["subjects"] == list(split.units["test"])
    assert {w.subject for w in report.windows} == set(split.units["test"])
    assert {w.part for w in report.windows} == {"test"}
    assert report.to_json()["counts"] == {
        "train": len(split.train), "validation": len(split.validation), "test": len(split.test)
    }  # fmt: skip
    assert report.warnings == ()


@pytest.mark.parametrize("model", [*MODELS, "lstm", "deepconvlstm"])
def test_the_same_windows_and_seed_give_the_same_run(
    model: str, windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(model=model, epochs=2)
    for name in ("one", "two"):
        finished(train(windows, config, tmp_path / name))
    one, two = RunFolder(tmp_path / "one"), RunFolder(tmp_path / "two")
    assert (one.path / REPORT).read_bytes() == (two.path / REPORT).read_bytes()
    assert (one.path / MODEL).read_bytes() == (two.path / MODEL).read_bytes()
    again = finished(train(windows, one.config(), tmp_path / "three"))
    assert again.report.to_json() == one.report().to_json()
    assert one.about()["data_sha256"] == two.about()["data_sha256"]


def test_the_checkpoint_carries_all_that_its_use_needs(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config()
    finished(train(windows, config, tmp_path / "run"))
    checkpoint = RunFolder(tmp_path / "run").checkpoint()
    split = make_split(windows, config)
    scaler = fitted(windows, split.train)
    assert checkpoint.labels == windows.labels
    assert checkpoint.channels == ("wrist acc_x", "wrist acc_y", "wrist acc_z")
    assert (checkpoint.rate_hz, checkpoint.window_samples) == (24.0, 24)
    assert checkpoint.split_hash == split.fingerprint()
    assert np.array_equal(checkpoint.scaler.mean, scaler.mean)
    assert np.allclose(checkpoint.tensors["network.scale.sd"], scaler.sd)
    kept = {window.tobytes() for window in checkpoint.tensors[SOURCE_WINDOWS]}
    assert kept <= {window.tobytes() for window in windows.signals[split.train]}
    assert len(checkpoint.tensors[SOURCE_CODES]) == min(1000, len(split.train))


def test_the_kept_epoch_is_the_best_on_validation(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    summary = finished(train(windows, make_config(epochs=6), tmp_path / "run"))
    history = RunFolder(tmp_path / "run").history()
    assert [row.epoch for row in history] == list(range(1, summary.epochs + 1))
    scores = [(row.validation_macro_f1, -(row.validation_loss or 0.0)) for row in history]
    assert history[summary.best_epoch - 1].best
    assert scores[summary.best_epoch - 1] == max(scores)
    assert all(row.train_loss is not None and np.isfinite(row.train_loss) for row in history)


def test_patience_ends_training_that_no_longer_improves(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    signals = np.random.default_rng(0).standard_normal(windows.signals.shape)
    noise = replace(windows, signals=signals.astype(np.float32))
    summary = finished(train(noise, make_config(epochs=60, patience=2), tmp_path / "run"))
    assert summary.epochs == summary.best_epoch + 2
    assert summary.stopped_early == "2 epochs without a better validation macro F1"


def test_without_validation_the_last_epoch_is_kept_and_it_is_said(
    make_windows: MakeWindows, make_config: MakeConfig, tmp_path: Path
) -> None:
    pair = make_windows(subjects=("anna", "ben"))
    summary = finished(train(pair, make_config(epochs=3), tmp_path / "run"))
    assert summary.best_epoch == summary.epochs == 3
    assert any("the last epoch is kept" in warning for warning in summary.report.warnings)
    assert RunFolder(tmp_path / "run").history()[-1].validation_loss is None


@pytest.mark.parametrize("model", ["cnn", "random_forest"])
def test_a_file_stop_ends_training_and_keeps_the_best(
    model: str, windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    job = train(windows, make_config(model=model, epochs=500, trees=5000), tmp_path / "run")
    run = RunFolder(tmp_path / "run")
    for progress in job:
        if progress.values.get("epoch_done"):
            run.ask_to_stop()
            break
    summary: RunSummary = finished(job)
    assert summary.stopped_early == "on request"
    assert summary.epochs < 500
    assert run.finished
    assert run.report().macro_f1 == summary.report.macro_f1
    assert not (run.path / STOP).exists()


def test_the_best_model_is_on_disk_while_training_goes_on(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    job = train(windows, make_config(epochs=50), tmp_path / "run")
    next(p for p in job if p.values.get("epoch_done"))
    run = RunFolder(tmp_path / "run")
    assert run.checkpoint().labels == windows.labels
    assert len(run.history()) == 1
    assert not run.finished
    job.close()


@pytest.mark.parametrize("model", ["cnn", "random_forest"])
def test_closing_the_job_removes_what_it_wrote(
    model: str, windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    job = train(windows, make_config(model=model, trees=2000), tmp_path / "runs" / "new" / "run")
    next(p for p in job if p.values.get("epoch_done"))
    job.close()
    assert list(tmp_path.iterdir()) == []


def test_closing_the_job_leaves_what_was_there_before(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    job = train(windows, make_config(), tmp_path)
    next(p for p in job if p.values.get("epoch_done"))
    assert (tmp_path / MODEL).exists()
    job.close()
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_folder_with_a_run_is_never_overwritten(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(model="random_forest")
    finished(train(windows, config, tmp_path / "run"))
    before = (tmp_path / "run" / MODEL).read_bytes()
    with pytest.raises(HarstudioError, match="already holds a run"):
        finished(train(windows, config, tmp_path / "run"))
    assert (tmp_path / "run" / MODEL).read_bytes() == before


def test_progress_comes_often_and_counts_up(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    job = train(windows, make_config(), tmp_path / "run")
    told: list[Progress] = []
    waits: list[float] = []
    last = time.perf_counter()
    for progress in job:
        told.append(progress)
        waits.append(time.perf_counter() - last)
        last = time.perf_counter()
    epochs = [p for p in told if p.values.get("epoch_done")]
    assert [p.values["epoch"] for p in epochs] == list(range(1, 9))
    fractions = [p.done for p in told if "epoch" in p.values]
    assert fractions == sorted(fractions)
    wanted = {"train_loss", "validation_loss", "train_accuracy", "validation_accuracy", "eta_s",
              "best_epoch"}  # fmt: skip
    assert wanted <= set(epochs[0].values)
    assert epochs[-1].values["eta_s"] == 0.0
    assert np.median(waits) < 0.2


def test_labels_without_windows_are_told_not_dropped_in_silence(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    wider = windows.relabelled((*windows.labels, "swim"))
    report = finished(train(wider, make_config(model="random_forest"), tmp_path / "run")).report
    assert report.labels == windows.labels
    assert "'swim' has no windows and was left out" in report.warnings


def test_a_class_without_training_windows_stays_in_the_matrix(
    make_windows: MakeWindows, make_config: MakeConfig, tmp_path: Path
) -> None:
    data = make_windows()
    rare = (data.codes == 2) & (data.start_s + 100 * (data.subject_index > 0) > 0.6)
    config = make_config(model="random_forest", split="random_windows", seed=1)
    report = finished(train(data.taken(~rare), config, tmp_path / "run")).report
    assert report.labels == data.labels
    assert report.confusion.shape == (3, 3)
    assert any("'fast' has no" in warning for warning in report.warnings)


def test_random_windows_carry_their_leaks_into_the_report(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(model="random_forest", split="random_windows")
    report = finished(train(windows, config, tmp_path / "run")).report
    assert report.split.startswith("random windows (leaks: diagnostic only)")
    assert any(w.startswith("leak: train and test share samples") for w in report.warnings)


def test_windows_without_weight_teach_nothing(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    """A third of the labels is wrong: harmless where nobody trusts them."""
    config = make_config(epochs=12)
    split = make_split(windows, config)
    wrong = np.zeros(len(windows), bool)
    wrong[split.train[::3]] = True
    wrong[split.validation[::3]] = True
    codes = np.where(wrong, (windows.codes + 1) % 3, windows.codes)
    misled = replace(windows, codes=codes)
    warned = replace(misled, weight=np.where(wrong, 0.0, 1.0))
    for name, data in (("misled", misled), ("warned", warned)):
        finished(train(data, config, tmp_path / name, split=split))
    losses = {}
    for name in ("misled", "warned"):
        losses[name] = RunFolder(tmp_path / name).history()[-1].train_loss
    assert RunFolder(tmp_path / "warned").report().macro_f1 > 0.9
    assert losses["warned"] < 0.5 * losses["misled"]


def test_a_long_gradient_is_shortened(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    lengths = {}
    for norm in (0.0, 0.01):
        config = make_config(clip_norm=norm, epochs=1)
        network = model_spec("cnn").build(3, 24, 3, config)
        loop = TrainingLoop(windows, make_split(windows, config), network, config)
        finished(loop.train(1, 0, RunWriter(tmp_path / "run")))
        grads = [p.grad.norm() for p in network.parameters() if p.grad is not None]
        lengths[norm] = float(torch.stack(grads).norm())
    assert lengths[0.0] > 0.05
    assert lengths[0.01] == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_the_learning_rate_follows_its_schedule(
    schedule: str, windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(schedule=schedule, learning_rate=1e-3, epochs=3)
    finished(train(windows, config, tmp_path / "run"))
    rates = [row.learning_rate or 0.0 for row in RunFolder(tmp_path / "run").history()]
    expected = {"cosine": [0.75e-3, 0.25e-3, 0.0], "constant": [1e-3, 1e-3, 1e-3]}[schedule]
    assert rates == pytest.approx(expected, abs=0.8e-4)


def test_a_long_wait_is_announced_once_after_three_batches(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_loop, "_LONG_S", 0.0)
    told: list[Progress] = []
    finished(train(windows, make_config(epochs=2), tmp_path / "run"), told.append)
    noted = [p for p in told if p.values.get("notes")]
    assert len(noted) == 1
    assert 0 < noted[0].done <= 0.5
    assert "2 epochs take about 1 min" in str(noted[0].values["notes"])


def test_a_window_too_short_for_a_model_is_refused_before_anything_is_made(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    config = make_config(model="deepconvlstm", window_s=0.5)
    with pytest.raises(HarstudioError, match="17 samples or more, got 12"):
        finished(train(windows, config, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_missing_device_is_told_in_the_report(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    missing = ({"cuda", "mps"} - set(available())).pop()
    finished(train(windows, make_config(epochs=1, device=missing), tmp_path / "run"))
    warnings = RunFolder(tmp_path / "run").report().warnings
    assert f"no {missing} on this machine: trained on the processor" in warnings


def test_squared_error_with_many_classes_is_warned_about(
    make_windows: MakeWindows, make_config: MakeConfig, tmp_path: Path
) -> None:
    data = make_windows(clips=6)
    names = tuple(f"label {i}" for i in range(12))
    many = replace(data, labels=names, codes=data.codes * 4 + data.clip_index % 4)
    config = make_config(model="cnn", loss="squared_error", epochs=1)
    report = finished(train(many, config, tmp_path / "run")).report
    assert any("squared error" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    ("keep", "words"), [(0, "got none"), (1, "got still")], ids=["nothing", "one label"]
)
def test_too_little_to_learn_from_is_an_error_that_leaves_nothing(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path, keep: int, words: str
) -> None:
    with pytest.raises(HarstudioError, match=words):
        finished(train(windows.taken(windows.codes < keep), make_config(), tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_windows_of_another_length_are_refused(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    with pytest.raises(HarstudioError, match="24 samples, expected 48"):
        finished(train(windows, make_config(window_s=2.0), tmp_path / "run"))


def test_rare_classes_weigh_more_up_to_a_cap() -> None:
    codes = np.repeat([0, 1, 2], [90, 9, 1])
    weights = class_weights(codes, 4)
    assert weights == pytest.approx([100 / 270, 100 / 27, 10.0, 1.0])


def test_a_summary_travels_between_processes(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    summary = finished(train(windows, make_config(model="random_forest"), tmp_path / "run"))
    again = pickle.loads(pickle.dumps(summary))
    assert again.report.to_json() == summary.report.to_json()


def test_what_is_told_of_the_windows_and_laid_beside_the_model_stays_with_the_run(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    job = train(
        windows,
        make_config(model="random_forest"),
        tmp_path / "run",
        warnings=("mapped",),
        files={"map.json": {"a": 1}},
    )
    summary = finished(job)
    assert summary.report.warnings[0] == "mapped"
    assert RunFolder(tmp_path / "run").report().warnings[0] == "mapped"
    assert read_json(tmp_path / "run" / "map.json") == {"a": 1}
