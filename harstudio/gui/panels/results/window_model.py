"""Windows of a report as rows of a table: any number of them, sorted by any column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QIcon

from harstudio.core.project import Project
from harstudio.core.timebase import clock_text
from harstudio.gui.panels.labels import swatch
from harstudio.gui.tables import heading
from harstudio.learn.judging.results import WindowResult

Index = QModelIndex | QPersistentModelIndex

COLUMNS = ("Clip", "From", "Actual", "Predicted", "p", "Label now", "Subject")
_TIPS = {
    "Actual": "What the run was judged by",
    "p": "Probability that the model gave its prediction",
    "Label now": "What the project says of the window's middle today",
}
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class WindowModel(QAbstractTableModel):
    """Windows and what the project says of them now."""

    def __init__(self) -> None:
        super().__init__()
        self._windows: list[WindowResult] = []
        self._project: Project | None = None
        self._icons: dict[str, QIcon] = {}

    @property
    def windows(self) -> list[WindowResult]:
        """In the order of the rows."""
        return self._windows

    def show(self, windows: Sequence[WindowResult], project: Project | None) -> None:
        """Show other windows."""
        self.beginResetModel()
        self._windows, self._project = list(windows), project
        self._icons.clear()
        self.endResetModel()

    def set_project(self, project: Project | None) -> None:
        """The same windows, of a project that has changed."""
        self._project = project
        self._icons.clear()
        if self._windows:
            last = self.index(len(self._windows) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; equals stay in time order."""
        key = self._key(COLUMNS[column]) if 0 <= column < len(COLUMNS) else None
        if key is None:
            return
        self.layoutAboutToBeChanged.emit()
        places = [self._windows[i.row()] for i in self.persistentIndexList()]
        self._windows.sort(key=lambda w: (self._name(w), w.start_s))
        self._windows.sort(key=key, reverse=order == Qt.SortOrder.DescendingOrder)
        rows = {id(w): row for row, w in enumerate(self._windows)}
        for old, window in zip(self.persistentIndexList(), places, strict=True):
            self.changePersistentIndex(old, self.index(rows[id(window)], old.column()))
        self.layoutChanged.emit()

    def _key(self, column: str) -> Callable[[WindowResult], Any]:
        return {
            "Clip": lambda w: (self._name(w).lower(), w.start_s),
            "Subject": lambda w: w.subject.lower(),
            "From": lambda w: w.start_s,
            "Actual": lambda w: w.truth,
            "Predicted": lambda w: w.prediction,
            "p": lambda w: w.probability,
            "Label now": self.label_now,
        }[column]

    def _name(self, window: WindowResult) -> str:
        clips = self._project.clips if self._project is not None else {}
        return clips[window.clip_id].name if window.clip_id in clips else window.clip_id

    def label_now(self, window: WindowResult) -> str:
        """What the project calls the window's middle today; empty where it calls it nothing."""
        if self._project is None or window.clip_id not in self._project.clips:
            return ""
        track = self._project.clip(window.clip_id).labels
        segment = track.at((window.start_s + window.end_s) / 2)
        return segment.label if segment is not None else ""

    # -- Qt ------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self._windows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        return heading(COLUMNS, _TIPS, section, orientation, role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        window, column = self._windows[index.row()], COLUMNS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(window, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_LEFT)
        if role == Qt.ItemDataRole.DecorationRole and column in ("Actual", "Predicted"):
            return self._icon(window.truth if column == "Actual" else window.prediction)
        return None

    def _text(self, window: WindowResult, column: str) -> str:
        if column == "Clip":
            return self._name(window) + (" (real)" if window.real else "")
        if column == "Label now":
            now = self.label_now(window)
            return "as actual" if now == window.truth else now or "none"
        return {
            "Subject": window.subject,
            "From": clock_text(window.start_s),
            "Actual": window.truth,
            "Predicted": window.prediction,
            "p": f"{window.probability:.2f}",
        }[column]

    def _icon(self, label: str) -> QIcon | None:
        if self._project is None:
            return None
        if label not in self._icons:
            self._icons[label] = swatch(self._project.label_set.colour(label))
        return self._icons[label]
