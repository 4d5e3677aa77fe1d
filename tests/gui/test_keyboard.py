"""The hand on the keys of a whole window: nothing slips into a label that was meant as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from harstudio.core.label_set import LabelSet
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, PREDICTED, Project
from harstudio.gui.annotating.reaction_dialog import ReactionDialog
from harstudio.gui.annotating.segment_dialog import SegmentDialog
from harstudio.gui.commands.actions import ACTIONS
from harstudio.gui.keyboard.key_editor import KeyEditor
from harstudio.gui.keyboard.keysheet import KeySheet
from harstudio.gui.keyboard.palette import Palette
from harstudio.gui.main_window import MainWindow
from harstudio.gui.settings import Settings
from harstudio.gui.theme import Theme
from harstudio.store.project_file import ProjectFile
from tests.gui.conftest import Wall

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
CONTROL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def window(
    qtbot: QtBot, tmp_path: Path, settings: Settings, theme: Theme, project: Project, wall: Wall
) -> Iterator[MainWindow]:
    """The labelled clip with a suggestion and bob's tier, and a clip without labels."""
    swing = project.clip("swing")
    suggested = LabelTrack((Segment(3, 4, "jumping", 0.8),))
    clip = swing.with_tier(PREDICTED, suggested).with_tier("bob")
    clips = [clip, replace(swing, id="other", name="other", tracks=())]
    project = replace(project, clips={}, label_set=LabelSet.of(["walking", "jumping", "standing"]))
    path = tmp_path / "keys.harstudio"
    ProjectFile.create(path, project.with_clips(clips)).close()
    result = MainWindow(settings, theme)
    result.clock._wall = wall
    result.resize(1280, 720)
    result.show()
    qtbot.waitExposed(result)
    with qtbot.waitSignal(result.session.clip_opened):
        result.open_path(path)
    result.activateWindow()
    result.windowHandle().requestActivate()
    qtbot.waitUntil(result.isActiveWindow)
    result.setFocus()
    yield result
    result.close()
    result.deleteLater()


def spans(window: MainWindow, tier: str = MINE) -> list[tuple[float, float, str]]:
    return [(s.start_s, s.end_s, s.label) for s in window.session.clip.track(tier).segments]


def play_until(window: MainWindow, wall: Wall, time_s: float) -> None:
    wall.now += time_s - window.clock.now_s
    window.clock.tick()


def test_a_clip_is_labelled_live_by_keys(window: MainWindow, qtbot: QtBot, wall: Wall) -> None:
    window.settings.reaction_s = 0.2
    window.session.open_clip("other")
    qtbot.keyClick(window, Qt.Key.Key_Space)
    for time_s, key in ((0.7, Qt.Key.Key_1), (1.2, Qt.Key.Key_2), (2.2, Qt.Key.Key_Return)):
        play_until(window, wall, time_s)
        qtbot.keyClick(window, key)
    play_until(window, wall, 3.2)
    qtbot.keyClick(window, Qt.Key.Key_Return)
    play_until(window, wall, 3.6)
    qtbot.keyClick(window, Qt.Key.Key_3)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert not window.clock.playing
    assert spans(window) == [
        (0.5, 1.0, "walking"), (1.0, 2.0, "jumping"), (3.0, 3.4, "jumping"),
    ]  # fmt: skip


def test_a_live_label_is_drawn_by_the_timeline_and_ticked_in_the_menu(
    window: MainWindow, qtbot: QtBot, wall: Wall
) -> None:
    told: list[tuple[str, float | None]] = []
    window.live.changed.connect(lambda label, start_s: told.append((label, start_s)))
    window.clock.play()
    play_until(window, wall, 1.0)
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert told == [("walking", 1.0)]
    qtbot.waitUntil(window.menus.actions["live"].isChecked)
    window.timeline.grab()
    window.clock.pause()
    assert told[-1] == ("", None)


def test_closing_the_window_keeps_the_label_that_grows(
    window: MainWindow, qtbot: QtBot, wall: Wall
) -> None:
    path = window.session.file.path
    window.session.open_clip("other")
    window.clock.play()
    play_until(window, wall, 1.0)
    qtbot.keyClick(window, Qt.Key.Key_1)
    play_until(window, wall, 2.0)
    window.close()
    with ProjectFile.open(path, read_only=True) as file:
        assert file.project.clip("other").labels.segments[0].end_s == 2.0


