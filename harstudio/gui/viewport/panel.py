"""The viewport's panel: the open clip at the clock's time, with its chips and its empty states."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QInputDialog, QStackedWidget, QToolTip, QVBoxLayout, QWidget

from harstudio.core.arrays import FloatArray
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.placing import Placing, spoken
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.controls import ControlRow
from harstudio.gui.viewport.figure import Figure, Posture, pin_maths
from harstudio.gui.viewport.modes import FRONT, SIDE, SKELETON, TOP
from harstudio.gui.viewport.opengl import remedy
from harstudio.gui.viewport.overlays import Chip, Message
from harstudio.gui.viewport.placement import PlacementHand
from harstudio.gui.viewport.stage import Stage
from harstudio.gui.viewport.subject import Subject

if TYPE_CHECKING:
    from harstudio.gui.viewport.scene import Picture

_LOADING_MS = 150
_NO_CLIP = "No clip is open", "Open a clip in the library to see the body move."
_NO_MOTION = (
    "This clip has no motion",
    "It holds a recording only; its signals and its timeline work as ever.",
)


class ViewportPanel(QWidget):
    """The body on a quiet floor, its sensors, the label under the playhead.

    Left drag orbits, middle drag (or Shift and left) pans, the wheel zooms. A click on a sensor
    selects it, a drag carries it over the skin; see `PlacementHand`. Without OpenGL it says what
    to install, and does nothing else.
    """

    frame_shown = Signal()
    """A picture has reached the screen."""

    def __init__(
        self,
        session: Session,
        placing: Placing,
        clock: PlaybackClock,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._clock, self._theme = session, clock, theme
        self._placing = placing
        self.hand = PlacementHand(session, placing, _View(self), self._ask_name)
        self.subject = Subject(clock)
        self._first_heading = 0.0
        self._pan = np.zeros(3)
        self._follow = True

        self.stage = Stage(clock, theme.colours, self._compose, self.hand)
        self._message = Message()
        self._pages = QStackedWidget()
        self._pages.addWidget(self._message)
        self._pages.addWidget(self.stage)
        self._label_chip, self._loading_chip = Chip(self.stage), Chip(self.stage)
        self._hint_chip = Chip(self.stage)
        self.controls = ControlRow(clock, theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.controls)

        pin_maths()
        self._loading_timer = QTimer(self, singleShot=True, interval=_LOADING_MS)
        self._loading_timer.timeout.connect(self._show_loading)
        self._connect()
        self._on_theme_changed()
        self._on_clip_opened()

    def _connect(self) -> None:
        session, controls, stage = self._session, self.controls, self.stage
        session.clip_opening.connect(self._on_clip_opening)
        session.clip_opened.connect(self._on_clip_opened)
        session.clip_failed.connect(self._on_clip_failed)
        session.project_changed.connect(self._refresh)
        session.sensor_changed.connect(self._on_sensor)
        self._placing.layout_changed.connect(self._on_layout)
        self._placing.mode_changed.connect(self._on_place_mode)
        self._clock.time_changed.connect(self._refresh)
        self._theme.changed.connect(self._on_theme_changed)
        controls.mode_chosen.connect(self.set_mode)
        controls.view_chosen.connect(self.set_view)
        controls.follow_chosen.connect(self.set_follow)
        controls.place_chosen.connect(self._placing.set_on)
        stage.dragged.connect(self._on_drag)
        stage.zoomed.connect(self._on_zoom)
        stage.renewed.connect(self._on_renewed)
        # Not in the middle of the paint that failed.
        stage.refused.connect(self._on_refused, Qt.ConnectionType.QueuedConnection)
        stage.frame_shown.connect(self.frame_shown)

    # -- what the rest of the window may ask for -------------------------------------------

    @property
    def mode(self) -> str:
        """``body``, ``skeleton`` or ``both``, as shown."""
        return self.subject.mode

    @property
    def camera(self) -> Camera:
        """Where the picture is seen from."""
        return self.stage.camera

    @property
    def problem(self) -> str:
        """Why there is no picture; empty where there is one."""
        return self.stage.opengl.problem

    @property
    def place_problem(self) -> str:
        """Why no sensor can be placed in the picture; empty where one can."""
        if self.problem:
            return f"No sensor can be placed without the 3D view: {self.problem}"
        if self._session.clip is None:
            return "Open a clip to place sensors on its body"
        if not self._placing.possible:
            return "The project is read-only: its sensors stay where they are"
        if not self.subject.has_skin:
            return "This clip has no body to place sensors on"
        return "Show the skin (Body or Both) to place sensors on it" * (self.mode == SKELETON)

    @property
    def frames_drawn(self) -> int:
        """How many pictures have been drawn, for measuring."""
        return self.stage.frames_drawn

    def set_mode(self, mode: str) -> None:
        """Show skin, skeleton or both."""
        self.subject.want(mode)
        self._choose_mode()
        self._refresh()

    def set_view(self, view: str) -> None:
        """Look from the person's ``front``, ``side`` or from the ``top``."""
        heading = self._heading()
        angles = {
            FRONT: (heading, np.deg2rad(6.0)),
            SIDE: (heading + np.pi / 2.0, np.deg2rad(6.0)),
            TOP: (heading + np.pi, np.deg2rad(89.0)),
        }
        azimuth, elevation = angles[view]
        self._set_camera(replace(self.camera, azimuth=float(azimuth), elevation=float(elevation)))

    def set_follow(self, follow: bool) -> None:
        """Keep the person in the middle, or stay where the camera is."""
        if follow == self._follow:
            return
        self._follow = follow
        self._pan = np.zeros(3)
        self.controls.follow.setChecked(follow)
        self.stage.redraw()

    def centre(self) -> None:
        """Bring the person back to the middle, at the usual distance."""
        self._pan = np.zeros(3)
        camera = replace(self.camera, distance_m=Camera().distance_m)
        self._set_camera(camera.looking_at(self.subject.followed))

    def screenshot(self) -> QImage:
        """The panel as it looks now, chips and all, in device pixels."""
        return self.grab().toImage()

    # -- the session and the clock -----------------------------------------------------------

    def _on_clip_opening(self, clip_id: str) -> None:
        self.hand.forget()
        self._loading_timer.start()

    def _show_loading(self) -> None:
        if self._pages.currentWidget() is self._message and not self.problem:
            self._message.say("Loading…", "")
        self._loading_chip.say("Loading…", self._theme.colours.raised)
        self._loading_chip.to_the_right()

    def _on_clip_opened(self) -> None:
        self._stop_loading()
        loaded, project = self._session.loaded, self._session.project
        figure = None
        has_motion = loaded is not None and (loaded.motion or loaded.points) is not None
        if loaded is not None and project is not None and has_motion and not self.problem:
            layout = self._placing.layout
            figure = Figure(loaded.motion, loaded.shaped, loaded.points, layout)
        self._set_figure(figure)
        if figure is not None:
            # The same side of the person as before, whichever way this one faces.
            heading = figure.at(0.0).heading or 0.0
            azimuth = self.camera.azimuth + heading - self._first_heading
            self._first_heading = heading
            self.stage.camera = replace(self.camera, azimuth=azimuth)
            self.stage.camera = self.camera.looking_at(self.subject.followed)
        self._choose_mode()
        self._choose_page()
        self._refresh()

    def _on_clip_failed(self, clip_id: str, reason: str) -> None:
        self._stop_loading()
        self._set_figure(None)
        self._choose_mode()
        self._choose_page()
        if not self.problem:
            self._message.say("This clip could not be opened", reason)

    def _set_figure(self, figure: Figure | None) -> None:
        self.subject.set_figure(figure)
        self.stage.set_faces(figure.faces if figure is not None else None)

    def _stop_loading(self) -> None:
        self._loading_timer.stop()
        self._loading_chip.hide()

    def _on_sensor(self, _name: str) -> None:
        self._say_hint()
        self._refresh()

    def _on_theme_changed(self) -> None:
        colours = self._theme.colours
        self._message.set_colours(colours)
        self.stage.set_colours(colours)
        self._say_hint()
        self._refresh()

    def _choose_page(self) -> None:
        if self.problem:
            self._message.say(f"No 3D view: {self.problem}", remedy())
        elif self._session.clip is None:
            self._message.say(*_NO_CLIP)
        elif self.subject.figure is None:
            self._message.say(*_NO_MOTION)
        drawn = self.subject.figure is not None and not self.problem
        self._pages.setCurrentWidget(self.stage if drawn else self._message)

    def _on_refused(self) -> None:
        self._choose_page()
        self._placing.set_on(False)

    def _choose_mode(self) -> None:
        self.controls.set_mode(self.mode, self.subject.modes)
        self._on_place_mode(self._placing.on)

    # -- the picture -------------------------------------------------------------------------

    def _refresh(self, *_: object) -> None:
        """Something that is shown has changed."""
        if self._session.clip is not None and self._session.loaded is None:
            return  # the last picture stays until the next clip's files are read
        self.subject.move()
        self._say_label()
        self.stage.refresh()

    def _on_renewed(self) -> None:
        for chip in (self._label_chip, self._loading_chip, self._hint_chip):
            chip.raise_()
        self._choose_page()
        self._refresh()

    def _compose(self) -> Picture:
        """What the stage is to draw, with the camera on it."""
        picture = self.subject.picture(self._session.sensor, self.hand, self._label()[1])
        if self._follow and self.subject.figure is not None:
            self.stage.camera = self.camera.looking_at(self.subject.followed + self._pan)
        return picture

    def _heading(self) -> float:
        posture = self.subject.posture
        heading = posture.heading if posture is not None else None
        return self._first_heading if heading is None else heading

    # -- the label under the playhead --------------------------------------------------------

    def _label(self) -> tuple[str, str]:
        """Name and colour of the label at the playhead; empty without one."""
        project, label = self._session.project, self._session.label_at(self._clock.time_s)
        if not label or project is None:
            return "", ""
        return label, project.label_set.colour(label)

    def _say_label(self) -> None:
        label, colour = self._label()
        if label:
            self._label_chip.say(label, colour)
        else:
            self._label_chip.hide()

    # -- the hand ----------------------------------------------------------------------------

    def _on_drag(self, what: str, right_px: float, down_px: float) -> None:
        camera = self.camera
        if what == "orbit":
            self._set_camera(camera.orbited(right_px, down_px))
            return
        offset = camera.pan_offset(right_px, down_px, self.stage.height())
        self._pan = self._pan + offset
        self._set_camera(camera.looking_at(np.asarray(camera.target) + offset))

    def _on_zoom(self, notches: float) -> None:
        self._set_camera(self.camera.zoomed(notches))
        if self._placing.on:
            self.stage.refresh()  # rings keep their size in the picture

    def _set_camera(self, camera: Camera) -> None:
        self.stage.camera = camera
        self.stage.redraw()

    # -- placing sensors ---------------------------------------------------------------------

    def _on_layout(self) -> None:
        if self.subject.figure is not None:
            self.subject.figure.place(self._placing.layout)
        self._refresh()

    def _on_place_mode(self, on: bool) -> None:
        self.controls.set_place(on, self.place_problem)
        if not on:
            self.hand.leave()
        self._say_hint()
        self._refresh()

    def _say_hint(self) -> None:
        """How to place, over the picture while it can be done."""
        shown = self.controls.place.isChecked() and self.subject.figure is not None
        name = spoken(self._session.sensor)
        text = f"Click: {name} goes here · Shift+click: add · Drag a ring: turn · Esc: done"
        self._hint_chip.say(text if shown else "", self._theme.colours.raised)
        self._hint_chip.to_the_bottom()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._hint_chip.to_the_bottom()

    def _ask_name(self, suggestions: list[str]) -> str:
        name, accepted = QInputDialog.getItem(
            self, "Add a sensor", "Name (recordings are matched by it):", suggestions, 0, True
        )
        return "_".join(name.split()) if accepted else ""


