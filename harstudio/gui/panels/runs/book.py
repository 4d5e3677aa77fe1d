"""The project's runs, read beside the window and shared by the panels that list them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from harstudio.gui.background import Background
from harstudio.gui.session import Session
from harstudio.learn.runs.facts import RunFacts, Stamp, facts_of_runs
from harstudio.workflows import training

_Known = dict[Path, tuple[Stamp, RunFacts]]


class RunBook(QObject):
    """Facts of all runs of the open project, newest first."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._worker = Background(self)
        self._folder: Path | None = None
        self._known: _Known = {}
        session.project_changed.connect(lambda _before, _after: self._on_project())
        self._on_project()

    @property
    def folder(self) -> Path | None:
        """Where the runs lie; None without a project."""
        return self._folder

    @property
    def facts(self) -> tuple[RunFacts, ...]:
        """As they were last read."""
        return tuple(facts for _, facts in self._known.values())

    def of(self, run_dir: Path) -> RunFacts | None:
        """The facts of one run, if they have been read."""
        found = self._known.get(run_dir)
        return found[1] if found is not None else None

    def refresh(self) -> None:
        """Read again what has changed; `changed` comes when that is done."""
        folder = self._folder
        if folder is None:
            self._known = {}
            self.changed.emit()
            return
        self._worker.run(
            partial(facts_of_runs, folder, dict(self._known)),
            partial(self._take, folder),
            now=False,
        )

    def _take(self, folder: Path, found: _Known) -> None:
        if folder == self._folder:
            self._known = found
            self.changed.emit()

    def _on_project(self) -> None:
        file = self._session.file
        folder = training.runs_folder(file.path) if file is not None else None
        if folder != self._folder:
            self._folder, self._known = folder, {}
            self.refresh()
