"""Keys can be changed: who holds one is told, nothing has two, and it lasts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from harstudio.gui.commands.action_row import ActionRow, line
from harstudio.gui.keyboard.key_editor import KeyEditor
from harstudio.gui.keyboard.keymap import (
    chosen_keys,
    holder,
    keymap,
    plain,
    with_default_keys,
    with_key,
    without_keys,
)
from harstudio.gui.settings import Settings


def row(name: str, *keys: str) -> ActionRow:
    return ActionRow(name, "Menu", f"&Do {name} …", keys, lambda _window: None)


ROWS = (row("split", "S"), line("Menu", "x"), row("undo", "Ctrl+Z"), row("zoom", "+", "Ctrl++"))


def test_the_table_holds_until_a_person_chooses() -> None:
    assert keymap(ROWS, {}) == {"split": ("S",), "undo": ("Ctrl+Z",), "zoom": ("+", "Ctrl++")}
    assert keymap(ROWS, {"split": ("B",), "gone": ("G",)})["split"] == ("B",)


def test_what_is_no_key_is_left_out() -> None:
    assert keymap(ROWS, {"split": ("", "B")})["split"] == ("B",)


def test_a_key_changes_hands_and_is_nowhere_twice() -> None:
    keys = with_key(keymap(ROWS, {}), "zoom", "ctrl+z")
    assert keys == {"split": ("S",), "undo": (), "zoom": ("Ctrl+Z", "Ctrl++")}


def test_a_key_is_found_however_it_is_written() -> None:
    keys = keymap(ROWS, {})
    assert holder(keys, "ctrl+z") == "undo"
    assert holder(keys, "Ctrl+J") == ""
    assert holder(keys, "") == ""


def test_resetting_takes_the_own_key_back() -> None:
    taken = with_key(keymap(ROWS, {}), "zoom", "S")
    assert taken["split"] == ()
    back = with_default_keys(taken, ROWS, "split")
    assert (back["split"], back["zoom"]) == (("S",), ("Ctrl++",))


def test_only_what_differs_is_remembered() -> None:
    keys = with_key(keymap(ROWS, {}), "split", "B")
    assert chosen_keys(keys, ROWS) == {"split": ("B",)}
    assert chosen_keys(without_keys(keys, "split"), ROWS) == {"split": ()}
    assert keymap(ROWS, chosen_keys(keys, ROWS)) == keys


KEYS = st.sampled_from(["S", "Ctrl+Z", "B", "Alt+B", "+", "F5"])
COMMANDS = st.sampled_from(["split", "undo", "zoom"])


@given(st.lists(st.tuples(st.sampled_from(["give", "take", "reset"]), COMMANDS, KEYS)))
def test_no_sequence_of_changes_gives_one_key_to_two_commands(
    changes: list[tuple[str, str, str]],
) -> None:
    keys = keymap(ROWS, {})
    for what, command, key in changes:
        if what == "give":
            keys = with_key(keys, command, key)
        elif what == "take":
            keys = without_keys(keys, command)
        else:
            keys = with_default_keys(keys, ROWS, command)
    used = [plain(key) for own in keys.values() for key in own]
    assert len(used) == len(set(used))


@pytest.fixture
def editor(qtbot: QtBot) -> KeyEditor:
    result = KeyEditor(ROWS, keymap(ROWS, {}))
    qtbot.addWidget(result)
    return result


def test_the_editor_says_whose_key_it_is_and_hands_it_over(editor: KeyEditor, qtbot: QtBot) -> None:
    editor.choose_command("split")
    editor.field.setKeySequence(QKeySequence("Ctrl+Z"))
    assert "Do undo" in editor.told.text()
    with qtbot.waitSignal(editor.keys_chosen) as chosen:
        editor.give.click()
    assert chosen.args[0]["split"] == ("Ctrl+Z",)
    assert chosen.args[0]["undo"] == ()
    assert editor.command == "split"
    with qtbot.waitSignal(editor.keys_chosen) as chosen:
        editor.reset_all.click()
    assert chosen.args[0] == keymap(ROWS, {})
    assert not editor.reset_all.isEnabled()


def test_the_editor_finds_commands_and_keys(editor: KeyEditor) -> None:
    def shown() -> list[str]:
        return [
            editor.table.item(i, 1).text()
            for i in range(editor.table.rowCount())
            if not editor.table.isRowHidden(i)
        ]

    editor.search.setText("spl")
    assert shown() == ["Do split"]
    editor.search.setText("ctrl+z")
    assert shown() == ["Do undo"]


def test_chosen_keys_survive_a_restart_and_nonsense_counts_as_none(
    tmp_path: Path, qapp: object
) -> None:
    first = Settings(tmp_path / "s.ini")
    first.keys = {"split": ("B", "Ctrl+B"), "undo": ()}
    first.save()
    second = Settings(tmp_path / "s.ini")
    assert second.keys == {"split": ("B", "Ctrl+B"), "undo": ()}
    for nonsense in ("[1, 2]", "{", '{"split": 3, "undo": ["Ctrl+U"], "x": [1]}'):
        second._store.setValue("keys", nonsense)
        assert second.keys == ({"undo": ("Ctrl+U",)} if "Ctrl+U" in nonsense else {})
