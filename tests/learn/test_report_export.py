"""Tables hold what the report does; an order by confusion puts the confused side by side."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harstudio.learn.judging.confusions import (
    COLUMN_SHARES,
    COUNTS,
    ROW_SHARES,
    by_confusion,
    most_confused,
    shares,
)
from harstudio.learn.judging.report_export import classes_csv, confusion_csv, windows_csv
from tests.learn.making_reports import a_report

ROWS = [
    ("c1", "ann", 0.0, "a", (0.8, 0.2)),
    ("c1", "ann", 12345.678901, "a", (0.4, 0.6)),
    ("c2", "bob", 0.5, 'b, "q"', (0.1, 0.9)),
]
REPORT = a_report(ROWS, ("a", 'b, "q"'))


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_of_classes_holds_every_figure_and_the_means() -> None:
    rows = read(classes_csv(REPORT))
    assert [row["label"] for row in rows] == ["a", 'b, "q"', "(macro)", "(weighted)"]
    assert float(rows[0]["recall"]) == 0.5
    assert rows[0]["auc_one_vs_rest"] == ""  # made without areas
    assert float(rows[2]["f1"]) == pytest.approx(REPORT.macro_f1)
    assert float(rows[3]["recall"]) == pytest.approx(REPORT.accuracy)


def test_the_table_of_windows_leads_back_to_each_moment() -> None:
    rows = read(windows_csv(REPORT, {"c1": "walk_03"}))
    assert [row["clip"] for row in rows] == ["walk_03", "walk_03", "c2"]
    assert float(rows[1]["start_s"]) == pytest.approx(12345.678901, abs=1e-4)
    assert rows[2]["actual"] == rows[2]["predicted"] == 'b, "q"'
    assert float(rows[1]["p a"]) == pytest.approx(0.4)


def test_without_probabilities_the_table_lacks_their_columns_only() -> None:
    rows = read(windows_csv(a_report(ROWS, REPORT.labels, with_probabilities=False)))
    assert not any(name.startswith("p ") for name in rows[0])
    assert len(rows) == 3


def test_the_matrix_says_which_axis_is_which() -> None:
    first, *rows = csv.reader(io.StringIO(confusion_csv(REPORT)))
    assert first == ["actual \\ predicted", *REPORT.labels]
    assert rows == [["a", "1", "1"], ['b, "q"', "0", "1"]]


def test_shares_of_rows_and_columns_sum_to_1_where_there_are_windows() -> None:
    confusion = np.array([[3, 1, 0], [0, 0, 0], [2, 2, 4]])
    np.testing.assert_allclose(shares(confusion, ROW_SHARES).sum(axis=1), [1, 0, 1])
    np.testing.assert_allclose(shares(confusion, COLUMN_SHARES).sum(axis=0), [1, 1, 1])
    np.testing.assert_array_equal(shares(confusion, COUNTS), confusion)
    assert shares(confusion, COLUMN_SHARES)[0, 0] == pytest.approx(0.6)


def test_classes_that_are_taken_for_each_other_become_neighbours() -> None:
    confusion = np.diag([10, 10, 10, 10, 10])
    confusion[0, 4] = confusion[4, 0] = 5
    confusion[1, 3] = 6
    order = list(by_confusion(confusion))
    assert abs(order.index(0) - order.index(4)) == 1
    assert abs(order.index(1) - order.index(3)) == 1


@given(arrays(np.int64, (5, 5), elements=st.integers(0, 6)))
def test_an_order_by_confusion_leaves_nobody_out(confusion: np.ndarray) -> None:
    order = by_confusion(confusion)
    assert sorted(order) == list(range(5))
    assert list(by_confusion(confusion)) == list(order)


def test_a_matrix_without_mistakes_keeps_its_order() -> None:
    assert list(by_confusion(np.diag([1, 2, 3, 4]))) == [0, 1, 2, 3]
    assert most_confused(np.diag([1, 2]), ("a", "b")) == []


def test_the_largest_mistakes_come_first() -> None:
    confusion = np.array([[5, 5, 0], [1, 9, 0], [0, 7, 3]])
    assert most_confused(confusion, ("a", "b", "c"), 2) == [
        ("c", "b", 7, 0.7),
        ("a", "b", 5, 0.5),
    ]
