"""Rotations in batches: axis-angle, matrix, quaternion (wxyz, Hamilton), and the maps between.

All functions take and return arrays with any number of leading axes. Angles in rad.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from harstudio.core.arrays import FloatArray

_SMALL = 1e-4
"""Below this angle (rad) a series of two terms is exact to double precision."""

_BLOCK = 4096
"""Matrices converted at a time: what fits the processor's cache is several times faster."""


def cross_matrix(vector: ArrayLike) -> FloatArray:
    """(..., 3) vectors to (..., 3, 3) matrices with ``cross_matrix(v) @ u == cross(v, u)``."""
    v = np.asarray(vector, dtype=np.float64)
    matrix = np.zeros((*v.shape[:-1], 3, 3))
    matrix[..., 0, 1], matrix[..., 0, 2] = -v[..., 2], v[..., 1]
    matrix[..., 1, 0], matrix[..., 1, 2] = v[..., 2], -v[..., 0]
    matrix[..., 2, 0], matrix[..., 2, 1] = -v[..., 1], v[..., 0]
    return matrix


def exp(axis_angle: ArrayLike) -> FloatArray:
    """(..., 3) axis-angle vectors to (..., 3, 3) rotation matrices (Rodrigues)."""
    v = np.asarray(axis_angle, dtype=np.float64)
    x, y, z = v[..., 0], v[..., 1], v[..., 2]
    square = x * x + y * y + z * z
    angle = np.sqrt(square)
    small = angle < _SMALL
    safe = np.where(small, 1.0, angle)
    a = np.where(small, 1.0 - square / 6.0, np.sin(safe) / safe)
    half = np.sin(0.5 * safe) / safe
    b = np.where(small, 0.5 - square / 24.0, 2.0 * half * half)
    matrix = np.empty((*v.shape[:-1], 3, 3))
    matrix[..., 0, 0] = 1.0 - b * (y * y + z * z)
    matrix[..., 1, 1] = 1.0 - b * (x * x + z * z)
    matrix[..., 2, 2] = 1.0 - b * (x * x + y * y)
    for i, j, product, component in ((0, 1, x * y, z), (1, 2, y * z, x), (2, 0, x * z, y)):
        matrix[..., i, j] = b * product - a * component
        matrix[..., j, i] = b * product + a * component
    return matrix


def log(matrix: ArrayLike) -> FloatArray:
    """(..., 3, 3) rotation matrices to (..., 3) axis-angle vectors of angle 0 to pi."""
    return axis_angle_from_quaternion(quaternion_from_matrix(matrix))


def quaternion_from_matrix(matrix: ArrayLike) -> FloatArray:
    """(..., 3, 3) matrices to (..., 4) unit quaternions with w >= 0.

    Of Shepperd's (1978) four formulas the best conditioned one is used for each matrix.
    """
    m = np.asarray(matrix, dtype=np.float64)
    flat = m.reshape(-1, 3, 3)
    quaternions = np.empty((len(flat), 4))
    for start in range(0, len(flat), _BLOCK):
        quaternions[start : start + _BLOCK] = _quaternions_of(flat[start : start + _BLOCK])
    return quaternions.reshape(*m.shape[:-2], 4)


def _quaternions_of(matrices: FloatArray) -> FloatArray:
    m = np.ascontiguousarray(np.moveaxis(matrices, 0, -1))  # one row per entry: fast sums
    ww, xx = 1 + m[0, 0] + m[1, 1] + m[2, 2], 1 + m[0, 0] - m[1, 1] - m[2, 2]
    yy, zz = 1 - m[0, 0] + m[1, 1] - m[2, 2], 1 - m[0, 0] - m[1, 1] + m[2, 2]
    wx, wy, wz = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    xy, yz, xz = m[1, 0] + m[0, 1], m[2, 1] + m[1, 2], m[0, 2] + m[2, 0]
    first, second = ww >= xx, yy >= zz
    upper = np.where(first, ww, xx) >= np.where(second, yy, zz)
    candidates = ((ww, wx, wy, wz), (wx, xx, xy, xz), (wy, xy, yy, yz), (wz, xz, yz, zz))
    w, x, y, z = (
        np.where(upper, np.where(first, a, b), np.where(second, c, d)) for a, b, c, d in candidates
    )
    scale = np.copysign(1.0 / np.sqrt(w * w + x * x + y * y + z * z), w)
    return np.stack([w * scale, x * scale, y * scale, z * scale], axis=-1)


