"""All of a segment in one dialog, and one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from harstudio.core.label_set import LabelSet
from harstudio.core.labels import Segment
from harstudio.core.project import Clip
from harstudio.gui.annotating.segment_dialog import SegmentDialog, exact_clock_text
from harstudio.gui.dialogs import parsed_time

WHOLE = Segment(0.5, 1.123456, "walking", 0.876, "ann", "limps", 0.123, 0.0)


@given(st.integers(0, 4_000_000_000_000))
def test_a_time_is_written_so_that_it_is_read_back_the_same(micros: int) -> None:
    time_s = micros / 1e6
    assert Segment(parsed_time(exact_clock_text(time_s), 60.0), 5e6, "x").start_s == time_s


@pytest.fixture
def make(qtbot: QtBot, labelled_clip: Clip) -> Callable[[Segment], SegmentDialog]:
    def make(segment: Segment) -> SegmentDialog:
        dialog = SegmentDialog(segment, labelled_clip, LabelSet.of(["walking", "jumping"]))
        qtbot.addWidget(dialog)
        return dialog

    return make


def test_what_is_not_touched_stays_as_it_was(make: Callable[[Segment], SegmentDialog]) -> None:
    dialog = make(WHOLE)
    dialog.accept()
    assert dialog.result_segment == WHOLE


def test_every_field_is_taken(make: Callable[[Segment], SegmentDialog]) -> None:
    dialog = make(WHOLE)
    dialog.label.setCurrentText("crawling")
    dialog.start.setText("f60")
    dialog.end.setText("0:03.5")
    dialog.start_soft.setValue(0.2)
    dialog.end_soft.setValue(0.3)
    dialog.confidence.setValue(0.5)
    dialog.note.setText(" stumbles ")
    dialog.accept()
    assert dialog.result_segment == replace(
        WHOLE, label="crawling", start_s=1.0, end_s=3.5, start_soft_s=0.2, end_soft_s=0.3,
        confidence=0.5, note="stumbles",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "label", "words"),
    [
        ("noon", "1", "x", "is no time"),
        ("2", "1", "x", "not after start"),
        ("0", "4.5", "x", "not within the clip"),
        ("0", "1", " ", "label is empty"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_taken(
    make: Callable[[Segment], SegmentDialog], start: str, end: str, label: str, words: str
) -> None:
    dialog = make(WHOLE)
    dialog.start.setText(start)
    dialog.end.setText(end)
    dialog.label.setCurrentText(label)
    dialog.accept()
    assert words in dialog.problem.text()
    assert dialog.result_segment is WHOLE
    assert dialog.result() == 0
