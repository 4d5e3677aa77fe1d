"""The viewport off the clock: what it shows, held still, and drawn at any moment and any size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage, QOffscreenSurface, QOpenGLContext
from PySide6.QtOpenGL import QOpenGLFramebufferObject, QOpenGLFramebufferObjectFormat

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.project import Clip, Project
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.session import Session
from harstudio.gui.theme import Colours
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.companion import Placed
from harstudio.gui.viewport.composing import Composer
from harstudio.gui.viewport.figure import Figure
from harstudio.gui.viewport.opengl import find_opengl
from harstudio.gui.viewport.picture import Picture
from harstudio.gui.viewport.subject import Subject
from harstudio.workflows.loading import LoadedClip

if TYPE_CHECKING:
    from harstudio.gui.viewport.panel import ViewportPanel

_SAMPLES = 4
_GL_RGB8 = 0x8051
_USUAL_HEIGHT_PX = 540.0
"""Lines are as wide in a picture of this height as they are in the window."""
_NO_HAND = SimpleNamespace(ghost=None, ring_m=0.0, ring=-1)


class Take:
    """What the viewport shows now, at any time of its clip.

    Nothing that is done in the window later changes it: not the clip that is open, nor its labels,
    its sensors, the camera or the mode. Rings and the joint under the pointer are left out.

    Parameters
    ----------
    panel : ViewportPanel
        With a body in it.

    Raises
    ------
    HarstudioError
        The viewport shows no body.
    """

    def __init__(self, panel: ViewportPanel, session: Session) -> None:
        figure = panel.new_figure(panel.subject.figure)
        if figure is None:
            raise HarstudioError(panel.problem or "There is no body in the 3D view")
        self._clock = PlaybackClock()
        self._clock.set_duration(session.clip.duration_s)
        self._subject = Subject(self._clock)
        self._subject.set_figure(figure)
        self._subject.want(panel.mode)
        self.faces = figure.faces
        self._joints = _HeldJoints(panel.joints.chosen, self._subject)
        held = _HeldSession(
            session.sensor, session.loaded, session.clip, session.virtual, session.project
        )
        other = panel.companion
        self._composer = Composer(
            held,
            self._clock,
            self._subject,
            _HeldBody(other.figure, other.placed, other.at_s if other.clip_id else 0.0),
            SimpleNamespace(options=panel.showing.options),
            panel.what_if,
        )
        rig = panel.rig
        if rig.follow:
            rig.track()  # the playhead may have moved since the window was painted
        self._camera, self._follow, self._joint = rig.camera, rig.follow, rig.joint
        self._pan = np.asarray(rig.camera.target) - rig.target

    def picture(self, time_s: float, colours: Colours, label_colour: str) -> Picture:
        """What is to be drawn at a time; `label_colour` as ``#RRGGBB``, or empty."""
        self._move(time_s)
        return self._composer.picture(_NO_HAND, self._joints, colours, label_colour, slow=False)

    def camera(self, time_s: float) -> Camera:
        """Where it is seen from at a time: following if the window's camera did."""
        if not self._follow:
            return self._camera
        self._move(time_s)
        place = self._subject.place_of(self._joint) if self._joint else None
        target = self._subject.followed if place is None else place
        return self._camera.looking_at(target + self._pan)

    def _move(self, time_s: float) -> None:
        if time_s != self._clock.time_s:
            self._clock.seek(time_s)
            self._subject.move()


@dataclass(frozen=True, eq=False)
class _HeldSession:
    """What a composer reads of a session."""

    sensor: str
    loaded: LoadedClip | None
    clip: Clip | None
    virtual: ImuRecording | None
    project: Project | None


@dataclass(frozen=True, eq=False)
class _HeldBody:
    """What a composer reads of a companion."""

    figure: Figure | None
    placed: Placed
    at_s: float

    def time_s(self, time_s: float) -> float:
        return time_s - self.at_s


class _HeldJoints:
    """What a composer reads of the joints: the chosen one, and none under the pointer."""

    hovered = ""

    def __init__(self, chosen: str, subject: Subject) -> None:
        self.chosen = chosen
        self._subject = subject

    def index(self, joint: str) -> int:
        names = self._subject.joint_names
        return names.index(joint) if joint in names else -1


