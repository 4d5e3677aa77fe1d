"""The acceleration at a sensor as a vector of the world: virtual, and real where it is aligned."""

from __future__ import annotations

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.core.project import Clip
from harstudio.core.timebase import Alignment, recording_time
from harstudio.imu.compare import mounted
from harstudio.imu.frames import sensed
from harstudio.workflows.loading import LoadedClip, LoadedRecording

_UP = np.array((0.0, 0.0, GRAVITY))
_GAP_S = 0.1


def acceleration_at(
    recording: ImuRecording, sensor: str, time_s: float, world_from_sensor: FloatArray
) -> FloatArray | None:
    """(3,) specific force of a sensor at a time of the recording's own clock, m/s2, world.

    Parameters
    ----------
    recording : ImuRecording
        In the sensors' axes, with gravity.
    world_from_sensor : (3, 3) array

    Returns
    -------
    None outside the recording and where its samples are not valid; between two samples a straight
    line is drawn
    """
    if sensor not in recording.sensors:
        return None
    times = recording.times_s
    last = int(np.searchsorted(times, time_s))
    first = max(last - 1, 0)
    last = min(last, len(times) - 1)
    before, after = times[first], times[last]
    inside = before - 1e-9 <= time_s <= after + 1e-9 and after - before <= _GAP_S
    if not inside or not recording.valid_mask[[first, last]].all():
        return None
    share = (time_s - before) / (after - before) if after > before else 0.0
    i = recording.sensor_index(sensor)
    acc = (1.0 - share) * recording.acc_mps2[first, i] + share * recording.acc_mps2[last, i]
    world: FloatArray = world_from_sensor @ acc
    return world


def without_gravity(specific_force: FloatArray) -> FloatArray:
    """(3,) linear acceleration of a specific force in the world, m/s2."""
    return specific_force - _UP


class RealSensor:
    """A recording of the open clip, turned as its alignment says; kept until that changes."""

    def __init__(self) -> None:
        self._for: tuple[object, ...] = ()
        self._recording: ImuRecording | None = None
        self._alignment = Alignment()

    def at(
        self,
        loaded: LoadedClip,
        clip: Clip,
        sensor: str,
        time_s: float,
        world_from_sensor: FloatArray,
    ) -> FloatArray | None:
        """(3,) specific force at a time of the clip, m/s2, world; None without an aligned one."""
        item, alignment = _recording_of(loaded, sensor), alignment_of(loaded, clip, sensor)
        if item is None or alignment is None or alignment == Alignment():
            return None
        if self._for != (item, alignment):
            self._for = (item, alignment)
            self._recording, self._alignment = _turned(item, alignment), alignment
        if self._recording is None:
            return None
        own_s = recording_time(self._alignment, time_s)
        return acceleration_at(self._recording, sensor, own_s, world_from_sensor)


def alignment_of(loaded: LoadedClip, clip: Clip, sensor: str) -> Alignment | None:
    """The present alignment of the recording of a sensor; None without a recording of it."""
    item = _recording_of(loaded, sensor)
    if item is None:
        return None
    ref = next((r for r in clip.recordings if r.source == item.ref.source), item.ref)
    return ref.alignment


def _recording_of(loaded: LoadedClip, sensor: str) -> LoadedRecording | None:
    return next((r for r in loaded.recordings if sensor in r.recording.sensors), None)


def _turned(item: LoadedRecording, alignment: Alignment) -> ImuRecording | None:
    try:
        return mounted(sensed(item.recording), alignment)
    except HarstudioError:  # without an orientation its direction cannot be known
        return None
