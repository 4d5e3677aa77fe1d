"""Confusion of two tiers as a picture: seconds by what each of them says, tiers named on it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from harstudio.core.agreement import Agreement
from harstudio.gui.panels.results.matrix import blend
from harstudio.gui.theme import Theme, small_font, text_on
from harstudio.workflows.agreement import label_word

_AXIS, _GAP, _MOST_NAME = 18, 6, 72
_LEAST_WIDTH, _MOST_WIDTH, _LEAST_HEIGHT, _MOST_HEIGHT = 40, 72, 18, 30
_MOVES = {
    Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
}  # fmt: skip


class AgreementMatrix(QWidget):
    """Rows are the reference tier, columns the other; a click on a cell chooses that pair."""

    cell_chosen = Signal(str, str)  # labels; of the reference, of the other tier

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._found: Agreement | None = None
        self._tiers = ("", "")
        self._used: list[int] = []
        self._cell: tuple[int, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self.update)

    def show_agreement(self, found: Agreement | None, tiers: tuple[str, str]) -> None:
        """Show other figures; labels that neither tier uses are left out."""
        self._found, self._tiers, self._cell = found, tiers, None
        self._used = []
        if found is not None:
            used = found.seconds.any(0) | found.seconds.any(1)
            self._used = [i for i in range(len(found.labels)) if used[i]]
        self.updateGeometry()
        self.update()

    def choose(self, row: int, column: int) -> None:
        """Select a cell by its place."""
        if self._found is not None:
            self._cell = (row, column)
            self.update()
            labels = self._found.labels
            self.cell_chosen.emit(labels[self._used[row]], labels[self._used[column]])

    # -- geometry ------------------------------------------------------------------------

    def _names_width(self) -> int:
        widths = [self.fontMetrics().horizontalAdvance(name) for name in self._names()]
        return min(_MOST_NAME, max(widths, default=40)) + _GAP

    def _names(self) -> list[str]:
        return [label_word(self._found.labels[i]) for i in self._used] if self._found else []

    def _grid(self) -> QRectF:
        count = max(1, len(self._used))
        left, top = _AXIS + self._names_width(), 2 * _AXIS
        width = min(_MOST_WIDTH, max(_LEAST_WIDTH, (self.width() - left - 2) / count))
        height = min(_MOST_HEIGHT, max(_LEAST_HEIGHT, (self.height() - top - 2) / count))
        return QRectF(left, top, width * count, height * count)

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a cell is drawn."""
        grid, count = self._grid(), max(1, len(self._used))
        width, height = grid.width() / count, grid.height() / count
        return QRectF(grid.left() + column * width, grid.top() + row * height, width, height)

    def _cell_at(self, point: QPointF) -> tuple[int, int] | None:
        grid, count = self._grid(), len(self._used)
        if not count or not grid.contains(point):
            return None
        row = int((point.y() - grid.top()) / grid.height() * count)
        column = int((point.x() - grid.left()) / grid.width() * count)
        return min(row, count - 1), min(column, count - 1)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        count = max(2, len(self._used))
        left, top = _AXIS + self._names_width(), 2 * _AXIS
        return QSize(left + count * _LEAST_WIDTH + 2, top + count * _LEAST_HEIGHT + 2)

    def sizeHint(self) -> QSize:  # noqa: N802
        return self.minimumSizeHint()

    # -- drawing -------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self._found is None or not self._used:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(self.font()))
        self._draw_axes(painter)
        seconds = self._found.seconds
        rows = seconds.sum(1)
        for row, i in enumerate(self._used):
            for column, j in enumerate(self._used):
                value = float(seconds[i, j])
                share = value / float(rows[i]) if rows[i] > 0 else 0.0
                self._draw_cell(painter, row, column, value, share)
        if self._cell is not None:
            painter.setPen(QPen(QColor(self._theme.colours.playhead), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.cell_rect(*self._cell))

    def _draw_axes(self, painter: QPainter) -> None:
        colours, grid, metrics = self._theme.colours, self._grid(), painter.fontMetrics()
        middle, elide = Qt.AlignmentFlag.AlignCenter, Qt.TextElideMode.ElideRight
        painter.setPen(QColor(colours.faint))
        across = metrics.elidedText(f"{self._tiers[1]}, s →", elide, int(grid.width()))
        painter.drawText(QRectF(grid.left(), 0, grid.width(), _AXIS), middle, across)
        painter.save()
        painter.translate(_AXIS / 2, grid.center().y())
        painter.rotate(-90)
        length = max(grid.height(), 60.0)
        down = metrics.elidedText(f"← {self._tiers[0]}", elide, int(length))
        painter.drawText(QRectF(-length / 2, -_AXIS / 2, length, _AXIS), middle, down)
        painter.restore()
        painter.setPen(QColor(colours.text))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for n, name in enumerate(self._names()):
            cell = self.cell_rect(n, n)
            place = QRectF(_AXIS, cell.top(), grid.left() - _AXIS - _GAP, cell.height())
            painter.drawText(place, right, metrics.elidedText(name, elide, int(place.width())))
            head = QRectF(cell.left(), _AXIS, cell.width(), _AXIS)
            painter.drawText(head, middle, metrics.elidedText(name, elide, int(cell.width()) - 4))

    def _draw_cell(
        self, painter: QPainter, row: int, column: int, value: float, share: float
    ) -> None:
        colours = self._theme.colours
        rect = self.cell_rect(row, column).adjusted(1, 1, -1, -1)
        fill = blend(colours.raised, colours.accent if row == column else colours.warning, share)
        painter.fillRect(rect, QColor(fill))
        painter.setPen(QColor(text_on(fill) if value else colours.faint))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, seconds_text(value))

    # -- mouse and keys ------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        cell = self._cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.choose(*cell)

    def event(self, event: QEvent) -> bool:
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if is_key and self._cell is not None and event.key() in _MOVES and not event.modifiers():
            event.accept()  # with a cell chosen the arrows move in the matrix
            return True
        if isinstance(event, QHelpEvent):
            cell = self._cell_at(QPointF(event.pos()))
            if cell is not None:
                QToolTip.showText(event.globalPos(), self.cell_text(*cell), self)
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None or not self._used:
            super().keyPressEvent(event)
            return
        last = len(self._used) - 1
        cell = self._cell or (0, 0)
        self.choose(*(min(max(0, at + by), last) for at, by in zip(cell, move, strict=True)))

    def cell_text(self, row: int, column: int) -> str:
        """A cell in words."""
        assert self._found is not None
        i, j = self._used[row], self._used[column]
        seconds, labels = self._found.seconds, self._found.labels
        total = float(seconds[i].sum())
        share = float(seconds[i, j]) / total if total > 0 else 0.0
        return (
            f"{seconds[i, j]:.2f} of {total:.2f} s ({share:.1%}) that {self._tiers[0]} calls "
            f"{label_word(labels[i])}, {self._tiers[1]} calls {label_word(labels[j])}"
        )


def seconds_text(seconds: float) -> str:
    """Seconds in at most five characters; a dot for none."""
    if not seconds:
        return "·"
    decimals = 2 if seconds < 99.995 else 1 if seconds < 999.95 else 0
    return f"{seconds:.{decimals}f}"
