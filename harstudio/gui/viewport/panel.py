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
from harstudio.gui.viewport.modes import BODY, FRONT, MODES, SIDE, SKELETON, TOP
from harstudio.gui.viewport.opengl import OpenGL, find_opengl, remedy
from harstudio.gui.viewport.overlays import Chip, Message, sensor_text
from harstudio.gui.viewport.placement import PlacementHand

if TYPE_CHECKING:
    from harstudio.gui.viewport.canvas import Canvas
    from harstudio.gui.viewport.scene import Picture, Scene

_SAMPLES = 4
_THREE_QUARTERS = np.deg2rad(35.0)
_LOADING_MS = 150
_STILL_MS = 200
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
        self._figure: Figure | None = None
        self._posture: Posture | None = None
        self._mode, self._mode_wanted = BODY, BODY
        self._camera = Camera(azimuth=_THREE_QUARTERS)
        self._first_heading = 0.0
        self._pan = np.zeros(3)
        self._follow = True
        self._faces_stale = self._content_stale = True
        self._canvas: Canvas | None = None
        self._scene: Scene | None = None
        self.frames_drawn = 0
        """How many pictures have been drawn, for measuring."""

        self._message = Message()
        self._stage = QWidget()
        self._stage_layout = QVBoxLayout(self._stage)
        self._stage_layout.setContentsMargins(0, 0, 0, 0)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._message)
        self._pages.addWidget(self._stage)
        self.controls = ControlRow(clock, theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.controls)

        self._loading_timer = QTimer(self)
        self._loading_timer.setSingleShot(True)
        self._loading_timer.setInterval(_LOADING_MS)
        self._loading_timer.timeout.connect(self._show_loading)
        self._still = QTimer(self)
        self._still.setSingleShot(True)
        self._still.setInterval(_STILL_MS)
        self._still.timeout.connect(self._draw_finely)
        self._fine = False
        pin_maths()
        self.opengl = find_opengl()
        if not self.opengl.problem:
            self._make_canvas()
        self._label_chip, self._loading_chip = Chip(self._stage), Chip(self._stage)
        self._hint_chip = Chip(self._stage)
        self._connect()
        self._on_theme_changed()
        self._on_clip_opened()

    def _connect(self) -> None:
        session, controls = self._session, self.controls
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

    # -- what the rest of the window may ask for -------------------------------------------

    @property
    def mode(self) -> str:
        """``body``, ``skeleton`` or ``both``, as shown."""
        return self._mode

    @property
    def camera(self) -> Camera:
        """Where the picture is seen from."""
        return self._camera

    @property
    def problem(self) -> str:
        """Why there is no picture; empty where there is one."""
        return self.opengl.problem

    def set_mode(self, mode: str) -> None:
        """Show skin, skeleton or both."""
        self._mode_wanted = mode
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
        self._camera = replace(self._camera, azimuth=float(azimuth), elevation=float(elevation))
        self._redraw()

    def set_follow(self, follow: bool) -> None:
        """Keep the person in the middle, or stay where the camera is."""
        if follow == self._follow:
            return
        self._follow = follow
        self._pan = np.zeros(3)
        self.controls.follow.setChecked(follow)
        self._redraw()

    def centre(self) -> None:
        """Bring the person back to the middle, at the usual distance."""
        self._pan = np.zeros(3)
        distance = Camera().distance_m
        self._camera = replace(self._camera, distance_m=distance).looking_at(self._followed())
        self._redraw()

    center = centre

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
        self._figure = None
        has_motion = loaded is not None and (loaded.motion or loaded.points) is not None
        if loaded is not None and project is not None and has_motion and not self.problem:
            layout = self._placing.layout
            self._figure = Figure(loaded.motion, loaded.shaped, loaded.points, layout)
        self._posture, self._faces_stale = None, True
        if self._figure is not None:
            # The same side of the person as before, whichever way this one faces.
            heading = self._figure.at(0.0).heading or 0.0
            azimuth = self._camera.azimuth + heading - self._first_heading
            self._first_heading = heading
            self._camera = replace(self._camera, azimuth=azimuth)
            self._camera = self._camera.looking_at(self._followed())
        self._choose_mode()
        self._choose_page()
        self._refresh()

    def _on_clip_failed(self, clip_id: str, reason: str) -> None:
        self._stop_loading()
        self._figure, self._posture, self._faces_stale = None, None, True
        self._choose_page()
        if not self.problem:
            self._message.say("This clip could not be opened", reason)

    def _stop_loading(self) -> None:
        self._loading_timer.stop()
        self._loading_chip.hide()

    def _on_sensor(self, _name: str) -> None:
        self._say_hint()
        self._refresh()

    def _on_theme_changed(self) -> None:
        colours = self._theme.colours
        self._message.set_colours(colours)
        if self._scene is not None:
            self._scene.set_colours(colours)
        self._say_hint()
        self._refresh()

    def _choose_page(self) -> None:
        if self.problem:
            self._message.say(f"No 3D view: {self.problem}", remedy())
        elif self._session.clip is None:
            self._message.say(*_NO_CLIP)
        elif self._figure is None:
            self._message.say(*_NO_MOTION)
        shown = self._stage if self._figure is not None and not self.problem else self._message
        self._pages.setCurrentWidget(shown)

    def _choose_mode(self) -> None:
        figure = self._figure
        skin = figure is not None and figure.faces is not None
        possible = MODES if skin else (SKELETON,) if figure is not None else ()
        self._mode = (
            self._mode_wanted if self._mode_wanted in possible or not possible else SKELETON
        )
        self.controls.set_mode(self._mode, possible)
        self._on_place_mode(self._placing.on)

    # -- the picture -------------------------------------------------------------------------

    def _make_canvas(self) -> None:
        try:
            # Imported here, since vispy looks for the system's OpenGL when imported.
            from harstudio.gui.viewport.canvas import Canvas

            samples = 0 if self.opengl.software else _SAMPLES
            self._canvas = Canvas(
                self._stage,
                samples,
                on_paint=self._paint,
                on_lost=self._on_context_lost,
                on_drag=self._on_drag,
                on_zoom=self._on_zoom,
                hand=self.hand,
            )
        except Exception as error:  # whatever is missing, the rest of the window must work
            self.opengl = OpenGL(self.opengl.renderer, f"vispy cannot draw here ({error})")
            return
        self._canvas.widget.frameSwapped.connect(self.frame_shown)
        self._stage_layout.addWidget(self._canvas.widget)

    def _on_context_lost(self) -> None:
        QTimer.singleShot(0, self, self._renew_canvas)

    def _renew_canvas(self) -> None:
        """The panel has moved to another window (a floating dock): start with a new canvas."""
        old, self._canvas, self._scene = self._canvas, None, None
        if old is not None:
            self._stage_layout.removeWidget(old.widget)
            old.discard()
        self._make_canvas()
        for chip in (self._label_chip, self._loading_chip, self._hint_chip):
            chip.raise_()
        self._choose_page()
        self._refresh()

    def _refresh(self, *_: object) -> None:
        """Something that is shown has changed."""
        if self._session.clip is not None and self._session.loaded is None:
            return  # the last picture stays until the next clip's files are read
        self._posture = None
        self._content_stale = True
        self._say_label()
        self._redraw()

    def _redraw(self) -> None:
        # Qt merges all requests of one turn of the event loop into one paint.
        if self._canvas is not None and self._figure is not None:
            self._fine = False
            self._canvas.update()
            if self.opengl.software:
                self._still.start()

    def _draw_finely(self) -> None:
        """Nothing has moved for a while: there is time for smooth edges."""
        if self._canvas is not None and not self._clock.playing:
            self._fine = True
            self._canvas.update()

    def _paint(self) -> None:
        if self.problem:
            return
        try:
            self._draw()
        except RuntimeError as error:  # vispy's word for what the driver refuses
            self.opengl = replace(self.opengl, problem=f"the driver cannot draw it ({error})")
            QTimer.singleShot(0, self, self._choose_page)

    def _draw(self) -> None:
        from harstudio.gui.viewport.scene import Scene

        if self._scene is None:
            self._scene = Scene(self._theme.colours)
            self._faces_stale = self._content_stale = True
        if self._faces_stale:
            self._scene.set_faces(self._figure.faces if self._figure is not None else None)
        if self._content_stale or self._faces_stale:
            self._scene.show(self._picture())
            if self._follow and self._figure is not None:
                self._camera = self._camera.looking_at(self._followed() + self._pan)
        self._faces_stale = self._content_stale = False
        ratio = self._stage.devicePixelRatioF()
        width_px, height_px = (
            round(self._stage.width() * ratio),
            round(self._stage.height() * ratio),
        )
        self._scene.draw(self._camera, width_px, height_px, pixel_ratio=ratio, fine=self._fine)
        self.frames_drawn += 1

    def _picture(self) -> Picture:
        from harstudio.gui.viewport.scene import Picture

        figure, posture = self._figure, self._posed()
        if figure is None or posture is None:
            return Picture()
        places, turns = self._sensors()
        names, sensor = figure.sensor_names, self._session.sensor
        stick = self._mode != BODY
        return Picture(
            skin=posture.skin() if self._mode != SKELETON else None,
            points=posture.stick_points() if stick else np.zeros((0, 3)),
            bones=figure.bones if stick else (),
            sensor_positions=places,
            sensor_rotations=turns,
            selected_sensor=names.index(sensor) if sensor in names and len(places) else -1,
            ghost=self.hand.ghost,
            ring_m=self.hand.ring_m,
            ring=self.hand.ring,
            middle=posture.centre,
            tint=self._label()[1],
        )

    def _sensors(self) -> tuple[FloatArray, FloatArray]:
        """Positions and rotations of the sensors in the picture."""
        figure, posture = self._figure, self._posed()
        # They sit on the fitted body: beside bare points they would hang in the air.
        bare = figure is not None and figure.points is not None and self._mode == SKELETON
        if posture is None or bare:
            return np.zeros((0, 3)), np.zeros((0, 3, 3))
        return posture.sensors()

    def _posed(self) -> Posture | None:
        if self._posture is None and self._figure is not None:
            self._posture = self._figure.at(self._clock.time_s)
        return self._posture

    def _followed(self) -> FloatArray:
        return self._figure.followed(self._clock.time_s) if self._figure else np.zeros(3)

    def _heading(self) -> float:
        posture = self._posed()
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
        if what == "orbit":
            self._camera = self._camera.orbited(right_px, down_px)
        else:
            offset = self._camera.pan_offset(right_px, down_px, self._stage.height())
            self._pan = self._pan + offset
            self._camera = self._camera.looking_at(np.asarray(self._camera.target) + offset)
        self._redraw()

    def _on_zoom(self, notches: float) -> None:
        self._camera = self._camera.zoomed(notches)
        if self._placing.on:
            self._content_stale = True  # rings keep their size in the picture
        self._redraw()

    # -- placing sensors ---------------------------------------------------------------------

    def _on_layout(self) -> None:
        if self._figure is not None:
            self._figure.place(self._placing.layout)
        self._refresh()

    def _on_place_mode(self, on: bool) -> None:
        skin = self._figure is not None and self._figure.faces is not None
        self.controls.set_place(on, self._placing.possible and skin and self._mode != SKELETON)
        if not on:
            self.hand.leave()
        self._say_hint()
        self._refresh()

    def _say_hint(self) -> None:
        """How to place, over the picture while it can be done."""
        shown = self.controls.place.isChecked() and self._figure is not None
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
        return self._panel._stage.width(), self._panel._stage.height()

    @property
    def figure(self) -> Figure | None:
        return self._panel._figure

    @property
    def posture(self) -> Posture | None:
        return self._panel._posed()

    @property
    def skin_shown(self) -> bool:
        return self._panel.mode != SKELETON

    def sensors(self) -> tuple[FloatArray, FloatArray]:
        return self._panel._sensors()

    def repaint(self) -> None:
        self._panel._refresh()

    def hold_still(self) -> None:
        self._panel._clock.pause()

    def set_cursor(self, cursor: Qt.CursorShape) -> None:
        if self._panel._canvas is not None:
            self._panel._canvas.widget.setCursor(cursor)

    def name_sensor(self, x: float, y: float, name: str) -> None:
        stage = self._panel._stage
        if name:
            QToolTip.showText(
                stage.mapToGlobal(QPoint(round(x), round(y))), sensor_text(name), stage
            )
        elif QToolTip.isVisible():
            QToolTip.hideText()
