"""Where a signal has its power: Welch spectra, spectrograms and coherence, around gaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal.windows import hann

from harstudio.core.arrays import BoolArray, FloatArray, checked, positive
from harstudio.core.errors import HarstudioError

SEGMENT_S = 4.0
"""Span of a Welch segment, where the signal is long enough: a resolution of 0.25 Hz."""

COHERENCE_SEGMENT_S = 2.0
COHERENCE_BAND_HZ = (0.5, 10.0)
"""Where a body moves; below lies the sensor's posture, above mostly noise."""

MIN_SEGMENTS = 5
"""Fewer segments say nothing about coherence: of a single one it is 1 for any two signals."""

MIN_SAMPLES = 16
"""Of a segment."""

_GAP = 3.5
"""Times further apart than this many periods have a gap between them."""

_BLOCK = 1 << 20
"""Numbers transformed at once: a day's signal need not lie in memory twice."""


@dataclass(frozen=True, eq=False)
class CrossSpectra:
    """Spectra of two signals over the same segments.

    Attributes
    ----------
    freq_hz : (F,) array
    virtual_psd, real_psd : (F, C) arrays, unit squared per Hz
    coherence : (F, C) array
        Magnitude-squared, 0 to 1; NaN where a signal has no power.
    segments : int
        How many were averaged. Unrelated signals show about ``1 / segments``.
    """

    freq_hz: FloatArray
    virtual_psd: FloatArray
    real_psd: FloatArray
    coherence: FloatArray
    segments: int


