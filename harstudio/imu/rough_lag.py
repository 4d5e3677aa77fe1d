"""The lag of a recording, roughly: cross-correlation of magnitudes, then of rotated vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.signal import correlate, find_peaks

from harstudio.core.arrays import BoolArray, FloatArray, IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.timebase import Alignment, clip_time, recording_time
from harstudio.imu.frames import sensed
from harstudio.imu.joint_fit import PairSignals, solved_rotation
from harstudio.imu.resample import at_times, resampled

Pairs = tuple[tuple[str, str], ...]

MAX_LAG_S = 10.0
"""How far a lag is sought unless told, s."""

APART_S = 0.15
"""Lags closer than this are the same one."""

_MAX_RATE_HZ = 100.0
_SEARCHED_S = 60.0
"""The lag is sought with this much of the shorter recording, so that drift cannot smear it."""

_MOST_CANDIDATES = 24
_PERFECT = 0.99999

_RIVAL_EVIDENCE = 0.7
_RIVAL_CORRELATION = 0.9
_RIVAL_LEAST_EVIDENCE = 0.4


@dataclass(frozen=True, eq=False)
class Prepared:
    """Both recordings on regular grids of one rate, in one frame, and their paired signals."""

    virtual: ImuRecording
    real: ImuRecording
    signals: tuple[PairSignals, ...]
    rate_hz: float

    @cached_property
    def magnitudes(self) -> tuple[FloatArray, FloatArray]:
        """Magnitude of the main signal, summed over the sensors: virtual (T,), real (N,)."""
        virtual = sum(np.linalg.norm(pair.main[0], axis=1) for pair in self.signals)
        real = sum(np.linalg.norm(pair.main[1], axis=1) for pair in self.signals)
        return np.asarray(virtual), np.asarray(real)

    def correlation(self, alignment: Alignment) -> float:
        """Pearson correlation of the magnitudes under an alignment; 0 where one is constant."""
        v, r = self.magnitudes
        times_s = self.virtual.times_s
        clip = clip_time(alignment, self.real.times_s)
        index = np.searchsorted(times_s, clip)
        use = (index > 0) & (index < len(v)) & self.real.valid_mask
        valid = self.virtual.valid_mask
        use[use] &= valid[index[use]] & valid[index[use] - 1]
        a, b = np.interp(clip[use], times_s, v), r[use]
        if len(a) < 2 or a.std() == 0 or b.std() == 0:
            return 0.0
        return float(np.corrcoef(a, b)[0, 1])


@dataclass(frozen=True)
class LagCandidate:
    """A peak of the cross-correlation.

    Attributes
    ----------
    lag_s : float, s
        Clip time minus the recording's own time.
    correlation : float
        Pearson, of magnitudes.
    vector_correlation : float
        Of the vectors, after the best rotation of each sensor.
    share : float
        Part of the shorter signal that overlaps the longer one.
    """

    lag_s: float
    correlation: float
    vector_correlation: float
    share: float

    @property
    def evidence(self) -> float:
        """How much speaks for this lag: ``-share^2 log(1 - r^2)``.

        The log-likelihood ratio against no relation at all grows with the overlap, so that a high
        correlation of a short remainder does not win. It is weighted by the share once more,
        because takes are cut around what happens in them: of 189 takes of UTD-MHAD, whose two
        files start together, the correlation alone puts 23 more than 0.35 s off, the likelihood
        9, and this 5.
        """
        r = min(max(self.vector_correlation, 0.0), _PERFECT)
        return float(-(self.share**2) * np.log1p(-(r**2)))


@dataclass(frozen=True, eq=False)
class LagCurve:
    """How well a recording lies on its clip at each lag, with clocks of equal pace.

    Attributes
    ----------
    lags_s : (L,) array, s, rising
        Clip time minus the recording's own time.
    correlation : (L,) array
        Of magnitudes; NaN where too little would overlap, or beyond the lags sought.
    candidates : tuple of LagCandidate, best first
    middle_s : float, s
        Middle of the stretch searched with: where a lag holds, if there is a drift as well.
    half_s : float, s
        Half of that stretch.
    of_real : bool
        Whether `middle_s` is on the recording's own clock; else on the clip's.
    """

    lags_s: FloatArray
    correlation: FloatArray
    candidates: tuple[LagCandidate, ...]
    middle_s: float
    half_s: float
    of_real: bool

    @property
    def best(self) -> LagCandidate:
        return self.candidates[0]

    def rivals(self, chosen: LagCandidate) -> tuple[LagCandidate, ...]:
        """Other lags for which nearly as much speaks as for the chosen one."""
        return tuple(
            other
            for other in self.candidates
            if abs(other.lag_s - chosen.lag_s) >= APART_S
            and (
                other.evidence >= _RIVAL_EVIDENCE * chosen.evidence
                or (
                    other.correlation >= _RIVAL_CORRELATION * chosen.correlation
                    and other.vector_correlation >= _RIVAL_CORRELATION * chosen.vector_correlation
                    and other.evidence >= _RIVAL_LEAST_EVIDENCE * chosen.evidence
                )
            )
        )

    def nearest(self, lag_s: float) -> LagCandidate:
        """The candidate closest to a lag."""
        return min(self.candidates, key=lambda each: abs(each.lag_s - lag_s))

    def middle_on_recording(self, lag_s: float) -> float:
        """Middle of the stretch searched with, on the recording's own clock, s."""
        return self.middle_s if self.of_real else self.middle_s - lag_s

    def lag_of(self, alignment: Alignment) -> float:
        """The lag of an alignment where the curve was made, s."""
        if self.of_real:
            return clip_time(alignment, self.middle_s) - self.middle_s
        return self.middle_s - recording_time(alignment, self.middle_s)

    def with_lag(self, alignment: Alignment, lag_s: float) -> Alignment:
        """The alignment shifted so that its lag there is `lag_s`; drift and mounting stay."""
        middle = self.middle_on_recording(lag_s)
        return replace(alignment, offset_s=lag_s - middle * (alignment.rate - 1.0))


