"""The Runs dock: every training there was, how it stands, and what to do with it next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QDesktopServices,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.gui.panels.results.run_commands import EXPORTS, RunCommands
from harstudio.gui.panels.runs.book import RunBook
from harstudio.gui.panels.runs.compare import RunCompare
from harstudio.gui.panels.runs.model import NAME, NOTE, WHEN, RunsFilter, RunsModel
from harstudio.gui.panels.runs.text import detail_lines
from harstudio.gui.panels.train.curves import CurvesView
from harstudio.gui.panels.train.form_parts import Scrolled, ScrolledBody
from harstudio.gui.panels.train.progress import over_what, series_of
from harstudio.gui.session import Session
from harstudio.gui.tables import dress
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.learn.config import TrainingConfig
from harstudio.learn.runs.facts import RunFacts
from harstudio.learn.runs.folder import RunFolder
from harstudio.learn.runs.listing import restore_run, trash_run
from harstudio.learn.runs.onnx_export import OnnxSummary, export_onnx
from harstudio.learn.runs.state import RUNNING
from harstudio.workflows.exchange.file_names import safe_name

_EMPTY = (
    "No runs yet.\nTrain a model (Ctrl+T): each training is kept here, those that fail with their "
    "reason."
)
_TWO = 2


class RunsPanel(QWidget):
    """A table of runs; below it the curves of one, or two beside each other."""

    opened = Signal(object)  # Path: show its results
    reuse_requested = Signal(object)  # TrainingConfig
    resume_requested = Signal(object)  # Path

    def __init__(
        self,
        session: Session,
        jobs: JobCentre,
        theme: Theme,
        book: RunBook,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs, self._book, self._theme = session, jobs, book, theme
        self._commands = RunCommands(session, jobs, self)
        self._trashed: list[Path] = []  # those that were deleted last, together
        self.model = RunsModel(theme, session.message.emit, self)
        self.model.renamed = book.refresh
        self.rows = RunsFilter(self)
        self.rows.setSourceModel(self.model)
        self.search = QLineEdit(placeholderText="Filter: model, split, state, note …")
        self.search.setClearButtonEnabled(True)
        self.table = _RunTable()
        self.table.show_rows(self.rows)
        self.detail = QLabel(wordWrap=True)
        self.curves, self.compare = CurvesView(theme), RunCompare(theme)
        self._empty = QLabel(_EMPTY, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("faint", True)
        self._make_buttons()
        self._lay_out()
        self._connect()
        self._fill()

    def _make_buttons(self) -> None:
        self.open_button = _button("Results", "Open its matrix and figures (Enter)", self._open)
        self.reuse = _button(
            "Use settings", "Fill the Train form with how it was made", self._reuse
        )
        self.resume = _button("Resume", "Go on from its last whole epoch", self._resume)
        self.delete = _button(
            "Delete", "Move it to the trash of the runs folder (Del)", self.remove
        )
        self.undo = _button("Undo delete", "Bring back what was deleted last", self._restore)
        self.undo.hide()
        self.export = QToolButton(text="Export", toolTip="Results as files; the network as ONNX")
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.export.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        menu = QMenu(self.export)
        for words, formats in EXPORTS:
            menu.addAction(words, lambda formats=formats: self._export(formats))
        menu.addSeparator()
        self._onnx = menu.addAction("Network as ONNX …", self._ask_onnx)
        menu.addSeparator()
        menu.addAction("Show the run's files", self._show_files)
        self.export.setMenu(menu)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.open_button, self.reuse, self.resume, self.export, self.delete,
                       self.undo):  # fmt: skip
            buttons.addWidget(button)
        buttons.addStretch(1)
        one = QWidget()
        column = QVBoxLayout(one)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.detail)
        column.addWidget(self.curves, 1)
        self._below = QStackedWidget()
        self._below.addWidget(one)
        self._below.addWidget(self.compare)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.table, 1)
        column.addLayout(buttons)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(upper)
        self._split.addWidget(self._below)
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 1)
        body = ScrolledBody()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(Scrolled(body))
        layout = QVBoxLayout(body)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self._split, 1)
        layout.addWidget(self._empty, 1)

    def _connect(self) -> None:
        self._book.changed.connect(self._fill)
        self._jobs.changed.connect(self._on_jobs)
        self.search.textChanged.connect(self.rows.search)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._on_chosen())
        self.table.entered_on.connect(self._open)
        self.table.delete_wanted.connect(self.remove)
        self.table.menu_wanted.connect(self._menu)

    # -- what is shown -------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._book.refresh()

    def _on_jobs(self) -> None:
        """A run that has just begun is to be seen; how far it is, the Train dock tells."""
        running = sum(1 for facts in self._book.facts if facts.state.state == RUNNING)
        if self.isVisible() and len(self._jobs.running) != running:
            self._book.refresh()

    def _fill(self) -> None:
        chosen = {facts.path for facts in self.chosen}
        self.model.show_facts(self._book.facts)
        self.choose(chosen)
        some = bool(self._book.facts)
        for widget in (self.search, self._split):
            widget.setVisible(some)
        self._empty.setVisible(not some)
        self._on_chosen()

    def choose(self, paths: set[Path]) -> None:
        """Select these runs."""
        selection = self.table.selectionModel()
        chosen = {facts.path for facts in self.chosen}
        if chosen == paths:
            return
        selection.clearSelection()
        for row in range(self.rows.rowCount()):
            index = self.rows.index(row, 0)
            if self._facts(row).path in paths:
                selection.select(
                    index, selection.SelectionFlag.Select | selection.SelectionFlag.Rows
                )

    def _facts(self, row: int) -> RunFacts:
        return self.model.facts_at(self.rows.mapToSource(self.rows.index(row, 0)).row())

    @property
    def chosen(self) -> list[RunFacts]:
        """The selected runs, the older one first."""
        rows = {index.row() for index in self.table.selectionModel().selectedIndexes()}
        found = [self._facts(row) for row in sorted(rows)]
        return sorted(found, key=lambda f: f.started.timestamp() if f.started else 0.0)

    def _on_chosen(self) -> None:
        chosen = self.chosen
        one = chosen[0] if len(chosen) == 1 else None
        idle = one is not None and one.state.state != RUNNING
        self.open_button.setEnabled(one is not None and one.finished)
        self.reuse.setEnabled(one is not None and bool(one.model))
        self.resume.setEnabled(idle and one is not None and one.resumable)
        self.export.setEnabled(one is not None and one.finished)
        self._onnx.setEnabled(one is not None and one.exportable)
        self.delete.setEnabled(any(facts.state.state != RUNNING for facts in chosen))
        if len(chosen) == _TWO:
            self.compare.show_runs(*chosen)
            self._below.setCurrentWidget(self.compare)
            return
        self._below.setCurrentIndex(0)
        if one is None:
            words = "Select a run for its curves; two (Ctrl+click, Shift+Down) to compare them."
            self.detail.setText(words if not chosen else f"{len(chosen)} runs selected.")
            self.curves.show_series(())
            return
        self.detail.setText("\n".join(detail_lines(one)))
        run = RunFolder(one.path)
        self.curves.show_series(series_of(run), over_what(run))

    # -- what is done --------------------------------------------------------------------

    def _one(self) -> RunFacts | None:
        chosen = self.chosen
        return chosen[0] if len(chosen) == 1 else None

    def _open(self) -> None:
        if (one := self._one()) is not None and one.finished:
            self.opened.emit(one.path)

    def _reuse(self) -> None:
        if (one := self._one()) is not None:
            config: TrainingConfig = RunFolder(one.path).config()
            self.reuse_requested.emit(config)

    def _resume(self) -> None:
        if (one := self._one()) is not None:
            self.resume_requested.emit(one.path)

    def remove(self) -> None:
        """Move the selected runs to the trash; the last one comes back by a button."""
        folder = self._book.folder
        gone = [facts for facts in self.chosen if facts.state.state != RUNNING]
        if folder is None or not gone or not self._sure(gone):
            return
        self._trashed = [trash_run(RunFolder(facts.path), folder) for facts in gone]
        self.undo.show()
        names = ", ".join(facts.title for facts in gone)
        self._session.message.emit(f"Moved to the trash: {names}")
        self._book.refresh()

    def _sure(self, gone: list[RunFacts]) -> bool:
        what = gone[0].title if len(gone) == 1 else f"{len(gone)} runs"
        buttons = QMessageBox.StandardButton
        text = f"Move {what} to the trash of the runs folder?"
        answer = QMessageBox.question(self, "Delete", text, buttons.Yes | buttons.No)
        return bool(answer == buttons.Yes)

    def _restore(self) -> None:
        trashed, self._trashed = self._trashed, []
        self.undo.hide()
        back = ", ".join(restore_run(path).title for path in trashed)
        self._session.message.emit(f"Brought back: {back}")
        self._book.refresh()

    def _export(self, formats: tuple[str, ...]) -> None:
        if (one := self._one()) is not None:
            self._commands.ask_export(RunFolder(one.path), formats, "given")

    def _ask_onnx(self) -> None:
        one = self._one()
        if one is None:
            return
        name, _ = QFileDialog.getSaveFileName(
            self, "Export the network", f"{safe_name(one.title)}.onnx", "ONNX (*.onnx)"
        )
        if name:
            self.export_onnx(RunFolder(one.path), Path(name))

    def export_onnx(self, run: RunFolder, out: Path) -> None:
        """Write a run's network as ONNX, in a child process."""

        def told(summary: OnnxSummary) -> None:
            checked = (
                "not compared: onnxruntime is not installed"
                if summary.difference is None
                else f"differs from torch by {summary.difference:.1e}"
            )
            self._session.message.emit(f"{summary.path} written; {checked}")

        self._jobs.start("Exporting ONNX", export_onnx, run.checkpoint(), out, on_done=told)

    def _show_files(self) -> None:
        if (one := self._one()) is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(one.path)))

    def _menu(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        for button, run in (
            (self.open_button, self._open),
            (self.reuse, self._reuse),
            (self.resume, self._resume),
        ):
            menu.addAction(button.text(), run).setEnabled(button.isEnabled())
        one = self._one()
        for column, words in ((NAME, "Rename"), (NOTE, "Write a note")):
            action = QAction(words, menu)
            action.triggered.connect(lambda _on=False, column=column: self._edit(column))
            action.setEnabled(one is not None)
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction("Delete …", self.remove).setEnabled(self.delete.isEnabled())
        menu.exec(event.globalPos())

    def _edit(self, column: int) -> None:
        rows = self.table.selectionModel().selectedRows(column)
        if rows:
            self.table.setCurrentIndex(rows[0])
            self.table.edit(rows[0])


class _RunTable(QTableView):
    """Rows of runs: Enter opens, Delete removes, a right click asks."""

    entered_on = Signal()
    delete_wanted = Signal()
    menu_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        dress(self, many=True)
        self.setSortingEnabled(True)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )

    def show_rows(self, model: RunsFilter) -> None:
        """Take the rows to show, and give the columns their widths."""
        self.setModel(model)
        self.sortByColumn(WHEN, Qt.SortOrder.DescendingOrder)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate((92, 84, 68, 72, 72, 64, 48)):
            header.resizeSection(column, width)
        header.setStretchLastSection(True)
        self.doubleClicked.connect(
            lambda index: None if index.column() in (NAME, NOTE) else self.entered_on.emit()
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered_on.emit()
        elif event.matches(QKeySequence.StandardKey.Delete):
            self.delete_wanted.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        self.menu_wanted.emit(event)


def _button(text: str, tip: str, run: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.clicked.connect(lambda _on: run())
    return button
