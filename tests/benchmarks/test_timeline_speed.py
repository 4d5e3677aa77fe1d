"""Drawing speed of the timeline: tiers of 3,000 segments, as frames that a person would wait for.

Run with ``pytest tests/benchmarks/test_timeline_speed.py``. Ratios are against what a user of
pyqtgraph would draw, one LinearRegionItem per segment, of one tier only, in the same run. Medians
are reported; the limit in milliseconds holds for the quicker quarter of the frames, because what
other programs do on the machine only ever adds to a frame.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtWidgets import QApplication

from harstudio.core.label_set import LabelSet
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, PREDICTED, Clip
from harstudio.core.source import Source
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.layout import TimeScale
from harstudio.gui.theme import Theme
from harstudio.gui.timeline.gestures import BODY, Hit
from harstudio.gui.timeline.picture import Shown
from harstudio.gui.timeline.press import Press, marks_for, result_of
from harstudio.gui.timeline.view import TimelineView

HOUR_S, RATE_HZ, SEGMENTS, FRAMES = 3600.0, 100.0, 3000, 20
NAMES = "abcdef"
LIMIT_MS = 16.0


def track(*, wide_s: float = 1.1, overlapping: bool = False, soft_s: float = 0.0) -> LabelTrack:
    """A segment every 1.2 s."""
    return LabelTrack(
        tuple(
            Segment(
                1.2 * i,
                1.2 * i + wide_s,
                NAMES[i % len(NAMES)],
                confidence=0.5 + 0.5 * (i % 7) / 7,
                end_soft_s=soft_s,
            )
            for i in range(SEGMENTS)
        ),
        overlapping,
    )


TIERS: dict[str, tuple[tuple[str, LabelTrack], ...]] = {
    "one": ((MINE, track()),),
    "three": ((MINE, track()), ("ann", track(wide_s=1.2)), (PREDICTED, track(wide_s=0.9))),
    "three and an overlapping one": (
        (MINE, track()),
        ("ann", track(wide_s=1.2)),
        (PREDICTED, track(wide_s=0.9)),
        ("context", track(wide_s=5.5, overlapping=True)),
    ),
    "one with soft edges": ((MINE, track(soft_s=0.2)),),
}


def quick_and_median(frame: Callable[[int], object], frames: int = FRAMES) -> tuple[float, float]:
    """Time of a frame with its painting, ms."""
    spent = []
    for i in range(frames):
        started = perf_counter()
        frame(i)
        QApplication.processEvents()
        spent.append(1e3 * (perf_counter() - started))
    return float(np.percentile(spent, 25)), float(np.median(spent))


def clip_with(tiers: tuple[tuple[str, LabelTrack], ...]) -> Clip:
    return Clip("c", "c", HOUR_S, RATE_HZ, motion=Source("m", "amass"), tracks=tiers)


def view_of(clip: Clip) -> tuple[TimelineView, TimeWindow, PlaybackClock]:
    clock, window = PlaybackClock(), TimeWindow()
    view = TimelineView(clock, window, Theme("light"))
    window.set_duration(HOUR_S)
    clock.set_duration(HOUR_S)
    view.show_state(Shown(clip, LabelSet.of(NAMES), None, None, False))
    view.resize(1600, view.height_range[1])
    view.show()
    QApplication.processEvents()
    return view, window, clock


def native() -> pg.PlotWidget:
    """3,000 regions of pyqtgraph."""
    plot = pg.PlotWidget()
    plot.resize(1600, 160)
    for segment in TIERS["one"][0][1].segments:
        plot.addItem(pg.LinearRegionItem((segment.start_s, segment.end_s)), ignoreBounds=True)
    plot.show()
    return plot


@pytest.mark.parametrize("tiers", TIERS)
@pytest.mark.parametrize("span_s", [30.0, 600.0, HOUR_S - 1.0])
def test_tiers_of_three_thousand_segments_pan(
    benchmark, qapp: QApplication, tiers: str, span_s: float
) -> None:
    """At most 16 ms a frame, and ten times faster than 3,000 regions of pyqtgraph."""
    _view, window, _clock = view_of(clip_with(TIERS[tiers]))
    quick, median = quick_and_median(lambda i: window.show_range(0.04 * i, span_s + 0.04 * i))
    plot = native()
    _, other = quick_and_median(
        lambda i: plot.setXRange(0.04 * i, span_s + 0.04 * i, padding=0), frames=5
    )
    benchmark.extra_info.update(
        median_ms=median, quick_ms=quick, pyqtgraph_ms=other, ratio=other / median
    )
    benchmark.pedantic(lambda: window.show_range(0.0, span_s), rounds=3)
    assert quick <= LIMIT_MS
    assert other / median > 10.0


@pytest.mark.parametrize("kind", ["exclusive", "overlapping"])
def test_a_segment_among_three_thousand_is_dragged(
    benchmark, qapp: QApplication, kind: str
) -> None:
    """At most 16 ms a move: the result, what it snaps to, and the picture."""
    tier = track(wide_s=5.5, overlapping=True) if kind == "overlapping" else track()
    clip = clip_with(((MINE, tier), ("ann", track())))
    view, window, _clock = view_of(clip)
    window.show_range(0.0, 600.0)
    hit, band = Hit(BODY, 100), view.lanes.mine
    marks = marks_for(clip, MINE, hit, 0.0, np.arange(0.0, HOUR_S, 0.5))
    press = Press("lane", 0.0, 120.5, hit, 100, (0.0, 600.0), band, marks)
    scale: TimeScale = view.scale

    def move(i: int) -> None:
        view._drag = result_of(press, clip, 121.0 + 0.1 * i, scale, snaps=True, soft=False)
        view._redraw()

    quick, median = quick_and_median(move)
    benchmark.extra_info.update(median_ms=median, quick_ms=quick)
    benchmark.pedantic(lambda: move(1), rounds=3)
    assert quick <= LIMIT_MS


def test_the_playhead_moves_over_three_tiers(benchmark, qapp: QApplication) -> None:
    """At most 3 ms a move, a live label growing with it: nothing else is painted anew."""
    view, _window, clock = view_of(clip_with(TIERS["three"]))
    view.show_live("a", 90.0)
    quick, median = quick_and_median(lambda i: clock.seek(100.0 + 0.05 * i))
    benchmark.extra_info.update(median_ms=median, quick_ms=quick)
    benchmark.pedantic(lambda: clock.seek(100.0), rounds=3)
    assert quick <= 3.0
