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

from harstudio.core.imu import ImuRecording
from harstudio.core.label_set import LabelSet
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.signals.channels import (
    ACCELERATION,
    Channels,
    Pair,
    channels_of,
    real_side,
)
from harstudio.gui.signals.decimate import Pyramid
from harstudio.gui.signals.plots import SignalPlots
from harstudio.gui.signals.readouts import readout
from harstudio.gui.theme import LIGHT, Theme
from harstudio.gui.timeline.picture import Shown
from harstudio.gui.timeline.view import TimelineView
from harstudio.workflows.loading import LoadedClip, LoadedRecording

DAY_S, HOUR_S, RATE_HZ = 86400.0, 3600.0, 100.0
SEGMENTS = 3000
SIZE = (1600, 700)
FRAMES = 20


@dataclass(frozen=True)
class Timing:
    """Times of frames with their painting, ms."""

    median: float
    quick: float


def timed(frame: Callable[[int], None], frames: int = FRAMES) -> Timing:
    """Draw a number of frames."""
    spent = []
    for i in range(frames):
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


Vectors = tuple[np.ndarray, np.ndarray]


def vectors(seconds: float, channels: int) -> Vectors:
    """Times and (T, channels) of waves with noise, at 100 Hz."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(0).standard_normal((channels, len(times)))
    noise += 5.0 * np.sin(0.01 * times)
    return times, noise.T


@pytest.fixture(scope="module")
def hour() -> Vectors:
    return vectors(HOUR_S, 12)


@pytest.fixture(scope="module")
def day() -> Vectors:
    """Three channels of which each is drawn twice: six would need gigabytes, and cost the same."""
    return vectors(DAY_S, 3)


def plots_of(shown: Channels, duration_s: float, rows: int = 4) -> SignalPlots:
    """The rows on the screen."""
    plots = SignalPlots()
    plots.recolour(LIGHT)
    plots.resize(*SIZE)
    plots.show_rows([i < rows for i in range(4)])
    plots.show_kinds(("virtual", "real", "residual"))
    plots.show_channels(shown, ACCELERATION)
    plots.show_labels(track(), LabelSet.of("abcdef"))
    plots.show_range(0.0, duration_s)
    plots.show()
    QApplication.processEvents()
    return plots


def channels_in(data: Vectors, count: int) -> Channels:
    """Virtual, real and, of twelve curves, residual."""
    times, values = data
    made = [Pyramid(times, channel) for channel in values.T]
    pyramids = [made[i % len(made)] for i in range(12)]
    residual = tuple(pyramids[8:]) if count == 12 else None
    return Channels(tuple(pyramids[:4]), tuple(pyramids[4:8]), residual)


@pytest.fixture
def plots(qapp: QApplication, hour: Vectors) -> SignalPlots:
    return plots_of(channels_in(hour, 8), HOUR_S)


def track() -> LabelTrack:
    names = "abcdef"
    return LabelTrack(
        tuple(Segment(1.2 * i, 1.2 * i + 1.1, names[i % len(names)]) for i in range(SEGMENTS))
    )


def native_rows(data: Vectors, rows: int, each: int) -> list[pg.PlotItem]:
    """As many curves with pyqtgraph's own down-sampling and clipping."""
    times, values = data
    layout = pg.GraphicsLayoutWidget()
    layout.resize(*SIZE)
    plots = []
    for i in range(rows):
        plot = layout.addPlot(row=i, col=0)
        for k in range(each):
            curve = plot.plot(times, values[:, (i + 4 * k) % values.shape[1]])
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
        plots.append(plot)
    layout.show()
    plots[0].scene().keep = layout
    return plots


def zoom_of(i: int, duration_s: float) -> tuple[float, float]:
    """A stretch of nearly all: another place and another width for each frame."""
    return 1e-4 * i * duration_s, (0.97 + 1e-3 * i) * duration_s


