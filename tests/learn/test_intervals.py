"""Intervals come from whole people; too few of them are shown one by one."""

from __future__ import annotations

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.learn.judging.intervals import (
    CLIPS,
    SUBJECTS,
    WINDOWS,
    bootstrap,
    spread,
    unit_confusions,
)
from harstudio.learn.judging.metrics import macro_f1s
from harstudio.learn.judging.report import EvaluationReport
from tests.learn.making_reports import a_report


def of_people(people: int, windows: int = 30, *, named: bool = True) -> EvaluationReport:
    """People of whom each is right at a rate of their own, the same in every window."""
    rng = np.random.default_rng(1)
    rows = []
    for person in range(people):
        skill = 0.5 + 0.5 * person / max(1, people - 1)
        for i in range(windows):
            truth = i % 2
            right = i / windows < skill
            guess = truth if right else 1 - truth
            said = np.eye(2)[guess] * 0.6 + 0.2 + 0.01 * rng.uniform()
            name = f"person {person}" if named else ""
            rows.append((f"clip {person}", name, float(i), "ab"[truth], said))
    return a_report(rows, ("a", "b"))


def test_people_are_resampled_where_there_are_five_and_the_text_says_so() -> None:
    found = spread(of_people(8))
    assert found.unit == SUBJECTS
    assert len(found.names) == 8
    assert "8 subjects" in found.text
    low, high = found.intervals["macro_f1"]
    assert low < found.figures["macro_f1"] < high


def test_fewer_than_five_people_are_shown_and_get_no_interval() -> None:
    found = spread(of_people(4))
    assert found.intervals == {}
    assert len(found.dots["macro_f1"]) == 4
    assert "4 subjects" in found.text


def test_people_without_names_leave_the_clips() -> None:
    found = spread(of_people(6, named=False))
    assert found.unit == CLIPS
    assert "other people" in found.text


def test_a_class_that_only_two_units_hold_gives_no_interval() -> None:
    rows = [(f"c{i}", f"s{i}", 0.0, "a", (0.9, 0.1)) for i in range(9)]
    rows += [(f"c{i}", f"s{i}", 1.0, "b", (0.2, 0.8)) for i in range(2)]
    found = spread(a_report(rows, ("a", "b")))
    assert found.intervals == {}
    assert "'b' is in 2 of them only" in found.text


def test_windows_are_resampled_only_if_asked_for_and_give_too_narrow_an_interval() -> None:
    report = of_people(8)
    by_window, by_person = spread(report, WINDOWS), spread(report)
    width = {
        found.unit: found.intervals["accuracy"][1] - found.intervals["accuracy"][0]
        for found in (by_window, by_person)
    }
    assert width[WINDOWS] < 0.8 * width[SUBJECTS]
    assert "too narrow" in by_window.text
    assert by_window.dots == {}


def test_the_same_report_and_seed_give_the_same_interval() -> None:
    report = of_people(7)
    assert spread(report).intervals == spread(report).intervals
    assert spread(report, seed=1).intervals != spread(report).intervals


def test_equal_people_leave_no_doubt() -> None:
    table = np.tile(np.array([[8, 2], [1, 9]]), (6, 1, 1))
    low, high = bootstrap(table)["macro_f1"]
    assert low == pytest.approx(high)
    assert low == pytest.approx(float(macro_f1s(table[0])))


def test_the_interval_equals_one_by_drawing_people_one_by_one() -> None:
    report = of_people(9)
    which = np.array([int(w.subject.split()[1]) for w in report.windows])
    tables = unit_confusions(report, which, 9)
    rng = np.random.default_rng(5)
    drawn = [float(macro_f1s(tables[rng.integers(0, 9, 9)].sum(axis=0))) for _ in range(4000)]
    low, high = bootstrap(tables, draws=4000)["macro_f1"]
    assert (low, high) == pytest.approx(tuple(np.quantile(drawn, (0.025, 0.975))), abs=0.015)


def test_the_tables_of_the_units_add_up_to_the_matrix() -> None:
    report = of_people(5)
    which = np.array([int(w.subject.split()[1]) for w in report.windows])
    tables = unit_confusions(report, which, 5)
    assert (tables.sum(axis=0) == report.confusion).all()
    assert (tables.sum(axis=(1, 2)) == 30).all()


def test_the_dots_of_people_who_lack_a_class_are_over_those_they_have() -> None:
    rows = [("c", f"s{i}", float(k), "a", (0.9, 0.1)) for i in range(2) for k in range(9)]
    rows += [("c", "s0", 20.0, "a", (0.1, 0.9))]
    found = spread(a_report(rows, ("a", "b")))
    assert found.dots["macro_f1"] == pytest.approx([2 * 9 / (10 + 9), 1.0])


def test_what_cannot_be_resampled_is_told() -> None:
    with pytest.raises(HarstudioError, match="no windows"):
        spread(EvaluationReport(("a",), np.zeros((1, 1), np.int64), "by hand"))
    with pytest.raises(HarstudioError, match="unit"):
        spread(of_people(5), "person")
