from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QHelpEvent, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox, QToolTip
from pytestqt.qtbot import QtBot

from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, PREDICTED
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.session import Session
from harstudio.gui.timeline.gestures import BODY, EMPTY, Hit
from harstudio.gui.timeline.lanes import RULER
from harstudio.gui.timeline.panel import TimelinePanel
from harstudio.gui.timeline.tier_dialogs import TierDialog
from tests.gui.timeline.hand import ALT, LEFT, at, drag, move

CTRL = Qt.KeyboardModifier.ControlModifier
PLAIN = Qt.KeyboardModifier.NoModifier
MINE_SPANS = [(0.5, 1.5, "walking"), (1.5, 2.5, "jumping")]


def near(start_s: float, end_s: float, label: str) -> tuple[object, object, str]:
    return pytest.approx(start_s, abs=0.011), pytest.approx(end_s, abs=0.011), label


def spans(session: Session, tier: str) -> list[tuple[float, float, str]]:
    return [(s.start_s, s.end_s, s.label) for s in session.clip.track(tier).segments]


@pytest.fixture
def three(panel: TimelinePanel, session: Session) -> TimelinePanel:
    """Mine; ann's: walking 1 to 2; predicted: jumping 2.6 to 3.4, rather sure."""
    clip = session.clip.with_tier("ann", LabelTrack((Segment(1, 2, "walking"),)))
    guess = LabelTrack((Segment(2.6, 3.4, "jumping", confidence=0.7),))
    session.edit_clip("Add tiers", clip.with_tier(PREDICTED, guess))
    session.undo_stack.clear()
    return panel


@pytest.fixture
def stacked(panel: TimelinePanel, session: Session) -> TimelinePanel:
    """An overlapping tier at hand: walking 0.5 to 2 above jumping 1 to 3."""
    track = LabelTrack((Segment(0.5, 2, "walking"), Segment(1, 3, "jumping")), True)
    session.edit_clip("Add a tier", session.clip.with_tier("context", track))
    session.select_tier("context")
    session.undo_stack.clear()
    return panel


