"""A virtual sensor on an optically tracked body against the real one on it (BROAD, CC BY 4.0)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.io import loadmat

from harstudio.core import rotations as rot
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.core.timebase import clip_time
from harstudio.imu.align import AlignmentFit, fit_alignment
from harstudio.imu.derivatives import acceleration_eq3, acceleration_savgol, angular_velocity_log
from harstudio.imu.resample import resampled
from harstudio.imu.simulate import SimulationOptions, simulate

TRIALS = {
    "02_undisturbed_slow_rotation_B": {"eq3": 1.01, "savgol": 0.51, "gyro": 0.098},
    "07_undisturbed_fast_rotation_B": {"eq3": 1.26, "savgol": 0.84, "gyro": 0.152},
    "15_undisturbed_fast_translation_A": {"eq3": 0.80, "savgol": 0.62, "gyro": 0.145},
}


@dataclass
class Trial:
    """The optical path as splines, the real recording, and when both can be compared."""

    name: str
    place: CubicSpline
    pose: CubicSpline
    real: ImuRecording
    usable: np.ndarray
    rate: float

    def rotations(self, times: np.ndarray) -> np.ndarray:
        return rot.matrix_from_quaternion(rot.normalised(self.pose(times)))

    def compared(self, times: np.ndarray, margin_s: float) -> np.ndarray:
        """Moving, tracked, and a margin away from where not."""
        reach = round(margin_s * self.rate)
        bad = np.convolve(~self.usable, np.ones(2 * reach + 1), "same") > 0.5
        index = np.clip(np.round(times * self.rate).astype(int), 0, len(bad) - 1)
        return ~bad[index]


@pytest.fixture(scope="module", params=sorted(TRIALS))
def trial(request, real_data) -> Trial:
    data = loadmat(real_data / "broad" / f"{request.param}.mat", squeeze_me=True)
    rate, pose, place = float(data["sampling_rate"]), data["opt_quat"], data["opt_pos"]
    times = np.arange(len(pose)) / rate
    tracked = np.isfinite(pose).all(axis=1) & np.isfinite(place).all(axis=1)
    real = ImuRecording(times, ("imu",), data["imu_acc"][:, None], data["imu_gyr"][:, None])
    return Trial(
        request.param,
        CubicSpline(times[tracked], place[tracked], extrapolate=False),
        CubicSpline(times[tracked], rot.continuous(pose[tracked]), extrapolate=False),
        real,
        tracked & (data["movement"] > 0),
        rate,
    )


@pytest.fixture(scope="module")
def fit(trial) -> AlignmentFit:
    """The alignment at the optics' own rate, where differentiating belongs."""
    times = trial.real.times_s
    inside = np.flatnonzero(np.isfinite(trial.place(times)).all(axis=1))
    times = times[inside[0] : inside[-1] + 1]
    virtual = simulate(
        trial.place(times)[:, None], trial.rotations(times)[:, None], trial.rate, ("imu",),
        SimulationOptions(rate_hz=trial.rate),
    )  # fmt: skip
    valid = virtual.valid_mask & trial.compared(times, 0.06)
    return fit_alignment(replace(virtual, times_s=times, valid=valid), trial.real)


def test_the_imu_lags_the_optics_by_4_2_ms(fit):
    assert fit.alignment.offset_s == pytest.approx(-4.2e-3, abs=1e-4)
    assert abs(fit.alignment.drift_ppm) < 3.0
    assert fit.ambiguous == ""


def test_the_real_axes_are_those_of_the_tracked_body_within_about_a_degree(fit):
    turn = rot.matrix_from_quaternion(np.array(fit.alignment.mounting("imu")))
    assert np.degrees(rot.angle_between(turn, np.eye(3))) < 1.2


def rms(error: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.sum(error**2, axis=-1))))


def residuals(trial: Trial, fit: AlignmentFit) -> dict[str, float]:
    """RMS at 60 Hz after fitting lever arm and biases (lag as aligned; axes as published)."""
    real = resampled(trial.real, 60.0)
    clip = clip_time(replace(fit.alignment, drift_ppm=0.0), real.times_s)
    tracked = np.isfinite(trial.place(clip)).all(axis=1)
    clip, real_acc, real_gyro = clip[tracked], real.acc_mps2[tracked, 0], real.gyro_radps[tracked]
    use = trial.compared(clip, 4 / 60.0)
    rotations, place = trial.rotations(clip), trial.place(clip)
    found = {}
    for name, second_derivative in (("eq3", acceleration_eq3), ("savgol", acceleration_savgol)):
        # A lever arm r moves the sensor to p + R r, so its force is linear in r.
        force = second_derivative(place, 60.0)[0] + (0.0, 0.0, GRAVITY)
        centre = np.einsum("tji,tj->ti", rotations, force)[use]
        per_arm = np.einsum("tji,tjk->tik", rotations, second_derivative(rotations, 60.0)[0])[use]
        bias = np.broadcast_to(np.eye(3), per_arm.shape)
        design = np.concatenate([per_arm, bias], axis=2)
        missing = real_acc[use] - centre
        solution = np.linalg.lstsq(design.reshape(-1, 6), missing.reshape(-1), rcond=None)[0]
        assert np.abs(solution[:3]).max() < 0.04  # a lever arm of centimetres
        found[name] = rms(missing - design @ solution)
    gyro = angular_velocity_log(rotations[:, None], 60.0)[0]
    error = (real_gyro - gyro)[use, 0]
    found["gyro"] = rms(error - error.mean(axis=0))
    return found


def test_the_residual_is_that_of_the_best_scheme_measured(trial, fit):
    found, published = residuals(trial, fit), TRIALS[trial.name]
    assert found["savgol"] <= 1.03 * published["savgol"]
    assert found["gyro"] <= 1.03 * published["gyro"]
    assert found["eq3"] == pytest.approx(published["eq3"], rel=0.12)
    # Far below the published figure would mean that the fit has swallowed the difference.
    assert found["savgol"] >= 0.88 * published["savgol"]
    assert found["gyro"] >= 0.9 * published["gyro"]
    assert found["savgol"] < found["eq3"]
