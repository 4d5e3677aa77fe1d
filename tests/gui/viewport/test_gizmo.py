"""Rings that turn a sensor."""

from __future__ import annotations

import numpy as np
import pytest

from harstudio.core import rotations as rot
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.gizmo import Grip, grip_at, ring_radius

SIZE = (800.0, 600.0)
CENTRE = np.array([0.1, -0.2, 1.0])
CAMERA = Camera(azimuth=0.5, elevation=0.4, distance_m=2.0, target=(0.0, 0.0, 0.9))
# All three rings are seen from their corner.
TURN = rot.between_vectors(np.ones(3), CAMERA.axes[2]) @ rot.exp((0.1, -0.05, 0.0))
RADIUS_M = 0.1


def on_ring(axis: int, angle: float, turn: np.ndarray = TURN) -> np.ndarray:
    """A point of a ring, in the world."""
    u, v = turn[:, (axis + 1) % 3], turn[:, (axis + 2) % 3]
    return CENTRE + RADIUS_M * (np.cos(angle) * u + np.sin(angle) * v)


def pixel(point: np.ndarray, camera: Camera = CAMERA) -> tuple[float, float]:
    x, y, _ = camera.projected(point, *SIZE)[0]
    return float(x), float(y)


def grip(axis: int, angle: float) -> Grip:
    x, y = pixel(on_ring(axis, angle))
    found = grip_at(x, y, CENTRE, TURN, RADIUS_M, CAMERA, SIZE)
    assert found is not None
    return found


def free_angle(axis: int) -> float:
    """A place on the ring that no other ring passes in the picture."""
    angles = np.linspace(0.0, 2.0 * np.pi, 100, endpoint=False)
    seen = [
        CAMERA.projected([on_ring(each, angle) for angle in angles], *SIZE)[:, :2]
        for each in range(3)
    ]
    others = np.concatenate([seen[each] for each in range(3) if each != axis])
    room = np.linalg.norm(seen[axis][:, None] - others, axis=-1).min(axis=1)
    return float(angles[int(np.argmax(room))])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_ring_under_the_pointer_is_found(axis: int) -> None:
    assert grip(axis, free_angle(axis)).axis == axis


def test_beside_the_rings_and_at_their_middle_there_is_none() -> None:
    for x, y in ((10.0, 10.0), pixel(CENTRE)):
        assert grip_at(x, y, CENTRE, TURN, RADIUS_M, CAMERA, SIZE) is None


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("way", [-1.2, 0.4, 2.0])
def test_a_ring_follows_the_pointer_around(axis: int, way: float) -> None:
    held = grip(axis, free_angle(axis))
    x, y = pixel(on_ring(axis, held.angle + way))
    assert held.angle_to(x, y, CAMERA, SIZE) == pytest.approx(way, abs=0.08)


def test_a_ring_seen_edge_on_turns_like_the_rim_of_a_wheel() -> None:
    right, up, back = CAMERA.axes
    turn = np.stack([right, up, back], axis=1)  # its y ring is a line across the picture
    front = on_ring(1, 0.0, turn)  # the point nearest to the eye
    held = Grip(1, CENTRE, turn, RADIUS_M, 0.0, *pixel(front))
    x, y = pixel(front + 0.02 * right)
    assert held.angle_to(x, y, CAMERA, SIZE) == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("size_px", [SIZE, (665.0, 197.0), (1600.0, 1000.0)])
def test_rings_look_the_same_size_from_near_and_far_and_in_every_picture(
    size_px: tuple[float, float],
) -> None:
    for distance in (2.0, 4.0):
        camera = Camera(distance_m=distance, target=(0.0, 0.0, 1.0))
        edge = np.array([0.0, 0.0, 1.0]) + ring_radius(camera, size_px) * camera.axes[1]
        x, y = camera.projected(edge, *size_px)[0, :2]
        assert np.hypot(x - size_px[0] / 2, y - size_px[1] / 2) == pytest.approx(30.0, abs=6.0)
