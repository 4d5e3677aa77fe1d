"""Where a track's segments are: stacked in rows, and which of them each pixel belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray
from harstudio.core.labels import LabelTrack
from harstudio.gui.layout import TimeScale

IntArray = NDArray[np.int64]

MOST_ROWS = 32
"""Whatever else overlaps shares the last row."""

_NARROW_PIXELS = 2.0


def stacked(starts_s: FloatArray, ends_s: FloatArray) -> IntArray:
    """The row of each segment, so that none overlaps another in its row: the lowest free one.

    Greedy colouring of intervals, which needs as many rows as there are segments at once at most.

    Parameters
    ----------
    starts_s : (N,) array, s, sorted
    ends_s : (N,) array, s

    Returns
    -------
    (N,) array, 0 for the first row
    """
    rows = np.zeros(len(starts_s), np.int64)
    busy: list[tuple[float, int]] = []
    free: list[int] = []
    used = 0
    for i, (start_s, end_s) in enumerate(zip(starts_s.tolist(), ends_s.tolist(), strict=True)):
        while busy and busy[0][0] <= start_s:
            heappush(free, heappop(busy)[1])
        if free:
            row = heappop(free)
        else:
            row, used = used, used + 1
        rows[i] = row
        heappush(busy, (end_s, row))
    return rows


@dataclass(frozen=True, eq=False)
class Edges:
    """Starts, ends (s) and rows of a track's segments, once per track. (N,) arrays.

    In an exclusive track there is one row.
    """

    starts_s: FloatArray
    ends_s: FloatArray
    rows: IntArray

    @classmethod
    def of(cls, track: LabelTrack) -> Edges:
        """The edges of a track."""
        starts_s = np.array([s.start_s for s in track.segments], np.float64)
        ends_s = np.array([s.end_s for s in track.segments], np.float64)
        rows = np.zeros(len(starts_s), np.int64)
        if track.overlapping:
            rows = np.minimum(stacked(starts_s, ends_s), MOST_ROWS - 1)
        return cls(starts_s, ends_s, rows)

    @property
    def row_count(self) -> int:
        """Rows in use; one even without segments."""
        return int(self.rows.max(initial=0)) + 1

    def indices_at(self, times_s: FloatArray) -> IntArray:
        """Index of the segment at each time; of several, the one that starts last; -1 in a gap."""
        found = np.full(len(times_s), -1, np.int64)
        for row in range(self.row_count if len(self.rows) else 0):
            members = np.flatnonzero(self.rows == row)
            at = np.searchsorted(self.starts_s[members], times_s, "right") - 1
            index = members[np.maximum(at, 0)]
            inside = (at >= 0) & (times_s < self.ends_s[index])
            found = np.where(inside, np.maximum(found, index), found)
        return found

    def inside(self, row: int, time_s: float) -> int | None:
        """Index of the segment of a row that contains a time."""
        here = (self.rows == row) & (self.starts_s <= time_s) & (time_s < self.ends_s)
        found = np.flatnonzero(here)
        return int(found[-1]) if len(found) else None


@dataclass(frozen=True, eq=False)
class Runs:
    """The segments that can be made out, in their order, cut at the ends of the scale.

    Attributes
    ----------
    lefts, rights : (R,) arrays, px
    indices : (R,) array
    """

    lefts: FloatArray
    rights: FloatArray
    indices: IntArray


def visible_runs(edges: Edges, scale: TimeScale, least_px: float) -> Runs:
    """Segments in sight of which at least so many pixels are."""
    found = np.flatnonzero((edges.ends_s > scale.start_s) & (edges.starts_s < scale.end_s))
    lefts = np.maximum(_pixels(edges.starts_s[found], scale), scale.left)
    rights = np.minimum(_pixels(edges.ends_s[found], scale), scale.right)
    wide = rights - lefts >= least_px
    return Runs(lefts[wide], rights[wide], found[wide])


def owners(edges: Edges, scale: TimeScale, *, hairline: bool) -> IntArray:
    """Which segment each pixel of a scale belongs to.

    A segment narrower than 2 px gets one whole pixel, and of those that begin in a pixel only the
    first: thousands of slivers cost no more than the pixels that they lie on.

    Parameters
    ----------
    hairline : bool
        Leave the last pixel of a wider segment free, to tell it from the next one.

    Returns
    -------
    (rows, width) array of indices, -1 where there is none
    """
    width = max(1, round(scale.width))
    owner = np.full((edges.row_count, width), -1, np.int64)
    found = np.flatnonzero((edges.ends_s > scale.start_s) & (edges.starts_s < scale.end_s))
    lefts = _pixels(edges.starts_s[found], scale) - scale.left
    rights = _pixels(edges.ends_s[found], scale) - scale.left
    narrow = rights - lefts < _NARROW_PIXELS
    wide = found[~narrow]
    first = np.clip(np.rint(lefts[~narrow]), 0, width).astype(np.int64)
    stop = np.rint(rights[~narrow]).astype(np.int64)
    stop = np.clip(stop - hairline * (stop - first > 1), 0, width)
    counts = np.maximum(0, stop - first)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    owner[np.repeat(edges.rows[wide], counts), np.repeat(first, counts) + within] = np.repeat(
        wide, counts
    )
    slivers = found[narrow][::-1]  # backwards, so that the first to begin in a pixel is put last
    columns = np.clip(np.floor(lefts[narrow][::-1]), 0, width - 1).astype(np.int64)
    owner[edges.rows[slivers], columns] = slivers
    return owner


def _pixels(times_s: FloatArray, scale: TimeScale) -> FloatArray:
    return scale.left + (times_s - scale.start_s) / scale.seconds_per_pixel
