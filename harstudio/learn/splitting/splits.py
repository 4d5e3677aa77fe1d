"""Which windows train, which validate, which test: decided on subjects or clips, never windows.

A window shares samples with its neighbours, and its clip and subject with many more. The same
network on the same data scored .990 with random windows and .857 by subject.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from harstudio.core.arrays import IntArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.learn.config import (
    BY_CLIP,
    BY_SUBJECT,
    FOLDS,
    LISTED,
    ONE_SUBJECT_OUT,
    RANDOM_WINDOWS,
    SEVEN_TO_THREE,
    TrainingConfig,
)
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.splitting.assigning import assigned, unit_table
from harstudio.learn.splitting.leaks import PARTS as PARTS
from harstudio.learn.splitting.leaks import TEST as TEST
from harstudio.learn.splitting.leaks import TRAIN as TRAIN
from harstudio.learn.splitting.leaks import VALIDATION as VALIDATION
from harstudio.learn.splitting.leaks import Leak, leaks_between
from harstudio.learn.splitting.leaks import counted as counted
from harstudio.learn.splitting.leaks import overlaps as overlaps
from harstudio.learn.splitting.split_lists import load_split_list, parts_of
from harstudio.learn.splitting.validating import borrowed_validation, with_validation

_TITLES = {
    BY_SUBJECT: "by subject",
    BY_CLIP: "by clip",
    SEVEN_TO_THREE: "7:3 by clip",
    LISTED: "by a list",
    ONE_SUBJECT_OUT: "leave one subject out",
    FOLDS: "folds",
    RANDOM_WINDOWS: "random windows (leaks: diagnostic only)",
}


@dataclass(frozen=True, eq=False)
class Split:
    """Indices of the windows of each part.

    Attributes
    ----------
    train, validation, test : arrays of indices, ascending and disjoint
    kind : str
        How it was made, as in `TrainingConfig.split`.
    units : mapping of part to the subjects or clips in it; empty for random windows
    notes : what a reader of the results must know
    varied : int
        How many of the training windows are of made-up people.
    interpolated : int
        How many were made by up-sampling.
    leaks : what the parts share
    title : str
        How it was made, for a person; follows from `kind` unless told.
    unit : str
        ``subject`` or ``clip``: what `units` are; follows from `kind` unless told.
    fold, folds : int
        Which of how many, from 1; 0 where it is the only one.
    """

    train: IntArray
    validation: IntArray
    test: IntArray
    kind: str
    units: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()
    varied: int = 0
    interpolated: int = 0
    leaks: tuple[Leak, ...] = ()
    title: str = ""
    unit: str = ""
    fold: int = 0
    folds: int = 0

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
        by_subject = (self.unit or self.kind) in (BY_SUBJECT, ONE_SUBJECT_OUT)
        noun = "subject" if by_subject else "clip"
        made_up = {"by made-up people": self.varied, "interpolated": self.interpolated}
        extra = ", ".join(f"{count} {what}" for what, count in made_up.items() if count)
        sizes = [
            counted(len(self.part(part)), "window")
            + (f" of {counted(len(self.units[part]), noun)}" if self.units.get(part) else "")
            + f" in {part}"
            + (f" ({extra})" if part == TRAIN and extra else "")
            for part in PARTS
            if len(self.part(part))
        ]
        title = self.title or _TITLES.get(self.kind, self.kind)
        which = f", fold {self.fold} of {self.folds}" if self.fold else ""
        return f"{title}{which}: {', '.join(sizes)}"

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
    Clips that show the same movement stay together. The windows of made-up people have no say in
    it: those that repeat training windows join the training part, the others are in no part.

    Parameters
    ----------
    windows : WindowSet
    config : TrainingConfig
        `split`, `split_list`, `test_share`, `validation_share`, `seed`.

    Raises
    ------
    HarstudioError
        No windows, windows that were up-sampled before the split, fewer than two subjects or
        clips, a list that does not fit, or a split that is several (see `make_folds`).
    """
    if config.folded:
        raise HarstudioError(
            f"split {config.split!r} is one for cross-validation: several, not one",
            "cross-validate, or choose the split by subject",
        )
    makers = {RANDOM_WINDOWS: _random_windows, LISTED: _listed}
    make = makers.get(config.split, _of_units)
    return with_made_up(windows, lambda recorded: (make(recorded, config),))[0]


def leaks(windows: WindowSet, split: Split) -> tuple[Leak, ...]:
    """What the parts of a split share, with counts; empty if nothing."""
    return leaks_between(windows, {part: split.part(part) for part in PARTS})


def with_made_up(
    windows: WindowSet, make: Callable[[WindowSet], tuple[Split, ...]]
) -> tuple[Split, ...]:
    """Splits of the windows as recorded, with made-up people added where they train.

    Parameters
    ----------
    windows : WindowSet
    make : function of a set of recorded windows

    Raises
    ------
    HarstudioError
        No windows, or windows that were up-sampled already.
    """
    if len(windows) == 0:
        raise HarstudioError("no labelled windows", "label clips, or use shorter windows")
    if windows.interpolated.any():
        raise HarstudioError(
            f"{counted(int(windows.interpolated.sum()), 'window')} made by interpolation before "
            "the split: one parent would train and the other test",
            "split first, then up-sample the training part",
        )
    if not windows.variant.any():
        return tuple(replace(split, leaks=leaks(windows, split)) for split in make(windows))
    recorded = np.flatnonzero(windows.variant == 0)
    made_up = np.flatnonzero(windows.variant)
    bare = replace(windows, signals=windows.signals[:, :, :0], channels=())
    return tuple(
        _with_variants(windows, split, recorded, made_up) for split in make(bare.taken(recorded))
    )


