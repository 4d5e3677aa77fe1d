"""The picture: floor, shadow, skin, stick figure and sensors, drawn with vispy's gloo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vispy import gloo

from harstudio.core.rotations import normalised
from harstudio.gui.theme import Colours
from harstudio.gui.viewport import shaders, solids
from harstudio.gui.viewport.buffers import LineBuffers, SkinBuffers, Solids
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.picture import OtherBody, Picture
from harstudio.gui.viewport.solids import rgb

_FLOOR_M = 11.0
_TINT_SHARE = 0.5
"""How much of a tinted body's colour is the label's."""
_HIDDEN = 0.45
"""How much of lines and marks shines through the body."""


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
        self._line = gloo.Program(shaders.LINE_VERTEX, shaders.LINE_FRAGMENT)
        self._body = SkinBuffers()
        self._others: list[SkinBuffers] = []
        self._stick = Solids(self._solid, self._solid_shadow)
        self._sensors, self._pointers = Solids(self._solid, None), Solids(self._solid, None)
        self._ghost, self._rings = Solids(self._solid, None), Solids(self._solid, None)
        self._discs, self._lines = Solids(self._solid, None), LineBuffers(self._line)
        self._picture = Picture()
        self.set_colours(colours)

    def set_colours(self, colours: Colours) -> None:
        """Repaint in a theme's colours."""
        self._colours = colours
        self._sky = rgb(colours.sky)
        self._floor["u_sky"] = self._sky
        self._floor["u_floor"] = rgb(colours.floor)
        self._floor["u_line"] = rgb(colours.floor_line)
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
        self._body.set_faces(faces)

    def show(self, picture: Picture) -> None:
        """Take over what is to be drawn."""
        self._picture = picture
        if picture.skin is not None:
            self._body.show(picture.skin)
        bodies = picture.extras.bodies
        self._others += [SkinBuffers() for _ in range(len(bodies) - len(self._others))]
        for buffers, other in zip(self._others, bodies, strict=False):
            buffers.set_faces(other.faces)
            buffers.show(other.skin)
        self._stick.show(*solids.stick(picture, self._colours))
        self._sensors.show(*solids.sensors(picture, self._colours))
        self._ghost.show(*solids.ghost_sensor(picture, self._colours))
        self._rings.show(*solids.rings(picture, self._colours))
        self._pointers.show(*solids.pointers(picture))
        self._discs.show(*solids.discs(picture, self._colours))
        self._lines.show(picture.extras.lines)

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
        self._line["u_half_px"] = width_px / 2.0, height_px / 2.0
        self._line["u_pixel"] = self._floor["u_line_px"]
        self._draw_floor(camera)
        has_skin = self._picture.skin is not None and self._body.ready
        self._draw_shadow(has_skin)
        self._draw_figure(has_skin, camera)

    def _aim(self, camera: Camera, matrix: NDArray[np.float32]) -> None:
        right, up, back = camera.axes
        for program in (self._floor, self._shadow, self._solid_shadow, self._line):
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
        self._floor["u_tint"] = rgb(picture.floor_tint or self._colours.floor)
        self._floor["u_tint_share"] = 1.0 if picture.floor_tint else 0.0
        self._floor.draw("triangle_strip")

    def _draw_shadow(self, has_skin: bool) -> None:
        gloo.set_state(depth_test=True, blend=True, cull_face=False)
        gloo.set_blend_func("src_alpha", "one_minus_src_alpha")
        if has_skin:
            self._body.draw_shadow(self._shadow)
        else:
            self._stick.draw_shadow()
        for buffers, other in self._bodies():
            if other.shadow:
                buffers.draw_shadow(self._shadow)
        gloo.clear(color=False, depth=True)
        self._solid["u_alpha"] = 0.55
        gloo.set_state(depth_test=False)
        self._discs.draw()

    def _bodies(self) -> list[tuple[SkinBuffers, OtherBody]]:
        return list(zip(self._others, self._picture.extras.bodies, strict=False))

    def _draw_figure(self, has_skin: bool, camera: Camera) -> None:
        see_through = has_skin and len(self._picture.points) > 0
        gloo.set_state(depth_test=True, blend=False, cull_face=True)
        gloo.set_cull_face("back")
        self._solid["u_alpha"] = 1.0
        self._stick.draw()
        self._sensors.draw()
        self._pointers.draw()
        if has_skin:
            self._skin["u_colour"] = self._body_colour()
            self._skin["u_alpha"] = 0.42 if see_through else 1.0
            gloo.set_state(blend=see_through)
            self._body.draw(self._skin)
        self._draw_others(camera)
        gloo.set_state(blend=True, cull_face=False)
        self._line["u_alpha"] = 1.0
        gloo.set_depth_mask(False)
        self._lines.draw()
        # What the body hides of sensors, lines and marks shines through a little.
        gloo.set_state(depth_func="greater")
        self._line["u_alpha"] = _HIDDEN
        self._lines.draw()
        gloo.set_state(cull_face=True)
        self._solid["u_alpha"] = 0.28
        self._sensors.draw()
        self._solid["u_alpha"] = _HIDDEN
        self._pointers.draw()
        gloo.set_depth_mask(True)
        gloo.set_state(blend=True, depth_func="less")
        self._solid["u_alpha"] = 0.65
        self._ghost.draw()
        # Rings are a tool, not a thing: the body never hides them.
        gloo.set_state(blend=False, depth_test=True)
        gloo.clear(color=False, depth=True)
        self._solid["u_alpha"] = 1.0
        self._rings.draw()

    def _body_colour(self) -> tuple[float, ...]:
        own, tint = rgb(self._colours.body), self._picture.body_tint
        if not tint:
            return own
        pairs = zip(own, rgb(tint), strict=True)
        return tuple((1.0 - _TINT_SHARE) * a + _TINT_SHARE * b for a, b in pairs)

    def _draw_others(self, camera: Camera) -> None:
        """Ghosts and second bodies, the farthest first."""
        bodies = self._bodies()
        if not bodies:
            return
        gloo.set_state(blend=True)
        away = -camera.axes[2]
        for buffers, other in sorted(bodies, key=lambda pair: -float(pair[1].middle @ away)):
            self._skin["u_colour"], self._skin["u_alpha"] = rgb(other.colour), other.opacity
            # Depth first, so that of one body only what is in front is seen.
            gloo.set_color_mask(False, False, False, False)
            gloo.set_state(depth_func="less")
            buffers.draw(self._skin)
            gloo.set_color_mask(True, True, True, True)
            gloo.set_state(depth_func="lequal")
            buffers.draw(self._skin)
        gloo.set_state(depth_func="less")
