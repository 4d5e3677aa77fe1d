"""Which segments are worth drawing: thousands of slivers merge into at most one per pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray
from harstudio.core.labels import LabelTrack
from harstudio.gui.layout import TimeScale

_NARROW_PIXELS = 2.0


@dataclass(frozen=True, eq=False)
class Edges:
    """Starts and ends of a track's segments, once per track. (N,) arrays, s."""

    starts_s: FloatArray
    ends_s: FloatArray

    @classmethod
    def of(cls, track: LabelTrack) -> Edges:
        """The edges of a track."""
        return cls(
            np.array([s.start_s for s in track.segments]),
            np.array([s.end_s for s in track.segments]),
        )

    def indices_at(self, times_s: FloatArray) -> NDArray[np.int64]:
        """Index of the segment at each time; -1 in a gap."""
        if not len(self.starts_s):
            return np.full(len(times_s), -1)
        index = np.searchsorted(self.starts_s, times_s, "right") - 1
        return np.where((index >= 0) & (times_s < self.ends_s[index]), index, -1)


@dataclass(frozen=True)
class Run:
    """A stretch of pixels to fill: of one segment, or of slivers of which `index` is the first."""

    left: float
    right: float
    index: int
    whole: bool


def visible_runs(edges: Edges, scale: TimeScale) -> list[Run]:
    """What to draw of a track, from left to right, cut at the ends of the scale.

    A segment narrower than 2 px is widened to whole pixels, and only the first to start in a
    pixel is drawn.
    """
    first = int(np.searchsorted(edges.ends_s, scale.start_s, "right"))
    stop = int(np.searchsorted(edges.starts_s, scale.end_s, "left"))
    if stop <= first:
        return []
    pixels_per_s = 1.0 / scale.seconds_per_pixel
    lefts = scale.left + (edges.starts_s[first:stop] - scale.start_s) * pixels_per_s
    rights = scale.left + (edges.ends_s[first:stop] - scale.start_s) * pixels_per_s
    narrow = rights - lefts < _NARROW_PIXELS
    columns = np.floor(lefts)
    keep = ~narrow
    slivers = np.flatnonzero(narrow)
    if len(slivers):
        _, firsts = np.unique(columns[slivers], return_index=True)
        keep[slivers[firsts]] = True
    lefts = np.where(narrow, columns, np.maximum(lefts, scale.left))
    rights = np.where(narrow, columns + 1.0, np.minimum(rights, scale.right))
    chosen = np.flatnonzero(keep)
    return [
        Run(left, right, first + i, whole)
        for left, right, i, whole in zip(
            lefts[chosen].tolist(),
            rights[chosen].tolist(),
            chosen.tolist(),
            (~narrow[chosen]).tolist(),
            strict=True,
        )
    ]
