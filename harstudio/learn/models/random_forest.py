"""A random forest on signal features (Breiman 2001), or on raw windows as in Xiao et al. 2020.

Trained by scikit-learn, stored as plain arrays and evaluated here: no pickle, and a stored
forest predicts without scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import Float32Array
from harstudio.learn.fit.threads import thread_count

FEATURES = (
    "mean", "sd", "min", "max", "median", "interquartile_range", "mean_square",
    "mean_abs_step", "mean_crossings", "dominant_frequency", "spectral_entropy",
)  # fmt: skip


def build(channels: int, window: int, classes: int, config: TrainingConfig) -> Forest:
    """An untrained forest."""
    return Forest(config, classes)


def inputs(signals: Float32Array, config: TrainingConfig) -> Float32Array:
    """(N, T, C) windows to the forest's (N, D) inputs."""
    if config.forest_input == "raw":
        return signals.reshape(len(signals), signals.shape[1] * signals.shape[2])
    return window_features(signals, config.rate_hz)


def window_features(signals: Float32Array, rate_hz: float) -> Float32Array:
    """11 features (`FEATURES`) of each channel of each window.

    Parameters
    ----------
    signals : (N, T, C) array
    rate_hz : float

    Returns
    -------
    (N, 11 * C) float32 array, all features of the first channel first
    """
    x = signals.astype(np.float64)
    mean = x.mean(axis=1)
    centred = x - mean[:, None]
    low, median, high = np.quantile(x, (0.25, 0.5, 0.75), axis=1)
    power = np.abs(np.fft.rfft(centred, axis=1)[:, 1:]) ** 2
    total = power.sum(axis=1)
    share = power / np.where(total > 0, total, 1.0)[:, None]
    entropy = -(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=1)
    above = centred > 0
    frequency = np.fft.rfftfreq(x.shape[1], 1.0 / rate_hz)[1:]
    columns = (
        mean,
        x.std(axis=1),
        x.min(axis=1),
        x.max(axis=1),
        median,
        high - low,
        (x**2).mean(axis=1),
        np.abs(np.diff(x, axis=1)).mean(axis=1),
        (above[:, 1:] != above[:, :-1]).mean(axis=1),
        np.where(total > 0, frequency[power.argmax(axis=1)], 0.0),
        entropy,
    )
    flat = np.stack(columns, axis=-1).reshape(len(x), len(FEATURES) * x.shape[2])
    return flat.astype(np.float32)


class Forest:
    """Trees that are grown a few at a time; the result does not depend on how many at a time."""

    def __init__(self, config: TrainingConfig, classes: int) -> None:
        # Late: scikit-learn takes a second to load and is needed for training only.
        from sklearn.ensemble import RandomForestClassifier

        self._classes = classes
        self._forest = RandomForestClassifier(
            n_estimators=0, warm_start=True, random_state=config.seed, n_jobs=thread_count()
        )

    @property
    def trees(self) -> int:
        return int(self._forest.n_estimators)

    def grow(self, x: Float32Array, codes: IntArray, weights: FloatArray, more: int) -> None:
        """Add trees; always with the same (N, D) inputs, (N,) codes and (N,) sample weights."""
        self._forest.n_estimators += more
        self._forest.fit(x, codes, sample_weight=weights)

    def stored(self, first: int = 0) -> StoredForest:
        """The trees from `first` on, as arrays."""
        trees = [tree.tree_ for tree in self._forest.estimators_[first:]]
        classes = self._forest.classes_.astype(np.int64)
        counts = np.array([tree.node_count for tree in trees], np.int64)
        values = np.zeros((int(counts.sum()), self._classes))
        values[:, classes] = np.concatenate([tree.value[:, 0, :] for tree in trees])
        return StoredForest(
            roots=np.concatenate([[0], np.cumsum(counts)[:-1]]),
            left=_joined([tree.children_left for tree in trees], counts),
            right=_joined([tree.children_right for tree in trees], counts),
            feature=np.concatenate([tree.feature for tree in trees]).astype(np.int64),
            threshold=np.concatenate([tree.threshold for tree in trees]).astype(np.float64),
            values=values,
        )


