"""Windows as points in a plane: what lies close together is alike to the model."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import BoolArray, FloatArray, IntArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.models import FOREST, model_spec
from harstudio.learn.models.random_forest import window_features
from harstudio.learn.runs.checkpoint import Checkpoint

PCA, UMAP = "pca", "umap"
METHODS = (PCA, UMAP)
Names = NDArray[np.str_]
_ROWS = 512


@dataclass(frozen=True, eq=False)
class Embedding:
    """N windows in a plane.

    Attributes
    ----------
    points : (N, 2) array
    label, subject, clip : (N,) arrays of names; `clip` holds ids
    real : (N,) bool array
    start_s, end_s : (N,) arrays, s, on the clip's clock
    method : str
        ``pca`` or ``umap``.
    explained : (float, float) or None
        Shares of the variance that the two axes of a PCA hold.
    of : str
        What the points were made of, for a person.
    """

    points: FloatArray
    label: Names
    real: BoolArray
    subject: Names
    clip: Names
    start_s: FloatArray
    end_s: FloatArray
    method: str
    explained: tuple[float, float] | None
    of: str

    def __post_init__(self) -> None:
        count = len(self.start_s)
        object.__setattr__(self, "points", readonly(self.points))
        if self.points.shape != (count, 2) or not np.isfinite(self.points).all():
            raise HarstudioError(f"embedding: {count} windows, points {self.points.shape}")

    def __len__(self) -> int:
        return len(self.points)


def embedding(
    checkpoint: Checkpoint,
    windows: WindowSet,
    index: IntArray,
    *,
    method: str = PCA,
    seed: int = 0,
) -> Job[Embedding]:
    """Job: windows in the plane, by what a model makes of them.

    Parameters
    ----------
    checkpoint : Checkpoint
        Of a network: the input of its head. Of a forest: the signal features, each scaled to unit
        deviation.
    windows : WindowSet
        That fit the model.
    index : (N,) array
        Which of them.
    method : str
        ``pca`` (always the same), or ``umap`` (McInnes et al. 2018; seeded; an optional package).
    seed : int

    Raises
    ------
    HarstudioError
        Fewer than three windows, windows that do not fit the model, or no package for UMAP.
    """
    if method not in METHODS:
        raise HarstudioError(f"embedding: got {method!r}", f"one of {', '.join(METHODS)}")
    if method == UMAP:
        _umap()  # before the features: they take longest
    if len(index) < 3:
        raise HarstudioError(f"an embedding needs 3 windows or more, got {len(index)}")
    checkpoint.check_fits(windows)
    features = yield from features_of(checkpoint, windows, index)
    how = " (UMAP compiles itself first: half a minute)" if method == UMAP else ""
    yield Progress(1, 1, f"reducing to two dimensions{how}")
    explained = None
    if method == UMAP:
        points = umap_plane(features, seed)
    else:
        points, explained = pca_plane(features)
    forest = model_spec(checkpoint.model).kind == FOREST
    return Embedding(
        points=points,
        label=np.array(windows.labels)[windows.codes[index]],
        real=windows.real[index],
        subject=np.array(windows.subjects)[windows.subject_index[index]],
        clip=np.array(windows.clip_ids)[windows.clip_index[index]],
        start_s=windows.start_s[index],
        end_s=windows.end_s[index],
        method=method,
        explained=explained,
        of=f"{features.shape[1]} "
        + ("signal features, scaled" if forest else f"features of {checkpoint.model}"),
    )


def features_of(checkpoint: Checkpoint, windows: WindowSet, index: IntArray) -> Job[FloatArray]:
    """Job: (N, D) features of the windows `index`, as `embedding` says."""
    parts = []
    if model_spec(checkpoint.model).kind == FOREST:
        for first in range(0, len(index), _ROWS):
            yield Progress(first, len(index), "computing features")
            part = windows.signals[index[first : first + _ROWS]]
            parts.append(window_features(part, windows.rate_hz).astype(np.float64))
        features = np.concatenate(parts)
        deviation = features.std(axis=0)
        scaled: FloatArray = (features - features.mean(axis=0)) / np.where(
            deviation > 1e-12, deviation, 1.0
        )
        return scaled
    from harstudio.learn.fit.networks import restored  # torch: only where it is needed
    from harstudio.learn.fit.torch_setup import torch

    network = restored(checkpoint)
    for first in range(0, len(index), _ROWS):
        yield Progress(first, len(index), "computing features")
        batch = torch.tensor(windows.signals[index[first : first + _ROWS]])
        with torch.no_grad():
            parts.append(network.features(batch).double().numpy())
    return np.concatenate(parts)


def pca_plane(features: FloatArray) -> tuple[FloatArray, tuple[float, float]]:
    """The first two principal components.

    Each axis points to where its largest loading is positive, so that the same windows always
    give the same picture.

    Parameters
    ----------
    features : (N, D) array

    Returns
    -------
    points : (N, 2) array
    explained : (float, float)
        Their shares of the variance.
    """
    centred = features - features.mean(axis=0)
    # The factor R of a QR has the same right singular vectors, and D rows in place of N.
    small = np.linalg.qr(centred, mode="r") if len(centred) > centred.shape[1] else centred
    _, sizes, axes = np.linalg.svd(small, full_matrices=False)
    axes, sizes = axes[:2], sizes**2
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    points = np.zeros((len(features), 2))
    points[:, : len(axes)] = centred @ (axes * np.where(signs == 0, 1.0, signs)[:, None]).T
    total = float(sizes.sum())
    shares = [float(size) / total if total > 0 else 0.0 for size in (*sizes[:2], 0.0, 0.0)]
    return points, (shares[0], shares[1])


def umap_plane(features: FloatArray, seed: int) -> FloatArray:
    """(N, 2) by UMAP, the same for the same seed.

    Raises
    ------
    HarstudioError
        The optional package is missing.
    """
    neighbours = min(15, len(features) - 1)
    reducer = _umap().UMAP(n_neighbors=neighbours, random_state=seed, n_jobs=1)
    points: FloatArray = np.asarray(reducer.fit_transform(features), np.float64)
    return points


def _umap() -> ModuleType:
    """The package, which takes seconds to import and is not needed for a PCA."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of packages for what is not used here
            return import_module("umap")
    except ImportError as error:
        raise HarstudioError(
            "UMAP needs the package umap-learn, which is not installed",
            "pip install 'harstudio[umap]', or choose pca",
        ) from error
