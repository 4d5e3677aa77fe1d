"""The confusion matrix as a picture: actual down, predicted across, both written on it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.gui.panels.results import matrix_drawing
from harstudio.gui.panels.results.matrix_drawing import AXIS, NAMES, TITLE, blend, cell_text
from harstudio.gui.theme import Theme
from harstudio.learn.judging.confusions import COUNTS, ROW_SHARES, by_confusion, shares
from harstudio.learn.judging.report import EvaluationReport

__all__ = ("MatrixView", "blend", "cell_text")

LEGIBLE, TINY = 17, 6
_MOST_CELL = 64
_TOLD_BELOW = 24
_MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class MatrixView(QWidget):
    """One report's matrix; a click on a cell, or the arrows, ask for its windows."""

    cell_chosen = Signal(str, str)  # actual, predicted
    list_asked = Signal()  # Enter: on to the cell's windows

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._report: EvaluationReport | None = None
        self._title = ""
        self._unit = COUNTS
        self._order: IntArray = np.zeros(0, np.int64)
        self._sorted = False
        self._rows_named = True
        self._least = LEGIBLE
        self._twin: MatrixView | None = None
        self._measured: tuple[tuple[str, ...], QFont, int] | None = None  # width of the names, px
        self._cell: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    # -- what is shown -------------------------------------------------------------------

    def set_report(self, report: EvaluationReport | None, title: str = "") -> None:
        """Show another report."""
        self._report, self._title, self._cell = report, title, None
        self._put_in_order()

    def pair_with(self, other: MatrixView) -> None:
        """Draw both with cells of one size, for they are to be compared."""
        self._twin, other._twin = other, self

    def name_rows(self, named: bool) -> None:
        """Write the rows' names; needless where the same rows stand to the left."""
        self._rows_named = named
        self.updateGeometry()
        self.update()

    def set_shown(self, unit: str) -> None:
        """Write counts or shares into the cells, by a unit of `learn.judging.confusions`.

        The shade is the share of the row, or of the column where those are written.
        """
        self._unit = unit
        self.update()

    def fit(self, on: bool) -> None:
        """Show all of it, as shades only if need be; else cells are large enough for numbers."""
        self._least = TINY if on else LEGIBLE
        self.updateGeometry()
        self.update()

    def sort_by_confusion(self, on: bool) -> None:
        """Put classes that are taken for each other side by side, or all in the given order."""
        self._sorted = on
        self._put_in_order()

    def _put_in_order(self) -> None:
        chosen = self.chosen
        if self._report is None:
            self._order = np.zeros(0, np.int64)
        elif self._sorted:
            # Before and after have to be in one order: that of the one that is judged now.
            self._order = by_confusion(self._report.confusion)
        else:
            self._order = np.arange(len(self._report.labels))
        self._choose_labels(chosen)
        self.updateGeometry()
        self.update()

    def order_as(self, other: MatrixView) -> None:
        """Take the classes' order from another matrix of the same classes."""
        if self._report is not None and other.labels and set(other.labels) == set(self.labels):
            place = {label: i for i, label in enumerate(self._report.labels)}
            self._order = np.array([place[label] for label in other.labels], np.int64)
            self.update()

    def _choose_labels(self, chosen: tuple[str, str] | None) -> None:
        if chosen is not None and set(chosen) <= set(self.labels):
            self._cell = (self.labels.index(chosen[0]), self.labels.index(chosen[1]))

    @property
    def report(self) -> EvaluationReport | None:
        return self._report

    @property
    def title(self) -> str:
        return self._title

    @property
    def unit(self) -> str:
        return self._unit

    @property
    def rows_named(self) -> bool:
        return self._rows_named

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in the order of the rows."""
        if self._report is None:
            return ()
        return tuple(self._report.labels[i] for i in self._order)

    @property
    def counts(self) -> IntArray:
        """(K, K) counts in the order of the rows."""
        assert self._report is not None
        ordered: IntArray = self._report.confusion[np.ix_(self._order, self._order)]
        return ordered

    @property
    def shades(self) -> FloatArray:
        """(K, K) shares by which the cells are shaded, in the order of the rows."""
        return shares(self.counts, ROW_SHARES if self._unit == COUNTS else self._unit)

    # -- the chosen cell -----------------------------------------------------------------

    @property
    def cell(self) -> tuple[int, int] | None:
        """Row and column of the chosen cell."""
        return self._cell

    @property
    def chosen(self) -> tuple[str, str] | None:
        """The labels of the chosen cell."""
        if self._cell is None or max(self._cell) >= len(self._order):
            return None
        return self.labels[self._cell[0]], self.labels[self._cell[1]]

    def choose(self, row: int, column: int) -> None:
        """Select a cell by its place."""
        if self._report is not None:
            self._cell = (row, column)
            self.update()
            self.cell_chosen.emit(self.labels[row], self.labels[column])

    def choose_labels(self, actual: str, predicted: str) -> None:
        """Select a cell by its labels."""
        self.choose(self.labels.index(actual), self.labels.index(predicted))

    def clear_choice(self) -> None:
        """No cell is selected."""
        self._cell = None
        self.update()

    # -- geometry ------------------------------------------------------------------------

    def grid(self) -> QRectF:
        """Where the cells are: square, and as large as in the matrix beside this one."""
        size = self._room()
        if self._twin is not None and self._twin.isVisibleTo(self._twin.parentWidget()):
            size = min(size, self._twin._room())
        count = max(1, len(self._order))
        return QRectF(self._left(), self._top(), size * count, size * count)

    def _room(self) -> float:
        """Side of a cell, px, that this widget's size allows."""
        slant = self._names_height() - 16  # the last column's name leans out to the right
        room = min(self.width() - self._left() - slant, self.height() - self._top() - 4)
        return min(_MOST_CELL, max(self._least, room / max(1, len(self._order))))

    def _top(self) -> int:
        return TITLE + self._names_height()

    def _left(self) -> int:
        return AXIS + (self._names_width() if self._rows_named else 0)

    def _names_width(self) -> int:
        labels, font = self.labels, self.font()
        if self._measured is None or self._measured[:2] != (labels, font):  # asked for each cell
            widths = [self.fontMetrics().horizontalAdvance(label) for label in labels]
            self._measured = labels, font, min(NAMES, max(widths, default=40)) + 8
        return self._measured[2]

    def _names_height(self) -> int:
        """Column names stand slanted above the columns."""
        return int(self._names_width() * 0.72) + 8

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a cell is drawn."""
        grid = self.grid()
        size = grid.width() / max(1, len(self._order))
        return QRectF(grid.left() + column * size, grid.top() + row * size, size, size)

    def _seen(self) -> QPointF:
        """Where the part that is in sight begins."""
        return QPointF(self.visibleRegion().boundingRect().topLeft())

    def _cell_at(self, point: QPointF) -> tuple[int, int] | None:
        grid, cells = self.grid(), self.grid().topLeft() + self._seen()
        if self._report is None or not len(self._order) or not grid.contains(point):
            return None
        if point.x() < cells.x() or point.y() < cells.y():
            return None  # the names lie over the cells that are scrolled away
        last = len(self._order) - 1
        size = grid.width() / len(self._order)
        row = min(last, int((point.y() - grid.top()) / size))
        return row, min(last, int((point.x() - grid.left()) / size))

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(380, 400)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        side = self._least * max(1, len(self._order)) + 4
        return QSize(self._left() + side + self._names_height() - 16, self._top() + side)

    # -- Qt ------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        if self._twin is not None:
            self._twin.update()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self._report is not None and len(self._order):
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            matrix_drawing.draw(painter, self, self._seen())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        cell = self._cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.choose(*cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        cell = self._cell_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if cell else Qt.CursorShape.ArrowCursor)
        if cell is not None and self.cell_rect(*cell).width() < _TOLD_BELOW:
            # The names are far away and the number may not fit: say it without waiting.
            QToolTip.showText(event.globalPosition().toPoint(), self.text_of(*cell), self)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        move = _MOVES.get(Qt.Key(event.key()))
        if self._report is None or not len(self._order):
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cell is not None:
            self.list_asked.emit()
        elif move is None:
            super().keyPressEvent(event)
        else:
            last, cell = len(self._order) - 1, self._cell
            to = (0, 0) if cell is None else (cell[0] + move[0], cell[1] + move[1])
            self.choose(min(max(0, to[0]), last), min(max(0, to[1]), last))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            own = event.key() in _MOVES or event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if own and self._cell is not None and not event.modifiers():
                event.accept()  # with a cell chosen the arrows move in the matrix
                return True
        if isinstance(event, QHelpEvent) and self._report is not None:
            cell = self._cell_at(QPointF(event.pos()))
            if cell is not None:
                QToolTip.showText(event.globalPos(), self.text_of(*cell), self)
                return True
        return super().event(event)

    def text_of(self, row: int, column: int) -> str:
        """A cell in words."""
        assert self._report is not None
        return cell_text(self._report, int(self._order[row]), int(self._order[column]))
