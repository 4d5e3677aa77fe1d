"""A turntable camera, world z up: a value that orbits, pans and zooms by returning another."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from harstudio.core.arrays import FloatArray

FIELD_OF_VIEW = np.deg2rad(32.0)
NEAREST_M, FARTHEST_M = 0.35, 40.0
LOWEST, HIGHEST = np.deg2rad(1.0), np.deg2rad(89.9)
"""Never below the floor, never quite overhead (where left and right would be undefined)."""
_RADIANS_PER_PIXEL = 0.008
_ZOOM_PER_NOTCH = 0.88
_NEAR_M, _FAR_M = 0.05, 200.0


@dataclass(frozen=True)
class Camera:
    """Where the eye is and what it looks at.

    Attributes
    ----------
    azimuth : float, rad
        Direction from the target to the eye, counter-clockwise from world x.
    elevation : float, rad
        Height of the eye above the horizon.
    distance_m : float
    target : (x, y, z), m, world
        What is in the middle of the picture.
    """

    azimuth: float = 0.6
    elevation: float = 0.2
    distance_m: float = 4.3
    target: tuple[float, float, float] = (0.0, 0.0, 0.85)

    def orbited(self, right_px: float, down_px: float) -> Camera:
        """Turned as if the floor had been dragged by so many pixels."""
        elevation = self.elevation + down_px * _RADIANS_PER_PIXEL
        return replace(
            self,
            azimuth=self.azimuth - right_px * _RADIANS_PER_PIXEL,
            elevation=float(np.clip(elevation, LOWEST, HIGHEST)),
        )

    def zoomed(self, notches: float) -> Camera:
        """Nearer by so many notches of the wheel; away if negative."""
        distance = self.distance_m * _ZOOM_PER_NOTCH**notches
        return replace(self, distance_m=float(np.clip(distance, NEAREST_M, FARTHEST_M)))

    def pan_offset(self, right_px: float, down_px: float, height_px: float) -> FloatArray:
        """(3,) world offset of the target that drags the picture along with the hand, m."""
        right, up, _ = self.axes
        scale = 2.0 * self.distance_m * np.tan(FIELD_OF_VIEW / 2.0) / max(height_px, 1.0)
        offset: FloatArray = (-right * right_px + up * down_px) * scale
        return offset

    def looking_at(self, target: ArrayLike) -> Camera:
        """The same view of another point."""
        x, y, z = np.asarray(target, dtype=np.float64)
        return replace(self, target=(float(x), float(y), float(z)))

    @property
    def axes(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Right, up and backward (towards the eye), unit vectors in the world."""
        ca, sa = np.cos(self.azimuth), np.sin(self.azimuth)
        ce, se = np.cos(self.elevation), np.sin(self.elevation)
        right = np.array([-sa, ca, 0.0])
        up = np.array([-se * ca, -se * sa, ce])
        back = np.array([ce * ca, ce * sa, se])
        return right, up, back

    @property
    def eye(self) -> FloatArray:
        """(3,) where the eye is, m, world."""
        return np.asarray(self.target) + self.distance_m * self.axes[2]

    def ray(self, x: float, y: float, width: float, height: float) -> tuple[FloatArray, FloatArray]:
        """Origin (3,) and unit direction (3,) of what is seen at a pixel, m, world.

        The inverse of `projected`: `x` from the left, `y` from the top.
        """
        aspect = width / max(height, 1.0)
        right, up, back = self.axes
        across = (2.0 * x / max(width, 1.0) - 1.0) * aspect / _zoom(aspect)
        above = (1.0 - 2.0 * y / max(height, 1.0)) / _zoom(aspect)
        way = right * across + up * above - back
        return self.eye, way / np.linalg.norm(way)

    def matrix(self, aspect: float) -> FloatArray:
        """(4, 4) clip coordinates from world coordinates, for column vectors.

        Parameters
        ----------
        aspect : float
            Width over height. In a picture taller than wide the field of view is the width's.
        """
        view = np.eye(4)
        view[:3, :3] = np.stack(self.axes)
        view[:3, 3] = -view[:3, :3] @ self.eye
        zoom = _zoom(aspect)
        projection = np.zeros((4, 4))
        projection[0, 0], projection[1, 1] = zoom / aspect, zoom
        projection[2, 2] = -(_FAR_M + _NEAR_M) / (_FAR_M - _NEAR_M)
        projection[2, 3] = -2.0 * _FAR_M * _NEAR_M / (_FAR_M - _NEAR_M)
        projection[3, 2] = -1.0
        return projection @ view

    def projected(self, points: ArrayLike, width: float, height: float) -> FloatArray:
        """(N, 3) world points to (N, 3): pixels from the left, from the top, distance in m.

        The distance is negative behind the eye.
        """
        points = np.atleast_2d(np.asarray(points, dtype=np.float64))
        homogeneous = np.concatenate([points, np.ones((len(points), 1))], axis=1)
        clip = homogeneous @ self.matrix(width / max(height, 1.0)).T
        depth = np.where(np.abs(clip[:, 3]) < 1e-9, 1e-9, clip[:, 3])
        x = (clip[:, 0] / depth + 1.0) * width / 2.0
        y = (1.0 - clip[:, 1] / depth) * height / 2.0
        return np.stack([x, y, clip[:, 3]], axis=1)


def _zoom(aspect: float) -> float:
    """Half the picture's height in front of the eye is 1 / zoom of the distance."""
    return float(1.0 / np.tan(FIELD_OF_VIEW / 2.0) * min(1.0, aspect / 0.62))
