"""Values survive the way through JSON, and what makes no sense is refused with its place."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import Sensor, SensorLayout, SensorMount, SensorSite
from harstudio.core.label_set import Label, LabelSet
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import STATUSES, Clip, Project, RecordingRef
from harstudio.core.skeleton import JOINTS
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment
from harstudio.store.serial import (
    from_json,
    from_text,
    parsed,
    parts_to_text,
    project_from_parts,
    to_json,
    to_text,
)

# Names of files that are no valid Unicode reach Python with lone surrogates in them.
texts = st.text(st.characters(), max_size=8)
names = st.text(min_size=1, max_size=6)
numbers = st.floats(allow_nan=False, allow_infinity=False)
vectors = st.tuples(numbers, numbers, numbers)
quaternions = st.tuples(numbers, numbers, numbers, numbers)
joints = st.sampled_from(JOINTS)
sources = st.builds(Source, texts, texts, texts)
offsets = st.floats(-1e4, 1e4)
spreads = st.none() | st.floats(0.0, 1e9)
mountings = st.lists(st.tuples(names, quaternions), max_size=2).map(tuple)


@st.composite
def alignments(draw: st.DrawFn) -> Alignment:
    mounting = draw(mountings)
    sds = draw(st.just(()) | st.tuples(*[spreads for _ in mounting]))
    return Alignment(
        draw(offsets), draw(offsets), mounting, draw(spreads), draw(spreads), sds, draw(texts)
    )


recordings = st.builds(
    RecordingRef, sources, st.lists(names, max_size=3).map(tuple), numbers, numbers, alignments()
)
sensors = st.builds(
    Sensor,
    names,
    st.builds(SensorSite, joints, st.tuples(joints, joints), numbers, vectors),
    st.builds(SensorMount, quaternions, vectors),
)
layouts = st.builds(
    SensorLayout,
    texts,
    st.lists(sensors, max_size=3, unique_by=lambda sensor: sensor.name).map(tuple),
)
label_sets = st.lists(
    st.builds(Label, texts, texts, texts), max_size=4, unique_by=lambda label: label.name
).map(lambda labels: LabelSet(tuple(labels)))


@st.composite
def tracks(draw: st.DrawFn) -> LabelTrack:
    edges = sorted(draw(st.sets(st.integers(-(10**9), 10**12), max_size=8)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    rest = st.tuples(names.filter(str.strip), st.floats(0.0, 1.0), texts)
    return LabelTrack(tuple(Segment(a / 1e6, b / 1e6, *draw(rest)) for a, b in pairs))


@st.composite
def clips(draw: st.DrawFn) -> Clip:
    return Clip(
        draw(names),
        draw(texts),
        draw(numbers),
        draw(numbers),
        draw(texts),
        draw(texts),
        draw(sources),
        tuple(draw(st.lists(recordings, max_size=2))),
        tuple(draw(st.lists(st.tuples(names, tracks()), max_size=2))),
        draw(st.sampled_from(STATUSES)),
        draw(texts),
        draw(texts),
    )


@st.composite
def projects(draw: st.DrawFn) -> Project:
    members = {c.id: c for c in draw(st.lists(clips(), max_size=3))}
    body = draw(st.none() | sources)
    return Project(draw(texts), draw(layouts), members, draw(label_sets), draw(numbers), body)


@given(projects())
def test_any_project_comes_back_equal_from_json(project: Project) -> None:
    parts = {name: json.loads(text) for name, text in parts_to_text(project).items()}
    members = {i: from_text(Clip, to_text(clip)) for i, clip in project.clips.items()}
    back = project_from_parts(parts, members)
    assert back == project
    assert list(back.clips) == list(project.clips)


@given(clips())
def test_json_text_is_plain_ascii_and_the_same_each_time(clip: Clip) -> None:
    text = to_text(clip)
    assert text.isascii()
    assert to_text(from_text(Clip, text)) == text


def segment_json() -> dict[str, object]:
    data: dict[str, object] = to_json(Segment(0.0, 1.0, "walk"))
    return data


def test_all_fields_are_written_and_a_missing_one_takes_its_default() -> None:
    assert segment_json() == {
        "start_s": 0.0, "end_s": 1.0, "label": "walk", "confidence": 1.0, "author": "",
        "note": "", "start_soft_s": 0.0, "end_soft_s": 0.0,
    }  # fmt: skip
    short = {"start_s": 0, "end_s": 1, "label": "walk"}
    assert from_json(Segment, short) == Segment(0.0, 1.0, "walk")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("end_s", "1", "end_s: got '1', expected a number"),
        ("end_s", True, "end_s: got True, expected a number"),
        ("end_s", None, "end_s: got None, expected a number"),
        ("end_s", float("inf"), "end_s: got inf, expected a finite number"),
        ("end_s", 10**400, "expected a number that fits 64 bits"),
        ("end_s", -1.0, "end -1.0 s is not after start 0.0 s"),
        ("label", 3, "label: got 3, expected text"),
        ("colour", "red", r"unknown fields \['colour'\]"),
    ],
)
def test_a_wrong_field_is_refused_with_what_was_expected(
    field: str, value: object, message: str
) -> None:
    with pytest.raises(HarstudioError, match=message):
        from_json(Segment, {**segment_json(), field: value})


def test_an_alignment_of_before_spreads_were_kept_is_read_as_without() -> None:
    old = {"offset_s": 0.5, "drift_ppm": 2.0, "mounting_wxyz": []}
    assert from_json(Alignment, old) == Alignment(0.5, 2.0)
    assert not from_json(Alignment, old).is_fitted
    assert from_json(Alignment, {}) == Alignment()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("offset_sd_s", "1", "offset_sd_s: got '1', expected a number"),
        ("offset_sd_s", -0.1, "standard deviation of an alignment: got -0.1"),
        ("drift_sd_ppm", float("inf"), "drift_sd_ppm: got inf, expected a finite number"),
        ("rotations_sd_rad", [0.1], "got 1, expected none or 0"),
        ("doubt", None, "doubt: got None, expected text"),
        ("lag_sd_s", 0.1, r"unknown fields \['lag_sd_s'\]"),
    ],
)
def test_what_a_fit_cannot_have_said_is_refused(field: str, value: object, message: str) -> None:
    with pytest.raises(HarstudioError, match=message):
        from_json(Alignment, {**to_json(Alignment(1.0)), field: value})


def test_a_missing_field_is_named() -> None:
    data = segment_json()
    del data["label"]
    with pytest.raises(HarstudioError, match=r"missing fields \['label'\]"):
        from_json(Segment, data)


@pytest.mark.parametrize("data", [None, 3, "text", [], [1], {"segments": {}}, {"segments": [3]}])
def test_json_of_another_shape_is_refused(data: object) -> None:
    with pytest.raises(HarstudioError):
        from_json(LabelTrack, {"x": data} if data == [] else data)


def test_the_place_of_an_error_leads_through_lists_and_fields(project: Project) -> None:
    data = to_json(project.clips["r"])
    data["recordings"][0]["alignment"]["mounting_wxyz"][0][1][2] = "half"
    place = r"clip r\.recordings\[0\]\.alignment\.mounting_wxyz\[0\]\[1\]\[2\]: got 'half'"
    with pytest.raises(HarstudioError, match=place):
        from_json(Clip, data, "clip r")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a":NaN}', "9" * 5000, "\x00"])
def test_text_that_is_no_such_json_is_refused(text: str) -> None:
    with pytest.raises(HarstudioError):
        from_text(Segment, text, "here")
    with pytest.raises(HarstudioError):
        from_json(Segment, parsed(text, "here"), "here")


@pytest.mark.parametrize(
    "change",
    [{"subject": None}, {"duration_s": float("nan")}, {"tracks": (("labels", None),)}],
)
def test_what_could_not_be_read_back_is_not_written(
    project: Project, change: dict[str, object]
) -> None:
    broken = replace(project.clips["a"], **change)  # type: ignore[arg-type]
    with pytest.raises(HarstudioError, match=f"clip 'a'.{next(iter(change))}"):
        to_json(broken, "clip 'a'")


def test_numpy_numbers_are_written_as_plain_ones(project: Project) -> None:
    clip = replace(project.clips["a"], duration_s=np.float32(1.5), rate_hz=np.int64(60))
    assert from_text(Clip, to_text(clip)) == clip


def test_a_project_with_a_part_missing_or_too_many_is_refused(project: Project) -> None:
    parts = {name: json.loads(text) for name, text in parts_to_text(project).items()}
    with pytest.raises(HarstudioError, match="unknown \\['owner'\\]"):
        project_from_parts({**parts, "owner": 1}, {})
    del parts["layout"]
    with pytest.raises(HarstudioError, match="missing \\['layout'\\]"):
        project_from_parts(parts, {})


def test_a_bad_part_is_named(project: Project) -> None:
    parts = {name: json.loads(text) for name, text in parts_to_text(project).items()}
    parts["layout"]["sensors"][0]["site"]["joint"] = "tail"
    with pytest.raises(HarstudioError, match=r"part layout\.sensors\[0\]\.site: no joint 'tail'"):
        project_from_parts(parts, {})
