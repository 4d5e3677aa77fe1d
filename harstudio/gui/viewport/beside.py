"""What is shown beside body and sensors: trails, axes, ghosts, arrows, ground contact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray
from harstudio.core.skeleton import BONES
from harstudio.gui.theme import Colours
from harstudio.gui.viewport.companion import Companion
from harstudio.gui.viewport.figure import Figure, Posture
from harstudio.gui.viewport.lines import Lines, joined, letter, straight
from harstudio.gui.viewport.options import Options
from harstudio.gui.viewport.picture import Mark, OtherBody, Skinned
from harstudio.gui.viewport.solids import rgb

METRES_PER_MPS2 = 0.02
"""Length of an acceleration arrow: 20 cm for gravity."""

ASIDE_M = 0.016
"""How far the real arrow stands beside the virtual one."""

_AXES_M = (0.11, 0.075, 0.045)
"""Lengths of a joint's x, y and z: what tells them apart, without a colour."""
_GHOST, _GHOST_LINE = 0.30, 0.55
_SECOND, _SECOND_LINE = 0.62, 0.9
_KEPT_GHOSTS = 24


def second_colour(colours: Colours) -> str:
    """Of a second body: lilac, which nothing else is."""
    return "#A394BE" if colours.dark else "#B7A6D3"


def ghost_times(time_s: float, count: int, step_s: float, duration_s: float) -> list[float]:
    """Multiples of the step before and after a time, `count` of each, within the clip, s.

    They stay where they are while the body passes through them.
    """
    last = int(np.ceil(time_s / step_s - 1e-6)) - 1  # the last one before now
    after = int(np.floor(time_s / step_s + 1e-6)) + 1
    numbers = [*range(last - count + 1, last + 1), *range(after, after + count)]
    return [n * step_s for n in numbers if 0.0 <= n * step_s <= duration_s]


@dataclass(frozen=True, eq=False)
class _Ghost:
    """The figure at a moment; its skin is worked out when it is first drawn."""

    posture: Posture
    skins: list[Skinned]

    def skin(self) -> Skinned | None:
        if not self.skins:
            skin = self.posture.skin()
            if skin is not None:
                self.skins.append(skin)
        return self.skins[0] if self.skins else None


class Ghosts:
    """The figure at other moments; a moment that is still shown is not worked out again."""

    def __init__(self) -> None:
        self._figure: Figure | None = None
        self._kept: dict[float, _Ghost] = {}

    def shown(
        self, figure: Figure, time_s: float, options: Options, colours: Colours, skins: bool
    ) -> tuple[list[OtherBody], list[Lines]]:
        """Bodies or skeletons at the moments around a time, the fainter the farther away."""
        if figure is not self._figure:
            self._figure, self._kept = figure, {}
        count, step_s = options.ghost_count, options.ghost_step_s
        bodies, lines = [], []
        for at_s in ghost_times(time_s, count, step_s, figure.duration_s):
            nearness = 1.0 - abs(at_s - time_s) / ((count + 1) * step_s)
            ghost = self._at(figure, at_s)
            skin = ghost.skin() if skins and figure.faces is not None else None
            if skin is not None and figure.faces is not None:
                bodies.append(
                    OtherBody(
                        skin, figure.faces, colours.body, _GHOST * nearness, ghost.posture.centre
                    )
                )
                continue
            points = ghost.posture.stick_points()
            lines.append(_stick(points, figure.bones, colours.faint, _GHOST_LINE * nearness))
        return bodies, lines

    def _at(self, figure: Figure, at_s: float) -> _Ghost:
        if at_s not in self._kept:
            while len(self._kept) >= _KEPT_GHOSTS:
                self._kept.pop(next(iter(self._kept)))
            self._kept[at_s] = _Ghost(figure.at(at_s), [])
        return self._kept[at_s]


def second_body(
    companion: Companion, time_s: float, colours: Colours, *, skin: bool, stick: bool
) -> tuple[list[OtherBody], list[Lines]]:
    """The second body at a time of this clip, as skin, skeleton or both."""
    figure = companion.figure
    if figure is None:
        return [], []
    posture, placed = figure.at(companion.time_s(time_s)), companion.placed
    colour = second_colour(colours)
    bodies, lines = [], []
    shape = posture.skin() if skin else None
    if shape is not None and figure.faces is not None:
        middle = placed.points(posture.centre[None])[0]
        bodies.append(
            OtherBody(placed.skin(shape), figure.faces, colour, _SECOND, middle, shadow=True)
        )
    if stick or not bodies:
        points = placed.points(posture.stick_points())
        lines.append(_stick(points, figure.bones, colour, _SECOND_LINE, width_px=3.0))
    return bodies, lines


def trail_lines(figure: Figure, time_s: float, seconds: float, chosen: int, c: Colours) -> Lines:
    """Where every sensor has been, fading with age; that of the chosen one in its blue."""
    places = figure.trails(time_s - seconds, time_s)
    count, sensors = places.shape[:2]
    if count < 2 or sensors == 0:
        return Lines()
    # Age by index: all but the last two rows are evenly spread.
    opacity = np.linspace(0.04, 0.9, count - 1)
    parts = []
    for i in range(sensors):
        colours = np.empty((count - 1, 4))
        colours[:, :3] = rgb(c.virtual if i == chosen else c.faint)
        colours[:, 3] = opacity
        width = 3.0 if i == chosen else 2.0
        parts.append(straight(places[:-1, i], places[1:, i], colours, width))
    return joined(parts)


def axes_lines(posture: Posture, lettered: int, colours: Colours) -> Lines:
    """Axes of all joints, x the longest and z the shortest, with letters at one of them.

    Parameters
    ----------
    lettered : int
        Index of the joint whose axes are named; -1 for none.
    """
    joints = posture.joints()
    if joints is None:
        return Lines()
    places, turns = joints
    parts = []
    for axis, length_m in enumerate(_AXES_M):
        ends = places + length_m * turns[:, :, axis]
        tone = (*rgb(colours.text), 0.95)
        parts.append(straight(places, ends, tone, 2.2 - 0.5 * axis))
        if lettered >= 0:
            parts.append(letter("xyz"[axis], ends[lettered], tone))
    return joined(parts)


def joint_marks(points: FloatArray, hovered: int, chosen: int, colours: Colours) -> list[Mark]:
    """The joint under the pointer and the chosen one, as balls."""
    marks = []
    for index, colour in ((chosen, colours.virtual), (hovered, colours.text)):
        if 0 <= index < len(points) and (index != hovered or colour == colours.text):
            marks.append(Mark(points[index], 0.024, colour))
    return marks


def across(way: FloatArray) -> FloatArray:
    """(3,) a level unit vector square to a way; any level one where that is upright."""
    level = np.array((-way[1], way[0], 0.0))
    length = np.linalg.norm(level)
    return level / length if length > 0.2 * np.linalg.norm(way) else np.array((0.0, 1.0, 0.0))


def contact_discs(figure: Figure, time_s: float) -> tuple[NDArray[np.bool_], FloatArray]:
    """Which of the feet's points touch the ground, and (D, 3) where those are."""
    found = figure.contact(time_s)
    if found is None:
        return np.zeros(4, bool), np.zeros((0, 3))
    touching, places = found
    return touching, places[touching]


def _stick(
    points: FloatArray,
    bones: tuple[tuple[int, int], ...],
    colour: str,
    opacity: float,
    width_px: float = 2.2,
) -> Lines:
    pairs = np.asarray(bones or BONES, int)
    return straight(points[pairs[:, 0]], points[pairs[:, 1]], (*rgb(colour), opacity), width_px)
