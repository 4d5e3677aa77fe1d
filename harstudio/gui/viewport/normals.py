"""Normals of a skin that moves, from what its faces are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix


def vertex_face_incidence(faces: NDArray[np.uint32], vertices: int) -> csr_matrix:
    """(V, F) matrix that sums over the faces around each vertex."""
    rows = faces.astype(np.int32).ravel()
    columns = np.repeat(np.arange(len(faces), dtype=np.int32), 3)
    ones = np.ones(len(rows), np.float32)
    return csr_matrix((ones, (rows, columns)), shape=(vertices, len(faces)))


def vertex_normals(
    vertices: NDArray[np.float32], faces: NDArray[np.uint32], incidence: csr_matrix
) -> NDArray[np.float32]:
    """(V, 3) normals weighted by area, not of unit length (the shader sees to that)."""
    x, y, z = np.ascontiguousarray(vertices.T)
    a, b, c = faces.T
    ux, uy, uz = x[b] - x[a], y[b] - y[a], z[b] - z[a]
    vx, vy, vz = x[c] - x[a], y[c] - y[a], z[c] - z[a]
    across = np.stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx], axis=1)
    result: NDArray[np.float32] = incidence @ across
    return result
