"""Computer work: sitting at an invisible desk, typing in bursts, using the mouse."""

from __future__ import annotations

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.demo.curves import ease, smoothed, wander
from harstudio.demo.people import Style
from harstudio.demo.poses import AT_DESK, AT_MOUSE, LEANING_BACK, offsets
from harstudio.demo.rig import COLUMN, SIDES, Build, standing


def computer_work(
    build: Build, style: Style, times_s: FloatArray, seconds: float, rng: np.random.Generator
) -> FloatArray:
    """Sitting and working throughout `times_s` (T,).

    Returns
    -------
    (T, C) rig
    """
    rate_hz = 1.0 / float(times_s[1] - times_s[0])
    frames = len(times_s)
    rig = standing(build, style, frames) + offsets(AT_DESK, build)
    rig[:, COLUMN["spine_flex"]] += 0.8 * style.slouch_rad
    typing, mouse, back = (_episodes(times_s, rate_hz, rng, kind) for kind in range(3))
    rig += mouse[:, None] * offsets(AT_MOUSE, build) + back[:, None] * offsets(LEANING_BACK, build)
    _type(rig, typing * (1.0 - back), 1.0 - mouse, style, rate_hz, rng)
    _steer(rig, mouse, rate_hz, rng)
    glance = 0.12 * wander(rng, frames, rate_hz, 0.25)
    rig[:, COLUMN["head_twist"]] += glance
    rig[:, COLUMN["head_flex"]] += 0.05 * wander(rng, frames, rate_hz, 0.3)
    for name in ("spine_flex", "spine_bend", "pelvis_pitch"):
        rig[:, COLUMN[name]] += 0.02 * wander(rng, frames, rate_hz, 0.15)
    return rig


def _episodes(
    times_s: FloatArray, rate_hz: float, rng: np.random.Generator, kind: int
) -> FloatArray:
    """(T,) 0 to 1: when the person types (0), holds the mouse (1) or leans back (2)."""
    on_s, off_s = ((4.0, 1.2), (3.5, 5.0), (2.5, 14.0))[kind]
    course = np.zeros(len(times_s))
    now, on = float(times_s[0]) - rng.uniform(0.0, 2.0), kind == 0
    while now < times_s[-1]:
        length = (on_s if on else off_s) * rng.uniform(0.6, 1.4)
        if on:
            course[(times_s >= now) & (times_s < now + length)] = 1.0
        now, on = now + length, not on
    return smoothed(course, rate_hz, 0.08 if kind == 0 else 0.2)


def _type(
    rig: FloatArray,
    typing: FloatArray,
    right_free: FloatArray,
    style: Style,
    rate_hz: float,
    rng: np.random.Generator,
) -> None:
    """Key strokes bob the hands a few times a second; forearms drift along the rows of keys."""
    frames = len(rig)
    for side in SIDES:
        amount = typing * (right_free if side == "right" else 1.0)
        stroke = wander(rng, frames, rate_hz, 4.5 * style.tempo)
        travel = wander(rng, frames, rate_hz, 1.2)
        rig[:, COLUMN[f"{side}_wrist_flex"]] += amount * (0.07 * stroke)
        rig[:, COLUMN[f"{side}_elbow"]] += amount * (0.0022 * stroke + 0.015 * travel)
        rig[:, COLUMN[f"{side}_forearm"]] += amount * 0.03 * wander(rng, frames, rate_hz, 2.0)
        rig[:, COLUMN[f"{side}_arm_twist"]] += amount * 0.025 * wander(rng, frames, rate_hz, 1.0)
        rig[:, COLUMN[f"{side}_arm_flex"]] += amount * 0.01 * travel


def _steer(rig: FloatArray, mouse: FloatArray, rate_hz: float, rng: np.random.Generator) -> None:
    """The mouse hand darts sideways and to and fro, with rests in between."""
    frames = len(rig)
    busy = ease(wander(rng, frames, rate_hz, 0.5) + 0.7)
    for name, size, cutoff in (
        ("arm_twist", 0.05, 1.0), ("arm_flex", 0.02, 0.9), ("elbow", 0.03, 0.9),
        ("wrist_flex", 0.05, 2.0), ("forearm", 0.03, 1.5),
    ):  # fmt: skip
        dart = wander(rng, frames, rate_hz, cutoff)
        rig[:, COLUMN[f"right_{name}"]] += mouse * busy * size * dart
