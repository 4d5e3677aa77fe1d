"""TextGrids as Praat writes them: comments, short and long, points, UTF-16."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.io.label_formats.base import LabelledClip, told
from harstudio.io.label_formats.registry import read_label_file
from harstudio.io.label_formats.textgrid import FORMAT

Write = Callable[[str, str | bytes], Path]

LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "act"
        xmin = 0
        xmax = 5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = "say ""item [2]"""
        intervals [2]:
            xmin = 1.5
            xmax = 2
            text = ""
        intervals [3]:
            xmin = 2
            xmax = 5
            text = "sit = 3"
    item [2]:
        class = "TextTier"
        name = "steps"
        xmin = 0
        xmax = 5
        points: size = 1
        points [1]:
            number = 2.5
            mark = "heel"
'''
SHORT = '''File type = "ooTextFile short"
"TextGrid"

0 ! from here
5
<exists>
2
"IntervalTier" "act" 0 5 3
0 1.5 "say ""item [2]""" 1.5 2 "" 2 5 "sit = 3"
"TextTier" "steps" 0 5 1
2.5 "heel"
'''


@pytest.mark.parametrize(
    "data",
    [
        LONG,
        SHORT,
        LONG.replace("\n", "\r\n"),
        LONG.encode("utf-16"),
        "\ufeff".encode() + SHORT.encode(),
    ],
    ids=["long", "short", "windows", "utf-16", "bom"],
)
def test_both_forms_read_alike_in_any_encoding(written: Write, data: str | bytes) -> None:
    file = read_label_file(written("x.TextGrid", data))
    act, steps = file.tiers
    assert act.track.segments == (Segment(0, 1.5, 'say "item [2]"'), Segment(2, 5, "sit = 3"))
    assert steps.track.segments == (Segment(2.5, 2.6, "heel"),)
    assert file.notes == ("1 without a length became 0.1 s long",)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"ooTextFile"', '"oo"', "line 1: expected 'ooTextFile'"),
        ('"TextGrid"', '"Pitch"', "line 2: expected 'TextGrid'"),
        ("xmax = 1.5", "xmax = 2.5", "line 22, tier 'act': an interval from 1.5 to 2 s after"),
        ("xmin = 1.5", "xmin = -1.5", "line 22, tier 'act': an interval from -1.5 to 2 s"),
        ("size = 3", "size = 3.5", "line 14: number of intervals is 3.5"),
        ("size = 3", "size = 4", 'line 28: got "TextTier", expected start'),
        ("size = 3", "size = 2", "line 24: got 2, expected a tier's class"),
        ('"TextTier"', '"SpectrumTier"', "line 28: tier of class 'SpectrumTier'"),
        ('"heel"', '"heel', "line 36: the file ends where text is expected"),
        ('"heel"', "", "line 36: the file ends where text is expected"),
        ("xmax = 5\ntiers", "xmax = 1e999\ntiers", "line 5: xmax is inf"),
    ],
)
def test_errors_say_where(written: Write, old: str, new: str, reason: str) -> None:
    assert old in LONG
    with pytest.raises(HarstudioError, match=rf"^x\.TextGrid: {reason}"):
        read_label_file(written("x.TextGrid", LONG.replace(old, new, 1)), "textgrid")


def test_two_tiers_of_one_name_are_both_read(written: Write) -> None:
    text = LONG.replace('"steps"', '"act"', 1)
    assert [tier.name for tier in read_label_file(written("x.TextGrid", text)).tiers] == [
        "act",
        "act (2)",
    ]


def test_other_encodings_are_refused_with_advice(written: Write) -> None:
    with pytest.raises(HarstudioError, match=r"line 35 is not UTF-8 text .in Praat choose UTF-8"):
        read_label_file(written("x.TextGrid", LONG.replace("heel", "h\xe9").encode("latin-1")))


def test_gaps_are_intervals_of_no_text_up_to_the_clips_end(tmp_path: Path) -> None:
    track = LabelTrack((Segment(1, 2, "a"), Segment(2, 3, "b")))
    FORMAT.write(tmp_path / "x.TextGrid", [LabelledClip("x", 5.0, 60, (("t", track),))], "short")
    assert (tmp_path / "x.TextGrid").read_text().splitlines()[3:] == [
        "0", "5", "<exists>", "1", '"IntervalTier"', '"t"', "0", "5", "4",
        "0", "1", '""', "1", "2", '"a"', "2", "3", '"b"', "3", "5", '""',
    ]  # fmt: skip


def test_a_tier_with_overlaps_becomes_several_and_that_is_told(tmp_path: Path) -> None:
    track = LabelTrack((Segment(0, 2, "a"), Segment(1, 3, "b"), Segment(2, 4, "c")), True)
    tiers = (("t", track), ("t (2)", LabelTrack()))
    notes = FORMAT.write(tmp_path / "x.TextGrid", [LabelledClip("x", 5.0, 60, tiers)], "")
    assert told(notes) == ("tier 't' has overlaps: written as 2 tiers",)
    names = [tier.name for tier in read_label_file(tmp_path / "x.TextGrid").tiers]
    assert names == ["t", "t (2)", "t (2) (2)"]
