"""Cross-validation: every window is judged once, by a model that has not trained on it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.config import BY_SUBJECT, TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.training import train
from harstudio.learn.judging.out_of_fold import OUT_OF_FOLD, OutOfFold
from harstudio.learn.judging.report import EvaluationReport, report_of
from harstudio.learn.runs.folder import FOLDS, RunFolder, RunSummary, RunWriter
from harstudio.learn.runs.state import FINISHED, STOPPED
from harstudio.learn.splitting.folds import fold_unit_of, make_folds
from harstudio.learn.splitting.splits import TEST, Split, counted

CROSS_VALIDATION = "cross_validation"
_FIRST_ESTIMATE = 0.02
"""Share of the work after which the rest can be estimated."""

Prepared = tuple[WindowSet, Split, tuple[str, ...], dict[str, dict[str, object]]]
Prepare = Callable[[WindowSet, Split], Job[Prepared]]
"""What is fitted to a fold's training part: windows and split in, the same out with notes and
files. Windows may be added after those there are; the fold's test part must stay as it is."""


@dataclass(frozen=True, eq=False)
class CrossValidation(RunSummary):
    """What cross-validation returns; the report is of all folds, pooled.

    Attributes
    ----------
    best_epoch : int
        The median over the folds.
    epochs : int
        Of all folds together.
    folds : what training returned for each fold
    """

    folds: tuple[RunSummary, ...] = ()


def cross_validate(
    windows: WindowSet,
    config: TrainingConfig,
    run_dir: Path,
    *,
    warnings: Iterable[str] = (),
    files: Mapping[str, Mapping[str, Any]] | None = None,
    prepare: Prepare | None = None,
) -> Job[CrossValidation]:
    """Job: train and test a model for each fold.

    The folds are runs of their own, in ``folds/01`` and so on. A file ``STOP`` in the run folder
    ends the fold that is going on early, keeps it, and leaves the later ones out: the report is
    then of the folds so far. Closing the generator discards everything.

    Parameters
    ----------
    windows : WindowSet
    config : TrainingConfig
        Whose `split` is one into folds.
    run_dir : Path
        New, or without a run in it.
    warnings, files
        As for `train`.
    prepare : function, optional
        See `Prepare`.

    Raises
    ------
    HarstudioError
        As from `train` and `make_folds`; the message says in which fold.
    """
    if not config.folded:
        raise HarstudioError(
            f"cross-validation: the split {config.split!r} is a single one",
            "choose leave_one_subject_out or folds",
        )
    if (run_dir / FOLDS).exists():
        raise HarstudioError(f"{run_dir}: already holds folds", "choose a new folder")
    windows = windows.relabelled(windows.used_labels())
    folds = make_folds(windows, config)
    begun = time.perf_counter()
    warnings = tuple(warnings)
    with RunWriter(run_dir) as writer:
        try:
            writer.about(CROSS_VALIDATION, _about(windows, config, folds))
            writer.extra(files or {})
            done, stopped = yield from _all_folds(windows, config, folds, writer, prepare)
        except (GeneratorExit, KeyboardInterrupt):
            shutil.rmtree(run_dir / FOLDS, ignore_errors=True)
            raise
        if stopped:
            so_far = f"{len(done)} of {counted(len(folds), 'fold')}"
            warnings += (f"stopped after {so_far}: the windows of the others were not judged",)
        found = _pooled(windows, folds, done)
        report = _report(windows, config, folds, done, found, warnings)
        found.save(run_dir / OUT_OF_FOLD)
        writer.report(report)
        writer.close(STOPPED if stopped else FINISHED, stopped)
    return CrossValidation(
        path=run_dir,
        report=report,
        best_epoch=int(np.median([summary.best_epoch for summary in done])),
        epochs=sum(summary.epochs for summary in done),
        stopped_early=stopped,
        seconds=time.perf_counter() - begun,
        folds=done,
    )


def fold_runs(run_dir: Path) -> tuple[RunFolder, ...]:
    """The runs of a cross-validation's folds, in order; empty for any other run."""
    return tuple(RunFolder(path) for path in sorted((run_dir / FOLDS).glob("[0-9]*")))


def _all_folds(
    windows: WindowSet,
    config: TrainingConfig,
    folds: tuple[Split, ...],
    writer: RunWriter,
    prepare: Prepare | None,
) -> Job[tuple[tuple[RunSummary, ...], str]]:
    """Job: what training returned for each fold, and why there are no more."""
    done: list[RunSummary] = []
    begun = time.perf_counter()
    for split in folds:
        path = writer.path / FOLDS / f"{split.fold:02d}"
        try:
            job = _fold(windows, config, split, path, prepare)
            done.append((yield from _followed(job, split, path, writer, begun)))
        except HarstudioError as error:
            raise HarstudioError(
                f"fold {split.fold} of {split.folds}: {error.message}", error.hint
            ) from error
        if writer.asked_to_stop():
            return tuple(done), f"on request, after {len(done)} of {counted(len(folds), 'fold')}"
    return tuple(done), ""


