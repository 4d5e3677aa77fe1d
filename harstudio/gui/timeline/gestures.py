"""What a drag on the label lane means: hit-testing, snapping and results, without a window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harstudio.core.labels import LabelTrack
from harstudio.gui.layout import TimeScale

EMPTY, BODY, START, END, SHARED = "empty", "body", "start", "end", "shared"

SNAP_PIXELS = 6.0
_EDGE_PIXELS = 5.0
_LEAST_BODY_SHARE = 1 / 3
"""Of a narrow segment, this much in the middle stays its body."""


@dataclass(frozen=True)
class Hit:
    """What is under the mouse: a segment's body or edge (`index`), or an empty stretch.

    For a shared edge, `index` is the segment on its left.
    """

    kind: str
    index: int = -1


@dataclass(frozen=True)
class Drag:
    """A drag from one time to another, on what was under the mouse when it began.

    Attributes
    ----------
    hit : Hit
    from_s, to_s : float
        Times under the mouse, not snapped.
    duration_s : float
        Of the clip.
    least_s : float
        No segment gets shorter: one frame.
    """

    hit: Hit
    from_s: float
    to_s: float
    duration_s: float
    least_s: float


@dataclass(frozen=True)
class Dragged:
    """A track after a drag, and the index in it of what was dragged."""

    track: LabelTrack
    index: int | None = None


@dataclass(frozen=True)
class Snapper:
    """Draws a time to what is near: neighbours' edges and the playhead first, then frames.

    Attributes
    ----------
    marks_s : tuple of float
        Edges and playhead.
    rate_hz : float
        Of the frames; 0 for none.
    within_s : float
        How far it reaches; 0 turns it off.
    """

    marks_s: tuple[float, ...] = ()
    rate_hz: float = 0.0
    within_s: float = 0.0

    def __call__(self, time_s: float) -> float:
        return time_s + self.shift(time_s)

    def shift(self, *times_s: float) -> float:
        """The least shift that puts one of the times on a mark, else on a frame; 0 if none is."""
        near = _nearest(mark - t for t in times_s for mark in self.marks_s)
        if near is not None and abs(near) <= self.within_s:
            return near
        if self.rate_hz > 0:
            near = _nearest(round(t * self.rate_hz) / self.rate_hz - t for t in times_s)
            if near is not None and abs(near) <= self.within_s:
                return near
        return 0.0


def _nearest(shifts: Iterable[float]) -> float | None:
    return min(shifts, key=abs, default=None)


def hit_test(track: LabelTrack, scale: TimeScale, x: float) -> Hit:
    """What lies at a pixel of the lane."""
    segments = track.segments
    time_s = scale.time(x)
    inside = track.index_at(time_s)
    reach_s = _EDGE_PIXELS * scale.seconds_per_pixel
    if inside is None:
        after = next((i for i, s in enumerate(segments) if s.start_s > time_s), len(segments))
        if after < len(segments) and segments[after].start_s - time_s <= reach_s / 2:
            return Hit(START, after)
        if after > 0 and time_s - segments[after - 1].end_s <= reach_s / 2:
            return Hit(END, after - 1)
        return Hit(EMPTY)
    segment = segments[inside]
    reach_s = min(reach_s, 0.5 * (1 - _LEAST_BODY_SHARE) * segment.duration_s)
    if time_s - segment.start_s < reach_s:
        return _edge(track, inside, START)
    if segment.end_s - time_s < reach_s:
        return _edge(track, inside, END)
    return Hit(BODY, inside)


def _edge(track: LabelTrack, index: int, kind: str) -> Hit:
    left = index if kind == END else index - 1
    segments = track.segments
    shared = 0 <= left < len(segments) - 1 and segments[left].end_s == segments[left + 1].start_s
    return Hit(SHARED, left) if shared else Hit(kind, index)


def marks_for(track: LabelTrack, hit: Hit, playhead_s: float) -> tuple[float, ...]:
    """What a drag may snap to: the playhead and the edges of the segments that it leaves alone."""
    moving = {hit.index, hit.index + 1} if hit.kind == SHARED else {hit.index}
    edges = (
        t for i, s in enumerate(track.segments) if i not in moving for t in (s.start_s, s.end_s)
    )
    return (playhead_s, *dict.fromkeys(edges))


def new_stretch(track: LabelTrack, drag: Drag, snap: Snapper) -> tuple[float, float] | None:
    """The stretch that a drag from an empty place covers, kept within its gap; None if too short.

    Nothing that is labelled already is touched.
    """
    low, high = gap_at(track, drag.from_s, drag.duration_s)
    ends = [min(max(low, snap(t)), high) for t in (drag.from_s, drag.to_s)]
    start_s, end_s = min(ends), max(ends)
    return (start_s, end_s) if end_s - start_s >= drag.least_s - 1e-9 else None


def gap_at(track: LabelTrack, time_s: float, duration_s: float) -> tuple[float, float]:
    """The unlabelled stretch around a time, s."""
    low = max((s.end_s for s in track.segments if s.end_s <= time_s), default=0.0)
    high = min((s.start_s for s in track.segments if s.start_s > time_s), default=duration_s)
    return low, high


def dragged(track: LabelTrack, drag: Drag, snap: Snapper) -> Dragged:
    """The track after a drag of a body or an edge; neighbours in the way are trimmed."""
    kind, index = drag.hit.kind, drag.hit.index
    if kind == EMPTY:
        return Dragged(track)
    segment = track.segments[index]
    by_s = drag.to_s - drag.from_s
    if by_s == 0.0:
        return Dragged(track, index)
    start_s, end_s = segment.start_s, segment.end_s
    least_s = min(drag.least_s, segment.duration_s)
    if kind == BODY:
        by_s += snap.shift(start_s + by_s, end_s + by_s)
        by_s = min(max(-start_s, by_s), max(0.0, drag.duration_s - end_s))
        start_s, end_s = start_s + by_s, end_s + by_s
    elif kind == START:
        start_s = min(max(0.0, snap(start_s + by_s)), end_s - least_s)
    else:
        end_s = max(min(drag.duration_s, snap(end_s + by_s)), start_s + least_s)
    if kind == SHARED:
        right = track.segments[index + 1]
        end_s = min(end_s, right.end_s - min(drag.least_s, right.duration_s))
        after = track.move_boundary(segment.end_s, end_s)
    else:
        after = track.resize(index, start_s, end_s)
    return Dragged(after, after.index_at(0.5 * (start_s + end_s)))
