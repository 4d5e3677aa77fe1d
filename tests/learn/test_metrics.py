"""Figures of whole stacks of matrices, areas under curves, and what Xiao's equations amount to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sk

from harstudio.learn.judging import metrics

counts = arrays(np.int64, (4, 4), elements=st.integers(0, 9))


def pairs_of(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    truth, guess = np.nonzero(confusion)
    times = confusion[truth, guess]
    return np.repeat(truth, times), np.repeat(guess, times)


@given(counts)
@settings(max_examples=60)
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_every_figure_of_a_matrix_equals_that_of_scikit_learn(confusion: np.ndarray) -> None:
    assume(confusion.any())
    truth, guess = pairs_of(confusion)
    assert metrics.accuracies(confusion) == pytest.approx(sk.accuracy_score(truth, guess))
    f1 = sk.f1_score(truth, guess, average="macro", zero_division=0)
    assert metrics.macro_f1s(confusion) == pytest.approx(f1)
    weighted = sk.f1_score(truth, guess, average="weighted", zero_division=0)
    assert metrics.weighted_f1s(confusion) == pytest.approx(weighted)
    balanced = sk.balanced_accuracy_score(truth, guess)
    assert metrics.balanced_accuracies(confusion) == pytest.approx(balanced)
    own = sk.f1_score(truth, guess, average="macro", labels=np.unique(truth), zero_division=0)
    assert metrics.own_macro_f1s(confusion) == pytest.approx(own)


@given(counts)
@settings(max_examples=60)
def test_kappa_equals_that_of_scikit_learn_where_it_is_defined(confusion: np.ndarray) -> None:
    truth, guess = pairs_of(confusion)
    assume(len(set(truth) | set(guess)) > 1)
    assert metrics.kappas(confusion) == pytest.approx(sk.cohen_kappa_score(truth, guess))


def test_kappa_of_one_class_alone_is_undefined() -> None:
    assert np.isnan(metrics.kappas(np.array([[5, 0], [0, 0]])))


@given(arrays(np.int64, (3, 4, 4), elements=st.integers(0, 9)))
@settings(max_examples=30)
def test_a_stack_gives_the_figures_of_each_matrix(stack: np.ndarray) -> None:
    for figure in (*metrics.FIGURES.values(), metrics.kappas, metrics.xiao_eq5s):
        each = [float(figure(one)) for one in stack]
        np.testing.assert_allclose(figure(stack), each, rtol=1e-12)


@given(st.integers(0, 10_000), st.integers(2, 5), st.booleans())
@settings(max_examples=40)
def test_areas_equal_those_of_scikit_learn_ties_included(
    seed: int, classes: int, coarse: bool
) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, 40)
    probabilities = rng.dirichlet(np.ones(classes), 40)
    if coarse:
        probabilities = probabilities.round(1)
    areas = metrics.one_vs_rest_auc(probabilities, truth)
    for code in range(classes):
        inside = truth == code
        if inside.all() or not inside.any():
            assert np.isnan(areas[code])
        else:
            expected = sk.roc_auc_score(inside, probabilities[:, code])
            assert areas[code] == pytest.approx(expected)


def test_xiaos_equation_5_gives_84_7_percent_to_pure_chance_with_12_classes() -> None:
    chance = np.ones((12, 12), np.int64)
    assert metrics.accuracies(chance) == pytest.approx(1 / 12)
    assert metrics.xiao_eq5s(chance) == pytest.approx(0.847, abs=5e-4)


@given(counts)
@settings(max_examples=40)
def test_xiaos_equation_5_is_the_mean_accuracy_of_the_one_vs_rest_tables(
    confusion: np.ndarray,
) -> None:
    assume(confusion.any())
    total = confusion.sum()
    tables = []
    for code in range(len(confusion)):
        true_positive = confusion[code, code]
        wrong = confusion[code].sum() + confusion[:, code].sum() - 2 * true_positive
        tables.append((total - wrong) / total)
    assert metrics.xiao_eq5s(confusion) == pytest.approx(np.mean(tables))


def test_no_windows_give_no_figures_and_no_errors() -> None:
    nothing = np.zeros((3, 3), np.int64)
    assert [float(figure(nothing)) for figure in metrics.FIGURES.values()] == [0.0] * 4
