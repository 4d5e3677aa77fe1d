"""Label timelines: half-open segments that never overlap, and the algebra that edits them.

"No label" is a gap; `UNKNOWN` is a label of its own: somebody looked and could not tell.
"""

from __future__ import annotations

import colorsys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, count, pairwise

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

    Raises
    ------
    HarstudioError
        A time that is not finite or beyond 4e9 s, an end not after the start, an empty label, or
        a confidence outside 0 to 1.
    """

    start_s: float
    end_s: float
    label: str
    confidence: float = 1.0
    author: str = ""

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

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s

    def contains(self, time_s: float) -> bool:
        return self.start_s <= _micro(time_s) < self.end_s

    def _outside(self, start_s: float, end_s: float) -> Iterable[Segment]:
        """What is left of this segment once [start_s, end_s) is taken away."""
        if end_s <= self.start_s or start_s >= self.end_s:
            yield self
            return
        if self.start_s < start_s:
            yield replace(self, end_s=start_s)
        if end_s < self.end_s:
            yield replace(self, start_s=end_s)


@dataclass(frozen=True)
class LabelTrack:
    """Segments sorted by time and disjoint. Every edit returns a new track.

    Raises
    ------
    HarstudioError
        Two segments overlap.
    """

    segments: tuple[Segment, ...] = ()

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.segments, key=lambda segment: segment.start_s))
        for left, right in pairwise(ordered):
            if right.start_s < left.end_s:
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

    def index_at(self, time_s: float) -> int | None:
        """Index of the segment that contains a time."""
        i = bisect_right(self.segments, _micro(time_s), key=lambda segment: segment.start_s) - 1
        return i if i >= 0 and self.segments[i].contains(time_s) else None

    def at(self, time_s: float) -> Segment | None:
        """The segment that contains a time."""
        i = self.index_at(time_s)
        return None if i is None else self.segments[i]

    def within(self, start_s: float, end_s: float) -> tuple[Segment, ...]:
        """Segments that touch [start_s, end_s), whole."""
        start_s, end_s = _micro(start_s), _micro(end_s)
        return tuple(s for s in self.segments if s.start_s < end_s and start_s < s.end_s)

    def erase(self, start_s: float, end_s: float) -> LabelTrack:
        """Take all labels off [start_s, end_s); what sticks out stays."""
        start_s, end_s = _micro(start_s), _micro(end_s)
        if not start_s < end_s:
            return self
        kept = (part for s in self.segments for part in s._outside(start_s, end_s))
        return LabelTrack(tuple(kept))

    def paint(self, segment: Segment) -> LabelTrack:
        """Put a segment down; what it covers is trimmed. Equal neighbours stay separate."""
        return LabelTrack((*self.erase(segment.start_s, segment.end_s).segments, segment))

    def split(self, time_s: float) -> LabelTrack:
        """Cut the segment at a time in two; nothing happens in a gap or at a boundary."""
        time_s = _micro(time_s)
        i = self.index_at(time_s)
        if i is None or self.segments[i].start_s == time_s:
            return self
        whole = self.segments[i]
        halves = (replace(whole, end_s=time_s), replace(whole, start_s=time_s))
        return LabelTrack((*self.segments[:i], *halves, *self.segments[i + 1 :]))

    def merge(self, index: int) -> LabelTrack:
        """Join a segment with the next one, over any gap; the first one's label wins."""
        if not 0 <= index < len(self.segments) - 1:
            return self
        left, right = self.segments[index : index + 2]
        joined = replace(left, end_s=right.end_s, confidence=min(left.confidence, right.confidence))
        return LabelTrack((*self.segments[:index], joined, *self.segments[index + 2 :]))

    def remove(self, index: int) -> LabelTrack:
        """Drop one segment; HarstudioError if there is none of that index."""
        self._segment(index)
        return LabelTrack(self.segments[:index] + self.segments[index + 1 :])

    def relabel(self, index: int, label: str) -> LabelTrack:
        """Give one segment another label; HarstudioError if there is none of that index."""
        changed = replace(self._segment(index), label=label)
        return LabelTrack((*self.segments[:index], changed, *self.segments[index + 1 :]))

    def resize(self, index: int, start_s: float, end_s: float) -> LabelTrack:
        """Move one segment's ends; neighbours in the way are trimmed, never pushed."""
        moved = replace(self._segment(index), start_s=start_s, end_s=end_s)
        return self.remove(index).paint(moved)

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
        others = LabelTrack(tuple(s for i, s in enumerate(segments) if i not in (left, right)))
        for segment in moved:
            others = others.paint(segment)
        return others

    def fill_gaps(self, start_s: float, end_s: float, label: str) -> LabelTrack:
        """Label every gap within [start_s, end_s)."""
        edges = [_micro(start_s)]
        for segment in self.within(start_s, end_s):
            edges += [segment.start_s, segment.end_s]
        edges.append(_micro(end_s))
        gaps = zip(edges[::2], edges[1::2], strict=True)
        return LabelTrack(self.segments + tuple(Segment(a, b, label) for a, b in gaps if a < b))

    def cropped(self, start_s: float, end_s: float) -> LabelTrack:
        """Only what lies in [start_s, end_s); segments that stick out are cut."""
        start_s, end_s = _micro(start_s), _micro(end_s)
        if not start_s < end_s:
            return LabelTrack()
        return LabelTrack(
            tuple(
                replace(s, start_s=max(s.start_s, start_s), end_s=min(s.end_s, end_s))
                for s in self.within(start_s, end_s)
            )
        )

    def codes(self, times_s: FloatArray, labels: tuple[str, ...]) -> NDArray[np.int64]:
        """Index into `labels` at each of the increasing times; -1 where there is none of them."""
        codes = np.full(len(times_s), -1, np.int64)
        lookup = {label: i for i, label in enumerate(labels)}
        times = np.round(times_s, _DECIMALS)
        for segment in self.segments:
            first, stop = np.searchsorted(times, (segment.start_s, segment.end_s))
            codes[first:stop] = lookup.get(segment.label, -1)
        return codes

    def seconds_by_label(self) -> dict[str, float]:
        """Labelled time per label, s."""
        total: dict[str, float] = {}
        for segment in self.segments:
            total[segment.label] = total.get(segment.label, 0.0) + segment.duration_s
        return total

    def _segment(self, index: int) -> Segment:
        if not 0 <= index < len(self.segments):
            raise HarstudioError(f"no segment {index}: the track has {len(self.segments)}")
        return self.segments[index]


