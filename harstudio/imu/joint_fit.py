"""Least squares for lag, drift, mounting rotations and gyro biases at once (Gauss-Newton)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import CubicSpline

from harstudio.core import rotations as rot
from harstudio.core.arrays import BoolArray, FloatArray, IntArray
from harstudio.core.errors import HarstudioError

_MAX_SAMPLES = 20_000
_ITERATIONS = 25
_CONVERGED_S = 1e-9

Signal = tuple[FloatArray, FloatArray]
TimesAndValid = tuple[FloatArray, BoolArray]


@dataclass(frozen=True)
class PairSignals:
    """One sensor's virtual (T, 3) and real (N, 3) signals: gyro rad/s (or None) and acc m/s2."""

    gyro: Signal | None
    acc: Signal

    @property
    def main(self) -> Signal:
        """What a lag is read from: the gyro, which knows no gravity, where there is one."""
        return self.acc if self.gyro is None else self.gyro


@dataclass(frozen=True)
class JointFit:
    """The result; sequences hold one entry per pair."""

    offset_s: float
    drift_ppm: float
    rotations: tuple[FloatArray, ...]
    lag_sd_s: float
    drift_sd_ppm: float
    rotation_sd_rad: tuple[float, ...]
    conditioning: tuple[float, ...]
    drift_fitted: bool
    overlap_s: float


def solved_rotation(virtual: FloatArray, real: FloatArray, yaw_only: bool = False) -> FloatArray:
    """Rotation (3, 3) that best takes real vectors (N, 3) to virtual ones (Kabsch 1976)."""
    h = real.T @ virtual
    if yaw_only:
        return rot.exp((0.0, 0.0, np.arctan2(h[0, 1] - h[1, 0], h[0, 0] + h[1, 1])))
    u, _, vt = np.linalg.svd(h)
    sign = np.sign(np.linalg.det(vt.T @ u.T)) or 1.0
    rotation: FloatArray = vt.T @ np.diag([1.0, 1.0, sign]) @ u.T
    return rotation


def joint_fit(
    signals: list[PairSignals],
    virtual: TimesAndValid,
    real: TimesAndValid,
    offset_s: float,
    first_span: tuple[float, float],
    *,
    drift_from_s: float,
    yaw_only: bool = False,
) -> JointFit:
    """Refine a rough offset.

    The fit starts with `first_span` of the real clock, where the rough offset holds, and widens
    to the whole recording, so that a drift cannot put the far ends a period off.

    Parameters
    ----------
    signals : list of PairSignals
    virtual, real : times (s, each on its own clock) and valid samples
    offset_s : float
        Clip time of the real clock's time 0, within a fraction of the motion's period.
    first_span : (start, end), s on the real clock
    drift_from_s : float
        Overlap from which on the drift is fitted.
    yaw_only : bool
        Rotations about z only.

    Raises
    ------
    HarstudioError
        The recordings do not overlap.
    """
    problem = _Problem(signals, virtual, real, yaw_only)
    middle = 0.5 * (first_span[0] + first_span[1])
    half = 0.5 * (first_span[1] - first_span[0])
    whole = max(real[0][-1] - middle, middle - real[0][0])
    state = problem.start(offset_s, middle, half)
    while True:
        state, information, overlap = problem.solve(state, half, drift_from_s)
        if half >= whole:
            break
        half *= 2.0
    return problem.summary(state, information, overlap, overlap >= drift_from_s)


@dataclass(frozen=True)
class _State:
    """clip = t + lag + drift (t - middle); virtual = rotation @ real + bias."""

    lag: float
    drift: float
    middle: float
    rotations: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]

    def clip(self, times: FloatArray) -> FloatArray:
        return times + self.lag + self.drift * (times - self.middle)


@dataclass(frozen=True)
class _Information:
    """The normal matrix, each residual weighted, and how much it overstates what is known."""

    normal: FloatArray
    inflation: float


