"""Who did what and when, from the project file's journal."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from harstudio.gui.session import Session

_SHOWN = 300


class HistoryPanel(QWidget):
    """The last edits, newest first; read when the dock is looked at."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["When", "Who", "What"])
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.table.setColumnWidth(0, 128)
        self.table.setColumnWidth(1, 88)
        self._empty = QLabel("Edits appear here, with author and time.", wordWrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("faint", True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._empty, 1)
        self._later = QTimer(self, singleShot=True, interval=200)
        self._later.timeout.connect(self._fill)
        session.project_changed.connect(lambda _before, _after: self._later.start())
        self._fill()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        self._fill()
        super().showEvent(event)

    def _fill(self) -> None:
        file = self._session.file
        entries = file.journal(_SHOWN) if file is not None and self.isVisible() else []
        self.table.setVisible(bool(entries))
        self._empty.setVisible(not entries)
        self.table.setRowCount(len(entries))
        for row, entry in enumerate(entries):
            cells = (local_time(entry.time_utc), entry.author, entry.what)
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(row, column, item)


def local_time(time_utc: str) -> str:
    """An ISO time in UTC as the local clock shows it."""
    return datetime.fromisoformat(time_utc).astimezone().strftime("%Y-%m-%d %H:%M")
