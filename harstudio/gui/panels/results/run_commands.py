"""What can be done with a run: predict labels with it, train it again, write its results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from harstudio.core.errors import HarstudioError
from harstudio.core.project import PREDICTED
from harstudio.gui.session import Session
from harstudio.gui.worker import JobCentre
from harstudio.learn.runs.folder import FINETUNING, RunFolder
from harstudio.workflows import training
from harstudio.workflows.exchange.file_names import safe_name
from harstudio.workflows.predicting import Predictions, predict_project
from harstudio.workflows.reports.files import DATA, FIGURES, PAGE, TABLES, export_report

EXPORTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("HTML page …", (PAGE,)),
    ("Report as JSON …", (DATA,)),
    ("Tables as CSV …", (TABLES,)),
    ("Figures as PNG …", ("png",)),
    ("Figures as SVG …", ("svg",)),
    ("Figures as PDF …", ("pdf",)),
    ("Everything …", (PAGE, TABLES, DATA, *FIGURES)),
)
"""What can be exported: the words of the menu, and the formats."""


class RunCommands(QObject):
    """Starts the jobs of a run and does what follows from their results."""

    run_made = Signal(object)  # Path of the run folder
    changed = Signal()  # what can be started

    def __init__(self, session: Session, jobs: JobCentre, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._window = session, jobs, parent
        self.busy = False
        self.exported: Path | None = None

    # -- predicting ----------------------------------------------------------------------

    def predict(self, run: RunFolder, *, everywhere: bool) -> None:
        """Propose labels for the open clip or for all; one step, in a tier of their own."""
        session = self._session
        project, file = session.project, session.file
        if project is None or file is None or not self._may_change():
            return
        if not everywhere and session.clip_id is None:
            session.message.emit("Open a clip first")
            return
        clips = None if everywhere or session.clip_id is None else (session.clip_id,)
        path, title = file.path, run.title

        def propose(found: Predictions) -> None:
            now = session.file.path if session.file is not None else None
            if session.project is None or now != path:
                session.message.emit("Predictions dropped: another project is open")
                return
            where = "all clips" if everywhere else "the clip"
            session.edit(f"Predict labels of {where} with {title}", found.applied(session.project))
            if session.clip is not None and len(session.clip.track(PREDICTED)):
                session.select_tier(PREDICTED)
            left = f" ({found.left_out[0]})" if found.left_out else ""
            session.message.emit(f"{found.text}{left} · N next, Y accept, X reject")

        self._begin(
            "Predicting labels",
            predict_project,
            (project, session.folder, run.path, clips),
            propose,
        )

    # -- training again ------------------------------------------------------------------

    def retrain(self, run: RunFolder) -> None:
        """Train again as a run was, on the labels as they are now, into a new run."""
        session, file = self._session, self._session.file
        project = session.project
        if project is None or file is None:
            return
        about = run.about()
        if run.kind == FINETUNING:
            out = training.new_run_folder(file.path, "finetuned")
            parent = Path(str(about.get("parent", "")))
            if not (parent / "config.json").is_file():
                beside = run.path.parent / parent.name
                if not (beside / "config.json").is_file():
                    raise HarstudioError(
                        f"{parent}: the run that was fine-tuned is gone",
                        "fine-tune another one in the Train panel",
                    )
                parent = beside
            work = (project, session.folder, parent, self._clips(run), run.finetune_config(), out)
            self._begin_run("Fine-tuning again", training.finetune_project, work, out)
            return
        config = run.config()
        training.check_trainable(project, config)
        out = training.new_run_folder(file.path, config.model)
        work = (project, session.folder, config, out)
        self._begin_run(f"Training {config.model} again", training.train_project, work, out)

    def _clips(self, run: RunFolder) -> tuple[str, ...] | None:
        """The clips that a fine-tuned run was made from and that are still there."""
        project = self._session.project
        parts = run.report().parts.values()
        used = dict.fromkeys(str(clip) for part in parts for clip in part.get("clips", ()))
        there = tuple(clip for clip in used if project is not None and clip in project.clips)
        return there or None

    def _begin_run(
        self, title: str, function: Callable[..., Any], work: tuple[Any, ...], out: Path
    ) -> None:
        job = self._begin(title, function, work, lambda _found: self.run_made.emit(out))
        job.stop_early = RunFolder(out).ask_to_stop

    # -- files ---------------------------------------------------------------------------

    def ask_export(self, run: RunFolder, formats: tuple[str, ...], order: str) -> None:
        """Ask where to, then write."""
        name = safe_name(run.title)
        if formats == (PAGE,):
            chosen, _ = QFileDialog.getSaveFileName(
                self._window, "Export the page", f"{name}.html", "HTML pages (*.html)"
            )
        elif formats == (DATA,):
            chosen, _ = QFileDialog.getSaveFileName(
                self._window, "Export the report", f"{name}.json", "JSON (*.json)"
            )
        else:
            chosen = QFileDialog.getExistingDirectory(self._window, "Folder for the files")
        if chosen:
            suffix = {(PAGE,): ".html", (DATA,): ".json"}.get(formats, "")
            out = Path(chosen)
            self.export(run, out.with_suffix(suffix) if suffix else out, formats, order)

    def export(self, run: RunFolder, out: Path, formats: tuple[str, ...], order: str) -> None:
        """Write a run's results, in a child process."""

        def told(files: tuple[Path, ...]) -> None:
            self.exported = out if out.is_dir() else out.parent
            many = f"{len(files)} file{'s' * (len(files) != 1)}"
            self._session.message.emit(f"{many} written to {self.exported}")
            self.changed.emit()

        work = (run.path, out, formats, self._session.project, order)
        self._begin("Exporting results", export_report, work, told)

    def show_exported(self) -> None:
        """Open the folder that was written to last."""
        if self.exported is not None:
            show_folder(self.exported)

    # -- jobs ----------------------------------------------------------------------------

    def _begin(
        self,
        title: str,
        function: Callable[..., Any],
        work: tuple[Any, ...],
        on_done: Callable[[Any], None],
    ) -> Any:
        self.busy = True
        job = self._jobs.start(title, function, *work, on_done=on_done, on_end=self._on_end)
        self.changed.emit()
        return job

    def _on_end(self) -> None:
        self.busy = False
        self.changed.emit()

    def _may_change(self) -> bool:
        if self._session.read_only:
            self._session.message.emit("Not changed: this project is read-only")
        return not self._session.read_only


def show_folder(path: Path) -> None:
    """Open a folder in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
