"""Motions of made-up people: a script of activities becomes a motion and its labels.

Synthetic and honest about it: a periodic-motion model, not a recording. Compared with real wrist
signals in tests/demo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from harstudio.core.arrays import FloatArray, positive
from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.motion import Motion
from harstudio.demo.curves import ease, hump, smoothed, tremor, wander
from harstudio.demo.desk import computer_work
from harstudio.demo.gait import walking
from harstudio.demo.jumps import jumping
from harstudio.demo.people import Person, Style
from harstudio.demo.poses import ARM_STRETCHES, LEG_STRETCHES
from harstudio.demo.rig import COLUMN, SIDES, Build, build_of, pose_of, within_reach
from harstudio.demo.stretching import stretching

ACTIVITIES: tuple[str, ...] = (
    "walking", "jumping", "arm_stretching", "leg_stretching", "computer_work",
)  # fmt: skip
"""The five activities of DIP-IMU (Huang et al. 2018)."""

SHORTEST_S = 4.0
"""Seconds an activity needs to be recognisable."""
TRANSITION_S = 0.8
"""Seconds between two activities; sitting down and standing up take `_SITTING_S` more."""
_SITTING_S = 0.9


@dataclass(frozen=True)
class _Place:
    """Where a person stands and looks: m, m, rad."""

    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0


def session(
    person: Person,
    script: Sequence[tuple[str, float]],
    rest_joints: ArrayLike,
    rate_hz: float = 60.0,
    seed: int = 0,
) -> tuple[Motion, LabelTrack]:
    """A person doing a list of activities one after the other.

    Parameters
    ----------
    person : Person
    script : sequence of (activity, seconds)
        Activities of `ACTIVITIES`, each at least 4 s.
    rest_joints : (24, 3) array, m
        The person's joints in the rest pose: x to the left, y up, z ahead.
    rate_hz : float
        At least 20.
    seed : int
        The same seed gives the same motion, bit by bit.

    Returns
    -------
    motion : Motion
        As long as the script plus a transition between any two activities; the person starts near
        the world's origin, feet on the floor at z = 0.
    labels : LabelTrack
        One segment per activity; transitions are gaps.

    Raises
    ------
    HarstudioError
        An unknown activity, too short a time, too low a rate, or an empty script.
    """
    _check(script, rate_hz)
    build = build_of(rest_joints)
    rng = np.random.default_rng([seed, *person.name.encode()])
    pauses = [_pause(a, b) for (a, _), (b, _) in pairwise(script)]
    rig, spans = _sequence(build, person.style, script, pauses, rate_hz, rng)
    _breathe(rig, person.style, rate_hz, rng)
    _settle(rig, build, rate_hz)
    pose, translation = pose_of(build, rig)
    motion = Motion(
        pose, translation, rate_hz, np.array(person.betas), person.gender, person.shape_space
    )
    labels = LabelTrack(
        tuple(
            Segment(first / rate_hz, stop / rate_hz, activity, author="demo")
            for (activity, _), (first, stop) in zip(script, spans, strict=True)
        )
    )
    return motion, labels


def _check(script: Sequence[tuple[str, float]], rate_hz: float) -> None:
    if not script:
        raise HarstudioError("script: 0 activities, expected at least 1")
    if positive(rate_hz, "frame rate (Hz)") < 20.0:
        raise HarstudioError(f"frame rate: got {rate_hz} Hz, expected at least 20")
    for activity, seconds in script:
        if activity not in ACTIVITIES:
            raise HarstudioError(
                f"activity {activity!r} is unknown", f"there are {', '.join(ACTIVITIES)}"
            )
        if not SHORTEST_S <= seconds < np.inf:
            raise HarstudioError(f"{activity}: got {seconds} s, expected at least {SHORTEST_S:g} s")


def _pause(before: str, after: str) -> float:
    sits = (before == "computer_work") != (after == "computer_work")
    return TRANSITION_S + (_SITTING_S if sits else 0.0)


def _sequence(
    build: Build,
    style: Style,
    script: Sequence[tuple[str, float]],
    pauses: list[float],
    rate_hz: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, list[tuple[int, int]]]:
    """Activities faded into each other: the rig, and each activity's frames [first, stop)."""
    counts = [round(seconds * rate_hz) for _, seconds in script]
    gaps = [0, *(round(pause * rate_hz) for pause in pauses), 0]
    place = _Place()
    pieces: list[FloatArray] = []
    spans: list[tuple[int, int]] = []
    tail: FloatArray | None = None
    first = 0
    for (activity, _), count, (lead, trail) in zip(script, counts, pairwise(gaps), strict=True):
        times = (np.arange(-lead, count + trail)) / rate_hz
        # Loops turn towards the middle of the room.
        turn = 1.0 if np.sin(np.arctan2(-place.y, -place.x) - place.yaw) >= 0.0 else -1.0
        rig = _moved(_act(build, style, activity, times, count / rate_hz, rng, turn), place)
        if tail is not None:
            pieces.append(_faded(tail, rig[:lead]))
        pieces.append(rig[lead : lead + count])
        first += lead
        spans.append((first, first + count))
        first += count
        tail = rig[lead + count :]
        if activity == "walking":
            place = _standing_place(rig[-1])
    return np.concatenate(pieces), spans


