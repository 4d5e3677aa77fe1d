"""The painted timeline and the hand on it: one drag is one edit."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QMoveEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from harstudio.core.arrays import FloatArray
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.layout import LEFT_MARGIN, ZOOM_PER_NOTCH, TimeScale
from harstudio.gui.theme import Theme, small_font
from harstudio.gui.timeline import painting
from harstudio.gui.timeline.gestures import BODY, EMPTY, END, SHARED, START, Dragged, Hit, Stretch
from harstudio.gui.timeline.lanes import LANE, OVERVIEW, RULER, Lanes, height_range, lanes_of
from harstudio.gui.timeline.overview import FRAME, dragged_frame
from harstudio.gui.timeline.picture import KeptLooks, Picture, Shown, painted
from harstudio.gui.timeline.press import (
    NAME,
    Press,
    cursor_of,
    marks_for,
    name_of,
    pressed,
    result_of,
)
from harstudio.gui.timeline.tips import tip_of

_DRAG_PIXELS = 4
_HANDLE_HALF_WIDTH = 6


class TimelineView(QWidget):
    """Overview, ruler and lanes. Tells what the hand did; edits nothing itself.

    `tier_chosen` comes before whatever else a press on another tier leads to.
    """

    seeked = Signal(float)
    tier_chosen = Signal(str)
    segment_clicked = Signal(int)
    emptiness_clicked = Signal()
    segment_looped = Signal(int)
    dragged = Signal(str, object)  # what, Dragged
    stretch_drawn = Signal(float, float, object)  # start_s, end_s, global position
    menu_requested = Signal(object, float, object)  # global position, time s, Hit
    tier_menu_requested = Signal(object, str)  # global position, tier

    def __init__(
        self, clock: PlaybackClock, window: TimeWindow, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._clock, self._window, self._theme = clock, window, theme
        self._shown = Shown()
        self._looks = KeptLooks()
        self._lanes: Lanes = lanes_of(None)
        self._still: QPixmap | None = None
        self._press: Press | None = None
        self._moving, self._soft = False, False
        self._drag: Dragged | Stretch | None = None
        self._peaks_s: FloatArray = np.empty(0)
        self._live: tuple[str, float] | None = None
        self._playhead_s, self._axis_width = 0.0, 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMinimumHeight(self._lanes.height)
        clock.time_changed.connect(self._on_time)
        clock.loop_changed.connect(self._redraw)
        window.changed.connect(self._redraw)
        theme.changed.connect(self._redraw)

    @property
    def lanes(self) -> Lanes:
        """Where the stripes are."""
        return self._lanes

    @property
    def height_range(self) -> tuple[int, int]:
        """The height that the lanes need, and the height beyond which they do not grow, px."""
        return height_range(self._shown.clip, self._looks.edges_of)

    @property
    def scale(self) -> TimeScale:
        """Where a moment is drawn on ruler and lanes."""
        return TimeScale.across(self._window.range, max(self._axis_width, self.width()))

    @property
    def whole(self) -> TimeScale:
        """Where a moment is drawn on the overview."""
        width = max(self._axis_width, self.width())
        return TimeScale.across((0.0, self._window.duration_s), width)

    @property
    def scrolled(self) -> int:
        """How far the tiers are scrolled up, px; overview and ruler stay in sight."""
        return max(0, -self.y()) if self.parent() is not None else 0

    def moveEvent(self, event: QMoveEvent) -> None:  # noqa: N802
        super().moveEvent(event)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(640, self.height_range[0])

    def show_state(self, shown: Shown) -> None:
        """Other labels, or another selection."""
        if shown.clip is not self._shown.clip:
            self.cancel()
            before, self._shown = self._shown, shown
            self._lanes = lanes_of(shown.clip, self.height(), self._looks.edges_of)
            self._looks.keep_only(band.track for band in self._lanes.bands)
            self.setMinimumHeight(self.height_range[0])
            self.updateGeometry()
            if shown.clip is None or before.clip is None or shown.clip.id != before.clip.id:
                self._live = None
        self._shown = shown
        self._redraw()

    def show_axis(self, width: int) -> None:
        """Lay the time axis over a width, px, though a scroll bar stands in its right margin."""
        self._axis_width = width
        self._redraw()

    def show_peaks(self, times_s: FloatArray | None) -> None:
        """Where the signal at hand peaks, s, for drags to snap to; None where there is none."""
        self._peaks_s = times_s if times_s is not None else np.empty(0)

    def show_live(self, label: str, start_s: float | None) -> None:
        """A label that is being given while it plays, up to the playhead; None when it is done."""
        self._live = (label, start_s) if start_s is not None else None
        self.update()

    def cancel(self) -> None:
        """Leave a drag without a trace."""
        self._press, self._drag = None, None
        self._redraw()

    # -- painting ------------------------------------------------------------------------

    def _redraw(self, *_: object) -> None:
        self._still = None
        self.update()

    def _on_time(self, time_s: float) -> None:
        """Paint anew only where the playhead was and is, and what a live label grew by."""
        for scale in (self.scale, self.whole):
            xs = [min(max(-100.0, scale.x(t)), 1e6) for t in (self._playhead_s, time_s)]
            for x in xs:
                left = int(x) - _HANDLE_HALF_WIDTH
                self.update(left, 0, 2 * _HANDLE_HALF_WIDTH + 2, self.height())
        if self._live is not None:
            lane, scale = self._lanes.lane(self._shown.tier), self.scale
            ends = [
                min(max(scale.left, scale.x(t)), scale.right) for t in (self._playhead_s, time_s)
            ]
            left = int(min(ends))
            self.update(left, lane.top, int(max(ends)) - left + 2, lane.height)
        self._playhead_s = time_s

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self._lanes = lanes_of(self._shown.clip, self.height(), self._looks.edges_of)
        self._redraw()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self._still is None:
            self._still = self._painted()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._still)
        if self._shown.clip is None:
            return
        if self._live is not None:
            self._paint_live(painter, *self._live)
        if self.scrolled:
            place = QRectF(0, self.scrolled, self.width(), self._lanes.head)
            ratio = self._still.devicePixelRatio()
            head = QRectF(0, 0, self._still.width(), self._lanes.head * ratio)
            painter.drawPixmap(place, self._still, head)
        colours, top = self._theme.colours, self.scrolled
        overview, ruler = self._lanes.band(OVERVIEW), self._lanes.band(RULER)
        whole, scale = self.whole, self.scale
        x, ends = whole.x(self._playhead_s), (top + overview.top, top + overview.bottom)
        painting.paint_playhead(painter, x, *ends, colours, handle=False)
        if scale.start_s <= self._playhead_s <= scale.end_s:
            bottom = self._lanes.bands[-1].bottom
            x = scale.x(self._playhead_s)
            painting.paint_playhead(painter, x, top + ruler.top + 14, bottom, colours, handle=True)

    def _paint_live(self, painter: QPainter, label: str, start_s: float) -> None:
        lane, until = self._lanes.lane(self._shown.tier), (start_s, self._playhead_s)
        painter.setFont(small_font(self.font()))
        label_set, colours = self._shown.label_set, self._theme.colours
        painting.paint_live(painter, lane, label, until, self.scale, label_set, colours)

    def _painted(self) -> QPixmap:
        """Everything but the playhead and the live label."""
        picture = Picture(
            self._shown,
            self._lanes,
            self._looks,
            self.scale,
            self.whole,
            self._window.range,
            self._clock.loop,
            self._drag,
        )
        ratio, font = self.devicePixelRatioF(), small_font(self.font())
        return painted(picture, self.size(), ratio, font, self._theme.colours)

    # -- the mouse -----------------------------------------------------------------------

    def _pressed(self, place: QPointF) -> Press:
        x, y = place.x(), place.y()
        shown_s = self._window.range
        return pressed(self._lanes, x, y, self.scale, self.whole, shown_s, self.scrolled)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        clip = self._shown.clip
        if event.button() != Qt.MouseButton.LeftButton or clip is None:
            return
        press = self._pressed(event.position())
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        self._soft = ctrl and press.hit.kind in (START, END, SHARED)
        self._moving, self._drag = False, None
        if press.kind == LANE:
            tier, peaks_s = press.lane.name, self._peaks_s
            marks = marks_for(clip, tier, press.hit, self._playhead_s, peaks_s)
            press = press.with_marks(marks)
        self._press = press
        if press.kind in (LANE, NAME):
            self.tier_chosen.emit(press.lane.name)
        elif press.kind in (OVERVIEW, RULER):
            self.seeked.emit(press.time_s)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        x, press = event.position().x(), self._press
        if press is None:
            self._show_cursor(event)
            return
        self._moving = self._moving or abs(x - press.x) >= _DRAG_PIXELS
        if not self._moving:
            return
        scale = self.scale
        if press.kind == OVERVIEW:
            self.seeked.emit(self.whole.time(x))
        elif press.kind.startswith(FRAME):
            by_s = self.whole.time(x) - press.time_s
            least_s = TimeWindow.LEAST_S
            self._window.show_range(*dragged_frame(press.kind, press.shown_s, by_s, least_s))
        elif press.kind == RULER:
            self.seeked.emit(scale.time(min(max(scale.left, x), scale.right)))
        elif press.kind == LANE and not self._shown.read_only and self._shown.clip is not None:
            alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self._drag = result_of(
                press, self._shown.clip, scale.time(x), scale, snaps=not alt, soft=self._soft
            )
            self._redraw()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        press, drag = self._press, self._drag
        if event.button() != Qt.MouseButton.LeftButton or press is None:
            return
        self._press = None
        if isinstance(drag, Stretch):  # stays in sight while its label is asked for
            place = event.globalPosition().toPoint()
            self.stretch_drawn.emit(drag.start_s, drag.end_s, place)
        elif drag is not None:
            self._drag = None
            self.dragged.emit(name_of(press, soft=self._soft), drag)
        elif not self._moving:
            self._clicked(press)
        self._redraw()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._press = None
        if event.button() != Qt.MouseButton.LeftButton or self._shown.clip is None:
            return
        press = self._pressed(event.position())
        if press.kind == LANE and press.inside is not None:
            self.tier_chosen.emit(press.lane.name)
            self.segment_looped.emit(press.inside)
        elif self._lanes.at(event.position().y(), self.scrolled).kind == OVERVIEW:
            self._window.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        x, y = event.position().x(), event.position().y()
        if x < LEFT_MARGIN and not event.modifiers():
            event.ignore()  # beside the time axis the wheel scrolls through the tiers
            return
        delta = event.angleDelta()
        notches = (delta.y() or delta.x()) / 120.0
        start, end = self._window.range
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or not delta.y():
            self._window.pan(-0.1 * notches * (end - start))
        else:
            over = self.whole if self._lanes.at(y, self.scrolled).kind == OVERVIEW else self.scale
            at_s = min(max(start, over.time(x)), end)
            self._window.zoom(float(ZOOM_PER_NOTCH**notches), at_s)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        if self._shown.clip is None or self._press is not None:
            return
        event.accept()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._menu_by_key()
            return
        press = self._pressed(QPointF(event.pos()))
        if press.kind in (LANE, NAME):
            self.tier_chosen.emit(press.lane.name)
        if press.kind == NAME:
            self.tier_menu_requested.emit(event.globalPos(), press.lane.name)
            return
        hit = Hit(EMPTY) if press.inside is None else Hit(BODY, press.inside)
        at_s = self.scale.time(event.pos().x())
        self.menu_requested.emit(event.globalPos(), at_s, hit if press.kind == LANE else None)

    def _menu_by_key(self) -> None:
        """The menu of what is selected, else of the active tier, at its place."""
        lane, index = self._lanes.lane(self._shown.tier), self._shown.selected
        if index is None or index >= len(lane.track):
            self.tier_menu_requested.emit(self.mapToGlobal(QPoint(8, lane.bottom)), lane.name)
            return
        scale = self.scale
        x = min(max(scale.left, scale.x(self._playhead_s)), scale.right)
        place = self.mapToGlobal(QPoint(round(x), lane.bottom))
        self.menu_requested.emit(place, self._playhead_s, Hit(BODY, index))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        # Escape belongs to the drag while there is one, whatever shortcut it is elsewhere.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self._press is not None
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape and self._press is not None:
            if self._press.kind.startswith(FRAME):
                self._window.show_range(*self._press.shown_s)
            self.cancel()
        else:
            super().keyPressEvent(event)

    def _clicked(self, press: Press) -> None:
        if press.kind.startswith(FRAME):
            self.seeked.emit(press.time_s)
        elif press.kind == LANE:
            self.seeked.emit(press.time_s)
            if press.inside is None:
                self.emptiness_clicked.emit()
            else:
                self.segment_clicked.emit(press.inside)

    def _show_tip(self, event: QHelpEvent) -> None:
        text = ""
        if self._shown.clip is not None and self._press is None:
            text = tip_of(self._pressed(QPointF(event.pos())))
        QToolTip.showText(event.globalPos(), text, self)

    def _show_cursor(self, event: QMouseEvent) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if self._shown.clip is not None:
            editable = not self._shown.read_only
            shape = cursor_of(self._pressed(event.position()), editable=editable)
        self.setCursor(shape)
