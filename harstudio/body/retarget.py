"""From points to a pose: what a depth camera sees becomes a motion of the body.

Directions between points decide, never their distances, so that a person of any size moves the
body given. Each bone takes the smallest turn from its parent to its direction; what such a turn
leaves open, the twist of upper arms and thighs, comes from the plane in which elbow and knee
bend.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from harstudio.body.model import ShapedBody
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.motion import Motion
from harstudio.core.points import PointPath
from harstudio.core.rotations import between_vectors, exp, log, normalised
from harstudio.core.skeleton import JOINT_COUNT, JOINTS, PARENTS, joint_index

_OTHER_NAMES = {
    "hip_center": "pelvis", "mid_hip": "pelvis", "root": "pelvis",
    "spine": "spine2", "spine_mid": "spine2", "torso": "spine2", "chest": "spine3",
    "shoulder_center": "neck", "spine_shoulder": "neck",
}  # fmt: skip
"""Names that cameras use, and the SMPL joint nearest to that point."""

Places = dict[str, FloatArray]
"""Where joints are, by name: paths (T, 3), places at rest (3,) or rotations (T, 3, 3)."""

_COINCIDENT_M = 5e-3
"""Points closer than this give no direction."""

_BEND_FROM, _BEND_TO = np.radians(12.0), np.radians(28.0)
"""Bend of elbow and knee over which their plane comes to decide the twist: half at 20 deg."""

_TWIST_SMOOTHING_S = 0.06


@dataclass(frozen=True)
class _Limb:
    """Three bones and a hinge between the first two.

    Attributes
    ----------
    upper, middle, lower, tip : joint names
    hinge : (x, y, z)
        Axis in the T-pose, body axes, about which the middle joint bends by a positive angle.
    turns_far : bool
        Whether the first bone may twist past a quarter turn, as an upper arm does; a thigh does
        not, so a knee that seems to bend forwards is noise.
    """

    upper: str
    middle: str
    lower: str
    tip: str
    hinge: tuple[float, float, float]
    turns_far: bool


_LIMBS = (
    _Limb("left_shoulder", "left_elbow", "left_wrist", "left_hand", (0.0, -1.0, 0.0), True),
    _Limb("right_shoulder", "right_elbow", "right_wrist", "right_hand", (0.0, 1.0, 0.0), True),
    _Limb("left_hip", "left_knee", "left_ankle", "left_foot", (1.0, 0.0, 0.0), False),
    _Limb("right_hip", "right_knee", "right_ankle", "right_foot", (1.0, 0.0, 0.0), False),
)


def motion_from_points(points: PointPath, shaped: ShapedBody) -> Motion:
    """A motion of the body that points in the directions of the points.

    Parameters
    ----------
    points : PointPath
        At least both hips, both shoulders and something between them; limbs as far as known.
        Names are SMPL's; ``hip_center``, ``spine``, ``shoulder_center`` and the like are
        understood too.
    shaped : ShapedBody

    Returns
    -------
    Motion
        Of the body's shape space, with its mean shape; the pelvis goes where the points' does.

    Raises
    ------
    HarstudioError
        A point of the trunk is missing, or points of the trunk coincide in every frame.

    Notes
    -----
    Pelvis and chest follow hips and shoulders, the spine between them turns evenly. Where points
    coincide (occlusion) the direction is bridged from the nearest good frames.
    """
    seen, rest = _matched(points, shaped)
    world: dict[str, FloatArray] = {}
    _pose_trunk(seen, rest, world)
    for limb in _LIMBS:
        _pose_limb(limb, seen, rest, world, points.rate_hz)
    local = np.empty((points.frames, JOINT_COUNT, 3, 3))
    for index, joint in enumerate(JOINTS):
        if PARENTS[index] < 0:
            local[:, index] = world[joint]
            continue
        parent = world[JOINTS[PARENTS[index]]]
        local[:, index] = np.swapaxes(parent, -1, -2) @ world.setdefault(joint, parent)
    # The root turns about its own joint; a stand-in for it, between the hips, lies beside it.
    beside = world["pelvis"] @ (rest["pelvis"] - shaped.joints[0])
    return Motion(
        pose=log(local),
        translation=seen["pelvis"] - beside - shaped.joints[0],
        rate_hz=points.rate_hz,
        betas=np.zeros(len(shaped.body.shape_names)),
        gender=shaped.body.gender,
        shape_space=shaped.body.shape_space,
        source=points.source,
    )


def _matched(points: PointPath, shaped: ShapedBody) -> tuple[Places, Places]:
    """Paths (T, 3) of the points by joint name, and the places (3,) of those joints at rest."""
    seen: Places = {name: points.path(name) for name in points.names if name in JOINTS}
    for name in points.names:
        joint = _OTHER_NAMES.get(name)
        if joint is not None:
            seen.setdefault(joint, points.path(name))
    for name in ("left_hip", "right_hip", "left_shoulder", "right_shoulder"):
        if name not in seen:
            raise HarstudioError(f"points: no {name}", f"there are {', '.join(points.names)}")
    rest: Places = dict(zip(JOINTS, shaped.joints, strict=True))
    for middle, ends in (("pelvis", "hip"), ("neck", "shoulder")):
        if middle not in seen:
            for places in (seen, rest):
                places[middle] = 0.5 * (places[f"left_{ends}"] + places[f"right_{ends}"])
    return seen, rest


def _pose_trunk(seen: Places, rest: Places, world: Places) -> None:
    """World rotations of pelvis, spine, neck, head and collars."""
    # Cameras place the middle of the hips badly and too near to the spine: hips and neck say how
    # the pelvis tilts unless SMPL's own joint is there.
    above = ("spine1",) if "spine1" in seen else ("spine2", "spine3", "neck")
    below = next(name for name in ("spine3", "spine2", "spine1", "pelvis") if name in seen)
    # Collars, where known, are rigid to the chest; shoulders may shrug.
    wide = "collar" if {"left_collar", "right_collar"} <= seen.keys() else "shoulder"
    sides = ("left_hip", "right_hip")
    pelvis = _block(sides, _offset(sides, above, seen), _offset(sides, above, rest), seen, rest)
    sides = (f"left_{wide}", f"right_{wide}")
    up, up_rest = seen["neck"] - seen[below], rest["neck"] - rest[below]
    chest = _block(sides, up, up_rest, seen, rest)
    bend = log(np.swapaxes(pelvis, -1, -2) @ chest)
    world["pelvis"] = pelvis
    world["spine1"] = pelvis @ exp(bend / 3.0)
    world["spine2"] = pelvis @ exp(bend * 2.0 / 3.0)
    world["spine3"] = chest
    world["neck"] = _aimed(chest, "neck", "head", seen, rest)
    for side in ("left", "right"):
        inner = f"{side}_collar" if f"{side}_collar" in seen else "neck"
        world[f"{side}_collar"] = _aimed(chest, inner, f"{side}_shoulder", seen, rest)


def _offset(start: Iterable[str], stop: Iterable[str], places: Places) -> FloatArray:
    """From the mean of some joints to the mean of others, as far as they are known."""
    first = np.mean([places[name] for name in start], axis=0)
    second = np.mean([places[name] for name in stop if name in places], axis=0)
    offset: FloatArray = second - first
    return offset


def _block(
    sides: tuple[str, str], up: FloatArray, up_rest: FloatArray, seen: Places, rest: Places
) -> FloatArray:
    """(T, 3, 3) world rotations of a part of the trunk.

    Parameters
    ----------
    sides : names of its left and right point
    up, up_rest : (T, 3) and (3,) arrays
        From low to high, as seen and at rest; sides decide, this fixes what they leave open.
    """
    left, right = sides
    lateral, upright = _direction(seen[left] - seen[right]), _direction(up)
    if lateral is None or upright is None:
        raise HarstudioError(f"points: {left} and {right}, or those between, always coincide")
    front = _direction(np.cross(lateral, upright))
    if front is None:
        raise HarstudioError(f"points: {left}, {right} and those between lie in one line")
    across = normalised(lateral - np.sum(lateral * front, axis=-1, keepdims=True) * front)
    now = np.stack([across, np.cross(front, across), front], axis=-1)
    x = normalised(rest[left] - rest[right])
    z = normalised(np.cross(x, up_rest))
    return now @ np.stack([x, np.cross(z, x), z])


def _pose_limb(limb: _Limb, seen: Places, rest: Places, world: Places, rate_hz: float) -> None:
    """World rotations of a limb's three joints, as far as its points are known."""
    parent = world[JOINTS[PARENTS[joint_index(limb.upper)]]]
    world[limb.upper] = _aimed(parent, limb.upper, limb.middle, seen, rest)
    middle = world[limb.upper]
    if {limb.upper, limb.middle, limb.lower} <= seen.keys():
        first = _direction(seen[limb.middle] - seen[limb.upper])
        second = _direction(seen[limb.lower] - seen[limb.middle])
        if first is not None and second is not None:
            bone = normalised(rest[limb.middle] - rest[limb.upper])
            lower = normalised(rest[limb.lower] - rest[limb.middle])
            twist = _twist(limb, world[limb.upper], bone, lower, first, second, rate_hz)
            world[limb.upper] = exp(twist[:, None] * first) @ world[limb.upper]
            middle = _bent(limb, world[limb.upper], lower, second)
    world[limb.middle] = _aimed(middle, limb.middle, limb.lower, seen, rest)
    world[limb.lower] = _aimed(world[limb.middle], limb.lower, limb.tip, seen, rest)