def spectrum(
    times_s: FloatArray,
    values: FloatArray,
    valid: BoolArray | None = None,
    *,
    segment_s: float = SEGMENT_S,
) -> tuple[FloatArray, FloatArray]:
    """Power spectral density of a signal, by Welch's method over its valid stretches.

    Hann windows, half overlapping, each without its mean; no segment spans a gap. Where gaps
    leave few whole segments they are made shorter, so that at least half of what is valid counts.

    Parameters
    ----------
    times_s : (T,) array, s, increasing
    values : (T,) or (T, C) array
    valid : (T,) bool array
        What is not finite is not valid either.

    Returns
    -------
    freq_hz : (F,) array
        From 0 to half the rate.
    psd : (F,) or (F, C) array, unit squared per Hz, one-sided
        Its integral is the variance.

    Raises
    ------
    HarstudioError
        No valid stretch of 16 samples.

    Notes
    -----
    Welch 1967, doi:10.1109/TAU.1967.1161901.
    """
    rate_hz, _, columns, good = _regular(times_s, values, valid)
    size = _segment_size(good, round(segment_s * rate_hz))
    total, count = np.zeros((columns.shape[1], size // 2 + 1)), 0
    for block in _transforms(columns, good, size):
        total += np.sum(np.abs(block) ** 2, axis=0)
        count += len(block)
    psd = (total / count * _scale(size, rate_hz)).T
    freq_hz = _frequencies(size, rate_hz)
    return freq_hz, psd[:, 0] if np.ndim(values) == 1 else psd


def spectrogram(
    times_s: FloatArray,
    values: FloatArray,
    valid: BoolArray | None = None,
    *,
    window_s: float = 1.0,
    most: int = 2000,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Power of a signal over time and frequency.

    Parameters
    ----------
    times_s : (T,) array, s, increasing
    values : (T,) array
    valid : (T,) bool array
        What is not finite is not valid either.
    window_s : float, s
        Span of a (Hann) window; at least 16 samples. Windows start a quarter of it apart,
        or further where there would be more than `most`.

    Returns
    -------
    freq_hz : (F,) array
    time_s : (N,) array, s
        Middles of the windows, on the clock of `times_s`.
    power_db : (F, N) array, dB of 1 unit squared per Hz
        NaN where a window touches a gap; -inf where there is no power.

    Raises
    ------
    HarstudioError
        Fewer than 16 samples, or none of the windows is whole.
    """
    rate_hz, start_s, columns, good = _regular(
        times_s, checked(values, (None,), "signal", finite=False), valid
    )
    size = min(max(MIN_SAMPLES, round(window_s * rate_hz)), len(good))
    if size < MIN_SAMPLES:
        raise _too_short(size)
    step = max(1, size // 4, -(-(len(good) - size + 1) // most))
    whole = np.asarray(sliding_window_view(good, size)[::step].all(axis=1))
    if not whole.any():
        raise _too_short(_longest(good))
    power = np.full((len(whole), size // 2 + 1), np.nan)
    starts = np.flatnonzero(whole)
    window, scale = hann(size, sym=False), _scale(size, rate_hz)
    pieces = sliding_window_view(columns[:, 0], size)[::step]
    chunk = max(1, _BLOCK // size)
    for first in range(0, len(starts), chunk):
        rows = starts[first : first + chunk]
        part = pieces[rows]
        part = (part - part.mean(axis=1, keepdims=True)) * window
        power[rows] = np.abs(np.fft.rfft(part, axis=1)) ** 2 * scale
    with np.errstate(divide="ignore"):
        power_db = 10.0 * np.log10(power.T)
    first_sample = np.arange(len(whole), dtype=np.float64) * step
    middles: FloatArray = start_s + (first_sample + 0.5 * (size - 1)) / rate_hz
    return _frequencies(size, rate_hz), middles, power_db


def cross_spectra(
    virtual: FloatArray, real: FloatArray, valid: BoolArray, rate_hz: float
) -> CrossSpectra | None:
    """Spectra and magnitude-squared coherence of two signals on one regular grid.

    Parameters
    ----------
    virtual, real : (T, C) arrays, the same unit
    valid : (T,) bool array
        Both are valid and finite.

    Returns
    -------
    CrossSpectra, or None where there are fewer than `MIN_SEGMENTS` segments of 16 samples

    Notes
    -----
    ``|Sxy|^2 / (Sxx Syy)`` from Welch segments of 2 s, or of a third of the longest stretch.
    """
    want = round(COHERENCE_SEGMENT_S * positive(rate_hz, "rate (Hz)"))
    size = min(want, _longest(valid) // 3)
    if size < MIN_SAMPLES:
        return None
    size = _segment_size(valid, size)
    channels = virtual.shape[1]
    shape = (channels, size // 2 + 1)
    power_v, power_r = np.zeros(shape), np.zeros(shape)
    cross, count = np.zeros(shape, dtype=complex), 0
    for block in _transforms(np.hstack([virtual, real]), valid, size):
        v, r = block[:, :channels], block[:, channels:]
        power_v += np.sum(np.abs(v) ** 2, axis=0)
        power_r += np.sum(np.abs(r) ** 2, axis=0)
        cross += np.sum(v * np.conj(r), axis=0)
        count += len(block)
    if count < MIN_SEGMENTS:
        return None
    scale = _scale(size, rate_hz) / count
    with np.errstate(divide="ignore", invalid="ignore"):
        coherence = np.abs(cross) ** 2 / (power_v * power_r)
    return CrossSpectra(
        _frequencies(size, rate_hz),
        (power_v * scale).T,
        (power_r * scale).T,
        np.minimum(coherence, 1.0).T,
        count,
    )


def stretches(valid: BoolArray) -> list[slice]:
    """Runs of True, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], valid, [False]]).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _regular(
    times_s: FloatArray, values: FloatArray, valid: BoolArray | None
) -> tuple[float, float, FloatArray, BoolArray]:
    """Rate, start, (T, C) values and (T,) validity on a regular grid at the median rate."""
    times = checked(times_s, (None,), "times")
    columns = np.asarray(values, dtype=np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    columns = checked(columns, (len(times), None), "signal", finite=False)
    good: BoolArray = np.asarray(np.isfinite(columns).all(axis=1))
    if valid is not None:
        good &= np.asarray(valid, dtype=bool)
    if np.count_nonzero(good) < MIN_SAMPLES:
        raise _too_short(int(np.count_nonzero(good)))
    steps = np.diff(times)
    period = float(np.median(steps))
    if period <= 0:
        raise HarstudioError("spectrum: the times do not increase")
    if np.ptp(steps) <= 1e-3 * period:
        return (len(times) - 1) / float(times[-1] - times[0]), float(times[0]), columns, good
    grid = times[0] + period * np.arange(int((times[-1] - times[0]) / period + 1e-6) + 1)
    known = times[good]
    after = np.clip(np.searchsorted(known, grid), 1, len(known) - 1)
    near: BoolArray = known[after] - known[after - 1] <= _GAP * period
    near &= (grid >= known[0]) & (grid <= known[-1])
    on_grid = np.zeros((len(grid), columns.shape[1]))
    on_grid[near] = CubicSpline(known, columns[good])(grid[near])
    return 1.0 / period, float(times[0]), on_grid, near


def _longest(valid: BoolArray) -> int:
    return max((s.stop - s.start for s in stretches(valid)), default=0)


def _segment_size(valid: BoolArray, want: int) -> int:
    """Samples of a segment: as many as wanted, fewer where gaps would waste half of the signal."""
    lengths = np.array([s.stop - s.start for s in stretches(valid)] or [0])
    size = min(max(want, MIN_SAMPLES), int(lengths.max()))
    if size < MIN_SAMPLES:
        raise _too_short(size)
    while lengths[lengths >= size].sum() < 0.5 * lengths.sum() and size // 2 >= MIN_SAMPLES:
        size //= 2
    return size


def _transforms(
    columns: FloatArray, valid: BoolArray, size: int
) -> Iterator[NDArray[np.complex128]]:
    """(K, C, F) transforms of windowed segments, half overlapping, in blocks."""
    window, chunk = hann(size, sym=False), max(1, _BLOCK // (size * columns.shape[1]))
    for stretch in stretches(valid):
        if stretch.stop - stretch.start < size:
            continue
        pieces = sliding_window_view(columns[stretch], size, axis=0)[:: size - size // 2]
        for first in range(0, len(pieces), chunk):
            part = pieces[first : first + chunk]
            yield np.fft.rfft((part - part.mean(axis=2, keepdims=True)) * window, axis=2)


def _frequencies(size: int, rate_hz: float) -> FloatArray:
    return np.asarray(np.fft.rfftfreq(size, 1.0 / rate_hz), dtype=np.float64)


def _scale(size: int, rate_hz: float) -> FloatArray:
    """(F,) factors from squared transforms to a one-sided density."""
    scale = np.full(size // 2 + 1, 2.0 / (rate_hz * np.sum(hann(size, sym=False) ** 2)))
    scale[0] *= 0.5
    if size % 2 == 0:
        scale[-1] *= 0.5
    return scale


def _too_short(samples: int) -> HarstudioError:
    return HarstudioError(
        f"spectrum: {samples} samples without a gap, expected at least {MIN_SAMPLES}",
        "choose a longer stretch",
    )
