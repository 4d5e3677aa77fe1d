"""Signals that a pose2imu run makes of the open clip's motion: asked for once, kept up with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog

from harstudio.core.imu import ImuRecording
from harstudio.gui.session import Session
from harstudio.gui.worker import JobCentre, JobRun
from harstudio.learn.runs.folder import RunFolder, list_runs
from harstudio.workflows.posing import can_generate, generate_clip
from harstudio.workflows.training import runs_folder

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow


class Generating(QObject):
    """The run whose signals are shown, and the job that makes them for the open clip."""

    def __init__(self, session: Session, jobs: JobCentre, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._run_dir: Path | None = None
        self._job: JobRun | None = None
        self._file = session.file
        session.clip_opening.connect(lambda _clip: self._cancel())
        session.clip_opened.connect(self._make)
        session.project_changed.connect(self._on_project)

    @property
    def run_dir(self) -> Path | None:
        """The run that signals are shown of; None while none is chosen."""
        return self._run_dir

    @property
    def busy(self) -> bool:
        """Whether signals are being made."""
        return self._job is not None

    def runs(self) -> tuple[RunFolder, ...]:
        """The project's runs that can make signals, newest first."""
        file = self._session.file
        if file is None:
            return ()
        return tuple(run for run in list_runs(runs_folder(file.path)) if can_generate(run))

    def show_run(self, run_dir: Path | None) -> None:
        """Show what a run makes of this clip, and of those opened after it; None shows nothing."""
        self._cancel()
        self._run_dir = run_dir
        self._session.show_generated(None)
        self._make()

    def _make(self) -> None:
        session, run_dir = self._session, self._run_dir
        clip, project = session.clip, session.project
        if run_dir is None or clip is None or project is None or session.loaded is None:
            return
        if clip.motion is None or self._job is not None or _made_by(session.generated, run_dir):
            return
        self._job = job = self._jobs.start(
            f"Generate with {RunFolder(run_dir).title}",
            generate_clip,
            project,
            session.folder,
            clip.id,
            run_dir,
            on_done=lambda made: self._on_made(job, made),
            on_end=lambda: self._on_end(job),
        )

    def _on_made(self, job: JobRun, made: ImuRecording) -> None:
        if job is self._job:  # no other clip or run has been asked for meanwhile
            self._session.show_generated(made)

    def _on_end(self, job: JobRun) -> None:
        if job is self._job:
            self._job = None

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _on_project(self) -> None:
        if self._session.file is not self._file:
            self._file = self._session.file
            self._cancel()
            self._run_dir = None


def ask_run(window: MainWindow) -> None:
    """Choose the run whose signals are shown."""
    generating = window.generating
    runs = generating.runs()
    if not runs:
        window.tell("No run makes signals from poses yet: train the model pose2imu first")
        return
    titles = [run.title for run in runs]
    names = [r.title if titles.count(r.title) == 1 else f"{r.title} ({r.name})" for r in runs]
    paths = [run.path for run in runs]
    now = paths.index(generating.run_dir) if generating.run_dir in paths else 0
    name, accepted = QInputDialog.getItem(
        window, "Generated signals", "Run of pose2imu that makes them:", names, now, editable=False
    )
    if accepted:
        generating.show_run(paths[names.index(name)])
        window.show_panel("signals")


def stop_showing(window: MainWindow) -> None:
    """Show no generated signals."""
    window.generating.show_run(None)


def _made_by(made: ImuRecording | None, run_dir: Path) -> bool:
    return made is not None and made.source is not None and made.source.path == run_dir.as_posix()
