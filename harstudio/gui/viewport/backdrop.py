"""The scene drawn into memory: vispy without a widget, with floor and sky or without."""

from __future__ import annotations

from vispy import gloo
from vispy.gloo.context import GLContext, forget_canvas, set_current_canvas

from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.scene import Scene


class MemoryCanvas:
    """What vispy wants of a canvas, where there is no widget: a context, and where to draw.

    Parameters
    ----------
    framebuffer : int
        OpenGL's name of it, in the context that is current whenever this draws.
    """

    def __init__(self, framebuffer: int) -> None:
        self.context = GLContext()
        self._framebuffer = framebuffer
        self._backend = self

    def take(self) -> None:
        """What vispy draws from now on, it draws here."""
        set_current_canvas(self)

    def forget(self) -> None:
        """Nothing more is drawn here."""
        forget_canvas(self)

    def flush(self) -> None:
        """Carry out what vispy has been told to draw."""
        self.context.flush_commands()

    def _vispy_get_fb_bind_location(self) -> int:
        """Asked by vispy whenever this becomes the current canvas."""
        return self._framebuffer


class BackdropScene(Scene):
    """The viewport's scene, where need be before a plain grey instead of floor and sky."""

    backdrop: float | None = None
    """From 0, black, to 1, white; None for floor and sky."""

    def _draw_floor(self, camera: Camera) -> None:
        if self.backdrop is None:
            super()._draw_floor(camera)
            return
        grey = (self.backdrop,) * 3
        gloo.clear(color=(*grey, 1.0), depth=True)
