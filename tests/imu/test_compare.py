"""Metrics of likeness, and mounting rotations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core import rotations as rot
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.timebase import Alignment
from harstudio.imu.compare import mounted, residual_metrics


def noise(seed: int, count: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, 3))


def test_equal_signals_have_no_residual():
    found = residual_metrics(noise(0), noise(0))
    assert found.rmse == found.nrmse == (0.0, 0.0, 0.0)
    assert found.r == pytest.approx((1.0, 1.0, 1.0))
    assert found.magnitude_mse == 0.0
    assert found.samples == 200


def test_a_constant_offset_is_the_rmse_and_leaves_the_correlation():
    real = noise(0)
    found = residual_metrics(real + np.array([1.0, 0.0, -2.0]), real)
    assert found.rmse == pytest.approx((1.0, 0.0, 2.0))
    assert found.nrmse == pytest.approx(np.array([1.0, 0.0, 2.0]) / real.std(axis=0))
    assert found.r == pytest.approx((1.0, 1.0, 1.0))


def test_an_inverted_axis_has_correlation_minus_one():
    found = residual_metrics(noise(0) * (1, -1, 1), noise(0))
    assert found.r == pytest.approx((1.0, -1.0, 1.0))


def test_the_magnitude_is_blind_to_swapped_axes():
    found = residual_metrics(noise(0)[:, [1, 0, 2]], noise(0))
    assert found.magnitude_mse == pytest.approx(0.0, abs=1e-20)
    assert min(found.rmse[:2]) > 1.0


def test_magnitude_mse_is_that_of_the_lengths():
    found = residual_metrics(np.tile([3.0, 4.0, 0.0], (5, 1)), np.tile([0.0, 0.0, 2.0], (5, 1)))
    assert found.magnitude_mse == pytest.approx(9.0)


def test_only_masked_and_finite_samples_count():
    virtual, real = noise(0), noise(0)
    virtual[:10] += 100.0
    virtual[20] = np.nan
    mask = np.arange(200) >= 10
    found = residual_metrics(virtual, real, mask)
    assert found.rmse == (0.0, 0.0, 0.0)
    assert found.samples == 189


def test_a_constant_real_signal_has_no_correlation_and_infinite_nrmse():
    found = residual_metrics(noise(0), np.zeros((200, 3)))
    assert np.isnan(found.r).all()
    assert np.isinf(found.nrmse).all()


def test_nothing_in_common_is_refused():
    with pytest.raises(HarstudioError, match="0 samples in common"):
        residual_metrics(noise(0), noise(0), np.zeros(200, dtype=bool))


def test_signals_of_different_lengths_are_refused():
    with pytest.raises(HarstudioError, match="real signal"):
        residual_metrics(noise(0), noise(0, 100))


@given(st.tuples(*[st.floats(-3, 3)] * 3))
def test_mounting_turns_signals_and_keeps_world_vectors(turn):
    q = rot.quaternion_from_axis_angle(turn)
    poses = rot.quaternion_from_axis_angle(noise(1, 20))[:, None]
    recording = ImuRecording(
        np.arange(20) / 10.0, ("a",), noise(2, 20)[:, None], noise(3, 20)[:, None], poses
    )
    turned = mounted(recording, Alignment(mounting_wxyz=(("a", tuple(q)),)))
    matrix = rot.exp(turn)
    assert np.abs(turned.acc_mps2 - recording.acc_mps2 @ matrix.T).max() < 1e-12
    assert np.abs(turned.gyro_radps - recording.gyro_radps @ matrix.T).max() < 1e-12

    def in_world(r: ImuRecording) -> np.ndarray:
        matrices = rot.matrix_from_quaternion(r.orientation_wxyz)
        return np.einsum("tsij,tsj->tsi", matrices, r.acc_mps2)

    assert np.abs(in_world(turned) - in_world(recording)).max() < 1e-12


def test_a_yaw_turns_a_global_recording_and_its_orientation():
    quarter = rot.quaternion_from_axis_angle((0.0, 0.0, np.pi / 2))
    recording = ImuRecording(
        np.arange(2) / 10.0, ("a",), np.tile([1.0, 0, 0], (2, 1, 1)), None,
        np.tile([1.0, 0, 0, 0], (2, 1, 1)), frame="global", with_gravity=False,
    )  # fmt: skip
    turned = mounted(recording, Alignment(mounting_wxyz=(("a", tuple(quarter)),)))
    assert np.abs(turned.acc_mps2 - (0.0, 1.0, 0.0)).max() < 1e-12
    assert np.abs(turned.orientation_wxyz - quarter).max() < 1e-12


def test_without_a_known_mounting_nothing_turns():
    recording = ImuRecording(np.arange(2) / 10.0, ("a",), np.ones((2, 1, 3)))
    assert np.array_equal(mounted(recording, Alignment()).acc_mps2, recording.acc_mps2)


def swinging(delay_s: float = 0.0, seconds: float = 20.0) -> np.ndarray:
    """(T, 3) at 60 Hz: sines up to 5 Hz that do not repeat."""
    rng = np.random.default_rng(5)
    hz, phase = rng.uniform(0.4, 5.0, (10, 3)), rng.uniform(0, 6, (10, 3))
    times = np.arange(round(seconds * 60)) / 60.0 - delay_s
    return np.sin(2 * np.pi * hz * times[:, None, None] + phase).sum(axis=1)


def test_without_a_rate_what_needs_one_is_not_a_number():
    found = residual_metrics(noise(0), noise(1))
    assert np.isnan([found.lag_s, found.coherence_mean, *found.psd_ratio]).all()
    assert np.isnan(found.wasserstein).all()
    assert found.coherence_segments == 0


def test_a_late_attenuated_copy_is_told_apart_in_every_metric():
    virtual = swinging()
    found = residual_metrics(virtual, 2.0 * swinging(0.025), rate_hz=60.0)
    assert found.lag_s == pytest.approx(0.025, abs=2e-4)
    assert found.coherence_mean > 0.95
    assert found.psd_ratio[0] == pytest.approx(0.25, rel=0.05)
    assert found.psd_ratio[1] == pytest.approx(0.25, rel=0.05)
    spread = np.array(found.spread)
    assert found.nrmse == pytest.approx(np.array(found.rmse) / spread)
    assert found.nrmse_all == pytest.approx(found.rmse_all / np.sqrt(np.mean(spread**2)))


def test_overall_figures_are_of_the_axes():
    found = residual_metrics(noise(0) * (1, -1, 1) + np.array([3, 0, 4]), noise(0))
    assert found.rmse_all == pytest.approx(np.sqrt(np.mean(np.square(found.rmse))))
    assert found.r_mean == pytest.approx(1 / 3)
    constant = residual_metrics(np.zeros((5, 3)), np.zeros((5, 3)))
    assert constant.nrmse_all == 0.0
    assert np.isnan(constant.r_mean)
    assert residual_metrics(np.ones((5, 3)), np.zeros((5, 3))).nrmse_all == np.inf


def test_a_shift_is_its_own_wasserstein_distance():
    found = residual_metrics(swinging() + np.array([1.0, 0.0, -2.0]), swinging(), rate_hz=60.0)
    assert found.wasserstein == pytest.approx((1.0, 0.0, 2.0))


def test_a_quarter_second_is_too_short_for_spectra():
    found = residual_metrics(swinging(seconds=0.25), swinging(seconds=0.25), rate_hz=60.0)
    assert np.isnan([*found.coherence, *found.psd_ratio]).all()
    assert found.wasserstein == (0.0, 0.0, 0.0)


def test_a_band_past_half_the_rate_has_no_power_ratio():
    found = residual_metrics(noise(0, 600), noise(1, 600), rate_hz=30.0)
    assert np.isnan(found.psd_ratio[2])
    assert np.isfinite(found.psd_ratio[:2]).all()


def test_masked_samples_change_no_metric():
    virtual, real = swinging(), swinging(0.01)
    mask = np.ones(len(virtual), dtype=bool)
    mask[500:560] = False
    spoilt = np.where(mask[:, None], virtual, 1e6)
    assert residual_metrics(spoilt, real, mask, rate_hz=60.0) == residual_metrics(
        virtual, real, mask, rate_hz=60.0
    )


def test_a_mounting_that_was_not_undone_shows_in_r_and_not_in_the_magnitude():
    turned = swinging() @ rot.exp((0.0, 0.0, 1.5)).T
    found = residual_metrics(turned, swinging(), rate_hz=60.0)
    assert found.magnitude_mse < 1e-20
    assert found.magnitude_wasserstein < 1e-12
    assert found.r_mean < 0.6


def test_rounding_does_not_make_a_constant_signal_vary():
    constant = np.full((1000, 3), 9.80665) + np.array([0.1, 0.2, 0.3])
    found = residual_metrics(noise(0, 1000), constant)
    assert found.spread == (0.0, 0.0, 0.0)
    assert np.isnan(found.r).all()
    assert np.isinf(found.nrmse).all()
