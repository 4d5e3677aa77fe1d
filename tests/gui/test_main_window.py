"""The window as its user meets it: opened, driven by keys, closed, opened again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu, QTabBar
from pytestqt.qtbot import QtBot

from harstudio import resources
from harstudio.core.errors import HarstudioError
from harstudio.core.label_set import LabelSet
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import EXCLUDED, KEPT, UNREVIEWED, Clip, Project
from harstudio.gui.commands.actions import ACTIONS
from harstudio.gui.dialogs import parsed_time
from harstudio.gui.exchange import files
from harstudio.gui.main_window import MainWindow
from harstudio.gui.settings import Settings
from harstudio.gui.theme import Theme
from harstudio.store.project_file import ProjectFile


@pytest.fixture
def project_path(tmp_path: Path, project: Project, labelled_clip: Clip) -> Path:
    """A project of three clips that show the same motion."""
    clips = [
        replace(labelled_clip, id=f"clip{n}", name=f"clip_{n}", subject=f"s{n}") for n in (1, 2, 10)
    ]
    project = replace(project, clips={}, label_set=LabelSet.of(["walking", "jumping"]))
    path = tmp_path / "window.harstudio"
    ProjectFile.create(path, project.with_clips(clips)).close()
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


def make_window(qtbot: QtBot, settings: Settings, theme: Theme) -> MainWindow:
    window = MainWindow(settings, theme)
    window.resize(1280, 720)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def window(qtbot: QtBot, settings: Settings, theme: Theme) -> Iterator[MainWindow]:
    result = make_window(qtbot, settings, theme)
    yield result
    result.close()
    result.deleteLater()


@pytest.fixture
def opened(qtbot: QtBot, window: MainWindow, project_path: Path) -> MainWindow:
    """The window with the project and its first clip."""
    with qtbot.waitSignal(window.session.clip_opened):
        window.open_path(project_path)
    return window


def activate(qtbot: QtBot, window: MainWindow) -> None:
    """Shortcuts reach the active window only; there may be no window manager to make it so."""
    window.activateWindow()
    window.windowHandle().requestActivate()
    qtbot.waitUntil(window.isActiveWindow)


def press(qtbot: QtBot, window: MainWindow, *keys: Qt.Key) -> None:
    activate(qtbot, window)
    window.setFocus()
    for key in keys:
        qtbot.keyClick(window, key)


def test_without_a_project_the_window_offers_ways_to_begin(window: MainWindow) -> None:
    assert window.welcome.isVisible()
    assert not any(dock.isVisible() for dock in window.docks.values())


def test_opening_a_project_shows_its_first_clip_in_every_dock(opened: MainWindow) -> None:
    assert opened.session.clip is not None
    assert opened.session.clip.name == "clip_1"
    assert opened.clock.duration_s == opened.session.clip.duration_s
    assert not opened.welcome.isVisible()
    for name in ("library", "signals", "timeline"):
        assert opened.docks[name].isVisible()


def test_every_command_is_in_a_menu_with_its_shortcut(opened: MainWindow) -> None:
    def texts(menu: QMenu) -> Iterator[tuple[str, list[str]]]:
        for action in menu.actions():
            if action.menu() is not None:
                yield from texts(action.menu())
            else:
                yield action.objectName(), [k.toString() for k in action.shortcuts()]

    shown: dict[str, list[str]] = {}
    for top in opened.menuBar().actions():
        shown.update(texts(top.menu()))
    for row in ACTIONS:
        if row.text != "-":
            assert row.id in shown
            assert len(shown[row.id]) == len(row.keys)


def test_every_enabled_command_without_a_dialog_runs(opened: MainWindow, qtbot: QtBot) -> None:
    others = {"about", "quit", "align", "align_all"}
    for row in ACTIONS:
        if not row.is_line and not row.text.endswith("…") and row.id not in others:
            opened.menus.actions[row.id].trigger()
    opened.clock.pause()


def test_keys_label_split_merge_and_undo(opened: MainWindow, qtbot: QtBot) -> None:
    before = opened.session.project
    opened.session.select_range(3.0, 3.5)
    press(qtbot, opened, Qt.Key.Key_1)
    clip = opened.session.clip
    assert clip is not None
    segment = clip.labels.at(3.2)
    assert segment is not None
    assert (segment.start_s, segment.end_s, segment.label) == (3.0, 3.5, "walking")
    opened.clock.seek(3.2)
    press(qtbot, opened, Qt.Key.Key_S)
    assert len(opened.session.clip.labels) == 4
    press(qtbot, opened, Qt.Key.Key_Delete)
    assert opened.session.clip.labels.at(3.3) is None
    for _ in range(3):
        qtbot.keyClick(opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert opened.session.project == before


def test_space_plays_and_arrows_step_frames(opened: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, opened, Qt.Key.Key_Space)
    assert opened.clock.playing
    press(qtbot, opened, Qt.Key.Key_Space)
    assert not opened.clock.playing
    opened.clock.seek(1.0)
    press(qtbot, opened, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left)
    assert opened.clock.time_s == pytest.approx(1.0 + 1 / 60)


def test_page_keys_walk_through_the_clips(opened: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, opened, Qt.Key.Key_PageDown)
    assert opened.session.clip.name == "clip_2"
    press(qtbot, opened, Qt.Key.Key_PageUp)
    assert opened.session.clip.name == "clip_1"


def test_keeping_and_excluding_go_on_to_the_next_clip(opened: MainWindow, qtbot: QtBot) -> None:
    press(qtbot, opened, Qt.Key.Key_A, Qt.Key.Key_E)
    project = opened.session.project
    assert [c.status for c in project.clips.values()] == [KEPT, EXCLUDED, UNREVIEWED]
    assert opened.session.clip.name == "clip_10"


def test_a_letter_typed_into_the_search_field_is_only_a_letter(
    opened: MainWindow, qtbot: QtBot
) -> None:
    activate(qtbot, opened)
    opened.library.search.setFocus()
    before = opened.session.project
    qtbot.keyClicks(opened.library.search, "ase1 ")
    assert opened.library.search.text() == "ase1 "
    assert opened.session.project is before
    assert not opened.clock.playing


def test_workspaces_are_remembered(
    qtbot: QtBot, settings: Settings, theme: Theme, project_path: Path
) -> None:
    first = make_window(qtbot, settings, theme)
    first.open_path(project_path)
    first.show_workspace("learn")
    first.docks["history"].hide()
    first.choose_theme("dark")
    first.close()
    second = make_window(qtbot, settings, Theme(settings.theme))
    assert second.theme.name == "dark"
    assert settings.recent == [project_path]
    second.open_path(project_path)
    assert second.workspace == "learn"
    assert second.docks["history"].isHidden()
    second.close()


def test_a_second_window_is_read_only_and_says_so(
    qtbot: QtBot, opened: MainWindow, theme: Theme, project_path: Path, tmp_path: Path
) -> None:
    other = make_window(qtbot, Settings(tmp_path / "other.ini"), theme)
    other.open_path(project_path)
    assert other.session.read_only
    assert other.title_bar.lock.text().startswith("Read-only: ")
    assert other.title_bar.lock.text().endswith(" has it open")
    assert not other.menus.actions["split"].isEnabled()
    with pytest.raises(HarstudioError, match="open"):
        other.session.edit("x", replace(other.session.project, name="x"))
    other.close()


def test_a_file_that_is_away_is_said_and_nothing_is_edited(
    qtbot: QtBot, opened: MainWindow
) -> None:
    project = opened.session.project
    clip = project.clip("clip2")
    away = replace(clip, motion=replace(clip.motion, path="/nowhere/gone_poses.npz"))
    opened.session.edit("move", project.with_clips([away]))
    before, steps = opened.session.project, opened.session.undo_stack.count()
    with qtbot.waitSignal(opened.session.clip_failed):
        opened.session.open_clip("clip2")
    assert opened.session.project is before
    assert opened.session.undo_stack.count() == steps
    assert "gone_poses.npz" in opened.statusBar().currentMessage()
    assert "Find moved files" in opened.statusBar().currentMessage()
    with qtbot.waitSignal(opened.session.clip_opened):
        opened.session.open_clip("clip10")
    assert opened.session.loaded is not None


def test_a_file_that_turns_out_broken_is_flagged_until_it_is_mended(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    project = opened.session.project
    clip = project.clip("clip2")
    sound = Path(clip.motion.path)
    broken = tmp_path / "broken_poses.npz"
    broken.write_bytes(sound.read_bytes()[:500])
    bad = replace(clip, motion=replace(clip.motion, path=str(broken)))
    opened.session.edit("break", project.with_clips([bad]))
    steps = opened.session.undo_stack.count()
    with qtbot.waitSignal(opened.session.clip_failed):
        opened.session.open_clip("clip2")
    assert "broken_poses.npz" in opened.session.project.clip("clip2").problem
    assert opened.session.undo_stack.count() == steps
    broken.write_bytes(sound.read_bytes())
    with qtbot.waitSignal(opened.session.clip_opened):
        opened.session.open_clip("clip10")
    with qtbot.waitSignal(opened.session.clip_opened):
        opened.session.open_clip("clip2")
    assert opened.session.project.clip("clip2").problem == ""


def test_after_opening_keys_go_to_the_clips_and_not_into_the_search_field(
    opened: MainWindow, qtbot: QtBot
) -> None:
    activate(qtbot, opened)
    focused = opened.focusWidget()
    assert focused is opened.library.table
    qtbot.keyClick(focused, Qt.Key.Key_Down)
    assert opened.session.clip.name == "clip_2"
    assert opened.clock.speed == 1.0
    opened.library.search.setFocus()
    qtbot.keyClick(opened.library.search, Qt.Key.Key_Escape)
    assert opened.focusWidget() is opened.library.table


def test_arrows_in_a_number_field_change_the_number(opened: MainWindow, qtbot: QtBot) -> None:
    opened.show_workspace("learn")
    opened.show_panel("train")
    activate(qtbot, opened)
    opened.train.form.more.unfold()
    epochs = opened.train.form.more_section.epochs
    epochs.setFocus()
    before = epochs.value()
    qtbot.keyClick(epochs, Qt.Key.Key_Up)
    assert epochs.value() == before + 1
    assert opened.clock.speed == 1.0


def test_the_tab_bars_are_those_of_the_docks_however_often_one_switches(
    opened: MainWindow, qtbot: QtBot
) -> None:
    for workspace in ("learn", "compare", "review", "compare", "learn", "review"):
        opened.show_workspace(workspace)
        QApplication.processEvents()
        groups = set()
        for dock in opened.docks.values():
            others = opened.tabifiedDockWidgets(dock)
            if not dock.isHidden() and others:
                groups.add(frozenset(d.windowTitle() for d in (dock, *others) if not d.isHidden()))
        children = Qt.FindChildOption.FindDirectChildrenOnly
        bars = opened.findChildren(QTabBar, options=children)
        bars = [bar for bar in bars if bar.isVisible() and bar.count()]
        shown = [frozenset(bar.tabText(i) for i in range(bar.count())) for bar in bars]
        assert sorted(map(sorted, shown)) == sorted(map(sorted, groups)), workspace


def test_undo_reaches_the_project_from_a_number_field_that_holds_nothing_typed(
    opened: MainWindow, qtbot: QtBot
) -> None:
    before = opened.session.project
    opened.session.edit("Rename", replace(before, name="other"))
    opened.show_workspace("learn")
    opened.show_panel("train")
    activate(qtbot, opened)
    opened.train.form.more.unfold()
    field = opened.train.form.more_section.epochs
    field.setFocus()
    qtbot.keyClick(field.lineEdit(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert opened.session.project == before


def test_letters_do_not_make_the_clip_table_jump(opened: MainWindow) -> None:
    row = opened.library.table.currentIndex().row()
    opened.library.table.keyboardSearch("clip_10")
    assert opened.library.table.currentIndex().row() == row


def test_the_signals_turn_to_a_sensor_that_was_really_worn(
    opened: MainWindow, qtbot: QtBot
) -> None:
    opened.session.select_sensor("right_thigh")
    with qtbot.waitSignal(opened.session.clip_opened):
        opened.session.open_clip("clip2")
    assert opened.session.sensor == "right_wrist"
    assert opened.signals.header.sensors.currentText() == "right_wrist"


def test_the_last_moment_of_a_clip_still_has_its_label(opened: MainWindow) -> None:
    opened.session.edit_labels("All", LabelTrack((Segment(0, 4, "walking"),)))
    opened.clock.seek(opened.clock.duration_s)
    assert opened.session.label_at(opened.clock.time_s) == "walking"
    assert "walking" in opened.title_bar.title.text()


def test_another_body_is_checked_first_and_can_be_undone(
    opened: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "SMPL_NEUTRAL.npz").write_bytes(b"not a model")
    with pytest.raises(HarstudioError, match="SMPL_NEUTRAL"):
        files.use_body(opened, tmp_path / "SMPL_NEUTRAL.npz")
    assert opened.session.project.body is None
    with qtbot.waitSignal(opened.session.clip_opened):
        files.use_body(opened, resources.path("body/openbody_smpl.npz"))
    assert opened.session.project.body is not None
    opened.session.undo_stack.undo()
    assert opened.session.project.body is None


def test_a_moment_of_a_window_is_shown_in_every_view(opened: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(opened.session.clip_opened):
        opened.session.show_moment("clip10", 2.0, 3.0)
    assert opened.session.clip.name == "clip_10"
    assert opened.clock.time_s == 2.0
    assert opened.session.selection == (2.0, 3.0)
    start, end = opened.time_window.range
    assert start <= 2.0 < 3.0 <= end


def test_everything_fits_a_small_laptop(opened: MainWindow) -> None:
    for workspace in ("review", "compare", "learn"):
        opened.show_workspace(workspace)
        hint = opened.minimumSizeHint()
        assert hint.width() <= 1280, workspace
        assert hint.height() <= 680, workspace  # with room for a title bar and a task bar


@pytest.mark.parametrize(
    ("text", "seconds"), [("12.5", 12.5), ("1:02.5", 62.5), ("1:00:00", 3600.0), ("f90", 1.5)]
)
def test_times_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert parsed_time(text, 60.0) == seconds


def test_what_is_no_time_is_said_to_be_none() -> None:
    with pytest.raises(HarstudioError, match="is no time"):
        parsed_time("noon", 60.0)
