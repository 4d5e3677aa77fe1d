"""Small solids (box, bone, ball, ring ...), many copies placed at once into one vertex array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harstudio.core.arrays import FloatArray
from harstudio.core.rotations import between_vectors

VERTEX = np.dtype(
    [("a_position", np.float32, 3), ("a_normal", np.float32, 3), ("a_colour", np.float32, 3)]
)
"""One vertex of a solid as the graphics card gets it."""


@dataclass(frozen=True, eq=False)
class Shape:
    """A template: vertices (N, 3), unit normals (N, 3), faces (F, 3), counter-clockwise."""

    vertices: FloatArray
    normals: FloatArray
    faces: NDArray[np.uint32]


def box() -> Shape:
    """A cube of side 1 around the origin, with sharp edges."""
    vertices: list[FloatArray] = []
    normals: list[FloatArray] = []
    faces: list[tuple[int, int, int]] = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            normal = np.zeros(3)
            normal[axis] = sign
            u, v = np.roll(np.eye(3), -axis - 1, axis=0)[:2]
            u = u * sign
            corners = [normal - u - v, normal + u - v, normal + u + v, normal - u + v]
            start = len(vertices)
            vertices += [corner / 2.0 for corner in corners]
            normals += [normal] * 4
            faces += [(start, start + 1, start + 2), (start, start + 2, start + 3)]
    return _outward(vertices, normals, faces)


def bone(sides: int = 8) -> Shape:
    """A cylinder along z from 0 to 1, of radius 1 tapering to 0.75, without caps."""
    angle = np.arange(sides) * 2.0 * np.pi / sides
    ring = np.stack([np.cos(angle), np.sin(angle), np.zeros(sides)], axis=1)
    vertices = np.concatenate([ring, ring * (0.75, 0.75, 0.0) + (0.0, 0.0, 1.0)])
    i = np.arange(sides)
    j = (i + 1) % sides
    faces = np.concatenate(
        [np.stack([i, j, j + sides], axis=1), np.stack([i, j + sides, i + sides], axis=1)]
    )
    return _outward(vertices, np.concatenate([ring, ring]), faces)


def ball(rings: int = 6, sides: int = 10) -> Shape:
    """A sphere of radius 1."""
    polar = np.linspace(0.0, np.pi, rings + 1)
    angle = np.arange(sides) * 2.0 * np.pi / sides
    points = np.stack(
        [
            np.sin(polar)[:, None] * np.cos(angle),
            np.sin(polar)[:, None] * np.sin(angle),
            np.broadcast_to(np.cos(polar)[:, None], (rings + 1, sides)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    faces = []
    for r in range(rings):
        for s in range(sides):
            a, b = r * sides + s, r * sides + (s + 1) % sides
            faces += [(a, a + sides, b + sides), (a, b + sides, b)]
    return _outward(points, points, faces)


def ring(thickness: float = 0.028, sides: int = 48, around: int = 6) -> Shape:
    """A torus of radius 1 around z."""
    angle, turn = np.meshgrid(
        np.arange(sides) * 2.0 * np.pi / sides,
        np.arange(around) * 2.0 * np.pi / around,
        indexing="ij",
    )
    out = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=-1)
    up = np.array([0.0, 0.0, 1.0])
    normals = np.cos(turn)[..., None] * out + np.sin(turn)[..., None] * up
    points = out + thickness * normals
    faces = []
    for i in range(sides):
        for j in range(around):
            a, b = i * around + j, i * around + (j + 1) % around
            c, d = (a + around) % (sides * around), (b + around) % (sides * around)
            faces += [(a, c, d), (a, d, b)]
    return _outward(points.reshape(-1, 3), normals.reshape(-1, 3), faces)


def cone(sides: int = 12) -> Shape:
    """A cone along z from 0 to 1, of radius 1 at its foot, with a base."""
    angle = np.arange(sides) * 2.0 * np.pi / sides
    out = np.stack([np.cos(angle), np.sin(angle), np.zeros(sides)], axis=1)
    slope = (out + np.array((0.0, 0.0, 1.0))) / np.sqrt(2.0)
    down = np.broadcast_to((0.0, 0.0, -1.0), (sides + 1, 3))
    tips = np.broadcast_to((0.0, 0.0, 1.0), (sides, 3))
    vertices = np.concatenate([out, tips, out, np.zeros((1, 3))])
    normals = np.concatenate([slope, slope, down])
    i = np.arange(sides)
    j = (i + 1) % sides
    sloping = np.stack([i, j, i + sides], axis=1)
    base = np.stack([i + 2 * sides, j + 2 * sides, np.full(sides, 3 * sides)], axis=1)
    return _outward(vertices, normals, np.concatenate([sloping, base]))


def disc(sides: int = 24) -> Shape:
    """A flat disc of radius 1 in the plane z = 0, seen from above."""
    angle = np.arange(sides) * 2.0 * np.pi / sides
    rim = np.stack([np.cos(angle), np.sin(angle), np.zeros(sides)], axis=1)
    vertices = np.concatenate([rim, np.zeros((1, 3))])
    i = np.arange(sides)
    faces = np.stack([i, (i + 1) % sides, np.full(sides, sides)], axis=1)
    return _outward(vertices, np.broadcast_to((0.0, 0.0, 1.0), vertices.shape), faces)


def _outward(vertices: ArrayLike, normals: ArrayLike, faces: ArrayLike) -> Shape:
    """A shape whose faces all turn the way its normals point; degenerate faces are dropped."""
    v, n = np.asarray(vertices, np.float64), np.asarray(normals, np.float64)
    f = np.asarray(faces, np.uint32).copy()
    across = np.cross(v[f[:, 1]] - v[f[:, 0]], v[f[:, 2]] - v[f[:, 0]])
    f = f[np.linalg.norm(across, axis=1) > 1e-12]
    across = np.cross(v[f[:, 1]] - v[f[:, 0]], v[f[:, 2]] - v[f[:, 0]])
    inward = np.sum(across * n[f].mean(axis=1), axis=1) < 0
    f[inward] = f[inward][:, ::-1]
    return Shape(v, n, f)


def placed(
    shape: Shape,
    positions: ArrayLike,
    rotations: ArrayLike,
    scales: ArrayLike,
    colours: ArrayLike,
) -> NDArray[np.void]:
    """Vertices of N copies of a shape.

    Parameters
    ----------
    positions : (N, 3), m
    rotations : (N, 3, 3), world from shape
    scales : (N, 3), m, along the shape's own axes
    colours : (N, 3), 0 to 1

    Returns
    -------
    (N * vertices,) array of `VERTEX`; its faces are those of `faces_of`
    """
    positions = np.asarray(positions, np.float64)
    result = np.empty((len(positions), len(shape.vertices)), VERTEX)
    turned = np.swapaxes(np.asarray(rotations, np.float64), -1, -2)
    local = shape.vertices * np.asarray(scales, np.float64)[:, None, :]
    result["a_position"] = local @ turned + positions[:, None, :]
    result["a_normal"] = shape.normals @ turned
    result["a_colour"] = np.asarray(colours, np.float64)[:, None, :]
    return result.reshape(-1)


def faces_of(parts: list[tuple[Shape, int]]) -> NDArray[np.uint32]:
    """(F, 3) faces of copies of shapes whose vertices lie one after another."""
    faces, start = [np.zeros((0, 3), np.uint32)], 0
    for shape, count in parts:
        offsets = start + np.arange(count, dtype=np.uint32) * len(shape.vertices)
        faces.append((offsets[:, None, None] + shape.faces).reshape(-1, 3).astype(np.uint32))
        start += count * len(shape.vertices)
    return np.concatenate(faces)


def along(starts: FloatArray, ends: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rotations (N, 3, 3) that take z to the way from start to end, and the lengths (N,)."""
    ways = ends - starts
    return between_vectors(np.broadcast_to((0.0, 0.0, 1.0), ways.shape), ways), np.linalg.norm(
        ways, axis=-1
    )
