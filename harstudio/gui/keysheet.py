"""The sheet of keys and mouse gestures, made from the table of commands."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from harstudio.gui.actions import ACTIONS, ActionRow, key_text

MOUSE: tuple[tuple[str, str], ...] = (
    ("Click in signals or timeline", "go there"),
    ("Drag on the ruler or the overview", "scrub"),
    ("Drag on a plot", "select a stretch of time"),
    ("Drag on the empty lane", "new segment"),
    ("Drag a segment; its edge; a shared edge", "move; resize; move both (Alt: no snapping)"),
    ("Wheel; Shift+wheel over time", "zoom at the pointer; pan"),
    ("Shift+click; Ctrl+click on signals", "set cursor A; B, for the difference between them"),
    ("Left drag; middle drag; wheel on the body", "orbit; pan; zoom"),
    ("Drag a sensor on the body", "move it over the skin, its signals follow"),
    ("Place (P): click; Shift+click; drag a ring", "move the chosen sensor; add one; turn it"),
    ("Right click", "a menu, nothing else"),
    ("Esc while dragging", "as if nothing had happened"),
)


def sheet_html() -> str:
    """Keys in two columns by menu, then the mouse."""
    groups: dict[str, list[ActionRow]] = {}
    for row in ACTIONS:
        if row.keys and row.text != "-":
            groups.setdefault(row.menu.split("/")[0], []).append(row)
    blocks = [_block(menu, [(key_text(r), _plain(r.text)) for r in rows])
              for menu, rows in groups.items()]  # fmt: skip
    half = sum(len(rows) for rows in groups.values()) // 2
    left, right, count = [], [], 0
    for block, rows in zip(blocks, groups.values(), strict=True):
        (left if count < half else right).append(block)
        count += len(rows)
    right.append(_block("Mouse", list(MOUSE)))
    cell = "<td valign='top' width='50%' style='padding: 0 12px'>{}</td>"
    columns = cell.format("".join(left)) + cell.format("".join(right))
    return f"<table width='100%'><tr>{columns}</tr></table>"


def _plain(text: str) -> str:
    return text.replace("&", "").removesuffix("…").strip()


def _block(title: str, lines: list[tuple[str, str]]) -> str:
    rows = "".join(
        f"<tr><td style='padding-right: 16px'><b>{escape(keys)}</b></td>"
        f"<td>{escape(text)}</td></tr>"
        for keys, text in lines
    )
    return f"<h3>{escape(title)}</h3><table>{rows}</table>"


class KeySheet(QDialog):
    """The sheet in a window of its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, windowTitle="Keys and mouse")
        self.resize(960, 640)
        text = QTextBrowser()
        text.setHtml(sheet_html())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text)
        layout.addWidget(buttons)
