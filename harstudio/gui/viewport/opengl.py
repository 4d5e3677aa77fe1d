"""Whether OpenGL can be had here, and what to do where it cannot."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

_WITHOUT_OPENGL = ("offscreen", "minimal", "linuxfb", "vnc")
"""Qt platforms on which a QOpenGLWidget cannot be shown."""
_GL_RENDERER = 0x1F01
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software", "gdi generic", "warp")


@dataclass(frozen=True)
class OpenGL:
    """What was found.

    Attributes
    ----------
    renderer : str
        Name of the driver, e.g. ``llvmpipe (LLVM 15.0.6, 256 bits)``.
    problem : str
        Why there is none, for a person; empty if there is one.
    """

    renderer: str = ""
    problem: str = ""

    @property
    def software(self) -> bool:
        """Drawn by the processor: no anti-aliasing by many samples, small shaders."""
        return any(word in self.renderer.lower() for word in _SOFTWARE)


def find_opengl() -> OpenGL:
    """Try OpenGL without showing anything."""
    platform = QGuiApplication.platformName()
    if platform in _WITHOUT_OPENGL:
        return OpenGL(problem=f"The window runs on Qt's '{platform}' platform, without a display")
    context = QOpenGLContext()
    if not context.create():
        return OpenGL(problem="The display offers no OpenGL context")
    surface = QOffscreenSurface()
    surface.setFormat(context.format())
    surface.create()
    if not surface.isValid() or not context.makeCurrent(surface):
        return OpenGL(problem="The OpenGL context cannot be used")
    renderer = context.functions().glGetString(_GL_RENDERER)
    context.doneCurrent()
    return OpenGL(renderer=str(renderer or "unknown"))


def remedy() -> str:
    """What to install to get OpenGL, on this system."""
    if sys.platform.startswith("linux"):
        return (
            "On Debian or Ubuntu:  sudo apt install libgl1 libegl1 libgl1-mesa-dri\n"
            "On other systems, your graphics card's driver or Mesa. Then start harstudio again "
            "on a display."
        )
    return "Install or update the graphics card's driver, then start harstudio again."