@pytest.mark.parametrize(
    ("length", "curves", "limit_ms"),
    [("hour", 6, 20.0), ("hour", 8, 20.0), ("hour", 12, 35.0), ("day", 6, 20.0), ("day", 12, 35.0)],
)
def test_a_long_recording_pans_and_zooms(
    benchmark, qapp, request, length, curves, limit_ms
) -> None:
    """At most 20 ms a frame, 35 for twelve curves, and several times faster than pyqtgraph."""
    data: Vectors = request.getfixturevalue(length)
    duration_s = DAY_S if length == "day" else HOUR_S
    rows = 3 if curves == 6 else 4
    plots = plots_of(channels_in(data, curves), duration_s, rows)
    ours = timed(lambda i: plots.show_range(*zoom_of(i, duration_s)))
    natives = native_rows(data, rows, curves // rows)

    def move(i: int) -> None:
        for plot in natives:
            plot.setXRange(*zoom_of(i, duration_s), padding=0)

    native = timed(move, 3 if length == "day" else FRAMES)
    ratio = report(benchmark, ours, native)
    benchmark.pedantic(lambda: plots.show_range(1.0, duration_s), rounds=5)
    plots.hide()
    assert ours.quick <= limit_ms
    assert ratio > 2.5


def test_a_minute_is_drawn_anew_while_a_sensor_is_dragged(benchmark, qapp) -> None:
    """At most 16 ms from new virtual signals of a sensor to the picture; real at 100 Hz."""
    rng = np.random.default_rng(0)
    times, real_times = np.arange(3600) / 60.0, np.arange(6000) / 100.0

    def swings(at_s: np.ndarray) -> np.ndarray:
        noise = 0.3 * rng.standard_normal((len(at_s), 1, 3))
        return noise + 8.0 * np.sin(5.0 * at_s)[:, None, None]

    real = ImuRecording(real_times, ("wrist",), swings(real_times))
    virtuals = [
        ImuRecording(times, ("wrist",), swings(times), kind="virtual") for _ in range(FRAMES)
    ]
    ref = RecordingRef(Source("r", "imu_npz"), ("wrist",), 60.0, 100.0, Alignment(0.1, 40.0))
    clip = Clip("c", "c", 60.0, 60.0, motion=Source("m", "amass"), recordings=(ref,))
    loaded = LoadedClip(clip, virtual=virtuals[0], recordings=(LoadedRecording(ref, real),))
    side = real_side(loaded, clip, "wrist", ACCELERATION)
    plots = plots_of(channels_of(virtuals[0], side, "wrist", ACCELERATION), 60.0)
    plots.show_kinds(("virtual", "real"))

    def drag(i: int) -> None:
        shown = channels_of(virtuals[i], side, "wrist", ACCELERATION)
        plots.show_channels(shown, ACCELERATION, fit=False)

    def afresh(i: int) -> None:
        made = real_side(loaded, clip, "wrist", ACCELERATION)
        plots.show_channels(channels_of(virtuals[i], made, "wrist", ACCELERATION), ACCELERATION)

    ours, whole = timed(drag), timed(afresh)
    report(benchmark, ours)
    benchmark.extra_info["ratio_to_both_sides"] = whole.median / ours.median
    benchmark.pedantic(lambda: drag(0), rounds=5)
    assert ours.quick <= 16.0


@pytest.mark.parametrize(("seconds", "limit_ms"), [(60.0, 30.0), (80.0, 30.0)])
def test_a_stretch_is_compared(benchmark, qapp, seconds, limit_ms) -> None:
    """At most 30 ms for what is compared in the window's thread."""
    rng = np.random.default_rng(0)
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    virtual, real = rng.standard_normal((2, len(times), 3))
    pair = Pair(times, virtual, real, np.ones(len(times), bool))
    ours = timed(lambda _: readout(pair, 0.0, seconds, ACCELERATION, track()))
    report(benchmark, ours)
    benchmark.pedantic(lambda: readout(pair, 0.0, seconds, ACCELERATION, track()), rounds=5)
    assert ours.quick <= limit_ms


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
