"""Find how a real recording lies on a virtual one: lag, clock drift and mounting rotations.

Cross-correlation of magnitudes finds the lag roughly; then offset, drift, rotations and gyro
biases are fitted together by least squares, which also says how well each of them is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import correlate, find_peaks

from harstudio.core import rotations as rot
from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.core.timebase import Alignment
from harstudio.imu.frames import sensed
from harstudio.imu.joint_fit import JointFit, PairSignals, joint_fit, solved_rotation
from harstudio.imu.resample import at_times, resampled

Pairs = tuple[tuple[str, str], ...]

DRIFT_FROM_S = 20.0
"""Overlap from which on a drift can be told from a lag."""

_MAX_RATE_HZ = 100.0
_COARSE_S = 60.0
"""The rough lag is sought with this much of the recording, so that drift cannot smear it."""

_RIVAL = 0.9
"""A second lag that fits this well, relative to the best, makes the lag ambiguous."""

_APART_S = 0.15
"""Lags closer than this are the same one."""

_WEAK = 0.3
_ILL_CONDITIONED = 10.0


@dataclass(frozen=True)
class AlignmentFit:
    """An alignment and how far to trust it.

    Attributes
    ----------
    alignment : Alignment
        Mounting rotations by the real sensors' names.
    lag_sd_s : float, s
        Standard deviation of the lag in the middle of the overlap.
    drift_sd_ppm : float
        Infinite where the drift was not fitted.
    rotation_sd_rad : float, rad
        Of the mounting rotations' worst known axis; the worst of the sensors.
    correlation : float
        Pearson correlation of the magnitudes, aligned.
    ambiguous : str
        Why the answer may be wrong, in words; empty if nothing speaks against it.
    note : str
        What else a person should know, e.g. that the drift was not fitted.
    conditioning : float
        How much better the rotation's best known axis is known than its worst (1 is ideal;
        infinite for motion about one axis only).
    """

    alignment: Alignment
    lag_sd_s: float
    drift_sd_ppm: float
    rotation_sd_rad: float
    correlation: float
    ambiguous: str
    note: str = ""
    conditioning: float = 1.0


def fit_alignment(
    virtual: ImuRecording,
    real: ImuRecording,
    pairs: Pairs | None = None,
    max_lag_s: float = 10.0,
) -> AlignmentFit:
    """Alignment that brings a real recording onto a virtual one.

    Parameters
    ----------
    virtual, real : ImuRecording
        Both need the gyro, or both the acceleration. Where only one is in the sensor frame with
        gravity, the other is brought there through its orientation. Two ``global`` recordings
        differ by a yaw only.
    pairs : tuple of (virtual sensor, real sensor)
        Default: the names in common.
    max_lag_s : float
        Offsets sought: this far on either side of equal clocks, and of equal starts.

    Raises
    ------
    HarstudioError
        No common sensor, an unknown one, no signal in common, or no overlap.
    """
    if pairs is None:
        pairs = tuple((name, name) for name in virtual.sensors if name in real.sensors)
    if not pairs:
        raise HarstudioError(
            "alignment: no sensor in common",
            f"virtual: {', '.join(virtual.sensors)}; real: {', '.join(real.sensors)}",
        )
    virtual, real = _comparable(virtual, real)
    rate_hz = min(virtual.rate_hz, real.rate_hz, _MAX_RATE_HZ)
    if rate_hz <= 0:
        raise HarstudioError("alignment: a recording of one sample has no motion to align by")
    virtual, real = _on_grid(virtual, rate_hz), _on_grid(real, rate_hz)
    signals = [_pair_signals(virtual, real, pair) for pair in pairs]
    v_valid, r_valid = virtual.valid_mask, real.valid_mask

    chunk = _liveliest(signals, r_valid, round(_COARSE_S * rate_hz))
    lags, scores = _coarse(signals, v_valid, r_valid, chunk, rate_hz, virtual, real, max_lag_s)
    best = lags[int(np.argmax(scores[:, 1]))]
    rivals = _rivals(lags, scores)

    yaw_only = virtual.frame == "global"
    fit = joint_fit(
        signals, (virtual.times_s, v_valid), (real.times_s, r_valid), best,
        (real.times_s[chunk.start], real.times_s[chunk.stop - 1]),
        drift_from_s=DRIFT_FROM_S, yaw_only=yaw_only,
    )  # fmt: skip
    mounting = tuple(
        (real_name, _quaternion(matrix))
        for (_, real_name), matrix in zip(pairs, fit.rotations, strict=True)
    )
    alignment = Alignment(fit.offset_s, fit.drift_ppm, mounting)
    correlation = _correlation(signals, virtual, real, alignment)
    note = "" if fit.drift_fitted else (
        f"drift not fitted: {fit.overlap_s:.1f} s of overlap are too short "
        f"(from {DRIFT_FROM_S:g} s on)"
    )  # fmt: skip
    return AlignmentFit(
        alignment=alignment,
        lag_sd_s=fit.lag_sd_s,
        drift_sd_ppm=fit.drift_sd_ppm,
        rotation_sd_rad=max(fit.rotation_sd_rad),
        correlation=correlation,
        ambiguous=_doubts(fit, pairs, rivals, best, correlation, signals),
        note=note,
        conditioning=max(fit.conditioning),
    )


def _comparable(virtual: ImuRecording, real: ImuRecording) -> tuple[ImuRecording, ImuRecording]:
    """Both in the same frame, with or both without gravity."""
    if (virtual.frame, virtual.with_gravity) == (real.frame, real.with_gravity):
        return virtual, real
    return sensed(virtual), sensed(real)


def _on_grid(recording: ImuRecording, rate_hz: float) -> ImuRecording:
    """On a uniform grid of exactly that rate, so that both can be correlated by index."""
    recording = resampled(replace(recording, orientation_wxyz=None), rate_hz)
    count = round((recording.times_s[-1] - recording.times_s[0]) * rate_hz) + 1
    times = recording.times_s[0] + np.arange(count) / rate_hz
    return at_times(recording, times[times <= recording.times_s[-1]])


def _pair_signals(virtual: ImuRecording, real: ImuRecording, pair: tuple[str, str]) -> PairSignals:
    i, j = virtual.sensor_index(pair[0]), real.sensor_index(pair[1])
    gyro = None
    if virtual.gyro_radps is not None and real.gyro_radps is not None:
        gyro = (_known(virtual.gyro_radps[:, i]), _known(real.gyro_radps[:, j]))
    return PairSignals(gyro, (_known(virtual.acc_mps2[:, i]), _known(real.acc_mps2[:, j])))


def _known(values: FloatArray) -> FloatArray:
    """What is not finite is not valid either; 0 keeps it out of splines and sums."""
    return np.where(np.isfinite(values), values, 0.0)


def _magnitudes(signals: list[PairSignals]) -> tuple[FloatArray, FloatArray]:
    """Magnitude of the main signal, summed over the sensors: virtual (T,), real (N,)."""
    virtual = sum(np.linalg.norm(pair.main[0], axis=1) for pair in signals)
    real = sum(np.linalg.norm(pair.main[1], axis=1) for pair in signals)
    return np.asarray(virtual), np.asarray(real)


def _liveliest(signals: list[PairSignals], valid: BoolArray, count: int) -> slice:
    """The stretch of the real recording with the most varied magnitude."""
    _, magnitude = _magnitudes(signals)
    if len(magnitude) <= count:
        return slice(0, len(magnitude))
    centred = np.where(valid, magnitude - magnitude[valid].mean(), 0.0) if valid.any() else valid
    energy = np.concatenate([[0.0], np.cumsum(centred**2)])
    start = int(np.argmax(energy[count:] - energy[:-count]))
    return slice(start, start + count)


def _coarse(
    signals: list[PairSignals],
    v_valid: BoolArray,
    r_valid: BoolArray,
    chunk: slice,
    rate_hz: float,
    virtual: ImuRecording,
    real: ImuRecording,
    max_lag_s: float,
) -> tuple[FloatArray, FloatArray]:
    """Candidate offsets (C,) s and their scores (C, 2): of magnitudes, of rotated vectors."""
    v_magnitude, r_magnitude = _magnitudes(signals)
    shifts, correlation = _masked_correlation(
        v_magnitude, v_valid, r_magnitude[chunk], r_valid[chunk], rate_hz
    )
    offsets = virtual.times_s[0] - real.times_s[chunk.start] + shifts / rate_hz
    equal_starts = virtual.times_s[0] - real.times_s[0]
    sought = np.minimum(np.abs(offsets), np.abs(offsets - equal_starts)) <= max_lag_s
    correlation = np.where(sought, correlation, -np.inf)
    if not np.isfinite(correlation).any():
        raise HarstudioError(
            f"alignment: within {max_lag_s:g} s of lag the recordings have less than a second, or "
            "less than half of the shorter one, in common",
            "check their start times, or allow a larger lag",
        )
    peaks, _ = find_peaks(np.concatenate([[-np.inf], correlation, [-np.inf]]))
    peaks = peaks - 1
    if not len(peaks):
        peaks = np.array([int(np.argmax(correlation))])
    peaks = peaks[np.argsort(correlation[peaks])[::-1][:12]]
    vectors = [_vector_score(signals, v_valid, r_valid, chunk, int(shifts[peak])) for peak in peaks]
    return offsets[peaks], np.stack([correlation[peaks], vectors], axis=1)


def _masked_correlation(
    x: FloatArray, x_valid: BoolArray, y: FloatArray, y_valid: BoolArray, rate_hz: float
) -> tuple[FloatArray, FloatArray]:
    """Pearson correlation of x[i + shift] with y[i] over their valid overlap, for every shift.

    -inf where the overlap is less than half of the shorter, or under a second.
    """
    mx, my = x_valid.astype(np.float64), y_valid.astype(np.float64)
    x = np.where(x_valid, x - x[x_valid].mean() if x_valid.any() else 0.0, 0.0)
    y = np.where(y_valid, y - y[y_valid].mean() if y_valid.any() else 0.0, 0.0)

    def sums(a: FloatArray, b: FloatArray) -> FloatArray:
        result: FloatArray = correlate(a, b, mode="full", method="fft")
        return result

    count = np.round(sums(mx, my))
    enough = count >= max(rate_hz, 0.5 * min(mx.sum(), my.sum()), 3)
    n = np.maximum(count, 1.0)
    mean_x, mean_y = sums(x, my) / n, sums(mx, y) / n
    var_x, var_y = sums(x * x, my) / n - mean_x**2, sums(mx, y * y) / n - mean_y**2
    floor = 1e-9 * max(x.var() * y.var(), 1e-30)
    covariance = sums(x, y) / n - mean_x * mean_y
    r = covariance / np.sqrt(np.maximum(var_x * var_y, floor))
    shifts = np.arange(len(r), dtype=np.float64) - (len(y) - 1)
    return shifts, np.where(enough, r, -np.inf)


def _vector_score(
    signals: list[PairSignals], v_valid: BoolArray, r_valid: BoolArray, chunk: slice, shift: int
) -> float:
    """Correlation of the vectors after the best rotation of each sensor, at one lag."""
    index = np.arange(chunk.start, chunk.stop)
    target = index - chunk.start + shift
    inside = (target >= 0) & (target < len(v_valid))
    index, target = index[inside], target[inside]
    both = r_valid[index] & v_valid[target]
    index, target = index[both], target[both]
    product = energy_v = energy_r = 0.0
    for pair in signals:
        v, w = pair.main[0][target], pair.main[1][index]
        turned = w @ solved_rotation(v, w).T
        v, turned = v - v.mean(axis=0), turned - turned.mean(axis=0)
        product += float(np.sum(v * turned))
        energy_v += float(np.sum(v * v))
        energy_r += float(np.sum(turned * turned))
    return product / max(float(np.sqrt(energy_v * energy_r)), 1e-30)


def _rivals(lags: FloatArray, scores: FloatArray) -> list[float]:
    """Other lags that fit nearly as well as the best, both by magnitude and by vector."""
    best = int(np.argmax(scores[:, 1]))
    close = (scores >= _RIVAL * scores[best]).all(axis=1)
    apart = np.abs(lags - lags[best]) >= _APART_S
    return [float(lag) for lag in lags[close & apart]]


def _correlation(
    signals: list[PairSignals], virtual: ImuRecording, real: ImuRecording, alignment: Alignment
) -> float:
    """Pearson correlation of the magnitudes under an alignment; 0 where one is constant."""
    v, r = _magnitudes(signals)
    clip = alignment.offset_s + real.times_s * alignment.rate
    index = np.searchsorted(virtual.times_s, clip)
    use = (index > 0) & (index < len(v)) & real.valid_mask
    use[use] &= virtual.valid_mask[index[use]] & virtual.valid_mask[index[use] - 1]
    a, b = np.interp(clip[use], virtual.times_s, v), r[use]
    if len(a) < 2 or a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _doubts(
    fit: JointFit,
    pairs: Pairs,
    rivals: list[float],
    best: float,
    correlation: float,
    signals: list[PairSignals],
) -> str:
    """What speaks against the fit, in words."""
    doubts = []
    if correlation < _WEAK:
        doubts.append(f"the signals hardly match (correlation {correlation:.2f})")
    if rivals:
        nearest = min(rivals, key=lambda lag: abs(lag - best))
        doubts.append(
            f"the motion is periodic: a lag {nearest - best:+.2f} s away fits nearly as well"
        )
    for (_, name), ratio in zip(pairs, fit.conditioning, strict=True):
        if ratio > _ILL_CONDITIONED:
            doubts.append(
                f"{name}: the motion turns about one axis only, so the mounting rotation about it "
                f"is unknown (conditioning {ratio:.3g})"
            )
    for (_, name), pair, matrix in zip(pairs, signals, fit.rotations, strict=True):
        v, w = (np.mean(values, axis=0) for values in pair.acc)
        if pair.gyro is not None and v @ matrix @ w < -0.25 * GRAVITY * np.linalg.norm(v):
            doubts.append(f"{name}: gravity points the other way; is the acceleration inverted?")
    return "; ".join(doubts)


def _quaternion(matrix: FloatArray) -> tuple[float, float, float, float]:
    w, x, y, z = (float(value) for value in rot.quaternion_from_matrix(matrix))
    return w, x, y, z
