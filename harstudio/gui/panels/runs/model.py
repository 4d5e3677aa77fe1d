"""The runs as a table: sorted by figures and dates, names and notes edited in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QColor

from harstudio.core.errors import HarstudioError
from harstudio.gui.panels.runs.text import (
    detail_lines,
    figure_words,
    model_words,
    split_words,
    state_words,
    when_words,
)
from harstudio.gui.panels.train.form_parts import wrapped
from harstudio.gui.theme import Theme
from harstudio.learn.runs.facts import RunFacts
from harstudio.learn.runs.folder import RunFolder
from harstudio.learn.runs.state import FAILED, RUNNING, STOPPED

Index = QModelIndex | QPersistentModelIndex
TITLES = ("When", "Run", "Macro F1", "State", "Split", "Note", "Signals")
WHEN, NAME, FIGURE, STATE, SPLIT, NOTE, SIGNALS = range(7)
_EDITED = (NAME, NOTE)
_SORT = Qt.ItemDataRole.UserRole


class RunsModel(QAbstractTableModel):
    """One row per run."""

    def __init__(
        self, theme: Theme, on_error: Callable[[str], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._on_error = theme, on_error
        self._facts: list[RunFacts] = []
        self.renamed: Callable[[], None] = lambda: None

    def show_facts(self, facts: tuple[RunFacts, ...]) -> None:
        """Show these runs; where they are the same ones, selections stay."""
        if [f.path for f in facts] == [f.path for f in self._facts]:
            self._facts = list(facts)
            if facts:
                self.dataChanged.emit(self.index(0, 0), self.index(len(facts) - 1, len(TITLES) - 1))
            return
        self.beginResetModel()
        self._facts = list(facts)
        self.endResetModel()

    def facts_at(self, row: int) -> RunFacts:
        """The run of a row."""
        return self._facts[row]

    # -- Qt ------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self._facts)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(TITLES)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and index.column() in _EDITED:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        facts, column = self._facts[index.row()], index.column()
        if role == Qt.ItemDataRole.EditRole and column == NAME:
            return facts.name
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return cell_text(facts, column)
        if role == _SORT:
            return _sort_key(facts, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return wrapped(_tip(facts, column))
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._ink(facts, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        if role != Qt.ItemDataRole.EditRole or index.column() not in _EDITED:
            return False
        facts, text = self._facts[index.row()], str(value).strip()
        if text == str(index.data(Qt.ItemDataRole.EditRole)):
            return False
        run = RunFolder(facts.path)
        try:
            if index.column() == NAME:
                run.note(name=text)
            else:
                run.note(notes=text)
        except HarstudioError as error:
            self._on_error(str(error))
            return False
        self.renamed()
        return True

    def _ink(self, facts: RunFacts, column: int) -> QColor | None:
        colours = self._theme.colours
        state = facts.state.state
        if column == STATE and state == FAILED:
            return QColor(colours.harm)
        if column == STATE and state == RUNNING:
            return QColor(colours.good)
        if column == STATE and state == STOPPED:
            return QColor(colours.warning)
        if column in (SPLIT, FIGURE) and facts.badge:
            return QColor(colours.harm)
        return None


class RunsFilter(QSortFilterProxyModel):
    """Rows that hold every word of a text, sorted by dates and figures rather than by letters."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self.setSortRole(_SORT)

    def search(self, text: str) -> None:
        """Show rows with all of these words."""
        self._words = text.casefold().split()
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:  # noqa: N802
        model = self.sourceModel()
        assert isinstance(model, RunsModel)
        facts = model.facts_at(source_row)
        text = " ".join(cell_text(facts, column) for column in range(len(TITLES)))
        whole = f"{text} {facts.model} {facts.path.name}".casefold()
        return all(word in whole for word in self._words)

    def lessThan(self, left: Index, right: Index) -> bool:  # noqa: N802
        a, b = left.data(_SORT), right.data(_SORT)
        return bool(a < b)


def cell_text(facts: RunFacts, column: int) -> str:
    """What a cell says."""
    if column == SIGNALS:
        return facts.signals
    if column == NAME:
        return facts.name or model_words(facts)
    if column == NOTE:
        return facts.notes
    words: dict[int, Callable[[RunFacts], str]] = {
        WHEN: when_words,
        SPLIT: split_words,
        FIGURE: figure_words,
        STATE: state_words,
    }
    return words[column](facts)


def _sort_key(facts: RunFacts, column: int) -> float | str:
    if column == WHEN:
        return facts.started.timestamp() if facts.started is not None else 0.0
    if column == FIGURE:
        return facts.macro_f1 if facts.macro_f1 is not None else -1.0
    return cell_text(facts, column).casefold()


def _tip(facts: RunFacts, column: int) -> str:
    if column == FIGURE:
        return ". ".join(text for text in (facts.interval_text, facts.badge) if text)
    if column in (SPLIT, STATE, WHEN):
        return "; ".join(detail_lines(facts))
    if column == NAME:
        return f"{model_words(facts)}, {facts.path.name} (F2 or double-click: give it a name)"
    return facts.notes or "F2 or double-click: write a note" if column == NOTE else ""
