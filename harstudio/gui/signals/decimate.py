"""Drawing an hour as fast as a second: extremes of ever longer blocks, made once per channel."""

from __future__ import annotations

import numpy as np

from harstudio.core.arrays import FloatArray

_LEAST_BLOCKS = 8


class Pyramid:
    """Minima and maxima of a channel over blocks of 1, 2, 4, 8, ... samples.

    NaN marks a gap: a block is a gap only if all of it is.
    """

    def __init__(self, times_s: FloatArray, values: FloatArray) -> None:
        """Build all levels.

        Parameters
        ----------
        times_s : (N,) array, s, increasing
        values : (N,) array, NaN where there is nothing to draw
        """
        self.times_s = np.asarray(times_s, dtype=np.float64)
        low = high = np.asarray(values, dtype=np.float64)
        self._levels = [(low, high)]
        while len(low) > _LEAST_BLOCKS:
            low, high = _halved(low, np.fmin), _halved(high, np.fmax)
            self._levels.append((low, high))

    @property
    def values(self) -> FloatArray:
        return self._levels[0][0]

    def extremes(self, within_s: tuple[float, float] | None = None) -> tuple[float, float] | None:
        """Least and greatest value, of all or within a stretch; None if there are only gaps."""
        low, high = self._levels[-1]
        if within_s is not None:
            first, stop = np.searchsorted(self.times_s, within_s)
            low = high = self.values[first:stop]
        if not np.isfinite(low).any():
            return None
        return float(np.nanmin(low)), float(np.nanmax(high))

    def polyline(self, start_s: float, end_s: float, pixels: int) -> tuple[FloatArray, FloatArray]:
        """A line that covers the same pixels as all samples in [start_s, end_s] would.

        Returns
        -------
        (P,) times, (P,) values : at most about 4 points a pixel; a sample beyond either end is
        included, so that the line does not stop short of the edge
        """
        first = max(0, int(np.searchsorted(self.times_s, start_s, "left")) - 1)
        stop = min(len(self.times_s), int(np.searchsorted(self.times_s, end_s, "right")) + 1)
        per_pixel = (stop - first) / max(1, pixels)
        level = min(int(np.log2(max(1.0, per_pixel))), len(self._levels) - 1)
        low, high = self._levels[level]
        if level == 0:
            return self.times_s[first:stop], low[first:stop]
        block = 1 << level  # blocks start at multiples of their length: panning does not shimmer
        blocks = slice(first // block, -(-stop // block))
        starts = np.arange(blocks.start, blocks.stop) * block
        middles = self.times_s[np.minimum(starts + block // 2, len(self.times_s) - 1)]
        values = np.empty(2 * len(middles))
        values[0::2], values[1::2] = low[blocks], high[blocks]
        return np.repeat(middles, 2), values


def _halved(values: FloatArray, better: np.ufunc) -> FloatArray:
    even = len(values) - len(values) % 2
    pairs: FloatArray = better(values[0:even:2], values[1:even:2])
    return np.append(pairs, values[even:]) if even < len(values) else pairs
