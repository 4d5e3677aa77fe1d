"""Bring a recording to another rate or to given times, without aliasing and without phase shift."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from harstudio.core import rotations as rot
from harstudio.core.arrays import BoolArray, FloatArray, checked, positive
from harstudio.core.imu import ImuRecording

SAME_RATE = 1e-6
"""Rates closer than this (relative) are the same: mocap files say 120.00004577 for 120."""

_PASS = 0.4
"""Corner of the low-pass, as a share of the new rate."""

_GAP = 3.5
"""Times further apart than this many periods have a gap between them."""


def same_rate(left_hz: float, right_hz: float) -> bool:
    return abs(left_hz - right_hz) <= SAME_RATE * right_hz


def resampled(recording: ImuRecording, rate_hz: float) -> ImuRecording:
    """The recording at a uniform rate, starting at its first moment.

    Going down, acc and gyro pass a zero-phase low-pass (Butterworth, fourth order both ways)
    with its corner at 0.4 of the new rate; going up there is none. Then cubic splines; the
    orientation's spline runs through quaternions of continuous sign, so it cannot jump, and is
    not low-passed, for an orientation holds nothing fast enough to fold.

    Parameters
    ----------
    recording : ImuRecording
    rate_hz : float

    Returns
    -------
    ImuRecording
        The same object if it already has that rate. A sample is valid where the samples on both
        sides of it are, and there is no gap between them.
    """
    rate_hz = positive(rate_hz, "rate (Hz)")
    native = recording.rate_hz
    if recording.samples < 2 or (same_rate(native, rate_hz) and _is_uniform(recording.times_s)):
        return recording
    if rate_hz < native and not same_rate(native, rate_hz):
        recording = _low_passed(recording, _PASS * rate_hz)
    start, end = recording.times_s[[0, -1]]
    count = int(np.floor((end - start) * rate_hz + 1e-6)) + 1
    times = np.minimum(start + np.arange(count) / rate_hz, end)
    return at_times(recording, times)


def at_times(recording: ImuRecording, times_s: FloatArray) -> ImuRecording:
    """The recording at given times of its own clock, by cubic interpolation.

    Parameters
    ----------
    recording : ImuRecording
    times_s : (N,) array, s, strictly increasing

    Returns
    -------
    ImuRecording
        With those times; NaN and not valid outside the recording, not valid inside gaps.
    """
    times = checked(times_s, (None,), "times")
    inside = (times >= recording.times_s[0]) & (times <= recording.times_s[-1])
    orientation = recording.orientation_wxyz
    if orientation is not None:
        continuous = rot.continuous(filled(orientation, recording.valid_mask))
        orientation = rot.normalised(_at(recording, continuous, times, inside))
    gyro = recording.gyro_radps
    return replace(
        recording,
        times_s=times,
        acc_mps2=_at(recording, recording.acc_mps2, times, inside),
        gyro_radps=None if gyro is None else _at(recording, gyro, times, inside),
        orientation_wxyz=orientation,
        valid=_valid_at(recording, times) & inside,
    )


def on_grid(recording: ImuRecording, times_s: FloatArray) -> ImuRecording:
    """The recording at regular times of its own clock, low-passed as `resampled` does it.

    One interpolation where `resampled` and `at_times` after one another would be two.

    Parameters
    ----------
    recording : ImuRecording
    times_s : (N,) array, s, regular, N at least 2

    Returns
    -------
    ImuRecording
        With those times, as from `at_times`.
    """
    rate_hz = (len(times_s) - 1) / float(times_s[-1] - times_s[0])
    native = recording.rate_hz
    if recording.samples > 1 and rate_hz < native and not same_rate(native, rate_hz):
        recording = _low_passed(recording, _PASS * rate_hz)
    return at_times(recording, times_s)


def interpolated(values: FloatArray, rate_hz: float, times_s: FloatArray) -> FloatArray:
    """Cubic spline through uniform samples (T, ...) from time 0, at the times (N,)."""
    own = np.arange(len(values)) / rate_hz
    at: FloatArray = CubicSpline(own, values, axis=0)(times_s)
    return at


def _at(
    recording: ImuRecording, values: FloatArray, times: FloatArray, inside: BoolArray
) -> FloatArray:
    own = recording.times_s
    known = filled(values, recording.valid_mask)
    nearest = np.clip(np.searchsorted(own, times - 0.5 * np.diff(own, append=own[-1])[0]), 0, None)
    nearest = np.minimum(nearest, len(own) - 1)
    if np.abs(own[nearest] - times).max(initial=0.0) <= _slack(own):
        exact: FloatArray = known[nearest]
        return exact  # every second sample, say: a spline would only cost time
    result = np.full((len(times), *values.shape[1:]), np.nan)
    if inside.any():
        result[inside] = CubicSpline(own, known, axis=0)(times[inside])
    return result


def _slack(own: FloatArray) -> float:
    """How far apart (s) two equal moments may be for rounding."""
    return 1e-9 * max(1.0, float(np.abs(own).max()))


def _valid_at(recording: ImuRecording, times: FloatArray) -> BoolArray:
    """True where the samples on both sides are valid and close."""
    own, valid = recording.times_s, recording.valid_mask
    slack = _slack(own)
    before = np.clip(np.searchsorted(own, times + slack, side="right") - 1, 0, len(own) - 1)
    after = np.clip(np.searchsorted(own, times - slack, side="left"), 0, len(own) - 1)
    period = np.median(np.diff(own)) if len(own) > 1 else 0.0
    close = own[after] - own[before] <= _GAP * period + slack
    both: BoolArray = close & valid[before] & valid[after]
    return both


def filled(values: FloatArray, valid: BoolArray) -> FloatArray:
    """(T, ...) values with NaN, which only samples that are not valid hold, bridged by lines."""
    if valid.all():
        return values
    good = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    if good.all():
        return values
    if not good.any():
        return np.zeros_like(values)
    index, known = np.arange(len(values)), np.flatnonzero(good)
    flat = values.reshape(len(values), -1).copy()
    for column in flat.T:
        column[:] = np.interp(index, known, column[known])
    return flat.reshape(values.shape)


def _is_uniform(times: FloatArray) -> bool:
    steps = np.diff(times)
    return bool(np.ptp(steps) <= 1e-3 * np.median(steps))


@lru_cache(maxsize=64)
def _low_pass(corner_hz: float, rate_hz: float) -> FloatArray:
    """The filter in second-order sections; its design takes longer than filtering a short clip."""
    sections: FloatArray = butter(4, corner_hz, fs=rate_hz, output="sos")
    return sections


def _low_passed(recording: ImuRecording, corner_hz: float) -> ImuRecording:
    """Acc and gyro below a corner frequency; the orientation as it is."""
    if not _is_uniform(recording.times_s):
        start, end = recording.times_s[[0, -1]]
        count = round((end - start) * recording.rate_hz) + 1
        recording = at_times(recording, np.linspace(start, end, count))
    rate = recording.rate_hz
    if corner_hz >= 0.5 * rate:
        return recording
    sections = _low_pass(corner_hz, rate)
    padding = min(recording.samples - 1, int(3 * rate / corner_hz))

    def smooth(values: FloatArray) -> FloatArray:
        known = filled(values, recording.valid_mask)
        result: FloatArray = sosfiltfilt(sections, known, axis=0, padlen=padding)
        return result

    gyro = recording.gyro_radps
    return replace(
        recording,
        acc_mps2=smooth(recording.acc_mps2),
        gyro_radps=None if gyro is None else smooth(gyro),
    )
