"""The table's model: rows are clip ids, cells are read from the project."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from harstudio.core.changed_clips import changed_ids
from harstudio.core.project import Clip, Project
from harstudio.gui.library.filtering import SORT_KEYS, Query, found

COLUMNS = ("status", "name", "subject", "labels", "duration")
TITLES = {
    "status": "",
    "name": "Clip",
    "subject": "Subject",
    "labels": "Labels",
    "duration": "Length",
}
CLIP_ROLE = Qt.ItemDataRole.UserRole

_FEW = 64
"""So many changed rows are brought up to date one by one."""

Index = QModelIndex | QPersistentModelIndex


class ClipTableModel(QAbstractTableModel):
    """Clips that the query accepts, sorted."""

    def __init__(self) -> None:
        super().__init__()
        self._project: Project | None = None
        self._ids: list[str] = []
        self._query = Query()
        self._sort = ("", False)

    @property
    def ids(self) -> list[str]:
        return self._ids

    @property
    def query(self) -> Query:
        return self._query

    def clip(self, row: int) -> Clip | None:
        if self._project is None or not 0 <= row < len(self._ids):
            return None
        return self._project.clips.get(self._ids[row])

    def row_of(self, clip_id: str | None) -> int:
        """Row of a clip; -1 if the table does not show it."""
        return self._ids.index(clip_id) if clip_id in self._ids else -1

    def set_project(self, project: Project | None) -> None:
        """Show another state of the project; unchanged rows are not repainted."""
        before, self._project = self._project, project
        if before is None or project is None or not self._took_over(before, project):
            self._refresh(before)

    def _took_over(self, before: Project, after: Project) -> bool:
        """Whether the table has the same rows as before; those that changed are repainted then."""
        old, new = before.clips, after.clips
        if list(old) != list(new):
            return False
        ids = changed_ids(old, new)
        if len(ids) > _FEW or any(self._place(old[i]) != self._place(new[i]) for i in ids):
            return False
        for row in (self.row_of(i) for i in ids):
            if row >= 0:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))
        return True

    def _place(self, clip: Clip) -> tuple[object, ...]:
        """What tells whether, and where, a clip stands in the table."""
        name, _ = self._sort
        return self._query.accepts(clip), SORT_KEYS[name](clip) if name else ()

    def set_query(self, query: Query) -> None:
        """Show other clips."""
        if query != self._query:
            self._query = query
            self._refresh(None)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 for the order in which the clips were added."""
        name = COLUMNS[column] if 0 <= column < len(COLUMNS) else ""
        self._sort = (name, order == Qt.SortOrder.DescendingOrder)
        self._refresh(None)

    def _refresh(self, before: Project | None) -> None:
        clips = self._project.clips if self._project is not None else {}
        ids = found(clips.values(), self._query, *self._sort)
        if before is None or ids != self._ids:
            self.beginResetModel()
            self._ids = ids
            self.endResetModel()
            return
        for row, clip_id in enumerate(ids):
            if before.clips.get(clip_id) is not clips[clip_id]:
                last = self.index(row, len(COLUMNS) - 1)
                self.dataChanged.emit(self.index(row, 0), last)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[COLUMNS[section]]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        clip = self.clip(index.row())
        if clip is None:
            return None
        column = COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(clip, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(clip, column)
        if role == CLIP_ROLE:
            return clip
        if role == Qt.ItemDataRole.TextAlignmentRole and column == "duration":
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


def _text(clip: Clip, column: str) -> str:
    return {
        "status": "",
        "name": clip.name,
        "subject": clip.subject or "–",
        "labels": ", ".join(clip.labels.labels) or "–",
        "duration": length_text(clip.duration_s),
    }[column]


def length_text(duration_s: float) -> str:
    """``2:21``, or ``1:02:21`` from an hour on; short clips to a tenth (``4.2 s``)."""
    if duration_s < 10:
        return f"{duration_s:.1f} s"
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _tip(clip: Clip, column: str) -> str:
    if clip.problem:
        return f"Problem: {clip.problem}"
    if column == "status":
        extra = ", with a recording" if clip.recordings else ""
        return f"{clip.status}{extra}"
    if column == "labels":
        seconds = clip.labels.seconds_by_label()
        return "\n".join(f"{label}: {s:.1f} s" for label, s in seconds.items()) or "no labels yet"
    source = clip.motion or clip.recordings[0].source
    parts = [f"{clip.rate_hz:.4g} Hz", clip.dataset, source.path]
    return " · ".join(part for part in parts if part)
