"""Posing: where every joint and vertex of a body is at each frame of a motion.

Arrays are worked on with time as their last, contiguous axis and in chunks that stay in the
processor's cache: this, and leaving the mesh out, is what makes virtual sensors fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harstudio.body.model import BodyModel, ShapedBody
from harstudio.core.arrays import FloatArray, IntArray
from harstudio.core.motion import Motion
from harstudio.core.skeleton import JOINT_COUNT, PARENTS

_CHUNK = 1024
"""Frames worked on at once: 24 joints of them fill about 2 MB."""

_ALL_JOINTS = tuple(range(JOINT_COUNT))


@dataclass(frozen=True, eq=False)
class JointFrames:
    """Where the joints are.

    Attributes
    ----------
    rotations : (T, 24, 3, 3) array, world from joint; the identity at rest
    positions : (T, 24, 3) array, m, world
    """

    rotations: FloatArray
    positions: FloatArray


def forward_kinematics(
    pose: FloatArray, translation: FloatArray, rest_joints: FloatArray
) -> JointFrames:
    """World rotations and positions of all joints.

    Parameters
    ----------
    pose : (T, 24, 3) array, axis-angle relative to the parent, rad
    translation : (T, 3) array, m
    rest_joints : (24, 3) array, m

    Notes
    -----
    As in SMPL the root sits at ``rest_joints[0] + translation``.
    """
    frames = len(pose)
    rotations = np.empty((frames, JOINT_COUNT, 3, 3))
    positions = np.empty((frames, JOINT_COUNT, 3))
    for part, world, place in joint_chunks(pose, translation, rest_joints, _ALL_JOINTS):
        rotations[part] = np.moveaxis(world, -1, 0)
        positions[part] = np.moveaxis(place, -1, 0)
    return JointFrames(rotations, positions)


def joint_frames(
    shaped: ShapedBody, motion: Motion, frames: slice | IntArray | None = None
) -> JointFrames:
    """The joints of a body in some frames of a motion (all by default)."""
    part = slice(None) if frames is None else frames
    return forward_kinematics(motion.pose[part], motion.translation[part], shaped.joints)


def joint_chunks(
    pose: FloatArray, translation: FloatArray, rest_joints: FloatArray, joints: tuple[int, ...]
) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
    """Forward kinematics of some joints, a stretch of frames at a time.

    Parameters
    ----------
    pose, translation, rest_joints : see `forward_kinematics`
    joints : indices in tree order that include every joint's parent, as `with_ancestors` gives

    Yields
    ------
    frames : slice
    rotations : (J, 3, 3, t) array, world from joint
    positions : (J, 3, t) array, m, world; rows of both in the order of `joints`
    """
    row = {joint: i for i, joint in enumerate(joints)}
    for start in range(0, len(pose), _CHUNK):
        part = slice(start, min(start + _CHUNK, len(pose)))
        local = _local_rotations(pose[part], joints)
        world = np.empty((len(joints), 3, 3, local.shape[-1]))
        place = np.empty((len(joints), 3, local.shape[-1]))
        product = np.empty(world.shape[1:])
        for i, joint in enumerate(joints):
            turn = local[:, :, i]
            if PARENTS[joint] < 0:
                world[i] = turn
                place[i] = translation[part].T + rest_joints[joint][:, None]
                continue
            parent = row[PARENTS[joint]]
            _multiply_into(world[i], world[parent], turn, product)
            place[i] = (rest_joints[joint] - rest_joints[PARENTS[joint]]) @ world[parent]
            place[i] += place[parent]
        yield part, world, place


def with_ancestors(joints: Iterable[int]) -> tuple[int, ...]:
    """Those joints and all that carry them, in tree order."""
    needed: set[int] = set()
    for joint in joints:
        while joint >= 0 and joint not in needed:
            needed.add(joint)
            joint = PARENTS[joint]
    return tuple(sorted(needed))


def _local_rotations(pose: FloatArray, joints: tuple[int, ...]) -> FloatArray:
    """(t, 24, 3) axis-angle to (3, 3, J, t) matrices (Rodrigues), as `core.rotations.exp`.

    The half-angle form keeps full precision down to an angle of zero, so it needs no branch.
    """
    x, y, z = np.ascontiguousarray(pose[:, joints].transpose(2, 1, 0))
    square = np.maximum(x * x + y * y + z * z, 1e-60)
    angle = np.sqrt(square)
    half = 0.5 * angle
    sine = np.sin(half)
    a = 2.0 * sine * np.cos(half) / angle
    b = 2.0 * sine * sine / square
    matrix = np.empty((3, 3, *x.shape))
    bx, by, bz = b * x, b * y, b * z
    ax, ay, az = a * x, a * y, a * z
    xx, yy, zz = bx * x, by * y, bz * z
    np.subtract(1.0 - yy, zz, out=matrix[0, 0])
    np.subtract(1.0 - xx, zz, out=matrix[1, 1])
    np.subtract(1.0 - xx, yy, out=matrix[2, 2])
    for i, j, symmetric, skew in ((0, 1, bx * y, az), (1, 2, by * z, ax), (2, 0, bz * x, ay)):
        np.subtract(symmetric, skew, out=matrix[i, j])
        np.add(symmetric, skew, out=matrix[j, i])
    return matrix


def _multiply_into(
    out: FloatArray, left: FloatArray, right: FloatArray, scratch: FloatArray
) -> None:
    """``out = left @ right`` for (3, 3, t) arrays; numpy's matmul is far slower on 3 x 3."""
    np.multiply(left[:, 0, None], right[None, 0], out=out)
    for k in (1, 2):
        np.multiply(left[:, k, None], right[None, k], out=scratch)
        out += scratch


