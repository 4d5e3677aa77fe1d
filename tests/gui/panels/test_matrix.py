"""The matrix says what is actual and what predicted, and a click finds its cell."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from harstudio.gui.panels.results.matrix import MatrixView, blend, cell_text
from harstudio.gui.theme import Theme
from harstudio.learn.judging.report import EvaluationReport

LABELS = ("walking", "jumping", "typing")


@pytest.fixture
def report() -> EvaluationReport:
    return EvaluationReport(LABELS, np.array([[8, 2, 0], [1, 5, 0], [0, 0, 4]]), "by subject")


@pytest.fixture
def matrix(qtbot: QtBot, theme: Theme, report: EvaluationReport) -> MatrixView:
    view = MatrixView(theme)
    qtbot.addWidget(view)
    view.resize(420, 420)
    view.set_report(report, "Test part")
    view.show()
    return view


def test_every_cell_is_found_where_it_is_drawn(qtbot: QtBot, matrix: MatrixView) -> None:
    for row in range(3):
        for column in range(3):
            centre: QPointF = matrix.cell_rect(row, column).center()
            with qtbot.waitSignal(matrix.cell_chosen) as chosen:
                qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=centre.toPoint())
            assert chosen.args == [LABELS[row], LABELS[column]]


def test_arrows_walk_over_the_cells_and_stop_at_the_edge(qtbot: QtBot, matrix: MatrixView) -> None:
    matrix.choose(0, 0)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Up):
        qtbot.keyClick(matrix, key)
    assert matrix.cell == (0, 1)


def test_a_right_click_chooses_nothing(qtbot: QtBot, matrix: MatrixView) -> None:
    centre = matrix.cell_rect(1, 1).center().toPoint()
    qtbot.mouseClick(matrix, Qt.MouseButton.RightButton, pos=centre)
    assert matrix.cell is None


def test_a_cell_in_words(report: EvaluationReport) -> None:
    assert cell_text(report, 0, 1) == ("2 of 10 walking windows (20.0 %) predicted as jumping")


def test_the_diagonal_is_shaded_by_the_rows_share(matrix: MatrixView) -> None:
    image = matrix.grab().toImage()
    scale = image.width() / matrix.width()

    def corner(row: int, column: int) -> tuple[int, int, int]:
        at = matrix.cell_rect(row, column).topLeft() + QPointF(4, 4)
        return image.pixelColor((at * scale).toPoint()).getRgb()[:3]

    assert corner(2, 2) != corner(0, 1) != corner(0, 2)


def test_colours_mix_from_end_to_end() -> None:
    assert blend("#000000", "#ffffff", 0.0) == "#000000"
    assert blend("#000000", "#ffffff", 1.0) == "#ffffff"
    assert blend("#000000", "#ffffff", 0.5) == "#808080"


def test_before_and_after_have_cells_of_one_size(
    qtbot: QtBot, theme: Theme, report: EvaluationReport
) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    row = QHBoxLayout(holder)
    before, after = MatrixView(theme), MatrixView(theme)
    before.pair_with(after)
    for view in (before, after):
        view.set_report(report)
        row.addWidget(view)
    after.name_rows(False)
    holder.resize(560, 300)
    holder.show()
    assert before.cell_rect(0, 0).size() == after.cell_rect(0, 0).size()
    alone = after.cell_rect(0, 0).width()
    before.hide()
    holder.resize(560, 600)
    qtbot.waitUntil(lambda: after.cell_rect(0, 0).width() > alone)
