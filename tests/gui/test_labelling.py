from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import EXCLUDED, MINE, PREDICTED
from harstudio.gui.annotating import labelling
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.session import Session


@pytest.fixture
def open_session(session: Session, qtbot: QtBot) -> Session:
    session.open_clip("swing")
    return session


def spans(session: Session) -> list[tuple[float, float, str]]:
    return [(s.start_s, s.end_s, s.label) for s in session.clip.labels.segments]


EDITS: dict[str, Callable[[Session, PlaybackClock], None]] = {
    "digit": lambda s, c: (s.select_segment(0), labelling.label_digit(s, c, "1")),
    "paint": lambda s, c: labelling.paint(s, 1.0, 2.0, "standing"),
    "split": lambda s, c: (c.seek(1.0), labelling.split(s, c)),
    "merge": lambda s, c: (s.select_segment(0), labelling.merge(s, c)),
    "delete": lambda s, c: (s.select_segment(1), labelling.delete(s)),
    "exclude": lambda s, c: labelling.set_status(s, ["swing"], EXCLUDED),
    "whole": lambda s, c: labelling.label_whole_clips(s, ["swing"], "resting"),
    "confidence": lambda s, c: (c.seek(1.0), labelling.set_confidence(s, c, 0.5)),
}


@pytest.mark.parametrize("name", EDITS)
def test_every_command_is_one_step_that_undo_takes_back(
    name: str, open_session: Session, clock: PlaybackClock
) -> None:
    before = open_session.project
    EDITS[name](open_session, clock)
    assert open_session.project != before
    assert open_session.undo_stack.count() == 1
    open_session.undo_stack.undo()
    assert open_session.project == before


def test_a_digit_labels_the_selected_stretch(open_session: Session, clock: PlaybackClock) -> None:
    open_session.select_range(3.0, 3.5)
    jumping = open_session.project.label_set.by_key("1").name
    labelling.label_digit(open_session, clock, "1")
    assert spans(open_session)[-1] == (3.0, 3.5, jumping)
    assert open_session.segment_index == 2


def test_a_digit_without_a_selection_labels_from_the_playhead_to_the_next_boundary(
    open_session: Session, clock: PlaybackClock
) -> None:
    clock.seek(0.25)
    labelling.label_digit(open_session, clock, "1")
    assert spans(open_session)[0][:2] == (0.25, 0.5)


def test_a_digit_relabels_the_selected_segment(open_session: Session, clock: PlaybackClock) -> None:
    names = {label.name: label.key for label in open_session.project.label_set.labels}
    open_session.select_segment(0)
    labelling.label_digit(open_session, clock, names["jumping"])
    assert spans(open_session)[0] == (0.5, 1.5, "jumping")
    assert open_session.segment_index == 0


