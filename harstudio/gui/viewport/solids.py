"""From a picture to small solids: stick figure, sensors, rings, arrows, marks and discs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from harstudio.core.arrays import FloatArray
from harstudio.core.rotations import normalised
from harstudio.gui.theme import Colours
from harstudio.gui.viewport.picture import Picture
from harstudio.gui.viewport.shapes import (
    VERTEX,
    along,
    ball,
    bone,
    box,
    cone,
    disc,
    faces_of,
    placed,
    ring,
)

Solid = tuple[NDArray[np.void], NDArray[np.uint32]]
"""Vertices and faces."""

_SENSOR_M = (0.046, 0.036, 0.016)
_AXIS_M, _AXIS_WIDTH_M = 0.080, 0.007
_BONE_M, _JOINT_M = 0.014, 0.021
_SELECTED = 1.35
_ARROW_M, _HEAD_M = 0.006, 0.018
_DISC_M, _DISC_ABOVE_M = 0.085, 0.004
_AXIS_COLOURS = ("#D9536F", "#35A77C", "#4C8BE8")
"""x, y, z of a sensor, apart for colour-blind eyes by lightness too."""

RING_TURNS = np.stack(
    [np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]]), np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]),
     np.eye(3)]
)  # fmt: skip
"""(3, 3, 3) that take a ring around z to one around x, y and z."""

_BOX, _BONE, _BALL, _RING, _CONE, _DISC = box(), bone(), ball(), ring(), cone(), disc()
_NONE: Solid = np.zeros(0, VERTEX), np.zeros((0, 3), np.uint32)


def rgb(colour: str) -> tuple[float, float, float]:
    """``#RRGGBB`` as three numbers from 0 to 1."""
    value = QColor(colour)
    return value.redF(), value.greenF(), value.blueF()


def stick(picture: Picture, colours: Colours) -> Solid:
    """Joints and bones."""
    points, pairs = picture.points, np.asarray(picture.bones, int).reshape(-1, 2)
    if len(points) == 0:
        return _NONE
    tone = rgb(colours.faint)
    turns, lengths = along(points[pairs[:, 0]], points[pairs[:, 1]])
    width = np.full(len(pairs), _BONE_M)
    balls = placed(
        _BALL,
        points,
        np.broadcast_to(np.eye(3), (len(points), 3, 3)),
        np.full((len(points), 3), _JOINT_M),
        np.broadcast_to(rgb(colours.accent), (len(points), 3)),
    )
    rods = placed(
        _BONE,
        points[pairs[:, 0]],
        turns,
        np.stack([width, width, lengths], axis=1),
        np.broadcast_to(tone, (len(pairs), 3)),
    )
    faces = faces_of([(_BALL, len(points)), (_BONE, len(pairs))])
    return np.concatenate([balls, rods]), faces


def sensors(picture: Picture, colours: Colours) -> Solid:
    """A box and three axes for each sensor; the chosen one larger and blue."""
    places, turns = picture.sensor_positions, picture.sensor_rotations
    count = len(places)
    if count == 0:
        return _NONE
    chosen = np.arange(count) == picture.selected_sensor
    size = np.where(chosen, _SELECTED, 1.0)[:, None]
    case = np.where(chosen[:, None], rgb(colours.virtual), rgb(_case_colour(colours)))
    sunk = places + turns[:, :, 2] * (0.35 * _SENSOR_M[2])
    parts = [placed(_BOX, sunk, turns, size * _SENSOR_M, case)]
    for axis in range(3):
        scale = np.full(3, _AXIS_WIDTH_M)
        scale[axis] = _AXIS_M
        middle = sunk + turns[:, :, axis] * (0.5 * _AXIS_M * size)
        colour = np.broadcast_to(rgb(_AXIS_COLOURS[axis]), (count, 3))
        parts.append(placed(_BOX, middle, turns, size * scale, colour))
    return np.concatenate(parts), faces_of([(_BOX, 4 * count)])


def ghost_sensor(picture: Picture, colours: Colours) -> Solid:
    """A sensor that would be placed there."""
    if picture.ghost is None:
        return _NONE
    place, turn = picture.ghost
    lifted = place + turn[:, 2] * (0.35 * _SENSOR_M[2])
    size = _SELECTED * np.array(_SENSOR_M)
    parts = placed(_BOX, lifted[None], turn[None], size[None], [rgb(colours.virtual)])
    return parts, faces_of([(_BOX, 1)])


def rings(picture: Picture, colours: Colours) -> Solid:
    """Three rings around the chosen sensor that turn it."""
    chosen = picture.selected_sensor
    if picture.ring_m <= 0.0 or chosen < 0:
        return _NONE
    place, turn = picture.sensor_positions[chosen], picture.sensor_rotations[chosen]
    tones = np.array([rgb(colour) for colour in _AXIS_COLOURS])
    if picture.ring >= 0:
        held = np.arange(3) == picture.ring
        tones = np.where(held[:, None], rgb(colours.text), tones)
    vertices = placed(
        _RING, np.repeat(place[None], 3, axis=0), turn @ RING_TURNS,
        np.full((3, 3), picture.ring_m), tones,
    )  # fmt: skip
    return vertices, faces_of([(_RING, 3)])


def pointers(picture: Picture) -> Solid:
    """Arrows and marks."""
    arrows = [a for a in picture.extras.arrows if np.linalg.norm(a.way) > 1e-6]
    marks = picture.extras.marks
    parts, counts = [], []
    if arrows:
        starts = np.array([a.start for a in arrows])
        ways = np.array([a.way for a in arrows])
        tones = np.array([rgb(a.colour) for a in arrows])
        turns, lengths = along(starts, starts + ways)
        head = np.minimum(2.5 * _HEAD_M, 0.6 * lengths)
        width = np.full(len(arrows), _ARROW_M)
        shaft = np.stack([width, width, lengths - head], axis=1)
        tip = np.stack([_HEAD_M * head / (2.5 * _HEAD_M)] * 2 + [head], axis=1)
        parts.append(placed(_BONE, starts, turns, shaft, tones))
        heads = starts + normalised(ways) * (lengths - head)[:, None]
        parts.append(placed(_CONE, heads, turns, tip, tones))
        counts += [(_BONE, len(arrows)), (_CONE, len(arrows))]
    if marks:
        places = np.array([m.place for m in marks])
        sizes = np.array([[m.radius_m] * 3 for m in marks])
        turns = np.broadcast_to(np.eye(3), (len(marks), 3, 3))
        parts.append(placed(_BALL, places, turns, sizes, [rgb(m.colour) for m in marks]))
        counts.append((_BALL, len(marks)))
    return (np.concatenate(parts), faces_of(counts)) if parts else _NONE


def discs(picture: Picture, colours: Colours) -> Solid:
    """Flat discs on the floor under what touches it."""
    places: FloatArray = picture.extras.discs
    if len(places) == 0:
        return _NONE
    count = len(places)
    flat = places * (1.0, 1.0, 0.0) + (0.0, 0.0, _DISC_ABOVE_M)
    vertices = placed(
        _DISC, flat, np.broadcast_to(np.eye(3), (count, 3, 3)), np.full((count, 3), _DISC_M),
        np.broadcast_to(rgb(colours.text), (count, 3)),
    )  # fmt: skip
    return vertices, faces_of([(_DISC, count)])


def _case_colour(colours: Colours) -> str:
    return "#E8EBEF" if colours.dark else "#3C4552"
