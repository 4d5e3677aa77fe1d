"""How much later one signal comes than another, finer than a sample."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from harstudio.core.arrays import BoolArray, FloatArray, positive

MAX_LAG_S = 0.5
_LEAST_SAMPLES = 16
_LEAST_SHARE = 0.25
"""Of the samples, at least this share must still overlap at the longest lag."""


def residual_lag(
    virtual: FloatArray,
    real: FloatArray,
    valid: BoolArray,
    rate_hz: float,
    max_lag_s: float = MAX_LAG_S,
) -> float:
    """Where the cross-correlation of two aligned signals peaks.

    The correlation is summed over the columns, normalised at every lag by what overlaps there,
    and interpolated by a cubic spline between lags of whole samples.

    Parameters
    ----------
    virtual, real : (T, C) arrays on one regular grid
    valid : (T,) bool array
        Both are valid and finite; other samples take no part.
    rate_hz : float
    max_lag_s : float, s
        Sought on either side of 0; at most a quarter of the signal's length.

    Returns
    -------
    float, s
        Positive where the real signal comes later than the virtual one. NaN where there are too
        few samples, a signal is constant, or the correlation has no positive peak within the
        range.
    """
    reach = min(int(max_lag_s * positive(rate_hz, "rate (Hz)")), int(_LEAST_SHARE * len(valid)))
    if np.count_nonzero(valid) < _LEAST_SAMPLES or reach < 2:
        return float("nan")
    v, r = (_centred(each, valid) for each in (virtual, real))
    lags = np.arange(-reach, reach + 1)
    scores = _correlations(v, r, valid.astype(np.float64), lags)
    if not np.isfinite(scores).all():
        return float("nan")
    best = int(np.argmax(scores))
    if scores[best] <= 0 or best in (0, len(lags) - 1):
        return float("nan")
    spline = CubicSpline(lags, scores)
    turns = spline.derivative().roots(extrapolate=False)
    near = turns[np.abs(turns - lags[best]) <= 1.0]
    if not len(near):
        return float("nan")
    return float(near[int(np.argmax(spline(near)))] / rate_hz)


def _centred(values: FloatArray, valid: BoolArray) -> FloatArray:
    """Without the mean of the valid samples, and 0 elsewhere."""
    result: FloatArray = np.where(valid[:, None], values - np.mean(values[valid], axis=0), 0.0)
    return result


def _correlations(
    virtual: FloatArray, real: FloatArray, weight: FloatArray, lags: np.ndarray
) -> FloatArray:
    """Correlation of ``virtual[t]`` with ``real[t + lag]`` over the samples valid in both."""
    count = len(weight)
    size = 1 << (2 * count - 1).bit_length()

    def spectrum(values: FloatArray) -> np.ndarray:
        return np.fft.rfft(values, size, axis=0)

    def products(left: FloatArray, right: FloatArray) -> FloatArray:
        both = np.conj(spectrum(left)) * spectrum(right)
        return np.asarray(np.fft.irfft(both.sum(axis=1), size)[lags])

    mask = weight[:, None]
    numerator = products(virtual, real)
    v_energy = products(np.sum(virtual**2, axis=1, keepdims=True), mask)
    r_energy = products(mask, np.sum(real**2, axis=1, keepdims=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(numerator / np.sqrt(v_energy * r_energy))
