"""The hand in the viewport: it chooses sensors, carries them over the skin and turns them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from PySide6.QtCore import Qt

from harstudio.body.picking import (
    SkinPoint,
    moved_mount,
    named_site_near,
    place_on_skin,
    skin_under,
)
from harstudio.body.sites import SITES
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import Sensor
from harstudio.gui.placing import Placing
from harstudio.gui.session import Session
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.figure import Figure, Posture
from harstudio.gui.viewport.gizmo import Grip, grip_at, ring_radius
from harstudio.workflows.placing import fresh_name, turned

_NEAR_PX = 14
"""How near to a sensor's middle the pointer takes it."""

_NEW = Sensor("new", SITES["left_wrist"])
"""Stands for a sensor that is not yet: where it is does not matter, that it is straight does."""

Ghost = tuple[FloatArray, FloatArray]
NameAsker = Callable[[list[str]], str]


class View(Protocol):
    """What the hand must know of the picture."""

    @property
    def camera(self) -> Camera: ...

    @property
    def size_px(self) -> tuple[float, float]: ...

    @property
    def figure(self) -> Figure | None: ...

    @property
    def posture(self) -> Posture | None: ...

    @property
    def skin_shown(self) -> bool: ...

    def sensors(self) -> tuple[FloatArray, FloatArray]:
        """(S, 3) positions and (S, 3, 3) rotations of what is in the picture."""

    def repaint(self) -> None:
        """Something of the hand's has changed."""

    def hold_still(self) -> None:
        """Stop the motion: what moves cannot be held."""

    def set_cursor(self, cursor: Qt.CursorShape) -> None: ...

    def name_sensor(self, x: float, y: float, name: str) -> None:
        """Say which sensor the pointer rests on; empty for none."""


@dataclass(frozen=True, eq=False)
class _Carried:
    """A sensor in the hand, and how far from its middle it was taken, pixels."""

    sensor: Sensor
    off_px: tuple[float, float]


@dataclass(frozen=True, eq=False)
class _Turned:
    """A sensor turned by one of its rings."""

    sensor: Sensor
    grip: Grip


