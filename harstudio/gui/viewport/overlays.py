"""Words over and instead of the picture: the label's chip, and what an empty view says."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from harstudio.gui.theme import Colours, text_on

_MARGIN = 8


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
