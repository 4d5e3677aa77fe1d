from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from harstudio.core.timebase import Alignment
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.layout import LEFT_MARGIN
from harstudio.gui.session import Session
from harstudio.gui.signals.panel import SignalsPanel
from harstudio.gui.theme import Theme

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def panel(
    session: Session, clock: PlaybackClock, window: TimeWindow, theme: Theme, qtbot: QtBot
) -> SignalsPanel:
    """The panel with the clip open, 800 px wide."""
    result = SignalsPanel(session, clock, window, theme)
    qtbot.addWidget(result)
    result.resize(800, 500)
    result.show()
    with qtbot.waitSignal(session.clip_opened, timeout=20_000):
        session.open_clip("swing")
    qtbot.waitExposed(result)
    return result


def at(panel: SignalsPanel, time_s: float, y: int = 100) -> QPoint:
    return QPoint(round(panel.plots.scale.x(time_s)), y)


def test_without_a_clip_it_says_how_to_get_one(
    session: Session, clock: PlaybackClock, window: TimeWindow, theme: Theme, qtbot: QtBot
) -> None:
    panel = SignalsPanel(session, clock, window, theme)
    qtbot.addWidget(panel)
    assert "Open a clip" in panel.empty.text()
    assert not panel.toggles["virtual"].isEnabled()


def test_rows_start_at_the_common_margin_and_share_the_time_axis(panel: SignalsPanel) -> None:
    for row in panel.plots.rows:
        box = row.box.sceneBoundingRect()
        assert box.left() == pytest.approx(LEFT_MARGIN, abs=1)
        for time_s in (0.0, 1.7, 4.0):
            x = row.box.mapViewToScene(QPointF(time_s, 0.0)).x()
            assert x == pytest.approx(panel.plots.scale.x(time_s), abs=1.5)


def test_the_sensor_chosen_here_is_chosen_everywhere(panel: SignalsPanel, session: Session) -> None:
    panel.sensors.setCurrentText("right_thigh")
    panel.sensors.activated.emit(panel.sensors.currentIndex())
    assert session.sensor == "right_thigh"
    assert "none for this clip" in panel.toggles["real"].text()
    session.select_sensor("right_wrist")
    assert panel.sensors.currentText() == "right_wrist"
    assert panel.toggles["real"].text() == "real"


def test_real_and_virtual_are_compared_over_the_selection(
    panel: SignalsPanel, session: Session, qtbot: QtBot
) -> None:
    assert panel.readout.text().startswith("RMSE")
    assert "(2 labels)" in panel.readout.text()
    session.select_segment(0)
    qtbot.waitUntil(lambda: "(walking)" in panel.readout.text())
    assert "00:00.50-00:01.50" in panel.readout.text()


def test_a_new_alignment_moves_the_real_curve(panel: SignalsPanel, session: Session) -> None:
    curve = panel.plots.rows[0].curves["real"]
    assert curve.getData()[0][0] == pytest.approx(0.25)
    ref = replace(session.clip.recordings[0], alignment=Alignment(1.0))
    session.edit_clip("Align", replace(session.clip, recordings=(ref,)))
    assert curve.getData()[0][0] == pytest.approx(1.0)


def test_toggles_hide_curves_and_the_row_of_the_norm(panel: SignalsPanel) -> None:
    assert panel.plots.rows[0].curves["virtual"].getData()[0] is not None
    panel.toggles["virtual"].setChecked(False)
    assert panel.plots.rows[0].curves["virtual"].getData()[0] is None
    panel.toggles["norm"].setChecked(False)
    assert not panel.plots.rows[3].box.isVisible()
    assert panel.plots.rows[2].box.isVisible()


def test_heights_hold_still_while_time_goes_by(
    panel: SignalsPanel, clock: PlaybackClock, window: TimeWindow
) -> None:
    before = [row.box.viewRange()[1] for row in panel.plots.rows]
    window.show_range(1.0, 1.5)
    clock.seek(2.0)
    window.follow(2.0)
    assert [row.box.viewRange()[1] for row in panel.plots.rows] == before