def _with_variants(
    windows: WindowSet, split: Split, recorded: IntArray, made_up: IntArray
) -> Split:
    train, validation, test = (recorded[split.part(part)] for part in PARTS)
    fit = np.isin(windows.clip_index[made_up], windows.clip_index[train])
    fit &= ~overlaps(windows, made_up, np.concatenate([validation, test]))
    dropped = int((~fit).sum())
    notes = split.notes
    if dropped:
        notes += (f"{counted(dropped, 'window')} of made-up people not used: held out as recorded",)
    whole = replace(
        split,
        train=np.concatenate([train, made_up[fit]]),
        validation=validation,
        test=test,
        notes=notes,
        varied=int(fit.sum()),
    )
    return replace(whole, leaks=leaks(windows, whole))


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
            # That a fold tests on some classes only is its nature.
            if split.folds and part != TRAIN:
                continue
            if len(split.part(part)) and counts[part][code] == 0:
                found.append(f"{label!r} has no {part} windows ({total[code]} in all)")
    return tuple(found)


def parts_summary(windows: WindowSet, split: Split) -> dict[str, dict[str, object]]:
    """Per part: how many windows, which subjects, which clips (plain data for the report).

    The training part also tells how many of its windows are of made-up people, or interpolated,
    if any are.
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
    if split.interpolated:
        summary[TRAIN]["interpolated"] = split.interpolated
    return summary


def units_of(windows: WindowSet, kind: str) -> tuple[int, IntArray]:
    """Which subject, or clip, each window belongs to; clips of one movement are one unit.

    Where all clips show one movement they are units nevertheless, and the split tells the leak.

    Returns
    -------
    (U, (N,) array)
        How many units there are, and which of them: numbered by name, not as they were read.

    Raises
    ------
    HarstudioError
        There is only one.
    """
    if kind == BY_SUBJECT:
        names, index = windows.subjects, windows.subject_index
    else:
        index = windows.clip_index
        names = windows.movements
        if len({names[i] for i in np.unique(index)}) < 2:
            names = windows.clip_ids
    every, group = np.unique(np.array(names, str), return_inverse=True)
    used, unit = np.unique(group[index], return_inverse=True)
    if len(used) < 2:
        only = every[used[0]] if kind == BY_SUBJECT else windows.clip_names[int(index[0])]
        hint = (
            "split by clip, or add another subject" if kind == BY_SUBJECT else "label a second clip"
        )
        raise HarstudioError(
            f"cannot split by {kind}: all windows are of one, {only or 'of no name'}", hint
        )
    return len(used), unit.astype(np.int64)


def split_of(
    windows: WindowSet,
    window_part: IntArray,
    kind: str,
    unit: str,
    notes: tuple[str, ...] = (),
    title: str = "",
) -> Split:
    """The split that puts each window where an (N,) array of indices into `PARTS` says (-1: not
    used)."""
    index = [np.flatnonzero(window_part == i) for i in range(len(PARTS))]
    names, of = (
        (windows.subjects, windows.subject_index)
        if unit == BY_SUBJECT
        else (windows.clip_ids, windows.clip_index)
    )
    units = {
        part: tuple(_used(names, of[members])) for part, members in zip(PARTS, index, strict=True)
    }
    return Split(index[0], index[1], index[2], kind, units, notes, title=title, unit=unit)


def _of_units(windows: WindowSet, config: TrainingConfig) -> Split:
    """By subject or clip, in shares."""
    kind = BY_SUBJECT if config.split == BY_SUBJECT else BY_CLIP
    test, validation = config.test_share, config.validation_share
    if config.split == SEVEN_TO_THREE:
        test, validation = 0.3, 0.0
    count, unit = units_of(windows, kind)
    shares = {TRAIN: 1.0 - test - validation, VALIDATION: validation, TEST: test}
    table = unit_table(unit, windows.codes, count, len(windows.labels))
    part_of = assigned(table, shares, np.random.default_rng(config.seed))
    window_part = part_of[unit]
    if not (window_part == PARTS.index(TEST)).any():
        raise HarstudioError(
            f"cannot split by {kind}: each class occurs in one {kind} only, "
            "so that none is left to test on",
            "label a second one of at least one class",
        )
    notes: tuple[str, ...] = ()
    if config.split == SEVEN_TO_THREE:
        notes = ("7:3 by clip has no validation part: the last epoch is kept, not the best",)
    elif validation > 0 and not (window_part == PARTS.index(VALIDATION)).any():
        window_part, notes = borrowed_validation(windows, window_part, config, kind)
    return split_of(windows, window_part, config.split, kind, notes)


def _listed(windows: WindowSet, config: TrainingConfig) -> Split:
    """As a list says."""
    split_list = load_split_list(config.split_list)
    window_part, unit, notes = parts_of(split_list, windows)
    if not split_list.parts.get(VALIDATION):
        window_part, more = with_validation(windows, window_part, config, unit)
        lent = int((window_part == PARTS.index(VALIDATION)).sum())
        if lent and not more:
            judges = counted(lent, "window")
            more = (f"no validation part in the list: {judges} of its training part validate",)
        notes += more
    title = f"by the list {split_list.name}"
    return split_of(windows, window_part, LISTED, unit, notes, title)


def _random_windows(windows: WindowSet, config: TrainingConfig) -> Split:
    order = np.random.default_rng(config.seed).permutation(len(windows))
    tests = round(len(order) * config.test_share)
    stop = tests + round(len(order) * config.validation_share)
    note = "random windows: neighbours share samples, so these figures are too good"
    return Split(order[stop:], order[tests:stop], order[:tests], RANDOM_WINDOWS, {}, (note,))


def _used(names: tuple[str, ...], index: IntArray) -> list[str]:
    return sorted(names[int(i)] for i in np.unique(index))
