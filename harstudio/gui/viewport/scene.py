"""The picture: floor, shadow, skin, stick figure and sensors, drawn with vispy's gloo."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from vispy import gloo

from harstudio.core.arrays import FloatArray
from harstudio.core.rotations import normalised
from harstudio.gui.theme import Colours
from harstudio.gui.viewport import shaders
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.shapes import VERTEX, along, ball, bone, box, faces_of, placed, ring

_SENSOR_M = (0.046, 0.036, 0.016)
_AXIS_M, _AXIS_WIDTH_M = 0.080, 0.007
_BONE_M, _JOINT_M = 0.014, 0.021
_SELECTED = 1.35
_FLOOR_M = 11.0
_AXIS_COLOURS = ("#D9536F", "#35A77C", "#4C8BE8")
"""x, y, z of a sensor, apart for colour-blind eyes by lightness too."""

RING_TURNS = np.stack(
    [np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]]), np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]),
     np.eye(3)]
)  # fmt: skip
"""(3, 3, 3) that take a ring around z to one around x, y and z."""

_BOX, _BONE, _BALL, _RING = box(), bone(), ball(), ring()


@dataclass(frozen=True, eq=False)
class Picture:
    """All that is to be drawn; arrays in m, world.

    Attributes
    ----------
    skin : vertices (V, 3) and normals (V, 3) float32, or None
    points : (P, 3) array, joints of the stick figure
    bones : pairs of indices into `points`
    sensor_positions, sensor_rotations : (S, 3), (S, 3, 3) world from sensor
    selected_sensor : int
        Index of the highlighted one; -1 for none.
    ghost : (3,) position and (3, 3) rotation, or None
        A sensor that would be placed there.
    ring_m : float, m
        Radius of the rings around the highlighted sensor that turn it; 0 for none.
    ring : int
        The ring under the pointer or in the hand, 0 to 2; -1 for none.
    middle : (3,) array
        Where the body is, for the tint of the floor.
    tint : str
        ``#RRGGBB`` of the label, or empty.
    """

    skin: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    points: FloatArray = field(default_factory=lambda: np.zeros((0, 3)))
    bones: tuple[tuple[int, int], ...] = ()
    sensor_positions: FloatArray = field(default_factory=lambda: np.zeros((0, 3)))
    sensor_rotations: FloatArray = field(default_factory=lambda: np.zeros((0, 3, 3)))
    selected_sensor: int = -1
    ghost: tuple[FloatArray, FloatArray] | None = None
    ring_m: float = 0.0
    ring: int = -1
    middle: FloatArray = field(default_factory=lambda: np.zeros(3))
    tint: str = ""


class Scene:
    """Buffers and programs of one OpenGL context.

    `show` takes new content, `draw` draws it from a camera; neither asks for a redraw.
    """

    def __init__(self, colours: Colours) -> None:
        self._floor = gloo.Program(shaders.FLOOR_VERTEX, shaders.FLOOR_FRAGMENT)
        self._skin = gloo.Program(shaders.SKIN_VERTEX, shaders.LIT_FRAGMENT)
        self._shadow = gloo.Program(shaders.SHADOW_VERTEX, shaders.SHADOW_FRAGMENT)
        self._solid = gloo.Program(shaders.SOLID_VERTEX, shaders.LIT_FRAGMENT)
        self._solid_shadow = gloo.Program(shaders.SHADOW_VERTEX, shaders.SHADOW_FRAGMENT)
        corners = np.array([(-1, -1), (1, -1), (-1, 1), (1, 1)], np.float32)
        self._floor["a_corner"] = gloo.VertexBuffer(corners)
        self._copy = gloo.Program(shaders.COPY_VERTEX, shaders.COPY_FRAGMENT)
        self._copy["a_corner"] = gloo.VertexBuffer(corners)
        self._fine: gloo.FrameBuffer | None = None
        self._floor["u_radius"] = _FLOOR_M
        self._skin_faces: gloo.IndexBuffer | None = None
        self._positions, self._normals = gloo.VertexBuffer(), gloo.VertexBuffer()
        self._stick = _Solids(self._solid, self._solid_shadow)
        self._sensors = _Solids(self._solid, None)
        self._ghost, self._rings = _Solids(self._solid, None), _Solids(self._solid, None)
        self._picture = Picture()
        self.set_colours(colours)

    def set_colours(self, colours: Colours) -> None:
        """Repaint in a theme's colours."""
        self._colours = colours
        self._sky = rgb(colours.sky)
        self._floor["u_sky"] = self._sky
        self._floor["u_floor"] = rgb(colours.floor)
        self._floor["u_line"] = rgb(colours.floor_line)
        self._skin["u_colour"] = rgb(colours.body)
        # Edges catch light before a dark sky and turn away from it before a light one.
        edge = 0.22 if colours.dark else -0.12
        self._skin["u_edge"] = edge
        self._solid["u_edge"] = max(edge, 0.0) * 0.5
        # A body in the shade is dark before a dark sky, and a hole in a light one.
        self._skin["u_ambient"] = self._solid["u_ambient"] = 0.22 if colours.dark else 0.38
        for shadow in (self._shadow, self._solid_shadow):
            shadow["u_strength"] = 0.42 if colours.dark else 0.17

    def set_faces(self, faces: NDArray[np.uint32] | None) -> None:
        """Triangles of the skin from now on."""
        self._skin_faces = None if faces is None else gloo.IndexBuffer(faces)

    def show(self, picture: Picture) -> None:
        """Take over what is to be drawn."""
        self._picture = picture
        if picture.skin is not None and self._skin_faces is not None:
            vertices, normals = picture.skin
            self._positions.set_data(np.ascontiguousarray(vertices, np.float32))
            self._normals.set_data(np.ascontiguousarray(normals, np.float32))
            self._skin["a_position"] = self._shadow["a_position"] = self._positions
            self._skin["a_normal"] = self._normals
        self._stick.show(*self._stick_parts(picture))
        self._sensors.show(*self._sensor_parts(picture))
        self._ghost.show(*self._ghost_parts(picture))
        self._rings.show(*self._ring_parts(picture))

    def draw(
        self,
        camera: Camera,
        width_px: int,
        height_px: int,
        *,
        pixel_ratio: float = 1.0,
        fine: bool = False,
    ) -> None:
        """Draw into the current context.

        Parameters
        ----------
        width_px, height_px : int
            Size in device pixels.
        pixel_ratio : float
            Device pixels per pixel of the desktop.
        fine : bool
            Smooth edges by drawing at twice the size: for a still picture where the processor
            draws, and several samples per pixel would be too slow to play.
        """
        self._floor["u_line_px"] = pixel_ratio * (2.0 if fine else 1.0)
        if not fine:
            self._draw(camera, width_px, height_px)
            return
        target = self._fine_target(2 * width_px, 2 * height_px)
        with target:
            self._draw(camera, 2 * width_px, 2 * height_px)
        gloo.set_viewport(0, 0, width_px, height_px)
        gloo.set_state(depth_test=False, blend=False, cull_face=False)
        self._copy["u_picture"] = target.color_buffer
        self._copy.draw("triangle_strip")

    def _fine_target(self, width_px: int, height_px: int) -> gloo.FrameBuffer:
        if self._fine is None:
            picture = gloo.Texture2D((height_px, width_px, 3), interpolation="linear")
            self._fine = gloo.FrameBuffer(picture, gloo.RenderBuffer((height_px, width_px)))
        elif self._fine.color_buffer.shape[:2] != (height_px, width_px):
            self._fine.color_buffer.resize((height_px, width_px, 3))
            self._fine.depth_buffer.resize((height_px, width_px))
        return self._fine

    def _draw(self, camera: Camera, width_px: int, height_px: int) -> None:
        gloo.set_viewport(0, 0, width_px, height_px)
        gloo.set_state(depth_test=False, blend=False, cull_face=False, depth_func="less")
        gloo.clear(color=(*self._sky, 1.0), depth=True)
        matrix = camera.matrix(width_px / max(height_px, 1)).T.astype(np.float32)
        self._aim(camera, matrix)
        self._draw_floor(camera)
        has_skin = self._picture.skin is not None and self._skin_faces is not None
        self._draw_shadow(has_skin)
        self._draw_figure(has_skin)

    def _aim(self, camera: Camera, matrix: NDArray[np.float32]) -> None:
        right, up, back = camera.axes
        for program in (self._floor, self._shadow, self._solid_shadow):
            program["u_matrix"] = matrix
        for program in (self._skin, self._solid):
            program["u_matrix"] = matrix
            program["u_eye"] = camera.eye
            program["u_key"] = normalised(-0.62 * right + 0.72 * up + 0.62 * back)
            program["u_fill"] = normalised(0.85 * right + 0.05 * up + 0.35 * back)

    def _draw_floor(self, camera: Camera) -> None:
        picture = self._picture
        self._floor["u_middle"] = camera.target[:2]
        self._floor["u_tint_middle"] = picture.middle[:2]
        self._floor["u_tint"] = rgb(picture.tint or self._colours.floor)
        self._floor["u_tint_share"] = 1.0 if picture.tint else 0.0
        self._floor.draw("triangle_strip")

    def _draw_shadow(self, has_skin: bool) -> None:
        gloo.set_state(depth_test=True, blend=True, cull_face=False)
        gloo.set_blend_func("src_alpha", "one_minus_src_alpha")
        if has_skin:
            self._shadow.draw("triangles", self._skin_faces)
        else:
            self._stick.draw_shadow()
        gloo.clear(color=False, depth=True)

    def _draw_figure(self, has_skin: bool) -> None:
        see_through = has_skin and len(self._picture.points) > 0
        gloo.set_state(depth_test=True, blend=False, cull_face=True)
        gloo.set_cull_face("back")
        self._solid["u_alpha"] = 1.0
        self._stick.draw()
        self._sensors.draw()
        if has_skin:
            self._skin["u_alpha"] = 0.42 if see_through else 1.0
            gloo.set_state(blend=see_through)
            self._skin.draw("triangles", self._skin_faces)
        # What the body hides of the sensors shines through a little.
        gloo.set_state(blend=True, depth_func="greater")
        gloo.set_depth_mask(False)
        self._solid["u_alpha"] = 0.28
        self._sensors.draw()
        gloo.set_depth_mask(True)
        gloo.set_state(blend=True, depth_func="less")
        self._solid["u_alpha"] = 0.65
        self._ghost.draw()
        # Rings are a tool, not a thing: the body never hides them.
        gloo.set_state(blend=False, depth_test=True)
        gloo.clear(color=False, depth=True)
        self._solid["u_alpha"] = 1.0
        self._rings.draw()

    def _stick_parts(self, picture: Picture) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
        points, pairs = picture.points, np.asarray(picture.bones, int).reshape(-1, 2)
        if len(points) == 0:
            return np.zeros(0, VERTEX), np.zeros((0, 3), np.uint32)
        tone = rgb(self._colours.faint)
        turns, lengths = along(points[pairs[:, 0]], points[pairs[:, 1]])
        width = np.full(len(pairs), _BONE_M)
        balls = placed(
            _BALL,
            points,
            np.broadcast_to(np.eye(3), (len(points), 3, 3)),
            np.full((len(points), 3), _JOINT_M),
            np.broadcast_to(rgb(self._colours.accent), (len(points), 3)),
        )
        rods = placed(
            _BONE,
            points[pairs[:, 0]],
            turns,
            np.stack([width, width, lengths], axis=1),
            np.broadcast_to(tone, (len(pairs), 3)),
        )
        faces = faces_of([(_BALL, len(points)), (_BONE, len(pairs))])
        return np.concatenate([balls, rods]), faces

    def _sensor_parts(self, picture: Picture) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
        places, turns = picture.sensor_positions, picture.sensor_rotations
        count = len(places)
        if count == 0:
            return np.zeros(0, VERTEX), np.zeros((0, 3), np.uint32)
        chosen = np.arange(count) == picture.selected_sensor
        size = np.where(chosen, _SELECTED, 1.0)[:, None]
        case = np.where(chosen[:, None], rgb(self._colours.virtual), rgb(self._case_colour))
        sunk = places + turns[:, :, 2] * (0.35 * _SENSOR_M[2])
        parts = [placed(_BOX, sunk, turns, size * _SENSOR_M, case)]
        for axis in range(3):
            scale = np.full(3, _AXIS_WIDTH_M)
            scale[axis] = _AXIS_M
            middle = sunk + turns[:, :, axis] * (0.5 * _AXIS_M * size)
            colour = np.broadcast_to(rgb(_AXIS_COLOURS[axis]), (count, 3))
            parts.append(placed(_BOX, middle, turns, size * scale, colour))
        return np.concatenate(parts), faces_of([(_BOX, 4 * count)])

    def _ghost_parts(self, picture: Picture) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
        if picture.ghost is None:
            return np.zeros(0, VERTEX), np.zeros((0, 3), np.uint32)
        place, turn = picture.ghost
        lifted = place + turn[:, 2] * (0.35 * _SENSOR_M[2])
        size = _SELECTED * np.array(_SENSOR_M)
        parts = placed(_BOX, lifted[None], turn[None], size[None], [rgb(self._colours.virtual)])
        return parts, faces_of([(_BOX, 1)])

    def _ring_parts(self, picture: Picture) -> tuple[NDArray[np.void], NDArray[np.uint32]]:
        chosen = picture.selected_sensor
        if picture.ring_m <= 0.0 or chosen < 0:
            return np.zeros(0, VERTEX), np.zeros((0, 3), np.uint32)
        place, turn = picture.sensor_positions[chosen], picture.sensor_rotations[chosen]
        tones = np.array([rgb(colour) for colour in _AXIS_COLOURS])
        if picture.ring >= 0:
            held = np.arange(3) == picture.ring
            tones = np.where(held[:, None], rgb(self._colours.text), tones)
        vertices = placed(
            _RING, np.repeat(place[None], 3, axis=0), turn @ RING_TURNS,
            np.full((3, 3), picture.ring_m), tones,
        )  # fmt: skip
        return vertices, faces_of([(_RING, 3)])

    @property
    def _case_colour(self) -> str:
        return "#E8EBEF" if self._colours.dark else "#3C4552"


class _Solids:
    """A changing set of coloured solids drawn by one program."""

    def __init__(self, program: gloo.Program, shadow: gloo.Program | None) -> None:
        self._program, self._shadow = program, shadow
        self._vertices = gloo.VertexBuffer()
        self._faces = gloo.IndexBuffer()
        self._count = 0

    def show(self, vertices: NDArray[np.void], faces: NDArray[np.uint32]) -> None:
        if len(vertices):
            self._vertices.set_data(vertices)
        if len(faces) and len(faces) != self._count:
            self._faces.set_data(faces)
        self._count = len(faces)

    def draw(self) -> None:
        if self._count:
            self._program.bind(self._vertices)
            self._program.draw("triangles", self._faces)

    def draw_shadow(self) -> None:
        if self._count and self._shadow is not None:
            self._shadow["a_position"] = self._vertices["a_position"]
            self._shadow.draw("triangles", self._faces)


def rgb(colour: str) -> tuple[float, float, float]:
    """``#RRGGBB`` as three numbers from 0 to 1."""
    value = QColor(colour)
    return value.redF(), value.greenF(), value.blueF()
