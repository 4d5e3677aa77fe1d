from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE
from harstudio.gui.session import Session
from harstudio.gui.timeline import tiers
from harstudio.gui.timeline.tiers import changed_count, laid_over

OVERLAPS = LabelTrack((Segment(0, 2, "a"), Segment(1, 3, "b"), Segment(3, 4, "c")), True)


@pytest.fixture
def opened(session: Session) -> Session:
    """The clip is open: walking 0.5 to 1.5, jumping 1.5 to 2.5."""
    session.open_clip("swing")
    return session


@pytest.fixture
def told(opened: Session) -> list[str]:
    """What the status bar was told."""
    said: list[str] = []
    opened.message.connect(said.append)
    return said


def spans(track: LabelTrack) -> list[tuple[float, float, str]]:
    return [(s.start_s, s.end_s, s.label) for s in track.segments]


def test_a_new_tier_is_empty_below_the_others_and_at_hand(opened: Session) -> None:
    tiers.new_tier(opened, " ann ", overlapping=True)
    assert opened.clip.tiers == (MINE, "ann")
    assert opened.tier == "ann"
    assert opened.track == LabelTrack((), True)
    opened.undo_stack.undo()
    assert opened.clip.tiers == (MINE,)
    assert opened.tier == MINE


def test_a_new_tier_needs_a_name_of_its_own(opened: Session) -> None:
    for name in ("", "  ", MINE):
        with pytest.raises(HarstudioError):
            tiers.new_tier(opened, name)
    assert opened.undo_stack.count() == 0


def test_a_renamed_tier_stays_at_hand(opened: Session) -> None:
    tiers.new_tier(opened, "ann")
    tiers.rename_tier(opened, "ann", "anna")
    assert opened.clip.tiers == (MINE, "anna")
    assert opened.tier == "anna"
    tiers.rename_tier(opened, "anna", "anna")
    assert opened.undo_stack.count() == 2


def test_a_tier_made_exclusive_is_trimmed_says_how_much_and_undoes(
    opened: Session, told: list[str]
) -> None:
    opened.edit_clip("Add", opened.clip.with_tier("context", OVERLAPS))
    tiers.set_overlapping(opened, "context", overlapping=False)
    assert spans(opened.clip.track("context")) == [(0, 1, "a"), (1, 3, "b"), (3, 4, "c")]
    assert told == ["context is exclusive now: 1 segment was trimmed (undo to restore)"]
    opened.undo_stack.undo()
    assert opened.clip.track("context") == OVERLAPS


def test_a_tier_made_overlapping_keeps_its_labels_and_says_nothing(
    opened: Session, told: list[str]
) -> None:
    before = opened.clip.labels.segments
    tiers.set_overlapping(opened, MINE, overlapping=True)
    assert opened.clip.labels.overlapping
    assert opened.clip.labels.segments == before
    tiers.set_overlapping(opened, MINE, overlapping=True)
    assert opened.undo_stack.count() == 1
    assert told == []


def test_a_deleted_tier_gives_the_hand_back_to_ones_own_labels_and_undoes(
    opened: Session,
) -> None:
    opened.edit_clip("Add", opened.clip.with_tier("context", OVERLAPS))
    opened.select_tier("context")
    opened.select_segment(0)
    tiers.delete_tier(opened, "context")
    assert opened.clip.tiers == (MINE,)
    assert opened.tier == MINE
    assert opened.segment_index is None
    opened.undo_stack.undo()
    assert opened.clip.track("context") == OVERLAPS


def test_of_ones_own_tier_only_the_labels_go(opened: Session) -> None:
    tiers.delete_tier(opened, MINE)
    assert opened.clip.tiers == (MINE,)
    assert opened.clip.labels == LabelTrack()


def test_a_tier_is_copied_to_a_new_one_as_it_is(opened: Session, told: list[str]) -> None:
    opened.edit_clip("Add", opened.clip.with_tier("context", OVERLAPS))
    tiers.copy_tier(opened, "context", "second")
    assert opened.clip.track("second") == OVERLAPS
    assert told == ["3 segments copied to second"]


def test_a_tier_copied_over_another_trims_what_it_covers(opened: Session, told: list[str]) -> None:
    opened.edit_clip("Add", opened.clip.with_tier("ann", LabelTrack((Segment(1, 2, "new"),))))
    tiers.copy_tier(opened, "ann", MINE)
    assert spans(opened.clip.labels) == [(0.5, 1, "walking"), (1, 2, "new"), (2, 2.5, "jumping")]
    assert told == ["1 segment copied to labels, 2 there trimmed"]
    opened.undo_stack.undo()
    assert len(opened.clip.labels) == 2
    assert opened.clip.labels.segments[0].end_s == 1.5


def test_the_selected_segment_is_copied_with_all_that_is_known_of_it(opened: Session) -> None:
    known = Segment(3, 4, "walking", 0.5, "ann", "limps", 0.1, 0.2)
    opened.edit_labels("Paint", opened.track.paint(known))
    opened.select_segment(2)
    tiers.copy_selection(opened, "ann")
    assert opened.clip.track("ann").segments == (known,)
    assert len(opened.clip.labels) == 3


def test_of_a_free_selection_what_lies_in_it_is_copied(opened: Session) -> None:
    opened.select_range(1.0, 2.0)
    tiers.copy_selection(opened, "ann")
    assert spans(opened.clip.track("ann")) == [(1, 1.5, "walking"), (1.5, 2, "jumping")]


def test_nothing_selected_is_said_and_copies_nothing(opened: Session, told: list[str]) -> None:
    tiers.copy_selection(opened, "ann")
    assert told == ["Nothing to copy: no labels there"]
    assert opened.clip.tiers == (MINE,)


def test_without_a_clip_a_tier_cannot_be_made(session: Session) -> None:
    with pytest.raises(HarstudioError, match="no clip"):
        tiers.new_tier(session, "ann")


TRACKS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=12)


def exclusive(spans: list[tuple[int, int]], label: str) -> LabelTrack:
    track = LabelTrack()
    for start, width in spans:
        track = track.paint(Segment(start, start + width, label))
    return track


@given(TRACKS, TRACKS)
def test_laid_over_is_painting_every_segment(
    below: list[tuple[int, int]], above: list[tuple[int, int]]
) -> None:
    lower, upper = exclusive(below, "below"), exclusive(above, "above")
    painted = lower
    for segment in upper.segments:
        painted = painted.paint(segment)
    assert laid_over(lower, upper) == painted
    both = laid_over(LabelTrack(lower.segments, True), upper)
    assert len(both) == len(lower) + len(upper)


@given(TRACKS)
def test_a_track_over_itself_changes_nothing(spans: list[tuple[int, int]]) -> None:
    track = exclusive(spans, "a")
    assert laid_over(track, track) == track
    assert changed_count(track, track) == 0


def test_tiers_are_as_they_were_when_the_project_is_opened_again(opened: Session) -> None:
    tiers.new_tier(opened, "context", overlapping=True)
    tiers.new_tier(opened, "ann")
    tiers.copy_tier(opened, MINE, "context")
    clip, path = opened.clip, opened.file.path
    opened.close()
    again = Session()
    again.open_project(path)
    kept = again.project.clips["swing"]
    assert kept.tiers == (MINE, "context", "ann")
    assert kept.tracks == clip.tracks
    assert kept.track("context").overlapping
    again.close()
