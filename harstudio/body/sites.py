"""Where sensors sit on a body, and the paths they follow when it moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from harstudio.body.kinematics import (
    JointFrames,
    joint_chunks,
    pose_features,
    skinning_moves,
    with_ancestors,
)
from harstudio.body.model import ShapedBody
from harstudio.core.arrays import BoolArray, FloatArray, IntArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import Sensor, SensorLayout, SensorMount, SensorSite
from harstudio.core.motion import Motion
from harstudio.core.rotations import matrix_from_quaternion, normalised
from harstudio.core.skeleton import JOINT_COUNT, JOINTS, PARENTS, joint_index, mirrored

_MIDLINE: dict[str, SensorSite] = {
    "head": SensorSite("head", ("neck", "head"), 1.0, (0.0, 1.0, -0.05)),
    "forehead": SensorSite("head", ("neck", "head"), 1.0, (0.0, 0.55, 1.0)),
    "sternum": SensorSite("spine3", ("spine3", "neck"), 0.35, (0.0, 0.0, 1.0)),
    "c7": SensorSite("spine3", ("spine3", "neck"), 0.85, (0.0, 0.0, -1.0)),
    "pelvis": SensorSite("pelvis", ("pelvis", "spine1"), 0.75, (0.0, 0.0, -1.0)),
    "belly": SensorSite("pelvis", ("pelvis", "spine1"), 0.6, (0.0, 0.0, 1.0)),
}

_LEFT: dict[str, SensorSite] = {
    # A watch is rigid to the forearm, whose joint is the elbow, and not to the hand.
    "wrist": SensorSite("left_elbow", ("left_elbow", "left_wrist"), 0.88, (0.0, 1.0, 0.0)),
    "forearm": SensorSite("left_elbow", ("left_elbow", "left_wrist"), 0.5, (0.0, 1.0, 0.0)),
    "carpus": SensorSite("left_wrist", ("left_wrist", "left_hand"), 0.0, (0.0, 1.0, 0.0)),
    "hand": SensorSite("left_wrist", ("left_wrist", "left_hand"), 0.6, (0.0, 1.0, 0.0)),
    "upper_arm": SensorSite("left_shoulder", ("left_shoulder", "left_elbow"), 0.5, (0.0, 1.0, 0.0)),
    "scapula": SensorSite("left_collar", ("left_collar", "left_shoulder"), 0.25, (0.0, 0.0, -1.0)),
    "shoulder": SensorSite("left_collar", ("left_collar", "left_shoulder"), 0.2, (0.0, 0.6, 1.0)),
    "ear": SensorSite("head", ("neck", "head"), 1.0, (1.0, 0.35, -0.1)),
    "thigh": SensorSite("left_hip", ("left_hip", "left_knee"), 0.35, (0.3, 0.0, 1.0)),
    "thigh_side": SensorSite("left_hip", ("left_hip", "left_knee"), 0.5, (1.0, 0.0, 0.0)),
    "shank": SensorSite("left_knee", ("left_knee", "left_ankle"), 0.2, (0.2, 0.0, 1.0)),
    "ankle": SensorSite("left_knee", ("left_knee", "left_ankle"), 0.9, (1.0, 0.0, 0.0)),
    "foot": SensorSite("left_ankle", ("left_ankle", "left_foot"), 0.6, (0.0, 1.0, 0.45)),
}


def mirrored_site(site: SensorSite) -> SensorSite:
    """The same place on the other side of the body."""
    x, y, z = site.direction
    bone = (mirrored(site.bone[0]), mirrored(site.bone[1]))
    return SensorSite(mirrored(site.joint), bone, site.along, (-x if x else x, y, z))


def _both_sides() -> dict[str, SensorSite]:
    sites = dict(_MIDLINE)
    for name, site in _LEFT.items():
        sites[f"left_{name}"] = site
        sites[f"right_{name}"] = mirrored_site(site)
    return sites


SITES: Mapping[str, SensorSite] = MappingProxyType(_both_sides())
"""Named places: `wrist` is a watch worn on the back of the forearm, `carpus` the wrist itself,
`head` the crown, `pelvis` the small of the back, `shoulder` the clavicle."""

LAYOUTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # Xiao 2020.
        "xiao2020": ("left_wrist", "right_thigh", "head"),
        "watch": ("left_wrist",),
        # The six of Huang et al. 2018 (DIP), in the order of its files' subset.
        "dip6": ("left_wrist", "right_wrist", "left_shank", "right_shank", "head", "pelvis"),
        "dip17": (
            "head", "sternum", "pelvis", "left_shoulder", "right_shoulder",
            "left_upper_arm", "right_upper_arm", "left_wrist", "right_wrist",
            "left_thigh", "right_thigh", "left_shank", "right_shank",
            "left_hand", "right_hand", "left_foot", "right_foot",
        ),
        # The 17 sensors of Xsens MVN, in the order of its segments.
        "xsens": (
            "pelvis", "sternum", "forehead",
            "right_scapula", "right_upper_arm", "right_wrist", "right_hand",
            "left_scapula", "left_upper_arm", "left_wrist", "left_hand",
            "right_thigh_side", "right_shank", "right_foot",
            "left_thigh_side", "left_shank", "left_foot",
        ),
        "all": tuple(SITES),
    }
)  # fmt: skip
"""Named sets of sites."""

_SMPL_VERTEX_COUNT = 6890
_SMPL_VERTICES: Mapping[str, int] = MappingProxyType(
    {
        # DIP (Huang et al. 2018).
        "left_wrist": 1962, "right_wrist": 5431, "left_shank": 1096, "right_shank": 4583,
        "head": 412, "pelvis": 3021,
        # IMUPoser (Mollyn et al. 2023).
        "left_thigh": 876, "right_thigh": 4362,
    }
)  # fmt: skip
_SMPL_VERTEX_OF_SITE = {SITES[name]: vertex for name, vertex in _SMPL_VERTICES.items()}

_UPRIGHT = np.cos(np.radians(30.0))
"""Cosine above which the skin faces along the bone, as on the crown of the head."""


@dataclass(frozen=True, eq=False)
class AttachedSite:
    """A site on the skin of one shaped body, at rest.

    Attributes
    ----------
    joint : int
        The joint that carries it.
    face : int
    barycentric : (3,) array
        Weights of the face's vertices.
    position : (3,) array, m, body axes
    rotation : (3, 3) array, body from site: x along the bone away from the trunk, z out of the
        skin, y = z x x. Where the skin faces along the bone (the crown), x points to the front.
    """

    joint: int
    face: int
    barycentric: FloatArray
    position: FloatArray
    rotation: FloatArray


@dataclass(frozen=True, eq=False)
class SensorPaths:
    """Where sensors are over time.

    Attributes
    ----------
    positions : (T, S, 3) array, m, world
    rotations : (T, S, 3, 3) array, world from sensor
    """

    positions: FloatArray
    rotations: FloatArray


def layout_of(names: Iterable[str], name: str = "custom") -> SensorLayout:
    """Sensors at named sites, mounted straight; HarstudioError for a site that is not known."""
    sensors = []
    for site in names:
        if site not in SITES:
            raise HarstudioError(f"no site {site!r}", f"known: {', '.join(SITES)}")
        sensors.append(Sensor(site, SITES[site]))
    return SensorLayout(name, tuple(sensors))


@lru_cache(maxsize=256)
def attach(shaped: ShapedBody, site: SensorSite) -> AttachedSite:
    """Find a site on a body: a ray from its bone meets the skin there.

    Only faces that the bone's own and neighbouring joints carry are met, so that a ray from the
    foot never ends on the hand. The last few results are kept.

    Raises
    ------
    HarstudioError
        The ray meets no skin, or has no direction.
    """
    start, stop = (shaped.joints[joint_index(name)] for name in site.bone)
    origin = start + site.along * (stop - start)
    direction = normalised(site.direction)
    candidates = np.flatnonzero(_faces_near(shaped, site))
    corners = shaped.vertices[shaped.body.faces[candidates]]
    distance, weights = ray_hits(origin, direction, corners)
    first = int(np.argmin(distance)) if len(distance) else 0
    if not len(distance) or not np.isfinite(distance[first]):
        raise HarstudioError(
            f"site on {site.bone[0]}-{site.bone[1]}: a ray along {site.direction} meets no skin",
            "choose another direction",
        )
    face = int(candidates[first])
    return _attached(shaped, joint_index(site.joint), stop - start, face, weights[first])


def attached_at(shaped: ShapedBody, joint: int, face: int, barycentric: FloatArray) -> AttachedSite:
    """A point of the skin at rest as a place that `joint` carries.

    Its x runs along the bone from the joint to the nearest of those that follow, or, at hands,
    feet and head, along the bone that ends there.
    """
    point = barycentric @ shaped.vertices[shaped.body.faces[face]]
    bones = [(joint, child) for child in range(JOINT_COUNT) if PARENTS[child] == joint]
    a, b = min(
        bones or [(PARENTS[joint], joint)],
        key=lambda bone: float(np.linalg.norm(shaped.joints[list(bone)].mean(axis=0) - point)),
    )
    return _attached(shaped, joint, shaped.joints[b] - shaped.joints[a], face, barycentric)


def joint_of_face(shaped: ShapedBody, face: int) -> int:
    """The joint that carries a face most."""
    return int(_face_joints(shaped)[face])


def _attached(
    shaped: ShapedBody, joint: int, bone: FloatArray, face: int, barycentric: FloatArray
) -> AttachedSite:
    corners = shaped.body.faces[face]
    normal = barycentric @ _vertex_normals(shaped)[corners]
    return AttachedSite(
        joint=joint,
        face=face,
        barycentric=readonly(barycentric),
        position=readonly(barycentric @ shaped.vertices[corners]),
        rotation=readonly(_site_axes(bone, normal)),
    )


@lru_cache(maxsize=256)
def nearest_vertex(shaped: ShapedBody, site: SensorSite) -> int:
    """The vertex that stands for a site.

    On a mesh with SMPL's 6890 vertices the published ids of DIP and IMUPoser, where they name
    one; else the nearest corner of the face that the site lies on.
    """
    if len(shaped.vertices) == _SMPL_VERTEX_COUNT and site in _SMPL_VERTEX_OF_SITE:
        return _SMPL_VERTEX_OF_SITE[site]
    place = attach(shaped, site)
    corners = shaped.body.faces[place.face]
    distances = np.linalg.norm(shaped.vertices[corners] - place.position, axis=1)
    return int(corners[np.argmin(distances)])


def sensor_paths(
    shaped: ShapedBody, motion: Motion, layout: SensorLayout, *, by_vertex: bool = False
) -> SensorPaths:
    """Position and orientation of each sensor in every frame.

    Parameters
    ----------
    shaped : ShapedBody
    motion : Motion
    layout : SensorLayout
    by_vertex : bool
        False: sensors are rigid to their joint, with their mount. True: as Xiao 2020 and DIP do,
        the skinned vertex nearest to the site for position, the joint's own rotation for
        orientation; mounts are not used.

    Notes
    -----
    Only the joints that carry a sensor are posed, a stretch of frames at a time, so memory stays
    at the size of the result.
    """
    if by_vertex:
        return _vertex_paths(shaped, motion, layout)
    places = [_placed(shaped, sensor) for sensor in layout.sensors]
    count = len(places)
    joints = with_ancestors(joint for joint, _, _ in places)
    positions = np.empty((motion.frames, count, 3))
    rotations = np.empty((motion.frames, count, 3, 3))
    for part, world, place in joint_chunks(motion.pose, motion.translation, shaped.joints, joints):
        for i, (joint, offset, turn) in enumerate(places):
            row = joints.index(joint)
            positions[part, i] = (offset @ world[row] + place[row]).T
            # (3, 3, t) rows of world times the constant turn, still with time last.
            rotations[part, i] = np.moveaxis(turn.T @ world[row], -1, 0)
    return SensorPaths(positions, rotations)


def _placed(shaped: ShapedBody, sensor: Sensor) -> tuple[int, FloatArray, FloatArray]:
    """A sensor's joint, its offset (3,) m from it and its rotation (3, 3) joint from sensor."""
    site = attach(shaped, sensor.site)
    mount: SensorMount = sensor.mount
    lever = site.rotation @ np.asarray(mount.lever_arm_m)
    offset = site.position - shaped.joints[site.joint] + lever
    turn = site.rotation @ matrix_from_quaternion(normalised(mount.rotation_wxyz))
    return site.joint, offset, turn


