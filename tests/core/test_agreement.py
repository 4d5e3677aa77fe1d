"""Agreement of two tiers, against hand numbers, scikit-learn and symmetry."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from harstudio.core.agreement import (
    BOTH,
    EITHER,
    NO_LABEL,
    WHOLE,
    Agreement,
    agreement,
    pooled,
)
from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.segment_matching import Offsets

RATE_HZ, CLIP_S = 50.0, 10.0
ALL_OVER = (BOTH, EITHER, WHOLE)


def track(*parts: tuple[float, float, str], overlapping: bool = False) -> LabelTrack:
    return LabelTrack(tuple(Segment(*part) for part in parts), overlapping)


@st.composite
def tracks(draw: st.DrawFn) -> LabelTrack:
    """Up to eight segments at whole hundredths of a second."""
    cuts = sorted(draw(st.sets(st.integers(0, 1000), min_size=2, max_size=16)))
    parts = []
    for first, stop in pairwise(cuts):
        label = draw(st.sampled_from(("", "walk", "run", "jump")))
        if label:
            parts.append((first / 100, stop / 100, label))
    return track(*parts)


def compare(a: LabelTrack, b: LabelTrack, over: str = EITHER) -> Agreement:
    return agreement(a, b, CLIP_S, RATE_HZ, over)


def test_kappa_is_that_of_the_worked_example() -> None:
    """Cohen's table with 20, 5, 10, 15 of 50: observed 0.7, expected 0.5, kappa 0.4."""
    a = track((0, 5, "yes"), (5, 10, "no"))
    b = track((0, 4, "yes"), (4, 5, "no"), (5, 7, "yes"), (7, 10, "no"))
    found = compare(a, b)
    assert found.labels == ("no", "yes", NO_LABEL)
    np.testing.assert_allclose(found.seconds, [[3, 2, 0], [1, 4, 0], [0, 0, 0]])
    assert found.observed == pytest.approx(0.7)
    assert found.expected == pytest.approx(0.5)
    assert found.kappa == pytest.approx(0.4)
    assert found.samples == 500


@given(tracks(), tracks(), st.sampled_from(ALL_OVER))
def test_kappa_is_that_of_scikit_learn(a: LabelTrack, b: LabelTrack, over: str) -> None:
    found = compare(a, b, over)
    times = np.arange(int(CLIP_S * RATE_HZ)) / RATE_HZ
    codes = [each.codes(times, ("jump", "run", "walk")) for each in (a, b)]
    counted = {
        BOTH: (codes[0] >= 0) & (codes[1] >= 0),
        EITHER: (codes[0] >= 0) | (codes[1] >= 0),
        WHOLE: np.full(len(times), True),
    }[over]
    y, z = codes[0][counted], codes[1][counted]
    assert found.samples == len(y)
    if len({*y.tolist(), *z.tolist()}) > 1:
        assert found.kappa == pytest.approx(cohen_kappa_score(y, z))
        assert found.observed == pytest.approx(np.mean(y == z))
    else:
        assert found.kappa is None
        assert found.undefined


@given(tracks(), tracks(), st.sampled_from(ALL_OVER))
def test_it_does_not_matter_which_tier_is_the_reference(
    a: LabelTrack, b: LabelTrack, over: str
) -> None:
    one, two = compare(a, b, over), compare(b, a, over)
    np.testing.assert_array_equal(one.seconds, two.seconds.T)
    assert one.kappa == pytest.approx(two.kappa)
    for iou in (0.1, 0.25, 0.5):
        assert one.f1(iou) == two.f1(iou)
    there = [m.start_s for m in one.matches if m.start_s is not None]
    back = [-m.start_s for m in two.matches if m.start_s is not None]
    assert sorted(there) == sorted(back)


@given(tracks(), st.sampled_from(ALL_OVER))
def test_a_tier_agrees_with_itself_wholly(a: LabelTrack, over: str) -> None:
    found = compare(a, a, over)
    assert found.disagreements == ()
    assert found.kappa in (None, 1.0)
    assert found.f1(0.5) in (None, 1.0)
    offsets = found.offsets()
    assert offsets.count == 0 or (offsets.median_s, offsets.within[0]) == (0.0, (0.1, 1.0))


@given(tracks(), tracks(), st.sampled_from(ALL_OVER))
def test_disagreements_add_up_to_what_is_off_the_diagonal(
    a: LabelTrack, b: LabelTrack, over: str
) -> None:
    found = compare(a, b, over)
    for i, row in enumerate(found.labels):
        for j, column in enumerate(found.labels):
            total = sum(
                d.duration_s for d in found.disagreements if (d.reference, d.other) == (row, column)
            )
            assert total == pytest.approx(0.0 if i == j else found.seconds[i, j])
    ends = [(d.start_s, d.end_s) for d in found.disagreements]
    assert all(first[1] <= then[0] for first, then in pairwise(ends))


