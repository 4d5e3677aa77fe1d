"""How long a person takes from seeing to pressing: a strip to tap to, and what the taps say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WARM_UPS, TAPS = 2, 12
ANTICIPATED_S, MISSED_S = 0.1, 1.0
GUESSED_S = 0.4
"""A tap so shortly before a cue was meant for it."""

LONGEST_S = 1.0
FEWEST_TAPS = 6
_PAUSE_S = (1.5, 3.0)


def cue_times(seed: int, count: int = WARM_UPS + TAPS) -> tuple[float, ...]:
    """When the cues come, s from the start: at pauses that cannot be foreseen.

    Parameters
    ----------
    seed : int
    count : int
        Warm-ups included.
    """
    pauses_s = np.random.default_rng(seed).uniform(*_PAUSE_S, count)
    return tuple(float(t) for t in np.cumsum(pauses_s))


@dataclass(frozen=True)
class Reaction:
    """What a test found.

    Attributes
    ----------
    median_s, spread_s : float, s
        Of the taps that count; the spread is the interquartile range. 0 without any.
    count, anticipated, missed : int
        Cues whose tap counts; cues tapped earlier than `ANTICIPATED_S` after them, or just before;
        cues not tapped within `MISSED_S`.
    """

    median_s: float
    spread_s: float
    count: int
    anticipated: int
    missed: int

    @property
    def enough(self) -> bool:
        """Whether so few taps were lost that the median can be believed."""
        return self.count >= FEWEST_TAPS


def reaction_of(
    cues_s: Sequence[float], taps_s: Sequence[float], warm_ups: int = WARM_UPS
) -> Reaction:
    """What taps say of a person's reaction time.

    Parameters
    ----------
    cues_s, taps_s : (N,), (M,) sequences, s
        Increasing, on one clock.
    warm_ups : int
        So many cues at the beginning do not count.

    Notes
    -----
    Of the taps after a cue the first counts. One faster than 100 ms is no reaction but a guess
    (the limit for false starts in athletics), and so is one within 0.4 s before the cue.
    """
    late_s: list[float] = []
    anticipated = missed = 0
    taps = np.asarray(taps_s, dtype=np.float64)
    for cue_s in cues_s[warm_ups:]:
        after_s = taps[(taps >= cue_s) & (taps < cue_s + MISSED_S)] - cue_s
        guessed = bool(np.any((taps >= cue_s - GUESSED_S) & (taps < cue_s + ANTICIPATED_S)))
        if guessed:
            anticipated += 1
        elif len(after_s):
            late_s.append(float(after_s[0]))
        else:
            missed += 1
    if not late_s:
        return Reaction(0.0, 0.0, 0, anticipated, missed)
    low, median, high = np.percentile(late_s, (25, 50, 75))
    return Reaction(float(median), float(high - low), len(late_s), anticipated, missed)


def reaction_text(found: Reaction) -> str:
    """What a test found, in words."""
    lost = [
        f"{count} {word}"
        for count, word in (
            (found.anticipated, "too early to be a reaction"),
            (found.missed, f"missed (over {MISSED_S:g} s)"),
        )
        if count
    ]
    left_out = f"  Left out: {', '.join(lost)}." if lost else ""
    if not found.enough:
        return f"Only {found.count} taps count: too few to go by.{left_out}"
    return (
        f"Median {found.median_s * 1000:.0f} ms over {found.count} taps; "
        f"half of them lie within {found.spread_s * 1000:.0f} ms.{left_out}"
    )
