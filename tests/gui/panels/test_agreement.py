"""The Agreement dock: figures of two tiers, and the way to where they differ."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from harstudio.core.agreement import BOTH
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip
from harstudio.gui.panels.agreement.matrix import seconds_text
from harstudio.gui.panels.agreement.panel import AgreementPanel
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme

ANN = LabelTrack((Segment(0.5, 2.0, "walking"), Segment(2.0, 2.5, "jumping")))


def with_ann(session: Session, track: LabelTrack = ANN) -> Clip:
    session.edit_clip("Import labels of ann", session.clip.with_tier("ann", track))
    return session.clip


@pytest.fixture
def panel(qtbot: QtBot, session: Session, theme: Theme) -> AgreementPanel:
    session.open_clip("swing")
    panel = AgreementPanel(session, theme)
    qtbot.addWidget(panel)
    panel.resize(360, 480)
    panel.show()
    return panel


def compared(qtbot: QtBot, panel: AgreementPanel) -> AgreementPanel:
    """The panel once it has its figures."""
    panel._refresh()
    qtbot.waitUntil(lambda: panel._result is not None)
    return panel


def cells(panel: AgreementPanel, row: int) -> list[str]:
    table = panel.differences
    return [table.item(row, column).text() for column in range(5)]


def test_with_one_tier_it_says_how_to_get_another(panel: AgreementPanel) -> None:
    assert not panel.tabs.isVisible()
    assert "another annotator" in panel._empty.text()
    assert "Import labels" in panel._empty.text()


def test_two_tiers_are_compared_as_soon_as_there_are_two(
    qtbot: QtBot, panel: AgreementPanel, session: Session
) -> None:
    with_ann(session)
    compared(qtbot, panel)
    assert (panel.reference.currentText(), panel.other.currentText()) == (MINE, "ann")
    text = panel.figures.text()
    assert "agreement <b>75.0%</b>" in text
    assert "segment F1 <b>1.00 / 1.00 / 1.00</b> at IoU 0.1 / 0.25 / 0.5" in text
    assert "ann later by <b>0.250 s</b>" in text
    assert "00:02.00 compared · 2 and 2 segments" in text
    assert panel.tabs.tabText(0) == "Differences (1)"
    assert cells(panel, 0) == ["00:01.50", "00:02.00", "0.50 s", "jumping", "walking"]


def test_boundaries_that_come_before_are_called_earlier(
    qtbot: QtBot, panel: AgreementPanel, session: Session
) -> None:
    with_ann(session)
    compared(qtbot, panel)
    panel.reference.setCurrentText("ann")
    panel.reference.activated.emit(1)
    qtbot.waitUntil(lambda: "labels earlier by <b>0.250 s</b>" in panel.figures.text())


def test_a_difference_is_gone_to_by_click_and_by_enter(
    qtbot: QtBot, panel: AgreementPanel, session: Session
) -> None:
    with_ann(session)
    compared(qtbot, panel)
    table = panel.differences
    place = table.visualItemRect(table.item(0, 0)).center()
    with qtbot.waitSignal(session.moment_requested) as heard:
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert heard.args == ["swing", 1.5, 2.0]
    with qtbot.waitSignal(session.moment_requested):
        qtbot.keyClick(table, Qt.Key.Key_Return)
    assert session.selection == (1.5, 2.0)


def test_the_longest_difference_stands_first(
    qtbot: QtBot, panel: AgreementPanel, session: Session
) -> None:
    with_ann(session, LabelTrack((Segment(0.0, 1.4, "walking"), Segment(2.4, 4.0, "jumping"))))
    compared(qtbot, panel)
    lengths = [float(cells(panel, row)[2][:-2]) for row in range(panel.differences.rowCount())]
    assert lengths == sorted(lengths, reverse=True)
    assert len(lengths) == 4
    assert cells(panel, 0)[3] == "(no label)"


def test_an_edit_brings_new_figures(qtbot: QtBot, panel: AgreementPanel, session: Session) -> None:
    with_ann(session)
    compared(qtbot, panel)
    before = panel._result
    session.edit_labels("Agree", ANN)
    panel._refresh()
    qtbot.waitUntil(lambda: panel._result is not before)
    assert "κ <b>1.000</b>" in panel.figures.text()
    assert panel.differences.rowCount() == 0


def test_the_time_compared_can_be_chosen(
    qtbot: QtBot, panel: AgreementPanel, session: Session
) -> None:
    with_ann(session, LabelTrack((Segment(0.5, 1.0, "walking"),)))
    compared(qtbot, panel)
    before = panel._result
    panel.over.setCurrentIndex(panel.over.findData(BOTH))
    panel.over.activated.emit(1)
    qtbot.waitUntil(lambda: panel._result is not before)
    assert "κ <b>–</b>" in panel.figures.text()
    assert "no κ: both say &#x27;walking&#x27; throughout" in panel.figures.text()


def test_all_clips_are_pooled_and_counted(
    qtbot: QtBot, panel: AgreementPanel, session: Session
) -> None:
    clip = with_ann(session)
    others = [
        replace(clip, id="two", name="two", tracks=((MINE, ANN), ("ann", ANN))),
        replace(clip, id="three", name="three", tracks=((MINE, ANN),)),
    ]
    session.edit("Import", session.project.with_clips(others))
    compared(qtbot, panel)
    before = panel._result
    panel.all_clips.setChecked(True)
    qtbot.waitUntil(lambda: panel._result is not before)
    assert panel._result.clip_names == ("swing", "two")
    assert "2 clips · κ by clip 0.50 to 1.00" in panel.figures.text()
    assert "1 clips with labels in one tier only were left out" in panel.figures.text()
    assert panel.differences.item(0, 5).text() == "swing"


def test_tiers_that_no_clip_has_both_of_are_told(
    qtbot: QtBot, panel: AgreementPanel, session: Session
) -> None:
    clip = session.clip.with_track(LabelTrack()).with_tier("ann", ANN)
    other = replace(session.clip, id="two", name="two")
    session.edit("Import", session.project.with_clips([clip, other]))
    panel.all_clips.setChecked(True)
    panel._refresh()
    qtbot.waitUntil(lambda: "no clip has labels in both" in panel._empty.text())


def test_a_cell_of_the_matrix_lists_its_stretches(
    qtbot: QtBot, panel: AgreementPanel, session: Session
) -> None:
    with_ann(session, LabelTrack((Segment(0.0, 1.4, "walking"), Segment(1.4, 2.5, "jumping"))))
    compared(qtbot, panel)
    assert panel.differences.rowCount() == 2
    panel.tabs.setCurrentIndex(1)
    matrix = panel.matrix
    names = [panel._result.found.labels[i] for i in matrix._used]
    row, column = names.index("walking"), names.index("jumping")
    place = matrix.cell_rect(row, column).center()
    qtbot.mouseClick(
        matrix, Qt.MouseButton.LeftButton, pos=QPoint(round(place.x()), round(place.y()))
    )
    assert panel.differences.rowCount() == 1
    assert panel.tabs.tabText(0) == "walking | jumping (1)"
    assert matrix.cell_text(row, column).startswith("0.10 of 1.00 s (10.0%) that labels calls")
    qtbot.keyClick(matrix, Qt.Key.Key_Right)
    assert matrix._cell == (row, column + 1)


def test_each_labels_own_figures_are_listed(
    qtbot: QtBot, panel: AgreementPanel, session: Session
) -> None:
    with_ann(session)
    compared(qtbot, panel)
    table = panel.per_label
    rows = [[table.item(r, c).text() for c in range(6)] for r in range(table.rowCount())]
    assert rows == [
        ["jumping", "1.00", "0.50", "0.50", "0.667", "1.000"],
        ["walking", "1.00", "1.50", "1.00", "0.800", "1.000"],
    ]
    assert table.horizontalHeaderItem(1).text() == "labels s"


def test_nothing_is_compared_while_nobody_looks(panel: AgreementPanel, session: Session) -> None:
    panel.hide()
    with_ann(session)
    panel._refresh()
    assert panel._asked is None


def test_the_same_is_not_compared_twice(
    qtbot: QtBot, panel: AgreementPanel, session: Session
) -> None:
    with_ann(session)
    compared(qtbot, panel)
    request = panel._request
    session.edit("Rename", replace(session.project, name="other"))
    panel._refresh()
    assert panel._request == request


def test_two_different_tiers_are_always_chosen(
    qtbot: QtBot, panel: AgreementPanel, session: Session
) -> None:
    with_ann(session)
    compared(qtbot, panel)
    panel.reference.setCurrentIndex(1)
    panel.reference.activated.emit(1)
    assert (panel.reference.currentText(), panel.other.currentText()) == ("ann", MINE)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "·"), (0.5, "0.50"), (99.99, "99.99"), (100, "100.0"), (1234, "1234")],
)
def test_seconds_fit_their_cell(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text