def _act(
    build: Build,
    style: Style,
    activity: str,
    times_s: FloatArray,
    seconds: float,
    rng: np.random.Generator,
    turn: float,
) -> FloatArray:
    if activity == "walking":
        return walking(build, style, times_s, seconds, rng, turn)
    if activity == "jumping":
        return jumping(build, style, times_s, seconds, rng)
    if activity == "arm_stretching":
        return stretching(build, style, times_s, seconds, rng, ARM_STRETCHES)
    if activity == "leg_stretching":
        return stretching(build, style, times_s, seconds, rng, LEG_STRETCHES)
    return computer_work(build, style, times_s, seconds, rng)


def _moved(rig: FloatArray, place: _Place) -> FloatArray:
    """The same rig at another place."""
    moved = rig.copy()
    cosine, sine = np.cos(place.yaw), np.sin(place.yaw)
    for part in ("pelvis", "left_foot", "right_foot"):
        x, y = rig[:, COLUMN[f"{part}_x"]], rig[:, COLUMN[f"{part}_y"]]
        moved[:, COLUMN[f"{part}_x"]] = place.x + cosine * x - sine * y
        moved[:, COLUMN[f"{part}_y"]] = place.y + sine * x + cosine * y
        moved[:, COLUMN[f"{part}_yaw"]] += place.yaw
    return moved


def _standing_place(row: FloatArray) -> _Place:
    """Where somebody with the rig (C,) `row` stands: between the feet, looking ahead."""
    x, y = (np.mean([row[COLUMN[f"{side}_foot_{axis}"]] for side in SIDES]) for axis in "xy")
    return _Place(float(x), float(y), float(row[COLUMN["pelvis_yaw"]]))


def _faded(before: FloatArray, after: FloatArray) -> FloatArray:
    """(T, C) from one rig to the other; a person leans forward to sit down or get up.

    Feet that have to move are lifted, one after the other.
    """
    frames = len(before)
    progress = (np.arange(frames) + 0.5) / frames
    share = np.repeat(ease(progress)[:, None], before.shape[1], axis=1)
    lift = np.zeros((frames, 2))
    for i, side in enumerate(SIDES):
        at = [COLUMN[f"{side}_foot_{axis}"] for axis in "xy"]
        if np.hypot(*(after[-1, at] - before[0, at])) > 0.01:
            own = (progress - 0.1 - 0.4 * i) / 0.4
            share[:, [*at, COLUMN[f"{side}_foot_yaw"]]] = ease(own)[:, None]
            lift[:, i] = 0.04 * hump(own)
    rig = (1.0 - share) * before + share * after
    for i, side in enumerate(SIDES):
        rig[:, COLUMN[f"{side}_foot_lift"]] += lift[:, i]
    height = abs(after[-1, COLUMN["pelvis_z"]] - before[0, COLUMN["pelvis_z"]])
    lean = hump(progress) * min(height / 0.35, 1.0)
    rig[:, COLUMN["pelvis_pitch"]] += 0.6 * lean
    rig[:, COLUMN["spine_flex"]] += 0.15 * lean
    rig[:, COLUMN["head_flex"]] -= 0.35 * lean
    for side in SIDES:
        rig[:, COLUMN[f"{side}_arm_flex"]] += 0.45 * lean
    return rig


def _breathe(rig: FloatArray, style: Style, rate_hz: float, rng: np.random.Generator) -> None:
    """Nobody is still: posture, sway, breath and tremor on every handle but the feet's."""
    frames = len(rig)
    rig[:, COLUMN["spine_flex"]] += style.slouch_rad
    rig[:, COLUMN["head_flex"]] -= 0.6 * style.slouch_rad
    breaths = np.cumsum(0.27 + 0.03 * wander(rng, frames, rate_hz, 0.2)) / rate_hz
    rig[:, COLUMN["spine_flex"]] -= 0.006 * np.sin(2.0 * np.pi * breaths)
    for name, size, cutoff in (
        ("pelvis_x", 0.004, 0.35), ("pelvis_y", 0.005, 0.3),
        ("pelvis_pitch", 0.008, 0.4), ("pelvis_roll", 0.005, 0.4), ("pelvis_yaw", 0.012, 0.3),
        ("spine_flex", 0.010, 0.5), ("spine_bend", 0.008, 0.5), ("spine_twist", 0.012, 0.4),
        ("head_flex", 0.020, 0.5), ("head_bend", 0.015, 0.4), ("head_twist", 0.040, 0.35),
    ):  # fmt: skip
        rig[:, COLUMN[name]] += size * wander(rng, frames, rate_hz, cutoff)
    for side in SIDES:
        for name, size in (("arm_flex", 0.018), ("arm_out", 0.012), ("arm_across", 0.01),
                           ("arm_twist", 0.02), ("elbow", 0.02), ("forearm", 0.02)):  # fmt: skip
            rig[:, COLUMN[f"{side}_{name}"]] += size * wander(rng, frames, rate_hz, 0.6)
        shake = tremor(rng, frames, rate_hz)
        rig[:, COLUMN[f"{side}_elbow"]] += 1.5e-4 * shake
        rig[:, COLUMN[f"{side}_wrist_flex"]] += 4e-4 * shake


def _settle(rig: FloatArray, build: Build, rate_hz: float) -> None:
    """Lower the pelvis where a foot would otherwise be pulled off its place."""
    excess = rig[:, COLUMN["pelvis_z"]] - within_reach(build, rig)
    if excess.max() > 0.0:
        lowered = smoothed(np.where(excess > 0.0, excess + 0.003, 0.0), rate_hz, 0.035)
        rig[:, COLUMN["pelvis_z"]] -= lowered
