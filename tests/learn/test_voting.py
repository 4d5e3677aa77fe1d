"""Windows vote on a timeline; specks give way; where nothing was judged nothing is said."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harstudio.core.labels import LabelTrack
from harstudio.learn.judging.voting import voted

LABELS = ("a", "b", "c")


def at(starts: list[float], said: list[list[float]], **options: float) -> list[tuple[float, ...]]:
    start_s = np.array(starts)
    found = voted(start_s, start_s + 1.0, np.array(said), LABELS, **options)
    return [(s.start_s, s.end_s, s.label, round(s.confidence, 6)) for s in found]


def test_equal_neighbours_join_and_their_confidence_is_the_mean() -> None:
    found = at([0.0, 1.0], [[0.9, 0.1, 0.0], [0.7, 0.3, 0.0]])
    assert found == [(0.0, 2.0, "a", 0.8)]


def test_overlapping_windows_are_averaged() -> None:
    found = at([0.0, 0.5], [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    assert found == [(0.0, 1.0, "a", 0.725), (1.0, 1.5, "b", 0.8)]


def test_nothing_is_said_where_no_window_was() -> None:
    found = at([0.0, 5.0], [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    assert found == [(0.0, 1.0, "a", 1.0), (5.0, 6.0, "a", 1.0)]


def test_a_speck_takes_the_neighbour_that_its_windows_like_better() -> None:
    a, b = [0.9, 0.1, 0.0], [0.0, 1.0, 0.0]
    found = at([0.0, 1.0, 2.0, 3.0, 4.0], [a, a, [0.0, 0.4, 0.6], b, b], least_s=1.5)
    assert found == [(0.0, 2.0, "a", 0.9), (2.0, 5.0, "b", 0.8)]


def test_a_speck_between_two_of_one_label_joins_them() -> None:
    said = [[0.9, 0.1, 0.0]] * 3 + [[0.4, 0.6, 0.0]] + [[0.9, 0.1, 0.0]] * 3
    found = at([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0], said, least_s=2.0)
    assert [row[:3] for row in found] == [(0.0, 7.0, "a")]


def test_a_short_stretch_that_stands_alone_stays() -> None:
    assert at([3.0], [[0.2, 0.8, 0.0]], least_s=5.0) == [(3.0, 4.0, "b", 0.8)]


def test_doubtful_segments_can_be_left_out() -> None:
    found = at([0.0, 1.0], [[0.9, 0.1, 0.0], [0.3, 0.4, 0.3]], least_confidence=0.5)
    assert found == [(0.0, 1.0, "a", 0.9)]


def test_no_windows_give_no_segments() -> None:
    assert voted(np.zeros(0), np.zeros(0), np.zeros((0, 3)), LABELS) == ()


def test_edges_a_rounding_apart_leave_no_gap() -> None:
    start_s = np.array([0.0, 1.0000004, 2.0000009])
    said = np.array([[1.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]])
    found = voted(start_s, start_s + 1.0, said, LABELS)
    assert [s.label for s in found] == ["a", "b"]
    assert found[0].end_s == pytest.approx(found[1].start_s)


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=30, unique=True),
    st.integers(0, 1000),
    st.sampled_from([0.0, 0.7, 2.0]),
)
@settings(max_examples=80)
def test_the_timeline_covers_exactly_the_windows(
    tenths: list[int], seed: int, least_s: float
) -> None:
    rng = np.random.default_rng(seed)
    start_s = np.sort(np.array(tenths)) / 10
    said = rng.dirichlet(np.ones(3), len(start_s))
    found = voted(start_s, start_s + 1.0, said, LABELS, least_s=least_s, author="run")
    LabelTrack(found)  # disjoint
    times_s = np.arange(0.05, 8.0, 0.1)
    covered = ((start_s[:, None] <= times_s) & (times_s < start_s[:, None] + 1.0)).any(axis=0)
    labelled = np.array([any(s.contains(t) for s in found) for t in times_s])
    assert (covered == labelled).all()
    assert all(s.author == "run" and 0 <= s.confidence <= 1 for s in found)
    for left, right in pairwise(found):
        assert left.label != right.label or right.start_s - left.end_s > 1e-6
