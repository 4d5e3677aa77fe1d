"""What the training of networks and of forests share; numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.learn.runs.checkpoint import Checkpoint

TICK_S = 0.08
"""Progress is told about this often, so that a reader sees it every 100 ms."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model after training.

    Attributes
    ----------
    checkpoint : Checkpoint
        Of the best epoch.
    best_epoch, epochs : int
    stopped_early : str
        Why; empty if it was not.
    notes : texts
        What a reader of the report must know of the training.
    resumable : bool
        It was stopped on request, and what it takes to go on is kept.
    """

    checkpoint: Checkpoint
    best_epoch: int
    epochs: int
    stopped_early: str
    notes: tuple[str, ...] = ()
    resumable: bool = False


def class_weights(codes: IntArray, classes: int, most: float = 10.0) -> FloatArray:
    """Weights that make every class count the same.

    Parameters
    ----------
    codes : (N,) array
    classes : int
    most : float
        Cap, so that a class of a few windows does not shake the training.

    Returns
    -------
    (K,) array, N / (present classes * windows of the class); 1 for a class without windows
    """
    counts = np.bincount(codes, minlength=classes)
    present = int((counts > 0).sum())
    weights = len(codes) / (max(1, present) * np.maximum(counts, 1))
    capped: FloatArray = np.where(counts > 0, np.minimum(weights, most), 1.0)
    return capped
