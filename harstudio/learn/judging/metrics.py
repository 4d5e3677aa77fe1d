"""Figures of a confusion matrix, or of a whole stack of them at once; and areas under curves.

A stack has the shape (..., K, K): rows are actual classes, columns predicted ones. Every figure
then has the shape (...), which is what makes two thousand bootstrap draws take milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray, IntArray

Counts = NDArray[np.int64] | NDArray[np.float64]

XIAO_EQ5 = (
    "Xiao et al. 2020, eq. 5, as printed: the mean over the classes of (TP + TN) / all windows. "
    "It amounts to 1 - 2 (1 - accuracy) / C, because every mistake is wrong in two of the C "
    "one-vs-rest tables; with 12 classes pure chance scores 84.7 %. No figure to compare by."
)
XIAO_EQ6 = (
    "Xiao et al. 2020, eq. 6, as printed: the sum of TP over all windows. It is plain accuracy."
)


def macro_f1(confusion: IntArray) -> float:
    """Mean F1 over the classes that occur as truth or as prediction.

    A class that does neither says nothing about the model and is left out (so does
    scikit-learn); one that is only predicted counts, with F1 0.

    Parameters
    ----------
    confusion : (K, K) array of counts, rows = actual
    """
    return float(macro_f1s(confusion))


def accuracies(confusion: Counts) -> FloatArray:
    """Share of the windows that are right; 0 without windows."""
    right = np.trace(confusion, axis1=-2, axis2=-1)
    return _ratio(right, confusion.sum(axis=(-2, -1)))


def macro_f1s(confusion: Counts) -> FloatArray:
    """Mean F1 over the classes that occur as truth or as prediction (so does scikit-learn)."""
    scores, occurrences = _f1(confusion)
    return _ratio(scores.sum(axis=-1), (occurrences > 0).sum(axis=-1))


def own_macro_f1s(confusion: Counts) -> FloatArray:
    """Mean F1 over the classes that have windows: for one person, who may lack some classes."""
    scores, _ = _f1(confusion)
    own = confusion.sum(axis=-1) > 0
    return _ratio((scores * own).sum(axis=-1), own.sum(axis=-1))


def weighted_f1s(confusion: Counts) -> FloatArray:
    """Mean F1 weighted by support."""
    scores, _ = _f1(confusion)
    support = confusion.sum(axis=-1)
    return _ratio((scores * support).sum(axis=-1), support.sum(axis=-1))


def balanced_accuracies(confusion: Counts) -> FloatArray:
    """Mean recall over the classes that have windows."""
    support = confusion.sum(axis=-1)
    recall = _ratio(_diagonal(confusion), support)
    return _ratio(recall.sum(axis=-1), (support > 0).sum(axis=-1))


def kappas(confusion: Counts) -> FloatArray:
    """Cohen's kappa: agreement above that of chance with the same margins.

    NaN where chance would agree always (all windows of one class, and called so).
    """
    total = confusion.sum(axis=(-2, -1))
    by_chance = _ratio((confusion.sum(axis=-1) * confusion.sum(axis=-2)).sum(axis=-1), total**2)
    room = 1.0 - by_chance
    certain = room < 1e-12
    kappa = (accuracies(confusion) - by_chance) / np.where(certain, 1.0, room)
    defined: FloatArray = np.where(certain, np.nan, kappa)
    return defined


def xiao_eq5s(confusion: Counts) -> FloatArray:
    """See `XIAO_EQ5`; C counts every class of the matrix."""
    wrong = 1.0 - accuracies(confusion)
    printed: FloatArray = 1.0 - 2.0 * wrong / max(1, confusion.shape[-1])
    return printed


FIGURES: Mapping[str, Callable[[Counts], FloatArray]] = {
    "macro_f1": macro_f1s,
    "accuracy": accuracies,
    "balanced_accuracy": balanced_accuracies,
    "weighted_f1": weighted_f1s,
}
"""The figures that intervals are given for, the headline first."""

TITLES: Mapping[str, str] = {
    "macro_f1": "macro F1",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "weighted_f1": "weighted F1",
}


def one_vs_rest_auc(probabilities: FloatArray, truth: IntArray) -> FloatArray:
    """Area under the ROC curve of each class against the rest.

    The share of pairs of a window of the class and one of another that the class's probability
    puts in the right order; ties count half (Hanley and McNeil 1982).

    Parameters
    ----------
    probabilities : (N, K) array
    truth : (N,) array of indices of columns

    Returns
    -------
    (K,) array, NaN for a class that has no window, or all
    """
    count, classes = probabilities.shape
    areas = np.full(classes, np.nan)
    for code in range(classes):
        inside = truth == code
        positives = int(inside.sum())
        if positives in (0, count):
            continue
        scores = probabilities[:, code]
        ordered = np.sort(scores)
        mine = scores[inside]
        # The mean rank of equal scores, counted from 1.
        below = np.searchsorted(ordered, mine, side="left")
        upto = np.searchsorted(ordered, mine, side="right")
        ranks = (below + upto + 1) / 2.0
        pairs = positives * (count - positives)
        areas[code] = (ranks.sum() - positives * (positives + 1) / 2.0) / pairs
    return areas


def _f1(confusion: Counts) -> tuple[FloatArray, FloatArray]:
    """(..., K) F1 of each class, 0 where it never occurs, and how often it occurs either way."""
    occurrences = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    return _ratio(2.0 * _diagonal(confusion), occurrences), occurrences.astype(np.float64)


def _diagonal(confusion: Counts) -> FloatArray:
    return np.diagonal(confusion, axis1=-2, axis2=-1).astype(np.float64)


def _ratio(part: NDArray[np.generic], whole: NDArray[np.generic]) -> FloatArray:
    """`part` / `whole`, 0 where `whole` is 0."""
    below = np.asarray(whole, np.float64)
    ratio: FloatArray = np.asarray(part, np.float64) / np.where(below > 0, below, 1.0)
    return ratio
