"""The map of windows as a plot: hover tells, a click goes there, a drag draws a lasso."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QToolTip, QWidget

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.gui.panels.results.scatter_groups import Group, inside, nearest
from harstudio.gui.theme import Theme

_LEAST_STEP_PX = 4.0
_FEW = 3000


class _LassoBox(pg.ViewBox):
    """Left drag draws an outline, middle drag moves the map, the wheel zooms."""

    def __init__(self, on_outline: Callable[[FloatArray, bool], None]) -> None:
        super().__init__(enableMenu=False, lockAspect=False)
        self._on_outline = on_outline
        self._outline: list[tuple[float, float]] = []
        self.cancelled = False

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:  # noqa: N802
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseDragEvent(event, axis)
            return
        event.accept()
        if event.isStart():
            self.cancelled = False
            start = self.mapToView(event.buttonDownPos())
            self._outline = [(start.x(), start.y())]
        if self.cancelled:
            return
        here = self.mapToView(event.pos())
        if self._far_enough(here):
            self._outline.append((here.x(), here.y()))
        self._on_outline(np.array(self._outline), event.isFinish())

    def _far_enough(self, here: QPointF) -> bool:
        width, height = self.viewPixelSize()
        last = self._outline[-1]
        apart = np.hypot((here.x() - last[0]) / width, (here.y() - last[1]) / height)
        return bool(apart >= _LEAST_STEP_PX)


class ScatterPlot(pg.PlotWidget):
    """Points in groups."""

    point_chosen = Signal(int)
    lasso_drawn = Signal(object)  # indices of the points within

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self._box = _LassoBox(self._on_outline)
        super().__init__(parent, viewBox=self._box)
        self._theme = theme
        self.tell: Callable[[int], str] = str
        self._points: FloatArray = np.zeros((0, 2))
        self._groups: tuple[Group, ...] = ()
        self._items: list[pg.ScatterPlotItem] = []
        self._hidden: set[str] = set()
        self._visible: IntArray = np.zeros(0, np.int64)
        self._names = ("", "")
        self._drawing = False
        self._lasso = pg.PlotCurveItem()
        self._chosen = pg.ScatterPlotItem(pxMode=True)
        for item in (self._lasso, self._chosen):
            item.setZValue(10)
            self.addItem(item)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 120)
        self.hideButtons()
        self.scene().sigMouseMoved.connect(self._on_moved)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        theme.changed.connect(self._paint)
        self._paint()

    # -- what is shown -------------------------------------------------------------------

    def show_points(self, points: FloatArray, names: tuple[str, str]) -> None:
        """Show other points; groups come with `show_groups`."""
        self._points, self._names = points, names
        self._groups = ()
        self._draw()
        self._name_axes()
        self.mark(None)
        if len(points):
            low, high = points.min(axis=0), points.max(axis=0)
            self.setRange(xRange=(low[0], high[0]), yRange=(low[1], high[1]), padding=0.05)

    def show_groups(self, groups: Sequence[Group]) -> None:
        """Colour the points in another way."""
        self._groups, self._hidden = tuple(groups), set()
        self._draw()

    def hide_groups(self, names: set[str]) -> None:
        """Leave out some groups."""
        self._hidden = set(names)
        for group, item in zip(self._groups, self._items, strict=True):
            item.setVisible(group.name not in names)
        self._find_visible()

    def mark(self, index: int | None) -> None:
        """Ring one point, or none."""
        place = self._points[index : index + 1] if index is not None else np.zeros((0, 2))
        pen = pg.mkPen(self._theme.colours.playhead, width=2)
        self._chosen.setData(place[:, 0], place[:, 1], size=14, pen=pen, brush=None)

    @property
    def drawn(self) -> int:
        """How many points are drawn."""
        return len(self._visible)

    def _draw(self) -> None:
        for item in self._items:
            self.removeItem(item)
        self._items = []
        outline = len(self._points) <= _FEW  # thin outlines tell near points apart, and cost time
        for group in self._groups:
            colour = QColor(group.colour)
            fill = QColor(colour)
            fill.setAlpha(200 if outline else 150)
            thin = group.symbol in ("x", "+")
            edge = colour if thin else colour.darker(150)
            item = pg.ScatterPlotItem(
                self._points[group.index, 0],
                self._points[group.index, 1],
                size=7 if outline else 5,
                symbol=group.symbol,
                brush=fill,
                pen=pg.mkPen(edge, width=1) if outline or thin else pg.mkPen(None),
                pxMode=True,
            )
            self._items.append(item)
            self.addItem(item)
        self._find_visible()

    def _find_visible(self) -> None:
        parts = [g.index for g in self._groups if g.name not in self._hidden]
        self._visible = np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def _paint(self) -> None:
        colours = self._theme.colours
        self.setBackground(colours.plot)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(colours.line)
            axis.setTextPen(colours.faint)
            axis.setStyle(showValues=False, tickLength=0)
        self._lasso.setPen(pg.mkPen(colours.playhead, width=1, style=Qt.PenStyle.DashLine))
        self._name_axes()

    def _name_axes(self) -> None:
        for side, name in zip(("bottom", "left"), self._names, strict=True):
            self.getAxis(side).setLabel(name, color=self._theme.colours.faint)

    # -- the mouse -----------------------------------------------------------------------

    def point_at(self, scene_pos: QPointF) -> int:
        """The point under a place of the scene; -1 if there is none."""
        if not self._box.sceneBoundingRect().contains(scene_pos) or not len(self._visible):
            return -1
        at = self._box.mapSceneToView(scene_pos)
        pixel = self._box.viewPixelSize()
        found = nearest(self._points[self._visible], (at.x(), at.y()), pixel)
        return int(self._visible[found]) if found >= 0 else -1

    def select_within(self, outline: FloatArray) -> None:
        """Choose the visible points within an outline."""
        visible = self._visible
        self.lasso_drawn.emit(np.sort(visible[inside(self._points[visible], outline)]))

    def _on_moved(self, scene_pos: QPointF) -> None:
        found = self.point_at(scene_pos)
        if found < 0:
            QToolTip.hideText()
            return
        place = self.viewport().mapToGlobal(self.mapFromScene(scene_pos))
        QToolTip.showText(place, self.tell(found), self)

    def _on_clicked(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not event.double():
            found = self.point_at(event.scenePos())
            if found >= 0:
                event.accept()
                self.mark(found)
                self.point_chosen.emit(found)

    def _on_outline(self, outline: FloatArray, finished: bool) -> None:
        self._drawing = not finished
        if finished:
            self._lasso.setData([], [])
            self.select_within(outline)
        else:
            closed = np.vstack([outline, outline[:1]])
            self._lasso.setData(closed[:, 0], closed[:, 1])

    def event(self, event: QEvent) -> bool:
        escapes = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if (
            escapes
            and event.type() == QEvent.Type.ShortcutOverride
            and len(self._lasso.xData or ())
        ):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape:
            self._box.cancelled, self._drawing = True, False
            self._lasso.setData([], [])
        else:
            super().keyPressEvent(event)
