"""The acceleration at a sensor, in the world."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core import rotations as rot
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.core.project import Clip, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment
from harstudio.gui.viewport.vectors import (
    RealSensor,
    acceleration_at,
    alignment_of,
    without_gravity,
)
from harstudio.workflows.loading import LoadedClip, LoadedRecording

SOURCE = Source("rec.csv", "imu_csv")


def at_rest(turn: np.ndarray, samples: int = 20, **kwargs: object) -> ImuRecording:
    """A sensor that lies still, turned so (world from sensor), at 50 Hz."""
    acc = np.tile(turn.T @ (0.0, 0.0, GRAVITY), (samples, 1, 1))
    return ImuRecording(np.arange(samples) / 50.0, ("wrist",), acc, **kwargs)


angles = st.tuples(*[st.floats(-3.0, 3.0)] * 3)


@given(angles, st.floats(0.0, 0.38))
def test_a_resting_sensor_reads_gravity_upwards_however_it_is_turned(
    angle: tuple[float, ...], time_s: float
) -> None:
    turn = rot.exp(angle)
    found = acceleration_at(at_rest(turn), "wrist", time_s, turn)
    np.testing.assert_allclose(found, (0.0, 0.0, GRAVITY), atol=1e-9)
    np.testing.assert_allclose(without_gravity(found), 0.0, atol=1e-9)


def test_between_two_samples_it_lies_on_the_line_between_them() -> None:
    acc = np.zeros((3, 1, 3))
    acc[:, 0, 0] = (0.0, 2.0, 6.0)
    recording = ImuRecording(np.array([0.0, 0.02, 0.04]), ("wrist",), acc)
    values = [acceleration_at(recording, "wrist", t, np.eye(3))[0] for t in (0.0, 0.01, 0.03, 0.04)]
    assert values == pytest.approx([0.0, 1.0, 4.0, 6.0])


def test_nothing_is_made_up_outside_the_recording_in_gaps_or_for_another_sensor() -> None:
    valid = np.ones(20, bool)
    valid[10] = False
    recording = at_rest(np.eye(3), valid=valid)
    for time_s in (-0.01, 0.195, 0.205, 0.4):
        assert acceleration_at(recording, "wrist", time_s, np.eye(3)) is None
    assert acceleration_at(recording, "ankle", 0.1, np.eye(3)) is None
    torn = ImuRecording(np.array([0.0, 1.0]), ("wrist",), np.zeros((2, 1, 3)))
    assert acceleration_at(torn, "wrist", 0.5, np.eye(3)) is None


def loaded_with(recording: ImuRecording, alignment: Alignment) -> tuple[LoadedClip, Clip]:
    ref = RecordingRef(SOURCE, recording.sensors, 1.0, 50.0, alignment)
    clip = Clip("c", "c", 1.0, 50.0, recordings=(ref,))
    return LoadedClip(clip, recordings=(LoadedRecording(ref, recording),)), clip


def test_a_real_sensor_is_turned_and_shifted_as_its_alignment_says() -> None:
    mounting = rot.exp((0.4, -0.2, 0.9))
    body = rot.exp((0.1, 1.0, 0.3))
    # What the virtual sensor would read, in the real one's own axes.
    recording = at_rest(body @ mounting)
    w, x, y, z = rot.quaternion_from_matrix(mounting)
    alignment = Alignment(2.0, mounting_wxyz=(("wrist", (w, x, y, z)),))
    loaded, clip = loaded_with(recording, alignment)
    real = RealSensor()
    found = real.at(loaded, clip, "wrist", 2.1, body)
    np.testing.assert_allclose(found, (0.0, 0.0, GRAVITY), atol=1e-9)
    assert real.at(loaded, clip, "wrist", 0.1, body) is None


def test_a_recording_that_nobody_has_aligned_is_not_shown() -> None:
    loaded, clip = loaded_with(at_rest(np.eye(3)), Alignment())
    assert RealSensor().at(loaded, clip, "wrist", 0.1, np.eye(3)) is None
    assert alignment_of(loaded, clip, "wrist") == Alignment()
    assert alignment_of(loaded, clip, "ankle") is None


def test_a_recording_without_gravity_gets_it_back_from_its_orientation() -> None:
    turn = rot.exp((0.3, 0.5, -0.2))
    quaternion = np.tile(rot.quaternion_from_matrix(turn), (20, 1, 1))
    flat = ImuRecording(
        np.arange(20) / 50.0, ("wrist",), np.zeros((20, 1, 3)),
        orientation_wxyz=quaternion, with_gravity=False,
    )  # fmt: skip
    loaded, clip = loaded_with(flat, Alignment(0.5))
    found = RealSensor().at(loaded, clip, "wrist", 0.6, turn)
    np.testing.assert_allclose(found, (0.0, 0.0, GRAVITY), atol=1e-9)
    bare = ImuRecording(flat.times_s, ("wrist",), flat.acc_mps2, with_gravity=False)
    loaded, clip = loaded_with(bare, Alignment(0.5))
    assert RealSensor().at(loaded, clip, "wrist", 0.6, turn) is None
