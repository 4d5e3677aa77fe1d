"""Find where on its bone a worn sensor sits, and how it is turned, from what it recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import least_squares

from harstudio.core import rotations as rot
from harstudio.core.arrays import BoolArray, FloatArray, IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording

FIT_SHARE = 0.6
"""The first part of the overlap that is fitted; the rest judges the fit."""

_APART_S = 1.0
"""What lies between the two parts, so that no motion is in both."""

_SHORTEST_S = 10.0
_MAX_SAMPLES = 12_000
_ROUNDS = 3
_ARM_SD_M = 0.1
"""A sensor is on the body: an arm that the motion does not tell stays within this."""
_ACC_BIAS_SD = 0.3
_GYRO_BIAS_SD = 0.1
_LEAST_GAIN = 0.01
_UNKNOWN_M = 0.02
_UNKNOWN_RAD = np.radians(5.0)


@dataclass(frozen=True, eq=False)
class BoneSignals:
    """What a sensor at a place on a bone would read for any lever arm, in the place's axes.

    Specific force is linear in the arm: ``acc + by_arm @ arm``. So it is for the simulator's
    differentiation and resampling too, and a fit in these terms agrees with it exactly.

    Attributes
    ----------
    times_s : (T,) array, s
    valid : (T,) bool array
    acc : (T, 3) array, m/s2, without an arm
    by_arm : (T, 3, 3) array, 1/s2; columns by the arm's x, y and z
    gyro : (T, 3) array, rad/s
    """

    times_s: FloatArray
    valid: BoolArray
    acc: FloatArray
    by_arm: FloatArray
    gyro: FloatArray


@dataclass(frozen=True, eq=False)
class Worn:
    """What one real sensor recorded, on the clip's clock.

    Attributes
    ----------
    times_s : (N,) array, s
    valid : (N,) bool array
    acc : (N, 3) array, m/s2
    gyro : (N, 3) array, rad/s, or None
    """

    times_s: FloatArray
    valid: BoolArray
    acc: FloatArray
    gyro: FloatArray | None


@dataclass(frozen=True)
class Residual:
    """Root mean square of virtual minus real over all axes: m/s2, and rad/s (None: no gyro)."""

    acc: float
    gyro: float | None


@dataclass(frozen=True, eq=False)
class PlacementFit:
    """How a sensor seems to be worn, and what that gains.

    Attributes
    ----------
    rotation : (3, 3) array, site from sensor
    arm_m : (3,) array, m, site axes
    rotation_sd_rad : float
        Standard deviation about the axis known worst.
    arm_sd_m : (3,) array, m; 0 along axes that were not fitted
    fit_span, test_span : (start, end), s of the clip
        What was fitted, and what was held out.
    fit_before, fit_after, test_before, test_after : Residual
    doubts : str
        What the motion hardly tells; empty if nothing.
    """

    rotation: FloatArray
    arm_m: FloatArray
    rotation_sd_rad: float
    arm_sd_m: FloatArray
    fit_span: tuple[float, float]
    test_span: tuple[float, float]
    fit_before: Residual
    fit_after: Residual
    test_before: Residual
    test_after: Residual
    doubts: str = ""

    @property
    def gain(self) -> float:
        """Share of the acceleration's residual that is gone where the fit has not looked."""
        before = self.test_before.acc
        return 1.0 - self.test_after.acc / before if before > 0 else 0.0

    @property
    def worth_it(self) -> bool:
        """A gain on the held-out part that the gyro does not pay for."""
        before, after = self.test_before.gyro, self.test_after.gyro
        kept = before is None or after is None or after <= before * (1 + _LEAST_GAIN)
        return self.gain >= _LEAST_GAIN and kept


