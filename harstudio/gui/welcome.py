"""What the window shows without a project: three ways to begin, and the recent ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCommandLinkButton,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

_WIDTH = 560


class Welcome(QWidget):
    """Large buttons that each run one command."""

    def __init__(
        self,
        commands: list[tuple[str, str, Callable[[], object]]],
        open_path: Callable[[Path], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._open_path = open_path
        column = QVBoxLayout()
        column.setSpacing(8)
        title = QLabel("harstudio")
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 2.2)
        title.setFont(font)
        lead = QLabel(
            "Relabel motion clips by eye, compare real with virtual wearable signals, "
            "and fine-tune on a new recording.",
            wordWrap=True,
        )
        lead.setProperty("faint", True)
        column.addWidget(title)
        column.addWidget(lead)
        column.addSpacing(16)
        for text, description, run in commands:
            button = QCommandLinkButton(text, description)
            button.setIcon(QIcon())
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _checked=False, run=run: run())
            column.addWidget(button)
        column.addSpacing(16)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        column.addLayout(self._recent)
        holder = QWidget()
        holder.setMaximumWidth(_WIDTH)
        holder.setLayout(column)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout(self)
        row.addStretch(1)
        row.addWidget(holder, 4, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)

    def show_recent(self, paths: list[Path]) -> None:
        """List projects that were opened lately and still exist."""
        while (item := self._recent.takeAt(0)) is not None:
            if item.widget() is not None:
                item.widget().deleteLater()
        there = [path for path in paths if path.exists()]
        if not there:
            return
        heading = QLabel("Recent projects")
        heading.setProperty("faint", True)
        self._recent.addWidget(heading)
        for path in there[:5]:
            button = QPushButton(f"{path.name}   ·   {path.parent}")
            button.setFlat(True)
            button.setStyleSheet("text-align: left; padding: 4px;")
            button.clicked.connect(lambda _checked=False, path=path: self._open_path(path))
            self._recent.addWidget(button)