@dataclass
class _Problem:
    signals: list[PairSignals]
    virtual: TimesAndValid
    real: TimesAndValid
    yaw_only: bool
    splines: list[list[tuple[CubicSpline, CubicSpline]]] = field(init=False)

    def __post_init__(self) -> None:
        self.splines = []
        for pair in self.signals:
            curves = [CubicSpline(self.virtual[0], v, axis=0) for v, _ in self._channels(pair)]
            self.splines.append([(curve, curve.derivative()) for curve in curves])

    @staticmethod
    def _channels(pair: PairSignals) -> list[Signal]:
        return [pair.acc] if pair.gyro is None else [pair.gyro, pair.acc]

    def _has_bias(self, pair: PairSignals) -> bool:
        return pair.gyro is not None and not self.yaw_only

    def start(self, offset: float, middle: float, half: float) -> _State:
        zeros = tuple(np.zeros(3) for _ in self.signals)
        state = _State(offset, 0.0, middle, tuple(np.eye(3) for _ in self.signals), zeros)
        index = self._used(state, half)
        clip = state.clip(self.real[0][index])
        rotations, biases = [], []
        for pair, curves in zip(self.signals, self.splines, strict=True):
            virtual = curves[0][0](clip)
            real = pair.main[1][index]
            if self._has_bias(pair):
                rotation = solved_rotation(virtual - virtual.mean(0), real - real.mean(0))
                biases.append((virtual - real @ rotation.T).mean(0))
            else:
                rotation = solved_rotation(virtual, real, self.yaw_only)
                biases.append(np.zeros(3))
            rotations.append(rotation)
        return _State(offset, 0.0, middle, tuple(rotations), tuple(biases))

    def _used(self, state: _State, half: float) -> IntArray:
        """Indices of the real samples to fit: valid, on valid virtual ones, evenly thinned."""
        times, valid = self.real
        v_times, v_valid = self.virtual
        clip = state.clip(times)
        after = np.searchsorted(v_times, clip)
        use = valid & (after > 0) & (after < len(v_times)) & (np.abs(times - state.middle) <= half)
        use[use] &= v_valid[after[use]] & v_valid[after[use] - 1]
        index = np.flatnonzero(use)
        if len(index) < 8:
            raise HarstudioError(
                f"alignment: {len(index)} valid samples overlap, expected at least 8",
                "check the start times of the recordings",
            )
        return index[:: -(-len(index) // _MAX_SAMPLES)]

    def solve(
        self, state: _State, half: float, drift_from_s: float
    ) -> tuple[_State, _Information, float]:
        """Gauss-Newton over the samples within `half` of the middle."""
        index = self._used(state, half)
        overlap = float(np.ptp(self.real[0][index]))
        free = self._free(overlap >= drift_from_s)
        weights = self._weights(state, index)
        normal, gradient, cost = self._normal(state, index, weights)
        for _ in range(_ITERATIONS):
            step = np.zeros(len(free))
            block = normal[np.ix_(free, free)]
            scale = 1.0 / np.sqrt(np.maximum(np.diag(block), 1e-300))
            scaled = block * scale * scale[:, None]
            step[free] = -scale * np.linalg.lstsq(scaled, scale * gradient[free], rcond=1e-12)[0]
            for shrink in (1.0, 0.5, 0.25, 0.0625, 0.0):
                trial = self._stepped(state, shrink * step)
                clip = trial.clip(self.real[0][index])
                if clip.min() < self.virtual[0][0] - 1.0 or clip.max() > self.virtual[0][-1] + 1.0:
                    continue  # a spline means nothing so far outside
                result = self._normal(trial, index, weights, state)
                if result[2] <= cost:
                    break
            moved = abs(trial.lag - state.lag) + abs(trial.drift - state.drift) * half
            state, (normal, gradient, cost) = trial, result
            if moved < _CONVERGED_S:
                break
            weights = self._weights(state, index)
            normal, gradient, cost = self._normal(state, index, weights)
        block = np.where(np.outer(free, free), normal, 0.0)
        return state, _Information(block, self._inflation(state, index)), overlap

    def _free(self, drift: bool) -> BoolArray:
        free = [True, drift]
        for pair in self.signals:
            free += [not self.yaw_only, not self.yaw_only, True] + [self._has_bias(pair)] * 3
        return np.array(free)

    def _residuals(
        self, state: _State, index: IntArray, acc_state: _State
    ) -> list[list[FloatArray]]:
        """Virtual minus rotated real; a second signal is read at the times of `acc_state`."""
        times = self.real[0][index]
        clips = (state.clip(times), acc_state.clip(times))
        residuals = []
        for p, (pair, curves) in enumerate(zip(self.signals, self.splines, strict=True)):
            channels = self._channels(pair)
            rows = []
            for c, ((_, real), (curve, _)) in enumerate(zip(channels, curves, strict=True)):
                bias = state.biases[p] if c == 0 and self._has_bias(pair) else 0.0
                rows.append(curve(clips[c]) - real[index] @ state.rotations[p].T - bias)
            residuals.append(rows)
        return residuals

    def _weights(self, state: _State, index: IntArray) -> list[list[float]]:
        """1 / RMS residual of each signal, but at most what a perfect fit to 1e-9 would give."""
        weights = []
        for pair, rows in zip(self.signals, self._residuals(state, index, state), strict=True):
            spreads = [np.sqrt(np.mean(v**2)) for v, _ in self._channels(pair)]
            weights.append(
                [
                    1.0 / max(float(np.sqrt(np.mean(e**2))), 1e-9 * spread, 1e-12)
                    for e, spread in zip(rows, spreads, strict=True)
                ]
            )
        return weights

    def _normal(
        self,
        state: _State,
        index: IntArray,
        weights: list[list[float]],
        acc_state: _State | None = None,
    ) -> tuple[FloatArray, FloatArray, float]:
        """Normal matrix, gradient and cost; parameters lag, drift, then 3 + 3 per pair.

        With a gyro, acceleration helps to find the rotation but not the lag: it depends on the
        lever arm, and in BROAD it lags the optics by 2 to 3 ms where the gyro lags by 4.2. So it
        keeps the times of `acc_state` while a step is tried, and has no derivative by lag and
        drift.
        """
        size = 2 + 6 * len(self.signals)
        normal, gradient, cost = np.zeros((size, size)), np.zeros(size), 0.0
        times = self.real[0][index]
        clip, since = state.clip(times), times - state.middle
        residuals = self._residuals(state, index, acc_state or state)
        for p, (pair, curves) in enumerate(zip(self.signals, self.splines, strict=True)):
            columns = np.r_[0, 1, 2 + 6 * p : 8 + 6 * p]
            for c, (_, real) in enumerate(self._channels(pair)):
                weight, error = weights[p][c], residuals[p][c]
                jacobian = np.zeros((len(index), 3, 8))
                if c == 0:
                    jacobian[:, :, 0] = curves[c][1](clip)
                    jacobian[:, :, 1] = jacobian[:, :, 0] * since[:, None]
                jacobian[:, :, 2:5] = rot.cross_matrix(real[index] @ state.rotations[p].T)
                if c == 0 and self._has_bias(pair):
                    jacobian[:, :, 5:8] = -np.eye(3)
                rows = weight * jacobian.reshape(-1, 8)
                errors = weight * error.reshape(-1)
                normal[np.ix_(columns, columns)] += rows.T @ rows
                gradient[columns] += rows.T @ errors
                cost += float(errors @ errors)
        return normal, gradient, cost

    def _stepped(self, state: _State, step: FloatArray) -> _State:
        turns = step[2:].reshape(-1, 6)
        return _State(
            state.lag + step[0],
            state.drift + step[1],
            state.middle,
            tuple(
                rot.exp(turn[:3]) @ matrix
                for turn, matrix in zip(turns, state.rotations, strict=True)
            ),
            tuple(bias + turn[3:] for turn, bias in zip(turns, state.biases, strict=True)),
        )

    def _inflation(self, state: _State, index: IntArray) -> float:
        """How many neighbouring residuals count as one: (1 + rho) / (1 - rho)."""
        errors = np.concatenate(
            [row for rows in self._residuals(state, index, state) for row in rows], axis=1
        )
        errors = errors - errors.mean(axis=0)
        energy = np.sum(errors**2, axis=0)
        if len(errors) < 3 or not (energy > 0).any():
            return 1.0
        rho = np.sum(errors[1:] * errors[:-1], axis=0)[energy > 0] / energy[energy > 0]
        typical = float(np.clip(np.median(rho), 0.0, 0.999))
        return (1.0 + typical) / (1.0 - typical)

    def summary(
        self, state: _State, information: _Information, overlap: float, drift_fitted: bool
    ) -> JointFit:
        covariance, normal = _inverse(information.normal), information.normal
        covariance *= information.inflation
        rotation_sd, conditioning = [], []
        for p in range(len(self.signals)):
            block = slice(2 + 6 * p + (2 if self.yaw_only else 0), 5 + 6 * p)
            known = _known_apart(normal, block)
            ratio = np.sqrt(known[-1] / known[0]) if known[0] > 1e-14 * known[-1] else np.inf
            conditioning.append(float(ratio))
            worst = float(np.sqrt(information.inflation / known[0])) if known[0] > 0 else np.inf
            rotation_sd.append(worst if np.isfinite(ratio) else np.inf)
        sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        return JointFit(
            offset_s=float(state.lag - state.drift * state.middle),
            drift_ppm=float(state.drift * 1e6),
            rotations=state.rotations,
            lag_sd_s=float(sd[0]) if sd[0] > 0 else np.inf,
            drift_sd_ppm=float(sd[1] * 1e6) if drift_fitted and sd[1] > 0 else np.inf,
            rotation_sd_rad=tuple(rotation_sd),
            conditioning=tuple(conditioning),
            drift_fitted=drift_fitted,
            overlap_s=overlap,
        )


def _inverse(normal: FloatArray) -> FloatArray:
    """Pseudo-inverse of a normal matrix whose parameters have different units."""
    diagonal = np.diag(normal)
    scale = np.where(diagonal > 0, 1.0 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0)), 0.0)
    outer = np.outer(scale, scale)
    inverse: FloatArray = outer * np.linalg.pinv(normal * outer, rcond=1e-12, hermitian=True)
    return inverse


def _known_apart(normal: FloatArray, block: slice) -> FloatArray:
    """Eigenvalues, rising, of what is known of a block once all else is fitted with it."""
    others = np.ones(len(normal), dtype=bool)
    others[block] = False
    coupling = normal[block][:, others]
    rest = _inverse(normal[np.ix_(others, others)])
    alone: FloatArray = normal[block, block] - coupling @ rest @ coupling.T
    return np.asarray(np.maximum(np.linalg.eigvalsh(alone), 0.0), dtype=np.float64)
