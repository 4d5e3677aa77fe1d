"""Spectrum and spectrogram of the signals in sight."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from harstudio.gui.signals.channels import ACCELERATION, ROWS, Quantity
from harstudio.gui.signals.decimate import Pyramid
from harstudio.gui.signals.plots import row_range
from harstudio.gui.signals.readouts import cursor_value
from harstudio.gui.signals.rows import Picture, TimeAxis
from harstudio.gui.signals.spectral import Spectrogram, levels_of, shades
from harstudio.gui.signals.timeplots import Note, TimePlots
from harstudio.gui.theme import Colours

STRIPS = ("virtual", "real", "generated", "residual")
_LEAST_SPAN_DB = 30.0
_DEEPEST_DB = 70.0
_LEAST_HZ = 2.0
_SHADES = 256


class FrequencyAxis(TimeAxis):
    """The axis below spectra."""

    def tickStrings(  # noqa: N802
        self, values: list[float], scale: float, spacing: float
    ) -> list[str]:
        return [f"{value:g} Hz" for value in values]


class SpectrumPlots(TimePlots):
    """Power over frequency, a row per axis and one for the magnitude; a click reads it out.

    What its base class calls times are frequencies here, Hz.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(len(ROWS), parent, FrequencyAxis())
        self._quantity = ACCELERATION
        self._spectra: Mapping[str, tuple[Pyramid, ...]] = {}
        self._reach_hz = 0.0
        self._at_hz: float | None = None
        self.zoomed.connect(self._on_zoomed)
        self.panned.connect(self._on_panned)
        self.seeked.connect(self._on_clicked)
        self.cursor_set.connect(lambda _name, at_hz: self._on_clicked(at_hz))
        self.range_selected.connect(lambda _start, end: self._on_clicked(end))

    def show_spectra(self, spectra: Mapping[str, tuple[Pyramid, ...]], quantity: Quantity) -> None:
        """Other spectra, see `spectral.spectra_of`."""
        self._spectra, self._quantity = spectra, quantity
        self._title_rows()
        reach = max((float(each[0].times_s[-1]) for each in spectra.values()), default=0.0)
        if reach and reach != self._reach_hz:
            self._reach_hz = reach
            self.show_range(0.0, reach)
        for i, row in enumerate(self.rows):
            curves = {kind: each[i] for kind, each in spectra.items()}
            row.traces.take(curves)
            spans = [curve.extremes() for curve in curves.values()]
            low, high = row_range(spans, _LEAST_SPAN_DB)
            row.box.setYRange(max(low, high - _DEEPEST_DB), high, padding=0)
        self._note()

    def recolour(self, colours: Colours) -> None:
        super().recolour(colours)
        self._title_rows()

    def _title_rows(self) -> None:
        for i, row in enumerate(self.rows):
            row.axis.show_title(self._quantity.row_title(i), "dB", self._colours)

    def _on_zoomed(self, factor: float, at_hz: float) -> None:
        start, end = self._range
        width = max(_LEAST_HZ, (end - start) * factor)
        start = at_hz - (at_hz - start) / (end - start) * width
        self._show(start, width)

    def _on_panned(self, by_hz: float) -> None:
        start, end = self._range
        self._show(start + by_hz, end - start)

    def _show(self, start_hz: float, width_hz: float) -> None:
        width_hz = min(width_hz, self._reach_hz)
        start_hz = min(max(0.0, start_hz), self._reach_hz - width_hz)
        self.show_range(start_hz, start_hz + width_hz)

    def _on_clicked(self, at_hz: float) -> None:
        self._at_hz = min(max(0.0, at_hz), self._reach_hz)
        self._note()

    def _note(self) -> None:
        """Frequency and powers where it was clicked last."""
        if self._at_hz is None:
            return
        notes: dict[int, list[Note]] = {}
        for i in range(len(self.rows)):
            values = [
                (cursor_value(each[i], self._at_hz, None), kind)
                for kind, each in self._spectra.items()
            ]
            notes[i] = [(f"{value} dB", kind) for value, kind in values if value]
        first = next((i for i, row in enumerate(self.rows) if row.visible), 0)
        notes[first] = [(f"{self._at_hz:.2f} Hz", "text"), *notes[first]]
        self.show_cursors({"A": self._at_hz}, notes)


class SpectrogramPlots(TimePlots):
    """Power over time and frequency: for each axis shown a strip of virtual, real and residual."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(len(ROWS) * len(STRIPS), parent)
        self._pictures = [Picture(row.box) for row in self.rows]
        self._quantity = ACCELERATION
        self._shown: Mapping[tuple[int, str], Spectrogram] = {}
        self.levels_db = (0.0, 1.0)
        """From palest to strongest."""

    def show_strips(
        self, rows: Collection[int], kinds: Collection[str], quantity: Quantity
    ) -> None:
        """Which strips there are."""
        self._quantity = quantity
        self.show_rows([i in rows and k in kinds for i, k in _strips()])
        self._title_rows()

    def show_spectrograms(self, shown: Mapping[tuple[int, str], Spectrogram]) -> None:
        """Other pictures, by row and kind."""
        self._shown = shown
        self.levels_db = levels_of(list(shown.values()))
        reach = min((each.freqs_hz[1] for each in shown.values()), default=1.0)
        for row in self.rows:
            row.box.setYRange(0.0, reach, padding=0)
        self._draw()
        self._note()

    def recolour(self, colours: Colours) -> None:
        super().recolour(colours)
        self._title_rows()
        self._draw()

    def _note(self) -> None:
        """What each strip is of; on the first one the dB that the shades span."""
        notes: dict[int, list[Note]] = {}
        low, high = self.levels_db
        for i, strip in enumerate(_strips()):
            if strip in self._shown:
                span = [] if notes else [(f"{low:.0f} to {high:.0f} dB", "faint")]
                notes[i] = [*span, (strip[1], strip[1])]
        self.show_cursors(self._cursors, notes)

    def _title_rows(self) -> None:
        for (i, kind), row in zip(_strips(), self.rows, strict=True):
            colour = getattr(self._colours, kind)
            row.axis.show_title(self._quantity.row_title(i), "Hz", self._colours, colour)

    def _draw(self) -> None:
        for strip, picture in zip(_strips(), self._pictures, strict=True):
            each = self._shown.get(strip)
            if each is None:
                picture.take(None, QRectF())
                continue
            argb = shades(each.power_db, self.levels_db, ramp(self._colours, strip[1]))
            height, width = argb.shape
            pixels = QImage(argb.data, width, height, 4 * width, QImage.Format.Format_ARGB32)
            (left, right), (low, high) = each.times_s, each.freqs_hz
            picture.take(pixels.copy(), QRectF(left, low, right - left, high - low))


def ramp(colours: Colours, kind: str) -> NDArray[np.uint32]:
    """Opaque ARGB from the plot's ground over the kind's colour to the text's."""
    stops = [QColor(c) for c in (colours.plot, getattr(colours, kind), colours.text)]
    places = np.linspace(0.0, 1.0, _SHADES)
    red, green, blue = (
        np.interp(places, (0.0, 0.7, 1.0), levels).round().astype(np.uint32)
        for levels in zip(*(stop.getRgb()[:3] for stop in stops), strict=True)
    )
    return np.uint32(0xFF000000) | red << 16 | green << 8 | blue


def _strips() -> Sequence[tuple[int, str]]:
    return [(i, kind) for i in range(len(ROWS)) for kind in STRIPS]
