"""Walking: footsteps laid along a curving path, and a body that swings over them.

Foot pitch and the trunk's, arms' and pelvis's courses follow the normative gait curves of Winter
(Biomechanics and Motor Control of Human Movement, 4th ed., ch. 4 and appendix A) and of Murray
et al. 1967 for the arms; hips and knees follow by inverse kinematics from feet that stand still.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from harstudio.core.arrays import FloatArray
from harstudio.demo.curves import correlated, ease, shocks, smoothed, wander
from harstudio.demo.people import Style
from harstudio.demo.rig import COLUMN, Build, standing, within_reach

SWING_SHARE = 0.42
"""Share of a stride in which a foot is off the floor (40-43 % in brisk walking)."""

#: Pitch of a foot (deg, toes up positive) from before it leaves (0) to after it lands (1).
_PITCH = PchipInterpolator(
    (-0.6, -0.34, -0.22, -0.1, 0.02, 0.13, 0.25, 0.37, 0.49, 0.61, 0.73, 0.85, 0.97, 1.08, 1.2),
    np.radians((0, -9, -19, -36, -54, -60, -53, -38, -19, 2, 16, 22, 19, 7, 0)),
)
_LEAVES, _SETTLES = -0.6, 1.2


@dataclass(frozen=True, eq=False)
class _Steps:
    """Footsteps: step k lands at `land_s`, carried there from `start_m` to `end_m` of the path."""

    land_s: FloatArray
    period_s: FloatArray
    start_m: FloatArray
    end_m: FloatArray
    left_first: bool

    def is_left(self, k: int) -> bool:
        return (k % 2 == 0) == self.left_first


@dataclass(frozen=True, eq=False)
class _Path:
    """A smooth curve by arc length: points and headings on a fine grid."""

    length_m: FloatArray
    x: FloatArray
    y: FloatArray
    heading: FloatArray

    def at(self, along: FloatArray, left: FloatArray | float) -> tuple[FloatArray, ...]:
        """x, y, heading (T,) at distances along the path and to the left of it."""
        x, y, heading = (
            np.interp(along, self.length_m, values) for values in (self.x, self.y, self.heading)
        )
        return x - left * np.sin(heading), y + left * np.cos(heading), heading


def walking(
    build: Build,
    style: Style,
    times_s: FloatArray,
    seconds: float,
    rng: np.random.Generator,
    turn: float,
) -> FloatArray:
    """A walk that starts and ends standing.

    Parameters
    ----------
    build, style : who walks
    times_s : (T,) array
        Evenly spaced; the walk fills 0 to `seconds`, before and after it the person stands.
    seconds : float
    rng : Generator
    turn : float
        +1 to walk a loop to the left, -1 to the right.

    Returns
    -------
    (T, C) rig
    """
    rate_hz = 1.0 / float(times_s[1] - times_s[0])
    steps = _plan(build, style, seconds, rng)
    path = _loop(float(steps.end_m[-1]), turn, rng)
    rig = standing(build, style, len(times_s))
    for side in ("left", "right"):
        _place_foot(rig, side, steps, path, style, times_s)
    _carry_pelvis(rig, steps, path, times_s, rate_hz)
    going = _intensity(steps, times_s)
    _swing_body(rig, steps, style, times_s, rate_hz, rng)
    # Long steps need lower hips: all along, rather than with a jerk at each step.
    excess = rig[:, COLUMN["pelvis_z"]] - within_reach(build, rig)
    drop = max(0.0, float(np.percentile(excess[going > 0.9], 80)))
    rig[:, COLUMN["pelvis_z"]] -= going * drop
    return rig


def _plan(build: Build, style: Style, seconds: float, rng: np.random.Generator) -> _Steps:
    """Cadence and step length with the stride-to-stride variation of healthy adults (2-3 %)."""
    count = max(3, int((seconds - 0.75) * style.cadence_hz))
    period = (1.0 + 0.02 * correlated(rng, count)) / style.cadence_hz
    length = (1.0 + 0.025 * correlated(rng, count)) * style.step * build.leg_m
    period[::2] *= 1.0 + 0.2 * style.asymmetry
    period[0] *= 1.1
    period *= max(seconds - 0.55, 1.2) / period.sum()
    length[0] *= 0.6
    length[-2] *= 0.85
    length[-1] = 0.0
    end = np.cumsum(length)
    start = np.concatenate([[0.0, 0.0], end])[:count]
    return _Steps(0.25 + np.cumsum(period), period, start, end, bool(rng.integers(2)))


def _loop(length_m: float, turn: float, rng: np.random.Generator) -> _Path:
    """Loops of about two metres' radius, their curvature rising from a straight start."""
    along = np.arange(-1.0, length_m + 1.0, 0.005)
    wave = rng.uniform(5.0, 8.0)
    bend = 1.0 + 0.55 * np.sin(2.0 * np.pi * along / wave + rng.uniform(0.0, 2.0 * np.pi))
    curvature = turn * bend / rng.uniform(1.8, 2.4) * ease((along - 0.2) / 1.5)
    heading = np.cumsum(curvature) * 0.005
    x, y = np.cumsum(np.cos(heading)) * 0.005, np.cumsum(np.sin(heading)) * 0.005
    zero = int(np.searchsorted(along, 0.0))
    return _Path(along, x - x[zero], y - y[zero], heading - heading[zero])


