"""Whether everything that was fitted has seen the training part alone."""

from __future__ import annotations

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.learn.data.scaling import Scaler, fitted
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.splitting.leaks import SCALER, TEST, TRAIN, Leak, counted
from harstudio.learn.splitting.splits import Split, leaks


def fitting_leaks(
    windows: WindowSet, split: Split, scaler: Scaler | None = None
) -> tuple[Leak, ...]:
    """What the parts share, and whether a scaler was fitted to more than the training part.

    Up-sampling before the split shows as samples (or clips) that two parts share through an
    interpolated window's parents, and as made-up windows that judge.

    Parameters
    ----------
    windows : WindowSet
        With the interpolated ones, if there are any.
    split : Split
    scaler : Scaler, optional
    """
    found = list(leaks(windows, split))
    if scaler is not None:
        honest = fitted(windows, split.train)
        off = _different(scaler.mean, honest.mean, honest.sd) | _different(
            scaler.sd, honest.sd, honest.sd
        )
        if off.any():
            names = [windows.channels[i] for i in np.flatnonzero(off)]
            text = (
                f"the scaler was not fitted to the training part: {counted(len(names), 'channel')} "
                f"differ, e.g. {names[0]}"
            )
            found.append(Leak(SCALER, (TRAIN, TEST), len(names), len(split.test), text))
    return tuple(found)


def _different(value: FloatArray, expected: FloatArray, sd: FloatArray) -> BoolArray:
    """Beyond what rounding explains, measured in standard deviations."""
    return np.asarray(np.abs(value - expected) > 1e-6 * sd)
