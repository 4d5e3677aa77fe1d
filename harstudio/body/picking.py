"""From a point on the posed skin to a sensor's place, by meaning, so that it fits any body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harstudio.body.model import ShapedBody
from harstudio.body.sites import SITES, AttachedSite, attach, attached_at, joint_of_face, ray_hits
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import Quaternion, SensorMount, SensorSite, Vector
from harstudio.core.rotations import multiply, normalised, quaternion_from_matrix
from harstudio.core.skeleton import BONES, JOINTS

_SAME_M = 1e-3
"""A site this near to the point is the point."""

_STARTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
"""Where else on a bone, or on the line beyond it, a ray may start: a finger hides the next one
from the middle of its own bone."""


@dataclass(frozen=True, eq=False)
class SkinPoint:
    """A point on a mesh.

    Attributes
    ----------
    face : int
    barycentric : (3,) array
        Weights of the face's vertices.
    position : (3,) array, m, in the mesh's axes
    """

    face: int
    barycentric: FloatArray
    position: FloatArray


def skin_under(
    origin: FloatArray,
    direction: FloatArray,
    vertices: FloatArray | NDArray[np.float32],
    faces: NDArray[np.integer],
) -> SkinPoint | None:
    """The first point of a mesh that a ray meets; None if it misses.

    Parameters
    ----------
    origin, direction : (3,) arrays, m; any length of `direction`
    vertices : (V, 3) array, m
    faces : (F, 3) array
    """
    near = _near_ray(np.asarray(vertices, np.float64) - origin, normalised(direction), faces)
    corners = np.asarray(vertices[faces[near]], np.float64)
    if not len(near):
        return None
    distance, weights = ray_hits(origin, normalised(direction), corners)
    first = int(np.argmin(distance))
    if not np.isfinite(distance[first]):
        return None
    return SkinPoint(int(near[first]), weights[first], weights[first] @ corners[first])


def _near_ray(
    offsets: FloatArray, direction: FloatArray, faces: NDArray[np.integer]
) -> NDArray[np.intp]:
    """Indices of faces that a ray from 0 can meet: its line lies within their box across it."""
    helper = np.eye(3)[int(np.argmin(np.abs(direction)))]
    u = normalised(np.cross(direction, helper))
    v = np.cross(direction, u)
    possible = np.ones(len(faces), dtype=bool)
    for across in (offsets @ u, offsets @ v):
        a, b, c = (across[faces[:, k]] for k in range(3))
        possible &= (np.minimum(np.minimum(a, b), c) <= 1e-9) & (
            np.maximum(np.maximum(a, b), c) >= -1e-9
        )
    return np.flatnonzero(possible)


def place_on_skin(shaped: ShapedBody, point: SkinPoint) -> tuple[SensorSite, SensorMount]:
    """A site, and a mount there, that put a sensor on a point of the skin.

    The ray starts on the bone of the joint that carries the point most, as square to the bone as
    it can. Where every such ray meets other skin first (between fingers, or toes), the site is
    the nearest that one meets, and the mount bridges the rest.

    Parameters
    ----------
    shaped : ShapedBody
    point : SkinPoint
        Of the same mesh, in any pose: only its face and weights are used.
    """
    own = attached_at(shaped, joint_of_face(shaped, point.face), point.face, point.barycentric)
    best: tuple[float, SensorSite, AttachedSite] | None = None
    for site in _rays(shaped, own):
        try:
            place = attach(shaped, site)
        except HarstudioError:
            continue
        error = float(np.linalg.norm(place.position - own.position))
        if error < _SAME_M:
            return site, SensorMount()
        if best is None or error < best[0]:
            best = (error, site, place)
    if best is None:
        raise HarstudioError("no sensor can be placed here", "choose a point a little beside it")
    _, site, place = best
    return site, _bridge(place, own)


def named_site_near(shaped: ShapedBody, position: FloatArray, within_m: float = 0.05) -> str:
    """The named site nearest to a point of the rest pose (body axes, m); empty if none is near."""
    distances = {
        name: float(np.linalg.norm(attach(shaped, site).position - position))
        for name, site in SITES.items()
    }
    nearest = min(distances, key=lambda name: distances[name])
    return nearest if distances[nearest] <= within_m else ""


def _rays(shaped: ShapedBody, own: AttachedSite) -> list[SensorSite]:
    """Sites that could be the point: nearest bone first, and square to it first."""
    found = []
    for a, b in BONES:
        if own.joint not in (a, b):
            continue
        start, bone = shaped.joints[a], shaped.joints[b] - shaped.joints[a]
        foot = float((own.position - start) @ bone / (bone @ bone))
        square = float(np.clip(foot, 0.0, 1.0))
        distance = float(np.linalg.norm(own.position - start - square * bone))
        found.append((distance, (a, b), (square, foot)))
    rays = []
    for _, (a, b), feet in sorted(found):
        start, bone = shaped.joints[a], shaped.joints[b] - shaped.joints[a]
        # Beyond a bone's end there is skin only at hands, feet and head.
        last = b not in {first for first, _ in BONES}
        starts = [feet[0], *(feet[1:] if last else ()), *(s for s in _STARTS if s <= 1.0 or last)]
        for along in starts:
            way = own.position - start - along * bone
            if np.linalg.norm(way) > _SAME_M:
                name = (JOINTS[a], JOINTS[b])
                rays.append(SensorSite(JOINTS[own.joint], name, along, _triple(normalised(way))))
    return rays


def _bridge(place: AttachedSite, own: AttachedSite) -> SensorMount:
    """The mount at `place` that sits as a straight one would on `own`."""
    turn = quaternion_from_matrix(place.rotation.T @ own.rotation)
    lever = place.rotation.T @ (own.position - place.position)
    return SensorMount(_quaternion(turn), _triple(lever))


def moved_mount(mount: SensorMount, straight: SensorMount) -> SensorMount:
    """A sensor's mount once it has been moved to a place whose straight mount is `straight`.

    It keeps its turn on the skin; it lies on the skin again, whatever its lever arm was.
    """
    turn = multiply(straight.rotation_wxyz, mount.rotation_wxyz)
    return SensorMount(_quaternion(turn), straight.lever_arm_m)


def _triple(values: FloatArray) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _quaternion(values: FloatArray) -> Quaternion:
    w, x, y, z = (float(value) for value in normalised(values))
    return w, x, y, z
