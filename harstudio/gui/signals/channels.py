"""What the signal rows show of a clip: one sensor, one quantity, virtual and real on one clock."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.labels import LabelTrack
from harstudio.core.project import Clip, RecordingRef
from harstudio.core.timebase import clock_text
from harstudio.gui.signals.decimate import Pyramid
from harstudio.imu.compare import mounted, residual_metrics
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

    `note` says in a few words why virtual and real cannot be compared; empty if they can.
    """

    virtual: tuple[Pyramid, ...] | None = None
    real: tuple[Pyramid, ...] | None = None
    residual: tuple[Pyramid, ...] | None = None
    pair: Pair | None = None
    note: str = ""


def sensors_of(loaded: LoadedClip) -> tuple[str, ...]:
    """Sensors that have a signal, virtual ones first."""
    virtual = loaded.virtual.sensors if loaded.virtual is not None else ()
    real = (name for each in loaded.recordings for name in each.recording.sensors)
    return tuple(dict.fromkeys((*virtual, *real)))


def current_ref(clip: Clip, recording: LoadedRecording) -> RecordingRef:
    """The clip's present word on a recording: its alignment changes after the samples are read."""
    return next((r for r in clip.recordings if r.source == recording.ref.source), recording.ref)


def channels_of(loaded: LoadedClip, clip: Clip, sensor: str, quantity: Quantity) -> Channels:
    """The signals of one sensor on the clip's clock, under the clip's present alignment."""
    virtual = loaded.virtual
    if virtual is not None and (sensor not in virtual.sensors or _none(virtual, quantity)):
        virtual = None
    recording = next(
        (
            each
            for each in loaded.recordings
            if sensor in each.recording.sensors and not _none(each.recording, quantity)
        ),
        None,
    )
    curves = None
    if virtual is not None:
        curves = _curves(virtual.times_s, _vectors(virtual, sensor, quantity))
    if recording is None:
        return Channels(curves)
    ref = current_ref(clip, recording)
    real = mounted(recording.recording, ref.alignment)
    times_s = recording.times_on(ref)
    real_vectors = _vectors(real, sensor, quantity)
    real_curves = _curves(times_s, real_vectors)
    if virtual is None:
        return Channels(None, real_curves)
    note = _difference(virtual, real, quantity)
    if note:
        return Channels(curves, real_curves, note=note)
    sampled = at_times(_only(virtual, sensor), times_s)
    mask = sampled.valid_mask & real.valid_mask
    pair = Pair(times_s, _vectors(sampled, sensor, quantity), real_vectors, mask)
    residual = _curves(times_s, pair.real - pair.virtual)
    return Channels(curves, real_curves, residual, pair)


@dataclass(frozen=True)
class Readout:
    """How well real and virtual agree: in one line, and axis by axis."""

    text: str = ""
    details: str = ""


def readout(
    channels: Channels, start_s: float, end_s: float, unit: str, track: LabelTrack
) -> Readout:
    """Agreement over a stretch; without both signals, why there is none.

    The line has the RMSE over all three axes and the mean of their correlations.
    """
    pair = channels.pair
    if pair is None:
        return Readout(channels.note)
    first, stop = np.searchsorted(pair.times_s, (start_s, end_s))
    try:
        metrics = residual_metrics(
            pair.virtual[first:stop], pair.real[first:stop], pair.mask[first:stop]
        )
    except HarstudioError:
        return Readout("virtual and real do not overlap here")
    rmse = float(np.sqrt(np.mean(np.square(metrics.rmse))))
    defined = [r for r in metrics.r if np.isfinite(r)]
    r = f"{np.mean(defined):.2f}" if defined else "undefined"
    name = label_over(track, start_s, end_s)
    text = f"RMSE {rmse:.2f} {unit}, r {r} over {clock_text(start_s)}-{clock_text(end_s)}"
    details = [f"{metrics.samples} samples; r is the mean of x, y and z"]
    details += [
        f"{axis}: RMSE {metrics.rmse[i]:.2f} {unit}, r {metrics.r[i]:.2f}"
        for i, axis in enumerate(ROWS[:3])
    ]
    return Readout(f"{text} ({name})" if name else text, "\n".join(details))


def label_over(track: LabelTrack, start_s: float, end_s: float) -> str:
    """The label of a stretch: its name if there is only one, else how many; empty for none."""
    names = sorted({segment.label for segment in track.within(start_s, end_s)})
    if len(names) > 1:
        return f"{len(names)} labels"
    return names[0] if names else ""


def _none(recording: ImuRecording, quantity: Quantity) -> bool:
    return quantity is ANGULAR_VELOCITY and recording.gyro_radps is None


def _only(recording: ImuRecording, sensor: str) -> ImuRecording:
    """One sensor of a recording: what is compared need not drag the others along."""
    i = recording.sensor_index(sensor)
    gyro, orientation = recording.gyro_radps, recording.orientation_wxyz
    return replace(
        recording,
        sensors=(sensor,),
        acc_mps2=recording.acc_mps2[:, [i]],
        gyro_radps=None if gyro is None else gyro[:, [i]],
        orientation_wxyz=None if orientation is None else orientation[:, [i]],
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
