"""Precision, recall, F1, AUC and support of each class, sorted by any of them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from harstudio.core.label_set import LabelSet
from harstudio.gui.panels.labels import swatch
from harstudio.gui.tables import dress
from harstudio.gui.theme import Theme
from harstudio.learn.judging.results import ClassScore

COLUMNS = ("Class", "Precision", "Recall", "F1", "AUC", "Windows", "Predicted")
_TIPS = (
    "A click lists the class's mistakes",
    "Share of the windows called so that are so",
    "Share of its windows that are found",
    "Harmonic mean of precision and recall",
    "Area under the ROC curve, this class against the rest; – where it is not defined",
    "Windows that are of this class (support)",
    "Windows that the model called so",
)
_WIDTHS = (66, 52, 48, 48, 64, 66)
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Number(QTableWidgetItem):
    """A cell that sorts by its number; one without comes last."""

    def __init__(self, value: float | None, text: str) -> None:
        super().__init__(text)
        self.value = value
        self.setTextAlignment(_RIGHT)

    def __lt__(self, other: QTableWidgetItem) -> bool:
        own = -1.0 if self.value is None else self.value
        theirs = other.value if isinstance(other, _Number) and other.value is not None else -1.0
        return own < theirs


class ClassTable(QTableWidget):
    """One row per class."""

    class_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self._theme = theme
        dress(self)
        self.setHorizontalHeaderLabels(list(COLUMNS))
        for column, tip in enumerate(_TIPS):
            item = self.horizontalHeaderItem(column)
            item.setToolTip(tip)
            item.setTextAlignment(_RIGHT if column else _LEFT)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.horizontalHeader()
        for column, width in enumerate(_WIDTHS, 1):
            header.resizeSection(column, width)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.currentCellChanged.connect(lambda row, *_rest: self._on_row(row))

    def show_scores(self, scores: tuple[ClassScore, ...], labels: LabelSet | None) -> None:
        """Show other classes, in the given order until a header is clicked."""
        self.blockSignals(True)
        self.setSortingEnabled(False)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setRowCount(len(scores))
        for row, score in enumerate(scores):
            name = QTableWidgetItem(score.label)
            if labels is not None:
                name.setIcon(swatch(labels.colour(score.label)))
            self.setItem(row, 0, name)
            shares = (score.precision, score.recall, score.f1, score.auc)
            for column, share in enumerate(shares, 1):
                self.setItem(row, column, _Number(share, "–" if share is None else f"{share:.3f}"))
            for column, count in enumerate((score.support, score.predicted), 5):
                self.setItem(row, column, _Number(count, f"{count:,}"))
            if not score.support:
                for column in range(len(COLUMNS)):
                    self.item(row, column).setForeground(QBrush(QColor(self._theme.colours.faint)))
        self.setSortingEnabled(True)
        self.setCurrentCell(-1, -1)
        self.blockSignals(False)

    def _on_row(self, row: int) -> None:
        item = self.item(row, 0)
        if item is not None:
            self.class_chosen.emit(item.text())