def lea_f1(truth: LabelTrack, found: LabelTrack, iou: float) -> float | None:
    """Segmental F1 as Lea et al. 2017 count it: found segments in the order of time."""
    hits: set[int] = set()
    for segment in found.segments:
        shares = [
            max(0.0, min(segment.end_s, t.end_s) - max(segment.start_s, t.start_s))
            / (max(segment.end_s, t.end_s) - min(segment.start_s, t.start_s))
            * (t.label == segment.label)
            for t in truth.segments
        ]
        best = int(np.argmax(shares)) if shares else -1
        if shares and shares[best] >= iou and best not in hits:
            hits.add(best)
    total = len(truth) + len(found)
    return 2 * len(hits) / total if total else None


@given(tracks(), tracks(), st.floats(0.51, 0.99))
def test_above_half_the_union_segment_f1_is_that_of_lea(
    a: LabelTrack, b: LabelTrack, iou: float
) -> None:
    assert compare(a, b).f1(iou) == pytest.approx(lea_f1(a, b, iou))


@given(tracks(), tracks(), st.sampled_from((0.1, 0.25, 0.5)))
def test_below_half_the_union_greedy_matching_finds_no_less_than_lea(
    a: LabelTrack, b: LabelTrack, iou: float
) -> None:
    ours, theirs = compare(a, b).f1(iou), lea_f1(a, b, iou)
    assert (ours is None) == (theirs is None)
    assert ours is None or ours >= theirs - 1e-12


def test_segment_f1_by_hand() -> None:
    """Walk: IoU 3/5; run: 1/4, found at 0.25 and not at 0.5; jump: nothing like it."""
    a = track((0, 4, "walk"), (4, 6, "run"), (8, 9, "jump"))
    b = track((1, 5, "walk"), (5, 8, "run"))
    found = compare(a, b)
    assert found.f1(0.1) == pytest.approx(2 * 2 / 5)
    assert found.f1(0.25) == pytest.approx(2 * 2 / 5)
    assert found.f1(0.5) == pytest.approx(2 * 1 / 5)
    assert found.f1(0.5, "run") == 0.0
    assert found.f1(0.5, "walk") == 1.0
    assert found.matched(0.25) == 2


def test_each_segment_is_matched_once() -> None:
    """Three short ones within a long one: only the longest of them is the same segment."""
    a = track((0, 10, "walk"))
    b = track((0, 2, "walk"), (2, 7, "walk"), (7, 10, "walk"))
    found = compare(a, b)
    assert [match.iou for match in found.matches] == [pytest.approx(0.5)]
    assert found.f1(0.5) == pytest.approx(2 / 4)


def test_offsets_are_signed_and_say_how_much_later_the_other_tier_is() -> None:
    a = track((1, 3, "walk"), (4, 6, "run"))
    b = track((1.05, 3.2, "walk"), (3.6, 6.6, "run"))
    offsets = compare(a, b).offsets()
    assert offsets.count == 4
    assert offsets.median_s == pytest.approx((0.05 + 0.2) / 2)
    assert offsets.first_quartile_s == pytest.approx(np.percentile([0.05, 0.2, -0.4, 0.6], 25))
    assert offsets.third_quartile_s == pytest.approx(np.percentile([0.05, 0.2, -0.4, 0.6], 75))
    assert offsets.within == ((0.1, 0.25), (0.25, 0.5), (0.5, 0.75))
    assert compare(a, b).offsets(end=False).median_s == pytest.approx((0.05 - 0.4) / 2)


def test_an_offset_of_exactly_the_distance_is_within_it() -> None:
    offsets = compare(track((1.2, 5, "a")), track((1.3, 5.25, "a"))).offsets()
    assert offsets.within == ((0.1, 0.5), (0.25, 1.0), (0.5, 1.0))


def test_the_edges_of_the_clip_are_nobodys_boundaries() -> None:
    found = compare(track((0, 5, "a"), (5, 10, "b")), track((0, 5.2, "a"), (5.2, 10, "b")))
    offsets = found.offsets()
    assert offsets.count == 2
    assert offsets.median_s == pytest.approx(0.2)


def test_where_both_have_labels_gaps_do_not_count() -> None:
    a, b = track((0, 5, "walk"), (5, 6, "run")), track((2, 6, "walk"))
    both, either, whole = (compare(a, b, over) for over in ALL_OVER)
    assert both.compared_s == pytest.approx(4)
    assert either.compared_s == pytest.approx(6)
    assert whole.compared_s == pytest.approx(10)
    assert both.labels == ("run", "walk")
    assert [(d.start_s, d.end_s, d.reference, d.other) for d in either.disagreements] == [
        (0.0, 2.0, "walk", NO_LABEL),
        (5.0, 6.0, "run", "walk"),
    ]
    assert len(both.disagreements) == 1
    assert (both.reference_s, both.other_s, both.both_s) == (6.0, 4.0, 4.0)


