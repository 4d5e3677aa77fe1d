"""Doubts are remembered, decisions are told from the labels, and relabelling is exact."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harstudio.body.sites import layout_of
from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import Clip, Project
from harstudio.core.source import Source
from harstudio.learn.judging.label_errors import Suspect
from harstudio.workflows.reviewing import (
    GONE,
    KEPT,
    OPEN,
    RELABELLED,
    REVIEW,
    Review,
    accepted,
    load_review,
    relabelled,
    save_review,
)

SUSPECT = Suspect("a", "p1", 2.0, 4.0, "walking", "jumping", 0.8, 3)


def _project(*segments: Segment, overlapping: bool = False) -> Project:
    clip = Clip("a", "a", 10.0, 60.0, motion=Source("a.npz", "amass"))
    clip = clip.with_track(LabelTrack(segments, overlapping))
    return Project("p", layout_of(["right_wrist"])).with_clips([clip])


def _labels(project: Project) -> list[tuple[float, float, str]]:
    return [(s.start_s, s.end_s, s.label) for s in project.clip("a").labels.segments]


def test_a_stretch_takes_the_label_and_what_lies_around_it_stays() -> None:
    project = _project(Segment(0, 10, "walking"))
    after = relabelled(project, "a", 2, 4, "jumping", "me")
    assert _labels(after) == [(0, 2, "walking"), (2, 4, "jumping"), (4, 10, "walking")]
    assert after.clip("a").labels.segments[1].author == "me"


def test_the_whole_segment_is_the_one_that_has_most_of_the_stretch() -> None:
    project = _project(Segment(0, 3, "walking"), Segment(3, 8, "typing"))
    after = relabelled(project, "a", 2, 5, "jumping", "me", whole=True)
    assert _labels(after) == [(0, 3, "walking"), (3, 8, "jumping")]


def test_a_whole_segment_that_is_not_there_is_painted_as_the_stretch() -> None:
    after = relabelled(_project(), "a", 2, 5, "jumping", "me", whole=True)
    assert _labels(after) == [(2, 5, "jumping")]


def test_an_overlapping_track_loses_only_the_label_that_is_wrong() -> None:
    project = _project(Segment(0, 10, "walking"), Segment(0, 10, "carrying"), overlapping=True)
    after = relabelled(project, "a", 2, 4, "jumping", "me", given="walking")
    assert (0, 10, "carrying") in _labels(after)
    assert (2, 4, "jumping") in _labels(after)
    assert {(0, 2, "walking"), (4, 10, "walking")} <= set(_labels(after))


def test_relabelling_two_windows_of_one_segment_touches_no_other_of_an_overlapping_track() -> None:
    project = _project(Segment(0, 10, "carrying"), Segment(1, 9, "walking"), overlapping=True)
    for start_s in (2, 5):
        project = relabelled(
            project, "a", start_s, start_s + 2, "jumping", "me", given="walking", whole=True
        )
    assert _labels(project) == [(0, 10, "carrying"), (1, 9, "jumping")]


def test_a_stretch_beyond_the_clip_is_cut_and_one_outside_is_refused() -> None:
    assert _labels(relabelled(_project(), "a", 9, 12, "x", "")) == [(9, 10, "x")]
    with pytest.raises(HarstudioError, match="ends at 10 s"):
        relabelled(_project(), "a", 10.5, 12, "x", "")


def test_accepting_a_doubt_over_most_of_a_segment_relabels_all_of_it() -> None:
    project = _project(Segment(1.8, 4.2, "walking"), Segment(5, 6, "walking"))
    assert _labels(accepted(project, SUSPECT, "me")) == [(1.8, 4.2, "jumping"), (5, 6, "walking")]


def test_accepting_opens_again_when_it_is_undone() -> None:
    project, review = _project(Segment(0, 10, "walking")), Review((SUSPECT,))
    assert review.state(SUSPECT, project) == OPEN
    assert review.state(SUSPECT, accepted(project, SUSPECT, "me")) == RELABELLED
    assert review.state(SUSPECT, project) == OPEN


def test_a_kept_label_stays_kept_where_the_next_search_finds_it_a_little_later() -> None:
    project = _project(Segment(0, 10, "walking"))
    review = Review((SUSPECT,)).keeping(SUSPECT)
    moved = replace(SUSPECT, start_s=2.5, end_s=4.5)
    assert review.state(moved, project) == KEPT
    assert review.state(replace(SUSPECT, suggested="typing"), project) == OPEN
    assert review.state(replace(SUSPECT, start_s=7, end_s=9), project) == OPEN
    assert review.doubting(moved).state(SUSPECT, project) == OPEN


def test_a_doubt_whose_clip_is_gone_says_so() -> None:
    assert Review().state(replace(SUSPECT, clip_id="b"), _project()) == GONE


def test_a_review_is_remembered_beside_the_runs(tmp_path: Path) -> None:
    folder = tmp_path / "p-runs"
    assert load_review(folder) == Review()
    review = Review((SUSPECT,), (SUSPECT,), 12, "a forest")
    save_review(folder, review)
    assert load_review(folder) == review


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"suspects": [{}]}', '{"suspects": 1}'])
def test_a_damaged_review_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / REVIEW).write_text(text)
    with pytest.raises(HarstudioError, match=REVIEW):
        load_review(tmp_path)
