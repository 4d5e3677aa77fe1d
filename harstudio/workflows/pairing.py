"""A clip's virtual and real signals of the same sensor at the same moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.labels import LabelTrack
from harstudio.core.project import Clip, Project
from harstudio.core.timebase import Alignment, clip_time
from harstudio.imu.align import AlignmentFit
from harstudio.imu.compare import mounted
from harstudio.imu.frames import is_sensed, sensed
from harstudio.imu.lag import MAX_LAG_S
from harstudio.imu.resample import on_grid
from harstudio.imu.simulate import SimulationOptions
from harstudio.workflows.aligning import aligned_clip, is_aligned
from harstudio.workflows.loading import LoadedClip, LoadedRecording, load_clip

ACC, GYRO = "acc", "gyro"
UNITS = {ACC: "m/s2", GYRO: "rad/s"}
_FIELDS = {ACC: "acc_mps2", GYRO: "gyro_radps"}

STORED = "stored"
FITTED = "fitted for this comparison"


@dataclass(frozen=True, eq=False)
class Pair:
    """Virtual and real signal of one sensor on one regular grid: the virtual one's.

    Attributes
    ----------
    clip, subject, recording : str
        Names; the recording's is its file's.
    sensor : str
    quantity : str
        ``acc`` or ``gyro``.
    rate_hz : float
    times_s : (T,) array, s, on the clip's clock
    virtual, real : (T, 3) arrays, m/s2 or rad/s, in the virtual sensor's axes
    valid : (T,) bool array
        Both are.
    track : LabelTrack
    alignment : Alignment
    aligned : str
        ``stored`` in the project, or ``fitted for this comparison`` because there was none.
    ambiguous : str
        Why the fit that it is from may be wrong; empty if a person has moved it since.
    """

    clip: str
    subject: str
    recording: str
    sensor: str
    quantity: str
    rate_hz: float
    times_s: FloatArray
    virtual: FloatArray
    real: FloatArray
    valid: BoolArray
    track: LabelTrack
    alignment: Alignment
    aligned: str
    ambiguous: str = ""

    @property
    def unit(self) -> str:
        return UNITS[self.quantity]

    @property
    def is_fresh(self) -> bool:
        """The alignment was fitted for this comparison."""
        return self.aligned == FITTED

    def wearing(self, label: str) -> BoolArray:
        """(T,) where the clip has that label and both signals are valid."""
        mask: BoolArray = self.valid & (self.track.codes(self.times_s, (label,)) == 0)
        return mask


def paired_clip(
    project: Project, folder: Path, clip: Clip, options: SimulationOptions | None = None
) -> tuple[Pair, ...]:
    """Pairs of a clip: of each of its recordings, each sensor, acceleration and angular velocity.

    Recordings that were never aligned are aligned first; the project is not changed.

    Parameters
    ----------
    folder : Path
        Of the project file.
    options : SimulationOptions, optional
        The physical preset at the project's rate unless told.

    Raises
    ------
    HarstudioError
        As `load_clip` and `aligned_clip`, or no recording overlaps the motion.
    """
    loaded = load_clip(project, clip, folder, options)
    if loaded.virtual is None or not loaded.recordings:
        raise HarstudioError(f"clip {clip.name!r}: comparing needs a motion and a recording of it")
    aligned, fits = aligned_clip(loaded, only_new=True)
    return pairs_of(loaded, aligned, fits)


def pairs_of(
    loaded: LoadedClip, aligned: Clip, fits: Sequence[AlignmentFit] = ()
) -> tuple[Pair, ...]:
    """Pairs of a loaded clip under the alignments of `aligned`.

    Parameters
    ----------
    loaded : LoadedClip
        With virtual signals that a strapped-on sensor would read, on a regular grid.
    aligned : Clip
        The same clip, with the alignments to use.
    fits : sequence of AlignmentFit
        Of the recordings that were not aligned before, in order.

    Raises
    ------
    HarstudioError
        There are no virtual signals, a recording cannot be brought into the sensors' axes, or
        none overlaps the motion.
    """
    virtual, fresh = loaded.virtual, iter(fits)
    if virtual is None:
        raise HarstudioError(f"clip {aligned.name!r}: has no motion to compare with")
    if not is_sensed(virtual):
        raise HarstudioError(
            "comparing: virtual signals in the world frame, expected what a strapped-on sensor "
            "reads",
            "choose the preset 'physical'",
        )
    pairs: list[Pair] = []
    for item, ref in zip(loaded.recordings, aligned.recordings, strict=True):
        fit = next(fresh, None) if not is_aligned(item.ref) else None
        real = _on_clip(item, ref.alignment, virtual.times_s)
        common = [name for name in virtual.sensors if name in real.sensors]
        valid = virtual.valid_mask & real.valid_mask
        if not valid.any():
            continue
        for sensor in common:
            for quantity in (ACC, GYRO):
                signals = [_signal(each, sensor, quantity) for each in (virtual, real)]
                if signals[0] is None or signals[1] is None:
                    continue
                pairs.append(
                    Pair(
                        clip=aligned.name,
                        subject=aligned.subject,
                        recording=Path(ref.source.path).stem,
                        sensor=sensor,
                        quantity=quantity,
                        rate_hz=virtual.rate_hz,
                        times_s=virtual.times_s,
                        virtual=signals[0],
                        real=signals[1],
                        valid=valid,
                        track=aligned.labels,
                        alignment=ref.alignment,
                        aligned=STORED if fit is None else FITTED,
                        ambiguous=ref.alignment.doubt,
                    )
                )
    if not pairs:
        raise HarstudioError(
            f"clip {aligned.name!r}: no recording overlaps its motion with a sensor in common",
            "check the alignment and the names of the sensors",
        )
    return tuple(pairs)


@dataclass(frozen=True, eq=False)
class Pool:
    """Several pairs behind one another, apart by more than any lag that is sought.

    Attributes
    ----------
    virtual, real : (T, 3) arrays
    valid : (T,) bool array
    """

    virtual: FloatArray
    real: FloatArray
    valid: BoolArray


def pooled(pairs: Sequence[Pair], label: str = "") -> Pool:
    """The samples of all pairs, or of a label in them; neither spectra nor lags cross over.

    Parameters
    ----------
    pairs : of one sensor, quantity and rate
    label : str
        Empty takes everything that is valid.
    """
    gap = int(MAX_LAG_S * pairs[0].rate_hz) + 1
    space = np.full((gap, 3), np.nan)
    virtual, real, valid = [], [], []
    for pair in pairs:
        mask = pair.wearing(label) if label else pair.valid
        used = np.flatnonzero(mask)
        if not len(used):
            continue
        cut = slice(int(used[0]), int(used[-1]) + 1)
        virtual += [pair.virtual[cut], space]
        real += [pair.real[cut], space]
        valid += [mask[cut], np.zeros(gap, dtype=bool)]
    if not valid:
        nothing = np.empty((0, 3))
        return Pool(nothing, nothing, np.empty(0, dtype=bool))
    return Pool(np.concatenate(virtual), np.concatenate(real), np.concatenate(valid))


def _on_clip(item: LoadedRecording, alignment: Alignment, times_s: FloatArray) -> ImuRecording:
    worn = mounted(sensed(item.recording), alignment)
    return on_grid(replace(worn, times_s=clip_time(alignment, item.recording.times_s)), times_s)


def _signal(recording: ImuRecording, sensor: str, quantity: str) -> FloatArray | None:
    values = getattr(recording, _FIELDS[quantity])
    return None if values is None else values[:, recording.sensor_index(sensor)]
