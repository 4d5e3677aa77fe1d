"""Stretching: key poses in random order, gone into smoothly, held or pulsed, and left again."""

from __future__ import annotations

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.demo.curves import ease, hump
from harstudio.demo.people import Style
from harstudio.demo.poses import Pose, Stretch, offsets
from harstudio.demo.rig import COLUMN, HANDLES, SIDES, Build, standing

_STEP_LIFT_M = 0.06
_QUICKEST = 0.75
"""Share of the average time below which a stretch is left out rather than hurried."""
_OF_FEET = np.array(["foot" in name for name in HANDLES])


def stretching(
    build: Build,
    style: Style,
    times_s: FloatArray,
    seconds: float,
    rng: np.random.Generator,
    repertoire: tuple[Stretch, ...],
) -> FloatArray:
    """Stretches of a repertoire between 0 and `seconds` of `times_s` (T,).

    The person is under way to the first key pose at 0 and stands at the end.

    Returns
    -------
    (T, C) rig
    """
    rig = standing(build, style, len(times_s))
    now = 0.0
    for stretch, mirror in _programme(repertoire, seconds * style.tempo, rng):
        pace = min(rng.normal(1.0, 0.06) / style.tempo, (seconds - now) / (1.05 * _needed(stretch)))
        if pace < _QUICKEST / style.tempo:
            break
        now = _perform(rig, build, stretch, mirror, times_s, now, pace, rng)
    return rig


def _programme(
    repertoire: tuple[Stretch, ...], seconds: float, rng: np.random.Generator
) -> list[tuple[Stretch, bool]]:
    """Which stretches, and whether mirrored, fill the time: no repeats before all were done."""
    chosen: list[tuple[Stretch, bool]] = []
    waiting: list[tuple[Stretch, bool]] = []
    while True:
        if not waiting:
            for i in rng.permutation(len(repertoire)):
                sides = rng.permutation(2) if repertoire[i].one_sided else (0,)
                waiting += [(repertoire[i], bool(side)) for side in sides]
        fitting = [entry for entry in waiting if _QUICKEST * 1.05 * _needed(entry[0]) < seconds]
        if not fitting:
            return chosen
        chosen.append(fitting[0])
        waiting.remove(fitting[0])
        seconds -= 1.03 * _needed(fitting[0][0])


def _needed(stretch: Stretch) -> float:
    """Seconds a stretch takes at an average pace."""
    moves = len(stretch.poses) + (1 if stretch.through is None else 3)
    return moves * stretch.reach_s + len(stretch.poses) * stretch.hold_s


def _perform(
    rig: FloatArray,
    build: Build,
    stretch: Stretch,
    mirror: bool,
    times_s: FloatArray,
    start_s: float,
    pace: float,
    rng: np.random.Generator,
) -> float:
    """Add one stretch to the rig; returns the time at which the person stands again."""
    via = () if stretch.through is None else (stretch.through,)
    stops: tuple[Pose | None, ...] = (*via, *stretch.poses, *via, None)
    depth = np.where(_OF_FEET, 1.0, rng.normal(0.97, 0.04))
    row = np.zeros(rig.shape[1])
    now = start_s
    for pose in stops:
        target = np.zeros_like(row)
        if pose is not None:
            target = depth * offsets(pose, build, mirror=mirror)
        move_s = pace * stretch.reach_s * rng.normal(1.0, 0.02)
        hold_s = pace * stretch.hold_s * rng.normal(1.0, 0.02) if pose in stretch.poses else 0.0
        _move(rig, times_s, now, move_s, row, target)
        if stretch.pulse and hold_s:
            _pulse(rig, times_s, now + move_s, hold_s, target, stretch.pulse)
        row = target
        now += move_s + hold_s
    return now


def _move(
    rig: FloatArray,
    times_s: FloatArray,
    start_s: float,
    move_s: float,
    before: FloatArray,
    after: FloatArray,
) -> None:
    """Add a minimum-jerk change of pose; feet that move are lifted, one after the other."""
    progress = (times_s - start_s) / move_s
    share = np.repeat(ease(progress)[:, None], rig.shape[1], axis=1)
    change = after - before
    travel = {
        side: np.hypot(change[COLUMN[f"{side}_foot_x"]], change[COLUMN[f"{side}_foot_y"]])
        for side in SIDES
    }
    together = min(travel.values()) > 0.02
    for i, side in enumerate(SIDES):
        own = (progress - 0.45 * i) / 0.55 if together else progress
        columns = [COLUMN[f"{side}_foot_{name}"] for name in ("x", "y", "lift", "yaw", "pitch")]
        share[:, columns] = ease(own)[:, None]
        if travel[side] > 0.02:
            rig[:, COLUMN[f"{side}_foot_lift"]] += _STEP_LIFT_M * hump(own)
    rig += share * change


def _pulse(
    rig: FloatArray,
    times_s: FloatArray,
    start_s: float,
    hold_s: float,
    target: FloatArray,
    share: float,
) -> None:
    """Bob in a held pose, about once a second, feet still."""
    bobs = max(1, round(hold_s))
    inside = ease((times_s - start_s) / 0.3) * ease((start_s + hold_s - times_s) / 0.3)
    wave = 0.5 - 0.5 * np.cos(2.0 * np.pi * bobs * (times_s - start_s) / hold_s)
    moving = np.where(_OF_FEET, 0.0, target)
    rig -= share * (inside * wave)[:, None] * moving
