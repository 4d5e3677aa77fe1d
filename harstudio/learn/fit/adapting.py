"""Try the ways to adapt a network to a few windows, and choose one."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from harstudio.core.arrays import IntArray
from harstudio.core.jobs import Job, Progress
from harstudio.learn.config import FinetuneConfig
from harstudio.learn.data.scaling import fitted
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.alternatives import FULL, HEAD, SCRATCH
from harstudio.learn.fit.head_training import (
    Material,
    Watch,
    adapt_all,
    adapt_head,
    from_scratch,
)
from harstudio.learn.fit.networks import NetworkPredictor, tensors_of
from harstudio.learn.judging.report import macro_f1
from harstudio.learn.models.layers import Network
from harstudio.learn.runs.checkpoint import (
    SOURCE_CODES,
    SOURCE_WINDOWS,
    Checkpoint,
    balanced_sample,
    source_of,
)
from harstudio.learn.runs.folder import RunWriter
from harstudio.learn.splitting.holdout import stretches
from harstudio.learn.splitting.leaks import overlaps
from harstudio.learn.splitting.splits import Split

_ENOUGH = 5
"""Windows of each class from which on training all layers was seen to do better than the head."""


@dataclass(frozen=True, eq=False)
class Tried:
    """What came of it.

    Attributes
    ----------
    candidates : mapping of the way to its checkpoint and the seconds it took
        All that were reached before somebody asked to stop.
    chosen, reason : str
        Which is kept, and why.
    stopped : bool
    """

    candidates: dict[str, tuple[Checkpoint, float]]
    chosen: str
    reason: str
    stopped: bool

    @property
    def checkpoint(self) -> Checkpoint:
        return self.candidates[self.chosen][0]


def adapted(
    parent: Checkpoint,
    labels: tuple[str, ...],
    windows: WindowSet,
    split: Split,
    config: FinetuneConfig,
    writer: RunWriter,
) -> Job[Tried]:
    """Job: dense layers, all layers, and a new network; dense or all layers are chosen.

    With ``auto``: all layers need five windows of each class or more. Then both are compared on
    left-out segments of the training part, one of each class, where each class has two or more;
    else all layers are taken.

    Parameters
    ----------
    labels : K names
        The parent's, in its order, then new ones; those of `windows`.
    """
    material = Material(labels, windows.signals[split.train], windows.codes[split.train])
    inner = left_out(windows, split.train) if _compares(material, config) else None
    watch = Watch(config.steps * (3 if inner is None else 5), writer)
    whole = config.method != HEAD
    found: dict[str, tuple[Checkpoint, float]] = {}
    begun = time.perf_counter()
    head = yield from adapt_head(parent, material, config, watch, True)
    found[HEAD] = _checkpoint(parent, material, head, config), time.perf_counter() - begun
    if not watch.stopped:
        network = yield from adapt_all(head, parent, material, config, watch, whole)
        found[FULL] = _checkpoint(parent, material, network, config), time.perf_counter() - begun
    chosen, reason = HEAD, "stopped before the other ways were tried"
    if not watch.stopped:
        chosen, reason = yield from _chosen(parent, windows, material, inner, config, watch)
    if not watch.stopped:
        begun = time.perf_counter()
        scaler = fitted(windows, split.train)
        network = yield from from_scratch(parent, material, scaler, config, watch)
        new = replace(_checkpoint(parent, material, network, config), scaler=scaler)
        found[SCRATCH] = new, time.perf_counter() - begun
    return Tried(found, chosen, reason, watch.stopped)


def left_out(windows: WindowSet, train: IntArray) -> tuple[IntArray, IntArray] | None:
    """Training windows to try on, and those of one left-out stretch of each class to judge by.

    None where a class has a single stretch. The later stretch is left out, and windows that
    overlap it are used for neither.

    Parameters
    ----------
    train : (N,) indices of `windows`

    Returns
    -------
    Two arrays of places in `train`
    """
    part = windows.taken(train)
    stretch = stretches(part)
    out = np.zeros(len(part), bool)
    for code in np.unique(part.codes):
        own = np.unique(stretch[part.codes == code])
        if len(own) < 2:
            return None
        out |= stretch == own[-1]
    kept = np.flatnonzero(~out)
    kept = kept[~overlaps(part, kept, np.flatnonzero(out))]
    if len(np.setdiff1d(part.codes, part.codes[kept])):
        return None
    return kept, np.flatnonzero(out)


def _compares(material: Material, config: FinetuneConfig) -> bool:
    return config.method == "auto" and _fewest(material) >= _ENOUGH


def _fewest(material: Material) -> int:
    counts = np.bincount(material.codes)
    return int(counts[counts > 0].min())


def _chosen(
    parent: Checkpoint,
    windows: WindowSet,
    material: Material,
    inner: tuple[IntArray, IntArray] | None,
    config: FinetuneConfig,
    watch: Watch,
) -> Generator[Progress, None, tuple[str, str]]:
    """Job: the way to keep, and why."""
    if config.method != "auto":
        return config.method, "as asked for"
    fewest = _fewest(material)
    if fewest < _ENOUGH:
        return HEAD, f"a class has {fewest} windows only: all layers need {_ENOUGH} of each"
    if inner is None:
        return FULL, "a class has a single segment: none could be left out to compare on"
    train, judge = inner
    part, truth = material.taken(train), material.codes[judge]
    head = yield from adapt_head(parent, part, config, watch, False)
    if watch.stopped:
        return HEAD, "stopped before the ways were compared"
    network = yield from adapt_all(head, parent, part, config, watch, False)
    if watch.stopped:
        return HEAD, "stopped before the ways were compared"
    signals = material.signals[judge]
    scores = {HEAD: _score(head, signals, truth), FULL: _score(network, signals, truth)}
    best = max(scores, key=lambda name: scores[name])
    told = ", ".join(f"{name} {scores[name][0]:.3f}" for name in scores)
    return best, f"macro F1 on a left-out segment of each class: {told}"


def _score(network: Network, signals: np.ndarray, truth: IntArray) -> tuple[float, float]:
    """Macro F1, and the mean log-likelihood among equals."""
    shares = NetworkPredictor(network).probabilities(signals)
    classes = shares.shape[1]
    flat = np.bincount(truth * classes + shares.argmax(axis=1), minlength=classes * classes)
    likely = np.log(np.maximum(shares[np.arange(len(truth)), truth], 1e-12)).mean()
    return macro_f1(flat.reshape(classes, classes)), float(likely)


def _checkpoint(
    parent: Checkpoint, material: Material, network: Network, config: FinetuneConfig
) -> Checkpoint:
    """The network with a sample of what it has learnt, for the next adaptation to replay."""
    replayed, replayed_codes = source_of(parent)
    signals = np.concatenate([replayed, material.signals])
    codes = np.concatenate([replayed_codes, material.codes])
    kept = balanced_sample(codes, np.random.default_rng(config.seed))
    tensors = tensors_of(network)
    tensors[SOURCE_WINDOWS], tensors[SOURCE_CODES] = signals[kept], codes[kept]
    return replace(parent, labels=material.labels, tensors=tensors)
