"""The body in other shapes: sliders for what the model can vary, seen at once and never stored."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.arrays import FloatArray
from harstudio.gui.session import Session
from harstudio.gui.what_if import WhatIf

_MOST_SD = 4.0
_NUMBER_PX, _SLIDER_PX = 76, 56
_STEPS = 20
"""Places of a slider in one standard deviation."""
_FARTHEST_SD = 2.0
"""Made-up people lie within this of the mean."""
_EMPTY = "Open a clip with a motion to see its body in other shapes."
_WHAT = "What if the person were built otherwise? Seen here only: nothing is stored."


class _Row:
    """A slider and a number for one shape coefficient, in standard deviations."""

    def __init__(self, grid: QGridLayout, row: int, name: str, panel: BodyPanel) -> None:
        self.name = QLabel(name)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(-_MOST_SD * _STEPS), round(_MOST_SD * _STEPS))
        self.slider.setPageStep(_STEPS)
        self.slider.setAccessibleName(name)
        self.number = QDoubleSpinBox()
        self.number.setRange(-_MOST_SD, _MOST_SD)
        self.number.setSingleStep(0.1)
        self.number.setDecimals(2)
        self.number.setSuffix(" sd")
        self.number.setFixedWidth(_NUMBER_PX)
        self.slider.setMinimumWidth(_SLIDER_PX)
        self.slider.valueChanged.connect(lambda value: panel.on_moved(row, value / _STEPS))
        self.number.valueChanged.connect(lambda value: panel.on_moved(row, value))
        for column, widget in enumerate((self.name, self.slider, self.number)):
            grid.addWidget(widget, row, column)

    def show(self, value: float) -> None:
        """Move to a value without saying so."""
        for widget, place in ((self.slider, round(value * _STEPS)), (self.number, value)):
            widget.blockSignals(True)
            widget.setValue(place)
            widget.blockSignals(False)


class BodyPanel(QWidget):
    """Sliders for the open clip's body; the viewport and the virtual signals follow."""

    def __init__(self, session: Session, what_if: WhatIf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what_if = what_if
        self._names: tuple[str, ...] = ()
        self._rows: list[_Row] = []
        self._seed = 0
        self._empty = QLabel(_EMPTY, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._empty.setProperty("faint", True)
        self._empty.setMargin(16)
        self.over = QCheckBox("Over the recorded body")
        self.over.setToolTip("Show both, laid on each other, instead of the other shape alone")
        self.over.toggled.connect(what_if.show_beside)
        self.other = QPushButton("Another person")
        self.other.setToolTip("A made-up shape, drawn from the population the body was made from")
        self.other.clicked.connect(self._draw_person)
        self.reset = QPushButton("Reset")
        self.reset.setToolTip("The person who was recorded")
        self.reset.clicked.connect(what_if.reset_shape)
        self._lay_out()
        what_if.changed.connect(self._fill)
        session.clip_opened.connect(self._fill)
        self._fill()

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        what = QLabel(_WHAT, wordWrap=True)
        what.setProperty("faint", True)
        column.addWidget(what)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        buttons.addWidget(self.other, 1)
        buttons.addWidget(self.reset)
        column.addLayout(buttons)
        column.addWidget(self.over)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(scroll)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._pages)

    @property
    def values(self) -> FloatArray:
        """(B,) as the sliders stand, sd."""
        return np.array([row.number.value() for row in self._rows])

    def on_moved(self, row: int, value: float) -> None:
        """A slider or a number was moved by hand."""
        betas = self._what_if.betas.copy()
        betas[row] = value
        self._what_if.shape(betas)

    def _draw_person(self) -> None:
        self._seed += 1
        drawn = np.random.default_rng(self._seed).standard_normal(len(self._names))
        self._what_if.shape(drawn.clip(-_FARTHEST_SD, _FARTHEST_SD))

    def _fill(self) -> None:
        """Show the shape that is seen now."""
        body = self._what_if.body
        self._pages.setCurrentIndex(0 if body is None else 1)
        names = body.shape_names if body is not None else ()
        if names != self._names:
            self._names = names
            self._make_rows()
        for row, value in zip(self._rows, self._what_if.betas, strict=True):
            row.show(float(value))
        self.over.blockSignals(True)
        self.over.setChecked(self._what_if.beside)
        self.over.blockSignals(False)
        self.reset.setEnabled(self._what_if.person is not None)

    def _make_rows(self) -> None:
        while self._grid.count():
            self._grid.takeAt(0).widget().deleteLater()
        self._rows = [
            _Row(self._grid, i, shape_text(name), self) for i, name in enumerate(self._names)
        ]


def shape_text(name: str) -> str:
    """``arm_length`` as a person reads it; a bare beta by its number."""
    return name.replace("_", " ").capitalize()
