"""The forest: its features, and its life without pickle."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig
from harstudio.learn.models.random_forest import (
    FEATURES,
    Forest,
    StoredForest,
    inputs,
    window_features,
)

CONFIG = TrainingConfig(trees=15, seed=4)
RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 7)).astype(np.float32)
Y = np.where(X[:, 0] + X[:, 1] * X[:, 2] > 0, 3, 1).astype(np.int64)
UNSEEN = RNG.standard_normal((300, 7)).astype(np.float32)


def grown(*batches: int) -> StoredForest:
    forest = Forest(CONFIG, classes=5)
    for more in batches:
        forest.grow(X, Y, np.ones(len(Y)), more)
    return forest.stored()


def test_a_stored_forest_predicts_exactly_what_scikit_learn_predicts() -> None:
    theirs = RandomForestClassifier(n_estimators=15, random_state=4).fit(X, Y, np.ones(len(Y)))
    tensors = grown(15).tensors()
    ours = StoredForest.from_tensors(tensors, inputs=7, classes=5).probabilities(UNSEEN)
    assert np.array_equal(ours[:, [1, 3]], theirs.predict_proba(UNSEEN))
    assert not ours[:, [0, 2, 4]].any(), "a class without training windows is never predicted"


def test_growing_in_batches_changes_nothing() -> None:
    whole, pieces = grown(15).tensors(), grown(1, 3, 4, 7).tensors()
    assert all(np.array_equal(whole[name], pieces[name]) for name in whole)


def test_blocks_change_nothing() -> None:
    forest = grown(15)
    whole = forest.probabilities(UNSEEN)
    assert np.array_equal(forest.probabilities(UNSEEN, block=70), whole)
    assert forest.probabilities(UNSEEN[:0]).shape == (0, 5)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("left", lambda a: np.where(a >= 0, 0, a)),  # a loop would never end
        ("right", lambda a: np.where(a >= 0, a + 10_000, a)),
        ("feature", lambda a: a + 7),
        ("roots", lambda a: a[:0]),
        ("values", lambda a: a[:, :2]),
        ("threshold", lambda a: a[1:]),
    ],
)
def test_a_damaged_forest_is_refused(name: str, change: object) -> None:
    tensors = grown(3).tensors()
    tensors[name] = change(tensors[name])  # type: ignore[operator]
    with pytest.raises(HarstudioError, match="forest"):
        StoredForest.from_tensors(tensors, inputs=7, classes=5)
    del tensors[name]
    with pytest.raises(HarstudioError, match=name):
        StoredForest.from_tensors(tensors, inputs=7, classes=5)


def test_features_of_a_sine_are_those_of_the_textbook() -> None:
    times = np.arange(60) / 60.0
    wave = 5.0 + 3.0 * np.sin(2 * np.pi * 4.0 * times + 0.1)
    flat = np.full(60, 2.0)
    windows = np.stack([wave, flat], axis=-1)[None].astype(np.float32)
    values = window_features(windows, 60.0)[0]
    sine = dict(zip(FEATURES, values[:11], strict=True))
    assert sine["mean"] == pytest.approx(5.0, abs=1e-5)
    assert sine["sd"] == pytest.approx(3.0 / np.sqrt(2), rel=1e-5)
    assert sine["mean_square"] == pytest.approx(25 + 4.5, rel=1e-5)
    assert sine["dominant_frequency"] == 4.0
    assert sine["spectral_entropy"] == pytest.approx(0.0, abs=1e-4)
    assert sine["mean_crossings"] == pytest.approx(7 / 59)  # at pi, 2 pi ... 7 pi
    assert sine["max"] <= 8.0
    constant = dict(zip(FEATURES, values[11:], strict=True))
    assert (constant["min"], constant["median"], constant["max"]) == (2, 2, 2)
    zero = ("sd", "mean_abs_step", "interquartile_range", "dominant_frequency", "spectral_entropy")
    assert [constant[name] for name in zero] == pytest.approx([0.0] * 5, abs=1e-6)


def test_raw_windows_are_an_option() -> None:
    signals = RNG.standard_normal((4, 60, 3)).astype(np.float32)
    assert inputs(signals, TrainingConfig(forest_input="raw")).shape == (4, 180)
    assert inputs(signals, TrainingConfig()).shape == (4, 33)