def _vertex_paths(shaped: ShapedBody, motion: Motion, layout: SensorLayout) -> SensorPaths:
    """Skinned vertices and bone orientations; only those vertices are skinned."""
    vertices = [nearest_vertex(shaped, sensor.site) for sensor in layout.sensors]
    joints = [joint_index(sensor.site.joint) for sensor in layout.sensors]
    weights = shaped.body.weights[vertices]
    directions = shaped.body.pose_directions
    positions = np.empty((motion.frames, len(vertices), 3))
    rotations = np.empty((motion.frames, len(vertices), 3, 3))
    everything = tuple(range(JOINT_COUNT))
    for part, world, place in joint_chunks(
        motion.pose, motion.translation, shaped.joints, everything
    ):
        frames = JointFrames(np.moveaxis(world, -1, 0), np.moveaxis(place, -1, 0))
        rest = np.broadcast_to(shaped.vertices[vertices], (len(frames.positions), len(vertices), 3))
        if directions is not None:
            rest = rest + np.einsum("vif,tf->tvi", directions[vertices], pose_features(frames))
        blended = np.einsum("vj,tjik->tvik", weights, skinning_moves(frames, shaped.joints))
        positions[part] = np.einsum("tvik,tvk->tvi", blended[..., :3], rest) + blended[..., 3]
        rotations[part] = frames.rotations[:, joints]
    return SensorPaths(positions, rotations)


