"""What a drag on a lane means: hit-testing and results, without a window."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harstudio.core.labels import LabelTrack, Segment
from harstudio.gui.layout import TimeScale
from harstudio.gui.pixel_runs import Edges
from harstudio.gui.timeline.snapping import NO_SNAP, Snap, Snapper

EMPTY, BODY, START, END, SHARED = "empty", "body", "start", "end", "shared"

_EDGE_PIXELS = 5.0
_LEAST_BODY_SHARE = 1 / 3
"""Of a narrow segment, this much in the middle stays its body."""

_MOST_SOFT_SHARE = 0.5
"""A soft edge reaches to the middle of its segment at most."""


@dataclass(frozen=True)
class Hit:
    """What is under the mouse: a segment's body or edge (`index`), or an empty stretch.

    For a shared edge, `index` is the segment on its left and `right` the one on its right.
    """

    kind: str
    index: int = -1
    right: int = -1

    @property
    def moving(self) -> tuple[int, ...]:
        """The segments that a drag of it changes."""
        return tuple(i for i in (self.index, self.right) if i >= 0)


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
    """A track after a drag, and the index in it of what was dragged.

    `snap` is what it snapped to, or the edge that was made soft, in words.
    """

    track: LabelTrack
    index: int | None = None
    snap: Snap = NO_SNAP


@dataclass(frozen=True)
class Stretch:
    """A stretch of time to label, s, and what its end snapped to."""

    start_s: float
    end_s: float
    snap: Snap = NO_SNAP


def hit_test(edges: Edges, row: int, scale: TimeScale, x: float) -> Hit:
    """What lies at a pixel of a lane's row."""
    time_s = scale.time(x)
    reach_s = _EDGE_PIXELS * scale.seconds_per_pixel
    members = np.flatnonzero(edges.rows == row)
    inside = edges.inside(row, time_s)
    if inside is None:
        starts_s, ends_s = edges.starts_s[members], edges.ends_s[members]
        after, before = members[starts_s > time_s], members[ends_s <= time_s]
        if len(after) and edges.starts_s[after[0]] - time_s <= reach_s / 2:
            return Hit(START, int(after[0]))
        if len(before) and time_s - edges.ends_s[before[-1]] <= reach_s / 2:
            return Hit(END, int(before[-1]))
        return Hit(EMPTY)
    start_s, end_s = float(edges.starts_s[inside]), float(edges.ends_s[inside])
    reach_s = min(reach_s, 0.5 * (1 - _LEAST_BODY_SHARE) * (end_s - start_s))
    if time_s - start_s < reach_s:
        left = members[edges.ends_s[members] == start_s]
        return Hit(SHARED, int(left[-1]), inside) if len(left) else Hit(START, inside)
    if end_s - time_s < reach_s:
        right = members[edges.starts_s[members] == end_s]
        return Hit(SHARED, inside, int(right[0])) if len(right) else Hit(END, inside)
    return Hit(BODY, inside)


def new_stretch(track: LabelTrack, drag: Drag, snap: Snapper) -> Stretch | None:
    """The stretch that a drag from an empty place covers; None if too short.

    Of an exclusive track nothing that is labelled already is touched: it is kept within its gap.
    """
    low, high = 0.0, drag.duration_s
    if not track.overlapping:
        low, high = gap_at(track, drag.from_s, drag.duration_s)
    ends = [min(max(low, snap(t)), high) for t in (drag.from_s, drag.to_s)]
    start_s, end_s = min(ends), max(ends)
    if end_s - start_s < drag.least_s - 1e-9:
        return None
    return Stretch(start_s, end_s, _reached(snap.snap(drag.to_s), ends[1]))


def gap_at(track: LabelTrack, time_s: float, duration_s: float) -> tuple[float, float]:
    """The unlabelled stretch around a time, s."""
    low = max((s.end_s for s in track.segments if s.end_s <= time_s), default=0.0)
    high = min((s.start_s for s in track.segments if s.start_s > time_s), default=duration_s)
    return low, high


