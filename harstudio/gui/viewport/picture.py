"""All that is to be drawn, as plain values: nothing here knows OpenGL."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray
from harstudio.gui.viewport.lines import Lines

Skinned = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Vertices (V, 3) and normals (V, 3)."""


@dataclass(frozen=True, eq=False)
class OtherBody:
    """A body beside the clip's own: a ghost, or a second motion.

    Attributes
    ----------
    skin : vertices (V, 3), m, and normals (V, 3), float32
        The same arrays again mean the same body again: nothing is sent to the graphics card.
    faces : (F, 3) array
    colour : ``#RRGGBB``
    opacity : float
    middle : (3,) array
        What is farther from the eye is drawn first.
    shadow : bool
    """

    skin: Skinned
    faces: NDArray[np.uint32]
    colour: str
    opacity: float
    middle: FloatArray
    shadow: bool = False


@dataclass(frozen=True, eq=False)
class Arrow:
    """From a point (3,) as far as a vector (3,) goes, m, world."""

    start: FloatArray
    way: FloatArray
    colour: str


@dataclass(frozen=True, eq=False)
class Mark:
    """A small ball that shines through the body, m, world."""

    place: FloatArray
    radius_m: float
    colour: str


@dataclass(frozen=True, eq=False)
class Extras:
    """What may be shown beside body and sensors.

    Attributes
    ----------
    bodies : ghosts and second motions
    lines : trails, axes, skeletons of others
    arrows, marks
    discs : (D, 3) array, m
        Where feet touch the ground.
    """

    bodies: tuple[OtherBody, ...] = ()
    lines: Lines = field(default_factory=Lines)
    arrows: tuple[Arrow, ...] = ()
    marks: tuple[Mark, ...] = ()
    discs: FloatArray = field(default_factory=lambda: np.zeros((0, 3)))


@dataclass(frozen=True, eq=False)
class Picture:
    """All that is to be drawn; arrays in m, world.

    Attributes
    ----------
    skin : vertices (V, 3) and normals (V, 3) float32, or None
    points : (P, 3) array, joints of the stick figure
    bones : pairs of indices into `points`
    sensor_positions, sensor_rotations : (S, 3), (S, 3, 3) world from sensor
    selected_sensor : int
        Index of the highlighted one; -1 for none.
    ghost : (3,) position and (3, 3) rotation, or None
        A sensor that would be placed there.
    ring_m : float, m
        Radius of the rings around the highlighted sensor that turn it; 0 for none.
    ring : int
        The ring under the pointer or in the hand, 0 to 2; -1 for none.
    middle : (3,) array
        Where the body is, for the tint of the floor.
    floor_tint, body_tint : str
        ``#RRGGBB`` of the label, or empty.
    extras : Extras
    """

    skin: Skinned | None = None
    points: FloatArray = field(default_factory=lambda: np.zeros((0, 3)))
    bones: tuple[tuple[int, int], ...] = ()
    sensor_positions: FloatArray = field(default_factory=lambda: np.zeros((0, 3)))
    sensor_rotations: FloatArray = field(default_factory=lambda: np.zeros((0, 3, 3)))
    selected_sensor: int = -1
    ghost: tuple[FloatArray, FloatArray] | None = None
    ring_m: float = 0.0
    ring: int = -1
    middle: FloatArray = field(default_factory=lambda: np.zeros(3))
    floor_tint: str = ""
    body_tint: str = ""
    extras: Extras = field(default_factory=Extras)
