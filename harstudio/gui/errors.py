"""The one place where failures reach a person: expected ones as a sentence, others with a log."""

from __future__ import annotations

import faulthandler
import sys
import traceback
from datetime import datetime
from pathlib import Path
from types import TracebackType

from platformdirs import user_log_path
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from harstudio.core.errors import HarstudioError


class ErrorReporter:
    """Takes over `sys.excepthook` and faulthandler for the life of the window."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or user_log_path("harstudio", appauthor=False)
        self._folder.mkdir(parents=True, exist_ok=True)
        self.log = self._folder / "errors.log"
        self._crash = self._folder / "crash.log"
        self._showing = False

    def last_crash(self) -> str:
        """What the crash log of an earlier start says; empty if it ended well."""
        try:
            return self._crash.read_text(errors="replace").strip()
        except OSError:
            return ""

    def install(self) -> None:
        """From now on every uncaught exception is logged and shown once."""
        self._crash_file = self._crash.open("w")
        faulthandler.enable(self._crash_file)
        sys.excepthook = self._on_exception

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        if isinstance(error, HarstudioError):
            warn(QApplication.activeWindow(), error.message, error.hint)
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        with self.log.open("a") as log:
            log.write(f"{datetime.now().isoformat(timespec='seconds')}\n{text}\n")
        sys.__stderr__.write(text) if sys.__stderr__ is not None else None
        if not self._showing:  # a failing paint event would otherwise stack up dialogs
            self._showing = True
            show_failure(None, str(error) or kind.__name__, text)
            self._showing = False


def warn(parent: QWidget | None, message: str, hint: str = "") -> None:
    """Say what went wrong and what to do about it."""
    box = QMessageBox(QMessageBox.Icon.Warning, "harstudio", message, parent=parent)
    box.setInformativeText(hint)
    box.exec()


def show_failure(parent: QWidget | None, message: str, details: str) -> None:
    """A failure with its details and a button that copies them."""
    box = QMessageBox(QMessageBox.Icon.Critical, "harstudio", message, parent=parent)
    if details:
        box.setDetailedText(details)
        copy = box.addButton("Copy details", QMessageBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QApplication.clipboard().setText(details))
    box.addButton(QMessageBox.StandardButton.Close)
    box.exec()