def _bent(limb: _Limb, world: FloatArray, lower: FloatArray, second: FloatArray) -> FloatArray:
    """(T, 3, 3) world rotations after a turn about the hinge that brings `lower` near `second`."""
    axis = np.asarray(limb.hinge)
    goal = np.einsum("tji,tj->ti", world, second)
    straight = lower - (lower @ axis) * axis
    angle = np.arctan2(np.cross(straight, goal) @ axis, goal @ straight)
    return world @ exp(angle[:, None] * axis)


def _twist(
    limb: _Limb,
    world: FloatArray,
    bone: FloatArray,
    lower: FloatArray,
    first: FloatArray,
    second: FloatArray,
    rate_hz: float,
) -> FloatArray:
    """Angle about a limb's first bone that brings its hinge to where it must have bent.

    Parameters
    ----------
    limb : _Limb
    world : (T, 3, 3) array
        World rotations of the first bone's joint, not yet twisted.
    bone, lower : (3,) unit vectors, body axes
        The two bones at rest.
    first, second : (T, 3) unit vectors, world
        The two bones as seen.
    rate_hz : float

    Returns
    -------
    (T,) array, rad

    Notes
    -----
    Each frame votes with a weight that grows with the bend; a straight limb votes for no twist.
    Votes are averaged over about an eighth of a second, so the twist neither jumps nor jitters.
    """
    axis = np.asarray(limb.hinge)
    hinge = world @ normalised(axis - (axis @ bone) * bone)
    normal = np.cross(first, second)
    sine_of_bend, cosine_of_bend = np.linalg.norm(normal, axis=-1), np.sum(first * second, axis=-1)
    normal = normalised(normal)
    # Bending keeps the angles between the hinge and both bones; where these are not square, the
    # hinge leans out of the normal of the plane by an angle that follows from them.
    skew = (axis @ lower - (axis @ bone) * cosine_of_bend) / np.sqrt(1.0 - (axis @ bone) ** 2)
    lean = np.arcsin(np.clip(skew / np.maximum(sine_of_bend, 1e-9), -0.5, 0.5))[:, None]
    want = np.cos(lean) * normal + np.sin(lean) * np.cross(normal, first)
    # The plane of a fully folded limb is as unsure as that of a straight one.
    sure = np.arctan2(sine_of_bend, np.abs(cosine_of_bend))
    share = np.clip((sure - _BEND_FROM) / (_BEND_TO - _BEND_FROM), 0.0, 1.0)
    share = share * share * (3.0 - 2.0 * share)
    cosine = np.sum(hinge * want, axis=-1)
    if not limb.turns_far:
        share = np.where(cosine > 0.0, share, 0.0)
    sine = np.sum(np.cross(hinge, want) * first, axis=-1)
    votes = np.stack([share * sine, share * cosine + (1.0 - share)])
    smooth = gaussian_filter1d(votes, _TWIST_SMOOTHING_S * rate_hz, axis=-1, mode="nearest")
    angle: FloatArray = np.arctan2(smooth[0], smooth[1])
    return angle


def _aimed(parent: FloatArray, start: str, stop: str, seen: Places, rest: Places) -> FloatArray:
    """(T, 3, 3) world rotations: the parent's, then the smallest turn onto what is seen."""
    if start not in seen or stop not in seen:
        return parent
    direction = _direction(seen[stop] - seen[start])
    if direction is None:
        return parent
    return between_vectors(parent @ normalised(rest[stop] - rest[start]), direction) @ parent


def _direction(offsets: FloatArray) -> FloatArray | None:
    """(T, 3) unit vectors, bridged over frames that give none; None if no frame gives one."""
    length = np.linalg.norm(offsets, axis=-1)
    good = np.flatnonzero(length > _COINCIDENT_M)
    if not len(good):
        return None
    units: FloatArray = offsets[good] / length[good, None]
    if len(good) == len(offsets):
        return units
    frames = np.arange(len(offsets))
    bridged = np.stack([np.interp(frames, good, units[:, k]) for k in range(3)], axis=-1)
    # Opposite neighbours may cancel out on the way; the earlier one then holds.
    weak = np.linalg.norm(bridged, axis=-1) < 1e-3
    bridged[weak] = units[np.searchsorted(good, frames[weak], side="right") - 1]
    return normalised(bridged)
