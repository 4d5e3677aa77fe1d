"""Named points moving through space: what depth cameras and markers give instead of a pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import FloatArray, checked, positive
from harstudio.core.errors import HarstudioError
from harstudio.core.source import Source


@dataclass(frozen=True, eq=False)
class PointPath:
    """Positions of P named points at T moments, world z up.

    Attributes
    ----------
    positions : (T, P, 3) array, m
    names : P unique names; SMPL-24 joint names where a point is such a joint
    rate_hz : float
    source : Source or None
    """

    positions: FloatArray
    names: tuple[str, ...]
    rate_hz: float
    source: Source | None = None

    def __post_init__(self) -> None:
        positions = checked(self.positions, (None, len(self.names), 3), "points")
        if len(positions) == 0:
            raise HarstudioError("points: 0 frames, expected at least 1")
        if len(set(self.names)) != len(self.names):
            raise HarstudioError(f"points: two share a name in {self.names}")
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "rate_hz", positive(self.rate_hz, "frame rate (Hz)"))

    @property
    def frames(self) -> int:
        return len(self.positions)

    @property
    def times_s(self) -> FloatArray:
        """(T,) times of the points, the first at 0."""
        return np.arange(self.frames) / self.rate_hz

    def path(self, name: str) -> FloatArray:
        """(T, 3) positions of one point; HarstudioError if there is none of that name."""
        if name not in self.names:
            raise HarstudioError(f"no point {name!r}", f"there are {', '.join(self.names)}")
        return self.positions[:, self.names.index(name)]
