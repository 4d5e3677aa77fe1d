"""Curves as pixels: a column of the picture knows the least and greatest value in it.

Stroking a path costs by its points, and more for smooth or wide lines. Here a curve costs by the
pixels of its row, whatever its samples, and is smooth and as wide as it should be.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from harstudio.core.arrays import FloatArray

Coverage = NDArray[np.uint8]
_FULL = 255
_AIR = 2


def coverage(low: FloatArray, high: FloatArray, height: int, width: float) -> Coverage:
    """How much of each pixel a line covers.

    Parameters
    ----------
    low, high : (W,) arrays, px from the top, low <= high
        The line's extent in each column; NaN where there is none.
    height : int, px
    width : float, px
        Thickness of the line, seen upright.

    Returns
    -------
    (height, W) array, 0 to 255
    """
    known = np.flatnonzero(np.isfinite(low))
    # Each column steps up where the line begins and down where it ends: a running sum down the
    # columns fills between. Bytes wrap around, but the sum comes out between 0 and 255.
    steps = np.zeros((height + 2 * _AIR, len(low)), np.uint8)
    for edge, falls in ((low[known] - 0.5 * width, False), (high[known] + 0.5 * width, True)):
        place = np.clip(edge + _AIR, 0.0, height + _AIR)
        row = place.astype(np.intp)
        below = (_FULL * (place - row)).astype(np.uint8)
        above = _FULL - below
        steps[row, known] += -above if falls else above
        steps[row + 1, known] += -below if falls else below
    for i in range(1, len(steps)):  # several times faster than cumsum along the first axis
        np.add(steps[i], steps[i - 1], out=steps[i])
    return steps[_AIR : _AIR + height]


def palette(colour: QColor) -> list[int]:
    """ARGB of a colour for each coverage; its own alpha counts."""
    return _palette(colour.rgba())


@lru_cache(maxsize=64)
def _palette(argb: int) -> list[int]:
    alpha, opaque = argb >> 24, argb & 0xFFFFFF
    return [round(share * alpha / _FULL) << 24 | opaque for share in range(_FULL + 1)]


def image(covered: Coverage, colours: list[int], ratio: float) -> QImage:
    """A picture of a line in a colour, see `palette`, with its pixels per point."""
    height, width = covered.shape
    indexed = QImage(covered.data, width, height, width, QImage.Format.Format_Indexed8)
    indexed.setColorTable(colours)
    picture = indexed.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    return picture
