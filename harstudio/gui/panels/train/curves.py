"""Loss, and accuracy with macro F1, as they come in: training faint, validation strong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape

import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from harstudio.gui.theme import Theme, small_font

_LOSS, _SCORE = "loss", "score"
_PLOTS = (
    (_LOSS, "loss", ("train_loss", "validation_loss")),
    (_SCORE, "score", ("train_accuracy", "validation_accuracy", "validation_macro_f1")),
)
_FIGURES = [key for _, _, keys in _PLOTS for key in keys]
_REDRAW_MS = 100
_FEW = 3
"""So many rows are drawn anew: a point becomes a line, and another figure may come."""
EPOCHS, TREES, STEPS = "epoch", "trees", "step"


@dataclass
class Series:
    """The figures of one run, by epoch (of a forest by trees)."""

    name: str = ""
    rows: dict[int, Mapping[str, object]] = field(default_factory=dict)
    best: int = 0

    def points(self, key: str) -> list[tuple[int, float]]:
        """(epoch, figure) where there is one, in order."""
        return [
            (epoch, float(value))
            for epoch, row in sorted(self.rows.items())
            if isinstance(value := row.get(key), int | float)
        ]

    def add(self, row: Mapping[str, object]) -> bool:
        """Take an epoch's figures; whether they are those of a whole epoch."""
        epoch = row.get("epoch")
        whole = row.get("epoch_done", True)
        if not isinstance(epoch, int) or not whole:
            return False
        if all(row.get(key) is None for key in _FIGURES):
            return False
        self.rows[epoch] = dict(row)
        if row.get("best"):
            self.best = epoch
        return True


