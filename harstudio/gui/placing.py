"""Sensors while they are placed: shown live by every view, one edit at the end."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Signal

from harstudio.core.imu import Sensor, SensorLayout
from harstudio.core.project import Project
from harstudio.core.source import Source
from harstudio.gui.session import Session
from harstudio.workflows.placing import sensor_of, with_sensor, with_signals

_LIVE_S = 0.04
_REST = 1.5


class Placing(QObject):
    """What a hand does to the sensors of the layout, in the viewport or in numbers.

    `try_sensor` shows a sensor elsewhere, and its signals; `settle` makes that one edit, `cancel`
    takes it back. While the place mode is on, a click on the skin moves the chosen sensor.
    """

    layout_changed = Signal()  # see `layout`
    mode_changed = Signal(bool)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._on = False
        self._tried: Sensor | None = None
        self._choose_later = ""
        self._file = session.file
        # Moves that come faster than signals can be simulated are one.
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._simulate)
        session.project_changed.connect(self._on_project)
        session.clip_opening.connect(lambda _clip: self.cancel())
        session.clip_opened.connect(self._on_clip)

    # -- the mode ------------------------------------------------------------------------

    @property
    def on(self) -> bool:
        """Whether a click on the skin places a sensor."""
        return self._on

    @property
    def possible(self) -> bool:
        """Whether sensors may be moved at all."""
        return self._session.project is not None and not self._session.read_only

    def set_on(self, on: bool) -> None:
        """Turn the place mode on or off."""
        on = on and self.possible
        if on != self._on:
            self._on = on
            if not on:
                self.cancel()
        self.mode_changed.emit(self._on)

    # -- what is shown -------------------------------------------------------------------

    @property
    def layout(self) -> SensorLayout:
        """The project's sensors, with the one that is being moved where it is now."""
        project = self._session.project
        layout = project.layout if project is not None else SensorLayout("none", ())
        return layout if self._tried is None else with_sensor(layout, self._tried)

    @property
    def trying(self) -> bool:
        """Whether a sensor is shown where it is not yet."""
        return self._tried is not None

    @property
    def sensor(self) -> Sensor | None:
        """The chosen sensor as it is shown; None if the name is neither a sensor nor a site."""
        return self.named(self._session.sensor)

    def named(self, name: str) -> Sensor | None:
        """A sensor of the layout as it is shown, or a straight one at the site of that name."""
        return sensor_of(self.layout, name)

    # -- moving --------------------------------------------------------------------------

    def try_sensor(self, sensor: Sensor) -> None:
        """Show a sensor in another place, or a new one."""
        if self.possible and sensor != self._tried:
            self._tried = sensor
            self.layout_changed.emit()
            self._later.start()

    def settle(self, what: str) -> None:
        """Make what is shown one edit."""
        tried, project = self._tried, self._session.project
        self._tried = None
        if tried is None or project is None:
            return
        layout = with_sensor(project.layout, tried)
        if layout is project.layout:
            self._take_back()
            return
        if self._later.isActive():
            self._later.stop()
            self._show(tried)
        try:
            self._session.edit(f"{what} {spoken(tried.name)}", replace(project, layout=layout))
        except Exception:
            self._take_back()
            raise

    def cancel(self) -> None:
        """Show everything where it was."""
        if self._tried is not None:
            self._tried = None
            self._take_back()

    def add(self, sensor: Sensor) -> None:
        """A new sensor, chosen as soon as it has signals."""
        self._choose_later = sensor.name
        self.try_sensor(sensor)
        self.settle("Add")
        if self._session.clip is None:
            self._on_clip()

    def use(self, layout: SensorLayout, what: str, choose: str = "") -> None:
        """Replace the whole layout in one edit.

        Parameters
        ----------
        choose : str
            The sensor to choose then; unless told, the present one stays if it is still there.
        """
        self.cancel()
        project = self._session.project
        if project is None or layout == project.layout:
            return
        self._session.edit(what, replace(project, layout=layout))
        if choose:
            self._choose_later = choose
        elif self._session.sensor not in layout.names and layout.names:
            self._session.select_sensor(layout.names[0])

    def _take_back(self) -> None:
        self._later.stop()
        self._session.preview(None)
        self.layout_changed.emit()

    def _simulate(self) -> None:
        if self._tried is None:
            return
        start = perf_counter()
        self._show(self._tried)
        took = perf_counter() - start
        # Hours of motion take longer than a frame: the hand must stay free in between.
        self._later.setInterval(0 if took < _LIVE_S else round(1000 * _REST * took))

    def _show(self, sensor: Sensor) -> None:
        loaded, project = self._session.loaded, self._session.project
        if loaded is not None and loaded.virtual is not None and project is not None:
            self._session.preview(with_signals(loaded, loaded.virtual, sensor, project.rate_hz))

    def _on_project(self, before: Project | None, after: Project | None) -> None:
        # A label, for one, is set beside a sensor that is being placed and does not end that.
        another = self._session.file is not self._file
        self._file = self._session.file
        if another or before is None or after is None or _body_worn(before) != _body_worn(after):
            self.cancel()
        if self._on and not self.possible:
            self.set_on(False)
        self.layout_changed.emit()

    def _on_clip(self) -> None:
        if self._session.clip is None:
            self.cancel()
        elif self._tried is not None:
            self._later.start()  # the clip was read anew, without what is being tried
        name, self._choose_later = self._choose_later, ""
        project = self._session.project
        if name and project is not None and name in project.layout.names:
            self._session.select_sensor(name)


def _body_worn(project: Project) -> tuple[SensorLayout, Source | None]:
    return project.layout, project.body


def spoken(name: str) -> str:
    """``left_wrist`` as a person reads it."""
    return name.replace("_", " ")
