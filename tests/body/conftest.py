"""Bodies and motions that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harstudio.body.files import open_body
from harstudio.body.model import BodyModel, ShapedBody
from harstudio.core.motion import Motion
from harstudio.core.skeleton import PARENTS

FINGERS = 15


def family_parents(joints: int) -> tuple[int, ...]:
    """Parents of SMPL (24), SMPL-H (52) or SMPL-X (55), written out as in the released files."""
    body = list(PARENTS[:22])
    left, right = (22, 37) if joints == 52 else (25, 40)
    hands = []
    for wrist, first in ((20, left), (21, right)):
        for finger in range(5):
            base = first + 3 * finger
            hands += [wrist, base, base + 1]
    if joints == 24:
        return PARENTS
    return (*body, *([15, 15, 15] if joints == 55 else []), *hands)


def family_arrays(joints: int, *, vertices: int = 60, betas: int = 10, seed: int = 0) -> Any:
    """A made-up body with the layout of a released file: random, but well formed."""
    rng = np.random.default_rng(seed)
    weights = rng.random((vertices, joints)) ** 8
    regressor = rng.random((joints, vertices)) ** 8
    faces = np.array([[i, i + 1, i + 2] for i in range(vertices - 2)], np.uint32)
    table = np.array([family_parents(joints), range(joints)], np.int64)
    table[0, 0] = 2**32 - 1
    return {
        "v_template": rng.uniform(-0.8, 0.8, (vertices, 3)),
        "f": faces,
        "weights": weights / weights.sum(axis=1, keepdims=True),
        "J_regressor": regressor / regressor.sum(axis=1, keepdims=True),
        "shapedirs": rng.normal(0, 0.02, (vertices, 3, betas)),
        "posedirs": rng.normal(0, 0.01, (vertices, 3, 9 * (joints - 1))),
        "kintree_table": table,
    }


@pytest.fixture(scope="session")
def arrays_of() -> Callable[..., Any]:
    """Makes the arrays of a model file with 24, 52 or 55 joints."""
    return family_arrays


@pytest.fixture(scope="session")
def body() -> BodyModel:
    return open_body()


@pytest.fixture(scope="session")
def shaped(body: BodyModel) -> ShapedBody:
    return body.shaped()


@pytest.fixture(scope="session")
def corrected_body(body: BodyModel) -> BodyModel:
    """The open body with made-up pose correctives and 16 betas in SMPL's shape space."""
    rng = np.random.default_rng(5)
    count = body.vertex_count
    return BodyModel(
        name="corrected",
        template=body.template,
        faces=body.faces,
        weights=body.weights,
        shape_directions=rng.normal(0, 0.004, (count, 3, 16)),
        shape_names=tuple(f"beta {i + 1}" for i in range(16)),
        joint_regressor=body.joint_regressor,
        pose_directions=rng.normal(0, 0.003, (count, 3, 207)).astype(np.float32),
    )


@pytest.fixture(scope="session")
def random_motion() -> Callable[..., Motion]:
    """Makes a motion of large, unrelated poses: `random_motion(frames, seed=0, **fields)`."""

    def make(frames: int, seed: int = 0, **fields: Any) -> Motion:
        rng = np.random.default_rng(seed)
        pose = rng.normal(0.0, 0.6, (frames, 24, 3))
        return Motion(pose, rng.normal(0.0, 1.5, (frames, 3)), 120.0, **fields)

    return make
