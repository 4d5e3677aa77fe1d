"""What two parts of the data share that they must not: counted, so that it can be shown.

The same network on the same data scored .990 with random windows and .857 by subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray, IntArray
from harstudio.learn.data.windows import WindowSet

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = (TRAIN, VALIDATION, TEST)

CLIP, SUBJECT, MOVEMENT, SAMPLES = "clip", "subject", "movement", "samples"
UNKNOWN_SUBJECT, MADE_UP, SCALER = "unknown_subject", "made_up", "scaler"
COPIES, UNKNOWN_TRAINING = "copies", "unknown_training"


@dataclass(frozen=True)
class Leak:
    """Something that lets a model see what it is judged on.

    Attributes
    ----------
    kind : str
        ``clip``, ``subject``, ``samples`` (windows that overlap in time), ``movement`` (one
        performance on two bodies, mirrored, or at another pace), ``unknown_subject``,
        ``made_up`` (windows that were never recorded judge the model), ``scaler``, ``copies``
        (windows of different clips that are the same to the bit), or ``unknown_training`` (nobody
        can tell what the model was trained on).
    parts : the parts that share it
    count : int
        How many clips, subjects, movements or windows are shared.
    windows : int
        How many windows of the last of `parts` it touches.
    text : str
        For a person.
    """

    kind: str
    parts: tuple[str, ...]
    count: int
    windows: int
    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def flatters(self) -> bool:
        """Whether it makes the figures of the test part too good, not only the choice of epoch."""
        return TEST in self.parts

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "parts": list(self.parts)}


def leaks_between(windows: WindowSet, parts: Mapping[str, IntArray]) -> tuple[Leak, ...]:
    """What parts share, with counts; empty if nothing.

    Clips, subjects, movements, and raw samples (windows of one clip that overlap in time,
    whichever sensor or made-up person they come from). An interpolated window shares what either
    of its parents does. Windows of different clips whose signals are the same to the bit: one
    recording that was brought in twice. Windows without a subject are told too: nobody can say
    they are disjoint.

    Parameters
    ----------
    windows : WindowSet
    parts : mapping of ``train``, ``validation`` and ``test`` to indices of windows
    """
    found: list[Leak] = []
    shown = {part: _shown(windows, parts[part]) for part in PARTS if len(parts.get(part, ()))}
    pairs = ((TRAIN, VALIDATION), (TRAIN, TEST), (VALIDATION, TEST))
    for first, second in pairs:
        if first in shown and second in shown:
            found += _shared(windows, (first, second), shown[first], shown[second])
            overlapping = int(_overlapping(windows, shown[second], shown[first]).sum())
            if overlapping:
                judged = counted(overlapping, f"{second} window")
                text = f"{first} and {second} share samples: {judged}"
                found.append(Leak(SAMPLES, (first, second), overlapping, overlapping, text))
            found += _copies(windows, (first, second), parts[first], parts[second])
    found += _made_up(windows, parts)
    nameless = [i for i, name in enumerate(windows.subjects) if not name]
    unknown = int(np.isin(windows.subject_index, nameless).sum())
    if unknown and TEST in shown:
        text = f"the subject of {counted(unknown, 'window')} is unknown"
        found.append(Leak(UNKNOWN_SUBJECT, (TEST,), unknown, unknown, text))
    return tuple(found)


def overlaps(windows: WindowSet, index: IntArray, others: IntArray) -> BoolArray:
    """(len(index),) bool: the window shares time with one of `others` of the same clip."""
    return _overlapping(windows, _shown(windows, index), _shown(windows, others))


def counted(number: int, noun: str) -> str:
    """``1 clip``, ``2 clips``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class _Shown(NamedTuple):
    """What windows show: one row each, and a second one for those with two parents.

    `row` says which of the `total` windows it is.
    """

    total: int
    row: IntArray
    clip: IntArray
    subject: IntArray
    start_s: FloatArray
    end_s: FloatArray


def _shown(windows: WindowSet, index: IntArray) -> _Shown:
    row = np.arange(len(index))
    own = (
        windows.clip_index[index],
        windows.subject_index[index],
        windows.start_s[index],
        windows.end_s[index],
    )
    if windows.partners is None:
        return _Shown(len(index), row, *own)
    two = windows.interpolated[index]
    other = windows.partners.taken(index[two])
    return _Shown(
        len(index),
        np.concatenate([row, row[two]]),
        np.concatenate([own[0], other.clip_index]),
        np.concatenate([own[1], other.subject_index]),
        np.concatenate([own[2], other.start_s]),
        np.concatenate([own[3], other.end_s]),
    )


