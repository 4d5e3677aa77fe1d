"""Which windows train, which validate, which test: decided on subjects or clips, never windows.

A window shares samples with its neighbours, and its clip and subject with many more. The same
network on the same data scored .990 with random windows and .857 by subject.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray, IntArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.learn.config import BY_CLIP, BY_SUBJECT, RANDOM_WINDOWS, TrainingConfig
from harstudio.learn.windows import WindowSet

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = (TRAIN, VALIDATION, TEST)

_TITLES = {
    BY_SUBJECT: "by subject",
    BY_CLIP: "by clip",
    RANDOM_WINDOWS: "random windows (leaks: diagnostic only)",
}
_FIRST = (TRAIN, TEST, VALIDATION)
"""Which part gets a class's first, second and third unit."""


@dataclass(frozen=True, eq=False)
class Split:
    """Indices of the windows of each part.

    Attributes
    ----------
    train, validation, test : arrays of indices, ascending and disjoint
    kind : str
        How it was made: ``subject``, ``clip``, ``random_windows``.
    units : mapping of part to the subjects or clips in it; empty for random windows
    notes : what a reader of the results must know
    varied : int
        How many of the training windows are of made-up people.
    """

    train: IntArray
    validation: IntArray
    test: IntArray
    kind: str
    units: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()
    varied: int = 0

    def __post_init__(self) -> None:
        for part in PARTS:
            object.__setattr__(self, part, readonly(np.sort(getattr(self, part)), np.int64))

    def part(self, name: str) -> IntArray:
        """Indices of ``train``, ``validation`` or ``test``."""
        index: IntArray = {TRAIN: self.train, VALIDATION: self.validation, TEST: self.test}[name]
        return index

    @property
    def text(self) -> str:
        """One line for a person: how it was made and how much is in each part."""
        noun = "subject" if self.kind == BY_SUBJECT else "clip"
        sizes = [
            counted(len(self.part(part)), "window")
            + (f" of {counted(len(self.units[part]), noun)}" if self.units.get(part) else "")
            + f" in {part}"
            + (f" ({self.varied} by made-up people)" if part == TRAIN and self.varied else "")
            for part in PARTS
            if len(self.part(part))
        ]
        return f"{_TITLES.get(self.kind, self.kind)}: {', '.join(sizes)}"

    def fingerprint(self) -> str:
        """SHA-256 over the indices of all parts."""
        digest = hashlib.sha256(self.kind.encode())
        for part in PARTS:
            digest.update(part.encode() + self.part(part).tobytes())
        return digest.hexdigest()


def make_split(windows: WindowSet, config: TrainingConfig) -> Split:
    """Assign whole subjects or clips to the parts, so that each class is in each where possible.

    Greedy and seeded: classes in the fewest units come first; a class's first unit goes to
    training, its second to test, its third to validation, the others where most is missing.
    With two subjects, validation takes clips of the training subject; `Split.notes` says so.
    The windows of made-up people have no say in it: those that repeat training windows join the
    training part, the others are in no part.

    Parameters
    ----------
    windows : WindowSet
    config : TrainingConfig
        `split`, `test_share`, `validation_share`, `seed`.

    Raises
    ------
    HarstudioError
        No windows, or fewer than two subjects or clips.
    """
    if len(windows) == 0:
        raise HarstudioError("no labelled windows", "label clips, or use shorter windows")
    if windows.variant.any():
        return _with_made_up(windows, config)
    if config.split == RANDOM_WINDOWS:
        return _random_windows(windows, config)
    names, unit = _units(windows, config.split)
    shares = {
        TRAIN: 1.0 - config.test_share - config.validation_share,
        VALIDATION: config.validation_share,
        TEST: config.test_share,
    }
    table = unit_table(unit, windows.codes, len(names), len(windows.labels))
    part_of = assigned(table, shares, np.random.default_rng(config.seed))
    window_part = part_of[unit]
    if not (window_part == PARTS.index(TEST)).any():
        raise HarstudioError(
            f"cannot split by {config.split}: each class occurs in one {config.split} only, "
            "so that none is left to test on",
            "label a second one of at least one class",
        )
    notes: tuple[str, ...] = ()
    if config.validation_share > 0 and not (window_part == PARTS.index(VALIDATION)).any():
        window_part, notes = _borrowed_validation(windows, window_part, config)
    units = {
        part: tuple(sorted(names[u] for u in np.unique(unit[window_part == i])))
        for i, part in enumerate(PARTS)
    }
    index = [np.flatnonzero(window_part == i) for i in range(len(PARTS))]
    return Split(index[0], index[1], index[2], config.split, units, notes)


