"""What an earlier state of a clip would change, in numbers and words."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.clip_history import differences, restored, tier_differences
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import EXCLUDED, MINE, Clip, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment

NOW = Clip(
    "walk_03", "walk_03", 10.0, 60.0,
    motion=Source("new/walk.npz", "amass", "f1"),
    recordings=(RecordingRef(Source("new/imu.npz", "imu_npz", "f2"), ("wrist",), 10.0, 50.0),),
    tracks=((MINE, LabelTrack((Segment(0, 2, "walk"), Segment(2, 4, "run")))),),
    problem="file is gone",
)  # fmt: skip


def labelled(*segments: Segment) -> Clip:
    return NOW.with_track(LabelTrack(segments))


def test_segments_that_share_time_are_changed_and_others_added_or_removed() -> None:
    then = labelled(Segment(0, 2, "walk"), Segment(2.5, 4, "run"), Segment(6, 7, "jump"))
    (found,) = tier_differences(NOW, then)
    assert (found.added, found.removed, found.changed) == (1, 0, 1)
    assert differences(NOW, then) == ("1 added, 1 changed in labels",)
    assert differences(then, NOW) == ("1 removed, 1 changed in labels",)


def test_two_joined_into_one_are_one_changed_and_one_removed() -> None:
    (found,) = tier_differences(NOW, labelled(Segment(0, 4, "walk")))
    assert (found.added, found.removed, found.changed) == (0, 1, 1)


def test_tiers_that_come_and_go_are_named() -> None:
    then = NOW.with_tier("ann", LabelTrack((Segment(0, 1, "walk"),)))
    assert differences(NOW, then) == ("tier ann comes (1 added)",)
    assert differences(then, NOW) == ("tier ann goes (1 removed)",)
    assert differences(NOW, NOW.with_tier("empty")) == ("tier empty comes",)


def test_everything_else_that_differs_is_named() -> None:
    (ref,) = NOW.recordings
    then = replace(
        NOW, status=EXCLUDED, subject="P1", recordings=(replace(ref, alignment=Alignment(0.5)),)
    )
    assert differences(NOW, then) == (
        "status: unreviewed → excluded",
        "subject: none → P1",
        "recordings: another alignment",
    )
    assert differences(NOW, replace(NOW, recordings=())) == ("recordings: 1 → 0",)


def test_a_tier_that_becomes_overlapping_is_told() -> None:
    then = NOW.with_track(replace(NOW.labels, overlapping=True))
    assert differences(NOW, then) == ("labels: segments may overlap",)


def test_nothing_differs_from_itself() -> None:
    assert differences(NOW, NOW) == ()


def test_what_is_restored_keeps_the_files_where_they_are_now_and_what_was_found_out() -> None:
    (ref,) = NOW.recordings
    then = replace(
        labelled(),
        motion=Source("old/walk.npz", "amass", "f1"),
        recordings=(replace(ref, source=Source("old/imu.npz", "imu_npz", "f2")),),
        problem="",
    )
    assert restored(then, NOW) == labelled()


def test_a_removed_clip_comes_back_as_it_was() -> None:
    assert restored(NOW, None) is NOW


def test_another_file_than_todays_comes_back_too() -> None:
    then = replace(NOW, motion=Source("other.npz", "amass", "f9"))
    assert restored(then, NOW).motion == then.motion
    assert differences(NOW, then) == ("another motion",)


@st.composite
def tracks(draw: st.DrawFn) -> LabelTrack:
    spans = draw(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), max_size=6))
    labels = draw(st.lists(st.sampled_from("ab"), min_size=6, max_size=6))
    segments = (Segment(a, a + n, label) for (a, n), label in zip(spans, labels, strict=False))
    return LabelTrack(tuple(segments), overlapping=True)


@given(tracks(), tracks())
def test_the_counts_add_up(now: LabelTrack, then: LabelTrack) -> None:
    a, b = NOW.with_track(now), NOW.with_track(then)
    found = tier_differences(a, b)
    assert bool(found) == (now.segments != then.segments)
    back = tier_differences(b, a)
    for there, and_back in zip(found, back, strict=True):
        assert len(then) - len(now) == there.added - there.removed
        assert (there.added, there.removed) == (and_back.removed, and_back.added)
        assert there.changed == and_back.changed
