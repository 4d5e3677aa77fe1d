"""The viewport's panel: the open clip at the clock's time, with its chips and its empty states."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from harstudio.core.imu import SensorLayout
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.placing import Placing, spoken
from harstudio.gui.session import Session
from harstudio.gui.settings import Settings
from harstudio.gui.theme import Theme
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.companion import Companion
from harstudio.gui.viewport.composing import Composer
from harstudio.gui.viewport.controls import ControlRow
from harstudio.gui.viewport.dialogs import ask_clip, ask_sensor_name, ask_view_name
from harstudio.gui.viewport.eyes import Eyes
from harstudio.gui.viewport.figure import Figure, pin_maths
from harstudio.gui.viewport.joints import Joints, PointerHand
from harstudio.gui.viewport.modes import MODES, SKELETON
from harstudio.gui.viewport.opengl import remedy
from harstudio.gui.viewport.options import Showing
from harstudio.gui.viewport.overlays import Chip, Legend, Message
from harstudio.gui.viewport.picture import Picture
from harstudio.gui.viewport.placement import PlacementHand
from harstudio.gui.viewport.rig import Rig
from harstudio.gui.viewport.show_menu import fill_show_menu, fill_view_menu
from harstudio.gui.viewport.stage import Stage
from harstudio.gui.viewport.subject import Subject
from harstudio.gui.viewport.views import KeptViews
from harstudio.gui.what_if import WhatIf
from harstudio.workflows.loading import layout_with

_LOADING_MS = 150
_NO_CLIP = "No clip is open", "Open a clip in the library to see the body move."
_NO_MOTION = (
    "This clip has no motion",
    "It holds a recording only; its signals and its timeline work as ever.",
)


class ViewportPanel(QWidget):
    """The body on a quiet floor, its sensors, the label under the playhead, and what is asked for.

    Left drag orbits, middle drag (or Shift and left) pans, the wheel zooms. A click on a sensor
    selects it, a drag carries it over the skin; see `PlacementHand`. A click on a joint shows its
    traces; see `Joints`. Without OpenGL it says what to install, and does nothing else.
    """

    frame_shown = Signal()
    """A picture has reached the screen."""

    choice_changed = Signal()
    """Something else is shown, or it is seen from elsewhere."""

    shape_requested = Signal()
    """The person wants to see the body in other shapes."""

    def __init__(
        self,
        session: Session,
        placing: Placing,
        clock: PlaybackClock,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        what_if: WhatIf | None = None,
        settings: Settings | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._clock, self._theme = session, clock, theme
        self._placing = placing
        self.what_if = what_if or WhatIf(session, placing, self)
        self.showing = Showing(settings, self)
        self.subject = Subject(clock)
        self.companion = Companion(session, self.what_if, self)
        self.joints = Joints(session, placing, self.what_if, self.subject, self)
        self._composer = Composer(
            session, clock, self.subject, self.companion, self.showing, self.what_if, self
        )
        eyes = Eyes(self.subject, clock, lambda: self.stage, self._refresh)
        self.hand = PlacementHand(session, placing, eyes, lambda near: ask_sensor_name(self, near))
        pointer = PointerHand(self.hand, self.joints, self.subject, lambda: self.rig)
        self.stage = Stage(clock, theme.colours, self._compose, pointer)
        self.rig = Rig(self.stage, self.subject, KeptViews(settings), self._on_zoom, self)
        self.key_of: Callable[[str], str] = lambda _command: ""
        """The shortcut of a command, for menus to show; the window knows it."""
        self._build(clock, theme)
        pin_maths()
        self._connect()
        self._on_theme_changed()
        self._on_clip_opened()

    def _build(self, clock: PlaybackClock, theme: Theme) -> None:
        self._message = Message()
        self._pages = QStackedWidget()
        self._pages.addWidget(self._message)
        self._pages.addWidget(self.stage)
        self._label_chip, self._loading_chip = Chip(self.stage), Chip(self.stage)
        self._hint_chip = Chip(self.stage)
        self.legend = Legend(theme.colours, self.stage)
        self.controls = ControlRow(clock, theme)
        self.controls.show_menu.aboutToShow.connect(self._fill_show_menu)
        self.controls.view_menu.aboutToShow.connect(self._fill_view_menu)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self.controls)
        self._loading_timer = QTimer(self, singleShot=True, interval=_LOADING_MS)
        self._loading_timer.timeout.connect(self._show_loading)

    def _connect(self) -> None:
        session, controls, stage = self._session, self.controls, self.stage
        session.clip_opening.connect(self._on_clip_opening)
        session.clip_opened.connect(self._on_clip_opened)
        session.clip_failed.connect(self._on_clip_failed)
        session.project_changed.connect(self._refresh)
        session.sensor_changed.connect(self._on_sensor)
        session.tier_changed.connect(self._refresh)
        session.virtual_changed.connect(self._refresh)
        self._placing.layout_changed.connect(self._on_layout)
        self._placing.mode_changed.connect(self._on_place_mode)
        self._clock.time_changed.connect(self._refresh)
        self._clock.playing_changed.connect(self._refresh)
        self._theme.changed.connect(self._on_theme_changed)
        self.what_if.changed.connect(self._on_what_if)
        for part in (self.showing, self.companion, self.joints):
            part.changed.connect(self._refresh)
            part.changed.connect(self.choice_changed)
        self.rig.follow_changed.connect(controls.follow.setChecked)
        self.rig.focus_changed.connect(self._refresh)
        self.rig.focus_changed.connect(self.choice_changed)
        self.rig.follow_changed.connect(lambda _follow: self.choice_changed.emit())
        controls.mode_chosen.connect(self.set_mode)
        controls.follow_chosen.connect(self.set_follow)
        controls.place_chosen.connect(self._placing.set_on)
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

    def next_mode(self) -> None:
        """Skin, then skeleton, then both, then skin again."""
        modes = self.subject.modes or MODES
        self.set_mode(modes[(modes.index(self.mode) + 1) % len(modes)])

    def set_view(self, view: str) -> None:
        """Look from the person's ``front``, ``side`` or from the ``top``."""
        self.rig.look_from(view)

    def set_follow(self, follow: bool) -> None:
        """Keep the person in the middle, or stay where the camera is."""
        self.rig.set_follow(follow)

    def centre(self) -> None:
        """Bring the person back to the middle, at the usual distance."""
        self.rig.centre()

    def ask_second(self) -> None:
        """Ask for another clip whose motion is to be seen beside this one's."""
        ask_clip(self, self._session, self.companion, self._clock.time_s)

    def screenshot(self) -> QImage:
        """The panel as it looks now, chips and all, in device pixels."""
        return self.grab().toImage()

    # -- the session and the clock -----------------------------------------------------------

    def _on_clip_opening(self, clip_id: str) -> None:
        self.hand.forget()
        self.joints.forget()
        self._loading_timer.start()

    def _show_loading(self) -> None:
        if self._pages.currentWidget() is self._message and not self.problem:
            self._message.say("Loading…", "")
        self._loading_chip.say("Loading…", self._theme.colours.raised)
        self._loading_chip.to_the_right()

    def _on_clip_opened(self) -> None:
        self._stop_loading()
        figure = self.new_figure(None)
        self._set_figure(figure)
        if figure is not None:
            self.rig.meet(figure.at(0.0).heading or 0.0)
        self._choose_mode()
        self._choose_page()
        self._refresh()

    def new_figure(self, like: Figure | None) -> Figure | None:
        """The open clip's, in the shape that is to be seen."""
        loaded, project = self._session.loaded, self._session.project
        if loaded is None or project is None or self.problem:
            return None
        motion, shaped, person = loaded.motion, loaded.shaped, self.what_if.person
        if person is not None and not self.what_if.beside:
            motion, shaped = person.motion, person.shaped
        if motion is None and loaded.points is None:
            return None
        return Figure(motion, shaped, loaded.points, self._layout(), like)

    def _layout(self) -> SensorLayout:
        """The sensors as they are shown: the project's, those worn, and that at a joint."""
        loaded, probe = self._session.loaded, self.what_if.probe
        layout = layout_with(self._placing.layout, loaded.worn if loaded is not None else ())
        if probe is None or probe.name in layout.names:
            return layout
        return SensorLayout(layout.name, (*layout.sensors, probe))

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
        self.companion.join(figure)

    def _on_what_if(self) -> None:
        if self.subject.figure is not None and self._session.loaded is not None:
            self._set_figure(self.new_figure(self.subject.figure))
            self._refresh()

    def _stop_loading(self) -> None:
        self._loading_timer.stop()
        self._loading_chip.hide()

    def _on_sensor(self, _name: str) -> None:
        self._say_hint()
        self._refresh()

    def _on_theme_changed(self) -> None:
        colours = self._theme.colours
        self._message.set_colours(colours)
        self.legend.set_colours(colours)
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

    def _on_zoom(self) -> None:
        # Rings keep their size in the picture, and the scale's bar does not.
        if self._placing.on or self.showing.options.acceleration:
            self.stage.refresh()

    def _on_renewed(self) -> None:
        for chip in (self._label_chip, self._loading_chip, self._hint_chip, self.legend):
            chip.raise_()
        self._choose_page()
        self._refresh()

    def _compose(self) -> Picture:
        """What the stage is to draw, with the camera on it."""
        colours = self._theme.colours
        slow = self.stage.opengl.software and self._clock.playing
        picture = self._composer.picture(
            self.hand, self.joints, colours, self._label()[1], slow=slow
        )
        if self.subject.figure is not None:
            self.rig.track()
        # Words change only after the paint that they are asked for in.
        QTimer.singleShot(0, self, self._say_legend)
        return picture

    def _say_legend(self) -> None:
        self.legend.say(self._composer.legend(self.joints, self.stage, self._theme.colours))
        self.legend.put_below(self._label_chip)

    # -- the label under the playhead --------------------------------------------------------

    def _label(self) -> tuple[str, str]:
        """Name and colour of the active tier's label at the playhead; empty without one."""
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

    # -- menus -------------------------------------------------------------------------------

    def _fill_show_menu(self) -> None:
        fill_show_menu(
            self.controls.show_menu, self.showing, self.companion, self.ask_second,
            self.shape_requested.emit, self.key_of,
        )  # fmt: skip

    def _fill_view_menu(self) -> None:
        fill_view_menu(self.controls.view_menu, self.rig, lambda: ask_view_name(self), self.key_of)

    # -- placing sensors ---------------------------------------------------------------------

    def _on_layout(self) -> None:
        if self.subject.figure is not None:
            self.subject.figure.place(self._layout())
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
        self._say_legend()
