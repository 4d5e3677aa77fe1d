"""Windows: fixed stretches of signal with one label each, and where each came from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray, IntArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.learn.data.channels import Float32Array as Float32Array
from harstudio.learn.splitting.copies import twins

_PER_WINDOW = (
    "codes", "clip_index", "subject_index", "start_s", "end_s", "real", "variant", "weight",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Partners:
    """The second parents of windows that were made by interpolation, beside their first.

    Attributes
    ----------
    clip_index, subject_index : (N,) arrays
        As in `WindowSet`; -1 where a window was cut from a recording, and has none.
    start_s, end_s : (N,) arrays, s
    """

    clip_index: IntArray
    subject_index: IntArray
    start_s: FloatArray
    end_s: FloatArray

    def __post_init__(self) -> None:
        for name in ("clip_index", "subject_index"):
            object.__setattr__(self, name, readonly(getattr(self, name), np.int64))
        for name in ("start_s", "end_s"):
            object.__setattr__(self, name, readonly(getattr(self, name)))

    @classmethod
    def none(cls, count: int) -> Partners:
        """For windows that were all cut."""
        nowhere, never = np.full(count, -1), np.zeros(count)
        return cls(nowhere, nowhere, never, never)

    def taken(self, index: IntArray | BoolArray) -> Partners:
        return Partners(
            self.clip_index[index],
            self.subject_index[index],
            self.start_s[index],
            self.end_s[index],
        )


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
    weight : (N,) array, 0 or more
        How much a window counts in training: how far its label can be believed; 1 unless told.
    partners : Partners or None
        Set where some windows were made by interpolation; those are for training only, too.
    clip_names : names for people, one for each of `clip_ids`; the ids unless told
    movements : names, one for each of `clip_ids`
        Clips of the same one show the same movement, on another body, mirrored, or at another
        pace; each clip its own unless told.

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
    weight: FloatArray = field(default_factory=lambda: np.zeros(0))
    partners: Partners | None = None
    clip_names: tuple[str, ...] = ()
    movements: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        signals = readonly(self.signals, np.float32)
        if signals.ndim != 3 or signals.shape[2] != len(self.channels):
            raise HarstudioError(
                f"windows: got shape {signals.shape}, expected (any, any, {len(self.channels)})"
            )
        object.__setattr__(self, "signals", signals)
        if np.size(self.variant) == 0:
            object.__setattr__(self, "variant", np.zeros(len(signals), np.int64))
        if np.size(self.weight) == 0:
            object.__setattr__(self, "weight", np.ones(len(signals)))
        for name in ("clip_names", "movements"):
            told = tuple(getattr(self, name)) or self.clip_ids
            if len(told) != len(self.clip_ids):
                raise HarstudioError(
                    f"windows: {len(told)} {name}, expected {len(self.clip_ids)}, one for each clip"
                )
            object.__setattr__(self, name, told)
        columns = (
            ("codes", np.int64, len(self.labels)),
            ("clip_index", np.int64, len(self.clip_ids)),
            ("subject_index", np.int64, len(self.subjects)),
            ("start_s", np.float64, None),
            ("end_s", np.float64, None),
            ("real", np.bool_, None),
            ("variant", np.int64, None),
            ("weight", np.float64, None),
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
        if not (self.weight >= 0).all() or not np.isfinite(self.weight).all():
            raise HarstudioError("windows: a weight is negative, or no number")
        if self.partners is not None and len(self.partners.start_s) != len(signals):
            raise HarstudioError(
                f"windows: partners of {len(self.partners.start_s)}, expected {len(signals)}"
            )

    def __len__(self) -> int:
        return len(self.signals)

    @property
    def window_samples(self) -> int:
        return int(self.signals.shape[1])

    def taken(self, index: IntArray | BoolArray) -> WindowSet:
        """Some of the windows, by index or mask, in that order; names stay."""
        return replace(
            self,
            signals=sealed(self.signals[index]),
            partners=None if self.partners is None else self.partners.taken(index),
            **{name: getattr(self, name)[index] for name in _PER_WINDOW},
        )

    @cached_property
    def twins(self) -> IntArray:
        """(N,) see `learn.copies.twins`."""
        return twins(self.signals, self.clip_index)

    @property
    def interpolated(self) -> BoolArray:
        """(N,) which windows were made by interpolation between two others."""
        if self.partners is None:
            return np.zeros(len(self), bool)
        return np.asarray(self.partners.clip_index >= 0)

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
        if (self.weight != 1.0).any():
            digest.update(self.weight.data)
        return digest.hexdigest()


def joined(sets: Sequence[WindowSet]) -> WindowSet:
    """Window sets one after the other; clips and subjects of the same name become one.

    Raises
    ------
    HarstudioError
        No sets, sets that differ in labels, channels, rate or window length, or interpolated
        windows: those are made last.
    """
    if not sets:
        raise HarstudioError("no windows: nothing to join")
    if any(s.partners is not None for s in sets):
        raise HarstudioError("windows: interpolated ones cannot be joined", "join, then up-sample")
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
        signals=sealed(np.concatenate([s.signals for s in sets])),
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
        weight=np.concatenate([s.weight for s in sets]),
        clip_names=_by_clip(clip_ids, [(s.clip_ids, s.clip_names) for s in sets]),
        movements=_by_clip(clip_ids, [(s.clip_ids, s.movements) for s in sets]),
    )


def _by_clip(
    clip_ids: tuple[str, ...], columns: list[tuple[tuple[str, ...], tuple[str, ...]]]
) -> tuple[str, ...]:
    """What is told of each clip; the first to tell is believed."""
    told: dict[str, str] = {}
    for ids, values in columns:
        for clip_id, value in zip(ids, values, strict=True):
            told.setdefault(clip_id, value)
    return tuple(told[clip_id] for clip_id in clip_ids)


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


def sealed(array: Float32Array) -> Float32Array:
    """Mark an array of our own read-only, so that no second copy is made of it."""
    array.flags.writeable = False
    return array


def _names(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