def bone_paths(positions: FloatArray, rotations: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Paths of four sensors whose signals make `bone_signals`.

    Parameters
    ----------
    positions : (T, 3) array, m, world: the place's path
    rotations : (T, 3, 3) array, world from the place's axes

    Returns
    -------
    (T, 4, 3) positions: at the place, then a metre along its x, y and z; (T, 4, 3, 3) rotations
    """
    arms = np.swapaxes(rotations, -1, -2)
    points = np.concatenate([positions[:, None], positions[:, None] + arms], axis=1)
    return points, np.repeat(rotations[:, None], 4, axis=1)


def bone_signals(simulated: ImuRecording) -> BoneSignals:
    """From the simulated signals of the four sensors of `bone_paths`, in that order."""
    acc, gyro = simulated.acc_mps2, simulated.gyro_radps
    if acc.shape[1] != 4 or gyro is None:
        raise HarstudioError(f"placement: got {acc.shape[1]} virtual sensors, expected 4 with gyro")
    by_arm = np.swapaxes(acc[:, 1:] - acc[:, :1], -1, -2)
    return BoneSignals(simulated.times_s, simulated.valid_mask, acc[:, 0], by_arm, gyro[:, 0])


def fit_placement(
    bone: BoneSignals,
    worn: Worn,
    rotation: FloatArray,
    arm_m: FloatArray,
    *,
    turn: bool = True,
    axes: tuple[bool, bool, bool] = (True, True, True),
) -> PlacementFit:
    """Least squares over a sensor's rotation and lever arm on the first part of a recording.

    Parameters
    ----------
    bone : BoneSignals
    worn : Worn
        Aligned: on the clip's clock, in the sensor's own axes as they are compared.
    rotation : (3, 3) array, site from sensor, to start from and to be judged against
    arm_m : (3,) array, m, likewise
    turn : bool
        Fit the rotation.
    axes : three bools
        Which of the arm's axes to fit.

    Raises
    ------
    HarstudioError
        Nothing to fit, or less than 10 s of valid overlap.

    Notes
    -----
    Biases of the sensor are fitted along, lest they pass for an arm, but the residuals are told
    without them, as the signals are shown. Each signal counts by its residual, with the square
    root of large ones (soft L1), so that impacts do not decide alone.
    """
    if not turn and not any(axes):
        raise HarstudioError("placement: nothing to fit", "choose rotation, lever arm, or both")
    problem = _Problem(_sampled(bone, worn), rotation, arm_m, turn, np.array(axes, bool))
    return problem.solve()


def residuals(
    bone: BoneSignals, worn: Worn, rotation: FloatArray, arm_m: FloatArray
) -> tuple[Residual, Residual]:
    """Residuals of a given placement on the fitted and on the held-out part."""
    problem = _Problem(_sampled(bone, worn), rotation, arm_m, True, np.zeros(3, bool))
    guess = problem.start
    return problem.residual(guess, problem.fit), problem.residual(guess, problem.test)


@dataclass(frozen=True, eq=False)
class _Samples:
    """Bone and sensor at the same moments (all valid), in two parts."""

    times_s: FloatArray
    acc: FloatArray
    by_arm: FloatArray
    gyro: FloatArray
    real_acc: FloatArray
    real_gyro: FloatArray | None
    fit: IntArray
    test: IntArray


def _sampled(bone: BoneSignals, worn: Worn) -> _Samples:
    after = np.searchsorted(bone.times_s, worn.times_s)
    use = worn.valid & (after > 0) & (after < len(bone.times_s))
    use[use] &= bone.valid[after[use]] & bone.valid[after[use] - 1]
    use &= np.isfinite(worn.acc).all(axis=1)
    if worn.gyro is not None:
        use &= np.isfinite(worn.gyro).all(axis=1)
    times = worn.times_s[use]
    span = float(times[-1] - times[0]) if len(times) > 1 else 0.0
    if span < _SHORTEST_S or len(times) < 100:
        raise HarstudioError(
            f"placement: {span:.1f} s of recording lie on the motion, expected at least "
            f"{_SHORTEST_S:g} s",
            "align the recording first, or choose a longer clip",
        )
    end = times[0] + FIT_SHARE * span
    fit = np.flatnonzero(times <= end - 0.5 * _APART_S)
    test = np.flatnonzero(times > end + 0.5 * _APART_S)
    if len(fit) < 50 or len(test) < 50:
        raise HarstudioError("placement: too few valid samples on either side to fit and to judge")
    known = np.isfinite(bone.acc).all(axis=1)
    signals = np.concatenate([bone.acc, bone.gyro, bone.by_arm.reshape(-1, 9)], axis=1)[known]
    at = CubicSpline(bone.times_s[known], signals, axis=0)(times)
    gyro = None if worn.gyro is None else worn.gyro[use]
    by_arm = at[:, 6:].reshape(-1, 3, 3)
    return _Samples(times, at[:, :3], by_arm, at[:, 3:6], worn.acc[use], gyro, fit, test)


@dataclass(frozen=True, eq=False)
class _Guess:
    rotation: FloatArray
    arm: FloatArray
    acc_bias: FloatArray
    gyro_bias: FloatArray


class _Problem:
    """Parameters: a turn (3) of the rotation, the free part of the arm, two biases (3 each)."""

    def __init__(
        self, samples: _Samples, rotation: FloatArray, arm: FloatArray, turn: bool, axes: BoolArray
    ) -> None:
        self._samples, self._turn, self._axes = samples, turn, axes
        self.start = _Guess(rotation, np.asarray(arm, float), np.zeros(3), np.zeros(3))
        self.fit, self.test = samples.fit, samples.test
        self._picked = samples.fit[:: -(-len(samples.fit) // _MAX_SAMPLES)]
        self._arms = int(np.count_nonzero(axes))
        self._turns = 3 if turn else 0

    def _guess(self, x: FloatArray) -> _Guess:
        first = self.start
        rotation = first.rotation @ rot.exp(x[:3]) if self._turn else first.rotation
        arm = np.array(first.arm)
        arm[self._axes] = x[self._turns : self._turns + self._arms]
        return _Guess(rotation, arm, x[-6:-3], x[-3:])

    def _errors(self, guess: _Guess, index: IntArray) -> tuple[FloatArray, FloatArray | None]:
        """Virtual plus bias minus real, sensor axes: (n, 3) acc, and (n, 3) gyro or None."""
        s = self._samples
        force = s.acc[index] + s.by_arm[index] @ guess.arm
        acc = force @ guess.rotation + guess.acc_bias - s.real_acc[index]
        if s.real_gyro is None:
            return acc, None
        gyro = s.gyro[index] @ guess.rotation + guess.gyro_bias - s.real_gyro[index]
        return acc, gyro

    def residual(self, guess: _Guess, index: IntArray) -> Residual:
        bare = _Guess(guess.rotation, guess.arm, np.zeros(3), np.zeros(3))
        acc, gyro = self._errors(bare, index)
        return Residual(_rms(acc), None if gyro is None else _rms(gyro))

    def solve(self) -> PlacementFit:
        x = np.zeros(self._turns + self._arms + 6)
        x[self._turns : self._turns + self._arms] = self.start.arm[self._axes]
        found: Any = None
        for _ in range(_ROUNDS):
            scales = self._scales(self._guess(x))
            found = least_squares(self._rows, x, args=(scales,), loss="soft_l1", x_scale="jac")
            x = found.x
        return self._summary(x, np.asarray(found.jac, float))

    def _scales(self, guess: _Guess) -> tuple[float, float]:
        acc, gyro = self._errors(guess, self._picked)
        return max(_rms(acc), 1e-6), max(_rms(gyro), 1e-7) if gyro is not None else 1.0

    def _rows(self, x: FloatArray, scales: tuple[float, float]) -> FloatArray:
        guess = self._guess(x)
        acc, gyro = self._errors(guess, self._picked)
        rows = [
            acc.ravel() / scales[0],
            guess.arm[self._axes] / _ARM_SD_M,
            guess.acc_bias / _ACC_BIAS_SD,
            guess.gyro_bias / _GYRO_BIAS_SD,
        ]
        if gyro is not None:
            rows.insert(1, gyro.ravel() / scales[1])
        return np.concatenate(rows)

    def _summary(self, x: FloatArray, jacobian: FloatArray) -> PlacementFit:
        guess, s = self._guess(x), self._samples
        covariance = np.linalg.pinv(jacobian.T @ jacobian, hermitian=True)
        covariance *= self._inflation(guess)
        turns = covariance[: self._turns, : self._turns]
        worst = float(np.sqrt(np.linalg.eigvalsh(turns)[-1])) if self._turn else 0.0
        arm_sd = np.zeros(3)
        part = slice(self._turns, self._turns + self._arms)
        arm_sd[self._axes] = np.sqrt(np.maximum(np.diag(covariance)[part], 0.0))
        return PlacementFit(
            rotation=guess.rotation,
            arm_m=guess.arm,
            rotation_sd_rad=worst,
            arm_sd_m=arm_sd,
            fit_span=(float(s.times_s[s.fit[0]]), float(s.times_s[s.fit[-1]])),
            test_span=(float(s.times_s[s.test[0]]), float(s.times_s[s.test[-1]])),
            fit_before=self.residual(self.start, s.fit),
            fit_after=self.residual(guess, s.fit),
            test_before=self.residual(self.start, s.test),
            test_after=self.residual(guess, s.test),
            doubts=_doubts(worst, arm_sd),
        )

    def _inflation(self, guess: _Guess) -> float:
        """How many neighbouring residuals count as one, (1 + rho) / (1 - rho)."""
        acc, _ = self._errors(guess, self._picked)
        energy = np.sum(acc**2, axis=0)
        if not (energy > 0).all():
            return 1.0
        rho = float(np.clip(np.median(np.sum(acc[1:] * acc[:-1], axis=0) / energy), 0.0, 0.999))
        return (1.0 + rho) / (1.0 - rho)


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _doubts(rotation_sd: float, arm_sd: FloatArray) -> str:
    doubts = [
        f"the arm along {axis} is known to {1000 * sd:.0f} mm only"
        for axis, sd in zip("xyz", arm_sd, strict=True)
        if sd > _UNKNOWN_M
    ]
    if rotation_sd > _UNKNOWN_RAD:
        doubts.append(f"the rotation is known to {np.degrees(rotation_sd):.0f} deg only")
    return "; ".join(doubts)
