"""Windows judged right are not segments found: what is torn, late, or at the edge."""

from __future__ import annotations

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.judging.segment_metrics import judged_pieces, segment_scores
from tests.learn.making_reports import a_report

A, B = (0.9, 0.1), (0.2, 0.8)


def said(text: str, step_s: float = 1.0, clip: str = "c", **changes: object) -> EvaluationReport:
    """One window per letter: what the model said; a dot for none."""
    rows = [
        (clip, "s", i * step_s, letter, A if letter == "a" else B)
        for i, letter in enumerate(text)
        if letter != "."
    ]
    return a_report(rows, ("a", "b"), **changes)


def labelled(*parts: tuple[float, float, str]) -> dict[str, LabelTrack]:
    return {"c": LabelTrack(tuple(Segment(*part) for part in parts))}


def test_what_is_found_exactly_scores_1_with_no_boundary_error() -> None:
    found = segment_scores(said("aaaabbbb"), labelled((0, 4, "a"), (4, 8, "b")))
    assert [f1 for _, f1 in found.f1] == [1.0, 1.0, 1.0]
    assert (found.boundaries, found.boundary_median_s) == (2, 0.0)


def test_a_late_boundary_is_measured_and_its_side_told() -> None:
    found = segment_scores(said("aaaaabbb"), labelled((0, 4, "a"), (4, 8, "b")))
    assert found.f1 == ((0.1, 1.0), (0.25, 1.0), (0.5, 1.0))
    assert found.boundary_median_s == pytest.approx(1.0)
    assert found.bias_s == pytest.approx(1.0)


def test_an_activity_torn_in_three_costs_segments_though_most_windows_are_right() -> None:
    report = said("aaaabaaaabaaaa")
    found = segment_scores(report, labelled((0, 14, "a")))
    assert (found.true_segments, found.predicted_segments) == (1, 5)
    assert dict(found.f1)[0.1] == pytest.approx(2 * 1 / 6)
    smoothed = segment_scores(report, labelled((0, 14, "a")), least_s=2.0)
    assert dict(smoothed.f1)[0.5] == 1.0


def test_time_that_was_not_judged_is_not_compared() -> None:
    truth = labelled((0, 10, "a"), (10, 20, "b"))
    found = segment_scores(said("aaaaa.....bbb"), truth)
    assert dict(found.f1)[0.5] == 1.0
    assert found.boundaries == 0  # the edges of what was judged are nobody's choice


def test_labels_that_the_model_does_not_know_are_not_asked_of_it() -> None:
    truth = labelled((0, 4, "a"), (4, 8, "dance"), (8, 12, "b"))
    found = segment_scores(said("aaaa....bbbb"), truth)
    assert (found.true_segments, dict(found.f1)[0.5]) == (2, 1.0)


def test_touching_segments_of_one_label_are_one() -> None:
    found = segment_scores(said("aaaaaa"), labelled((0, 3, "a"), (3, 6, "a")))
    assert (found.true_segments, dict(found.f1)[0.5]) == (1, 1.0)


def test_holes_up_to_a_window_are_closed() -> None:
    windows = said("aa.bb..b").windows
    assert judged_pieces(windows) == [(0.0, 5.0), (7.0, 8.0)]


def test_without_probabilities_each_window_votes_for_its_prediction() -> None:
    truth = labelled((0, 4, "a"), (4, 8, "b"))
    plain = segment_scores(said("aaaabbbb", with_probabilities=False), truth)
    assert plain.f1 == segment_scores(said("aaaabbbb"), truth).f1


def test_random_windows_make_no_timeline() -> None:
    with pytest.raises(HarstudioError, match="no timeline"):
        segment_scores(said("ab", split_kind="random_windows"), labelled((0, 2, "a")))


def test_a_report_of_other_clips_is_refused() -> None:
    with pytest.raises(HarstudioError, match="none of the report's windows"):
        segment_scores(said("ab"), {"another": LabelTrack()})


def test_the_plain_data_and_the_text_name_the_units() -> None:
    found = segment_scores(said("aaaaabbb"), labelled((0, 4, "a"), (4, 8, "b")))
    data = found.to_json()
    assert data["boundary_error_s"] == {
        "count": 2, "median": 1.0, "quartiles": [1.0, 1.0], "signed_median": 1.0,
    }  # fmt: skip
    assert "1.00 s" in found.text
