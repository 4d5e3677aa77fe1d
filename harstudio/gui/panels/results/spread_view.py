"""Macro F1 of each subject as dots on a line, with the interval where there is an honest one."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from harstudio.gui.theme import Theme, small_font
from harstudio.learn.judging.intervals import Spread

_HEIGHT, _LINE, _DOT, _ENDS = 34, 13, 4.0, 16
_NEAR = 7


class SpreadView(QWidget):
    """One dot per subject or clip, from 0 to 1."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._spread: Spread | None = None
        self._names: dict[str, str] = {}
        theme.changed.connect(self.update)

    def show_spread(self, spread: Spread | None, names: Mapping[str, str] | None = None) -> None:
        """Show another one; None hides the line. `names` has those of clips by their ids."""
        self._spread, self._names = spread, dict(names or {})
        self.setVisible(spread is not None and len(spread.dots) > 0)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(280, _HEIGHT)

    minimumSizeHint = sizeHint  # noqa: N815

    def _x(self, value: float) -> float:
        left = self._left()
        return left + value * (self.width() - left - _ENDS)

    def _left(self) -> float:
        return self.fontMetrics().horizontalAdvance(self._caption()) + 8 + _ENDS

    def _caption(self) -> str:
        unit = self._spread.unit if self._spread is not None else ""
        return f"macro F1 by {unit}"

    def dot_at(self, x: float) -> str:
        """The names and values of the dots near a place; empty if there is none."""
        if self._spread is None:
            return ""
        values = self._spread.dots.get("macro_f1", ())
        near = [
            f"{self._names.get(name, name) or 'unknown'}: {value:.3f}"
            for name, value in zip(self._spread.names, values, strict=True)
            if abs(self._x(float(value)) - x) <= _NEAR
        ]
        return "\n".join(near)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        spread = self._spread
        if spread is None:
            return
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colours.faint))
        side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, self._left(), 2 * _LINE), side, self._caption())
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(QPointF(self._x(0), _LINE), QPointF(self._x(1), _LINE))
        painter.setFont(small_font(self.font()))
        for tenth in range(0, 11, 2):
            x = self._x(tenth / 10)
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(QPointF(x, _LINE - 3), QPointF(x, _LINE + 3))
            painter.setPen(QColor(colours.faint))
            place = QRectF(x - 20, _LINE + 6, 40, 14)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{tenth / 10:g}")
        ends = spread.intervals.get("macro_f1")
        if ends is not None:
            painter.setPen(QPen(QColor(colours.accent), 3))
            painter.drawLine(QPointF(self._x(ends[0]), _LINE), QPointF(self._x(ends[1]), _LINE))
        painter.setPen(QPen(QColor(colours.panel), 1))
        painter.setBrush(QColor(colours.accent))
        for value in spread.dots.get("macro_f1", ()):
            painter.drawEllipse(QPointF(self._x(float(value)), _LINE), _DOT, _DOT)
        painter.setPen(QPen(QColor(colours.text), 2))
        x = self._x(spread.figures["macro_f1"])
        painter.drawLine(QPointF(x, _LINE - 8), QPointF(x, _LINE + 6))

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent) and self._spread is not None:
            text = self.dot_at(event.pos().x()) or (
                "Each dot is one of them; the mark is the figure over all windows, the thick line "
                "its 95 % interval"
            )
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)  # type: ignore[arg-type]
