"""Paths over time: between their rows, and without the sway of each step."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from harstudio.core.arrays import FloatArray

_FOLLOW_S = 0.35
"""Standard deviation of the smoothing of what the camera follows."""
_FOLLOW_HEIGHT_S = 1.5
"""The same for its height: slow, so that a jump is seen as one."""


def interpolated(values: FloatArray, place: float) -> FloatArray:
    """The row of (T, ...) values at a place between rows, held at both ends."""
    place = float(np.clip(place, 0.0, len(values) - 1))
    lower = int(place)
    upper, share = min(lower + 1, len(values) - 1), place - lower
    result: FloatArray = (1.0 - share) * values[lower] + share * values[upper]
    return result


def smoothed_path(path: FloatArray, rate_hz: float) -> FloatArray:
    """(T, 3) path without the sway of each step, delayed by nothing, with its ends in place."""
    if len(path) < 3:
        return np.array(path)
    across = _smoothed(path[:, :2], _FOLLOW_S * rate_hz)
    height = _smoothed(path[:, 2:], _FOLLOW_HEIGHT_S * rate_hz)
    return np.concatenate([across, height], axis=1)


def _smoothed(values: FloatArray, sigma: float) -> FloatArray:
    # Turned about its ends, the path goes on as it came, so that a walk is not held back there.
    margin = int(4.0 * sigma) + 1
    longer = np.pad(values, ((margin, margin), (0, 0)), mode="reflect", reflect_type="odd")
    result: FloatArray = gaussian_filter1d(longer, sigma, axis=0)[margin:-margin]
    return result
