"""What a model proposed is gone through by keys: one step each, and on to the next."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, PREDICTED
from harstudio.gui.annotating import labelling, suggestions
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.session import Session

PROPOSED = LabelTrack(
    (
        Segment(0.2, 1.0, "walking", 0.95, "run_1"),
        Segment(1.0, 2.0, "jumping", 0.4, "run_1"),
        Segment(3.0, 4.0, "standing", 0.9, "run_1"),
    )
)


@pytest.fixture
def proposed(session: Session) -> Session:
    """The labelled clip (walking 0.5 to 1.5, jumping 1.5 to 2.5) with three suggestions."""
    clip = session.project.clip("swing").with_track(PROPOSED, PREDICTED)
    other = replace(clip, id="other", name="other", tracks=())
    session.note("Predict", session.project.with_clips([clip, other]))
    session.author = "ann"
    session.open_clip("swing")
    return session


def mine(session: Session) -> list[tuple[float, float, str]]:
    return [(s.start_s, s.end_s, s.label) for s in session.clip.labels.segments]


def left(session: Session) -> list[str]:
    return [s.label for s in session.clip.track(PREDICTED).segments]


def test_next_and_previous_select_a_suggestion_and_go_there(
    proposed: Session, clock: PlaybackClock
) -> None:
    seen = []
    for step in (1, 1, 1, -1):
        suggestions.go(proposed, clock, step)
        assert proposed.tier == PREDICTED
        seen.append((proposed.segment_index, clock.time_s))
    assert seen == [(0, 0.2), (1, 1.0), (2, 3.0), (1, 1.0)]


def test_going_past_the_last_stays_there_and_says_so(
    proposed: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    clock.seek(3.5)
    with qtbot.waitSignal(proposed.message):
        suggestions.go(proposed, clock, 1)
    assert proposed.segment_index == 2


def test_an_accepted_suggestion_is_ones_own_and_trims_what_it_covers(
    proposed: Session, clock: PlaybackClock
) -> None:
    suggestions.go(proposed, clock, 1)
    suggestions.accept(proposed, clock)
    assert mine(proposed) == [(0.2, 1.0, "walking"), (1.0, 1.5, "walking"), (1.5, 2.5, "jumping")]
    first = proposed.clip.labels.segments[0]
    assert (first.confidence, first.author) == (1.0, "ann")
    assert left(proposed) == ["jumping", "standing"]
    assert (proposed.tier, proposed.segment_index, clock.time_s) == (PREDICTED, 0, 1.0)


def test_a_rejected_suggestion_is_gone_and_ones_own_labels_stay(
    proposed: Session, clock: PlaybackClock
) -> None:
    before = mine(proposed)
    suggestions.go(proposed, clock, 1)
    suggestions.reject(proposed, clock)
    assert mine(proposed) == before
    assert left(proposed) == ["jumping", "standing"]
    assert clock.time_s == 1.0


def test_each_is_one_step_that_undo_takes_back(proposed: Session, clock: PlaybackClock) -> None:
    before = proposed.project
    suggestions.go(proposed, clock, 1)
    suggestions.accept(proposed, clock)
    suggestions.reject(proposed, clock)
    suggestions.accept_all(proposed)
    assert proposed.undo_stack.count() == 3
    for _ in range(3):
        proposed.undo_stack.undo()
    assert proposed.project == before


def test_after_the_last_one_new_labels_are_ones_own_again(
    proposed: Session, clock: PlaybackClock
) -> None:
    for _ in range(3):
        suggestions.go(proposed, clock, 1)
        suggestions.accept(proposed, clock)
    assert left(proposed) == []
    assert (proposed.tier, proposed.selection) == (MINE, None)


def test_a_digit_on_a_suggestion_accepts_it_under_that_label(
    proposed: Session, clock: PlaybackClock
) -> None:
    suggestions.go(proposed, clock, 1)
    suggestions.go(proposed, clock, 1)
    labelling.apply_label(proposed, clock, "sitting")
    assert (1.0, 2.0, "sitting") in mine(proposed)
    assert left(proposed) == ["walking", "standing"]
    assert proposed.undo_stack.count() == 1


def test_painting_while_the_suggestions_are_chosen_paints_ones_own(
    proposed: Session, clock: PlaybackClock
) -> None:
    proposed.select_tier(PREDICTED)
    labelling.paint(proposed, 3.2, 3.4, "sitting")
    assert (3.2, 3.4, "sitting") in mine(proposed)
    assert proposed.clip.track(PREDICTED) == PROPOSED
    assert (proposed.tier, proposed.selection) == (MINE, (3.2, 3.4))


def test_all_that_are_sure_enough_are_accepted_at_once(
    proposed: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    suggestions.accept_all(proposed)
    assert left(proposed) == ["jumping"]
    assert (3.0, 4.0, "standing") in mine(proposed)
    with qtbot.waitSignal(proposed.message):
        suggestions.accept_all(proposed)
    assert left(proposed) == ["jumping"]


def test_the_suggestion_under_the_playhead_will_do(proposed: Session, clock: PlaybackClock) -> None:
    clock.seek(3.5)
    suggestions.reject(proposed, clock)
    assert left(proposed) == ["walking", "jumping"]


def test_without_suggestions_nothing_changes_and_it_is_said(
    session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    session.open_clip("swing")
    before = session.project
    for command in (
        lambda: suggestions.go(session, clock, 1),
        lambda: suggestions.accept(session, clock),
        lambda: suggestions.reject(session, clock),
        lambda: suggestions.accept_all(session),
        lambda: suggestions.go_to_next_clip(session),
    ):
        with qtbot.waitSignal(session.message):
            command()
    assert session.project is before
    assert (session.tier, session.selection) == (MINE, None)


def test_the_next_clip_with_suggestions_comes_after_this_one_and_round_the_end(
    proposed: Session, clock: PlaybackClock
) -> None:
    proposed.open_clip("other")
    assert suggestions.next_suggested(proposed.project, "other").id == "swing"
    assert suggestions.next_suggested(proposed.project, "swing") is None
    suggestions.go_to_next_clip(proposed)
    assert (proposed.clip_id, proposed.tier, proposed.segment_index) == ("swing", PREDICTED, 0)
