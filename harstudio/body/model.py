"""A body that can be shaped and posed, in the terms of SMPL-24, whatever file it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray, IntArray, checked, readonly
from harstudio.core.errors import HarstudioError
from harstudio.core.motion import GENDERS, Motion
from harstudio.core.skeleton import JOINT_COUNT

POSE_FEATURES = 9 * (JOINT_COUNT - 1)
"""Columns of the pose correctives: the rotation matrices of all joints but the root."""

_WEIGHT_TOLERANCE = 1e-3
_REGRESSOR_TOLERANCE = 5e-2


@dataclass(frozen=True, eq=False)
class BodyModel:
    """A linear-blend-skinned body with SMPL's 24 joints (Loper et al. 2015).

    Rest pose is the T-pose; body axes: x to its left, y up, z to its front; metres.

    Attributes
    ----------
    name : str
    template : (V, 3) array, m
    faces : (F, 3) int array
    weights : (V, 24) array
        How much each joint moves each vertex; rows sum to 1.
    shape_directions : (V, 3, B) array, m per unit of each beta
    shape_names : B names
    joint_regressor : (24, V) array
        Joints from vertices; rows sum to 1.
    shape_space : str
        ``smpl`` or ``openbody``; see `harstudio.core.motion.Motion`.
    gender : str
        neutral, female or male.
    pose_directions : (V, 3, 207) float32 array, m, or None
        Corrections linear in the joints' rotation matrices less the identity. All zero becomes
        None, so that posing skips them.

    Raises
    ------
    HarstudioError
        Shapes that do not match, values that are not finite, faces that name missing vertices,
        or weights that do not sum to 1.
    """

    name: str
    template: FloatArray
    faces: IntArray
    weights: FloatArray
    shape_directions: FloatArray
    shape_names: tuple[str, ...]
    joint_regressor: FloatArray
    shape_space: str = "smpl"
    gender: str = "neutral"
    pose_directions: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        where = f"body {self.name!r}: "
        template = checked(self.template, (None, 3), where + "template")
        count, betas = len(template), len(self.shape_names)
        if self.gender not in GENDERS:
            raise HarstudioError(f"{where}gender {self.gender!r}, expected {', '.join(GENDERS)}")
        weights = checked(self.weights, (count, JOINT_COUNT), where + "weights")
        regressor = checked(self.joint_regressor, (JOINT_COUNT, count), where + "joint regressor")
        _check_rows(weights, _WEIGHT_TOLERANCE, where + "weights of vertex")
        _check_rows(regressor, _REGRESSOR_TOLERANCE, where + "regressor of joint")
        set_field = object.__setattr__
        set_field(self, "template", template)
        set_field(self, "faces", _checked_faces(self.faces, count, where + "faces"))
        set_field(self, "weights", weights)
        set_field(self, "joint_regressor", regressor)
        set_field(self, "shape_names", tuple(self.shape_names))
        directions = checked(self.shape_directions, (count, 3, betas), where + "shape directions")
        set_field(self, "shape_directions", directions)
        set_field(self, "pose_directions", _checked_pose(self.pose_directions, count, where))

    @property
    def vertex_count(self) -> int:
        return len(self.template)

    def shaped(self, betas: Sequence[float] | FloatArray = ()) -> ShapedBody:
        """This body with a person's shape.

        Parameters
        ----------
        betas : (N,) array
            Fewer than the body has are filled with zeros, more are cut.

        Raises
        ------
        HarstudioError
            Betas of another dimension, or not finite.
        """
        given = checked(np.asarray(betas, dtype=np.float64), (None,), "betas")
        used = given[: len(self.shape_names)]
        vertices = self.template + self.shape_directions[..., : len(used)] @ used
        joints = self.joint_regressor @ vertices
        return ShapedBody(self, readonly(vertices), readonly(joints))


@dataclass(frozen=True, eq=False)
class ShapedBody:
    """A body of one person's shape, at rest.

    Attributes
    ----------
    body : BodyModel
    vertices : (V, 3) array, m
    joints : (24, 3) array, m
    """

    body: BodyModel
    vertices: FloatArray
    joints: FloatArray


def body_for(body: BodyModel, motion: Motion) -> ShapedBody:
    """The body of the person who moves.

    The motion's betas apply where they belong to this family of bodies; else the mean shape.
    The last few results are kept.
    """
    betas = motion.betas if motion.shape_space == body.shape_space else np.zeros(0)
    return _shaped(body, tuple(betas.tolist()))


@lru_cache(maxsize=32)
def _shaped(body: BodyModel, betas: tuple[float, ...]) -> ShapedBody:
    return body.shaped(betas)


def _check_rows(matrix: FloatArray, tolerance: float, what: str) -> None:
    sums = matrix.sum(axis=1)
    worst = int(np.argmax(np.abs(sums - 1.0)))
    if abs(sums[worst] - 1.0) > tolerance:
        raise HarstudioError(f"{what} {worst} sum to {sums[worst]:.6g}, expected 1")


def _checked_faces(faces: IntArray, vertices: int, what: str) -> IntArray:
    array = np.asarray(faces)
    if array.dtype.kind not in "iu" or array.ndim != 2 or array.shape[1] != 3 or not len(array):
        raise HarstudioError(f"{what}: got {array.dtype} {array.shape}, expected integers (any, 3)")
    if array.min() < 0 or array.max() >= vertices:
        worst = array.max() if array.max() >= vertices else array.min()
        raise HarstudioError(f"{what}: vertex {worst}, expected 0 to {vertices - 1}")
    return readonly(array, np.int64)


def _checked_pose(
    directions: NDArray[np.float32] | None, vertices: int, where: str
) -> NDArray[np.float32] | None:
    if directions is None:
        return None
    array = readonly(directions, np.float32)
    if array.shape != (vertices, 3, POSE_FEATURES):
        raise HarstudioError(
            f"{where}pose directions: got shape {array.shape}, "
            f"expected ({vertices}, 3, {POSE_FEATURES})"
        )
    if not np.isfinite(array).all():
        raise HarstudioError(f"{where}pose directions: expected finite numbers")
    return array if array.any() else None
