"""The segment table's model: rows are segments of one tier, each cell may be edited in place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QIcon

from harstudio.core.label_set import LabelSet
from harstudio.core.labels import LabelTrack, Segment
from harstudio.gui.panels.labels import swatch
from harstudio.gui.panels.segments.rows import (
    COLUMNS,
    NUMBERS,
    TITLES,
    SegmentQuery,
    cell_text,
    edit_text,
    shown,
)

Index = QModelIndex | QPersistentModelIndex

_TIPS = {
    "confidence": "How sure the label is, 0 to 1",
    "soft": "The boundary lies within so many seconds either side: start / end",
}


class SegmentModel(QAbstractTableModel):
    """Segments that the query accepts, sorted."""

    cell_edited = Signal(object, str, str)  # Segment, column, text

    def __init__(self) -> None:
        super().__init__()
        self._track = LabelTrack()
        self._labels = LabelSet()
        self._rows: list[int] = []
        self._place: dict[int, int] = {}
        self._query = SegmentQuery()
        self._sort = ("start", False)
        self._editable = False
        self._icons: dict[str, QIcon] = {}

    @property
    def track(self) -> LabelTrack:
        return self._track

    @property
    def query(self) -> SegmentQuery:
        return self._query

    @property
    def labels(self) -> LabelSet:
        return self._labels

    def segment(self, row: int) -> Segment:
        return self._track.segments[self._rows[row]]

    def indexes(self, rows: Iterable[int]) -> list[int]:
        """Places in the track of some rows, in the order of time."""
        return sorted(self._rows[row] for row in rows)

    def row_of(self, index: int | None) -> int:
        """Row of a segment by its place in the track; -1 where the filter hides it."""
        return -1 if index is None else self._place.get(index, -1)

    @property
    def segments(self) -> list[Segment]:
        """The segments that are shown, row by row."""
        return [self._track.segments[i] for i in self._rows]

    def show(self, track: LabelTrack, labels: LabelSet, editable: bool) -> None:
        """Show another state of a tier, or another tier."""
        if labels is not self._labels:
            self._icons.clear()
        rows = shown(track, self._query, *self._sort)
        if len(track) == len(self._track) and rows == self._rows:
            self._track, self._labels, self._editable = track, labels, editable
            last = self.index(len(rows) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self._track, self._labels, self._editable = track, labels, editable
        self._put(rows)
        self.endResetModel()

    def set_query(self, query: SegmentQuery) -> None:
        """Show other segments."""
        if query != self._query:
            self._query = query
            self._reset(shown(self._track, query, *self._sort))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        name = COLUMNS[column] if 0 <= column < len(COLUMNS) else "start"
        self._sort = (name, order == Qt.SortOrder.DescendingOrder)
        self._reset(shown(self._track, self._query, *self._sort))

    def _reset(self, rows: list[int]) -> None:
        self.beginResetModel()
        self._put(rows)
        self.endResetModel()

    def _put(self, rows: list[int]) -> None:
        self._rows = rows
        self._place = {index: row for row, index in enumerate(rows)}

    # -- Qt ------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        name = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[name]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS.get(name)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if self._editable else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self._rows):
            return None
        segment, column = self.segment(index.row()), COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell_text(segment, column)
        if role == Qt.ItemDataRole.EditRole:
            return edit_text(segment, column)
        if role == Qt.ItemDataRole.DecorationRole and column == "label":
            return self._icon(segment.label)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in NUMBERS:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole and column in ("label", "author", "note"):
            return cell_text(segment, column) or None
        return None

    def setData(  # noqa: N802
        self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        if role != Qt.ItemDataRole.EditRole or not self._editable or not index.isValid():
            return False
        text, column, segment = str(value), COLUMNS[index.column()], self.segment(index.row())
        if text.strip() == edit_text(segment, column):
            return False
        self.cell_edited.emit(segment, column, text)
        return True

    def _icon(self, label: str) -> QIcon:
        colour = self._labels.colour(label)
        if colour not in self._icons:
            self._icons[colour] = swatch(colour)
        return self._icons[colour]
