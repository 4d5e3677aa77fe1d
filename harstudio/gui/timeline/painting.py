"""Painting the timeline's parts: lanes, ruler, overview, playhead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from harstudio.core.arrays import FloatArray
from harstudio.core.label_set import LabelSet
from harstudio.core.project import PREDICTED
from harstudio.gui.layout import LEFT_MARGIN, TimeScale, tick_step, tick_text, ticks
from harstudio.gui.pixel_runs import visible_runs
from harstudio.gui.theme import Colours, text_on
from harstudio.gui.timeline.lanes import Band
from harstudio.gui.timeline.pixels import Looks, Pixels, lane_pixels, stacked_pixels
from harstudio.gui.timeline.snapping import Snap

_PIXELS_PER_TICK = 64
_LEAST_TEXT = 24
_LEAST_TEXT_HEIGHT = 10
_TEXT_PADDING = 6
_LIVE_TEXT_WIDTH = 400
_NAME_LEFT, _MARK_WIDTH = 8, 3
_PALE, _PALE_BY_CONFIDENCE = 0.3, 0.4
"""Share of its label's colour that a proposal of confidence 0 gets, and what confidence adds."""


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


def fills(looks: Looks, label_set: LabelSet, colours: Colours, *, pale: bool) -> Pixels:
    """Colour of each of a track's segments, (N, 3): proposals the paler the less they are sure."""
    known = {label.name: label.colour for label in label_set.labels}
    inks = [ink(known.get(name, colours.faint), colours.plot, 1.0).fill for name in looks.labels]
    table = np.array([colour.getRgb()[:3] for colour in inks], np.float64).reshape(-1, 3)
    result = table[looks.codes]
    if pale:
        shares = pale_share(looks.confidences)[:, None]
        result = shares * result + (1.0 - shares) * np.array(rgb(colours.plot), np.float64)
    return np.rint(result).astype(np.uint8)


def pale_share(confidence: FloatArray) -> FloatArray:
    """How much of its label's colour a proposal gets, in steps of a tenth."""
    return _PALE + np.round(_PALE_BY_CONFIDENCE * confidence, 1)


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#RRGGBB``, 0 to 255."""
    red, green, blue, _ = QColor(colour).getRgb()
    return red, green, blue


def paint_lane_name(painter: QPainter, band: Band, colours: Colours, *, active: bool) -> None:
    """The tier's name in the left margin; a bar beside the one that the hand works on."""
    area = QRectF(_NAME_LEFT, band.top, LEFT_MARGIN - _NAME_LEFT - 8, band.height)
    if active:
        painter.fillRect(QRectF(0, band.top, _MARK_WIDTH, band.height), QColor(colours.accent))
    metrics = QFontMetricsF(painter.font())
    text = metrics.elidedText(band.name, Qt.TextElideMode.ElideMiddle, area.width())
    painter.setPen(QColor(colours.text if active else colours.faint))
    painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def paint_lane(
    painter: QPainter, band: Band, looks: Looks, scale: TimeScale, label_set: LabelSet,
    colours: Colours,
) -> None:  # fmt: skip
    """A tier's segments with their labels, slivers merged."""
    pale = band.name == PREDICTED
    ratio = painter.device().devicePixelRatio()
    device = TimeScale(scale.start_s, scale.end_s, 0.0, max(1.0, round(scale.width * ratio)))
    background = np.array(rgb(colours.plot), np.uint8)
    lines = lane_pixels(looks, device, fills(looks, label_set, colours, pale=pale), background)
    spans = [band.row_span(row) for row in range(band.edges.row_count)]
    apart = 1 if len(spans) > 1 else 0  # a hairline between rows
    inside = [
        (round((top - band.top) * ratio), round((bottom - apart - band.top) * ratio))
        for top, bottom in spans
    ]
    words = stacked_pixels(lines, inside, round(band.height * ratio), background)
    height, width = words.shape
    image = QImage(words.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    painter.drawImage(QRectF(scale.left, band.top, width / ratio, height / ratio), image)
    _paint_texts(painter, band, scale, label_set, colours, pale=pale)


def _paint_texts(
    painter: QPainter, band: Band, scale: TimeScale, label_set: LabelSet, colours: Colours, *,
    pale: bool,
) -> None:  # fmt: skip
    """The words on those segments that have room for some."""
    known = {label.name: label.colour for label in label_set.labels}
    metrics = QFontMetricsF(painter.font())
    spans = [band.row_span(row) for row in range(band.edges.row_count)]
    if spans[0][1] - spans[0][0] < _LEAST_TEXT_HEIGHT:
        return
    runs = visible_runs(band.edges, scale, _LEAST_TEXT)
    for left, right, index in zip(
        runs.lefts.tolist(), runs.rights.tolist(), runs.indices.tolist(), strict=True
    ):
        segment = band.track.segments[index]
        left = max(left + _TEXT_PADDING, scale.x(segment.start_s + segment.start_soft_s) + 2)
        right = min(right - _TEXT_PADDING, scale.x(segment.end_s - segment.end_soft_s) - 2)
        if right - left < _LEAST_TEXT - 2 * _TEXT_PADDING:
            continue
        text = fitting_text(metrics, segment.label, segment.confidence, right - left)
        share = float(pale_share(np.array(segment.confidence))) if pale else 1.0
        colour = known.get(segment.label, colours.faint)
        painter.setPen(ink(colour, colours.plot, share).text)
        top, bottom = spans[band.edges.rows[index]]
        area = QRectF(left, top, right - left, bottom - top)
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def fitting_text(metrics: QFontMetricsF, label: str, confidence: float, width: float) -> str:
    """A segment's words, shortened to a width; the confidence of a proposal stays to the last."""
    sure = confidence_text(confidence)
    left = width - metrics.horizontalAdvance(sure)
    if sure and left < _LEAST_TEXT:
        return metrics.elidedText(sure.strip(), Qt.TextElideMode.ElideRight, width)
    return metrics.elidedText(label, Qt.TextElideMode.ElideRight, left) + sure


def confidence_text(confidence: float) -> str:
    """``  .92``; nothing for what is sure."""
    return "" if confidence >= 1 else f"  {confidence:.2f}".replace("0.", ".", 1)


def paint_live(
    painter: QPainter, band: Band, label: str, stretch: tuple[float, float], scale: TimeScale,
    label_set: LabelSet, colours: Colours,
) -> None:  # fmt: skip
    """The label that is being given while it plays, from where it began to the playhead."""
    left, right = max(scale.left, scale.x(stretch[0])), min(scale.right, scale.x(stretch[1]))
    if right <= left:
        return
    colour = ink(label_set.colour(label), colours.plot, 1.0)
    top, bottom = band.row_span(0)[0], band.row_span(band.edges.row_count - 1)[1]
    area = QRectF(left, top, right - left, bottom - top)
    painter.fillRect(area, colour.fill)
    painter.fillRect(QRectF(left, bottom - 3, right - left, 3), QColor(colours.playhead))
    painter.save()
    painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
    painter.setPen(colour.text)
    words = area.adjusted(_TEXT_PADDING, 0, _LIVE_TEXT_WIDTH, 0)
    painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)
    painter.restore()