def test_page_down_ends_a_live_label_in_the_clip_it_was_begun_in(
    window: MainWindow, qtbot: QtBot, wall: Wall
) -> None:
    window.session.open_clip("other")
    window.clock.play()
    play_until(window, wall, 1.0)
    qtbot.keyClick(window, Qt.Key.Key_1)
    play_until(window, wall, 2.0)
    window.session.open_clip("swing")
    assert not window.live.on
    other = window.session.project.clip("other").labels.segments
    assert [(s.start_s, s.end_s) for s in other] == [(1.0, 2.0)]


def test_a_chip_of_the_timeline_labels_live_too(window: MainWindow, wall: Wall) -> None:
    window.session.open_clip("other")
    window.clock.play()
    play_until(window, wall, 1.0)
    window.timeline.transport.chips.chosen.emit("standing")
    play_until(window, wall, 1.5)
    window.clock.pause()
    assert spans(window) == [(1.0, 1.5, "standing")]


def test_shift_and_a_digit_label_only_what_is_free(window: MainWindow, qtbot: QtBot) -> None:
    window.session.select_range(2.0, 3.5)
    qtbot.keyClick(window, Qt.Key.Key_3, SHIFT)
    assert spans(window)[1:] == [(1.5, 2.5, "jumping"), (2.5, 3.5, "standing")]


def test_suggestions_are_gone_through_by_keys(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_N)
    assert (window.session.tier, window.clock.time_s) == (PREDICTED, 3.0)
    qtbot.keyClick(window, Qt.Key.Key_Y)
    assert spans(window)[-1] == (3.0, 4.0, "jumping")
    assert spans(window, PREDICTED) == []
    qtbot.keyClick(window, Qt.Key.Key_Z, CONTROL)
    qtbot.keyClick(window, Qt.Key.Key_N, SHIFT)
    qtbot.keyClick(window, Qt.Key.Key_X)
    assert spans(window, PREDICTED) == []
    assert len(spans(window)) == 2


def test_alt_and_down_copy_to_the_tier_below(window: MainWindow, qtbot: QtBot) -> None:
    window.session.select_segment(1)
    qtbot.keyClick(window, Qt.Key.Key_Down, ALT)
    assert spans(window, "bob") == [(1.5, 2.5, "jumping")]
    assert window.session.tier == "bob"


def test_control_and_j_go_to_the_last_edited_place(window: MainWindow, qtbot: QtBot) -> None:
    window.session.select_range(3.0, 3.5)
    qtbot.keyClick(window, Qt.Key.Key_1)
    window.session.open_clip("other")
    qtbot.keyClick(window, Qt.Key.Key_J, CONTROL)
    assert window.session.clip_id == "swing"
    assert window.clock.time_s == 3.0
    assert window.session.segment_index == 2


def test_the_palette_labels_opens_clips_and_shows_panels(window: MainWindow, qtbot: QtBot) -> None:
    def say(words: str) -> None:
        qtbot.keyClick(window, Qt.Key.Key_K, CONTROL)
        popup = window.findChildren(Palette)[-1]
        assert popup.isVisible()
        qtbot.keyClicks(popup.field, words)
        qtbot.keyClick(popup.field, Qt.Key.Key_Return)
        assert not popup.isVisible()

    window.session.select_range(3.0, 3.5)
    say("label: stand")
    assert spans(window)[-1] == (3.0, 3.5, "standing")
    say("undo")
    assert len(spans(window)) == 2
    say("history")
    assert window.docks["history"].isVisible()
    say("other")
    assert window.session.clip_id == "other"


def test_f2_changes_all_of_a_segment_in_one_step(window: MainWindow, qtbot: QtBot) -> None:
    window.session.select_segment(0)
    qtbot.keyClick(window, Qt.Key.Key_F2)
    dialog = window.findChild(SegmentDialog)
    dialog.note.setText("limps")
    dialog.confidence.setValue(0.5)
    dialog.accept()
    segment = window.session.track.segments[0]
    assert (segment.note, segment.confidence) == ("limps", 0.5)
    assert window.session.undo_stack.count() == 1
    assert window.session.segment_index == 0


def test_a_changed_key_works_at_once_and_after_a_restart(
    window: MainWindow, qtbot: QtBot, settings: Settings, theme: Theme
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1)
    sheet = window.findChild(KeySheet)
    editor = sheet.findChild(KeyEditor)
    editor.choose_command("play")
    editor.field.setKeySequence(QKeySequence("B"))
    editor.give.click()
    sheet.close()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_B)
    assert window.clock.playing
    window.clock.pause()
    again = MainWindow(settings, theme)
    assert [k.toString() for k in again.menus.actions["play"].shortcuts()] == ["B"]
    again.close()
    again.deleteLater()


