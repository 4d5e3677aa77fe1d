"""The parts of a row: its axes, what lies behind, its curves or its picture."""

from __future__ import annotations

import math
from html import escape

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import (
    QGraphicsSceneResizeEvent,
    QGraphicsTextItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from harstudio.gui.layout import GRID, LEFT_MARGIN, tick_step, tick_text, ticks
from harstudio.gui.signals import raster
from harstudio.gui.signals.decimate import Pyramid
from harstudio.gui.theme import Colours

KINDS = ("residual", "virtual", "generated", "real")
"""Drawn in this order: the real signal on top."""

PIXELS_PER_TICK = 64
_SELECTION_ALPHA = 32
_TWO_LINES = 26
_TEXT_SHARE = 1.35
"""From one tick to the next at least this many text heights."""

_CUT = 0.2
"""A tick stands at least this many text heights from the row's end: its text reaches into the
space between rows, and no further."""

_MOST_TICKS = 5

_LINE = 1.25
_OVERLAY = 1.5
_UNDERLAY = 4.0
_UNDERLAY_MIX = 0.6
_MARK = 3
"""Height of the mark where a curve leaves its row, px."""


class TimeAxis(pg.AxisItem):  # type: ignore[misc]
    """The time axis below the rows, with the ticks that the timeline's ruler has."""

    def __init__(self) -> None:
        super().__init__("bottom", maxTickLength=-4)
        self.step_s = 1.0

    def tickValues(  # noqa: N802
        self, start_s: float, end_s: float, size: float
    ) -> list[tuple[float, list[float]]]:
        self.step_s = tick_step(end_s - start_s, max(2, int(size / PIXELS_PER_TICK)))
        return [(self.step_s, ticks(start_s, end_s, self.step_s))]

    def tickStrings(  # noqa: N802
        self, values: list[float], scale: float, spacing: float
    ) -> list[str]:
        return [tick_text(value, self.step_s) for value in values]


def value_ticks(low: float, high: float, height: float, text_height: float) -> list[float]:
    """Round values for a row's axis: as many as have room, none cut off by the row's ends."""
    if not high > low or height <= 0:
        return []
    edge = _CUT * text_height * (high - low) / height
    low, high = low + edge, high - edge
    least = max(_TEXT_SHARE * text_height, height / _MOST_TICKS) * (high - low) / height
    if not high > low:
        return []
    exponent = math.floor(math.log10(high - low)) - 1
    steps = (m * 10.0**e for e in range(exponent, exponent + 3) for m in (1, 2, 5))
    for step in steps:
        if step >= least:
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            return [i * step for i in range(first, last + 1)]
    return []


class ValueAxis(pg.AxisItem):  # type: ignore[misc]
    """A row's axis: name and unit upright in the common margin, then the values."""

    def __init__(self) -> None:
        super().__init__("left", maxTickLength=-4)
        self.setWidth(LEFT_MARGIN)
        self.setStyle(tickTextOffset=4, autoExpandTextSpace=False, hideOverlappingLabels=False)
        self.enableAutoSIPrefix(False)
        self.title = QGraphicsTextItem(self)
        self.title.document().setDocumentMargin(0)
        self._words = ("", "", "#000000", "#000000")

    def show_title(self, name: str, unit: str, colours: Colours, colour: str = "") -> None:
        """Name above unit; the unit only where there is room for both."""
        self._words = (name, unit, colour or colours.text, colours.faint)
        self._place_title()

    def tickValues(  # noqa: N802
        self, low: float, high: float, size: float
    ) -> list[tuple[float, list[float]]]:
        font = self.style["tickFont"] or self.font()
        values = value_ticks(low, high, size, QFontMetricsF(font).ascent())
        step = values[1] - values[0] if len(values) > 1 else _lone_step(values)
        return [(step, values)]

    def tickStrings(  # noqa: N802
        self, values: list[float], scale: float, spacing: float
    ) -> list[str]:
        decimals = max(0, math.ceil(-math.log10(spacing) - 1e-9)) if spacing > 0 else 0
        return [f"{value + 0.0:.{decimals}f}" for value in values]

    def resizeEvent(self, event: QGraphicsSceneResizeEvent | None = None) -> None:  # noqa: N802
        super().resizeEvent(event)
        if hasattr(self, "title"):  # pyqtgraph resizes while it is being made
            self._place_title()

    def _place_title(self) -> None:
        name, unit, strong, faint = self._words
        html = f"<span style='color:{strong}'>{escape(name)}</span>"
        if self.size().height() >= _TWO_LINES:
            html += f"<br><span style='color:{faint}'>{escape(unit)}</span>"
        self.title.setHtml(html)
        height = self.title.boundingRect().height()
        self.title.setPos(GRID, 0.5 * (self.size().height() - height))


def _lone_step(values: list[float]) -> float:
    """A step that writes a single tick with the digits it needs."""
    value = abs(values[0]) if values else 0.0
    return 10.0 ** math.floor(math.log10(value) + 1e-9) if value else 1.0


class Backdrop(pg.GraphicsObject):  # type: ignore[misc]
    """What lies behind a row's curves, in one item: grid, label bands, selection."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__()
        self._view = view
        self.colours: Colours | None = None
        self.stripe = QImage(1, 1, QImage.Format.Format_ARGB32)
        self.selection: tuple[float, float] | None = None
        self.filled = True
        self.setZValue(-10)

    def boundingRect(self) -> QRectF:  # noqa: N802
        return QRectF(self._view.viewRect())

    def viewRangeChanged(self) -> None:  # noqa: N802
        self.prepareGeometryChange()
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self.colours is None:
            return
        (start, end), (low, high) = self._view.viewRange()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawImage(QRectF(start, low, end - start, high - low), self.stripe)
        pen = QPen(QColor(self.colours.plot_grid), 0)
        painter.setPen(pen)
        step = tick_step(end - start, max(2, int(self._view.width() / PIXELS_PER_TICK)))
        for time_s in ticks(start, end, step):
            painter.drawLine(QPointF(time_s, low), QPointF(time_s, high))
        if low < 0 < high:
            painter.setPen(QPen(QColor(self.colours.line), 0))
            painter.drawLine(QPointF(start, 0.0), QPointF(end, 0.0))
        if self.selection is not None:
            colour = QColor(self.colours.selection)
            painter.setPen(QPen(colour, 0))
            for time_s in self.selection:
                painter.drawLine(QPointF(time_s, low), QPointF(time_s, high))
            if self.filled:
                colour.setAlpha(_SELECTION_ALPHA)
                left, right = self.selection
                painter.fillRect(QRectF(left, low, right - left, high - low), colour)


class Overlay(pg.GraphicsObject):  # type: ignore[misc]
    """Something painted in the pixels of a row's box, above its backdrop."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view)
        self._view = view
        self.setZValue(10)
        view.sigResized.connect(self._on_view)
        view.sigRangeChanged.connect(self._on_view)

    def boundingRect(self) -> QRectF:  # noqa: N802
        return QRectF(0.0, 0.0, self._view.width(), self._view.height())

    def _on_view(self, *_: object) -> None:
        self.prepareGeometryChange()
        self.update()


class Traces(Overlay):
    """The curves of a row."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view)
        self.curves: dict[str, Pyramid] = {}
        """What is shown now, by kind."""
        self.colours: Colours | None = None

    def take(self, curves: dict[str, Pyramid]) -> None:
        """Other curves."""
        self.curves = curves
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        colours, ratio = self.colours, painter.device().devicePixelRatioF()
        width, height = (round(ratio * each) for each in (self._view.width(), self._view.height()))
        if colours is None or width < 1 or height < 1:
            return
        (start, end), (low, high) = self._view.viewRange()
        per_unit = height / (high - low)
        for kind in KINDS:
            if kind not in self.curves:
                continue
            least, greatest = self.curves[kind].columns(start, end, width)
            colour, thickness = QColor(getattr(colours, kind)), _LINE
            if kind == "virtual" and "real" in self.curves:
                # Where both agree, the real line lies in the middle of a wider virtual one.
                colour, thickness = _mixed(colour, QColor(colours.plot)), _UNDERLAY
                least, greatest = _widened(least, np.fmin), _widened(greatest, np.fmax)
            elif kind == "real" and "virtual" in self.curves:
                thickness = _OVERLAY
            top, bottom = (high - greatest) * per_unit, (high - least) * per_unit
            if not np.isfinite(top).any():
                continue
            # Only the part of the row that the line is in: what is empty costs as much to draw.
            least_y = max(0, int(np.clip(np.nanmin(top) - thickness * ratio, 0, height - 1)))
            most_y = int(np.clip(np.nanmax(bottom) + thickness * ratio + 1, least_y + 1, height))
            covered = raster.coverage(
                top - least_y, bottom - least_y, most_y - least_y, thickness * ratio
            )
            mark = round(_MARK * ratio)
            covered[: mark if least_y == 0 else 0, top < -1.0] = 255
            if most_y == height:
                covered[-mark:, bottom > height + 1.0] = 255
            picture = raster.image(covered, raster.palette(colour), ratio)
            painter.drawImage(QPointF(0.0, least_y / ratio), picture)


class Picture(Overlay):
    """An image over a stretch of time and values, beside a curve's place."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view)
        self._image: QImage | None = None
        self._place = QRectF()

    def take(self, image: QImage | None, place: QRectF) -> None:
        """Another image; `place` in time and value, its top at the lower value."""
        self._image, self._place = image, place
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if self._image is None:
            return
        (start, end), (low, high) = self._view.viewRange()
        across, down = self._view.width() / (end - start), self._view.height() / (high - low)
        place = self._place
        painter.setClipRect(self.boundingRect())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(
            QRectF(
                (place.left() - start) * across,
                (high - place.bottom()) * down,
                place.width() * across,
                place.height() * down,
            ),
            self._image,
        )


class Row:
    """One axis, one view box and what is drawn in it."""

    def __init__(self) -> None:
        self.axis = ValueAxis()
        self.box = pg.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0)
        self.box.disableAutoRange()
        self.axis.linkToView(self.box)
        self.backdrop = Backdrop(self.box)
        self.box.addItem(self.backdrop, ignoreBounds=True)
        self.traces = Traces(self.box)
        self.visible = True

    def set_visible(self, visible: bool) -> None:
        self.visible = visible
        self.axis.setVisible(visible)
        self.box.setVisible(visible)

    def recolour(self, colours: Colours) -> None:
        self.box.setBackgroundColor(colours.plot)
        self.backdrop.colours = self.traces.colours = colours
        self.traces.update()


def _mixed(colour: QColor, ground: QColor) -> QColor:
    """A colour thinned with what it lies on."""
    pairs = zip(colour.getRgb()[:3], ground.getRgb()[:3], strict=True)
    return QColor(*(round(_UNDERLAY_MIX * a + (1 - _UNDERLAY_MIX) * b) for a, b in pairs))


def _widened(values: np.ndarray, better: np.ufunc) -> np.ndarray:
    """A line's extent where it is a pixel wider on either side."""
    result = values.copy()
    better(result[1:], values[:-1], out=result[1:])
    better(result[:-1], values[1:], out=result[:-1])
    return result
