"""Rings around a sensor that turn it: which one is under the pointer, and by how much it turns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.gui.viewport.camera import Camera

_NEAR_PX = 7.0
_MIDDLE_PX = 12.0
_POINTS = 72
_EDGE_ON = 0.25
"""Cosine between sight and axis below which a ring is too thin an ellipse to follow around."""

Size = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Grip:
    """A ring that has been taken.

    Attributes
    ----------
    axis : int
        0 to 2: x, y or z of the sensor.
    centre : (3,) array, m, world
    rotation : (3, 3) array, world from sensor, as it was when taken
    radius_m : float
    angle : float, rad
        Where on the ring it was taken.
    x, y : float, pixels
        Likewise in the picture.
    """

    axis: int
    centre: FloatArray
    rotation: FloatArray
    radius_m: float
    angle: float
    x: float
    y: float

    def angle_to(self, x: float, y: float, camera: Camera, size_px: Size) -> float:
        """How far the sensor turns about the axis if the hand moves to a pixel, rad.

        The taken point follows the pointer around the ring. A ring seen edge on is turned like
        the rim of a wheel, by how far the pointer goes along it.
        """
        u, v, n = _ring_axes(self.rotation, self.axis)
        eye, way = camera.ray(x, y, *size_px)
        facing = float(way @ n)
        if abs(facing) > _EDGE_ON:
            at = eye + way * float((self.centre - eye) @ n) / facing - self.centre
            turn = float(np.arctan2(at @ v, at @ u)) - self.angle
            return float((turn + np.pi) % (2.0 * np.pi) - np.pi)
        step = 0.02
        points = _ring_points(
            self.centre, u, v, self.radius_m, self.angle + np.array([-step, step])
        )
        before, after = camera.projected(points, *size_px)[:, :2]
        along = (after - before) / (2.0 * step)
        size = float(along @ along)
        return float((np.array([x - self.x, y - self.y]) @ along) / size) if size > 1.0 else 0.0


_RING_PX = 30.0


def ring_radius(camera: Camera, size_px: Size) -> float:
    """Radius of rings that are the same size in every picture, m: larger than their dead middle."""
    at = np.asarray(camera.target)
    a, b = camera.projected(np.stack([at, at + camera.axes[1] * 0.1]), *size_px)[:, :2]
    pixels_per_m = max(float(np.hypot(*(b - a))) / 0.1, 1.0)
    return float(np.clip(_RING_PX / pixels_per_m, 0.04, 0.5))


def grip_at(
    x: float,
    y: float,
    centre: FloatArray,
    rotation: FloatArray,
    radius_m: float,
    camera: Camera,
    size_px: Size,
) -> Grip | None:
    """The ring under a pixel: the nearest of the three; None where there is none."""
    angles = np.linspace(0.0, 2.0 * np.pi, _POINTS, endpoint=False)
    middle = camera.projected(centre, *size_px)[0, :2]
    best, found = _NEAR_PX, None
    for axis in range(3):
        u, v, _ = _ring_axes(rotation, axis)
        points = _ring_points(centre, u, v, radius_m, angles)
        seen = camera.projected(points, *size_px)
        distance = np.hypot(seen[:, 0] - x, seen[:, 1] - y)
        # A ring seen edge on runs over the sensor, which is not to be turned by its middle.
        distance[np.hypot(seen[:, 0] - middle[0], seen[:, 1] - middle[1]) < _MIDDLE_PX] = np.inf
        i = int(np.argmin(distance))
        if distance[i] < best:
            best = float(distance[i])
            found = Grip(axis, centre, rotation, radius_m, float(angles[i]), x, y)
    return found


def _ring_axes(rotation: FloatArray, axis: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Two directions in the ring's plane and its axis, right-handed."""
    u, v, n = (rotation[:, (axis + k) % 3] for k in (1, 2, 0))
    return u, v, n


def _ring_points(
    centre: FloatArray, u: FloatArray, v: FloatArray, radius_m: float, angles: FloatArray
) -> FloatArray:
    points: FloatArray = centre + radius_m * (
        np.cos(angles)[:, None] * u + np.sin(angles)[:, None] * v
    )
    return points
