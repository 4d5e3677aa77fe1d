"""How fast the viewport is: a frame's geometry against vispy's own, and real playback."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from PySide6.QtCore import QEventLoop, QTimer
from pytest_benchmark.fixture import BenchmarkFixture
from pytestqt.qtbot import QtBot

from harstudio.body.files import open_body
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

FRAMES, RATE_HZ = 1200, 120.0
_PLAY_S = 3.0


def swinging() -> Motion:
    """Ten seconds of every joint swinging at once."""
    phase = np.linspace(0.0, 20.0 * np.pi, FRAMES)[:, None, None]
    pose = 0.3 * np.sin(phase + np.arange(72).reshape(24, 3))
    pose[:, 0] = (np.pi / 2.0, 0.0, 0.0)
    return Motion(pose, np.tile((0.0, 0.0, 1.15), (FRAMES, 1)), RATE_HZ)


def milliseconds(run: object, repeats: int = 30) -> float:
    """Median time of a call."""
    times = []
    for i in range(repeats):
        start = perf_counter()
        run(i / RATE_HZ)
        times.append(perf_counter() - start)
    return 1e3 * float(np.median(times))


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


def test_playback_at_1280x800_keeps_25_frames_a_second(qtbot: QtBot, tmp_path: Path) -> None:
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
