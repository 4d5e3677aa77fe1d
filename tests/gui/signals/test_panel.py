from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QTextDocument, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from harstudio.core.timebase import Alignment
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.layout import LEFT_MARGIN
from harstudio.gui.session import Session
from harstudio.gui.settings import Settings
from harstudio.gui.signals import panel as panel_module
from harstudio.gui.signals.header import SignalsHeader
from harstudio.gui.signals.panel import SignalsPanel
from harstudio.gui.theme import Theme

LEFT = Qt.MouseButton.LeftButton


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


def plain(panel: SignalsPanel) -> str:
    """The words above the rows, as they are read."""
    document = QTextDocument()
    document.setHtml(panel.readout.text())
    text = document.toPlainText().replace("\N{NON-BREAKING HYPHEN}", "-")
    return " ".join(text.split())


def at(panel: SignalsPanel, time_s: float, y: int = 100) -> QPoint:
    return QPoint(round(panel.plots.scale.x(time_s)), y)


def test_without_a_clip_it_says_how_to_get_one(
    session: Session, clock: PlaybackClock, window: TimeWindow, theme: Theme, qtbot: QtBot
) -> None:
    panel = SignalsPanel(session, clock, window, theme)
    qtbot.addWidget(panel)
    assert "Open a clip" in panel.empty.text()
    assert not panel.header.kinds["virtual"].isEnabled()


def test_rows_start_at_the_common_margin_and_share_the_time_axis(panel: SignalsPanel) -> None:
    for row in panel.plots.rows:
        box = row.box.sceneBoundingRect()
        assert box.left() == pytest.approx(LEFT_MARGIN, abs=1)
        for time_s in (0.0, 1.7, 4.0):
            x = row.box.mapViewToScene(QPointF(time_s, 0.0)).x()
            assert x == pytest.approx(panel.plots.scale.x(time_s), abs=1.5)


def test_the_sensor_chosen_here_is_chosen_everywhere(panel: SignalsPanel, session: Session) -> None:
    sensors = panel.header.sensors
    sensors.setCurrentText("right_thigh")
    sensors.activated.emit(sensors.currentIndex())
    assert session.sensor == "right_thigh"
    assert "no recording of this sensor" in plain(panel)
    assert not panel.header.kinds["real"].isEnabled()
    session.select_sensor("right_wrist")
    assert sensors.currentText() == "right_wrist"
    assert panel.header.kinds["real"].isEnabled()


def test_real_and_virtual_are_compared_over_the_selection(
    panel: SignalsPanel, session: Session, qtbot: QtBot
) -> None:
    assert plain(panel).startswith("RMSE")
    assert "(2 labels)" in plain(panel)
    session.select_segment(0)
    qtbot.waitUntil(lambda: "(walking)" in plain(panel))
    assert "00:00.50-00:01.50" in plain(panel)


def test_a_new_alignment_moves_the_real_curve(panel: SignalsPanel, session: Session) -> None:
    traces = panel.plots.rows[0].traces
    assert traces.curves["real"].times_s[0] == pytest.approx(0.25)
    ref = replace(session.clip.recordings[0], alignment=Alignment(1.0))
    session.edit_clip("Align", replace(session.clip, recordings=(ref,)))
    assert traces.curves["real"].times_s[0] == pytest.approx(1.0)


def test_chips_hide_kinds_of_curves_and_rows(panel: SignalsPanel) -> None:
    row = panel.plots.rows[0]
    assert set(row.traces.curves) == {"virtual", "real"}
    panel.header.kinds["virtual"].setChecked(False)
    panel.header.kinds["residual"].setChecked(True)
    assert set(row.traces.curves) == {"residual", "real"}
    panel.header.rows[3].setChecked(False)
    assert not panel.plots.rows[3].box.isVisible()
    assert panel.plots.rows[2].box.isVisible()


def test_a_hidden_row_leaves_its_room_to_the_others(panel: SignalsPanel, qtbot: QtBot) -> None:
    for i in (0, 1, 2):
        panel.header.rows[i].setChecked(False)
    box = panel.plots.rows[3].box
    whole = panel.plots.viewport().height()
    qtbot.waitUntil(lambda: box.size().height() > 0.85 * whole - 20)


def test_the_last_row_cannot_be_hidden(panel: SignalsPanel) -> None:
    for chip in panel.header.rows:
        chip.setChecked(False)
    assert panel.header.shown_rows == (3,)
    assert panel.header.rows[3].isChecked()


