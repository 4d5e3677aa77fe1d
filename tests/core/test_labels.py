"""The label algebra: whatever is done to a track, it stays sorted, disjoint and half-open."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.label_set import PALETTE, UNKNOWN_COLOUR, LabelSet
from harstudio.core.labels import UNKNOWN, LabelTrack, Segment

LABELS = ("walk", "run", "jump", UNKNOWN)
END_S = 20.0

# Whole and odd times: edits that meet exactly are as interesting as those that nearly meet.
times = st.one_of(
    st.integers(0, 40).map(lambda half: half * 0.5),
    st.floats(0.0, END_S, allow_subnormal=False),
    st.integers(0, 20_000_000).map(lambda micro: micro / 1e6),
)
labels = st.sampled_from(LABELS)


def micros(time_s: float) -> int:
    return round(time_s * 1e6)


def total(track: LabelTrack) -> int:
    """Labelled time in whole microseconds, free of rounding."""
    return sum(micros(s.end_s) - micros(s.start_s) for s in track.segments)


def covered(track: LabelTrack, start_s: float, end_s: float) -> int:
    """Labelled microseconds within [start_s, end_s)."""
    low, high = micros(start_s), micros(end_s)
    spans = ((micros(s.start_s), micros(s.end_s)) for s in track.segments)
    return sum(max(0, min(b, high) - max(a, low)) for a, b in spans)


@st.composite
def spans(draw: st.DrawFn) -> tuple[float, float]:
    first, second = sorted((draw(times), draw(times)))
    return (first, second) if micros(first) < micros(second) else (first, first + 0.25)


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    start, end = draw(spans())
    return Segment(start, end, draw(labels), draw(st.floats(0.0, 1.0)), draw(st.text(max_size=3)))


@st.composite
def tracks(draw: st.DrawFn) -> LabelTrack:
    track = LabelTrack()
    for segment in draw(st.lists(segments(), max_size=6)):
        track = track.paint(segment)
    return track


@st.composite
def edited(draw: st.DrawFn, track: LabelTrack) -> LabelTrack:
    """The track after one edit of any kind that applies to it."""
    kinds = ["paint", "erase", "split", "move_boundary", "fill_gaps", "cropped"]
    if track.segments:
        kinds += ["merge", "remove", "relabel", "resize", "move"]
    kind = draw(st.sampled_from(kinds))
    index = draw(st.integers(0, max(len(track) - 1, 0)))
    start, end = draw(spans())
    match kind:
        case "paint":
            return track.paint(draw(segments()))
        case "erase":
            return track.erase(start, end)
        case "split":
            return track.split(draw(times))
        case "merge":
            return track.merge(index)
        case "remove":
            return track.remove(index)
        case "relabel":
            return track.relabel(index, draw(labels))
        case "resize":
            return track.resize(index, start, end)
        case "move":
            return track.move(index, draw(st.floats(-END_S, END_S)))
        case "move_boundary":
            edges = [t for s in track.segments for t in (s.start_s, s.end_s)]
            edge = draw(st.sampled_from(edges)) if edges else draw(times)
            return track.move_boundary(edge, draw(times))
        case "fill_gaps":
            return track.fill_gaps(start, end, draw(labels))
        case _:
            return track.cropped(start, end)


def assert_sound(track: LabelTrack) -> None:
    for segment in track.segments:
        assert segment.start_s < segment.end_s
        assert segment.contains(segment.start_s)
        assert not segment.contains(segment.end_s)
        assert micros(segment.start_s) / 1e6 == segment.start_s
    for left, right in pairwise(track.segments):
        assert left.end_s <= right.start_s


@given(st.data())
def test_any_sequence_of_edits_keeps_a_track_sorted_disjoint_and_half_open(
    data: st.DataObject,
) -> None:
    track = LabelTrack()
    for _ in range(data.draw(st.integers(1, 8))):
        track = data.draw(edited(track))
        assert_sound(track)
        assert LabelTrack(track.segments[::-1]) == track


@given(tracks(), st.data())
def test_an_edit_leaves_the_old_track_as_it_was_so_that_undo_is_the_old_value(
    track: LabelTrack, data: st.DataObject
) -> None:
    copy = LabelTrack(tuple(track.segments))
    data.draw(edited(track))
    assert track == copy
    assert hash(track) == hash(copy)


@given(tracks(), segments())
def test_what_was_painted_is_there_from_its_start_to_just_before_its_end(
    track: LabelTrack, segment: Segment
) -> None:
    painted = track.paint(segment)
    middle = (segment.start_s + segment.end_s) / 2
    for time_s in (segment.start_s, middle, segment.end_s - 1e-6):
        assert painted.at(time_s) == segment
    assert painted.at(segment.end_s) != segment


@given(tracks(), segments())
def test_painting_adds_exactly_the_time_that_had_no_label(
    track: LabelTrack, segment: Segment
) -> None:
    length = micros(segment.end_s) - micros(segment.start_s)
    under = covered(track, segment.start_s, segment.end_s)
    assert total(track.paint(segment)) == total(track) + length - under


@given(tracks(), spans())
def test_erasing_takes_exactly_the_labelled_time_within(
    track: LabelTrack, span: tuple[float, float]
) -> None:
    erased = track.erase(*span)
    assert total(erased) == total(track) - covered(track, *span)
    assert covered(erased, *span) == 0


@given(tracks(), spans())
def test_filling_gaps_labels_all_of_the_span_and_changes_no_label(
    track: LabelTrack, span: tuple[float, float]
) -> None:
    filled = track.fill_gaps(*span, "rest")
    assert covered(filled, *span) == micros(span[1]) - micros(span[0])
    assert set(track.segments) <= set(filled.segments)
    assert total(filled) == total(track) + micros(span[1]) - micros(span[0]) - covered(track, *span)


@given(tracks(), spans())
def test_cropping_and_erasing_share_the_time_between_them(
    track: LabelTrack, span: tuple[float, float]
) -> None:
    assert total(track.cropped(*span)) + total(track.erase(*span)) == total(track)


@given(tracks(), times)
def test_splitting_keeps_all_time_and_merging_brings_the_segment_back(
    track: LabelTrack, time_s: float
) -> None:
    cut = track.split(time_s)
    assert total(cut) == total(track)
    if cut == track:
        return
    right = cut.index_at(time_s)
    assert right is not None
    assert len(cut) == len(track) + 1
    assert cut.merge(right - 1) == track


@given(tracks(), st.floats(-END_S, END_S))
def test_moving_keeps_the_duration(track: LabelTrack, by_s: float) -> None:
    if not track.segments:
        return
    first = track.segments[0]
    moved = track.move(0, by_s)
    ends = {(micros(s.start_s), micros(s.end_s)) for s in moved.segments}
    shift = micros(by_s)
    assert (micros(first.start_s) + shift, micros(first.end_s) + shift) in ends


@given(tracks(), st.data(), times)
def test_moving_a_boundary_leaves_no_hole_and_swallows_neither_side(
    track: LabelTrack, data: st.DataObject, to_s: float
) -> None:
    shared = [left.end_s for left, right in pairwise(track.segments) if left.end_s == right.start_s]
    if not shared:
        return
    moved = track.move_boundary(data.draw(st.sampled_from(shared)), to_s)
    assert len(moved) == len(track)
    assert total(moved) == total(track)
    assert [s.label for s in moved.segments] == [s.label for s in track.segments]


@given(tracks(), st.lists(times, min_size=1, max_size=30))
def test_codes_at_is_the_same_as_looking_each_time_up(
    track: LabelTrack, moments: list[float]
) -> None:
    clock = np.sort(np.array(moments))
    looked_up = [track.at(t) for t in clock]
    expected = [LABELS.index(s.label) if s is not None else -1 for s in looked_up]
    assert track.codes(clock, LABELS).tolist() == expected


@given(times)
def test_a_segment_that_starts_at_a_frame_holds_that_frame(time_s: float) -> None:
    track = LabelTrack((Segment(time_s, time_s + 1.0, "walk"),))
    assert track.index_at(time_s) == 0
    assert track.codes(np.array([time_s]), ("walk",)).tolist() == [0]


def test_codes_are_half_open_and_minus_one_in_gaps_and_for_other_labels() -> None:
    track = LabelTrack((Segment(0.0, 0.5, "walk"), Segment(1.0, 1.5, "run")))
    clock = np.arange(8) * 0.25
    assert track.codes(clock, ("walk",)).tolist() == [0, 0, -1, -1, -1, -1, -1, -1]
    assert track.codes(clock, ("run", "walk")).tolist() == [1, 1, -1, -1, 0, 0, -1, -1]


def test_painting_inside_a_segment_splits_it() -> None:
    track = LabelTrack((Segment(0.0, 10.0, "walk", author="anna"),)).paint(Segment(4, 6, "run"))
    assert track.segments == (
        Segment(0.0, 4.0, "walk", author="anna"),
        Segment(4.0, 6.0, "run"),
        Segment(6.0, 10.0, "walk", author="anna"),
    )


def test_merging_reaches_over_a_gap_with_the_first_label_and_the_lower_confidence() -> None:
    track = LabelTrack((Segment(0, 1, "walk", 0.9), Segment(2, 3, "run", 0.4)))
    assert track.merge(0).segments == (Segment(0, 3, "walk", 0.4),)
    assert track.merge(1) is track


def test_a_third_of_a_second_at_60_hz_belongs_to_the_segment_that_starts_there() -> None:
    # 2/3 s is stored as 0.666667 s, which is later than the frame's own 0.66666... s.
    assert LabelTrack((Segment(40 / 60, 1.0, "walk"),)).index_at(40 / 60) == 0


def test_moving_by_half_a_microsecond_never_empties_the_shortest_segment() -> None:
    for by_s in (5e-7, 1.5e-6, 2.5e-6):
        assert total(LabelTrack((Segment(1.0, 1.000001, "walk"),)).move(0, by_s)) == 1


def test_cropping_to_nothing_gives_an_empty_track() -> None:
    track = LabelTrack((Segment(0, 10, "walk"),))
    assert track.cropped(5.0, 5.0) == track.cropped(8.0, 2.0) == LabelTrack()


def test_erasing_up_to_a_time_that_is_no_number_erases_nothing() -> None:
    track = LabelTrack((Segment(0, 10, "walk"),))
    assert track.erase(float("nan"), float("nan")) == track
    assert track.erase(float("-inf"), float("inf")) == LabelTrack()


@pytest.mark.parametrize("index", [-1, 1, 99])
def test_a_segment_that_does_not_exist_is_named(index: int) -> None:
    track = LabelTrack((Segment(0, 1, "walk"),))
    edits = (
        lambda: track.remove(index),
        lambda: track.relabel(index, "run"),
        lambda: track.resize(index, 0.0, 1.0),
        lambda: track.move(index, 1.0),
    )
    for edit in edits:
        with pytest.raises(HarstudioError, match=f"no segment {index}: the track has 1"):
            edit()


@pytest.mark.parametrize(
    ("start", "end", "label", "confidence"),
    [
        (1.0, 1.0, "walk", 1.0),
        (2.0, 1.0, "walk", 1.0),
        (0.0, 4e-7, "walk", 1.0),
        (0.0, float("nan"), "walk", 1.0),
        (0.0, float("inf"), "walk", 1.0),
        (0.0, 1e300, "walk", 1.0),
        (0.0, 1.0, "  ", 1.0),
        (0.0, 1.0, "walk", 1.1),
        (0.0, 1.0, "walk", float("nan")),
    ],
)
def test_a_segment_that_makes_no_sense_is_refused(
    start: float, end: float, label: str, confidence: float
) -> None:
    with pytest.raises(HarstudioError):
        Segment(start, end, label, confidence)


def test_overlapping_segments_are_refused_with_both_names() -> None:
    with pytest.raises(HarstudioError, match=r"'walk' to 2.0 s and 'run' from 1.0 s"):
        LabelTrack((Segment(1, 3, "run"), Segment(0, 2, "walk")))


def test_no_label_and_unknown_differ() -> None:
    track = LabelTrack((Segment(0, 1, UNKNOWN),))
    assert track.at(0.5) is not None
    assert track.at(1.5) is None
    assert track.seconds_by_label() == {UNKNOWN: 1.0}


@given(st.lists(st.text(min_size=1, max_size=4), max_size=40))
def test_a_label_set_never_gives_a_name_a_colour_or_a_key_twice(names: list[str]) -> None:
    label_set = LabelSet.of(names)
    assert set(label_set.names) == set(names)
    assert len(set(label_set.names)) == len(label_set.labels)
    colours = [label.colour for label in label_set.labels]
    assert len(set(colours)) == len(colours)
    keys = [label.key for label in label_set.labels if label.key]
    assert len(set(keys)) == len(keys)
    for key in keys:
        label = label_set.by_key(key)
        assert label is not None
        assert label.key == key


@given(st.lists(labels), st.lists(labels))
def test_extending_keeps_what_was_there_and_gives_itself_back_if_nothing_is_new(
    first: list[str], second: list[str]
) -> None:
    before = LabelSet.of(first)
    after = before.extended(second)
    assert after.labels[: len(before.labels)] == before.labels
    assert after.extended([*first, *second]) is after


def test_the_first_ten_labels_have_the_digits_in_keyboard_order_and_palette_colours() -> None:
    label_set = LabelSet.of(f"activity {n}" for n in range(12))
    assert [label.key for label in label_set.labels] == [*"1234567890", "", ""]
    assert [label.colour for label in label_set.labels] == list(PALETTE[:12])


def test_unknown_is_grey_and_takes_no_key() -> None:
    label = LabelSet.of([UNKNOWN, "walk"]).labels[0]
    assert (label.colour, label.key) == (UNKNOWN_COLOUR, "")
    assert LabelSet.of(["walk"]).colour("never heard of") == UNKNOWN_COLOUR
    assert LabelSet.of([UNKNOWN]).by_key("") is None


def test_a_label_set_with_a_name_twice_is_refused() -> None:
    twice = LabelSet.of(["walk"]).labels * 2
    with pytest.raises(HarstudioError, match="occurs twice"):
        LabelSet(twice)
