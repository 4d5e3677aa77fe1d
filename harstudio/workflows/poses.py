"""Where a motion's joints are at the moments of a recording."""

from __future__ import annotations

import numpy as np

from harstudio.body.kinematics import joint_frames
from harstudio.body.model import ShapedBody
from harstudio.core.arrays import FloatArray
from harstudio.core.motion import Motion
from harstudio.imu.resample import interpolated

_SLACK_S = 1e-6


def joint_positions(shaped: ShapedBody, motion: Motion, times_s: FloatArray) -> FloatArray:
    """Positions of the joints at given times of the motion.

    Parameters
    ----------
    times_s : (T,) array, s

    Returns
    -------
    (T, 24, 3) array, m, world; NaN before the motion's first frame and after its last
    """
    positions = joint_frames(shaped, motion).positions
    last_s = (motion.frames - 1) / motion.rate_hz
    inside = (times_s >= -_SLACK_S) & (times_s <= last_s + _SLACK_S)
    at = np.full((len(times_s), *positions.shape[1:]), np.nan)
    if motion.frames == 1:
        at[inside] = positions[0]
    elif inside.any():
        at[inside] = interpolated(positions, motion.rate_hz, np.clip(times_s[inside], 0.0, last_s))
    return at