class CurvesView(QWidget):
    """Two small plots over epochs; of one run, or of several over each other."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._series: list[Series] = [Series()]
        self._over = EPOCHS
        self._legend = QLabel(textFormat=Qt.TextFormat.RichText)
        self._legend.setFont(small_font(self.font()))
        self._legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._graphics = pg.GraphicsLayoutWidget()
        self._graphics.ci.layout.setContentsMargins(0, 0, 0, 0)
        self._graphics.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plots: dict[str, pg.PlotItem] = {}
        self._lines: dict[tuple[int, str], pg.PlotDataItem] = {}  # by place of the series and key
        self._best: list[pg.InfiniteLine] = []
        for column, (name, title, _keys) in enumerate(_PLOTS):
            plot = self._graphics.addPlot(0, column)
            plot.setMouseEnabled(False, False)
            plot.hideButtons()
            plot.setMenuEnabled(False)
            plot.setLabel("left", title)
            plot.getAxis("left").enableAutoSIPrefix(False)  # a loss of 0.1 is not "100 (x0.001)"
            plot.setDefaultPadding(0.05)
            plot.getViewBox().setLimits(xMin=0)
            self._plots[name] = plot
        self._plots[_SCORE].setYRange(0, 1.05, padding=0)  # or 1.0 is cut off
        self._plots[_LOSS].getViewBox().setLimits(yMin=0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._legend)
        layout.addWidget(self._graphics, 1)
        self.setMinimumHeight(140)
        self._later = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._later.timeout.connect(self._extend)
        theme.changed.connect(self._draw)
        self._draw()

    @property
    def series(self) -> list[Series]:
        return self._series

    def clear(self, over: str = EPOCHS) -> None:
        """Forget the curves; `over` is what the next ones are drawn over."""
        self._series, self._over = [Series()], over
        self._graphics.show()
        self._draw()

    def add(self, values: Mapping[str, object]) -> None:
        """Take one epoch's figures of the run that goes on."""
        if self._series[-1].add(values) and not self._later.isActive():
            self._later.start()  # short epochs come faster than there is anything to see

    def begin(self, name: str) -> None:
        """What comes is of another run: the next fold. Those before it stay, faint."""
        if self._series[-1].rows:
            self._series.append(Series(name))
        else:
            self._series[-1].name = name

    def show_series(self, series: Iterable[Series], over: str = EPOCHS) -> None:
        """Show runs that are done, over each other; of runs without figures, nothing."""
        self._series, self._over = list(series) or [Series()], over
        self._graphics.setVisible(any(each.rows for each in self._series))
        self._draw()

    def _extend(self) -> None:
        """The last series has grown: move its lines on, which is quicker than drawing anew."""
        place, series = len(self._series) - 1, self._series[-1]
        drawn = {key: line for (at, key), line in self._lines.items() if at == place}
        points = {key: series.points(key) for key in drawn}
        told = bool(self._best) == bool(len(self._series) == 1 and series.best)
        if not told or len(series.rows) <= _FEW or not drawn:
            self._draw()
            return
        for key, line in drawn.items():
            line.setData([x for x, _ in points[key]], [y for _, y in points[key]])
        for mark in self._best:
            mark.setValue(series.best)
        self._legend.setText(self._legend_html())

    def _draw(self) -> None:
        self._lines.clear()
        self._best.clear()
        colours = self._theme.colours
        self._graphics.setBackground(colours.panel)
        for name, _title, keys in _PLOTS:
            plot = self._plots[name]
            plot.clear()
            plot.setLabel("bottom", self._over)
            for side in ("left", "bottom"):
                axis = plot.getAxis(side)
                axis.setPen(colours.line)
                axis.setTextPen(colours.faint)
            for place, series in enumerate(self._series):
                for key in keys:
                    self._draw_line(plot, series, key, place)
        self._mark_best()
        self._legend.setText(self._legend_html())

    def _draw_line(self, plot: pg.PlotItem, series: Series, key: str, place: int) -> None:
        points = series.points(key)
        if not points or (len(self._series) > 1 and key.endswith("accuracy")):
            return
        training = key.startswith("train")
        if len(self._series) > 2 and training:
            return
        width = 2 if key == "validation_macro_f1" and len(self._series) == 1 else 1
        style = Qt.PenStyle.DotLine if key == "validation_accuracy" else Qt.PenStyle.SolidLine
        if training and len(self._series) > 1:
            style = Qt.PenStyle.DotLine
        colour = self._colour(place, training)
        alone = len(points) == 1
        self._lines[place, key] = plot.plot(
            [x for x, _ in points],
            [y for _, y in points],
            pen=pg.mkPen(colour, width=width, style=style),
            symbol="o" if alone else None,
            symbolSize=4,
            symbolBrush=colour,
            symbolPen=None,
        )

    def _colour(self, place: int, training: bool) -> str:
        """Of one run: grey and blue. Of two: blue and orange. Of more: the last one strong."""
        colours, count = self._theme.colours, len(self._series)
        if count == 1:
            return colours.residual if training else colours.accent
        if count == 2:
            return (colours.virtual, colours.real)[place]
        return colours.accent if place == count - 1 else colours.residual

    def _mark_best(self) -> None:
        only = self._series[-1]
        if len(self._series) > 1 or not only.best:
            return
        for plot in self._plots.values():
            line = pg.InfiniteLine(only.best, 90, pg.mkPen(self._theme.colours.good, width=1))
            line.setZValue(-1)
            plot.addItem(line)
            self._best.append(line)

    def _legend_html(self) -> str:
        colours, count = self._theme.colours, len(self._series)
        if not any(series.rows for series in self._series):
            return ""
        faint = f'<span style="color:{colours.faint}">{{}}</span>'
        if count == 1:
            words = [
                _key("—", colours.residual, "training"),
                _key("—", colours.accent, "validation (macro F1 thick, accuracy dotted)"),
            ]
            if self._series[0].best and self._over != TREES:
                words.append(_key("|", colours.good, f"best: {self._over} {self._series[0].best}"))
        elif count == 2:
            words = [
                _key("—", self._colour(i, False), series.name)
                for i, series in enumerate(self._series)
            ]
            words.append(faint.format("validation; training dotted; score: macro F1"))
        else:
            words = [
                _key("—", colours.accent, f"{self._series[-1].name}, validation"),
                _key("—", colours.residual, f"the {count - 1} before it"),
            ]
        return " &nbsp; ".join(words)


def _key(mark: str, colour: str, words: str) -> str:
    return f'<b style="color:{colour}">{mark}</b> {escape(words)}'
