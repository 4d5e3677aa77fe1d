"""Normalisation knows the training part and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harstudio.learn.data.scaling import fitted
from harstudio.learn.data.windows import WindowSet


def test_training_windows_come_out_with_mean_0_and_deviation_1(windows: WindowSet) -> None:
    train = np.arange(0, len(windows), 3)
    scaler = fitted(windows, train, rows=7)
    scaled = (windows.signals[train] - scaler.mean) / scaler.sd
    assert np.allclose(scaled.mean(axis=(0, 1)), 0, atol=1e-6)
    assert np.allclose(scaled.std(axis=(0, 1)), 1, atol=1e-6)


def test_other_windows_have_no_influence(windows: WindowSet) -> None:
    train = np.arange(10)
    signals = windows.signals.copy()
    signals[10:] = 1e6
    poisoned = fitted(replace(windows, signals=signals), train)
    clean = fitted(windows, train)
    assert np.array_equal(poisoned.mean, clean.mean)
    assert np.array_equal(poisoned.sd, clean.sd)


def test_a_constant_channel_is_not_blown_up(windows: WindowSet) -> None:
    signals = windows.signals.copy()
    signals[..., 1] = 5.0
    scaler = fitted(replace(windows, signals=signals), np.arange(10))
    assert (scaler.mean[1], scaler.sd[1]) == (5.0, 1.0)
