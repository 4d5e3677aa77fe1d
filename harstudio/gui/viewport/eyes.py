"""What the hand sees of the picture."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QToolTip

from harstudio.core.arrays import FloatArray
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.placing import spoken
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.figure import Figure, Posture
from harstudio.gui.viewport.modes import SKELETON
from harstudio.gui.viewport.stage import Stage
from harstudio.gui.viewport.subject import Subject


class Eyes:
    """Stage and subject, as `PlacementHand` asks for them.

    Parameters
    ----------
    stage : () -> Stage
        The hand is made before its stage is.
    repaint : () -> None
        Something of the hand's has changed.
    """

    def __init__(
        self,
        subject: Subject,
        clock: PlaybackClock,
        stage: Callable[[], Stage],
        repaint: Callable[[], None],
    ) -> None:
        self._subject, self._clock = subject, clock
        self._stage = stage
        self.repaint = repaint

    @property
    def camera(self) -> Camera:
        return self._stage().camera

    @property
    def size_px(self) -> tuple[float, float]:
        return self._stage().width(), self._stage().height()

    @property
    def figure(self) -> Figure | None:
        return self._subject.figure

    @property
    def posture(self) -> Posture | None:
        return self._subject.posture

    @property
    def skin_shown(self) -> bool:
        return self._subject.mode != SKELETON

    def sensors(self) -> tuple[FloatArray, FloatArray]:
        return self._subject.sensors()

    def hold_still(self) -> None:
        self._clock.pause()

    def set_cursor(self, cursor: Qt.CursorShape) -> None:
        canvas = self._stage().canvas
        if canvas is not None:
            canvas.widget.setCursor(cursor)

    def name_sensor(self, x: float, y: float, name: str) -> None:
        stage = self._stage()
        if name:
            at = stage.mapToGlobal(QPoint(round(x), round(y)))
            QToolTip.showText(at, spoken(name).capitalize(), stage)
        elif QToolTip.isVisible():
            QToolTip.hideText()
