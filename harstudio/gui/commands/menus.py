"""The menu bar, built from the table of commands and kept true to the session."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMenu

from harstudio.gui.commands.actions import ACTIONS, ActionRow
from harstudio.gui.commands.label_actions import DIGITS
from harstudio.gui.keyboard.keymap import Keymap, keymap

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

_CHOICES = ("theme", "workspace")


class Menus:
    """Every row of the table as an action with its shortcuts.

    Attributes
    ----------
    actions : mapping of row id to QAction
    rows : mapping of row id to ActionRow, lines left out
    keys : mapping of row id to its shortcuts
    """

    def __init__(self, window: MainWindow, docks: Iterable[QDockWidget]) -> None:
        self._window = window
        self._soon = QTimer(window, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        self.rows = {row.id: row for row in ACTIONS if not row.is_line}
        self.keys = keymap(self.rows.values(), window.settings.keys)
        self._menus: dict[str, QMenu] = {}
        self._groups = {choice: QActionGroup(window) for choice in _CHOICES}
        self.actions: dict[str, QAction] = {}
        for row in ACTIONS:
            self._add(row)
        shown, raised = self._menu("View").addMenu("Docks"), self._menu("View/Go to panel")
        for dock in docks:
            shown.addAction(dock.toggleViewAction())
            show = partial(window.show_panel, dock.objectName())
            raised.addAction(dock.windowTitle(), show)

    def set_keys(self, keys: Keymap) -> None:
        """Give every command these shortcuts."""
        self.keys = dict(keys)
        for command, action in self.actions.items():
            action.setShortcuts([QKeySequence(key) for key in self.keys[command]])

    def refresh_soon(self) -> None:
        """`refresh` once, however often it is asked for until the hand's event is done with."""
        self._soon.start()

    def refresh(self) -> None:
        """Enable, tick and name the actions as the session is now."""
        self._soon.stop()
        for row in ACTIONS:
            action = self.actions.get(row.id)
            if action is None:
                continue
            action.setEnabled(row.enabled is None or row.enabled(self._window))
            if row.checked is not None:
                action.setChecked(row.checked(self._window))
        stack = self._window.session.undo_stack
        self.actions["undo"].setText(f"&Undo {stack.undoText()}".strip())
        self.actions["redo"].setText(f"&Redo {stack.redoText()}".strip())
        self._name_labels()

    def _name_labels(self) -> None:
        project = self._window.session.project
        for digit in DIGITS:
            label = project.label_set.by_key(digit) if project is not None else None
            text = label.name if label is not None else f"(no label on {digit})"
            for command in (f"label_{digit}", f"label_{digit}_otherwise"):
                self.actions[command].setText(text.replace("&", "&&"))

    def _add(self, row: ActionRow) -> None:
        menu = self._menu(row.menu)
        if row.is_line:
            menu.addSeparator()
            return
        action = QAction(row.text, self._window)
        action.setObjectName(row.id)
        action.setShortcuts([QKeySequence(key) for key in self.keys[row.id]])
        action.setCheckable(row.checked is not None)
        action.triggered.connect(lambda: self._run(row))
        choice = row.id.split("_")[0]
        if row.checked is not None and choice in self._groups:
            self._groups[choice].addAction(action)
        menu.addAction(action)
        self.actions[row.id] = action

    def _menu(self, path: str) -> QMenu:
        if path not in self._menus:
            parent, _, name = path.rpartition("/")
            holder = self._menu(parent) if parent else self._window.menuBar()
            self._menus[path] = holder.addMenu(name)
        return self._menus[path]

    def _run(self, row: ActionRow) -> None:
        try:
            row.run(self._window)
        finally:
            self.refresh_soon()
