"""How fast the viewport is: a frame's geometry against smplx and vispy, and real playback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from PySide6.QtCore import QEventLoop, QTimer
from pytest_benchmark.fixture import BenchmarkFixture
from pytestqt.qtbot import QtBot

from harstudio.body.files import open_body
from harstudio.body.model import BodyModel, ShapedBody
from harstudio.body.sites import LAYOUTS, layout_of
from harstudio.core.motion import Motion
from harstudio.core.project import Clip, Project
from harstudio.core.source import Source
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.placing import Placing
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.viewport import ViewportPanel
from harstudio.gui.viewport.figure import Figure, pin_maths
from harstudio.io.registry import read_motion
from tests.benchmarks.reference import smplx_model

FRAMES, RATE_HZ = 1200, 120.0
_PLAY_S = 3.0


def swinging() -> Motion:
    """Ten seconds of every joint swinging at once."""
    phase = np.linspace(0.0, 20.0 * np.pi, FRAMES)[:, None, None]
    pose = 0.3 * np.sin(phase + np.arange(72).reshape(24, 3))
    pose[:, 0] = (np.pi / 2.0, 0.0, 0.0)
    return Motion(pose, np.tile((0.0, 0.0, 1.15), (FRAMES, 1)), RATE_HZ)


def milliseconds(run: Callable[[float], object], repeats: int = 60) -> float:
    """Median time of a call; at times between the frames, at no rate that they share."""
    times = []
    for i in range(repeats):
        start = perf_counter()
        run(0.1 + i * 0.01713)
        times.append(perf_counter() - start)
    return 1e3 * float(np.median(times))


def denser(body: BodyModel, vertices: int) -> BodyModel:
    """The same body with the middle of some faces' edges as vertices of their own."""
    extra = vertices - body.vertex_count
    split, rest = body.faces[:extra], body.faces[extra:]
    middle = body.vertex_count + np.arange(extra)
    a, b, c = split.T
    thirds = [np.stack([u, v, middle], axis=1) for u, v in ((a, b), (b, c), (c, a))]

    def with_middles(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values, values[split].mean(axis=1)])

    regressor = np.concatenate([body.joint_regressor, np.zeros((24, extra))], axis=1)
    return replace(
        body,
        template=with_middles(body.template),
        faces=np.concatenate([rest, *thirds]),
        weights=with_middles(body.weights),
        shape_directions=with_middles(body.shape_directions),
        joint_regressor=regressor,
    )


def corrected(body: BodyModel) -> BodyModel:
    """The same body with pose correctives, as released SMPL models have them."""
    size = (body.vertex_count, 3, 207)
    directions = np.random.default_rng(0).normal(0.0, 1e-3, size).astype(np.float32)
    return replace(body, pose_directions=directions)


BODIES: dict[str, Callable[[], BodyModel]] = {
    "7115 vertices": open_body,
    "10475 vertices": lambda: denser(open_body(), 10475),
    "6890 vertices, correctives": lambda: corrected(_first(open_body(), 6890)),
    "10475 vertices, correctives": lambda: corrected(denser(open_body(), 10475)),
}


def _first(body: BodyModel, vertices: int) -> BodyModel:
    faces = body.faces[(body.faces < vertices).all(axis=1)]
    regressor = body.joint_regressor[:, :vertices]
    return replace(
        body,
        template=body.template[:vertices],
        faces=faces,
        weights=body.weights[:vertices],
        shape_directions=body.shape_directions[:vertices],
        joint_regressor=regressor / regressor.sum(axis=1, keepdims=True),
    )


@pytest.mark.parametrize("name", BODIES)
def test_a_frame_of_a_real_motion_takes_at_most_3_ms(name: str, real_data: Path) -> None:
    """Pose between two frames, skin, normals, sensors: all that the processor does but upload."""
    pin_maths()
    source = Source(str(real_data / "amass_cmu/exercises/13_29_poses.npz"), "amass")
    motion = read_motion(source, real_data)
    assert isinstance(motion, Motion)
    shaped: ShapedBody = BODIES[name]().shaped(())
    figure = Figure(motion, shaped, None, layout_of(LAYOUTS["dip17"]))

    def frame(time_s: float) -> None:
        posture = figure.at(time_s)
        posture.skin()
        posture.sensors()

    frame(0.0)
    took = milliseconds(frame)
    print(f"\n{name}: {took:.2f} ms a frame")
    assert took < 3.0


