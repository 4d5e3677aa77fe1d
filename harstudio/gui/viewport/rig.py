"""What moves the camera: the hand, the person it follows, and views that were kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from harstudio.core.arrays import FloatArray
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.modes import FRONT, SIDE, TOP
from harstudio.gui.viewport.stage import Stage
from harstudio.gui.viewport.subject import Subject
from harstudio.gui.viewport.views import KeptViews, View


class Rig(QObject):
    """Points the stage's camera at the subject.

    Parameters
    ----------
    moved : () -> None
        Called when more than the camera depends on where it is.
    """

    follow_changed = Signal(bool)
    focus_changed = Signal()  # see `joint`

    def __init__(
        self,
        stage: Stage,
        subject: Subject,
        views: KeptViews,
        zoomed: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.stage, self._subject = stage, subject
        self._zoomed = zoomed
        self.views = views
        self._pan = np.zeros(3)
        self._first_heading = 0.0
        self.follow = True
        """Whether the person is kept in the middle; see `set_follow`."""
        self.joint = ""
        """Name of the joint in the middle instead of the body; see `focus`."""
        stage.dragged.connect(self.on_drag)
        stage.zoomed.connect(self.on_zoom)

    @property
    def camera(self) -> Camera:
        return self.stage.camera

    # -- where to look -----------------------------------------------------------------------

    @property
    def target(self) -> FloatArray:
        """(3,) what the camera follows, m, world."""
        place = self._subject.place_of(self.joint) if self.joint else None
        return self._subject.followed if place is None else place

    def track(self) -> None:
        """Time has passed: look where the person is now."""
        if self.follow:
            self.stage.camera = self.camera.looking_at(self.target + self._pan)

    def set_follow(self, follow: bool) -> None:
        """Keep the person in the middle, or stay where the camera is."""
        if follow != self.follow:
            self.follow = follow
            self._pan = np.zeros(3)
            self.follow_changed.emit(follow)
            self.stage.redraw()

    def focus(self, joint: str) -> None:
        """Turn about a joint from now on, and keep it in the middle; empty for the body."""
        self.joint = joint
        self._pan = np.zeros(3)
        self._set(self.camera.looking_at(self.target))
        self.focus_changed.emit()

    def centre(self) -> None:
        """Bring the person back to the middle, at the usual distance."""
        self.focus("")
        camera = replace(self.camera, distance_m=Camera().distance_m)
        self._set(camera.looking_at(self.target))
        self._zoomed()

    def look_from(self, side: str) -> None:
        """Look from the person's ``front``, ``side`` or from the ``top``."""
        posture = self._subject.posture
        heading = posture.heading if posture is not None else None
        heading = self._first_heading if heading is None else heading
        azimuth, elevation = {
            FRONT: (heading, np.deg2rad(6.0)),
            SIDE: (heading + np.pi / 2.0, np.deg2rad(6.0)),
            TOP: (heading + np.pi, np.deg2rad(89.0)),
        }[side]
        self._set(replace(self.camera, azimuth=float(azimuth), elevation=float(elevation)))

    def meet(self, heading: float) -> None:
        """Another figure: see the same side of it as before, whichever way it faces at first."""
        azimuth = self.camera.azimuth + heading - self._first_heading
        self._first_heading = heading
        self.stage.camera = replace(self.camera, azimuth=azimuth).looking_at(self.target)

    # -- views that were kept ----------------------------------------------------------------

    def keep_view(self, name: str) -> None:
        """Remember where the camera is, under a name."""
        camera = self.camera
        azimuth = float((camera.azimuth - self._first_heading + np.pi) % (2.0 * np.pi) - np.pi)
        view = View(azimuth, camera.elevation, camera.distance_m, self.joint, self.follow)
        self.views.keep(name, view)

    def recall_view(self, name: str) -> bool:
        """Go back to a view; False if none has that name."""
        view = self.views.get(name)
        if view is None:
            return False
        self.set_follow(view.follow)
        self.joint, self._pan = view.joint, np.zeros(3)
        camera = replace(
            self.camera,
            azimuth=view.azimuth + self._first_heading,
            elevation=view.elevation,
            distance_m=view.distance_m,
        )
        self._set(camera.looking_at(self.target))
        self.focus_changed.emit()
        self._zoomed()
        return True

    # -- the hand ----------------------------------------------------------------------------

    def on_drag(self, what: str, right_px: float, down_px: float) -> None:
        """Orbit, or pan."""
        camera = self.camera
        if what == "orbit":
            self._set(camera.orbited(right_px, down_px))
            return
        offset = camera.pan_offset(right_px, down_px, self.stage.height())
        self._pan = self._pan + offset
        self._set(camera.looking_at(np.asarray(camera.target) + offset))

    def on_zoom(self, notches: float) -> None:
        """Nearer by so many notches of the wheel."""
        self._set(self.camera.zoomed(notches))
        self._zoomed()

    def _set(self, camera: Camera) -> None:
        self.stage.camera = camera
        self.stage.redraw()