def matrix_from_quaternion(quaternion: ArrayLike) -> FloatArray:
    """(..., 4) unit quaternions to (..., 3, 3) matrices."""
    q = np.asarray(quaternion, dtype=np.float64)
    w, x, y, z = (q[..., i] for i in range(4))
    matrix = np.empty((*q.shape[:-1], 3, 3))
    matrix[..., 0, 0] = 1 - 2 * (y * y + z * z)
    matrix[..., 0, 1] = 2 * (x * y - w * z)
    matrix[..., 0, 2] = 2 * (x * z + w * y)
    matrix[..., 1, 0] = 2 * (x * y + w * z)
    matrix[..., 1, 1] = 1 - 2 * (x * x + z * z)
    matrix[..., 1, 2] = 2 * (y * z - w * x)
    matrix[..., 2, 0] = 2 * (x * z - w * y)
    matrix[..., 2, 1] = 2 * (y * z + w * x)
    matrix[..., 2, 2] = 1 - 2 * (x * x + y * y)
    return matrix


def quaternion_from_axis_angle(axis_angle: ArrayLike) -> FloatArray:
    """(..., 3) axis-angle vectors to (..., 4) unit quaternions."""
    v = np.asarray(axis_angle, dtype=np.float64)
    half = 0.5 * np.linalg.norm(v, axis=-1, keepdims=True)
    return np.concatenate([np.cos(half), 0.5 * np.sinc(half / np.pi) * v], axis=-1)


def axis_angle_from_quaternion(quaternion: ArrayLike) -> FloatArray:
    """(..., 4) unit quaternions to (..., 3) axis-angle vectors of angle 0 to pi."""
    q = positive_w(np.asarray(quaternion, dtype=np.float64))
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, q[..., :1])
    small = sine < 1e-9
    return np.where(small, 2.0, angle / np.where(small, 1.0, sine)) * q[..., 1:]


def multiply(left: ArrayLike, right: ArrayLike) -> FloatArray:
    """Hamilton product of (..., 4) quaternions: first `right`, then `left`."""
    p, q = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    p0, p1, p2, p3 = (p[..., i] for i in range(4))
    q0, q1, q2, q3 = (q[..., i] for i in range(4))
    return np.stack(
        [
            p0 * q0 - p1 * q1 - p2 * q2 - p3 * q3,
            p0 * q1 + p1 * q0 + p2 * q3 - p3 * q2,
            p0 * q2 - p1 * q3 + p2 * q0 + p3 * q1,
            p0 * q3 + p1 * q2 - p2 * q1 + p3 * q0,
        ],
        axis=-1,
    )


def conjugate(quaternion: ArrayLike) -> FloatArray:
    """The inverse of (..., 4) unit quaternions."""
    q: FloatArray = np.array(quaternion, dtype=np.float64)
    q[..., 1:] *= -1.0
    return q


def normalised(vector: ArrayLike) -> FloatArray:
    """(..., N) vectors scaled to length 1; a zero vector stays zero."""
    v = np.asarray(vector, dtype=np.float64)
    length = np.linalg.norm(v, axis=-1, keepdims=True)
    return v / np.where(length > 0, length, 1.0)


def positive_w(quaternion: ArrayLike) -> FloatArray:
    """Of q and -q, the same rotation, the one with w >= 0."""
    q = np.asarray(quaternion, dtype=np.float64)
    return np.where(q[..., :1] < 0, -q, q)


def continuous(quaternion: ArrayLike) -> FloatArray:
    """(T, ..., 4) quaternions with signs chosen so that neighbours in time are close."""
    q = np.array(quaternion, dtype=np.float64)
    flips = np.einsum("...c,...c->...", q[1:], q[:-1]) < 0
    if flips.any():
        q[1:] *= np.where(np.logical_xor.accumulate(flips, axis=0), -1.0, 1.0)[..., None]
    return q


def angle_between(left: ArrayLike, right: ArrayLike) -> FloatArray:
    """Angle (rad, 0 to pi) that takes one (..., 3, 3) rotation to the other."""
    a, b = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    angle: FloatArray = np.linalg.norm(log(np.swapaxes(a, -1, -2) @ b), axis=-1)
    return angle


def between_vectors(start: ArrayLike, end: ArrayLike) -> FloatArray:
    """Smallest rotation (..., 3, 3) that takes the direction `start` to the direction `end`."""
    a, b = normalised(start), normalised(end)
    a, b = np.broadcast_arrays(a, b)
    w = 1.0 + np.sum(a * b, axis=-1, keepdims=True)
    quaternion = np.concatenate([w, np.cross(a, b)], axis=-1)
    helper = np.where(np.abs(a[..., :1]) < 0.9, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    half_turn = np.concatenate([np.zeros_like(w), np.cross(a, helper)], axis=-1)
    return matrix_from_quaternion(normalised(np.where(w < 1e-14, half_turn, quaternion)))