def test_what_is_shown_is_remembered(
    session: Session,
    clock: PlaybackClock,
    window: TimeWindow,
    theme: Theme,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    settings = Settings(tmp_path / "settings.ini")
    first = SignalsPanel(session, clock, window, theme, settings=settings)
    qtbot.addWidget(first)
    first.header.kinds["residual"].setChecked(True)
    first.header.rows[1].setChecked(False)
    first.header.modes.setCurrentText("spectrogram")
    first.header.rows[0].setChecked(True)
    again = SignalsPanel(session, clock, window, theme, settings=settings)
    qtbot.addWidget(again)
    second = again.header
    assert second.mode == "spectrogram"
    assert second.shown_rows == (0, 3)
    second.modes.setCurrentText("traces")
    assert second.shown_rows == (0, 2, 3)
    assert second.kinds["residual"].isChecked()


@pytest.mark.parametrize("words", ["{", "[]", '{"rows": 3, "kinds": 4, "mode": [5]}'])
def test_settings_of_another_version_count_as_none(
    qapp: object, tmp_path: Path, words: str
) -> None:
    settings = Settings(tmp_path / "settings.ini")
    settings.keep_choice("signals", words)
    header = SignalsHeader(settings)
    assert header.mode == "traces"
    assert header.shown_rows == (0, 1, 2, 3)


def test_a_sensor_that_is_dragged_is_drawn_anew_at_the_same_heights(
    panel: SignalsPanel, session: Session
) -> None:
    traces, real = panel.plots.rows[0].traces, panel.plots.rows[0].traces.curves["real"]
    heights = [row.box.viewRange()[1] for row in panel.plots.rows]
    moved = replace(session.virtual, acc_mps2=session.virtual.acc_mps2 + 3.0)
    before = traces.curves["virtual"].values
    session.preview(moved)
    np.testing.assert_allclose(traces.curves["virtual"].values, before + 3.0)
    assert traces.curves["real"] is real
    assert [row.box.viewRange()[1] for row in panel.plots.rows] == heights
    session.preview(None)
    np.testing.assert_allclose(traces.curves["virtual"].values, before)


def test_the_figures_follow_a_sensor_that_is_dragged(
    panel: SignalsPanel, session: Session, qtbot: QtBot
) -> None:
    before = plain(panel)
    session.preview(replace(session.virtual, acc_mps2=session.virtual.acc_mps2 + 3.0))
    qtbot.waitUntil(lambda: plain(panel) != before)


def test_a_real_signal_that_the_virtual_one_equals_is_still_seen(
    panel: SignalsPanel, session: Session
) -> None:
    """And so is the virtual one around it."""
    plots, row = panel.plots, panel.plots.rows[0]
    curve = row.traces.curves["virtual"]
    row.traces.take({"virtual": curve, "real": curve})
    QApplication.processEvents()
    picture = plots.viewport().grab().toImage()
    box = row.box.sceneBoundingRect().toRect().adjusted(2, 0, -2, 0)
    colours = {
        QColor(picture.pixel(x, y)).name()
        for x in range(box.left(), box.right(), 3)
        for y in range(box.top(), box.bottom())
    }
    reddish = [c for c in map(QColor, colours) if c.red() > c.blue() + 60]
    bluish = [c for c in map(QColor, colours) if c.blue() > c.red() + 60]
    assert reddish
    assert bluish


def test_shift_and_ctrl_clicks_set_two_cursors_that_tell_differences(
    panel: SignalsPanel, clock: PlaybackClock, qtbot: QtBot
) -> None:
    viewport, keys = panel.plots.viewport(), Qt.KeyboardModifier
    qtbot.mouseClick(viewport, LEFT, keys.ShiftModifier, pos=at(panel, 1.0))
    assert "Ctrl+click places B" in plain(panel)
    qtbot.mouseClick(viewport, LEFT, keys.ControlModifier, pos=at(panel, 3.0))
    assert "B - A 2.00" in plain(panel)
    assert "Hz" in plain(panel)
    notes = panel.plots.cursor_notes({"A": 1.0, "B": 3.0})
    assert [kind for _, kind in notes[0]] == ["real", "virtual"]
    assert clock.time_s == 0.0
    panel.clear_cursors()
    assert "B - A" not in plain(panel)


def test_a_cursor_is_dragged_and_selects_nothing(
    panel: SignalsPanel, session: Session, qtbot: QtBot
) -> None:
    panel._set_cursor("A", 1.0)
    viewport = panel.plots.viewport()
    qtbot.mousePress(viewport, LEFT, pos=at(panel, 1.0))
    qtbot.mouseMove(viewport, at(panel, 1.5))
    qtbot.mouseMove(viewport, at(panel, 2.0))
    qtbot.mouseRelease(viewport, LEFT, pos=at(panel, 2.0))
    assert panel._cursors["A"] == pytest.approx(2.0, abs=0.02)
    assert session.selection is None


def test_the_spectrum_peaks_where_the_arm_swings(panel: SignalsPanel, session: Session) -> None:
    session.select_range(0.0, 4.0)
    panel.header.modes.setCurrentText("spectrum")
    assert panel.spectrum.isVisible()
    curve = panel.spectrum.rows[0].traces.curves["real"]
    assert curve.times_s[np.argmax(curve.values)] == pytest.approx(1.0, abs=0.3)


def test_a_click_on_the_spectrum_reads_it_out(panel: SignalsPanel, clock: PlaybackClock) -> None:
    panel.header.modes.setCurrentText("spectrum")
    panel.spectrum.seeked.emit(2.0)
    words = [words for words, _ in panel.spectrum._notes[0]]
    assert words[0] == "2.00 Hz"
    assert words[1].endswith(" dB")
    assert clock.time_s == 0.0


def test_the_wheel_zooms_frequencies_within_what_there_is(panel: SignalsPanel) -> None:
    panel.header.modes.setCurrentText("spectrum")
    spectrum = panel.spectrum
    spectrum.zoomed.emit(0.5, 0.0)
    assert spectrum._range == pytest.approx((0.0, 15.0))
    spectrum.panned.emit(100.0)
    assert spectrum._range == pytest.approx((15.0, 30.0))
    spectrum.zoomed.emit(10.0, 20.0)
    assert spectrum._range == pytest.approx((0.0, 30.0))


def test_the_spectrogram_shares_the_time_axis(panel: SignalsPanel, window: TimeWindow) -> None:
    panel.header.modes.setCurrentText("spectrogram")
    plots = panel.spectrogram
    shown = [row for row in plots.rows if row.visible]
    assert len(shown) == 2
    assert set(plots._shown) == {(3, "virtual"), (3, "real")}
    window.show_range(1.0, 3.0)
    assert plots.scale == panel.plots.scale
    assert shown[0].box.viewRange()[0] == pytest.approx([1.0, 3.0])


def test_a_spectrogram_of_too_short_a_stretch_is_empty_and_no_error(
    panel: SignalsPanel, window: TimeWindow, qtbot: QtBot
) -> None:
    panel.header.modes.setCurrentText("spectrogram")
    window.show_range(1.0, 1.1)
    qtbot.waitUntil(lambda: not panel.spectrogram._shown)


def test_a_long_stretch_is_measured_beside_the_window(
    panel: SignalsPanel, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel_module, "_NOW_SAMPLES", 1)
    monkeypatch.setattr(panel_module, "_NOW_SPECTRAL", 1)
    panel.header.modes.setCurrentText("spectrum")
    session.select_segment(0)
    qtbot.waitUntil(lambda: "(walking)" in plain(panel))
    qtbot.waitUntil(lambda: bool(panel.spectrum._spectra))


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
        monkeypatch.setattr(row.traces, "paint", lambda *a: drawn.append(a))
    clock.seek(1.5)
    QApplication.processEvents()
    assert not drawn
    picture = panel.plots.viewport().grab().toImage()
    colour = QColor(picture.pixel(at(panel, 1.5)))
    assert colour.name().upper() == "#C2185B"


def test_other_curves_are_drawn_though_the_playhead_has_moved_before(
    panel: SignalsPanel, clock: PlaybackClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for time_s in (0.8, 0.9):
        clock.seek(time_s)
        QApplication.processEvents()
    drawn: list[object] = []
    for row in panel.plots.rows:
        monkeypatch.setattr(row.traces, "paint", lambda *a: drawn.append(a))
    panel.header.quantities.setCurrentIndex(1)
    QApplication.processEvents()
    assert drawn


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
    assert panel.header.sensors.count() == 0


def test_both_themes_are_followed(panel: SignalsPanel, theme: Theme) -> None:
    theme._name = "dark"
    theme.changed.emit()
    assert panel.plots.rows[0].traces.colours is theme.colours