class Darkroom:
    """Draws pictures of one size into memory, in an OpenGL context of its own.

    Parameters
    ----------
    width_px, height_px : int
    colours : Colours
    clear : bool
        Without floor and sky: what is not the body or its shadow is see-through.

    Raises
    ------
    HarstudioError
        There is no OpenGL, or it cannot draw so large a picture.
    """

    def __init__(
        self, width_px: int, height_px: int, colours: Colours, *, clear: bool = False
    ) -> None:
        found = find_opengl()
        if found.problem:
            raise HarstudioError(f"Nothing can be drawn: {found.problem}")
        self._size = width_px, height_px
        self._clear = clear
        self._surface = QOffscreenSurface()
        self._surface.create()
        self._context = QOpenGLContext()
        if not self._context.create():
            raise HarstudioError("Nothing can be drawn: the display offers no OpenGL context")
        self._target: QOpenGLFramebufferObject | None = None
        self._faces_of: Take | None = None
        with self._current():
            # Imported here, since vispy looks for the system's OpenGL when imported.
            from harstudio.gui.viewport.backdrop import BackdropScene, MemoryCanvas

            form = QOpenGLFramebufferObjectFormat()
            form.setAttachment(QOpenGLFramebufferObject.Attachment.CombinedDepthStencil)
            form.setSamples(_SAMPLES)
            # Blending leaves odd values in the alpha of a picture that is opaque: keep none.
            form.setInternalTextureFormat(_GL_RGB8)
            self._target = QOpenGLFramebufferObject(width_px, height_px, form)
            if not self._target.isValid():
                raise HarstudioError(
                    f"The graphics card cannot draw {width_px} x {height_px} px", "choose a smaller"
                )
            self._canvas = MemoryCanvas(self._target.handle())
            self._canvas.take()
            self._scene = BackdropScene(colours)
        self._colours = colours

    def draw(self, take: Take, time_s: float, label_colour: str = "") -> QImage:
        """The picture at a time, (height, width), alpha premultiplied."""
        picture = take.picture(time_s, self._colours, label_colour)
        camera = take.camera(time_s)
        with self._current():
            self._canvas.take()
            if self._faces_of is not take:
                self._faces_of = take
                self._scene.set_faces(take.faces)
            self._scene.show(picture)
            if not self._clear:
                return self._drawn(camera)
            self._scene.backdrop = 0.0
            on_black = self._drawn(camera)
            self._scene.backdrop = 1.0
            return see_through(on_black, self._drawn(camera))

    def close(self) -> None:
        """Give the memory back."""
        with self._current():
            self._canvas.forget()
            self._target = None
        self._context = self._scene = None

    def _drawn(self, camera: Camera) -> QImage:
        self._target.bind()
        self._scene.draw(
            camera, *self._size, pixel_ratio=max(1.0, self._size[1] / _USUAL_HEIGHT_PX)
        )
        self._canvas.flush()
        image = self._target.toImage()
        self._target.release()
        return image

    @contextmanager
    def _current(self) -> Iterator[None]:
        if not self._context.makeCurrent(self._surface):
            raise HarstudioError("Nothing can be drawn: the OpenGL context cannot be used")
        try:
            yield
        except RuntimeError as error:  # vispy's word for what the driver refuses
            raise HarstudioError(f"The driver cannot draw it ({error})") from error
        finally:
            self._context.doneCurrent()


def see_through(on_black: QImage, on_white: QImage) -> QImage:
    """A picture with its opacity, from the same picture before black and before white.

    What white adds is what shines through: ``opacity = 1 - (white - black)``, and what was drawn
    before black is the colour times the opacity already.
    """
    black, white = rgba(on_black).astype(np.int16), rgba(on_white).astype(np.int16)
    result = np.empty(black.shape, np.uint8)
    opacity = 255 - np.clip((white - black)[..., :3].max(axis=-1), 0, 255)
    result[..., 3] = opacity
    result[..., :3] = np.minimum(black[..., :3], opacity[..., None])
    height, width = opacity.shape
    form = QImage.Format.Format_RGBA8888_Premultiplied
    return QImage(result.tobytes(), width, height, 4 * width, form).copy()


def rgba(image: QImage) -> FloatArray:
    """(height, width, 4) bytes of a picture."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888_Premultiplied)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return flat[:, : 4 * image.width()].reshape(image.height(), image.width(), 4).copy()
