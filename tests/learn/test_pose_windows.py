"""Windows of poses beside signals: what they hold, where they begin, what is filled in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.skeleton import joint_index
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.cutting import cut_windows
from harstudio.learn.data.pose_windows import BESIDE, POSE, anchored, cut_paired, sensor_channels
from harstudio.learn.data.windows import WindowSet

RATE = 20.0
CONFIG = TrainingConfig(model="pose2imu", rate_hz=RATE, window_s=2.0, overlap=0.5)
PELVIS, LEFT_HIP, RIGHT_HIP, HEAD = (
    joint_index(name) for name in ("pelvis", "left_hip", "right_hip", "head")
)


def recording(samples: int, seed: int = 0) -> ImuRecording:
    acc = np.random.default_rng(seed).normal(size=(samples, 1, 3))
    return ImuRecording(np.arange(samples) / RATE, ("wrist",), acc)


def bodies(samples: int, seed: int = 0) -> FloatArray:
    """Joints anywhere, but with hips that face the same way throughout."""
    rng = np.random.default_rng(seed)
    path = np.cumsum(rng.normal(0, 0.01, (samples, 1, 3)), axis=0)
    joints = path + rng.normal(0, 0.3, (1, 24, 3)) + rng.normal(0, 0.01, (samples, 24, 3))
    joints[:, LEFT_HIP] = joints[:, PELVIS] + (0.08, 0.05, 0.0)
    joints[:, RIGHT_HIP] = joints[:, PELVIS] - (0.08, 0.05, 0.0)
    return np.asarray(joints)


def cut(samples: int = 100, label: str = "walk", **changes: Any) -> WindowSet:
    arguments: dict[str, Any] = {
        "recording": recording(samples),
        "positions": bodies(samples),
        "track": LabelTrack((Segment(0.0, samples / RATE, label),)),
        "labels": ("walk", "run"),
        "clip_id": "clip",
        "subject": "anna",
        "config": CONFIG,
    }
    return cut_paired(**{**arguments, **changes})


def test_windows_of_a_long_clip_are_those_of_the_signals_alone() -> None:
    paired = cut(130)
    alone = cut_windows(
        recording(130), LabelTrack((Segment(0.0, 6.5, "walk"),)), ("walk", "run"),
        clip_id="clip", subject="anna", config=replace(CONFIG, model="cnn"),
    )  # fmt: skip
    assert sensor_channels(paired.channels) == alone.channels
    assert np.array_equal(paired.signals[:, :, :3], alone.signals)
    assert np.array_equal(paired.start_s, alone.start_s)
    assert np.allclose(paired.end_s, alone.end_s)
    assert np.array_equal(paired.codes, alone.codes)
    assert (paired.signals[:, :, -2:] == 1.0).all()


def test_a_clip_shorter_than_a_window_fills_one_and_the_mask_says_where() -> None:
    windows = cut(25)
    assert len(windows) == 1
    assert windows.end_s[0] - windows.start_s[0] == pytest.approx(25 / RATE)
    signals = windows.signals[0]
    assert signals[:, -2].tolist() == [1.0] * 25 + [0.0] * 15
    assert np.array_equal(signals[25:, :3], np.broadcast_to(signals[24, :3], (15, 3)))


def test_a_stretch_of_a_moment_is_no_window() -> None:
    assert len(cut(7)) == 0
    assert len(cut(8)) == 1


def test_the_share_of_a_label_is_of_what_was_measured() -> None:
    half = LabelTrack((Segment(0.0, 0.8, "run"),))
    assert cut(25, track=half).used_labels() == ("run",)  # 16 of 25, though of a window of 40
    assert len(cut(40, track=half)) == 0


def test_a_window_whose_label_is_doubtful_counts_for_less() -> None:
    doubtful = LabelTrack((Segment(0.0, 2.0, "walk", confidence=0.25),))
    assert cut(40, track=doubtful).weight.tolist() == [0.25]
    sharp = replace(CONFIG, soft_edges=False)
    assert cut(40, track=doubtful, config=sharp).weight.tolist() == [1.0]


def test_unknown_poses_are_zero_and_masked() -> None:
    positions = bodies(40)
    positions[30:] = np.nan
    signals = cut(40, positions=positions).signals[0]
    assert signals[:, -1].tolist() == [1.0] * 30 + [0.0] * 10
    assert (signals[:, -2] == 1.0).all()
    assert (signals[30:, 3:-2] == 0.0).all()
    nowhere = cut(40, positions=None).signals[0]
    assert (nowhere[:, 3:-2] == 0.0).all()
    assert (nowhere[:, -1] == 0.0).all()


def test_invalid_samples_end_a_window() -> None:
    whole = recording(100)
    valid = np.ones(100, bool)
    valid[50] = False
    broken = replace(whole, valid=valid)
    windows = cut(100, recording=broken)
    spans = list(zip(windows.start_s.tolist(), windows.end_s.tolist(), strict=True))
    assert spans == [(0.0, 2.0), (pytest.approx(2.55), pytest.approx(4.55))]


@given(turn=st.floats(-3.0, 3.0), x=st.floats(-9, 9), y=st.floats(-9, 9), z=st.floats(-2, 2))
def test_where_a_person_stands_and_faces_makes_no_difference(
    turn: float, x: float, y: float, z: float
) -> None:
    known = np.ones(30, bool)
    joints = bodies(30)
    cosine, sine = np.cos(turn), np.sin(turn)
    spin = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    moved = joints @ spin.T + (x, y, z)
    assert np.allclose(anchored(moved, known), anchored(joints, known), atol=1e-5)


def test_up_stays_up_and_the_hips_lie_along_x() -> None:
    joints = bodies(30)
    seen = anchored(joints, np.ones(30, bool)).reshape(30, 24, 3)
    rise = joints[:, HEAD, 2] - joints[:, PELVIS, 2]
    assert np.allclose(seen[:, HEAD, 2], rise, atol=1e-5)
    across = (seen[:, LEFT_HIP] - seen[:, RIGHT_HIP]).mean(axis=0)
    assert across[0] > 0.1
    assert across[1] == pytest.approx(0.0, abs=1e-5)
    assert np.allclose(seen[:, PELVIS].mean(axis=0), 0.0, atol=1e-5)
    assert np.ptp(seen[:, PELVIS, 2]) == pytest.approx(np.ptp(joints[:, PELVIS, 2]), abs=1e-5)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(HarstudioError, match=r"shape \(39, 24, 3\), expected \(40, 24, 3\)"):
        cut(40, positions=bodies(39))
    with pytest.raises(HarstudioError, match="expected one or more distinct names"):
        cut(40, labels=("walk", "walk"))
    with pytest.raises(HarstudioError, match=r"recorded at 20.00 Hz, expected 50 Hz"):
        cut(40, config=replace(CONFIG, rate_hz=50.0))
    with pytest.raises(HarstudioError, match="sensors and poses"):
        sensor_channels(("wrist acc_x",))
    with pytest.raises(HarstudioError, match="sensors and poses"):
        sensor_channels(BESIDE)
    assert len(POSE) == 72
