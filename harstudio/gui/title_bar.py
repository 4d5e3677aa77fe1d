"""The bar above everything: workspaces, what is open, and whether it can be written."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolBar, QToolButton, QWidget

from harstudio.core.project import Clip
from harstudio.store.project_file import ProjectFile


class TitleBar(QToolBar):
    """A button for each workspace, the open clip in words, and who else has the project open."""

    def __init__(self, workspaces: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__("Workspaces", parent)
        self.setObjectName("workspaces")
        self.setMovable(False)
        self.toggleViewAction().setEnabled(False)
        for action in workspaces:
            button = QToolButton()
            button.setDefaultAction(action)
            self.addWidget(button)
        self.title = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.lock = QLabel()
        self.lock.setProperty("harm", True)
        self.lock.setContentsMargins(8, 0, 8, 0)
        self.addWidget(self.title)
        self.addWidget(self.lock)

    def show_clip(self, clip: Clip | None, label: str) -> None:
        """Name the open clip, whose it is, and its label at the playhead."""
        if clip is None:
            self.title.setText("")
            return
        parts = (clip.name, clip.subject, label or "no label here", clip.problem)
        self.title.setText("  ·  ".join(part for part in parts if part))

    def show_lock(self, file: ProjectFile | None) -> None:
        """Say who has the project open, where it can only be read."""
        locked = file is not None and file.read_only
        who = file.holder.split(" on host")[0] if locked and file is not None else ""
        self.lock.setText(f"Read-only: {who} has it open" if who else "Read-only" * locked)
        self.lock.setToolTip(f"{file.holder} has this project open" if locked and file else "")
