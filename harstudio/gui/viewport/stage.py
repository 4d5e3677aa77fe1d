"""Where the picture is drawn: a canvas, the scene on it, and when it is drawn anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from harstudio.gui.clock import PlaybackClock
from harstudio.gui.theme import Colours
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.opengl import OpenGL, find_opengl
from harstudio.gui.viewport.picture import Picture

if TYPE_CHECKING:
    from harstudio.gui.viewport.canvas import Canvas, Hand
    from harstudio.gui.viewport.scene import Scene

_SAMPLES = 4
_THREE_QUARTERS = np.deg2rad(35.0)
_STILL_MS = 200


class Stage(QWidget):
    """Draws what it is told is stale, once for all requests of a turn of the event loop.

    Without OpenGL it stays empty, and `opengl.problem` says why.

    Parameters
    ----------
    compose : () -> Picture
        Asked for what is to be drawn when that is stale; may move the camera.
    hand : Hand
        Told what the pointer does, and asked first.
    """

    frame_shown = Signal()
    """A picture has reached the screen."""

    dragged = Signal(str, float, float)  # orbit or pan, right and down in px
    zoomed = Signal(float)  # notches
    renewed = Signal()
    """Another canvas covers what lay over the old one."""

    refused = Signal()
    """The driver cannot draw: `opengl` has the problem."""

    def __init__(
        self,
        clock: PlaybackClock,
        colours: Colours,
        compose: Callable[[], Picture],
        hand: Hand,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._clock, self._colours = clock, colours
        self._compose, self._hand = compose, hand
        self.camera = Camera(azimuth=_THREE_QUARTERS)
        self.canvas: Canvas | None = None
        self.frames_drawn = 0
        """How many pictures have been drawn, for measuring."""

        self._scene: Scene | None = None
        self._faces: NDArray[np.integer] | None = None
        self._faces_stale = self._content_stale = True
        self._fine = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._still = QTimer(self, singleShot=True, interval=_STILL_MS)
        self._still.timeout.connect(self._draw_finely)
        self.opengl = find_opengl()
        if not self.opengl.problem:
            self._make_canvas()

    def set_faces(self, faces: NDArray[np.integer] | None) -> None:
        """(F, 3) triangles of the skin in the pictures to come; None for none."""
        self._faces, self._faces_stale = faces, True

    def set_colours(self, colours: Colours) -> None:
        """Draw in a theme's colours from the next picture on."""
        self._colours = colours
        if self._scene is not None:
            self._scene.set_colours(colours)

    def refresh(self) -> None:
        """What is to be drawn has changed."""
        self._content_stale = True
        self.redraw()

    def redraw(self) -> None:
        """The camera has moved."""
        # Qt merges all requests of one turn of the event loop into one paint.
        if self.canvas is not None:
            self._fine = False
            self.canvas.update()
            if self.opengl.software:
                self._still.start()

    def _draw_finely(self) -> None:
        """Nothing has moved for a while: there is time for smooth edges."""
        if self.canvas is not None and not self._clock.playing:
            self._fine = True
            self.canvas.update()

    # -- the canvas --------------------------------------------------------------------------

    def _make_canvas(self) -> None:
        try:
            # Imported here, since vispy looks for the system's OpenGL when imported.
            from harstudio.gui.viewport.canvas import Canvas

            self.canvas = Canvas(
                self,
                0 if self.opengl.software else _SAMPLES,
                on_paint=self._paint,
                on_lost=self._on_context_lost,
                on_drag=self.dragged.emit,
                on_zoom=self.zoomed.emit,
                hand=self._hand,
            )
        except Exception as error:  # whatever is missing, the rest of the window must work
            self.opengl = OpenGL(self.opengl.renderer, f"vispy cannot draw here ({error})")
            return
        self.canvas.widget.frameSwapped.connect(self.frame_shown)
        self._layout.addWidget(self.canvas.widget)

    def _on_context_lost(self) -> None:
        QTimer.singleShot(0, self, self._renew_canvas)

    def _renew_canvas(self) -> None:
        """The stage has moved to another window (a floating dock): start with a new canvas."""
        old, self.canvas, self._scene = self.canvas, None, None
        if old is not None:
            self._layout.removeWidget(old.widget)
            old.discard()
        self._make_canvas()
        self.renewed.emit()

    # -- drawing -----------------------------------------------------------------------------

    def _paint(self) -> None:
        if self.opengl.problem:
            return
        try:
            self._draw()
        except RuntimeError as error:  # vispy's word for what the driver refuses
            self.opengl = replace(self.opengl, problem=f"the driver cannot draw it ({error})")
            self.refused.emit()

    def _draw(self) -> None:
        from harstudio.gui.viewport.scene import Scene

        if self._scene is None:
            self._scene = Scene(self._colours)
            self._faces_stale = True
        if self._faces_stale:
            self._scene.set_faces(self._faces)
        if self._content_stale or self._faces_stale:
            self._scene.show(self._compose())
        self._faces_stale = self._content_stale = False
        ratio = self.devicePixelRatioF()
        width_px, height_px = round(self.width() * ratio), round(self.height() * ratio)
        self._scene.draw(self.camera, width_px, height_px, pixel_ratio=ratio, fine=self._fine)
        self.frames_drawn += 1
