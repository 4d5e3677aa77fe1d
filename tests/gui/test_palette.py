"""Everything is found by a few typed letters."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from harstudio.gui.keyboard.matching import best, ranked, score
from harstudio.gui.keyboard.palette import Entry, Group, Palette
from harstudio.gui.theme import Theme

COMMANDS = [
    "split at playhead label",
    "zoom to selection view",
    "play / pause play",
    "place sensors",
]


def found(query: str, texts: list[str] = COMMANDS) -> list[str]:
    return [texts[i] for i in best(query, texts, 10)]


def test_the_beginning_beats_a_words_beginning_beats_the_middle() -> None:
    texts = ["display", "not play", "play"]
    assert found("play", texts) == ["play", "not play", "display"]


def test_the_shorter_of_two_is_likelier() -> None:
    assert found("walk", ["walking the dog", "walking"]) == ["walking", "walking the dog"]


def test_letters_in_order_will_do_but_come_last() -> None:
    assert found("zsel") == ["zoom to selection view"]
    assert found("pl") == ["place sensors", "play / pause play", "split at playhead label"]
    assert found("wal", ["show all", "frame forward label"]) == []


def test_words_may_come_in_any_order_and_all_must_occur() -> None:
    assert found("label split") == ["split at playhead label"]
    assert found("split nowhere") == []


def test_nothing_typed_means_everything_in_order() -> None:
    assert best("  ", COMMANDS, 2) == [0, 1]


@given(st.text("abc _", min_size=1, max_size=6), st.text("abc _", max_size=12))
def test_a_word_means_a_text_if_it_stands_there_or_its_letters_do_from_a_words_beginning_on(
    typed: str, text: str
) -> None:
    begins = [i for i in range(len(text)) if i == 0 or text[i - 1] in " _"]
    for word in typed.split():
        rests = [iter(text[i + 1 :]) for i in begins if text[i] == word[0]]
        scattered = any(all(letter in rest for letter in word[1:]) for rest in rests)
        assert (score([word], text) is not None) == (word in text or scattered)


def test_ten_thousand_clips_do_not_bury_a_label() -> None:
    clips = [f"walk {n}" for n in range(10_000)]
    groups = [["split at playhead"], ["label: walking"], clips]
    assert ranked("walk", groups, 20)[:2] == [(1, 0), (2, 0)]
    assert ranked("walk 77", groups, 20)[0] == (2, 77)
    assert len(ranked("walk", groups, 20)) == 20


def test_scattered_letters_of_a_command_come_after_a_clips_name() -> None:
    groups = [["sensors: put at playhead, again"], ["spa_3"]]
    assert ranked("spa", groups, 5) == [(1, 0), (0, 0)]


@pytest.fixture
def ran() -> list[str]:
    return []


@pytest.fixture
def palette(qtbot: QtBot, theme: Theme, ran: list[str]) -> Palette:
    def entry(title: str, enabled: bool = True) -> Entry:
        run: Callable[[], None] = lambda: ran.append(title)  # noqa: E731
        return Entry(title, "menu", run, "Ctrl+X", enabled)

    groups = [[entry("Split"), entry("Merge")], [entry("walk_1")], [entry("Redo", False)]]
    result = Palette([Group.of(group) for group in groups], theme)
    qtbot.addWidget(result)
    result.show()
    return result


def titles(palette: Palette) -> list[str]:
    return [entry.title for entry in palette.model.entries]


def test_at_first_all_is_shown_and_what_cannot_be_had_comes_last(palette: Palette) -> None:
    assert titles(palette) == ["Split", "Merge", "walk_1", "Redo"]


def test_enter_runs_what_is_chosen_and_the_palette_is_gone(
    palette: Palette, qtbot: QtBot, ran: list[str]
) -> None:
    qtbot.keyClicks(palette.field, "w")
    assert titles(palette) == ["walk_1"]
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert ran == ["walk_1"]
    assert not palette.isVisible()


def test_arrows_choose(palette: Palette, qtbot: QtBot, ran: list[str]) -> None:
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Return):
        qtbot.keyClick(palette.field, key)
    assert ran == ["Merge"]


def test_what_cannot_be_had_is_not_run(palette: Palette, qtbot: QtBot, ran: list[str]) -> None:
    qtbot.keyClicks(palette.field, "redo")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert ran == []
    assert palette.isVisible()


def test_nothing_found_is_nothing_run(palette: Palette, qtbot: QtBot, ran: list[str]) -> None:
    qtbot.keyClicks(palette.field, "xyzzy")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert (titles(palette), ran) == ([], [])
    palette.grab()


def test_escape_leaves_without_running(palette: Palette, qtbot: QtBot, ran: list[str]) -> None:
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert ran == []
