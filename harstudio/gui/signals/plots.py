"""Stacked rows of curves over one time axis, and what the mouse does on them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from harstudio.core.labels import LabelSet, LabelTrack
from harstudio.gui.layout import GRID, RIGHT_MARGIN, ZOOM_PER_NOTCH, TimeScale
from harstudio.gui.runs import Edges
from harstudio.gui.signals.channels import ACCELERATION, ROWS, Channels, Quantity
from harstudio.gui.signals.decimate import Pyramid
from harstudio.gui.signals.rows import KINDS, Row, TimeAxis
from harstudio.gui.theme import LIGHT, Colours, small_font

_AXIS_HEIGHT = 20
_DRAG_PIXELS = 4
_PADDING = 0.06
_BAND_ALPHA = {True: 44, False: 40}


class SignalPlots(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """The rows. The mouse only seeks, selects time, zooms and pans; it never edits."""

    seeked = Signal(float)
    range_selected = Signal(float, float)
    zoomed = Signal(float, float)  # factor, at time s
    panned = Signal(float)  # by s
    menu_requested = Signal(object, float)  # global position, time s

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(160)
        self._range = (0.0, 1.0)
        self._channels, self._quantity = Channels(), ACCELERATION
        self._colours = LIGHT
        self._hidden: set[str] = {"residual"}
        self._with_norm = True
        self._track, self._label_set = LabelTrack(), LabelSet()
        self._edges = Edges.of(self._track)
        self._press: tuple[float, float] | None = None
        self._dragging = False
        self._time_s: float | None = None
        self._cursor_x: int | None = None
        self._cursor_moved = QRegion()
        self._still: QPixmap | None = None
        layout = self.ci.layout
        layout.setContentsMargins(0, GRID // 2, RIGHT_MARGIN, 0)
        layout.setHorizontalSpacing(0)
        layout.setVerticalSpacing(GRID // 2)
        self.rows = [Row() for _ in ROWS]
        for i, row in enumerate(self.rows):
            self.addItem(row.axis, row=i, col=0)
            self.addItem(row.box, row=i, col=1)
            layout.setRowStretchFactor(i, 1)
        self.time_axis = TimeAxis()
        self.time_axis.setHeight(_AXIS_HEIGHT)
        self.time_axis.linkToView(self.rows[0].box)
        self.addItem(self.time_axis, row=len(ROWS), col=1)
        layout.setColumnStretchFactor(1, 1)

    @property
    def scale(self) -> TimeScale:
        """Where a moment is drawn."""
        return TimeScale.across(self._range, self.viewport().width())

    # -- what is shown -------------------------------------------------------------------

    def show_channels(self, channels: Channels, quantity: Quantity) -> None:
        """Other curves; y ranges are those of the whole clip, so that nothing jumps in playing."""
        self._channels, self._quantity = channels, quantity
        for i, row in enumerate(self.rows):
            row.axis.show_title(quantity.row_title(i), quantity.unit, self._colours)
        self.fit_heights()

    def fit_heights(self, *, visible_only: bool = False) -> None:
        """Set the y ranges by the whole clip, or by what is in sight."""
        for i, row in enumerate(self.rows):
            curves = [p[i] for p in (self._channels.virtual, self._channels.real) if p is not None]
            ends = self._range if visible_only else None
            extremes = [curve.extremes(ends) for curve in curves]
            row.box.setYRange(*row_range(extremes, self._quantity.least_span), padding=0)
        self._draw()

    def show_range(self, start_s: float, end_s: float) -> None:
        """Another stretch of time."""
        self._range = (start_s, end_s)
        for row in self.rows:
            row.box.setXRange(start_s, end_s, padding=0)
        self._draw()
        self._draw_bands()
        self._place_cursor()

    def show_labels(self, track: LabelTrack, label_set: LabelSet) -> None:
        """Labels as faint colours behind the rows."""
        if track is not self._track:
            self._track, self._edges = track, Edges.of(track)
        self._label_set = label_set
        self._draw_bands()

    def show_selection(self, selection: tuple[float, float] | None, *, filled: bool) -> None:
        """The selected stretch; not filled where a label's colour fills it already."""
        for row in self.rows:
            row.backdrop.selection, row.backdrop.filled = selection, filled
            row.backdrop.update()

    def _draw_bands(self) -> None:
        scale = self.scale
        stripe = label_stripe(self._track, self._edges, scale, self._label_set, self._colours)
        for row in self.rows:
            row.backdrop.stripe = stripe
            row.backdrop.update()

    def show_kind(self, kind: str, visible: bool) -> None:
        """Show or hide one kind of curve."""
        (self._hidden.discard if visible else self._hidden.add)(kind)
        self._draw()

    def show_norm(self, visible: bool) -> None:
        """Show or hide the row of the norm."""
        self._with_norm = visible
        self.rows[-1].set_visible(visible)
        self.ci.layout.setRowStretchFactor(len(ROWS) - 1, 1 if visible else 0)
        self._draw()

    def show_time(self, time_s: float) -> None:
        """Move the cursor; the curves are not drawn again."""
        self._time_s = time_s
        self._place_cursor()

    def recolour(self, colours: Colours) -> None:
        """Other colours."""
        self._colours = colours
        self.setBackground(colours.window)
        pens = {k: pg.mkPen(getattr(colours, k), width=1) for k in KINDS}
        font = small_font(self.font())
        for axis in (*(row.axis for row in self.rows), self.time_axis):
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.faint))
            axis.setTickFont(font)
        for i, row in enumerate(self.rows):
            row.axis.title.setFont(font)
            row.axis.show_title(self._quantity.row_title(i), self._quantity.unit, colours)
            row.box.setBackgroundColor(colours.plot)
            row.backdrop.colours = colours
            for kind, curve in row.curves.items():
                curve.setPen(pens[kind])
        self._draw_bands()
        self.viewport().update()

    def _draw(self) -> None:
        pixels = max(1, int(self.scale.width))
        for i, row in enumerate(self.rows):
            for kind, curve in row.curves.items():
                pyramids: tuple[Pyramid, ...] | None = getattr(self._channels, kind)
                if pyramids is None or kind in self._hidden or not self._is_shown(i):
                    curve.clear()
                else:
                    curve.setData(*pyramids[i].polyline(*self._range, pixels))

    def _is_shown(self, row: int) -> bool:
        return self._with_norm or row < len(ROWS) - 1

    # -- the cursor ----------------------------------------------------------------------

    def _place_cursor(self) -> None:
        start, end = self._range
        x = None
        if self._time_s is not None and start <= self._time_s <= end:
            x = round(self.scale.x(self._time_s))
        if x == self._cursor_x:
            return
        for each in (self._cursor_x, x):
            if each is not None:
                strip = QRect(each - 1, 0, 3, self.viewport().height())
                self._cursor_moved += strip
                self.viewport().update(strip)
        self._cursor_x = x

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        # Where only the cursor has moved, the rows are copied from a picture of them: drawing
        # the curves again, even clipped to the cursor's strip, takes several ms.
        only_cursor = event.region().subtracted(self._cursor_moved).isEmpty()
        self._cursor_moved = QRegion()
        if only_cursor:
            self._still = self._still or self._picture()
        else:
            self._still = None
            super().paintEvent(event)
        painter = QPainter(self.viewport())
        if self._still is not None:
            painter.drawPixmap(0, 0, self._still)
        if self._cursor_x is not None:
            height = self.viewport().height() - _AXIS_HEIGHT
            painter.fillRect(self._cursor_x, 0, 1, height, QColor(self._colours.playhead))

    def _picture(self) -> QPixmap:
        size, ratio = self.viewport().size(), self.devicePixelRatioF()
        picture = QPixmap(size * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(self._colours.window))
        painter = QPainter(picture)
        self.render(painter, QRectF(0, 0, size.width(), size.height()), self.viewport().rect())
        painter.end()
        return picture

    # -- the mouse -----------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if hasattr(self, "_still"):  # Qt sends this while the base class is being made
            self._draw()
            self._draw_bands()
            self._place_cursor()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            x = event.position().x()
            self._press, self._dragging = (x, self.scale.time(x)), False
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._press is not None:
            x = event.position().x()
            self._dragging = self._dragging or abs(x - self._press[0]) >= _DRAG_PIXELS
            if self._dragging:
                self.range_selected.emit(self._press[1], self.scale.time(x))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and self._press is not None:
            if not self._dragging:
                self.seeked.emit(self._press[1])
            self._press = None
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        delta = event.angleDelta()
        notches = (delta.y() or delta.x()) / 120.0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or not delta.y():
            self.panned.emit(-0.1 * notches * (self._range[1] - self._range[0]))
        else:
            at_s = self.scale.time(event.position().x())
            self.zoomed.emit(float(ZOOM_PER_NOTCH**notches), at_s)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        self.menu_requested.emit(event.globalPos(), self.scale.time(event.pos().x()))
        event.accept()