def test_without_a_label_anywhere_there_is_nothing_to_compare() -> None:
    for over in (BOTH, EITHER):
        found = compare(LabelTrack(), LabelTrack(), over)
        assert found.kappa is found.observed is found.f1(0.5) is None
        assert "there is no time" in found.undefined
        assert found.offsets() == Offsets(0)
    assert compare(LabelTrack(), LabelTrack(), WHOLE).undefined == "neither tier has a label"


def test_one_empty_tier_disagrees_everywhere_the_other_has_a_label() -> None:
    found = compare(track((0, 4, "walk")), LabelTrack())
    assert found.observed == 0.0
    assert found.kappa == pytest.approx(0.0)
    assert found.f1(0.1) == 0.0
    assert found.disagreements[0].other == NO_LABEL


def test_with_one_label_throughout_kappa_is_undefined_and_says_so() -> None:
    found = compare(track((0, 4, "walk")), track((0, 4, "walk")), BOTH)
    assert found.kappa is None
    assert found.undefined == "both say 'walk' throughout"
    assert found.observed == found.expected == 1.0


def test_overlapping_tiers_are_flattened_first_and_it_says_so() -> None:
    over_each_other = track((0, 6, "walk"), (2, 4, "wave"), overlapping=True)
    flat = track((0, 2, "walk"), (2, 4, "wave"), (4, 6, "walk"))
    found = compare(over_each_other, flat)
    assert found.flattened == 1
    assert found.kappa == 1.0
    assert compare(flat, flat).flattened == 0


def test_labels_outside_the_clip_are_not_compared() -> None:
    found = compare(track((8, 14, "walk")), track((8, 10, "walk"), (11, 12, "run")))
    assert found.labels == ("walk", NO_LABEL)
    assert found.f1(0.5) == 1.0
    assert found.compared_s == pytest.approx(2.0)


def test_pooling_adds_the_times_of_clips_of_any_rate() -> None:
    a = agreement(track((0, 4, "walk")), track((0, 3, "walk"), (3, 4, "run")), 4, 50)
    b = agreement(track((0, 2, "jump")), track((1, 2, "jump")), 4, 100)
    found = pooled([a, b])
    assert found.labels == ("jump", "run", "walk", NO_LABEL)
    assert found.compared_s == pytest.approx(6)
    assert found.observed == pytest.approx(4 / 6)
    assert found.f1(0.5) == pytest.approx((1 * 2 + 1 * 2) / 5)
    assert [d.part for d in found.disagreements] == [0, 1]
    assert found.parts == 2
    assert found.samples == 200 + 200
    assert found.total_s == 8


@given(tracks(), tracks(), st.sampled_from(ALL_OVER))
def test_pooling_one_clip_changes_nothing(a: LabelTrack, b: LabelTrack, over: str) -> None:
    one = compare(a, b, over)
    same = pooled([one], over)
    np.testing.assert_array_equal(same.seconds, one.seconds)
    assert (same.labels, same.kappa, same.matches) == (one.labels, one.kappa, one.matches)


def test_pooling_nothing_has_no_figures() -> None:
    found = pooled([], BOTH)
    assert found.kappa is None
    assert found.parts == 0


def test_parts_compared_over_other_time_are_not_pooled() -> None:
    with pytest.raises(HarstudioError, match="cannot pool"):
        pooled([compare(track(), track(), BOTH)], EITHER)


@pytest.mark.parametrize(("duration_s", "rate_hz"), [(0, 50), (-1, 50), (4, 0), (4, np.inf)])
def test_a_clip_without_samples_is_refused(duration_s: float, rate_hz: float) -> None:
    with pytest.raises(HarstudioError, match="no samples"):
        agreement(track(), track(), duration_s, rate_hz)


def test_time_that_is_no_choice_is_refused() -> None:
    with pytest.raises(HarstudioError, match="expected one of both, either, whole"):
        compare(track(), track(), "all")


def test_each_labels_own_agreement() -> None:
    found = compare(track((0, 4, "walk"), (4, 6, "run")), track((0, 3, "walk"), (3, 6, "run")))
    run, walk, none = found.per_label
    assert (walk.reference_s, walk.other_s, walk.both_s) == pytest.approx((4, 3, 3))
    assert walk.dice == pytest.approx(6 / 7)
    assert run.dice == pytest.approx(4 / 5)
    assert run.f1 == 1.0
    assert (none.dice, none.f1) == (None, None)
