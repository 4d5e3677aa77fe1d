"""A project is a value: an edit gives a new one that shares all that did not change."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import Sensor, SensorLayout, SensorSite
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import EXCLUDED, MINE, Clip, Project, RecordingRef
from harstudio.core.source import Source

WRIST = SensorSite("left_elbow", ("left_elbow", "left_wrist"), 0.9, (0.0, 1.0, 0.0))
LAYOUT = SensorLayout("watch", (Sensor("left_wrist", WRIST),))


def clip(clip_id: str, label: str = "walk") -> Clip:
    track = LabelTrack((Segment(0.0, 2.0, label),))
    motion = Source(f"amass/{clip_id}.npz", "amass", "ab12")
    return Clip(clip_id, f"clip {clip_id}", 4.0, 60.0, motion=motion, tracks=((MINE, track),))


def project(*ids: str) -> Project:
    return Project("study", LAYOUT).with_clips(clip(i) for i in ids)


@given(st.sets(st.sampled_from("abcdefgh")), st.sets(st.sampled_from("abcdefgh")))
def test_changing_clips_keeps_the_identity_of_all_others(there: set[str], to: set[str]) -> None:
    before = project(*sorted(there))
    after = before.with_clips(clip(i, "run") for i in sorted(to))
    for clip_id in there - to:
        assert after.clips[clip_id] is before.clips[clip_id]
    assert set(after.clips) == there | to
    assert before == project(*sorted(there))


def test_a_changed_clip_keeps_its_place_and_a_new_one_goes_to_the_end() -> None:
    after = project("b", "a", "c").with_clips([clip("z"), clip("a", "run")])
    assert list(after.clips) == ["b", "a", "c", "z"]


def test_nothing_changed_gives_the_same_project() -> None:
    before = project("a", "b")
    assert before.with_clips(before.clips.values()) is before
    assert before.without_clips(["x"]) is before


def test_of_two_versions_of_a_clip_the_last_one_counts() -> None:
    before = project("a")
    old, new = before.clips["a"], clip("a", "run")
    assert before.with_clips([old, new]).clips["a"] is new
    assert before.with_clips([new, old]) is before


def test_labels_of_new_clips_join_the_label_set_in_order() -> None:
    after = project("a").with_clips([clip("b", "run"), clip("c", "jump")])
    assert after.label_set.names == ("walk", "run", "jump")


def test_removing_clips_leaves_the_rest_and_the_label_set() -> None:
    after = project("a", "b", "c").without_clips(["b", "x"])
    assert list(after.clips) == ["a", "c"]
    assert after.label_set.names == ("walk",)


def test_a_project_pickles_to_an_equal_one() -> None:
    ref = RecordingRef(Source("watch.csv", "imu_csv"), ("left_wrist",), 4.0, 50.0)
    before = project("a", "b").with_clips([replace(clip("r"), recordings=(ref,))])
    after = pickle.loads(pickle.dumps(before))
    assert after == before
    assert list(after.clips) == list(before.clips)
    with pytest.raises(TypeError):
        after.clips["a"] = clip("a")


def test_a_project_cannot_be_changed_in_place() -> None:
    clips = {"a": clip("a")}
    one = Project("study", LAYOUT, clips)
    clips["b"] = clip("b")
    assert list(one.clips) == ["a"]
    with pytest.raises(FrozenInstanceError):
        one.name = "other"  # type: ignore[misc]


def test_an_unknown_clip_is_named_with_its_project() -> None:
    with pytest.raises(HarstudioError, match="no clip 'x' in project 'study'"):
        project("a").clip("x")


def test_a_clip_of_nothing_or_with_a_strange_status_is_refused() -> None:
    with pytest.raises(HarstudioError, match="neither a motion nor a recording"):
        Clip("a", "a", 1.0, 60.0)
    with pytest.raises(HarstudioError, match="status 'perhaps'"):
        replace(clip("a"), status="perhaps")


def test_an_excluded_or_broken_clip_is_not_usable() -> None:
    assert clip("a").usable
    assert not replace(clip("a"), status=EXCLUDED).usable
    assert not replace(clip("a"), problem="NaN in frame 3").usable


def test_tiers_are_replaced_by_name_and_an_equal_track_changes_nothing() -> None:
    one = clip("a")
    assert one.with_track(LabelTrack((Segment(0.0, 2.0, "walk"),))) is one
    two = one.with_track(LabelTrack((Segment(0, 1, "run"),)), "model")
    assert [tier for tier, _ in two.tracks] == [MINE, "model"]
    assert two.labels is one.labels
    assert two.track("nobody's") == LabelTrack()