def _shared(
    windows: WindowSet, parts: tuple[str, str], first: _Shown, second: _Shown
) -> list[Leak]:
    """Clips, subjects and movements that occur in both."""
    found = []
    movements, movement = np.unique(windows.movements, return_inverse=True)
    clips = np.intersect1d(first.clip, second.clip)
    for kind, names, a, b in (
        (CLIP, windows.clip_names, first.clip, second.clip),
        (SUBJECT, windows.subjects, first.subject, second.subject),
        (MOVEMENT, tuple(movements), movement[first.clip], movement[second.clip]),
    ):
        shared = [int(u) for u in np.intersect1d(a, b) if names[u]]
        if kind == MOVEMENT:  # a clip that both hold is told already
            told = set(movement[clips].tolist())
            shared = [u for u in shared if u not in told]
        if not shared:
            continue
        touched = len(np.unique(second.row[np.isin(b, shared)]))
        judged = counted(touched, f"{parts[1]} window")
        if kind == MOVEMENT:
            both = np.isin(movement, shared)
            used = np.isin(np.arange(len(both)), np.concatenate([first.clip, second.clip]))
            named = [windows.clip_names[i] for i in np.flatnonzero(both & used)]
            what = f"share {counted(len(shared), kind)}, as different clips"
        else:
            named = [names[u] for u in shared]
            what = f"share {counted(len(shared), kind)}"
        text = f"{parts[0]} and {parts[1]} {what} ({listed(named)}): {judged}"
        found.append(Leak(kind, parts, len(shared), touched, text))
    return found


def _copies(
    windows: WindowSet, parts: tuple[str, str], first: IntArray, second: IntArray
) -> list[Leak]:
    """Windows that a part holds, and another clip in the other part as well, to the bit."""
    twins, clips = windows.twins, len(windows.clip_ids)
    a, b = (index[twins[index] >= 0] for index in (first, second))
    if not len(a) or not len(b):
        return []
    held = np.unique(twins[a] * clips + windows.clip_index[a])
    holders = np.bincount(held // clips, minlength=int(twins.max()) + 1)
    own = np.isin(twins[b] * clips + windows.clip_index[b], held)
    b = b[holders[twins[b]] > own]
    if not len(b):
        return []
    both = np.concatenate([a[np.isin(twins[a], twins[b])], b])
    named = [windows.clip_names[i] for i in np.unique(windows.clip_index[both])]
    judged = counted(len(b), f"{parts[1]} window")
    text = f"{parts[0]} and {parts[1]} hold the same signals in clips {listed(named)}: {judged}"
    return [Leak(COPIES, parts, len(b), len(b), text)]


def _made_up(windows: WindowSet, parts: Mapping[str, IntArray]) -> list[Leak]:
    """Windows that judge a model and were never recorded."""
    found = []
    made_up = windows.interpolated | (windows.variant > 0)
    for part in (VALIDATION, TEST):
        count = int(made_up[parts[part]].sum()) if len(parts.get(part, ())) else 0
        if count:
            text = f"{part} holds {counted(count, 'made-up window')}"
            found.append(Leak(MADE_UP, (part,), count, count, text))
    return found


def _overlapping(windows: WindowSet, these: _Shown, others: _Shown) -> BoolArray:
    """Which windows of `these` share time with `others` of the same clip."""
    result = np.zeros(these.total, bool)
    if len(others.row) == 0 or len(these.row) == 0:
        return result
    slack = 0.25 / windows.rate_hz
    # Clips laid one after the other on a single line, so that one search does for all.
    first = np.full(len(windows.clip_ids), np.inf)
    for shown in (these, others):
        np.minimum.at(first, shown.clip, shown.start_s)
    longest = max(float((s.end_s - first[s.clip]).max()) for s in (these, others))
    place = np.arange(len(first)) * (longest + 1.0) - first

    starts = np.sort(others.start_s + place[others.clip])
    ends = np.sort(others.end_s + place[others.clip])
    # Of the others, those that begin before this one ends, less those over before it begins.
    begun = np.searchsorted(starts, these.end_s + place[these.clip] - slack)
    over = np.searchsorted(ends, these.start_s + place[these.clip] + slack, side="right")
    np.logical_or.at(result, these.row, begun > over)
    return result


def listed(names: Iterable[str], most: int = 5) -> str:
    """``a, b, c, d, e and 3 more``."""
    told = list(names)
    rest = len(told) - most
    return ", ".join(told[:most]) + (f" and {rest} more" if rest > 0 else "")