def paint_outline(
    painter: QPainter, rows: tuple[int, int], stretch: tuple[float, float], scale: TimeScale,
    colours: Colours,
) -> None:  # fmt: skip
    """The frame around the selected segment: light on dark, so that it shows on any colour."""
    left = max(scale.left - 4, scale.x(stretch[0]))
    right = min(scale.right + 4, scale.x(stretch[1]) - 1)
    if right <= scale.left or left >= scale.right:
        return
    area = QRectF(left, rows[0] - 1, right - left, rows[1] - rows[0] + 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colours.plot), 1))
    painter.drawRect(area.adjusted(2, 2, -2, -2))
    painter.setPen(QPen(QColor(colours.text), 2))
    painter.drawRect(area)


def paint_snap(
    painter: QPainter, snap: Snap, scale: TimeScale, top: float, bottom: float, colours: Colours
) -> None:
    """A thin line where a drag was drawn to, and what is there."""
    if snap.mark_s is None or not scale.start_s <= snap.mark_s <= scale.end_s:
        return
    x = round(scale.x(snap.mark_s))
    painter.fillRect(QRectF(x, top, 1, bottom - top), QColor(colours.accent))
    metrics = QFontMetricsF(painter.font())
    width = metrics.horizontalAdvance(snap.kind) + 2 * _TEXT_PADDING
    left = min(max(scale.left, x - 0.5 * width), scale.right - width)
    area = QRectF(left, top, width, metrics.height() + 2)
    painter.fillRect(area, QColor(colours.accent))
    painter.setPen(QColor(colours.on_accent))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, snap.kind)


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
    painter: QPainter, band: Band, whole: TimeScale, shown: tuple[float, float], looks: Looks,
    label_set: LabelSet, colours: Colours,
) -> None:  # fmt: skip
    """The whole clip at a glance: segments as colour, what is in sight in a frame."""
    strip = QRectF(whole.left, band.top + 4, whole.width, band.height - 8)
    ratio = painter.device().devicePixelRatio()
    device = TimeScale(whole.start_s, whole.end_s, 0.0, max(1.0, round(whole.width * ratio)))
    background = np.array(rgb(colours.raised), np.uint8)
    pixels = lane_pixels(
        looks, device, fills(looks, label_set, colours, pale=False), background, hairline=False
    )
    line = pixels[0]
    for each in pixels[1:]:  # of several at once the topmost
        empty = (line == background).all(axis=1)
        line[empty] = each[empty]
    words = stacked_pixels(line[None], [(0, 1)], 1, background)
    width = words.shape[1]
    image = QImage(words.data, width, 1, 4 * width, QImage.Format.Format_RGB32)
    painter.drawImage(strip, image)
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
