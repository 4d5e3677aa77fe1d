"""Small labelled windows whose classes differ in frequency, so that anything can learn them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harstudio.core.imu import ImuRecording
from harstudio.core.labels import LabelTrack, Segment
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.cutting import cut_windows
from harstudio.learn.data.windows import WindowSet, joined

RATE = 24.0
LABELS = ("still", "slow", "fast")
HZ = {"still": 0.0, "slow": 2.3, "fast": 6.4, "faster": 9.7}
"""Not whole periods per window, so that windows of one clip differ in phase."""

MakeConfig = Callable[..., TrainingConfig]
MakeWindows = Callable[..., WindowSet]


def tiny_config(**changes: Any) -> TrainingConfig:
    """A configuration that trains in a second."""
    defaults: dict[str, Any] = {
        "model": "cnn", "rate_hz": RATE, "epochs": 8, "trees": 12, "seed": 3,
    }  # fmt: skip
    return TrainingConfig(**{**defaults, **changes})


def swinging(label: str, seconds: float, seed: int, turn: float = 0.0) -> ImuRecording:
    """One sensor swinging at the frequency of a label; `turn` rotates its x and y axes (rad)."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * HZ[label] * times + rng.uniform(0, 6)
    x, y = np.array([[3.0], [1.0]]) * (np.sin(phase), np.cos(phase)) * (HZ[label] > 0)
    acc = np.stack([np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y,
                    np.full_like(x, 9.8)], axis=-1)  # fmt: skip
    noisy = acc + 0.3 * rng.standard_normal(acc.shape)
    return ImuRecording(times, ("wrist",), noisy[:, None], kind="virtual")


def tiny_windows(
    subjects: tuple[str, ...] = ("anna", "ben", "cleo", "dan"),
    labels: tuple[str, ...] = LABELS,
    seconds: float = 8.0,
    clips: int = 1,
    turn: float = 0.0,
    seed: int = 0,
    known: tuple[str, ...] = LABELS,
) -> WindowSet:
    """`clips` clips of each label and subject."""
    sets = []
    for s, subject in enumerate(subjects):
        for k, label in enumerate(labels):
            for c in range(clips):
                recording = swinging(label, seconds, seed + 1000 * s + 100 * k + c, turn)
                track = LabelTrack((Segment(0, seconds, label),))
                names = known if label in known else (*known, label)
                windows = cut_windows(
                    recording, track, names, clip_id=f"{subject}-{label}-{c}", subject=subject,
                    config=tiny_config(),
                )  # fmt: skip
                sets.append(windows)
    every = max((s.labels for s in sets), key=len)
    return joined([s.relabelled(every) for s in sets])


@pytest.fixture(scope="session")
def make_config() -> MakeConfig:
    return tiny_config


@pytest.fixture(scope="session")
def make_windows() -> MakeWindows:
    return tiny_windows


@pytest.fixture(scope="session")
def windows() -> WindowSet:
    return tiny_windows()
