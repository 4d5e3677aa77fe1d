"""Aligning finds lag, drift and mounting, and says when it cannot know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.io import loadmat

from harstudio.core import rotations as rot
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.imu.align import AlignmentFit, fit_alignment
from harstudio.imu.noise import MEASURED, with_noise
from harstudio.imu.resample import resampled
from harstudio.imu.rough_lag import LagCandidate, periodic
from harstudio.imu.simulate import PAPER, SimulationOptions, simulate

SENSORS = ("wrist", "thigh")


class Wandering:
    """Smooth random motion of two sensors, never repeating; the same path at any times."""

    def __init__(self, seconds: float, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        knots = np.arange(-3.0, seconds + 3.0, 0.25)
        self.turn = CubicSpline(knots, random.standard_normal((len(knots), 2, 3)))
        self.place = CubicSpline(knots, 0.2 * random.standard_normal((len(knots), 2, 3)))
        self.mounting = rot.exp(1.5 * random.standard_normal((2, 3)))
        self.seconds = seconds

    def virtual(self, rate: float = 100.0, preset: str = "physical") -> ImuRecording:
        t = np.arange(int(self.seconds * rate)) / rate
        options = SimulationOptions(preset=preset, rate_hz=rate)
        return simulate(self.place(t), rot.exp(self.turn(t)), rate, SENSORS, options)

    def real(
        self, offset: float = 1.2345, ppm: float = 200.0, rate: float = 100.0, seconds: float = 0.0
    ) -> ImuRecording:
        """What sensors of a drifting clock, mounted askew, read of it."""
        fine = np.arange(-1.0, self.seconds + 1.0, 1 / 500.0)
        truth = simulate(
            self.place(fine), rot.exp(self.turn(fine)), 500.0, SENSORS,
            SimulationOptions(rate_hz=500.0, window_s=0.01),
        )  # fmt: skip
        length = seconds or self.seconds - 2 * abs(offset) - 1.0
        own = np.arange(int(length * rate)) / rate
        clip = offset + own * (1 + ppm * 1e-6)

        def seen(values):
            at = CubicSpline(fine, values)(clip)
            return np.einsum("sji,tsj->tsi", self.mounting, at)

        clean = ImuRecording(own, SENSORS, seen(truth.acc_mps2), seen(truth.gyro_radps))
        return with_noise(clean, MEASURED, 0)

    def rotation_error(self, fit: AlignmentFit) -> float:
        found = np.array([fit.alignment.mounting(name) for name in SENSORS])
        return float(
            np.degrees(rot.angle_between(rot.matrix_from_quaternion(found), self.mounting).max())
        )


@pytest.fixture(scope="module")
def minute() -> Wandering:
    return Wandering(60.0)


@pytest.mark.parametrize(
    ("offset", "ppm", "rate"),
    [(1.2345, 200.0, 100.0), (-1.2345, -200.0, 50.0), (0.0, 0.0, 285.7), (7.0, 500.0, 100.0)],
)
def test_lag_drift_and_mounting_are_recovered(minute, offset, ppm, rate):
    fit = fit_alignment(minute.virtual(), minute.real(offset, ppm, rate))
    assert fit.alignment.offset_s == pytest.approx(offset, abs=1e-3)
    assert fit.alignment.drift_ppm == pytest.approx(ppm, abs=5.0)
    assert minute.rotation_error(fit) <= 0.5
    assert fit.correlation > 0.99
    assert fit.ambiguous == ""
    assert fit.note == ""
    assert fit.conditioning < 2.0


def test_a_drift_that_puts_the_ends_periods_apart_is_followed():
    long = Wandering(600.0)
    fit = fit_alignment(long.virtual(50.0), long.real(2.0, 1500.0, 50.0))  # 0.9 s over it all
    assert fit.alignment.offset_s == pytest.approx(2.0, abs=1e-3)
    assert fit.alignment.drift_ppm == pytest.approx(1500.0, abs=1.0)


def test_acceleration_alone_will_do(minute):
    real = replace(minute.real(), gyro_radps=None)
    fit = fit_alignment(minute.virtual(), real)
    assert fit.alignment.offset_s == pytest.approx(1.2345, abs=1e-3)
    assert fit.alignment.drift_ppm == pytest.approx(200.0, abs=5.0)
    assert minute.rotation_error(fit) <= 0.5


def test_the_paper_s_global_signals_align_with_a_strapped_on_sensor(minute):
    fit = fit_alignment(minute.virtual(60.0, "paper"), minute.real())
    assert fit.alignment.offset_s == pytest.approx(1.2345, abs=1e-3)
    assert minute.rotation_error(fit) <= 0.5


def test_a_gyro_s_bias_does_not_turn_the_mounting(minute):
    real = minute.real()
    fit = fit_alignment(minute.virtual(), replace(real, gyro_radps=real.gyro_radps + 0.3))
    assert minute.rotation_error(fit) <= 0.5


def test_the_stated_uncertainty_holds_the_error():
    normalised = []
    for seed in range(6):
        motion = Wandering(40.0, seed)
        real = motion.real()
        noisy = replace(
            real,
            gyro_radps=real.gyro_radps
            + np.random.default_rng(seed).normal(0, 0.3, real.gyro_radps.shape),
        )
        fit = fit_alignment(motion.virtual(), noisy)
        middle = 0.5 * noisy.times_s[-1] * 1e-6
        lag_error = (fit.alignment.offset_s - 1.2345) + middle * (fit.alignment.drift_ppm - 200.0)
        normalised.append(
            [lag_error / fit.lag_sd_s, (fit.alignment.drift_ppm - 200.0) / fit.drift_sd_ppm]
        )
    assert np.abs(normalised).max() < 4.0
    assert np.sqrt(np.mean(np.square(normalised))) > 0.2  # nor is it idly large


def test_pairs_name_sensors_that_differ(minute):
    real = replace(minute.real(), sensors=("watch", "phone"))
    fit = fit_alignment(minute.virtual(), real, pairs=(("wrist", "watch"), ("thigh", "phone")))
    names = tuple(name for name, _ in fit.alignment.mounting_wxyz)
    assert names == ("watch", "phone")
    assert fit.alignment.offset_s == pytest.approx(1.2345, abs=1e-3)


def test_a_clock_that_counts_from_1970_is_aligned_by_the_starts(minute):
    real = minute.real()
    fit = fit_alignment(minute.virtual(), replace(real, times_s=real.times_s + 1.6e9))
    start = fit.alignment.offset_s + 1.6e9 * fit.alignment.rate
    assert start == pytest.approx(1.2345, abs=2e-3)


def test_missing_samples_do_not_disturb(minute):
    real = minute.real()
    acc, gyro, valid = real.acc_mps2.copy(), real.gyro_radps.copy(), real.valid_mask.copy()
    for hole in (slice(0, 50), slice(2000, 2200), slice(4000, 4003)):
        acc[hole], gyro[hole], valid[hole] = np.nan, np.nan, False
    fit = fit_alignment(minute.virtual(), replace(real, acc_mps2=acc, gyro_radps=gyro, valid=valid))
    assert fit.alignment.offset_s == pytest.approx(1.2345, abs=1e-3)
    assert fit.alignment.drift_ppm == pytest.approx(200.0, abs=5.0)


# What cannot be known is said


def test_a_short_clip_has_no_drift_but_a_note(minute):
    fit = fit_alignment(minute.virtual(), minute.real(1.0, 0.0, seconds=10.0))
    assert fit.alignment.drift_ppm == 0.0
    assert fit.drift_sd_ppm == np.inf
    assert "drift not fitted" in fit.note
    assert fit.alignment.offset_s == pytest.approx(1.0, abs=1e-3)


def about_y(turn, t: np.ndarray, axis: tuple[float, float, float] = (0, 1, 0)) -> ImuRecording:
    rotations = rot.exp(turn(t)[:, None] * np.array(axis, dtype=float))[:, None]
    arm = np.einsum("tsij,j->tsi", rotations, [0.0, 0.0, -0.3])
    return simulate(arm, rotations, 100.0, ("s",), SimulationOptions(rate_hz=100.0))


def test_periodic_motion_is_called_ambiguous():
    t = np.arange(3000) / 100.0

    def swing(t):
        return np.sin(2 * np.pi * t)

    fit = fit_alignment(about_y(swing, t), about_y(swing, t + 0.2), max_lag_s=3.0)
    assert "periodic" in fit.ambiguous


def test_the_other_lags_of_a_periodic_motion_can_be_fitted_at():
    t = np.arange(3000) / 100.0

    def swing(t):
        return np.sin(2 * np.pi * t) + 0.3 * np.cos(4 * np.pi * t)

    virtual, real = about_y(swing, t), about_y(swing, t + 0.2)
    first = fit_alignment(virtual, real, max_lag_s=3.0)
    assert {round(lag - first.lag_s) for lag in first.rival_lags_s} >= {-1, 1}
    other = fit_alignment(virtual, real, max_lag_s=3.0, near_s=first.rival_lags_s[0])
    assert other.lag_s == pytest.approx(first.rival_lags_s[0], abs=0.02)
    assert any(lag == pytest.approx(first.lag_s, abs=0.02) for lag in other.rival_lags_s)


def test_a_fit_near_a_lag_where_nothing_peaks_says_that_it_hardly_matches(minute):
    fit = fit_alignment(minute.virtual(), minute.real(), near_s=5.0)
    assert fit.ambiguous != ""


def test_a_short_remainder_does_not_win_against_the_whole():
    whole = LagCandidate(0.0, 0.7, 0.75, 1.0)
    rest = LagCandidate(1.4, 0.9, 0.9, 0.55)
    assert whole.evidence > rest.evidence > 0
    assert LagCandidate(0.0, 0.7, -0.5, 1.0).evidence == 0.0


def test_lags_at_steps_of_a_period_are_periodic():
    assert periodic((0.0, 1.01, -0.99, 3.0))
    assert not periodic((0.0, 1.0))
    assert not periodic((0.0, 1.0, 2.45))


def test_a_motion_cut_out_of_the_middle_of_a_long_recording_is_found():
    long = Wandering(300.0)
    virtual = long.virtual(50.0)
    part = slice(150 * 50, 180 * 50)
    short = ImuRecording(
        np.arange(30 * 50) / 50.0, SENSORS, virtual.acc_mps2[part], virtual.gyro_radps[part]
    )
    fit = fit_alignment(short, long.real(0.0, 0.0, 50.0), max_lag_s=200.0)
    assert fit.alignment.offset_s + 165.0 * fit.alignment.rate == pytest.approx(15.0, abs=1e-3)
    assert fit.ambiguous == ""


def test_turning_about_the_vertical_only_leaves_the_rotation_ambiguous():
    knots = np.arange(-1.0, 40.0, 0.3)
    turn = CubicSpline(knots, np.random.default_rng(0).standard_normal(len(knots)))
    t = np.arange(3000) / 100.0
    fit = fit_alignment(about_y(turn, t, (0, 0, 1)), about_y(turn, t + 0.2, (0, 0, 1)))
    assert fit.alignment.offset_s == pytest.approx(0.2, abs=1e-3)
    assert "one axis only" in fit.ambiguous
    assert fit.conditioning > 100
    assert fit.rotation_sd_rad == np.inf


def test_turning_about_a_level_axis_is_not_ambiguous_for_gravity_tells_the_rest():
    knots = np.arange(-1.0, 40.0, 0.3)
    turn = CubicSpline(knots, np.random.default_rng(0).standard_normal(len(knots)))
    t = np.arange(3000) / 100.0
    fit = fit_alignment(about_y(turn, t), about_y(turn, t + 0.2))
    assert fit.ambiguous == ""
    assert fit.conditioning < 3.0


def test_signals_that_have_nothing_to_do_with_each_other_are_called_so():
    fit = fit_alignment(Wandering(60.0, 1).virtual(), Wandering(60.0, 2).real())
    assert "hardly match" in fit.ambiguous


def test_an_inverted_accelerometer_is_noticed(minute):
    real = minute.real()
    tilted = minute.virtual()
    upright = np.zeros_like(real.acc_mps2) + minute.mounting[:, 2] * 9.8
    still = np.zeros_like(tilted.acc_mps2) + np.array([0.0, 0.0, 9.8])
    fit = fit_alignment(replace(tilted, acc_mps2=still), replace(real, acc_mps2=-upright))
    assert "inverted" in fit.ambiguous


def test_two_global_recordings_differ_by_a_yaw():
    motion = Wandering(40.0)
    virtual = replace(motion.virtual(60.0, "paper"), gyro_radps=None)
    yaw = rot.exp((0.0, 0.0, 0.7))
    real = ImuRecording(
        virtual.times_s - 0.5, SENSORS, virtual.acc_mps2 @ yaw, frame="global", with_gravity=False,
        valid=virtual.valid_mask,
    )  # fmt: skip
    fit = fit_alignment(virtual, real)
    assert fit.alignment.offset_s == pytest.approx(0.5, abs=1e-3)
    for name in SENSORS:
        found = rot.axis_angle_from_quaternion(np.array(fit.alignment.mounting(name)))
        assert found == pytest.approx([0.0, 0.0, 0.7], abs=1e-3)


def test_no_sensor_in_common_is_refused(minute):
    with pytest.raises(HarstudioError, match="no sensor in common"):
        fit_alignment(minute.virtual(), replace(minute.real(), sensors=("x", "y")))


def test_an_unknown_sensor_is_refused(minute):
    with pytest.raises(HarstudioError, match="no sensor 'ankle'"):
        fit_alignment(minute.virtual(), minute.real(), pairs=(("ankle", "wrist"),))


def test_recordings_that_cannot_be_compared_are_refused(minute):
    linear = replace(minute.real(), with_gravity=False)
    with pytest.raises(HarstudioError, match="has no orientation"):
        fit_alignment(minute.virtual(), linear)


def test_recordings_with_less_than_a_second_in_common_are_refused(minute):
    with pytest.raises(HarstudioError, match="in common"):
        fit_alignment(minute.virtual(), minute.real(seconds=0.8))


def test_a_lag_beyond_the_largest_is_not_found_and_that_is_said(minute):
    fit = fit_alignment(minute.virtual(), minute.real(7.0, 0.0), max_lag_s=3.0)
    assert "hardly match" in fit.ambiguous


# Real recordings


def test_a_real_forearm_recording_is_aligned_with_a_drifting_copy_of_itself(real_data):
    data = loadmat(
        real_data / "qmt" / "full_body_example_data.mat", squeeze_me=True, struct_as_record=False
    )
    forearm, times = data["forearm_left"], np.asarray(data["t"], dtype=float)
    worn = ImuRecording(times, ("s",), forearm.acc[:, None], forearm.gyr[:, None], kind="virtual")
    # The copy is read between the samples, so both are held to what lies well below 50 Hz.
    smooth = resampled(worn, 50.0)
    mounting = rot.exp((0.9, -1.4, 0.5))
    own = np.arange(int((times[-1] - times[0] - 4.0) * 50)) / 50.0
    clip = times[0] + 1.2345 + own * (1 + 200e-6)

    def seen(values):
        return CubicSpline(smooth.times_s, values)(clip) @ mounting

    copy = ImuRecording(own, ("s",), seen(smooth.acc_mps2), seen(smooth.gyro_radps))
    fit = fit_alignment(smooth, with_noise(copy, MEASURED, 1))
    found = rot.matrix_from_quaternion(np.array(fit.alignment.mounting("s")))
    assert fit.alignment.offset_s == pytest.approx(times[0] + 1.2345, abs=1e-3)
    assert fit.alignment.drift_ppm == pytest.approx(200.0, abs=5.0)
    assert np.degrees(rot.angle_between(found, mounting)) <= 0.5


def test_paper_is_what_the_preset_name_gives():
    assert SimulationOptions(preset="paper") == PAPER