def dragged(track: LabelTrack, drag: Drag, snap: Snapper) -> Dragged:
    """The track after a drag of a body or an edge.

    In an exclusive track neighbours in the way are trimmed.
    """
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
        asked = snap.snap(start_s + by_s, end_s + by_s)
        by_s = min(max(-start_s, by_s + asked.shift_s), max(0.0, drag.duration_s - end_s))
        start_s, end_s = start_s + by_s, end_s + by_s
        reached = _reached(asked, start_s, end_s)
    elif kind == START:
        start_s = min(max(0.0, snap(start_s + by_s)), end_s - least_s)
        reached = _reached(snap.snap(segment.start_s + by_s), start_s)
    else:
        end_s = max(min(drag.duration_s, snap(end_s + by_s)), start_s + least_s)
        if kind == SHARED:
            right = track.segments[drag.hit.right]
            end_s = min(end_s, right.end_s - min(drag.least_s, right.duration_s))
        reached = _reached(snap.snap(segment.end_s + by_s), end_s)
    moved = replace(segment, start_s=start_s, end_s=end_s)
    if kind == SHARED:
        right = replace(track.segments[drag.hit.right], start_s=moved.end_s)
        after = _replaced(track, {index: moved, drag.hit.right: right})
    else:
        after = track.changed(index, moved)
    return Dragged(after, after.index_of(moved), reached)


def softened(track: LabelTrack, drag: Drag) -> Dragged:
    """The track with an edge made as soft as the drag reaches away from it, on either side.

    A shared edge becomes soft in both segments; half of the shorter one is the most. Within a
    frame of the edge it is sharp again.
    """
    kind, index = drag.hit.kind, drag.hit.index
    if kind not in (START, END, SHARED):
        return Dragged(track, index if index >= 0 else None)
    segment = track.segments[index]
    edge_s = segment.start_s if kind == START else segment.end_s
    soft_s = abs(drag.to_s - edge_s)
    soft_s = 0.0 if soft_s < drag.least_s else soft_s
    shortest_s = min(track.segments[i].duration_s for i in drag.hit.moving)
    soft_s = min(soft_s, _MOST_SOFT_SHARE * shortest_s)
    said = Snap(0.0, edge_s, f"\u00b1 {soft_s:.2f} s")
    return Dragged(_replaced(track, _with_soft(track, drag.hit, soft_s)), index, said)


def sharpened(track: LabelTrack, index: int) -> LabelTrack:
    """The track with both edges of a segment sharp, on both sides where they are shared."""
    segment = track.segments[index]
    changes = {index: replace(segment, start_soft_s=0.0, end_soft_s=0.0)}
    for i, each in enumerate(track.segments):
        if i != index and each.end_s == segment.start_s and each.end_soft_s:
            changes[i] = replace(each, end_soft_s=0.0)
        elif i != index and each.start_s == segment.end_s and each.start_soft_s:
            changes[i] = replace(each, start_soft_s=0.0)
    return _replaced(track, changes)


def _with_soft(track: LabelTrack, hit: Hit, soft_s: float) -> dict[int, Segment]:
    segment = track.segments[hit.index]
    if hit.kind == START:
        return {hit.index: replace(segment, start_soft_s=soft_s)}
    changes = {hit.index: replace(segment, end_soft_s=soft_s)}
    if hit.kind == SHARED:
        changes[hit.right] = replace(track.segments[hit.right], start_soft_s=soft_s)
    return changes


def _replaced(track: LabelTrack, changes: dict[int, Segment]) -> LabelTrack:
    """The track with other segments in the places of some; they overlap no more than those did."""
    segments = tuple(changes.get(i, s) for i, s in enumerate(track.segments))
    return LabelTrack(segments, track.overlapping)


def _reached(snap: Snap, *times_s: float) -> Snap:
    """What was snapped to, if the clip's or a segment's end did not stop it short of that."""
    mark_s = snap.mark_s
    if mark_s is None or not any(abs(mark_s - t) < 1e-6 for t in times_s):
        return NO_SNAP
    return snap
