from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from harstudio.core.errors import HarstudioError
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.timeline.gestures import BODY, EMPTY, Hit
from harstudio.gui.timeline.lanes import OVERVIEW, RULER
from harstudio.gui.timeline.panel import TimelinePanel
from harstudio.gui.timeline.picture import NOTHING_OPEN
from tests.gui.timeline.hand import ALT, LEFT, at, drag, move

LABELS = [(0.5, 1.5, "walking"), (1.5, 2.5, "jumping")]


def labels(session: Session) -> list[tuple[float, float, str]]:
    return [
        (pytest.approx(s.start_s, abs=0.011), pytest.approx(s.end_s, abs=0.011), s.label)
        for s in session.clip.labels.segments
    ]


def test_without_a_clip_it_says_what_to_do(
    session: Session, clock: PlaybackClock, window: TimeWindow, theme: Theme, qtbot: QtBot
) -> None:
    panel = TimelinePanel(session, clock, window, theme)
    qtbot.addWidget(panel)
    panel.show()
    assert "Open a clip" in NOTHING_OPEN
    assert not panel.transport.play.isEnabled()
    qtbot.mouseClick(panel.view, LEFT, pos=QPoint(300, 60))
    assert clock.time_s == 0.0


def test_a_click_on_a_segment_selects_it_and_seeks(
    panel: TimelinePanel, session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    qtbot.mouseClick(panel.view, LEFT, pos=at(panel, 2.0))
    assert session.segment_index == 1
    assert clock.time_s == pytest.approx(2.0, abs=0.01)
    qtbot.mouseClick(panel.view, LEFT, pos=at(panel, 3.5))
    assert session.segment_index is None
    assert session.undo_stack.count() == 0


def test_a_drag_on_an_empty_place_makes_a_segment_with_the_last_label(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    session.last_label = "jumping"
    drag(panel, qtbot, 3.0, 3.6)
    assert labels(session) == [*LABELS, (3.0, 3.6, "jumping")]
    assert session.segment_index == 2
    assert session.undo_stack.count() == 1


def test_the_first_drag_asks_for_the_label_and_changes_nothing_until_answered(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    drag(panel, qtbot, 3.0, 3.6)
    assert labels(session) == LABELS
    menu = panel.findChild(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
    next(a for a in menu.actions() if a.text() == "walking").trigger()
    assert labels(session)[2] == (3.0, 3.6, "walking")
    assert session.last_label == "walking"
    menu.close()


def test_a_drag_of_a_body_moves_it_as_one_step_that_undo_takes_back(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    before = session.project
    drag(panel, qtbot, 2.0, 3.0)
    assert labels(session) == [LABELS[0], (2.5, 3.5, "jumping")]
    assert session.undo_stack.count() == 1
    assert session.undo_stack.undoText() == "Move jumping"
    session.undo_stack.undo()
    assert session.project == before


def test_a_drag_of_an_edge_resizes(panel: TimelinePanel, session: Session, qtbot: QtBot) -> None:
    drag(panel, qtbot, 2.49, 3.0)
    assert labels(session) == [LABELS[0], (1.5, 3.01, "jumping")]
    assert session.segment_index == 1


def test_a_drag_of_a_shared_edge_moves_both(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    drag(panel, qtbot, 1.5, 1.2)
    assert labels(session) == [(0.5, 1.2, "walking"), (1.2, 2.5, "jumping")]
    assert session.undo_stack.count() == 1


def test_an_edge_snaps_to_the_playhead_unless_alt_is_held(
    panel: TimelinePanel, session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    clock.seek(3.004)
    drag(panel, qtbot, 2.5, 2.985, modifiers=Qt.KeyboardModifier.NoModifier)
    assert session.clip.labels.segments[1].end_s == 3.004
    session.undo_stack.undo()
    drag(panel, qtbot, 2.5, 2.985, modifiers=ALT)
    assert session.clip.labels.segments[1].end_s == pytest.approx(2.985, abs=0.004)


def test_an_edge_snaps_to_frames(panel: TimelinePanel, session: Session, qtbot: QtBot) -> None:
    drag(panel, qtbot, 2.5, 3.111, modifiers=Qt.KeyboardModifier.NoModifier)
    end_s = session.clip.labels.segments[1].end_s
    assert end_s * 60 == pytest.approx(round(end_s * 60), abs=1e-3)


def test_escape_leaves_a_drag_without_a_trace(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    before = session.project
    drag(panel, qtbot, 2.0, 3.0, release=False)
    qtbot.keyClick(panel.view, Qt.Key.Key_Escape)
    qtbot.mouseRelease(panel.view, LEFT, pos=at(panel, 3.0))
    assert session.project is before
    assert session.undo_stack.count() == 0


def test_nothing_changes_while_the_button_is_down(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    drag(panel, qtbot, 2.0, 3.0, release=False)
    assert labels(session) == LABELS
    qtbot.mouseRelease(panel.view, LEFT, ALT, at(panel, 3.0))
    assert labels(session) != LABELS


def test_a_tremble_of_the_hand_is_a_click(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    place = at(panel, 2.0)
    qtbot.mousePress(panel.view, LEFT, pos=place)
    move(panel, place + QPoint(2, 1), Qt.KeyboardModifier.NoModifier)
    qtbot.mouseRelease(panel.view, LEFT, pos=place + QPoint(2, 1))
    assert session.undo_stack.count() == 0
    assert session.segment_index == 1


def test_the_ruler_scrubs(
    panel: TimelinePanel, clock: PlaybackClock, session: Session, qtbot: QtBot
) -> None:
    seen: list[float] = []
    clock.time_changed.connect(seen.append)
    drag(panel, qtbot, 1.0, 3.0, RULER)
    assert seen == pytest.approx([1.0, 1.6, 2.4, 3.0], abs=0.01)
    assert session.undo_stack.count() == 0


def test_the_frame_on_the_overview_drags_what_is_in_sight(
    panel: TimelinePanel, window: TimeWindow, clock: PlaybackClock, qtbot: QtBot
) -> None:
    window.show_range(0.0, 1.0)
    drag(panel, qtbot, 0.5, 2.5, OVERVIEW)
    assert window.range == pytest.approx((2.0, 3.0), abs=0.01)
    assert clock.time_s == 0.0
    drag(panel, qtbot, 3.0, 3.8, OVERVIEW)
    assert window.range == pytest.approx((2.0, 3.8), abs=0.02)


def test_the_overview_outside_the_frame_seeks(
    panel: TimelinePanel, window: TimeWindow, clock: PlaybackClock, qtbot: QtBot
) -> None:
    window.show_range(0.0, 1.0)
    qtbot.mouseClick(panel.view, LEFT, pos=at(panel, 3.0, OVERVIEW))
    assert clock.time_s == pytest.approx(3.0, abs=0.01)
    assert window.range[0] <= 3.0 <= window.range[1]


def test_a_double_click_loops_the_segment_and_another_ends_it(
    panel: TimelinePanel, session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    qtbot.mouseDClick(panel.view, LEFT, pos=at(panel, 2.0))
    assert clock.loop == (1.5, 2.5)
    assert clock.time_s == 1.5
    assert session.segment_index == 1
    qtbot.mouseDClick(panel.view, LEFT, pos=at(panel, 2.0))
    assert clock.loop is None


def menu_texts(panel: TimelinePanel) -> list[str]:
    menus = panel.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
    texts = [a.text() for a in menus[-1].actions()]
    menus[-1].close()
    return texts


def test_a_right_click_opens_a_menu_and_changes_nothing(
    panel: TimelinePanel, session: Session
) -> None:
    before = session.project
    panel.view.menu_requested.emit(QPoint(10, 10), 2.0, Hit(BODY, 1))
    texts = menu_texts(panel)
    for text in ("Relabel to", "Split here", "Merge with the next", "Delete"):
        assert text in texts
    assert session.project is before
    assert session.segment_index == 1


def test_the_menu_of_a_gap_labels_it(panel: TimelinePanel, session: Session) -> None:
    panel.view.menu_requested.emit(QPoint(10, 10), 3.0, Hit(EMPTY))
    menu = panel.findChild(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
    gap = menu.actions()[0].menu()
    next(a for a in gap.actions() if a.text() == "walking").trigger()
    assert labels(session)[2] == (2.5, 4.0, "walking")
    menu.close()


def test_a_chip_labels_the_selection_and_is_then_at_hand(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    session.select_segment(0)
    button = next(b for b in panel.transport.chips._buttons if b.text().strip() == "jumping")
    button.click()
    assert labels(session)[0] == (0.5, 1.5, "jumping")
    assert button.isChecked()


@pytest.fixture
def second_window(
    session: Session, clock: PlaybackClock, window: TimeWindow, theme: Theme, qtbot: QtBot
) -> Iterator[TimelinePanel]:
    """The panel of a second session on the same project, which is therefore read-only."""
    second = Session()
    second.open_project(session.file.path)
    panel = TimelinePanel(second, clock, window, theme)
    qtbot.addWidget(panel)
    panel.resize(880, 200)
    second.open_clip("swing")
    panel.show()
    yield panel
    second.close()


def test_in_a_read_only_project_the_hand_can_look_but_not_change(
    second_window: TimelinePanel, session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    panel = second_window
    drag(panel, qtbot, 2.0, 3.0)
    drag(panel, qtbot, 3.0, 3.5)
    assert labels(panel.session) == LABELS
    assert panel.transport.note.isVisible()
    qtbot.mouseClick(panel.view, LEFT, pos=at(panel, 1.0))
    assert clock.time_s == pytest.approx(1.0, abs=0.01)
    panel.view.menu_requested.emit(QPoint(10, 10), 2.0, Hit(BODY, 1))
    assert "Delete" not in menu_texts(panel)


def test_an_edit_that_cannot_be_written_is_told_and_changes_nothing(
    panel: TimelinePanel, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(*_: object) -> None:
        raise HarstudioError("disk is full")

    monkeypatch.setattr(session.file, "write", write)
    with qtbot.waitSignal(session.message) as told:
        drag(panel, qtbot, 2.0, 3.0)
    assert "full" in told.args[0]
    assert labels(session) == LABELS


def test_time_out_of_sight_turns_the_page(
    panel: TimelinePanel, clock: PlaybackClock, window: TimeWindow
) -> None:
    window.show_range(0.0, 1.0)
    clock.seek(2.5)
    assert window.range[0] <= 2.5 <= window.range[1]


def test_the_transport_shows_where_we_are_and_steps_by_frames(
    panel: TimelinePanel, clock: PlaybackClock
) -> None:
    clock.seek(1.0)
    panel.transport.forward.click()
    assert "frame 61" in panel.transport.where.text()
    assert clock.time_s == pytest.approx(61 / 60)
    panel.transport.back.click()
    panel.transport.back.click()
    assert "frame 59" in panel.transport.where.text()
    clock.seek(clock.duration_s)
    panel.transport.forward.click()
    assert "frame 239" in panel.transport.where.text()


def test_the_speed_shown_is_that_of_the_clock(panel: TimelinePanel, clock: PlaybackClock) -> None:
    clock.change_speed(1)
    assert panel.transport.speed.currentText() == "1.5x"
    panel.transport.speed.setCurrentIndex(0)
    panel.transport.speed.activated.emit(0)
    assert clock.speed == 0.1


def test_segments_are_painted_in_their_labels_colours(
    panel: TimelinePanel, session: Session, clock: PlaybackClock
) -> None:
    picture = panel.view.grab().toImage()
    place = at(panel, 1.2)
    colour = QColor(picture.pixel(QPoint(place.x(), panel.view.lanes.mine.top + 4)))
    assert colour == QColor(session.project.label_set.colour("walking"))
    clock.seek(1.2)
    picture = panel.view.grab().toImage()
    assert QColor(picture.pixel(place)).name().upper() == "#C2185B"


def test_another_clip_colour_repaints(panel: TimelinePanel, session: Session) -> None:
    project = session.project
    recoloured = tuple(
        replace(label, colour="#123456") if label.name == "walking" else label
        for label in project.label_set.labels
    )
    session.edit(
        "Recolour", replace(project, label_set=replace(project.label_set, labels=recoloured))
    )
    picture = panel.view.grab().toImage()
    place = QPoint(at(panel, 1.2).x(), panel.view.lanes.mine.top + 4)
    assert QColor(picture.pixel(place)).name() == "#123456"


def test_spare_height_goes_to_the_lane_and_then_below_the_transport(
    panel: TimelinePanel, qtbot: QtBot
) -> None:
    panel.resize(800, 180)
    qtbot.waitUntil(lambda: panel.view.lanes.mine.height > 36)
    panel.resize(800, 500)
    _, most = panel.view.height_range
    qtbot.waitUntil(lambda: panel.view.height() == most)
    assert panel.transport.y() == most
