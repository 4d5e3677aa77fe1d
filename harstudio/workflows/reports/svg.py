"""Pictures inside a page: SVG that takes its colours from the page, so that it follows its theme.

Text goes through `escape`; classes named here (``ink``, ``faint``, ``virtual``...) are styled by
`report_pages`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from itertools import groupby

from harstudio.learn.fit.alternatives import Alternatives
from harstudio.learn.judging.intervals import Spread
from harstudio.learn.judging.metrics import TITLES
from harstudio.learn.runs.folder import EpochReport

_CHARACTER = 6.4
"""Width of a character of the small text, in pixels, a little wide."""

Lines = Sequence[tuple[str, str, Sequence[float | None]]]
"""Name, class, and a value per step or None."""


def spread_svg(spread: Spread) -> str:
    """Every unit as a dot, all together as a line, and the interval as a band."""
    names = list(spread.dots)
    left, width, row = 128, 560, 40
    lowest = min(float(values.min()) for values in spread.dots.values())
    ticks = nice_ticks(min(lowest - 0.01, 0.9), 1.0)
    low = ticks[0]
    right = left + width - 190

    def x(value: float) -> float:
        return left + (value - low) / (1.0 - low) * (right - left)

    height = row * len(names) + 34
    parts = _axis(ticks, x, row * len(names) + 6)
    for i, name in enumerate(names):
        y = row * i + 22
        parts.append(_text(left - 12, y + 4, TITLES[name], "ink end"))
        if name in spread.intervals:
            a, b = (x(value) for value in spread.intervals[name])
            parts.append(
                f'<rect class="band" x="{a:.1f}" y="{y - 8}" width="{max(1.0, b - a):.1f}" '
                'height="16" rx="2"/>'
            )
        for value, unit in zip(spread.dots[name], spread.names, strict=True):
            title = f"<title>{escape(unit)}: {value:.3f}</title>"
            parts.append(
                f'<circle class="dot" cx="{x(float(value)):.1f}" cy="{y}" r="4">{title}</circle>'
            )
        value = spread.figures[name]
        parts.append(_line(x(value), y - 12, x(value), y + 12, "virtual thick"))
        text = f"{value:.3f}"
        if name in spread.intervals:
            text += f" [{spread.intervals[name][0]:.3f}, {spread.intervals[name][1]:.3f}]"
        parts.append(_text(right + 16, y + 4, text, "ink number"))
    return _svg(left + width, height, parts, f"macro F1 and others, one dot per {spread.unit}")


def bars_svg(found: Alternatives) -> str:
    """Ways to adapt a model, by macro F1 on the same windows."""
    left, width, row = 128, 420, 32
    parts = []
    for i, bar in enumerate(found.bars):
        y = row * i
        chosen = bar.name == found.chosen
        parts.append(_text(left - 12, y + 20, bar.title, "ink end"))
        parts.append(
            f'<rect class="{"virtual-fill" if chosen else "residual-fill"}" x="{left}" '
            f'y="{y + 5}" width="{max(1.0, bar.macro_f1 * width):.1f}" height="22" rx="2"/>'
        )
        text = f"{bar.macro_f1:.3f}" + (" (kept)" if chosen else "")
        parts.append(_text(left + bar.macro_f1 * width + 8, y + 20, text, "ink number"))
    return _svg(left + width + 110, row * len(found.bars) + 8, parts, "macro F1 by way of adapting")


def curves_svg(rows: Sequence[EpochReport], noun: str, *, mark_best: bool) -> str:
    """Loss, and shares, over the steps of training."""
    steps = [row.epoch for row in rows]
    best = [row.epoch for row in rows if row.best]
    kept = best[-1] if best and mark_best else None
    panels: list[tuple[str, Lines]] = [
        (
            "loss",
            (
                ("training", "residual dashed", [row.train_loss for row in rows]),
                ("validation", "virtual", [row.validation_loss for row in rows]),
            ),
        ),
        (
            "share",
            (
                ("training accuracy", "residual dashed", [row.train_accuracy for row in rows]),
                ("validation accuracy", "virtual", [row.validation_accuracy for row in rows]),
                ("validation macro F1", "real", [row.validation_macro_f1 for row in rows]),
            ),
        ),
    ]
    found = [_panel(title, steps, lines, noun, kept) for title, lines in panels]
    return "".join(panel for panel in found if panel)


def _panel(title: str, steps: list[int], lines: Lines, noun: str, kept: int | None) -> str:
    used = [line for line in lines if any(value is not None for value in line[2])]
    if not used or len(steps) < 2:
        return ""
    left, top, width, height = 46, 26, 330, 170
    values = [value for line in used for value in line[2] if value is not None]
    ticks = nice_ticks(0.0, 1.0 if title == "share" else max(values) or 1.0)
    low, high = ticks[0], ticks[-1]

    def x(step: float) -> float:
        return left + (step - steps[0]) / (steps[-1] - steps[0]) * width

    def y(value: float) -> float:
        return top + (1.0 - (value - low) / (high - low)) * height

    parts = []
    for value in ticks:
        parts.append(_line(left, y(value), left + width, y(value), "grid"))
        parts.append(_text(left - 6, y(value) + 4, f"{value:g}", "faint end number"))
    if kept is not None:
        parts.append(_line(x(kept), top, x(kept), top + height, "faint-line dashed"))
        near_end = kept > (steps[0] + steps[-1]) / 2
        parts.append(
            _text(
                x(kept) + (-4 if near_end else 4), top + height - 6, f"kept: {kept}",
                "faint end" if near_end else "faint",
            )
        )  # fmt: skip
    at = float(left)
    for name, kind, line in used:
        for held, run in groupby(zip(steps, line, strict=True), key=lambda p: p[1] is not None):
            if held:
                points = " ".join(f"{x(s):.1f},{y(v or 0.0):.1f}" for s, v in run)
                parts.append(f'<polyline class="{kind}" points="{points}"/>')
        parts.append(_line(at, 9, at + 18, 9, kind))
        parts.append(_text(at + 23, 13, name, "faint"))
        at += 34 + _CHARACTER * len(name)
    parts.append(_text(left, top + height + 16, str(steps[0]), "faint number"))
    parts.append(_text(left + width, top + height + 16, str(steps[-1]), "faint end number"))
    parts.append(_text(left + width / 2, top + height + 16, noun, "faint middle"))
    full = max(left + width + 8, int(at))
    return f"<figure>{_svg(full, top + height + 24, parts, title)}</figure>"


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers at equal steps, the first at `low` or below, the last at `high` or above."""
    span = max(high - low, 1e-9)
    power = 10.0 ** math.floor(math.log10(span / most))
    for step in (1.0, 2.0, 5.0, 10.0, 20.0):
        first = math.floor(low / (step * power) + 1e-9)
        last = math.ceil(high / (step * power) - 1e-9)
        if last - first < most:
            break
    return [round(i * step * power, 12) for i in range(first, last + 1)]


def _axis(ticks: Sequence[float], x: Callable[[float], float], y: float) -> list[str]:
    parts = []
    for value in ticks:
        parts.append(_line(x(value), 2, x(value), y, "grid"))
        parts.append(_text(x(value), y + 16, f"{value:g}", "faint middle number"))
    return parts


def _svg(width: float, height: float, parts: Sequence[str], title: str) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
