"""Where a worn sensor sits: known truth comes back; the gain is told where it was not sought."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harstudio.core import rotations as rot
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.imu.placement import (
    BoneSignals,
    Residual,
    Worn,
    bone_paths,
    bone_signals,
    fit_placement,
    residuals,
)
from harstudio.imu.simulate import simulate

RATE_HZ = 60.0
ARM = np.array([0.02, -0.008, 0.012])
TURN = rot.exp(np.radians(10.0) * np.array([0.6, -0.64, 0.48]))
STRAIGHT, ON_THE_SKIN = np.eye(3), np.zeros(3)


def swinging(seconds: float, axes: tuple[float, ...] = (1.0, 0.8, 0.6)) -> tuple[FloatArray, ...]:
    """Path of a point on a forearm that swings about given axes: (T, 3) and (T, 3, 3)."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    rates = np.array([1.1, 1.7, 0.6])
    angles = np.array(axes) * np.sin(2 * np.pi * rates * times[:, None] + np.array([0, 1, 2]))
    turns = rot.exp(angles)
    bob = np.stack([0 * times, 0.02 * np.sin(11 * times), 0.03 * np.sin(9 * times)], axis=1)
    return turns @ np.array([0.25, 0.0, 0.0]) + bob, turns


def bone_of(positions: FloatArray, turns: FloatArray) -> BoneSignals:
    points, frames = bone_paths(positions, turns)
    return bone_signals(simulate(points, frames, RATE_HZ, ("at", "x", "y", "z")))


def worn_at(
    positions: FloatArray, turns: FloatArray, turn: FloatArray, arm: FloatArray, noise: float = 0.0
) -> Worn:
    """What a sensor there reads: simulated on its own path, with white noise and biases."""
    rng = np.random.default_rng(0)
    own = simulate((positions + turns @ arm)[:, None], (turns @ turn)[:, None], RATE_HZ, ("s",))
    assert own.gyro_radps is not None
    bias = np.array([0.4, -0.3, 0.2])
    acc = own.acc_mps2[:, 0] + noise * (rng.normal(size=(own.samples, 3)) + bias)
    gyro = own.gyro_radps[:, 0] + 0.05 * noise * (rng.normal(size=(own.samples, 3)) + bias)
    return Worn(own.times_s, own.valid_mask, acc, gyro)


def test_any_arm_is_the_arms_unit_signals_added_up() -> None:
    positions, turns = swinging(4.0)
    bone = bone_of(positions, turns)
    whole = worn_at(positions, turns, STRAIGHT, ARM)
    np.testing.assert_allclose(bone.acc + bone.by_arm @ ARM, whole.acc, atol=1e-9)


def test_arm_and_turn_are_found_under_noise() -> None:
    positions, turns = swinging(40.0)
    worn = worn_at(positions, turns, TURN, ARM, noise=0.3)
    fit = fit_placement(bone_of(positions, turns), worn, STRAIGHT, ON_THE_SKIN)
    assert np.linalg.norm(fit.arm_m - ARM) < 0.003
    assert np.degrees(rot.angle_between(fit.rotation, TURN)) < 1.0
    assert (fit.arm_sd_m < 0.003).all()
    assert fit.worth_it
    assert fit.doubts == ""


def test_without_noise_the_truth_is_found_to_a_tenth_of_a_millimetre() -> None:
    positions, turns = swinging(20.0)
    worn = worn_at(positions, turns, TURN, ARM)
    fit = fit_placement(bone_of(positions, turns), worn, STRAIGHT, ON_THE_SKIN)
    np.testing.assert_allclose(fit.arm_m, ARM, atol=1e-4)
    assert fit.test_after.acc < 1e-3 < fit.test_before.acc


def test_a_sensor_that_sits_as_told_gains_nothing() -> None:
    positions, turns = swinging(20.0)
    worn = worn_at(positions, turns, STRAIGHT, ON_THE_SKIN, noise=0.3)
    fit = fit_placement(bone_of(positions, turns), worn, STRAIGHT, ON_THE_SKIN)
    assert not fit.worth_it
    assert np.linalg.norm(fit.arm_m) < 0.003


