"""The Label errors page: labels that models which never saw them disagree with, to be reviewed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.project import Project
from harstudio.gui.panels.results.label_error_table import SuspectModel, SuspectTable
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.learn.judging.label_errors import Suspect
from harstudio.learn.judging.out_of_fold import OUT_OF_FOLD
from harstudio.learn.runs.folder import RunFolder
from harstudio.workflows.evaluating import LabelDoubts, find_label_errors
from harstudio.workflows.reviewing import (
    KEPT,
    Review,
    accepted,
    load_review,
    save_review,
)
from harstudio.workflows.training import runs_folder
from harstudio.workflows.windowing import REAL, VIRTUAL

_NONE_YET = (
    "Labels that a model, trained without them, confidently disagrees with.\n\n"
    "Find label errors searches the whole project. Then, for each: Y takes the suggested label, "
    "X keeps the given one, N goes on."
)


class LabelErrorsPage(QWidget):
    """Find, go through, accept or keep; what was kept is remembered beside the runs."""

    def __init__(
        self, session: Session, jobs: JobCentre, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._review = Review()
        self._file: Path | None = None
        self._busy = False
        self.model = SuspectModel(theme)
        self.table = SuspectTable(self.model)
        self.by = QComboBox()
        self.by.setToolTip("Whose verdict: models that never trained on what they judge")
        self.by.setMinimumContentsLength(8)
        self.by.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.find = QPushButton("Find label errors")
        self.accept = QToolButton(text="Accept (Y)")
        self.accept.setToolTip("Relabel as suggested; on the whole segment where most is doubted")
        self.keep = QToolButton(text="Keep (X)")
        self.keep.setToolTip("The given label is right: do not ask again")
        self.next = QToolButton(text="Next (N)")
        self.next.setToolTip("Go to the next one that is open")
        self.progress = QProgressBar(textVisible=False)
        self.progress.setFixedHeight(6)
        self.told = QLabel()
        self.how = QLabel(wordWrap=True)
        self.how.setProperty("faint", True)
        self.empty = QLabel(_NONE_YET, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("faint", True)
        self._lay_out()
        self.find.clicked.connect(self.start)
        self.accept.clicked.connect(self.accept_current)
        self.keep.clicked.connect(self.keep_current)
        self.next.clicked.connect(self.go_on)
        self.table.asked.connect(self._on_asked)
        self.table.clicked.connect(self._go)
        self.table.selectionModel().currentRowChanged.connect(lambda now, _old: self._go(now))
        session.project_changed.connect(self._on_project_changed)
        self.show_run(None)
        self._read()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.by, 1)
        top.addWidget(self.find)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.told, 1)
        for button in (self.accept, self.keep, self.next):
            below.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.how)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.progress)
        layout.addLayout(below)

    # -- what is shown -------------------------------------------------------------------

    def show_run(self, run: RunFolder | None) -> None:
        """Offer a run's cross-validation, if it is one of the project's own labels."""
        chosen = self.by.currentData()
        self.by.clear()
        if run is not None and _judges_labels(run):
            self.by.addItem(f"cross-validation {run.title}", run.path)
        project = self._session.project
        clips = project.clips.values() if project is not None else ()
        if any(clip.motion is not None for clip in clips) or not clips:
            self.by.addItem("a quick random forest, on virtual signals", VIRTUAL)
        if any(clip.recordings for clip in clips):
            self.by.addItem("a quick random forest, on real signals", REAL)
        self.by.setCurrentIndex(max(0, self.by.findData(chosen)))

    def _read(self) -> None:
        """The review of the project that is open now."""
        file = self._session.file
        self._file = file.path if file is not None else None
        self._review = Review()
        if self._file is not None:
            try:
                self._review = load_review(runs_folder(self._file))
            except HarstudioError as error:
                self._session.message.emit(str(error))
        self._show()

    def _show(self) -> None:
        review, project = self._review, self._session.project
        self.model.show(review, project)
        count, done = self.model.rowCount(), self.model.reviewed
        self.table.setVisible(count > 0)
        self.empty.setVisible(count == 0)
        for widget in (self.progress, self.accept, self.keep, self.next):
            widget.setVisible(count > 0)
        self.progress.setRange(0, max(1, count))
        self.progress.setValue(done)
        self.told.setText(f"{done} of {count} reviewed" if count else "")
        self.find.setEnabled(project is not None and not self._busy)
        for button in (self.accept, self.keep):
            button.setEnabled(not self._session.read_only)
        if self._busy:
            return
        self.how.setText(
            f"Judged by {review.how}: {count:,} doubts in {review.windows:,} windows"
            if review.how
            else ""
        )
        self.how.setVisible(bool(review.how))
        self.empty.setText(
            f"No label is confidently disagreed with ({review.windows:,} windows)."
            if review.how
            else _NONE_YET
        )

    def _on_project_changed(self, before: Project | None, after: Project | None) -> None:
        path = self._session.file.path if self._session.file is not None else None
        if path != self._file:
            self.show_run(None)
            self._read()
        elif after is not None and (before is None or before.clips is not after.clips):
            self._show()

    # -- the job -------------------------------------------------------------------------

    def start(self) -> None:
        """Search the project for doubtful labels, in a child process."""
        session, by = self._session, self.by.currentData()
        if session.project is None or self._file is None or self._busy:
            return
        self._busy = True
        self.how.setText("Searching …")
        self.how.show()
        run_dir, signals = (None, by) if isinstance(by, str) else (by, VIRTUAL)
        file = self._file
        self._jobs.start(
            "Finding label errors",
            find_label_errors,
            session.project,
            session.folder,
            run_dir,
            None,
            signals,
            on_progress=lambda progress: self.how.setText(f"Searching: {progress.message}"),
            on_done=lambda found: self._on_found(file, found),
            on_end=self._on_end,
        )
        self._show()

    def _on_found(self, file: Path, found: LabelDoubts) -> None:
        if file != self._file:
            return
        kept = self._review.kept
        self._keep(Review(found.suspects, kept, found.windows, found.how))
        self._busy = False
        self._show()

    def _on_end(self) -> None:
        self._busy = False
        self._show()

    def _keep(self, review: Review) -> None:
        self._review = review
        if self._file is None or self._session.read_only:
            return
        try:
            save_review(runs_folder(self._file), review)
        except HarstudioError as error:
            self._session.message.emit(f"Remembered until the window closes only: {error}")

    # -- one after another ---------------------------------------------------------------

    @property
    def row(self) -> int:
        """The current row; -1 without one."""
        return self.table.currentIndex().row()

    def current(self) -> Suspect | None:
        """The suspect at hand."""
        row = self.row
        return self.model.suspects[row] if 0 <= row < self.model.rowCount() else None

    def choose(self, row: int) -> None:
        """Go to a suspect."""
        self.table.setCurrentIndex(self.model.index(row, 0))

    def go_on(self) -> None:
        """Go to the next one that is open."""
        row = self.model.next_open(self.row)
        if row < 0:
            self._session.message.emit("All suspected label errors are reviewed")
        else:
            self.choose(row)

    def accept_current(self) -> None:
        """Relabel as suggested, as one step, and go on."""
        suspect, session, project = self.current(), self._session, self._session.project
        if suspect is None or project is None or not self._may_change():
            return
        if suspect.clip_id in project.clips:
            what = f"Relabel {suspect.given} as {suspect.suggested}"
            session.edit(what, accepted(project, suspect, session.author))
            session.message.emit(f"{what} · Ctrl+Z undoes")
        self.go_on()

    def keep_current(self) -> None:
        """The given label is right; remember that and go on. Once more takes it back."""
        suspect, row = self.current(), self.row
        if suspect is None or not self._may_change():
            return
        if self.model.states[row] == KEPT:
            self._keep(self._review.doubting(suspect))
            self._show()
            return
        self._keep(self._review.keeping(suspect))
        self._show()
        self.go_on()

    def _may_change(self) -> bool:
        if self._session.read_only:
            self._session.message.emit("Not changed: this project is read-only")
        return not self._session.read_only

    def _on_asked(self, what: str) -> None:
        {
            "accept": self.accept_current,
            "keep": self.keep_current,
            "next": self.go_on,
            "go": lambda: self._go(self.table.currentIndex()),
        }[what]()

    def _go(self, index: QModelIndex) -> None:
        project = self._session.project
        if project is None or not index.isValid():
            return
        suspect = self.model.suspects[index.row()]
        if suspect.clip_id not in project.clips:
            self._session.message.emit("That clip is no longer in the project")
            return
        self._session.show_moment(suspect.clip_id, suspect.start_s, suspect.end_s)


def _judges_labels(run: RunFolder) -> bool:
    """Whether a run is a cross-validation, on labels that were not mapped to others."""
    if not (run.path / OUT_OF_FOLD).is_file():
        return False
    try:
        return run.config().label_map is None
    except HarstudioError:
        return False