def prepared(virtual: ImuRecording, real: ImuRecording, pairs: Pairs | None = None) -> Prepared:
    """Bring two recordings together.

    Parameters
    ----------
    virtual, real : ImuRecording
        Where only one is in the sensor frame with gravity, the other is brought there through its
        orientation.
    pairs : tuple of (virtual sensor, real sensor)
        Default: the names in common.

    Raises
    ------
    HarstudioError
        No common sensor, an unknown one, a single sample, or no signal in common.
    """
    if pairs is None:
        pairs = tuple((name, name) for name in virtual.sensors if name in real.sensors)
    if not pairs:
        raise HarstudioError(
            "alignment: no sensor in common",
            f"virtual: {', '.join(virtual.sensors)}; real: {', '.join(real.sensors)}",
        )
    if (virtual.frame, virtual.with_gravity) != (real.frame, real.with_gravity):
        virtual, real = sensed(virtual), sensed(real)
    rate_hz = min(virtual.rate_hz, real.rate_hz, _MAX_RATE_HZ)
    if rate_hz <= 0:
        raise HarstudioError("alignment: a recording of one sample has no motion to align by")
    virtual, real = _on_grid(virtual, rate_hz), _on_grid(real, rate_hz)
    signals = tuple(_pair_signals(virtual, real, pair) for pair in pairs)
    return Prepared(virtual, real, signals, rate_hz)


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


def lag_curve(both: Prepared, max_lag_s: float = MAX_LAG_S) -> LagCurve:
    """Correlation over lag, with its peaks.

    Parameters
    ----------
    max_lag_s : float, s
        Lags sought: this far on either side of equal clocks, and of equal starts.

    Raises
    ------
    HarstudioError
        At no such lag is there enough in common.
    """
    rate_hz, v_times, r_times = both.rate_hz, both.virtual.times_s, both.real.times_s
    v_valid, r_valid = both.virtual.valid_mask, both.real.valid_mask
    v_magnitude, r_magnitude = both.magnitudes
    of_real = len(r_times) <= len(v_times)
    v_part, r_part = slice(0, len(v_times)), slice(0, len(r_times))
    if of_real:
        r_part = _liveliest(r_magnitude, r_valid, round(_SEARCHED_S * rate_hz))
    else:
        v_part = _liveliest(v_magnitude, v_valid, round(_SEARCHED_S * rate_hz))
    shifts, correlation, shares = _masked_correlation(
        v_magnitude[v_part], v_valid[v_part], r_magnitude[r_part], r_valid[r_part], rate_hz
    )
    lags = v_times[v_part.start] - r_times[r_part.start] + shifts / rate_hz
    sought = np.minimum(np.abs(lags), np.abs(lags - (v_times[0] - r_times[0]))) <= max_lag_s
    correlation = np.where(sought, correlation, -np.inf)
    if not np.isfinite(correlation).any():
        raise HarstudioError(
            f"alignment: within {max_lag_s:g} s of lag the recordings have less than a second, or "
            "less than half of the shorter one, in common",
            "check their start times, or allow a larger lag",
        )
    candidates = [
        LagCandidate(
            float(lags[peak]),
            float(correlation[peak]),
            _vector_correlation(both, v_part, r_part, int(shifts[peak])),
            float(shares[peak]),
        )
        for peak in _peaks(correlation, shares)
    ]
    candidates.sort(key=lambda each: each.evidence, reverse=True)
    searched = r_times[r_part] if of_real else v_times[v_part]
    kept = np.flatnonzero(sought)
    span = slice(kept[0], kept[-1] + 1)
    return LagCurve(
        lags_s=lags[span],
        correlation=np.where(np.isfinite(correlation), correlation, np.nan)[span],
        candidates=tuple(candidates),
        middle_s=float(0.5 * (searched[0] + searched[-1])),
        half_s=float(0.5 * (searched[-1] - searched[0])),
        of_real=of_real,
    )


