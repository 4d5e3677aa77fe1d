"""Jumping on the spot: upright jumps with the arms thrown up, and jumping jacks, in bouts.

The pelvis follows a parabola under gravity while both feet are off the floor, and fifth-degree
polynomials that continue its position, velocity and acceleration while they are on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BPoly, PchipInterpolator

from harstudio.core.arrays import FloatArray
from harstudio.core.imu import GRAVITY
from harstudio.demo.curves import ease, shocks, smoothed
from harstudio.demo.people import Style
from harstudio.demo.rig import COLUMN, SIDES, Build, standing

_TAKE_OFF_M, _JACK_TAKE_OFF_M = 0.022, -0.015
"""Height of the pelvis above its standing height when the balls of the feet leave the floor; less
in jacks, whose legs are spread."""
_ON_TOES = 0.62
"""Foot pitch at take-off, rad."""


Courses = dict[str, tuple[list[float], list[float]]]
"""Per handle: times (s) and values to pass through."""


@dataclass(frozen=True)
class _Jump:
    """One flight: when the feet leave the floor and how fast (upwards) the pelvis then is."""

    start_s: float
    speed_mps: float
    jack: bool
    opens: bool = False

    @property
    def height_m(self) -> float:
        return _JACK_TAKE_OFF_M if self.jack else _TAKE_OFF_M

    @property
    def end_s(self) -> float:
        return self.start_s + 2.0 * self.speed_mps / GRAVITY

    @property
    def apex_s(self) -> float:
        return self.start_s + self.speed_mps / GRAVITY


def jumping(
    build: Build, style: Style, times_s: FloatArray, seconds: float, rng: np.random.Generator
) -> FloatArray:
    """Bouts of jumps between 0 and `seconds` of `times_s` (T,), standing before and after.

    Returns
    -------
    (T, C) rig
    """
    rate_hz = 1.0 / float(times_s[1] - times_s[0])
    rig = standing(build, style, len(times_s))
    start, jacks = 0.0, bool(rng.integers(2))
    while True:
        bout = _bout(style, start, seconds - start, jacks, rng)
        if not bout:
            return rig
        height = _height(bout)
        _lift(rig, height, bout, times_s)
        _move_arms(rig, bout, times_s, rate_hz, rng)
        start, jacks = bout[-1].end_s + rng.uniform(1.0, 1.6), jacks != (rng.random() < 0.4)


def _bout(
    style: Style, start_s: float, room_s: float, jacks: bool, rng: np.random.Generator
) -> list[_Jump]:
    """One or two upright jumps, or some jacks: low, quick, and in pairs (open, close)."""
    jumps: list[_Jump] = []
    time = start_s + (0.45 if jacks else 0.75)
    most = 2 * int(rng.integers(3, 6)) if jacks else int(rng.integers(1, 3))
    for i in range(most):
        share = rng.normal(0.55, 0.02) if jacks else rng.normal(0.92, 0.05)
        jump = _Jump(time, float(share) * style.jump_mps, jacks, jacks and i % 2 == 0)
        if jump.end_s + (1.5 if jump.opens else 0.8) > start_s + room_s and not i % 2:
            break
        jumps.append(jump)
        contact = rng.normal(0.3, 0.012) if jacks else rng.normal(0.5, 0.02)
        time = jump.end_s + float(contact) / style.tempo**0.5
    return jumps


def _height(bout: list[_Jump]) -> BPoly:
    """Pelvis height over standing, with its first two derivatives, from stand to stand."""
    before = 0.4 if bout[0].jack else 0.7
    knots = [bout[0].start_s - before]
    states = [[0.0, 0.0, 0.0]]
    for jump in bout:
        knots += [jump.start_s, jump.end_s]
        states += [[jump.height_m, v, -GRAVITY] for v in (jump.speed_mps, -jump.speed_mps)]
    knots.append(bout[-1].end_s + before)
    states.append([0.0, 0.0, 0.0])
    return BPoly.from_derivatives(knots, states)


def _lift(rig: FloatArray, height: BPoly, bout: list[_Jump], times_s: FloatArray) -> None:
    """Raise, lower and lean the body; roll the feet over their balls; lift them in flight."""
    inside = (times_s >= height.x[0]) & (times_s <= height.x[-1])
    now = times_s[inside]
    z = height(now)
    down = 0.5 * (np.sqrt(z * z + 0.02**2) - z) - 0.01
    flying = np.zeros(len(now))
    for jump in bout:
        air = (now > jump.start_s) & (now < jump.end_s)
        above = np.maximum(z[air] - jump.height_m, 0.0)
        flying[air] = above * above / (above + 0.008)
    depth = np.maximum(down, 0.0)
    rig[inside, COLUMN["pelvis_z"]] = z
    rig[inside, COLUMN["pelvis_x"]] -= 0.3 * depth
    rig[inside, COLUMN["pelvis_pitch"]] = 1.3 * depth
    rig[inside, COLUMN["spine_flex"]] = 0.5 * depth
    rig[inside, COLUMN["head_flex"]] = -0.8 * depth
    on_toes = _ON_TOES * ease((z + 0.17) / (bout[0].height_m + 0.17))
    # Heels stay down before the first push-off and come down at the end, though the pelvis is high.
    last = ease((now - bout[-1].end_s) / 0.25)
    first = ease((now - bout[0].start_s + 0.25) / 0.25)
    for side in SIDES:
        rig[inside, COLUMN[f"{side}_foot_pitch"]] = -on_toes * first * (1.0 - last)
        rig[inside, COLUMN[f"{side}_foot_lift"]] = flying
        rig[inside, COLUMN[f"{side}_knee_out"]] += 0.4 * depth


def _move_arms(
    rig: FloatArray,
    bout: list[_Jump],
    times_s: FloatArray,
    rate_hz: float,
    rng: np.random.Generator,
) -> None:
    """Throw the arms up with each jump, or spread arms and legs in jacks."""
    landings = [jump.end_s for jump in bout]
    jolt = shocks(times_s, landings, 1.0 + 0.2 * rng.normal(size=len(bout)))
    rig[:, COLUMN["spine_flex"]] += 0.015 * jolt
    spread = _jack_course if bout[0].jack else _throw_course
    courses = spread(bout, rng)
    for name, (knots, values) in courses.items():
        course = PchipInterpolator(knots, values)(np.clip(times_s, knots[0], knots[-1]))
        course = smoothed(course, rate_hz, 0.05)
        for side, sign in (("left", 1.0), ("right", -1.0)):
            scale = sign if name == "foot_y" else 1.0
            rig[:, COLUMN[f"{side}_{name}"]] += scale * course
    for side in SIDES:
        rig[:, COLUMN[f"{side}_arm_flex"]] += 0.03 * jolt
        rig[:, COLUMN[f"{side}_elbow"]] += 0.05 * jolt


def _throw_course(bout: list[_Jump], rng: np.random.Generator) -> Courses:
    """Arms behind the body in the crouch, high at the apex, forward on landing."""
    knots, flex, elbow = [bout[0].start_s - 0.7], [0.0], [0.0]
    high = rng.uniform(1.1, 1.7)
    for i, jump in enumerate(bout):
        crouch = jump.start_s - (0.3 if i == 0 else 0.24)
        reach = high * rng.uniform(0.92, 1.08)
        knots += [crouch, jump.start_s, jump.apex_s, jump.end_s]
        flex += [-0.5, 0.5 * reach, reach, 0.6 * reach]
        elbow += [0.15, 0.5, 0.15, 0.35]
    knots.append(bout[-1].end_s + 0.55)
    flex.append(0.0)
    elbow.append(0.0)
    return {"arm_flex": (knots, flex), "elbow": (knots, elbow)}


def _jack_course(bout: list[_Jump], rng: np.random.Generator) -> Courses:
    """Arms and legs open on one jump and close on the next."""
    knots, out = [bout[0].start_s - 0.1], [0.0]
    arm_high, foot_wide = rng.uniform(1.5, 1.9), rng.uniform(0.18, 0.24)
    steps, places = [bout[0].start_s], [0.0]
    for jump in bout:
        knots.append(jump.end_s + 0.06)
        out.append(arm_high * rng.uniform(0.95, 1.05) if jump.opens else 0.0)
        steps += [jump.start_s + 0.02, jump.end_s - 0.02]
        wide = foot_wide if jump.opens else 0.0
        places += [places[-1], wide]
    return {"arm_out": (knots, out), "foot_y": (steps[1:], places[1:])}
