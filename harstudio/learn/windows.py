"""Windows: fixed stretches of signal with one label each, and where each came from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import BoolArray, FloatArray, IntArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.labels import LabelTrack
from harstudio.learn.config import CHANNELS, TrainingConfig

Float32Array = NDArray[np.float32]

_AXES = "xyz"


@dataclass(frozen=True, eq=False)
class WindowSet:
    """N windows of T samples and C channels.

    Attributes
    ----------
    signals : (N, T, C) float32 array, SI units, not normalised
    codes : (N,) array
        Index into `labels`.
    labels : K names
    channels : C names, ``<sensor> <signal>_<axis>``
    rate_hz : float
    clip_ids, subjects : the distinct names
    clip_index, subject_index : (N,) arrays
        Which of `clip_ids` and `subjects` each window belongs to.
    start_s, end_s : (N,) arrays, s, on the clip's clock, half-open
    real : (N,) bool array
        From a real sensor, rather than a virtual one.
    variant : (N,) array
        0: the person as recorded (all, unless told). 1 and up: another person who makes the same
        movement; such windows are for training and never judge a model.

    Raises
    ------
    HarstudioError
        Shapes or indices that do not fit together.
    """

    signals: Float32Array
    codes: IntArray
    labels: tuple[str, ...]
    channels: tuple[str, ...]
    rate_hz: float
    clip_ids: tuple[str, ...]
    clip_index: IntArray
    subjects: tuple[str, ...]
    subject_index: IntArray
    start_s: FloatArray
    end_s: FloatArray
    real: BoolArray
    variant: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        signals = readonly(self.signals, np.float32)
        if signals.ndim != 3 or signals.shape[2] != len(self.channels):
            raise HarstudioError(
                f"windows: got shape {signals.shape}, expected (any, any, {len(self.channels)})"
            )
        object.__setattr__(self, "signals", signals)
        if np.size(self.variant) == 0:
            object.__setattr__(self, "variant", np.zeros(len(signals), np.int64))
        columns = (
            ("codes", np.int64, len(self.labels)),
            ("clip_index", np.int64, len(self.clip_ids)),
            ("subject_index", np.int64, len(self.subjects)),
            ("start_s", np.float64, None),
            ("end_s", np.float64, None),
            ("real", np.bool_, None),
            ("variant", np.int64, None),
        )
        for name, dtype, count in columns:
            column = readonly(getattr(self, name), dtype)
            if column.shape != (len(signals),):
                raise HarstudioError(
                    f"windows: {name} has shape {column.shape}, expected ({len(signals)},)"
                )
            if count is not None and len(column) and not 0 <= column.min() <= column.max() < count:
                raise HarstudioError(f"windows: {name} outside 0 to {count - 1}")
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.signals)

    @property
    def window_samples(self) -> int:
        return int(self.signals.shape[1])

    def taken(self, index: IntArray | BoolArray) -> WindowSet:
        """Some of the windows, by index or mask, in that order; names stay."""
        return replace(
            self,
            signals=_sealed(self.signals[index]),
            codes=self.codes[index],
            clip_index=self.clip_index[index],
            subject_index=self.subject_index[index],
            start_s=self.start_s[index],
            end_s=self.end_s[index],
            real=self.real[index],
            variant=self.variant[index],
        )

    def relabelled(self, labels: tuple[str, ...]) -> WindowSet:
        """The same windows with `codes` pointing into other names.

        Raises
        ------
        HarstudioError
            A label in use is not among `labels`.
        """
        place = {label: i for i, label in enumerate(labels)}
        lookup = np.array([place.get(label, -1) for label in self.labels], np.int64)
        codes = lookup[self.codes] if len(self) else self.codes
        if (codes < 0).any():
            missing = self.labels[int(self.codes[codes < 0][0])]
            raise HarstudioError(f"windows: {missing!r} is not among {', '.join(labels)}")
        return replace(self, codes=codes, labels=tuple(labels))

    def used_labels(self) -> tuple[str, ...]:
        """The labels that at least one window has, in the order of `labels`."""
        return tuple(label for label, count in self.counts().items() if count)

    def counts(self) -> dict[str, int]:
        """Windows per label, in the order of `labels`."""
        counted = np.bincount(self.codes, minlength=len(self.labels))
        return {label: int(n) for label, n in zip(self.labels, counted, strict=True)}

    def clip_of(self, i: int) -> str:
        return self.clip_ids[int(self.clip_index[i])]

    def subject_of(self, i: int) -> str:
        return self.subjects[int(self.subject_index[i])]

    def fingerprint(self) -> str:
        """SHA-256 over signals, labels and provenance: the same windows give the same text."""
        digest = hashlib.sha256()
        for array in (self.signals, self.codes, self.start_s, self.end_s, self.real):
            digest.update(np.ascontiguousarray(array).data)
        names = (self.labels, self.channels, self.clip_ids, self.subjects, self.rate_hz)
        digest.update(repr(names).encode())
        digest.update(self.clip_index.data)
        digest.update(self.subject_index.data)
        if self.variant.any():
            digest.update(self.variant.data)
        return digest.hexdigest()


def cut_windows(
    recording: ImuRecording,
    track: LabelTrack,
    labels: tuple[str, ...],
    *,
    clip_id: str,
    subject: str,
    config: TrainingConfig,
    variant: int = 0,
) -> WindowSet:
    """Cut one recording into labelled windows.

    Windows start at the beginning of each uninterrupted run of valid samples. A window gets the
    label that most of its samples carry if that is at least `config.min_share` of them; others
    are left out, and so is every window that touches an invalid sample.

    Parameters
    ----------
    recording : ImuRecording
        At `config.rate_hz`, its times on the clip's clock.
    track : LabelTrack
        On the same clock.
    labels : names
        The classes; time under any other label (``unknown`` too, unless listed) is unlabelled.
    clip_id, subject : str
        Provenance, and the units of a split.
    config : TrainingConfig
    variant : int
        See `WindowSet`.

    Returns
    -------
    WindowSet, possibly of no windows

    Raises
    ------
    HarstudioError
        Another rate, a sensor or signal that the recording lacks, no labels, a label twice,
        a value beyond the range of float32.
    """
    if not labels or len(set(labels)) != len(labels):
        raise HarstudioError(f"labels: got {labels!r}, expected one or more distinct names")
    if recording.samples > 1 and abs(recording.rate_hz / config.rate_hz - 1.0) > 0.01:
        raise HarstudioError(
            f"clip {clip_id!r}: recorded at {recording.rate_hz:.2f} Hz, "
            f"expected {config.rate_hz:g} Hz",
            "resample it first",
        )
    signals, channels = _chosen(recording, config, clip_id)
    starts = _starts(recording, config)
    rows = starts[:, None] + np.arange(config.window_samples)
    codes, share = _majority(track.codes(recording.times_s, labels)[rows], len(labels))
    kept = (codes >= 0) & (share >= config.min_share - 1e-9)
    starts, rows, codes = starts[kept], rows[kept], codes[kept]
    start_s = recording.times_s[starts]
    count = len(starts)
    cut = signals[rows]
    if not np.isfinite(cut).all():
        raise HarstudioError(f"clip {clip_id!r}: a signal is too large to be an acceleration")
    return WindowSet(
        signals=_sealed(cut),
        codes=codes,
        labels=tuple(labels),
        channels=channels,
        rate_hz=config.rate_hz,
        clip_ids=(clip_id,),
        clip_index=np.zeros(count, np.int64),
        subjects=(subject,),
        subject_index=np.zeros(count, np.int64),
        start_s=start_s,
        end_s=start_s + config.window_samples / config.rate_hz,
        real=np.full(count, recording.kind == "real"),
        variant=np.full(count, variant),
    )


def joined(sets: Sequence[WindowSet]) -> WindowSet:
    """Window sets one after the other; clips and subjects of the same name become one.

    Raises
    ------
    HarstudioError
        No sets, or sets that differ in labels, channels, rate or window length.
    """
    if not sets:
        raise HarstudioError("no windows: nothing to join")
    first = sets[0]
    shape = first.signals.shape[1:]
    for other in sets[1:]:
        for what, a, b in (
            ("labels", first.labels, other.labels),
            ("channels", first.channels, other.channels),
            ("rate", first.rate_hz, other.rate_hz),
            ("window shape", shape, other.signals.shape[1:]),
        ):
            if a != b:
                raise HarstudioError(f"windows: {what} differ, {_names(a)} and {_names(b)}")
    clip_ids, clip_index = _merged([(s.clip_ids, s.clip_index) for s in sets])
    subjects, subject_index = _merged([(s.subjects, s.subject_index) for s in sets])
    return WindowSet(
        signals=_sealed(np.concatenate([s.signals for s in sets])),
        codes=np.concatenate([s.codes for s in sets]),
        labels=first.labels,
        channels=first.channels,
        rate_hz=first.rate_hz,
        clip_ids=clip_ids,
        clip_index=clip_index,
        subjects=subjects,
        subject_index=subject_index,
        start_s=np.concatenate([s.start_s for s in sets]),
        end_s=np.concatenate([s.end_s for s in sets]),
        real=np.concatenate([s.real for s in sets]),
        variant=np.concatenate([s.variant for s in sets]),
    )


def _chosen(
    recording: ImuRecording, config: TrainingConfig, clip_id: str
) -> tuple[Float32Array, tuple[str, ...]]:
    """(T, C) float32 of the chosen sensors and signals, and the channels' names."""
    sensors = config.sensors or recording.sensors
    known = {"acc": recording.acc_mps2, "gyro": recording.gyro_radps}
    columns, names = [], []
    for sensor in sensors:
        place = recording.sensor_index(sensor)
        for signal in CHANNELS[config.channels]:
            values = known[signal]
            if values is None:
                raise HarstudioError(
                    f"clip {clip_id!r}: its {recording.kind} recording has no {signal}",
                    "choose the channels acc",
                )
            with np.errstate(over="ignore"):
                columns.append(values[:, place].astype(np.float32))
            names += [f"{sensor} {signal}_{axis}" for axis in _AXES]
    return np.concatenate(columns, axis=1), tuple(names)


