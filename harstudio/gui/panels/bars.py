"""How much there is to learn from: one bar per label."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from harstudio.gui.theme import Theme, small_font

_ROW = 18
_NAME = 112


class LabelBars(QWidget):
    """Labelled seconds per label in the labels' colours."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bars: list[tuple[str, float, str]] = []
        theme.changed.connect(self.update)

    def set_bars(self, bars: list[tuple[str, float, str]]) -> None:
        """Show (label, seconds, colour) rows."""
        self._bars = bars
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(240, _ROW * max(1, len(self._bars)) + 4)

    minimumSizeHint = sizeHint  # noqa: N815

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setFont(small_font(self.font()))
        colours = self._theme.colours
        if not self._bars:
            painter.setPen(QColor(colours.faint))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, "No labelled clips yet.")
            return
        most = max(seconds for _, seconds, _ in self._bars)
        room = self.width() - _NAME - 64
        middle = Qt.AlignmentFlag.AlignVCenter
        for i, (name, seconds, colour) in enumerate(self._bars):
            top = i * _ROW + 2
            painter.setPen(QColor(colours.text))
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _NAME - 8)
            painter.drawText(QRectF(0, top, _NAME - 8, _ROW), middle, text)
            width = room * seconds / most if most else 0.0
            painter.fillRect(QRectF(_NAME, top + 4, max(1.0, width), _ROW - 8), QColor(colour))
            painter.setPen(QColor(colours.faint))
            place = QRectF(_NAME + width + 6, top, 64, _ROW)
            painter.drawText(place, middle, f"{seconds:,.0f} s")
