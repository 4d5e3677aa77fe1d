"""A second body in the picture: another clip's motion, or this one's on another shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import SensorLayout
from harstudio.core.project import Project
from harstudio.gui.background import Background
from harstudio.gui.session import Session
from harstudio.gui.viewport.figure import Figure
from harstudio.gui.viewport.picture import Skinned
from harstudio.gui.what_if import WhatIf
from harstudio.workflows.loading import Posed, bodies_of, read_posed

BESIDE_M = 0.9
_NO_SENSORS = SensorLayout("none", ())


@dataclass(frozen=True, eq=False)
class Placed:
    """How a second figure is laid on the first: a turn about up, then a shift, m.

    Attributes
    ----------
    turn : (3, 3) array
    shift : (3,) array, m
    """

    turn: FloatArray
    shift: FloatArray

    def points(self, points: FloatArray) -> FloatArray:
        """(N, 3) points of the second figure where they are shown."""
        moved: FloatArray = points @ self.turn.T + self.shift
        return moved

    def skin(self, skin: Skinned) -> Skinned:
        """Its vertices and normals where they are shown."""
        turn = self.turn.T.astype(np.float32)
        return skin[0] @ turn + self.shift.astype(np.float32), skin[1] @ turn


AS_RECORDED = Placed(np.eye(3), np.zeros(3))


def laid_on(first: Figure, first_s: float, second: Figure, beside_m: float = 0.0) -> Placed:
    """The second figure's start where the first one is at a time, facing the same way.

    Parameters
    ----------
    beside_m : float, m
        How far to the first one's left it is put.
    """
    here, there = first.at(first_s), second.at(0.0)
    heading, other = here.heading, there.heading
    angle = heading - other if heading is not None and other is not None else 0.0
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    shift = (here.centre - turn @ there.centre) * (1.0, 1.0, 0.0)
    facing = 0.0 if heading is None else heading
    left = np.array([-np.sin(facing), np.cos(facing), 0.0])
    return Placed(turn, shift + beside_m * left)


class Companion(QObject):
    """The second body, or none.

    Of the two that there can be, a clip chosen here is shown before a shape laid over this one's.
    """

    changed = Signal()

    def __init__(self, session: Session, what_if: WhatIf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._what_if = session, what_if
        self._reader = Background(self)
        self._clip_id = ""
        self._at_s = 0.0
        self._beside = False
        self._first: Figure | None = None
        self._figure: Figure | None = None
        self._placed = AS_RECORDED
        session.project_changed.connect(self._on_project)
        session.clip_opening.connect(lambda _clip: self._on_clip_opening())

    @property
    def figure(self) -> Figure | None:
        return self._figure

    @property
    def placed(self) -> Placed:
        return self._placed

    @property
    def clip_id(self) -> str:
        """The clip it moves as; empty for none, or for this one's motion."""
        return self._clip_id

    @property
    def at_s(self) -> float:
        """When the other clip starts, on this one's clock, s."""
        return self._at_s

    @property
    def beside(self) -> bool:
        """Whether it stands to the left of the first body."""
        return self._beside

    @property
    def name(self) -> str:
        """What it is, in words; empty for none."""
        project = self._session.project
        if self._figure is None or project is None:
            return ""
        clip = project.clips.get(self._clip_id)
        return f"Second motion: {clip.name}" if clip is not None else "The other body"

    def time_s(self, time_s: float) -> float:
        """Its own time at a time of this clip, s; before it starts it waits."""
        return time_s - self._at_s if self._clip_id else time_s

    def show_clip(self, clip_id: str, at_s: float) -> None:
        """Show another clip's motion, which starts at a time of this one; empty for none."""
        project, folder = self._session.project, self._session.folder
        if not clip_id or project is None:
            self._reader.drop()
            self._clip_id = ""
            self._rebuild()
            return
        motion = project.clip(clip_id).motion
        if motion is None:
            raise HarstudioError(f"{project.clip(clip_id).name} has no motion")
        self._clip_id, self._at_s = clip_id, at_s
        bodies = bodies_of(project, folder)
        self._reader.run(
            lambda: _read(lambda: read_posed(motion, folder, bodies)), self._on_read, now=False
        )

    def put_beside(self, beside: bool) -> None:
        """Put it to the left of the first body, or in the same place."""
        self._beside = beside
        self._lay()
        self.changed.emit()

    def join(self, first: Figure | None) -> None:
        """There is another first figure: of another clip, or of another shape."""
        self._first = first
        if not self._clip_id:
            self._rebuild()
        else:
            self._lay()

    def _on_read(self, result: Posed | HarstudioError) -> None:
        if isinstance(result, HarstudioError):
            self._clip_id = ""
            self._session.message.emit(str(result))
            self._rebuild()
            return
        self._figure = Figure(result.motion, result.shaped, result.points, _NO_SENSORS)
        self._lay()
        self.changed.emit()

    def _rebuild(self) -> None:
        """This clip's motion on the other shape, where that is to lie over the recorded one."""
        person = self._what_if.person if self._what_if.beside else None
        figure = None
        if person is not None and self._first is not None:
            figure = Figure(person.motion, person.shaped, None, _NO_SENSORS)
        self._figure = figure
        self._lay()
        self.changed.emit()

    def _lay(self) -> None:
        first, second = self._first, self._figure
        self._placed = AS_RECORDED
        if first is None or second is None:
            return
        beside_m = BESIDE_M if self._beside else 0.0
        if self._clip_id or beside_m:
            self._placed = laid_on(first, self._at_s * bool(self._clip_id), second, beside_m)

    def _on_project(self, before: Project | None, after: Project | None) -> None:
        if self._clip_id and (after is None or self._clip_id not in after.clips):
            self.show_clip("", 0.0)

    def _on_clip_opening(self) -> None:
        """What started at this clip's playhead starts at the beginning of the next one."""
        self._at_s = 0.0


def _read(work: Callable[[], Posed]) -> Posed | HarstudioError:
    try:
        return work()
    except HarstudioError as error:
        return error
