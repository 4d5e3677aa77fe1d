"""Every figure of a report follows from its confusion matrix."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from harstudio.core.errors import HarstudioError
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.judging.report import EvaluationReport, report_of
from harstudio.learn.splitting.leaks import Leak

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)


def of_pairs(truth: list[int], guess: list[int]) -> EvaluationReport:
    confusion = np.zeros((5, 5), np.int64)
    np.add.at(confusion, (truth, guess), 1)
    return EvaluationReport(tuple("abcde"), confusion, "by hand")


@given(pairs)
@settings(deadline=None, max_examples=80)
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_figures_equal_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, guess = [t for t, _ in pairs], [g for _, g in pairs]
    report = of_pairs(truth, guess)
    figures = (report.accuracy, report.macro_f1, report.weighted_f1, report.balanced_accuracy)
    expected = (
        metrics.accuracy_score(truth, guess),
        metrics.f1_score(truth, guess, average="macro", zero_division=0),
        metrics.f1_score(truth, guess, average="weighted", zero_division=0),
        metrics.balanced_accuracy_score(truth, guess),
    )
    assert figures == pytest.approx(expected)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, guess, labels=range(5), zero_division=0
    )
    rows = report.per_class()
    assert [r.precision for r in rows] == pytest.approx(precision)
    assert [r.recall for r in rows] == pytest.approx(recall)
    assert [r.f1 for r in rows] == pytest.approx(f1)
    assert [r.support for r in rows] == list(support)


@pytest.fixture
def judged(windows: WindowSet) -> EvaluationReport:
    """The model says still, slow, fast in turn, whatever it is shown."""
    index = np.arange(0, len(windows), 2)
    probabilities = np.full((len(index), 3), 0.1)
    probabilities[np.arange(len(index)), np.arange(len(index)) % 3] = 0.8
    return report_of(
        windows, index, windows.labels, probabilities, part="test", split="by subject",
        split_kind="subject", parts={"test": {"windows": len(index), "subjects": [], "clips": []}},
        warnings=["mind the gap"], model="cnn",
    )  # fmt: skip


def test_rows_are_actual_and_columns_predicted(judged: EvaluationReport) -> None:
    for i, actual in enumerate(judged.labels):
        for j, predicted in enumerate(judged.labels):
            cell = judged.cell(actual, predicted)
            assert len(cell) == judged.confusion[i, j]
            assert all((w.truth, w.prediction) == (actual, predicted) for w in cell)
    assert judged.total == len(judged.windows)


def test_a_window_of_a_cell_leads_back_to_its_moment(
    judged: EvaluationReport, windows: WindowSet
) -> None:
    found = judged.cell("slow", "fast")[0]
    here = np.array([windows.clip_of(i) == found.clip_id for i in range(len(windows))])
    matches = np.flatnonzero(here & np.isclose(windows.start_s, found.start_s))
    assert len(matches) == 1
    assert windows.labels[windows.codes[matches[0]]] == "slow"
    assert found.probability == pytest.approx(0.8)
    assert found.end_s - found.start_s == pytest.approx(1.0)


def test_a_report_survives_json(judged: EvaluationReport) -> None:
    data = json.loads(json.dumps(judged.to_json()))
    again = EvaluationReport.from_json(data)
    assert again.to_json() == judged.to_json()
    assert again.windows == judged.windows
    assert data["accuracy"] == judged.accuracy
    assert data["counts"] == {"test": len(judged.windows)}
    assert data["split"]["kind"] == "subject"


@pytest.mark.parametrize(
    "damage",
    [
        {"confusion": [[1, 2], [3]]},
        {"confusion": [[-1] * 3] * 3},
        {"labels": ["still"]},
        {"windows": [{"clip_id": "c"}]},
        {"windows": 5},
        {"split": "by subject"},
        {"windows": []} | {"labels": None},
    ],
)
def test_a_damaged_report_is_refused(judged: EvaluationReport, damage: dict[str, object]) -> None:
    with pytest.raises(HarstudioError, match="report"):
        EvaluationReport.from_json({**judged.to_json(), **damage})


def test_a_report_that_counts_other_windows_than_it_lists_is_refused(
    judged: EvaluationReport,
) -> None:
    data = judged.to_json()
    with pytest.raises(HarstudioError, match="confusion counts"):
        EvaluationReport.from_json({**data, "windows": data["windows"][1:]})


def test_row_shares_of_an_empty_class_are_0() -> None:
    shares = of_pairs([0, 0, 1], [0, 1, 1]).row_shares()
    assert shares[0, :2] == pytest.approx([0.5, 0.5])
    assert not shares[2:].any()


def test_areas_leaks_folds_and_looks_survive_json(windows: WindowSet) -> None:
    rng = np.random.default_rng(0)
    index = np.arange(0, len(windows), 3)
    probabilities = rng.dirichlet(np.ones(3), len(index))
    shared = Leak("clip", ("train", "test"), 1, 4, "train and test share 1 clip")
    report = report_of(
        windows, index, windows.labels, probabilities, part="test", split="3 folds",
        folds=np.arange(len(index)) % 3 + 1, leaks=(shared,), looks=4,
    )  # fmt: skip
    truth = windows.codes[index]
    expected = metrics.roc_auc_score(truth, probabilities, multi_class="ovr")
    assert report.macro_auc == pytest.approx(expected)
    again = EvaluationReport.from_json(json.loads(json.dumps(report.to_json())))
    assert (again.auc, again.leaks, again.looks) == (report.auc, (shared,), 4)
    assert [w.fold for w in again.windows] == [w.fold for w in report.windows]
    assert again.probabilities is None
    assert again.badge == report.badge != ""


def test_a_report_of_before_there_were_areas_is_read(judged: EvaluationReport) -> None:
    data = judged.to_json()
    for name in ("macro_auc", "cohen_kappa", "extras", "leaks", "looks"):
        del data[name]
    for row in data["per_class"]:
        del row["auc"]
    for window in data["windows"]:
        del window["fold"]
    again = EvaluationReport.from_json(data)
    assert again.macro_auc is None
    assert again.looks == 1
    assert again.macro_f1 == judged.macro_f1


@pytest.mark.parametrize(
    "damage",
    [
        {"leaks": [{"kind": "clip"}]},
        {"leaks": 3},
        {"looks": "often"},
        {"per_class": [{"auc": 2.0}, {"auc": 0.5}, {"auc": 0.5}]},
        {"per_class": [{"auc": 0.5}]},
        {"per_class": 7},
    ],
)
def test_damaged_additions_are_refused(judged: EvaluationReport, damage: dict[str, object]) -> None:
    with pytest.raises(HarstudioError, match="report"):
        EvaluationReport.from_json({**judged.to_json(), **damage})


def test_probabilities_of_another_shape_are_refused(judged: EvaluationReport) -> None:
    with pytest.raises(HarstudioError, match="probabilities have shape"):
        replace(judged, probabilities=np.zeros((2, 3), np.float32))


def test_the_figures_of_xiao_2020_are_extras_with_their_meaning(judged: EvaluationReport) -> None:
    extras = judged.to_json()["extras"]
    assert extras["xiao2020_eq6"]["value"] == judged.accuracy
    assert extras["xiao2020_eq5"]["value"] == pytest.approx(1 - 2 * (1 - judged.accuracy) / 3)
    assert "84.7 %" in extras["xiao2020_eq5"]["meaning"]
