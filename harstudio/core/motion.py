"""A body's motion in SMPL-24 terms, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from harstudio.core.arrays import FloatArray, checked, positive
from harstudio.core.errors import HarstudioError
from harstudio.core.skeleton import JOINT_COUNT
from harstudio.core.source import Source

GENDERS = ("neutral", "female", "male")


@dataclass(frozen=True, eq=False)
class Motion:
    """Pose and place of a body over time, world z up.

    Attributes
    ----------
    pose : (T, 24, 3) array
        Axis-angle per joint relative to its parent, rad; joint 0 is the root's world rotation.
    translation : (T, 3) array, m
        Added to the posed body, as in SMPL.
    rate_hz : float
    betas : (B,) array
        Coefficients of `shape_space`.
    gender : str
        neutral, female or male.
    shape_space : str
        Which family of bodies the betas belong to: ``smpl`` (SMPL, SMPL-H, SMPL-X) or
        ``openbody``. A body of another family shows its mean shape instead.
    source : Source or None

    Raises
    ------
    HarstudioError
        A wrong shape, a value that is not finite, no frames, or a rate that is not positive.
    """

    pose: FloatArray
    translation: FloatArray
    rate_hz: float
    betas: FloatArray = field(default_factory=lambda: np.zeros(10))
    gender: str = "neutral"
    shape_space: str = "smpl"
    source: Source | None = None

    def __post_init__(self) -> None:
        pose = checked(self.pose, (None, JOINT_COUNT, 3), "pose")
        if len(pose) == 0:
            raise HarstudioError("motion: 0 frames, expected at least 1")
        if self.gender not in GENDERS:
            raise HarstudioError(f"gender: got {self.gender!r}, expected {', '.join(GENDERS)}")
        set_field = object.__setattr__
        set_field(self, "pose", pose)
        set_field(self, "translation", checked(self.translation, (len(pose), 3), "translation"))
        set_field(self, "betas", checked(self.betas, (None,), "betas"))
        set_field(self, "rate_hz", positive(self.rate_hz, "frame rate (Hz)"))

    @property
    def frames(self) -> int:
        return len(self.pose)

    @property
    def duration_s(self) -> float:
        """Frames over rate: each frame stands for one period."""
        return self.frames / self.rate_hz

    @property
    def times_s(self) -> FloatArray:
        """(T,) times of the frames, the first at 0."""
        return np.arange(self.frames) / self.rate_hz

    def cut(self, start: int, stop: int) -> Motion:
        """Frames [start, stop) as a motion of its own."""
        return replace(self, pose=self.pose[start:stop], translation=self.translation[start:stop])
