"""The journal as a table that reads on as it is scrolled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from harstudio.core.project import Project
from harstudio.store.journal import JournalEntry

PAGE = 300
TITLES = ("When", "Who", "What", "Clip")
WHEN, WHO, WHAT, CLIP = range(4)

Index = QModelIndex | QPersistentModelIndex
Read = Callable[[int, int | None], list[JournalEntry]]
"""So many entries, newest first, before a number (None: from the newest on)."""


class HistoryModel(QAbstractTableModel):
    """Entries of the journal, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[JournalEntry] = []
        self._names: dict[str, str] = {}
        self._read: Read | None = None
        self._more = False

    @property
    def entries(self) -> list[JournalEntry]:
        return self._entries

    def show(self, read: Read | None) -> None:
        """Show another journal, or none, from its newest entry on."""
        self._read = read
        page = read(PAGE, None) if read is not None else []
        self.beginResetModel()
        self._entries, self._more = page, len(page) == PAGE
        self.endResetModel()

    def catch_up(self) -> None:
        """Add what was written since; rows that were read stay."""
        if self._read is None:
            return
        page = self._read(PAGE, None)
        known = self._entries[0].seq if self._entries else -1
        fresh = [entry for entry in page if entry.seq > known]
        if len(fresh) == len(page):  # nothing of what is shown is in it: too much has happened
            self.show(self._read)
        elif fresh:
            self.beginInsertRows(QModelIndex(), 0, len(fresh) - 1)
            self._entries = fresh + self._entries
            self.endInsertRows()

    def name_clips(self, project: Project | None) -> None:
        """Know clips by name, those that were removed as well."""
        clips = project.clips.values() if project is not None else ()
        self._names.update((clip.id, clip.name) for clip in clips)

    def clip_name(self, clip_id: str) -> str:
        """A clip's name, its id where it has not been seen."""
        return self._names.get(clip_id, clip_id)

    # -- Qt ------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(TITLES)

    def canFetchMore(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008, N802
        return self._more and not parent.isValid()

    def fetchMore(self, parent: Index = QModelIndex()) -> None:  # noqa: B008, N802
        if self._read is None or not self._entries:
            return
        page = self._read(PAGE, self._entries[-1].seq)
        self._more = len(page) == PAGE
        if page:
            first = len(self._entries)
            self.beginInsertRows(QModelIndex(), first, first + len(page) - 1)
            self._entries = self._entries + page
            self.endInsertRows()

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if not 0 <= index.row() < len(self._entries):
            return None
        entry = self._entries[index.row()]
        column = index.column()
        if column == WHEN:
            if role == Qt.ItemDataRole.ToolTipRole:
                return local_time(entry.time_utc)
            return short_time(entry.time_utc, datetime.now(UTC))
        return (entry.author, entry.what, self._clips(entry))[column - WHO]

    def _clips(self, entry: JournalEntry) -> str:
        if len(entry.clip_ids) > 1:
            return f"{len(entry.clip_ids):,} clips"
        return self.clip_name(entry.clip_ids[0]) if entry.clip_ids else ""


def local_time(time_utc: str) -> str:
    """An ISO time in UTC as the local clock shows it, to the second."""
    return datetime.fromisoformat(time_utc).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def short_time(time_utc: str, now: datetime) -> str:
    """The same to the minute, and without the date for a moment of today."""
    moment = datetime.fromisoformat(time_utc).astimezone()
    form = "%H:%M" if moment.date() == now.astimezone().date() else "%Y-%m-%d %H:%M"
    return moment.strftime(form)
