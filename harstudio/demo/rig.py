"""The handles a made-up body is moved by, and the pose that follows from them.

A rig is a (T, C) array with one column per handle: where the pelvis and the feet are and how the
trunk and the arms are bent, in anatomical angles. Legs follow by inverse kinematics, so a foot
that stands stays where it is whatever the rest of the body does, and mixing two rigs column by
column mixes two motions without making the feet slide.

Axes of a rig: x ahead, y to the left, z up; lengths in m, angles in rad.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harstudio.core import rotations
from harstudio.core.arrays import FloatArray, checked
from harstudio.core.skeleton import JOINT_COUNT, joint_index
from harstudio.demo.people import Style

_TRUNK = (
    "pelvis_x", "pelvis_y", "pelvis_z", "pelvis_yaw", "pelvis_pitch", "pelvis_roll",
    "spine_flex", "spine_bend", "spine_twist", "head_flex", "head_bend", "head_twist",
)  # fmt: skip
_LIMBS = (
    "arm_flex", "arm_out", "arm_across", "arm_twist", "elbow", "forearm", "wrist_flex",
    "foot_x", "foot_y", "foot_lift", "foot_yaw", "foot_pitch", "knee_out",
)  # fmt: skip
SIDES = ("left", "right")
HANDLES: tuple[str, ...] = _TRUNK + tuple(f"{side}_{name}" for side in SIDES for name in _LIMBS)
COLUMN: dict[str, int] = {name: i for i, name in enumerate(HANDLES)}

#: What changes sign when left and right change places.
_LATERAL = (
    "pelvis_y", "pelvis_yaw", "pelvis_roll", "spine_bend", "spine_twist", "head_bend", "head_twist",
    "left_foot_y", "left_foot_yaw", "right_foot_y", "right_foot_yaw",
)  # fmt: skip

#: World (x ahead, y left, z up) from body axes (x left, y up, z ahead).
_WORLD_FROM_BODY = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])

_STRAIGHTEST_KNEE = 0.06
"""Least flexion (rad) of a knee: people hardly ever lock it, and past it the leg would jump."""
_SOLE_M = 0.009
"""Height of SMPL's foot joint above the floor, m (open body)."""
_HEEL = 0.39
"""Distance from the ankle back to the heel, over that from the ankle to the foot joint."""


def mirrored_rig(rig: FloatArray) -> FloatArray:
    """(..., C) the same motion with left and right exchanged."""
    swapped = rig.copy()
    for name in _LIMBS:
        left, right = COLUMN[f"left_{name}"], COLUMN[f"right_{name}"]
        swapped[..., left], swapped[..., right] = rig[..., right], rig[..., left]
    swapped[..., [COLUMN[name] for name in _LATERAL]] *= -1.0
    return swapped


@dataclass(frozen=True, eq=False)
class Build:
    """A body's bones as far as moving it needs them.

    Attributes
    ----------
    joints : (24, 3) array, m, rest pose, body axes (x left, y up, z ahead)
    leg_m : length of thigh and shank
    pelvis_m : height of the pelvis above the floor when standing at ease
    ankle_m, ball_m, heel_m : height of the ankle, distance from it to the ball and to the heel
    """

    joints: FloatArray
    leg_m: float
    pelvis_m: float
    ankle_m: float
    ball_m: float
    heel_m: float


def build_of(rest_joints: ArrayLike) -> Build:
    """Measure a skeleton.

    Parameters
    ----------
    rest_joints : (24, 3) array, m, rest pose (T-pose), body axes

    Raises
    ------
    HarstudioError
        A wrong shape or a value that is not finite.
    """
    joints = checked(rest_joints, (JOINT_COUNT, 3), "rest joints")
    hip, knee, ankle, ball = (
        joints[joint_index(f"left_{name}")] for name in ("hip", "knee", "ankle", "foot")
    )
    foot = float(np.linalg.norm(ball - ankle))
    ankle_m = float(ankle[1] - ball[1]) + _SOLE_M
    reach = float(np.linalg.norm(_leg(knee - hip, ankle - knee, 0.1)))
    return Build(
        joints=joints,
        leg_m=float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee)),
        pelvis_m=ankle_m + reach + float(joints[0, 1] - hip[1]) - 0.002,
        ankle_m=ankle_m,
        ball_m=float(ball[2] - ankle[2]),
        heel_m=_HEEL * foot,
    )


