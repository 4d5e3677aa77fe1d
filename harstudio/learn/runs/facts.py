"""What a list of runs shows of each; never an error: one damaged run must not hide the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from harstudio.core.errors import HarstudioError
from harstudio.learn.fit.cross_validation import CROSS_VALIDATION, fold_runs
from harstudio.learn.fit.training import check_resumable
from harstudio.learn.judging.intervals import spread
from harstudio.learn.judging.metrics import macro_f1
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.models import NETWORK, model_spec
from harstudio.learn.runs.extras import LOOKS
from harstudio.learn.runs.folder import (
    CONFIG,
    FINETUNING,
    NOTES,
    REPORT,
    TRAINING,
    RunFolder,
    changed_ns,
    list_runs,
)
from harstudio.learn.runs.state import FAILED, RUNNING, STATE, RunState

Stamp = tuple[int, ...]
_FIGURE = "macro_f1"


@dataclass(frozen=True, eq=False)
class RunFacts:
    """A run in a row of a table.

    Attributes
    ----------
    path : Path
    name : str
        That a person gave it; empty unless they did.
    notes : str
    kind : str
        ``training``, ``finetuning`` or ``cross_validation``.
    model, signals, split : str
        As in its `TrainingConfig`; empty where that cannot be read.
    started : datetime or None
        With a time zone.
    state : RunState
    macro_f1, accuracy : float or None
        None without a report.
    interval : (low, high) or None
        Of macro F1, where there are enough subjects or clips.
    interval_text : str
        Over what, or why there is none.
    windows : int
        That were tested on.
    split_text, badge : str
        Of the report; the badge says why its figures are too good.
    resumable, exportable : bool
        Whether it can be taken up again, and whether its network can be written as ONNX.
    """

    path: Path
    name: str
    notes: str
    kind: str
    model: str
    signals: str
    split: str
    started: datetime | None
    state: RunState
    macro_f1: float | None = None
    accuracy: float | None = None
    interval: tuple[float, float] | None = None
    interval_text: str = ""
    windows: int = 0
    split_text: str = ""
    badge: str = ""
    resumable: bool = False
    exportable: bool = False

    @property
    def finished(self) -> bool:
        """Whether there are results to look at."""
        return self.macro_f1 is not None

    @property
    def title(self) -> str:
        """What to call it: its name, or that of its folder."""
        return self.name or self.path.name


def facts_of_runs(
    folder: Path, known: Mapping[Path, tuple[Stamp, RunFacts]]
) -> dict[Path, tuple[Stamp, RunFacts]]:
    """The runs in a folder, newest first; what has not changed since is not read again.

    Parameters
    ----------
    folder : Path
        Of the runs; need not exist.
    known : mapping
        What this function returned before, or nothing.
    """
    found: dict[Path, tuple[Stamp, RunFacts]] = {}
    for run in list_runs(folder):
        stamp = _stamp(run)
        before = known.get(run.path)
        same = before is not None and before[0] == stamp and before[1].state.state != RUNNING
        found[run.path] = before if before is not None and same else (stamp, run_facts(run))
    return found


def run_facts(run: RunFolder) -> RunFacts:
    """The facts of one run; one that is damaged has failed, with the reason."""
    state, resumable, exportable = run.state, False, False
    kind = model = signals = split = ""
    try:
        about = run.about()
        kind = str(about.get("kind", TRAINING))
        config = run.config()
        model, signals, split = config.model, config.signals, config.split
        if kind == FINETUNING:
            signals = "real"
        has_model = kind != CROSS_VALIDATION and run.finished
        exportable = has_model and model_spec(model).kind == NETWORK
        resumable = "data_sha256" in about and "origin" in about and _may_resume(run)
        report = run.report() if run.finished else None
    except HarstudioError as error:
        report = None
        if state.state != RUNNING:
            state = RunState(FAILED, f"damaged: {error.message}")
    facts = RunFacts(
        path=run.path,
        name=run.title if run.title != run.path.name else "",
        notes=run.notes,
        kind=kind,
        model=model,
        signals=signals,
        split=split,
        started=_started(run, state),
        state=state,
        resumable=resumable,
        exportable=exportable,
    )
    return facts if report is None else _with_report(facts, report)


@dataclass(frozen=True)
class SoFar:
    """The folds of a cross-validation that are done, taken together."""

    folds: int
    windows: int
    macro_f1: float


def pooled_so_far(run_dir: Path) -> SoFar | None:
    """Macro F1 over the folds that have a report; None without any."""
    reports = [run.report() for run in fold_runs(run_dir) if run.finished]
    if not reports:
        return None
    labels = list(dict.fromkeys(label for report in reports for label in report.labels))
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    for report in reports:
        place = [labels.index(label) for label in report.labels]
        confusion[np.ix_(place, place)] += report.confusion
    return SoFar(len(reports), int(confusion.sum()), macro_f1(confusion))


@dataclass(frozen=True)
class ClassDifference:
    """F1 of one class in two runs; None where a run does not know it."""

    label: str
    first: float | None
    second: float | None

    @property
    def gain(self) -> float | None:
        """How much better the second is; None where one does not know the class."""
        if self.first is None or self.second is None:
            return None
        return self.second - self.first


def class_differences(
    first: EvaluationReport, second: EvaluationReport
) -> tuple[ClassDifference, ...]:
    """F1 of every class of either report, in the order of the first."""
    a = {score.label: score.f1 for score in first.per_class()}
    b = {score.label: score.f1 for score in second.per_class()}
    return tuple(ClassDifference(label, a.get(label), b.get(label)) for label in {**a, **b})


def _with_report(facts: RunFacts, report: EvaluationReport) -> RunFacts:
    interval, text = None, ""
    try:
        found = spread(report)
        interval, text = found.intervals.get(_FIGURE), found.text
    except HarstudioError as error:  # a report without its windows
        text = error.message
    return replace(
        facts,
        macro_f1=report.macro_f1,
        accuracy=report.accuracy,
        interval=interval,
        interval_text=text,
        windows=report.total,
        split_text=report.split,
        badge=report.badge,
    )


def _may_resume(run: RunFolder) -> bool:
    try:
        check_resumable(run)
    except HarstudioError:
        return False
    return True


def _stamp(run: RunFolder) -> Stamp:
    return tuple(changed_ns(run.path / name) for name in (CONFIG, STATE, REPORT, NOTES, LOOKS))


def _started(run: RunFolder, state: RunState) -> datetime | None:
    try:
        told = datetime.fromisoformat(state.started_utc)
        return told if told.tzinfo else told.replace(tzinfo=UTC)
    except ValueError:
        changed = changed_ns(run.path / CONFIG)
        return datetime.fromtimestamp(changed / 1e9, UTC) if changed else None
