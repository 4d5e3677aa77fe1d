"""Suspected label errors as a table: what a person decided on each is told from the labels."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QKeyEvent
from PySide6.QtWidgets import QTableView, QWidget

from harstudio.core.project import Project
from harstudio.core.timebase import clock_text
from harstudio.gui.panels.labels import swatch
from harstudio.gui.tables import dress, heading
from harstudio.gui.theme import Theme
from harstudio.learn.judging.label_errors import Suspect
from harstudio.workflows.reviewing import GONE, KEPT, OPEN, RELABELLED, Review

Index = QModelIndex | QPersistentModelIndex

COLUMNS = ("Clip", "Given", "Suggested", "Time", "Score", "State", "Subject")
_WIDTHS = {"Clip": 96, "Given": 88, "Suggested": 88, "Time": 108, "Score": 42, "State": 72}
_TIPS = {
    "Score": "Mean margin by which the model prefers the suggested label, 0 to 1; the list is "
    "sorted by it times the number of windows",
    "State": "Relabelled: the labels say so now. Kept: looked at and found right",
}
_WORDS = {OPEN: "", RELABELLED: "relabelled", KEPT: "kept", GONE: "clip gone"}
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_KEYPAD = Qt.KeyboardModifier.KeypadModifier
_KEYS = {
    Qt.Key.Key_Y: "accept", Qt.Key.Key_X: "keep", Qt.Key.Key_N: "next",
    Qt.Key.Key_Return: "go", Qt.Key.Key_Enter: "go",
}  # fmt: skip


class SuspectModel(QAbstractTableModel):
    """Suspects with the state that each is in."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._review = Review()
        self._project: Project | None = None
        self._states: list[str] = []
        self._icons: dict[str, QIcon] = {}

    @property
    def suspects(self) -> tuple[Suspect, ...]:
        return self._review.suspects

    @property
    def states(self) -> list[str]:
        """Row by row, of `workflows.reviewing`."""
        return self._states

    @property
    def reviewed(self) -> int:
        """How many are not open any more."""
        return sum(state != OPEN for state in self._states)

    def show(self, review: Review, project: Project | None) -> None:
        """Show another review, or the same of a project that has changed."""
        same = review.suspects == self._review.suspects
        if not same:
            self.beginResetModel()
        self._review, self._project = review, project
        self._icons.clear()
        self._states = (
            [review.state(s, project) for s in review.suspects] if project is not None else []
        )
        if not same:
            self.endResetModel()
        elif self._states:
            last = self.index(self.rowCount() - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def next_open(self, after: int) -> int:
        """The next row that is open, round the end; -1 if none is."""
        count = len(self._states)
        rows = [(after + step) % count for step in range(1, count + 1)]
        return next((row for row in rows if self._states[row] == OPEN), -1)

    # -- Qt ------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() or self._project is None else len(self._review.suspects)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        return heading(COLUMNS, _TIPS, section, orientation, role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        suspect, column = self._review.suspects[index.row()], COLUMNS[index.column()]
        state = self._states[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(suspect, column, state)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_LEFT)
        if role == Qt.ItemDataRole.ForegroundRole and state != OPEN:
            return QColor(self._theme.colours.faint)
        if role == Qt.ItemDataRole.DecorationRole and column in ("Given", "Suggested"):
            return self._icon(suspect.given if column == "Given" else suspect.suggested)
        return None

    def _text(self, suspect: Suspect, column: str, state: str) -> str:
        clips = self._project.clips if self._project is not None else {}
        name = clips[suspect.clip_id].name if suspect.clip_id in clips else suspect.clip_id
        return {
            "Clip": name + (" (real)" if suspect.real else ""),
            "Subject": suspect.subject,
            "Time": f"{clock_text(suspect.start_s)}, {suspect.end_s - suspect.start_s:.1f} s",
            "Given": suspect.given,
            "Suggested": suspect.suggested,
            "Score": f"{suspect.score:.2f}",
            "State": _WORDS[state],
        }[column]

    def _icon(self, label: str) -> QIcon:
        assert self._project is not None
        if label not in self._icons:
            self._icons[label] = swatch(self._project.label_set.colour(label))
        return self._icons[label]


class SuspectTable(QTableView):
    """Rows of suspects; Y accepts, X keeps, N goes to the next open one, Enter goes there."""

    asked = Signal(str)  # accept, keep, next, go

    def __init__(self, model: SuspectModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        dress(self)
        header = self.horizontalHeader()
        for column, name in enumerate(COLUMNS):
            if name in _WIDTHS:
                header.resizeSection(column, _WIDTHS[name])
        header.setStretchLastSection(True)

    def event(self, event: QEvent) -> bool:
        overrides = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if overrides and event.key() in _KEYS and not event.modifiers() & ~_KEYPAD:
            event.accept()  # here they are about the doubts, not about suggestions
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        asked = _KEYS.get(Qt.Key(event.key()))
        if asked is None or event.modifiers() & ~_KEYPAD:
            super().keyPressEvent(event)
        else:
            self.asked.emit(asked)
