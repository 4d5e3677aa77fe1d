"""Lines of a width in pixels: trails, axes and skeletons without thickness, many in one array."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harstudio.core.arrays import FloatArray

LINE_VERTEX = np.dtype(
    [
        ("a_position", np.float32, 3),
        ("a_other", np.float32, 3),
        ("a_shift", np.float32, 2),
        ("a_other_shift", np.float32, 2),
        ("a_side", np.float32),
        ("a_colour", np.float32, 4),
    ]
)
"""One corner of a line as the graphics card gets it; the shader makes the line's width."""

_CORNERS = ((0, 1.0), (0, -1.0), (1, -1.0), (1, 1.0))
"""End of the line and side of it, on which each of its four corners lies."""


def _empty(*shape: int) -> FloatArray:
    return np.zeros((0, *shape))


@dataclass(frozen=True, eq=False)
class Lines:
    """N straight lines.

    Attributes
    ----------
    starts, ends : (N, 3) arrays, m, world
    colours : (N, 4) array
        Red, green, blue and opacity, 0 to 1.
    widths_px : (N,) array
    shifts_px : (N, 2, 2) array
        How far start and end lie beside the point that is seen there, right and up: letters.
    """

    starts: FloatArray = field(default_factory=lambda: _empty(3))
    ends: FloatArray = field(default_factory=lambda: _empty(3))
    colours: FloatArray = field(default_factory=lambda: _empty(4))
    widths_px: FloatArray = field(default_factory=_empty)
    shifts_px: FloatArray = field(default_factory=lambda: _empty(2, 2))

    def __len__(self) -> int:
        return len(self.starts)


def straight(
    starts: ArrayLike, ends: ArrayLike, colours: ArrayLike, width_px: float = 2.0
) -> Lines:
    """Lines from starts (N, 3) to ends (N, 3), in one colour (4,) or one each (N, 4)."""
    starts = np.asarray(starts, np.float64).reshape(-1, 3)
    ends = np.asarray(ends, np.float64).reshape(-1, 3)
    count = len(starts)
    return Lines(
        starts,
        ends,
        np.broadcast_to(np.asarray(colours, np.float64), (count, 4)),
        np.full(count, width_px),
        np.zeros((count, 2, 2)),
    )


def joined(parts: Iterable[Lines]) -> Lines:
    """All lines of several sets as one."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return Lines()
    return Lines(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("starts", "ends", "colours", "widths_px", "shifts_px")
        )
    )


_STROKES: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "x": ((-1, -1, 1, 1), (-1, 1, 1, -1)),
    "y": ((0, -1.2, 0, 0), (0, 0, -1, 1.2), (0, 0, 1, 1.2)),
    "z": ((-1, 1, 1, 1), (1, 1, -1, -1), (-1, -1, 1, -1)),
}
"""Letters as strokes in a square from -1 to 1, right and up."""


def letter(text: str, place: FloatArray, colour: ArrayLike, size_px: float = 3.5) -> Lines:
    """``x``, ``y`` or ``z`` beside a point (3,) of the world, facing the eye."""
    strokes = np.array(_STROKES[text]).reshape(-1, 2, 2)
    points = np.repeat(np.asarray(place, np.float64)[None], len(strokes), axis=0)
    lines = straight(points, points, colour, 1.4)
    away = np.array([7.0, 5.0])
    return Lines(points, points, lines.colours, lines.widths_px, strokes * size_px + away)


def corners_of(lines: Lines) -> NDArray[np.void]:
    """(4 N,) vertices of the lines; their faces are those of `line_faces`."""
    ends = np.stack([lines.starts, lines.ends], axis=1)
    result = np.empty((len(lines), 4), LINE_VERTEX)
    for corner, (end, side) in enumerate(_CORNERS):
        result["a_position"][:, corner] = ends[:, end]
        result["a_other"][:, corner] = ends[:, 1 - end]
        result["a_shift"][:, corner] = lines.shifts_px[:, end]
        result["a_other_shift"][:, corner] = lines.shifts_px[:, 1 - end]
        # Seen from its other end, a line's left is its right.
        result["a_side"][:, corner] = side * (1.0 if end == 0 else -1.0) * 0.5 * lines.widths_px
    result["a_colour"] = lines.colours[:, None]
    return result.reshape(-1)


def line_faces(count: int) -> NDArray[np.uint32]:
    """(2 N, 3) faces of N lines."""
    first = 4 * np.arange(count, dtype=np.uint32)[:, None]
    halves = np.array([(0, 1, 2), (0, 2, 3)], np.uint32)
    quads = first[:, None] + halves
    return quads.reshape(-1, 3).astype(np.uint32)
