"""The menu bar, built from the table of commands and kept true to the session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMenu

from harstudio.gui.actions import ACTIONS, ActionRow

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

_CHOICES = ("theme", "workspace")


class Menus:
    """Every row of the table as an action with its shortcuts.

    Attributes
    ----------
    actions : mapping of row id to QAction
    """

    def __init__(self, window: MainWindow, docks: Iterable[QDockWidget]) -> None:
        self._window = window
        self._menus: dict[str, QMenu] = {}
        self._groups = {choice: QActionGroup(window) for choice in _CHOICES}
        self.actions: dict[str, QAction] = {}
        for row in ACTIONS:
            self._add(row)
        shown = self._menu("View").addMenu("Docks")
        for dock in docks:
            shown.addAction(dock.toggleViewAction())

    def refresh(self) -> None:
        """Enable, tick and name the actions as the session is now."""
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
        for digit in "1234567890":
            label = project.label_set.by_key(digit) if project is not None else None
            text = label.name if label is not None else f"(no label on {digit})"
            self.actions[f"label_{digit}"].setText(text)

    def _add(self, row: ActionRow) -> None:
        menu = self._menu(row.menu)
        if row.text == "-":
            menu.addSeparator()
            return
        action = QAction(row.text, self._window)
        action.setObjectName(row.id)
        action.setShortcuts([QKeySequence(key) for key in row.keys])
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
            self.refresh()
