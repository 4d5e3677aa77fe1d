"""Peaks of a sensor's acceleration, where movements begin, land or turn: labels snap to them."""

from __future__ import annotations

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.core.imu import ImuRecording
from harstudio.core.project import Clip
from harstudio.core.timebase import clip_time
from harstudio.workflows.loading import LoadedClip

_LEAST_PROMINENCE_MPS2 = 1.0
_PROMINENCE_SPREADS = 0.5
"""A peak rises above its surroundings by this many standard deviations of the signal."""

_LEAST_DISTANCE_S = 0.15


def peak_times(times_s: FloatArray, acc_mps2: FloatArray, valid: BoolArray) -> FloatArray:
    """Where the magnitude of an acceleration peaks clearly.

    Parameters
    ----------
    times_s : (T,) array, s
    acc_mps2 : (T, 3) array, m/s2
    valid : (T,) bool array
        Samples that are not are left out.

    Returns
    -------
    (P,) array, s
        Local maxima that stand out by 1 m/s2 and by half the signal's standard deviation, and of
        those closer together than 0.15 s the higher.
    """
    from scipy.signal import find_peaks  # late: the window starts without it

    times_s, magnitude = times_s[valid], np.linalg.norm(acc_mps2[valid], axis=1)
    if len(times_s) < 3:
        return np.empty(0)
    period_s = float(np.median(np.diff(times_s)))
    found, _ = find_peaks(
        magnitude,
        prominence=max(_LEAST_PROMINENCE_MPS2, _PROMINENCE_SPREADS * float(magnitude.std())),
        distance=max(1, round(_LEAST_DISTANCE_S / period_s)),
    )
    return np.asarray(times_s[found], np.float64)


def peaks_of(loaded: LoadedClip, clip: Clip, sensor: str) -> FloatArray:
    """Peaks of a sensor on the clip's clock: of the virtual one, else of the real one, s."""
    if loaded.virtual is not None and sensor in loaded.virtual.sensors:
        return _peaks(loaded.virtual, loaded.virtual.times_s, sensor)
    for each in loaded.recordings:
        if sensor in each.recording.sensors:
            refs = (ref for ref in clip.recordings if ref.source == each.ref.source)
            alignment = next(refs, each.ref).alignment
            return _peaks(each.recording, clip_time(alignment, each.recording.times_s), sensor)
    return np.empty(0)


def _peaks(recording: ImuRecording, times_s: FloatArray, sensor: str) -> FloatArray:
    acc_mps2 = recording.acc_mps2[:, recording.sensor_index(sensor)]
    return peak_times(times_s, acc_mps2, recording.valid_mask)