def _with_made_up(windows: WindowSet, config: TrainingConfig) -> Split:
    """The split of the windows as recorded, with made-up people added where they train."""
    recorded = np.flatnonzero(windows.variant == 0)
    bare = replace(windows, signals=windows.signals[:, :, :0], channels=())
    split = make_split(bare.taken(recorded), config)
    train, validation, test = (recorded[split.part(part)] for part in PARTS)
    made_up = np.flatnonzero(windows.variant)
    fit = np.isin(windows.clip_index[made_up], windows.clip_index[train])
    fit &= ~overlaps(windows, made_up, np.concatenate([validation, test]))
    dropped = int((~fit).sum())
    notes = split.notes
    if dropped:
        notes += (f"{counted(dropped, 'window')} of made-up people not used: held out as recorded",)
    joined = np.concatenate([train, made_up[fit]])
    return Split(joined, validation, test, split.kind, split.units, notes, int(fit.sum()))


def assigned(table: FloatArray, shares: Mapping[str, float], rng: np.random.Generator) -> IntArray:
    """Part of each unit.

    Parameters
    ----------
    table : (U, K) array
        Windows of each unit and class.
    shares : mapping of part to its share of the windows; a part of share 0 gets nothing
    rng : Generator
        Breaks ties between units.

    Returns
    -------
    (U,) array of indices into `PARTS`
    """
    open_parts = [part for part in _FIRST if shares.get(part, 0.0) > 0]
    wanted = {part: shares[part] * table.sum(axis=0) for part in open_parts}
    has = table > 0
    part_of = np.full(len(table), -1, np.int64)
    # Large units first, so that a part is not filled by one; among like-sized ones, chance.
    size = np.round(np.log2(np.maximum(table.sum(axis=1), 1.0)))
    order = rng.permutation(len(table))
    order = order[np.argsort(-size[order], kind="stable")]
    for label in np.argsort(has.sum(axis=0), kind="stable"):
        for unit in order:
            if part_of[unit] >= 0 or not has[unit, label]:
                continue
            empty = [
                part
                for part in open_parts
                if not (has[:, label] & (part_of == PARTS.index(part))).any()
            ]
            chosen = empty[0] if empty else _neediest(wanted, label, table[unit])
            part_of[unit] = PARTS.index(chosen)
            wanted[chosen] = wanted[chosen] - table[unit]
    part_of[part_of < 0] = PARTS.index(TRAIN)
    return part_of


def unit_table(unit: IntArray, codes: IntArray, units: int, classes: int) -> FloatArray:
    """(U, K) windows of each unit and class."""
    flat = np.bincount(unit * classes + codes, minlength=units * classes)
    return flat.reshape(units, classes).astype(np.float64)


def leaks(windows: WindowSet, split: Split) -> list[str]:
    """What two parts share, with counts; empty if nothing.

    Clips, subjects, and raw samples (windows of one clip that overlap in time, whichever sensor
    they come from). Windows without a subject are told too: nobody can say they are disjoint.
    """
    found: list[str] = []
    for first, second in ((TRAIN, VALIDATION), (TRAIN, TEST), (VALIDATION, TEST)):
        a, b = split.part(first), split.part(second)
        if len(a) == 0 or len(b) == 0:
            continue
        pair = f"{first} and {second}"
        for what, names, index in (
            ("clip", windows.clip_ids, windows.clip_index),
            ("subject", windows.subjects, windows.subject_index),
        ):
            shared = [u for u in np.intersect1d(index[a], index[b]) if names[u]]
            if shared:
                count = int(np.isin(index[b], shared).sum())
                listed = _listed([names[u] for u in shared])
                found.append(
                    f"{pair} share {counted(len(shared), what)} ({listed}): "
                    f"{counted(count, f'{second} window')}"
                )
        overlapping = int(overlaps(windows, b, a).sum())
        if overlapping:
            found.append(f"{pair} share samples: {counted(overlapping, f'{second} window')}")
    nameless = [i for i, name in enumerate(windows.subjects) if not name]
    unknown = int(np.isin(windows.subject_index, nameless).sum())
    if unknown and len(split.test):
        found.append(f"the subject of {counted(unknown, 'window')} is unknown")
    return found


def overlaps(windows: WindowSet, index: IntArray, others: IntArray) -> BoolArray:
    """(len(index),) bool: the window shares time with one of `others` of the same clip."""
    result = np.zeros(len(index), bool)
    slack = 0.25 / windows.rate_hz
    for clip in np.unique(windows.clip_index[index]):
        here = np.flatnonzero(windows.clip_index[index] == clip)
        there = others[windows.clip_index[others] == clip]
        if len(there) == 0:
            continue
        starts, ends = np.sort(windows.start_s[there]), np.sort(windows.end_s[there])
        # Of the others, those that begin before this one ends, less those over before it begins.
        begun = np.searchsorted(starts, windows.end_s[index[here]] - slack)
        over = np.searchsorted(ends, windows.start_s[index[here]] + slack, side="right")
        result[here] = begun > over
    return result


