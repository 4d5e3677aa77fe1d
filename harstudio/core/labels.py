"""Label timelines: half-open segments, and the algebra that edits them.

In an exclusive track segments never overlap; in an overlapping one they may. "No label" is a gap;
`UNKNOWN` is a label of its own: somebody looked and could not tell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heappop, heappush
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError

UNKNOWN = "unknown"

_DECIMALS = 6
"""Times are whole microseconds, so that equal edits give equal tracks."""

_PER_SECOND = 10.0**_DECIMALS
_LATEST_S = 4e9
"""Up to here a double tells microseconds apart; Unix time fits."""


def _micro(time_s: float) -> float:
    """To whole microseconds exactly as `numpy.round` does it, so that both agree at every tie."""
    micros = float(time_s) * _PER_SECOND
    return round(micros) / _PER_SECOND if abs(micros) <= _LATEST_S * _PER_SECOND else float(time_s)


@dataclass(frozen=True)
class Segment:
    """A labelled stretch of time, [start_s, end_s).

    Attributes
    ----------
    start_s, end_s : float, s
    label : str
    confidence : float
        0 to 1; of a person, or the probability that a model gave.
    author : str
    note : str
    start_soft_s, end_soft_s : float, s
        The true boundary lies within so much of `start_s` or `end_s`, on either side; 0 for sharp.

    Raises
    ------
    HarstudioError
        A time that is not finite or beyond 4e9 s, an end not after the start, an empty label, a
        confidence outside 0 to 1, or a softness that is negative or not finite.
    """

    start_s: float
    end_s: float
    label: str
    confidence: float = 1.0
    author: str = ""
    note: str = ""
    start_soft_s: float = 0.0
    end_soft_s: float = 0.0

    def __post_init__(self) -> None:
        if not (abs(self.start_s) <= _LATEST_S and abs(self.end_s) <= _LATEST_S):
            raise HarstudioError(f"segment: got {self.start_s} s to {self.end_s} s")
        object.__setattr__(self, "start_s", _micro(self.start_s))
        object.__setattr__(self, "end_s", _micro(self.end_s))
        if not self.start_s < self.end_s:
            raise HarstudioError(
                f"segment {self.label!r}: end {self.end_s} s is not after start {self.start_s} s"
            )
        if not self.label.strip():
            raise HarstudioError(f"segment at {self.start_s} s: the label is empty")
        if not 0 <= self.confidence <= 1:
            raise HarstudioError(f"confidence: got {self.confidence}, expected 0 to 1")
        for name in ("start_soft_s", "end_soft_s"):
            soft_s = getattr(self, name)
            if not 0 <= soft_s <= _LATEST_S:
                raise HarstudioError(
                    f"segment {self.label!r}: {name} is {soft_s}, expected 0 or more"
                )
            object.__setattr__(self, name, _micro(soft_s))

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    def contains(self, time_s: float) -> bool:
        return self.start_s <= _micro(time_s) < self.end_s

    def _part(self, start_s: float, end_s: float) -> Segment:
        """This segment within [start_s, end_s); an edge that was cut is sharp."""
        return replace(
            self,
            start_s=start_s,
            end_s=end_s,
            start_soft_s=self.start_soft_s if start_s == self.start_s else 0.0,
            end_soft_s=self.end_soft_s if end_s == self.end_s else 0.0,
        )

    def _outside(self, start_s: float, end_s: float) -> Iterable[Segment]:
        """What is left of this segment once [start_s, end_s) is taken away."""
        if end_s <= self.start_s or start_s >= self.end_s:
            yield self
            return
        if self.start_s < start_s:
            yield self._part(self.start_s, start_s)
        if end_s < self.end_s:
            yield self._part(end_s, self.end_s)


@dataclass(frozen=True)
class LabelTrack:
    """Segments sorted by time; disjoint unless `overlapping`. Every edit returns a new track.

    Attributes
    ----------
    segments : tuple of Segment
        By start, then by end.
    overlapping : bool
        Segments may lie over each other, and painting trims nothing.

    Raises
    ------
    HarstudioError
        Two segments of an exclusive track overlap.
    """

    segments: tuple[Segment, ...] = ()
    overlapping: bool = False

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.segments, key=lambda s: (s.start_s, s.end_s)))
        for left, right in pairwise(ordered):
            if right.start_s < left.end_s and not self.overlapping:
                raise HarstudioError(
                    f"segments overlap: {left.label!r} to {left.end_s} s and "
                    f"{right.label!r} from {right.start_s} s"
                )
        object.__setattr__(self, "segments", ordered)

    def __len__(self) -> int:
        return len(self.segments)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels in use, sorted."""
        return tuple(sorted({segment.label for segment in self.segments}))

    @cached_property
    def _latest_end_s(self) -> tuple[float, ...]:
        """Up to each segment, the latest end so far."""
        return tuple(accumulate((s.end_s for s in self.segments), max))

    def index_at(self, time_s: float) -> int | None:
        """Index of the segment that contains a time; of several, the one that starts last."""
        i = bisect_right(self.segments, _micro(time_s), key=lambda segment: segment.start_s) - 1
        while i >= 0 and self._latest_end_s[i] > _micro(time_s):
            if self.segments[i].contains(time_s):
                return i
            i -= 1
        return None

    def index_of(self, segment: Segment) -> int | None:
        """Where a segment stands, all of it equal; None if it does not."""
        return next((i for i, each in enumerate(self.segments) if each == segment), None)

    def at(self, time_s: float) -> Segment | None:
        """The segment that contains a time; of several, the one that starts last."""
        i = self.index_at(time_s)
        return None if i is None else self.segments[i]

    def within(self, start_s: float, end_s: float) -> tuple[Segment, ...]:
        """Segments that touch [start_s, end_s), whole."""
        start_s, end_s = _micro(start_s), _micro(end_s)
        return tuple(s for s in self.segments if s.start_s < end_s and start_s < s.end_s)

    def exclusive(self) -> LabelTrack:
        """The same labels in a track without overlaps: later starts lie over earlier ones."""
        if not self.overlapping:
            return self
        return LabelTrack(tuple(_laid_flat(self.segments)))

    def erase(self, start_s: float, end_s: float) -> LabelTrack:
        """Take all labels off [start_s, end_s); what sticks out stays."""
        start_s, end_s = _micro(start_s), _micro(end_s)
        if not start_s < end_s:
            return self
        return self._with(part for s in self.segments for part in s._outside(start_s, end_s))

    def paint(self, segment: Segment) -> LabelTrack:
        """Put a segment down. In an exclusive track what it covers is trimmed.

        Equal neighbours stay separate.
        """
        below = self if self.overlapping else self.erase(segment.start_s, segment.end_s)
        return self._with((*below.segments, segment))

    def paint_otherwise(self, segment: Segment) -> LabelTrack:
        """Put a segment down in the way that is not this track's.

        In an overlapping track what it covers is trimmed; in an exclusive one what is there stays,
        and only what is free gets the label.
        """
        if self.overlapping:
            return self._with((*self.erase(segment.start_s, segment.end_s).segments, segment))
        parts = [segment]
        for each in self.within(segment.start_s, segment.end_s):
            parts = [p for part in parts for p in part._outside(each.start_s, each.end_s)]
        return self._with((*self.segments, *parts))

    def split(self, time_s: float, index: int | None = None) -> LabelTrack:
        """Cut the segment at a time in two; nothing happens in a gap or at a boundary.

        Of several at that time it is the one of `index`, if told, else the one that starts last.
        """
        time_s = _micro(time_s)
        told = index is not None and self._segment(index).contains(time_s)
        i = index if told else self.index_at(time_s)
        if i is None or self.segments[i].start_s == time_s:
            return self
        whole = self.segments[i]
        halves = whole._part(whole.start_s, time_s), whole._part(time_s, whole.end_s)
        return self._with((*self.segments[:i], *halves, *self.segments[i + 1 :]))

    def merge(self, index: int) -> LabelTrack:
        """Join a segment with the next one, over any gap; the first one's label wins."""
        if not 0 <= index < len(self.segments) - 1:
            return self
        left, right = self.segments[index : index + 2]
        last = max(left, right, key=lambda s: s.end_s)
        joined = replace(
            left,
            end_s=last.end_s,
            end_soft_s=last.end_soft_s,
            confidence=min(left.confidence, right.confidence),
            note="; ".join(dict.fromkeys(n for n in (left.note, right.note) if n)),
        )
        return self._with((*self.segments[:index], joined, *self.segments[index + 2 :]))

    def remove(self, index: int) -> LabelTrack:
        """Drop one segment; HarstudioError if there is none of that index."""
        self._segment(index)
        return self._with(self.segments[:index] + self.segments[index + 1 :])

    def relabel(self, index: int, label: str) -> LabelTrack:
        """Give one segment another label; HarstudioError if there is none of that index."""
        return self.changed(index, replace(self._segment(index), label=label))

    def changed(self, index: int, segment: Segment) -> LabelTrack:
        """Put another segment in one's place; neighbours in the way are trimmed, never pushed."""
        return self.remove(index).paint(segment)

    def resize(self, index: int, start_s: float, end_s: float) -> LabelTrack:
        """Move one segment's ends; neighbours in the way are trimmed, never pushed."""
        return self.changed(index, replace(self._segment(index), start_s=start_s, end_s=end_s))

    def move(self, index: int, by_s: float) -> LabelTrack:
        """Slide one segment in time; neighbours in the way are trimmed."""
        segment, by_s = self._segment(index), _micro(by_s)  # both ends by the same microseconds
        return self.resize(index, segment.start_s + by_s, segment.end_s + by_s)

    def move_boundary(self, time_s: float, to_s: float) -> LabelTrack:
        """Move the boundary at `time_s`, with both segments that share it.

        It stops short of swallowing either segment (at least one microsecond stays).
        """
        time_s, to_s = _micro(time_s), _micro(to_s)
        least = 1.0 / _PER_SECOND
        left = next((i for i, s in enumerate(self.segments) if s.end_s == time_s), None)
        right = next((i for i, s in enumerate(self.segments) if s.start_s == time_s), None)
        if left is None and right is None:
            return self
        segments = list(self.segments)
        if left is not None:
            to_s = max(to_s, segments[left].start_s + least)
        if right is not None:
            to_s = min(to_s, segments[right].end_s - least)
        if left is not None:
            segments[left] = replace(segments[left], end_s=to_s)
        if right is not None:
            segments[right] = replace(segments[right], start_s=to_s)
        moved = [segments[i] for i in (left, right) if i is not None]
        others = self._with(s for i, s in enumerate(segments) if i not in (left, right))
        for segment in moved:
            others = others.paint(segment)
        return others

    def fill_gaps(self, start_s: float, end_s: float, label: str) -> LabelTrack:
        """Label every gap within [start_s, end_s)."""
        start_s, end_s = _micro(start_s), _micro(end_s)
        if not start_s < end_s:
            return self
        gaps = [Segment(start_s, end_s, label)]
        for each in self.within(start_s, end_s):
            gaps = [part for gap in gaps for part in gap._outside(each.start_s, each.end_s)]
        return self._with((*self.segments, *gaps))

    def cropped(self, start_s: float, end_s: float) -> LabelTrack:
        """Only what lies in [start_s, end_s); segments that stick out are cut."""
        start_s, end_s = _micro(start_s), _micro(end_s)
        if not start_s < end_s:
            return self._with(())
        return self.erase(-_LATEST_S, start_s).erase(end_s, _LATEST_S)

    def codes(self, times_s: FloatArray, labels: tuple[str, ...]) -> NDArray[np.int64]:
        """Index into `labels` at each of the increasing times; -1 where there is none of them.

        Where segments of an overlapping track say different things it is -1 as well.
        """
        codes = np.full(len(times_s), -1, np.int64)
        lookup = {label: i for i, label in enumerate(labels)}
        disputed = np.zeros(len(times_s), np.bool_)
        for segment, part in self._samples(times_s):
            code = lookup.get(segment.label, -1)
            if self.overlapping and code >= 0:
                disputed[part] |= (codes[part] >= 0) & (codes[part] != code)
                codes[part] = code
            elif not self.overlapping:
                codes[part] = code
        codes[disputed] = -1
        return codes

    def certainty(self, times_s: FloatArray) -> FloatArray:
        """How far the labels can be believed at each of the increasing times.

        Returns
        -------
        (T,) array, 0 to 1
            The segment's confidence, ramped down to half of it at a soft edge from where that
            begins; 0 without a label. Of several segments the least.
        """
        certain = np.full(len(times_s), np.inf)
        for segment, part in self._samples(times_s):
            here = np.full(len(times_s[part]), segment.confidence)
            for soft_s, inside_s in (
                (segment.start_soft_s, times_s[part] - segment.start_s),
                (segment.end_soft_s, segment.end_s - times_s[part]),
            ):
                if soft_s > 0:
                    here *= 0.5 + 0.5 * np.clip(inside_s / soft_s, 0.0, 1.0)
            certain[part] = np.minimum(certain[part], here)
        return np.where(np.isfinite(certain), certain, 0.0)

    def _samples(self, times_s: FloatArray) -> Iterator[tuple[Segment, slice]]:
        """Each segment with the samples that it covers."""
        times = np.round(times_s, _DECIMALS)
        for segment in self.segments:
            first, stop = np.searchsorted(times, (segment.start_s, segment.end_s))
            yield segment, slice(int(first), int(stop))

    def seconds_by_label(self) -> dict[str, float]:
        """Labelled time per label, s."""
        total: dict[str, float] = {}
        for segment in self.segments:
            total[segment.label] = total.get(segment.label, 0.0) + segment.duration_s
        return total

    def _with(self, segments: Iterable[Segment]) -> LabelTrack:
        return LabelTrack(tuple(segments), self.overlapping)

    def _segment(self, index: int) -> Segment:
        if not 0 <= index < len(self.segments):
            raise HarstudioError(f"no segment {index}: the track has {len(self.segments)}")
        return self.segments[index]


def _laid_flat(segments: tuple[Segment, ...]) -> Iterator[Segment]:
    """What is seen of sorted segments from above, where the later ones lie on top."""
    edges = sorted({edge for s in segments for edge in (s.start_s, s.end_s)})
    waiting, lying = 0, list[int]()  # next to start; minus the index of those begun, a heap
    seen: tuple[int, float] | None = None  # on top, and since when
    for edge_s in edges:
        while waiting < len(segments) and segments[waiting].start_s == edge_s:
            heappush(lying, -waiting)
            waiting += 1
        while lying and segments[-lying[0]].end_s <= edge_s:
            heappop(lying)
        top = -lying[0] if lying else None
        if seen is not None and top != seen[0]:
            yield segments[seen[0]]._part(seen[1], edge_s)
            seen = None
        if seen is None and top is not None:
            seen = (top, edge_s)
