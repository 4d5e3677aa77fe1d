"""Give virtual signals the distribution that real ones have: a monotone map per channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harstudio.core.arrays import FloatArray, checked
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording

QUANTILES = 1001
"""As IMUTube has it; with 100 a signal would be left with 100 values worth of shape."""

MIN_SAMPLES = 100
FORMAT = "harstudio quantile map 1"
_KINDS = (("acc", "acc_mps2"), ("gyro", "gyro_radps"))


@dataclass(frozen=True, eq=False)
class QuantileMap:
    """Where each quantile of the virtual signals lies in the real ones.

    Attributes
    ----------
    channels : C names
        ``left_wrist acc x`` and so on: a sensor, acc or gyro, an axis.
    virtual, real : (C, Q) arrays, m/s2 or rad/s, not falling along Q
    subjects : tuple of str
        People whose recordings it was fitted to: never those that a model is tested on.

    Raises
    ------
    HarstudioError
        Wrong shapes, a channel twice, or quantiles that fall.

    Notes
    -----
    Kwon et al. 2020 (IMUTube), doi:10.1145/3411841: the virtual data's ranks, the real data's
    values. It corrects range and offset, nothing about time: a lag stays what it was.
    """

    channels: tuple[str, ...]
    virtual: FloatArray
    real: FloatArray
    subjects: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        channels = tuple(self.channels)
        if not channels or len(set(channels)) != len(channels):
            raise HarstudioError(f"quantile map: {len(channels)} channels, or one of them twice")
        virtual = checked(self.virtual, (len(channels), None), "virtual quantiles")
        real = checked(self.real, virtual.shape, "real quantiles")
        if virtual.shape[1] < 2:
            raise HarstudioError("quantile map: fewer than 2 quantiles")
        for name, values in (("virtual", virtual), ("real", real)):
            falling = np.argwhere(np.diff(values, axis=1) < 0)
            if len(falling):
                channel, at = falling[0]
                raise HarstudioError(
                    f"quantile map: {name} quantiles of {channels[channel]} fall at {at + 1}"
                )
        for key, value in (("channels", channels), ("virtual", virtual), ("real", real)):
            object.__setattr__(self, key, value)

    def values(self, channel: str, values: FloatArray) -> FloatArray:
        """Values of one channel, mapped; beyond the known range they are shifted with its end.

        Raises
        ------
        HarstudioError
            A channel that the map does not know.
        """
        if channel not in self.channels:
            raise HarstudioError(
                f"quantile map: no channel {channel!r}", f"it has {', '.join(self.channels)}"
            )
        row = self.channels.index(channel)
        knots, targets = _distinct(self.virtual[row], self.real[row])
        beyond = np.minimum(values - knots[0], 0.0) + np.maximum(values - knots[-1], 0.0)
        return np.asarray(np.interp(values, knots, targets) + beyond)

    def applied(self, recording: ImuRecording) -> ImuRecording:
        """A virtual recording with the real distribution, in every channel that the map knows.

        Raises
        ------
        HarstudioError
            The map knows none of its channels.
        """
        arrays: dict[str, FloatArray] = {}
        for kind, name in _KINDS:
            signal = getattr(recording, name)
            if signal is None:
                continue
            mapped = np.array(signal)
            for s, sensor in enumerate(recording.sensors):
                for axis, channel in enumerate(channels_of(sensor, kind)):
                    if channel in self.channels:
                        mapped[:, s, axis] = self.values(channel, signal[:, s, axis])
                        arrays[name] = mapped
        if not arrays:
            raise HarstudioError(
                f"quantile map: knows no channel of {', '.join(recording.sensors)}",
                f"it has {', '.join(self.channels)}",
            )
        return replace(
            recording,
            acc_mps2=arrays.get("acc_mps2", recording.acc_mps2),
            gyro_radps=arrays.get("gyro_radps", recording.gyro_radps),
        )

    def to_json(self) -> dict[str, object]:
        return {
            "format": FORMAT,
            "subjects": list(self.subjects),
            "channels": list(self.channels),
            "virtual": self.virtual.tolist(),
            "real": self.real.tolist(),
        }

    @classmethod
    def from_json(cls, data: object) -> QuantileMap:
        """Inverse of `to_json`; HarstudioError for anything else."""
        if not isinstance(data, Mapping) or data.get("format") != FORMAT:
            raise HarstudioError(f"quantile map: not one, expected format {FORMAT!r}")
        texts = []
        for key in ("channels", "subjects"):
            names = data.get(key)
            if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
                raise HarstudioError(f"quantile map: {key} are not a list of names")
            texts.append(tuple(names))
        virtual, real = (
            checked(data.get(side) or [], (None, None), f"{side} quantiles")
            for side in ("virtual", "real")
        )
        return cls(texts[0], virtual, real, texts[1])


def channels_of(sensor: str, kind: str) -> tuple[str, str, str]:
    """Names of a sensor's channels; `kind` is acc or gyro."""
    return f"{sensor} {kind} x", f"{sensor} {kind} y", f"{sensor} {kind} z"


def fit_quantile_map(
    samples: Mapping[str, tuple[FloatArray, FloatArray]],
    subjects: Sequence[str] = (),
    quantiles: int = QUANTILES,
) -> QuantileMap:
    """Map the distribution of virtual values onto that of real ones.

    The two need not be of the same moments, nor as many, but of the same activities in the same
    proportions: a map from walking to sitting corrects nothing.

    Parameters
    ----------
    samples : mapping of channel to (virtual (N,), real (M,)) arrays, the same unit
        Values that are not finite are left out.
    subjects : names
        Whose recordings they are.
    quantiles : int

    Raises
    ------
    HarstudioError
        No channel, or one with fewer than 100 values on either side.
    """
    if not samples:
        raise HarstudioError("quantile map: no channel to fit")
    shares = np.linspace(0.0, 1.0, quantiles)
    virtual, real = np.empty((len(samples), quantiles)), np.empty((len(samples), quantiles))
    for row, (channel, sides) in enumerate(samples.items()):
        for target, values in zip((virtual, real), sides, strict=True):
            finite = values[np.isfinite(values)]
            if len(finite) < MIN_SAMPLES:
                raise HarstudioError(
                    f"quantile map: {len(finite)} values of {channel}, expected at least "
                    f"{MIN_SAMPLES}"
                )
            # Rounding may let a quantile fall by the last bit.
            target[row] = np.maximum.accumulate(np.quantile(finite, shares))
    return QuantileMap(tuple(samples), virtual, real, tuple(sorted(set(subjects))))


def _distinct(knots: FloatArray, targets: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Knots that rise: those that tie, as at a clipped range, share the mean of their targets."""
    unique, first = np.unique(knots, return_index=True)
    counts = np.diff(np.append(first, len(knots)))
    return unique, np.add.reduceat(targets, first) / counts
