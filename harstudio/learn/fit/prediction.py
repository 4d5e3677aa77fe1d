"""Trained models put to use: probabilities for windows, from a stored checkpoint."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.data.windows import Float32Array, WindowSet
from harstudio.learn.models import FOREST, model_spec
from harstudio.learn.runs.checkpoint import Checkpoint


class Predictor(Protocol):
    """Anything that judges windows."""

    def probabilities(self, signals: Float32Array) -> FloatArray:
        """(N, T, C) signals in SI units to (N, K) probabilities."""
        ...


def predictor_of(checkpoint: Checkpoint) -> Predictor:
    """The model of a checkpoint, ready to judge windows.

    Raises
    ------
    HarstudioError
        An unknown model, or arrays that do not fit it.
    """
    # Late: a forest needs no torch, and a window must not wait for either.
    if model_spec(checkpoint.model).kind == FOREST:
        from harstudio.learn.fit.forest_training import ForestPredictor

        return ForestPredictor.of(checkpoint)
    from harstudio.learn.fit.networks import NetworkPredictor

    return NetworkPredictor.of(checkpoint)


def predicted(
    predictor: Predictor,
    windows: WindowSet,
    index: IntArray,
    *,
    classes: int,
    message: str = "evaluating",
    rows: int = 512,
) -> Job[FloatArray]:
    """Job: (N, K) probabilities of the windows `index` of a set.

    Raises
    ------
    HarstudioError
        The model gives something else: its weights, or the signals, are no numbers.
    """
    parts = [np.zeros((0, classes))]
    for first in range(0, len(index), rows):
        yield Progress(first, len(index), message)
        found = predictor.probabilities(windows.signals[index[first : first + rows]])
        if not ((found >= 0) & (found <= 1.0001)).all():
            raise HarstudioError(
                "the model gives no probabilities",
                "its weights are damaged, or the signals too large",
            )
        parts.append(found)
    return np.concatenate(parts)
