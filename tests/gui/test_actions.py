"""The table of commands is whole: every row runs, every key is used once, the sheet shows all."""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QKeySequence

from harstudio.gui.actions import ACTIONS, key_text
from harstudio.gui.keysheet import sheet_html


def test_every_id_occurs_once() -> None:
    repeated = [i for i, n in Counter(row.id for row in ACTIONS).items() if n > 1]
    assert repeated == []


def test_no_two_commands_share_a_key() -> None:
    keys = Counter(QKeySequence(key).toString() for row in ACTIONS for key in row.keys)
    assert [key for key, n in keys.items() if n > 1] == []


def test_every_key_is_one_that_qt_understands() -> None:
    for row in ACTIONS:
        for key in row.keys:
            assert not QKeySequence(key).isEmpty(), (row.id, key)


def test_the_sheet_names_every_key(qapp: object) -> None:
    text = sheet_html().replace("&lt;", "<").replace("&gt;", ">").replace("&#x27;", "'")
    for row in ACTIONS:
        if row.keys:
            assert f"<b>{key_text(row)}</b>" in text.replace("&amp;", "&"), row.id


def test_the_digits_and_space_do_what_every_peer_does() -> None:
    by_key = {key: row.id for row in ACTIONS for key in row.keys}
    assert by_key["Space"] == "play"
    assert by_key["Ctrl+Z"] == "undo"
    assert by_key["Ctrl+Y"] == by_key["Ctrl+Shift+Z"] == "redo"
    assert by_key["?"] == "keys"
    assert [by_key[d] for d in "190"] == ["label_1", "label_9", "label_0"]
