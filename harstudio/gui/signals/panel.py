"""The signals panel: a sensor's rows, the words above them, and the clock they follow."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.project import Project
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.layout import GRID
from harstudio.gui.session import Session
from harstudio.gui.signals.channels import (
    QUANTITIES,
    Channels,
    Readout,
    channels_of,
    current_ref,
    readout,
    sensors_of,
)
from harstudio.gui.signals.plots import SignalPlots
from harstudio.gui.theme import Theme, small_font

_READOUT_DELAY_MS = 60
_NARROW_WIDTH = 75 * GRID
_COMBO_WIDTH = 27 * GRID
_EMPTY = "Open a clip in the library to see its signals here."


class SignalsPanel(QWidget):
    """Real beside virtual, for one sensor of the open clip."""

    def __init__(
        self,
        session: Session,
        clock: PlaybackClock,
        window: TimeWindow,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._clock, self._window, self._theme = session, clock, window, theme
        self._channels = Channels()
        self._made_for: tuple[object, ...] = ()
        self._build()
        self._later = QTimer(self, singleShot=True, interval=_READOUT_DELAY_MS)
        self._later.timeout.connect(self._write_readout)
        self._connect()
        self._on_theme()
        self._on_clip()

    # -- building ------------------------------------------------------------------------

    def _build(self) -> None:
        self.sensors = QComboBox(toolTip="Sensor whose signals are shown")
        self.quantities = QComboBox(toolTip="What is shown")
        for quantity in QUANTITIES:
            self.quantities.addItem(f"{quantity.title} ({quantity.unit})", quantity)
        for combo, least in ((self.sensors, 8), (self.quantities, 8)):
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            combo.setMinimumContentsLength(least)
            combo.setMaximumWidth(_COMBO_WIDTH)
            combo.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.toggles = {
            "virtual": _toggle("virtual", "Simulated from the motion", True),
            "real": _toggle("real", "Recorded by the sensor", True),
            "residual": _toggle("residual", "Real minus virtual", False),
            "norm": _toggle("|a|", "Magnitude, below x, y and z", True),
        }
        combos, toggles = QHBoxLayout(), QHBoxLayout()
        for row in (combos, toggles):
            row.setSpacing(GRID // 2)
        combos.addWidget(self.sensors, 2)
        combos.addWidget(self.quantities, 3)
        for button in self.toggles.values():
            toggles.addWidget(button)
        toggles.addStretch(1)
        self._header = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._header.setContentsMargins(GRID, GRID // 2, GRID, 0)
        self._header.setSpacing(GRID // 2)
        self._header.addLayout(combos, 1)
        self._header.addLayout(toggles, 1)
        self.readout = QLabel()
        self.readout.setContentsMargins(GRID, 0, GRID, 0)
        self.readout.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.plots = SignalPlots()
        self.empty = QLabel(_EMPTY, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self.empty.setProperty("faint", "true")
        self.empty.setMargin(2 * GRID)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.plots)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addLayout(self._header)
        layout.addWidget(self.readout)
        layout.addWidget(self._pages, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        narrow = self.width() < _NARROW_WIDTH
        self._header.setDirection(
            QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        )

    def _connect(self) -> None:
        session, plots = self._session, self.plots
        session.clip_opening.connect(self._on_opening)
        session.clip_opened.connect(self._on_clip)
        session.clip_failed.connect(self._on_failed)
        session.project_changed.connect(self._on_project)
        session.sensor_changed.connect(self._on_sensor)
        session.selection_changed.connect(self._on_selection)
        self._clock.time_changed.connect(plots.show_time)
        self._window.changed.connect(self._on_window)
        self._theme.changed.connect(self._on_theme)
        self.sensors.activated.connect(lambda: session.select_sensor(self.sensors.currentText()))
        self.quantities.currentIndexChanged.connect(self._make_channels)
        for kind in ("virtual", "real", "residual"):
            self.toggles[kind].toggled.connect(lambda on, kind=kind: self.plots.show_kind(kind, on))
        self.toggles["norm"].toggled.connect(plots.show_norm)
        plots.seeked.connect(self._clock.seek)
        plots.range_selected.connect(self._select)
        plots.zoomed.connect(self._window.zoom)
        plots.panned.connect(self._window.pan)
        plots.menu_requested.connect(self._open_menu)

    # -- what has happened ---------------------------------------------------------------

    def _on_opening(self, clip_id: str) -> None:
        self._show_empty("Reading the clip ...")

    def _on_failed(self, clip_id: str, reason: str) -> None:
        self._show_empty(reason)

    def _on_clip(self) -> None:
        loaded = self._session.loaded
        self._made_for = ()
        self.sensors.clear()
        if loaded is None or self._session.clip is None:
            self._show_empty(_EMPTY)
            return
        self.sensors.addItems(sensors_of(loaded))
        self._on_sensor()

    def _on_sensor(self) -> None:
        self.sensors.setCurrentIndex(self.sensors.findText(self._session.sensor))
        if self.sensors.currentIndex() < 0 and self.sensors.count():
            self._session.select_sensor(self.sensors.itemText(0))
            return
        self._make_channels()

    def _on_project(self, before: Project | None, after: Project | None) -> None:
        if self._session.clip is not None and self._session.loaded is not None:
            self._make_channels()
            self._show_labels()
            self._later.start()

    def _on_selection(self) -> None:
        self._show_selection()
        self._later.start()

    def _on_window(self, start_s: float, end_s: float) -> None:
        self.plots.show_range(start_s, end_s)
        self._later.start()

    def _on_theme(self) -> None:
        colours = self._theme.colours
        self.plots.recolour(colours)
        self.readout.setFont(small_font(self.font()))
        words = {**{k: getattr(colours, k) for k in ("virtual", "real", "residual")}}
        words["norm"] = colours.text
        for kind, button in self.toggles.items():
            button.setStyleSheet(
                f"QToolButton {{ border: none; border-bottom: 2px solid transparent;"
                f" padding: 2px 4px; color: {colours.faint}; background: transparent; }}"
                f"QToolButton:checked {{ color: {words[kind]};"
                f" border-bottom-color: {words[kind]}; }}"
                f"QToolButton:hover {{ background: {colours.raised}; }}"
                f"QToolButton:disabled {{ color: {colours.faint};"
                f" border-bottom-color: transparent; }}"
            )

    # -- showing -------------------------------------------------------------------------

    def _show_empty(self, text: str) -> None:
        self.empty.setText(text)
        self._pages.setCurrentWidget(self.empty)
        self.readout.hide()
        for button in self.toggles.values():
            button.setEnabled(False)

    def _make_channels(self) -> None:
        session, quantity = self._session, self.quantities.currentData()
        loaded, clip = session.loaded, session.clip
        if loaded is None or clip is None:
            return
        alignments = tuple(current_ref(clip, r).alignment for r in loaded.recordings)
        made_for = (loaded, session.sensor, quantity, alignments)
        if made_for == self._made_for:
            return
        self._made_for = made_for
        self._channels = channels_of(loaded, clip, session.sensor, quantity)
        has_real = self._channels.real is not None
        self.toggles["real"].setText("real" if has_real else "real: none for this clip")
        self.toggles["residual"].setVisible(self._channels.residual is not None)
        self.toggles["norm"].setText(quantity.row_title(3))
        for kind in ("virtual", "real", "residual"):
            self.toggles[kind].setEnabled(getattr(self._channels, kind) is not None)
        self.toggles["norm"].setEnabled(True)
        if self._channels.virtual is None and self._channels.real is None:
            self._show_empty(f"{session.sensor} has no {quantity.title} in this clip.")
            return
        self.plots.show_channels(self._channels, quantity)
        self.plots.show_range(*self._window.range)
        self.plots.show_time(self._clock.time_s)
        self._pages.setCurrentWidget(self.plots)
        self._show_labels()
        self._show_selection()
        self._write_readout()

    def _show_labels(self) -> None:
        clip, project = self._session.clip, self._session.project
        if clip is not None and project is not None:
            self.plots.show_labels(clip.labels, project.label_set)

    def _show_selection(self) -> None:
        filled = self._session.segment_index is None
        self.plots.show_selection(self._session.selection, filled=filled)

    def _write_readout(self) -> None:
        clip = self._session.clip
        if clip is None or self._pages.currentWidget() is not self.plots:
            return
        start_s, end_s = self._session.selection or self._window.range
        unit = self.quantities.currentData().unit
        words = readout(self._channels, start_s, end_s, unit, clip.labels)
        if self._channels.virtual is None:
            words = Readout("virtual: none for this sensor")
        self.readout.setText(words.text)
        self.readout.setVisible(bool(words.text))
        self.readout.setToolTip(words.details)

    # -- the mouse -----------------------------------------------------------------------

    def _select(self, start_s: float, end_s: float) -> None:
        ends = (min(max(0.0, t), self._window.duration_s) for t in (start_s, end_s))
        self._session.select_range(*ends)

    def _open_menu(self, at: QPoint, time_s: float) -> None:
        menu, selection = QMenu(self), self._session.selection
        menu.addAction("Go here", lambda: self._clock.seek(time_s))
        zoom = menu.addAction(
            "Zoom to selection", lambda: self._window.show_range(*(selection or (0.0, 0.0)))
        )
        loop = menu.addAction("Loop selection", lambda: self._clock.set_loop(selection))
        clear = menu.addAction("Clear selection", lambda: self._session.select_segment(None))
        for action in (zoom, loop, clear):
            action.setEnabled(selection is not None)
        menu.addAction("Show the whole clip", self._window.fit)
        menu.addSeparator()
        menu.addAction(
            "Fit heights to what is in sight", lambda: self.plots.fit_heights(visible_only=True)
        )
        menu.addAction("Fit heights to the whole clip", self.plots.fit_heights)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)


def _toggle(text: str, tip: str, on: bool) -> QToolButton:
    return QToolButton(
        text=text, toolTip=tip, checkable=True, checked=on, focusPolicy=Qt.FocusPolicy.TabFocus
    )
