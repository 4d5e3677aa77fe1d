"""The one clock: seconds of the clip, and how a recording's own clock maps onto it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import overload

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError


@dataclass(frozen=True)
class Alignment:
    """How a recording lies on its clip; kept beside the recording, never baked into it.

    ``clip_s = offset_s + recording_s * (1 + drift_ppm * 1e-6)``

    Attributes
    ----------
    offset_s : float
        Clip time at which the recording's time 0 falls.
    drift_ppm : float
        How much longer a second of the recording's clock is than one of the clip's.
    mounting_wxyz : mapping as a tuple of (sensor name, (w, x, y, z))
        Rotation that takes the real sensor's axes to those of the virtual one.
    offset_sd_s : float or None, s
        Standard deviation that a fit gave the lag, in the middle of the overlap. None, here and
        below, where it is unknown: nothing was fitted, or the signals do not tell.
    drift_sd_ppm : float or None
    rotations_sd_rad : tuple of float or None, rad
        The worst known axis of each mounting rotation, in their order; empty without a fit.
    doubt : str
        Why the fit may be wrong, in words.
    """

    offset_s: float = 0.0
    drift_ppm: float = 0.0
    mounting_wxyz: tuple[tuple[str, tuple[float, float, float, float]], ...] = field(default=())
    offset_sd_s: float | None = None
    drift_sd_ppm: float | None = None
    rotations_sd_rad: tuple[float | None, ...] = ()
    doubt: str = ""

    def __post_init__(self) -> None:
        if not np.isfinite(self.offset_s):
            raise HarstudioError(f"offset: got {self.offset_s} s, expected a finite number")
        if not abs(self.drift_ppm) < 1e5:
            raise HarstudioError(f"drift: got {self.drift_ppm} ppm, expected less than 100000")
        for sd in (self.offset_sd_s, self.drift_sd_ppm, *self.rotations_sd_rad):
            if sd is not None and not 0.0 <= sd < np.inf:
                raise HarstudioError(
                    f"standard deviation of an alignment: got {sd}, expected 0 or more, and finite"
                )
        if len(self.rotations_sd_rad) not in (0, len(self.mounting_wxyz)):
            raise HarstudioError(
                f"standard deviations of mountings: got {len(self.rotations_sd_rad)}, "
                f"expected none or {len(self.mounting_wxyz)}"
            )

    @property
    def is_fitted(self) -> bool:
        """Whether a fit found it, and nobody has moved it since."""
        return bool(
            self.rotations_sd_rad
            or self.doubt
            or self.offset_sd_s is not None
            or self.drift_sd_ppm is not None
        )

    @property
    def rate(self) -> float:
        """Clip seconds per recording second."""
        return 1.0 + self.drift_ppm * 1e-6

    def mounting(self, sensor: str) -> tuple[float, float, float, float]:
        """Quaternion of a sensor's mounting, the identity where none is known."""
        return dict(self.mounting_wxyz).get(sensor, (1.0, 0.0, 0.0, 0.0))

    def mounting_sd_rad(self, sensor: str) -> float | None:
        """How well a sensor's mounting is known, rad; None where that is unknown."""
        names = (name for name, _ in self.mounting_wxyz)
        return dict(zip(names, self.rotations_sd_rad, strict=False)).get(sensor)

    def by_hand(self) -> Alignment:
        """The same without what a fit said of it, which holds no longer once it is moved."""
        return replace(self, offset_sd_s=None, drift_sd_ppm=None, rotations_sd_rad=(), doubt="")


@overload
def clip_time(alignment: Alignment, recording_s: float) -> float: ...
@overload
def clip_time(alignment: Alignment, recording_s: FloatArray) -> FloatArray: ...
def clip_time(alignment: Alignment, recording_s: float | FloatArray) -> float | FloatArray:
    """Clip time (s) of moments on the recording's clock (s)."""
    return alignment.offset_s + recording_s * alignment.rate


@overload
def recording_time(alignment: Alignment, clip_s: float) -> float: ...
@overload
def recording_time(alignment: Alignment, clip_s: FloatArray) -> FloatArray: ...
def recording_time(alignment: Alignment, clip_s: float | FloatArray) -> float | FloatArray:
    """Inverse of `clip_time`."""
    return (clip_s - alignment.offset_s) / alignment.rate


def frame_at(time_s: float, rate_hz: float, frames: int) -> int:
    """Index of the frame shown at a time: the last one at or before it, within the clip."""
    return int(np.clip(np.floor(time_s * rate_hz + 1e-6), 0, max(frames - 1, 0)))


def clock_text(time_s: float) -> str:
    """``MM:SS.cc``, or ``H:MM:SS.cc`` from an hour on."""
    centis = round(abs(time_s) * 100)
    minutes, centis = divmod(centis, 6000)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if time_s < 0 and (hours or minutes or centis) else ""
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes:02d}"
    return f"{sign}{head}:{centis // 100:02d}.{centis % 100:02d}"
