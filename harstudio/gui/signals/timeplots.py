"""Rows over one time axis: labels behind them, playhead and cursors, what the mouse does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetrics,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from harstudio.core.label_set import LabelSet
from harstudio.core.labels import LabelTrack
from harstudio.gui.layout import GRID, RIGHT_MARGIN, ZOOM_PER_NOTCH, TimeScale
from harstudio.gui.pixel_runs import Edges
from harstudio.gui.signals.rows import Row, TimeAxis
from harstudio.gui.theme import LIGHT, Colours, small_font

LEAST_HEIGHT = 136
_AXIS_HEIGHT = 20
_DRAG_PIXELS = 4
_GRAB_PIXELS = 4
_FLAG = 14
_ANY_HEIGHT = 1 << 20
_BAND_ALPHA = {True: 44, False: 40}

Note = tuple[str, str]
"""Words and the name of their colour."""


class TimePlots(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Rows. The mouse seeks, selects time, zooms, pans and sets cursors; it never edits."""

    seeked = Signal(float)
    range_selected = Signal(float, float)
    cursor_set = Signal(str, float)  # "A" or "B", at time s
    zoomed = Signal(float, float)  # factor, at time s
    panned = Signal(float)  # by s
    menu_requested = Signal(object, float)  # global position, time s

    def __init__(
        self, count: int, parent: QWidget | None = None, axis: TimeAxis | None = None
    ) -> None:
        super().__init__(parent)
        self.setMinimumHeight(LEAST_HEIGHT)
        self.viewport().setMouseTracking(True)
        self._range = (0.0, 1.0)
        self._colours = LIGHT
        self._track, self._label_set = LabelTrack(), LabelSet()
        self._edges = Edges.of(self._track)
        self._press: tuple[float, float] | None = None
        self._dragging = False
        self._held, self._placed = "", False
        self._time_s: float | None = None
        self._cursor_x: int | None = None
        self._cursors: dict[str, float] = {}
        self._notes: dict[int, list[Note]] = {}
        self._cursor_moved = QRegion()
        self._still: QPixmap | None = None
        layout = self.ci.layout
        layout.setContentsMargins(0, GRID // 2, RIGHT_MARGIN, 0)
        layout.setHorizontalSpacing(0)
        layout.setVerticalSpacing(GRID // 2)
        self.rows = [Row() for _ in range(count)]
        for i, row in enumerate(self.rows):
            self.addItem(row.axis, row=i, col=0)
            self.addItem(row.box, row=i, col=1)
            layout.setRowStretchFactor(i, 1)
        self.time_axis = axis or TimeAxis()
        self.time_axis.setHeight(_AXIS_HEIGHT)
        self.time_axis.linkToView(self.rows[0].box)
        self.addItem(self.time_axis, row=count, col=1)
        layout.setColumnStretchFactor(1, 1)

    @property
    def scale(self) -> TimeScale:
        """Where a moment is drawn."""
        return TimeScale.across(self._range, self.viewport().width())

    # -- what is shown -------------------------------------------------------------------

    def show_range(self, start_s: float, end_s: float) -> None:
        """Another stretch of time."""
        self._range = (start_s, end_s)
        for row in self.rows:
            row.box.setXRange(start_s, end_s, padding=0)
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

    def show_time(self, time_s: float) -> None:
        """Move the playhead; the rows are not drawn again."""
        self._time_s = time_s
        self._place_cursor()

    def show_cursors(
        self, cursors: dict[str, float], notes: dict[int, list[Note]] | None = None
    ) -> None:
        """The two cursors, by name, and, if given, other words in the rows' corners."""
        self._cursors = dict(cursors)
        if notes is not None:
            self._notes = notes
        self.viewport().update()  # not as an overlay: the rows may have changed as well

    def show_rows(self, visible: Sequence[bool]) -> None:
        """Show or hide each row."""
        for i, (row, shown) in enumerate(zip(self.rows, visible, strict=True)):
            if row.visible != shown:
                row.set_visible(shown)
                # A hidden row would keep its place and the space below it.
                layout = self.ci.layout
                layout.setRowStretchFactor(i, 1 if shown else 0)
                layout.setRowSpacing(i, GRID // 2 if shown else 0)
                layout.setRowMaximumHeight(i, _ANY_HEIGHT if shown else 0)

    def recolour(self, colours: Colours) -> None:
        """Other colours."""
        self._colours = colours
        self.setBackground(colours.window)
        font = small_font(self.font())
        for axis in (*(row.axis for row in self.rows), self.time_axis):
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.faint))
            axis.setTickFont(font)
        for row in self.rows:
            row.axis.title.setFont(font)
            row.recolour(colours)
        self._draw_bands()
        self.viewport().update()

    def _draw_bands(self) -> None:
        stripe = label_stripe(self._track, self._edges, self.scale, self._label_set, self._colours)
        for row in self.rows:
            row.backdrop.stripe = stripe
            row.backdrop.update()

    # -- playhead and cursors ------------------------------------------------------------

    def _place_cursor(self) -> None:
        start, end = self._range
        x = None
        if self._time_s is not None and start <= self._time_s <= end:
            x = round(self.scale.x(self._time_s))
        if x == self._cursor_x:
            return
        for each in (self._cursor_x, x):
            if each is not None:
                self._overlay_changed(QRect(each - 1, 0, 3, self.viewport().height()))
        self._cursor_x = x

    def _overlay_changed(self, where: QRect) -> None:
        self._cursor_moved += where
        self.viewport().update(where)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        # Where only playhead and cursors have moved, the rows are copied from a picture of them:
        # drawing the curves again, even clipped to a strip, takes several ms.
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
        if self._cursors or self._notes:
            self._paint_cursors(painter)

    def _paint_cursors(self, painter: QPainter) -> None:
        colours, scale = self._colours, self.scale
        painter.setFont(small_font(self.font()))
        text, ground = QColor(colours.text), QColor(colours.panel)
        height = self.viewport().height() - _AXIS_HEIGHT
        for name, time_s in self._cursors.items():
            if not scale.start_s <= time_s <= scale.end_s:
                continue
            x = round(scale.x(time_s))
            painter.setPen(QPen(text, 1, Qt.PenStyle.DashLine))
            painter.drawLine(x, 0, x, height)
            flag = QRect(x + 1, height - _FLAG, _FLAG, _FLAG)
            if flag.right() > scale.right:
                flag.moveRight(x - 1)
            painter.fillRect(flag, text)
            painter.setPen(ground)
            painter.drawText(flag, int(Qt.AlignmentFlag.AlignCenter), name)
        for i, notes in self._notes.items():
            if self.rows[i].visible and notes:
                self._paint_notes(painter, self.rows[i].box.sceneBoundingRect(), notes)

    def _paint_notes(self, painter: QPainter, row: QRectF, notes: list[Note]) -> None:
        """Words in a row's upper right corner, each in its colour."""
        metrics = QFontMetrics(painter.font())
        widths = [metrics.horizontalAdvance(words) + GRID for words, _ in notes]
        left, height = row.right() - sum(widths) - GRID // 2, metrics.height()
        ground = QColor(self._colours.plot)
        ground.setAlpha(215)
        painter.fillRect(QRectF(left, row.top() + 1, row.right() - left, height), ground)
        for (words, colour), width in zip(notes, widths, strict=True):
            painter.setPen(QColor(getattr(self._colours, colour)))
            at = QPointF(left + GRID // 2, row.top() + 1 + metrics.ascent())
            painter.drawText(at, words)
            left += width

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
            self._draw_bands()
            self._place_cursor()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            x = event.position().x()
            self._press, self._dragging = (x, self.scale.time(x)), False
            placed = held_cursor(event.modifiers())
            self._held, self._placed = placed or self._cursor_near(x), bool(placed)
            if placed:
                self.cursor_set.emit(self._held, self._time_within(x))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        x = event.position().x()
        if self._press is None:
            near = self._cursor_near(x)
            shape = Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(shape)
        else:
            self._dragging = self._dragging or abs(x - self._press[0]) >= _DRAG_PIXELS
            if self._dragging and self._held:
                self.cursor_set.emit(self._held, self._time_within(x))
            elif self._dragging:
                self.range_selected.emit(self._press[1], self.scale.time(x))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and self._press is not None:
            if not self._dragging and not self._placed:
                self.seeked.emit(self._press[1])
            self._press, self._held = None, ""
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

    def _cursor_near(self, x: float) -> str:
        """The cursor under the mouse; empty if none is."""
        apart = {name: abs(self.scale.x(t) - x) for name, t in self._cursors.items()}
        name = min(apart, key=apart.__getitem__, default="")
        return name if name and apart[name] <= _GRAB_PIXELS else ""

    def _time_within(self, x: float) -> float:
        scale = self.scale
        return min(max(scale.start_s, scale.time(x)), scale.end_s)


def held_cursor(modifiers: Qt.KeyboardModifier) -> str:
    """The cursor that a click with these keys sets: A with Shift, B with Ctrl, else none."""
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return "A"
    return "B" if modifiers & Qt.KeyboardModifier.ControlModifier else ""


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