def test_a_frames_skin_beats_smplx_forward(benchmark: BenchmarkFixture, real_data: Path) -> None:
    import_torch = pytest.importorskip("torch")
    pin_maths()
    model = smplx_model()
    source = Source(str(real_data / "amass_cmu/exercises/13_29_poses.npz"), "amass")
    motion = read_motion(source, real_data)
    assert isinstance(motion, Motion)
    figure = Figure(motion, open_body().shaped(()), None, layout_of(LAYOUTS["dip17"]))

    def ours(time_s: float) -> None:
        figure.at(time_s).vertices()

    def theirs(time_s: float) -> None:
        frame = int(time_s * motion.rate_hz)
        pose = import_torch.from_numpy(motion.pose[frame : frame + 1].astype(np.float32).copy())
        with import_torch.no_grad():
            model(global_orient=pose[:, 0], body_pose=pose[:, 1:].reshape(1, -1))

    ours(0.0)
    theirs(0.0)
    benchmark.extra_info["smplx_ms"] = smplx_ms = milliseconds(theirs)
    benchmark.extra_info["ours_ms"] = ours_ms = milliseconds(ours)
    print(f"\nposed between frames and skinned {ours_ms:.2f} ms, smplx {smplx_ms:.2f} ms")
    benchmark(ours, 1.0)
    assert ours_ms < 0.7 * smplx_ms


def test_a_frames_geometry_takes_less_than_vispys_normals_alone(
    benchmark: BenchmarkFixture,
) -> None:
    mesh_data = pytest.importorskip("vispy.geometry").MeshData
    pin_maths()
    figure = Figure(swinging(), open_body().shaped(np.zeros(0)), None, layout_of(LAYOUTS["dip17"]))

    def ours(time_s: float) -> None:
        posture = figure.at(time_s)
        posture.skin()
        posture.sensors()

    def theirs(time_s: float) -> None:
        skin = figure.at(time_s).skin()
        mesh_data(skin[0], figure.faces).get_vertex_normals()

    ours(0.0)
    benchmark.extra_info["vispy_ms"] = vispy_ms = milliseconds(theirs)
    benchmark.extra_info["ours_ms"] = ours_ms = milliseconds(ours)
    benchmark(ours, 1.0)
    assert ours_ms < 0.7 * vispy_ms
    assert ours_ms < 5.0


@pytest.mark.parametrize("everything", [False, True])
def test_playback_at_1280x800_keeps_25_frames_a_second(
    everything: bool, qtbot: QtBot, tmp_path: Path
) -> None:
    """Real playback on the clock, counted as frames that reach the window."""
    no_display = sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if no_display or os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        pytest.skip("no display to draw on: run under xvfb-run")
    motion = swinging()
    poses = np.zeros((FRAMES, 156))
    poses[:, :66] = motion.pose[:, :22].reshape(FRAMES, 66)
    np.savez(
        tmp_path / "swing_poses.npz", poses=poses, trans=motion.translation, betas=np.zeros(16),
        gender=np.array("neutral"), mocap_framerate=np.array(RATE_HZ),
    )  # fmt: skip
    source = Source(str(tmp_path / "swing_poses.npz"), "amass")
    clip = Clip("swing", "swing", motion.duration_s, RATE_HZ, motion=source)
    project = Project("speed", layout_of(LAYOUTS["xiao2020"])).with_clips([clip])
    session, clock = Session(), PlaybackClock()
    session.create_project(tmp_path / "speed.harstudio", project)
    clock.set_duration(motion.duration_s)
    viewport = ViewportPanel(session, Placing(session), clock, Theme("dark"))
    qtbot.addWidget(viewport)
    viewport.resize(1280, 800)
    viewport.show()
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("swing")
    qtbot.waitUntil(lambda: viewport.frames_drawn > 1)
    if everything:
        viewport.showing.choose(
            joint_axes=True, trails=True, acceleration=True, contact=True, ghosts=True, tint="both"
        )
        with qtbot.waitSignal(viewport.companion.changed):
            viewport.companion.show_clip("swing", 1.0)

    swaps: list[float] = []
    viewport.frame_shown.connect(lambda: swaps.append(perf_counter()))
    clock.play()
    loop = QEventLoop()
    QTimer.singleShot(round(1e3 * _PLAY_S), loop.quit)
    loop.exec()
    clock.pause()
    session.close()

    gaps = 1e3 * np.diff(swaps)
    print(
        f"\n{viewport.stage.opengl.renderer}: {len(swaps) / _PLAY_S:.1f} frames/s, "
        f"median {np.median(gaps):.1f} ms, 95 % {np.percentile(gaps, 95):.1f} ms"
    )
    assert len(swaps) / _PLAY_S >= 25.0
