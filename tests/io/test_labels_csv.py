"""Label files: what people and tools write, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.io.labels_csv import (
    read_label_rows,
    read_label_table,
    read_labels,
    sidecar,
    write_labels,
    write_track,
)

WALK_SIT = LabelTrack((Segment(0, 1.5, "walk"), Segment(2, 3, "sit")))


@pytest.fixture
def written(tmp_path):
    def write(content: str | bytes, name: str = "x_labels.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        "start_s,end_s,label\n0,1.5,walk\n2,3,sit\n",
        "\ufeffstart_s;end_s;label\r\n0;1.5;walk\r\n2;3;sit\r\n",
        "start_s;end_s;label\n0,0;1,5;walk\n2;3;sit\n",
        "Start\tEnd\tLabel\n0\t1.5\twalk\n2\t3\tsit",
        "onset,duration,description\n2.0,1.0,sit\n0.0,1.5,walk\n",
        "time,duration,label\n0,1.5, walk \n\n2,1,sit\n",
        "label,clip,end_s,start_s\nwalk,a,1.5,0\nsit,a,3,2\n",
        'start_s,end_s,label\n0,1.5,"walk"\n2,3,"sit"\n',
    ],
)
def test_variants_of_one_timeline_read_alike(written, text):
    assert read_labels(written(text)) == WALK_SIT


def test_confidence_and_author_are_kept(written):
    text = "start_s,end_s,label,confidence,author\n0,1,walk,0.5,ann\n1,2,sit,,\n"
    first, second = read_labels(written(text)).segments
    assert (first.confidence, first.author) == (0.5, "ann")
    assert (second.confidence, second.author) == (1.0, "")


def test_a_header_without_rows_is_an_empty_timeline(written):
    assert read_labels(written("start_s,end_s,label\n")) == LabelTrack()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1: the header is '', expected start_s,end_s,label"),
        ("a,b,c\n0,1,walk\n", "line 1: the header is 'a,b,c'"),
        ("start_s,end_s,label\n0,x,walk\n", "line 2: end is 'x', expected a number"),
        ("start_s,end_s,label\n0,1,walk\n1,inf,sit\n", "line 3: end is 'inf'"),
        ("start_s,end_s,label\n0,1\n", "line 2: 2 cells, expected at least 3"),
        ("start_s,end_s,label\n2,1,walk\n", "line 2: .*end 1.0 s is not after start 2.0 s"),
        ("onset,duration,description\n2,0,walk\n", "line 2: .*is not after start"),
        ("start_s,end_s,label\n0,1, \n", "line 2: .*the label is empty"),
        ("start_s,end_s,label,confidence\n0,1,walk,7\n", "line 2: confidence: got 7"),
        (
            "start_s,end_s,label\n5,6,sit\n0,2,walk\n1.5,3,run\n",
            "lines 3 and 4 overlap: 'walk' ends at 2.0 s, 'run' starts at 1.5 s",
        ),
    ],
)
def test_errors_name_the_line_and_what_is_expected(written, text, reason):
    with pytest.raises(HarstudioError, match=rf"^x_labels\.csv: {reason}"):
        read_labels(written(text))


def test_text_that_is_not_utf8_is_refused(written):
    with pytest.raises(HarstudioError, match="line 2 is not UTF-8 text"):
        read_labels(written(b"start_s,end_s,label\n0,1,\xe9t\xe9\n"))


def test_a_table_of_several_clips_is_read_by_clip(written):
    path = written("clip,start_s,end_s,label\na,0,1,walk\nb,0,1,sit\na,1,2,run\n")
    assert [s.label for s in read_labels(path, "a").segments] == ["walk", "run"]
    assert read_labels(path, "c") == LabelTrack()
    assert sorted(read_label_table(path)) == ["a", "b"]
    with pytest.raises(HarstudioError, match="labels of 2 clips, expected one"):
        read_labels(path)


def test_the_written_table_is_plain(tmp_path):
    write_labels(tmp_path / "all.csv", [("a", "labels", WALK_SIT), ("b", "labels", LabelTrack())])
    assert (tmp_path / "all.csv").read_text() == (
        "clip,start_s,end_s,label\na,0.0,1.5,walk\na,2.0,3.0,sit\n"
    )
    write_track(tmp_path / "one.csv", WALK_SIT)
    assert (tmp_path / "one.csv").read_text() == (
        "start_s,end_s,label\n0.0,1.5,walk\n2.0,3.0,sit\n"
    )


def test_columns_appear_where_they_have_something_to_say(tmp_path):
    track = LabelTrack(
        (Segment(0, 1, "walk", 0.5), Segment(1, 2, "sit", note="slow", end_soft_s=0.1))
    )
    write_labels(tmp_path / "x.csv", [("a", "labels", track), ("a", "bob", WALK_SIT)])
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "clip,tier,start_s,end_s,label,confidence,note,end_soft_s"
    assert lines[2] == "a,labels,1.0,2.0,sit,1.0,slow,0.1"
    assert lines[3] == "a,bob,0.0,1.5,walk,1.0,,0.0"
    assert read_label_table(tmp_path / "x.csv") == {"a": track}  # the person's own tier


def test_dates_are_seconds_since_1970(written):
    text = (
        "uuid,operation,start,end\n"
        "x,Picking,2022-03-29 14:25:22.143000+09:00,2022-03-29 14:25:30.304000+09:00\n"
    )
    row = read_label_rows(written(text))[0]
    assert (row.start_s, row.label) == (1648531522.143, "Picking")
    assert row.end_s - row.start_s == pytest.approx(8.161, abs=1e-6)
    with pytest.raises(HarstudioError, match="line 2: start is '1:61:00'"):
        read_label_rows(written("start,end,label\n1:61:00,2,walk\n"))


words = st.text(st.characters(codec="utf-8"), min_size=1).map(str.strip).filter(bool)


@st.composite
def tracks(draw):
    edges = draw(st.lists(st.integers(0, 10**12), unique=True, max_size=12).map(sorted))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return LabelTrack(
        tuple(
            Segment(
                a / 1e6,
                b / 1e6,
                draw(words),
                draw(st.floats(0, 1)),
                draw(words),
                draw(words),
                draw(st.integers(0, 10**6)) / 1e6,
            )
            for a, b in pairs
        )
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(by_clip=st.dictionaries(words, tracks().filter(len), max_size=3))
def test_what_is_written_reads_back_equal(tmp_path, by_clip):
    path = tmp_path / "labels.csv"
    write_labels(path, [(clip, "labels", track) for clip, track in by_clip.items()])
    assert read_label_table(path) == by_clip
    for track in by_clip.values():
        write_track(path, track)
        assert read_labels(path) == track


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.integers(0, 60), junk=st.binary(max_size=6))
def test_damaged_text_reads_or_is_refused(written, start, junk):
    data = b'start_s,end_s,label\n0,1.5,"walk"\n2,3,sit\n'
    path = written(data[:start] + junk + data[start + len(junk) :])
    try:
        assert isinstance(read_labels(path), LabelTrack)
    except HarstudioError as error:
        assert path.name in str(error)  # noqa: PT017


@pytest.mark.parametrize("motion", ["walk_poses.npz", "walk_stageii.npz", "walk.npz"])
def test_the_label_file_beside_a_motion_is_found(tmp_path, motion):
    assert sidecar(tmp_path / motion) is None
    (tmp_path / "walk_labels.csv").write_text("start_s,end_s,label\n")
    assert sidecar(tmp_path / motion) == tmp_path / "walk_labels.csv"


def test_real_timelines_read(real_data):
    path = real_data / "amass_cmu" / "exercises" / "13_29_poses.npz"
    labels = sidecar(path)
    assert labels is not None
    track = read_labels(labels)
    assert track.segments[0] == Segment(0.0, 3.9, "JumpJack")
    assert len(track) == len(labels.read_text().splitlines()) - 1


def test_a_quote_that_is_never_closed_is_refused_instead_of_eating_the_rest(
    tmp_path: Path,
) -> None:
    path = tmp_path / "cut.csv"
    path.write_text('start_s,end_s,label\n0,1,"walking\n1,2,sitting\n2,3,walking\n')
    with pytest.raises(HarstudioError, match="line 4"):
        read_label_rows(path)
