"""How far a figure would move with other people: bootstrap over whole subjects, or clips.

Windows of one person resemble each other. Resampling windows gave .847 to .867 where resampling
people gave .795 to .903: the narrow interval says how sure one can be of these people, and is
read as how sure one can be of people. Under five units, or where a class occurs in fewer than
three, no interval is honest: each unit is shown by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.core.errors import HarstudioError
from harstudio.learn.judging.metrics import FIGURES, own_macro_f1s
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.splitting.leaks import counted

SUBJECTS, CLIPS, WINDOWS = "subject", "clip", "window"
UNITS = (SUBJECTS, CLIPS, WINDOWS)
LEAST_UNITS = 5
LEAST_UNITS_OF_A_CLASS = 3
"""With two, more than a tenth of the draws hold the class not at all."""
DRAWS = 2000
LEVEL = 0.95
_BLOCK_VALUES = 4_000_000
"""Numbers of a block of draws: 32 MB."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Figures of each unit, and the interval of their pooled value.

    Attributes
    ----------
    unit : str
        ``subject``, ``clip`` or ``window``.
    names : U names of the units
    figures : mapping of a figure's name to its value over all windows
    dots : mapping of a figure's name to its (U,) values, one of each unit; empty for windows
        Macro F1 is that over the classes which the unit has.
    intervals : mapping of a figure's name to (low, high); empty where there are too few units
    text : str
        What was resampled and how many there were, for a person.
    """

    unit: str
    names: tuple[str, ...]
    figures: Mapping[str, float]
    dots: Mapping[str, FloatArray]
    intervals: Mapping[str, tuple[float, float]]
    text: str


def spread(
    report: EvaluationReport, unit: str | None = None, *, draws: int = DRAWS, seed: int = 0
) -> Spread:
    """Percentile bootstrap over whole units (Efron and Tibshirani 1993, ch. 13).

    Parameters
    ----------
    report : EvaluationReport
        With its windows.
    unit : str, optional
        Of `UNITS`. Subjects unless told; clips where the windows are of one subject, or of
        unknown ones. Windows only if asked for.
    draws : int
    seed : int
        The same report and seed give the same interval.

    Raises
    ------
    HarstudioError
        The report lists no windows, or the unit is none.
    """
    if unit is not None and unit not in UNITS:
        raise HarstudioError(f"unit: got {unit!r}", f"one of {', '.join(UNITS)}")
    if not report.windows:
        raise HarstudioError("the report lists no windows, so that nothing can be resampled")
    chosen = unit or _default_unit(report)
    names, which = _units(report, chosen)
    tables = unit_confusions(report, which, len(names))
    lack = _lack(report, chosen, tables)
    intervals = {} if lack else bootstrap(tables, draws, seed)
    return Spread(
        unit=chosen,
        names=names,
        figures={name: float(figure(report.confusion)) for name, figure in FIGURES.items()},
        dots={} if chosen == WINDOWS else _dots(tables),
        intervals=intervals,
        text=lack or _text(chosen, len(names), draws),
    )


def unit_confusions(report: EvaluationReport, which: IntArray, units: int) -> IntArray:
    """(U, K, K) confusion counts of each unit.

    Parameters
    ----------
    which : (N,) array
        The unit of each of the report's windows.
    """
    place = {label: i for i, label in enumerate(report.labels)}
    truth = np.array([place[w.truth] for w in report.windows], np.int64)
    guess = np.array([place[w.prediction] for w in report.windows], np.int64)
    classes = len(report.labels)
    flat = (which * classes + truth) * classes + guess
    counts = np.bincount(flat, minlength=units * classes * classes)
    return counts.reshape(units, classes, classes).astype(np.int64)


def bootstrap(
    tables: IntArray, draws: int = DRAWS, seed: int = 0, level: float = LEVEL
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of every figure of `FIGURES` over resampled units.

    Parameters
    ----------
    tables : (U, K, K) array
        Confusion counts of each unit.
    """
    units, classes = len(tables), tables.shape[1]
    rng = np.random.default_rng(seed)
    # Whole numbers below 2**24 are exact in float32, which multiplies twice as fast.
    small = int(tables.sum()) < 1 << 20
    flat = tables.reshape(units, -1).astype(np.float32 if small else np.float64)
    # Classes that never occur take no part in any draw, and most cells are empty.
    used = np.flatnonzero(flat.any(axis=0))
    block = max(1, min(draws, _BLOCK_VALUES // max(1, classes * classes)))
    found: dict[str, list[FloatArray]] = {name: [] for name in FIGURES}
    for first in range(0, draws, block):
        size = min(block, draws - first)
        times = rng.multinomial(units, np.full(units, 1.0 / units), size=size)
        drawn = np.zeros((size, classes * classes))
        drawn[:, used] = times.astype(flat.dtype) @ flat[:, used]
        stack = drawn.reshape(size, classes, classes)
        for name, figure in FIGURES.items():
            found[name].append(figure(stack))
    tails = ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
    ends = {name: np.quantile(np.concatenate(values), tails) for name, values in found.items()}
    return {name: (float(low), float(high)) for name, (low, high) in ends.items()}


def _default_unit(report: EvaluationReport) -> str:
    subjects = {window.subject for window in report.windows}
    return SUBJECTS if len(subjects) > 1 and "" not in subjects else CLIPS


def _units(report: EvaluationReport, unit: str) -> tuple[tuple[str, ...], IntArray]:
    """The units' names, sorted, and which of them each window belongs to."""
    if unit == WINDOWS:
        return tuple(map(str, range(len(report.windows)))), np.arange(len(report.windows))
    of_each = [w.subject if unit == SUBJECTS else w.clip_id for w in report.windows]
    names = tuple(sorted(set(of_each)))
    place = {name: i for i, name in enumerate(names)}
    return names, np.array([place[name] for name in of_each], np.int64)


def _dots(tables: IntArray) -> dict[str, FloatArray]:
    return {name: figure(tables) for name, figure in FIGURES.items()} | {
        "macro_f1": own_macro_f1s(tables)
    }


def _lack(report: EvaluationReport, unit: str, tables: IntArray) -> str:
    """Why there can be no honest interval; empty if there can."""
    many = counted(len(tables), unit)
    if len(tables) < LEAST_UNITS:
        return f"{many}: fewer than {LEAST_UNITS} give no honest interval, so each is shown"
    holders = (tables.sum(axis=2) > 0).sum(axis=0)
    held = np.where(holders > 0, holders, len(tables))
    rarest = int(held.argmin())
    if held[rarest] >= LEAST_UNITS_OF_A_CLASS:
        return ""
    return (
        f"{many}, but {report.labels[rarest]!r} is in {held[rarest]} of them only: that gives no "
        "honest interval, so each is shown"
    )


def _text(unit: str, units: int, draws: int) -> str:
    many = counted(units, unit)
    text = f"95 % interval over {many} (percentile bootstrap, {draws:,} draws of whole {unit}s)"
    if unit == CLIPS:
        text += "; it does not tell how other people would fare"
    if unit == WINDOWS:
        text += "; windows of one clip resemble each other, so it is too narrow"
    return text