def class_warnings(windows: WindowSet, split: Split) -> tuple[str, ...]:
    """Classes that are missing from a part, or from all."""
    counts = {
        part: np.bincount(windows.codes[split.part(part)], minlength=len(windows.labels))
        for part in PARTS
    }
    total = np.bincount(windows.codes, minlength=len(windows.labels))
    found = []
    for code, label in enumerate(windows.labels):
        if total[code] == 0:
            found.append(f"{label!r} has no windows at all")
            continue
        for part in PARTS:
            if len(split.part(part)) and counts[part][code] == 0:
                found.append(f"{label!r} has no {part} windows ({total[code]} in all)")
    return tuple(found)


def parts_summary(windows: WindowSet, split: Split) -> dict[str, dict[str, object]]:
    """Per part: how many windows, which subjects, which clips (plain data for the report).

    The training part also tells how many of its windows are of made-up people, if any are.
    """
    summary: dict[str, dict[str, object]] = {
        part: {
            "windows": len(split.part(part)),
            "subjects": _used(windows.subjects, windows.subject_index[split.part(part)]),
            "clips": _used(windows.clip_ids, windows.clip_index[split.part(part)]),
        }
        for part in PARTS
    }
    if split.varied:
        summary[TRAIN]["varied"] = split.varied
    return summary


def counted(number: int, noun: str) -> str:
    """``1 clip``, ``2 clips``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _units(windows: WindowSet, kind: str) -> tuple[list[str], IntArray]:
    """Names of the subjects or clips in use, and which of them each window belongs to."""
    names, index = (
        (windows.subjects, windows.subject_index)
        if kind == BY_SUBJECT
        else (windows.clip_ids, windows.clip_index)
    )
    used, unit = np.unique(index, return_inverse=True)
    if len(used) < 2:
        only = names[int(used[0])] or "of no name"
        hint = (
            "split by clip, or add another subject" if kind == BY_SUBJECT else "label a second clip"
        )
        raise HarstudioError(f"cannot split by {kind}: all windows are of one, {only}", hint)
    # The assignment must not depend on the order in which clips were read.
    by_name = np.argsort([names[u] for u in used], kind="stable")
    rank = np.empty(len(used), np.int64)
    rank[by_name] = np.arange(len(used))
    return [names[int(used[i])] for i in by_name], rank[unit]


def _neediest(wanted: Mapping[str, FloatArray], label: int, unit: FloatArray) -> str:
    """The part that lacks most windows of a class; of equals, most of what the unit has."""

    def need(part: str) -> tuple[float, float]:
        return float(wanted[part][label]), float(wanted[part] @ unit)

    return max(wanted, key=need)


def _borrowed_validation(
    windows: WindowSet, window_part: IntArray, config: TrainingConfig
) -> tuple[IntArray, tuple[str, ...]]:
    """Clips of the training subjects as validation, where there was no subject to spare."""
    train = np.flatnonzero(window_part == PARTS.index(TRAIN))
    clips, unit = np.unique(windows.clip_index[train], return_inverse=True)
    share = config.validation_share / (1.0 - config.test_share)
    table = unit_table(unit, windows.codes[train], len(clips), len(windows.labels))
    # To `assigned` the group that comes second is the held-out one, whatever it is called.
    part_of = assigned(table, {TRAIN: 1.0 - share, TEST: share}, np.random.default_rng(config.seed))
    lent = train[part_of[unit] == PARTS.index(TEST)]
    if config.split == BY_CLIP or len(lent) == 0:
        note = f"no {config.split} to spare for validation: the last epoch is kept, not the best"
        return window_part, (note,)
    changed = window_part.copy()
    changed[lent] = PARTS.index(VALIDATION)
    return changed, (
        "too few subjects for a validation group: it is other clips of the training subjects",
    )


def _random_windows(windows: WindowSet, config: TrainingConfig) -> Split:
    order = np.random.default_rng(config.seed).permutation(len(windows))
    tests = round(len(order) * config.test_share)
    stop = tests + round(len(order) * config.validation_share)
    note = "random windows: neighbours share samples, so these figures are too good"
    return Split(order[stop:], order[tests:stop], order[:tests], RANDOM_WINDOWS, {}, (note,))


def _used(names: tuple[str, ...], index: IntArray) -> list[str]:
    return sorted(names[int(i)] for i in np.unique(index))


def _listed(names: list[str], most: int = 5) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
