"""Evaluation against what a user would write instead: scikit-learn in a loop.

Run with ``pytest tests/benchmarks/test_evaluation_speed.py -s``. Medians of the same run.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from harstudio.learn.judging.embedding import pca_plane, umap_plane
from harstudio.learn.judging.intervals import bootstrap
from harstudio.learn.judging.metrics import one_vs_rest_auc

CLASSES, PEOPLE, EACH = 12, 21, 500
DRAWS = 2000


def seconds(run: Callable[[], object], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        begun = perf_counter()
        run()
        taken.append(perf_counter() - begun)
    return median(taken)


def test_two_thousand_draws_of_people_take_less_than_100_ms() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, CLASSES, (PEOPLE, EACH))
    guess = np.where(rng.random(truth.shape) < 0.8, truth, rng.integers(0, CLASSES, truth.shape))
    tables = np.zeros((PEOPLE, CLASSES, CLASSES), np.int64)
    for table, t, g in zip(tables, truth, guess, strict=True):
        np.add.at(table, (t, g), 1)
    ours = seconds(lambda: bootstrap(tables, DRAWS))

    def by_hand(draws: int) -> None:
        for _ in range(draws):
            chosen = rng.integers(0, PEOPLE, PEOPLE)
            t, g = truth[chosen].ravel(), guess[chosen].ravel()
            f1_score(t, g, average="macro")
            accuracy_score(t, g)

    theirs = seconds(lambda: by_hand(20), 3) * DRAWS / 20
    print(f"\nbootstrap: {1e3 * ours:.0f} ms against {theirs:.1f} s, {theirs / ours:.0f} times")
    assert ours < 0.1
    assert theirs / ours > 50


def test_areas_are_no_slower_than_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, CLASSES, 20_000)
    probabilities = rng.dirichlet(np.ones(CLASSES), 20_000)
    ours = seconds(lambda: one_vs_rest_auc(probabilities, truth))
    theirs = seconds(lambda: roc_auc_score(truth, probabilities, multi_class="ovr"))
    print(f"\nAUC of 20,000 windows: {1e3 * ours:.0f} ms against {1e3 * theirs:.0f} ms")
    assert ours < 1.2 * theirs


def test_a_plane_of_20000_windows_takes_less_than_a_second() -> None:
    features = np.random.default_rng(0).normal(size=(20_000, 128))
    ours = seconds(lambda: pca_plane(features))
    print(f"\nPCA of 20,000 x 128: {1e3 * ours:.0f} ms")
    assert ours < 1.0


def test_umap_gives_the_same_plane_for_the_same_seed() -> None:
    pytest.importorskip("umap", reason="the optional package umap-learn is not installed")
    features = np.random.default_rng(0).normal(size=(300, 16))
    np.testing.assert_array_equal(umap_plane(features, 1), umap_plane(features, 1))
