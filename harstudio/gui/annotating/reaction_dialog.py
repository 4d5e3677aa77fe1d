"""The tap test: a strip that lights up, and what the taps say of the person's reaction time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from time import perf_counter, time_ns
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.gui.annotating.reaction import (
    LONGEST_S,
    MISSED_S,
    TAPS,
    WARM_UPS,
    Reaction,
    cue_times,
    reaction_of,
    reaction_text,
)
from harstudio.gui.theme import Theme

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

_WHAT = (
    "While a clip plays, a label's key comes down a little after you saw the change. Measured "
    "once, that delay is taken off every boundary you set in playing.\n\n"
    "Press Space as soon as the strip lights up: twice to warm up, then twelve times."
)


class TapStrip(QWidget):
    """Lights up at times that cannot be foreseen, and hears when Space comes down.

    Parameters
    ----------
    wall : callable
        Seconds; a cue counts from when it was painted, not from when it was due.
    """

    finished = Signal(object)  # Reaction
    stepped = Signal(int)  # cues answered or missed so far

    def __init__(
        self, theme: Theme, seed: int, wall: Callable[[], float], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._wall = theme, wall
        self._due_s = (0.0, *cue_times(seed))
        self._pauses_s: list[float] = []
        self._cues_s: list[float] = []
        self._taps_s: list[float] = []
        self.lit = False
        self.running = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.advance)
        self.setMinimumSize(440, 72)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def start(self) -> None:
        """From the beginning; keys come here."""
        self._pauses_s = [later - earlier for earlier, later in pairwise(self._due_s)]
        self._cues_s, self._taps_s = [], []
        self.running, self.lit = True, False
        self.setFocus()
        self._wait()
        self.update()

    def stop(self) -> None:
        """Leave it, without a result."""
        self._timer.stop()
        self.running, self.lit = False, False
        self.update()

    def advance(self) -> None:
        """What comes next: light up, or go dark after a cue that was missed."""
        if self.lit:
            self._go_dark()
        else:
            self.lit = True
            self.update()

    def tap(self) -> None:
        """Space came down."""
        if self.running:
            self._taps_s.append(self._wall())
            if self.lit and len(self._cues_s) and self._taps_s[-1] >= self._cues_s[-1]:
                self._go_dark()

    def _wait(self) -> None:
        self._timer.start(round(1000 * self._pauses_s.pop(0)))

    def _go_dark(self) -> None:
        self.lit = False
        self.update()
        self.stepped.emit(len(self._cues_s))
        if self._pauses_s:
            self._wait()
        else:
            self.stop()
            self.finished.emit(reaction_of(self._cues_s, self._taps_s))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colours.accent if self.hasFocus() else colours.line))
        painter.setBrush(QColor(colours.accent if self.lit else colours.raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(QColor(colours.on_accent if self.lit else colours.faint))
        text = "now" if self.lit else "wait for it" if self.running else "Space starts the test"
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
        painter.end()
        shown = len(self._due_s) - 1 - len(self._pauses_s)
        if self.lit and len(self._cues_s) < shown:
            self._cues_s.append(self._wall())
            self._timer.start(round(1000 * MISSED_S))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat():
            super().keyPressEvent(event)
        elif self.running:
            self.tap()
        else:
            self.start()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.setFocus()


class ReactionDialog(QDialog):
    """Measure the reaction time, or type it; `value_s` is what was kept."""

    def __init__(
        self,
        theme: Theme,
        value_s: float | None,
        seed: int,
        parent: QWidget | None = None,
        wall: Callable[[], float] = perf_counter,
    ) -> None:
        super().__init__(parent, windowTitle="Reaction time")
        self.strip = TapStrip(theme, seed, wall)
        self.found = QLabel(wordWrap=True)
        self.found.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self.found.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.value = QDoubleSpinBox(decimals=0, maximum=1000 * LONGEST_S, singleStep=10)
        self.value.setSuffix(" ms")
        self.value.setSpecialValueText("off")
        self.value.setValue(1000 * (value_s or 0.0))
        self.again = QPushButton("Start")
        self.again.setAutoDefault(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.keep = buttons.addButton("Keep", QDialogButtonBox.ButtonRole.AcceptRole)
        row = QHBoxLayout()
        row.addWidget(QLabel("Take off each boundary:"))
        row.addWidget(self.value)
        row.addStretch(1)
        row.addWidget(self.again)
        what = QLabel(_WHAT, wordWrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(16)
        for widget in (what, self.strip, self.found):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addWidget(buttons)
        self.again.clicked.connect(self._on_again)
        self.strip.stepped.connect(self._on_stepped)
        self.strip.finished.connect(self._on_finished)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.strip.setFocus()

    @property
    def value_s(self) -> float:
        return self.value.value() / 1000

    def _on_again(self) -> None:
        self.found.clear()
        self.strip.start()

    def _on_stepped(self, count: int) -> None:
        warm = count < WARM_UPS
        self.found.setText("Warming up" if warm else f"{count - WARM_UPS} of {TAPS}")

    def _on_finished(self, found: Reaction) -> None:
        self.found.setText(reaction_text(found))
        self.again.setText("Again")
        if found.enough:
            self.value.setValue(1000 * found.median_s)
            self.keep.setFocus()

    def done(self, result: int) -> None:
        self.strip.stop()
        super().done(result)


def measure_reaction(window: MainWindow) -> None:
    """Let the person measure their reaction time, or type it; kept in the settings."""
    dialog = ReactionDialog(window.theme, window.settings.reaction_s, time_ns(), window)

    def keep() -> None:
        window.settings.reaction_s = dialog.value_s
        late_ms = 1000 * dialog.value_s
        window.tell(
            f"Labels given in playing are set {late_ms:.0f} ms back"
            if late_ms
            else "Labels given in playing are set where the key came down"
        )

    dialog.accepted.connect(keep)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
