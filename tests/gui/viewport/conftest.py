"""A session on a project of two clips of a person who walks and raises an arm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from harstudio.body.sites import layout_of
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip, Project
from harstudio.core.source import Source
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.theme import Theme

FRAMES, RATE_HZ = 120, 60.0


def write_walk(path: Path) -> Path:
    """A standing person who raises the left arm sideways while gliding 1 m along x."""
    share = np.linspace(0.0, 1.0, FRAMES)
    poses = np.zeros((FRAMES, 156))
    poses[:, 0] = np.pi / 2.0  # SMPL's y up to the world's z up
    poses[:, 16 * 3 + 2] = -1.2 + 2.0 * share
    poses[:, 17 * 3 + 2] = 1.2
    trans = np.stack([share, 0.0 * share, np.full(FRAMES, 1.15)], axis=1)
    np.savez(
        path, poses=poses, trans=trans, betas=np.zeros(16), gender=np.array("neutral"),
        mocap_framerate=np.array(RATE_HZ),
    )  # fmt: skip
    return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Clips `first`, labelled `walking` in its first second, and `second`, without labels."""
    tracks = {"first": LabelTrack((Segment(0.0, 1.0, "walking"),)), "second": LabelTrack()}
    clips = []
    for name, track in tracks.items():
        source = Source(str(write_walk(tmp_path / f"{name}_poses.npz")), "amass")
        duration_s = FRAMES / RATE_HZ
        clips.append(Clip(name, name, duration_s, RATE_HZ, motion=source, tracks=((MINE, track),)))
    layout = layout_of(("left_wrist", "right_thigh", "head"))
    return Project("test", layout).with_clips(clips)


@pytest.fixture
def clock(qapp: QApplication) -> PlaybackClock:
    """A clock as long as the clips."""
    result = PlaybackClock()
    result.set_duration(FRAMES / RATE_HZ)
    return result


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme("dark")
