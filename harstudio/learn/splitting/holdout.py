"""Which labelled windows of a few recordings adapt a model, and which judge it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from harstudio.core.arrays import BoolArray, IntArray
from harstudio.core.errors import HarstudioError
from harstudio.learn.config import FinetuneConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.splitting.assigning import assigned, unit_table
from harstudio.learn.splitting.leaks import (
    CLIP,
    PARTS,
    SUBJECT,
    TEST,
    TRAIN,
    VALIDATION,
    counted,
    overlaps,
)
from harstudio.learn.splitting.splits import Split, leaks

CLIP_HELD_OUT, TIME_HELD_OUT = "held-out clips", "held-out time"


def hold_out(windows: WindowSet, config: FinetuneConfig) -> Split:
    """Hold out clips, or where there are too few of them, stretches of time.

    In time: of a label with several stretches whole stretches are held out, of one with a single
    stretch its last part; windows that overlap the held-out ones are used for neither. A label
    with too few windows for both parts is trained on and not tested.

    Parameters
    ----------
    windows : WindowSet
    config : FinetuneConfig
        `hold_out`, `test_share`, `seed`.

    Raises
    ------
    HarstudioError
        Fewer than two labels, a single clip where clips were asked for, or nothing to test on.
    """
    labels = windows.used_labels()
    if len(labels) < 2:
        raise HarstudioError(
            f"fine-tuning needs windows of two labels or more, got {', '.join(labels) or 'none'}",
            "label more of the recording",
        )
    clips, unit = np.unique(windows.clip_index, return_inverse=True)
    table = unit_table(unit, windows.codes, len(clips), len(windows.labels))
    in_two = ((table > 0).sum(axis=0) != 1).all()
    if config.hold_out == "clip" and len(clips) < 2:
        raise HarstudioError("cannot hold out a clip: there is only one", "hold out time instead")
    if config.hold_out == "clip" or (config.hold_out == "auto" and in_two):
        split = _clips(windows, unit, [windows.clip_ids[i] for i in clips], config)
    else:
        split = _time(windows, config)
    if len(split.test) == 0:
        raise HarstudioError(
            f"{counted(len(windows), 'labelled window')}: too few to hold any out for testing",
            "label more of the recording",
        )
    return split


def _clips(windows: WindowSet, unit: IntArray, names: list[str], config: FinetuneConfig) -> Split:
    table = unit_table(unit, windows.codes, len(names), len(windows.labels))
    part_of = assigned(table, _shares(config), np.random.default_rng(config.seed))
    held_out = part_of[unit] == PARTS.index(TEST)
    units = {
        part: tuple(sorted(names[u] for u in np.flatnonzero(part_of == PARTS.index(part))))
        for part in (TRAIN, TEST)
    }
    return _split(windows, ~held_out, held_out, CLIP_HELD_OUT, {**units, VALIDATION: ()})


def _time(windows: WindowSet, config: FinetuneConfig) -> Split:
    """Hold out stretches, or the ends of lone stretches; nothing overlaps between the parts."""
    stretch = stretches(windows)
    count = int(stretch.max()) + 1
    table = unit_table(stretch, windows.codes, count, len(windows.labels))
    part_of = assigned(table, _shares(config), np.random.default_rng(config.seed))
    held_out = part_of[stretch] == PARTS.index(TEST)
    for code in np.unique(windows.codes):
        members = np.flatnonzero(windows.codes == code)
        if len(np.unique(stretch[members])) == 1:
            ordered = members[np.argsort(windows.start_s[members], kind="stable")]
            last = min(len(ordered) - 1, math.ceil(config.test_share * len(ordered)))
            held_out[ordered[len(ordered) - last :]] = True
    train = _clear_of(windows, ~held_out, held_out)
    starved = np.setdiff1d(windows.codes, windows.codes[train])
    rescued = np.isin(windows.codes, starved)
    if rescued.any():
        held_out = _clear_of(windows, held_out & ~rescued, rescued)
        train = _clear_of(windows, ~held_out, held_out)
    return _split(windows, train, held_out, TIME_HELD_OUT, {})


def stretches(windows: WindowSet) -> IntArray:
    """(N,) number of the unbroken stretch of one label that each window belongs to."""
    order = np.lexsort((windows.start_s, windows.clip_index))
    clip, code = windows.clip_index[order], windows.codes[order]
    gap = windows.start_s[order][1:] > windows.end_s[order][:-1] + 0.5 / windows.rate_hz
    new = np.concatenate([[False], (clip[1:] != clip[:-1]) | (code[1:] != code[:-1]) | gap])
    number = np.empty(len(windows), np.int64)
    number[order] = np.cumsum(new)
    return number


def _clear_of(windows: WindowSet, wanted: BoolArray, others: BoolArray) -> BoolArray:
    """Of the windows `wanted`, those that share no time with `others` of the same clip."""
    index = np.flatnonzero(wanted)
    kept = np.zeros(len(windows), bool)
    kept[index[~overlaps(windows, index, np.flatnonzero(others))]] = True
    return kept


def _shares(config: FinetuneConfig) -> dict[str, float]:
    return {TRAIN: 1.0 - config.test_share, TEST: config.test_share}


def _split(
    windows: WindowSet,
    train: BoolArray,
    test: BoolArray,
    kind: str,
    units: dict[str, tuple[str, ...]],
) -> Split:
    left_out = len(windows) - int(train.sum()) - int(test.sum())
    notes: tuple[str, ...] = ()
    if left_out:
        notes = (f"{counted(left_out, 'window')} that touch both parts were used for neither",)
    none = np.zeros(0, np.int64)
    split = Split(np.flatnonzero(train), none, np.flatnonzero(test), kind, units, notes)
    found = leaks(windows, split)
    # To adapt to a person is what this is for: a note, where a shared sample would be a leak.
    meant = [leak for leak in found if leak.kind in (CLIP, SUBJECT)]
    if meant:
        notes += ("judged on the people it is adapted to: it says nothing about others",)
    return replace(split, leaks=tuple(x for x in found if x not in meant), notes=notes)
