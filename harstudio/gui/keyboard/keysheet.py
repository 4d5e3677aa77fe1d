"""The sheet of keys and mouse gestures, made from the table of commands."""

from __future__ import annotations

from collections.abc import Collection
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from harstudio.gui.commands.action_row import ActionRow, keys_text
from harstudio.gui.commands.label_actions import BY_KEY, BY_SHIFTED_KEY
from harstudio.gui.keyboard.key_editor import KeyEditor
from harstudio.gui.keyboard.keymap import Keymap, chosen_keys

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

MOUSE: tuple[tuple[str, str], ...] = (
    ("Click in signals or timeline", "go there"),
    ("Drag on the ruler or the overview", "scrub"),
    ("Drag on a plot", "select a stretch of time"),
    ("Drag on the empty lane", "new segment"),
    ("Drag a segment; its edge; a shared edge", "move; resize; move both (Alt: no snapping)"),
    ("Ctrl+drag on an edge", "how sure the boundary is"),
    ("Wheel; Shift+wheel over time", "zoom at the pointer; pan"),
    ("Shift+click; Ctrl+click on signals", "set cursor A; B, for the difference between them"),
    ("Left drag; middle drag; wheel on the body", "orbit; pan; zoom"),
    ("Drag a sensor on the body", "move it over the skin, its signals follow"),
    ("Place (P): click; Shift+click; drag a ring", "move the chosen sensor; add one; turn it"),
    ("Right click", "a menu, nothing else"),
    ("Esc while dragging", "as if nothing had happened"),
)

_LABEL_KEYS = {
    BY_KEY: "label the selection, or from the playhead on",
    BY_SHIFTED_KEY: "the same, overlapping the other way",
}

WHILE_PLAYING: tuple[tuple[str, str], ...] = (
    ("A digit", "ends the live label and starts its own"),
    ("Enter", "ends it, or starts the label used last"),
    ("Pause, the clip's end, a jump back", "end it at the playhead"),
    ("Esc", "forgets the live label only"),
)


def sheet_html(rows: Collection[ActionRow], keys: Keymap) -> str:
    """Keys in two columns by menu, then labelling in playing, and the mouse."""
    groups: dict[str, list[ActionRow]] = {}
    for row in rows:
        if keys.get(row.id):
            groups.setdefault(row.menu.split("/")[0], []).append(row)
    blocks = [_block(menu, _lines(rows, keys)) for menu, rows in groups.items()]
    half = sum(len(rows) for rows in groups.values()) // 2
    left, right, count = [], [], 0
    for block, rows in zip(blocks, groups.values(), strict=True):
        (left if count < half else right).append(block)
        count += len(rows)
    right.append(_block("While it plays, with nothing selected", list(WHILE_PLAYING)))
    right.append(_block("Mouse", list(MOUSE)))
    cell = "<td valign='top' width='50%' style='padding: 0 12px'>{}</td>"
    columns = cell.format("".join(left)) + cell.format("".join(right))
    return f"<table width='100%'><tr>{columns}</tr></table>"


def _lines(rows: list[ActionRow], keys: Keymap) -> list[tuple[str, str]]:
    """Keys and what they do; the ten of the labels in one line while nobody changed them."""
    lines: list[tuple[str, str]] = []
    for menu, words in _LABEL_KEYS.items():
        own = [row for row in rows if row.menu == menu]
        if own and all(keys[row.id] == row.keys for row in own):
            first, last = keys_text(keys[own[0].id]), keys_text(keys[own[-1].id])
            lines.append((f"{first} … {last}", words))
            rows = [row for row in rows if row.menu != menu]
    return lines + [(keys_text(keys[row.id]), row.title) for row in rows]


def _block(title: str, lines: list[tuple[str, str]]) -> str:
    rows = "".join(
        f"<tr><td style='padding-right: 16px'><b>{escape(keys)}</b></td>"
        f"<td>{escape(text)}</td></tr>"
        for keys, text in lines
    )
    return f"<h3>{escape(title)}</h3><table>{rows}</table>"


class KeySheet(QDialog):
    """The sheet in a window of its own, and a second page to choose other keys."""

    keys_chosen = Signal(object)  # Keymap

    def __init__(
        self, rows: Collection[ActionRow], keys: Keymap, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, windowTitle="Keys and mouse")
        self.resize(960, 640)
        self._rows = rows
        self.text = QTextBrowser()
        self.text.setHtml(sheet_html(rows, keys))
        self.editor = KeyEditor(rows, keys)
        self.editor.keys_chosen.connect(self._on_keys_chosen)
        tabs = QTabWidget()
        tabs.addTab(self.text, "Sheet")
        tabs.addTab(self.editor, "Change keys")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(tabs)
        layout.addWidget(buttons)

    def _on_keys_chosen(self, keys: Keymap) -> None:
        self.text.setHtml(sheet_html(self._rows, keys))
        self.keys_chosen.emit(keys)


def show_keys(window: MainWindow) -> None:
    """The sheet over the window; what is changed there holds at once and is remembered."""
    rows = window.menus.rows.values()
    sheet = KeySheet(rows, window.menus.keys, window)

    def use(keys: Keymap) -> None:
        window.menus.set_keys(keys)
        window.settings.keys = chosen_keys(keys, rows)

    sheet.keys_chosen.connect(use)
    sheet.finished.connect(sheet.deleteLater)
    sheet.open()
