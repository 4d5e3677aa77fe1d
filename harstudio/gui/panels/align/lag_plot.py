"""Correlation over lag: where a recording might lie on its clip, and where it lies."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from harstudio.core.arrays import FloatArray
from harstudio.gui.layout import GRID, ZOOM_PER_NOTCH, ticks
from harstudio.gui.theme import Theme, small_font

_LEFT, _RIGHT, _TOP, _BOTTOM = 32, 8, 18, 32
_SNAP_PX = 6
_PEAK_PX = 3.0
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 600)
_LEAST_SPAN_S = 0.02


class LagPlot(QWidget):
    """The curve, its peaks as dots, and the present place as a line; a click chooses another."""

    chosen = Signal(float)  # where the recording starts, s

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._x, self._y = np.zeros(0), np.zeros(0)
        self._peaks: list[tuple[float, float]] = []
        self._range = (-1.0, 1.0)
        self._now: float | None = None
        self._dragged: float | None = None
        self._text = ""
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.CrossCursor)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(256, 17 * GRID)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(160, 17 * GRID)

    def show_text(self, text: str) -> None:
        """No curve, but why."""
        self._x, self._y, self._peaks, self._text = np.zeros(0), np.zeros(0), [], text
        self.update()

    def show_curve(
        self, starts_s: FloatArray, correlation: FloatArray, peaks: list[tuple[float, float]]
    ) -> None:
        """Show all of a curve.

        Parameters
        ----------
        starts_s, correlation : (L,) arrays
            NaN where there is none.
        peaks : list of (start, correlation), the best first
        """
        known = np.flatnonzero(np.isfinite(correlation))
        self._x, self._y, self._peaks, self._text = starts_s, correlation, peaks, ""
        if len(known):
            self._range = (float(starts_s[known[0]]), float(starts_s[known[-1]]))
        self.update()

    def set_now(self, start_s: float | None) -> None:
        """Where the recording starts at present."""
        self._now = start_s
        self.update()

    # -- places --------------------------------------------------------------------------

    def _plot(self) -> QRectF:
        width = self.width() - _LEFT - _RIGHT
        return QRectF(_LEFT, _TOP, max(1, width), self.height() - _TOP - _BOTTOM)

    def x_of(self, start_s: float) -> float:
        """Pixel of a start."""
        plot, (low, high) = self._plot(), self._range
        return plot.left() + (start_s - low) / max(high - low, 1e-9) * plot.width()

    def start_at(self, x: float) -> float:
        """Start at a pixel; that of a peak close by."""
        plot, (low, high) = self._plot(), self._range
        near = [s for s, _ in self._peaks if abs(self.x_of(s) - x) <= _SNAP_PX]
        if near:
            return min(near, key=lambda s: abs(self.x_of(s) - x))
        share = min(max((x - plot.left()) / plot.width(), 0.0), 1.0)
        return low + share * (high - low)

    def _y_of(self, r: float) -> float:
        plot, (low, high) = self._plot(), self._y_range()
        return plot.bottom() - (r - low) / (high - low) * plot.height()

    def _y_range(self) -> tuple[float, float]:
        known = self._y[np.isfinite(self._y)]
        return (-1.0 if len(known) and known.min() < -0.5 else -0.5), 1.0

    # -- hand ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and len(self._x):
            self._dragged = self.start_at(event.position().x())
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if not len(self._x):
            return
        start = self.start_at(event.position().x())
        if self._dragged is not None:
            self._dragged = start
            self.update()
        QToolTip.showText(event.globalPosition().toPoint(), self._words(start), self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._dragged is not None and event.button() == Qt.MouseButton.LeftButton:
            start, self._dragged = self._dragged, None
            self.update()
            self.chosen.emit(start)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        known = np.flatnonzero(np.isfinite(self._y))
        if len(known):
            self._range = (float(self._x[known[0]]), float(self._x[known[-1]]))
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        if not len(self._x):
            event.ignore()
            return
        factor = ZOOM_PER_NOTCH ** (event.angleDelta().y() / 120)
        plot, (low, high) = self._plot(), self._range
        at = low + (event.position().x() - plot.left()) / plot.width() * (high - low)
        least, most = float(self._x[0]), float(self._x[-1])
        span = min(max((high - low) * factor, _LEAST_SPAN_S), max(most - least, _LEAST_SPAN_S))
        low = at - (at - low) * span / (high - low)
        low = min(max(low, least), most - span)
        self._range = (low, low + span)
        self.update()
        event.accept()

    def _words(self, start_s: float) -> str:
        r = float(np.interp(start_s, self._x, self._y))
        known = f", correlation {r:.2f}" if np.isfinite(r) else ", too little would overlap"
        return f"start at {start_s:+.3f} s{known}"

    # -- painting ------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setFont(small_font(self.font()))
        colours, plot = self._theme.colours, self._plot()
        painter.fillRect(plot, QColor(colours.plot))
        if not len(self._x):
            painter.setPen(QColor(colours.faint))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(plot.adjusted(8, 0, -8, 0), flags, self._text)
            return
        self._paint_axes(painter)
        painter.setClipRect(plot.adjusted(-_PEAK_PX, -_PEAK_PX, _PEAK_PX, 0))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.text), 1))
        for run in self._runs():
            painter.drawPolyline(run)
        self._paint_peaks(painter)
        self._paint_now(painter)

    def _paint_axes(self, painter: QPainter) -> None:
        colours, plot, (low, high) = self._theme.colours, self._plot(), self._range
        centre = Qt.AlignmentFlag.AlignCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for r in (-1.0, -0.5, 0.0, 0.5, 1.0):
            if r < self._y_range()[0]:
                continue
            y = self._y_of(r)
            painter.setPen(QColor(colours.line if r == 0 else colours.plot_grid))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            if y < plot.bottom() - 8:  # the corner belongs to the other axis
                painter.setPen(QColor(colours.faint))
                text = f"{r:g}".replace("-", "−")
                painter.drawText(QRectF(0, y - 8, _LEFT - 4, 16), right, text)
        most = max(2, int(plot.width() // 48))
        step = next((s for s in _STEPS if (high - low) / s <= most), (high - low) / most)
        for at in ticks(low, high, step):
            x = self.x_of(at)
            painter.setPen(QColor(colours.plot_grid))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
            painter.setPen(QColor(colours.faint))
            left = min(max(x - 28, 0), self.width() - 56)
            text = f"{at:.{max(0, -int(np.floor(np.log10(step))))}f}".replace("-", "−")
            painter.drawText(QRectF(left, plot.bottom() + 1, 56, 14), centre, text)
        painter.setPen(QColor(colours.faint))
        under = QRectF(plot.left(), plot.bottom() + 15, plot.width(), 16)
        painter.drawText(under, centre, "start of the recording on the clip (s)")
        painter.drawText(QRectF(0, 0, plot.width(), 16), "correlation of magnitudes")

    def _runs(self) -> list[QPolygonF]:
        """The curve in sight, in pieces between gaps, at most two points per pixel."""
        first, stop = np.searchsorted(self._x, self._range)
        span = slice(max(0, int(first) - 1), int(stop) + 1)
        x, y = self._x[span], self._y[span]
        block = max(1, len(x) // int(2 * self._plot().width()))
        if block > 1:
            count = len(x) // block
            x = x[: count * block].reshape(count, block)[:, block // 2]
            blocks = y[: count * block].reshape(count, block)
            y = np.where(np.isfinite(blocks).all(axis=1), blocks.max(axis=1), np.nan)
        runs = []
        for piece in np.ma.clump_unmasked(np.ma.masked_invalid(y)):
            points = zip(x[piece], y[piece], strict=True)
            runs.append(QPolygonF([QPointF(self.x_of(a), self._y_of(b)) for a, b in points]))
        return runs

    def _paint_peaks(self, painter: QPainter) -> None:
        colours = self._theme.colours
        for rank, (start, r) in reversed(list(enumerate(self._peaks))):
            centre = QPointF(self.x_of(start), self._y_of(r))
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.setBrush(QColor(colours.accent if rank == 0 else colours.plot))
            painter.drawEllipse(centre, _PEAK_PX, _PEAK_PX)

    def _paint_now(self, painter: QPainter) -> None:
        start = self._now if self._dragged is None else self._dragged
        if start is None:
            return
        plot, x = self._plot(), self.x_of(start)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(self._theme.colours.real), 1))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
