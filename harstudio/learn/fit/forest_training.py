"""Training of a random forest as a job, a few trees at a time."""

from __future__ import annotations

import time

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.core.jobs import Job, Progress
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import Float32Array, WindowSet
from harstudio.learn.fit.fitting import TICK_S, Fitted, class_weights
from harstudio.learn.judging.report import macro_f1
from harstudio.learn.models import model_spec
from harstudio.learn.models.random_forest import FEATURES, Forest, StoredForest, inputs
from harstudio.learn.runs.checkpoint import Checkpoint
from harstudio.learn.runs.folder import EpochReport, RunWriter
from harstudio.learn.splitting.splits import Split

PREFIX = "forest"
_ROW_TREES = 20
"""Trees between two rows of the history."""


class ForestPredictor:
    """A stored forest that judges windows."""

    def __init__(self, forest: StoredForest, config: TrainingConfig) -> None:
        self._forest, self._config = forest, config

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> ForestPredictor:
        """From a checkpoint; HarstudioError if its arrays are not a forest for its inputs."""
        raw = checkpoint.config.forest_input == "raw"
        per_channel = checkpoint.window_samples if raw else len(FEATURES)
        forest = StoredForest.from_tensors(
            checkpoint.below(PREFIX),
            inputs=per_channel * len(checkpoint.channels),
            classes=len(checkpoint.labels),
        )
        return cls(forest, checkpoint.config)

    def probabilities(self, signals: Float32Array) -> FloatArray:
        """(N, T, C) signals in SI units to (N, K) probabilities."""
        return self._forest.probabilities(inputs(signals, self._config))


def fit_forest(
    windows: WindowSet, split: Split, blank: Checkpoint, writer: RunWriter
) -> Job[Fitted]:
    """Job: grow the forest that `blank` describes; a request to stop keeps the trees so far."""
    config = blank.config
    started = time.perf_counter()
    train = yield from _inputs(windows, split.train, config)
    validation = yield from _inputs(windows, split.validation, config)
    codes = windows.codes[split.train]
    weights = class_weights(codes, len(windows.labels)) if config.class_weights else None
    sample_weights = np.ones(len(codes)) if weights is None else weights[codes]
    forest: Forest = model_spec(blank.model).build(
        len(windows.channels), windows.window_samples, len(windows.labels), config
    )
    votes = np.zeros((len(validation), len(windows.labels)))
    growing, last, stopped, more = time.perf_counter(), None, "", 1
    while forest.trees < config.trees and not stopped:
        begun = time.perf_counter()
        to_row = _ROW_TREES - forest.trees % _ROW_TREES
        grown = min(more, to_row, config.trees - forest.trees)
        forest.grow(train, codes, sample_weights, grown)
        votes += grown * forest.stored(forest.trees - grown).probabilities(validation)
        spent = time.perf_counter() - begun
        more = max(1, int(grown * TICK_S / max(spent, 1e-3)))
        if writer.asked_to_stop():
            stopped = "on request"
        if grown == to_row or forest.trees == config.trees or stopped:
            last = _row(forest.trees, votes, windows.codes[split.validation], begun - started)
            writer.row(last)
        values = {
            **(last.values() if last else {}),
            "epoch": forest.trees,
            "epochs": config.trees,
            "epoch_done": last is not None and last.epoch == forest.trees,
            "best_epoch": forest.trees,
            "eta_s": (time.perf_counter() - growing) * (config.trees - forest.trees) / forest.trees,
        }
        message = f"tree {forest.trees} of {config.trees}"
        yield Progress(forest.trees, config.trees, message, values)
    tensors = {f"{PREFIX}.{name}": array for name, array in forest.stored().tensors().items()}
    checkpoint = blank.with_tensors({**blank.tensors, **tensors})
    writer.checkpoint(checkpoint)
    return Fitted(checkpoint, forest.trees, forest.trees, stopped)


def _inputs(
    windows: WindowSet, index: IntArray, config: TrainingConfig, rows: int = 2048
) -> Job[Float32Array]:
    """Job: the forest's inputs for the windows `index`."""
    parts = []
    for first in range(0, max(1, len(index)), rows):
        yield Progress(0, config.trees, "computing features")
        parts.append(inputs(windows.signals[index[first : first + rows]], config))
    return np.concatenate(parts)


def _row(trees: int, votes: FloatArray, truth: IntArray, seconds: float) -> EpochReport:
    """Row of the history after some trees; no validation figures without validation windows."""
    if len(truth) == 0:
        return EpochReport(epoch=trees, seconds=seconds, best=True)
    guess, classes = votes.argmax(axis=1), votes.shape[1]
    flat = np.bincount(truth * classes + guess, minlength=classes * classes)
    return EpochReport(
        epoch=trees,
        validation_accuracy=float((guess == truth).mean()),
        validation_macro_f1=macro_f1(flat.reshape(classes, classes)),
        seconds=seconds,
        best=True,
    )
