"""What each sensor contributes to a window, by name.

`rotation` is the sensor's orientation in the world, as the nine entries of its matrix (world from
sensor, row by row). With three sensors acc_rotation is the 36-D input of Xiao et al. 2020, who
take orientation in the world too; their set of wrist, thigh and head has no pelvis to refer it to.
Under the preset `paper` the acceleration is the paper's as well (world frame, no gravity); under
`physical` it is what the sensor reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from harstudio.core import rotations as rot
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording

Float32Array = NDArray[np.float32]

CHANNELS: Mapping[str, tuple[str, ...]] = {
    "acc": ("acc",),
    "acc_gyro": ("acc", "gyro"),
    "acc_rotation": ("acc", "rotation"),
    "acc_gyro_rotation": ("acc", "gyro", "rotation"),
    "magnitude": ("acc_norm",),
    "acc_magnitude": ("acc", "acc_norm"),
    "magnitudes": ("acc_norm", "gyro_norm"),
}
"""Named sets of signals. Any other combination is written with a plus: ``acc+gyro_norm``."""

_ROTATION = tuple(f"rotation_{row}{column}" for row in "123" for column in "123")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "acc": ("acc_x", "acc_y", "acc_z"),
    "gyro": ("gyro_x", "gyro_y", "gyro_z"),
    "rotation": _ROTATION,
    "acc_norm": ("acc_norm",),
    "gyro_norm": ("gyro_norm",),
}
"""Columns of each signal, in the order of a window's channels."""


def signals_of(channels: str) -> tuple[str, ...]:
    """The signals that a name, or a combination with a plus, stands for.

    Raises
    ------
    HarstudioError
        Neither a name nor signals joined by a plus, or a signal twice.
    """
    if channels in CHANNELS:
        return CHANNELS[channels]
    signals = tuple(part.strip() for part in channels.split("+"))
    if len(set(signals)) != len(signals) or not set(signals) <= set(_COLUMNS):
        raise HarstudioError(
            f"channels: got {channels!r}",
            f"one of {', '.join(CHANNELS)}, or several of {', '.join(_COLUMNS)} joined by +",
        )
    return signals


def channel_names(sensors: tuple[str, ...], channels: str) -> tuple[str, ...]:
    """``<sensor> <column>`` of each channel, sensor by sensor."""
    columns = [column for signal in signals_of(channels) for column in _COLUMNS[signal]]
    return tuple(f"{sensor} {column}" for sensor in sensors for column in columns)


def channel_values(
    recording: ImuRecording, sensors: tuple[str, ...], channels: str, clip: str = ""
) -> tuple[Float32Array, tuple[str, ...]]:
    """Chosen sensors and signals of a recording.

    Parameters
    ----------
    recording : ImuRecording
    sensors : names, in order; empty takes all
    channels : str
    clip : str
        For the message of an error.

    Returns
    -------
    (T, C) float32 array, and the C names

    Raises
    ------
    HarstudioError
        A sensor that the recording lacks, or a gyro or orientation that it has not.
    """
    sensors = sensors or recording.sensors
    places = [recording.sensor_index(sensor) for sensor in sensors]
    columns = []
    for place in places:
        for signal in signals_of(channels):
            with np.errstate(over="ignore"):
                values = _READ[signal](recording, place, clip)
                columns.append(values.astype(np.float32))
    return np.concatenate(columns, axis=1), channel_names(sensors, channels)


def _acc(recording: ImuRecording, place: int, clip: str) -> FloatArray:
    return recording.acc_mps2[:, place]


def _gyro(recording: ImuRecording, place: int, clip: str) -> FloatArray:
    if recording.gyro_radps is None:
        raise _missing(recording, clip, "gyro", "acc")
    return recording.gyro_radps[:, place]


def _rotation(recording: ImuRecording, place: int, clip: str) -> FloatArray:
    if recording.orientation_wxyz is None:
        raise _missing(recording, clip, "orientation", "acc or acc_gyro")
    matrices = rot.matrix_from_quaternion(recording.orientation_wxyz[:, place])
    return matrices.reshape(-1, 9)


def _missing(recording: ImuRecording, clip: str, what: str, instead: str) -> HarstudioError:
    whose = f"clip {clip!r}: its" if clip else "the"
    return HarstudioError(
        f"{whose} {recording.kind} recording has no {what}", f"choose the channels {instead}"
    )


def _norm(values: FloatArray) -> FloatArray:
    norm: FloatArray = np.linalg.norm(values, axis=1, keepdims=True)
    return norm


_READ: Mapping[str, Callable[[ImuRecording, int, str], FloatArray]] = {
    "acc": _acc,
    "gyro": _gyro,
    "rotation": _rotation,
    "acc_norm": lambda recording, place, clip: _norm(_acc(recording, place, clip)),
    "gyro_norm": lambda recording, place, clip: _norm(_gyro(recording, place, clip)),
}