def label_stripe(
    track: LabelTrack, edges: Edges, scale: TimeScale, label_set: LabelSet, colours: Colours
) -> QImage:
    """One row of pixels: the label's faint colour at each; stretched over a row's height."""
    alpha = _BAND_ALPHA[colours.dark] << 24
    argb_of = {each.name: alpha | int(each.colour[1:], 16) for each in label_set.labels}
    table = [argb_of.get(segment.label, 0) for segment in track.segments]
    table.append(0)  # the last one, index -1, is a gap: transparent
    pixels = max(1, round(scale.width))
    times_s = scale.start_s + (np.arange(pixels) + 0.5) * (scale.end_s - scale.start_s) / pixels
    argb = np.array(table, np.uint32)[edges.indices_at(times_s)]
    return QImage(argb.data, pixels, 1, 4 * pixels, QImage.Format.Format_ARGB32).copy()


def row_range(
    extremes: Iterable[tuple[float, float] | None], least_span: float
) -> tuple[float, float]:
    """A row's y range: all of its curves with some air, and never less than `least_span`."""
    known = [each for each in extremes if each is not None]
    if not known:
        return -0.5 * least_span, 0.5 * least_span
    low, high = min(k[0] for k in known), max(k[1] for k in known)
    span = max((high - low) * (1 + 2 * _PADDING), least_span)
    middle = 0.5 * (low + high)
    return middle - 0.5 * span, middle + 0.5 * span
