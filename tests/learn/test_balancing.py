"""Up-sampling makes rare classes as large as the largest, between training windows only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.balancing import upsampled
from harstudio.learn.data.windows import WindowSet, joined
from harstudio.learn.splitting.splits import Split, make_split, parts_summary
from tests.learn.tables import table

NONE = np.zeros(0, np.int64)


def uneven(jumps: int = 6) -> WindowSet:
    rows = [(f"s{i}", f"s{i}-walk", "walk", 40) for i in range(6)]
    windows = table([*rows, *((f"s{i}", f"s{i}-jump", "jump", jumps) for i in range(6))])
    rng = np.random.default_rng(2)
    signals = rng.standard_normal(windows.signals.shape).astype(np.float32)
    real = np.arange(len(windows)) % 3 == 0
    return replace(windows, signals=signals, real=real, weight=np.linspace(0.5, 1, len(windows)))


def test_classes_become_equal_and_every_old_index_keeps_its_meaning() -> None:
    windows = uneven()
    split = make_split(windows, TrainingConfig())
    grown, whole = upsampled(windows, split, seed=5)
    counts = np.bincount(grown.codes[whole.train])
    assert counts[0] == counts[1] == 40 * len(split.units["train"])
    assert np.array_equal(grown.signals[: len(windows)], windows.signals)
    assert np.array_equal(whole.test, split.test)
    assert np.array_equal(whole.validation, split.validation)
    new = np.arange(len(windows), len(grown))
    assert grown.interpolated.sum() == len(new) == whole.interpolated
    assert np.isin(new, whole.train).all()
    assert f"({whole.interpolated} interpolated)" in whole.text
    assert parts_summary(grown, whole)["train"]["interpolated"] == whole.interpolated


def test_a_new_window_lies_between_its_parents() -> None:
    windows = uneven()
    split = make_split(windows, TrainingConfig())
    grown, _ = upsampled(windows, split, seed=5)
    assert grown.partners is not None

    def index_of(clip: int, start_s: float) -> int:
        hit = (windows.clip_index == clip) & (windows.start_s == start_s)
        return int(np.flatnonzero(hit)[0])

    for i in range(len(windows), len(grown)):
        a = index_of(grown.clip_index[i], grown.start_s[i])
        b = index_of(grown.partners.clip_index[i], grown.partners.start_s[i])
        assert {a, b} <= set(split.train.tolist())
        assert windows.codes[a] == windows.codes[b] == grown.codes[i]
        assert windows.real[a] == windows.real[b] == grown.real[i]
        step = windows.signals[b] - windows.signals[a]
        share = ((grown.signals[i] - windows.signals[a]) * step).sum() / max(1e-9, (step**2).sum())
        assert -1e-4 <= share <= 1 + 1e-4
        assert np.allclose(grown.signals[i], windows.signals[a] + share * step, atol=1e-4)
        low, high = sorted((windows.weight[a], windows.weight[b]))
        assert low - 1e-9 <= grown.weight[i] <= high + 1e-9


def test_a_class_grows_tenfold_at_most_and_the_seed_decides() -> None:
    windows = uneven(jumps=1)
    split = make_split(windows, TrainingConfig())
    rare = int((windows.codes[split.train] == 0).sum())
    assert windows.labels[0] == "jump"
    grown, whole = upsampled(windows, split, seed=5)
    assert (grown.codes[whole.train] == 0).sum() == 10 * rare
    again, _ = upsampled(windows, split, seed=5)
    other, _ = upsampled(windows, split, seed=6)
    assert again.fingerprint() == grown.fingerprint() != other.fingerprint()


def test_equal_classes_are_left_alone() -> None:
    windows = table([("a", "one", "walk", 10), ("b", "two", "run", 10)])
    split = Split(np.arange(20), NONE, NONE, "none", {})
    assert upsampled(windows, split, seed=0) == (windows, split)


def test_interpolated_windows_cannot_be_joined_to_others() -> None:
    windows = uneven()
    grown, _ = upsampled(windows, make_split(windows, TrainingConfig()), seed=5)
    with pytest.raises(HarstudioError, match="interpolated ones cannot be joined"):
        joined([windows, grown])
    assert grown.taken(~grown.interpolated).fingerprint() == windows.fingerprint()
