"""The viewport's panel, judged by its pictures where there is a display."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow
from pytestqt.qtbot import QtBot

from harstudio.gui.clock import PlaybackClock
from harstudio.gui.placing import Placing
from harstudio.gui.session import Session
from harstudio.gui.theme import DARK, LIGHT, Theme
from harstudio.gui.viewport import ViewportPanel, stage
from harstudio.gui.viewport.opengl import OpenGL

Pixels = NDArray[np.float64]


@pytest.fixture
def viewport(qtbot: QtBot, session: Session, clock: PlaybackClock, theme: Theme) -> ViewportPanel:
    viewport = ViewportPanel(session, Placing(session), clock, theme)
    qtbot.addWidget(viewport)
    viewport.resize(480, 400)
    viewport.show()
    qtbot.waitExposed(viewport)
    return viewport


@pytest.fixture
def walking(
    display: None, qtbot: QtBot, session: Session, viewport: ViewportPanel
) -> ViewportPanel:
    """The viewport with the first clip open and drawn."""
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("first")
    drawn(qtbot, viewport)
    return viewport


def drawn(qtbot: QtBot, viewport: ViewportPanel) -> Pixels:
    """The stage's picture, (rows, columns, 3) from 0 to 255, once it has been drawn anew."""
    before = viewport.frames_drawn
    viewport.stage.redraw()
    qtbot.waitUntil(lambda: viewport.frames_drawn > before)
    return pixels(viewport.screenshot())[: viewport.stage.height()]


def pixels(image: QImage) -> Pixels:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(float)


def rgb(colour: str) -> Pixels:
    return np.array(QColor(colour).getRgb()[:3], float)


def like(picture: Pixels, colour: str) -> NDArray[np.bool_]:
    """Where a picture has a colour's hue, whatever the light on it."""
    wanted = rgb(colour) / np.linalg.norm(rgb(colour))
    length = np.maximum(np.linalg.norm(picture, axis=-1), 1.0)
    return (picture @ wanted / length > 0.99) & (length > 110.0)


def projected(viewport: ViewportPanel, point: NDArray[np.float64]) -> tuple[int, int]:
    stage = viewport.stage
    x, y, _ = viewport.camera.projected(point, stage.width(), stage.height())[0]
    return round(x), round(y)


def off_centre(viewport: ViewportPanel) -> float:
    """How far the pelvis is from the middle of the picture, from left to right, pixels."""
    return abs(projected(viewport, viewport.subject.posture.centre)[0] - viewport.stage.width() / 2)


def test_the_body_is_drawn_where_the_pelvis_is(qtbot: QtBot, walking: ViewportPanel) -> None:
    picture = drawn(qtbot, walking)
    x, y = projected(walking, walking.subject.posture.centre)
    assert like(picture[y - 8 : y + 8, x - 8 : x + 8], DARK.body).mean() > 0.9
    np.testing.assert_allclose(picture[4, -4], rgb(DARK.sky), atol=3)


def test_the_body_has_form(qtbot: QtBot, walking: ViewportPanel) -> None:
    picture = drawn(qtbot, walking)
    x, y = projected(walking, walking.subject.posture.centre)
    brightness = picture[y - 40 : y + 40, x - 12 : x + 12].mean(axis=-1)
    assert np.ptp(brightness) > 40


def test_moving_the_clock_moves_the_picture(
    qtbot: QtBot, walking: ViewportPanel, clock: PlaybackClock
) -> None:
    before = drawn(qtbot, walking)
    clock.seek(0.9)
    qtbot.waitUntil(lambda: not walking.stage._content_stale)
    moved = np.abs(drawn(qtbot, walking) - before).max(axis=-1) > 30
    assert moved.mean() > 0.01


def test_one_turn_of_the_event_loop_draws_one_picture(
    qtbot: QtBot, walking: ViewportPanel, clock: PlaybackClock
) -> None:
    drawn(qtbot, walking)
    before = walking.frames_drawn
    for time_s in (0.1, 0.2, 0.3, 0.4):
        clock.seek(time_s)
    QApplication.processEvents()
    assert walking.frames_drawn == before + 1


def test_nothing_is_drawn_while_nothing_changes(qtbot: QtBot, walking: ViewportPanel) -> None:
    drawn(qtbot, walking)
    walking.stage._still.stop()
    before = walking.frames_drawn
    qtbot.wait(60)
    assert walking.frames_drawn == before


def test_the_wheel_zooms(qtbot: QtBot, walking: ViewportPanel) -> None:
    before = like(drawn(qtbot, walking), DARK.body).sum()
    widget = walking.stage.canvas.widget
    middle = QPointF(widget.rect().center())
    wheel = QWheelEvent(
        middle, widget.mapToGlobal(middle), QPoint(), QPoint(0, 360),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, wheel)
    assert like(drawn(qtbot, walking), DARK.body).sum() > 1.3 * before