def _place_foot(
    rig: FloatArray, side: str, steps: _Steps, path: _Path, style: Style, times_s: FloatArray
) -> None:
    """Put one foot's handles down: it stands, rolls off its ball, swings, lands on its heel."""
    along = np.zeros(len(times_s))
    lift, pitch = np.zeros(len(times_s)), np.zeros(len(times_s))
    usual = float(np.median(steps.end_m - steps.start_m))
    for k in range(len(steps.land_s)):
        if steps.is_left(k) != (side == "left"):
            continue
        swing_s = 2.0 * SWING_SHARE * steps.period_s[k]
        phase = (times_s - (steps.land_s[k] - swing_s)) / swing_s
        size = min((steps.end_m[k] - steps.start_m[k]) / usual, 1.1)
        u = np.clip(phase, 0.0, 1.0)
        along += (steps.end_m[k] - steps.start_m[k]) * (0.6 * ease(u) + 0.4 * u * u * (3 - 2 * u))
        lift += size * (0.055 * _arc(u / 0.55) + 0.018 * _arc(u))
        near = (phase > _LEAVES) & (phase < _SETTLES)
        pitch[near] += size * _PITCH(phase[near])
    sign = 1.0 if side == "left" else -1.0
    # Feet come closer to the middle when walking, and back to standing width with the last step.
    last = steps.end_m[-1]
    inward = np.minimum(ease(along / 0.5), ease((last - along) / 0.5))
    x, y, heading = path.at(along, 0.5 * sign * style.stance_m * (1.0 - 0.35 * inward))
    for name, values in (
        ("x", x), ("y", y), ("lift", lift), ("pitch", pitch),
        ("yaw", heading + sign * style.toe_out_rad),
    ):  # fmt: skip
        rig[:, COLUMN[f"{side}_foot_{name}"]] = values


def _arc(progress: FloatArray) -> FloatArray:
    """0 to 1 and back while progress goes from 0 to 1; leaves and lands at rest."""
    u = np.clip(progress, 0.0, 1.0)
    return 16.0 * (u * (1.0 - u)) ** 2


def _intensity(steps: _Steps, times_s: FloatArray) -> FloatArray:
    """(T,) 0 while standing, 1 while walking."""
    start = steps.land_s[0] - steps.period_s[0]
    return ease((times_s - start) / 0.8) * (1.0 - ease((times_s - steps.land_s[-1] + 0.4) / 0.8))


def _carry_pelvis(
    rig: FloatArray, steps: _Steps, path: _Path, times_s: FloatArray, rate_hz: float
) -> None:
    """Keep the pelvis midway between the feet when a foot lands."""
    rest = rig[0, COLUMN["pelvis_x"]]
    before = np.concatenate([[0.0], steps.end_m[:-1]])
    knots = np.concatenate(
        [[steps.land_s[0] - 0.8 * steps.period_s[0]], steps.land_s, [steps.land_s[-1] + 0.3]]
    )
    values = np.concatenate([[0.0], 0.5 * (before + steps.end_m), steps.end_m[-1:]])
    values[-2] -= 0.02
    course = PchipInterpolator(knots, values)(np.clip(times_s, knots[0], knots[-1]))
    along = smoothed(course, rate_hz, 0.09) + rest
    x, y, heading = path.at(along, 0.0)
    rig[:, COLUMN["pelvis_x"]], rig[:, COLUMN["pelvis_y"]] = x, y
    rig[:, COLUMN["pelvis_yaw"]] = smoothed(heading, rate_hz, 0.12)