def test_a_click_in_another_tier_makes_it_the_one_at_hand_and_selects_there(
    three: TimelinePanel, session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    qtbot.mouseClick(three.view, LEFT, pos=at(three, 1.5, tier="ann"))
    assert session.tier == "ann"
    assert session.segment_index == 0
    assert session.selection == (1, 2)
    assert clock.time_s == pytest.approx(1.5, abs=0.01)
    qtbot.mouseClick(three.view, LEFT, pos=at(three, 1.0, tier=PREDICTED))
    assert session.tier == PREDICTED
    assert session.segment_index is None
    assert session.undo_stack.count() == 0


def test_a_click_on_a_tiers_name_makes_it_the_one_at_hand_and_moves_no_time(
    three: TimelinePanel, session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    clock.seek(1.0)
    qtbot.mouseClick(three.view, LEFT, pos=QPoint(30, at(three, 0, tier="ann").y()))
    assert session.tier == "ann"
    assert clock.time_s == 1.0


def test_one_drag_in_another_tier_activates_it_and_moves(
    three: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    drag(three, qtbot, 3.0, 3.3, tier=PREDICTED)
    assert session.tier == PREDICTED
    assert spans(session, PREDICTED) == [near(2.9, 3.7, "jumping")]
    assert session.clip.track(PREDICTED).segments[0].confidence == 0.7
    assert spans(session, MINE) == MINE_SPANS
    assert session.undo_stack.undoText() == "Move jumping in predicted"
    session.undo_stack.undo()
    assert spans(session, PREDICTED) == [(2.6, 3.4, "jumping")]


def test_one_drag_in_another_tier_activates_it_and_resizes_or_creates(
    three: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    session.last_label = "jumping"
    drag(three, qtbot, 2.0, 2.3, tier="ann")
    drag(three, qtbot, 3.0, 3.5, tier="ann")
    drag(three, qtbot, 0.2, 0.8, tier="ann")
    assert spans(session, "ann") == [
        near(0.2, 0.8, "jumping"),
        near(1, 2.3, "walking"),
        near(3, 3.5, "jumping"),
    ]
    assert session.undo_stack.count() == 3


def test_the_chips_label_in_the_tier_at_hand(
    three: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    qtbot.mouseClick(three.view, LEFT, pos=at(three, 1.5, tier="ann"))
    next(b for b in three.transport.chips._buttons if b.text().strip() == "jumping").click()
    assert spans(session, "ann") == [(1, 2, "jumping")]
    assert spans(session, MINE) == MINE_SPANS


def test_an_edge_snaps_to_an_edge_in_another_tier(
    three: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    drag(three, qtbot, 2.5, 2.615, modifiers=PLAIN)
    assert spans(session, MINE)[1] == (1.5, 2.6, "jumping")


def test_an_edge_snaps_to_a_peak_of_the_signal_and_the_line_says_so(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: session.loaded is not None)
    panel._peaks.wait()
    QApplication.processEvents()  # what was found arrives, before other peaks take its place
    panel.view.show_peaks([3.1234])
    drag(panel, qtbot, 2.5, 3.115, release=False, modifiers=PLAIN)
    assert panel.view._drag.snap.kind == "peak"
    panel.view.grab()
    qtbot.mouseRelease(panel.view, LEFT, PLAIN, at(panel, 3.115))
    assert session.clip.labels.segments[1].end_s == 3.1234


def test_peaks_are_those_of_the_selected_sensor_and_are_found_beside_the_window(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: len(panel.view._peaks_s) > 0)
    swings = panel.view._peaks_s
    session.select_sensor("right_thigh")
    qtbot.waitUntil(lambda: len(panel.view._peaks_s) != len(swings))
    session.close_clip()
    assert len(panel.view._peaks_s) == 0


def test_ctrl_and_a_drag_of_a_shared_edge_makes_it_soft_on_both_sides_in_one_step(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    drag(panel, qtbot, 1.5, 1.8, modifiers=CTRL)
    left, right = session.clip.labels.segments
    assert left.end_soft_s == right.start_soft_s == pytest.approx(0.3, abs=0.011)
    assert spans(session, MINE) == MINE_SPANS
    assert session.undo_stack.count() == 1
    assert session.undo_stack.undoText() == "Soften walking"
    session.undo_stack.undo()
    assert session.clip.labels.segments[0].end_soft_s == 0.0


def test_the_menu_makes_soft_edges_sharp_again(panel: TimelinePanel, session: Session) -> None:
    soft = replace(session.clip.labels.segments[0], end_soft_s=0.2)
    session.edit_labels("Soften", session.track.changed(0, soft))
    panel.view.menu_requested.emit(QPoint(10, 10), 1.0, Hit(BODY, 0))
    trigger(panel, "Make edges sharp")
    assert session.clip.labels.segments[0].end_soft_s == 0.0
    assert session.segment_index == 0


def test_in_an_overlapping_tier_the_mouse_picks_by_row(
    stacked: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    qtbot.mouseClick(stacked.view, LEFT, pos=at(stacked, 1.5, tier="context", row=1))
    assert session.segment_index == 1
    qtbot.mouseClick(stacked.view, LEFT, pos=at(stacked, 1.5, tier="context", row=0))
    assert session.segment_index == 0


def test_in_an_overlapping_tier_a_drag_trims_nothing(
    stacked: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    drag(stacked, qtbot, 2.5, 2.0, tier="context", row=1)
    assert spans(session, "context") == [(0.5, 2, "walking"), near(0.5, 2.5, "jumping")]
    assert session.segment_index == 1


def test_below_the_rows_another_segment_begins_over_all_of_them(
    stacked: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    session.last_label = "walking"
    y = stacked.view.lanes.lane("context").bottom - 3
    qtbot.mousePress(stacked.view, LEFT, ALT, QPoint(at(stacked, 1.2).x(), y))
    for time_s in (1.4, 1.8):
        move(stacked, QPoint(at(stacked, time_s).x(), y), ALT)
    qtbot.mouseRelease(stacked.view, LEFT, ALT, QPoint(at(stacked, 1.8).x(), y))
    assert spans(session, "context")[2] == near(1.2, 1.8, "walking")
    assert len(spans(session, "context")) == 3


def test_each_row_is_painted_in_its_own_place(stacked: TimelinePanel, session: Session) -> None:
    image = stacked.view.grab().toImage()
    label_set = session.project.label_set
    for row, label in ((0, "walking"), (1, "jumping")):
        place = at(stacked, 1.9, tier="context", row=row)
        assert QColor(image.pixel(place)) == QColor(label_set.colour(label))


def test_proposals_are_paler_the_less_they_are_sure(three: TimelinePanel, session: Session) -> None:
    def lightness(confidence: float) -> int:
        track = LabelTrack((Segment(2.6, 3.4, "jumping", confidence=confidence),))
        session.edit_clip("Propose", session.clip.with_track(track, PREDICTED))
        image = three.view.grab().toImage()
        return QColor(image.pixel(at(three, 3.3, tier=PREDICTED))).lightness()

    sure = QColor(session.project.label_set.colour("jumping")).lightness()
    assert lightness(0.2) > lightness(0.9) > sure


def accent_left_of(panel: TimelinePanel, image: QImage, tier: str) -> bool:
    colour = QColor(image.pixel(QPoint(1, at(panel, 0, tier=tier).y())))
    return colour.name().upper() == panel._theme.colours.accent


def test_the_tier_at_hand_is_marked_in_the_margin(three: TimelinePanel, session: Session) -> None:
    assert accent_left_of(three, three.view.grab().toImage(), MINE)
    three.step_tier(1)
    assert session.tier == "ann"
    image = three.view.grab().toImage()
    assert accent_left_of(three, image, "ann")
    assert not accent_left_of(three, image, MINE)
    three.step_tier(9)
    assert session.tier == PREDICTED
    three.step_tier(-9)
    assert session.tier == MINE


# -- menus and dialogs -------------------------------------------------------------------


def menu_of(panel: TimelinePanel) -> QMenu:
    return panel.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)[-1]


def trigger(panel: TimelinePanel, *path: str) -> None:
    """Choose an entry of the menu that is open, and close it."""
    menu = top = menu_of(panel)
    for text in path[:-1]:
        menu = next(a for a in menu.actions() if a.text() == text).menu()
    next(a for a in menu.actions() if a.text() == path[-1]).trigger()
    top.close()


def right_click(panel: TimelinePanel, place: QPoint) -> None:
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, panel.mapToGlobal(place))
    QApplication.sendEvent(panel.view, event)


def test_a_right_click_on_a_name_opens_the_tiers_menu_and_changes_nothing(
    three: TimelinePanel, session: Session
) -> None:
    before = session.project
    right_click(three, QPoint(30, at(three, 0, tier="ann").y()))
    texts = [action.text() for action in menu_of(three).actions()]
    for text in ("New tier ...", "Copy all to", "Segments may overlap", "Rename ..."):
        assert text in texts
    assert "Delete tier ..." in texts
    assert session.project is before
    menu_of(three).close()


def test_the_menu_key_opens_the_menu_of_what_is_at_hand(
    three: TimelinePanel, session: Session
) -> None:
    def press_menu_key() -> list[str]:
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Keyboard, QPoint(400, 60), QPoint(400, 60)
        )
        QApplication.sendEvent(three.view, event)
        texts = [action.text() for action in menu_of(three).actions()]
        menu_of(three).close()
        QApplication.processEvents()
        return texts

    assert "Rename ..." in press_menu_key()
    session.select_segment(0)
    assert "Relabel to" in press_menu_key()


def test_a_right_click_in_another_tier_opens_the_menu_of_its_segment(
    three: TimelinePanel, session: Session
) -> None:
    right_click(three, at(three, 1.5, tier="ann"))
    assert session.tier == "ann"
    assert session.segment_index == 0
    trigger(three, "Copy to", MINE)
    assert spans(session, MINE) == [(0.5, 1, "walking"), (1, 2, "walking"), (2, 2.5, "jumping")]


def test_a_new_tier_is_asked_for_by_name(panel: TimelinePanel, session: Session) -> None:
    panel.add_tier.click()
    dialog = panel.findChild(TierDialog)
    ok = dialog._buttons.button(dialog._buttons.StandardButton.Ok)
    assert not ok.isEnabled()
    dialog.name.setText(MINE)
    assert "already" in dialog._why.text()
    assert not ok.isEnabled()
    dialog.name.setText("ann")
    dialog.overlapping.setChecked(True)
    ok.click()
    assert session.clip.tiers == (MINE, "ann")
    assert session.track.overlapping
    assert panel.view.lanes.lane("ann").name == "ann"


def test_a_tier_is_renamed_made_overlapping_and_copied_from_its_menu(
    three: TimelinePanel, session: Session
) -> None:
    three.view.tier_menu_requested.emit(QPoint(10, 10), "ann")
    trigger(three, "Segments may overlap")
    assert session.clip.track("ann").overlapping
    three.view.tier_menu_requested.emit(QPoint(10, 10), "ann")
    trigger(three, "Copy all to", MINE)
    assert (1, 2, "walking") in spans(session, MINE)
    three.view.tier_menu_requested.emit(QPoint(10, 10), "ann")
    trigger(three, "Rename ...")
    dialog = three.findChild(TierDialog)
    dialog.name.setText("anna")
    dialog.accept()
    assert session.clip.tiers == (MINE, "anna", PREDICTED)
    assert session.undo_stack.count() == 3


def test_all_of_a_tier_goes_to_a_new_one_that_is_asked_for(
    three: TimelinePanel, session: Session
) -> None:
    three.view.tier_menu_requested.emit(QPoint(10, 10), "ann")
    trigger(three, "Copy all to", "New tier ...")
    dialog = three.findChild(TierDialog)
    dialog.name.setText("second")
    dialog.accept()
    assert spans(session, "second") == [(1, 2, "walking")]


def test_labels_are_asked_for_before_they_go_with_their_tier(
    three: TimelinePanel, session: Session
) -> None:
    three.view.tier_menu_requested.emit(QPoint(10, 10), "ann")
    trigger(three, "Delete tier ...")
    assert "ann" in session.clip.tiers
    box = three.findChild(QMessageBox)
    assert "1 label?" in box.text()
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert "ann" in session.clip.tiers
    QApplication.processEvents()
    session.select_tier("ann")
    three.delete_tier()
    box = three.findChildren(QMessageBox)[-1]
    next(b for b in box.buttons() if b.text() == "Delete").click()
    assert session.clip.tiers == (MINE, PREDICTED)
    session.undo_stack.undo()
    assert spans(session, "ann") == [(1, 2, "walking")]


def test_an_empty_tier_goes_without_asking(panel: TimelinePanel, session: Session) -> None:
    session.edit_clip("Add", session.clip.with_tier("ann"))
    session.select_tier("ann")
    panel.delete_tier()
    assert session.clip.tiers == (MINE,)


def test_ones_own_tier_cannot_be_renamed(panel: TimelinePanel, session: Session) -> None:
    panel.show_tier_menu()
    actions = {action.text(): action for action in menu_of(panel).actions()}
    assert not actions["Rename ..."].isEnabled()
    assert "Delete all labels ..." in actions
    menu_of(panel).close()
    panel.rename_tier()
    assert panel.findChild(TierDialog) is None


def test_the_menu_of_a_gap_in_another_tier_labels_that_gap(
    three: TimelinePanel, session: Session
) -> None:
    session.select_tier("ann")
    three.view.menu_requested.emit(QPoint(10, 10), 3.0, Hit(EMPTY))
    trigger(three, "Label this gap", "jumping")
    assert spans(session, "ann")[1] == (2, 4, "jumping")


# -- live labels, tips, scrolling --------------------------------------------------------


def test_a_live_label_grows_with_the_playhead_in_the_tier_at_hand(
    three: TimelinePanel, session: Session, clock: PlaybackClock
) -> None:
    session.select_tier("ann")
    three.show_live("jumping", 2.2)
    clock.seek(3.0)
    colour = QColor(session.project.label_set.colour("jumping"))

    def at_time(time_s: float) -> QColor:
        place = QPoint(at(three, time_s).x(), three.view.lanes.lane("ann").top + 3)
        return QColor(three.view.grab().toImage().pixel(place))

    assert at_time(2.9) == colour
    assert at_time(3.2) != colour
    clock.seek(3.5)
    assert at_time(3.2) == colour
    three.show_live("", None)
    assert at_time(3.2) != colour


def test_a_live_label_repaints_only_what_it_grew_by(
    panel: TimelinePanel, clock: PlaybackClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.seek(2.0)
    panel.show_live("jumping", 1.0)
    panel.view.grab()
    asked: list[QRect] = []
    monkeypatch.setattr(panel.view, "update", lambda *box: asked.append(QRect(*box)))
    clock.seek(2.05)
    assert sum(box.width() for box in asked) < 100


def test_another_clip_ends_the_live_label_in_the_picture(
    panel: TimelinePanel, session: Session
) -> None:
    panel.show_live("jumping", 1.0)
    session.close_clip()
    assert panel.view._live is None


def test_resting_on_a_segment_tells_all_that_is_known_of_it(
    panel: TimelinePanel, session: Session
) -> None:
    known = Segment(0.5, 1.5, "walking", 0.5, "ann", "limps", 0.1, 0.25)
    session.edit_labels("Change", session.track.changed(0, known))
    place = at(panel, 1.0)
    help_event = QHelpEvent(QEvent.Type.ToolTip, place, panel.view.mapToGlobal(place))
    QApplication.sendEvent(panel.view, help_event)
    lines = QToolTip.text().splitlines()
    assert lines == [
        "walking",
        "00:00.50 \u2013 00:01.50  (1.00 s)",
        "confidence 0.50",
        "uncertain: start \u00b1 0.10 s, end \u00b1 0.25 s",
        "by ann",
        "limps",
    ]
    place = QPoint(30, place.y())
    help_event = QHelpEvent(QEvent.Type.ToolTip, place, panel.view.mapToGlobal(place))
    QApplication.sendEvent(panel.view, help_event)
    assert "labels: 2 segments, exclusive" in QToolTip.text()
    QToolTip.hideText()


def test_the_wheel_beside_the_axis_scrolls_the_tiers_and_on_it_zooms(
    panel: TimelinePanel, session: Session, window: TimeWindow, qtbot: QtBot
) -> None:
    clip = session.clip
    for i in range(9):
        clip = clip.with_tier(f"tier {i}")
    session.edit_clip("Add", clip)
    panel.resize(880, 180)
    bar = panel._scroll.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)

    def wheel(x: int) -> bool:
        place = QPointF(x, 60)
        event = QWheelEvent(
            place, panel.view.mapToGlobal(place), QPoint(), QPoint(0, -120),
            Qt.MouseButton.NoButton, PLAIN, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        panel.view.wheelEvent(event)
        return event.isAccepted()

    before = window.range
    assert not wheel(30)  # so that it goes on to the area that scrolls
    assert window.range == before
    window.show_range(1.0, 2.0)
    assert wheel(400)
    assert window.range[1] - window.range[0] > 1.0


def test_a_scroll_bar_does_not_move_the_time_axis(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    before = panel.view.scale
    clip = session.clip
    for i in range(9):
        clip = clip.with_tier(f"tier {i}")
    session.edit_clip("Add", clip)
    panel.resize(880, 180)
    qtbot.waitUntil(lambda: panel.view.width() < 880)
    assert panel.view.scale == before
    assert before.right <= panel.view.width()


def test_the_tier_at_hand_is_scrolled_to(
    panel: TimelinePanel, session: Session, qtbot: QtBot
) -> None:
    clip = session.clip
    for i in range(9):
        clip = clip.with_tier(f"tier {i}")
    session.edit_clip("Add", clip)
    panel.resize(880, 180)
    bar = panel._scroll.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    session.select_tier("tier 8")
    assert bar.value() == pytest.approx(bar.maximum(), abs=4)


def test_overview_and_ruler_stay_in_sight_and_at_hand_over_scrolled_tiers(
    panel: TimelinePanel, session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    clip = session.clip
    for i in range(9):
        clip = clip.with_tier(f"tier {i}")
    session.edit_clip("Add", clip)
    panel.resize(880, 180)
    bar = panel._scroll.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    ruler = panel.view.lanes.band(RULER)
    place = QPoint(at(panel, 3.0).x(), bar.value() + (ruler.top + ruler.bottom) // 2)
    qtbot.mouseClick(panel.view, LEFT, pos=place)
    assert clock.time_s == pytest.approx(3.0, abs=0.01)
    image = panel.view.grab().toImage()
    head = QRect(300, 0, 200, ruler.bottom)
    assert image.copy(head) == image.copy(head.translated(0, bar.value()))
    assert panel.add_tier.y() == bar.value() + ruler.top
    y = panel.view.lanes.lane("tier 8").top + 4
    qtbot.mouseClick(panel.view, LEFT, pos=QPoint(place.x(), y))
    assert session.tier == "tier 8"
