"""Several splits of the same windows: every window is tested on once, and trained on elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harstudio.core.arrays import IntArray
from harstudio.core.errors import HarstudioError
from harstudio.learn.config import BY_CLIP, BY_SUBJECT, ONE_SUBJECT_OUT, TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.splitting.assigning import folded, unit_table
from harstudio.learn.splitting.leaks import PARTS, TEST, TRAIN
from harstudio.learn.splitting.splits import Split, make_split, split_of, units_of, with_made_up
from harstudio.learn.splitting.validating import with_validation


def make_folds(windows: WindowSet, config: TrainingConfig) -> tuple[Split, ...]:
    """The splits that a configuration asks for: one, or those of a cross-validation.

    Folds hold whole subjects or clips, with the classes spread over them as evenly as those
    allow. Of each fold's training part some subjects (of fewer than three: clips) validate.

    Parameters
    ----------
    windows : WindowSet
    config : TrainingConfig
        `split`, `folds`, `fold_unit`, `validation_share`, `seed`.

    Raises
    ------
    HarstudioError
        As from `make_split`; fewer subjects or clips than folds; subjects without a name, which
        cannot be left out one by one.
    """
    if not config.folded:
        return (make_split(windows, config),)
    return with_made_up(windows, lambda recorded: _folds(recorded, config))


def _folds(windows: WindowSet, config: TrainingConfig) -> tuple[Split, ...]:
    one_out = config.split == ONE_SUBJECT_OUT
    kind = BY_SUBJECT if one_out else config.fold_unit
    count, unit = units_of(windows, kind)
    if one_out:
        nameless = [i for i, name in enumerate(windows.subjects) if not name]
        unknown = int(np.isin(windows.subject_index, nameless).sum())
        if unknown:
            raise HarstudioError(
                f"leave one subject out: the subject of {unknown:,} windows is unknown",
                "give their clips a subject, or use folds by clip",
            )
        fold_of = np.arange(count)
    else:
        if count < config.folds:
            raise HarstudioError(
                f"{config.folds} folds by {kind} need as many {kind}s, got {count}",
                f"at most {count} folds" + (", or folds by clip" if kind == BY_SUBJECT else ""),
            )
        table = unit_table(unit, windows.codes, count, len(windows.labels))
        fold_of = folded(table, config.folds, np.random.default_rng(config.seed))
    folds = int(fold_of.max()) + 1
    title = "leave one subject out" if one_out else f"{folds} folds by {kind}"
    return tuple(
        replace(
            _fold(windows, fold_of[unit] == number, config, kind, title),
            fold=number + 1,
            folds=folds,
        )
        for number in range(folds)
    )


def _fold(
    windows: WindowSet, tested: IntArray, config: TrainingConfig, kind: str, title: str
) -> Split:
    window_part = np.where(tested, PARTS.index(TEST), PARTS.index(TRAIN)).astype(np.int64)
    window_part, notes = with_validation(windows, window_part, config, kind)
    return split_of(windows, window_part, config.split, kind, notes, title)


def fold_unit_of(config: TrainingConfig) -> str:
    """``subject`` or ``clip``: what a configuration's folds keep whole."""
    by_clip = config.split != ONE_SUBJECT_OUT and config.fold_unit == BY_CLIP
    return BY_CLIP if by_clip else BY_SUBJECT