def test_what_holds_only_where_it_was_fitted_is_not_worth_it() -> None:
    positions, turns = swinging(20.0)
    slipped = worn_at(positions, turns, STRAIGHT, ARM * 3)
    straight = worn_at(positions, turns, STRAIGHT, ON_THE_SKIN, noise=0.05)
    late = slipped.times_s > 0.6 * slipped.times_s[-1]
    mixed = replace(slipped, acc=np.where(late[:, None], straight.acc, slipped.acc))
    fit = fit_placement(bone_of(positions, turns), mixed, STRAIGHT, ON_THE_SKIN)
    assert fit.fit_after.acc < 0.2 * fit.fit_before.acc
    assert fit.gain < 0
    assert not fit.worth_it


def test_the_parts_do_not_touch() -> None:
    positions, turns = swinging(20.0)
    fit = fit_placement(
        bone_of(positions, turns), worn_at(positions, turns, TURN, ARM), STRAIGHT, ON_THE_SKIN
    )
    assert fit.test_span[0] - fit.fit_span[1] > 0.9
    assert fit.fit_span[1] == pytest.approx(0.6 * 20.0, abs=0.6)


def test_what_is_not_to_be_fitted_stays() -> None:
    positions, turns = swinging(20.0)
    worn = worn_at(positions, turns, TURN, ARM)
    bone = bone_of(positions, turns)
    along = fit_placement(bone, worn, TURN, ON_THE_SKIN, turn=False, axes=(True, False, False))
    np.testing.assert_array_equal(along.rotation, TURN)
    assert along.arm_m[1] == along.arm_m[2] == 0.0
    assert along.arm_m[0] == pytest.approx(ARM[0], abs=0.01)
    only_turn = fit_placement(bone, worn, STRAIGHT, ARM, axes=(False, False, False))
    np.testing.assert_array_equal(only_turn.arm_m, ARM)
    assert np.degrees(rot.angle_between(only_turn.rotation, TURN)) < 0.1


def test_an_arm_that_the_motion_cannot_tell_is_doubted() -> None:
    positions, turns = swinging(20.0, axes=(1.0, 0.0, 0.0))  # about x: no lever along x
    worn = worn_at(positions, turns, STRAIGHT, ARM, noise=0.05)
    fit = fit_placement(bone_of(positions, turns), worn, STRAIGHT, ON_THE_SKIN)
    assert fit.arm_sd_m[0] > 0.02
    assert "arm along x" in fit.doubts
    np.testing.assert_allclose(fit.arm_m[1:], ARM[1:], atol=0.002)


def test_a_recording_without_gyro_will_do() -> None:
    positions, turns = swinging(30.0)
    worn = replace(worn_at(positions, turns, TURN, ARM, noise=0.1), gyro=None)
    fit = fit_placement(bone_of(positions, turns), worn, STRAIGHT, ON_THE_SKIN)
    assert np.linalg.norm(fit.arm_m - ARM) < 0.003
    assert fit.test_after.gyro is None


def test_samples_that_are_not_valid_do_not_count() -> None:
    positions, turns = swinging(20.0)
    worn = worn_at(positions, turns, TURN, ARM)
    broken = np.zeros(len(worn.times_s), bool)
    broken[100:160] = True
    acc = np.where(broken[:, None], np.nan, worn.acc)
    damaged = replace(worn, acc=acc, valid=worn.valid & ~broken)
    fit = fit_placement(bone_of(positions, turns), damaged, STRAIGHT, ON_THE_SKIN)
    np.testing.assert_allclose(fit.arm_m, ARM, atol=1e-3)


def test_residuals_of_the_truth_are_those_of_the_noise() -> None:
    positions, turns = swinging(20.0)
    worn = worn_at(positions, turns, TURN, ARM)
    for part in residuals(bone_of(positions, turns), worn, TURN, ARM):
        assert part.acc < 1e-3
        assert isinstance(part, Residual)


def test_a_short_overlap_is_refused_with_its_length() -> None:
    positions, turns = swinging(8.0)
    worn = worn_at(positions, turns, TURN, ARM)
    with pytest.raises(HarstudioError, match=r"7\.\d s of recording .* at least 10 s"):
        fit_placement(bone_of(positions, turns), worn, STRAIGHT, ON_THE_SKIN)


def test_nothing_to_fit_is_refused() -> None:
    positions, turns = swinging(12.0)
    worn = worn_at(positions, turns, TURN, ARM)
    with pytest.raises(HarstudioError, match="nothing to fit"):
        fit_placement(
            bone_of(positions, turns), worn, STRAIGHT, ON_THE_SKIN, turn=False, axes=(False,) * 3
        )
