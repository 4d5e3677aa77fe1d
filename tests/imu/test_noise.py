"""Hardware noise has the densities it was given and is the same every time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harstudio.core import rotations as rot
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.imu.noise import (
    MEASURED,
    OFF,
    ChannelNoise,
    HardwareNoise,
    allan_deviation,
    motion_seed,
    with_noise,
)


def at_rest(
    samples: int = 600, rate: float = 100.0, sensors: tuple[str, ...] = ("a",)
) -> ImuRecording:
    shape = (samples, len(sensors), 3)
    acc = np.broadcast_to([0.0, 0.0, GRAVITY], shape)
    upright = np.broadcast_to([1.0, 0.0, 0.0, 0.0], (samples, len(sensors), 4))
    return ImuRecording(np.arange(samples) / rate, sensors, acc, np.zeros(shape), upright)


def gyro_only(**errors: float) -> HardwareNoise:
    return HardwareNoise(gyro=ChannelNoise(**errors))


def many(count: int) -> tuple[str, ...]:
    return tuple(f"s{i}" for i in range(count))


def test_white_noise_has_its_density_as_allan_deviation_at_one_second():
    noisy = with_noise(at_rest(60_000, sensors=many(8)), gyro_only(density=0.005), 1)
    found = allan_deviation(noisy.gyro_radps, 100.0, np.array([0.1, 1.0, 10.0]))
    typical = np.sqrt(np.mean(found**2, axis=(1, 2)))
    assert typical == pytest.approx(0.005 / np.sqrt([0.1, 1.0, 10.0]), rel=0.05)


def test_a_rate_random_walk_has_its_allan_deviation():
    taus = np.array([1.0, 3.0, 10.0])
    noisy = with_noise(at_rest(30_000, sensors=many(16)), gyro_only(random_walk=1e-4), 2)
    found = np.sqrt(np.mean(allan_deviation(noisy.gyro_radps, 100.0, taus) ** 2, axis=(1, 2)))
    assert found == pytest.approx(1e-4 * np.sqrt(taus / 3), rel=0.08)


def test_white_noise_of_a_sample_grows_with_the_root_of_the_rate():
    for rate in (50.0, 200.0):
        noisy = with_noise(at_rest(20_000, rate), gyro_only(density=0.01), 3)
        assert noisy.gyro_radps.std() == pytest.approx(0.01 * np.sqrt(rate), rel=0.02)


def test_bias_instability_is_in_its_steady_state_from_the_first_sample():
    errors = gyro_only(bias_instability=0.02, correlation_s=5.0)
    noisy = with_noise(at_rest(501, sensors=many(800)), errors, 4)
    first, last = noisy.gyro_radps[0], noisy.gyro_radps[-1]
    assert first.std() == pytest.approx(0.02, rel=0.06)
    assert last.std() == pytest.approx(0.02, rel=0.06)
    correlation = np.corrcoef(first.ravel(), last.ravel())[0, 1]
    assert correlation == pytest.approx(np.exp(-1.0), abs=0.06)


def test_turn_on_bias_is_constant_within_a_recording_and_differs_between_them():
    errors = gyro_only(turn_on_bias=0.1)
    noisy = with_noise(at_rest(sensors=many(400)), errors, 5)
    assert np.ptp(noisy.gyro_radps, axis=0).max() == 0.0
    assert noisy.gyro_radps[0].std() == pytest.approx(0.1, rel=0.1)
    again = with_noise(at_rest(sensors=many(400)), errors, 6)
    assert not np.array_equal(noisy.gyro_radps, again.gyro_radps)


def test_scale_and_misalignment_change_gravity_s_length_and_direction():
    scaled = with_noise(
        at_rest(10, sensors=many(400)), HardwareNoise(acc=ChannelNoise(scale=0.01)), 7
    )
    assert np.std(scaled.acc_mps2[0, :, 2] / GRAVITY) == pytest.approx(0.01, rel=0.1)
    assert np.abs(scaled.acc_mps2[..., :2]).max() == 0.0
    turned = with_noise(
        at_rest(10, sensors=many(400)), HardwareNoise(acc=ChannelNoise(misalignment_rad=0.01)), 7
    )
    assert np.linalg.norm(turned.acc_mps2, axis=-1) == pytest.approx(GRAVITY, rel=1e-9)
    assert np.std(turned.acc_mps2[0, :, 0] / GRAVITY) == pytest.approx(0.01, rel=0.1)


def test_readings_stop_at_the_range():
    loud = replace(at_rest(), acc_mps2=100.0 * np.sin(np.arange(1800)).reshape(600, 1, 3))
    clipped = with_noise(loud, HardwareNoise(acc=ChannelNoise(full_range=78.5)), 0)
    assert clipped.acc_mps2.max() == 78.5
    assert clipped.acc_mps2.min() == -78.5
    inside = np.abs(loud.acc_mps2) < 78.5
    assert np.array_equal(clipped.acc_mps2[inside], loud.acc_mps2[inside])


def test_readings_are_whole_steps_of_the_resolution():
    ramp = replace(at_rest(), acc_mps2=np.linspace(-20, 20, 1800).reshape(600, 1, 3))
    coarse = with_noise(ramp, HardwareNoise(acc=ChannelNoise(full_range=16.0, bits=8)), 0)
    steps = coarse.acc_mps2 / (32.0 / 256)
    assert np.array_equal(steps, np.round(steps))
    assert len(np.unique(steps)) == 256
    assert (steps.min(), steps.max()) == (-128, 127)


def test_bandwidth_removes_fast_motion_and_keeps_gravity():
    wave = np.zeros((1000, 1, 3))
    wave[:, 0, 0] = np.sin(2 * np.pi * 40 * np.arange(1000) / 200.0)
    wave[..., 2] = GRAVITY
    shaky = replace(at_rest(1000, 200.0), acc_mps2=wave)
    filtered = with_noise(shaky, HardwareNoise(acc=ChannelNoise(bandwidth_hz=5.0)), 0)
    assert np.abs(filtered.acc_mps2[200:, 0, 0]).max() < 0.03
    assert np.abs(filtered.acc_mps2[..., 2] - GRAVITY).max() < 1e-9


def test_jitter_moves_the_moment_of_sampling_not_the_time_stamp():
    ramp = np.repeat(np.arange(600.0)[:, None, None] / 100.0, 3, axis=2)
    moving = replace(at_rest(), acc_mps2=ramp, gyro_radps=ramp)
    jittered = with_noise(moving, HardwareNoise(jitter_s=1e-3), 8)
    error = jittered.acc_mps2 - ramp
    assert np.array_equal(jittered.times_s, moving.times_s)
    assert error.std() == pytest.approx(1e-3, rel=0.1)
    assert np.allclose(error, jittered.gyro_radps - ramp)  # one moment for both


def test_the_same_seed_gives_the_same_noise_and_another_another():
    first, second = (with_noise(at_rest(), MEASURED, seed) for seed in (3, 3))
    assert np.array_equal(first.acc_mps2, second.acc_mps2)
    assert not np.array_equal(first.acc_mps2, with_noise(at_rest(), MEASURED, 4).acc_mps2)


def test_a_sensor_s_noise_does_not_depend_on_the_others():
    alone = with_noise(at_rest(sensors=("b",)), MEASURED, 3)
    together = with_noise(at_rest(sensors=("a", "b")), MEASURED, 3)
    assert np.array_equal(alone.acc_mps2[:, 0], together.acc_mps2[:, 1])
    assert not np.array_equal(together.acc_mps2[:, 0], together.acc_mps2[:, 1])


def test_motions_get_seeds_of_their_own():
    assert motion_seed(1, "walk") == motion_seed(1, "walk")
    assert len({motion_seed(s, m) for s in (1, 2) for m in ("walk", "run")}) == 4


def test_the_measured_preset_is_that_of_a_real_sensor():
    noisy = with_noise(at_rest(60_000), MEASURED, 0)
    acc = allan_deviation(noisy.acc_mps2[:, 0], 100.0, np.array([1.0])) / GRAVITY * 1e6
    gyro = np.degrees(allan_deviation(noisy.gyro_radps[:, 0], 100.0, np.array([1.0]))) * 1e3
    assert 350 <= acc.mean() <= 590
    assert 7 <= gyro.mean() <= 9


def test_noise_that_is_off_changes_nothing():
    recording = at_rest()
    assert with_noise(recording, OFF, 0) is recording


def test_a_global_recording_is_disturbed_in_the_sensor_s_axes():
    """A sensor on its side: a scale error on its x shows on the world's vertical, with gravity."""
    side = rot.quaternion_from_axis_angle((0.0, -np.pi / 2, 0.0))  # x up
    shape = (50, 400, 4)
    still = ImuRecording(
        np.arange(50) / 50.0, many(400), np.zeros((50, 400, 3)), None,
        np.broadcast_to(side, shape), frame="global", with_gravity=False,
    )  # fmt: skip
    noisy = with_noise(still, HardwareNoise(acc=ChannelNoise(scale=0.01)), 1)
    assert (noisy.frame, noisy.with_gravity) == ("global", False)
    assert np.abs(noisy.acc_mps2[..., :2]).max() < 1e-9
    assert noisy.acc_mps2[0, :, 2].std() == pytest.approx(0.01 * GRAVITY, rel=0.1)


