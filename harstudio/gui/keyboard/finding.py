"""What the palette finds in a window: its commands, labels, panels and clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

from harstudio.gui.commands.action_row import plain_text
from harstudio.gui.commands.label_actions import BY_KEY, BY_SHIFTED_KEY
from harstudio.gui.keyboard.palette import Entry, Group, Palette

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow


def open_palette(window: MainWindow) -> None:
    """Show the palette over the window."""
    popup = Palette(groups_of(window), window.theme, window)
    popup.finished.connect(popup.deleteLater)
    popup.open_over(window)


def groups_of(window: MainWindow) -> list[Group]:
    """Commands that can be had, labels, panels, clips, and the commands that cannot be had now."""
    commands = _commands(window)
    return [
        Group.of([entry for entry in commands if entry.enabled]),
        Group.of(_labels(window)),
        Group.of(_panels(window)),
        _clips(window),
        Group.of([entry for entry in commands if not entry.enabled]),
    ]


def _commands(window: MainWindow) -> list[Entry]:
    form = QKeySequence.SequenceFormat.NativeText
    entries: list[Entry] = []
    for row in window.menus.rows.values():
        # What stands under a digit is found as a label.
        if row.id == "palette" or row.menu in (BY_KEY, BY_SHIFTED_KEY):
            continue
        action = window.menus.actions[row.id]
        text = plain_text(action.text())
        keys = ", ".join(key.toString(form) for key in action.shortcuts())
        detail = row.menu.replace("/", " · ")
        entries.append(Entry(text, detail, action.trigger, keys, action.isEnabled()))
    return entries


def _labels(window: MainWindow) -> list[Entry]:
    project = window.session.project
    if project is None or window.session.clip is None or window.session.read_only:
        return []
    return [
        Entry(
            f"label: {label.name}",
            "",
            lambda name=label.name: window.live.give(name),
            label.key,
            colour=label.colour,
        )
        for label in project.label_set.labels
    ]


def _panels(window: MainWindow) -> list[Entry]:
    if window.session.project is None:
        return []
    return [
        Entry(dock.windowTitle(), "panel", lambda name=name: window.show_panel(name))
        for name, dock in window.docks.items()
    ]


def _clips(window: MainWindow) -> Group:
    project = window.session.project
    clips = list(project.clips.values()) if project is not None else []

    def entry(i: int) -> Entry:
        return Entry(clips[i].name, clips[i].subject, lambda: window.session.open_clip(clips[i].id))

    return Group([f"{clip.name} {clip.subject}".lower() for clip in clips], entry)
