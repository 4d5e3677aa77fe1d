"""A small project, and a clip maker, for the tests of the project file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harstudio.core.imu import Sensor, SensorLayout, SensorSite
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip, Project, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment

MakeClip = Callable[..., Clip]


def _clip(clip_id: str, label: str = "walk", end_s: float = 2.0) -> Clip:
    track = LabelTrack((Segment(0.0, end_s, label, 0.9, "anna"),))
    motion = Source(f"amass/{clip_id}.npz", "amass", "ab12")
    return Clip(clip_id, f"clip {clip_id}", 4.0, 60.0, "s1", motion=motion, tracks=((MINE, track),))


@pytest.fixture
def clip() -> MakeClip:
    """``clip("a", "run")``: a clip with one segment."""
    return _clip


@pytest.fixture
def project() -> Project:
    """Three clips, one of them with a recording that was aligned."""
    site = SensorSite("left_elbow", ("left_elbow", "left_wrist"), 0.9, (0.0, 1.0, 0.0))
    layout = SensorLayout("watch", (Sensor("left_wrist", site),))
    alignment = Alignment(0.25, 12.5, (("left_wrist", (0.5, 0.5, 0.5, 0.5)),))
    ref = RecordingRef(Source("watch.csv", "imu_csv"), ("left_wrist",), 4.0, 50.0, alignment)
    recorded = Clip("r", "recorded", 4.0, 50.0, recordings=(ref,), notes="strap was loose")
    return Project("study", layout).with_clips([_clip("a"), _clip("b", "run"), recorded])
