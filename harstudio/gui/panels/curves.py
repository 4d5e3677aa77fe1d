"""Loss and accuracy as they come in, training and validation."""

from __future__ import annotations

from collections.abc import Mapping

import pyqtgraph as pg
from PySide6.QtWidgets import QVBoxLayout, QWidget

from harstudio.gui.theme import Theme

_PLOTS = (
    ("loss", "Loss", ("train_loss", "validation_loss")),
    ("accuracy", "Accuracy", ("train_accuracy", "validation_accuracy")),
)


class CurvesView(QWidget):
    """Two small plots over epochs; faint is training, strong is validation."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: dict[int, Mapping[str, object]] = {}
        self._graphics = pg.GraphicsLayoutWidget()
        self._plots: dict[str, pg.PlotItem] = {}
        self._curves: dict[str, pg.PlotDataItem] = {}
        for column, (name, title, keys) in enumerate(_PLOTS):
            plot = self._graphics.addPlot(0, column)
            plot.setMouseEnabled(False, False)
            plot.hideButtons()
            plot.setMenuEnabled(False)
            plot.setLabel("left", title)
            plot.setLabel("bottom", "epoch")
            plot.setDefaultPadding(0.05)
            self._plots[name] = plot
            for key in keys:
                self._curves[key] = plot.plot()
        self._plots["accuracy"].setYRange(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._graphics)
        self.setMinimumHeight(140)
        self.setMaximumHeight(220)
        theme.changed.connect(self._colour)
        self._colour()

    def clear(self) -> None:
        """Forget the curves."""
        self._rows = {}
        self._draw()

    def add(self, values: Mapping[str, object]) -> None:
        """Take one epoch's figures."""
        epoch = values.get("epoch")
        done = values.get("epoch_done", True)
        if isinstance(epoch, int) and done and values.get("train_loss") is not None:
            self._rows[epoch] = dict(values)
            self._draw()

    def _draw(self) -> None:
        for key, curve in self._curves.items():
            points = [
                (epoch, float(value))
                for epoch, row in sorted(self._rows.items())
                if isinstance(value := row.get(key), int | float)
            ]
            curve.setData([x for x, _ in points], [y for _, y in points])

    def _colour(self) -> None:
        colours = self._theme.colours
        self._graphics.setBackground(colours.panel)
        for plot in self._plots.values():
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(colours.line)
                axis.setTextPen(colours.faint)
        for key, curve in self._curves.items():
            colour = colours.accent if key.startswith("validation") else colours.residual
            curve.setPen(pg.mkPen(colour, width=1))
            curve.setSymbol("o")
            curve.setSymbolSize(4)
            curve.setSymbolBrush(colour)
            curve.setSymbolPen(None)
