"""Joints under the pointer: named on hover, chosen by a click, measured by a second one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QToolTip

from harstudio.body.joints import sensors_on
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.skeleton import JOINTS
from harstudio.gui.placing import Placing, spoken
from harstudio.gui.session import Session
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.placement import PlacementHand
from harstudio.gui.viewport.rig import Rig
from harstudio.gui.viewport.subject import Subject
from harstudio.gui.what_if import WhatIf

_NEAR_PX = 11.0


def joint_under(
    x: float, y: float, joints: FloatArray, camera: Camera, size_px: tuple[float, float]
) -> int:
    """Index of the joint (P, 3) drawn nearest to a pixel; -1 where none is near."""
    if len(joints) == 0:
        return -1
    seen = camera.projected(joints, *size_px)
    away = np.hypot(seen[:, 0] - x, seen[:, 1] - y)
    away[seen[:, 2] <= 0.0] = np.inf
    nearest = int(np.argmin(away))
    return nearest if away[nearest] <= _NEAR_PX else -1


class Joints(QObject):
    """Which joint the pointer is on, and which one is chosen, by name; empty for none."""

    changed = Signal()

    def __init__(
        self,
        session: Session,
        placing: Placing,
        what_if: WhatIf,
        subject: Subject,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._placing = session, placing
        self._what_if, self._subject = what_if, subject
        self.hovered = self.chosen = ""

    def point_at(self, joint: str) -> None:
        """The pointer is on a joint, or on none."""
        if joint != self.hovered:
            self.hovered = joint
            self.changed.emit()

    def forget(self) -> None:
        """Another clip: no joint is chosen."""
        self.hovered = self.chosen = ""

    def choose(self, joint: str) -> None:
        """Show a joint's traces: those of a sensor on it, if there is one.

        Without one, choosing it again puts a virtual sensor there.
        """
        again, self.chosen = joint == self.chosen, joint
        worn = self.worn_on(joint)
        if worn:
            self._session.select_sensor(worn[0])
        elif again and joint in JOINTS:
            self.measure(joint)
        self.changed.emit()

    def measure(self, joint: str) -> None:
        """Put a virtual sensor at a joint, and show its signals."""
        self.chosen = joint
        try:
            self._what_if.measure(joint)
        except HarstudioError as error:
            self._session.message.emit(str(error))
        self.changed.emit()

    @property
    def measured(self) -> str:
        """The joint with a virtual sensor that is only looked at; empty for none."""
        probe = self._what_if.probe
        return probe.site.joint if probe is not None else ""

    def forget_measured(self) -> None:
        """Take the virtual sensor at a joint away again."""
        self._what_if.forget_probe()

    def choose_sensor(self, sensor: str) -> None:
        """Show the signals of one of the sensors on a joint."""
        self._session.select_sensor(sensor)

    def worn_on(self, joint: str) -> tuple[str, ...]:
        """Names of the sensors on a joint, of the layout or of the one measured."""
        names = sensors_on(self._placing.layout, joint)
        probe = self._what_if.probe
        return (*names, probe.name) if probe is not None and probe.site.joint == joint else names

    def index(self, joint: str) -> int:
        """Of a joint among those that are shown; -1 for none."""
        names = self._subject.joint_names
        return names.index(joint) if joint in names else -1

    def words(self, joint: str) -> str:
        """``Left knee · 1.24 m/s``."""
        return f"{spoken(joint).capitalize()} · {self._subject.speed_of(joint):.2f} m/s"


class PointerHand:
    """What the pointer does: it places sensors first, and where it is free, it points at joints.

    Parameters
    ----------
    rig : () -> Rig
        The hand is made before its stage and the camera on it are.
    """

    def __init__(
        self, placement: PlacementHand, joints: Joints, subject: Subject, rig: Callable[[], Rig]
    ) -> None:
        self._placement, self._joints = placement, joints
        self._subject, self._rig = subject, rig

    @property
    def busy(self) -> bool:
        return self._placement.busy

    def joint_at(self, x: float, y: float) -> str:
        """Name of the joint there that nothing else is in front of; or empty."""
        if self._placement.busy or self._placement.sensor_at(x, y):
            return ""
        return self._joint_under(x, y)

    def _joint_under(self, x: float, y: float) -> str:
        stage = self._rig().stage
        size_px = stage.width(), stage.height()
        index = joint_under(x, y, self._subject.joints(), stage.camera, size_px)
        return self._subject.joint_names[index] if index >= 0 else ""

    def hover(self, x: float, y: float) -> None:
        joint = self.joint_at(x, y)
        self._joints.point_at(joint)
        self._placement.hover(x, y)
        stage = self._rig().stage
        if joint and stage.canvas is not None:
            at = stage.mapToGlobal(QPoint(round(x), round(y)))
            QToolTip.showText(at, self._joints.words(joint), stage)
            stage.canvas.widget.setCursor(Qt.CursorShape.PointingHandCursor)

    def leave(self) -> None:
        self._joints.point_at("")
        self._placement.leave()

    def grab(self, x: float, y: float) -> bool:
        return self._placement.grab(x, y)

    def carry(self, x: float, y: float) -> None:
        self._placement.carry(x, y)

    def drop(self) -> None:
        self._placement.drop()

    def click(self, x: float, y: float, shift: bool) -> None:
        joint = "" if shift else self.joint_at(x, y)
        if joint:
            self._joints.choose(joint)
        else:
            self._placement.click(x, y, shift)

    def menu(self, x: float, y: float) -> None:
        """What can be done with the joint under the pointer, or with the camera."""
        joint = self._joint_under(x, y)  # also behind a sensor, which has no menu of its own
        rig = self._rig()
        menu = QMenu(rig.stage)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if joint:
            name = spoken(joint)
            for sensor in self._joints.worn_on(joint):
                menu.addAction(
                    f"Signals of {spoken(sensor)}", lambda s=sensor: self._joints.choose_sensor(s)
                )
            measure = menu.addAction(
                f"Virtual sensor at the {name}", lambda: self._joints.measure(joint)
            )
            measure.setEnabled(joint in JOINTS)
            menu.addSeparator()
            menu.addAction(f"Turn about the {name}", lambda: rig.focus(joint))
        if self._joints.measured:
            name = spoken(self._joints.measured)
            menu.addAction(f"No virtual sensor at the {name}", self._joints.forget_measured)
        menu.addAction("Centre the body\tC", rig.centre)
        menu.popup(rig.stage.mapToGlobal(QPoint(round(x), round(y))))

    def escape(self) -> bool:
        return self._placement.escape()
