"""What a drag is drawn to: edges of segments and the playhead, then peaks, then frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.core.labels import LabelTrack

SNAP_PIXELS = 6.0

EDGE, PLAYHEAD, PEAK, FRAME = "edge", "playhead", "peak", "frame"


@dataclass(frozen=True)
class Snap:
    """How far to shift, and the mark that asks for it; no mark for a frame, or for nothing."""

    shift_s: float = 0.0
    mark_s: float | None = None
    kind: str = ""


NO_SNAP = Snap()


@dataclass(frozen=True, eq=False)
class Marks:
    """Moments of one kind, sorted. (N,) array, s."""

    kind: str
    times_s: FloatArray

    @classmethod
    def of(cls, kind: str, times_s: Iterable[float] | FloatArray) -> Marks:
        """Marks at times in any order."""
        return cls(kind, np.unique(np.fromiter(times_s, np.float64)))

    def nearest(self, time_s: float) -> float | None:
        """The mark that is nearest to a time."""
        if not len(self.times_s):
            return None
        at = int(np.searchsorted(self.times_s, time_s))
        near = self.times_s[max(0, at - 1) : at + 1].tolist()
        return float(min(near, key=lambda mark: abs(mark - time_s)))


@dataclass(frozen=True, eq=False)
class Snapper:
    """Draws a time to what is near.

    Attributes
    ----------
    strong : tuple of Marks
        The nearest of all of these is asked first: edges and the playhead.
    weak : tuple of Marks
        Then the nearest of these: peaks of the signal.
    rate_hz : float
        Then the nearest frame; 0 for none.
    within_s : float
        How far it reaches; 0 turns it off.
    """

    strong: tuple[Marks, ...] = ()
    weak: tuple[Marks, ...] = ()
    rate_hz: float = 0.0
    within_s: float = 0.0

    def __call__(self, time_s: float) -> float:
        return time_s + self.snap(time_s).shift_s

    def snap(self, *times_s: float) -> Snap:
        """The least shift that puts one of the times on a mark, else on a frame."""
        for marks in (self.strong, self.weak):
            near = self._nearest(marks, times_s)
            if near is not None:
                return near
        if self.rate_hz > 0:
            shifts = [round(t * self.rate_hz) / self.rate_hz - t for t in times_s]
            shift_s = min(shifts, key=abs)
            if abs(shift_s) <= self.within_s:
                return Snap(shift_s, None, FRAME)
        return NO_SNAP

    def _nearest(self, marks: tuple[Marks, ...], times_s: tuple[float, ...]) -> Snap | None:
        best: Snap | None = None
        for each in marks:
            for time_s in times_s:
                mark_s = each.nearest(time_s)
                if mark_s is None or abs(mark_s - time_s) > self.within_s:
                    continue
                if best is None or abs(mark_s - time_s) < abs(best.shift_s):
                    best = Snap(mark_s - time_s, mark_s, each.kind)
        return best


def edges_but(track: LabelTrack, moving: Iterable[int]) -> list[float]:
    """Starts and ends of a track's segments, but of those that a drag moves, s."""
    still = set(moving)
    return [t for i, s in enumerate(track.segments) if i not in still for t in (s.start_s, s.end_s)]
