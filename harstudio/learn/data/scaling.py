"""Normalisation, fitted on training windows and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray, readonly
from harstudio.learn.data.windows import WindowSet

_FLAT = 1e-6
"""A channel that varies less than this is constant; dividing by it would amplify rounding."""


@dataclass(frozen=True, eq=False)
class Scaler:
    """Per channel: subtract `mean` (C,), divide by `sd` (C,)."""

    mean: FloatArray
    sd: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", readonly(self.mean))
        object.__setattr__(self, "sd", readonly(self.sd))


def fitted(windows: WindowSet, train: IntArray, rows: int = 4096) -> Scaler:
    """Mean and standard deviation per channel over the windows `train` of a set.

    Summed in float64 and in blocks of `rows` windows, so that no copy of all windows is made.
    """
    channels = len(windows.channels)
    total, square = np.zeros(channels), np.zeros(channels)
    count = len(train) * windows.window_samples
    blocks = [train[i : i + rows] for i in range(0, len(train), rows)]
    for block in blocks:
        total += windows.signals[block].sum(axis=(0, 1), dtype=np.float64)
    mean = total / max(1, count)
    for block in blocks:
        square += ((windows.signals[block] - mean) ** 2).sum(axis=(0, 1))
    sd = np.sqrt(square / max(1, count))
    return Scaler(mean, np.where(sd > _FLAT, sd, 1.0))
