"""Which keys a command has: those of the table, or those that a person chose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtGui import QKeySequence

from harstudio.gui.commands.action_row import ActionRow

Keymap = Mapping[str, tuple[str, ...]]


def keymap(rows: Iterable[ActionRow], chosen: Keymap) -> dict[str, tuple[str, ...]]:
    """Keys of every command by id; what Qt does not understand is left out."""
    return {
        row.id: tuple(k for k in chosen.get(row.id, row.keys) if plain(k))
        for row in rows
        if not row.is_line
    }


def plain(key: str) -> str:
    """A key in Qt's portable notation, the same for every way to write it; empty if it is none."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def holder(keys: Keymap, key: str) -> str:
    """Id of the command that a key runs; empty if it is free."""
    wanted = plain(key)
    return next((i for i, own in keys.items() if wanted and wanted in map(plain, own)), "")


def with_key(keys: Keymap, command: str, key: str) -> dict[str, tuple[str, ...]]:
    """Keys with one given to a command, as its first, and taken from the one that had it."""
    wanted = plain(key)
    freed = {i: tuple(k for k in own if plain(k) != wanted) for i, own in keys.items()}
    return {**freed, command: (wanted, *freed.get(command, ())[1:])}


def without_keys(keys: Keymap, command: str) -> dict[str, tuple[str, ...]]:
    """Keys with all of a command's taken away."""
    return {**keys, command: ()}


def with_default_keys(
    keys: Keymap, rows: Iterable[ActionRow], command: str
) -> dict[str, tuple[str, ...]]:
    """Keys with a command's own back; whoever has them now loses them."""
    own = next((row.keys for row in rows if row.id == command), ())
    wanted = {plain(key) for key in own}
    freed = {i: tuple(k for k in each if plain(k) not in wanted) for i, each in keys.items()}
    return {**freed, command: own}


def chosen_keys(keys: Keymap, rows: Iterable[ActionRow]) -> dict[str, tuple[str, ...]]:
    """What of the keys differs from the table: this much is worth remembering."""
    return {
        row.id: tuple(keys[row.id])
        for row in rows
        if row.id in keys and list(map(plain, keys[row.id])) != list(map(plain, row.keys))
    }