class Skin:
    """Vertices of one shaped body from its joints' frames.

    Without pose correctives linear blend skinning is one matrix product: with
    ``K[v] = (w_vj * [rest_v, 1])_j``, precomputed here, vertices are ``K @ [R_j; t_j]_j``.
    """

    def __init__(self, shaped: ShapedBody) -> None:
        body = shaped.body
        self._joints = shaped.joints
        self._rest = shaped.vertices.astype(np.float32)
        self._weights = body.weights.astype(np.float32)
        self._correctives = _correctives(body)
        ones = np.ones((len(self._rest), 1), np.float32)
        homogeneous = np.concatenate([self._rest, ones], axis=1)
        factor = self._weights[:, :, None] * homogeneous[:, None, :]
        self._factor = factor.reshape(len(self._rest), -1)

    def vertices(self, frames: JointFrames) -> NDArray[np.float32]:
        """Skinned mesh in world axes.

        Returns
        -------
        (T, V, 3) float32 array, m, C-contiguous
        """
        # Relative to the root, so that a body far from the origin loses no precision in float32.
        origin = frames.positions[:, :1]
        moves = skinning_moves(frames, self._joints)
        moves[..., 3] -= origin
        transforms = moves.astype(np.float32)
        if self._correctives is not None:
            vertices = self._corrected(frames, transforms)
        elif len(transforms) == 1:
            vertices = (self._factor @ _stacked(transforms[0]))[None]
        else:
            flat = transforms.transpose(0, 2, 1, 3).reshape(len(transforms) * 3, -1)
            planes = (flat @ self._factor.T).reshape(len(transforms), 3, len(self._rest))
            vertices = np.ascontiguousarray(planes.transpose(0, 2, 1))
        vertices += origin.astype(np.float32)
        return vertices

    def _corrected(
        self, frames: JointFrames, transforms: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Vertices with pose correctives, which make the rest shape differ in each frame."""
        assert self._correctives is not None
        features = pose_features(frames).astype(np.float32)
        out = np.empty((len(transforms), *self._rest.shape), np.float32)
        for i, transform in enumerate(transforms):
            rest = self._rest + (features[i] @ self._correctives).reshape(self._rest.shape)
            blended = (self._weights @ transform.reshape(JOINT_COUNT, 12)).reshape(-1, 3, 4)
            out[i] = np.einsum("vij,vj->vi", blended[..., :3], rest) + blended[..., 3]
        return out


@lru_cache(maxsize=4)
def _correctives(body: BodyModel) -> NDArray[np.float32] | None:
    """(207, 3 V) pose correctives, feature by feature: a product with them reads memory in order.

    That halves a frame's time, and the copy is shared by all shapes of a body.
    """
    if body.pose_directions is None:
        return None
    return np.ascontiguousarray(body.pose_directions.reshape(body.vertex_count * 3, -1).T)


def _stacked(transform: NDArray[np.float32]) -> NDArray[np.float32]:
    """(24, 3, 4) transforms to the (96, 3) right-hand factor of the skinning product."""
    return np.ascontiguousarray(transform.transpose(0, 2, 1)).reshape(-1, 3)


def skinning_moves(frames: JointFrames, rest_joints: FloatArray) -> FloatArray:
    """(T, 24, 3, 4) transforms that carry points of the rest pose along with each joint."""
    moves = np.empty((*frames.positions.shape, 4))
    moves[..., :3] = frames.rotations
    carried = np.einsum("tjik,jk->tji", frames.rotations, rest_joints)
    moves[..., 3] = frames.positions - carried
    return moves


def pose_features(frames: JointFrames) -> FloatArray:
    """(T, 207) entries of the joints' local rotations less the identity, the root left out."""
    parents = frames.rotations[:, PARENTS[1:]]
    local = np.swapaxes(parents, -1, -2) @ frames.rotations[:, 1:]
    features: FloatArray = (local - np.eye(3)).reshape(len(local), -1)
    return features
