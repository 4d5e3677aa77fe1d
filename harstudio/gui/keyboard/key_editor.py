"""A page to give commands other keys; who holds a key already is told before it changes hands."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from harstudio.gui.commands.action_row import ActionRow, keys_text
from harstudio.gui.keyboard.keymap import (
    Keymap,
    chosen_keys,
    holder,
    keymap,
    plain,
    with_default_keys,
    with_key,
    without_keys,
)
from harstudio.gui.keyboard.matching import score

_MENU, _COMMAND, _KEYS = range(3)
_ID = Qt.ItemDataRole.UserRole


class KeyEditor(QWidget):
    """The commands with their keys; one is chosen in the table and pressed in the field below."""

    keys_chosen = Signal(object)  # Keymap

    def __init__(
        self, rows: Iterable[ActionRow], keys: Keymap, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._rows = {row.id: row for row in rows if not row.is_line}
        self._keys = dict(keys)
        self.search = QLineEdit(placeholderText="Search commands or keys …")
        self.search.setClearButtonEnabled(True)
        self.table = self._make_table()
        self.field = QKeySequenceEdit()
        self.field.setMaximumSequenceLength(1)
        self.field.setClearButtonEnabled(True)
        self.field.setToolTip("Click here and press the new key")
        self.told = QLabel(wordWrap=True)
        self.told.setProperty("faint", True)
        self.give = QPushButton("Use this key")
        self.none = QPushButton("No key")
        self.reset = QPushButton("Reset")
        self.reset_all = QPushButton("Reset all")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(QLabel("New key"))
        row.addWidget(self.field, 1)
        for button in (self.give, self.none, self.reset, self.reset_all):
            button.setAutoDefault(False)
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        layout.addWidget(self.told)
        self.search.textChanged.connect(self._show_rows)
        self.table.currentCellChanged.connect(lambda *_: self._on_row())
        self.field.keySequenceChanged.connect(lambda _key: self._tell())
        self.give.clicked.connect(self._on_give)
        self.none.clicked.connect(lambda: self._choose(without_keys(self._keys, self.command)))
        self.reset.clicked.connect(
            lambda: self._choose(with_default_keys(self._keys, self._rows.values(), self.command))
        )
        self.reset_all.clicked.connect(lambda: self._choose(keymap(self._rows.values(), {})))
        self._fill()
        self.table.setCurrentCell(0, _COMMAND)

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(len(self._rows), 3)
        table.setHorizontalHeaderLabels(["Menu", "Command", "Keys"])
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(_COMMAND, QHeaderView.ResizeMode.Stretch)
        table.setColumnWidth(_MENU, 200)
        table.setColumnWidth(_KEYS, 200)
        return table

    @property
    def command(self) -> str:
        """Id of the chosen command; empty if none is."""
        item = self.table.item(self.table.currentRow(), _COMMAND)
        return item.data(_ID) if item is not None else ""

    def choose_command(self, command: str) -> None:
        """Choose a command of the table."""
        self.table.setCurrentCell(list(self._rows).index(command), _COMMAND)

    def _fill(self) -> None:
        own = chosen_keys(self._keys, self._rows.values())
        for i, row in enumerate(self._rows.values()):
            texts = (row.menu.replace("/", " · "), row.title, keys_text(self._keys[row.id]))
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setData(_ID, row.id)
                font = item.font()
                font.setBold(column == _KEYS and row.id in own)
                item.setFont(font)
                self.table.setItem(i, column, item)
        self.reset_all.setEnabled(bool(own))
        self._on_row()

    def _show_rows(self, query: str) -> None:
        words = query.lower().split()
        for i in range(self.table.rowCount()):
            text = " ".join(self.table.item(i, column).text() for column in range(3)).lower()
            self.table.setRowHidden(i, score(words, text) is None)

    def _on_row(self) -> None:
        self.field.clear()
        self.none.setEnabled(bool(self._keys.get(self.command)))
        own = self._rows.get(self.command)
        self.reset.setEnabled(
            own is not None and bool(chosen_keys({own.id: self._keys[own.id]}, [own]))
        )
        self._tell()

    def _pressed(self) -> str:
        return plain(self.field.keySequence().toString(QKeySequence.SequenceFormat.PortableText))

    def _tell(self) -> None:
        """Say who holds the pressed key now."""
        key, row = self._pressed(), self._rows.get(self.command)
        self.give.setEnabled(bool(key) and row is not None)
        if not key or row is None:
            self.told.setText("Choose a command above, click in the field, press the new key.")
            return
        other = holder(self._keys, key)
        shown = keys_text((key,))
        if other == row.id:
            self.told.setText(f"{shown} is a key of {row.title} already.")
        elif other:
            self.told.setText(f"{shown} is the key of {self._rows[other].title}: that loses it.")
        else:
            self.told.setText(f"{shown} is free.")

    def _on_give(self) -> None:
        self._choose(with_key(self._keys, self.command, self._pressed()))

    def _choose(self, keys: Keymap) -> None:
        self._keys = dict(keys)
        self._fill()
        self.keys_chosen.emit(dict(self._keys))
