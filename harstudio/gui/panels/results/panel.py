"""The Results dock: what a run got right and wrong, and from every figure back to the body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMessageBox,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.project import Project
from harstudio.gui.background import Background
from harstudio.gui.panels.results.class_table import ClassTable
from harstudio.gui.panels.results.four_bars import FinetuningPage
from harstudio.gui.panels.results.header import ResultsHeader
from harstudio.gui.panels.results.label_errors import LabelErrorsPage
from harstudio.gui.panels.results.matrix_page import MatrixPage
from harstudio.gui.panels.results.run_commands import EXPORTS, RunCommands, show_folder
from harstudio.gui.panels.results.scatter import ScatterPage
from harstudio.gui.panels.results.text import run_line
from harstudio.gui.panels.results.window_list import WindowList
from harstudio.gui.panels.train.form_parts import Scrolled, ScrolledBody
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.judging.results import WindowResult
from harstudio.learn.models import NETWORK, model_spec
from harstudio.learn.runs.folder import FINETUNING, MODEL, REPORT, RunFolder, list_runs
from harstudio.learn.runs.listing import trash_run
from harstudio.workflows import training
from harstudio.workflows.reports.material import RunMaterial, gathered

_LARGE_BYTES = 400_000
"""A report above this is read beside the window: 2,000 windows."""

_TABS, _TAB_BAR = 120, 32
"""Least height of the pages, and of what chooses among them, px."""

_EMPTY = (
    "No results yet.\nTrain a model (Ctrl+T): its confusion matrix appears here, and each cell "
    "leads to its windows."
)


@dataclass(frozen=True, eq=False)
class _Shown:
    report: EvaluationReport
    before: EvaluationReport | None


class ResultsPanel(QWidget):
    """One run at a time; a fine-tuned one shows before and after side by side."""

    finetune_requested = Signal(object)  # Path of the run folder

    def __init__(
        self, session: Session, jobs: JobCentre, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._run: RunFolder | None = None
        self._shown: _Shown | None = None
        self._file: Path | None = None
        self._reader, self._gatherer = Background(self), Background(self)
        self.commands = RunCommands(session, jobs, self)
        self.page = MatrixPage(theme)
        self.matrix, self.matrix_before = self.page.matrix, self.page.matrix_before
        self.classes = ClassTable(theme)
        self.map = ScatterPage(session, jobs, theme)
        self.label_errors = LabelErrorsPage(session, jobs, theme)
        self.finetuning = FinetuningPage(theme)
        self.windows = WindowList(session)
        self._make_top(theme)
        self._lay_out()
        self._connect()
        self._fill_runs()

    # -- parts ---------------------------------------------------------------------------

    def _make_top(self, theme: Theme) -> None:
        self.runs = QComboBox()
        self.runs.setMinimumContentsLength(8)
        self.runs.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.predict = _menu_button("Predict", "Propose labels with this run's model")
        self.export = _menu_button("Export", "Write this run's results as files")
        self.other = _menu_button("…", "Fine-tune, train again, show or delete the run")
        self.header = ResultsHeader(theme)
        self._empty = QLabel(_EMPTY, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("faint", True)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.runs, 1)
        for button in (self.predict, self.export, self.other):
            top.addWidget(button)
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.addTab(self.page, "Matrix")
        self.tabs.addTab(self.classes, "Classes")
        self.tabs.addTab(self.map, "Map")
        self.tabs.addTab(self.finetuning, "Fine-tuning")
        self.tabs.addTab(self.label_errors, "Label errors")
        self.tabs.addTab(self.header.more, "More")
        self.windows.setMinimumHeight(104)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.tabs)
        self._split.addWidget(self.windows)
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 0)
        self._split.setSizes([400, 150])
        body = ScrolledBody()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(Scrolled(body))
        layout = QVBoxLayout(body)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.header)
        layout.addWidget(self._empty)
        layout.addWidget(self._split, 1)

    def _connect(self) -> None:
        session = self._session
        self.runs.currentIndexChanged.connect(lambda _i: self._on_run_chosen())
        self.page.cell_chosen.connect(self._on_cell)
        self.page.list_asked.connect(self._on_list_asked)
        self.classes.class_chosen.connect(self._on_class)
        self.map.windows_chosen.connect(self.windows.show_windows)
        self.windows.retrain_requested.connect(self._on_retrain)
        self.windows.table.left.connect(lambda: self.tabs.currentWidget().setFocus())
        self.tabs.currentChanged.connect(lambda _i: self._on_tab())
        self.commands.run_made.connect(self.show_run)
        self.commands.changed.connect(self._fill_menus)
        self._later = QTimer(self, singleShot=True, interval=200)
        self._later.timeout.connect(self._fill_runs)
        session.project_changed.connect(lambda _before, _after: self._on_project_changed())
        session.clip_opening.connect(lambda _id: self._fill_menus())
        self._on_tab()

    def _fill_menus(self) -> None:
        """What can be done with the run that is shown."""
        run, commands = self._run, self.commands
        report = self._shown.report if self._shown is not None else None
        model = run is not None and (run.path / MODEL).is_file()
        may = model and not commands.busy and not self._session.read_only
        for button in (self.predict, self.export, self.other):
            button.menu().clear()
        predict = self.predict.menu()
        _add(predict, "Label the open clip", lambda: self._predict(everywhere=False),
             may and self._session.clip_id is not None)  # fmt: skip
        _add(predict, "Label all clips", lambda: self._predict(everywhere=True), may)
        self.predict.setEnabled(model)
        folded = run is not None and not model
        self.predict.setToolTip(
            "A cross-validation has a model for each fold, and none of its own"
            if folded
            else "Propose labels with this run's model"
        )
        for text, formats in EXPORTS:
            _add(self.export.menu(), text, lambda f=formats: self._export(f), not commands.busy)
        self.export.menu().addSeparator()
        _add(self.export.menu(), "Show the folder of the last export", commands.show_exported,
             commands.exported is not None)  # fmt: skip
        self.export.setEnabled(report is not None)
        other = self.other.menu()
        adapts = model and report is not None and _is_network(report.model)
        _add(other, "Fine-tune …", self._on_finetune, adapts)
        _add(other, "Train again on the labels as they are now", self._on_retrain,
             report is not None and not commands.busy)  # fmt: skip
        other.addSeparator()
        _add(other, "Show the run's files", self._on_folder, run is not None)
        _add(other, "Delete the run …", self._on_delete, run is not None)
        self.other.setEnabled(run is not None)
        self.windows.retrain.setEnabled(report is not None and not commands.busy)

    # -- runs ----------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        path = self._session.file.path if self._session.file is not None else None
        if path != self._file:
            self._file = path
            self._later.start()

    def _fill_runs(self) -> None:
        chosen = self.runs.currentData()
        with QSignalBlocker(self.runs):
            self._list_runs(chosen)
        self._on_run_chosen()

    def _list_runs(self, chosen: str | None) -> None:
        file = self._session.file
        runs = list_runs(training.runs_folder(file.path)) if file is not None else ()
        self.runs.clear()
        for run in runs:
            if run.finished:
                self.runs.addItem(run_line(run), str(run.path))
        place = max(0, self.runs.findData(chosen)) if self.runs.count() else -1
        self.runs.setCurrentIndex(place)

    def refresh_runs(self) -> None:
        """Follow what became of the runs elsewhere; the one that is shown stays as it is."""
        shown = self.runs.currentData()
        if self._shown is None or shown is None or not (Path(shown) / REPORT).is_file():
            self._fill_runs()
            return
        with QSignalBlocker(self.runs):
            self._list_runs(shown)

    def show_run(self, run_dir: Path) -> None:
        """Show a run: one that has just finished, or an earlier one."""
        self._fill_runs()
        self.runs.setCurrentIndex(self.runs.findData(str(run_dir)))

    def _on_run_chosen(self) -> None:
        path = self.runs.currentData()
        self._run = RunFolder(Path(path)) if path is not None else None
        self._reader.drop()
        self._gatherer.drop()
        run = self._run
        if run is None:
            self._show_nothing(_EMPTY)
            return
        small = (run.path / REPORT).stat().st_size < _LARGE_BYTES
        if not small:
            self._show_nothing("Reading the results …")
        self._reader.run(lambda: _read(run), self._on_read, now=small)

    def _on_read(self, found: _Shown | HarstudioError) -> None:
        if isinstance(found, HarstudioError):
            self._show_nothing(str(found))
            return
        self._show(found)
        run, project = self._run, self._session.project
        if run is not None:  # resampling and segments take longer than a frame
            self._gatherer.run(lambda: _gather(run, project), self._on_gathered, now=False)

    def _show_nothing(self, why: str) -> None:
        self._shown = None
        self.header.hide()
        self._empty.setText(why)
        self._empty.show()
        for page in (self.page, self.classes, self.map, self.finetuning, self.header.more):
            self.tabs.setTabVisible(self.tabs.indexOf(page), False)
        self.windows.show_windows([], "")
        self.map.show_run(None, None)
        self.label_errors.show_run(None)
        self._fill_menus()
        self._on_tab()

    def _show(self, found: _Shown) -> None:
        run, report, before = self._run, found.report, found.before
        self._shown = found
        self._empty.hide()
        self.header.show()
        for page in (self.page, self.classes, self.map, self.header.more):
            self.tabs.setTabVisible(self.tabs.indexOf(page), True)
        self.tabs.setTabVisible(self.tabs.indexOf(self.finetuning), before is not None)
        self.tabs.setCurrentWidget(self.page)
        self.page.show_reports(report, before)
        project = self._session.project
        labels = project.label_set if project is not None else None
        self.classes.show_scores(report.per_class(), labels)
        self.map.show_run(run.path if run is not None else None, report)
        self.label_errors.show_run(run)
        self.windows.show_windows(_mistakes(report), "Mistakes")
        self.header.show_report(report, before)
        self._fill_menus()
        self._on_tab()

    def _on_gathered(self, found: RunMaterial | HarstudioError) -> None:
        if isinstance(found, HarstudioError):
            self._session.message.emit(str(found))
            return
        self.finetuning.show_alternatives(found.alternatives)
        self.header.add_material(found)

    # -- what is done with it ------------------------------------------------------------

    def _predict(self, *, everywhere: bool) -> None:
        if self._run is not None:
            self.commands.predict(self._run, everywhere=everywhere)

    def _export(self, formats: tuple[str, ...]) -> None:
        if self._run is not None:
            order = "confusion" if self.page.sorted.isChecked() else "given"
            self.commands.ask_export(self._run, formats, order)

    def _on_finetune(self) -> None:
        if self._run is not None:
            self.finetune_requested.emit(self._run.path)

    def _on_retrain(self) -> None:
        if self._run is not None:
            self.commands.retrain(self._run)

    def _on_folder(self) -> None:
        if self._run is not None:
            show_folder(self._run.path)

    def _on_delete(self) -> None:
        if self._run is None:
            return
        buttons = QMessageBox.StandardButton
        text = f"Move the run {self._run.title} with its weights to the trash of the runs folder?"
        answer = QMessageBox.question(self, "Delete run", text, buttons.Yes | buttons.No)
        if answer == buttons.Yes:
            trash_run(self._run, self._run.path.parent)
            self._fill_runs()

    # -- cells and windows ---------------------------------------------------------------

    def _on_tab(self) -> None:
        page = self.tabs.currentWidget()
        self.windows.setVisible(page in (self.page, self.classes, self.map))
        self.tabs.setMinimumHeight(max(_TABS, page.minimumSizeHint().height() + _TAB_BAR))

    def _on_cell(self, report: EvaluationReport, actual: str, predicted: str) -> None:
        self.windows.show_windows(
            report.cell(actual, predicted), f"{actual} predicted as {predicted}"
        )

    def _on_list_asked(self) -> None:
        """Enter in the matrix: on to the cell's first window."""
        if self.windows.rowCount():
            self.windows.table.setFocus()
            self.windows.choose(0)

    def _on_class(self, label: str) -> None:
        if self._shown is not None:
            found = [w for w in _mistakes(self._shown.report) if label in (w.truth, w.prediction)]
            self.windows.show_windows(found, f"Mistakes with {label}")


def _read(run: RunFolder) -> _Shown | HarstudioError:
    try:
        return _Shown(run.report(), run.before() if run.kind == FINETUNING else None)
    except HarstudioError as error:
        return error


def _gather(run: RunFolder, project: Project | None) -> RunMaterial | HarstudioError:
    try:
        return gathered(run.path, project)
    except HarstudioError as error:
        return error


def _mistakes(report: EvaluationReport) -> list[WindowResult]:
    return [w for w in report.windows if w.truth != w.prediction]


def _is_network(model: str) -> bool:
    try:
        return model_spec(model).kind == NETWORK
    except HarstudioError:
        return False


def _menu_button(text: str, tip: str) -> QToolButton:
    button = QToolButton(text=text, toolTip=tip)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setMenu(QMenu(button))
    return button


def _add(menu: QMenu, text: str, run: Callable[[], None], enabled: bool) -> None:
    menu.addAction(text, run).setEnabled(enabled)
