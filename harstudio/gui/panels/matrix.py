"""The confusion matrix as a picture: actual down, predicted across, both written on it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from harstudio.gui.theme import Colours, Theme, small_font, text_on
from harstudio.learn.report import EvaluationReport

COUNTS, ROW_SHARES = "counts", "row %"
_TITLE, _AXIS = 20, 18
_NAMES = 88
_LEAST_CELL, _MOST_CELL = 26, 64


class MatrixView(QWidget):
    """One report's matrix; a click on a cell asks for its windows."""

    cell_chosen = Signal(str, str)  # actual, predicted

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._report: EvaluationReport | None = None
        self._title = ""
        self._show = COUNTS
        self._rows_named = True
        self._twin: MatrixView | None = None
        self._cell: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)

    def set_report(self, report: EvaluationReport | None, title: str = "") -> None:
        """Show another report."""
        self._report, self._title, self._cell = report, title, None
        self.updateGeometry()
        self.update()

    def pair_with(self, other: MatrixView) -> None:
        """Draw both with cells of one size, for they are to be compared."""
        self._twin, other._twin = other, self

    def name_rows(self, named: bool) -> None:
        """Write the rows' names; needless where the same rows stand to the left."""
        self._rows_named = named
        self.updateGeometry()
        self.update()

    def set_shown(self, what: str) -> None:
        """Write `COUNTS` or `ROW_SHARES` into the cells; the shade is always the row's share."""
        self._show = what
        self.update()

    def choose(self, actual: int, predicted: int) -> None:
        """Select a cell by its place."""
        if self._report is not None:
            self._cell = (actual, predicted)
            self.update()
            labels = self._report.labels
            self.cell_chosen.emit(labels[actual], labels[predicted])

    @property
    def report(self) -> EvaluationReport | None:
        return self._report

    def clear_choice(self) -> None:
        """No cell is selected."""
        self._cell = None
        self.update()

    @property
    def cell(self) -> tuple[int, int] | None:
        return self._cell

    # -- geometry ------------------------------------------------------------------------

    def _grid(self) -> QRectF:
        """Where the cells are: square, and as large as in the matrix beside this one."""
        count = len(self._report.labels) if self._report is not None else 1
        size = self._room()
        if self._twin is not None and self._twin.isVisibleTo(self._twin.parentWidget()):
            size = min(size, self._twin._room())
        return QRectF(self._left(), self._top(), size * count, size * count)

    def _room(self) -> float:
        """Side of a cell, px, that this widget's size allows."""
        count = len(self._report.labels) if self._report is not None else 1
        slant = self._names_height() - 16  # the last column's name leans out to the right
        room = min(self.width() - self._left() - slant, self.height() - self._top() - 8)
        return min(_MOST_CELL, max(_LEAST_CELL, room / count))

    def _top(self) -> int:
        return _TITLE + _AXIS + self._names_height()

    def _left(self) -> int:
        return _AXIS + (self._names_width() if self._rows_named else 0)

    def _names_width(self) -> int:
        labels = self._report.labels if self._report is not None else ()
        widths = [self.fontMetrics().horizontalAdvance(label) for label in labels]
        return min(_NAMES, max(widths, default=40)) + 8

    def _names_height(self) -> int:
        """Column names stand slanted above the columns."""
        return int(self._names_width() * 0.72) + 8

    def cell_rect(self, actual: int, predicted: int) -> QRectF:
        """Where a cell is drawn."""
        grid = self._grid()
        count = len(self._report.labels) if self._report is not None else 1
        size = grid.width() / count
        return QRectF(grid.left() + predicted * size, grid.top() + actual * size, size, size)

    def _cell_at(self, point: QPointF) -> tuple[int, int] | None:
        grid = self._grid()
        if self._report is None or not grid.contains(point):
            return None
        count = len(self._report.labels)
        size = grid.width() / count
        row = min(count - 1, int((point.y() - grid.top()) / size))
        return row, min(count - 1, int((point.x() - grid.left()) / size))

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(380, 400)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        count = len(self._report.labels) if self._report is not None else 5
        side = _LEAST_CELL * count + 8
        slant = self._names_height() - 24
        return QSize(self._left() + side + slant, _TITLE + _AXIS + self._names_height() + side)

    # -- drawing -------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        if self._twin is not None:
            self._twin.update()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self._theme.colours
        if self._report is None:
            return
        painter.setPen(QColor(colours.text))
        title = QRectF(0, 0, self.width(), _TITLE)
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                         self._title)  # fmt: skip
        self._draw_axes(painter, colours)
        shares = self._report.row_shares()
        painter.setFont(small_font(self.font()))
        for row in range(len(self._report.labels)):
            for column in range(len(self._report.labels)):
                share, count = float(shares[row, column]), int(self._report.confusion[row, column])
                self._draw_cell(painter, colours, (row, column), share, count)
        self._draw_choice(painter, colours)

    def _draw_axes(self, painter: QPainter, colours: Colours) -> None:
        assert self._report is not None
        grid = self._grid()
        painter.setPen(QColor(colours.faint))
        middle = Qt.AlignmentFlag.AlignCenter
        painter.drawText(QRectF(grid.left(), _TITLE, grid.width(), _AXIS), middle, "predicted →")
        painter.save()
        painter.translate(_AXIS / 2, grid.center().y())
        painter.rotate(-90)
        painter.drawText(
            QRectF(-grid.height() / 2, -_AXIS / 2, grid.height(), _AXIS), middle, "← actual"
        )
        painter.restore()
        painter.setPen(QColor(colours.text))
        for i, label in enumerate(self._report.labels):
            text = self.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, _NAMES)
            cell = self.cell_rect(i, i)
            place = QRectF(_AXIS, cell.top(), grid.left() - _AXIS - 6, cell.height())
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            if self._rows_named:
                painter.drawText(place, right, text)
            painter.save()
            painter.translate(cell.center().x() - 4, grid.top() - 6)
            painter.rotate(-45)
            painter.drawText(QPointF(0, 4), text)
            painter.restore()

    def _draw_cell(
        self,
        painter: QPainter,
        colours: Colours,
        place: tuple[int, int],
        share: float,
        count: int,
    ) -> None:
        rect = self.cell_rect(*place).adjusted(1, 1, -1, -1)
        fill = blend(colours.raised, colours.accent, share)
        painter.fillRect(rect, QColor(fill))
        if count == 0:
            painter.setPen(QColor(colours.faint))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, "·")
            return
        painter.setPen(QColor(text_on(fill)))
        text = f"{count:,}" if self._show == COUNTS else f"{100 * share:.0f}%"
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_choice(self, painter: QPainter, colours: Colours) -> None:
        if self._cell is not None:
            painter.setPen(QPen(QColor(colours.playhead), 2))
            painter.drawRect(self.cell_rect(*self._cell))

    # -- mouse and keys ------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        cell = self._cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.choose(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None or self._cell is None or self._report is None:
            super().keyPressEvent(event)
            return
        last = len(self._report.labels) - 1
        row, column = (min(max(0, p + m), last) for p, m in zip(self._cell, move, strict=True))
        self.choose(row, column)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent) and self._report is not None:
            cell = self._cell_at(QPointF(event.pos()))
            if cell is not None:
                QToolTip.showText(event.globalPos(), cell_text(self._report, *cell), self)
                return True
        return super().event(event)  # type: ignore[arg-type]


def cell_text(report: EvaluationReport, actual: int, predicted: int) -> str:
    """A cell in words."""
    count = int(report.confusion[actual, predicted])
    share = 100 * float(report.row_shares()[actual, predicted])
    total = int(report.confusion[actual].sum())
    return (
        f"{count:,} of {total:,} {report.labels[actual]} windows ({share:.1f} %) "
        f"predicted as {report.labels[predicted]}"
    )


def blend(low: str, high: str, share: float) -> str:
    """A colour between two."""
    pairs = zip(QColor(low).getRgb()[:3], QColor(high).getRgb()[:3], strict=True)
    mixed = [round(a + (b - a) * min(max(share, 0.0), 1.0)) for a, b in pairs]
    return QColor(*mixed).name()
