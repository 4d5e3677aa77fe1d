"""The Align dock: a curve to click, a fit that says what it knows, nudges, anchors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from harstudio.body.sites import layout_of
from harstudio.core import rotations as rot
from harstudio.core.imu import ImuRecording
from harstudio.core.jobs import Job, finished
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip, Project, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.panels.align.panel import AlignPanel
from harstudio.gui.panels.align.text import (
    axis_and_angle,
    drift_spread,
    euler_degrees,
    mounting_html,
    spread_text,
    state_text,
)
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.io.amass import read, write_motion
from harstudio.io.imu_npz import write_imu_npz
from harstudio.store.project_file import ProjectFile
from tests.workflows.making import TILT, moving, worn

HIDDEN = Alignment(offset_s=-0.4321)
SECONDS = 12.0
_BUSY = "Correlating …"


class Kept:
    """Keeps jobs and runs them when it is told to, in this process."""

    def __init__(self) -> None:
        self.kept: list[Callable[[], None]] = []

    def start(
        self,
        title: str,
        function: Callable[..., Job[Any]],
        *arguments: Any,
        on_done: Callable[[Any], None],
        on_end: Callable[[], None],
    ) -> object:
        def run() -> None:
            on_done(finished(function(*arguments)))
            on_end()

        self.kept.append(run)
        return object()

    def release(self) -> None:
        while self.kept:
            self.kept.pop(0)()


def recorded(folder: Path, name: str, activity: str, rename: str = "") -> Clip:
    """A clip of a motion with a recording of it whose lag is hidden."""
    motion = moving(activity, SECONDS, seed=len(name))
    write_motion(folder / f"{name}_poses.npz", motion)
    recording = worn(motion, HIDDEN)
    if rename:
        recording = only(recording, rename)
    write_imu_npz(folder / f"{name}_imu.npz", recording)
    ref = RecordingRef(
        Source(str(folder / f"{name}_imu.npz"), "imu_npz"), recording.sensors, SECONDS, 100.0
    )
    track = LabelTrack((Segment(1.0, 5.0, activity),))
    source = Source(str(folder / f"{name}_poses.npz"), "amass")
    return Clip(
        name, name, SECONDS, 60.0, motion=source, recordings=(ref,), tracks=((MINE, track),)
    )  # fmt: skip


def only(recording: ImuRecording, name: str) -> ImuRecording:
    """The first sensor alone, under another name."""
    assert recording.gyro_radps is not None
    return ImuRecording(
        recording.times_s, (name,), recording.acc_mps2[:, :1], recording.gyro_radps[:, :1],
        valid=recording.valid_mask,
    )  # fmt: skip


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Clip]:
    folder = tmp_path_factory.mktemp("align")
    first = recorded(folder, "first", "waving")
    named = recorded(folder, "named", "waving", rename="watch")
    periodic = np.load(folder / "first_poses.npz")
    swing = {key: periodic[key] for key in periodic.files}
    poses = np.zeros_like(swing["poses"])
    poses[:, 0] = np.pi / 2
    beat = np.sin(2 * np.pi * np.arange(len(poses)) / 60.0)
    poses[:, 3 * 16 + 1], poses[:, 3 * 16 + 2] = 0.8 * beat, 0.5 * np.roll(beat, 10)
    np.savez(folder / "beat_poses.npz", **{**swing, "poses": poses})
    lone = replace(first, id="lone", name="lone", recordings=())
    still = replace(first, id="still", name="still", motion=None)
    write_imu_npz(folder / "beat_imu.npz", worn(read(folder / "beat_poses.npz"), HIDDEN))
    source = replace(first.recordings[0].source, path=str(folder / "beat_imu.npz"))
    beat_clip = replace(
        first,
        id="beat",
        name="beat",
        motion=replace(first.motion, path=str(folder / "beat_poses.npz")),
        recordings=(replace(first.recordings[0], source=source),),
    )
    both = replace(
        first, id="both", name="both", recordings=(*first.recordings, *named.recordings)
    )  # fmt: skip
    return {c.id: c for c in (first, named, beat_clip, lone, still, both)}


@pytest.fixture
def session(qapp: object, tmp_path: Path, clips: dict[str, Clip]) -> Iterator[Session]:
    result = Session()
    project = Project("align", layout_of(("left_wrist", "right_thigh")))
    result.create_project(tmp_path / "align.harstudio", project.with_clips(clips.values()))
    yield result
    result.close()


@pytest.fixture
def jobs() -> Kept:
    return Kept()


@pytest.fixture
def panel(
    qtbot: QtBot, session: Session, clock: PlaybackClock, jobs: Kept, theme: Theme
) -> AlignPanel:
    result = AlignPanel(session, clock, jobs, theme)
    qtbot.addWidget(result)
    result.resize(332, 640)
    result.show()
    return result


def opened(qtbot: QtBot, panel: AlignPanel, clip_id: str) -> AlignPanel:
    session = panel._session
    with qtbot.waitSignal(session.clip_opened, timeout=20_000):
        session.open_clip(clip_id)
    if session.clip.motion is not None and session.clip.recordings:
        qtbot.waitUntil(lambda: not panel._stale and panel.plot._text != _BUSY)
    panel._clock.set_duration(SECONDS)
    return panel


def fitted(panel: AlignPanel) -> AlignPanel:
    """The panel once the jobs that it started are done."""
    panel._fits._jobs.release()
    return panel


def offset(panel: AlignPanel) -> float:
    return panel.ref.alignment.offset_s


# The curve


def test_the_curve_peaks_at_the_lag(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "first")
    best = panel._search.curve.best
    assert best.lag_s == pytest.approx(HIDDEN.offset_s, abs=0.02)
    assert best.correlation > 0.95


def test_a_click_on_a_peak_moves_the_recording_there(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "first")
    curve = panel._search.curve
    start_s = curve.best.lag_s + panel._first_s
    before = panel._session.clip.labels
    place = QPoint(round(panel.plot.x_of(start_s)) + 2, 60)  # a little beside it
    qtbot.mouseClick(panel.plot, Qt.MouseButton.LeftButton, pos=place)
    assert curve.lag_of(panel.ref.alignment) == pytest.approx(curve.best.lag_s)
    assert panel.plot._now == pytest.approx(start_s)
    assert panel._session.clip.labels is before
    panel._session.undo_stack.undo()
    assert panel.ref.alignment == Alignment()


def test_a_hidden_dock_correlates_only_when_it_is_shown(
    qtbot: QtBot, session: Session, clock: PlaybackClock, jobs: Kept, theme: Theme
) -> None:
    panel = AlignPanel(session, clock, jobs, theme)
    qtbot.addWidget(panel)
    with qtbot.waitSignal(session.clip_opened, timeout=20_000):
        session.open_clip("first")
    assert panel._stale
    panel.show()
    qtbot.waitUntil(lambda: panel._search is not None)


def test_the_wheel_zooms_and_a_double_click_shows_all(qtbot: QtBot, panel: AlignPanel) -> None:
    plot = opened(qtbot, panel, "first").plot
    whole = plot._range
    plot._range = (-1.0, 1.0)
    assert plot.start_at(plot.x_of(0.25)) == pytest.approx(0.25)
    qtbot.mouseDClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
    assert plot._range == whole


# The fit


def test_a_fit_tells_lag_rotation_and_how_well_they_are_known(
    qtbot: QtBot, panel: AlignPanel
) -> None:
    opened(qtbot, panel, "first").fit_button.click()
    fitted(panel)
    assert offset(panel) == pytest.approx(HIDDEN.offset_s, abs=1e-3)
    for name in ("left_wrist", "right_thigh"):
        found = rot.matrix_from_quaternion(np.array(panel.ref.alignment.mounting(name)))
        assert np.degrees(rot.angle_between(found, rot.exp(TILT))) < 0.5
    assert panel.hand.start_spread.text().startswith("± ")
    assert panel.hand.drift_spread.text() == "not fitted"
    text = panel.mountings.table.text()
    assert "± " in text
    assert "left wrist" in text
    assert "Euler" in text
    assert "too short" in panel.state.note.text()  # for a drift
    assert panel.state.doubt.text() == ""


def test_a_fit_is_one_step_to_undo(qtbot: QtBot, panel: AlignPanel) -> None:
    before = opened(qtbot, panel, "first")._session.project
    panel.fit()
    fitted(panel)._session.undo_stack.undo()
    assert panel._session.project == before


def test_what_was_fitted_and_then_moved_is_no_longer_the_fit_s(
    qtbot: QtBot, panel: AlignPanel
) -> None:
    opened(qtbot, panel, "first").fit()
    fitted(panel)
    assert panel.state.state.text().startswith("Fitted")
    panel.nudge(0.01)
    assert not panel.state.state.text().startswith("Fitted")
    assert "±" not in panel.mountings.table.text() + panel.hand.start_spread.text()


def test_labels_painted_while_the_fit_runs_stay(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "first")
    panel.fit()
    assert not panel.fit_button.isEnabled()
    painted = LabelTrack((Segment(2.0, 3.0, "painted"),))
    panel._session.edit_labels("Paint", painted)
    fitted(panel)
    assert panel._session.clip.labels == painted
    assert offset(panel) == pytest.approx(HIDDEN.offset_s, abs=1e-3)
    assert panel.fit_button.isEnabled()


def test_a_periodic_motion_is_called_ambiguous_and_rivals_are_offered(
    qtbot: QtBot, panel: AlignPanel
) -> None:
    opened(qtbot, panel, "beat").fit()
    fitted(panel)
    assert "Ambiguous" in panel.state.doubt.text()
    assert "periodic" in panel.state.doubt.text()
    first = panel._fit
    buttons = [widget for widget in panel.state.rivals if isinstance(widget, QPushButton)]
    buttons[0].click()
    fitted(panel)
    apart = panel._fit.lag_s - first.lag_s
    assert 2 * apart == pytest.approx(round(2 * apart), abs=0.05)  # halves of a period of 1 s
    assert abs(apart) > 0.4


def test_a_fit_from_here_stays_here(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "beat")
    there = HIDDEN.offset_s + 2.0
    panel._on_typed(there + panel._first_s, None)
    panel.refine_button.click()
    fitted(panel)
    assert panel._fit.lag_s == pytest.approx(there, abs=0.1)


def test_all_clips_are_fitted_in_one_step_and_the_doubtful_left_alone(
    qtbot: QtBot, panel: AlignPanel
) -> None:
    before = opened(qtbot, panel, "first")._session.project
    panel.fit_all()
    fitted(panel)
    project = panel._session.project
    assert project.clip("first").recordings[0].alignment.offset_s == pytest.approx(
        HIDDEN.offset_s, abs=1e-3
    )
    assert project.clip("beat") == before.clip("beat")
    told = [panel.left_alone.list.item(i).text() for i in range(panel.left_alone.list.count())]
    assert any(text.startswith("beat: ") and "periodic" in text for text in told)
    assert any(text.startswith("named: ") and "watch" in text for text in told)
    panel._session.undo_stack.undo()
    assert panel._session.project == before


def test_a_project_opened_again_still_tells_how_well_it_is_known(
    qtbot: QtBot, panel: AlignPanel, tmp_path: Path
) -> None:
    for clip_id in ("first", "beat"):
        opened(qtbot, panel, clip_id).fit()
        fitted(panel)
    session, told = panel._session, panel.state.doubt.text()
    session.close()
    session.open_project(tmp_path / "align.harstudio")
    opened(qtbot, panel, "beat")
    assert panel._fit is None
    assert "periodic" in told
    assert panel.state.doubt.text() == told
    assert panel.state.state.text().startswith("Fitted; look twice")
    opened(qtbot, panel, "first")
    assert panel.state.state.text().startswith("Fitted ·")
    assert panel.state.doubt.text() == ""
    assert panel.hand.start_spread.text().startswith("± ")
    assert panel.hand.drift_spread.text() == "not fitted"
    assert "± " in panel.mountings.table.text()


def moves_by_hand(panel: AlignPanel) -> dict[str, Callable[[], object]]:
    """Every way to lay a recording elsewhere without a fit."""

    def anchors() -> None:
        for index, time_s in enumerate((1.0, 9.0)):
            panel._clock.seek(time_s)
            panel.set_anchor(index)

    return {
        "nudge": lambda: panel.nudge(0.01),
        "nudge by samples": lambda: panel.nudge_samples(-1),
        "typed start": lambda: panel.hand.start.setValue(0.5),
        "typed drift": lambda: panel.hand.drift.setValue(40.0),
        "click on the curve": lambda: panel._on_start_chosen(0.4),
        "two anchors": anchors,
    }


def test_each_edit_by_hand_takes_away_what_the_fit_said(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "beat").fit()
    fit = fitted(panel).ref.alignment
    assert fit.is_fitted
    assert fit.doubt
    for way, move in moves_by_hand(panel).items():
        move()
        now = panel.ref.alignment
        assert not now.is_fitted, way
        assert now.mounting_wxyz == fit.mounting_wxyz, way
        panel._session.undo_stack.undo()
        panel._anchors = [None, None]
        assert panel.ref.alignment == fit, way


def test_a_recording_moved_while_it_is_fitted_stays_where_it_was_moved_to(
    qtbot: QtBot, panel: AlignPanel
) -> None:
    opened(qtbot, panel, "first").fit()
    panel.nudge(0.25)
    with qtbot.waitSignal(panel._session.message) as told:
        fitted(panel)
    assert "first: moved while it was fitted" in told.args[0]
    assert panel.ref.alignment == Alignment(0.25)
    assert panel.state.state.text().startswith("Aligned before, or by hand")
    assert panel.fit_button.isEnabled()


def test_a_fit_of_all_leaves_what_was_aligned_before_or_is_meanwhile(
    qtbot: QtBot, panel: AlignPanel
) -> None:
    opened(qtbot, panel, "both").nudge(0.125)
    panel._session.undo_stack.clear()
    opened(qtbot, panel, "first").fit_all()
    panel.nudge(0.25)
    with qtbot.waitSignal(panel._session.message) as told:
        fitted(panel)
    assert panel.ref.alignment == Alignment(0.25)
    assert "left there: first" in told.args[0]
    both = panel._session.project.clip("both").recordings
    assert both[0].alignment == Alignment(0.125)
    panel.fit_all()
    with qtbot.waitSignal(panel._session.message) as told:
        fitted(panel)
    assert "1 recordings aligned before left alone" in told.args[0]
    assert panel.ref.alignment == Alignment(0.25)


def test_a_fit_of_all_reaches_as_far_as_it_is_told(
    qtbot: QtBot, panel: AlignPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(qtbot, panel, "first")
    panel.reach.setValue(3.0)
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        panel._fits._jobs, "start", lambda *arguments, **_options: asked.append(arguments)
    )
    panel.fit_all()
    assert asked[0][-1] == 3.0


def test_a_doubtful_clip_is_opened_from_the_list(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "first").fit_all()
    fitted(panel)
    with qtbot.waitSignal(panel._session.clip_opened, timeout=20_000):
        panel.left_alone.list.itemDoubleClicked.emit(panel.left_alone.list.item(0))
    assert panel._session.clip_id == "beat"


def test_a_fit_runs_in_a_child_process(
    qtbot: QtBot, session: Session, clock: PlaybackClock, theme: Theme
) -> None:
    panel = AlignPanel(session, clock, JobCentre(), theme)
    qtbot.addWidget(panel)
    panel.show()
    opened(qtbot, panel, "first").fit()
    qtbot.waitUntil(lambda: not panel._fits.busy, timeout=60_000)
    assert offset(panel) == pytest.approx(HIDDEN.offset_s, abs=1e-3)


# By hand


def test_nudges_in_quick_succession_are_one_step(qtbot: QtBot, panel: AlignPanel) -> None:
    session = opened(qtbot, panel, "first")._session
    before, labels, loaded = session.project, session.clip.labels, session.loaded
    panel.hand.nudges[3].click()
    panel.hand.nudges[3].click()
    panel.hand.nudges[1].click()
    assert offset(panel) == pytest.approx(0.02 - 0.01)  # a sample at 100 Hz
    assert session.clip.labels is labels
    assert session.loaded is loaded  # nothing is read again
    session.undo_stack.undo()
    assert session.project == before
    session.undo_stack.redo()
    assert offset(panel) == pytest.approx(0.01)


def test_a_number_typed_leaves_the_other_exactly_as_it_was(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "first")
    panel.nudge(0.012_345_678)
    panel.hand.drift.setValue(150.0)
    first_s = panel._first_s
    start_s = panel.ref.alignment.offset_s + first_s * panel.ref.alignment.rate
    assert start_s == pytest.approx(first_s + 0.012_345_678, abs=1e-12)
    assert panel.ref.alignment.drift_ppm == 150.0
    panel.hand.start.setValue(0.5)
    start_s = panel.ref.alignment.offset_s + first_s * panel.ref.alignment.rate
    assert start_s == pytest.approx(0.5)
    assert panel.ref.alignment.drift_ppm == 150.0


def test_two_anchors_give_offset_and_drift(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "first")
    truth = Alignment(-0.2, 3000.0)
    for index, time_s in ((0, 2.0), (1, 10.0)):
        panel._clock.seek(time_s)
        own = (time_s - truth.offset_s) / truth.rate
        now = panel.ref.alignment
        panel.nudge(time_s - (now.offset_s + own * now.rate))  # until both agree here
        panel.set_anchor(index)
    assert panel.ref.alignment.offset_s == pytest.approx(truth.offset_s, abs=1e-9)
    assert panel.ref.alignment.drift_ppm == pytest.approx(truth.drift_ppm, abs=1e-3)
    assert "not set" not in panel.anchors.texts[0].text()


def test_anchors_at_one_moment_are_refused_and_nothing_changes(
    qtbot: QtBot, panel: AlignPanel
) -> None:
    opened(qtbot, panel, "first").set_anchor(0)
    with qtbot.waitSignal(panel._session.message) as told:
        panel.set_anchor(1)
    assert "expected 1 s or more" in told.args[0]
    assert panel.ref.alignment == Alignment()
    assert panel.anchors.texts[1].text() == "not set"


def test_anchors_are_forgotten_with_their_clip(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "first").set_anchor(0)
    opened(qtbot, panel, "beat")
    assert panel.anchors.texts[0].text() == "not set"


def test_reset_takes_the_alignment_away(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "first").nudge(0.3)
    panel.reset_button.click()
    assert panel.ref.alignment == Alignment()
    assert not panel.reset_button.isEnabled()


# What there is to align


@pytest.mark.parametrize(
    ("clip_id", "words"), [("lone", "no recording"), ("still", "nothing to align")]
)
def test_a_clip_with_nothing_to_align_says_why(
    qtbot: QtBot, panel: AlignPanel, clip_id: str, words: str
) -> None:
    opened(qtbot, panel, clip_id)
    assert words in panel.empty.text()
    assert panel.empty.isVisible()
    panel.nudge(0.01)
    panel.fit()
    fitted(panel).set_anchor(0)
    assert panel._session.undo_stack.count() == 0


def test_without_a_clip_the_dock_teaches(panel: AlignPanel) -> None:
    assert "Open a clip" in panel.empty.text()


def test_a_sensor_of_unknown_name_can_be_given_a_place(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "named")
    assert "watch" in panel.plot._text
    assert panel.missing.isVisible()
    sites = panel.missing.sites
    sites.setCurrentIndex(sites.findData("left_wrist"))
    with qtbot.waitSignal(panel._session.clip_opened, timeout=20_000):
        panel.missing.add_button.click()
    assert "watch" in panel._session.project.layout.names
    qtbot.waitUntil(lambda: panel._search is not None)
    assert not panel.missing.isVisible()
    panel.fit()
    fitted(panel)
    assert offset(panel) == pytest.approx(HIDDEN.offset_s, abs=1e-3)


def test_each_of_several_recordings_is_aligned_by_itself(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "both")
    assert panel.recordings.isVisible()
    assert panel.recordings.count() == 2
    panel.recordings.setCurrentIndex(1)
    panel.recordings.activated.emit(1)
    panel.nudge(0.25)
    first, second = panel._session.clip.recordings
    assert (first.alignment.offset_s, second.alignment.offset_s) == (0.0, 0.25)


def test_who_may_only_read_sees_the_curve_and_moves_nothing(
    qtbot: QtBot, panel: AlignPanel, tmp_path: Path
) -> None:
    path = tmp_path / "align.harstudio"
    panel._session.close()
    with ProjectFile.open(path):
        panel._session.open_project(path)
        assert panel._session.read_only
        opened(qtbot, panel, "first")
        for widget in (panel.fit_button, panel.hand, panel.anchors, panel.all_button):
            assert not widget.isEnabled()
        panel.nudge(0.01)
        assert panel.ref.alignment == Alignment()


def test_the_dock_is_narrow_enough_for_a_small_window(qtbot: QtBot, panel: AlignPanel) -> None:
    opened(qtbot, panel, "beat").fit()
    page = fitted(panel)._scroll.widget()
    assert panel.state.rivals
    assert page.minimumSizeHint().width() <= 300


# Words


def test_a_rotation_is_told_as_axis_and_angle_and_as_euler_angles() -> None:
    quarter = (np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5))
    axis, angle = axis_and_angle(quarter)
    assert axis == pytest.approx((0, 0, 1))
    assert angle == pytest.approx(90)
    assert euler_degrees(quarter) == pytest.approx((90, 0, 0))
    assert axis_and_angle((1.0, 0.0, 0.0, 0.0))[1] == 0.0


def test_euler_angles_make_the_rotation_again() -> None:
    matrix = rot.exp((0.4, -0.7, 1.1))
    w, x, y, z = (float(v) for v in rot.quaternion_from_matrix(matrix))
    yaw, pitch, roll = np.radians(euler_degrees((w, x, y, z)))
    again = rot.exp((0, 0, yaw)) @ rot.exp((0, pitch, 0)) @ rot.exp((roll, 0, 0))
    assert again == pytest.approx(matrix)


@pytest.mark.parametrize(
    ("value", "text"), [(0.02, "< 0.1 ms"), (0.234, "0.23 ms"), (123.4, "123 ms"),
                        (None, "unknown")]
)  # fmt: skip
def test_an_uncertainty_has_two_digits(value: float | None, text: str) -> None:
    assert spread_text(value, " ms") == text


def test_what_was_never_aligned_is_not_called_fitted() -> None:
    assert state_text(Alignment(), None) == "Not aligned yet"
    assert "by hand" in state_text(Alignment(1.0), 0.5)
    assert drift_spread(Alignment(1.0)) == ""
    fit = Alignment(1.0, offset_sd_s=1e-3, doubt="weak")
    assert "twice" in state_text(fit, 0.5)
    assert drift_spread(fit) == "not fitted"
    assert mounting_html(fit, "#888888") == ""


def test_a_spread_below_a_tenth_survives_the_markup() -> None:
    turned = Alignment(1.0, 0.0, (("head", (1.0, 0.0, 0.0, 0.0)),), rotations_sd_rad=(1e-5,))
    assert "± &lt; 0.1°" in mounting_html(turned, "#888888")
