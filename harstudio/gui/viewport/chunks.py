"""What follows from a motion frame by frame, worked out a stretch at a time when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FRAMES = 256
_KEPT = 24


class Chunks:
    """Rows of an array over time, of which only the stretches asked for are ever computed.

    Parameters
    ----------
    work : (start, stop) -> (stop - start, ...) array
        Computes the rows of frames [start, stop).
    frames : int
    """

    def __init__(self, work: Callable[[int, int], NDArray[Any]], frames: int) -> None:
        self._work, self._frames = work, frames
        self._kept: dict[int, NDArray[Any]] = {}

    def rows(self, first: int, last: int) -> NDArray[Any]:
        """Rows of the frames from `first` to `last`, both included, within the motion."""
        first, last = max(first, 0), min(last, self._frames - 1)
        numbers = range(first // _FRAMES, last // _FRAMES + 1)
        rows = np.concatenate([self._chunk(number) for number in numbers])
        start = first - numbers[0] * _FRAMES
        result: NDArray[Any] = rows[start : start + last - first + 1]
        return result

    def _chunk(self, number: int) -> NDArray[Any]:
        if number not in self._kept:
            start = number * _FRAMES
            rows = self._work(start, min(start + _FRAMES, self._frames))
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[number] = rows
        return self._kept[number]