def _fold(
    windows: WindowSet, config: TrainingConfig, split: Split, path: Path, prepare: Prepare | None
) -> Job[RunSummary]:
    """Job: train and test on one fold."""
    ready: Prepared = (windows, split, (), {})
    if prepare is not None:
        ready = yield from prepare(windows, split)
    seen, whole, notes, files = ready
    if not np.array_equal(whole.test, split.test):
        raise HarstudioError("its preparation changed what is tested on")
    return (yield from train(seen, config, path, warnings=notes, files=files, split=whole))


def _followed(
    job: Job[RunSummary], split: Split, path: Path, writer: RunWriter, begun: float
) -> Job[RunSummary]:
    """Job: the same, told as a part of the whole; a request to stop is passed on."""
    passed_on, share = False, 0.0
    try:
        while True:
            try:
                progress = next(job)
            except StopIteration as stop:
                summary: RunSummary = stop.value
                return summary
            if not passed_on and path.is_dir() and writer.asked_to_stop():
                RunFolder(path).ask_to_stop()
                passed_on = True
            # Judging begins to count at 0 again; the whole must not go back.
            share = max(share, progress.fraction)
            yield _as_part(progress, share, split, begun)
    finally:
        job.close()


def _as_part(progress: Progress, of_fold: float, split: Split, begun: float) -> Progress:
    done = split.fold - 1 + of_fold
    values = {**progress.values, "fold": split.fold, "folds": split.folds}
    share = done / split.folds
    if "eta_s" in values:
        spent = time.perf_counter() - begun
        values["eta_s"] = spent * (1.0 - share) / share if share > _FIRST_ESTIMATE else None
    message = f"fold {split.fold} of {split.folds}: {progress.message}"
    return Progress(done, split.folds, message, values)


def _pooled(
    windows: WindowSet, folds: tuple[Split, ...], done: tuple[RunSummary, ...]
) -> OutOfFold:
    """Every judged window's probabilities, in the order of the windows."""
    probabilities = np.zeros((len(windows), len(windows.labels)), np.float32)
    fold = np.zeros(len(windows), np.int64)
    for split, summary in zip(folds, done, strict=False):
        judged = summary.report.probabilities
        assert judged is not None
        probabilities[split.test] = judged
        fold[split.test] = split.fold
    index = np.flatnonzero(fold)
    return OutOfFold.of(windows, index, probabilities[index], fold[index])


def _report(
    windows: WindowSet,
    config: TrainingConfig,
    folds: tuple[Split, ...],
    done: tuple[RunSummary, ...],
    found: OutOfFold,
    warnings: tuple[str, ...],
) -> EvaluationReport:
    """One report of all folds."""
    index = np.concatenate([split.test for split in folds[: len(done)]])
    index.sort()
    title = folds[0].title
    unit = fold_unit_of(config)
    of = windows.subject_index if unit == BY_SUBJECT else windows.clip_index
    units = len(np.unique(of[index]))
    return report_of(
        windows,
        index,
        windows.labels,
        found.probabilities.astype(np.float64),
        part=TEST,
        split=f"{title}, pooled: {counted(len(index), 'window')} of {counted(units, unit)}, each "
        "judged once, by the fold that did not train on it",
        split_kind=config.split,
        parts={
            TEST: {
                "windows": len(index),
                "subjects": _names(windows.subjects, found.subject_index),
                "clips": _names(windows.clip_ids, found.clip_index),
                "folds": len(done),
            }
        },
        warnings=(*warnings, *_told_by_folds(done, len(folds))),
        model=done[0].report.model,
        leaks={leak.text: leak for split in folds for leak in split.leaks}.values(),
        folds=found.fold,
    )


def _told_by_folds(done: tuple[RunSummary, ...], folds: int) -> tuple[str, ...]:
    """What the folds' reports warn of: each once, and which folds say so where not all do."""
    said: dict[str, list[int]] = {}
    for number, summary in enumerate(done, start=1):
        for text in dict.fromkeys(summary.report.warnings):
            said.setdefault(text, []).append(number)
    return tuple(
        text if len(by) == folds else f"{text} (fold {', '.join(map(str, by))})"
        for text, by in said.items()
    )


def _about(
    windows: WindowSet, config: TrainingConfig, folds: tuple[Split, ...]
) -> dict[str, object]:
    recorded = windows.codes[windows.variant == 0]
    return {
        "started_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "config": config.to_json(),
        "labels": list(windows.labels),
        "channels": list(windows.channels),
        "counts": {TEST: np.bincount(recorded, minlength=len(windows.labels)).tolist()},
        "folds": [
            {
                "fold": split.fold,
                "counts": {p: len(split.part(p)) for p in ("train", "validation", "test")},
                "units": {part: list(names) for part, names in split.units.items()},
                "leaks": [leak.to_json() for leak in split.leaks],
                "split_sha256": split.fingerprint(),
            }
            for split in folds
        ],
        "leaks": [
            leak.to_json()
            for leak in {leak.text: leak for split in folds for leak in split.leaks}.values()
        ],
        "data_sha256": windows.fingerprint(),
    }


def _names(names: tuple[str, ...], index: np.ndarray[Any, Any]) -> list[str]:
    return sorted(names[int(i)] for i in np.unique(index))