def standing(build: Build, style: Style, frames: int = 1) -> FloatArray:
    """(T, C) rig at ease: feet side by side under the pelvis, arms hanging."""
    rig = np.zeros((frames, len(HANDLES)))
    rig[:, COLUMN["pelvis_x"]] = 0.25 * build.ball_m
    for side, sign in (("left", 1.0), ("right", -1.0)):
        rig[:, COLUMN[f"{side}_foot_y"]] = 0.5 * sign * style.stance_m
        rig[:, COLUMN[f"{side}_foot_yaw"]] = sign * style.toe_out_rad
        rig[:, COLUMN[f"{side}_arm_out"]] = 0.15
        rig[:, COLUMN[f"{side}_elbow"]] = 0.2
        rig[:, COLUMN[f"{side}_forearm"]] = 0.3
    return rig


def within_reach(build: Build, rig: FloatArray) -> FloatArray:
    """(T,) the height of the pelvis (handle ``pelvis_z``), lowered where a foot is out of reach."""
    limit = rig[:, COLUMN["pelvis_z"]].copy()
    root = _root(rig)
    for side in SIDES:
        hip, bones = _hip_and_bones(build, side)
        at = np.einsum("tij,j->ti", root, hip - build.joints[0])
        ankle = _ankle(build, rig, side)
        flat = ankle[:, :2] - rig[:, :2] - at[:, :2]
        reach = float(np.linalg.norm(_leg(*bones, 1.2 * _STRAIGHTEST_KNEE)))
        up = np.sqrt(np.maximum(reach**2 - np.sum(flat**2, axis=1), (0.2 * reach) ** 2))
        limit = np.minimum(limit, ankle[:, 2] + up - at[:, 2] - build.pelvis_m)
    return limit


