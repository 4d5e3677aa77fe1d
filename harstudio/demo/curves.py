"""Smooth time courses that the activities are made of: eases, bursts, slow wandering, tremor."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter1d

from harstudio.core.arrays import FloatArray


def ease(progress: ArrayLike) -> FloatArray:
    """Minimum-jerk course from 0 to 1, flat before 0 and after 1 (Flash and Hogan 1985)."""
    u = np.clip(np.asarray(progress, dtype=np.float64), 0.0, 1.0)
    return u * u * u * (10.0 - 15.0 * u + 6.0 * u * u)


def hump(progress: ArrayLike) -> FloatArray:
    """0 to 1 and back to 0 while `progress` goes from 0 to 1; twice smooth at its ends."""
    u = np.clip(np.asarray(progress, dtype=np.float64), 0.0, 1.0)
    return 64.0 * (u * (1.0 - u)) ** 3


def smoothed(values: FloatArray, rate_hz: float, width_s: float) -> FloatArray:
    """(T, ...) values under a Gaussian of the given standard deviation."""
    return np.asarray(gaussian_filter1d(values, width_s * rate_hz, axis=0, mode="nearest"))


def wander(rng: np.random.Generator, frames: int, rate_hz: float, cutoff_hz: float) -> FloatArray:
    """(T,) smooth noise of unit variance whose spectrum falls off above the cut-off.

    White noise under a Gaussian low-pass, -3 dB at `cutoff_hz`.
    """
    width = np.sqrt(np.log(2.0)) / (2.0 * np.pi * cutoff_hz) * rate_hz
    margin = int(4 * width) + 1
    noise = rng.normal(size=frames + 2 * margin)
    if width < 0.2:
        return noise[margin:-margin]
    slow = gaussian_filter1d(noise, width)[margin:-margin]
    # The variance that a Gaussian of this width leaves of white noise.
    return np.asarray(slow * np.sqrt(2.0 * np.sqrt(np.pi) * width))


def tremor(rng: np.random.Generator, frames: int, rate_hz: float) -> FloatArray:
    """(T,) physiological tremor of unit variance, around 8 Hz (Elble and Koller 1990)."""
    phase = 2.0 * np.pi * 8.0 * np.arange(frames) / rate_hz
    narrow = [wander(rng, frames, rate_hz, 1.2) for _ in range(2)]
    return np.asarray(narrow[0] * np.cos(phase) + narrow[1] * np.sin(phase))


def shocks(
    times_s: FloatArray, events_s: ArrayLike, strengths: ArrayLike, frequency_hz: float = 5.0
) -> FloatArray:
    """(T,) short damped oscillations after each event, as a foot's impact sends up the body.

    Unit strength has a peak of about 1.
    """
    course = np.zeros(len(times_s))
    for event, strength in zip(np.atleast_1d(events_s), np.atleast_1d(strengths), strict=True):
        since = times_s - event - 0.06
        near = np.abs(since) < 0.3
        wave = np.sin(2.0 * np.pi * frequency_hz * since[near])
        course[near] += strength * np.exp(-((since[near] / 0.06) ** 2)) * wave
    return course


def correlated(rng: np.random.Generator, count: int, memory: float = 0.6) -> FloatArray:
    """(count,) first-order autoregressive noise of unit variance, one value per stride."""
    values = rng.normal(size=count)
    for i in range(1, count):
        values[i] = memory * values[i - 1] + np.sqrt(1.0 - memory**2) * values[i]
    return values
