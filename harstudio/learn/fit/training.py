"""Train a model on windows: split, normalise, fit, test once, and leave a run folder behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.config import RANDOM_WINDOWS, TrainingConfig
from harstudio.learn.data.balancing import upsampled
from harstudio.learn.data.scaling import fitted
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.fitting import Fitted
from harstudio.learn.fit.prediction import predicted, predictor_of
from harstudio.learn.fit.resuming import TrainingState
from harstudio.learn.judging.report import EvaluationReport, report_of
from harstudio.learn.models import FOREST, ModelSpec, model_spec
from harstudio.learn.runs.checkpoint import (
    SOURCE_CODES,
    SOURCE_WINDOWS,
    Checkpoint,
    balanced_sample,
)
from harstudio.learn.runs.folder import (
    CONFIG,
    LAST,
    PARTS_TOLD,
    REGRESSION,
    TRAINING,
    RunFolder,
    RunSummary,
    RunWriter,
)
from harstudio.learn.runs.state import FINISHED, RUNNING, STOPPED
from harstudio.learn.splitting.checks import fitting_leaks
from harstudio.learn.splitting.splits import (
    TEST,
    Split,
    class_warnings,
    make_split,
    parts_summary,
)

_MANY_CLASSES = 10
"""Above this, squared error on one-hot targets was seen to fail (.49-.57 against .82)."""
_FEWER_SOURCES = 100
"""Windows kept for replay, where each is as large as ten of the others."""


def train(
    windows: WindowSet,
    config: TrainingConfig,
    run_dir: Path,
    *,
    warnings: Iterable[str] = (),
    files: Mapping[str, Mapping[str, Any]] | None = None,
    origin: Mapping[str, Any] | None = None,
    split: Split | None = None,
) -> Job[RunSummary]:
    """Job: train and test a model.

    A file ``STOP`` in the run folder ends training early and keeps the best model; closing the
    generator discards the run and removes what it wrote. What was stopped, interrupted or killed
    can be taken up by `resume`. The same windows and configuration give the same report.

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
    origin : mapping of plain data, optional
        Where the windows came from, for whoever makes them again to `resume` the run.
    split : Split, optional
        Of these windows; made as the configuration says unless told.

    Raises
    ------
    HarstudioError
        Too few windows, classes, subjects or clips; windows that do not fit the configuration;
        a folder that holds a run already.
    """
    plan = _planned(windows, config, split, warnings)
    with RunWriter(run_dir) as writer:
        yield Progress(0, 1, "normalising")
        blank = _blank(plan)
        writer.about(TRAINING, _about(plan, origin))
        writer.extra(files or {})
        return (yield from _carried_out(plan, blank, writer))


def resume(
    windows: WindowSet,
    run_dir: Path,
    *,
    warnings: Iterable[str] = (),
    split: Split | None = None,
) -> Job[RunSummary]:
    """Job: go on with a run that was stopped, interrupted or killed, from its last whole epoch.

    It comes to the same model as it would have without a pause. A forest, and a network without
    a whole epoch, begin anew. A job that is closed leaves the run as it is by then.

    Parameters
    ----------
    windows : WindowSet
        The same as for `train`: labels, clips and signals must not have changed since.
    run_dir : Path
    warnings, split
        As for `train`.

    Raises
    ------
    HarstudioError
        No such run, one that came to its end or is going on, or other windows.
    """
    run = RunFolder(run_dir)
    check_resumable(run)
    about = run.about()
    plan = _planned(windows, run.config(), split, warnings)
    for what, then, now in (
        ("windows", about.get("data_sha256"), plan.windows.fingerprint()),
        ("split", about.get("split_sha256"), plan.split.fingerprint()),
    ):
        if then != now:
            raise HarstudioError(
                f"{run_dir}: the {what} are not those that it was trained on",
                "labels, clips or signals have changed since: start a new run",
            )
    with RunWriter(run_dir, again=True) as writer:
        yield Progress(0, 1, "normalising")
        return (yield from _carried_out(plan, _blank(plan), writer))


def check_resumable(run: RunFolder) -> None:
    """HarstudioError unless a run ended before its time and can be taken up again."""
    if run.kind != TRAINING:
        what = run.kind.replace("_", " ")
        raise HarstudioError(f"{run.path}: a {what} is not taken up again", "start a new run")
    if not run.path.joinpath(CONFIG).is_file():
        raise HarstudioError(f"{run.path}: holds no run")
    state = run.state.state
    if state == RUNNING:
        raise HarstudioError(f"{run.path}: is being trained now")
    if run.finished and not run.resumable:
        raise HarstudioError(f"{run.path}: came to its end", "start a new run")


@dataclass(frozen=True, eq=False)
class _Plan:
    """All that training needs to know."""

    spec: ModelSpec
    config: TrainingConfig
    windows: WindowSet
    split: Split
    warnings: tuple[str, ...]


def _planned(
    windows: WindowSet, config: TrainingConfig, split: Split | None, warnings: Iterable[str]
) -> _Plan:
    """What will be done; HarstudioError for what cannot."""
    spec = model_spec(config.model)
    if spec.kind != FOREST:
        decay = spec.weight_decay if config.weight_decay is None else config.weight_decay
        rate = config.learning_rate or spec.learning_rate
        config = replace(config, learning_rate=rate, weight_decay=decay)
    _check(windows, config, spec)
    unused = [label for label, count in windows.counts().items() if count == 0]
    windows = windows.relabelled(windows.used_labels())
    split = split or make_split(windows, config)
    if len(np.unique(windows.codes[split.train])) < 2:
        raise HarstudioError(
            "the training part holds a single class", "label more clips, or choose another split"
        )
    if config.upsample:
        windows, split = upsampled(windows, split, config.seed)
    told = (
        *warnings,
        *(f"{label!r} has no windows and was left out" for label in unused),
        *_warnings(windows, split, config),
    )
    return _Plan(spec, config, windows, split, told)


def _carried_out(plan: _Plan, blank: Checkpoint, writer: RunWriter) -> Job[RunSummary]:
    """Job: fit, test, report."""
    outcome = yield from _fit(plan, blank, writer)
    report = yield from _tested(plan, outcome)
    writer.report(report)
    if plan.spec.paired and plan.config.pose_mode != "baseline":
        from harstudio.learn.fit.pose_training import regression_figures

        found = yield from regression_figures(outcome.checkpoint, plan.windows, plan.split.test)
        writer.extra({REGRESSION: found})
    if not outcome.resumable:
        writer.drop_kept()
    writer.close(STOPPED if outcome.resumable else FINISHED, outcome.stopped_early)
    return RunSummary(
        path=writer.path,
        report=report,
        best_epoch=outcome.best_epoch,
        epochs=outcome.epochs,
        stopped_early=outcome.stopped_early,
        seconds=RunFolder(writer.path).state.seconds,
    )


def planned_split(windows: WindowSet, config: TrainingConfig) -> Split:
    """The split that `train` will make of these windows; HarstudioError as from `make_split`."""
    return make_split(windows.relabelled(windows.used_labels()), config)


def _fit(plan: _Plan, blank: Checkpoint, writer: RunWriter) -> Job[Fitted]:
    # Late: whoever imports this module must not wait for torch or scikit-learn.
    if plan.spec.kind == FOREST:
        yield Progress(0, 1, "loading scikit-learn")
        from harstudio.learn.fit.forest_training import fit_forest

        return (yield from fit_forest(plan.windows, plan.split, blank, writer))
    yield Progress(0, 1, "loading torch")
    from harstudio.learn.fit.network_training import fit_network

    last = writer.path / LAST
    state = TrainingState.load(last) if last.is_file() else None
    return (yield from fit_network(plan.windows, plan.split, blank, writer, state))


def _tested(plan: _Plan, outcome: Fitted) -> Job[EvaluationReport]:
    """Job: the report on the test part, from the checkpoint as it is on disk."""
    windows, split, checkpoint = plan.windows, plan.split, outcome.checkpoint
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
        warnings=(*plan.warnings, *outcome.notes),
        model=checkpoint.model,
        leaks=fitting_leaks(windows, split, checkpoint.scaler),
    )


def _check(windows: WindowSet, config: TrainingConfig, spec: ModelSpec) -> None:
    if config.window_samples < spec.shortest:
        raise HarstudioError(
            f"{spec.id} takes windows of {spec.shortest} samples or more, got "
            f"{config.window_samples} ({config.window_s:g} s at {config.rate_hz:g} Hz)",
            "use longer windows, or another model",
        )
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
    for leak in split.leaks:
        yield f"leak: {leak}" if split.kind == RANDOM_WINDOWS else leak.text
    if config.loss == "squared_error" and len(windows.labels) > _MANY_CLASSES:
        yield (
            f"squared error on one-hot targets learns badly with {len(windows.labels)} classes: "
            "use cross_entropy"
        )


def _blank(plan: _Plan) -> Checkpoint:
    """A checkpoint that lacks only the model's own arrays."""
    windows, split, spec, config = plan.windows, plan.split, plan.spec, plan.config
    sample: dict[str, NDArray[Any]] = {}
    if spec.kind != FOREST:
        rng = np.random.default_rng(config.seed)
        most = _FEWER_SOURCES if spec.paired else 1000
        chosen = split.train[balanced_sample(windows.codes[split.train], rng, most)]
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


def _about(plan: _Plan, origin: Mapping[str, Any] | None) -> dict[str, object]:
    windows, split = plan.windows, plan.split
    counts: dict[str, IntArray] = {
        part: np.bincount(windows.codes[split.part(part)], minlength=len(windows.labels))
        for part in ("train", "validation", "test")
    }
    return {
        "started_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "config": plan.config.to_json(),
        "labels": list(windows.labels),
        "channels": list(windows.channels),
        "counts": {part: count.tolist() for part, count in counts.items()},
        PARTS_TOLD: parts_summary(windows, split),
        "leaks": [leak.to_json() for leak in split.leaks],
        "data_sha256": windows.fingerprint(),
        "split_sha256": split.fingerprint(),
        **({"origin": dict(origin)} if origin else {}),
    }
