"""Who is in the picture: the open clip's figure at the clock's time, in the mode asked for."""

from __future__ import annotations

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.core.skeleton import JOINTS
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.viewport.figure import Figure, Posture
from harstudio.gui.viewport.modes import BODY, MODES, SKELETON
from harstudio.gui.viewport.picture import Extras, Picture
from harstudio.gui.viewport.placement import PlacementHand


class Subject:
    """A figure or none; its posture is worked out when it is first asked for."""

    def __init__(self, clock: PlaybackClock) -> None:
        self._clock = clock
        self._figure: Figure | None = None
        self._posture: Posture | None = None
        self._wanted = BODY

    @property
    def figure(self) -> Figure | None:
        """Of the open clip; None without a motion."""
        return self._figure

    def set_figure(self, figure: Figure | None) -> None:
        """Another clip."""
        self._figure, self._posture = figure, None

    def move(self) -> None:
        """Time has passed, or the figure has changed."""
        self._posture = None

    @property
    def posture(self) -> Posture | None:
        """At the clock's time."""
        if self._posture is None and self._figure is not None:
            self._posture = self._figure.at(self._clock.time_s)
        return self._posture

    @property
    def followed(self) -> FloatArray:
        """(3,) where the camera looks to follow, m, world."""
        return self._figure.followed(self._clock.time_s) if self._figure else np.zeros(3)

    # -- modes -------------------------------------------------------------------------------

    def want(self, mode: str) -> None:
        """Show skin, skeleton or both, where the figure has them."""
        self._wanted = mode

    @property
    def has_skin(self) -> bool:
        """Whether there is more than a skeleton to show."""
        return self._figure is not None and self._figure.faces is not None

    @property
    def modes(self) -> tuple[str, ...]:
        """In which it can be shown."""
        return MODES if self.has_skin else (SKELETON,) if self._figure is not None else ()

    @property
    def mode(self) -> str:
        """In which it is shown."""
        modes = self.modes
        return self._wanted if self._wanted in modes or not modes else SKELETON

    # -- the picture -------------------------------------------------------------------------

    def sensors(self) -> tuple[FloatArray, FloatArray]:
        """(S, 3) positions and (S, 3, 3) rotations of the sensors in the picture."""
        posture = self.posture
        # They sit on the fitted body: beside bare points they would hang in the air.
        if posture is None or self.bare:
            return np.zeros((0, 3)), np.zeros((0, 3, 3))
        return posture.sensors()

    def picture(
        self, sensor: str, hand: PlacementHand, floor_tint: str, body_tint: str, extras: Extras
    ) -> Picture:
        """All that is to be drawn, with a sensor highlighted and floor or body tinted."""
        figure, posture, mode = self._figure, self.posture, self.mode
        if figure is None or posture is None:
            return Picture()
        places, turns = self.sensors()
        names, stick = figure.sensor_names, mode != BODY
        return Picture(
            skin=posture.skin() if mode != SKELETON else None,
            points=posture.stick_points() if stick else np.zeros((0, 3)),
            bones=figure.bones if stick else (),
            sensor_positions=places,
            sensor_rotations=turns,
            selected_sensor=names.index(sensor) if sensor in names and len(places) else -1,
            ghost=hand.ghost,
            ring_m=hand.ring_m,
            ring=hand.ring,
            middle=posture.centre,
            floor_tint=floor_tint,
            body_tint=body_tint,
            extras=extras,
        )

    # -- joints ------------------------------------------------------------------------------

    @property
    def bare(self) -> bool:
        """Whether a camera's points are shown instead of a body's joints."""
        figure = self._figure
        return figure is not None and figure.points is not None and self.mode == SKELETON

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Names of the joints that are shown."""
        figure = self._figure
        if figure is None:
            return ()
        return figure.point_names if self.bare or figure.shaped is None else JOINTS

    def joints(self, time_s: float | None = None) -> FloatArray:
        """(P, 3) where those joints are, now or at a time, m, world."""
        figure = self._figure
        posture = self.posture if time_s is None or figure is None else figure.at(time_s)
        if posture is None:
            return np.zeros((0, 3))
        joints = posture.joints()
        return posture.stick_points() if self.bare or joints is None else joints[0]

    def place_of(self, joint: str) -> FloatArray | None:
        """(3,) where a joint is now, m, world; None where there is none of that name."""
        names = self.joint_names
        return self.joints()[names.index(joint)] if joint in names else None

    def speed_of(self, joint: str) -> float:
        """How fast a joint moves now, m/s, over two frames; 0 where there is none."""
        figure, names = self._figure, self.joint_names
        if figure is None or joint not in names:
            return 0.0
        half, i = 1.0 / figure.rate_hz, names.index(joint)
        ends = [min(max(self._clock.time_s + way, 0.0), figure.duration_s) for way in (-half, half)]
        before, after = (self.joints(at)[i] for at in ends)
        return float(np.linalg.norm(after - before) / max(ends[1] - ends[0], 1e-9))
