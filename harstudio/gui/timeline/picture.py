"""The timeline's picture but for the playhead: what is shown of a clip, painted band by band."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap

from harstudio.core.label_set import LabelSet
from harstudio.core.labels import LabelTrack
from harstudio.core.project import MINE, Clip
from harstudio.gui.layout import TimeScale
from harstudio.gui.pixel_runs import Edges
from harstudio.gui.theme import Colours
from harstudio.gui.timeline import painting
from harstudio.gui.timeline.gestures import Dragged, Stretch
from harstudio.gui.timeline.lanes import LANE, OVERVIEW, RULER, Band, Lanes
from harstudio.gui.timeline.pixels import Looks
from harstudio.gui.timeline.snapping import NO_SNAP

NOTHING_OPEN = "Open a clip in the library to label it here: drag on the lane, or press a digit."

_OVER_RULER = 10
"""The line to what was snapped to begins so far above the lanes, px: room for its name."""


@dataclass(frozen=True)
class Shown:
    """What the timeline shows of the session.

    Attributes
    ----------
    selected : int or None
        Index of the selected segment in the active tier.
    tier : str
        The active tier: what the hand works on.
    """

    clip: Clip | None = None
    label_set: LabelSet = field(default_factory=LabelSet)
    selected: int | None = None
    selection: tuple[float, float] | None = None
    read_only: bool = True
    tier: str = MINE


class KeptLooks:
    """The looks of the tracks in sight, made once for each."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[LabelTrack, Looks]] = {}

    def of(self, track: LabelTrack) -> Looks:
        """What is needed to paint a track."""
        kept = self._kept.get(id(track))
        if kept is None:
            kept = self._kept[id(track)] = (track, Looks.of(track))
        return kept[1]

    def edges_of(self, track: LabelTrack) -> Edges:
        """Where its segments are."""
        return self.of(track).edges

    def keep_only(self, tracks: Iterable[LabelTrack]) -> None:
        """Forget all the others."""
        shown = {id(track) for track in tracks}
        self._kept = {key: kept for key, kept in self._kept.items() if key in shown}


@dataclass(frozen=True, eq=False)
class Picture:
    """All that is painted, at one moment.

    Attributes
    ----------
    looks : KeptLooks
    scale, whole : TimeScale
        Of ruler and lanes, and of the overview.
    in_sight, loop : (start, end), s
    drag : Dragged, Stretch or None
        The active tier as a drag would leave it, or what is being drawn on it for a new label.
    """

    shown: Shown
    lanes: Lanes
    looks: KeptLooks
    scale: TimeScale
    whole: TimeScale
    in_sight: tuple[float, float]
    loop: tuple[float, float] | None
    drag: Dragged | Stretch | None


def painted(picture: Picture, size: QSize, ratio: float, font: QFont, colours: Colours) -> QPixmap:
    """The picture on pixels of its own; without a clip, how to come by one."""
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(colours.window))
    painter = QPainter(pixmap)
    painter.setFont(font)
    if picture.shown.clip is None:
        painter.setPen(QColor(colours.faint))
        centre = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(0, 0, size.width(), size.height()), int(centre), NOTHING_OPEN)
    else:
        paint_picture(painter, picture, colours)
    painter.end()
    return pixmap


def paint_picture(painter: QPainter, picture: Picture, colours: Colours) -> None:
    """Overview, ruler, lanes, and what is selected on them."""
    shown, scale = picture.shown, picture.scale
    active = picture.lanes.lane(shown.tier)
    for band in picture.lanes.bands:
        if band.kind == OVERVIEW:
            looks = picture.looks.of(active.track)
            painting.paint_overview(
                painter, band, picture.whole, picture.in_sight, looks, shown.label_set, colours
            )
        elif band.kind == RULER:
            painting.paint_ruler(painter, band, scale, colours)
            _paint_loop(painter, band, picture, colours)
        else:
            painting.paint_lane_name(painter, band, colours, active=band is active)
            looks = picture.looks.of(band.track)
            if band is active and isinstance(picture.drag, Dragged):
                looks = Looks.of(picture.drag.track)
                band = active = replace(band, track=picture.drag.track, edges=looks.edges)
            painting.paint_lane(painter, band, looks, scale, shown.label_set, colours)
    _paint_selected(painter, active, picture, colours)


def _paint_loop(painter: QPainter, ruler: Band, picture: Picture, colours: Colours) -> None:
    if picture.loop is None:
        return
    scale = picture.scale
    left, right = (min(max(scale.left, scale.x(t)), scale.right) for t in picture.loop)
    painter.fillRect(QRectF(left, ruler.bottom - 3, right - left, 2), QColor(colours.accent))


def _paint_selected(painter: QPainter, lane: Band, picture: Picture, colours: Colours) -> None:
    """The stretch being drawn, else the segment at hand, else the selection; what it snaps to."""
    shown, lanes, scale, drag = picture.shown, picture.lanes, picture.scale, picture.drag
    index = drag.index if isinstance(drag, Dragged) else shown.selected
    if isinstance(drag, Stretch):
        stretch = (drag.start_s, drag.end_s)
        painting.paint_selection(painter, stretch, scale, lane.top + 2, lane.bottom - 2, colours)
    elif index is not None and index < len(lane.track):
        segment = lane.track.segments[index]
        rows = lane.row_span(int(lane.edges.rows[index]))
        painting.paint_outline(painter, rows, (segment.start_s, segment.end_s), scale, colours)
    elif shown.selection is not None:
        top, bottom = lanes.band(RULER).bottom - 4, lanes.bands[-1].bottom
        painting.paint_selection(painter, shown.selection, scale, top, bottom, colours)
    snap = drag.snap if drag is not None else NO_SNAP
    top = lanes.band(LANE).top - _OVER_RULER
    painting.paint_snap(painter, snap, scale, top, lanes.bands[-1].bottom, colours)
