"""The matrix with its choices: counts or shares, order, the largest mistakes; before and after."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from harstudio.gui.panels.results.matrix import MatrixView
from harstudio.gui.panels.results.text import part_of
from harstudio.gui.theme import Theme
from harstudio.learn.judging.confusions import COLUMN_SHARES, COUNTS, ROW_SHARES, most_confused
from harstudio.learn.judging.report import EvaluationReport

_UNITS = (
    (COUNTS, "counts", "How many windows"),
    (ROW_SHARES, "row %", "Shares of each actual class: recall on the diagonal"),
    (COLUMN_SHARES, "column %", "Shares of each predicted class: precision on the diagonal"),
)
_MISTAKES = 12
_FEW = 8


class MatrixPage(QWidget):
    """One matrix, or two of the same windows."""

    cell_chosen = Signal(object, str, str)  # EvaluationReport, actual, predicted
    list_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix, self.matrix_before = MatrixView(theme), MatrixView(theme)
        self.matrix.pair_with(self.matrix_before)
        self.unit = QComboBox()
        for unit, text, tip in _UNITS:
            self.unit.addItem(text, unit)
            self.unit.setItemData(self.unit.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.unit.setToolTip("What the cells say; the shade is the share of the row or column")
        self.sorted = QCheckBox("by confusion")
        self.sorted.setToolTip(
            "Put classes that are taken for each other side by side; else in the given order"
        )
        self.fit = QCheckBox("fit")
        self.fit.setToolTip("Show the whole matrix, in shades where numbers have no room")
        self.mistakes = QComboBox(toolTip="The largest mistakes; choosing one goes to its cell")
        self.mistakes.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.mistakes.setMinimumContentsLength(8)
        self._lay_out()
        self.unit.currentIndexChanged.connect(lambda _i: self._on_unit())
        self.sorted.toggled.connect(self._on_sorted)
        self.fit.toggled.connect(self._on_fit)
        for bar in (self._scroll.verticalScrollBar(), self._scroll.horizontalScrollBar()):
            bar.valueChanged.connect(lambda _v: self._repaint())  # the names stay in sight
        self.mistakes.activated.connect(self._on_mistake)
        for view in (self.matrix, self.matrix_before):
            view.cell_chosen.connect(lambda a, p, view=view: self._on_cell(view, a, p))
            view.list_asked.connect(self.list_asked)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.unit)
        top.addWidget(self.sorted)
        top.addWidget(self.fit)
        top.addWidget(self.mistakes, 1)
        matrices = QHBoxLayout()
        matrices.setSpacing(8)
        matrices.setContentsMargins(0, 0, 0, 0)
        matrices.addWidget(self.matrix_before, 1)
        matrices.addWidget(self.matrix, 1)
        inner = QWidget()
        inner.setLayout(matrices)
        self._scroll = QScrollArea(widgetResizable=True)  # 27 classes need more than a dock has
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self._scroll, 1)

    def show_reports(self, report: EvaluationReport, before: EvaluationReport | None) -> None:
        """Show a report, and its parent's on the same windows where there is one."""
        where = f"{part_of(report)} · {report.total:,} windows"
        kind = report.split_kind.replace("_", " ")
        after = f"After · {report.total:,} windows"
        self.matrix.set_report(report, where if before is None else after)
        self.matrix_before.set_report(before, f"Before · {kind}")
        self.matrix.name_rows(before is None)
        self.matrix_before.setVisible(before is not None)
        self.matrix_before.order_as(self.matrix)
        self.fit.setVisible(len(report.labels) > _FEW)
        self._fill_mistakes(report)

    def _fill_mistakes(self, report: EvaluationReport) -> None:
        with QSignalBlocker(self.mistakes):
            self.mistakes.clear()
            found = most_confused(report.confusion, report.labels, _MISTAKES)
            self.mistakes.addItem("Largest mistakes …" if found else "No mistakes")
            for actual, predicted, count, share in found:
                text = f"{actual} → {predicted}: {count:,} ({share:.0%})"
                self.mistakes.addItem(text, (actual, predicted))
            self.mistakes.setEnabled(bool(found))

    def _on_unit(self) -> None:
        for view in (self.matrix, self.matrix_before):
            view.set_shown(self.unit.currentData())

    def _on_sorted(self, on: bool) -> None:
        self.matrix.sort_by_confusion(on)
        self.matrix_before.sort_by_confusion(on)
        self.matrix_before.order_as(self.matrix)

    def _on_fit(self, on: bool) -> None:
        for view in (self.matrix, self.matrix_before):
            view.fit(on)

    def _repaint(self) -> None:
        for view in (self.matrix, self.matrix_before):
            view.update()

    def _on_mistake(self, index: int) -> None:
        chosen = self.mistakes.itemData(index)
        if chosen is not None:
            self.matrix.choose_labels(*chosen)

    def _on_cell(self, view: MatrixView, actual: str, predicted: str) -> None:
        other = self.matrix if view is self.matrix_before else self.matrix_before
        other.clear_choice()
        cell = view.cell
        if view.report is not None and cell is not None:
            self._bring_into_sight(view, *cell)
            self.cell_chosen.emit(view.report, actual, predicted)

    def _bring_into_sight(self, view: MatrixView, row: int, column: int) -> None:
        """Scroll to a cell, and out from under the names that lie over the cells before it."""
        rect, grid = view.cell_rect(row, column), view.grid()
        at = view.mapTo(self._scroll.widget(), rect.topLeft())
        port = self._scroll.viewport()
        size = rect.width()
        for bar, start, names, room in (
            (self._scroll.horizontalScrollBar(), at.x(), grid.left(), port.width()),
            (self._scroll.verticalScrollBar(), at.y(), grid.top(), port.height()),
        ):
            least = max(bar.value(), start + size - room)
            bar.setValue(int(min(least, start - names)))
