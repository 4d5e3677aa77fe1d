"""Small solids."""

from __future__ import annotations

import numpy as np
import pytest

from harstudio.core.rotations import exp
from harstudio.gui.viewport.shapes import Shape, along, ball, bone, box, faces_of, placed

SHAPES = pytest.mark.parametrize("shape", [box(), bone(), ball()], ids=["box", "bone", "ball"])


@SHAPES
def test_every_face_turns_outwards(shape: Shape) -> None:
    a, b, c = (shape.vertices[shape.faces[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    assert np.all(np.sum(across * shape.normals[shape.faces].mean(axis=1), axis=1) > 0)


@SHAPES
def test_normals_have_length_one(shape: Shape) -> None:
    np.testing.assert_allclose(np.linalg.norm(shape.normals, axis=1), 1.0, atol=1e-12)


def test_a_box_has_volume_one() -> None:
    a, b, c = (box().vertices[box().faces[:, i]] for i in range(3))
    assert np.sum(a * np.cross(b, c)) / 6.0 == pytest.approx(1.0)


def test_a_placed_box_reaches_along_its_own_turned_axes() -> None:
    turn = exp([[0.0, 0.0, np.pi / 2.0]])
    vertices = placed(box(), [(1.0, 2.0, 3.0)], turn, [(4.0, 0.2, 0.2)], [(1.0, 0.0, 0.0)])
    reach = np.ptp(vertices["a_position"], axis=0)
    np.testing.assert_allclose(reach, (0.2, 4.0, 0.2), atol=1e-5)
    np.testing.assert_allclose(vertices["a_position"].mean(axis=0), (1.0, 2.0, 3.0), atol=1e-6)


def test_faces_of_copies_point_into_their_own_vertices() -> None:
    faces = faces_of([(box(), 2), (ball(), 1)])
    copies = len(box().vertices)
    assert faces[: len(box().faces)].max() == copies - 1
    assert faces.max() == 2 * copies + len(ball().vertices) - 1


def test_along_takes_z_to_the_way_and_tells_its_length() -> None:
    start, end = np.array([[0.0, 1.0, 0.0]]), np.array([[0.0, 1.0, -2.0]])
    turns, lengths = along(start, end)
    assert lengths[0] == pytest.approx(2.0)
    np.testing.assert_allclose(turns[0] @ (0.0, 0.0, 1.0), (0.0, 0.0, -1.0), atol=1e-12)
