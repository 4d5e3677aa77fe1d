"""Figures of a run for a paper: confusion matrices, learning curves, people one by one, bars.

Which axis is actual, which split it is and how many windows are written on every picture, and
where the split leaks that is written there in red. matplotlib is loaded with this module, and
this module only when figures are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from textwrap import fill

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.io.files import write_atomically
from harstudio.learn.judging.confusions import (
    COUNTS,
    ROW_SHARES,
    TITLES,
    UNITS,
    by_confusion,
    shares,
)
from harstudio.learn.judging.metrics import TITLES as FIGURE_TITLES
from harstudio.workflows.reports.figures import INK, REAL, RESIDUAL, STYLE, VIRTUAL, bytes_of, plain
from harstudio.workflows.reports.material import RunMaterial

HARM = "#C0262D"
FORMATS = ("png", "svg", "pdf")
GIVEN, BY_CONFUSION = "given", "confusion"
ORDERS = (GIVEN, BY_CONFUSION)
_BLUES = LinearSegmentedColormap.from_list("share", ("#F1F3F6", VIRTUAL))
_CELL_IN = 0.46


def draw_run(
    material: RunMaterial, out: Path, formats: tuple[str, ...] = ("png",), order: str = GIVEN
) -> Job[list[Path]]:
    """Draw every figure of a run that there is data for, in every format.

    ``confusion_counts``, ``confusion_row``, ``confusion_column``, ``curves``, ``spread`` and, for
    a fine-tuned run, ``alternatives``.

    Parameters
    ----------
    out : Path
        A folder that exists.
    formats : formats
        Of `FORMATS`.
    order : str
        Of the classes: ``given``, or ``confusion`` (those taken for each other are neighbours).

    Returns
    -------
    list of Path

    Raises
    ------
    HarstudioError
        An unknown format or order, or a file that cannot be written.
    """
    for got, known, what in ((*formats,), FORMATS, "figures"), ((order,), ORDERS, "order"):
        unknown = [name for name in got if name not in known]
        if unknown:
            raise HarstudioError(f"{what}: got {unknown[0]!r}, expected {', '.join(known)}")
    drawings: list[tuple[str, Callable[[], Figure]]] = [
        (f"confusion_{unit}", partial(confusion, material, unit, order)) for unit in UNITS
    ]
    if len(material.history) > 1:
        drawings.append(("curves", partial(curves, material)))
    if material.spread is not None and material.spread.dots:
        drawings.append(("spread", partial(spread_dots, material)))
    if material.alternatives is not None:
        drawings.append(("alternatives", partial(alternatives, material)))
    written: list[Path] = []
    with matplotlib.rc_context(STYLE):
        for done, (name, draw) in enumerate(drawings):
            yield Progress(done, len(drawings), f"Drawing {name.replace('_', ' ')}")
            figure = draw()
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            for suffix in formats:
                path = out / f"{name}.{suffix}"
                write_atomically(path, bytes_of(figure, suffix), durable=False)
                written.append(path)
    return written


def confusion(material: RunMaterial, unit: str = COUNTS, order: str = GIVEN) -> Figure:
    """The matrix: counts, or shares in per cent; the shade is always the share of the row."""
    report = material.report
    size = max(3, len(report.labels)) * _CELL_IN
    longest = max((len(label) for label in report.labels), default=1)
    names = 0.062 * longest + 0.5
    figure = Figure(
        figsize=(max(4.2, size + names + 0.3), size + names + 1.2), layout="constrained"
    )
    axes = figure.subplots()
    chosen = (
        by_confusion(report.confusion) if order == BY_CONFUSION else np.arange(len(report.labels))
    )
    here = np.ix_(chosen, chosen)
    shade = shares(report.confusion, unit if unit != COUNTS else ROW_SHARES)[here]
    values = shares(report.confusion, unit)[here]
    axes.imshow(shade, cmap=_BLUES, vmin=0.0, vmax=1.0, aspect="equal")
    for (i, j), value in np.ndenumerate(values):
        if report.confusion[here][i, j] == 0:
            continue
        text = f"{value:.0f}" if unit == COUNTS else _percent(float(value))
        colour = "white" if shade[i, j] > 0.55 else INK
        axes.text(j, i, text, ha="center", va="center", color=colour, fontsize=7)
    labels = [plain(report.labels[code]) for code in chosen]
    axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("predicted")
    axes.set_ylabel("actual")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for edge in np.arange(len(labels) + 1) - 0.5:
        axes.axhline(edge, color="white", linewidth=1.0)
        axes.axvline(edge, color="white", linewidth=1.0)
    unit_text = TITLES[unit] + (", %" if unit != COUNTS else "")
    _title(figure, material, f"{unit_text}; macro F1 {report.macro_f1:.3f}")
    return figure


def curves(material: RunMaterial) -> Figure:
    """Loss, and accuracy and macro F1, over the epochs (trees, steps); the best one marked."""
    rows = material.history
    steps = [row.epoch for row in rows]
    losses = {
        "training": [r.train_loss for r in rows],
        "validation": [r.validation_loss for r in rows],
    }
    scores = {
        "training accuracy": [r.train_accuracy for r in rows],
        "validation accuracy": [r.validation_accuracy for r in rows],
        "validation macro F1": [r.validation_macro_f1 for r in rows],
    }
    panels = [
        (title, lines)
        for title, lines in (("loss", losses), ("share", scores))
        if any(value is not None for values in lines.values() for value in values)
    ]
    figure = Figure(figsize=(3.4 * max(1, len(panels)), 2.9), layout="constrained")
    best = [row.epoch for row in rows if row.best]
    noun = _step_noun(material)
    grid = figure.subplots(1, max(1, len(panels)), squeeze=False)[0]
    for axes, (title, lines) in zip(grid, panels, strict=False):
        for name, values in lines.items():
            if all(value is None for value in values):
                continue
            style = "--" if name.startswith("training") else "-"
            colour = RESIDUAL if name.startswith("training") else VIRTUAL
            colour = REAL if name.endswith("F1") else colour
            axes.plot(
                steps, [np.nan if v is None else v for v in values], style, color=colour, label=name
            )
        if best and material.report.model != "random_forest":
            axes.axvline(best[-1], color=INK, linewidth=0.6, linestyle=":")
            axes.annotate(
                f"kept: {best[-1]}", (best[-1], 1.0), (3, -2), xycoords=("data", "axes fraction"),
                textcoords="offset points", va="top", fontsize=7, color=RESIDUAL,
            )  # fmt: skip
        axes.set_xlabel(noun)
        axes.set_ylabel(title)
        axes.legend(fontsize=7)
    _title(figure, material, "training and validation; the test part is not in these curves")
    return figure


def spread_dots(material: RunMaterial) -> Figure:
    """Every subject (or clip) as a dot, all together as a line, and the interval, if any."""
    spread = material.spread
    assert spread is not None
    names = list(spread.dots)
    figure = Figure(figsize=(4.6, 0.9 + 0.42 * len(names)), layout="constrained")
    axes = figure.subplots()
    rng = np.random.default_rng(0)
    for y, name in enumerate(names):
        dots = spread.dots[name]
        jitter = rng.uniform(-0.12, 0.12, len(dots)) if len(dots) > 8 else np.zeros(len(dots))
        if name in spread.intervals:
            low, high = spread.intervals[name]
            axes.plot(
                [low, high], [y, y], color=VIRTUAL, linewidth=6, alpha=0.3, solid_capstyle="butt"
            )
        axes.plot(dots, y + jitter, "o", color=RESIDUAL, markersize=3.5, mew=0, alpha=0.8)
        value = spread.figures[name]
        axes.plot([value, value], [y - 0.26, y + 0.26], color=VIRTUAL, linewidth=1.8)
        text = f"{value:.3f}"
        if name in spread.intervals:
            text += f"  [{spread.intervals[name][0]:.3f}, {spread.intervals[name][1]:.3f}]"
        axes.annotate(
            text, (1.02, y), xycoords=("axes fraction", "data"), va="center", fontsize=7,
            annotation_clip=False,
        )  # fmt: skip
    lowest = min(float(values.min()) for values in spread.dots.values())
    axes.set_xlim(max(0.0, lowest - 0.05), 1.005)
    axes.set_yticks(range(len(names)), [FIGURE_TITLES[name] for name in names])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"line: all windows; dot: one {spread.unit}")
    _title(figure, material, spread.text)
    return figure


def alternatives(material: RunMaterial) -> Figure:
    """Four ways to get a model for these recordings, judged on the same windows."""
    found = material.alternatives
    assert found is not None
    figure = Figure(figsize=(4.4, 0.8 + 0.36 * len(found.bars)), layout="constrained")
    axes = figure.subplots()
    for y, bar in enumerate(found.bars):
        chosen = bar.name == found.chosen
        axes.barh(y, bar.macro_f1, height=0.62, color=VIRTUAL if chosen else RESIDUAL)
        axes.annotate(
            f"{bar.macro_f1:.3f}" + (" (kept)" if chosen else ""), (bar.macro_f1, y), (4, 0),
            textcoords="offset points", va="center", fontsize=7,
        )  # fmt: skip
    axes.set_yticks(range(len(found.bars)), [bar.title for bar in found.bars])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0.0, 1.15)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_xlabel("macro F1 on the same held-out windows")
    _title(figure, material, found.reason)
    return figure


def _title(figure: Figure, material: RunMaterial, text: str) -> None:
    """What it is and of which split, above; why it cannot be believed, in red."""
    width = max(40, int(figure.get_size_inches()[0] * 16))
    lines = [plain(fill(f"{material.subtitle}; {material.report.total:,} windows judged", width))]
    if text:
        lines.append(plain(fill(text, width)))
    figure.suptitle("\n".join(lines), fontsize=7.0, color=RESIDUAL)
    if material.report.badge:
        figure.supxlabel(
            plain(fill(material.report.badge, width)), fontsize=7.5, color=HARM, fontweight="bold"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.005 else "<1"


def _step_noun(material: RunMaterial) -> str:
    if material.kind == "finetuning":
        return "step"
    return "trees" if material.report.model == "random_forest" else "epoch"
