"""ELAN files as ELAN writes them: dependent tiers, unaligned annotations, and hostile ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.io.label_formats.base import LabelledClip, told
from harstudio.io.label_formats.elan import FORMAT
from harstudio.io.label_formats.registry import read_label_file

Write = Callable[[str, str | bytes], Path]

HEADER = """<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
<MEDIA_DESCRIPTOR MEDIA_URL="file:///v/walk_03.mp4" MIME_TYPE="video/mp4"
 RELATIVE_MEDIA_URL="./walk_03.mp4"/></HEADER>"""
SLOTS = """<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/>
<TIME_SLOT TIME_SLOT_ID="ts2"/><TIME_SLOT TIME_SLOT_ID="ts3"/>
<TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="3000"/>
<TIME_SLOT TIME_SLOT_ID="ts5" TIME_VALUE="4000"/></TIME_ORDER>"""


def aligned(name: str, start: str, end: str, label: str) -> str:
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{name}" TIME_SLOT_REF1="{start}" '
        f'TIME_SLOT_REF2="{end}"><ANNOTATION_VALUE>{label}</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def refers(name: str, parent: str, label: str) -> str:
    return (
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{name}" ANNOTATION_REF="{parent}">'
        f"<ANNOTATION_VALUE>{label}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
    )


def eaf(*tiers: tuple[str, str], header: str = HEADER, slots: str = SLOTS) -> str:
    inner = "".join(
        f'<TIER TIER_ID="{name}" ANNOTATOR="ann" LINGUISTIC_TYPE_REF="x">{body}</TIER>'
        for name, body in tiers
    )
    return f'<?xml version="1.0"?><ANNOTATION_DOCUMENT>{header}{slots}{inner}</ANNOTATION_DOCUMENT>'


def spans(track: LabelTrack) -> list[tuple[float, float, str]]:
    return [(s.start_s, s.end_s, s.label) for s in track.segments]


def test_the_media_file_names_the_clip_and_the_annotator_signs(written: Write) -> None:
    file = read_label_file(written("x.eaf", eaf(("act", aligned("a1", "ts1", "ts4", "walk")))))
    tier = file.tiers[0]
    assert (tier.name, tier.clips, tier.author) == ("act", ("./walk_03.mp4",), "ann")
    assert tier.track.segments == (Segment(0, 3, "walk", author="ann"),)


def test_annotations_without_times_lie_evenly_between_those_with(written: Write) -> None:
    body = "".join(
        aligned(f"a{i}", f"ts{i}", f"ts{i + 1}", label) for i, label in enumerate("abc", start=1)
    )
    file = read_label_file(written("x.eaf", eaf(("steps", body))))
    assert spans(file.tiers[0].track) == [(0, 1, "a"), (1, 2, "b"), (2, 3, "c")]


def test_dependent_annotations_share_the_time_of_what_they_refer_to(written: Write) -> None:
    child = refers("b1", "a1", "left") + refers("b2", "a1", "right")
    grandchild = refers("c1", "b2", "heel")
    file = read_label_file(
        written(
            "x.eaf",
            eaf(
                ("deep", grandchild), ("foot", child), ("act", aligned("a1", "ts4", "ts5", "walk"))
            ),
        )
    )
    assert spans(file.tiers[1].track) == [(3, 3.5, "left"), (3.5, 4, "right")]
    assert spans(file.tiers[0].track) == [(3.5, 4, "heel")]


def test_annotations_that_have_no_time_at_all_are_counted(written: Write) -> None:
    file = read_label_file(written("x.eaf", eaf(("act", aligned("a1", "ts2", "ts3", "walk")))))
    assert file.notes == ("1 annotations without any time left out",)
    assert len(file.tiers[0].track) == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<a/>", "holds <a>, expected <ANNOTATION_DOCUMENT>"),
        ("<ANNOTATION_DOCUMENT>", "line 1, column 22: no element found"),
        ("", "line 1, column 1: no element found"),
        (eaf(("act", aligned("a1", "ts1", "ts9", "x"))), "annotation a1: no time slot 'ts9'"),
        (eaf(("act", refers("a1", "b7", "x"))), "annotation 'b7' is referred to and not there"),
        (eaf(("act", ""), ("act", "")), "two tiers of the name 'act'"),
        (
            eaf(("act", aligned("a1", "ts1", "ts4", "x") * 2)),
            "two annotations of the id 'a1'",
        ),
        (
            eaf(("act", aligned("a1", "ts4", "ts1", "x"))),
            "tier 'act', annotation a1: segment 'x': end 0.0 s is not after start 3.0 s",
        ),
        (
            eaf(slots='<TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1.5"/>'),
            "time slot ts1: got '1.5', expected whole milliseconds",
        ),
        (
            eaf(header='<HEADER TIME_UNITS="PAL-frames"/>'),
            "time units are 'PAL-frames', expected milliseconds",
        ),
        (eaf(("act", "<ANNOTATION><X ANNOTATION_ID='a'/></ANNOTATION>")), "tier 'act', .*got <X>"),
    ],
)
def test_errors_say_where(written: Write, content: str, reason: str) -> None:
    with pytest.raises(HarstudioError, match=rf"^x\.eaf: {reason}"):
        read_label_file(written("x.eaf", content), "elan")


def test_a_cycle_of_references_ends(written: Write) -> None:
    body = refers("a1", "a2", "x") + refers("a2", "a1", "y")
    file = read_label_file(written("x.eaf", eaf(("act", body))))
    assert file.notes == ("2 annotations without any time left out",)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "http://example.com/a.dtd">',
    ],
)
def test_document_types_and_so_all_entities_are_refused(written: Write, doctype: str) -> None:
    body = aligned("a1", "ts1", "ts4", "&c;" if "&b;&b;" in doctype else "&b;")
    text = eaf(("act", body)).replace('"1.0"?>', f'"1.0"?>{doctype}')
    for data in (text.encode(), text.replace("?>", ' encoding="utf-16"?>', 1).encode("utf-16")):
        with pytest.raises(HarstudioError, match=r"^x\.eaf: line 1: a document type"):
            read_label_file(written("x.eaf", data), "elan")


def test_depths_are_refused(written: Write) -> None:
    with pytest.raises(HarstudioError, match="nested too deeply"):
        read_label_file(written("x.eaf", "<a>" * 200_000), "elan")


def test_rounding_and_what_it_loses_are_told(tmp_path: Path) -> None:
    track = LabelTrack(
        (Segment(0, 1.2345, "a"), Segment(1.2345, 2, "b"), Segment(3.0001, 3.0002, "c"))
    )
    notes = FORMAT.write(tmp_path / "x.eaf", [LabelledClip("x", 9, 60, (("labels", track),))], "")
    assert told(notes) == (
        "4 boundaries rounded to milliseconds",
        "1 segments shorter than a millisecond, or before 0, left out",
    )
    back = read_label_file(tmp_path / "x.eaf").tiers[0].track
    assert spans(back) == [(0, 1.234, "a"), (1.234, 2, "b")]


def test_control_characters_are_replaced_and_told(tmp_path: Path) -> None:
    track = LabelTrack((Segment(0, 1, "a\x01b"),))
    notes = FORMAT.write(tmp_path / "x.eaf", [LabelledClip("x", 9, 60, (("labels", track),))], "")
    assert told(notes) == ("1 control characters, which XML does not allow, replaced",)
    assert read_label_file(tmp_path / "x.eaf").labels == ("a\ufffdb",)
