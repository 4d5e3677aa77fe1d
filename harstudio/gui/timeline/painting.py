"""Painting the timeline's parts: segments, ruler, overview, playhead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from harstudio.core.label_set import LabelSet
from harstudio.core.labels import LabelTrack
from harstudio.gui.layout import LEFT_MARGIN, TimeScale, tick_step, tick_text, ticks
from harstudio.gui.runs import Edges, visible_runs
from harstudio.gui.theme import Colours, text_on
from harstudio.gui.timeline.lanes import Band

_PIXELS_PER_TICK = 64
_LEAST_TEXT = 24
_TEXT_PADDING = 6


@dataclass(frozen=True)
class Ink:
    """A label's fill and the colour that reads on it."""

    fill: QColor
    text: QColor


@lru_cache(maxsize=256)
def ink(colour: str, background: str, share: float) -> Ink:
    """A label's colour, mixed into the background by 1 - `share`."""
    over, under = QColor(colour), QColor(background)
    mixed = QColor(
        *(
            round(share * a + (1 - share) * b)
            for a, b in zip(over.getRgb()[:3], under.getRgb()[:3], strict=True)
        )
    )
    return Ink(mixed, QColor(text_on(mixed.name())))


def inks(label_set: LabelSet, colours: Colours, share: float = 1.0) -> dict[str, Ink]:
    """Ink of every label by name."""
    return {label.name: ink(label.colour, colours.plot, share) for label in label_set.labels}


def paint_lane_name(painter: QPainter, band: Band, colours: Colours) -> None:
    """The tier's name in the left margin."""
    area = QRectF(8, band.top, LEFT_MARGIN - 16, band.height)
    metrics = QFontMetricsF(painter.font())
    text = metrics.elidedText(band.name, Qt.TextElideMode.ElideRight, area.width())
    painter.setPen(QColor(colours.faint))
    painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def paint_segments(
    painter: QPainter,
    band: Band,
    edges: Edges,
    scale: TimeScale,
    by_label: dict[str, Ink],
    colours: Colours,
) -> None:
    """A lane's segments with their labels, slivers merged."""
    unknown = ink(colours.faint, colours.plot, 0.5)
    metrics = QFontMetricsF(painter.font())
    top, height = band.top + 2, band.height - 4
    segments = band.track.segments
    for run in visible_runs(edges, scale):
        segment = segments[run.index]
        colour = by_label.get(segment.label, unknown)
        width = max(1.0, run.right - run.left - 1.0)  # a hairline between neighbours
        area = QRectF(run.left, top, width, height)
        painter.fillRect(area, colour.fill)
        if width < _LEAST_TEXT:
            continue
        inside = area.adjusted(_TEXT_PADDING, 0, -_TEXT_PADDING, 0)
        text = metrics.elidedText(
            label_text(segment.label, segment.confidence),
            Qt.TextElideMode.ElideRight,
            inside.width(),
        )
        painter.setPen(colour.text)
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def label_text(label: str, confidence: float) -> str:
    """A segment's words: its label, with the confidence of a proposal."""
    return label if confidence >= 1 else f"{label}  {confidence:.2f}".replace("0.", ".", 1)


def paint_outline(
    painter: QPainter, band: Band, stretch: tuple[float, float], scale: TimeScale, colours: Colours
) -> None:
    """The frame around the selected segment: light on dark, so that it shows on any colour."""
    left = max(scale.left - 4, scale.x(stretch[0]))
    right = min(scale.right + 4, scale.x(stretch[1]) - 1)
    if right <= scale.left or left >= scale.right:
        return
    area = QRectF(left, band.top + 1, right - left, band.height - 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colours.plot), 1))
    painter.drawRect(area.adjusted(2, 2, -2, -2))
    painter.setPen(QPen(QColor(colours.text), 2))
    painter.drawRect(area)


def paint_selection(
    painter: QPainter,
    stretch: tuple[float, float],
    scale: TimeScale,
    top: float,
    bottom: float,
    colours: Colours,
) -> None:
    """A free selection over ruler and lanes."""
    left, right = max(scale.left, scale.x(stretch[0])), min(scale.right, scale.x(stretch[1]))
    if right <= left:
        return
    colour = QColor(colours.selection)
    painter.setPen(QPen(colour, 1))
    for x in (left, right):
        painter.drawLine(QPointF(x, top), QPointF(x, bottom))
    colour.setAlpha(48)
    painter.fillRect(QRectF(left, top, right - left, bottom - top), colour)


def paint_ruler(painter: QPainter, band: Band, scale: TimeScale, colours: Colours) -> None:
    """Round times with their ticks."""
    step = tick_step(scale.end_s - scale.start_s, max(2, int(scale.width / _PIXELS_PER_TICK)))
    metrics = QFontMetricsF(painter.font())
    base = band.bottom - 1
    for time_s in ticks(scale.start_s, scale.end_s, step / 5):
        x = round(scale.x(time_s)) + 0.5
        painter.setPen(QColor(colours.line))
        painter.drawLine(QPointF(x, base - 3), QPointF(x, base))
    for time_s in ticks(scale.start_s, scale.end_s, step):
        x = round(scale.x(time_s)) + 0.5
        painter.setPen(QColor(colours.faint))
        painter.drawLine(QPointF(x, base - 5), QPointF(x, base))
        text = tick_text(time_s, step)
        half = 0.5 * metrics.horizontalAdvance(text)
        if x + half <= scale.right + 8:
            painter.drawText(QPointF(x - half, base - 8), text)


def paint_overview(
    painter: QPainter,
    band: Band,
    whole: TimeScale,
    shown: tuple[float, float],
    track: LabelTrack,
    edges: Edges,
    by_label: dict[str, Ink],
    colours: Colours,
) -> None:
    """The whole clip at a glance: segments as colour, what is in sight in a frame."""
    strip = QRectF(whole.left, band.top + 4, whole.width, band.height - 8)
    painter.fillRect(strip, QColor(colours.raised))
    unknown = ink(colours.faint, colours.plot, 0.5)
    for run in visible_runs(edges, whole):
        colour = by_label.get(track.segments[run.index].label, unknown)
        width = max(1.0, run.right - run.left)
        painter.fillRect(QRectF(run.left, strip.top(), width, strip.height()), colour.fill)
    left, right = whole.x(shown[0]), whole.x(shown[1])
    veil = QColor(colours.window)
    veil.setAlpha(150)
    painter.fillRect(QRectF(whole.left, strip.top(), left - whole.left, strip.height()), veil)
    painter.fillRect(QRectF(right, strip.top(), whole.right - right, strip.height()), veil)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colours.faint), 1))
    frame = QRectF(left, band.top + 1, max(3.0, right - left), band.height - 2)
    painter.drawRect(frame.adjusted(0.5, 0.5, -0.5, -0.5))


def paint_playhead(
    painter: QPainter, x: float, top: float, bottom: float, colours: Colours, *, handle: bool
) -> None:
    """A line, with a handle on the ruler."""
    colour = QColor(colours.playhead)
    x = round(x)
    painter.fillRect(QRectF(x, top, 1, bottom - top), colour)
    if handle:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        points = [(-4.5, 0), (5.5, 0), (5.5, 4), (0.5, 9), (-4.5, 4)]
        painter.drawPolygon(QPolygonF([QPointF(x + dx, top + dy) for dx, dy in points]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