def pose_of(build: Build, rig: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The pose that a rig stands for.

    Parameters
    ----------
    build : Build
    rig : (T, C) array

    Returns
    -------
    pose : (T, 24, 3) array, axis-angle, rad; the root takes body axes to the world, z up
    translation : (T, 3) array, m, as in SMPL
    """
    frames = len(rig)
    local = np.zeros((frames, JOINT_COUNT, 4))
    local[..., 0] = 1.0
    root = _root(rig)
    local[:, 0] = rotations.quaternion_from_matrix(root)
    _bend_trunk(rig, local)
    pelvis = rig[:, :3] + (0.0, 0.0, build.pelvis_m)
    for side in SIDES:
        _bend_arm(rig, side, local)
        _bend_leg(build, rig, side, root, pelvis, local)
    return rotations.axis_angle_from_quaternion(local), pelvis - build.joints[0]


def _turn(axis: int, angle: ArrayLike) -> FloatArray:
    """(..., 4) quaternions of turns about one axis."""
    half = 0.5 * np.asarray(angle, dtype=np.float64)
    quaternion = np.zeros((*half.shape, 4))
    quaternion[..., 0], quaternion[..., 1 + axis] = np.cos(half), np.sin(half)
    return quaternion


def _chain(*quaternions: FloatArray) -> FloatArray:
    product = quaternions[0]
    for quaternion in quaternions[1:]:
        product = rotations.multiply(product, quaternion)
    return product


def _upright(yaw: FloatArray) -> FloatArray:
    """(T, 3, 3) world from a body that stands upright and looks along `yaw`."""
    cosine, sine = np.cos(yaw), np.sin(yaw)
    turn = np.zeros((len(yaw), 3, 3))
    turn[:, 0, 0], turn[:, 0, 1] = cosine, -sine
    turn[:, 1, 0], turn[:, 1, 1] = sine, cosine
    turn[:, 2, 2] = 1.0
    return np.asarray(turn @ _WORLD_FROM_BODY)


def _root(rig: FloatArray) -> FloatArray:
    """(T, 3, 3) world from pelvis."""
    lean = _chain(
        _turn(0, rig[:, COLUMN["pelvis_pitch"]]), _turn(2, -rig[:, COLUMN["pelvis_roll"]])
    )
    return _upright(rig[:, COLUMN["pelvis_yaw"]]) @ rotations.matrix_from_quaternion(lean)


def _bend_trunk(rig: FloatArray, local: FloatArray) -> None:
    shares = {"spine": (("spine1", 0.3), ("spine2", 0.35), ("spine3", 0.35)),
              "head": (("neck", 0.5), ("head", 0.5))}  # fmt: skip
    for part, joints in shares.items():
        flex, bend, twist = (rig[:, COLUMN[f"{part}_{name}"]] for name in ("flex", "bend", "twist"))
        for joint, share in joints:
            local[:, joint_index(joint)] = _chain(
                _turn(1, share * twist), _turn(0, share * flex), _turn(2, -share * bend)
            )


def _bend_arm(rig: FloatArray, side: str, local: FloatArray) -> None:
    sign = 1.0 if side == "left" else -1.0
    flex, out, across, twist, elbow, forearm, wrist = (
        rig[:, COLUMN[f"{side}_{name}"]] for name in _LIMBS[:7]
    )
    elbow = 0.5 * (elbow + np.sqrt(elbow**2 + 0.05**2))  # never bent backwards
    # The shoulder girdle takes a share once the arm is well off the side (scapular rhythm).
    raised = np.arccos(np.clip(np.cos(flex) * np.cos(out), -1.0, 1.0))
    shrug = 0.22 * np.maximum(raised - 0.6, 0.0) ** 2 / (np.maximum(raised - 0.6, 0.0) + 0.5)
    local[:, joint_index(f"{side}_collar")] = _turn(2, sign * shrug)
    local[:, joint_index(f"{side}_shoulder")] = _chain(
        _turn(2, -sign * shrug),
        _turn(1, -sign * across),
        _turn(0, -flex),
        _turn(2, sign * (out - 0.5 * np.pi)),
        _turn(0, twist),
    )
    local[:, joint_index(f"{side}_elbow")] = _chain(
        _turn(1, -sign * elbow), _turn(0, 0.7 * forearm)
    )
    local[:, joint_index(f"{side}_wrist")] = _chain(
        _turn(0, 0.3 * forearm), _turn(2, -sign * wrist)
    )


def _hip_and_bones(build: Build, side: str) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
    hip, knee, ankle = (
        build.joints[joint_index(f"{side}_{name}")] for name in ("hip", "knee", "ankle")
    )
    return hip, (knee - hip, ankle - knee)


def _leg(thigh: FloatArray, shank: FloatArray, knee: ArrayLike) -> FloatArray:
    """(..., 3) hip to ankle in the thigh's rest axes, the knee bent by an angle about x."""
    angle = np.asarray(knee, dtype=np.float64)
    cosine, sine = np.cos(angle), np.sin(angle)
    bent = np.stack(
        [
            np.broadcast_to(shank[0], angle.shape),
            cosine * shank[1] - sine * shank[2],
            sine * shank[1] + cosine * shank[2],
        ],
        axis=-1,
    )
    return np.asarray(thigh + bent)


def _knee_for(thigh: FloatArray, shank: FloatArray, distance: FloatArray) -> FloatArray:
    """(T,) flexion that puts the ankle at a distance from the hip; clipped to what a knee can do.

    ``|thigh + Rx(k) shank|^2 = c + 2 (a cos k + b sin k)`` is solved for k.
    """
    a = thigh[1] * shank[1] + thigh[2] * shank[2]
    b = thigh[2] * shank[1] - thigh[1] * shank[2]
    c = float(thigh @ thigh + shank @ shank + 2.0 * thigh[0] * shank[0])
    cosine = np.clip((distance**2 - c) / (2.0 * np.hypot(a, b)), -1.0, 1.0)
    knee: FloatArray = np.clip(np.arctan2(b, a) + np.arccos(cosine), _STRAIGHTEST_KNEE, 2.6)
    return knee


def _ankle(build: Build, rig: FloatArray, side: str) -> FloatArray:
    """(T, 3) where the ankle is: the foot rolls over its heel (toes up) or its ball (heel up)."""
    x, y, lift, yaw, pitch = (rig[:, COLUMN[f"{side}_{name}"]] for name in _LIMBS[7:12])
    over_heel = 0.5 * (1.0 + np.tanh(pitch / 0.06))
    pivot = over_heel * -build.heel_m + (1.0 - over_heel) * build.ball_m
    cosine, sine = np.cos(pitch), np.sin(pitch)
    ahead = pivot - pivot * cosine - build.ankle_m * sine
    up = -pivot * sine + build.ankle_m * cosine
    return np.stack([x + np.cos(yaw) * ahead, y + np.sin(yaw) * ahead, lift + up], axis=1)


def _bend_leg(
    build: Build,
    rig: FloatArray,
    side: str,
    root: FloatArray,
    pelvis: FloatArray,
    local: FloatArray,
) -> None:
    sign = 1.0 if side == "left" else -1.0
    hip, bones = _hip_and_bones(build, side)
    lift, yaw, pitch, out = (rig[:, COLUMN[f"{side}_{name}"]] for name in _LIMBS[9:])
    to_ankle = _ankle(build, rig, side) - pelvis - root @ (hip - build.joints[0])
    knee = _knee_for(*bones, np.linalg.norm(to_ankle, axis=1))
    foot = _upright(yaw) @ rotations.matrix_from_quaternion(_turn(0, -pitch))

    # The knee's axis lies between the pelvis's and the foot's sideways axes.
    sideways = rotations.normalised(root[:, :, 0] + _upright(yaw)[:, :, 0])
    level = np.stack([sideways[:, 1], -sideways[:, 0], np.zeros(len(rig))], axis=1)
    sideways = np.cos(out)[:, None] * sideways - sign * np.sin(out)[:, None] * level
    rest = _frame(_leg(*bones, knee), np.array([1.0, 0.0, 0.0]))
    thigh = _frame(to_ankle, sideways) @ np.swapaxes(rest, -1, -2)

    bent = rotations.matrix_from_quaternion(_turn(0, knee))
    ankle = np.swapaxes(thigh @ bent, -1, -2) @ foot
    # Toes stay flat while the heel is up and the ball still carries weight.
    toes = np.maximum(-pitch, 0.0) * np.exp(-((lift / 0.08) ** 2))
    quaternion = rotations.quaternion_from_matrix
    local[:, joint_index(f"{side}_hip")] = quaternion(np.swapaxes(root, -1, -2) @ thigh)
    local[:, joint_index(f"{side}_knee")] = _turn(0, knee)
    local[:, joint_index(f"{side}_ankle")] = quaternion(ankle)
    local[:, joint_index(f"{side}_foot")] = _turn(0, -np.minimum(toes, 1.05))


def _frame(along: FloatArray, sideways: FloatArray) -> FloatArray:
    """(T, 3, 3) right-handed frames: first column along a bone, second close to sideways."""
    first = rotations.normalised(along)
    second = sideways - np.sum(first * sideways, axis=-1, keepdims=True) * first
    second = rotations.normalised(second)
    return np.stack([first, second, np.cross(first, second)], axis=-1)
