"""The Train dock: what to learn from, which network, which split; then live curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Progress
from harstudio.core.project import Clip, Project
from harstudio.gui.panels.bars import LabelBars
from harstudio.gui.panels.curves import CurvesView
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.learn.config import FinetuneConfig, TrainingConfig
from harstudio.learn.models import known_models
from harstudio.learn.runs import RunFolder, list_runs
from harstudio.workflows import training

_SPLITS = (
    ("by subject", "subject"),
    ("by clip", "clip"),
    ("random windows: leaks, a diagnostic only", "random_windows"),
)
_CALIBRATE = (
    "Maps every virtual channel onto the distribution of real recordings: of people who are "
    "trained on only, never of those held out for testing. The map is kept with the run."
)
_CHANNELS = (("acceleration", "acc"), ("acceleration + angular velocity", "acc_gyro"))


class TrainPanel(QWidget):
    """Train on virtual signals, or fine-tune on a real recording; in a child process."""

    run_finished = Signal(object)  # Path of the run folder

    def __init__(
        self, session: Session, jobs: JobCentre, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._theme = session, jobs, theme
        self._busy = False
        self._new = QRadioButton("Train a new model")
        self._adapt = QRadioButton("Fine-tune on a recording")
        self._new.setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self._new)
        group.addButton(self._adapt)
        self.bars = LabelBars(theme)
        self._data = QLabel(wordWrap=True)
        self._data.setProperty("faint", True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._training_form())
        self._pages.addWidget(self._finetuning_form())
        self.start = QPushButton("Train")
        self.start.setDefault(True)
        self.start.clicked.connect(self._on_start)
        self._state = QLabel(wordWrap=True)
        self.curves = CurvesView(theme)
        self._lay_out()
        self._new.toggled.connect(self._on_mode)
        self._later = QTimer(self, singleShot=True, interval=150)
        self._later.timeout.connect(self.refresh)
        session.project_changed.connect(lambda _before, _after: self._later.start())
        jobs.changed.connect(self._on_jobs)
        self.refresh()

    # -- parts ---------------------------------------------------------------------------

    def _training_form(self) -> QWidget:
        self.model = QComboBox()
        for spec in known_models().values():
            self.model.addItem(spec.title, spec.id)
            self.model.setItemData(self.model.count() - 1, spec.source, Qt.ItemDataRole.ToolTipRole)
        self.channels = _combo(_CHANNELS)
        self.split = _combo(_SPLITS)
        self.split.setToolTip(
            "What is held out as a whole. By subject tells how well the model does on new people."
        )
        self.window_s = _number(0.25, 20.0, 1.0, " s", 0.25)
        self.overlap = _number(0, 90, 50, " %", 10, 0)
        self.share = _number(10, 100, 60, " %", 10, 0)
        self.share.setToolTip("Least part of a window that must carry its label")
        self.epochs = QSpinBox(minimum=1, maximum=10_000, value=30)
        self.seed = QSpinBox(minimum=0, maximum=2**31 - 1, value=0)
        self.people = QSpinBox(minimum=0, maximum=100, value=0)
        self.people.setSpecialValueText("as recorded")
        self.people.setSuffix(" variants per clip")
        self.people.setToolTip(
            "People variants per clip: made-up people of other shapes and sizes, with sensors up "
            "to 5 cm and 20° off, repeat each training clip. Never used for testing."
        )
        self.calibrate = QCheckBox("Calibrate to real recordings", enabled=False)
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Model", self.model)
        form.addRow("Signals", self.channels)
        form.addRow("Hold out", self.split)
        form.addRow("Window", _row(self.window_s, "overlap", self.overlap, "label", self.share))
        form.addRow("Epochs", _row(self.epochs, "seed", self.seed))
        form.addRow("People", _row(self.people, self.calibrate))
        self.split.currentIndexChanged.connect(lambda _i: self._warn_of_leak())
        self._leak = QLabel(wordWrap=True)
        self._leak.setProperty("harm", True)
        form.addRow(self._leak)
        self._warn_of_leak()
        return page

    def _finetuning_form(self) -> QWidget:
        self.parent_run = QComboBox()
        self.recording = QComboBox()
        self.steps = QSpinBox(minimum=1, maximum=100_000, value=200)
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Trained model", self.parent_run)
        form.addRow("Recording", self.recording)
        form.addRow("Steps", self.steps)
        hint = QLabel(
            "The convolution stays, the dense layers adapt. Before and after are judged on the "
            "same held-out part of the recording.",
            wordWrap=True,
        )
        hint.setProperty("faint", True)
        form.addRow(hint)
        return page

    def _lay_out(self) -> None:
        modes = QHBoxLayout()
        modes.addWidget(self._new)
        modes.addWidget(self._adapt)
        modes.addStretch(1)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(modes)
        column.addWidget(self.bars)
        column.addWidget(self._data)
        column.addWidget(self._pages)
        column.addWidget(self.start)
        column.addWidget(self._state)
        column.addWidget(self.curves, 1)
        self._scroll = scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    # -- state ---------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the project's data, runs and recordings as they are now."""
        project, file = self._session.project, self._session.file
        summary = training.data_summary(project) if project is not None else None
        if project is None or summary is None or file is None:
            self.bars.set_bars([])
            self._data.setText("Open a project to train on its clips.")
            self.start.setEnabled(False)
            return
        colour = project.label_set.colour
        self.bars.set_bars([(n, s, colour(n)) for n, s in summary.by_label.items()])
        subjects = len([name for name in summary.by_subject if name])
        self._data.setText(
            f"{summary.clips:,} labelled clips of {subjects} subjects, "
            f"{summary.recordings} with a recording. Sensors: {', '.join(project.layout.names)}."
        )
        self._fill_runs(training.runs_folder(file.path))
        self._fill_recordings(list(project.clips.values()))
        self._offer_calibration(project)
        self._on_mode()

    def _fill_runs(self, folder: Path) -> None:
        chosen = self.parent_run.currentData()
        self.parent_run.clear()
        for run in list_runs(folder):
            if run.finished:
                self.parent_run.addItem(run_title(run), str(run.path))
        self.parent_run.setCurrentIndex(max(0, self.parent_run.findData(chosen)))

    def _fill_recordings(self, clips: list[Clip]) -> None:
        chosen = self.recording.currentData()
        usable = [c for c in clips if c.recordings and c.usable and len(c.labels)]
        self.recording.clear()
        for clip in usable:
            title = f"{clip.name} ({clip.subject})" if clip.subject else clip.name
            self.recording.addItem(title, clip.id)
        if len(usable) > 1:
            self.recording.addItem(f"all {len(usable)} labelled recordings", "")
        self.recording.setCurrentIndex(max(0, self.recording.findData(chosen)))

    def _offer_calibration(self, project: Project) -> None:
        """Only where somebody who can train has a recording; else the tip says what is missing."""
        try:
            training.check_calibratable(project)
            missing = ""
        except HarstudioError as error:
            missing = str(error)
            self.calibrate.setChecked(False)
        self.calibrate.setEnabled(not missing)
        self.calibrate.setToolTip(f"{_CALIBRATE}\n{missing}" if missing else _CALIBRATE)

    def _on_mode(self) -> None:
        adapting = self._adapt.isChecked()
        self._pages.setCurrentIndex(int(adapting))
        self.start.setText("Fine-tune" if adapting else "Train")
        reason = self._obstacle()
        self.start.setEnabled(not reason and not self._busy)
        if not self._busy:
            self._state.setText(reason)

    def _obstacle(self) -> str:
        """Why it cannot start; empty if it can."""
        if self._session.project is None:
            return "Open a project first."
        if not self._adapt.isChecked():
            few = len(training.data_summary(self._session.project).by_label) < 2
            return "Label clips with at least two labels first." if few else ""
        if not self.parent_run.count():
            return "Train a model first: fine-tuning adapts it."
        if not self.recording.count():
            return "No clip has both a recording and labels: import one, and label it."
        return ""

    def choose_finetune(self, run_dir: Path) -> None:
        """Turn to fine-tuning of a run."""
        self.refresh()
        self._adapt.setChecked(True)
        self.parent_run.setCurrentIndex(max(0, self.parent_run.findData(str(run_dir))))
        self._on_mode()

    def _warn_of_leak(self) -> None:
        leaky = self.split.currentData() == "random_windows"
        self._leak.setVisible(leaky)
        self._leak.setText(
            "Neighbouring windows of one movement land in training and test: expect figures "
            "that are far too good (.99 where new people give .86)."
        )

    # -- the job -------------------------------------------------------------------------

    def training_config(self) -> TrainingConfig:
        """What the form says."""
        assert self._session.project is not None
        return TrainingConfig(
            model=self.model.currentData(),
            sensors=self._session.project.layout.names,
            channels=self.channels.currentData(),
            rate_hz=self._session.project.rate_hz,
            window_s=self.window_s.value(),
            overlap=self.overlap.value() / 100,
            min_share=self.share.value() / 100,
            split=self.split.currentData(),
            epochs=self.epochs.value(),
            seed=self.seed.value(),
            people=self.people.value(),
            calibrate=self.calibrate.isChecked(),
        )

    def _on_start(self) -> None:
        session, file = self._session, self._session.file
        if session.project is None or file is None:
            return
        if self._adapt.isChecked():
            self._start_finetuning(file.path)
        else:
            self._start_training(file.path)

    def _start_training(self, project_file: Path) -> None:
        project, config = self._session.project, self.training_config()
        if project is None:
            return
        training.check_trainable(project, config)
        run_dir = training.new_run_folder(project_file, config.model)
        self._begin(
            f"Training {config.model}",
            training.train_project,
            (project, self._session.folder, config, run_dir),
            run_dir,
        )

    def _start_finetuning(self, project_file: Path) -> None:
        clip_id = self.recording.currentData()
        run_dir = training.new_run_folder(project_file, "finetuned")
        clips = (clip_id,) if clip_id else None
        config = FinetuneConfig(steps=self.steps.value())
        self._begin(
            "Fine-tuning",
            training.finetune_project,
            (
                self._session.project,
                self._session.folder,
                Path(self.parent_run.currentData()),
                clips,
                config,
                run_dir,
            ),
            run_dir,
        )

    def _begin(self, title: str, function: Any, arguments: tuple[Any, ...], run: Path) -> None:
        self.curves.clear()
        self._busy = True
        self.start.setEnabled(False)
        self._state.setText("Starting …")
        self._scroll.ensureWidgetVisible(self.curves)
        job = self._jobs.start(
            title,
            function,
            *arguments,
            on_progress=self._on_progress,
            on_done=lambda _summary: self._on_done(run),
            on_end=self._on_end,
        )
        job.stop_early = RunFolder(run).ask_to_stop

    def _on_progress(self, progress: Progress) -> None:
        self.curves.add(progress.values)
        best = progress.values.get("best_epoch")
        extra = f" · best so far: epoch {best}" if best else ""
        self._state.setText(progress.message + extra)

    def _on_done(self, run_dir: Path) -> None:
        self._state.setText("Done.")
        self.refresh()
        self.run_finished.emit(run_dir)

    def _on_end(self) -> None:
        self._busy = False
        self._on_mode()

    def _on_jobs(self) -> None:
        if not self._busy:
            self.start.setEnabled(not self._obstacle())


def run_title(run: RunFolder) -> str:
    """A run in one line: when, what, how good."""
    try:
        report = run.report()
    except HarstudioError as error:
        return f"{run.name} (damaged: {error.message})"
    return f"{run.name} · macro F1 {report.macro_f1:.3f}"


def _combo(rows: tuple[tuple[str, str], ...]) -> QComboBox:
    box = QComboBox()
    for text, value in rows:
        box.addItem(text, value)
    return box


def _number(
    low: float, high: float, value: float, unit: str, step: float, decimals: int = 2
) -> QDoubleSpinBox:
    box = QDoubleSpinBox(minimum=low, maximum=high, decimals=decimals, singleStep=step)
    box.setValue(value)
    box.setSuffix(unit)
    return box


def _row(*parts: QWidget | str) -> QWidget:
    holder = QWidget()
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    for part in parts:
        widget = QLabel(part) if isinstance(part, str) else part
        layout.addWidget(widget, 0 if isinstance(part, str) else 1)
    return holder