def ray_hits(
    origin: FloatArray, direction: FloatArray, corners: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Where a ray meets triangles.

    Parameters
    ----------
    origin, direction : (3,) arrays
    corners : (F, 3, 3) array
        Corner by corner.

    Returns
    -------
    distance : (F,) array
        In lengths of `direction`; infinite where the triangle is missed.
    barycentric : (F, 3) array

    Notes
    -----
    Moeller & Trumbore 1997. A ray through an edge hits both of its triangles.
    """
    first = corners[:, 0]
    edge1, edge2 = corners[:, 1] - first, corners[:, 2] - first
    across = np.cross(direction, edge2)
    volume = np.einsum("fi,fi->f", edge1, across)
    flat = np.abs(volume) < 1e-15
    inverse = 1.0 / np.where(flat, 1.0, volume)
    offset = origin - first
    u = np.einsum("fi,fi->f", offset, across) * inverse
    turned = np.cross(offset, edge1)
    v = turned @ direction * inverse
    distance = np.einsum("fi,fi->f", edge2, turned) * inverse
    slack = -1e-9
    hit = ~flat & (u >= slack) & (v >= slack) & (u + v <= 1 - slack) & (distance > 0)
    return np.where(hit, distance, np.inf), np.stack([1 - u - v, u, v], axis=-1)


def _faces_near(shaped: ShapedBody, site: SensorSite) -> BoolArray:
    """(F,) bool: faces carried mostly by the site's bone or a joint next to the site's own."""
    own = joint_index(site.joint)
    near = {own, *(joint_index(name) for name in site.bone)}
    near |= {joint for joint in range(len(JOINTS)) if PARENTS[joint] == own}
    near |= {PARENTS[own]} - {-1}
    carried: BoolArray = np.isin(_face_joints(shaped), sorted(near))
    return carried


@lru_cache(maxsize=8)
def _face_joints(shaped: ShapedBody) -> IntArray:
    """(F,) the joint with the largest weight on each face."""
    joints: IntArray = shaped.body.weights[shaped.body.faces].sum(axis=1).argmax(axis=1)
    return joints


@lru_cache(maxsize=8)
def _vertex_normals(shaped: ShapedBody) -> FloatArray:
    """(V, 3) unit normals, faces weighted by area: smoother than those of the faces."""
    corners = shaped.vertices[shaped.body.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros_like(shaped.vertices)
    for k in range(3):
        np.add.at(total, shaped.body.faces[:, k], normals)
    return normalised(total)


def _site_axes(bone: FloatArray, normal: FloatArray) -> FloatArray:
    """(3, 3) body from site; see `AttachedSite`."""
    x, out = normalised(bone), normalised(normal)
    if abs(x @ out) > _UPRIGHT:
        front = np.array([0.0, 0.0, 1.0])
        x = normalised(front - (front @ out) * out)
    z = normalised(out - (out @ x) * x)
    return np.stack([x, np.cross(z, x), z], axis=-1)