def test_a_digit_without_a_label_says_so(
    open_session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(open_session.message) as told:
        labelling.label_digit(open_session, clock, "9")
    assert "9" in told.args[0]
    assert open_session.undo_stack.count() == 0


def test_painting_keeps_within_the_clip_and_trims_what_it_covers(open_session: Session) -> None:
    labelling.paint(open_session, 2.0, 99.0, "standing")
    assert spans(open_session)[1:] == [(1.5, 2.0, "jumping"), (2.0, 4.0, "standing")]


def test_an_empty_stretch_is_not_painted(open_session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(open_session.message):
        labelling.paint(open_session, 1.0, 1.0, "standing")
    assert open_session.undo_stack.count() == 0


def test_the_label_used_last_is_remembered(open_session: Session, clock: PlaybackClock) -> None:
    labelling.paint(open_session, 3.0, 3.5, "standing")
    assert open_session.last_label == "standing"
    open_session.select_segment(0)
    labelling.apply_label(open_session, clock, "running")
    assert open_session.last_label == "running"


def test_splitting_cuts_at_the_playhead_and_selects_the_second_half(
    open_session: Session, clock: PlaybackClock
) -> None:
    clock.seek(1.0)
    labelling.split(open_session, clock)
    assert spans(open_session)[:2] == [(0.5, 1.0, "walking"), (1.0, 1.5, "walking")]
    assert open_session.segment_index == 1


@pytest.mark.parametrize(
    "command",
    [
        labelling.split,
        labelling.merge,
        lambda session, clock: labelling.delete(session),
    ],
)
def test_a_command_with_nothing_to_do_says_so(
    command: Callable[[Session, PlaybackClock], None],
    open_session: Session,
    clock: PlaybackClock,
    qtbot: QtBot,
) -> None:
    clock.seek(3.5)
    with qtbot.waitSignal(open_session.message):
        command(open_session, clock)
    assert open_session.undo_stack.count() == 0


def test_next_and_previous_segment_start_from_the_playhead_without_a_selection(
    open_session: Session, clock: PlaybackClock
) -> None:
    clock.seek(1.0)
    labelling.go_to_segment(open_session, clock, 1)
    assert (open_session.segment_index, clock.time_s) == (1, 1.5)
    labelling.go_to_segment(open_session, clock, -1)
    assert (open_session.segment_index, clock.time_s) == (0, 0.5)
    labelling.go_to_segment(open_session, clock, -1)
    assert open_session.segment_index == 0


def test_the_free_stretch_ends_with_the_clip(open_session: Session) -> None:
    assert labelling.free_stretch(open_session, 3.0) == (3.0, 4.0)
    assert labelling.free_stretch(open_session, 1.0) == (1.0, 1.5)


def test_nothing_is_labelled_without_a_clip(session: Session, clock: PlaybackClock) -> None:
    labelling.apply_label(session, clock, "walking")
    labelling.paint(session, 0.0, 1.0, "walking")
    labelling.set_status(session, [], EXCLUDED)
    assert session.undo_stack.count() == 0
    assert labelling.track_of(session) == LabelTrack()


def test_a_whole_clip_gets_one_label(open_session: Session) -> None:
    labelling.label_whole_clips(open_session, ["swing"], "resting")
    assert open_session.clip.labels == LabelTrack((Segment(0.0, 4.0, "resting"),))


def test_a_relabelled_segment_is_of_the_person_who_relabelled_it(
    open_session: Session, clock: PlaybackClock
) -> None:
    open_session.author = "ann"
    open_session.select_segment(0)
    labelling.apply_label(open_session, clock, "walking")
    assert open_session.track.segments[0].author == ""
    labelling.apply_label(open_session, clock, "running")
    assert open_session.track.segments[0].author == "ann"


@pytest.fixture
def tiers(open_session: Session) -> Session:
    """Below one's own tier the suggestions, and below those bob's, which may overlap."""
    clip = open_session.clip.with_tier(PREDICTED, LabelTrack((Segment(0, 4, "walking", 0.5),)))
    bobs = LabelTrack((Segment(0, 4, "standing"),), overlapping=True)
    open_session.note("Tiers", open_session.project.with_clips([clip.with_tier("bob", bobs)]))
    return open_session


def test_in_an_exclusive_tier_the_other_mode_labels_only_what_is_free(
    open_session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    open_session.select_range(2.0, 3.5)
    labelling.apply_label(open_session, clock, "standing", otherwise=True)
    assert spans(open_session)[1:] == [(1.5, 2.5, "jumping"), (2.5, 3.5, "standing")]
    assert open_session.selection == (2.5, 3.5)
    open_session.select_range(0.6, 2.0)
    with qtbot.waitSignal(open_session.message):
        labelling.apply_label(open_session, clock, "standing", otherwise=True)
    assert open_session.undo_stack.count() == 1


def test_in_an_overlapping_tier_a_label_trims_nothing_but_in_the_other_mode(
    tiers: Session, clock: PlaybackClock
) -> None:
    tiers.select_tier("bob")
    tiers.select_range(1.0, 2.0)
    labelling.apply_label(tiers, clock, "waving")
    assert [(s.start_s, s.end_s) for s in tiers.track.segments] == [(0, 4), (1, 2)]
    assert tiers.segment_index == 1
    labelling.apply_label(tiers, clock, "talking", otherwise=True)
    assert [(s.start_s, s.end_s, s.label) for s in tiers.track.segments] == [
        (0, 1, "standing"), (1, 2, "talking"), (2, 4, "standing"),
    ]  # fmt: skip


def test_a_segment_is_copied_to_the_next_tier_and_selected_there(
    tiers: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    clock.seek(2.0)
    labelling.copy_to_tier(tiers, clock, 1)
    copied = Segment(1.5, 2.5, "jumping")
    assert copied in tiers.clip.track("bob").segments
    assert copied in tiers.clip.labels.segments
    assert (tiers.tier, tiers.selection) == ("bob", (1.5, 2.5))
    assert len(tiers.clip.track(PREDICTED)) == 1
    assert tiers.undo_stack.count() == 1
    with qtbot.waitSignal(tiers.message):
        labelling.copy_to_tier(tiers, clock, 1)
    labelling.copy_to_tier(tiers, clock, -1)
    assert tiers.tier == MINE
    assert tiers.undo_stack.count() == 1


def test_a_suggestion_is_copied_up_to_ones_own_tier(tiers: Session, clock: PlaybackClock) -> None:
    tiers.select_tier(PREDICTED)
    labelling.copy_to_tier(tiers, clock, -1)
    assert spans(tiers) == [(0, 4, "walking")]
    assert len(tiers.clip.track(PREDICTED)) == 1


def test_commands_work_on_the_active_tier_only(tiers: Session, clock: PlaybackClock) -> None:
    mine = tiers.clip.labels
    tiers.select_tier("bob")
    clock.seek(1.0)
    labelling.split(tiers, clock)
    labelling.go_to_segment(tiers, clock, -1)
    assert (tiers.segment_index, clock.time_s) == (0, 0.0)
    labelling.merge(tiers, clock)
    labelling.delete(tiers)
    assert len(tiers.clip.track("bob")) == 0
    assert tiers.clip.labels == mine


def test_of_several_segments_at_the_playhead_the_selected_one_is_split(
    tiers: Session, clock: PlaybackClock
) -> None:
    tiers.select_tier("bob")
    stacked = (Segment(0, 4, "walking"), Segment(1, 3, "jumping"))
    tiers.edit_labels("Stack", LabelTrack(stacked, overlapping=True))
    tiers.select_segment(0)
    clock.seek(2.0)
    labelling.split(tiers, clock)
    assert [(s.start_s, s.end_s, s.label) for s in tiers.track.segments] == [
        (0, 2, "walking"), (1, 3, "jumping"), (2, 4, "walking"),
    ]  # fmt: skip
    assert tiers.segment_index == 2
