"""The Train dock: what to learn from, which model, which split; then live curves."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Progress
from harstudio.core.project import Project
from harstudio.gui.panels.runs.book import RunBook
from harstudio.gui.panels.runs.text import done_text
from harstudio.gui.panels.runs.text import run_title as run_title
from harstudio.gui.panels.train.curves import EPOCHS, STEPS, TREES
from harstudio.gui.panels.train.finetune import FinetuneForm
from harstudio.gui.panels.train.form import TrainForm
from harstudio.gui.panels.train.form_parts import Scrolled, ScrolledBody
from harstudio.gui.panels.train.progress import TrainProgress, over_what
from harstudio.gui.session import Session
from harstudio.gui.settings import Settings
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.learn.config import FinetuneConfig, TrainingConfig
from harstudio.learn.models import FOREST, model_spec
from harstudio.learn.runs.folder import RunFolder
from harstudio.workflows import training
from harstudio.workflows.failed_runs import keep_failure, parent_config
from harstudio.workflows.resuming import resume_project
from harstudio.workflows.training_preview import TrainingPreview

_CURVES_HEIGHT = 200
"""Most that the curves take of the dock when the form stands above them, px."""


class TrainPanel(QWidget):
    """Train, fine-tune, or take up a training again; each in a child process."""

    run_finished = Signal(object)  # Path of the run folder
    wanted = Signal()  # something was put into the form, or begun, from elsewhere

    def __init__(
        self,
        session: Session,
        jobs: JobCentre,
        theme: Theme,
        settings: Settings | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._settings = session, jobs, settings
        self._busy = False
        self._file: Path | None = None
        self._counted: tuple[Project, int] | None = None
        self.book = RunBook(session, self)
        self.form, self.finetune = TrainForm(theme), FinetuneForm(theme)
        self.progress = TrainProgress(theme)
        self.curves = self.progress.curves
        self._new = QRadioButton("Train a new model")
        self._adapt = QRadioButton("Fine-tune on a recording")
        self._options = QToolButton(text="Options", checkable=True, checked=True, autoRaise=True)
        self._options.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._options.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.start = QPushButton("Train")
        self.start.setDefault(True)
        self._state = QLabel(wordWrap=True)
        self._state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._lay_out()
        self._later = QTimer(self, singleShot=True, interval=150)
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        self._new.setChecked(True)
        group = QButtonGroup(self)
        modes = QHBoxLayout()
        for button in (self._new, self._adapt):
            group.addButton(button)
            modes.addWidget(button)
        modes.addStretch(1)
        modes.addWidget(self._options)
        self._pages = QStackedWidget()
        for page in (self.form, self.finetune):
            scroll = QScrollArea(widgetResizable=True)
            scroll.setFrameShape(QScrollArea.Shape.NoFrame)
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            scroll.setWidget(page)
            self._pages.addWidget(scroll)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        bottom.addWidget(self._state, 1)
        bottom.addWidget(self.start)
        body = ScrolledBody()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(Scrolled(body))
        layout = QVBoxLayout(body)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(modes)
        layout.addWidget(self._pages, 3)
        layout.addWidget(self.progress, 2)
        layout.addLayout(bottom)

    def _connect(self) -> None:
        self.start.clicked.connect(self._on_start)
        self._new.toggled.connect(self._on_mode)
        self._options.toggled.connect(self._arrange)
        self.form.previewed.connect(self._on_previewed)
        self.finetune.changed.connect(self._on_mode)
        self.progress.closed.connect(self._arrange)
        self._later.timeout.connect(self.refresh)
        self._session.project_changed.connect(lambda _before, _after: self._on_project_changed())
        self._jobs.changed.connect(self._on_jobs)
        self.book.changed.connect(self._fill_runs)

    # -- state ---------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        file = self._session.file
        if (file.path if file is not None else None) != self._file:
            self.refresh()
        else:
            self._later.start()

    def refresh(self) -> None:
        """Show the project's data, runs and recordings as they are now."""
        project, file = self._session.project, self._session.file
        path = file.path if file is not None else None
        self.form.set_project(project)
        self.finetune.set_project(project)
        if path != self._file:
            self._file = path
            if not self._busy:
                self.progress.hide()
            if project is not None:
                kept = self._settings.choice(self._key()) if self._settings is not None else ""
                self.form.restore(kept)
        self._fill_runs()
        self._arrange()

    def _key(self) -> str:
        """Under which the settings of this project are remembered."""
        return f"train/{hashlib.sha256(str(self._file).encode()).hexdigest()[:16]}"

    def _fill_runs(self) -> None:
        self.finetune.set_runs(self.book.folder, self.book.facts)

    def _on_previewed(self, _preview: TrainingPreview) -> None:
        self._on_mode()

    def _on_mode(self) -> None:
        adapting = self._adapt.isChecked()
        self._pages.setCurrentIndex(int(adapting))
        self.start.setText("Fine-tune" if adapting else "Train")
        reason = self._obstacle()
        self.start.setEnabled(not reason and not self._busy)
        if not self._busy:
            plan = self.form.plan
            self._say("" if plan.says(reason) and not adapting else reason)

    def _arrange(self) -> None:
        """While it trains the curves have the room; afterwards the form has it again."""
        shown = not self.progress.isHidden()
        self._options.setVisible(shown and self._busy)
        unfolded = self._options.isChecked() or not (shown and self._busy)
        self._options.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
        self._pages.setVisible(unfolded)
        self.progress.setMaximumHeight(_CURVES_HEIGHT if unfolded else 16_777_215)
        for button in (self._new, self._adapt):
            button.setEnabled(not self._busy)
        self.start.setVisible(not self._busy)
        self._on_mode()

    def _obstacle(self) -> str:
        """Why it cannot start; empty if it can."""
        project = self._session.project
        if project is None:
            return "Open a project first."
        if self._adapt.isChecked():
            return self.finetune.obstacle
        if self._labels_of(project) < 2:
            return "Label clips with at least two labels first."
        preview = self.form.preview
        return preview.obstacle if preview is not None else ""

    def _labels_of(self, project: Project) -> int:
        """How many labels there are to learn; counted once per state of the project."""
        if self._counted is None or self._counted[0] is not project:
            self._counted = project, len(training.data_summary(project).by_label)
        return self._counted[1]

    def _say(self, text: str, *, harm: bool = False) -> None:
        self._state.setText(text)
        if bool(self._state.property("harm")) != harm:
            self._state.setProperty("harm", harm)
            self._state.style().unpolish(self._state)
            self._state.style().polish(self._state)

    def training_config(self) -> TrainingConfig:
        """What the form says; HarstudioError where that contradicts itself."""
        return self.form.config()

    # -- from elsewhere --------------------------------------------------------------------

    def choose_finetune(self, run_dir: Path) -> None:
        """Turn to fine-tuning of a run."""
        self.refresh()
        self._adapt.setChecked(True)
        self.finetune.choose_run(run_dir)
        self._on_mode()

    def use_settings(self, config: TrainingConfig) -> None:
        """Fill the form with what a run was trained with."""
        self._new.setChecked(True)
        self.form.show_config(config)
        self.wanted.emit()

    def show_run(self, run_dir: Path) -> None:
        """Show the curves of a run that is done, unless one goes on."""
        if not self._busy:
            self.progress.show_run(RunFolder(run_dir))
            self._arrange()

    def resume(self, run_dir: Path) -> None:
        """Take up a training that ended before its time."""
        project = self._session.project
        if self._busy or project is None:
            return
        run = RunFolder(run_dir)
        config = run.config()
        self._begin(
            f"Resuming {run.title}",
            resume_project,
            (project, self._session.folder, run_dir),
            run_dir,
            config,
            keeps=True,
        )
        self.wanted.emit()
        try:
            for row in run.history():
                self.curves.add(row.values())
        except HarstudioError as error:
            self._say(str(error), harm=True)

    # -- the job -------------------------------------------------------------------------

    def _on_start(self) -> None:
        if self._session.project is None or self._session.file is None:
            return
        try:
            if self._adapt.isChecked():
                self._start_finetuning(self._session.file.path)
            else:
                self._start_training(self._session.file.path)
        except HarstudioError as error:
            self._say(str(error), harm=True)

    def _start_training(self, project_file: Path) -> None:
        project, config = self._session.project, self.training_config()
        assert project is not None
        clip_ids = self.form.clip_ids()
        training.check_trainable(project, config, clip_ids)
        self._remember()
        run_dir = training.new_run_folder(project_file, config.model)
        self._begin(
            f"Training {config.model}",
            training.train_project,
            (project, self._session.folder, config, run_dir, clip_ids),
            run_dir,
            config,
        )

    def _remember(self) -> None:
        if self._settings is not None:
            self._settings.keep_choice(self._key(), self.form.kept())

    def _start_finetuning(self, project_file: Path) -> None:
        run_dir = training.new_run_folder(project_file, "finetuned")
        form = self.finetune
        config, parent = form.config(), form.run_dir
        self._begin(
            "Fine-tuning",
            training.finetune_project,
            (
                self._session.project,
                self._session.folder,
                parent,
                form.clip_ids,
                config,
                run_dir,
            ),
            run_dir,
            parent_config(parent),
            config,
        )

    def _begin(
        self,
        title: str,
        function: Any,
        arguments: tuple[Any, ...],
        run_dir: Path,
        config: TrainingConfig,
        finetune: FinetuneConfig | None = None,
        *,
        keeps: bool = False,
    ) -> None:
        job = self._jobs.start(
            title,
            function,
            *arguments,
            on_progress=self._on_progress,
            on_done=lambda summary: self._on_done(run_dir, summary),
            on_end=self._on_end,
        )
        job.stop_early = RunFolder(run_dir).ask_to_stop
        job.failed.connect(
            lambda reason, _details: self._on_failed(run_dir, config, reason, finetune)
        )
        job.cancelled.connect(lambda: self._on_cancelled(kept=keeps))
        self._busy = True
        self._say("")
        forest = model_spec(config.model).kind == FOREST
        self.progress.begin(
            title,
            run_dir,
            stop=job.stop_early,
            cancel=job.cancel,
            over=STEPS if finetune is not None else TREES if forest else EPOCHS,
            keeps=keeps,
        )
        self._options.setChecked(False)
        self._arrange()

    def _on_progress(self, progress: Progress) -> None:
        self.progress.show_progress(progress)

    def _on_done(self, run_dir: Path, summary: Any) -> None:
        self._busy = False
        self.progress.end(done_text(summary))
        if over_what(RunFolder(run_dir)) == STEPS:
            self.progress.show_run(RunFolder(run_dir))
            self.progress.end(done_text(summary))
        self.refresh()
        self.run_finished.emit(run_dir)

    def _on_failed(
        self, run_dir: Path, config: TrainingConfig, reason: str, finetune: FinetuneConfig | None
    ) -> None:
        told = reason if " failed: " in reason else f"Failed: {reason}"
        self.progress.end(told, harm=True)
        try:
            keep_failure(run_dir, config, reason, finetune)
        except HarstudioError as error:
            self._session.message.emit(str(error))

    def _on_cancelled(self, *, kept: bool) -> None:
        what = "the run is as it was" if kept else "nothing was kept"
        self.progress.end(f"Cancelled: {what}.")

    def _on_end(self) -> None:
        self._busy = False
        self.book.refresh()
        self._arrange()

    def _on_jobs(self) -> None:
        if not self._busy:
            self.start.setEnabled(not self._obstacle())
