"""What is written in any format reads back, to what the format can hold; damage is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.source import Source
from harstudio.io.label_formats import (
    audacity,
    babel,
    boris,
    elan,
    label_studio,
    table,
    textgrid,
)
from harstudio.io.label_formats.base import (
    LabelFile,
    LabelFormat,
    LabelledClip,
    layers,
    not_kept,
    told,
    track_of,
)
from harstudio.io.label_formats.registry import FORMATS, format_by_id, format_of, read_label_file

CLIP_S = 60.0
ODD = ('say "hi"', "tab\tbed", "two\nlines", "<b>&amp;</b>", "走る é", "a;b,c", "'", '""', "\\x")

quiet = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"))
    | st.sampled_from("\t\n<&\"'"),
    min_size=1,
    max_size=12,
)
names = (texts | st.sampled_from(ODD)).map(str.strip).filter(bool)


@st.composite
def tracks(draw: Callable[..., object], step: float = 1e-6, details: bool = True) -> LabelTrack:
    """Segments that touch, or leave gaps, on a grid of times."""
    count = round(CLIP_S / step)
    edges = sorted(draw(st.lists(st.integers(0, count), unique=True, max_size=10)))
    segments = []
    for left, right in pairwise(edges):
        if draw(st.booleans()):
            segment = Segment(left * step, right * step, draw(names))
            if details:
                segment = replace(
                    segment,
                    confidence=draw(st.floats(0, 1)),
                    author=draw(names | st.just("")),
                    note=draw(names | st.just("")),
                    end_soft_s=draw(st.integers(0, 1000)) * 1e-3,
                )
            segments.append(segment)
    return LabelTrack(tuple(segments))


@st.composite
def overlapping(draw: Callable[..., object]) -> LabelTrack:
    """Up to six segments that may lie over each other."""
    spans = st.tuples(st.integers(0, 50_000), st.integers(1, 9_000), st.sampled_from("abc"))
    rows = draw(st.lists(spans, max_size=6, unique=True))
    return track_of(Segment(s * 1e-3, (s + n) * 1e-3, label) for s, n, label in rows)


def clip_of(*tiers: LabelTrack, name: str = "walk") -> LabelledClip:
    named = tuple((f"tier {i}" if i else "labels", track) for i, track in enumerate(tiers))
    return LabelledClip(name, CLIP_S, 60.0, named, "anna", Source("m/walk.npz", "amass", "f00"))


def there_and_back(
    path: Path, kind: LabelFormat, clips: Sequence[LabelledClip], variant: str = ""
) -> LabelFile:
    kind.write(path, clips, variant)
    assert format_of(path) is kind
    return read_label_file(path)


def plain(track: LabelTrack) -> list[tuple[float, float, str]]:
    return [(s.start_s, s.end_s, s.label) for s in track.segments]


@quiet
@given(one=tracks().filter(len), two=tracks().filter(len))
@pytest.mark.parametrize(
    "kind", [table.FORMAT, babel.FORMAT, label_studio.FORMAT], ids=lambda k: k.id
)
def test_formats_that_keep_all_give_equal_tracks_of_every_clip_and_tier(
    tmp_path: Path, kind: LabelFormat, one: LabelTrack, two: LabelTrack
) -> None:
    clips = [clip_of(one, two), clip_of(two, name="sit/1")]
    back = there_and_back(tmp_path / f"x{kind.suffixes[0]}", kind, clips)
    assert back.notes == ()
    found = {(tier.clips[0], tier.name): tier.track for tier in back.tiers}
    assert found == {
        ("walk", "labels"): one,
        ("walk", "tier 1"): two,
        ("sit/1", "labels"): two,
    }


@quiet
@given(one=tracks(1e-3, details=False).filter(len), two=tracks(1e-3, details=False).filter(len))
def test_elan_gives_equal_tracks_to_the_millisecond(
    tmp_path: Path, one: LabelTrack, two: LabelTrack
) -> None:
    back = there_and_back(tmp_path / "x.eaf", elan.FORMAT, [clip_of(one, two)])
    assert {tier.name: plain(tier.track) for tier in back.tiers} == {
        "labels": plain(one),
        "tier 1": plain(two),
    }
    assert back.tiers[0].clips == ("walk",)


@quiet
@given(
    one=tracks(details=False), two=tracks(details=False), variant=st.sampled_from(("long", "short"))
)
def test_praat_gives_equal_tracks_to_the_microsecond_in_both_forms(
    tmp_path: Path, one: LabelTrack, two: LabelTrack, variant: str
) -> None:
    path = tmp_path / "x.TextGrid"
    back = there_and_back(path, textgrid.FORMAT, [clip_of(one, two)], variant)
    assert [(tier.name, plain(tier.track)) for tier in back.tiers] == [
        ("labels", plain(one)),
        ("tier 1", plain(two)),
    ]


@quiet
@given(one=tracks(details=False).filter(len))
def test_audacity_gives_equal_times_and_labels_without_tabs_and_breaks(
    tmp_path: Path, one: LabelTrack
) -> None:
    back = there_and_back(tmp_path / "x.txt", audacity.FORMAT, [clip_of(one)])
    flat = [(a, b, label.replace("\t", " ").replace("\n", " ")) for a, b, label in plain(one)]
    again = [(a, b, label.replace("  ", " ")) for a, b, label in plain(back.tiers[0].track)]
    assert again == [(a, b, label.replace("  ", " ")) for a, b, label in flat]


@quiet
@given(one=tracks(details=False).filter(len), two=tracks(details=False).filter(len))
def test_boris_gives_equal_tracks_of_every_clip_and_tier(
    tmp_path: Path, one: LabelTrack, two: LabelTrack
) -> None:
    back = there_and_back(
        tmp_path / "x.boris", boris.FORMAT, [clip_of(one, two), clip_of(two, name="sit")]
    )
    assert {(tier.clips[0], tier.name): plain(tier.track) for tier in back.tiers} == {
        ("walk", ""): plain(one),
        ("walk", "tier 1"): plain(two),
        ("sit", ""): plain(two),
    }


@quiet
@given(track=overlapping().filter(len))
@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.id)
def test_no_overlapping_segment_is_lost_in_any_format(
    tmp_path: Path, kind: LabelFormat, track: LabelTrack
) -> None:
    back = there_and_back(tmp_path / f"x{kind.suffixes[0]}", kind, [clip_of(track)])
    found = [row for tier in back.tiers for row in plain(tier.track)]
    assert sorted(found) == sorted(plain(track))


@given(track=overlapping())
def test_layers_are_as_few_as_lie_over_each_other_anywhere(track: LabelTrack) -> None:
    parts = layers(track)
    assert all(not part.overlapping for part in parts)
    assert sorted(s for p in parts for s in plain(p)) == sorted(plain(track))
    starts = [s.start_s for s in track.segments]
    deepest = max((sum(s.contains(t) for s in track.segments) for t in starts), default=1)
    assert len(parts) == deepest


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.id)
def test_odd_names_and_spaces_survive(tmp_path: Path, kind: LabelFormat) -> None:
    segments = [Segment(i, i + 1, label) for i, label in enumerate(ODD)]
    back = there_and_back(
        tmp_path / f"x{kind.suffixes[0]}", kind, [clip_of(LabelTrack(tuple(segments)))]
    )
    found = [segment.label for segment in back.tiers[0].track.segments]
    flat = [label.replace("\t", " ").replace("\n", " ") for label in ODD]
    assert found == (flat if kind is audacity.FORMAT else list(ODD))


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.id)
def test_what_a_format_does_not_keep_is_told(tmp_path: Path, kind: LabelFormat) -> None:
    bare = LabelTrack((Segment(0, 1, "walk"),))
    rich = LabelTrack((Segment(0, 1, "walk", 0.5, "ann", "slow", 0.1),))
    path = tmp_path / f"x{kind.suffixes[0]}"
    kind.write(path, [clip_of(rich)], "")
    assert told(not_kept(kind, [clip_of(bare)])) == ()
    lost = " ".join(told(not_kept(kind, [clip_of(rich)])))
    found = read_label_file(path).tiers[0].track.segments[0]
    for name, value, word in (
        ("confidence", 0.5, "confidence"),
        ("author", "ann", "author"),
        ("note", "slow", "note"),
        ("start_soft_s", 0.1, "soft edges"),
    ):
        assert (getattr(found, name) == value) == (word not in lost), word


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cut=st.floats(0, 0.999),
    start=st.floats(0, 1),
    junk=st.binary(max_size=5),
    truncate=st.booleans(),
)
@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.id)
def test_damaged_files_read_or_are_refused_by_name(
    tmp_path: Path, kind: LabelFormat, cut: float, start: float, junk: bytes, truncate: bool
) -> None:
    path = tmp_path / f"x{kind.suffixes[0]}"
    track = LabelTrack((Segment(0, 1.5, 'w"<&k'), Segment(1.5, 2.25, "sit"), Segment(3, 4, "sit")))
    kind.write(path, [clip_of(track, track)] if kind.many_tiers else [clip_of(track)], "")
    data = path.read_bytes()
    at = int(start * len(data))
    path.write_bytes(
        data[: int(cut * len(data))] if truncate else data[:at] + junk + data[at + 2 :]
    )
    try:
        assert isinstance(read_label_file(path, kind.id), LabelFile)
    except HarstudioError as error:
        assert path.name in error.message  # noqa: PT017


@pytest.mark.parametrize(
    "kind", [f for f in FORMATS if f.id not in ("csv", "audacity")], ids=lambda k: k.id
)
def test_a_file_cut_short_is_never_read_in_part(tmp_path: Path, kind: LabelFormat) -> None:
    path = tmp_path / f"x{kind.suffixes[0]}"
    rows = [Segment(i, i + 0.5, f"label {i}") for i in range(5)]
    kind.write(path, [clip_of(LabelTrack(tuple(rows)))], "")
    data = path.read_bytes().rstrip()
    for end in range(0, len(data) - 1, 7):
        path.write_bytes(data[:end])
        with pytest.raises(HarstudioError):
            read_label_file(path, kind.id)


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.id)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=60))
def test_any_bytes_are_refused_or_read(tmp_path: Path, kind: LabelFormat, data: bytes) -> None:
    path = tmp_path / f"x{kind.suffixes[0]}"
    path.write_bytes(data)
    kind.matches(data)
    try:
        read_label_file(path, kind.id)
    except HarstudioError as error:
        assert path.name in error.message  # noqa: PT017


def test_the_registry_names_what_it_knows(tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match=r"no label format 'xml' \(known: csv, elan, textgrid"):
        format_by_id("xml")
    (tmp_path / "x.json").write_text("[1, 2]")
    with pytest.raises(HarstudioError, match=r"x\.json: not a label file that harstudio knows"):
        read_label_file(tmp_path / "x.json")
    with pytest.raises(HarstudioError, match="CSV is not read in the variant 'raw_label'"):
        read_label_file(tmp_path / "x.json", "csv", "raw_label")
    with pytest.raises(HarstudioError, match=r"y\.eaf: no such file"):
        read_label_file(tmp_path / "y.eaf")
