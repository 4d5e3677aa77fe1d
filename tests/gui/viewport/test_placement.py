"""Placing sensors by hand: on the skin, along it, and by rings; one edit each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from harstudio.body.sites import SITES, attach
from harstudio.core.imu import SensorMount
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.placing import Placing
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.viewport import ViewportPanel
from harstudio.workflows.placing import angles_of, mount_of

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.MouseButton.NoButton


@pytest.fixture
def placing(session: Session) -> Placing:
    return Placing(session)


@pytest.fixture
def viewport(
    display: None,
    qtbot: QtBot,
    session: Session,
    placing: Placing,
    clock: PlaybackClock,
    theme: Theme,
) -> Iterator[ViewportPanel]:
    """The first clip, seen from the front, near enough to hit things."""
    viewport = ViewportPanel(session, placing, clock, theme)
    qtbot.addWidget(viewport)
    viewport.resize(640, 560)
    viewport.show()
    qtbot.waitExposed(viewport)
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("first")
    viewport.set_view("front")
    viewport.rig.on_zoom(2)
    qtbot.waitUntil(lambda: viewport.frames_drawn > 0)
    yield viewport
    placing.cancel()


def send(
    viewport: ViewportPanel,
    kind: QEvent.Type,
    x: float,
    y: float,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    widget, place = viewport.stage.canvas.widget, QPointF(x, y)
    button = NONE if kind == QEvent.Type.MouseMove else LEFT
    held = NONE if kind == QEvent.Type.MouseButtonRelease else LEFT
    QApplication.sendEvent(
        widget, QMouseEvent(kind, place, widget.mapToGlobal(place), button, held, modifiers)
    )


def press(viewport: ViewportPanel, x: float, y: float) -> None:
    send(viewport, QEvent.Type.MouseButtonPress, x, y)


def move(viewport: ViewportPanel, x: float, y: float) -> None:
    send(viewport, QEvent.Type.MouseMove, x, y)


def release(viewport: ViewportPanel, x: float, y: float) -> None:
    send(viewport, QEvent.Type.MouseButtonRelease, x, y)


def click(viewport: ViewportPanel, x: float, y: float, shift: bool = False) -> None:
    keys = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    send(viewport, QEvent.Type.MouseButtonPress, x, y, keys)
    send(viewport, QEvent.Type.MouseButtonRelease, x, y, keys)


def seen(viewport: ViewportPanel, point: np.ndarray) -> tuple[float, float]:
    stage = viewport.stage
    x, y, _ = viewport.camera.projected(point, stage.width(), stage.height())[0]
    return float(x), float(y)


def sensor_pixel(viewport: ViewportPanel, name: str) -> tuple[float, float]:
    names = viewport.subject.figure.sensor_names
    return seen(viewport, viewport.subject.sensors()[0][names.index(name)])


def belly(viewport: ViewportPanel) -> tuple[float, float]:
    return seen(viewport, viewport.subject.posture.centre + np.array([0.0, 0.0, 0.12]))


def mount(session: Session, name: str) -> SensorMount:
    return next(s for s in session.project.layout.sensors if s.name == name).mount


def off_pixel(viewport: ViewportPanel, name: str, x: float, y: float) -> float:
    return float(np.hypot(*np.subtract(sensor_pixel(viewport, name), (x, y))))


# -- dragging a sensor -------------------------------------------------------------------------


def test_a_dragged_sensor_follows_the_pointer_and_its_signals_follow_live(
    qtbot: QtBot, viewport: ViewportPanel, session: Session
) -> None:
    before, edits = session.virtual.acc_mps2, session.undo_stack.count()
    x, y = sensor_pixel(viewport, "right_thigh")
    press(viewport, x, y)
    with qtbot.waitSignal(session.virtual_changed):
        move(viewport, x + 4, y - 40)
    assert session.sensor == "right_thigh"
    assert off_pixel(viewport, "right_thigh", x + 4, y - 40) < 3.0
    moved = np.abs(session.virtual.acc_mps2 - before).max(axis=(0, 2))
    assert moved[1] > 1e-3
    assert moved[0] == moved[2] == 0.0
    assert session.undo_stack.count() == edits
    with qtbot.waitSignal(session.clip_opened):
        release(viewport, x + 4, y - 40)
    assert session.undo_stack.count() == edits + 1
    assert session.undo_stack.undoText() == "Move right thigh"
    assert off_pixel(viewport, "right_thigh", x + 4, y - 40) < 3.0


def test_undo_puts_a_dragged_sensor_back(
    qtbot: QtBot, viewport: ViewportPanel, session: Session
) -> None:
    x, y = sensor_pixel(viewport, "right_thigh")
    press(viewport, x, y)
    move(viewport, x, y - 40)
    release(viewport, x, y - 40)
    session.undo_stack.undo()
    assert session.project.layout.sensors[1].site == SITES["right_thigh"]
    assert off_pixel(viewport, "right_thigh", x, y) < 1.0


def test_escape_while_dragging_is_as_if_nothing_had_happened(
    qtbot: QtBot, viewport: ViewportPanel, session: Session
) -> None:
    project = session.project
    x, y = sensor_pixel(viewport, "right_thigh")
    press(viewport, x, y)
    with qtbot.waitSignal(session.virtual_changed):
        move(viewport, x, y - 40)
    qtbot.keyClick(viewport.stage.canvas.widget, Qt.Key.Key_Escape)
    assert session.virtual is session.loaded.virtual
    assert off_pixel(viewport, "right_thigh", x, y) < 1.0
    move(viewport, x, y - 60)
    release(viewport, x, y - 60)
    assert session.project is project


def test_beside_the_body_a_dragged_sensor_stays_where_it_was_last(
    viewport: ViewportPanel, session: Session
) -> None:
    x, y = sensor_pixel(viewport, "right_thigh")
    press(viewport, x, y)
    move(viewport, x, y - 30)
    move(viewport, 3, 3)
    assert off_pixel(viewport, "right_thigh", x, y - 30) < 3.0


def test_a_click_on_a_sensor_only_chooses_it(viewport: ViewportPanel, session: Session) -> None:
    project = session.project
    click(viewport, *sensor_pixel(viewport, "head"))
    assert session.sensor == "head"
    assert session.project is project


def test_dragging_stops_the_clock(viewport: ViewportPanel, clock: PlaybackClock) -> None:
    clock.play()
    press(viewport, *sensor_pixel(viewport, "right_thigh"))
    assert not clock.playing


def test_a_drag_beside_sensors_orbits_in_the_place_mode_too(
    viewport: ViewportPanel, placing: Placing, session: Session
) -> None:
    placing.set_on(True)
    azimuth, project = viewport.camera.azimuth, session.project
    x, y = belly(viewport)
    press(viewport, x, y)
    move(viewport, x + 50, y)
    release(viewport, x + 50, y)
    assert viewport.camera.azimuth != azimuth
    assert session.project is project


def test_a_read_only_project_is_not_changed_by_dragging(
    monkeypatch: pytest.MonkeyPatch, viewport: ViewportPanel, session: Session, placing: Placing
) -> None:
    monkeypatch.setattr(Session, "read_only", property(lambda self: True))
    azimuth = viewport.camera.azimuth
    x, y = sensor_pixel(viewport, "right_thigh")
    press(viewport, x, y)
    move(viewport, x + 40, y)
    release(viewport, x + 40, y)
    assert viewport.camera.azimuth != azimuth
    assert not placing.trying
    placing.set_on(True)
    assert not placing.on


# -- the place mode ----------------------------------------------------------------------------


def test_a_click_on_the_skin_moves_the_chosen_sensor_there(
    qtbot: QtBot, viewport: ViewportPanel, session: Session, placing: Placing
) -> None:
    session.select_sensor("left_wrist")
    viewport.controls.place.click()
    assert placing.on
    x, y = belly(viewport)
    with qtbot.waitSignal(session.clip_opened):
        click(viewport, x, y)
    sensor = session.project.layout.sensors[0]
    assert sensor.name == "left_wrist"
    assert sensor.site.joint in ("pelvis", "spine1", "spine2")
    assert off_pixel(viewport, "left_wrist", x, y) < 3.0
    place = attach(session.loaded.shaped, sensor.site)
    assert place.rotation[:, 2] @ (0.0, 0.0, 1.0) > 0.8  # out of the belly, to the front


def test_without_the_place_mode_a_click_on_the_skin_changes_nothing(
    viewport: ViewportPanel, session: Session
) -> None:
    project = session.project
    click(viewport, *belly(viewport))
    assert session.project is project


def test_shift_and_a_click_add_a_sensor_by_name(
    qtbot: QtBot, viewport: ViewportPanel, session: Session, placing: Placing
) -> None:
    offered: list[list[str]] = []
    viewport.hand.ask_name = lambda names: offered.append(names) or "belt"
    placing.set_on(True)
    with qtbot.waitSignal(session.clip_opened):
        click(viewport, *belly(viewport), shift=True)
    assert session.project.layout.names == ("left_wrist", "right_thigh", "head", "belt")
    assert session.sensor == "belt"
    assert "belt" in session.loaded.virtual.sensors
    assert offered[0][0] in ("belly", "custom_1")


def test_never_mind_adds_nothing(
    viewport: ViewportPanel, session: Session, placing: Placing
) -> None:
    project = session.project
    viewport.hand.ask_name = lambda names: ""
    placing.set_on(True)
    click(viewport, *belly(viewport), shift=True)
    assert session.project is project


def test_the_ghost_shows_where_a_click_would_place_the_sensor(
    viewport: ViewportPanel, placing: Placing
) -> None:
    x, y = belly(viewport)
    move(viewport, x, y)
    assert viewport.hand.ghost is None
    placing.set_on(True)
    move(viewport, x, y)
    assert viewport.hand.ghost is not None
    assert np.hypot(*np.subtract(seen(viewport, viewport.hand.ghost[0]), (x, y))) < 3.0
    move(viewport, 3, 3)
    assert viewport.hand.ghost is None


def test_a_ring_turns_the_sensor_about_its_axis_in_one_edit(
    qtbot: QtBot, viewport: ViewportPanel, session: Session, placing: Placing
) -> None:
    session.select_sensor("right_thigh")
    placing.set_on(True)
    names = viewport.subject.figure.sensor_names
    places, turns = (values[names.index("right_thigh")] for values in viewport.subject.sensors())
    radius = viewport.hand.ring_m

    def on_ring(angle: float) -> tuple[float, float]:
        u, v = turns[:, 0], turns[:, 1]  # the ring around z, out of the skin
        return seen(viewport, places + radius * (np.cos(angle) * u + np.sin(angle) * v))

    # Where the rings cross, any of the two may be taken.
    press(viewport, *on_ring(0.7))
    assert viewport.hand.ring == 2
    move(viewport, *on_ring(1.0))
    move(viewport, *on_ring(1.2))
    release(viewport, *on_ring(1.2))
    roll, pitch, yaw = angles_of(mount(session, "right_thigh"))
    assert (roll, pitch) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert yaw == pytest.approx(np.degrees(0.5), abs=4.0)
    assert session.undo_stack.undoText() == "Turn right thigh"


def test_a_moved_sensor_keeps_its_turn(
    qtbot: QtBot, viewport: ViewportPanel, session: Session, placing: Placing
) -> None:
    turned = replace(session.project.layout.sensors[1], mount=mount_of((0, 0, 90), (0.01, 0, 0)))
    placing.try_sensor(turned)
    placing.settle("Turn")
    x, y = sensor_pixel(viewport, "right_thigh")
    press(viewport, x, y)
    move(viewport, x, y - 40)
    release(viewport, x, y - 40)
    assert angles_of(mount(session, "right_thigh"))[2] == pytest.approx(90.0)
    assert mount(session, "right_thigh").lever_arm_m == (0.0, 0.0, 0.0)


def test_escape_ends_the_place_mode(
    qtbot: QtBot, viewport: ViewportPanel, placing: Placing
) -> None:
    placing.set_on(True)
    assert viewport._hint_chip.isVisible()
    qtbot.keyClick(viewport.stage.canvas.widget, Qt.Key.Key_Escape)
    assert not placing.on
    assert not viewport.controls.place.isChecked()
    assert not viewport._hint_chip.isVisible()


def test_the_skeleton_offers_no_skin_to_place_on(viewport: ViewportPanel, placing: Placing) -> None:
    viewport.set_mode("skeleton")
    assert not viewport.controls.place.isEnabled()
    assert "Show the skin" in viewport.controls.place.toolTip()
    viewport.set_mode("body")
    assert viewport.controls.place.isEnabled()
    assert "Click on the body" in viewport.controls.place.toolTip()


def test_another_clip_forgets_what_is_in_the_hand(
    qtbot: QtBot, viewport: ViewportPanel, session: Session, placing: Placing
) -> None:
    x, y = sensor_pixel(viewport, "right_thigh")
    press(viewport, x, y)
    move(viewport, x, y - 40)
    assert placing.trying
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("second")
    assert not placing.trying
    assert session.virtual is session.loaded.virtual
    move(viewport, x, y - 60)
    assert not placing.trying


def test_the_pointer_rests_without_a_repaint_when_nothing_changes(
    qtbot: QtBot, viewport: ViewportPanel
) -> None:
    viewport.stage._still.stop()
    qtbot.wait(30)
    before = viewport.frames_drawn
    for x in range(5):
        send(viewport, QEvent.Type.MouseMove, 5 + x, 5)
    qtbot.wait(30)
    assert viewport.frames_drawn == before
