"""Overlapping tracks, soft edges, and a clip's tiers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip
from harstudio.core.source import Source

WALK, CALL = Segment(0.0, 4.0, "walk"), Segment(1.0, 2.0, "call")
LABELS = ("walk", "call", "sit")
TIMES_S = np.arange(0.0, 10.0, 0.25)

stretches = st.tuples(st.integers(0, 39), st.integers(1, 12)).map(
    lambda pair: (pair[0] / 4, min(10.0, (pair[0] + pair[1]) / 4))
)
segments = st.builds(lambda span, label: Segment(*span, label), stretches, st.sampled_from(LABELS))
overlapping = st.lists(segments, max_size=8).map(lambda s: LabelTrack(tuple(s), overlapping=True))


def clip() -> Clip:
    return Clip("c", "c", 10.0, 60.0, motion=Source("c.npz", "amass", ""))


def test_an_exclusive_track_refuses_overlaps_and_an_overlapping_one_keeps_them() -> None:
    with pytest.raises(HarstudioError, match=r"overlap: 'walk' to 4\.0 s and 'call'"):
        LabelTrack((WALK, CALL))
    assert LabelTrack((CALL, WALK), overlapping=True).segments == (WALK, CALL)


@given(overlapping, segments)
def test_painting_into_an_overlapping_track_changes_nothing_else(
    track: LabelTrack, segment: Segment
) -> None:
    painted = track.paint(segment)
    assert sorted(map(repr, painted.segments)) == sorted(
        [*map(repr, track.segments), repr(segment)]
    )
    assert painted.overlapping


@given(overlapping, segments)
def test_painting_otherwise_into_an_overlapping_track_clears_the_place_first(
    track: LabelTrack, segment: Segment
) -> None:
    assert track.paint_otherwise(segment).within(segment.start_s, segment.end_s) == (segment,)


@given(overlapping, segments)
def test_painting_otherwise_into_an_exclusive_track_labels_only_what_is_free(
    track: LabelTrack, segment: Segment
) -> None:
    track = track.exclusive()
    painted = track.paint_otherwise(segment)
    assert set(track.segments) <= set(painted.segments)
    before, after = (t.codes(TIMES_S, LABELS) for t in (track, painted))
    inside = (segment.start_s <= TIMES_S) & (segment.end_s > TIMES_S)
    expected = np.where((before < 0) & inside, LABELS.index(segment.label), before)
    np.testing.assert_array_equal(after, expected)


@given(overlapping, st.integers(0, 80))
def test_of_several_segments_at_a_time_the_one_that_starts_last_is_found(
    track: LabelTrack, eighths: int
) -> None:
    time_s = eighths / 8
    there = [s for s in track.segments if s.contains(time_s)]
    found = track.at(time_s)
    assert (found in there) if there else found is None
    assert all(s.start_s <= found.start_s for s in there if found is not None)


@given(overlapping)
def test_made_exclusive_a_track_covers_the_same_time(track: LabelTrack) -> None:
    flat = track.exclusive()
    assert not flat.overlapping
    covered = [any(s.contains(t) for s in track.segments) for t in TIMES_S]
    assert [flat.at(t) is not None for t in TIMES_S] == covered


@given(overlapping)
def test_made_exclusive_a_track_is_as_if_painted_segment_by_segment(track: LabelTrack) -> None:
    painted = LabelTrack()
    for segment in track.segments:
        painted = painted.paint(segment)
    assert track.exclusive() == painted


@given(overlapping)
def test_disputed_samples_have_no_code(track: LabelTrack) -> None:
    for time_s, code in zip(TIMES_S, track.codes(TIMES_S, LABELS), strict=True):
        names = {s.label for s in track.segments if s.contains(time_s)}
        assert code == (LABELS.index(names.pop()) if len(names) == 1 else -1)


@given(overlapping, stretches)
def test_erasing_clears_a_stretch_of_an_overlapping_track_and_no_more(
    track: LabelTrack, span: tuple[float, float]
) -> None:
    erased = track.erase(*span)
    for time_s in TIMES_S:
        before = sorted(s.label for s in track.segments if s.contains(time_s))
        after = sorted(s.label for s in erased.segments if s.contains(time_s))
        assert after == ([] if span[0] <= time_s < span[1] else before)


def test_merging_keeps_the_later_end_of_segments_that_lie_over_each_other() -> None:
    track = LabelTrack((WALK, CALL), overlapping=True)
    assert track.merge(0).segments == (WALK,)


def test_merging_joins_notes_and_takes_the_lower_confidence() -> None:
    left = Segment(0.0, 1.0, "walk", 0.9, note="limps")
    right = Segment(1.0, 2.0, "walk", 0.5, note="stops", end_soft_s=0.2)
    assert LabelTrack((left, right)).merge(0).segments == (
        Segment(0.0, 2.0, "walk", 0.5, note="limps; stops", end_soft_s=0.2),
    )


def test_a_cut_edge_is_sharp_and_the_others_stay_soft() -> None:
    soft = Segment(0.0, 4.0, "walk", start_soft_s=0.3, end_soft_s=0.4)
    left, right = LabelTrack((soft,)).split(2.0).segments
    assert (left.start_soft_s, left.end_soft_s) == (0.3, 0.0)
    assert (right.start_soft_s, right.end_soft_s) == (0.0, 0.4)
    left, right = LabelTrack((soft,)).erase(1.0, 2.0).segments
    assert (left.end_soft_s, right.start_soft_s) == (0.0, 0.0)


@pytest.mark.parametrize("soft_s", [-0.1, float("nan"), float("inf")])
def test_a_softness_that_is_no_length_is_refused(soft_s: float) -> None:
    with pytest.raises(HarstudioError, match="start_soft_s"):
        Segment(0.0, 1.0, "walk", start_soft_s=soft_s)


def test_certainty_ramps_up_from_a_half_across_a_soft_edge() -> None:
    track = LabelTrack((Segment(1.0, 5.0, "walk", 0.8, start_soft_s=1.0),))
    np.testing.assert_allclose(
        track.certainty(np.array([0.5, 1.0, 1.5, 2.0, 4.9, 5.0])),
        [0.0, 0.4, 0.6, 0.8, 0.8, 0.0],
    )


def test_certainty_is_one_where_sharp_and_sure_labels_lie() -> None:
    times = np.array([0.0, 1.5, 3.9, 4.0])
    np.testing.assert_array_equal(LabelTrack((WALK,)).certainty(times), [1.0, 1.0, 1.0, 0.0])


def test_a_new_tier_is_empty_and_stays_when_its_labels_go() -> None:
    with_ann = clip().with_tier("ann", LabelTrack(overlapping=True))
    assert with_ann.tiers == (MINE, "ann")
    painted = with_ann.with_track(with_ann.track("ann").paint(WALK), "ann")
    assert painted.with_track(LabelTrack(overlapping=True), "ann") == with_ann


@pytest.mark.parametrize("name", ["", "  ", MINE, "ann"])
def test_a_tier_needs_a_name_of_its_own(name: str) -> None:
    with pytest.raises(HarstudioError, match="tier"):
        clip().with_tier("ann").with_tier(name)


def test_renaming_a_tier_keeps_its_labels_and_its_place() -> None:
    tiers = clip().with_tier("a", LabelTrack((WALK,))).with_tier("b")
    renamed = tiers.with_tier_named("a", "anna")
    assert renamed.tiers == (MINE, "anna", "b")
    assert renamed.track("anna").segments == (WALK,)


def test_ones_own_tier_cannot_be_renamed_and_taking_it_away_empties_it() -> None:
    mine = clip().with_track(LabelTrack((WALK,))).with_tier("ann")
    with pytest.raises(HarstudioError, match="cannot be renamed"):
        mine.with_tier_named(MINE, "theirs")
    assert mine.without_tier(MINE).tiers == (MINE, "ann")
    assert len(mine.without_tier(MINE).labels) == 0
