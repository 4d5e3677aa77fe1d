"""The overview's frame, what is in sight of the whole clip: where it is held, and drags of it."""

from __future__ import annotations

from harstudio.gui.layout import TimeScale
from harstudio.gui.timeline.lanes import OVERVIEW

FRAME, FRAME_START, FRAME_END = "frame", "frame start", "frame end"

_EDGE_PIXELS = 5
_NEARLY_ALL = 0.999


def hold_at(x: float, whole: TimeScale, shown_s: tuple[float, float]) -> str:
    """What a press at a pixel holds: the frame, one of its edges, or nothing (``OVERVIEW``).

    A frame around everything cannot be moved, so it is not held.
    """
    start_s, end_s = shown_s
    if end_s - start_s >= _NEARLY_ALL * (whole.end_s - whole.start_s):
        return OVERVIEW
    left, right = whole.x(start_s), whole.x(end_s)
    if abs(x - left) <= _EDGE_PIXELS and x < 0.5 * (left + right):
        return FRAME_START
    if abs(x - right) <= _EDGE_PIXELS:
        return FRAME_END
    return FRAME if left < x < right else OVERVIEW


def dragged_frame(
    hold: str, shown_s: tuple[float, float], by_s: float, least_s: float
) -> tuple[float, float]:
    """What is in sight after a drag of the frame or of one of its edges, s."""
    start_s, end_s = shown_s
    if hold == FRAME_START:
        return min(start_s + by_s, end_s - least_s), end_s
    if hold == FRAME_END:
        return start_s, max(end_s + by_s, start_s + least_s)
    return start_s + by_s, end_s + by_s
