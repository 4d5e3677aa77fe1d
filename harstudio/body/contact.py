"""Which feet touch the ground: from the height and the speed of heels and toes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harstudio.body.kinematics import joint_chunks, with_ancestors
from harstudio.body.model import ShapedBody
from harstudio.core.arrays import BoolArray, FloatArray, IntArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.core.motion import Motion
from harstudio.core.skeleton import joint_index

SOLES = ("left heel", "left toes", "right heel", "right toes")
"""The points of the feet, in the order of every array here."""

HEIGHT_M = 0.05
SPEED_MPS = 0.4
_OVER_S = 1.0 / 30.0
"""Speeds are taken over this long: a marker's jitter of a millimetre must not lift a foot."""
_SOLE_M = 0.01
_GROUND_FRAMES, _STRETCH_S = 6000, 2.0


@dataclass(frozen=True, eq=False)
class Soles:
    """Heels and toes of one shaped body, in the order of `SOLES`.

    Attributes
    ----------
    joints : (4,) int array
        That carry them.
    offsets : (4, 3) array, m
        From the joint, in the rest pose, body axes.
    """

    joints: IntArray
    offsets: FloatArray


def soles_of(shaped: ShapedBody) -> Soles:
    """The lowest points of heel and toes at rest, from the skin that the foot's joints carry."""
    carrier = shaped.body.weights.argmax(axis=1)
    joints, offsets = [], []
    for side in ("left", "right"):
        ankle, foot = joint_index(f"{side}_ankle"), joint_index(f"{side}_foot")
        for joint, back in ((ankle, True), (foot, False)):
            skin = shaped.vertices[carrier == joint]
            if back and len(skin):
                depth = skin[:, 2]
                skin = skin[depth <= depth.min() + (depth.max() - depth.min()) / 3.0]
            joints.append(joint)
            offsets.append(_lowest(skin) - shaped.joints[joint] if len(skin) else np.zeros(3))
    return Soles(readonly(joints, np.int64), readonly(offsets))


def _lowest(skin: FloatArray) -> FloatArray:
    """The middle of what lies on the ground of a foot at rest, as low as its lowest point."""
    bottom = skin[skin[:, 1] <= skin[:, 1].min() + _SOLE_M]
    point: FloatArray = bottom.mean(axis=0)
    point[1] = skin[:, 1].min()
    return point


def sole_paths(
    shaped: ShapedBody, motion: Motion, soles: Soles, frames: slice = slice(None)
) -> FloatArray:
    """(T, 4, 3) where heels and toes are in some frames of a motion, m, world."""
    joints = with_ancestors(int(joint) for joint in soles.joints)
    pose, translation = motion.pose[frames], motion.translation[frames]
    paths = np.empty((len(pose), len(soles.joints), 3))
    for part, world, place in joint_chunks(pose, translation, shaped.joints, joints):
        for i, joint in enumerate(soles.joints):
            row = joints.index(int(joint))
            paths[part, i] = (soles.offsets[i] @ world[row] + place[row]).T
    return paths


def ground_height(shaped: ShapedBody, motion: Motion, soles: Soles) -> float:
    """Where the ground is, m: the usual height of the lowest point of the feet that is slow.

    Motion capture puts the ground at 0 to within some centimetres. Of a long motion, stretches
    evenly spread are looked at. Where no point ever is slow, the lowest one of all counts.
    """
    length = max(3, round(_STRETCH_S * motion.rate_hz))
    most = max(1, _GROUND_FRAMES // length)
    starts = np.linspace(0, max(motion.frames - length, 0), most).astype(int)
    if motion.frames <= most * length:
        starts, length = np.array([0]), motion.frames
    lowest, found = np.inf, []
    for start in starts:
        paths = sole_paths(shaped, motion, soles, slice(start, start + length))
        height = np.where(_speeds(paths, motion.rate_hz) < SPEED_MPS, paths[..., 2], np.inf)
        low = height.min(axis=1)
        found.append(low[np.isfinite(low)])
        lowest = min(lowest, float(paths[..., 2].min()))
    heights = np.concatenate(found)
    return float(np.median(heights)) if len(heights) else lowest


def contacts(
    points: FloatArray,
    rate_hz: float,
    ground_m: float = 0.0,
    height_m: float = HEIGHT_M,
    speed_mps: float = SPEED_MPS,
) -> BoolArray:
    """Which points touch the ground: those that are low and slow.

    Parameters
    ----------
    points : (T, P, 3) array, m, world, z up
    rate_hz : float
    ground_m : float, m
        Height of the ground.
    height_m, speed_mps : float
        A point touches below this height above the ground and below this speed, which is taken
        over a thirtieth of a second around each frame (and one-sided at the ends).

    Returns
    -------
    (T, P) bool array

    Raises
    ------
    HarstudioError
        Points of another shape, or a rate that is not positive.
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 3 or points.shape[-1] != 3:
        raise HarstudioError(f"points: got shape {points.shape}, expected (frames, points, 3)")
    if not rate_hz > 0.0:
        raise HarstudioError(f"rate: got {rate_hz} Hz, expected more than 0")
    speed = _speeds(points, rate_hz)
    touching: BoolArray = (points[..., 2] - ground_m < height_m) & (speed < speed_mps)
    return touching


def _speeds(points: FloatArray, rate_hz: float) -> FloatArray:
    """(T, P) speeds of points (T, P, 3), m/s."""
    frames, reach = np.arange(len(points)), contact_margin(rate_hz)
    before = np.maximum(frames - reach, 0)
    after = np.minimum(frames + reach, len(points) - 1)
    seconds = np.maximum(after - before, 1) / rate_hz
    speeds: FloatArray = np.linalg.norm(points[after] - points[before], axis=-1) / seconds[:, None]
    return speeds


def contact_margin(rate_hz: float) -> int:
    """Frames on either side of a stretch that its speeds depend on."""
    return max(1, round(0.5 * _OVER_S * rate_hz))


def contact_text(touching: BoolArray) -> str:
    """(4,) contacts in words: ``left foot, right toes``; ``no foot`` without any."""
    words = []
    for side, (heel, toes) in zip(("left", "right"), np.reshape(touching, (2, 2)), strict=True):
        if heel or toes:
            words.append(f"{side} {'foot' if heel and toes else 'heel' if heel else 'toes'}")
    return ", ".join(words) or "no foot"
