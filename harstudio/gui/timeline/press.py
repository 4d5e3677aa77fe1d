"""A press on the timeline, and what a drag from there on leads to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySide6.QtCore import Qt

from harstudio.core.arrays import FloatArray
from harstudio.core.project import Clip
from harstudio.gui.layout import LEFT_MARGIN, TimeScale
from harstudio.gui.timeline.gestures import (
    BODY,
    EMPTY,
    Drag,
    Dragged,
    Hit,
    Stretch,
    dragged,
    hit_test,
    new_stretch,
    softened,
)
from harstudio.gui.timeline.lanes import LANE, NOTHING, OVERVIEW, Band, Lanes
from harstudio.gui.timeline.overview import FRAME, hold_at
from harstudio.gui.timeline.snapping import (
    EDGE,
    PEAK,
    PLAYHEAD,
    SNAP_PIXELS,
    Marks,
    Snapper,
    edges_but,
)

NAME = "name"
"""The tier's name in the left margin."""

MOVE, RESIZE, SOFTEN = "Move", "Resize", "Soften"

_LEAST_S = 0.02


@dataclass(frozen=True, eq=False)
class Press:
    """Where the left button went down, and on what.

    Attributes
    ----------
    kind : str
        A band's kind, `NAME`, or how the overview's frame is held.
    x : float, px
    time_s : float
    hit : Hit
    inside : int or None
        The segment that contains the place, for a click.
    shown_s : (start, end), s
        What was in sight.
    lane : Band
        The tier, for lanes.
    marks : Snapper
        What a drag from here may snap to; reaches nowhere yet.
    """

    kind: str
    x: float
    time_s: float
    hit: Hit
    inside: int | None
    shown_s: tuple[float, float]
    lane: Band
    marks: Snapper = field(default_factory=Snapper)

    def with_marks(self, marks: Snapper) -> Press:
        """The same press with what its drag may snap to."""
        return replace(self, marks=marks)


def pressed(
    lanes: Lanes, x: float, y: float, scale: TimeScale, whole: TimeScale,
    shown_s: tuple[float, float], scrolled: int = 0,
) -> Press:  # fmt: skip
    """What lies at a place."""
    band = lanes.at(y, scrolled)
    kind, hit, inside = band.kind, Hit(EMPTY), None
    if kind == LANE and x < LEFT_MARGIN:
        kind = NAME
    elif kind == LANE:
        row = band.row_at(y)
        hit = hit_test(band.edges, row, scale, x)
        inside = band.edges.inside(row, scale.time(x))
    elif kind == OVERVIEW:
        kind, scale = hold_at(x, whole, shown_s), whole
    elif kind != NOTHING and x < LEFT_MARGIN:
        kind = NOTHING
    return Press(kind, x, scale.time(x), hit, inside, shown_s, band)


def marks_for(clip: Clip, tier: str, hit: Hit, playhead_s: float, peaks_s: FloatArray) -> Snapper:
    """What a drag may snap to: the playhead, edges in all tiers that it leaves alone, and peaks."""
    edges = [
        time_s
        for name in clip.tiers
        for time_s in edges_but(clip.track(name), hit.moving if name == tier else ())
    ]
    strong = (Marks.of(PLAYHEAD, [playhead_s]), Marks.of(EDGE, edges))
    return Snapper(strong, (Marks.of(PEAK, peaks_s),), clip.rate_hz)


def result_of(
    press: Press, clip: Clip, to_s: float, scale: TimeScale, *, snaps: bool, soft: bool
) -> Dragged | Stretch | None:  # fmt: skip
    """What a drag from a press on a lane makes of the tier.

    Parameters
    ----------
    to_s : float
        Time under the mouse.
    snaps : bool
        Off while Alt is held.
    soft : bool
        The drag was begun with Ctrl on an edge: it says how uncertain the edge is.
    """
    least_s, track = max(_LEAST_S, 1.0 / clip.rate_hz), press.lane.track
    drag = Drag(press.hit, press.time_s, to_s, clip.duration_s, least_s)
    if soft:
        return softened(track, drag)
    within_s = SNAP_PIXELS * scale.seconds_per_pixel if snaps else 0.0
    snap = replace(press.marks, within_s=within_s)
    if press.hit.kind == EMPTY:
        return new_stretch(track, drag, snap)
    return dragged(track, drag, snap)


def cursor_of(press: Press, *, editable: bool) -> Qt.CursorShape:
    """The cursor that says what a drag from a place would do."""
    if press.kind == FRAME:
        return Qt.CursorShape.OpenHandCursor
    if press.kind.startswith(FRAME):
        return Qt.CursorShape.SizeHorCursor
    if press.kind != LANE or not editable or press.hit.kind == BODY:
        return Qt.CursorShape.ArrowCursor
    empty = press.hit.kind == EMPTY
    return Qt.CursorShape.CrossCursor if empty else Qt.CursorShape.SplitHCursor


def name_of(press: Press, *, soft: bool) -> str:
    """What a drag did, for the history."""
    if soft:
        return SOFTEN
    return MOVE if press.hit.kind == BODY else RESIZE