def test_the_reaction_time_is_kept(window: MainWindow) -> None:
    window.menus.actions["reaction"].trigger()
    dialog = window.findChild(ReactionDialog)
    dialog.value.setValue(230)
    dialog.accept()
    assert window.settings.reaction_s == 0.23


FIELDS = {
    "line": QLineEdit,
    "number": QDoubleSpinBox,
    "text": QPlainTextEdit,
    "editable box": lambda: QComboBox(editable=True),
}


@pytest.mark.parametrize("kind", FIELDS)
def test_no_key_without_a_modifier_runs_a_command_while_text_is_typed(
    kind: str, window: MainWindow, qtbot: QtBot
) -> None:
    field = FIELDS[kind]()
    holder = QWidget()
    QVBoxLayout(holder).addWidget(field)
    window.docks["history"].setWidget(holder)
    window.show_panel("history")
    field.setFocus()
    focused = QApplication.focusWidget()
    assert focused is field or field.isAncestorOf(focused) or focused is field.focusProxy()
    ran: list[str] = []
    for row_id, action in window.menus.actions.items():
        action.triggered.disconnect()
        action.triggered.connect(lambda *_, name=row_id: ran.append(name))
    letters = [
        key for row in ACTIONS for key in row.keys
        if len(key) == 1 or key in ("Return", "Enter", "Space", "Backspace", "Del")
        or (key.startswith("Shift+") and len(key) == 7)
    ]  # fmt: skip
    assert len(letters) > 40
    for key in letters:
        combination = QKeySequence(key)[0]
        qtbot.keyClick(focused, combination.key(), combination.keyboardModifiers())
    assert ran == []
    window.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_S)
    assert ran == ["split"]


def test_a_list_of_choices_opens_by_alt_and_down_and_a_cell_by_f2(
    window: MainWindow, qtbot: QtBot
) -> None:
    box, table = QComboBox(), QTableWidget(1, 1)
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.addWidget(box)
    layout.addWidget(table)
    window.docks["history"].setWidget(holder)
    window.show_panel("history")
    box.addItems(["a", "b"])
    window.session.select_segment(0)
    before = window.session.project
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Down, ALT)
    assert box.view().isVisible()
    box.hidePopup()
    assert window.session.project is before
    table.setFocus()
    table.setCurrentCell(0, 0)
    qtbot.keyClick(table, Qt.Key.Key_F2)
    assert window.findChild(SegmentDialog) is None


def test_typed_text_ends_with_enter_and_starts_no_label(window: MainWindow, qtbot: QtBot) -> None:
    window.session.last_label = "walking"
    window.library.search.setFocus()
    qtbot.keyClicks(window.library.search, "o1")
    qtbot.keyClick(window.library.search, Qt.Key.Key_Return)
    assert not window.clock.playing
    assert window.focusWidget() is window.library.table


def test_a_selection_begins_behind_the_one_before_it(window: MainWindow, qtbot: QtBot) -> None:
    window.session.select_range(0.5, 1.0)
    window.clock.seek(2.0)
    qtbot.keyClick(window, Qt.Key.Key_BracketLeft)
    assert window.session.selection == (2.0, 4.0)
    window.clock.seek(1.0)
    qtbot.keyClick(window, Qt.Key.Key_BracketRight)
    assert window.session.selection == (0.0, 1.0)


@pytest.mark.parametrize(
    ("key", "held"),
    [(Qt.Key.Key_Z, NONE), (Qt.Key.Key_Space, SHIFT), (Qt.Key.Key_BracketRight, NONE)],
)
def test_a_key_that_needs_a_selection_says_so(
    window: MainWindow, qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier
) -> None:
    window.clock.seek(0.0)
    window.tell("")
    qtbot.keyClick(window, key, held)
    assert "select" in window.statusBar().currentMessage().lower()
    assert window.session.selection is None
    assert not window.clock.playing


def test_space_presses_the_button_that_tab_went_to_but_plays_after_a_click(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.show_panel("history")
    only = window._panels["history"][1].only
    qtbot.waitUntil(lambda: only.isVisible() and only.isEnabled())
    only.setFocus()
    window.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)  # as Tab does
    qtbot.keyClick(only, Qt.Key.Key_Space)
    assert only.isChecked()
    assert not window.clock.playing
    window.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange, False)  # as a click does
    qtbot.keyClick(only, Qt.Key.Key_Space)
    assert only.isChecked()
    assert window.clock.playing
    window.clock.pause()