#: Okabe and Ito 2008 without black, then Tol's "muted": safe for colour-blind eyes.
PALETTE: tuple[str, ...] = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677",
    "#882255", "#AA4499",
)  # fmt: skip
UNKNOWN_COLOUR = "#9A9A9A"


@dataclass(frozen=True)
class Label:
    """A label's name, its colour (``#RRGGBB``) and its digit key (``1``-``9``, ``0``, or empty)."""

    name: str
    colour: str
    key: str = ""


@dataclass(frozen=True)
class LabelSet:
    """The labels of a project, in the order a person sees them; names are unique."""

    labels: tuple[Label, ...] = field(default=())

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.labels):
            raise HarstudioError(f"label set: a name occurs twice in {', '.join(self.names)}")

    @classmethod
    def of(cls, names: Iterable[str]) -> LabelSet:
        """Labels with palette colours and the keys 1-9, 0 in order."""
        return cls().extended(names)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    def extended(self, names: Iterable[str]) -> LabelSet:
        """This set with the new names among `names` added; self if there are none."""
        labels = list(self.labels)
        known = set(self.names)
        for name in names:
            if name not in known:
                known.add(name)
                labels.append(_next_label(name, labels))
        return self if len(labels) == len(self.labels) else LabelSet(tuple(labels))

    def colour(self, name: str) -> str:
        """Colour of a label; grey for an unknown one."""
        return next((label.colour for label in self.labels if label.name == name), UNKNOWN_COLOUR)

    def by_key(self, key: str) -> Label | None:
        """The label on a digit key."""
        return next((label for label in self.labels if label.key == key and key), None)


def _next_label(name: str, labels: list[Label]) -> Label:
    if name == UNKNOWN:
        return Label(name, UNKNOWN_COLOUR)
    used_colours = {label.colour.upper() for label in labels}
    used_keys = {label.key for label in labels}
    colour = next(c for c in chain(PALETTE, _more_colours()) if c not in used_colours)
    key = next((digit for digit in "1234567890" if digit not in used_keys), "")
    return Label(name, colour, key)


def _more_colours() -> Iterator[str]:
    """Colours without end, each far in hue from those just before it (golden angle)."""
    for n in count():
        red, green, blue = colorsys.hsv_to_rgb(n * 0.6180339887 % 1.0, 0.55, 0.8)
        yield f"#{round(red * 255):02X}{round(green * 255):02X}{round(blue * 255):02X}"