class _View:
    """The panel as its hand sees it."""

    def __init__(self, panel: ViewportPanel) -> None:
        self._panel = panel

    @property
    def camera(self) -> Camera:
        return self._panel.camera

    @property
    def size_px(self) -> tuple[float, float]:
        return self._panel.stage.width(), self._panel.stage.height()

    @property
    def figure(self) -> Figure | None:
        return self._panel.subject.figure

    @property
    def posture(self) -> Posture | None:
        return self._panel.subject.posture

    @property
    def skin_shown(self) -> bool:
        return self._panel.mode != SKELETON

    def sensors(self) -> tuple[FloatArray, FloatArray]:
        return self._panel.subject.sensors()

    def repaint(self) -> None:
        self._panel._refresh()

    def hold_still(self) -> None:
        self._panel._clock.pause()

    def set_cursor(self, cursor: Qt.CursorShape) -> None:
        canvas = self._panel.stage.canvas
        if canvas is not None:
            canvas.widget.setCursor(cursor)

    def name_sensor(self, x: float, y: float, name: str) -> None:
        stage = self._panel.stage
        if name:
            at = stage.mapToGlobal(QPoint(round(x), round(y)))
            QToolTip.showText(at, spoken(name).capitalize(), stage)
        elif QToolTip.isVisible():
            QToolTip.hideText()