def test_a_left_drag_orbits_and_a_middle_drag_pans(qtbot: QtBot, walking: ViewportPanel) -> None:
    widget = walking.stage.canvas.widget
    start, end = QPoint(200, 200), QPoint(260, 230)
    for button, changed, kept in (
        (Qt.MouseButton.LeftButton, "azimuth", "target"),
        (Qt.MouseButton.MiddleButton, "target", "azimuth"),
    ):
        before = walking.camera
        qtbot.mousePress(widget, button, pos=start)
        drag(widget, end, button)
        qtbot.mouseRelease(widget, button, pos=end)
        assert getattr(walking.camera, changed) != getattr(before, changed)
        assert getattr(walking.camera, kept) == pytest.approx(getattr(before, kept))


def drag(widget: object, to: QPoint, button: Qt.MouseButton) -> None:
    place = QPointF(to)
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, widget.mapToGlobal(place), Qt.MouseButton.NoButton,
        button, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def test_panned_away_the_person_comes_back_when_centred(
    qtbot: QtBot, walking: ViewportPanel
) -> None:
    walking.rig.on_drag("pan", 300.0, 0.0)
    walking.rig.on_zoom(-4)
    drawn(qtbot, walking)
    assert off_centre(walking) > 60
    walking.centre()
    drawn(qtbot, walking)
    assert off_centre(walking) < 10


def test_following_keeps_a_walking_person_in_the_middle(
    qtbot: QtBot, walking: ViewportPanel, clock: PlaybackClock
) -> None:
    walking.set_view("front")
    clock.seek(1.9)
    drawn(qtbot, walking)
    assert off_centre(walking) < 20
    walking.set_follow(False)
    clock.seek(0.0)
    drawn(qtbot, walking)
    assert off_centre(walking) > 40


def test_the_chosen_sensor_is_seen_in_blue_and_another_is_not(
    qtbot: QtBot, walking: ViewportPanel, session: Session
) -> None:
    walking.set_view("front")
    walking.rig.on_zoom(4)

    def blue_near(sensor: int) -> float:
        picture = drawn(qtbot, walking)
        x, y = projected(walking, walking.subject.posture.sensors()[0][sensor])
        return float(like(picture[y - 6 : y + 6, x - 6 : x + 6], DARK.virtual).mean())

    session.select_sensor("right_thigh")
    assert blue_near(1) > 0.2
    session.select_sensor("head")
    assert blue_near(1) < 0.1


