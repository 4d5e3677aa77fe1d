"""Starts the application and its window."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication

import harstudio
from harstudio.gui.errors import ErrorReporter
from harstudio.gui.exchange import files
from harstudio.gui.main_window import MainWindow
from harstudio.gui.settings import Settings
from harstudio.gui.theme import Theme


def display_missing() -> bool:
    """Whether this machine has no screen to open a window on."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run(project: Path | None = None, *, demo: Path | None = None) -> int:
    """Open the window; returns the process's exit code when it is closed.

    Parameters
    ----------
    project : Path, optional
        Project file to open; the last one unless told.
    demo : Path, optional
        Folder to make (or find) the demo project in, instead.
    """
    QCoreApplication.setApplicationName("harstudio")
    QCoreApplication.setApplicationVersion(harstudio.__version__)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    reporter = ErrorReporter()
    crashed = reporter.last_crash()
    reporter.install()
    settings = Settings()
    theme = Theme(settings.theme)
    theme.apply()
    window = MainWindow(settings, theme)
    window.restore_geometry()
    window.show()
    QTimer.singleShot(0, lambda: _begin(window, project, demo))
    if crashed:
        window.tell(f"The last start ended in a crash; see {reporter.log.parent}")
    return app.exec()


def _begin(window: MainWindow, project: Path | None, demo: Path | None) -> None:
    if demo is not None:
        files.make_demo_in(window, demo)
        return
    recent = window.settings.recent
    if project is None and recent and recent[0].exists():
        project = recent[0]
    if project is not None:
        window.open_path(project)
