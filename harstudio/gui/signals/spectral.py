"""Spectra of what the signal rows show, over the stretch in sight: values, no widgets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.gui.signals.channels import Channels
from harstudio.gui.signals.decimate import Pyramid, Span
from harstudio.gui.signals.rows import KINDS
from harstudio.imu.spectra import spectrogram, spectrum

_FLOOR_DB = -120.0
_RANGE_DB = 50.0
_TOP_QUANTILE = 0.998


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Power of one curve over time and frequency.

    Attributes
    ----------
    power_db : (F, N) array, dB; NaN in gaps
    times_s, freqs_hz : (first, last) edge of what the array covers
    """

    power_db: FloatArray
    times_s: Span
    freqs_hz: Span


def samples_in(channels: Channels, within_s: Span) -> int:
    """How many samples of how many curves a stretch has: what it costs."""
    count = 0
    for kind in KINDS:
        curves: tuple[Pyramid, ...] | None = getattr(channels, kind)
        if curves is not None:
            first, stop = np.searchsorted(curves[0].times_s, within_s)
            count += len(curves) * int(stop - first)
    return count


def spectra_of(
    channels: Channels, kinds: Collection[str], within_s: Span
) -> dict[str, tuple[Pyramid, ...]]:
    """Power spectral density in dB over Hz, by kind, of x, y, z and the norm.

    A kind whose signal is too short is left out.
    """
    result = {}
    for kind in kinds:
        curves: tuple[Pyramid, ...] | None = getattr(channels, kind)
        if curves is None:
            continue
        times, values = _cut(curves, within_s)
        try:
            freq_hz, psd = spectrum(times, values)
        except HarstudioError:
            continue
        result[kind] = tuple(Pyramid(freq_hz[1:], _db(column[1:])) for column in psd.T)
    return result


def spectrograms_of(
    channels: Channels, kinds: Collection[str], rows: Collection[int], within_s: Span
) -> dict[tuple[int, str], Spectrogram]:
    """Spectrograms by row and kind; those that are too short are left out."""
    result = {}
    for kind in kinds:
        curves: tuple[Pyramid, ...] | None = getattr(channels, kind)
        for row in rows if curves is not None else ():
            assert curves is not None
            times, values = _cut((curves[row],), within_s)
            try:
                freq_hz, time_s, power_db = spectrogram(times, values[:, 0])
            except HarstudioError:
                continue
            half_f = 0.5 * freq_hz[1]
            half_t = 0.5 * (time_s[1] - time_s[0]) if len(time_s) > 1 else 0.5
            result[row, kind] = Spectrogram(
                np.maximum(power_db, _FLOOR_DB),
                (float(time_s[0] - half_t), float(time_s[-1] + half_t)),
                (float(-half_f), float(freq_hz[-1] + half_f)),
            )
    return result


def levels_of(pictures: Collection[Spectrogram]) -> Span:
    """The dB from palest to strongest that all pictures share."""
    powers = [p.power_db[np.isfinite(p.power_db)] for p in pictures]
    powers = [p for p in powers if len(p)]
    if not powers:
        return -_RANGE_DB, 0.0
    top = float(max(np.quantile(p[:: max(1, len(p) >> 15)], _TOP_QUANTILE) for p in powers))
    return top - _RANGE_DB, top


def shades(power_db: FloatArray, levels: Span, ramp: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """(F, N) ARGB, the highest frequency on top; transparent in gaps."""
    low, high = levels
    share = np.clip((power_db - low) / (high - low), 0.0, 1.0)
    index = np.nan_to_num(share * (len(ramp) - 1)).astype(np.intp)
    argb = np.where(np.isfinite(power_db), ramp[index], 0).astype(np.uint32)
    return np.ascontiguousarray(argb[::-1])


def _cut(curves: tuple[Pyramid, ...], within_s: Span) -> tuple[FloatArray, FloatArray]:
    """(T,) times and (T, C) values of a stretch."""
    times = curves[0].times_s
    first, stop = (int(i) for i in np.searchsorted(times, within_s))
    return times[first:stop], np.stack([curve.values[first:stop] for curve in curves], axis=-1)


def _db(power: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.maximum(10.0 * np.log10(power), _FLOOR_DB)
