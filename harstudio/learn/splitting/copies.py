"""Windows of different clips that hold the same signals: a recording that was brought in twice."""

from __future__ import annotations

import numpy as np

from harstudio.core.arrays import BoolArray, IntArray
from harstudio.learn.data.channels import Float32Array

_CHANNELS = 6
"""What is compared of each window: no two sensors repeat each other by chance in so many."""
_LEAST_CHANGES = 0.5
"""Share of a window's samples that must differ from the one before: a watch on a table repeats
itself to the bit, and is no copy."""
_ROWS = 4096


def twins(signals: Float32Array, clip_index: IntArray) -> IntArray:
    """Which windows are the same to the bit, though of different clips.

    Parameters
    ----------
    signals : (N, T, C) array
    clip_index : (N,) array

    Returns
    -------
    (N,) array
        Windows of one number, from 0, are the same; -1 for a window that no other clip holds.
    """
    marks, lively = _marks(signals)
    group = np.full(len(signals), -1, np.int64)
    index = np.flatnonzero(lively)
    _, number = np.unique(marks[index], return_inverse=True)
    clips = int(clip_index.max(initial=0)) + 1
    held = np.unique(number * clips + clip_index[index]) // clips
    several = np.bincount(held, minlength=len(index)) > 1
    group[index] = np.where(several[number], number, -1)
    return group


def _marks(signals: Float32Array) -> tuple[np.ndarray, BoolArray]:
    """(N,) a number that follows from a window's values, and whether they change enough."""
    count, samples = signals.shape[:2]
    used = min(_CHANNELS, signals.shape[2])
    marks, lively = np.zeros(count, np.uint64), np.zeros(count, bool)
    if used == 0 or samples < 2:
        return marks, lively
    factors = np.random.default_rng(0).integers(1, 2**63, samples * used, np.uint64) | np.uint64(1)
    for first in range(0, count, _ROWS):
        block = np.ascontiguousarray(signals[first : first + _ROWS, :, :used])
        changes = (block[:, 1:] != block[:, :-1]).any(axis=2).mean(axis=1)
        lively[first : first + len(block)] = changes >= _LEAST_CHANGES
        values = block.reshape(len(block), -1).view(np.uint32).astype(np.uint64)
        marks[first : first + len(block)] = (values * factors).sum(axis=1)  # modulo 2**64
    return marks, lively