def _starts(recording: ImuRecording, config: TrainingConfig) -> IntArray:
    """Index of each window's first sample: windows lie inside runs of valid, gapless samples."""
    valid = recording.valid_mask
    gap = np.diff(recording.times_s) > 1.5 / config.rate_hz
    breaks = np.flatnonzero((valid[1:] != valid[:-1]) | gap) + 1
    edges = np.concatenate([[0], breaks, [recording.samples]])
    starts = [
        np.arange(first, stop - config.window_samples + 1, config.step_samples)
        for first, stop in pairwise(edges)
        if valid[first]
    ]
    return np.concatenate([np.zeros(0, np.int64), *starts]).astype(np.int64)


def _majority(codes: IntArray, classes: int) -> tuple[IntArray, FloatArray]:
    """Most frequent label of each window (-1 where no sample has one), and its share.

    codes : (N, T), -1 where unlabelled.
    """
    count = len(codes)
    flat = (codes + np.arange(count)[:, None] * (classes + 1) + 1).ravel()
    votes = np.bincount(flat, minlength=count * (classes + 1)).reshape(count, classes + 1)[:, 1:]
    best = votes.argmax(axis=1) if count else np.zeros(0, np.int64)
    most = votes[np.arange(count), best]
    return np.where(most > 0, best, -1), most / max(1, codes.shape[1])


def _merged(
    columns: list[tuple[tuple[str, ...], IntArray]],
) -> tuple[tuple[str, ...], IntArray]:
    """One set of names for all, in order of appearance, with the indices rewritten."""
    place: dict[str, int] = {}
    parts = []
    for names, index in columns:
        lookup = np.array([place.setdefault(name, len(place)) for name in names], np.int64)
        parts.append(lookup[index])
    return tuple(place), np.concatenate(parts)


def _sealed(array: Float32Array) -> Float32Array:
    """Mark an array of our own read-only, so that no second copy is made of it."""
    array.flags.writeable = False
    return array


def _names(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
