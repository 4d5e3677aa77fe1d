"""Where a recording lies, by hand: typed, nudged, or held by two anchors."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from harstudio.core.timebase import Alignment, clock_text
from harstudio.gui.panels.align.parts import number_field, push_button, row_of, title
from harstudio.gui.panels.align.text import drift_spread, start_spread
from harstudio.workflows.aligning import Anchor

NUDGE_S = 0.01


class ByHand(QWidget):
    """Fields for start and drift, and nudges."""

    start_typed = Signal(float)  # s
    drift_typed = Signal(float)  # ppm
    nudged = Signal(float)  # s
    nudged_samples = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start = number_field(" s", 4, 1e10, 0.01, "Clip time at which the recording starts")
        self.drift = number_field(
            " ppm", 1, 99_999.0, 10.0, "How much more the clip's clock counts than the recording's"
        )
        self.start_spread, self.drift_spread = QLabel(), QLabel()
        self.start.valueChanged.connect(self.start_typed)
        self.drift.valueChanged.connect(self.drift_typed)
        self.nudges = [
            push_button("−10 ms", "Earlier (Alt+Left)"),
            push_button("−1", "Earlier by one sample (Alt+Shift+Left)"),
            push_button("+1", "Later by one sample (Alt+Shift+Right)"),
            push_button("+10 ms", "Later (Alt+Right)"),
        ]
        for button in self.nudges:
            button.setAutoRepeat(True)
        back, back_one, on_one, on = self.nudges
        back.clicked.connect(lambda: self.nudged.emit(-NUDGE_S))
        back_one.clicked.connect(lambda: self.nudged_samples.emit(-1))
        on_one.clicked.connect(lambda: self.nudged_samples.emit(1))
        on.clicked.connect(lambda: self.nudged.emit(NUDGE_S))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.addWidget(title("Place on the clip"), 0, 0, 1, 3)
        grid.addWidget(QLabel("Starts at"), 1, 0)
        grid.addWidget(self.start, 1, 1)
        grid.addWidget(self.start_spread, 1, 2)
        grid.addWidget(QLabel("Drift"), 2, 0)
        grid.addWidget(self.drift, 2, 1)
        grid.addWidget(self.drift_spread, 2, 2)
        grid.addWidget(QLabel("Nudge"), 3, 0)
        shares = zip(self.nudges, (3, 2, 2, 3), strict=True)
        grid.addLayout(row_of(*shares), 3, 1, 1, 2)
        grid.setColumnStretch(1, 1)

    def set_values(self, start_s: float, alignment: Alignment) -> None:
        """Show where the recording lies and how well that is known; nothing counts as typed."""
        for label, text in (
            (self.start_spread, start_spread(alignment)),
            (self.drift_spread, drift_spread(alignment)),
        ):
            label.setText(text)
            label.setVisible(bool(text))
        for field, value in ((self.start, start_s), (self.drift, alignment.drift_ppm)):
            field.blockSignals(True)
            field.setValue(value)
            field.blockSignals(False)


class Anchors(QWidget):
    """Two moments to hold in place."""

    set_pressed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        about = QLabel(
            "Make both agree at the playhead and set A; do so again far away and set B.",
            wordWrap=True,
        )
        about.setProperty("faint", True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.texts: list[QLabel] = []
        for i, name in enumerate("AB"):
            button = push_button(
                f"Set anchor {name}",
                f"What lies at the playhead now belongs there (Alt+{name})",
            )
            button.clicked.connect(lambda _checked=False, i=i: self.set_pressed.emit(i))
            text = QLabel()
            text.setProperty("faint", True)
            grid.addWidget(button, i, 0)
            grid.addWidget(text, i, 1)
            self.texts.append(text)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(title("Two anchors"))
        column.addWidget(about)
        column.addLayout(grid)

    def show_anchors(self, anchors: Sequence[Anchor | None], first_s: float) -> None:
        """Show what has been set; `first_s` is where the recording's own clock starts."""
        for text, anchor in zip(self.texts, anchors, strict=True):
            if anchor is None:
                text.setText("not set")
                text.setToolTip("")
                continue
            own = clock_text(anchor.recording_s - first_s)
            text.setText(f"{clock_text(anchor.clip_s)} is {own}")
            text.setToolTip(f"clip {clock_text(anchor.clip_s)} is recording {own}")
