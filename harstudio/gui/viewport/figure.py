"""What the open clip looks like at a time: skin, skeleton and sensors, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import minimum_spanning_tree
from threadpoolctl import threadpool_limits

from harstudio.body.kinematics import JointFrames, Skin, forward_kinematics
from harstudio.body.model import ShapedBody
from harstudio.body.sites import sensor_paths
from harstudio.core import rotations
from harstudio.core.arrays import FloatArray
from harstudio.core.imu import Sensor, SensorLayout
from harstudio.core.motion import Motion
from harstudio.core.points import PointPath
from harstudio.core.skeleton import BONES, JOINT_COUNT, JOINTS, PARENTS, joint_index

_FOLLOW_HZ = 20.0
_FOLLOW_S = 0.35
"""Standard deviation of the smoothing of what the camera follows."""
_FOLLOW_HEIGHT_S = 1.5
"""The same for its height: slow, so that a jump is seen as one."""

Bones = tuple[tuple[int, int], ...]


class Figure:
    """A moving body, or moving points, ready to be asked for any time.

    Parameters
    ----------
    motion, shaped : the body's, or None
    points : PointPath or None
        What the stick figure shows instead of the body's joints.
    layout : SensorLayout
        Sensors to place on the body.
    """

    def __init__(
        self,
        motion: Motion | None,
        shaped: ShapedBody | None,
        points: PointPath | None,
        layout: SensorLayout,
    ) -> None:
        self.points = points
        self.bones: Bones = bones_of(points) if points is not None else BONES
        self.sensor_names: tuple[str, ...] = ()
        self.duration_s = 0.0
        self._body: _Body | None = None
        if motion is not None and shaped is not None:
            self._body = _Body(motion, shaped, layout)
            self.sensor_names = layout.names
            self.duration_s = motion.duration_s
            path, rate_hz = motion.translation + shaped.joints[0], motion.rate_hz
        elif points is not None:
            self.duration_s = points.frames / points.rate_hz
            path, rate_hz = points.positions.mean(axis=1), points.rate_hz
        else:
            raise ValueError("a figure needs a motion or points")
        step = max(1, round(rate_hz / _FOLLOW_HZ))
        self._follow_hz = rate_hz / step
        self._followed = smoothed_path(path[::step], self._follow_hz)

    @property
    def faces(self) -> NDArray[np.uint32] | None:
        """(F, 3) of the skin; None without a body."""
        return None if self._body is None else self._body.faces

    def place(self, layout: SensorLayout) -> None:
        """Show other sensors, or the same ones elsewhere."""
        if self._body is not None:
            self._body.place(layout)
            self.sensor_names = layout.names

    @property
    def shaped(self) -> ShapedBody | None:
        """The body at rest; None without one."""
        return None if self._body is None else self._body.shaped

    def followed(self, time_s: float) -> FloatArray:
        """(3,) where a steady camera looks at that time, m, world."""
        return interpolated(self._followed, time_s * self._follow_hz)

    def at(self, time_s: float) -> Posture:
        """The figure at a time; between two frames the joints turn along the shortest way."""
        return Posture(self, self._body, time_s)


class Posture:
    """A figure at one moment; nothing is computed before it is asked for."""

    def __init__(self, figure: Figure, body: _Body | None, time_s: float) -> None:
        self._figure, self._body, self._time_s = figure, body, time_s
        self._frames = body.frames_at(time_s) if body is not None else None
        self._vertices: NDArray[np.float32] | None = None

    @property
    def centre(self) -> FloatArray:
        """(3,) the pelvis, or the middle of the points, m, world."""
        if self._frames is not None:
            pelvis: FloatArray = self._frames.positions[0, 0]
            return pelvis
        middle: FloatArray = self.stick_points().mean(axis=0)
        return middle

    @property
    def heading(self) -> float | None:
        """The way the pelvis faces, rad from world x; None where it faces up or down."""
        if self._frames is None:
            return None
        forward = self._frames.rotations[0, 0] @ (0.0, 0.0, 1.0)
        if np.hypot(forward[0], forward[1]) < 0.2:
            return None
        return float(np.arctan2(forward[1], forward[0]))

    def skin(self) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """(V, 3) vertices, m, world, and (V, 3) normals of any length; None without a body."""
        vertices = self.vertices()
        if self._body is None or vertices is None:
            return None
        return vertices, self._body.normals(vertices)

    def vertices(self) -> NDArray[np.float32] | None:
        """(V, 3) vertices of the skin, m, world; None without a body."""
        if self._vertices is None and self._body is not None and self._frames is not None:
            self._vertices = self._body.skin.vertices(self._frames)[0]
        return self._vertices

    def stick_points(self) -> FloatArray:
        """(P, 3) joints of the stick figure, m, world."""
        points = self._figure.points
        if points is not None:
            return interpolated(points.positions, self._time_s * points.rate_hz)
        assert self._frames is not None
        joints: FloatArray = self._frames.positions[0]
        return joints

    def sensors(self) -> tuple[FloatArray, FloatArray]:
        """(S, 3) positions, m, and (S, 3, 3) rotations, world from sensor."""
        if self._body is None or self._frames is None:
            return np.zeros((0, 3)), np.zeros((0, 3, 3))
        return self._body.sensors(self._frames)

    def placed(self, sensor: Sensor) -> tuple[FloatArray, FloatArray] | None:
        """(3,) position, m, and (3, 3) rotation of any one sensor; None without a body."""
        if self._body is None or self._frames is None:
            return None
        rest = self._body.at_rest(SensorLayout("one", (sensor,)))
        places, turns = rest.moved(self._frames)
        return places[0], turns[0]


@dataclass(frozen=True, eq=False)
class _RestSensors:
    """Sensors in the rest pose: their joints (S,), offsets (S, 3) from them, turns (S, 3, 3)."""

    joints: NDArray[np.int_]
    arms: FloatArray
    turns: FloatArray

    def moved(self, frames: JointFrames) -> tuple[FloatArray, FloatArray]:
        turns = frames.rotations[0, self.joints]
        arms = np.einsum("sij,sj->si", turns, self.arms)
        return frames.positions[0, self.joints] + arms, turns @ self.turns


class _Body:
    """What of a shaped body in motion can be computed once."""

    def __init__(self, motion: Motion, shaped: ShapedBody, layout: SensorLayout) -> None:
        self._motion, self.shaped = motion, shaped
        self.skin = Skin(shaped)
        self.faces = np.ascontiguousarray(shaped.body.faces, dtype=np.uint32)
        self._incidence = vertex_face_incidence(self.faces, len(shaped.vertices))
        self.place(layout)

    def place(self, layout: SensorLayout) -> None:
        self._sensors = self.at_rest(layout)

    def at_rest(self, layout: SensorLayout) -> _RestSensors:
        # A sensor is rigid to its joint, so where it sits in the rest pose says all.
        rest = replace(
            self._motion,
            pose=np.zeros((1, JOINT_COUNT, 3)),
            translation=np.zeros((1, 3)),
            source=None,
        )
        paths = sensor_paths(self.shaped, rest, layout)
        joints = np.array([joint_index(s.site.joint) for s in layout.sensors], dtype=int)
        return _RestSensors(
            joints, paths.positions[0] - self.shaped.joints[joints], paths.rotations[0]
        )

    def frames_at(self, time_s: float) -> JointFrames:
        motion = self._motion
        place = float(np.clip(time_s * motion.rate_hz, 0.0, motion.frames - 1))
        first = int(place)
        last, share = min(first + 1, motion.frames - 1), place - first
        pose = motion.pose[[first, last]]
        if share > 0.0:
            start, end = rotations.quaternion_from_axis_angle(pose)
            sign = np.where(np.sum(start * end, axis=-1, keepdims=True) < 0.0, -1.0, 1.0)
            mixed = rotations.normalised((1.0 - share) * start + share * sign * end)
            pose = rotations.axis_angle_from_quaternion(mixed)[None]
        translation = (1.0 - share) * motion.translation[first] + share * motion.translation[last]
        return forward_kinematics(pose[:1], translation[None], self.shaped.joints)

    def normals(self, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        return vertex_normals(vertices, self.faces, self._incidence)

    def sensors(self, frames: JointFrames) -> tuple[FloatArray, FloatArray]:
        return self._sensors.moved(frames)


def pin_maths() -> None:
    """Let this process's matrix products run on one thread, from now on.

    A frame's product takes a quarter of a millisecond; waking a second thread for it takes
    eight, more than all the rest of the frame. Jobs run in processes of their own.
    """
    threadpool_limits(limits=1, user_api="blas")


def interpolated(values: FloatArray, place: float) -> FloatArray:
    """The row of (T, ...) values at a place between rows, held at both ends."""
    place = float(np.clip(place, 0.0, len(values) - 1))
    lower = int(place)
    upper, share = min(lower + 1, len(values) - 1), place - lower
    result: FloatArray = (1.0 - share) * values[lower] + share * values[upper]
    return result


def smoothed_path(path: FloatArray, rate_hz: float) -> FloatArray:
    """(T, 3) path without the sway of each step, delayed by nothing, with its ends in place."""
    if len(path) < 3:
        return np.array(path)
    across = _smoothed(path[:, :2], _FOLLOW_S * rate_hz)
    height = _smoothed(path[:, 2:], _FOLLOW_HEIGHT_S * rate_hz)
    return np.concatenate([across, height], axis=1)


def _smoothed(values: FloatArray, sigma: float) -> FloatArray:
    # Turned about its ends, the path goes on as it came, so that a walk is not held back there.
    margin = int(4.0 * sigma) + 1
    longer = np.pad(values, ((margin, margin), (0, 0)), mode="reflect", reflect_type="odd")
    result: FloatArray = gaussian_filter1d(longer, sigma, axis=0)[margin:-margin]
    return result


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


def bones_of(path: PointPath) -> Bones:
    """Pairs of points to join by a line.

    Points that carry the names of joints are joined as in SMPL-24, over joints that are missing;
    what is left is joined where it looks rigid: near, at a distance that keeps. So a Kinect's
    skeleton and any set of markers both get a figure.

    Notes
    -----
    The minimum spanning tree over mean distance plus four times its standard deviation.
    """
    sample = path.positions[:: max(1, path.frames // 60)]
    distance = np.linalg.norm(sample[:, :, None] - sample[:, None, :], axis=-1)
    cost = distance.mean(axis=0) + 4.0 * distance.std(axis=0) + 1e-3
    for i, name in enumerate(path.names):
        parent = _carrier(name, path.names)
        if parent is not None:
            cost[i, parent] = cost[parent, i] = 1e-6
    tree = minimum_spanning_tree(cost).tocoo()
    return tuple((int(i), int(j)) for i, j in zip(tree.row, tree.col, strict=True))


def _carrier(name: str, names: tuple[str, ...]) -> int | None:
    """Index of the nearest joint towards the pelvis that is among the names."""
    if name.endswith("_shoulder") and "neck" in names and "spine3" not in names:
        return names.index("neck")  # as a Kinect draws it, for want of collar bones
    joint = PARENTS[JOINTS.index(name)] if name in JOINTS else -1
    while joint >= 0 and JOINTS[joint] not in names:
        joint = PARENTS[joint]
    return names.index(JOINTS[joint]) if joint >= 0 else None
