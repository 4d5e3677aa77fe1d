"""Classes as mean directions: what a few labelled windows say at once, without training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray, IntArray
from harstudio.core.errors import HarstudioError

_SHARPNESS = 20.0
"""Of the softmax over cosines, which lie close together."""


@dataclass(frozen=True, eq=False)
class Prototypes:
    """One unit vector for each class (Snell et al. 2017; cosine instead of distance).

    Attributes
    ----------
    directions : (K, D) array
        Zero for a class without windows.
    present : (K,) bool array
    """

    directions: FloatArray
    present: BoolArray

    @classmethod
    def of(cls, features: FloatArray, codes: IntArray, classes: int) -> Prototypes:
        """From (N, D) features and (N,) codes; HarstudioError if there are none."""
        if len(codes) == 0 or features.shape[:1] != codes.shape:
            raise HarstudioError(f"prototypes: {len(features)} features for {len(codes)} labels")
        unit = _unit(features)
        sums = np.zeros((classes, features.shape[1]))
        np.add.at(sums, codes, unit)
        return cls(_unit(sums), np.bincount(codes, minlength=classes) > 0)

    def probabilities(self, features: FloatArray) -> FloatArray:
        """(N, D) features to (N, K) shares; 0 for a class without windows."""
        closeness = _SHARPNESS * (_unit(features) @ self.directions.T)
        closeness[:, ~self.present] = -np.inf
        raised = np.exp(closeness - closeness.max(axis=1, keepdims=True))
        shares: FloatArray = raised / raised.sum(axis=1, keepdims=True)
        return shares


def _unit(vectors: FloatArray) -> FloatArray:
    length = np.linalg.norm(np.asarray(vectors, np.float64), axis=1, keepdims=True)
    unit: FloatArray = vectors / np.where(length > 0, length, 1.0)
    return unit
