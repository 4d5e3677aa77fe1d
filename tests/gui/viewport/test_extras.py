"""What the viewport shows beside body and sensors, judged by its pictures and its words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QInputDialog, QMenu
from pytestqt.qtbot import QtBot

from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import RecordingRef
from harstudio.core.skeleton import JOINTS
from harstudio.core.source import Source
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.commands.viewport_actions import VIEWPORT_ROWS
from harstudio.gui.placing import Placing
from harstudio.gui.session import Session
from harstudio.gui.settings import Settings
from harstudio.gui.theme import DARK, Theme
from harstudio.gui.viewport import ViewportPanel
from harstudio.gui.viewport.beside import second_colour
from harstudio.gui.viewport.figure import Figure
from harstudio.workflows.loading import LoadedRecording
from tests.gui.viewport.test_panel import drawn, like, projected, rgb


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "viewport.ini")


@pytest.fixture
def walking(
    display: None,
    qtbot: QtBot,
    session: Session,
    clock: PlaybackClock,
    theme: Theme,
    settings: Settings,
) -> ViewportPanel:
    """The viewport with the first clip open and drawn."""
    viewport = ViewportPanel(session, Placing(session), clock, theme, settings=settings)
    qtbot.addWidget(viewport)
    viewport.resize(480, 400)
    viewport.show()
    qtbot.waitExposed(viewport)
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("first")
    drawn(qtbot, viewport)
    return viewport


def changed(qtbot: QtBot, viewport: ViewportPanel, **choices: object) -> np.ndarray:
    """(rows, columns) bool: which pixels another choice changes."""
    viewport.stage._still.stop()
    before = drawn(qtbot, viewport)
    viewport.showing.choose(**choices)
    viewport.stage._still.stop()
    after = drawn(qtbot, viewport)
    result: np.ndarray = np.abs(after - before).max(axis=-1) > 12
    for chip in (viewport.legend, viewport._label_chip):
        at = chip.geometry()
        result[at.top() : at.bottom() + 1, at.left() : at.right() + 1] = False
    return result


def pixel_of(viewport: ViewportPanel, joint: str) -> QPoint:
    return QPoint(*projected(viewport, viewport.subject.place_of(joint)))


# -- what is shown ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"joint_axes": True}, "Joint axes: x long, y middle, z short"),
        ({"trails": True, "trail_s": 0.5}, "Trails of 0.5 s"),
        ({"acceleration": True}, "Acceleration at left wrist, specific force"),
        ({"ghosts": True}, "Ghosts 2 × 0.25 s either way"),
    ],
)
def test_each_choice_changes_the_picture_and_is_said(
    qtbot: QtBot,
    walking: ViewportPanel,
    clock: PlaybackClock,
    choice: dict[str, object],
    words: str,
) -> None:
    clock.seek(1.0)
    walking.set_view("side")
    moved = changed(qtbot, walking, **choice)
    assert moved.sum() > 20
    qtbot.waitUntil(lambda: words in walking.legend.text)


def test_without_gravity_a_steady_sensor_has_no_vector_and_that_is_said(
    qtbot: QtBot, walking: ViewportPanel, clock: PlaybackClock, session: Session
) -> None:
    clock.seek(1.0)
    session.select_sensor("right_thigh")  # it glides at a constant speed
    walking.showing.choose(acceleration=True)
    assert np.linalg.norm(walking._composer.vectors().virtual) == pytest.approx(9.80665, abs=0.01)
    walking.showing.choose(gravity=False)
    assert np.linalg.norm(walking._composer.vectors().virtual) < 0.02
    drawn(qtbot, walking)
    qtbot.waitUntil(lambda: "right thigh, gravity removed" in walking.legend.text)


def test_feet_that_stand_get_discs_and_feet_that_glide_do_not(
    qtbot: QtBot, walking: ViewportPanel, clock: PlaybackClock
) -> None:
    walking.showing.choose(contact=True)
    clock.seek(1.0)  # at half a metre a second, all of it
    assert len(walking._compose().extras.discs) == 0
    qtbot.waitUntil(lambda: "Ground: no foot" in walking.legend.text)
    figure = walking.subject.figure
    motion = figure._body._motion
    still = replace(motion, translation=np.tile(motion.translation[0], (motion.frames, 1)))
    walking._set_figure(Figure(still, figure.shaped, None, walking._layout()))
    walking.set_view("top")
    walking._refresh()
    extras = walking._compose().extras
    assert len(extras.discs) == 4
    ankles = [walking.subject.place_of(f"{side}_ankle") for side in ("left", "right")]
    away = np.linalg.norm(extras.discs[:, None, :2] - np.array(ankles)[None, :, :2], axis=-1)
    assert away.min(axis=1).max() < 0.3
    drawn(qtbot, walking)
    qtbot.waitUntil(lambda: "Ground: left foot, right foot" in walking.legend.text)


def test_the_body_takes_the_labels_colour_where_asked_and_the_floor_gives_it_up(
    qtbot: QtBot, walking: ViewportPanel, session: Session
) -> None:
    colour = session.project.label_set.colour("walking")
    x, y = projected(walking, walking.subject.posture.centre)

    def belly(picture: np.ndarray) -> np.ndarray:
        part = picture[y - 8 : y + 8, x - 8 : x + 8].reshape(-1, 3).mean(axis=0)
        return part / np.linalg.norm(part)

    plain = belly(drawn(qtbot, walking))
    walking.showing.choose(tint="body")
    wanted = rgb(colour) / np.linalg.norm(rgb(colour))
    assert belly(drawn(qtbot, walking)) @ wanted > plain @ wanted + 0.02
    picture = walking._compose()
    assert (picture.floor_tint, picture.body_tint) == ("", colour)
    walking.showing.choose(tint="nothing")
    picture = walking._compose()
    assert (picture.floor_tint, picture.body_tint) == ("", "")


def test_the_tint_follows_the_active_tier(
    qtbot: QtBot, walking: ViewportPanel, session: Session
) -> None:
    track = LabelTrack((Segment(0.0, 2.0, "jumping"),))
    session.edit("x", session.project.with_clips([session.clip.with_track(track, "other")]))
    assert walking._label_chip.text() == "walking"
    session.select_tier("other")
    assert walking._label_chip.text() == "jumping"
    assert walking._compose().floor_tint == session.project.label_set.colour("jumping")


def test_a_trail_is_where_the_sensor_was(walking: ViewportPanel, clock: PlaybackClock) -> None:
    clock.seek(1.507)
    figure = walking.subject.figure
    trail = figure.trails(1.007, 1.507, most_hz=30.0)
    assert trail.shape[1:] == (3, 3)
    for row, time_s in ((-1, 1.507), (0, 62 / 60.0)):
        np.testing.assert_allclose(trail[row], figure.at(time_s).sensors()[0], atol=1e-9)
    np.testing.assert_allclose(figure.trails(-5.0, 0.0)[-1], figure.at(0.0).sensors()[0])


def test_ghosts_that_are_still_shown_are_not_skinned_again(
    walking: ViewportPanel, clock: PlaybackClock
) -> None:
    walking.showing.choose(ghosts=True)
    clock.seek(1.01)
    first = {id(b.skin[0]) for b in walking._compose().extras.bodies}
    clock.seek(1.05)
    again = {id(b.skin[0]) for b in walking._compose().extras.bodies}
    assert len(first) == 4
    assert first == again


def test_where_the_processor_draws_ghosts_are_skeletons_while_time_runs(
    walking: ViewportPanel, clock: PlaybackClock
) -> None:
    walking.showing.choose(ghosts=True)
    clock.seek(1.0)
    composer = walking._composer
    slow = composer.picture(walking.hand, walking.joints, DARK, "", slow=True).extras
    assert slow.bodies == ()
    assert len(slow.lines) == 4 * 23
    assert (
        len(composer.picture(walking.hand, walking.joints, DARK, "", slow=False).extras.bodies) == 4
    )


# -- a second body ---------------------------------------------------------------------------


def test_a_second_motion_starts_on_the_first_and_where_it_is_told_to(
    qtbot: QtBot, walking: ViewportPanel, clock: PlaybackClock, session: Session
) -> None:
    companion = walking.companion
    with qtbot.waitSignal(companion.changed):
        companion.show_clip("second", 1.0)
    clock.seek(1.0)
    own = walking.subject.posture.centre
    its = companion.placed.points(companion.figure.at(companion.time_s(1.0)).centre[None])[0]
    np.testing.assert_allclose(its, own, atol=1e-9)
    companion.put_beside(True)
    its = companion.placed.points(companion.figure.at(0.0).centre[None])[0]
    assert np.linalg.norm(its - own) == pytest.approx(0.9)
    walking.set_view("front")
    picture = drawn(qtbot, walking)
    assert like(picture, second_colour(DARK)).sum() > 200
    qtbot.waitUntil(lambda: "Second motion: second, starts at 00:01.00" in walking.legend.text)
    companion.show_clip("", 0.0)
    assert companion.figure is None
    assert walking._compose().extras.bodies == ()


def test_a_second_motion_that_cannot_be_read_is_said_and_not_shown(
    qtbot: QtBot, walking: ViewportPanel, session: Session
) -> None:
    Path(session.project.clip("second").motion.path).unlink()
    with qtbot.waitSignal(session.message) as said:
        walking.companion.show_clip("second", 0.0)
    assert "second_poses.npz" in said.args[0]
    assert walking.companion.figure is None
    assert walking.companion.clip_id == ""


def test_the_second_motion_is_asked_for_by_name(
    qtbot: QtBot, walking: ViewportPanel, clock: PlaybackClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.seek(0.5)
    answers = iter([("second", True), ("at the playhead, 00:00.50", True)])
    monkeypatch.setattr(QInputDialog, "getItem", lambda *_: next(answers))
    with qtbot.waitSignal(walking.companion.changed):
        walking.ask_second()
    assert (walking.companion.clip_id, walking.companion.at_s) == ("second", 0.5)


def test_another_shape_replaces_the_body_or_lies_over_it(
    qtbot: QtBot, walking: ViewportPanel
) -> None:
    own = walking.subject.figure.shaped
    walking.what_if.shape(np.array([2.0, 1, 0, 0, 0, 0, 0, 0, 0, 2]))
    assert walking.subject.figure.shaped is walking.what_if.person.shaped
    assert walking._compose().extras.bodies == ()
    walking.what_if.show_beside(True)
    assert walking.subject.figure.shaped is own
    (other,) = walking._compose().extras.bodies
    assert np.ptp(other.skin[0][:, 2]) > np.ptp(walking.subject.posture.vertices()[:, 2])
    qtbot.waitUntil(lambda: "What if: another body shape" in walking.legend.text)
    walking.what_if.reset_shape()
    assert walking._compose().extras.bodies == ()
    assert walking.subject.figure.shaped is own


# -- joints ----------------------------------------------------------------------------------


def test_resting_on_a_joint_marks_it_and_says_how_fast_it_moves(
    qtbot: QtBot, walking: ViewportPanel, clock: PlaybackClock
) -> None:
    clock.seek(1.0)
    walking.set_view("front")
    drawn(qtbot, walking)
    place = pixel_of(walking, "right_knee")
    walking.stage._hand.hover(place.x(), place.y())
    assert walking.joints.hovered == "right_knee"
    assert len(walking._compose().extras.marks) == 1
    # The person glides 1 m in 119 frames of 1/60 s.
    assert walking.subject.speed_of("right_knee") == pytest.approx(60 / 119, rel=1e-3)
    walking.stage._hand.leave()
    assert walking.joints.hovered == ""
    assert walking._compose().extras.marks == ()


def test_a_click_on_a_joint_with_a_sensor_shows_its_traces(
    qtbot: QtBot, walking: ViewportPanel, session: Session
) -> None:
    walking.set_view("front")
    drawn(qtbot, walking)
    session.select_sensor("head")
    canvas = walking.stage.canvas.widget
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=pixel_of(walking, "right_hip"))
    assert walking.joints.chosen == "right_hip"
    assert session.sensor == "right_thigh"


def test_a_second_click_on_a_joint_without_one_puts_a_virtual_sensor_there(
    qtbot: QtBot, walking: ViewportPanel, session: Session
) -> None:
    walking.set_view("front")
    drawn(qtbot, walking)
    canvas, project = walking.stage.canvas.widget, session.project
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=pixel_of(walking, "left_knee"))
    assert session.sensor == "left_wrist"
    drawn(qtbot, walking)
    qtbot.waitUntil(lambda: "no sensor: click again" in walking.legend.text)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=pixel_of(walking, "left_knee"))
    assert session.sensor == "left_knee_joint"
    assert "left_knee_joint" in session.virtual.sensors
    assert session.project is project
    index = walking.subject.figure.sensor_names.index("left_knee_joint")
    places, _ = walking.subject.sensors()
    np.testing.assert_allclose(places[index], walking.subject.place_of("left_knee"), atol=1e-9)


def test_the_menu_reaches_a_joint_behind_its_sensor_and_takes_that_away_again(
    qtbot: QtBot, walking: ViewportPanel, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _at: opened.append(menu))
    walking.set_view("front")
    walking.joints.measure("left_knee")
    drawn(qtbot, walking)
    canvas = walking.stage.canvas.widget
    qtbot.mouseClick(canvas, Qt.MouseButton.RightButton, pos=pixel_of(walking, "left_knee"))
    actions = {action.text(): action for action in opened[0].actions()}
    assert "Turn about the left knee" in actions
    with qtbot.waitSignal(session.virtual_changed):
        actions["No virtual sensor at the left knee"].trigger()
    assert walking.joints.measured == ""
    assert session.sensor == "left_wrist"
    assert "left_knee_joint" not in session.virtual.sensors
    assert "left_knee_joint" not in walking.subject.figure.sensor_names


def test_a_sensor_that_was_worn_and_is_in_no_layout_sits_on_the_body(
    walking: ViewportPanel, session: Session
) -> None:
    loaded = session.loaded
    imu = replace(loaded.virtual, sensors=("right_wrist", *loaded.virtual.sensors[1:]))
    ref = RecordingRef(Source("x.csv", "csv"), imu.sensors, 2.0, imu.rate_hz)
    worn = LoadedRecording(ref, imu)
    session._loaded = replace(loaded, recordings=(worn,))
    session.clip_opened.emit()
    assert "right_wrist" in walking.subject.figure.sensor_names
    assert "right_wrist" not in session.project.layout.names


def test_without_anyone_in_the_picture_its_commands_are_off(
    walking: ViewportPanel, session: Session
) -> None:
    window = SimpleNamespace(session=session, viewport=walking)
    rows = {row.id: row for row in VIEWPORT_ROWS}
    wanted = ("keep_view_1", "look_front", "show_ghosts", "follow", "turn_about_head")
    assert all(rows[name].enabled(window) for name in wanted)
    walking.subject.set_figure(None)  # as with a recording only
    assert not any(rows[name].enabled(window) for name in wanted)


def test_a_drag_that_starts_on_a_joint_orbits(qtbot: QtBot, walking: ViewportPanel) -> None:
    walking.set_view("front")
    drawn(qtbot, walking)
    before = walking.camera.azimuth
    canvas, at = walking.stage.canvas, pixel_of(walking, "left_knee")
    qtbot.mousePress(canvas.widget, Qt.MouseButton.LeftButton, pos=at)
    canvas._move(QPointF(at + QPoint(40, 0)))
    qtbot.mouseRelease(canvas.widget, Qt.MouseButton.LeftButton, pos=at + QPoint(40, 0))
    assert walking.camera.azimuth != before
    assert walking.joints.chosen == ""


def test_the_right_button_opens_a_menu_and_does_nothing_else(
    qtbot: QtBot, walking: ViewportPanel, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[list[str]] = []
    monkeypatch.setattr(
        QMenu, "popup", lambda menu, _at: opened.append([a.text() for a in menu.actions()])
    )
    walking.set_view("front")
    drawn(qtbot, walking)
    before = session.project, session.sensor, walking.camera
    canvas = walking.stage.canvas.widget
    qtbot.mouseClick(canvas, Qt.MouseButton.RightButton, pos=pixel_of(walking, "left_knee"))
    assert "Virtual sensor at the left knee" in opened[0]
    assert "Turn about the left knee" in opened[0]
    assert (session.project, session.sensor, walking.camera) == before


# -- the camera ------------------------------------------------------------------------------


def test_the_camera_turns_about_a_joint_and_comes_back_to_the_body(
    qtbot: QtBot, walking: ViewportPanel, clock: PlaybackClock
) -> None:
    walking.rig.focus("left_hand")
    clock.seek(1.0)
    drawn(qtbot, walking)
    np.testing.assert_allclose(walking.camera.target, walking.subject.place_of("left_hand"))
    walking.rig.on_drag("orbit", 50.0, 10.0)
    np.testing.assert_allclose(walking.camera.target, walking.subject.place_of("left_hand"))
    walking.centre()
    assert walking.rig.joint == ""
    np.testing.assert_allclose(walking.camera.target, walking.subject.followed)


def test_a_kept_view_comes_back_in_another_clip_and_after_a_restart(
    qtbot: QtBot,
    walking: ViewportPanel,
    session: Session,
    clock: PlaybackClock,
    theme: Theme,
    settings: Settings,
) -> None:
    walking.rig.on_drag("orbit", 120.0, 30.0)
    walking.rig.on_zoom(3)
    walking.rig.focus("head")
    kept = walking.camera
    walking.rig.keep_view("1")
    walking.centre()
    walking.set_view("top")
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("second")
    assert walking.rig.recall_view("1")
    assert not walking.rig.recall_view("2")
    assert walking.rig.joint == "head"
    again = ViewportPanel(session, Placing(session), clock, theme, settings=settings)
    qtbot.addWidget(again)
    assert again.rig.recall_view("1")
    for camera in (walking.camera, again.camera):
        assert camera.distance_m == pytest.approx(kept.distance_m)
        assert camera.elevation == pytest.approx(kept.elevation)
        assert np.cos(camera.azimuth - kept.azimuth) == pytest.approx(1.0)


# -- the menus -------------------------------------------------------------------------------


def texts(menu: QMenu) -> list[str]:
    found = []
    for action in menu.actions():
        found.append(action.text().split("\t")[0])
        if action.menu() is not None:
            found += texts(action.menu())
    return found


def test_the_show_menu_ticks_what_is_shown_and_turns_it_on_and_off(
    walking: ViewportPanel,
) -> None:
    walking.showing.choose(trails=True)
    menu = walking.controls.show_menu
    walking._fill_show_menu()
    by_text = {action.text().split("\t")[0]: action for action in menu.actions()}
    assert by_text["Sensor trails"].isChecked()
    assert not by_text["Joint axes"].isChecked()
    by_text["Joint axes"].trigger()
    assert walking.showing.options.joint_axes
    for text in ("Body shape …", "Second motion …", "5 s", "Gravity removed", "Floor"):
        assert text in texts(menu)
    with_shape: list[int] = []
    walking.shape_requested.connect(lambda: with_shape.append(1))
    by_text["Body shape …"].trigger()
    assert with_shape == [1]


def test_the_view_menu_offers_sides_kept_views_and_every_joint(walking: ViewportPanel) -> None:
    walking.rig.keep_view("3")
    walking._fill_view_menu()
    found = texts(walking.controls.view_menu)
    assert {"The front", "The left side", "Above", "View 3", "The body"} <= set(found)
    assert len([j for j in JOINTS if j.replace("_", " ").capitalize() in found]) == len(JOINTS)


def test_the_row_of_chips_fits_a_small_window(walking: ViewportPanel) -> None:
    assert walking.controls.minimumSizeHint().width() <= 500