def test_a_global_recording_without_orientation_is_refused():
    still = ImuRecording(
        np.arange(5) / 50.0, ("a",), np.zeros((5, 1, 3)), frame="global", with_gravity=False
    )
    with pytest.raises(HarstudioError, match="has no orientation"):
        with_noise(still, MEASURED, 0)


def test_missing_samples_stay_missing_and_do_not_spread():
    signal, valid = np.ones((100, 1, 3)), np.ones(100, dtype=bool)
    signal[40:45], valid[40:45] = np.nan, False
    holey = ImuRecording(np.arange(100) / 50.0, ("a",), signal, valid=valid)
    errors = HardwareNoise(acc=ChannelNoise(bandwidth_hz=5.0), jitter_s=1e-3)
    noisy = with_noise(holey, errors, 0)
    assert np.array_equal(noisy.valid_mask, valid)
    assert np.isfinite(noisy.acc_mps2[valid]).all()


@pytest.mark.parametrize(
    "wrong", [{"density": -1.0}, {"scale": float("nan")}, {"correlation_s": 0.0}, {"bits": 12},
              {"full_range": 1.0, "bits": 40}]
)  # fmt: skip
def test_errors_out_of_range_are_refused(wrong):
    with pytest.raises(HarstudioError):
        ChannelNoise(**wrong)


def test_an_averaging_time_longer_than_half_the_signal_is_refused():
    with pytest.raises(HarstudioError, match="averaging time"):
        allan_deviation(np.zeros(100), 10.0, np.array([6.0]))
