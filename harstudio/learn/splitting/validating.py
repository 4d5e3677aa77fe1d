"""A validation part out of the training part, where none was set aside."""

from __future__ import annotations

import numpy as np

from harstudio.core.arrays import IntArray
from harstudio.learn.config import BY_CLIP, BY_SUBJECT, TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.splitting.assigning import assigned, unit_table
from harstudio.learn.splitting.leaks import PARTS, TEST, TRAIN, VALIDATION

_LEAST_TO_LEND = 3
"""With fewer training subjects, validation takes clips of theirs instead of a whole subject."""


def with_validation(
    windows: WindowSet, window_part: IntArray, config: TrainingConfig, unit: str
) -> tuple[IntArray, tuple[str, ...]]:
    """Some training subjects or clips as validation, where none were set aside.

    Subjects lend clips of theirs where fewer than three train.

    Returns
    -------
    ((N,) array of indices into `PARTS`, notes)
    """
    if config.validation_share <= 0:
        return window_part, ("no validation part was asked for: the last epoch is kept",)
    train = np.flatnonzero(window_part == PARTS.index(TRAIN))
    subjects = len(np.unique(windows.subject_index[train]))
    if unit == BY_SUBJECT and subjects < _LEAST_TO_LEND:
        return borrowed_validation(windows, window_part, config, unit)
    index = windows.subject_index if unit == BY_SUBJECT else windows.clip_index
    lent = _lent(windows, train, index, config, config.validation_share)
    if not 0 < len(lent) < len(train):
        return borrowed_validation(windows, window_part, config, unit)
    changed = window_part.copy()
    changed[lent] = PARTS.index(VALIDATION)
    return changed, ()


def borrowed_validation(
    windows: WindowSet, window_part: IntArray, config: TrainingConfig, unit: str
) -> tuple[IntArray, tuple[str, ...]]:
    """Clips of the training subjects as validation, where there was no subject to spare."""
    train = np.flatnonzero(window_part == PARTS.index(TRAIN))
    share = config.validation_share / (1.0 - config.test_share)
    lent = _lent(windows, train, windows.clip_index, config, min(share, 0.9))
    if unit == BY_CLIP or len(lent) == 0:
        note = f"no {unit} to spare for validation: the last epoch is kept, not the best"
        return window_part, (note,)
    changed = window_part.copy()
    changed[lent] = PARTS.index(VALIDATION)
    return changed, (
        "too few subjects for a validation group: it is other clips of the training subjects",
    )


def _lent(
    windows: WindowSet, train: IntArray, index: IntArray, config: TrainingConfig, share: float
) -> IntArray:
    """A share of the training windows, in whole units and with each class where possible."""
    units, unit = np.unique(index[train], return_inverse=True)
    table = unit_table(unit, windows.codes[train], len(units), len(windows.labels))
    # To `assigned` the group that comes second is the held-out one, whatever it is called.
    part_of = assigned(table, {TRAIN: 1.0 - share, TEST: share}, np.random.default_rng(config.seed))
    lent: IntArray = train[part_of[unit] == PARTS.index(TEST)]
    return lent
