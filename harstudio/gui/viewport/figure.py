"""What the open clip looks like at a time: skin, skeleton and sensors, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from harstudio.body.contact import (
    Soles,
    contact_margin,
    contacts,
    ground_height,
    sole_paths,
    soles_of,
)
from harstudio.body.kinematics import JointFrames, Skin
from harstudio.body.model import ShapedBody
from harstudio.body.posing import joints_at
from harstudio.body.sites import sensor_paths
from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.core.imu import Sensor, SensorLayout
from harstudio.core.motion import Motion
from harstudio.core.points import PointPath
from harstudio.core.skeleton import BONES, JOINT_COUNT, JOINTS, joint_index
from harstudio.gui.viewport.bones import Bones, bones_of
from harstudio.gui.viewport.chunks import Chunks
from harstudio.gui.viewport.normals import vertex_face_incidence, vertex_normals
from harstudio.gui.viewport.paths import interpolated, smoothed_path

_FOLLOW_HZ = 20.0


class Figure:
    """A moving body, or moving points, ready to be asked for any time.

    Parameters
    ----------
    motion, shaped : the body's, or None
    points : PointPath or None
        What the stick figure shows instead of the body's joints.
    layout : SensorLayout
        Sensors to place on the body.
    like : Figure, optional
        Another one on the same body model, whose triangles are taken over.
    """

    def __init__(
        self,
        motion: Motion | None,
        shaped: ShapedBody | None,
        points: PointPath | None,
        layout: SensorLayout,
        like: Figure | None = None,
    ) -> None:
        self.points = points
        self.bones: Bones = bones_of(points) if points is not None else BONES
        self.sensor_names: tuple[str, ...] = ()
        self.duration_s = 0.0
        self._body: _Body | None = None
        if motion is not None and shaped is not None:
            self._body = _Body(motion, shaped, layout, like._body if like is not None else None)
            self.sensor_names = layout.names
            self.duration_s = motion.duration_s
            path, rate_hz = motion.translation + shaped.joints[0], motion.rate_hz
        elif points is not None:
            self.duration_s = points.frames / points.rate_hz
            path, rate_hz = points.positions.mean(axis=1), points.rate_hz
        else:
            raise ValueError("a figure needs a motion or points")
        self._rate_hz = points.rate_hz if points is not None else rate_hz
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

    @property
    def point_names(self) -> tuple[str, ...]:
        """Names of the stick figure's points."""
        return JOINTS if self.points is None else self.points.names

    def trails(self, start_s: float, stop_s: float, most_hz: float = 60.0) -> FloatArray:
        """(T, S, 3) where the sensors have been between two times, m, world; none of no body.

        At most so many places a second; the last one is that of `stop_s` itself.
        """
        if self._body is None:
            return np.zeros((0, 0, 3))
        return self._body.trails(start_s, stop_s, most_hz)

    def contact(self, time_s: float) -> tuple[BoolArray, FloatArray] | None:
        """Which of `SOLES` touch the ground at a time, (4,), and where they are, (4, 3) m."""
        return None if self._body is None else self._body.contact(time_s)

    @property
    def rate_hz(self) -> float:
        """Frames a second of what is shown."""
        return self._rate_hz

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

    def joints(self) -> tuple[FloatArray, FloatArray] | None:
        """(24, 3) positions, m, and (24, 3, 3) rotations of the body's joints, world."""
        if self._frames is None:
            return None
        return self._frames.positions[0], self._frames.rotations[0]

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

    def __init__(
        self, motion: Motion, shaped: ShapedBody, layout: SensorLayout, like: _Body | None
    ) -> None:
        self._motion, self.shaped = motion, shaped
        self.skin = Skin(shaped)
        if like is not None and like.shaped.body is shaped.body:
            self.faces, self._incidence = like.faces, like._incidence
        else:
            self.faces = np.ascontiguousarray(shaped.body.faces, dtype=np.uint32)
            self._incidence = vertex_face_incidence(self.faces, len(shaped.vertices))
        self.place(layout)

    def place(self, layout: SensorLayout) -> None:
        self._sensors = self.at_rest(layout)
        self._layout = layout
        self._paths = Chunks(self._sensor_paths, self._motion.frames)

    def _sensor_paths(self, start: int, stop: int) -> FloatArray:
        return sensor_paths(self.shaped, self._motion.cut(start, stop), self._layout).positions

    def trails(self, start_s: float, stop_s: float, most_hz: float) -> FloatArray:
        motion = self._motion
        rate_hz = motion.rate_hz
        stop = min(stop_s * rate_hz, motion.frames - 1.0)
        first, last = int(np.ceil(max(start_s, 0.0) * rate_hz)), int(stop)
        now = self.sensors(self.frames_at(stop_s))[0][None]
        if last < first or not len(self._layout.sensors):
            return now
        # Always the same frames, so that a trail does not creep along itself.
        step = max(1, round(rate_hz / most_hz))
        rows = self._paths.rows(first, last)[-first % step :: step]
        return np.concatenate([rows, now]) if stop > last or step > 1 else rows

    @cached_property
    def _ground(self) -> tuple[Soles, float, Chunks]:
        soles = soles_of(self.shaped)
        height = ground_height(self.shaped, self._motion, soles)
        margin, motion = contact_margin(self._motion.rate_hz), self._motion

        def touching(start: int, stop: int) -> BoolArray:
            first, last = max(start - margin, 0), min(stop + margin, motion.frames)
            paths = sole_paths(self.shaped, motion, soles, slice(first, last))
            found: BoolArray = contacts(paths, motion.rate_hz, height)
            return found[start - first : stop - first]

        return soles, height, Chunks(touching, motion.frames)

    def contact(self, time_s: float) -> tuple[BoolArray, FloatArray]:
        soles, _, touching = self._ground
        frames = self.frames_at(time_s)
        frame = int(np.clip(round(time_s * self._motion.rate_hz), 0, self._motion.frames - 1))
        turns = frames.rotations[0, soles.joints]
        places = frames.positions[0, soles.joints] + np.einsum("sij,sj->si", turns, soles.offsets)
        return touching.rows(frame, frame)[0], places

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
        return joints_at(self.shaped, self._motion, time_s)

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
