"""The table of commands is whole: every row runs, every key is used once, the sheet shows all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtGui import QKeySequence

from harstudio.core.project import Clip
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


@pytest.mark.parametrize(
    ("with_motion", "problem", "possible", "expected"),
    [
        (True, "", True, True),
        (False, "", True, False),
        (True, "no OpenGL context", True, False),
        (True, "", False, False),
    ],
)
def test_place_can_be_had_only_with_a_motion_a_picture_and_the_right_to_edit(
    labelled_clip: Clip, with_motion: bool, problem: str, possible: bool, expected: bool
) -> None:
    clip = labelled_clip if with_motion else replace(labelled_clip, motion=None)
    window = SimpleNamespace(
        session=SimpleNamespace(clip=clip),
        placing=SimpleNamespace(possible=possible),
        viewport=SimpleNamespace(problem=problem),
    )
    row = next(row for row in ACTIONS if row.id == "place")
    assert row.enabled(window) is expected


def test_place_says_why_nothing_happens() -> None:
    told: list[str] = []
    turned: list[bool] = []
    window = SimpleNamespace(
        viewport=SimpleNamespace(place_problem="Show the skin"),
        placing=SimpleNamespace(on=False, set_on=turned.append),
        tell=told.append,
    )
    row = next(row for row in ACTIONS if row.id == "place")
    row.run(window)
    assert (told, turned) == (["Show the skin"], [])
    window.viewport.place_problem = ""
    row.run(window)
    assert turned == [True]