def test_a_click_on_a_sensor_selects_it(
    qtbot: QtBot, walking: ViewportPanel, session: Session
) -> None:
    x, y = projected(walking, walking.subject.posture.sensors()[0][2])
    qtbot.mouseClick(walking.stage.canvas.widget, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
    assert session.sensor == "head"


def test_the_label_at_the_playhead_is_named_and_tints_the_floor(
    qtbot: QtBot, walking: ViewportPanel, clock: PlaybackClock, session: Session
) -> None:
    walking.set_view("top")
    colour = session.project.label_set.colour("walking")
    assert walking._label_chip.text() == "walking"
    assert walking._label_chip.isVisible()
    below_the_chip = slice(60, None)
    assert like(drawn(qtbot, walking)[below_the_chip], colour).sum() > 300
    clock.seek(1.5)
    assert not walking._label_chip.isVisible()
    assert like(drawn(qtbot, walking)[below_the_chip], colour).sum() < 30


def test_the_skeleton_shows_less_than_the_body(qtbot: QtBot, walking: ViewportPanel) -> None:
    empty = rgb(DARK.sky)
    upper = slice(0, 150)

    def covered() -> int:
        return int((np.abs(drawn(qtbot, walking)[upper, 120:-120] - empty).max(axis=-1) > 25).sum())

    body = covered()
    walking.controls.modes["skeleton"].click()
    assert walking.mode == "skeleton"
    assert 0 < covered() < 0.7 * body
    walking.controls.modes["both"].click()
    assert covered() > 0.8 * body


def test_switching_the_theme_repaints(qtbot: QtBot, walking: ViewportPanel, theme: Theme) -> None:
    np.testing.assert_allclose(drawn(qtbot, walking)[4, -4], rgb(DARK.sky), atol=3)
    theme._name = "light"
    theme.changed.emit()
    np.testing.assert_allclose(drawn(qtbot, walking)[4, -4], rgb(LIGHT.sky), atol=3)


def test_a_still_picture_gets_smooth_edges_where_the_processor_draws(
    qtbot: QtBot, walking: ViewportPanel
) -> None:
    if not walking.stage.opengl.software:
        pytest.skip("a graphics card smooths edges at once")
    before = walking.frames_drawn
    qtbot.waitUntil(lambda: walking.stage._fine and walking.frames_drawn > before)
    fine = pixels(walking.screenshot())
    coarse = drawn(qtbot, walking)
    assert 0 < np.abs(fine[: len(coarse)] - coarse).mean() < 3.0


def test_the_picture_survives_a_move_to_another_window(
    display: None, qtbot: QtBot, session: Session, clock: PlaybackClock, theme: Theme
) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    viewport = ViewportPanel(session, Placing(session), clock, theme)
    dock = QDockWidget("Viewport", window)
    dock.setWidget(viewport)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    window.resize(480, 400)
    window.show()
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("first")
    docked = like(drawn(qtbot, viewport), DARK.body).mean()
    dock.setFloating(True)
    qtbot.wait(50)
    assert like(drawn(qtbot, viewport), DARK.body).mean() == pytest.approx(docked, rel=0.5)


def test_without_a_clip_it_says_how_to_open_one(display: None, viewport: ViewportPanel) -> None:
    assert viewport._message.isVisible()
    assert "library" in viewport._message.help.text()


def test_a_clip_with_a_recording_only_says_so(
    display: None, qtbot: QtBot, walking: ViewportPanel, session: Session
) -> None:
    session._loaded = replace(session.loaded, motion=None, shaped=None, points=None)
    session.clip_opened.emit()
    assert walking._message.isVisible()
    assert "no motion" in walking._message.title.text()
    assert not walking.controls.place.isEnabled()
    assert "no body" in walking.controls.place.toolTip()


def test_a_file_that_cannot_be_read_is_named(
    display: None, qtbot: QtBot, viewport: ViewportPanel, session: Session
) -> None:
    Path(session.project.clip("second").motion.path).write_bytes(b"rubbish")
    with qtbot.waitSignal(session.clip_failed):
        session.open_clip("second")
    assert "second_poses.npz" in viewport._message.help.text()


def test_without_opengl_it_says_what_to_install_and_does_nothing_else(
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    session: Session,
    clock: PlaybackClock,
    theme: Theme,
) -> None:
    monkeypatch.setattr(stage, "find_opengl", lambda: OpenGL(problem="no context"))
    monkeypatch.setattr(sys, "platform", "linux")
    viewport = ViewportPanel(session, Placing(session), clock, theme)
    qtbot.addWidget(viewport)
    viewport.show()
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("first")
    clock.seek(0.5)
    viewport.set_mode("both")
    viewport.set_view("front")
    viewport.centre()
    assert "no context" in viewport._message.title.text()
    assert "libgl1" in viewport._message.help.text()
    assert viewport._message.isVisible()
    assert viewport.frames_drawn == 0
    assert not viewport.controls.place.isEnabled()
    assert "no context" in viewport.controls.place.toolTip()


def test_what_the_driver_refuses_to_draw_is_told_in_the_viewports_place(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, walking: ViewportPanel
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("shader does not compile")

    monkeypatch.setattr(walking.stage._scene, "draw", refuse)
    walking._placing.set_on(True)
    walking.stage.redraw()
    qtbot.waitUntil(walking._message.isVisible)
    assert not walking._placing.on
    assert "shader does not compile" in walking.controls.place.toolTip()
    assert "shader does not compile" in walking._message.title.text()


def test_a_vispy_that_cannot_be_imported_is_reported_in_the_viewports_place(
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    session: Session,
    clock: PlaybackClock,
    theme: Theme,
) -> None:
    monkeypatch.setattr(stage, "find_opengl", lambda: OpenGL("some card"))
    monkeypatch.setitem(sys.modules, "harstudio.gui.viewport.canvas", None)
    viewport = ViewportPanel(session, Placing(session), clock, theme)
    qtbot.addWidget(viewport)
    assert "vispy" in viewport.problem


def test_the_offscreen_platform_gets_the_message_and_no_crash() -> None:
    script = (
        "from PySide6.QtWidgets import QApplication; app = QApplication([])\n"
        "from harstudio.gui.viewport.opengl import find_opengl\n"
        "print(find_opengl().problem)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "offscreen" in run.stdout


@pytest.mark.parametrize(
    ("renderer", "software"),
    [("llvmpipe (LLVM 15.0.6, 256 bits)", True), ("Mesa Intel(R) UHD Graphics 620", False)],
)
def test_drawing_by_the_processor_is_told_by_the_renderers_name(
    renderer: str, software: bool
) -> None:
    assert OpenGL(renderer).software is software
