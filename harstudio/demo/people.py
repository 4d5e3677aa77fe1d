"""Who moves: made-up people with a body shape and a manner of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHAPE_SPACE = "openbody"
SHAPE_LIMIT = 1.5
"""Largest shape coefficient of a made-up person, either way."""

_FEMALE_NAMES = ("Ada", "Chen", "Emi", "Grace", "Ines", "Kaya", "Mira", "Olga", "Rosa", "Uma")
_MALE_NAMES = ("Ben", "Dario", "Finn", "Hugo", "Jonas", "Luis", "Nils", "Piet", "Samir", "Tom")

#: Spread of each shape direction of the open body (stature, weight, muscle, masculinity,
#: arm, leg and torso length, shoulder width, hip girth, belly).
_SHAPE_SPREAD = np.array([0.8, 0.6, 0.5, 0.3, 0.4, 0.4, 0.4, 0.5, 0.5, 0.4])
_MASCULINITY = 3


@dataclass(frozen=True)
class Style:
    """How a person moves.

    Attributes
    ----------
    cadence_hz : steps per second when walking
    step : step length over leg length
    arm_swing_rad : amplitude of the upper arm's swing
    elbow_rad : elbow's mean flexion when walking
    arm_out_rad : how far the arms hang off the body
    lean_rad : forward lean of the trunk
    slouch_rad : rounding of the upper back
    toe_out_rad, stance_m : yaw of the feet and distance between them
    bounce : vertical travel when walking, 1 is average
    lag_rad : how far the arms lag behind the legs
    asymmetry : relative difference of the left and the right arm's swing, and of the steps
    jump_mps : take-off speed of an all-out jump
    tempo : speed of stretching and typing, 1 is average
    """

    cadence_hz: float = 1.85
    step: float = 0.83
    arm_swing_rad: float = 0.45
    elbow_rad: float = 0.38
    arm_out_rad: float = 0.16
    lean_rad: float = 0.05
    slouch_rad: float = 0.06
    toe_out_rad: float = 0.05
    stance_m: float = 0.17
    bounce: float = 1.0
    lag_rad: float = 0.15
    asymmetry: float = 0.0
    jump_mps: float = 1.9
    tempo: float = 1.0


@dataclass(frozen=True)
class Person:
    """A made-up subject.

    Attributes
    ----------
    name : str
    betas : shape coefficients of `shape_space`, each within +-1.5
    gender : ``female`` or ``male``
    style : Style
    shape_space : str
    """

    name: str
    betas: tuple[float, ...]
    gender: str
    style: Style
    shape_space: str = SHAPE_SPACE


def people(seed: int, count: int) -> tuple[Person, ...]:
    """`count` different people, women and men in turn; the same ones for the same seed.

    The first n of a larger group are the n of a smaller one.
    """
    return tuple(_person(seed, i) for i in range(count))


def _person(seed: int, index: int) -> Person:
    rng = np.random.default_rng([seed, index])
    gender, names = (("female", _FEMALE_NAMES), ("male", _MALE_NAMES))[index % 2]
    turn, place = divmod(index // 2, len(names))
    name = names[(place + seed) % len(names)] + (f" {turn + 1}" if turn else "")
    side = -1.0 if gender == "female" else 1.0
    betas = rng.normal(0.0, _SHAPE_SPREAD)
    betas[0] += 0.5 * side
    betas[_MASCULINITY] += 0.9 * side
    betas = np.clip(betas, -SHAPE_LIMIT, SHAPE_LIMIT)
    return Person(name, tuple(round(float(b), 3) for b in betas), gender, _style(rng, side))


def _style(rng: np.random.Generator, side: float) -> Style:
    """A manner drawn around the averages; women walk with slightly shorter, quicker steps."""

    def around(mean: float, spread: float) -> float:
        return float(mean + spread * np.clip(rng.normal(), -1.8, 1.8))

    return Style(
        cadence_hz=around(1.86 - 0.04 * side, 0.07),
        step=around(0.83 + 0.01 * side, 0.04),
        arm_swing_rad=around(0.45, 0.06),
        elbow_rad=around(0.38, 0.09),
        arm_out_rad=around(0.17, 0.03),
        lean_rad=around(0.05, 0.02),
        slouch_rad=around(0.06, 0.04),
        toe_out_rad=around(0.05, 0.04),
        stance_m=around(0.17, 0.015),
        bounce=around(1.0, 0.12),
        lag_rad=around(0.15, 0.1),
        asymmetry=around(0.0, 0.06),
        jump_mps=around(1.85 + 0.1 * side, 0.14),
        tempo=around(1.0, 0.1),
    )
