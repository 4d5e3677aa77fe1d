"""A cross-validation in seconds, only to have every window judged by a model of other data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harstudio.core.arrays import IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.fitting import class_weights
from harstudio.learn.judging.out_of_fold import OutOfFold
from harstudio.learn.models.random_forest import Forest, inputs
from harstudio.learn.splitting.assigning import folded, unit_table

_ROWS = 2048
_TREES_AT_ONCE = 10
_LEAST_SUBJECTS = 3


def quick_out_of_fold(
    windows: WindowSet, config: TrainingConfig, *, folds: int = 5, trees: int = 100
) -> Job[OutOfFold]:
    """Job: cross-validate a random forest on signal features.

    Whole subjects are left out together, or whole clips where there are fewer than three named
    subjects: a wrong label must not be learnt from the window beside it.

    Parameters
    ----------
    windows : WindowSet
    config : TrainingConfig
        Its rate and seed.
    folds : int
        Fewer where there are fewer subjects or clips.
    trees : int

    Raises
    ------
    HarstudioError
        Fewer than two labels, or one clip only.
    """
    windows = windows.relabelled(windows.used_labels())
    if len(windows.labels) < 2:
        raise HarstudioError(
            f"to doubt labels takes two of them or more, got {', '.join(windows.labels) or 'none'}",
            "label more clips",
        )
    fold = _folds(windows, folds, config.seed)
    count = int(fold.max())
    config = replace(config, model="random_forest", forest_input="features", trees=trees)
    parts = []
    for first in range(0, len(windows), _ROWS):
        yield Progress(0, count, "computing features")
        parts.append(inputs(windows.signals[first : first + _ROWS], config))
    features = np.concatenate(parts)
    probabilities = np.zeros((len(windows), len(windows.labels)), np.float32)
    for number in range(1, count + 1):
        train, judged = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        codes = windows.codes[train]
        weights = class_weights(codes, len(windows.labels))[codes]
        forest = Forest(config, len(windows.labels))
        while forest.trees < trees:
            done = number - 1 + forest.trees / trees
            yield Progress(done, count, f"judging fold {number} of {count} by the others")
            forest.grow(features[train], codes, weights, min(_TREES_AT_ONCE, trees - forest.trees))
        probabilities[judged] = forest.stored().probabilities(features[judged])
    return OutOfFold.of(windows, np.arange(len(windows)), probabilities, fold)


def _folds(windows: WindowSet, folds: int, seed: int) -> IntArray:
    """(N,) fold of each window, from 1."""
    subjects = np.unique(windows.subject_index)
    named = all(windows.subjects[i] for i in subjects)
    by_subject = named and len(subjects) >= _LEAST_SUBJECTS
    groups = windows.subject_index if by_subject else windows.clip_index
    names, unit = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise HarstudioError("to doubt labels takes two clips or more", "label another clip")
    table = unit_table(unit, windows.codes, len(names), len(windows.labels))
    fold_of = folded(table, min(folds, len(names)), np.random.default_rng(seed))
    fold: IntArray = fold_of[unit] + 1
    return fold
