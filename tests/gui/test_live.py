"""Labels given while it plays: where they begin and end, and what happens when playing does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from harstudio.core.errors import HarstudioError
from harstudio.core.label_set import LabelSet
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, PREDICTED, Clip, Project
from harstudio.gui.annotating.live import LiveLabel
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.session import Session
from tests.gui.conftest import Wall

LONG_S = 1200.0


@pytest.fixture
def long_session(qapp: object, tmp_path: Path, project: Project) -> Iterator[Session]:
    """Twenty minutes without a label, and a short clip; nine activities on the digits."""
    swing = project.clip("swing")
    clips = [
        replace(swing, id="long", name="long", duration_s=LONG_S, tracks=()),
        replace(swing, id="next", name="next", tracks=()),
    ]
    labels = LabelSet.of([f"activity {n}" for n in range(1, 10)])
    session = Session()
    session.author = "ann"
    project = replace(project, clips={}, label_set=labels).with_clips(clips)
    session.create_project(tmp_path / "long.harstudio", project)
    session.open_clip("long")
    yield session
    session.close()


class Hand:
    """A person with a reaction time, at a clock whose wall moves when told."""

    def __init__(self, session: Session, wall: Wall, reaction_s: float | None) -> None:
        self.session, self.wall, self.reaction_s = session, wall, reaction_s
        self.clock = PlaybackClock(wall=wall)
        self.clock.set_duration(session.clip.duration_s)
        self.live = LiveLabel(session, self.clock, lambda: self.reaction_s)

    def wait_until(self, clip_s: float) -> None:
        """Let it play until a time of the clip."""
        self.wall.now += (clip_s - self.clock.now_s) / self.clock.speed
        self.clock.tick()

    @property
    def spans(self) -> list[tuple[float, float, str]]:
        segments = self.session.project.clip("long").labels.segments
        return [(s.start_s, s.end_s, s.label) for s in segments]


@pytest.fixture
def hand(long_session: Session, wall: Wall) -> Iterator[Hand]:
    """One that reacts at once, with the clip playing."""
    result = Hand(long_session, wall, 0.0)
    result.clock.play()
    yield result
    result.clock.pause()


@pytest.mark.parametrize(("count", "speed"), [(300, 1.0), (40, 2.0)])
def test_twenty_minutes_are_labelled_by_digits_while_they_play(
    long_session: Session, wall: Wall, count: int, speed: float
) -> None:
    rng = np.random.default_rng(4)
    edges_s = np.round(np.cumsum(rng.dirichlet(np.full(count, 5.0)) * LONG_S), 6)
    starts_s = [0.0, *(float(t) for t in edges_s[:-1])]
    names = [f"activity {n}" for n in rng.integers(1, 10, count)]
    hand = Hand(long_session, wall, 0.26)
    hand.clock.set_speed(speed)
    hand.clock.play()
    for start_s, name in zip(starts_s, names, strict=True):
        hand.wait_until(start_s)  # the person sees the change
        wall.now += 0.26  # and the key comes down
        hand.live.press(name)
    hand.wait_until(LONG_S)
    assert not hand.clock.playing
    ends_s = [*starts_s[1:], LONG_S]
    assert len(hand.spans) == count
    for (start_s, end_s, name), expected in zip(
        hand.spans, zip(starts_s, ends_s, names, strict=True), strict=True
    ):
        assert (start_s, end_s) == pytest.approx(expected[:2], abs=2e-6)
        assert name == expected[2]
    assert long_session.undo_stack.count() == count
    assert {s.author for s in long_session.clip.labels.segments} == {"ann"}


def test_a_finished_live_label_is_one_step_and_is_not_selected(hand: Hand) -> None:
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.wait_until(2.0)
    hand.live.press("activity 2")
    assert hand.spans == [(1.0, 2.0, "activity 1")]
    assert hand.session.selection is None
    assert hand.session.undo_stack.count() == 1
    hand.session.undo_stack.undo()
    assert hand.spans == []
    hand.wait_until(3.0)
    hand.clock.pause()
    assert hand.spans == [(2.0, 3.0, "activity 2")]


def test_the_key_counts_when_it_comes_down_and_not_at_the_last_tick(hand: Hand) -> None:
    hand.wait_until(1.0)
    hand.wall.now += 0.4  # no tick in between: a slow view
    hand.live.press("activity 1")
    hand.wait_until(2.0)
    hand.clock.pause()
    assert hand.spans == [(1.4, 2.0, "activity 1")]


def test_pausing_ends_it_at_the_playhead_without_the_lag(hand: Hand) -> None:
    hand.reaction_s = 0.3
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.wait_until(2.0)
    hand.clock.pause()
    assert hand.spans == [(0.7, 2.0, "activity 1")]


def test_the_lag_never_reaches_back_to_before_playing_began(hand: Hand) -> None:
    hand.reaction_s = 0.3
    hand.clock.pause()
    hand.clock.seek(5.0)
    hand.clock.play()
    hand.wait_until(5.1)
    hand.live.press("activity 1")
    hand.wait_until(6.0)
    hand.clock.pause()
    assert hand.spans == [(5.0, 6.0, "activity 1")]


def test_it_trims_what_it_covers(hand: Hand) -> None:
    hand.session.edit_labels("x", LabelTrack((Segment(0.5, 1.5, "old"), Segment(1.6, 1.8, "old"))))
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.wait_until(2.0)
    hand.clock.pause()
    assert hand.spans == [(0.5, 1.0, "old"), (1.0, 2.0, "activity 1")]


def test_the_other_overlap_mode_labels_only_what_is_free(hand: Hand) -> None:
    hand.session.edit_labels("x", LabelTrack((Segment(1.2, 1.5, "old"),)))
    hand.wait_until(1.0)
    hand.live.press("activity 1", otherwise=True)
    hand.wait_until(2.0)
    hand.clock.pause()
    assert hand.spans == [
        (1.0, 1.2, "activity 1"), (1.2, 1.5, "old"), (1.5, 2.0, "activity 1"),
    ]  # fmt: skip


def test_a_jump_back_ends_it_where_the_playhead_left(hand: Hand) -> None:
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.wait_until(3.0)
    hand.clock.seek(2.0)
    assert hand.spans == [(1.0, 3.0, "activity 1")]
    assert not hand.live.on
    assert hand.clock.playing


def test_a_jump_ahead_takes_the_label_along(hand: Hand) -> None:
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.clock.seek(20.0)
    assert hand.live.on
    hand.live.press("activity 2")
    assert hand.spans == [(1.0, 20.0, "activity 1")]


def test_a_loop_that_begins_again_ends_it_at_the_loops_end(hand: Hand) -> None:
    hand.clock.set_loop((1.0, 3.0))
    hand.wait_until(2.0)
    hand.live.press("activity 1")
    hand.wait_until(2.99)
    hand.wall.now += 0.5
    hand.clock.tick()
    assert hand.clock.time_s == 1.0
    assert hand.spans == [(2.0, 3.0, "activity 1")]


def test_the_clips_end_closes_it_there(hand: Hand) -> None:
    hand.wait_until(LONG_S - 1)
    hand.live.press("activity 1")
    hand.wait_until(LONG_S + 5)
    assert hand.spans == [(LONG_S - 1, LONG_S, "activity 1")]


def test_another_clip_ends_it_in_the_clip_it_was_begun_in(hand: Hand) -> None:
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.wait_until(2.0)
    hand.session.open_clip("next")
    hand.clock.set_duration(4.0)  # what the window does for every clip that opens
    assert hand.spans == [(1.0, 2.0, "activity 1")]
    assert len(hand.session.project.clip("next").labels) == 0


def test_escape_forgets_the_live_one_only(hand: Hand) -> None:
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.wait_until(2.0)
    hand.live.press("activity 2")
    hand.wait_until(3.0)
    hand.live.discard()
    hand.clock.pause()
    assert hand.spans == [(1.0, 2.0, "activity 1")]


def test_enter_begins_and_ends_the_label_used_last(hand: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(hand.session.message) as told:
        hand.live.toggle()
    assert "digit" in told.args[0]
    hand.session.last_label = "activity 3"
    hand.wait_until(1.0)
    hand.live.toggle()
    hand.wait_until(2.0)
    hand.live.toggle()
    hand.wait_until(3.0)
    assert hand.spans == [(1.0, 2.0, "activity 3")]
    assert hand.clock.playing


def test_enter_in_a_pause_begins_at_the_playhead_and_plays(hand: Hand) -> None:
    hand.reaction_s = 0.3
    hand.clock.pause()
    hand.clock.seek(4.0)
    hand.session.last_label = "activity 3"
    hand.live.toggle()
    assert hand.clock.playing
    hand.wait_until(5.3)
    hand.live.toggle()
    assert hand.spans == [(4.0, 5.0, "activity 3")]


def test_two_keys_within_a_blink_leave_only_the_second(hand: Hand) -> None:
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.wait_until(1.01)
    hand.live.press("activity 2")
    hand.wait_until(2.0)
    hand.clock.pause()
    assert hand.spans == [(1.01, 2.0, "activity 2")]
    assert hand.session.undo_stack.count() == 1


def test_a_selection_is_labelled_and_no_live_label_begins(hand: Hand) -> None:
    hand.session.select_range(10.0, 12.0)
    hand.live.give("activity 1")
    assert not hand.live.on
    assert hand.spans == [(10.0, 12.0, "activity 1")]


def test_in_a_pause_a_digit_labels_to_the_next_boundary(hand: Hand) -> None:
    hand.clock.pause()
    hand.clock.seek(100.0)
    hand.live.give("activity 1")
    assert hand.spans == [(100.0, LONG_S, "activity 1")]


def test_it_is_never_put_among_the_suggestions(hand: Hand) -> None:
    suggested = LabelTrack((Segment(0.0, 9.0, "activity 5", 0.6),))
    hand.session.edit_labels("Predict", suggested, PREDICTED)
    hand.session.select_tier(PREDICTED)
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.wait_until(2.0)
    hand.clock.pause()
    assert hand.spans == [(1.0, 2.0, "activity 1")]
    assert hand.session.clip.track(PREDICTED) == suggested
    assert hand.session.tier == MINE


def test_it_goes_to_the_tier_it_was_begun_in(hand: Hand) -> None:
    hand.session.edit_clip("Tier", hand.session.clip.with_tier("bob"))
    hand.session.select_tier("bob")
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.session.select_tier(MINE)
    hand.wait_until(2.0)
    hand.clock.pause()
    assert hand.spans == []
    assert len(hand.session.clip.track("bob")) == 1


def test_what_cannot_be_written_stays_live_and_is_said(
    hand: Hand, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.wait_until(2.0)

    def full(*_: object) -> None:
        raise HarstudioError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(hand.session.file, "write", full)
        with qtbot.waitSignal(hand.session.message) as told:
            hand.live.press("activity 2")
    assert "disk full" in told.args[0]
    assert hand.live.on
    hand.wait_until(3.0)
    hand.clock.pause()
    assert hand.spans == [(1.0, 3.0, "activity 1")]


def test_what_grows_is_told_to_the_timeline(hand: Hand) -> None:
    told: list[tuple[str, float | None]] = []
    hand.live.changed.connect(lambda label, start_s: told.append((label, start_s)))
    hand.wait_until(1.0)
    hand.live.press("activity 1")
    hand.wait_until(2.0)
    hand.live.press("activity 2")
    hand.clock.pause()
    assert told == [("activity 1", 1.0), ("", None), ("activity 2", 2.0), ("", None)]


@pytest.mark.parametrize(("reaction_s", "words"), [(None, "not measured"), (0.25, "0.25 s")])
def test_the_first_live_label_says_what_is_taken_off(
    hand: Hand, qtbot: QtBot, reaction_s: float | None, words: str
) -> None:
    hand.reaction_s = reaction_s
    with qtbot.waitSignal(hand.session.message) as told:
        hand.live.press("activity 1")
    assert words in told.args[0]
    with qtbot.assertNotEmitted(hand.session.message):
        hand.wait_until(2.0)
        hand.live.press("activity 2")


def test_a_clip_that_is_gone_takes_its_live_label_with_it(hand: Hand, labelled_clip: Clip) -> None:
    hand.live.press("activity 1")
    hand.wait_until(1.0)
    hand.session.edit("Remove", hand.session.project.without_clips(["long"]))
    hand.clock.pause()
    assert not hand.live.on
    assert "long" not in hand.session.project.clips
