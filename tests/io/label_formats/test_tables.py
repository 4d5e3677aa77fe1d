"""Tables and Audacity's labels, as formats among the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.io.label_formats import audacity
from harstudio.io.label_formats.base import LabelledClip
from harstudio.io.label_formats.registry import format_of, read_label_file

Write = Callable[[str, str | bytes], Path]


def test_rows_that_overlap_make_an_overlapping_tier(written: Write) -> None:
    text = "start_s,end_s,label,tier\n0,2,walk,a\n1,3,wave,a\n0,1,sit,b\n1,2,sit,b\n"
    first, second = read_label_file(written("x.csv", text)).tiers
    assert (first.name, first.track.overlapping) == ("a", True)
    assert (second.name, second.track.overlapping) == ("b", False)


def test_onsets_without_a_duration_get_a_length_and_blank_labels_are_told(written: Write) -> None:
    text = "onset,duration,description\n1,0,step\n2,1,\n"
    file = read_label_file(written("x.csv", text))
    assert file.tiers[0].track.segments == (Segment(1, 1.1, "step"),)
    assert sorted(file.notes) == [
        "1 without a label left out",
        "1 without a length became 0.1 s long",
    ]


def test_milliseconds_since_1970_are_understood(written: Write) -> None:
    file = read_label_file(written("x.csv", "start,end,label\n1648531522143,1648531523143,a\n"))
    assert file.wall_clock
    assert file.tiers[0].track.segments[0].duration_s == pytest.approx(1.0, abs=1e-5)


def test_real_label_tables_read(real_data: Path) -> None:
    file = read_label_file(real_data / "openpack/operations_S0500.csv")
    assert file.wall_clock
    assert len(file.labels) == 10
    assert "Scan Label" in file.labels
    rows = (real_data / "openpack/operations_S0500.csv").read_text().splitlines()
    assert sum(len(tier.track) for tier in file.tiers) == len(rows) - 1
    exercises = read_label_file(real_data / "amass_cmu/exercises/13_29_labels.csv")
    assert exercises.tiers[0].track.segments[0] == Segment(0.0, 3.9, "JumpJack")


def test_audacity_frequencies_are_passed_over_and_moments_get_a_length(written: Write) -> None:
    text = (
        "0.000000\t1.500000\twalk\n\\\t100.0\t2000.0\n2.0\t2.0\tclap\r\n3,5\t4\t\n1.0\t2.5\ta\tb\n"
    )
    file = read_label_file(written("x.txt", text))
    assert [(s.start_s, s.end_s, s.label) for s in file.tiers[0].track.segments] == [
        (0.0, 1.5, "walk"),
        (1.0, 2.5, "a\tb"),
        (2.0, 2.1, "clap"),
    ]
    assert sorted(file.notes) == [
        "1 frequency ranges left out",
        "1 without a label left out",
        "1 without a length became 0.1 s long",
    ]


def test_audacity_errors_name_the_line(written: Write) -> None:
    with pytest.raises(HarstudioError, match=r"^x\.txt: line 2: got 'walk', expected start, end"):
        read_label_file(written("x.txt", "0\t1\ta\nwalk\n"))
    with pytest.raises(
        HarstudioError, match=r"^x\.txt: line 1: segment 'a': end 1.0 s is not after"
    ):
        read_label_file(written("x.txt", "2\t1\ta\n"))


def test_prose_is_no_label_file(written: Write) -> None:
    assert format_of(written("notes.txt", "dear diary\n1\t2\n")) is None
    assert format_of(written("acc.csv", "time_s,acc_x,acc_y,acc_z\n0,1,2,3\n")) is None


def test_audacity_holds_one_tier(tmp_path: Path) -> None:
    track = LabelTrack((Segment(0, 1, "a"),))
    clip = LabelledClip("x", 5, 60, (("a", track), ("b", track)))
    with pytest.raises(
        HarstudioError, match=r"x\.txt: 2 tiers, but a file of Audacity's holds one"
    ):
        audacity.write(tmp_path / "x.txt", [clip])
    assert not (tmp_path / "x.txt").exists()
