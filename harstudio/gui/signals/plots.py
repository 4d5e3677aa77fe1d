"""The traces: x, y, z and the magnitude of one sensor, real over virtual."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from PySide6.QtWidgets import QWidget

from harstudio.gui.signals.channels import ACCELERATION, ROWS, Channels, Quantity
from harstudio.gui.signals.decimate import Pyramid
from harstudio.gui.signals.readouts import cursor_value
from harstudio.gui.signals.rows import KINDS
from harstudio.gui.signals.timeplots import Note, TimePlots
from harstudio.gui.theme import Colours

_PADDING = 0.06


class SignalPlots(TimePlots):
    """One row per axis and one for the magnitude."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(len(ROWS), parent)
        self._channels, self._quantity = Channels(), ACCELERATION
        self._kinds: Collection[str] = ("virtual", "real")

    def show_channels(self, channels: Channels, quantity: Quantity, *, fit: bool = True) -> None:
        """Other curves; y ranges are those of the whole clip, so that nothing jumps in playing.

        Without `fit` they stay as they are: nothing jumps while a sensor is dragged either.
        """
        self._channels, self._quantity = channels, quantity
        self._title_rows()
        if fit:
            self.fit_heights()
        self._draw()

    def show_kinds(self, kinds: Collection[str]) -> None:
        """Which of virtual, real, generated and residual are drawn."""
        self._kinds = kinds
        self._draw()

    def fit_heights(self, *, visible_only: bool = False, spikes: bool = False) -> None:
        """Set the y ranges by the whole clip, or by what is in sight; with spikes or without."""
        within = self._range if visible_only else None
        for i, row in enumerate(self.rows):
            known = (self._channels.virtual, self._channels.real, self._channels.generated)
            curves = [p[i] for p in known if p is not None]
            spans = [c.extremes(within) if spikes else c.usual(within) for c in curves]
            row.box.setYRange(*row_range(spans, self._quantity.least_span), padding=0)

    def cursor_notes(self, cursors: dict[str, float]) -> dict[int, list[Note]]:
        """For each row what its curves show at the cursors, see `cursor_value`."""
        ends = cursors.get("A"), cursors.get("B")
        notes: dict[int, list[Note]] = {}
        for i in range(len(self.rows)):
            curves = self._shown(i)
            said = [(cursor_value(curves[k], *ends), k) for k in reversed(KINDS) if k in curves]
            notes[i] = [(words, kind) for words, kind in said if words]
        return notes

    def recolour(self, colours: Colours) -> None:
        super().recolour(colours)
        self._title_rows()

    def _title_rows(self) -> None:
        for i, row in enumerate(self.rows):
            title = self._quantity.row_title(i)
            row.axis.show_title(title, self._quantity.unit, self._colours)

    def _draw(self) -> None:
        for i, row in enumerate(self.rows):
            row.traces.take(self._shown(i))

    def _shown(self, row: int) -> dict[str, Pyramid]:
        """The curves of a row by kind."""
        known = {kind: getattr(self._channels, kind) for kind in KINDS if kind in self._kinds}
        return {kind: curves[row] for kind, curves in known.items() if curves is not None}


def row_range(
    spans: Iterable[tuple[float, float] | None], least_span: float
) -> tuple[float, float]:
    """A row's y range: all of its curves with some air, and never less than `least_span`."""
    known = [each for each in spans if each is not None]
    if not known:
        return -0.5 * least_span, 0.5 * least_span
    low, high = min(k[0] for k in known), max(k[1] for k in known)
    span = max((high - low) * (1 + 2 * _PADDING), least_span)
    middle = 0.5 * (low + high)
    return middle - 0.5 * span, middle + 0.5 * span
