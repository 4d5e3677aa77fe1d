"""Resampling keeps what the new rate can hold, without delay, and says what it does not know."""

from __future__ import annotations

import numpy as np
import pytest

from harstudio.core import rotations as rot
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.imu.resample import at_times, on_grid, resampled


def sine(frequency: float, rate: float, seconds: float = 6.0, start: float = 0.0) -> ImuRecording:
    t = start + np.arange(int(seconds * rate)) / rate
    wave = np.sin(2 * np.pi * frequency * t)
    signal = np.repeat(wave[:, None, None], 3, axis=2)
    turn = rot.quaternion_from_axis_angle(np.stack([0 * t, 0 * t, 4.0 * t], axis=-1))
    return ImuRecording(t, ("s",), signal, 2 * signal, turn[:, None])


def inner(recording: ImuRecording) -> slice:
    return slice(recording.samples // 6, -recording.samples // 6)


@pytest.mark.parametrize(("native", "rate"), [(120.0, 60.0), (100.0, 60.0), (285.7, 50.0)])
def test_slow_motion_passes_unchanged_and_undelayed(native, rate):
    out = resampled(sine(2.0, native), rate)
    truth = np.sin(4 * np.pi * out.times_s)[inner(out)]
    assert np.abs(out.acc_mps2[inner(out), 0, 0] - truth).max() < 2e-4
    assert np.abs(out.gyro_radps[inner(out), 0, 2] - 2 * truth).max() < 4e-4
    assert out.rate_hz == pytest.approx(rate)


@pytest.mark.parametrize("frequency", [45.0, 55.0])
def test_what_the_new_rate_cannot_hold_is_removed_not_folded(frequency):
    out = resampled(sine(frequency, 200.0), 60.0)
    assert np.abs(out.acc_mps2[inner(out)]).max() < 0.01


def test_going_up_there_is_no_low_pass():
    out = resampled(sine(24.0, 100.0), 400.0)
    truth = np.sin(48 * np.pi * out.times_s)[inner(out)]
    assert np.abs(out.acc_mps2[inner(out), 0, 0] - truth).max() < 0.1


def test_the_same_rate_gives_the_same_object():
    recording = sine(2.0, 120.00004577)
    assert resampled(recording, 120.0) is recording


def test_orientation_turns_steadily_past_pi():
    out = resampled(sine(2.0, 59.0), 100.0)
    expected = rot.exp(np.outer(out.times_s, [0.0, 0.0, 4.0]))
    found = rot.matrix_from_quaternion(out.orientation_wxyz[:, 0])
    assert np.abs(found - expected).max() < 1e-5


def test_every_second_sample_is_taken_exactly():
    recording = sine(2.0, 120.0)
    out = at_times(recording, recording.times_s[::2])
    assert np.array_equal(out.acc_mps2, recording.acc_mps2[::2])


def test_times_may_start_anywhere():
    out = resampled(sine(2.0, 120.0, start=1.6e9), 60.0)
    assert out.times_s[0] == pytest.approx(1.6e9)
    assert out.valid_mask.all()


def test_times_outside_the_recording_are_nan_and_not_valid():
    recording = sine(1.0, 50.0, seconds=2.0)
    out = at_times(recording, np.array([-0.1, 0.0, 0.513, 1.98, 2.1]))
    assert np.array_equal(out.valid_mask, [False, True, True, True, False])
    assert np.isnan(out.acc_mps2[[0, -1]]).all()
    assert out.acc_mps2[2, 0, 0] == pytest.approx(np.sin(2 * np.pi * 0.513), abs=1e-5)


def test_samples_next_to_invalid_ones_are_not_valid():
    recording = sine(1.0, 50.0, seconds=2.0)
    signal, valid = recording.acc_mps2.copy(), np.ones(100, dtype=bool)
    signal[40:43], valid[40:43] = np.nan, False
    holey = ImuRecording(recording.times_s, ("s",), signal, valid=valid)
    out = at_times(holey, np.array([0.77, 0.79, 0.82, 0.85, 0.87]))
    assert np.array_equal(out.valid_mask, [True, False, False, False, True])
    assert np.isfinite(out.acc_mps2).all()
    # and the low-pass survives the hole
    assert np.isfinite(resampled(holey, 20.0).acc_mps2).all()


def test_inside_a_gap_nothing_is_valid():
    recording = sine(1.0, 50.0, seconds=2.0)
    keep = np.r_[0:40, 60:100]
    gappy = ImuRecording(recording.times_s[keep], ("s",), recording.acc_mps2[keep])
    out = at_times(gappy, np.array([0.5, 0.9, 1.1, 1.5]))
    assert np.array_equal(out.valid_mask, [True, False, False, True])


def test_jittered_times_are_resampled_where_they_are():
    t = np.arange(600) / 100.0 + np.random.default_rng(0).uniform(-2e-3, 2e-3, 600)
    jittered = ImuRecording(t, ("s",), np.sin(4 * np.pi * t)[:, None, None] * np.ones(3))
    out = resampled(jittered, 50.0)
    truth = np.sin(4 * np.pi * out.times_s)[inner(out)]
    assert np.abs(out.acc_mps2[inner(out), 0, 0] - truth).max() < 2e-3


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_recordings_of_a_few_samples_survive(samples):
    tiny = ImuRecording(np.arange(samples) / 100.0, ("s",), np.ones((samples, 1, 3)))
    out = resampled(tiny, 50.0)
    assert np.abs(out.acc_mps2 - 1.0).max() < 1e-9


def test_a_rate_that_is_not_positive_is_refused():
    with pytest.raises(HarstudioError, match="rate"):
        resampled(sine(1.0, 50.0), 0.0)


def test_on_a_grid_motion_passes_and_what_it_cannot_hold_is_removed():
    grid = 1.0037 + np.arange(200) / 50.0  # off the samples, inside the recording
    slow = on_grid(sine(3.0, 200.0), grid)
    assert np.array_equal(slow.times_s, grid)
    assert slow.valid_mask.all()
    wanted = at_times(sine(3.0, 2000.0), grid).acc_mps2
    assert np.abs(slow.acc_mps2 - wanted).max() < 1e-3 * np.abs(wanted).max()
    fast = on_grid(sine(40.0, 200.0), grid)
    assert np.abs(fast.acc_mps2).max() < 0.05 * np.abs(sine(40.0, 200.0).acc_mps2).max()


def test_a_finer_grid_only_interpolates():
    recording = sine(3.0, 50.0)
    grid = 1.0 + np.arange(300) / 100.0
    assert np.array_equal(on_grid(recording, grid).acc_mps2, at_times(recording, grid).acc_mps2)
