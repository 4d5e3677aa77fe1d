"""How a confusion matrix is painted, at any size of its cells."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from harstudio.gui.theme import Colours, small_font, text_on
from harstudio.learn.judging.confusions import COUNTS
from harstudio.learn.judging.report import EvaluationReport

if TYPE_CHECKING:
    from harstudio.gui.panels.results.matrix import MatrixView

TITLE, AXIS = 20, 18
NAMES = 96
_GAP = 6
_SMALL_BELOW = 20
_LEAST_LINE = 11.0
_MIDDLE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def draw(painter: QPainter, view: MatrixView, seen: QPointF) -> None:
    """Paint title, axes, names and cells.

    Parameters
    ----------
    seen : QPointF
        Where the part in sight begins: title and names stay there when the cells are scrolled.
    """
    colours, grid = view.theme.colours, view.grid()
    cells = QRectF(grid.topLeft() + seen, QSizeF(view.width(), view.height()))
    painter.save()
    painter.setClipRect(cells)
    _draw_cells(painter, view, colours, cells)
    if view.cell is not None:
        painter.setPen(QPen(QColor(colours.playhead), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(view.cell_rect(*view.cell))
    painter.restore()
    _draw_axes(painter, view, colours, seen)
    _draw_names(painter, view, colours, seen)


def _draw_axes(painter: QPainter, view: MatrixView, colours: Colours, seen: QPointF) -> None:
    """The title and, behind it on the same line, what runs across; what runs down on the left."""
    grid, metrics = view.grid(), painter.fontMetrics()
    across = "predicted →"
    width = view.width() - seen.x()
    room = width - metrics.horizontalAdvance(across) - 12
    painter.save()
    painter.translate(seen)
    title = metrics.elidedText(view.title, Qt.TextElideMode.ElideRight, int(room))
    painter.setPen(QColor(colours.text))
    painter.drawText(QRectF(0, 0, room, TITLE), _LEFT, title)
    painter.setPen(QColor(colours.faint))
    begin = max(metrics.horizontalAdvance(title) + 12.0, grid.left())
    painter.drawText(QRectF(begin, 0, width - begin, TITLE), _LEFT, across)
    in_sight = min(grid.height(), view.visibleRegion().boundingRect().height() - grid.top())
    length = max(in_sight, 64.0)
    painter.translate(AXIS / 2, grid.top() + max(0.0, in_sight) / 2)
    painter.rotate(-90)
    painter.drawText(QRectF(-length / 2, -AXIS / 2, length, AXIS), _MIDDLE, "← actual")
    painter.restore()


def _draw_names(painter: QPainter, view: MatrixView, colours: Colours, seen: QPointF) -> None:
    grid, cell = view.grid(), view.cell
    side = grid.width() / len(view.labels)
    small = side < _SMALL_BELOW
    font = small_font(view.font()) if small else QFont(view.font())
    bold = QFont(font)
    bold.setBold(True)
    every = max(1, ceil(_LEAST_LINE / side))  # names closer than their height hide each other
    painter.setPen(QColor(colours.text))
    for i, label in enumerate(view.labels):
        rect = view.cell_rect(i, i)
        if view.rows_named and rect.center().y() > grid.top() + seen.y():
            chosen = cell is not None and cell[0] == i
            if chosen or i % every == 0:
                painter.setFont(bold if chosen else font)
                left = seen.x() + AXIS
                place = QRectF(left, rect.center().y() - 10, grid.left() - AXIS - _GAP, 20)
                painter.drawText(place, _RIGHT, _short(painter, label))
        if rect.center().x() > grid.left() + seen.x():
            chosen = cell is not None and cell[1] == i
            if chosen or i % every == 0:
                painter.setFont(bold if chosen else font)
                painter.save()
                painter.translate(rect.center().x() - 4, grid.top() + seen.y() - _GAP)
                painter.rotate(-45)
                painter.drawText(QPointF(0, 4), _short(painter, label))
                painter.restore()


def _short(painter: QPainter, label: str) -> str:
    return painter.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, NAMES)


def _draw_cells(painter: QPainter, view: MatrixView, colours: Colours, seen: QRectF) -> None:
    counts, shades = view.counts, view.shades
    side = view.grid().width() / len(view.labels)
    gap = 1.0 if side >= _SMALL_BELOW else 0.5
    font = small_font(view.font())
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    for row in range(len(view.labels)):
        for column in range(len(view.labels)):
            rect = view.cell_rect(row, column)
            if not rect.intersects(seen):
                continue
            count, share = int(counts[row, column]), float(shades[row, column])
            fill = blend(colours.raised, colours.accent, share)
            rect = rect.adjusted(gap, gap, -gap, -gap)
            painter.fillRect(rect, QColor(fill))
            if count == 0:
                painter.setPen(QColor(colours.line))
                painter.drawText(rect, _MIDDLE, "·")
                continue
            text = written(count, share, view.unit, metrics, rect.width())
            if text:
                painter.setPen(QColor(text_on(fill)))
                painter.drawText(rect, _MIDDLE, text)


def written(count: int, share: float, unit: str, metrics: QFontMetricsF, width: float) -> str:
    """What a cell says: as much as there is room for, down to nothing."""
    percent = f"{100 * share:.0f}"
    texts = (f"{count:,}", f"{count}") if unit == COUNTS else (f"{percent}%", percent)
    return next((text for text in texts if metrics.horizontalAdvance(text) <= width), "")


def cell_text(report: EvaluationReport, actual: int, predicted: int) -> str:
    """A cell in words, by the places of its classes in the report."""
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