def periodic(lags_s: tuple[float, ...]) -> bool:
    """Whether three or more lags lie at steps of one period, within a fifth of it."""
    gaps = [b - a for a, b in pairwise(sorted(lags_s))]
    if len(gaps) < 2:
        return False
    period = min(gaps)
    return all(abs(gap / period - round(gap / period)) <= 0.2 for gap in gaps)


def _liveliest(magnitude: FloatArray, valid: BoolArray, count: int) -> slice:
    """The stretch with the most varied magnitude."""
    if len(magnitude) <= count:
        return slice(0, len(magnitude))
    centred = np.where(valid, magnitude - magnitude[valid].mean(), 0.0) if valid.any() else valid
    energy = np.concatenate([[0.0], np.cumsum(centred**2)])
    start = int(np.argmax(energy[count:] - energy[:-count]))
    return slice(start, start + count)


def _masked_correlation(
    x: FloatArray, x_valid: BoolArray, y: FloatArray, y_valid: BoolArray, rate_hz: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Pearson correlation of x[i + shift] with y[i] over their valid overlap, for every shift.

    Returns the shifts, the correlation and the overlap's share of the shorter. The correlation is
    -inf where the overlap is less than half of the shorter, or under a second.
    """
    mx, my = x_valid.astype(np.float64), y_valid.astype(np.float64)
    x = np.where(x_valid, x - x[x_valid].mean() if x_valid.any() else 0.0, 0.0)
    y = np.where(y_valid, y - y[y_valid].mean() if y_valid.any() else 0.0, 0.0)

    def sums(a: FloatArray, b: FloatArray) -> FloatArray:
        result: FloatArray = correlate(a, b, mode="full", method="fft")
        return result

    count = np.round(sums(mx, my))
    shorter = max(1.0, min(mx.sum(), my.sum()))
    enough = count >= max(rate_hz, 0.5 * shorter, 3)
    n = np.maximum(count, 1.0)
    mean_x, mean_y = sums(x, my) / n, sums(mx, y) / n
    var_x, var_y = sums(x * x, my) / n - mean_x**2, sums(mx, y * y) / n - mean_y**2
    floor = 1e-9 * max(x.var() * y.var(), 1e-30)
    covariance = sums(x, y) / n - mean_x * mean_y
    r = covariance / np.sqrt(np.maximum(var_x * var_y, floor))
    shifts = np.arange(len(r), dtype=np.float64) - (len(y) - 1)
    return shifts, np.where(enough, r, -np.inf), count / shorter


def _peaks(correlation: FloatArray, shares: FloatArray) -> IntArray:
    """Indices of the highest peaks; of the highest value where nothing peaks."""
    peaks, _ = find_peaks(np.concatenate([[-np.inf], correlation, [-np.inf]]))
    peaks = peaks - 1
    if not len(peaks):
        return np.array([int(np.argmax(correlation))])
    order = np.argsort(correlation[peaks] * shares[peaks])[::-1]
    chosen: IntArray = peaks[order[:_MOST_CANDIDATES]]
    return chosen


def _vector_correlation(both: Prepared, v_part: slice, r_part: slice, shift: int) -> float:
    """Correlation of the vectors after the best rotation of each sensor, at one shift."""
    index = np.arange(r_part.start, r_part.stop)
    target = index - r_part.start + shift + v_part.start
    inside = (target >= v_part.start) & (target < v_part.stop)
    index, target = index[inside], target[inside]
    valid = both.real.valid_mask[index] & both.virtual.valid_mask[target]
    index, target = index[valid], target[valid]
    product = energy_v = energy_r = 0.0
    for pair in both.signals:
        v, w = pair.main[0][target], pair.main[1][index]
        turned = w @ solved_rotation(v, w).T
        v, turned = v - v.mean(axis=0), turned - turned.mean(axis=0)
        product += float(np.sum(v * turned))
        energy_v += float(np.sum(v * v))
        energy_r += float(np.sum(turned * turned))
    return product / max(float(np.sqrt(energy_v * energy_r)), 1e-30)
