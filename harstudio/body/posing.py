"""A body between two frames of its motion: what is seen, or exported, at any one moment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harstudio.body.kinematics import JointFrames, forward_kinematics
from harstudio.body.model import ShapedBody
from harstudio.core import rotations
from harstudio.core.arrays import FloatArray
from harstudio.core.motion import Motion


def pose_at(motion: Motion, time_s: float) -> tuple[FloatArray, FloatArray]:
    """Pose and place at a time; between two frames each joint turns along the shortest way.

    Parameters
    ----------
    time_s : float, s
        From the motion's first frame on; before and after the motion, its first or last frame.

    Returns
    -------
    (1, 24, 3) array, axis-angle, rad, and (1, 3) array, m
    """
    place = float(np.clip(time_s * motion.rate_hz, 0.0, motion.frames - 1))
    first = int(place)
    last, share = min(first + 1, motion.frames - 1), place - first
    if share == 0.0:
        return motion.pose[[first]], motion.translation[[first]]
    start, end = rotations.quaternion_from_axis_angle(motion.pose[[first, last]])
    sign = np.where(np.sum(start * end, axis=-1, keepdims=True) < 0.0, -1.0, 1.0)
    mixed = rotations.normalised((1.0 - share) * start + share * sign * end)
    translation = (1.0 - share) * motion.translation[first] + share * motion.translation[last]
    return rotations.axis_angle_from_quaternion(mixed)[None], translation[None]


def joints_at(shaped: ShapedBody, motion: Motion, time_s: float) -> JointFrames:
    """The joints of a body at a time of its motion, as one frame."""
    return forward_kinematics(*pose_at(motion, time_s), shaped.joints)


def moment(motion: Motion, time_s: float) -> Motion:
    """A motion of one frame: this one at a time."""
    pose, translation = pose_at(motion, time_s)
    return replace(motion, pose=pose, translation=translation)
