"""How the values of two signals are spread, whatever their order in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import FloatArray, checked
from harstudio.core.errors import HarstudioError

BINS = 80


@dataclass(frozen=True, eq=False)
class Histograms:
    """Densities over the same bins.

    Attributes
    ----------
    edges : (B + 1,) array, the signals' unit
    densities : mapping of name to (B,) array, per unit
        Each integrates to the share of its samples that lies within the edges.
    """

    edges: FloatArray
    densities: dict[str, FloatArray]


def wasserstein(left: FloatArray, right: FloatArray) -> float:
    """First Wasserstein distance of two samples of one variable, in its unit.

    How far the values of one would have to be moved, on average, to be spread as the other's.

    Parameters
    ----------
    left, right : (N,), (M,) arrays

    Raises
    ------
    HarstudioError
        One of them is empty or holds a value that is not finite.
    """
    left, right = checked(left, (None,), "left sample"), checked(right, (None,), "right sample")
    if not len(left) or not len(right):
        raise HarstudioError("Wasserstein distance: a sample is empty")
    left, right = np.sort(left), np.sort(right)
    if len(left) == len(right):
        return float(np.mean(np.abs(left - right)))
    values = np.concatenate([left, right])
    values.sort()
    below_left = np.searchsorted(left, values[:-1], side="right") / len(left)
    below_right = np.searchsorted(right, values[:-1], side="right") / len(right)
    return float(np.sum(np.abs(below_left - below_right) * np.diff(values)))


def histograms(samples: dict[str, FloatArray], bins: int = BINS) -> Histograms:
    """Densities of several samples of one variable over common bins.

    The bins run from the lowest to the highest 0.1st and 99.9th percentile of the samples, so
    that a few extreme values do not squeeze the rest.

    Parameters
    ----------
    samples : mapping of name to (N,) array
        Values that are not finite are left out.

    Raises
    ------
    HarstudioError
        A sample has no finite value.
    """
    finite = {name: values[np.isfinite(values)] for name, values in samples.items()}
    for name, values in finite.items():
        if not len(values):
            raise HarstudioError(f"histogram: {name} has no finite value")
    ranges = np.array([np.quantile(values, (0.001, 0.999)) for values in finite.values()])
    low, high = float(ranges[:, 0].min()), float(ranges[:, 1].max())
    if high <= low:
        low, high = low - 0.5, low + 0.5
    edges = np.linspace(low, high, bins + 1)
    width = edges[1] - edges[0]
    densities = {
        name: np.histogram(values, edges)[0] / (len(values) * width)
        for name, values in finite.items()
    }
    return Histograms(edges, densities)
