"""A hand on the timeline."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from harstudio.core.project import MINE
from harstudio.gui.timeline.lanes import LANE, OVERVIEW
from harstudio.gui.timeline.panel import TimelinePanel

LEFT = Qt.MouseButton.LeftButton
ALT = Qt.KeyboardModifier.AltModifier


def at(
    panel: TimelinePanel, time_s: float, kind: str = LANE, *, tier: str = MINE, row: int = 0
) -> QPoint:
    """The middle of a stripe, or of a row of a lane, at a time."""
    lanes = panel.view.lanes
    scale = panel.view.whole if kind == OVERVIEW else panel.view.scale
    if kind == LANE:
        top, bottom = lanes.lane(tier).row_span(row)
    else:
        top, bottom = lanes.band(kind).top, lanes.band(kind).bottom
    return QPoint(round(scale.x(time_s)), (top + bottom) // 2)


def move(panel: TimelinePanel, to: QPoint, modifiers: Qt.KeyboardModifier) -> None:
    """Move the mouse with the left button down."""
    place = QPointF(to)
    event = QMouseEvent(QEvent.Type.MouseMove, place, place, LEFT, LEFT, modifiers)
    QApplication.sendEvent(panel.view, event)


def drag(
    panel: TimelinePanel,
    qtbot: QtBot,
    start_s: float,
    end_s: float,
    kind: str = LANE,
    *,
    tier: str = MINE,
    row: int = 0,
    release: bool = True,
    modifiers: Qt.KeyboardModifier = ALT,
) -> None:
    """Press, move in three steps, release; Alt, for exact times, unless told."""
    start = at(panel, start_s, kind, tier=tier, row=row)
    qtbot.mousePress(panel.view, LEFT, modifiers, start)
    for share in (0.3, 0.7, 1.0):
        there = at(panel, start_s + share * (end_s - start_s), kind)
        move(panel, QPoint(there.x(), start.y()), modifiers)
    if release:
        there = at(panel, end_s, kind)
        qtbot.mouseRelease(panel.view, LEFT, modifiers, QPoint(there.x(), start.y()))
