"""What signals and timeline agree on: margins, the map from time to pixels, and round ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass

GRID = 8
"""All distances are multiples of this, px (or half of it)."""

LEFT_MARGIN = 72
"""Left of every time axis: room for values and for tier names, px."""

RIGHT_MARGIN = 8
"""Right of every time axis, px."""

ZOOM_PER_NOTCH = 0.8
"""What one notch of the wheel leaves of the visible stretch."""

_ROUND_STEPS_S = (
    0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
    60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400,
)  # fmt: skip


@dataclass(frozen=True)
class TimeScale:
    """Where a moment is drawn: [start_s, end_s] over `width` pixels from `left`."""

    start_s: float
    end_s: float
    left: float
    width: float

    @classmethod
    def across(cls, range_s: tuple[float, float], widget_width: float) -> TimeScale:
        """The scale of a widget with the common margins."""
        width = max(1.0, widget_width - LEFT_MARGIN - RIGHT_MARGIN)
        return cls(range_s[0], range_s[1], LEFT_MARGIN, width)

    @property
    def seconds_per_pixel(self) -> float:
        return (self.end_s - self.start_s) / self.width

    @property
    def right(self) -> float:
        return self.left + self.width

    def x(self, time_s: float) -> float:
        """Pixel of a time; outside the margins for a time out of sight."""
        return self.left + (time_s - self.start_s) / self.seconds_per_pixel

    def time(self, x: float) -> float:
        """Time of a pixel, s; inverse of `x`."""
        return self.start_s + (x - self.left) * self.seconds_per_pixel


def tick_step(span_s: float, most: int) -> float:
    """The smallest round step that puts at most `most` ticks on a span, s."""
    for step in _ROUND_STEPS_S:
        if span_s <= step * most:
            return step
    return 86400.0 * math.ceil(span_s / (86400.0 * most))


def ticks(start_s: float, end_s: float, step_s: float) -> list[float]:
    """Multiples of a step within [start_s, end_s], s."""
    first = math.ceil(start_s / step_s - 1e-9)
    last = math.floor(end_s / step_s + 1e-9)
    return [i * step_s for i in range(first, last + 1)]


def tick_text(time_s: float, step_s: float) -> str:
    """``M:SS`` with as many decimals as the step needs; ``H:MM:SS`` from an hour on."""
    decimals = 0 if step_s >= 1 else min(3, math.ceil(-math.log10(step_s) - 1e-9))
    unit = 10**decimals
    whole, part = divmod(round(time_s * unit), unit)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    tail = f".{part:0{decimals}d}" if decimals else ""
    return f"{head}:{seconds:02d}{tail}"
