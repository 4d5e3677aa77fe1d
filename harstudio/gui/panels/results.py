"""The Results dock: matrices, figures, and from every cell back to the windows on the body."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.timebase import clock_text
from harstudio.gui.panels.matrix import COUNTS, ROW_SHARES, MatrixView
from harstudio.gui.panels.train import run_title
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.learn.report import EvaluationReport, WindowResult
from harstudio.learn.runs import FINETUNING, RunFolder, list_runs
from harstudio.workflows import training

_MOST_WINDOWS = 2000


class ResultsPanel(QWidget):
    """One run at a time; a fine-tuned one shows before and after side by side."""

    finetune_requested = Signal(object)  # Path of the run folder

    def __init__(
        self, session: Session, jobs: JobCentre, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._run: RunFolder | None = None
        self._shown: list[WindowResult] = []
        self.runs = QComboBox()
        self.runs.currentIndexChanged.connect(lambda _i: self._on_run_chosen())
        self._finetune = QPushButton("Fine-tune …")
        self._finetune.setToolTip("Adapt this model's dense layers to a real recording")
        self._finetune.clicked.connect(self._on_finetune)
        self._more = QToolButton(text="…", toolTip="Files of the run; delete it")
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._more)
        menu.addAction("Show the run's files", self._on_folder)
        menu.addAction("Delete the run …", self._on_delete)
        self._more.setMenu(menu)
        self._headline = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self._warnings = QLabel(wordWrap=True)
        self._warnings.setProperty("harm", True)
        self.matrix, self.matrix_before = MatrixView(theme), MatrixView(theme)
        self.matrix.pair_with(self.matrix_before)
        self.matrix.cell_chosen.connect(lambda a, p: self._on_cell(self.matrix, a, p))
        self.matrix_before.cell_chosen.connect(lambda a, p: self._on_cell(self.matrix_before, a, p))
        self._unit = QComboBox()
        self._unit.addItems([COUNTS, ROW_SHARES])
        self._unit.currentTextChanged.connect(self._on_unit)
        self.windows = self._table(["Clip", "Subject", "From", "Actual", "Predicted", "p"])
        self.windows.currentCellChanged.connect(lambda row, *_rest: self._on_window(row))
        self.windows.clicked.connect(self._on_window_clicked)
        self.classes = self._table(["Class", "Precision", "Recall", "F1", "Windows"])
        self._tabs = QTabWidget()
        self._tabs.addTab(self.windows, "Windows")
        self._tabs.addTab(self.classes, "Classes")
        self._empty = QLabel(
            "No results yet.\nTrain a model (Ctrl+T): its confusion matrix appears here, and each "
            "cell leads to its windows.",
            wordWrap=True,
            alignment=Qt.AlignmentFlag.AlignCenter,
        )
        self._empty.setProperty("faint", True)
        self._lay_out()
        self._later = QTimer(self, singleShot=True, interval=200)
        self._later.timeout.connect(self._fill_runs)
        self._file = None
        session.project_changed.connect(lambda _before, _after: self._on_project_changed())
        self._fill_runs()

    def _table(self, titles: list[str]) -> QTableWidget:
        table = QTableWidget(0, len(titles))
        table.setHorizontalHeaderLabels(titles)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(24)
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        return table

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        self.runs.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        top.addWidget(self.runs, 1)
        for widget in (self._unit, self._finetune, self._more):
            top.addWidget(widget)
        matrices = QHBoxLayout()
        matrices.setSpacing(8)
        matrices.addWidget(self.matrix_before, 1)
        matrices.addWidget(self.matrix, 1)
        upper = QWidget()
        upper.setLayout(matrices)
        matrices.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea(widgetResizable=True)  # 27 classes need more room than a dock has
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(upper)
        scroll.setMinimumHeight(64)
        self._tabs.setMinimumHeight(64)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(scroll)
        self._split.addWidget(self._tabs)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self._headline)
        layout.addWidget(self._warnings)
        layout.addWidget(self._split, 1)
        layout.addWidget(self._empty, 1)

    # -- runs ----------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        path = self._session.file.path if self._session.file is not None else None
        if path != self._file:
            self._file = path
            self._later.start()

    def _fill_runs(self) -> None:
        file = self._session.file
        chosen = self.runs.currentData()
        runs = list_runs(training.runs_folder(file.path)) if file is not None else ()
        self.runs.blockSignals(True)
        self.runs.clear()
        for run in runs:
            if run.finished:
                self.runs.addItem(run_title(run), str(run.path))
        self.runs.setCurrentIndex(max(0, self.runs.findData(chosen)) if self.runs.count() else -1)
        self.runs.blockSignals(False)
        self._on_run_chosen()

    def show_run(self, run_dir: Path) -> None:
        """Show a run that has just finished."""
        self._fill_runs()
        self.runs.setCurrentIndex(self.runs.findData(str(run_dir)))

    def _on_run_chosen(self) -> None:
        path = self.runs.currentData()
        self._run = RunFolder(Path(path)) if path is not None else None
        if self._run is None:
            self._show_nothing()
            return
        try:
            report = self._run.report()
            before = self._run.before() if self._run.kind == FINETUNING else None
        except HarstudioError as error:
            self._show_nothing()
            self._empty.setText(str(error))
            return
        self._show(report, before)

    def _show_nothing(self) -> None:
        for widget in (self._headline, self._warnings, self._split):
            widget.hide()
        self._empty.show()
        for button in (self._finetune, self._more):
            button.setEnabled(self._run is not None)

    def _show(self, report: EvaluationReport, before: EvaluationReport | None) -> None:
        self._empty.hide()
        for widget in (self._headline, self._split):
            widget.show()
        self._more.setEnabled(True)
        self._finetune.setEnabled(report.model != "random_forest")
        self._headline.setText(headline(report, before))
        self._warnings.setText("\n".join(report.warnings))
        self._warnings.setVisible(bool(report.warnings))
        count = f"{report.total:,} windows"
        self.matrix.set_report(report, f"After · {count}" if before else f"Test part · {count}")
        self.matrix_before.set_report(before, f"Before · {count}")
        self.matrix.name_rows(before is None)
        self.matrix_before.setVisible(before is not None)
        self._fill_classes(report)
        self._fill_windows([w for w in report.windows if w.truth != w.prediction], "Mistakes")

    def _on_unit(self, what: str) -> None:
        self.matrix.set_shown(what)
        self.matrix_before.set_shown(what)

    def _on_finetune(self) -> None:
        if self._run is not None:
            self.finetune_requested.emit(self._run.path)

    def _on_folder(self) -> None:
        if self._run is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._run.path)))

    def _on_delete(self) -> None:
        if self._run is None:
            return
        buttons = QMessageBox.StandardButton
        text = f"Delete the run {self._run.name} with its weights? This cannot be undone."
        answer = QMessageBox.question(self, "Delete run", text, buttons.Yes | buttons.No)
        if answer == buttons.Yes:
            shutil.rmtree(self._run.path)
            self._fill_runs()

    # -- cells and windows ---------------------------------------------------------------

    def _on_cell(self, matrix: MatrixView, actual: str, predicted: str) -> None:
        other = self.matrix if matrix is self.matrix_before else self.matrix_before
        other.clear_choice()
        report = matrix.report
        if report is not None:
            self._fill_windows(report.cell(actual, predicted), f"{actual} predicted as {predicted}")
            self._tabs.setCurrentWidget(self.windows)

    def _fill_windows(self, found: list[WindowResult], what: str) -> None:
        clips = self._session.project.clips if self._session.project is not None else {}
        self._shown = found[:_MOST_WINDOWS]
        self._tabs.setTabText(0, f"Windows: {what} ({len(found):,})")
        self.windows.blockSignals(True)
        self.windows.setRowCount(len(self._shown))
        for row, window in enumerate(self._shown):
            name = clips[window.clip_id].name if window.clip_id in clips else window.clip_id
            cells = (
                name + (" (real)" if window.real else ""),
                window.subject,
                clock_text(window.start_s),
                window.truth,
                window.prediction,
                f"{window.probability:.2f}",
            )
            for column, text in enumerate(cells):
                self.windows.setItem(row, column, QTableWidgetItem(text))
        self.windows.setCurrentCell(-1, -1)
        self.windows.blockSignals(False)

    def _on_window(self, row: int) -> None:
        project = self._session.project
        if project is None or not 0 <= row < len(self._shown):
            return
        window = self._shown[row]
        if window.clip_id not in project.clips:
            self._session.message.emit("That clip is no longer in the project")
            return
        self._session.show_moment(window.clip_id, window.start_s, window.end_s)

    def _on_window_clicked(self, index: QModelIndex) -> None:
        self._on_window(index.row())

    def _fill_classes(self, report: EvaluationReport) -> None:
        scores = report.per_class()
        self.classes.setRowCount(len(scores))
        for row, score in enumerate(scores):
            figures = (score.precision, score.recall, score.f1)
            cells = (score.label, *(f"{figure:.3f}" for figure in figures), f"{score.support:,}")
            for column, text in enumerate(cells):
                self.classes.setItem(row, column, QTableWidgetItem(text))


def headline(report: EvaluationReport, before: EvaluationReport | None) -> str:
    """The figures that matter, whose they are, and of which split."""
    parts = []
    for name, value, old in (
        ("macro F1", report.macro_f1, before.macro_f1 if before else None),
        ("accuracy", report.accuracy, before.accuracy if before else None),
        ("balanced accuracy", report.balanced_accuracy, None),
    ):
        figure = f"{old:.3f} → <b>{value:.3f}</b>" if old is not None else f"<b>{value:.3f}</b>"
        parts.append(f"{name} {figure}")
    return " · ".join(parts) + f"<br>{report.split}"
