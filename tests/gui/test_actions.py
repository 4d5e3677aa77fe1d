"""The table of commands is whole: every row runs, every key is used once, the sheet shows all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtGui import QKeySequence

from harstudio.core.project import Clip
from harstudio.gui.commands.action_row import keys_text
from harstudio.gui.commands.actions import ACTIONS
from harstudio.gui.commands.label_actions import BY_KEY, BY_SHIFTED_KEY
from harstudio.gui.keyboard.keymap import keymap
from harstudio.gui.keyboard.keysheet import sheet_html


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
    keys = keymap(ACTIONS, {"undo": ("Ctrl+U",)})
    text = sheet_html(ACTIONS, keys).replace("&lt;", "<").replace("&gt;", ">")
    text = text.replace("&#x27;", "'").replace("&amp;", "&")
    for row in ACTIONS:
        if keys.get(row.id) and row.menu not in (BY_KEY, BY_SHIFTED_KEY):
            assert f"<b>{keys_text(keys[row.id])}</b>" in text, row.id
    assert "<b>1 … 0</b>" in text
    assert "<b>Shift+1 … Shift+0</b>" in text
    other = sheet_html(ACTIONS, keymap(ACTIONS, {"label_3": ("F3",)}))
    assert "<b>F3</b>" in other
    assert "<b>4</b>" in other
    assert "Ctrl+U" in text
    assert ">Ctrl+Z<" not in text


WANTED = {
    "play": ["Space"],
    "frame_back": ["Left", ","],
    "frame_on": ["Right", "."],
    "ten_back": ["Ctrl+Left"],
    "ten_on": ["Ctrl+Right"],
    "second_back": ["Ctrl+Alt+Left"],
    "second_on": ["Ctrl+Alt+Right"],
    "faster": ["Up"],
    "slower": ["Down"],
    "goto": ["G"],
    "loop": ["Shift+Space"],
    "in": ["["],
    "out": ["]"],
    **{f"label_{digit}": [digit] for digit in "1234567890"},
    **{f"label_{digit}_otherwise": [f"Shift+{digit}"] for digit in "1234567890"},
    "live": ["Return", "Enter"],
    "split": ["S"],
    "merge": ["M"],
    "previous_segment": ["K"],
    "next_segment": ["L"],
    "start": ["Home"],
    "end": ["End"],
    "next_suggestion": ["N"],
    "previous_suggestion": ["Shift+N"],
    "accept": ["Y"],
    "reject": ["X"],
    "copy_down": ["Alt+Down"],
    "copy_up": ["Alt+Up"],
    "delete": ["Del"],
    "undo": ["Ctrl+Z"],
    "redo": ["Ctrl+Shift+Z", "Ctrl+Y"],
    "palette": ["Ctrl+K"],
    "last_edit": ["Ctrl+J"],
    "zoom_selection": ["Z"],
    "zoom_fit": ["Shift+Z"],
    "centre": ["C"],
    "next_clip": ["PgDown"],
    "previous_clip": ["PgUp"],
    "deselect": ["Esc"],
    "keys": ["?"],
    "workspace_review": ["Ctrl+1"],
    "workspace_compare": ["Ctrl+2"],
    "workspace_learn": ["Ctrl+3"],
}
"""The keys that were promised: what every peer's users ask for, see the guide."""


@pytest.mark.parametrize("command", WANTED)
def test_a_promised_key_runs_its_command(command: str) -> None:
    row = next(row for row in ACTIONS if row.id == command)
    assert set(WANTED[command]) <= set(row.keys)


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
