"""A small project with one clip of four seconds, labelled, with a virtual and a real signal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

# Most tests need no screen, but one process has one platform, and OpenGL needs a screen.
if sys.platform.startswith("linux") and not (
    os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import numpy as np
import pytest
from PySide6.QtCore import qInstallMessageHandler
from pytestqt.qtbot import QtBot

from harstudio.body.sites import layout_of
from harstudio.core.imu import ImuRecording
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip, Project, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.io.imu_npz import write_imu_npz

CLIP_S, RATE_HZ = 4.0, 60.0
_PATIENCE_MS = 30_000
SENSORS = ("right_wrist", "right_thigh")


class Wall:
    """A wall clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def display() -> None:
    """A screen to draw on; without one the test is skipped, and fails where CI promised one."""
    if os.environ.get("QT_QPA_PLATFORM") != "offscreen":
        return
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail("no display to draw on: run the tests under xvfb-run")
    pytest.skip("no display to draw on: run the tests under xvfb-run")


@pytest.fixture
def qtbot(qtbot: QtBot) -> QtBot:
    """Waits longer than five seconds where a test does not say: a busy machine is no failure."""
    for name in ("waitUntil", "waitSignal", "waitSignals"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=_PATIENCE_MS))
    return qtbot


@pytest.fixture(autouse=True)
def _quiet_offscreen() -> Iterator[None]:
    """Drop the one line that the offscreen plugin prints for every window."""

    def handle(kind: object, context: object, text: str) -> None:
        if "propagateSizeHints" not in text:
            os.write(2, (text + "\n").encode())

    previous = qInstallMessageHandler(handle)
    yield
    qInstallMessageHandler(previous)


def write_motion(path: Path, seconds: float = CLIP_S, rate_hz: float = RATE_HZ) -> Path:
    """A standing body that swings its right arm at 1 Hz, in AMASS layout."""
    frames = round(seconds * rate_hz)
    poses = np.zeros((frames, 156))
    poses[:, 0] = np.pi / 2
    poses[:, 3 * 17 + 1] = 0.8 * np.sin(2 * np.pi * np.arange(frames) / rate_hz)
    np.savez(
        path,
        poses=poses,
        trans=np.zeros((frames, 3)),
        betas=np.zeros(16),
        gender=np.array("neutral"),
        mocap_framerate=np.array(rate_hz),
    )
    return path


def write_recording(path: Path, seconds: float = CLIP_S, rate_hz: float = 50.0) -> Path:
    """A real recording of the right wrist: gravity, and a sine on x."""
    times_s = np.arange(round(seconds * rate_hz)) / rate_hz
    acc = np.zeros((len(times_s), 1, 3))
    acc[:, 0, 0] = np.sin(2 * np.pi * times_s)
    acc[:, 0, 2] = 9.80665
    write_imu_npz(path, ImuRecording(times_s, ("right_wrist",), acc))
    return path


@pytest.fixture
def labelled_clip(tmp_path: Path) -> Clip:
    """Four seconds: walking 0.5 to 1.5, jumping 1.5 to 2.5, nothing after."""
    motion = write_motion(tmp_path / "swing_poses.npz")
    real = write_recording(tmp_path / "swing_imu.npz")
    track = LabelTrack((Segment(0.5, 1.5, "walking"), Segment(1.5, 2.5, "jumping")))
    return Clip(
        "swing",
        "swing",
        CLIP_S,
        RATE_HZ,
        motion=Source(str(motion), "amass"),
        recordings=(
            RecordingRef(
                Source(str(real), "imu_npz"), ("right_wrist",), CLIP_S, 50.0, Alignment(0.25)
            ),
        ),
        tracks=((MINE, track),),
    )


@pytest.fixture
def project(labelled_clip: Clip) -> Project:
    """The labelled clip on two sensors."""
    return Project("test", layout_of(SENSORS)).with_clips([labelled_clip])


@pytest.fixture
def session(qapp: object, tmp_path: Path, project: Project) -> Iterator[Session]:
    """A session with that project in a file, no clip open yet."""
    result = Session()
    result.create_project(tmp_path / "test.harstudio", project)
    yield result
    result.close()


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def clock(qapp: object, wall: Wall) -> PlaybackClock:
    """A clock on a wall that stands still."""
    result = PlaybackClock(wall=wall)
    result.set_duration(CLIP_S)
    return result


@pytest.fixture
def window(qapp: object) -> TimeWindow:
    """The whole clip in sight."""
    result = TimeWindow()
    result.set_duration(CLIP_S)
    return result


@pytest.fixture
def theme(qapp: object) -> Theme:
    return Theme("light")
