from __future__ import annotations

import pytest

from harstudio.gui.layout import TimeScale
from harstudio.gui.timeline.lanes import OVERVIEW
from harstudio.gui.timeline.overview import (
    FRAME,
    FRAME_END,
    FRAME_START,
    dragged_frame,
    hold_at,
)

WHOLE = TimeScale(0.0, 10.0, 0.0, 1000.0)


@pytest.mark.parametrize(
    ("x", "hold"),
    [
        (100, OVERVIEW),
        (198, FRAME_START),
        (203, FRAME_START),
        (250, FRAME),
        (397, FRAME_END),
        (403, FRAME_END),
        (500, OVERVIEW),
    ],
)
def test_what_a_press_on_the_overview_holds(x: float, hold: str) -> None:
    assert hold_at(x, WHOLE, (2.0, 4.0)) == hold


def test_a_frame_around_everything_is_not_held() -> None:
    assert hold_at(500, WHOLE, (0.0, 10.0)) == OVERVIEW


def test_a_frame_too_narrow_to_aim_at_can_still_be_widened() -> None:
    assert hold_at(200, WHOLE, (2.0, 2.02)) == FRAME_START
    assert hold_at(203, WHOLE, (2.0, 2.02)) == FRAME_END


def test_a_drag_moves_the_frame_or_the_edge_that_is_held() -> None:
    assert dragged_frame(FRAME, (2.0, 4.0), 1.5, 0.05) == (3.5, 5.5)
    assert dragged_frame(FRAME_START, (2.0, 4.0), -1.0, 0.05) == (1.0, 4.0)
    assert dragged_frame(FRAME_END, (2.0, 4.0), 1.0, 0.05) == (2.0, 5.0)


def test_an_edge_never_passes_the_other_one() -> None:
    assert dragged_frame(FRAME_START, (2.0, 4.0), 9.0, 0.05) == (3.95, 4.0)
    assert dragged_frame(FRAME_END, (2.0, 4.0), -9.0, 0.05) == (2.0, 2.05)
