"""The timeline's picture but for the playhead: what is shown of a clip, painted band by band."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from harstudio.core.label_set import LabelSet
from harstudio.core.project import Clip
from harstudio.gui.layout import TimeScale
from harstudio.gui.runs import Edges
from harstudio.gui.theme import Colours
from harstudio.gui.timeline import painting
from harstudio.gui.timeline.gestures import Dragged
from harstudio.gui.timeline.lanes import LANE, OVERVIEW, RULER, Band, Lanes
from harstudio.gui.timeline.painting import Ink

_QUIET = 0.55
"""Share of a label's colour on lanes that cannot be edited."""


@dataclass(frozen=True)
class Shown:
    """What the timeline shows of the session."""

    clip: Clip | None = None
    label_set: LabelSet = field(default_factory=LabelSet)
    selected: int | None = None
    selection: tuple[float, float] | None = None
    read_only: bool = True


@dataclass(frozen=True, eq=False)
class Picture:
    """All that is painted, at one moment.

    Attributes
    ----------
    edges : tuple of Edges, one per band
    scale, whole : TimeScale
        Of ruler and lanes, and of the overview.
    in_sight, loop : (start, end), s
    preview : Dragged or None
        The person's own labels as a drag would leave them.
    stretch : (start, end) or None, s
        What is being drawn for a new label.
    """

    shown: Shown
    lanes: Lanes
    edges: tuple[Edges, ...]
    scale: TimeScale
    whole: TimeScale
    in_sight: tuple[float, float]
    loop: tuple[float, float] | None
    preview: Dragged | None
    stretch: tuple[float, float] | None


def paint_picture(painter: QPainter, picture: Picture, colours: Colours) -> None:
    """Overview, ruler, lanes, and what is selected on them."""
    strong = painting.inks(picture.shown.label_set, colours)
    quiet = painting.inks(picture.shown.label_set, colours, _QUIET)
    for band, edges in zip(picture.lanes.bands, picture.edges, strict=True):
        if band.kind == OVERVIEW:
            _paint_overview(painter, band, picture, strong, colours)
        elif band.kind == RULER:
            painting.paint_ruler(painter, band, picture.scale, colours)
            _paint_loop(painter, band, picture, colours)
        elif band.kind == LANE and picture.preview is not None:
            track = picture.preview.track
            band = replace(band, track=track)
            _paint_lane(painter, band, Edges.of(track), picture.scale, strong, colours)
        else:
            inks = strong if band.kind == LANE else quiet
            _paint_lane(painter, band, edges, picture.scale, inks, colours)
    _paint_selected(painter, picture, colours)


def _paint_overview(
    painter: QPainter, band: Band, picture: Picture, inks: dict[str, Ink], colours: Colours
) -> None:
    mine = picture.lanes.mine
    edges = picture.edges[picture.lanes.bands.index(mine)]
    painting.paint_overview(
        painter, band, picture.whole, picture.in_sight, mine.track, edges, inks, colours
    )


def _paint_loop(painter: QPainter, ruler: Band, picture: Picture, colours: Colours) -> None:
    if picture.loop is None:
        return
    scale = picture.scale
    left, right = (min(max(scale.left, scale.x(t)), scale.right) for t in picture.loop)
    painter.fillRect(QRectF(left, ruler.bottom - 3, right - left, 2), QColor(colours.accent))


def _paint_lane(
    painter: QPainter,
    band: Band,
    edges: Edges,
    scale: TimeScale,
    inks: dict[str, Ink],
    colours: Colours,
) -> None:
    painting.paint_lane_name(painter, band, colours)
    area = QRectF(scale.left, band.top, scale.width, band.height)
    painter.fillRect(area, QColor(colours.plot))
    painter.save()
    painter.setClipRect(area)
    painting.paint_segments(painter, band, edges, scale, inks, colours)
    painter.restore()


def _paint_selected(painter: QPainter, picture: Picture, colours: Colours) -> None:
    """The stretch being drawn, else the segment at hand, else the selection."""
    shown, lanes, scale = picture.shown, picture.lanes, picture.scale
    lane = lanes.mine
    track, index = lane.track, shown.selected
    if picture.preview is not None:
        track, index = picture.preview.track, picture.preview.index
    if picture.stretch is not None:
        painting.paint_selection(
            painter, picture.stretch, scale, lane.top + 2, lane.bottom - 2, colours
        )
    elif index is not None and index < len(track):
        segment = track.segments[index]
        ends = (segment.start_s, segment.end_s)
        painting.paint_outline(painter, lane, ends, scale, colours)
    elif shown.selection is not None:
        top, bottom = lanes.band(RULER).bottom - 4, lanes.bands[-1].bottom
        painting.paint_selection(painter, shown.selection, scale, top, bottom, colours)
