"""Puts the picture together, and the words of its legend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject

from harstudio.body.contact import contact_text
from harstudio.core.arrays import FloatArray
from harstudio.core.timebase import Alignment, clock_text
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.placing import spoken
from harstudio.gui.session import Session
from harstudio.gui.theme import Colours
from harstudio.gui.viewport import beside
from harstudio.gui.viewport.companion import Companion
from harstudio.gui.viewport.joints import Joints
from harstudio.gui.viewport.modes import BODY, SKELETON
from harstudio.gui.viewport.options import Showing
from harstudio.gui.viewport.overlays import Line
from harstudio.gui.viewport.picture import Arrow, Extras, Picture
from harstudio.gui.viewport.placement import PlacementHand
from harstudio.gui.viewport.stage import Stage
from harstudio.gui.viewport.subject import Subject
from harstudio.gui.viewport.vectors import (
    RealSensor,
    acceleration_at,
    alignment_of,
    without_gravity,
)
from harstudio.gui.what_if import WhatIf

_SCALES_MPS2 = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_SCALE_PX = 28.0
"""The scale bar is the first of those that is at least this long."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """The acceleration at the chosen sensor, m/s2, world; None where it is not known."""

    place: FloatArray
    virtual: FloatArray | None
    real: FloatArray | None


class Composer(QObject):
    """Knows all that can be shown of the open clip."""

    def __init__(
        self,
        session: Session,
        clock: PlaybackClock,
        subject: Subject,
        companion: Companion,
        showing: Showing,
        what_if: WhatIf,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._clock, self._subject = session, clock, subject
        self._companion, self._showing, self._what_if = companion, showing, what_if
        self._ghosts, self._real = beside.Ghosts(), RealSensor()
        self._touching = np.zeros(4, bool)

    # -- the picture -------------------------------------------------------------------------

    def picture(
        self, hand: PlacementHand, joints: Joints, colours: Colours, label: str, *, slow: bool
    ) -> Picture:
        """All that is to be drawn now.

        Parameters
        ----------
        label : str
            ``#RRGGBB`` of the label at the playhead, or empty.
        slow : bool
            Other bodies become skeletons, for the processor draws and time runs.
        """
        options = self._showing.options
        return self._subject.picture(
            self._session.sensor,
            hand,
            label if options.tints_floor else "",
            label if options.tints_body else "",
            self._extras(joints, colours, slow),
        )

    def _extras(self, joints: Joints, colours: Colours, slow: bool) -> Extras:
        subject, options, time_s = self._subject, self._showing.options, self._clock.time_s
        figure, posture, mode = subject.figure, subject.posture, subject.mode
        if figure is None or posture is None:
            return Extras()
        skins = mode != SKELETON and not slow
        bodies, lines = beside.second_body(
            self._companion, time_s, colours, skin=skins, stick=mode != BODY
        )
        if options.ghosts:
            others, sticks = self._ghosts.shown(figure, time_s, options, colours, skins)
            bodies, lines = [*others, *bodies], [*sticks, *lines]
        if options.trails and not subject.bare:
            chosen = self._index_of_sensor()
            lines.append(beside.trail_lines(figure, time_s, options.trail_s, chosen, colours))
        hovered, chosen_joint = joints.index(joints.hovered), joints.index(joints.chosen)
        if options.joint_axes and not subject.bare:
            named = hovered if hovered >= 0 else chosen_joint
            lines.append(beside.axes_lines(posture, named, colours))
        discs = np.zeros((0, 3))
        if options.contact:
            self._touching, discs = beside.contact_discs(figure, time_s)
        marks = beside.joint_marks(subject.joints(), hovered, chosen_joint, colours)
        return Extras(
            tuple(bodies), beside.joined(lines), self._arrows(colours), tuple(marks), discs
        )

    # -- the acceleration --------------------------------------------------------------------

    def _index_of_sensor(self) -> int:
        names = self._subject.figure.sensor_names if self._subject.figure is not None else ()
        return names.index(self._session.sensor) if self._session.sensor in names else -1

    def vectors(self) -> Vectors | None:
        """The acceleration at the chosen sensor; None where it is not shown, or not on the body."""
        session, options, index = self._session, self._showing.options, self._index_of_sensor()
        loaded, clip, sensor = session.loaded, session.clip, session.sensor
        places, turns = self._subject.sensors()
        if not options.acceleration or loaded is None or clip is None or index >= len(places):
            return None
        if index < 0:
            return None
        time_s, turn, virtual = self._clock.time_s, turns[index], session.virtual
        found = [
            None if virtual is None else acceleration_at(virtual, sensor, time_s, turn),
            self._real.at(loaded, clip, sensor, time_s, turn),
        ]
        if not options.gravity:
            found = [None if f is None else without_gravity(f) for f in found]
        return Vectors(places[index], *found)

    def _arrows(self, colours: Colours) -> tuple[Arrow, ...]:
        vectors = self.vectors()
        if vectors is None:
            return ()
        place, length, arrows = vectors.place, beside.METRES_PER_MPS2, []
        if vectors.virtual is not None:
            arrows.append(Arrow(place, length * vectors.virtual, colours.virtual))
            # Side by side: two that agree would hide each other.
            place = place + beside.ASIDE_M * beside.across(vectors.virtual)
        if vectors.real is not None:
            arrows.append(Arrow(place, length * vectors.real, colours.real))
        return tuple(arrows)

    # -- the legend --------------------------------------------------------------------------

    def legend(self, joints: Joints, stage: Stage, colours: Colours) -> tuple[Line, ...]:
        """What is shown, in words."""
        if self._subject.figure is None:
            return ()
        options = self._showing.options
        lines = [*self._other_lines(colours), *self._joint_lines(joints)]
        if options.acceleration:
            lines += self._acceleration_lines(stage, colours)
        if options.contact and self._subject.has_skin:
            lines.append(Line(f"Ground: {contact_text(self._touching)}"))
        if options.joint_axes and not self._subject.bare:
            lines.append(Line("Joint axes: x long, y middle, z short"))
        spans = []
        if options.ghosts:
            spans.append(f"ghosts {options.ghost_count} × {options.ghost_step_s:g} s either way")
        if options.trails and not self._subject.bare:
            spans.append(f"trails of {options.trail_s:g} s")
        if spans:
            text = ", ".join(spans)
            lines.append(Line(text[0].upper() + text[1:]))
        return tuple(lines)

    def _other_lines(self, colours: Colours) -> list[Line]:
        lines, companion = [], self._companion
        lilac = beside.second_colour(colours) if companion.figure is not None else ""
        if self._what_if.person is not None:
            own = lilac if not companion.clip_id else ""
            lines.append(Line("What if: another body shape, and its signals", own))
        if companion.clip_id and companion.figure is not None:
            start = f", starts at {clock_text(companion.at_s)}" if companion.at_s > 0.0 else ""
            lines.append(Line(companion.name + start, lilac))
        return lines

    def _joint_lines(self, joints: Joints) -> list[Line]:
        if joints.index(joints.chosen) < 0:
            return []
        text = joints.words(joints.chosen)
        if not joints.worn_on(joints.chosen) and self._subject.has_skin:
            text += " · no sensor: click again for virtual signals"
        return [Line(text)]

    def _has_unaligned(self) -> bool:
        """Whether a recording of the chosen sensor waits to be aligned."""
        loaded, clip = self._session.loaded, self._session.clip
        if loaded is None or clip is None:
            return False
        return alignment_of(loaded, clip, self._session.sensor) == Alignment()

    def _acceleration_lines(self, stage: Stage, colours: Colours) -> list[Line]:
        name, vectors = spoken(self._session.sensor), self.vectors()
        kind = "specific force" if self._showing.options.gravity else "gravity removed"
        if vectors is None and self._subject.bare:
            return [Line("Acceleration: sensors are on the fitted body (Body or Both)")]
        if vectors is None:
            return [Line(f"Acceleration: {name} is not on this body")]
        lines = [Line(f"Acceleration at {name}, {kind}")]
        for what, vector, colour in (
            ("virtual", vectors.virtual, colours.virtual),
            ("real", vectors.real, colours.real),
        ):
            if vector is not None:
                lines.append(Line(f"{what} {np.linalg.norm(vector):.1f} m/s²", colour))
        if vectors.real is None and self._has_unaligned():
            lines.append(Line("real: the recording is not aligned yet"))
        camera = stage.camera
        there = np.stack([vectors.place, vectors.place + 0.1 * camera.axes[0]])
        ends = camera.projected(there, stage.width(), stage.height())
        px_per_mps2 = abs(ends[1, 0] - ends[0, 0]) / 0.1 * beside.METRES_PER_MPS2
        scale = next((s for s in _SCALES_MPS2 if s * px_per_mps2 >= _SCALE_PX), _SCALES_MPS2[-1])
        if np.isfinite(px_per_mps2):
            bar_px = min(scale * px_per_mps2, 300.0)
            lines.append(Line(f"{scale:g} m/s²", colours.text, round(bar_px)))
        return lines
