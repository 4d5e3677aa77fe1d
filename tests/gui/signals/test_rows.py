from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from harstudio.gui.signals.channels import ACCELERATION, Channels
from harstudio.gui.signals.decimate import Pyramid
from harstudio.gui.signals.plots import SignalPlots, row_range
from harstudio.gui.signals.rows import value_ticks
from harstudio.gui.theme import LIGHT

TEXT = 10.0


@given(st.floats(-100, 100), st.floats(0.1, 200), st.floats(5, 400))
def test_ticks_never_overlap_and_never_leave_the_row(
    low: float, span: float, height: float
) -> None:
    values = value_ticks(low, low + span, height, TEXT)
    at = (np.array(values) - low) / span * height
    assert len(values) <= 5
    assert (at >= 0).all()
    assert (at <= height).all()
    if len(values) > 1:
        assert np.diff(at).min() >= 1.1 * TEXT


@pytest.mark.parametrize(("height", "least", "most"), [(28, 1, 2), (45, 2, 3), (150, 3, 5)])
def test_a_short_row_has_few_ticks_and_a_high_one_more(height: int, least: int, most: int) -> None:
    for low, high in ((-22.4, 22.4), (6.0, 66.0), (-57.0, 12.0), (-0.4, 1.3)):
        assert least <= len(value_ticks(low, high, height, TEXT)) <= most


def test_a_row_of_no_height_has_no_ticks() -> None:
    assert value_ticks(0.0, 1.0, 0.0, TEXT) == []
    assert value_ticks(1.0, 1.0, 50.0, TEXT) == []


def test_a_row_at_rest_keeps_the_least_span() -> None:
    assert row_range([(0.0, 0.1)], 4.0) == pytest.approx((-1.95, 2.05))
    assert row_range([None], 4.0) == (-2.0, 2.0)


def test_a_spike_flattens_nothing_and_is_marked_at_the_rows_edge(qtbot: QtBot) -> None:
    times = np.arange(6000) / 60.0
    values = np.sin(times)
    values[3000] = 300.0
    holder = QWidget()  # pyqtgraph's own closing of a view that is a window is not clean
    qtbot.addWidget(holder)
    plots = SignalPlots(holder)
    plots.recolour(LIGHT)
    plots.resize(680, 400)
    plots.show_range(0.0, 100.0)
    plots.show_channels(Channels((Pyramid(times, values),) * 4), ACCELERATION)
    _, high = plots.rows[0].box.viewRange()[1]
    assert high < 10.0
    holder.resize(680, 400)
    holder.show()
    qtbot.waitExposed(holder)
    picture = plots.viewport().grab().toImage()
    box = plots.rows[0].box.sceneBoundingRect()
    spike = round(plots.scale.x(50.0))
    edge = round(box.top()) + 1
    marked = [x for x in range(80, 670) if picture.pixelColor(x, edge).name() == "#1f6fb5"]
    assert marked
    assert all(abs(x - spike) <= 2 for x in marked)
    plots.fit_heights(spikes=True)
    assert plots.rows[0].box.viewRange()[1][1] > 300.0
