"""Drawing speed of signals and timeline, as frames that a person would wait for.

Run with ``pytest tests/benchmarks/test_plot_speed.py``. Ratios are against what pyqtgraph offers
for the same picture: its own down-sampling, and one region item per segment. Medians are reported;
the limits in milliseconds hold for the quicker quarter of the frames, because what other programs
do on the machine only ever adds to a frame.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtWidgets import QApplication

from harstudio.core.labels import LabelSet, LabelTrack, Segment
from harstudio.core.project import MINE, Clip
from harstudio.core.source import Source
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.signals.channels import ACCELERATION, Channels
from harstudio.gui.signals.decimate import Pyramid
from harstudio.gui.signals.plots import SignalPlots
from harstudio.gui.theme import LIGHT, Theme
from harstudio.gui.timeline.view import Shown, TimelineView

HOUR_S, RATE_HZ = 3600.0, 100.0
SEGMENTS = 3000
SIZE = (1600, 700)
FRAMES = 20


@dataclass(frozen=True)
class Timing:
    """Times of frames with their painting, ms."""

    median: float
    quick: float


def timed(frame: Callable[[int], None]) -> Timing:
    """Draw a number of frames."""
    spent = []
    for i in range(FRAMES):
        started = perf_counter()
        frame(i)
        QApplication.processEvents()
        spent.append(1e3 * (perf_counter() - started))
    return Timing(float(np.median(spent)), float(np.percentile(spent, 25)))


def report(benchmark, ours: Timing, native: Timing | None = None) -> float:
    """Write the figures down; the ratio of the medians."""
    ratio = native.median / ours.median if native is not None else 0.0
    info = {"median_ms": ours.median, "quick_ms": ours.quick}
    if native is not None:
        info |= {"pyqtgraph_ms": native.median, "ratio": ratio}
    benchmark.extra_info.update(info)
    return ratio


@pytest.fixture(scope="module")
def vectors() -> tuple[np.ndarray, np.ndarray]:
    times = np.arange(round(HOUR_S * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(0).standard_normal((len(times), 8))
    return times, 5.0 * np.sin(0.01 * times)[:, None] + noise


@pytest.fixture
def plots(qapp: QApplication, vectors: tuple[np.ndarray, np.ndarray]) -> SignalPlots:
    times, values = vectors
    pyramids = [Pyramid(times, channel) for channel in values.T]
    plots = SignalPlots()
    plots.recolour(LIGHT)
    plots.resize(*SIZE)
    plots.show_channels(Channels(tuple(pyramids[:4]), tuple(pyramids[4:])), ACCELERATION)
    plots.show_labels(track(), LabelSet.of("abcdef"))
    plots.show_range(0.0, HOUR_S)
    plots.show()
    QApplication.processEvents()
    return plots


def track() -> LabelTrack:
    names = "abcdef"
    return LabelTrack(
        tuple(Segment(1.2 * i, 1.2 * i + 1.1, names[i % len(names)]) for i in range(SEGMENTS))
    )


def native_rows(vectors: tuple[np.ndarray, np.ndarray]) -> list[pg.PlotItem]:
    """The same eight curves with pyqtgraph's own down-sampling and clipping."""
    times, values = vectors
    layout = pg.GraphicsLayoutWidget()
    layout.resize(*SIZE)
    rows = []
    for i in range(4):
        plot = layout.addPlot(row=i, col=0)
        for channel in (values[:, i], values[:, 4 + i]):
            curve = plot.plot(times, channel)
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
        rows.append(plot)
    layout.show()
    rows[0].scene().keep = layout
    return rows


def test_an_hour_of_eight_channels_pans(benchmark, plots, vectors) -> None:
    """At most 20 ms a frame, and several times faster than pyqtgraph's own."""
    ours = timed(lambda i: plots.show_range(0.5 * i, HOUR_S - 100 + 0.5 * i))
    rows = native_rows(vectors)

    def pan(i: int) -> None:
        for row in rows:
            row.setXRange(0.5 * i, HOUR_S - 100 + 0.5 * i, padding=0)

    native = timed(pan)
    ratio = report(benchmark, ours, native)
    benchmark.pedantic(lambda: plots.show_range(1.0, HOUR_S), rounds=5)
    assert ours.quick <= 20.0
    assert ratio > 2.5


@pytest.mark.parametrize("span_s", [10.0, 600.0, HOUR_S])
def test_a_cursor_moves(benchmark, plots, span_s) -> None:
    """At most 3 ms a move, whatever is in sight."""
    plots.show_range(0.0, span_s)
    QApplication.processEvents()
    ours = timed(lambda i: plots.show_time(span_s * (0.1 + 0.03 * i)))
    report(benchmark, ours)
    benchmark.pedantic(lambda: plots.show_time(0.5 * span_s), rounds=5)
    assert ours.quick <= 3.0


@pytest.mark.parametrize("span_s", [30.0, 600.0, HOUR_S - 1.0])
def test_three_thousand_segments_draw(benchmark, qapp, span_s) -> None:
    """At most 16 ms a frame; one pyqtgraph region per segment for comparison."""
    clock, window = PlaybackClock(), TimeWindow()
    view = TimelineView(clock, window, Theme("light"))
    view.resize(SIZE[0], 160)
    window.set_duration(HOUR_S)
    clip = Clip("c", "c", HOUR_S, RATE_HZ, motion=Source("m", "amass"), tracks=((MINE, track()),))
    view.show_state(Shown(clip, LabelSet.of("abcdef"), None, None, False))
    view.show()
    QApplication.processEvents()
    ours = timed(lambda i: window.show_range(0.04 * i, span_s + 0.04 * i))
    plot = pg.PlotWidget()
    plot.resize(SIZE[0], 160)
    for segment in track().segments:
        plot.addItem(pg.LinearRegionItem((segment.start_s, segment.end_s)), ignoreBounds=True)
    plot.show()
    native = timed(lambda i: plot.setXRange(0.04 * i, span_s + 0.04 * i, padding=0))
    ratio = report(benchmark, ours, native)
    benchmark.pedantic(lambda: clock.seek(1.0), rounds=5)
    assert ours.quick <= 16.0
    assert ratio > 10.0