def _stride_phase(steps: _Steps, times_s: FloatArray) -> FloatArray:
    """(T,) rad; 0 (mod 2 pi) when the right foot lands, pi when the left one does."""
    first = np.pi if steps.left_first else 0.0
    knots = np.concatenate([[steps.land_s[0] - steps.period_s[0]], steps.land_s])
    values = first + np.pi * np.arange(-1, len(steps.land_s))
    return np.asarray(PchipInterpolator(knots, values)(np.clip(times_s, knots[0], knots[-1])))


def _swing_body(
    rig: FloatArray,
    steps: _Steps,
    style: Style,
    times_s: FloatArray,
    rate_hz: float,
    rng: np.random.Generator,
) -> None:
    """Oscillate pelvis, trunk, head and arms over the stride."""
    phase = _stride_phase(steps, times_s)
    phase = smoothed(phase, rate_hz, 0.04)
    going = _intensity(steps, times_s)
    frames = len(times_s)

    def uneven(share: float) -> FloatArray:
        return going * (1.0 + share * wander(rng, frames, rate_hz, 0.4))

    jolt = shocks(times_s, steps.land_s, 1.0 + 0.25 * rng.normal(size=len(steps.land_s)))
    sway = uneven(0.1)
    side = -0.022 * np.sin(phase - 0.3) * sway
    heading = rig[:, COLUMN["pelvis_yaw"]].copy()
    twist = 0.09 * np.cos(phase) * uneven(0.08)
    roll = 0.06 * np.sin(phase + 0.6) * uneven(0.08)
    spine_twist = -0.19 * np.cos(phase - 0.1) * uneven(0.08)
    step = 2.0 * phase
    for name, values in {
        "pelvis_x": -side * np.sin(heading),
        "pelvis_y": side * np.cos(heading),
        "pelvis_z": going * (style.bounce * _rise(step) - 0.018) + 0.0006 * jolt,
        "pelvis_yaw": twist,
        "pelvis_roll": roll,
        "pelvis_pitch": going * (0.3 * style.lean_rad + 0.01 * np.cos(step - 1.0)),
        "spine_flex": going * (0.5 * style.lean_rad + 0.008 * np.cos(step - 1.9)) + 0.003 * jolt,
        "spine_bend": -0.85 * roll,
        "spine_twist": spine_twist,
        "head_flex": going * (-0.3 * style.lean_rad - 0.012 * np.cos(step - 1.6)),
        "head_twist": -0.8 * (twist + spine_twist),
    }.items():
        rig[:, COLUMN[name]] += values
    for arm in ("left", "right"):
        _swing_arm(rig, arm, phase, uneven, jolt, style)


def _rise(step: FloatArray) -> FloatArray:
    """(T,) height of the pelvis, m: lowest as a foot lands, then caught by it."""
    return -0.011 * np.cos(step - 0.14) + 0.0026 * np.cos(2.0 * step + 2.2)


def _swing_arm(
    rig: FloatArray,
    arm: str,
    phase: FloatArray,
    uneven: Callable[[float], FloatArray],
    jolt: FloatArray,
    style: Style,
) -> None:
    """Swing an arm with the opposite leg; the elbow folds as the arm comes forward."""
    sign = 1.0 if arm == "left" else -1.0
    swing = style.arm_swing_rad * (1.0 + sign * style.asymmetry)
    ahead = sign * np.cos(phase - style.lag_rad)
    fold = sign * np.cos(phase - style.lag_rad - 0.15)
    amount = uneven(0.1)
    relaxed = rig[0, COLUMN[f"{arm}_elbow"]]
    for name, values in {
        "arm_flex": amount * (swing * (ahead + 0.05 * np.cos(2.0 * phase + 1.4)) + 0.02)
        + 0.008 * jolt,
        "arm_out": amount * (style.arm_out_rad - 0.15 + 0.04 * np.cos(2.0 * phase + 0.6)),
        "arm_twist": amount * (0.12 + 0.15 * ahead),
        "elbow": uneven(0.1) * (style.elbow_rad - relaxed + 0.34 * fold + 0.08 * fold * fold)
        + 0.012 * jolt,
        "forearm": amount * 0.1 * ahead,
        "wrist_flex": 0.05 * amount * np.cos(phase + 0.8) + 0.01 * jolt,
    }.items():
        rig[:, COLUMN[f"{arm}_{name}"]] += values
