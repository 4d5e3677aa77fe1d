"""What the signal rows show of a clip: one sensor, one quantity, virtual and real on one clock."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.core.imu import ImuRecording
from harstudio.core.project import Clip, RecordingRef
from harstudio.gui.signals.decimate import Pyramid
from harstudio.imu.compare import mounted
from harstudio.imu.resample import at_times
from harstudio.workflows.loading import LoadedClip, LoadedRecording

ROWS = ("x", "y", "z", "norm")
_GAP_PERIODS = 5
"""A pause of this many sampling periods is drawn as a gap."""


@dataclass(frozen=True)
class Quantity:
    """What is drawn: title, unit, and the least height of a row so that rest looks like rest."""

    title: str
    symbol: str
    unit: str
    least_span: float

    def row_title(self, row: int) -> str:
        """Name of a row's axis."""
        return ROWS[row] if row < 3 else f"|{self.symbol}|"


ACCELERATION = Quantity("acceleration", "a", "m/s2", 4.0)
ANGULAR_VELOCITY = Quantity("angular velocity", "w", "rad/s", 2.0)
QUANTITIES = (ACCELERATION, ANGULAR_VELOCITY)


@dataclass(frozen=True, eq=False)
class Pair:
    """Virtual and real at the same moments: the real one's samples.

    Attributes
    ----------
    times_s : (T,) clip times
    virtual, real : (T, 3)
    mask : (T,) bool, both are valid
    """

    times_s: FloatArray
    virtual: FloatArray
    real: FloatArray
    mask: BoolArray


@dataclass(frozen=True, eq=False)
class Channels:
    """Curves for x, y, z and the norm; None where there is no such signal.

    `made` compares the generated signal, in place of the virtual one, with the real one.
    `note` says in a few words why virtual and real cannot be compared; empty if they can.
    """

    virtual: tuple[Pyramid, ...] | None = None
    real: tuple[Pyramid, ...] | None = None
    residual: tuple[Pyramid, ...] | None = None
    pair: Pair | None = None
    note: str = ""
    generated: tuple[Pyramid, ...] | None = None
    made: Pair | None = None


def sensors_of(virtual: ImuRecording | None, loaded: LoadedClip) -> tuple[str, ...]:
    """Sensors that have a signal, virtual ones first."""
    real = (name for each in loaded.recordings for name in each.recording.sensors)
    return tuple(dict.fromkeys((*(virtual.sensors if virtual is not None else ()), *real)))


def current_ref(clip: Clip, recording: LoadedRecording) -> RecordingRef:
    """The clip's present word on a recording: its alignment changes after the samples are read."""
    return next((r for r in clip.recordings if r.source == recording.ref.source), recording.ref)


@dataclass(frozen=True, eq=False)
class RealSide:
    """What a recording measured at one sensor: the half of a comparison that stays as it is
    while a virtual sensor is moved.

    Attributes
    ----------
    recording : ImuRecording
        Of that sensor alone, its mounting rotation applied.
    times_s : (T,) clip times
    vectors : (T, 3), NaN where a sample is not valid
    curves : of x, y, z and the norm
    """

    recording: ImuRecording
    times_s: FloatArray
    vectors: FloatArray
    curves: tuple[Pyramid, ...]


def real_side(loaded: LoadedClip, clip: Clip, sensor: str, quantity: Quantity) -> RealSide | None:
    """The recorded signal of a sensor on the clip's clock, under the clip's present alignment."""
    for each in loaded.recordings:
        if sensor not in each.recording.sensors or _none(each.recording, quantity):
            continue
        ref = current_ref(clip, each)
        recording = mounted(_only(each.recording, sensor, quantity), ref.alignment)
        times_s, vectors = each.times_on(ref), _vectors(recording, sensor, quantity)
        return RealSide(recording, times_s, vectors, _curves(times_s, vectors))
    return None


def channels_of(
    virtual: ImuRecording | None, real: RealSide | None, sensor: str, quantity: Quantity
) -> Channels:
    """The signals of one sensor, compared at the moments of the real samples."""
    curves = None
    if virtual is not None and (sensor not in virtual.sensors or _none(virtual, quantity)):
        virtual = None
    if virtual is not None:
        virtual = _only(virtual, sensor, quantity)
        curves = _curves(virtual.times_s, _vectors(virtual, sensor, quantity))
    if real is None or virtual is None:
        return Channels(curves, None if real is None else real.curves)
    note = _difference(virtual, real.recording, quantity)
    if note:
        return Channels(curves, real.curves, note=note)
    sampled = at_times(virtual, real.times_s)
    mask = sampled.valid_mask & real.recording.valid_mask
    pair = Pair(real.times_s, _vectors(sampled, sensor, quantity), real.vectors, mask)
    residual = _curves(real.times_s, pair.real - pair.virtual)
    return Channels(curves, real.curves, residual, pair)


def with_generated(
    channels: Channels,
    generated: ImuRecording | None,
    real: RealSide | None,
    sensor: str,
    quantity: Quantity,
) -> Channels:
    """The same and what a model has made of the motion; as it was where that lacks the signal."""
    alone = channels_of(generated, real, sensor, quantity)
    return replace(channels, generated=alone.virtual, made=alone.pair)


def _none(recording: ImuRecording, quantity: Quantity) -> bool:
    return quantity is ANGULAR_VELOCITY and recording.gyro_radps is None


def _only(recording: ImuRecording, sensor: str, quantity: Quantity) -> ImuRecording:
    """One sensor of a recording and what the quantity needs: the rest would only cost time."""
    i = recording.sensor_index(sensor)
    gyro = recording.gyro_radps if quantity is ANGULAR_VELOCITY else None
    return replace(
        recording,
        sensors=(sensor,),
        acc_mps2=recording.acc_mps2[:, [i]],
        gyro_radps=None if gyro is None else gyro[:, [i]],
        orientation_wxyz=None,
    )


def _vectors(recording: ImuRecording, sensor: str, quantity: Quantity) -> FloatArray:
    """(T, 3) of a sensor, NaN where a sample is not valid."""
    is_rate = quantity is ANGULAR_VELOCITY
    values = recording.gyro_radps if is_rate else recording.acc_mps2
    assert values is not None
    vectors = np.array(values[:, recording.sensor_index(sensor)])
    vectors[~recording.valid_mask] = np.nan
    return vectors


def _difference(virtual: ImuRecording, real: ImuRecording, quantity: Quantity) -> str:
    if virtual.frame != real.frame:
        return f"not comparable: real is in the {real.frame} frame"
    if quantity is ACCELERATION and virtual.with_gravity != real.with_gravity:
        return (
            "not comparable: real has gravity taken out"
            if virtual.with_gravity
            else ("not comparable: virtual has gravity taken out")
        )
    return ""


def _curves(times_s: FloatArray, vectors: FloatArray) -> tuple[Pyramid, ...]:
    """Pyramids of x, y, z and the norm of (T, 3) vectors."""
    steps = np.diff(times_s)
    if len(steps):
        pauses = np.flatnonzero(steps > _GAP_PERIODS * np.median(steps)) + 1
        middles = 0.5 * (times_s[pauses - 1] + times_s[pauses])
        times_s = np.insert(times_s, pauses, middles)
        vectors = np.insert(vectors, pauses, np.nan, axis=0)
    norm = np.sqrt(np.sum(vectors * vectors, axis=1))
    return tuple(Pyramid(times_s, values) for values in (*vectors.T, norm))
