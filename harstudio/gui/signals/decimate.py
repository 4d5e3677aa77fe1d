"""Drawing a day as fast as a second: extremes of ever longer blocks, made once per channel."""

from __future__ import annotations

import numpy as np

from harstudio.core.arrays import FloatArray

_LEAST_BLOCKS = 8
_ROBUST_SHARE = 0.001
_ROBUST_MARGIN = 0.5
_ROBUST_SAMPLES = 1 << 15

Span = tuple[float, float]


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

    def extremes(self, within_s: Span | None = None) -> Span | None:
        """Least and greatest value, of all or within a stretch; None if there are only gaps."""
        low, high = self._levels[-1]
        if within_s is not None:
            low = high = self._within(within_s)
        if not np.isfinite(low).any():
            return None
        return float(np.nanmin(low)), float(np.nanmax(high))

    def usual(self, within_s: Span | None = None) -> Span | None:
        """Like `extremes`, without what lies far beyond all but a thousandth of the samples.

        What lies no further out than half the range of the others still counts.
        """
        extremes = self.extremes(within_s)
        if extremes is None:
            return None
        values = self.values if within_s is None else self._within(within_s)
        values = values[:: -(-len(values) // _ROBUST_SAMPLES)]  # a sample of a long signal will do
        values = values[np.isfinite(values)]
        if not len(values):
            return extremes
        low, high = np.quantile(values, (_ROBUST_SHARE, 1.0 - _ROBUST_SHARE))
        margin = _ROBUST_MARGIN * (high - low)
        return max(extremes[0], float(low - margin)), min(extremes[1], float(high + margin))

    def at(self, time_s: float) -> float:
        """The value nearest to a time; NaN outside the signal and in gaps."""
        times = self.times_s
        if not len(times) or not times[0] <= time_s <= times[-1]:
            return float("nan")
        after = min(int(np.searchsorted(times, time_s)), len(times) - 1)
        before = max(0, after - 1)
        nearest = before if time_s - times[before] <= times[after] - time_s else after
        return float(self.values[nearest])

    def polyline(self, start_s: float, end_s: float, pixels: int) -> tuple[FloatArray, FloatArray]:
        """A line that covers the same pixels as all samples in [start_s, end_s] would.

        Returns
        -------
        (P,) times, (P,) values : at most about 4 points a pixel; a sample beyond either end is
        included, so that the line does not stop short of the edge
        """
        level, first, stop = self._needed(start_s, end_s, pixels)
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

    def columns(self, start_s: float, end_s: float, pixels: int) -> tuple[FloatArray, FloatArray]:
        """Least and greatest value of the line in each column of pixels.

        Returns
        -------
        (pixels,) low, (pixels,) high : NaN where there is no line
        """
        times, values = self.polyline(start_s, end_s, pixels)
        if self._needed(start_s, end_s, pixels)[0] > 0:
            # A block that reaches in from beyond either end belongs to the column there.
            times = np.clip(times, start_s, np.nextafter(end_s, start_s))
        edges = np.linspace(start_s, end_s, pixels + 1)
        if not len(times):
            nothing = np.full(pixels, np.nan)
            return nothing, nothing
        crossing = np.interp(edges, times, values, left=np.nan, right=np.nan)
        low = np.fmin(crossing[:-1], crossing[1:])
        high = np.fmax(crossing[:-1], crossing[1:])
        bounds = np.searchsorted(times, edges)
        own = bounds[:-1] < bounds[1:]  # reduceat has no word for a column without samples
        padded = np.append(values, np.nan)
        for best, better in ((low, np.fmin), (high, np.fmax)):
            reduced = np.where(own, better.reduceat(padded, bounds[:-1]), np.nan)
            # The last run goes on to the end of the line, which may be beyond the picture.
            if own[-1]:
                reduced[-1] = better.reduce(padded[bounds[-2] : bounds[-1]])
            better(best, reduced, out=best)
        return low, high

    def _needed(self, start_s: float, end_s: float, pixels: int) -> tuple[int, int, int]:
        """The level that a stretch is drawn from, and its samples with one beyond either end."""
        first = max(0, int(np.searchsorted(self.times_s, start_s, "left")) - 1)
        stop = min(len(self.times_s), int(np.searchsorted(self.times_s, end_s, "right")) + 1)
        per_pixel = (stop - first) / max(1, pixels)
        return min(int(np.log2(max(1.0, per_pixel))), len(self._levels) - 1), first, stop

    def _within(self, within_s: Span) -> FloatArray:
        first, stop = np.searchsorted(self.times_s, within_s)
        return self.values[first:stop]


def _halved(values: FloatArray, better: np.ufunc) -> FloatArray:
    even = len(values) - len(values) % 2
    pairs: FloatArray = better(values[0:even:2], values[1:even:2])
    return np.append(pairs, values[even:]) if even < len(values) else pairs
