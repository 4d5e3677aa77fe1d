"""How the learning rate goes over the steps of a training."""

from __future__ import annotations

import math


def learning_rate(schedule: str, step: int, steps: int, peak: float) -> float:
    """Rate of one step.

    Parameters
    ----------
    schedule : str
        One of `harstudio.learn.config.SCHEDULES`.
    step, steps : int
        From 0, and how many there will be.
    peak : float
    """
    if schedule == "one_cycle":
        return one_cycle(step, steps, peak)
    return cosine(step, steps, peak) if schedule == "cosine" else peak


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Learning rate: up from peak / 25 over the first 30 %, then down to almost 0, by cosines.

    Smith and Topin 2019, Super-convergence.
    """
    rise = max(1, round(0.3 * steps))
    if step < rise:
        return _between(peak / 25, peak, step / rise)
    return _between(peak, peak / 1e5, (step - rise) / max(1, steps - 1 - rise))


def cosine(step: int, steps: int, peak: float) -> float:
    """Learning rate: from the peak down to almost 0 (Loshchilov and Hutter 2017, SGDR)."""
    return _between(peak, peak / 1e5, step / max(1, steps - 1))


def _between(first: float, last: float, share: float) -> float:
    """From `first` at share 0 to `last` at share 1 along half a cosine."""
    return first + (last - first) * 0.5 * (1 - math.cos(math.pi * share))
