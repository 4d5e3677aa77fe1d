"""The parts of a row of signals: its axis, what lies behind the curves, the curves."""

from __future__ import annotations

from html import escape

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import (
    QGraphicsSceneResizeEvent,
    QGraphicsTextItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from harstudio.gui.layout import GRID, LEFT_MARGIN, tick_step, tick_text, ticks
from harstudio.gui.theme import Colours

KINDS = ("residual", "real", "virtual")
"""Drawn in this order: the virtual signal on top."""

_PIXELS_PER_TICK = 64
_SELECTION_ALPHA = 32


class TimeAxis(pg.AxisItem):  # type: ignore[misc]
    """The time axis below the rows, with the ticks that the timeline's ruler has."""

    def __init__(self) -> None:
        super().__init__("bottom", maxTickLength=-4)
        self.step_s = 1.0

    def tickValues(  # noqa: N802
        self, start_s: float, end_s: float, size: float
    ) -> list[tuple[float, list[float]]]:
        self.step_s = tick_step(end_s - start_s, max(2, int(size / _PIXELS_PER_TICK)))
        return [(self.step_s, ticks(start_s, end_s, self.step_s))]

    def tickStrings(  # noqa: N802
        self, values: list[float], scale: float, spacing: float
    ) -> list[str]:
        return [tick_text(value, self.step_s) for value in values]


class ValueAxis(pg.AxisItem):  # type: ignore[misc]
    """A row's axis: name and unit upright in the common margin, then the values."""

    def __init__(self) -> None:
        super().__init__("left", maxTickLength=-4)
        self.setWidth(LEFT_MARGIN)
        self.setStyle(tickTextOffset=4, autoExpandTextSpace=False, hideOverlappingLabels=6)
        self.enableAutoSIPrefix(False)
        self.title = QGraphicsTextItem(self)
        self.title.document().setDocumentMargin(0)

    def show_title(self, name: str, unit: str, colours: Colours) -> None:
        """Name above unit."""
        self.title.setHtml(
            f"<span style='color:{colours.text}'>{escape(name)}</span><br>"
            f"<span style='color:{colours.faint}'>{escape(unit)}</span>"
        )
        self._place_title()

    def resizeEvent(self, event: QGraphicsSceneResizeEvent | None = None) -> None:  # noqa: N802
        super().resizeEvent(event)
        if hasattr(self, "title"):  # pyqtgraph resizes while it is being made
            self._place_title()

    def _place_title(self) -> None:
        height = self.title.boundingRect().height()
        self.title.setPos(GRID, 0.5 * (self.size().height() - height))


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
        step = tick_step(end - start, max(2, int(self._view.width() / _PIXELS_PER_TICK)))
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


class Row:
    """One axis, one view box, one curve per kind."""

    def __init__(self) -> None:
        self.axis = ValueAxis()
        self.box = pg.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0)
        self.box.disableAutoRange()
        self.axis.linkToView(self.box)
        self.backdrop = Backdrop(self.box)
        self.box.addItem(self.backdrop, ignoreBounds=True)
        self.curves = {}
        for kind in KINDS:
            curve = pg.PlotCurveItem(connect="finite")
            self.box.addItem(curve, ignoreBounds=True)
            self.curves[kind] = curve

    def set_visible(self, visible: bool) -> None:
        self.axis.setVisible(visible)
        self.box.setVisible(visible)
