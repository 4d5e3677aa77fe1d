"""Runs in words: titles, states, dates, figures with their intervals."""

from __future__ import annotations

from typing import Any

from harstudio.core.errors import HarstudioError
from harstudio.core.timebase import clock_text
from harstudio.learn.config import FOLDS, LISTED, ONE_SUBJECT_OUT, RANDOM_WINDOWS, SEVEN_TO_THREE
from harstudio.learn.fit.cross_validation import CrossValidation
from harstudio.learn.runs.facts import RunFacts
from harstudio.learn.runs.folder import FINETUNING, RunFolder, RunSummary
from harstudio.learn.runs.state import FAILED
from harstudio.learn.splitting.leaks import counted

_SPLITS = {
    ONE_SUBJECT_OUT: "one subject out",
    FOLDS: "folds",
    LISTED: "list",
    SEVEN_TO_THREE: "7:3 by clip",
    RANDOM_WINDOWS: "random (leaks)",
}


def run_title(run: RunFolder) -> str:
    """A run in one line: when, what, how good."""
    try:
        report = run.report()
    except HarstudioError as error:
        return f"{run.title} (damaged: {error.message})"
    return f"{run.title} · macro F1 {report.macro_f1:.3f}"


def model_words(facts: RunFacts) -> str:
    """What was trained."""
    return f"{facts.model}, fine-tuned" if facts.kind == FINETUNING else facts.model


def short_title(facts: RunFacts) -> str:
    """What to call it where there is little room: its name, or model and time."""
    return facts.name or f"{model_words(facts)} {when_words(facts)}"


def split_words(facts: RunFacts) -> str:
    """What was held out, briefly."""
    if facts.kind == FINETUNING:
        return "part of recording"
    return _SPLITS.get(facts.split, f"by {facts.split}" if facts.split else "")


def when_words(facts: RunFacts) -> str:
    """When it began, in local time."""
    return f"{facts.started.astimezone():%d %b %H:%M}" if facts.started is not None else ""


def figure_words(facts: RunFacts) -> str:
    """Macro F1, with its interval where there is one."""
    if facts.macro_f1 is None:
        return ""
    ends = "  {:.2f}–{:.2f}".format(*facts.interval) if facts.interval is not None else ""
    return f"{facts.macro_f1:.3f}{ends}"


def state_words(facts: RunFacts) -> str:
    """How it stands, in a line; a failure with its reason."""
    state = facts.state
    if state.reason and state.state == FAILED:
        return f"failed: {state.reason}"
    return state.state


def detail_lines(facts: RunFacts) -> list[str]:
    """What a table has no room for."""
    state = facts.state
    lines = [f"{facts.title}: {state.state}" + (f" ({state.reason})" if state.reason else "")]
    if state.seconds:
        lines[0] += f", {clock_text(state.seconds)[:-3]} in all"
    if facts.split_text:
        lines.append(facts.split_text)
    if facts.interval_text:
        lines.append(facts.interval_text)
    return lines


def done_text(summary: Any) -> str:
    """What a job has come to."""
    if isinstance(summary, CrossValidation):
        figure = f"{summary.report.macro_f1:.3f}"
        folds = counted(len(summary.folds), "fold")
        return f"Done: macro F1 {figure} over {folds} pooled, {summary.seconds:.0f} s."
    if isinstance(summary, RunSummary):
        text = f"Done: macro F1 {summary.report.macro_f1:.3f} on the test part"
        text += f" ({counted(summary.report.total, 'window')})"
        if summary.epochs:
            text += f", best at {summary.best_epoch} of {summary.epochs}"
        stopped = f"; stopped early {summary.stopped_early}" if summary.stopped_early else ""
        return f"{text}, {summary.seconds:.0f} s{stopped}."
    before, after = getattr(summary, "before", None), getattr(summary, "after", None)
    if before is not None and after is not None:
        return (
            f"Done: macro F1 {before.macro_f1:.3f} before, {after.macro_f1:.3f} after, on the "
            "same held-out windows."
        )
    return "Done."
