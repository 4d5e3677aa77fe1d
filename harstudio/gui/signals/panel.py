"""The signals panel: a sensor's signals, how well they agree, and the clock they follow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QLabel, QMenu, QStackedWidget, QVBoxLayout, QWidget

from harstudio.core.project import Project
from harstudio.gui.background import Background
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.layout import GRID
from harstudio.gui.session import Session
from harstudio.gui.settings import Settings
from harstudio.gui.signals.channels import (
    ROWS,
    Channels,
    RealSide,
    channels_of,
    current_ref,
    real_side,
    sensors_of,
    with_generated,
)
from harstudio.gui.signals.header import SPECTROGRAM, SPECTRUM, TRACES, SignalsHeader
from harstudio.gui.signals.plots import SignalPlots
from harstudio.gui.signals.readout_label import ReadoutLabel
from harstudio.gui.signals.readouts import Readout, made_figures, readout
from harstudio.gui.signals.rows import KINDS
from harstudio.gui.signals.spectral import samples_in, spectra_of, spectrograms_of
from harstudio.gui.signals.spectralplots import SpectrogramPlots, SpectrumPlots
from harstudio.gui.signals.timeplots import TimePlots
from harstudio.gui.theme import Theme, small_font

_LATER_MS = 60
_NOW_SAMPLES = 8_000
"""What has no more than these is compared without leaving the window's thread."""

