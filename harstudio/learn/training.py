"""Train a model on windows: split, normalise, fit, test once, and leave a run folder behind."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.checkpoint import SOURCE_CODES, SOURCE_WINDOWS, Checkpoint, balanced_sample
from harstudio.learn.config import RANDOM_WINDOWS, TrainingConfig
from harstudio.learn.fitting import Fitted
from harstudio.learn.models import FOREST, ModelSpec, model_spec
from harstudio.learn.prediction import predicted, predictor_of
from harstudio.learn.report import EvaluationReport, report_of
from harstudio.learn.runs import TRAINING, RunSummary, RunWriter
from harstudio.learn.scaling import fitted
from harstudio.learn.splits import (
    TEST,
    Split,
    class_warnings,
    leaks,
    make_split,
    parts_summary,
)
from harstudio.learn.windows import WindowSet

_MANY_CLASSES = 10
"""Above this, squared error on one-hot targets was seen to fail (.49-.57 against .82)."""


def train(
    windows: WindowSet,
    config: TrainingConfig,
    run_dir: Path,
    *,
    warnings: Iterable[str] = (),
    files: Mapping[str, Mapping[str, Any]] | None = None,
) -> Job[RunSummary]:
    """Job: train and test a model.

    A file ``STOP`` in the run folder ends training early and keeps the best model; closing the
    generator discards the run and removes what it wrote. The same windows and configuration give
    the same report.

    Parameters
    ----------
    windows : WindowSet
        Of all parts; the split is made here.
    config : TrainingConfig
    run_dir : Path
        New, or without a run in it.
    warnings : texts
        What a reader of the report must know of these windows.
    files : mapping of name to plain data, optional
        JSON files that belong to the run, e.g. how its windows were made.

    Raises
    ------
    HarstudioError
        Too few windows, classes, subjects or clips; windows that do not fit the configuration;
        a folder that holds a run already.
    """
    started = time.perf_counter()
    spec = model_spec(config.model)
    config = replace(config, learning_rate=config.learning_rate or spec.learning_rate or None)
    _check(windows, config)
    unused = [label for label, count in windows.counts().items() if count == 0]
    windows = windows.relabelled(windows.used_labels())
    split = planned_split(windows, config)
    if len(np.unique(windows.codes[split.train])) < 2:
        raise HarstudioError(
            "the training part holds a single class", "label more clips, or choose another split"
        )
    told = (
        *warnings,
        *(f"{label!r} has no windows and was left out" for label in unused),
        *_warnings(windows, split, config),
    )
    with RunWriter(run_dir) as writer:
        yield Progress(0, 1, "normalising")
        blank = _blank(windows, split, spec, config)
        writer.about(TRAINING, _about(windows, split, config))
        writer.extra(files or {})
        outcome = yield from _fit(spec, windows, split, blank, writer)
        report = yield from _tested(windows, split, outcome.checkpoint, told)
        writer.report(report)
    return RunSummary(
        path=run_dir,
        report=report,
        best_epoch=outcome.best_epoch,
        epochs=outcome.epochs,
        stopped_early=outcome.stopped_early,
        seconds=time.perf_counter() - started,
    )


def planned_split(windows: WindowSet, config: TrainingConfig) -> Split:
    """The split that `train` will make of these windows; HarstudioError as from `make_split`."""
    return make_split(windows.relabelled(windows.used_labels()), config)


def _fit(
    spec: ModelSpec, windows: WindowSet, split: Split, blank: Checkpoint, writer: RunWriter
) -> Job[Fitted]:
    # Late: whoever imports this module must not wait for torch or scikit-learn.
    if spec.kind == FOREST:
        yield Progress(0, 1, "loading scikit-learn")
        from harstudio.learn.forest_training import fit_forest

        return (yield from fit_forest(windows, split, blank, writer))
    yield Progress(0, 1, "loading torch")
    from harstudio.learn.network_training import fit_network

    return (yield from fit_network(windows, split, blank, writer))


def _tested(
    windows: WindowSet, split: Split, checkpoint: Checkpoint, warnings: Iterable[str]
) -> Job[EvaluationReport]:
    """Job: the report on the test part, from the checkpoint as it is on disk."""
    probabilities = yield from predicted(
        predictor_of(checkpoint), windows, split.test, classes=len(checkpoint.labels)
    )
    return report_of(
        windows,
        split.test,
        checkpoint.labels,
        probabilities,
        part=TEST,
        split=split.text,
        split_kind=split.kind,
        parts=parts_summary(windows, split),
        warnings=warnings,
        model=checkpoint.model,
    )


def _check(windows: WindowSet, config: TrainingConfig) -> None:
    if windows.window_samples != config.window_samples and len(windows):
        raise HarstudioError(
            f"the windows have {windows.window_samples} samples, "
            f"expected {config.window_samples} ({config.window_s:g} s at {config.rate_hz:g} Hz)"
        )
    if len(windows.used_labels()) < 2:
        held = ", ".join(windows.used_labels()) or "none"
        raise HarstudioError(
            f"training needs windows of two labels or more, got {held}",
            "label more clips, or use shorter windows",
        )


def _warnings(windows: WindowSet, split: Split, config: TrainingConfig) -> Iterable[str]:
    yield from split.notes
    yield from class_warnings(windows, split)
    for leak in leaks(windows, split):
        yield f"leak: {leak}" if split.kind == RANDOM_WINDOWS else leak
    if config.loss == "squared_error" and len(windows.labels) > _MANY_CLASSES:
        yield (
            f"squared error on one-hot targets learns badly with {len(windows.labels)} classes: "
            "use cross_entropy"
        )


def _blank(windows: WindowSet, split: Split, spec: ModelSpec, config: TrainingConfig) -> Checkpoint:
    """A checkpoint that lacks only the model's own arrays."""
    sample: dict[str, NDArray[Any]] = {}
    if spec.kind != FOREST:
        rng = np.random.default_rng(config.seed)
        chosen = split.train[balanced_sample(windows.codes[split.train], rng)]
        sample = {SOURCE_WINDOWS: windows.signals[chosen], SOURCE_CODES: windows.codes[chosen]}
    return Checkpoint(
        model=spec.id,
        labels=windows.labels,
        channels=windows.channels,
        rate_hz=windows.rate_hz,
        window_samples=windows.window_samples,
        config=config,
        scaler=fitted(windows, split.train),
        split_hash=split.fingerprint(),
        tensors=sample,
    )


def _about(windows: WindowSet, split: Split, config: TrainingConfig) -> dict[str, object]:
    counts: dict[str, IntArray] = {
        part: np.bincount(windows.codes[split.part(part)], minlength=len(windows.labels))
        for part in ("train", "validation", "test")
    }
    return {
        "started_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "config": config.to_json(),
        "labels": list(windows.labels),
        "channels": list(windows.channels),
        "counts": {part: count.tolist() for part, count in counts.items()},
        "data_sha256": windows.fingerprint(),
        "split_sha256": split.fingerprint(),
    }
