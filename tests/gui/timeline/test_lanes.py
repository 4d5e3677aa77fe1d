from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QFont, QFontMetricsF

from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip
from harstudio.core.source import Source
from harstudio.gui.theme import text_on
from harstudio.gui.timeline.lanes import (
    LANE,
    NOTHING,
    OVERVIEW,
    RULER,
    _grown,
    height_range,
    lanes_of,
)
from harstudio.gui.timeline.painting import confidence_text, fitting_text, ink
from harstudio.gui.timeline.transport import fitting, position_text

GUESS = LabelTrack((Segment(0, 1, "a", confidence=0.5),))


def clip_with(*tiers: str) -> Clip:
    tracks = tuple((tier, GUESS) for tier in tiers)
    return Clip("c", "c", 63.0, 60.0, motion=Source("m", "amass"), tracks=tracks)


def test_ones_own_labels_come_first_wherever_they_are_kept() -> None:
    lanes = lanes_of(clip_with("predicted", MINE, "other"))
    kinds = [(band.kind, band.name) for band in lanes.bands]
    assert kinds == [
        (OVERVIEW, ""),
        (RULER, ""),
        (LANE, MINE),
        (LANE, "predicted"),
        (LANE, "other"),
    ]


def test_there_is_a_lane_to_label_on_before_there_are_labels() -> None:
    assert lanes_of(clip_with()).mine.track == LabelTrack()
    assert lanes_of(None).mine.name == MINE


def test_stripes_follow_each_other_without_overlap() -> None:
    lanes = lanes_of(clip_with(MINE, "predicted"))
    for upper, lower in zip(lanes.bands, lanes.bands[1:], strict=False):
        assert upper.bottom <= lower.top
    for band in lanes.bands:
        assert lanes.at(band.top) is band
        assert lanes.at(band.bottom - 1) is band
    assert lanes.at(lanes.height + 50).kind == NOTHING


def test_a_proposal_shows_its_confidence_and_ones_own_label_does_not() -> None:
    assert confidence_text(0.92) == "  .92"
    assert confidence_text(1.0) == ""


def test_text_reads_on_the_mixed_colour_and_not_on_the_pure_one() -> None:
    mixed = ink("#0072B2", "#FFFFFF", 0.2)
    assert mixed.text.name() == text_on(mixed.fill.name())
    assert mixed.text.name() != text_on("#0072B2").lower()


def test_the_clock_says_where_how_long_and_at_which_frame() -> None:
    assert position_text(clip_with(), 12.4) == "00:12.40 / 01:03.00 \u00b7 frame 744 \u00b7 60 Hz"
    assert position_text(None, 1.0) == ""


def test_chips_that_do_not_fit_leave_room_for_the_menu() -> None:
    assert fitting([50, 50, 50], 160, 4, 30) == 3
    assert fitting([50, 50, 50], 150, 4, 30) == 2
    assert fitting([50, 50, 50], 120, 4, 30) == 1
    assert fitting([50, 50, 50], 20, 4, 30) == 0
    assert fitting([], 20, 4, 30) == 0


def test_lanes_fill_the_room_there_is_up_to_what_a_lane_should_be() -> None:
    clip = clip_with(MINE, "predicted")
    least, most = height_range(clip)
    assert lanes_of(clip, least - 10).height == least
    for room in range(least, most + 1, 3):
        assert room - 1 <= lanes_of(clip, room).height <= room
    assert lanes_of(clip, most + 100).height == most
    lanes = lanes_of(clip, most)
    assert lanes.mine.height == lanes.lane("predicted").height
    for band in (lanes.band(RULER), lanes_of(clip).band(RULER)):
        assert (band.top, band.height) == (20, 24)


STACKED = LabelTrack(tuple(Segment(i, i + 2.5, "a") for i in range(9)), overlapping=True)


def test_an_overlapping_tier_gets_a_row_for_each_segment_at_once_and_room_below() -> None:
    clip = clip_with(MINE).with_track(STACKED, "context")
    band = lanes_of(clip).lane("context")
    assert band.edges.row_count == 3
    assert band.height > lanes_of(clip).mine.height
    spans = [band.row_span(row) for row in range(3)]
    assert [band.row_at((top + bottom) / 2) for top, bottom in spans] == [0, 1, 2]
    assert band.row_at(band.bottom - 1) == 3  # free: to begin another one over all of them
    assert spans[2][1] < band.bottom - 4


def test_rows_get_thinner_rather_than_a_lane_endless() -> None:
    many = LabelTrack(tuple(Segment(i, 100, "a") for i in range(99)), overlapping=True)
    clip = clip_with(MINE).with_track(many, "context")
    band = lanes_of(clip).lane("context")
    assert band.height < 100
    spans = [band.row_span(row) for row in range(band.edges.row_count)]
    assert all(bottom > top for top, bottom in spans)


@given(st.lists(st.integers(10, 40), min_size=1, max_size=6), st.integers(0, 400))
def test_spare_room_is_shared_out_to_the_last_pixel(least: list[int], spare: int) -> None:
    grown = _grown(least, [low + 30 for low in least], spare)
    assert all(0 <= after - low <= 30 for low, after in zip(least, grown, strict=True))
    assert sum(grown) - sum(least) == min(spare, 30 * len(least))


def test_a_shortened_proposal_keeps_its_confidence(qapp: object) -> None:
    metrics = QFontMetricsF(QFont())
    width = metrics.horizontalAdvance("arm_str  .92")
    text = fitting_text(metrics, "arm_stretching", 0.92, width)
    assert text.startswith("arm")
    assert text.endswith(".92")
    assert fitting_text(metrics, "arm_stretching", 1.0, 1000) == "arm_stretching"