class PlacementHand:
    """Takes sensors by their boxes and rings; in the place mode also answers clicks on the skin.

    Parameters
    ----------
    ask_name : (suggestions) -> str
        Asks a person for a new sensor's name; empty for never mind.
    """

    def __init__(self, session: Session, placing: Placing, view: View, ask_name: NameAsker) -> None:
        self._session, self._placing, self._view = session, placing, view
        self.ask_name = ask_name
        self._held: _Carried | _Turned | None = None
        self._ring = -1
        self.ghost: Ghost | None = None
        """Where a click would put the sensor, in the world."""

    # -- what the picture shows of it ------------------------------------------------------

    @property
    def ring(self) -> int:
        """The ring under the pointer or in the hand; -1 for none."""
        return self._held.grip.axis if isinstance(self._held, _Turned) else self._ring

    @property
    def ring_m(self) -> float:
        """Radius of the rings; 0 where there are none."""
        shown = self._placing.on and self._placing.sensor is not None and self._chosen() is not None
        return ring_radius(self._view.camera, self._view.size_px) if shown else 0.0

    @property
    def busy(self) -> bool:
        """Whether Escape would mean something."""
        return self._held is not None or self._placing.on

    # -- the pointer -----------------------------------------------------------------------

    def hover(self, x: float, y: float) -> None:
        """Show what the pointer would do there."""
        grip, name = self._grip_at(x, y), self.sensor_at(x, y)
        ring = grip.axis if grip is not None else -1
        ghost = None
        if self._placing.on and grip is None and not name:
            ghost = self._ghost_at(x, y)
        if ring != self._ring or ghost is not None or self.ghost is not None:
            self._ring, self.ghost = ring, ghost
            self._view.repaint()
        self._view.name_sensor(x, y, name if grip is None else "")
        hand = self._placing.possible and self._placing.named(name) is not None
        self._view.set_cursor(
            Qt.CursorShape.SizeAllCursor if grip is not None
            else Qt.CursorShape.OpenHandCursor if hand
            else Qt.CursorShape.CrossCursor if ghost is not None
            else Qt.CursorShape.ArrowCursor
        )  # fmt: skip

    def leave(self) -> None:
        """The pointer has left the picture."""
        if self.ghost is not None or self._ring >= 0:
            self.ghost, self._ring = None, -1
            self._view.repaint()

    def grab(self, x: float, y: float) -> bool:
        """Take a ring, or a sensor, if one is there and may be moved."""
        if not self._placing.possible:
            return False
        grip = self._grip_at(x, y)
        sensor = self._placing.sensor
        if grip is not None and sensor is not None:
            self._held = _Turned(sensor, grip)
        else:
            name = self.sensor_at(x, y)
            sensor = self._placing.named(name) if name else None
            if sensor is None or not self._view.skin_shown:
                return False
            at = self._projected(self._places()[name])
            self._held = _Carried(sensor, (at[0] - x, at[1] - y))
        self._view.hold_still()
        self._view.set_cursor(Qt.CursorShape.ClosedHandCursor)
        return True

    def carry(self, x: float, y: float) -> None:
        """Move what is held: over the skin, or about the ring's axis."""
        held = self._held
        self.ghost = None
        if isinstance(held, _Turned):
            angle = held.grip.angle_to(x, y, self._view.camera, self._view.size_px)
            mount = turned(held.sensor.mount, held.grip.axis, angle)
            self._placing.try_sensor(replace(held.sensor, mount=mount))
        elif isinstance(held, _Carried):
            self._session.select_sensor(held.sensor.name)
            moved = self._moved(held.sensor, x + held.off_px[0], y + held.off_px[1])
            if moved is not None:
                self._placing.try_sensor(moved)

    def drop(self) -> None:
        """Let go: one edit, if anything has moved."""
        held, self._held = self._held, None
        self._placing.settle("Turn" if isinstance(held, _Turned) else "Move")
        self._view.set_cursor(Qt.CursorShape.ArrowCursor)
        self._view.repaint()

    def click(self, x: float, y: float, shift: bool) -> None:
        """Choose a sensor; in the place mode move the chosen one here, or add one with Shift."""
        name = self.sensor_at(x, y)
        if name and not shift:
            self._session.select_sensor(name)
        elif self._placing.on and self._grip_at(x, y) is None:
            if shift or self._placing.sensor is None:
                self._add(x, y)
            else:
                self._move(x, y)

    def escape(self) -> bool:
        """Put back what is held; with nothing in the hand, leave the place mode."""
        if self._held is not None:
            self._held = None
            self._placing.cancel()
            self._view.set_cursor(Qt.CursorShape.ArrowCursor)
            return True
        if self._placing.on:
            self._placing.set_on(False)
            self.leave()
            return True
        return False

    def forget(self) -> None:
        """Another clip comes: what was held is no more."""
        self._held, self._ring, self.ghost = None, -1, None

    # -- placing ---------------------------------------------------------------------------

    def _move(self, x: float, y: float) -> None:
        sensor = self._placing.sensor
        moved = self._moved(sensor, x, y) if sensor is not None else None
        if moved is not None:
            self._placing.try_sensor(moved)
            self._placing.settle("Move")

    def _add(self, x: float, y: float) -> None:
        point, figure = self._skin_at(x, y), self._view.figure
        if point is None or figure is None or figure.shaped is None:
            return
        try:
            site, mount = place_on_skin(figure.shaped, point)
        except HarstudioError as error:
            self._session.message.emit(str(error))
            return
        rest = point.barycentric @ figure.shaped.vertices[figure.shaped.body.faces[point.face]]
        name = self.ask_name(self._suggestions(named_site_near(figure.shaped, rest)))
        if name in self._placing.layout.names:
            self._session.message.emit(f"There is a sensor {name!r} already")
        elif name:
            self._placing.add(Sensor(name, site, mount))

    def _suggestions(self, near: str) -> list[str]:
        """Names for a new sensor, the likeliest first."""
        loaded, layout = self._session.loaded, self._placing.layout
        worn = loaded.worn if loaded is not None else ()
        wanted = [near, *worn, fresh_name(layout)] if near else [fresh_name(layout), *worn]
        return [n for n in dict.fromkeys(wanted) if n and n not in layout.names]

    def _moved(self, sensor: Sensor, x: float, y: float) -> Sensor | None:
        """The sensor on the skin under a pixel, with its turn kept; None beside the body."""
        point, figure = self._skin_at(x, y), self._view.figure
        if point is None or figure is None or figure.shaped is None:
            return None
        try:
            site, straight = place_on_skin(figure.shaped, point)
        except HarstudioError:
            return None
        return Sensor(sensor.name, site, moved_mount(sensor.mount, straight))

    def _ghost_at(self, x: float, y: float) -> Ghost | None:
        chosen = self._placing.sensor or _NEW
        moved, posture = self._moved(chosen, x, y), self._view.posture
        return posture.placed(moved) if moved is not None and posture is not None else None

    def _skin_at(self, x: float, y: float) -> SkinPoint | None:
        posture, figure = self._view.posture, self._view.figure
        if posture is None or figure is None or not self._view.skin_shown:
            return None
        vertices, faces = posture.vertices(), figure.faces
        if vertices is None or faces is None:
            return None
        return skin_under(*self._view.camera.ray(x, y, *self._view.size_px), vertices, faces)

    # -- what is where ---------------------------------------------------------------------

    def sensor_at(self, x: float, y: float) -> str:
        """Name of the sensor drawn there, the nearest to the eye of several; or empty."""
        places, _ = self._view.sensors()
        if self._view.figure is None or len(places) == 0:
            return ""
        seen = self._view.camera.projected(places, *self._view.size_px)
        near = np.flatnonzero(np.hypot(seen[:, 0] - x, seen[:, 1] - y) < _NEAR_PX)
        if len(near) == 0:
            return ""
        return self._view.figure.sensor_names[int(near[np.argmin(seen[near, 2])])]

    def _places(self) -> dict[str, FloatArray]:
        figure = self._view.figure
        names = figure.sensor_names if figure is not None else ()
        return dict(zip(names, self._view.sensors()[0], strict=False))

    def _chosen(self) -> Ghost | None:
        """Position and rotation of the chosen sensor in the picture."""
        figure = self._view.figure
        places, turns = self._view.sensors()
        names = figure.sensor_names if figure is not None and len(places) else ()
        if self._session.sensor not in names:
            return None
        i = names.index(self._session.sensor)
        return places[i], turns[i]

    def _grip_at(self, x: float, y: float) -> Grip | None:
        chosen = self._chosen() if self.ring_m else None
        if chosen is None:
            return None
        camera = self._view.camera
        return grip_at(x, y, *chosen, self.ring_m, camera, self._view.size_px)

    def _projected(self, place: FloatArray) -> tuple[float, float]:
        x, y, _ = self._view.camera.projected(place, *self._view.size_px)[0]
        return float(x), float(y)