@dataclass(frozen=True, eq=False)
class StoredForest:
    """A forest as arrays over all nodes of all trees.

    Attributes
    ----------
    roots : (R,) array
        Node at which each tree begins.
    left, right : (M,) arrays
        Node to go to where the feature is at most the threshold, or above; -1 in a leaf.
    feature : (M,) array
        Column of the input.
    threshold : (M,) array
    values : (M, K) array
        Share of each class among the training windows of a node.
    """

    roots: IntArray
    left: IntArray
    right: IntArray
    feature: IntArray
    threshold: FloatArray
    values: FloatArray

    def probabilities(self, x: Float32Array, block: int = 1 << 20) -> FloatArray:
        """(N, D) inputs to (N, K) class shares, averaged over the trees.

        Windows are taken in blocks so that windows times trees stays near `block`.
        """
        rows = max(1, block // max(1, len(self.roots)))
        parts = [self._block(x[i : i + rows]) for i in range(0, len(x), rows)]
        return np.concatenate([np.zeros((0, self.values.shape[1])), *parts])

    def _block(self, x: Float32Array) -> FloatArray:
        row = np.tile(np.arange(len(x)), len(self.roots))
        node = np.repeat(self.roots, len(x))
        moving = np.flatnonzero(self.left[node] >= 0)
        while len(moving):
            here = node[moving]
            below = x[row[moving], self.feature[here]] <= self.threshold[here]
            node[moving] = np.where(below, self.left[here], self.right[here])
            moving = moving[self.left[node[moving]] >= 0]
        leaves = node.reshape(len(self.roots), len(x))
        total = np.zeros((len(x), self.values.shape[1]))
        for tree in leaves:  # one after the other: the same rounding as scikit-learn
            total += self.values[tree]
        return total / len(self.roots)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The arrays by name, as they are stored."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_tensors(
        cls, tensors: Mapping[str, NDArray[Any]], *, inputs: int, classes: int
    ) -> StoredForest:
        """The forest stored by `tensors`.

        Parameters
        ----------
        tensors : mapping of name to array
        inputs : int
            Columns D of the inputs.
        classes : int

        Raises
        ------
        HarstudioError
            Arrays that are missing, do not fit, or whose nodes do not lead to leaves.
        """
        try:
            forest = cls(**{name: tensors[name] for name in cls.__dataclass_fields__})
        except KeyError as error:
            raise HarstudioError(f"forest: no array {error}") from error
        whole = (forest.roots, forest.left, forest.right, forest.feature)
        if any(array.ndim != 1 or array.dtype != np.int64 for array in whole):
            raise HarstudioError("forest: its nodes are not rows of whole numbers")
        nodes = np.arange(len(forest.left))
        shapes = {array.shape for array in (forest.right, forest.feature, forest.threshold)}
        if shapes != {nodes.shape} or forest.values.shape != (len(nodes), classes):
            raise HarstudioError("forest: its arrays differ in length")
        inner = forest.left >= 0
        ahead = all(
            ((side[inner] > nodes[inner]) & (side[inner] < len(nodes))).all()
            for side in (forest.left, forest.right)
        )
        known = ((forest.feature[inner] >= 0) & (forest.feature[inner] < inputs)).all()
        rooted = len(forest.roots) and ((forest.roots >= 0) & (forest.roots < len(nodes))).all()
        if not (ahead and known and rooted):
            raise HarstudioError("forest: its nodes do not form trees over these inputs")
        return forest


def _joined(children: list[NDArray[Any]], counts: IntArray) -> IntArray:
    """Children of all trees, counted through; leaves stay -1."""
    offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
    parts = [np.where(c >= 0, c + o, -1) for c, o in zip(children, offsets, strict=True)]
    return np.concatenate(parts).astype(np.int64)
