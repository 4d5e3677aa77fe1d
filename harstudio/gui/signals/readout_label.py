"""The line of figures above the plots, and the line of cursors below it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from harstudio.gui.layout import GRID
from harstudio.gui.signals.readouts import Readout, cursor_figures
from harstudio.gui.theme import Colours

_MOST_LINES = 3
_SLACK = 4 * GRID
"""What breaking a line between figures may waste, px."""


class ReadoutLabel(QLabel):
    """As high as it has had to be: plots must not jump when a figure gets a digit more or less."""

    def __init__(self, colours: Colours, parent: QWidget | None = None) -> None:
        super().__init__(parent, wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self._colours = colours
        self._figures, self._cursors = Readout(), Readout()
        self._lines = 1
        self.setContentsMargins(GRID, 0, GRID, 0)
        self.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_figures(self, figures: Readout) -> None:
        """How well the signals agree."""
        self._figures = figures
        self._write()
        self.show()

    def show_cursors(self, cursors: Mapping[str, float]) -> None:
        """Where cursors ``A`` and ``B`` are, s; no line for none."""
        places = cursor_figures(cursors.get("A"), cursors.get("B"))
        self._cursors = places if cursors else Readout()
        self._write()

    def put_away(self) -> None:
        """There is nothing to tell; forget how high it has been."""
        self._figures, self._lines = Readout(), 1
        self.hide()

    def recolour(self, colours: Colours) -> None:
        """Repaint in a theme's colours."""
        self._colours = colours
        self._write()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lines = 1
            self._write()

    def _write(self) -> None:
        colours, metrics = self._colours, QFontMetrics(self.font())
        room = max(2 * _SLACK, self.width() - 2 * GRID)
        length = metrics.horizontalAdvance(self._figures.text)
        needed = 1 if length <= room else -(-length // (room - _SLACK))
        self._lines = lines = max(self._lines, min(needed, _MOST_LINES))
        html = self._figures.html(colours.faint, colours.text)
        if self._cursors.figures:
            html += "<br>" + self._cursors.html(colours.faint, colours.text)
            lines += 1
        self.setText(html)
        self.setToolTip(self._figures.details)
        self.setFixedHeight(lines * metrics.lineSpacing() + 2)