_NOW_SPECTRAL = 100_000

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
        settings: Settings | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._clock, self._window, self._theme = session, clock, window, theme
        self._channels = Channels()
        self._real: RealSide | None = None
        self._real_for: tuple[object, ...] = ()
        self._virtual_for: tuple[object, ...] = ()
        self._cursors: dict[str, float] = {}
        self.header = SignalsHeader(settings)
        self._spectrum: SpectrumPlots | None = None
        self._spectrogram: SpectrogramPlots | None = None
        self._build()
        self._compared = Background(self)
        self._transformed = Background(self)
        # Not put off again by what comes in between: figures follow a drag while it goes on.
        self._later = QTimer(self, singleShot=True, interval=_LATER_MS)
        self._later.timeout.connect(self._measure)
        self._connect()
        self._on_theme()
        self._on_clip()

    # -- building ------------------------------------------------------------------------

    def _build(self) -> None:
        self.readout = ReadoutLabel(self._theme.colours)
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
        layout.addWidget(self.header)
        layout.addWidget(self.readout)
        layout.addWidget(self._pages, 1)

    def _connect(self) -> None:
        session = self._session
        session.clip_opening.connect(self._on_opening)
        session.clip_opened.connect(self._on_clip)
        session.clip_failed.connect(self._on_failed)
        session.project_changed.connect(self._on_project)
        session.virtual_changed.connect(self._on_virtual)
        session.generated_changed.connect(self._on_generated)
        session.sensor_changed.connect(self._on_sensor)
        session.selection_changed.connect(self._on_selection)
        self._clock.time_changed.connect(self._on_time)
        self._window.changed.connect(self._on_window)
        self._theme.changed.connect(self._on_theme)
        self.header.changed.connect(self._on_header)
        sensors = self.header.sensors
        sensors.activated.connect(lambda: session.select_sensor(sensors.currentText()))
        self._connect_plots(self.plots)

    def _connect_plots(self, plots: TimePlots) -> None:
        plots.seeked.connect(self._clock.seek)
        plots.range_selected.connect(self._select)
        plots.cursor_set.connect(self._set_cursor)
        plots.zoomed.connect(self._window.zoom)
        plots.panned.connect(self._window.pan)
        plots.menu_requested.connect(self._open_menu)

    @property
    def spectrum(self) -> SpectrumPlots:
        """Made when it is first asked for."""
        if self._spectrum is None:
            self._spectrum = SpectrumPlots()
            self._spectrum.recolour(self._theme.colours)
            self._pages.addWidget(self._spectrum)
        return self._spectrum

    @property
    def spectrogram(self) -> SpectrogramPlots:
        """Made when it is first asked for."""
        if self._spectrogram is None:
            self._spectrogram = SpectrogramPlots()
            self._spectrogram.recolour(self._theme.colours)
            self._pages.addWidget(self._spectrogram)
            self._connect_plots(self._spectrogram)
        return self._spectrogram

    def _time_plots(self) -> list[TimePlots]:
        """Those on the clip's time axis that exist."""
        return [self.plots, *([self._spectrogram] if self._spectrogram is not None else [])]

    # -- what has happened ---------------------------------------------------------------

    def _on_opening(self, clip_id: str) -> None:
        self._cursors = {}
        self._show_empty("Reading the clip ...")

    def _on_failed(self, clip_id: str, reason: str) -> None:
        self._show_empty(reason)

    def _on_clip(self) -> None:
        loaded = self._session.loaded
        self._real_for = self._virtual_for = ()
        self._name_sensors()
        if loaded is None or self._session.clip is None:
            self._show_empty(_EMPTY)
            return
        self._on_sensor()

    def _name_sensors(self) -> None:
        loaded, combo = self._session.loaded, self.header.sensors
        names = sensors_of(self._session.virtual, loaded) if loaded is not None else ()
        if names != tuple(combo.itemText(i) for i in range(combo.count())):
            combo.clear()
            combo.addItems(names)

    def _on_sensor(self) -> None:
        combo = self.header.sensors
        if self._session.loaded is not None:
            self._name_sensors()  # of the clip that has just been read, not of the one before
        combo.setCurrentIndex(combo.findText(self._session.sensor))
        if combo.currentIndex() < 0 and combo.count():
            self._session.select_sensor(combo.itemText(0))
            return
        self._make_channels()

    def _on_virtual(self) -> None:
        self._name_sensors()
        self._on_sensor()

    def _on_generated(self) -> None:
        if self._generated_by:
            self.header.name_generated(self._generated_by)
        if self._session.clip is not None and self._session.loaded is not None:
            self._make_channels()
            self._show_page()

    def _on_project(self, before: Project | None, after: Project | None) -> None:
        if self._session.clip is not None and self._session.loaded is not None:
            self._make_channels()
            self._show_labels()
            self._measure_soon()

    def _on_selection(self) -> None:
        self._show_selection()
        self._measure_soon()

    def _on_window(self, start_s: float, end_s: float) -> None:
        for plots in self._time_plots():
            plots.show_range(start_s, end_s)
        self._measure_soon()

    def _on_time(self, time_s: float) -> None:
        for plots in self._time_plots():
            plots.show_time(time_s)

    def _on_header(self) -> None:
        if self._session.loaded is not None and self._session.clip is not None:
            self._make_channels()
            self._show_page()

    def _on_theme(self) -> None:
        colours = self._theme.colours
        for plots in (self.plots, self._spectrum, self._spectrogram):
            if plots is not None:
                plots.recolour(colours)
        self.header.recolour(colours)
        self.readout.setFont(small_font(self.font()))
        self.readout.recolour(colours)

    # -- showing -------------------------------------------------------------------------

    def _show_empty(self, text: str) -> None:
        self._compared.drop()
        self._transformed.drop()
        self.empty.setText(text)
        self._pages.setCurrentWidget(self.empty)
        self.readout.put_away()
        self.header.offer(())

    def _make_channels(self) -> None:
        """Compute what has changed: nothing, the virtual side, or both."""
        session, quantity = self._session, self.header.quantity
        loaded, clip, virtual = session.loaded, session.clip, session.virtual
        if loaded is None or clip is None:
            return
        alignments = tuple(current_ref(clip, r).alignment for r in loaded.recordings)
        real_for = (loaded, session.sensor, quantity, alignments)
        virtual_for = (virtual, session.generated)
        if real_for == self._real_for and self._virtual_for == virtual_for:
            return
        fit = real_for[:3] != self._real_for[:3]
        if real_for != self._real_for:
            self._real = real_side(loaded, clip, session.sensor, quantity)
        self._real_for, self._virtual_for = real_for, virtual_for
        known = channels_of(virtual, self._real, session.sensor, quantity)
        self._channels = with_generated(
            known, session.generated, self._real, session.sensor, quantity
        )
        kinds = [kind for kind in KINDS if getattr(self._channels, kind) is not None]
        self.header.offer(kinds)
        if "virtual" not in kinds and "real" not in kinds:
            self._show_empty(f"{session.sensor} has no {quantity.title} in this clip.")
            return
        self.plots.show_channels(self._channels, quantity, fit=fit)
        if fit:
            self._show_page()
        else:
            self._show_cursors()
            self._measure_soon()

    def _show_page(self) -> None:
        """Bring the chosen view up to date and to the front."""
        header = self.header
        if self._channels.virtual is None and self._channels.real is None:
            return
        self.plots.show_kinds(header.shown_kinds)
        rows = [i in header.shown_rows for i in range(len(ROWS))]
        if header.mode == SPECTRUM:
            page: TimePlots = self.spectrum
            page.show_rows(rows)
        elif header.mode == SPECTROGRAM:
            page = self.spectrogram
            self.spectrogram.show_strips(header.shown_rows, header.shown_kinds, header.quantity)
        else:
            page = self.plots
            page.show_rows(rows)
        for plots in self._time_plots():
            plots.show_range(*self._window.range)
            plots.show_time(self._clock.time_s)
        self._show_labels()
        self._show_selection()
        self._show_cursors()
        self._pages.setCurrentWidget(page)
        self._measure()

    def _show_labels(self) -> None:
        clip, project = self._session.clip, self._session.project
        if clip is not None and project is not None:
            for plots in self._time_plots():
                plots.show_labels(clip.labels, project.label_set)

    def _show_selection(self) -> None:
        filled = self._session.segment_index is None
        for plots in self._time_plots():
            plots.show_selection(self._session.selection, filled=filled)

    def _show_cursors(self) -> None:
        self.readout.show_cursors(self._cursors)
        self.plots.show_cursors(self._cursors, self.plots.cursor_notes(self._cursors))
        if self._spectrogram is not None:
            self._spectrogram.show_cursors(self._cursors)

    # -- figures and spectra -------------------------------------------------------------

    @property
    def _stretch(self) -> tuple[float, float]:
        """What is measured: the selection, else what is in sight."""
        return self._session.selection or self._window.range

    def _measure_soon(self) -> None:
        if not self._later.isActive():
            self._later.start()

    def _measure(self) -> None:
        clip = self._session.clip
        if clip is None or self._pages.currentWidget() is self.empty:
            return
        self._transform()
        pair = self._channels.pair
        if pair is None:
            self._compared.drop()
            self.readout.show_figures(Readout(((self._why_not(), ""),)))
            return
        stretch, quantity, track = self._stretch, self.header.quantity, clip.labels
        made, run = self._channels.made, self._generated_by
        within = samples_in(Channels(real=self._channels.real), stretch)
        self._compared.run(
            lambda: readout(pair, *stretch, quantity, track).and_also(
                made_figures(made, *stretch, quantity, run) if made is not None else ()
            ),
            self.readout.show_figures,
            now=within <= _NOW_SAMPLES * len(ROWS),
        )

    @property
    def _generated_by(self) -> str:
        """Name of the run that made the generated signals; empty if there are none."""
        made = self._session.generated
        return made.source.name if made is not None and made.source is not None else ""

    def _why_not(self) -> str:
        """Why there is nothing to compare."""
        if self._channels.virtual is None:
            return "virtual: none for this sensor"
        return self._channels.note or "real: no recording of this sensor in this clip"

    def _transform(self) -> None:
        header, channels = self.header, self._channels
        kinds, rows, quantity = header.shown_kinds, header.shown_rows, header.quantity
        stretch = self._window.range if header.mode == SPECTROGRAM else self._stretch
        if header.mode == TRACES:
            self._transformed.drop()
            return
        work: Callable[[], object]
        then: Callable[..., None]
        if header.mode == SPECTRUM:
            work = partial(spectra_of, channels, kinds, stretch)
            then = partial(self.spectrum.show_spectra, quantity=quantity)
        else:
            work = partial(spectrograms_of, channels, kinds, rows, stretch)
            then = self.spectrogram.show_spectrograms
        now = samples_in(channels, stretch) <= _NOW_SPECTRAL
        self._transformed.run(work, then, now=now)

    # -- the mouse -----------------------------------------------------------------------

    def _select(self, start_s: float, end_s: float) -> None:
        ends = (min(max(0.0, t), self._window.duration_s) for t in (start_s, end_s))
        self._session.select_range(*ends)

    def _set_cursor(self, name: str, time_s: float) -> None:
        self._cursors[name] = time_s
        self._show_cursors()

    def clear_cursors(self) -> None:
        """Take both cursors away."""
        self._cursors = {}
        self._show_cursors()

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
        menu.addAction("Cursor A here\tShift+click", lambda: self._set_cursor("A", time_s))
        menu.addAction("Cursor B here\tCtrl+click", lambda: self._set_cursor("B", time_s))
        menu.addAction("Remove cursors", self.clear_cursors).setEnabled(bool(self._cursors))
        menu.addSeparator()
        fit = self.plots.fit_heights
        menu.addAction("Fit heights to what is in sight", lambda: fit(visible_only=True))
        menu.addAction("Fit heights to the whole clip", lambda: fit())
        menu.addAction("Fit heights to every spike", lambda: fit(spikes=True))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)
