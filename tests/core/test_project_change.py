"""A change holds just what differs, and takes a project there and back."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.imu import SensorLayout
from harstudio.core.label_set import LabelSet
from harstudio.core.project import EXCLUDED, KEPT, Clip, Project
from harstudio.core.project_change import ProjectChange
from harstudio.core.source import Source

LAYOUT = SensorLayout("none", ())
CLIPS = [
    Clip(name, name, 4.0, 60.0, motion=Source(f"{name}.npz", "amass"), status=status)
    for name in "abcde"
    for status in (KEPT, EXCLUDED)
]


@st.composite
def projects(draw: st.DrawFn) -> Project:
    chosen = draw(st.lists(st.sampled_from(CLIPS), unique_by=lambda clip: clip.id))
    return Project(
        draw(st.sampled_from(("one", "two"))),
        LAYOUT,
        {clip.id: clip for clip in chosen},
        LabelSet.of(draw(st.sampled_from(((), ("walk",))))),
        draw(st.sampled_from((50.0, 60.0))),
    )


def same(one: Project, two: Project) -> bool:
    return one == two and list(one.clips) == list(two.clips)


@given(projects(), projects())
def test_a_change_leads_from_one_project_to_the_other_and_back(a: Project, b: Project) -> None:
    change = ProjectChange.between(a, b)
    assert same(change.done(a), b)
    assert same(change.undone(b), a)


@given(projects(), projects(), projects())
def test_two_changes_are_one(a: Project, b: Project, c: Project) -> None:
    change = ProjectChange.between(a, b).then(ProjectChange.between(b, c))
    assert same(change.done(a), c)
    assert same(change.undone(c), a)


def test_an_edit_of_one_clip_holds_that_clip_only() -> None:
    before = Project("p", LAYOUT).with_clips(CLIPS[::2])
    after = before.with_clips([replace(before.clip("b"), notes="limps")])
    change = ProjectChange.between(before, after)
    assert list(change.before.clips) == list(change.after.clips) == ["b"]
    assert (change.after.parts, change.after.order) == ({}, None)


def test_undoing_leaves_alone_what_the_change_did_not_touch() -> None:
    before = Project("p", LAYOUT).with_clips(CLIPS[::2])
    after = before.with_clips([replace(before.clip("b"), notes="limps")])
    noted = after.with_clips([replace(after.clip("c"), problem="file is empty")])
    back = ProjectChange.between(before, after).undone(noted)
    assert back.clip("b").notes == ""
    assert back.clip("c").problem == "file is empty"
