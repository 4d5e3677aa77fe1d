"""One command of the window: a row of the table, and when it can be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

Run = Callable[["MainWindow"], object]
Test = Callable[["MainWindow"], bool]


@dataclass(frozen=True)
class ActionRow:
    """A command.

    Attributes
    ----------
    id : str
    menu : str
        Menu it stands in; ``Menu/Submenu`` for a submenu.
    text : str
    keys : tuple of str
        Shortcuts in Qt's notation, unless a person chose others; the first is shown.
    run : callable
    enabled, checked : callable or None
        Asked whenever the session changes; `checked` makes it a tick.
    """

    id: str
    menu: str
    text: str
    keys: tuple[str, ...]
    run: Run
    enabled: Test | None = None
    checked: Test | None = None

    @property
    def is_line(self) -> bool:
        """Whether it only parts the rows above from those below."""
        return self.text == "-"

    @property
    def title(self) -> str:
        """The text without the marks of a menu."""
        return plain_text(self.text)


def plain_text(text: str) -> str:
    """A menu's text without its marks: the letter to press, and the dots of what asks first."""
    return text.replace("&", "").removesuffix("…").strip()


def line(menu: str, name: str) -> ActionRow:
    """A line between two groups of a menu."""
    return ActionRow(f"-{name}", menu, "-", (), lambda _window: None)


def keys_text(keys: tuple[str, ...]) -> str:
    """Shortcuts as the system writes them."""
    form = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(key).toString(form) for key in keys)


def has_project(window: MainWindow) -> bool:
    return window.session.project is not None


def editable(window: MainWindow) -> bool:
    return window.session.project is not None and not window.session.read_only


def has_clip(window: MainWindow) -> bool:
    return window.session.clip is not None


def labelling_can(window: MainWindow) -> bool:
    """Whether the open clip's labels can be edited."""
    return has_clip(window) and editable(window)