def test_a_signal_at_rest_is_not_blown_up(panel: SignalsPanel) -> None:
    panel.plots.fit_heights(visible_only=True)
    for row in panel.plots.rows:
        low, high = row.box.viewRange()[1]
        assert high - low >= 4.0


def test_a_click_seeks(panel: SignalsPanel, clock: PlaybackClock, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.plots.viewport(), LEFT, pos=at(panel, 3.0))
    assert clock.time_s == pytest.approx(3.0, abs=0.01)


def test_a_drag_selects_time_and_changes_no_label(
    panel: SignalsPanel, session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    before, viewport = session.project, panel.plots.viewport()
    qtbot.mousePress(viewport, LEFT, pos=at(panel, 1.0))
    qtbot.mouseMove(viewport, at(panel, 1.2))
    qtbot.mouseMove(viewport, at(panel, 2.0))
    qtbot.mouseRelease(viewport, LEFT, pos=at(panel, 2.0))
    assert session.selection == pytest.approx((1.0, 2.0), abs=0.02)
    assert session.segment_index is None
    assert session.project is before
    assert clock.time_s == 0.0


def wheel(panel: SignalsPanel, time_s: float, shift: bool = False) -> None:
    place = QPointF(at(panel, time_s))
    event = QWheelEvent(
        place,
        place,
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(panel.plots.viewport(), event)


def test_the_wheel_zooms_at_the_mouse_and_with_shift_pans(
    panel: SignalsPanel, window: TimeWindow
) -> None:
    x = panel.plots.scale.x(1.0)
    wheel(panel, 1.0)
    start, end = window.range
    assert end - start == pytest.approx(0.8 * 4.0)
    assert panel.plots.scale.x(1.0) == pytest.approx(x, abs=1)
    wheel(panel, 1.0, shift=True)
    assert window.range[1] - window.range[0] == pytest.approx(end - start)
    assert window.range[0] < start


def test_a_right_click_only_opens_a_menu(
    panel: SignalsPanel, session: Session, clock: PlaybackClock, qtbot: QtBot
) -> None:
    before = session.project
    panel.plots.menu_requested.emit(QPoint(10, 10), 1.0)
    menu = panel.findChild(QMenu)
    assert menu.actions()[0].text() == "Go here"
    assert session.project is before
    assert clock.time_s == 0.0
    menu.close()


def test_moving_the_cursor_does_not_draw_the_curves_again(
    panel: SignalsPanel, clock: PlaybackClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for time_s in (0.8, 0.9, 1.0):  # the first move takes the picture that later ones copy
        clock.seek(time_s)
        QApplication.processEvents()
    drawn: list[object] = []
    for row in panel.plots.rows:
        for curve in row.curves.values():
            monkeypatch.setattr(curve, "paint", lambda *a: drawn.append(a))
    clock.seek(1.5)
    QApplication.processEvents()
    assert not drawn
    picture = panel.plots.viewport().grab().toImage()
    colour = QColor(picture.pixel(at(panel, 1.5)))
    assert colour.name().upper() == "#C2185B"


def test_the_label_colours_lie_behind_the_rows(panel: SignalsPanel, session: Session) -> None:
    stripe = panel.plots.rows[0].backdrop.stripe
    pixel = QColor.fromRgba(stripe.pixel(round(stripe.width() * 1.0 / 4.0), 0))
    walking = QColor(session.project.label_set.colour("walking"))
    assert (pixel.red(), pixel.green(), pixel.blue()) == walking.getRgb()[:3]
    assert 0 < pixel.alpha() < 100
    assert QColor.fromRgba(stripe.pixel(round(stripe.width() * 3.5 / 4.0), 0)).alpha() == 0


def test_closing_the_clip_empties_the_panel(panel: SignalsPanel, session: Session) -> None:
    session.close_clip()
    assert panel.empty.isVisible()
    assert panel.sensors.count() == 0


def test_both_themes_are_followed(panel: SignalsPanel, theme: Theme) -> None:
    theme._name = "dark"
    theme.changed.emit()
    pen = panel.plots.rows[0].curves["virtual"].opts["pen"]
    assert pen.color().name().upper() == theme.colours.virtual
