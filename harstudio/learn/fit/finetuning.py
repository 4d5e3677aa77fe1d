"""Adapt a trained network to a few labelled windows, and judge it before and after."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.config import FinetuneConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.alternatives import TITLES, ZERO_SHOT, Alternative, Alternatives
from harstudio.learn.fit.prediction import predicted, predictor_of
from harstudio.learn.judging.evaluation import (
    all_labels,
    leaks_of_run,
    seen_by,
    unseen_labels,
    widened,
)
from harstudio.learn.judging.report import EvaluationReport, report_of
from harstudio.learn.models import NETWORK, model_spec
from harstudio.learn.runs.checkpoint import Checkpoint
from harstudio.learn.runs.folder import (
    ALTERNATIVES,
    BEFORE,
    FINETUNING,
    MODEL,
    PARTS_TOLD,
    SEEN_BEFORE,
    RunFolder,
    RunWriter,
)
from harstudio.learn.runs.state import STOPPED
from harstudio.learn.splitting.holdout import hold_out
from harstudio.learn.splitting.leaks import Leak
from harstudio.learn.splitting.splits import TEST, Split, class_warnings, parts_summary


@dataclass(frozen=True, eq=False)
class FinetuneSummary:
    """What a fine-tuning job returns.

    Attributes
    ----------
    path, parent : Path
        The new run folder, and the one it came from.
    before, after : EvaluationReport
        Of the model as it was and as it is now, on the same held-out windows.
    alternatives : Alternatives
        What else could have been done, and which was kept.
    new_labels : labels that the model did not know before
    train_windows : int
        Labelled windows that it was adapted on.
    seconds : float
    """

    path: Path
    parent: Path
    before: EvaluationReport
    after: EvaluationReport
    alternatives: Alternatives
    new_labels: tuple[str, ...]
    train_windows: int
    seconds: float


def finetune(
    run_dir: Path,
    windows: WindowSet,
    config: FinetuneConfig,
    out_dir: Path,
    *,
    warnings: Iterable[str] = (),
    files: Mapping[str, Mapping[str, Any]] | None = None,
) -> Job[FinetuneSummary]:
    """Job: adapt a run's network to labelled windows of other recordings.

    Four ways are tried and judged on the same held-out windows: the model as it was, a new one of
    its kind, its dense layers adapted, and then all its layers. The run keeps dense or all layers,
    as `FinetuneConfig.method` says; the others are told in `alternatives.json`.

    Labels are matched by name: a label the model knows keeps its row of the last layer, a new one
    gets a small random row. All ways are judged among the labels of these recordings; the model
    keeps the others and can predict them. A file ``STOP`` in `out_dir` ends training early;
    closing the generator discards the run.

    Parameters
    ----------
    run_dir : Path
        A finished run of a network; it is only read.
    windows : WindowSet
        Cut like the run's, with labels.
    config : FinetuneConfig
    out_dir : Path
        New, or without a run in it.
    warnings, files
        As for `train`.

    Raises
    ------
    HarstudioError
        The run has no model or no dense layers, the windows do not fit it, or there are too few.
    """
    started = time.perf_counter()
    parent_run = RunFolder(run_dir)
    parent = parent_run.checkpoint()
    spec = model_spec(parent.model)
    if spec.kind != NETWORK:
        raise HarstudioError(
            f"{run_dir.name}: {spec.title} has no dense layers to fine-tune",
            "choose a run of a network, e.g. cnn or xiao2020",
        )
    if len(windows) == 0:
        raise HarstudioError("no labelled windows to fine-tune on", "label the recording first")
    parent.check_fits(windows)
    labels = all_labels(parent, windows)
    split = hold_out(windows, config)
    # Of the parent it is told what it had seen; of what comes of it, what it sees here as well.
    inherited = leaks_of_run(parent_run, windows.taken(split.test))
    leaks = (*inherited, *split.leaks)
    warnings = tuple(warnings)
    told = (*warnings, *_warnings(parent, windows, split, leaks))
    told_before = (*warnings, *_warnings(parent, windows, split, inherited))
    windows = windows.relabelled(labels)
    with RunWriter(out_dir) as writer:
        yield Progress(0, 0, "loading torch")
        # Late: whoever imports this module must not wait for torch.
        from harstudio.learn.fit.adapting import adapted

        writer.about(FINETUNING, _about(parent_run, parent, windows, split, config, leaks))
        writer.extra(files or {})
        zero_shot = yield from _judged(parent, windows, split)
        cannot = unseen_labels(parent, windows.taken(split.test))
        before = _report(
            zero_shot, labels, windows, split, (*told_before, *cannot), parent, inherited
        )
        writer.report(before, BEFORE)
        tried = yield from adapted(parent, labels, windows, split, config, writer)
        checkpoint = replace(tried.checkpoint, split_hash=split.fingerprint())
        writer.checkpoint(checkpoint)
        judged = yield from _judged(checkpoint, windows, split)
        after = _report(judged, labels, windows, split, told, checkpoint, leaks)
        bars = [Alternative(ZERO_SHOT, before.confusion)]
        for name, (candidate, spent_s) in tried.candidates.items():
            shares = yield from _judged(candidate, windows, split)
            report = _report(shares, labels, windows, split, told, candidate, leaks)
            bars.append(Alternative(name, report.confusion, spent_s))
        order = list(TITLES)
        bars.sort(key=lambda bar: order.index(bar.name))
        alternatives = Alternatives(labels, tried.chosen, tried.reason, tuple(bars))
        writer.extra({ALTERNATIVES: alternatives.to_json()})
        writer.report(after)
        if tried.stopped:
            writer.close(STOPPED, "on request")
    return FinetuneSummary(
        path=out_dir,
        parent=run_dir,
        before=before,
        after=after,
        alternatives=alternatives,
        new_labels=labels[len(parent.labels) :],
        train_windows=len(split.train),
        seconds=time.perf_counter() - started,
    )


def _judged(checkpoint: Checkpoint, windows: WindowSet, split: Split) -> Job[FloatArray]:
    """Job: probabilities of the held-out windows, among the labels of these recordings."""
    probabilities = yield from predicted(
        predictor_of(checkpoint), windows, split.test, classes=len(checkpoint.labels)
    )
    wide = widened(probabilities, len(windows.labels))
    return among(wide, np.bincount(windows.codes, minlength=len(windows.labels)) > 0)


def among(probabilities: FloatArray, allowed: BoolArray) -> FloatArray:
    """(N, K) probabilities where only the `allowed` (K,) classes can be; each row sums to 1.

    A row without any on an allowed class is spread evenly over those.
    """
    kept = np.where(allowed, probabilities, 0.0)
    total = kept.sum(axis=1, keepdims=True)
    even = allowed / max(1, int(allowed.sum()))
    return np.where(total > 0, kept / np.where(total > 0, total, 1.0), even)


def _report(
    probabilities: FloatArray,
    labels: tuple[str, ...],
    windows: WindowSet,
    split: Split,
    warnings: Iterable[str],
    checkpoint: Checkpoint,
    leaks: Iterable[Leak],
) -> EvaluationReport:
    return report_of(
        windows,
        split.test,
        labels,
        probabilities,
        part=TEST,
        split=split.text,
        split_kind=split.kind,
        parts=parts_summary(windows, split),
        warnings=warnings,
        model=checkpoint.model,
        leaks=leaks,
    )


def _warnings(
    parent: Checkpoint, windows: WindowSet, split: Split, leaks: tuple[Leak, ...]
) -> tuple[str, ...]:
    used = windows.relabelled(windows.used_labels())
    absent = [label for label in parent.labels if label not in used.labels]
    told = [*split.notes, *class_warnings(used, split), *(leak.text for leak in leaks)]
    if absent:
        told.append(
            f"labels of the model that these recordings lack: {', '.join(absent)}; "
            "before and after were judged without them"
        )
    if len(np.unique(windows.subject_index)) == 1:
        told.append("adapted to one person: other people gain little from it")
    return tuple(told)


def _about(
    run: RunFolder,
    parent: Checkpoint,
    windows: WindowSet,
    split: Split,
    config: FinetuneConfig,
    leaks: tuple[Leak, ...],
) -> dict[str, object]:
    counts = {
        part: np.bincount(windows.codes[split.part(part)], minlength=len(windows.labels)).tolist()
        for part in ("train", "test")
    }
    return {
        "started_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "config": parent.config.to_json(),
        "finetune": config.to_json(),
        "parent": os.fspath(run.path.resolve()),
        "parent_sha256": hashlib.sha256((run.path / MODEL).read_bytes()).hexdigest(),
        "labels": list(windows.labels),
        "channels": list(windows.channels),
        "counts": counts,
        PARTS_TOLD: parts_summary(windows, split),
        SEEN_BEFORE: seen_by(run).to_json(),
        "leaks": [leak.to_json() for leak in leaks],
        "data_sha256": windows.fingerprint(),
        "split_sha256": split.fingerprint(),
    }
