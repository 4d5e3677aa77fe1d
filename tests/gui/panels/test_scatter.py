"""Points of a map are found where they are drawn, grouped, and caught by a lasso."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from harstudio.core.label_set import PALETTE, LabelSet
from harstudio.gui.panels.results.scatter_groups import (
    BY_LABEL,
    BY_RESULT,
    BY_SOURCE,
    BY_SUBJECT,
    WAYS,
    groups,
    inside,
    judged,
    nearest,
)
from harstudio.gui.panels.results.scatter_plot import ScatterPlot
from harstudio.gui.theme import DARK, Theme
from harstudio.learn.judging.embedding import Embedding
from harstudio.learn.judging.results import WindowResult


def _found(count: int = 6, labels: int = 2) -> Embedding:
    rng = np.random.default_rng(0)
    return Embedding(
        points=rng.normal(size=(count, 2)),
        label=np.array([f"l{i % labels}" for i in range(count)]),
        real=np.arange(count) % 3 == 0,
        subject=np.array([f"p{i % 3}" for i in range(count)]),
        clip=np.array(["a"] * count),
        start_s=np.arange(count) / 2,
        end_s=np.arange(count) / 2 + 1,
        method="pca",
        explained=(0.5, 0.2),
        of="features",
    )


@pytest.mark.parametrize("way", WAYS)
def test_every_point_is_in_one_group(way: str) -> None:
    found = _found()
    windows = [WindowResult("a", "p", i / 2, i / 2 + 1, "l0", "l1", 0.5) for i in range(4)]
    said = judged(found, windows)
    made = groups(found, way, LabelSet.of(["l0", "l1"]), DARK, said)
    places = np.sort(np.concatenate([group.index for group in made]))
    np.testing.assert_array_equal(places, np.arange(len(found)))


def test_labels_have_the_colours_that_they_have_everywhere() -> None:
    labels = LabelSet.of(["l1", "l0"])
    made = groups(_found(), BY_LABEL, labels, DARK)
    assert [(g.name, g.colour) for g in made] == [("l1", PALETTE[0]), ("l0", PALETTE[1])]
    source = {g.name: g.colour for g in groups(_found(), BY_SOURCE, labels, DARK)}
    assert source == {"virtual": DARK.virtual, "real": DARK.real}
    assert len(groups(_found(), BY_SUBJECT, labels, DARK)) == 3


def test_no_two_of_forty_labels_look_alike() -> None:
    names = [f"l{i}" for i in range(40)]
    made = groups(_found(80, 40), BY_LABEL, LabelSet.of(names), DARK)
    assert len({(g.colour, g.symbol) for g in made}) == 40


def test_only_windows_that_were_judged_are_right_or_wrong() -> None:
    found = _found(3)
    said = judged(found, [WindowResult("a", "p", 0.0, 1.0, "l0", "l0", 0.5, real=True),
                          WindowResult("a", "p", 0.5, 1.5, "l1", "l0", 0.5)])  # fmt: skip
    made = {g.name: g.index.tolist() for g in groups(found, BY_RESULT, LabelSet(), DARK, said)}
    assert made == {"right": [0], "wrong": [1], "not judged": [2]}


coordinate = st.floats(-10, 10, allow_nan=False)


@given(x=coordinate, y=coordinate)
def test_a_square_lasso_holds_what_lies_in_the_square(x: float, y: float) -> None:
    square = np.array([[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0]])
    if min(abs(abs(x) - 5), abs(abs(y) - 5)) > 1e-9:
        assert inside(np.array([[x, y]]), square)[0] == (abs(x) < 5 and abs(y) < 5)


def test_a_lasso_of_two_points_holds_nothing() -> None:
    assert not inside(np.zeros((3, 2)), np.array([[0.0, 0.0], [1.0, 1.0]])).any()


def test_the_nearest_point_is_measured_on_the_screen() -> None:
    points = np.array([[0.0, 0.0], [10.0, 0.0]])
    assert nearest(points, (4.0, 0.0), (1.0, 0.001)) == 0
    assert nearest(points, (4.0, 0.1), (1.0, 0.001)) == -1
    assert nearest(np.zeros((0, 2)), (0.0, 0.0), (1.0, 1.0)) == -1


def test_a_point_is_found_where_it_is_drawn_and_hidden_groups_are_not(
    qtbot: QtBot, theme: Theme
) -> None:
    plot = ScatterPlot(theme)
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    plot.show()
    found = _found(20)
    plot.show_points(found.points, ("PC 1", "PC 2"))
    plot.show_groups(groups(found, BY_LABEL, LabelSet.of(["l0", "l1"]), DARK))
    assert plot.drawn == 20
    x, y = found.points[5]
    place = plot.getViewBox().mapViewToScene(QPointF(x, y))
    assert plot.point_at(place) == 5
    plot.hide_groups({"l1"})
    assert plot.drawn == 10
    assert plot.point_at(place) != 5
    low, high = found.points.min(axis=0) - 1, found.points.max(axis=0) + 1
    outline = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    with qtbot.waitSignal(plot.lasso_drawn) as drawn:
        plot.select_within(outline)
    assert drawn.args[0].tolist() == list(range(0, 20, 2))
