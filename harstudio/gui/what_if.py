"""What if the person were built otherwise, or wore a sensor at a joint: seen, never stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from harstudio.body.joints import joint_sensor
from harstudio.body.model import BodyModel, ShapedBody
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import Sensor, SensorLayout
from harstudio.core.motion import Motion
from harstudio.gui.placing import Placing
from harstudio.gui.session import Session
from harstudio.imu.simulate import SimulationOptions
from harstudio.workflows.loading import LoadedClip, layout_with, options_for, simulate_motion
from harstudio.workflows.placing import with_signals

_LIVE_S = 0.04
_REST = 1.5


@dataclass(frozen=True, eq=False)
class Person:
    """A motion on a body."""

    motion: Motion
    shaped: ShapedBody


class WhatIf(QObject):
    """Another shape for the open clip's body, and a virtual sensor at one of its joints.

    Both live in views only: virtual signals follow by `Session.preview`, nothing is written, and
    another clip starts without them.
    """

    changed = Signal()  # see `person`, `beside`, `probe`

    def __init__(self, session: Session, placing: Placing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._placing = session, placing
        self._betas: FloatArray | None = None
        self._person: Person | None = None
        self._beside = False
        self._probe: Sensor | None = None
        self._shown = False
        # Moves of a slider that come faster than signals can be simulated are one.
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._simulate)
        session.clip_opening.connect(lambda _clip: self.reset())
        session.clip_opened.connect(self._on_clip)
        placing.layout_changed.connect(self._on_layout)

    # -- what is shown -------------------------------------------------------------------

    @property
    def body(self) -> BodyModel | None:
        """The model of the open clip's body; None without one."""
        loaded = self._session.loaded
        return loaded.shaped.body if loaded is not None and loaded.shaped is not None else None

    @property
    def recorded(self) -> FloatArray:
        """(B,) shape coefficients of the person recorded, as this body has them."""
        loaded, body = self._session.loaded, self.body
        betas = np.zeros(len(body.shape_names) if body is not None else 0)
        if body is None or loaded is None or loaded.motion is None:
            return betas
        if loaded.motion.shape_space == body.shape_space:
            given = loaded.motion.betas[: len(betas)]
            betas[: len(given)] = given
        return betas

    @property
    def betas(self) -> FloatArray:
        """(B,) shape coefficients that are shown."""
        return self.recorded if self._betas is None else self._betas

    @property
    def person(self) -> Person | None:
        """The other person; None while the one recorded is shown."""
        return self._person

    @property
    def beside(self) -> bool:
        """Whether the other body is laid over the recorded one instead of replacing it."""
        return self._beside

    @property
    def probe(self) -> Sensor | None:
        """The sensor at a joint; None without one."""
        return self._probe

    # -- asking --------------------------------------------------------------------------

    def shape(self, betas: FloatArray) -> None:
        """Show the open clip's motion on a body with other shape coefficients (B,)."""
        loaded, body = self._session.loaded, self.body
        if loaded is None or body is None:
            return
        if np.array_equal(betas, self.recorded):
            self.reset_shape()
            return
        self._betas = np.array(betas, dtype=np.float64)
        self._person = other_person(loaded, self._betas)
        self._show_soon()

    def reset_shape(self) -> None:
        """Show the person recorded."""
        if self._betas is not None:
            self._betas, self._person = None, None
            self._show_soon()

    def show_beside(self, beside: bool) -> None:
        """Lay the other body over the recorded one, or put it in its place."""
        if beside != self._beside:
            self._beside = beside
            self.changed.emit()

    def measure(self, joint: str) -> None:
        """Put a virtual sensor at a joint and choose it; HarstudioError where none can be."""
        loaded = self._session.loaded
        if loaded is None or loaded.shaped is None:
            raise HarstudioError("no virtual sensor without a motion on a body")
        self._probe = joint_sensor(loaded.shaped, joint)
        self._later.stop()
        self._simulate()
        self.changed.emit()
        self._session.select_sensor(self._probe.name)

    def forget_probe(self) -> None:
        """Take the sensor at the joint away again."""
        if self._probe is None:
            return
        chosen, self._probe = self._session.sensor == self._probe.name, None
        project = self._session.project
        if chosen and project is not None and project.layout.names:
            self._session.select_sensor(project.layout.names[0])
        self._show_soon()

    def reset(self) -> None:
        """Everything as it was recorded."""
        shaped = self._betas is not None
        self._betas, self._person = None, None  # before anyone is told of anything
        if self._probe is not None:
            self.forget_probe()
        elif shaped:
            self._show_soon()

    # -- signals -------------------------------------------------------------------------

    def _show_soon(self) -> None:
        self._later.start()
        self.changed.emit()

    def _on_clip(self) -> None:
        """The clip has been read, perhaps anew after an edit: without what is shown here."""
        loaded = self._session.loaded
        self._shown = False
        if loaded is None or loaded.shaped is None:
            self.reset()
        elif self._betas is not None:
            if len(self._betas) != len(loaded.shaped.body.shape_names):
                self._betas, self._person = None, None
            else:
                self._person = other_person(loaded, self._betas)
        if self._person is not None or self._probe is not None:
            self._later.start()
            self.changed.emit()

    def _on_layout(self) -> None:
        # A sensor in the hand has the signals to itself; let go, it leaves the recorded ones.
        if not self._placing.trying and (self._person is not None or self._probe is not None):
            self._later.start()

    def _simulate(self) -> None:
        session, project = self._session, self._session.project
        loaded = session.loaded
        if loaded is None or project is None or loaded.virtual is None or self._placing.trying:
            return
        if self._person is None and self._probe is None:
            if self._shown:
                self._shown = False
                session.preview(None)
            return
        start = perf_counter()
        wearer, virtual = loaded, loaded.virtual
        if self._person is not None:
            person = self._person
            wearer = replace(loaded, motion=person.motion, shaped=person.shaped)
            layout: SensorLayout = layout_with(project.layout, loaded.worn)
            options = options_for(loaded.points, SimulationOptions(rate_hz=project.rate_hz))
            virtual = simulate_motion(person.shaped, person.motion, layout, options)
        if self._probe is not None:
            virtual = with_signals(wearer, virtual, self._probe, project.rate_hz)
        self._shown = True
        session.preview(virtual)
        took = perf_counter() - start
        # Hours of motion take longer than a frame: the hand must stay free in between.
        self._later.setInterval(0 if took < _LIVE_S else round(1000 * _REST * took))


def other_person(loaded: LoadedClip, betas: FloatArray) -> Person | None:
    """The clip's motion on its body in another shape, with the feet on the same ground.

    Longer legs carry the whole body higher, by the same height in every frame, so no signal
    changes by that.
    """
    if loaded.motion is None or loaded.shaped is None:
        return None
    shaped = loaded.shaped.body.shaped(betas)
    rise = hip_height(shaped) - hip_height(loaded.shaped)
    # A motion's translation is added to where the pelvis is at rest, which has moved as well.
    shift = loaded.shaped.joints[0] - shaped.joints[0] + np.array((0.0, 0.0, rise))
    motion = replace(
        loaded.motion,
        translation=loaded.motion.translation + shift,
        betas=betas,
        shape_space=shaped.body.shape_space,
    )
    return Person(motion, shaped)


def hip_height(shaped: ShapedBody) -> float:
    """How high the pelvis is above the soles at rest, m."""
    return float(shaped.joints[0, 1] - shaped.vertices[:, 1].min())
