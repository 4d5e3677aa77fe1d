"""Who did what and when, from the project file's journal; a way back to any state of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.clip_history import differences, restored
from harstudio.core.project import Clip
from harstudio.gui.annotating.places import changed_stretch
from harstudio.gui.panels.history.model import CLIP, WHAT, WHEN, WHO, HistoryModel, short_time
from harstudio.gui.session import Session
from harstudio.gui.tables import dress
from harstudio.store.journal import JournalEntry
from harstudio.store.project_file import ProjectFile

_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOST_WORDS = 4


@dataclass(frozen=True)
class EarlierState:
    """A clip as it was after an edit.

    Attributes
    ----------
    entry : JournalEntry
        The last edit of the clip by then.
    clip : Clip
    """

    entry: JournalEntry
    clip: Clip


class HistoryPanel(QWidget):
    """The edits, newest first; read when the dock is looked at."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._file: ProjectFile | None = None
        self._filter = ""
        self._chosen: EarlierState | None = None
        self.model = HistoryModel()
        self.table = _HistoryTable(self)
        self.table.setModel(self.model)
        self.only = QCheckBox("This clip only")
        self.go = QPushButton("Go to")
        self.go.setToolTip("Open the clip where this edit was made (Enter)")
        self.restore_button = QPushButton("Restore")
        self.preview = QLabel(wordWrap=True)
        self.preview.setProperty("faint", True)
        self.preview.setMinimumHeight(2 * self.preview.fontMetrics().lineSpacing())
        self._empty = QLabel("Edits appear here, with author and time.", wordWrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("faint", True)
        self._lay_out()
        self._later = QTimer(self, singleShot=True, interval=200)
        self._later.timeout.connect(self._fill)
        self._connect()
        self._fill()

    def _lay_out(self) -> None:
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(WHAT, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(WHEN, QHeaderView.ResizeMode.ResizeToContents)
        for column, width in ((WHO, 56), (CLIP, 84)):
            self.table.setColumnWidth(column, width)
        below = QHBoxLayout()
        below.setContentsMargins(8, 0, 8, 8)
        below.setSpacing(8)
        below.addWidget(self.only)
        below.addStretch(1)
        below.addWidget(self.go)
        below.addWidget(self.restore_button)
        self.preview.setContentsMargins(8, 0, 8, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self.preview)
        layout.addLayout(below)

    def _connect(self) -> None:
        session = self._session
        session.project_changed.connect(lambda _before, _after: self._later.start())
        session.clip_opening.connect(lambda _id: self._later.start())
        session.clip_opened.connect(self._later.start)
        self.only.toggled.connect(lambda _on: self._fill())
        self.table.selectionModel().selectionChanged.connect(lambda _on, _off: self._show_chosen())
        self.table.doubleClicked.connect(lambda _index: self.go_there())
        self.go.clicked.connect(lambda _on: self.go_there())
        self.restore_button.clicked.connect(lambda _on: self.restore())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._fill()

    # -- what is shown -------------------------------------------------------------------

    def _fill(self) -> None:
        """Bring the table up to date, if it is looked at."""
        if not self.isVisible():
            return
        file, clip_id = self._session.file, self._session.clip_id or ""
        self.only.setEnabled(bool(clip_id))
        wanted = clip_id if self.only.isChecked() else ""
        self.model.name_clips(self._session.project)
        if file is None:
            self.model.show(None)
        elif (file, wanted) != (self._file, self._filter):
            self.model.show(
                lambda limit, before: file.journal(limit, clip_id=wanted, before_seq=before)
            )
        else:
            self.model.catch_up()
        self._file, self._filter = file, wanted
        self.table.setColumnHidden(CLIP, bool(wanted))
        some = self.model.rowCount() > 0
        self.table.setVisible(some)
        self._empty.setVisible(not some)
        self._show_chosen()

    def entry(self) -> JournalEntry | None:
        """The chosen row."""
        rows = self.table.selectionModel().selectedRows()
        return self.model.entries[rows[0].row()] if rows else None

    def _show_chosen(self) -> None:
        """Say what restoring the chosen row would change."""
        self._chosen = self._state()
        entry, chosen = self.entry(), self._chosen
        self.go.setEnabled(entry is not None and bool(self._touched(entry)))
        if entry is None or chosen is None:
            self.restore_button.setEnabled(False)
            self.restore_button.setText("Restore")
            what = "Choose an edit to see what restoring a clip to it would change."
            if entry is not None:
                what = "This edit left no state of a clip: open a clip to restore it to this time."
            self.preview.setText(what)
            return
        now = self._now(chosen.clip)
        then = restored(chosen.clip, now)
        words = differences(now, then) if now is not None else ("the clip comes back",)
        more = [f"{len(words) - _MOST_WORDS} more"] if len(words) > _MOST_WORDS else []
        text = " · ".join([*words[:_MOST_WORDS], *more]) or "nothing, it is like that now"
        self.preview.setText(f"Restoring {then.name} to {self._when(chosen)} changes: {text}")
        self.preview.setToolTip("\n".join(words))
        self.restore_button.setText("Restore clip" if now is not None else "Bring clip back")
        self.restore_button.setEnabled(bool(words) and not self._session.read_only)

    def _when(self, state: EarlierState) -> str:
        author = f" by {state.entry.author}" if state.entry.author else ""
        return short_time(state.entry.time_utc, datetime.now(UTC)) + author

    def _now(self, clip: Clip) -> Clip | None:
        project = self._session.project
        return project.clips.get(clip.id) if project is not None else None

    def _touched(self, entry: JournalEntry) -> str:
        """The clip that a row is about: the open one if it is among them, else the first there."""
        project, open_id = self._session.project, self._session.clip_id
        if project is None or open_id in entry.clip_ids:
            return open_id or ""
        return next((i for i in entry.clip_ids if i in project.clips), "")

    def _state(self) -> EarlierState | None:
        """What the chosen row offers to restore.

        The one clip that it touched; of several, or none, the open clip as it was by then. A
        clip that it removed: as it was before.
        """
        entry, file = self.entry(), self._session.file
        if entry is None or file is None:
            return None
        alone = len(entry.clip_ids) == 1
        clip_id = entry.clip_ids[0] if alone else self._session.clip_id
        before = entry.seq + 1
        while clip_id is not None:
            found = file.journal(1, clip_id=clip_id, before_seq=before)
            if not found:
                break
            clip = file.state_of(clip_id, found[0].seq)
            if clip is not None:
                return EarlierState(found[0], clip)
            before = found[0].seq
        return None

    # -- what is done --------------------------------------------------------------------

    def restore(self) -> None:
        """Put the earlier state of the clip in the place of the present one: one more edit."""
        chosen = self._chosen
        if chosen is None or not self.restore_button.isEnabled():
            return
        clip = restored(chosen.clip, self._now(chosen.clip))
        self._session.edit_clip(f"Restore {clip.name} to {self._when(chosen)}", clip)
        self._session.message.emit(f"{clip.name} is as it was {self._when(chosen)}")

    def go_there(self) -> None:
        """Open the clip that the chosen row touched, at the place that it edited."""
        entry, file = self.entry(), self._session.file
        clip_id = self._touched(entry) if entry is not None else ""
        if entry is None or file is None or not clip_id:
            return
        stretch = self._edited_stretch(file, entry, clip_id)
        if stretch is not None:
            self._session.show_moment(clip_id, *stretch)
        else:
            self._session.open_clip(clip_id)

    def _edited_stretch(
        self, file: ProjectFile, entry: JournalEntry, clip_id: str
    ) -> tuple[float, float] | None:
        """Where an edit changed a clip's labels, s; None if it did not, or all at once."""
        earlier = file.journal(1, clip_id=clip_id, before_seq=entry.seq)
        if not earlier:
            return None
        now, then = file.state_of(clip_id, entry.seq), file.state_of(clip_id, earlier[0].seq)
        if now is None or then is None:
            return None
        for tier in dict.fromkeys((*now.tiers, *then.tiers)):
            stretch = changed_stretch(then.track(tier), now.track(tier))
            if stretch is not None:
                return stretch
        return None


class _HistoryTable(QTableView):
    """Rows of edits; Enter goes where one was made, letters stay commands of the window."""

    def __init__(self, panel: HistoryPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        dress(self)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    def keyboardSearch(self, search: str) -> None:  # noqa: N802
        return

    def event(self, event: object) -> bool:
        is_key = isinstance(event, QKeyEvent) and event.type() == event.Type.ShortcutOverride
        if is_key and event.key() in _RETURN and not event.modifiers():
            event.accept()
            return True
        return super().event(event)  # type: ignore[arg-type]

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in _RETURN and not event.modifiers():
            self._panel.go_there()
        else:
            super().keyPressEvent(event)
