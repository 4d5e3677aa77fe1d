"""The same movement by other people: other shapes and sizes, sensors strapped on less exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from harstudio.body.model import ShapedBody
from harstudio.body.sites import attach
from harstudio.core.arrays import FloatArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import Quaternion, Sensor, SensorLayout, SensorSite, Vector
from harstudio.core.motion import Motion
from harstudio.core.rotations import exp, multiply, normalised, quaternion_from_axis_angle
from harstudio.core.skeleton import joint_index

_FARTHEST_SD = 2.0
"""Shapes further from the mean than this are rare, and look it."""

_SMALLEST_RADIUS_M = 0.02
"""Around a limb thinner than this, a shift would become more than a turn of it."""

_STEPS = (1.0, 0.5, 0.25)
"""Shares of a shift to try, where the whole of it would leave the skin."""

_DETOUR = 1.5
"""A site that moved this many times further than asked has jumped, from the chin to the chest."""


@dataclass(frozen=True)
class PeopleSpread:
    """How much people, and the way they wear sensors, differ.

    Attributes
    ----------
    betas_sd : float
        Standard deviation added to each shape coefficient, of which one unit is one of the
        population that the body was made from; cut at two standard deviations.
    limb_scale : (float, float)
        Range of the size of the whole body and its path. The factor multiplies every linear
        acceleration: the movement keeps its pace.
    shift_m : float, m
        Sensors slip along and around their limb by up to this much, either way.
    turn_rad : float, rad
        They are turned by up to this much, about any axis.

    Notes
    -----
    The defaults are those of Multi3Net+ (section 3.3).

    Raises
    ------
    HarstudioError
        A spread below zero, or a range that does not lie above zero.
    """

    betas_sd: float = 1.0
    limb_scale: tuple[float, float] = (0.8, 1.2)
    shift_m: float = 0.05
    turn_rad: float = float(np.radians(20.0))

    def __post_init__(self) -> None:
        for name in ("betas_sd", "shift_m", "turn_rad"):
            value = getattr(self, name)
            if not 0.0 <= value < np.inf:
                raise HarstudioError(f"{name}: got {value}, expected 0 or more")
        low, high = self.limb_scale
        if not 0.0 < low <= high < np.inf:
            raise HarstudioError(f"limb_scale: got {low} to {high}, expected a range above 0")


PEOPLE = PeopleSpread()


def varied(
    shaped: ShapedBody,
    motion: Motion,
    layout: SensorLayout,
    spread: PeopleSpread = PEOPLE,
    seed: int | Sequence[int] = 0,
) -> tuple[ShapedBody, Motion, SensorLayout]:
    """Another person who makes the same movement with the same sensors.

    Parameters
    ----------
    shaped : ShapedBody
        The person as recorded, shaped by the motion's betas or of the mean shape.
    motion : Motion
    layout : SensorLayout
        Of sensors whose site is on a bone; they keep their names.
    spread : PeopleSpread
    seed : int or sequence of int
        The same seed gives the same person.

    Returns
    -------
    shaped : ShapedBody
    motion : Motion
        With the new shape and a path scaled like the body. Its betas alone do not give
        `shaped`: the scale is not one of them.
    layout : SensorLayout
    """
    # Streams of their own, so that one more sensor does not make it another person.
    person, wearing = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    other, betas = _other_shape(shaped, motion, layout, spread, person)
    scale = float(person.uniform(*spread.limb_scale))
    body = scaled(other, scale)
    moved = replace(
        motion,
        translation=scale * motion.translation,
        betas=betas,
        shape_space=shaped.body.shape_space,
    )
    sensors = tuple(_worn_otherwise(body, sensor, spread, wearing) for sensor in layout.sensors)
    return body, moved, replace(layout, sensors=sensors)


def scaled(shaped: ShapedBody, scale: float) -> ShapedBody:
    """A body `scale` times as large. With a translation scaled likewise, so are all paths."""
    return replace(
        shaped, vertices=readonly(scale * shaped.vertices), joints=readonly(scale * shaped.joints)
    )


def _other_shape(
    shaped: ShapedBody,
    motion: Motion,
    layout: SensorLayout,
    spread: PeopleSpread,
    rng: np.random.Generator,
) -> tuple[ShapedBody, FloatArray]:
    """Another shape, and its betas, on which every site of the layout can be found.

    Of 150 open bodies with a spread of 1 one was so odd that its small of the back was not where
    a back is: such a one is brought nearer to the person recorded.
    """
    known = np.zeros(len(shaped.body.shape_names))
    if motion.shape_space == shaped.body.shape_space:
        given = motion.betas[: len(known)]
        known[: len(given)] = given
    drawn = rng.standard_normal(len(known)).clip(-_FARTHEST_SD, _FARTHEST_SD)
    for share in _STEPS if spread.betas_sd else ():
        betas = known + share * spread.betas_sd * drawn
        other = shaped.body.shaped(betas)
        try:
            for sensor in layout.sensors:
                attach(other, sensor.site)
        except HarstudioError:
            continue
        return other, betas
    return shaped, known


def _worn_otherwise(
    shaped: ShapedBody, sensor: Sensor, spread: PeopleSpread, rng: np.random.Generator
) -> Sensor:
    along, around = rng.uniform(-spread.shift_m, spread.shift_m, 2)
    axis, angle = normalised(rng.standard_normal(3)), rng.uniform(0.0, spread.turn_rad)
    turned = multiply(
        np.asarray(sensor.mount.rotation_wxyz), quaternion_from_axis_angle(angle * axis)
    )
    w, x, y, z = (float(value) for value in normalised(turned))
    rotation: Quaternion = (w, x, y, z)
    return replace(
        sensor,
        site=slipped(shaped, sensor.site, float(along), float(around)),
        mount=replace(sensor.mount, rotation_wxyz=rotation),
    )


def slipped(shaped: ShapedBody, site: SensorSite, along_m: float, around_m: float) -> SensorSite:
    """A site moved over the skin of its limb.

    Parameters
    ----------
    shaped : ShapedBody
    site : SensorSite
    along_m : float, m
        Along the bone, away from the trunk; it stops at the bone's ends.
    around_m : float, m
        Around the bone, right-handed about it.

    Notes
    -----
    Where the skin faces along the bone (the crown of the head) both shifts tilt the ray, to the
    front and to the side. Where the skin ends or jumps on the way, half or a quarter of the way
    is gone, or none.
    """
    start = attach(shaped, site).position
    for share in _STEPS:
        moved = _slipped(shaped, site, share * along_m, share * around_m)
        try:
            gone = np.linalg.norm(attach(shaped, moved).position - start)
        except HarstudioError:  # the ray leaves through a gap in the skin
            continue
        if gone <= _DETOUR * share * np.hypot(along_m, around_m):
            return moved
    return site


def _slipped(shaped: ShapedBody, site: SensorSite, along_m: float, around_m: float) -> SensorSite:
    start, stop = (shaped.joints[joint_index(name)] for name in site.bone)
    bone, place = stop - start, attach(shaped, site)
    length, axis = float(np.linalg.norm(bone)), normalised(bone)
    direction = normalised(site.direction)
    reach = place.position - (start + site.along * bone)
    if abs(float(direction @ axis)) > np.cos(np.radians(30.0)):
        radius = max(float(np.linalg.norm(reach)), _SMALLEST_RADIUS_M)
        front, side = place.rotation[:, 0], place.rotation[:, 1]
        tilt = np.cross(direction, along_m * front + around_m * side) / radius
        return replace(site, direction=_vector(exp(tilt) @ direction))
    radius = max(float(np.linalg.norm(reach - (reach @ axis) * axis)), _SMALLEST_RADIUS_M)
    low, high = min(0.0, site.along), max(1.0, site.along)
    return replace(
        site,
        along=float(np.clip(site.along + along_m / length, low, high)),
        direction=_vector(exp(around_m / radius * axis) @ direction),
    )


def _vector(values: FloatArray) -> Vector:
    x, y, z = (float(value) for value in values)
    return x, y, z
