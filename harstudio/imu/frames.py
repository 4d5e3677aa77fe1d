"""Turn a recording into what a strapped-on sensor reads, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harstudio.core import rotations as rot
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY, ImuRecording


def is_sensed(recording: ImuRecording) -> bool:
    return recording.frame == "sensor" and recording.with_gravity


def sensed(recording: ImuRecording) -> ImuRecording:
    """The recording in the sensors' axes, with gravity; the same object if it already is.

    Raises
    ------
    HarstudioError
        It is not, and has no orientation.
    """
    if is_sensed(recording):
        return recording
    world_from_sensor = _orientation(recording)
    acc, gyro = recording.acc_mps2, recording.gyro_radps
    if recording.frame == "global":
        acc = _turned_back(world_from_sensor, acc)
        gyro = None if gyro is None else _turned_back(world_from_sensor, gyro)
    if not recording.with_gravity:
        acc = acc + _up(world_from_sensor)
    return replace(recording, acc_mps2=acc, gyro_radps=gyro, frame="sensor", with_gravity=True)


def restored(recording: ImuRecording, like: ImuRecording) -> ImuRecording:
    """Inverse of `sensed`: a sensed recording in the frame of `like`, with its orientation."""
    if is_sensed(like):
        return recording
    world_from_sensor = _orientation(like)
    acc, gyro = recording.acc_mps2, recording.gyro_radps
    if not like.with_gravity:
        acc = acc - _up(world_from_sensor)
    if like.frame == "global":
        acc = np.einsum("tsij,tsj->tsi", world_from_sensor, acc)
        gyro = None if gyro is None else np.einsum("tsij,tsj->tsi", world_from_sensor, gyro)
    return replace(
        recording,
        acc_mps2=acc,
        gyro_radps=gyro,
        frame=like.frame,
        with_gravity=like.with_gravity,
    )


def _orientation(recording: ImuRecording) -> FloatArray:
    if recording.orientation_wxyz is None:
        gravity = "with" if recording.with_gravity else "without"
        raise HarstudioError(
            f"{recording.kind} recording: in the {recording.frame} frame {gravity} gravity, and "
            "has no orientation",
            "without one it cannot be turned into what a strapped-on sensor reads",
        )
    return rot.matrix_from_quaternion(recording.orientation_wxyz)


def _turned_back(world_from_sensor: FloatArray, values: FloatArray) -> FloatArray:
    turned: FloatArray = np.einsum("tsji,tsj->tsi", world_from_sensor, values)
    return turned


def _up(world_from_sensor: FloatArray) -> FloatArray:
    """(T, S, 3) what gravity adds to a reading: +9.80665 along the world's up."""
    return GRAVITY * world_from_sensor[..., 2, :]
