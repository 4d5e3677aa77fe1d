"""The algebra of rotations, checked against itself and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from harstudio.core import rotations as rot

components = st.floats(-4.0, 4.0, allow_subnormal=False)
vectors = arrays(np.float64, 3, elements=components)
nonzero = vectors.filter(lambda v: np.linalg.norm(v) > 1e-3)
directions = nonzero.map(rot.normalised)
quaternions = arrays(np.float64, 4, elements=components).filter(
    lambda q: np.linalg.norm(q) > 1e-3
).map(rot.normalised)  # fmt: skip


def close(left: np.ndarray, right: np.ndarray, tolerance: float = 1e-12) -> bool:
    return bool(np.abs(np.asarray(left) - np.asarray(right)).max() <= tolerance)


def same_rotation(p: np.ndarray, q: np.ndarray, tolerance: float = 1e-12) -> bool:
    return close(p, q, tolerance) or close(p, -np.asarray(q), tolerance)


@given(vectors)
def test_exp_agrees_with_scipy(v):
    assert close(rot.exp(v), Rotation.from_rotvec(v).as_matrix())


@given(directions, st.floats(1e-12, 3.1))
def test_log_undoes_exp(axis, angle):
    assert close(rot.log(rot.exp(axis * angle)), axis * angle, 1e-9)


@given(directions, st.floats(1e-300, 1e-5))
def test_log_undoes_exp_near_zero_to_relative_precision(axis, angle):
    v = axis * angle
    assert np.linalg.norm(rot.log(rot.exp(v)) - v) <= 1e-12 * angle + 1e-300


@given(directions, st.floats(0.0, 1e-6))
def test_log_near_a_half_turn_gives_the_same_rotation_and_angle(axis, short_of_pi):
    matrix = rot.exp(axis * (np.pi - short_of_pi))
    v = rot.log(matrix)
    assert np.linalg.norm(v) == pytest.approx(np.pi - short_of_pi, abs=1e-9)
    assert close(rot.exp(v), matrix, 1e-9)


@given(directions)
def test_log_of_an_exact_half_turn_is_pi_about_its_axis(axis):
    matrix = 2.0 * np.outer(axis, axis) - np.eye(3)
    v = rot.log(matrix)
    assert same_rotation(v / np.pi, axis, 1e-9)


@given(vectors)
def test_exp_is_a_rotation(v):
    matrix = rot.exp(v)
    assert close(matrix @ matrix.T, np.eye(3))
    assert np.linalg.det(matrix) == pytest.approx(1.0, abs=1e-12)


@given(quaternions)
def test_matrix_of_a_quaternion_agrees_with_scipy(q):
    assert close(
        rot.matrix_from_quaternion(q), Rotation.from_quat(q, scalar_first=True).as_matrix()
    )


@given(quaternions)
def test_quaternion_of_a_matrix_agrees_with_scipy_and_has_positive_w(q):
    matrix = Rotation.from_quat(q, scalar_first=True).as_matrix()
    found = rot.quaternion_from_matrix(matrix)
    assert same_rotation(found, q)
    assert found[0] >= 0
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("axis", range(3))
def test_quaternion_of_a_half_turn_about_each_axis(axis):
    matrix = -np.eye(3)
    matrix[axis, axis] = 1.0
    expected = np.zeros(4)
    expected[1 + axis] = 1.0
    assert same_rotation(rot.quaternion_from_matrix(matrix), expected)


@given(vectors)
def test_quaternion_of_an_axis_angle_agrees_with_the_matrix(v):
    assert close(rot.matrix_from_quaternion(rot.quaternion_from_axis_angle(v)), rot.exp(v))


@given(quaternions)
def test_axis_angle_of_a_quaternion_is_undone(q):
    v = rot.axis_angle_from_quaternion(q)
    assert same_rotation(rot.quaternion_from_axis_angle(v), q, 1e-9)
    assert np.linalg.norm(v) <= np.pi + 1e-12


@given(quaternions, quaternions)
def test_quaternion_product_is_matrix_product(p, q):
    product = rot.matrix_from_quaternion(rot.multiply(p, q))
    assert close(product, rot.matrix_from_quaternion(p) @ rot.matrix_from_quaternion(q))


@given(quaternions, quaternions, quaternions)
def test_quaternion_product_is_associative(p, q, r):
    assert close(rot.multiply(rot.multiply(p, q), r), rot.multiply(p, rot.multiply(q, r)))


@given(quaternions)
def test_conjugate_is_the_inverse(q):
    assert close(rot.multiply(q, rot.conjugate(q)), [1.0, 0.0, 0.0, 0.0])
    assert close(rot.multiply(rot.conjugate(q), q), [1.0, 0.0, 0.0, 0.0])


@given(quaternions, quaternions)
def test_conjugate_of_a_product_reverses_it(p, q):
    assert close(
        rot.conjugate(rot.multiply(p, q)), rot.multiply(rot.conjugate(q), rot.conjugate(p))
    )


def test_conjugate_leaves_its_argument_alone():
    q = np.array([0.5, 0.5, 0.5, 0.5])
    rot.conjugate(q)
    assert close(q, [0.5, 0.5, 0.5, 0.5], 0.0)


@given(vectors, vectors)
def test_cross_matrix_is_the_cross_product(v, u):
    assert close(rot.cross_matrix(v) @ u, np.cross(v, u))


@given(arrays(np.float64, (6, 2, 4), elements=st.floats(0.1, 1.0)), st.integers(0, 2**12 - 1))
def test_continuous_undoes_any_flips_of_sign(smooth, flips):
    # All components positive: neighbours are within a quarter turn of each other.
    smooth = rot.normalised(smooth)
    signs = np.array([-1.0 if flips >> bit & 1 else 1.0 for bit in range(12)]).reshape(6, 2)
    found = rot.continuous(smooth * signs[..., None])
    assert close(found, smooth * signs[0][None, :, None], 0.0)


def test_continuous_follows_a_turn_past_pi():
    angle = np.linspace(0.0, 4.0 * np.pi, 200)
    turning = rot.exp(angle[:, None] * np.array([0.0, 0.6, 0.8]))
    q = rot.continuous(rot.quaternion_from_matrix(turning))
    assert np.abs(np.diff(q, axis=0)).max() < 0.05
    assert close(q[:, 0], np.cos(0.5 * angle), 1e-9)


@given(nonzero, nonzero)
def test_between_vectors_takes_one_to_the_other_by_the_angle_between(a, b):
    matrix = rot.between_vectors(a, b)
    assert close(matrix @ rot.normalised(a), rot.normalised(b), 1e-6)
    assert close(matrix @ matrix.T, np.eye(3))
    angle = np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)
    assert rot.angle_between(np.eye(3), matrix) == pytest.approx(angle, abs=1e-4)


@given(directions)
def test_between_opposite_vectors_is_a_half_turn(a):
    matrix = rot.between_vectors(a, -a)
    assert close(matrix @ a, -a, 1e-9)
    assert np.linalg.det(matrix) == pytest.approx(1.0, abs=1e-9)


@given(directions, st.floats(0.0, np.pi), quaternions)
def test_angle_between_does_not_depend_on_the_frame(axis, angle, q):
    world = rot.matrix_from_quaternion(q)
    assert rot.angle_between(world, world @ rot.exp(axis * angle)) == pytest.approx(angle, abs=1e-7)


@given(nonzero, st.floats(1e-7, 1e-3))
def test_between_nearly_opposite_vectors_is_still_exact(a, short_of_pi):
    a = rot.normalised(a)
    sideways = rot.normalised(np.cross(a, np.eye(3)[np.argmin(np.abs(a))]))
    b = -np.cos(short_of_pi) * a + np.sin(short_of_pi) * sideways
    assert close(rot.between_vectors(a, b) @ a, b, 3e-7)


def test_a_zero_vector_stays_zero_when_normalised():
    assert close(rot.normalised(np.zeros(3)), np.zeros(3), 0.0)


@pytest.mark.parametrize("shape", [(), (0,), (7,), (2, 3), (70, 17, 5)])
def test_batches_give_what_single_rotations_give(shape):
    v = 2.0 * np.random.default_rng(1).standard_normal((*shape, 3))
    matrices = rot.exp(v)
    q = rot.quaternion_from_matrix(matrices)
    assert matrices.shape == (*shape, 3, 3)
    assert q.shape == (*shape, 4)
    assert rot.log(matrices).shape == (*shape, 3)
    assert rot.multiply(q, q).shape == (*shape, 4)
    assert rot.matrix_from_quaternion(q).shape == (*shape, 3, 3)
    for index in list(np.ndindex(*shape))[:: max(1, v.size // 60)]:
        assert close(matrices[index], rot.exp(v[index]), 1e-15)
        assert close(q[index], rot.quaternion_from_matrix(matrices[index]), 1e-15)
        assert close(rot.log(matrices)[index], rot.log(matrices[index]), 1e-15)


def test_quaternions_of_more_matrices_than_a_block_agree_with_scipy():
    turns = Rotation.random(10_000, rng=np.random.default_rng(2))
    expected = turns.as_quat(canonical=True, scalar_first=True)
    assert close(rot.quaternion_from_matrix(turns.as_matrix()), expected)
