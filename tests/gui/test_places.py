"""Back to where the last edits were made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from harstudio.core.changed_clips import changed_ids
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, PREDICTED, Project
from harstudio.gui.annotating import labelling, suggestions
from harstudio.gui.annotating.places import MOST, Places, changed_stretch
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.session import Session

TRACK = LabelTrack((Segment(0, 4, "walking"), Segment(4, 6, "jumping"), Segment(8, 9, "running")))
LOOSE = LabelTrack((Segment(0, 4, "walking"), Segment(1, 3, "talking")), overlapping=True)


@pytest.mark.parametrize(
    ("after", "stretch"),
    [
        (TRACK, None),
        (TRACK.paint(Segment(1, 2, "sitting")), (1, 2)),
        (TRACK.paint(Segment(3, 5, "sitting")), (3, 5)),
        (TRACK.paint(Segment(6.5, 7, "sitting")), (6.5, 7)),
        (TRACK.relabel(1, "sitting"), (4, 6)),
        (TRACK.remove(2), (8, 9)),
        (TRACK.resize(2, 8, 9.5), (8, 9.5)),
        (TRACK.resize(2, 8, 8.5), (8, 8.5)),
        (TRACK.move(2, 0.3), (8.3, 9.3)),
        (TRACK.move_boundary(4, 4.5), (0, 4.5)),
        (TRACK.split(2), (0, 4)),
        (TRACK.merge(0), (0, 6)),
        (TRACK.changed(0, replace(TRACK.segments[0], note="limps")), (0, 4)),
        (LabelTrack(), (0, 9)),
    ],
)
def test_an_edit_was_made_where_a_person_would_say(
    after: LabelTrack, stretch: tuple[float, float] | None
) -> None:
    assert changed_stretch(TRACK, after) == stretch


def test_a_label_over_another_is_where_it_was_put() -> None:
    after = LOOSE.paint(Segment(2, 3.5, "waving"))
    assert changed_stretch(LOOSE, after) == (2, 3.5)


def test_of_thousands_of_new_labels_the_place_is_all_of_them() -> None:
    many = LabelTrack(tuple(Segment(k, k + 0.5, "step") for k in range(3000)))
    assert changed_stretch(LabelTrack(), many) == (0, 2999.5)


def test_changed_clips_are_found_by_identity(project: Project) -> None:
    swing = project.clip("swing")
    many = {f"c{n}": replace(swing, id=f"c{n}") for n in range(50)}
    assert changed_ids(many, many) == []
    assert changed_ids(many, dict(many)) == []
    new = replace(swing, id="c7", notes="x")
    assert changed_ids(many, {**many, "c7": new}) == ["c7"]
    fewer = {i: c for i, c in many.items() if i != "c3"}
    assert changed_ids(many, {**fewer, "c7": new}) == ["c7", "c3"]
    assert changed_ids(fewer, many) == ["c3"]
    swapped = {**fewer, "c99": swing}
    assert changed_ids(many, swapped) == ["c99", "c3"]


@pytest.fixture
def opened(session: Session) -> Session:
    """Two clips, the first of them open."""
    swing = session.project.clip("swing")
    other = replace(swing, id="other", name="other", tracks=())
    session.note("Add", session.project.with_clips([other]))
    session.open_clip("swing")
    return session


def where(session: Session, clock: PlaybackClock) -> tuple[str, tuple[float, float], float]:
    return session.clip_id, session.selection, clock.time_s


def go(places: Places, session: Session, clock: PlaybackClock) -> None:
    """What the window does with a moment that is asked for is part of it."""
    session.moment_requested.connect(lambda _id, start_s, _end_s: clock.seek(start_s))
    places.go_back(clock)


def test_pressing_again_goes_further_back_over_clips(
    opened: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    places = Places(opened)
    labelling.paint(opened, 3.0, 3.5, "sitting")
    opened.open_clip("other")
    labelling.paint(opened, 1.0, 2.0, "sitting")
    labelling.paint(opened, 2.5, 3.0, "sitting")
    clock.seek(0.0)
    seen = []
    for _ in range(3):
        go(places, opened, clock)
        seen.append(where(opened, clock))
    assert seen == [
        ("other", (2.5, 3.0), 2.5), ("other", (1.0, 2.0), 1.0), ("swing", (3.0, 3.5), 3.0),
    ]  # fmt: skip
    assert opened.segment_index == 2
    with qtbot.waitSignal(opened.message):
        go(places, opened, clock)
    assert where(opened, clock) == seen[-1]


def test_from_anywhere_else_it_begins_with_the_last_again(
    opened: Session, clock: PlaybackClock
) -> None:
    places = Places(opened)
    labelling.paint(opened, 3.0, 3.5, "sitting")
    labelling.paint(opened, 2.6, 2.9, "sitting")
    go(places, opened, clock)
    go(places, opened, clock)
    assert clock.time_s == 3.0
    clock.seek(0.1)
    go(places, opened, clock)
    assert clock.time_s == 2.6


def test_work_on_one_segment_is_one_place(opened: Session, clock: PlaybackClock) -> None:
    places = Places(opened)
    labelling.paint(opened, 3.0, 3.5, "sitting")
    labelling.apply_label(opened, clock, "resting")
    opened.edit_labels("Resize", opened.track.resize(opened.segment_index, 3.0, 3.6))
    assert [(p.start_s, p.end_s) for p in places.places] == [(3.0, 3.6)]


def test_undo_leads_to_where_it_undid_and_a_clip_that_is_gone_is_passed_over(
    opened: Session, clock: PlaybackClock
) -> None:
    places = Places(opened)
    labelling.paint(opened, 3.0, 3.5, "sitting")
    opened.open_clip("other")
    labelling.paint(opened, 1.0, 2.0, "sitting")
    opened.undo_stack.undo()
    go(places, opened, clock)
    assert where(opened, clock) == ("other", (1.0, 2.0), 1.0)
    opened.edit("Remove", opened.project.without_clips(["other"]))
    go(places, opened, clock)
    assert where(opened, clock) == ("swing", (3.0, 3.5), 3.0)


def test_the_tier_that_was_edited_is_chosen_again(opened: Session, clock: PlaybackClock) -> None:
    places = Places(opened)
    opened.edit_clip("Tier", opened.clip.with_tier("bob"))
    opened.select_tier("bob")
    labelling.paint(opened, 1.0, 2.0, "sitting")
    opened.select_tier(MINE)
    opened.select_segment(None)
    go(places, opened, clock)
    assert (opened.tier, opened.segment_index) == ("bob", 0)


def test_a_suggestion_that_was_decided_on_is_looked_for_among_ones_own_labels(
    opened: Session, clock: PlaybackClock
) -> None:
    suggested = LabelTrack((Segment(0, 0.4, "sitting", 0.9), Segment(3, 4, "sitting", 0.9)))
    with_tier = opened.clip.with_tier(PREDICTED, suggested)
    opened.note("Predict", opened.project.with_clips([with_tier]))
    places = Places(opened)
    suggestions.go(opened, clock, 1)
    suggestions.accept(opened, clock)
    suggestions.reject(opened, clock)
    assert [(p.tier, p.start_s, p.end_s) for p in places.places] == [(MINE, 3, 4), (MINE, 0, 0.4)]


def test_no_more_than_fifty_places_are_kept(opened: Session) -> None:
    places = Places(opened)
    for n in range(MOST + 10):
        labelling.paint(opened, 0.05 * n, 0.05 * n + 0.05, f"label {n}")
    assert len(places.places) == MOST
    assert places.places[0].start_s == pytest.approx(0.05 * (MOST + 9))


def test_another_project_has_other_places(
    opened: Session, clock: PlaybackClock, tmp_path: object, project: Project, qtbot: QtBot
) -> None:
    places = Places(opened)
    labelling.paint(opened, 3.0, 3.5, "sitting")
    opened.create_project(tmp_path / "second.harstudio", project)
    assert places.places == ()
    with qtbot.waitSignal(opened.message):
        places.go_back(clock)
