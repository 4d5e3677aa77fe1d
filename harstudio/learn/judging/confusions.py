"""The confusion matrix as it is looked at: counts or shares, in the given order or by confusion."""

from __future__ import annotations

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray

COUNTS, ROW_SHARES, COLUMN_SHARES = "counts", "row", "column"
UNITS = (COUNTS, ROW_SHARES, COLUMN_SHARES)

TITLES = {
    COUNTS: "windows",
    ROW_SHARES: "share of each actual class (recall on the diagonal)",
    COLUMN_SHARES: "share of each predicted class (precision on the diagonal)",
}


def shares(confusion: IntArray, unit: str) -> FloatArray:
    """(K, K) counts, or shares of each row or column; one without windows is 0.

    Parameters
    ----------
    confusion : (K, K) array of counts, rows = actual
    unit : str
        Of `UNITS`.
    """
    if unit == COUNTS:
        return confusion.astype(np.float64)
    sums = confusion.sum(axis=1 if unit == ROW_SHARES else 0, keepdims=unit == ROW_SHARES)
    divided: FloatArray = confusion / np.maximum(sums, 1)
    return divided


def by_confusion(confusion: IntArray) -> IntArray:
    """An order of the classes in which those that are taken for each other are neighbours.

    Begins with the two that share the largest part of their windows; then whichever class is most
    confused with either end joins there, those that are confused with none in the given order.

    Returns
    -------
    (K,) array of indices
    """
    classes = len(confusion)
    rows = shares(confusion, ROW_SHARES)
    mixed = rows + rows.T
    np.fill_diagonal(mixed, 0.0)
    if classes < 3 or not mixed.any():
        return np.arange(classes)
    first, second = np.unravel_index(int(mixed.argmax()), mixed.shape)
    chain = [int(first), int(second)]
    left = [code for code in range(classes) if code not in chain]
    while left:
        # Of equals the end and the class that come first, so that the order is always the same.
        at_end = max(left, key=lambda code: (float(mixed[chain[-1], code]), -code))
        at_start = max(left, key=lambda code: (float(mixed[chain[0], code]), -code))
        if mixed[chain[0], at_start] > mixed[chain[-1], at_end]:
            chain.insert(0, at_start)
            left.remove(at_start)
        else:
            chain.append(at_end)
            left.remove(at_end)
    return np.array(chain, np.int64)


def most_confused(
    confusion: IntArray, labels: tuple[str, ...], most: int = 5
) -> list[tuple[str, str, int, float]]:
    """The largest mistakes: actual, predicted, windows, share of the actual class."""
    wrong = confusion.copy()
    np.fill_diagonal(wrong, 0)
    rows = shares(confusion, ROW_SHARES)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    places = [divmod(int(place), len(labels)) for place in order]
    return [
        (labels[i], labels[j], int(wrong[i, j]), float(rows[i, j]))
        for i, j in places
        if wrong[i, j] > 0
    ]
