"""Words over and instead of the picture: chips, the legend, and what an empty view says."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from harstudio.gui.theme import Colours, small_font, text_on

_MARGIN = 8
_PAD_PX, _GAP_PX, _SWATCH_PX = 8, 6, 14


class Message(QWidget):
    """A title and a line or two of help, in the middle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title, self.help = QLabel(self), QLabel(self)
        font = self.title.font()
        font.setPointSizeF(font.pointSizeF() * 1.2)
        self.title.setFont(font)
        self.help.setProperty("faint", True)
        self.help.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 32, 32, 32)
        column.setSpacing(8)
        column.addStretch(1)
        for label in (self.title, self.help):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            column.addWidget(label)
        column.addStretch(1)

    def say(self, title: str, help_text: str) -> None:
        """Show these words."""
        self.title.setText(title)
        self.help.setText(help_text)

    def set_colours(self, c: Colours) -> None:
        """Repaint in a theme's colours."""
        self.setStyleSheet(
            f"Message {{ background: {c.sky}; }} QLabel {{ color: {c.text}; }}"
            f" QLabel[faint='true'] {{ color: {c.faint}; }}"
        )


class Chip(QLabel):
    """A few words in a corner of the picture; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.move(_MARGIN, _MARGIN)
        self.hide()

    def say(self, text: str, background: str) -> None:
        """Show a text on a colour; an empty text hides the chip. Nothing is repainted in vain."""
        style = (
            f"background: {background}; color: {text_on(background)};"
            " border-radius: 4px; padding: 3px 8px;"
        )
        if style != self.styleSheet():
            self.setStyleSheet(style)
        if text != self.text():
            self.setText(text)
        self.adjustSize()
        self.setVisible(bool(text))
        self.raise_()

    def to_the_right(self) -> None:
        """Move to the other upper corner of the parent."""
        parent = self.parentWidget()
        if parent is not None:
            self.move(parent.width() - self.width() - _MARGIN, _MARGIN)

    def to_the_bottom(self) -> None:
        """Move to the lower left corner of the parent."""
        parent = self.parentWidget()
        if parent is not None:
            self.move(_MARGIN, parent.height() - self.height() - _MARGIN)


@dataclass(frozen=True)
class Line:
    """A line of the legend: words, and before them a bar of so many pixels in a colour."""

    text: str
    colour: str = ""
    bar_px: float = 0.0


class Legend(QWidget):
    """What is shown beside the body, in words; the mouse goes through it."""

    def __init__(self, colours: Colours, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFont(small_font(self.font()))
        self._colours = colours
        self._lines: tuple[Line, ...] = ()
        self.hide()

    @property
    def text(self) -> str:
        """All lines as words."""
        return "\n".join(line.text for line in self._lines)

    def set_colours(self, colours: Colours) -> None:
        """Repaint in a theme's colours."""
        self._colours = colours
        self.update()

    def say(self, lines: tuple[Line, ...]) -> None:
        """Show these lines; none hides the legend. Nothing is repainted in vain."""
        if lines != self._lines:
            self._lines = lines
            width, height = self._size()
            self.resize(width, height)
            self.update()
        self.setVisible(bool(lines))

    def put_below(self, chip: QWidget) -> None:
        """Move below a chip in the upper left corner, or there if that is hidden."""
        self.move(_MARGIN, _MARGIN + (chip.height() + _MARGIN // 2) * chip.isVisible())
        self.raise_()

    def _bar(self, line: Line) -> int:
        return round(max(line.bar_px, _SWATCH_PX)) + _GAP_PX if line.colour else 0

    def _size(self) -> tuple[int, int]:
        metrics = self.fontMetrics()
        widths = [metrics.horizontalAdvance(line.text) + self._bar(line) for line in self._lines]
        height = len(self._lines) * metrics.lineSpacing()
        return max(widths, default=0) + 2 * _PAD_PX, height + _PAD_PX

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        back = QColor(self._colours.sky)
        back.setAlpha(170)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(back)
        painter.drawRoundedRect(self.rect(), 4, 4)
        metrics, top = self.fontMetrics(), _PAD_PX // 2
        for line in self._lines:
            left, middle = _PAD_PX, top + metrics.lineSpacing() / 2.0
            if line.colour:
                painter.setPen(QPen(QColor(line.colour), 2.0))
                end = left + max(line.bar_px, _SWATCH_PX)
                painter.drawLine(QPointF(left, middle), QPointF(end, middle))
                if line.bar_px:  # a scale has ends
                    for x in (left, end):
                        painter.drawLine(QPointF(x, middle - 3.0), QPointF(x, middle + 3.0))
            painter.setPen(QColor(self._colours.text))
            painter.drawText(left + self._bar(line), top + metrics.ascent(), line.text)
            top += metrics.lineSpacing()
        painter.end()
