"""The painted timeline and the hand on it: one drag is one edit."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from harstudio.core.labels import LabelTrack
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.layout import ZOOM_PER_NOTCH, TimeScale
from harstudio.gui.runs import Edges
from harstudio.gui.theme import Theme, small_font
from harstudio.gui.timeline import painting
from harstudio.gui.timeline.gestures import (
    BODY,
    EMPTY,
    SNAP_PIXELS,
    Drag,
    Dragged,
    Hit,
    Snapper,
    dragged,
    hit_test,
    marks_for,
    new_stretch,
)
from harstudio.gui.timeline.lanes import LANE, OTHER, OVERVIEW, RULER, Lanes, height_range, lanes_of
from harstudio.gui.timeline.overview import FRAME, dragged_frame, hold_at
from harstudio.gui.timeline.picture import Picture, Shown, paint_picture

_DRAG_PIXELS = 4
_LEAST_S = 0.02
_HANDLE_HALF_WIDTH = 6

NOTHING_OPEN = "Open a clip in the library to label it here: drag on the lane, or press a digit."


@dataclass(frozen=True)
class _Press:
    """Where the left button went down, and on what.

    `kind` is a band's kind, or how the overview's frame is held.
    """

    kind: str
    x: float
    time_s: float
    hit: Hit
    shown_s: tuple[float, float]


class TimelineView(QWidget):
    """Overview, ruler and lanes. Tells what the hand did; edits nothing itself."""

    seeked = Signal(float)
    segment_clicked = Signal(int)
    stretch_clicked = Signal(float, float)
    emptiness_clicked = Signal()
    segment_looped = Signal(int)
    dragged = Signal(str, object)  # what, Dragged
    stretch_drawn = Signal(float, float, object)  # start_s, end_s, global position
    menu_requested = Signal(object, float, object)  # global position, time s, Hit

    def __init__(
        self, clock: PlaybackClock, window: TimeWindow, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._clock, self._window, self._theme = clock, window, theme
        self._shown = Shown()
        self._lanes: Lanes = lanes_of(None)
        self._edges: list[tuple[LabelTrack, Edges]] = []
        self._still: QPixmap | None = None
        self._press: _Press | None = None
        self._moving = False
        self._preview: Dragged | None = None
        self._stretch: tuple[float, float] | None = None
        self._playhead_s = 0.0
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
        return height_range(self._shown.clip)

    @property
    def scale(self) -> TimeScale:
        """Where a moment is drawn on ruler and lanes."""
        return TimeScale.across(self._window.range, self.width())

    @property
    def whole(self) -> TimeScale:
        """Where a moment is drawn on the overview."""
        return TimeScale.across((0.0, self._window.duration_s), self.width())

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(640, self.height_range[0])

    def show_state(self, shown: Shown) -> None:
        """Other labels, or another selection."""
        if shown.clip is not self._shown.clip:
            self.cancel()
            self._shown = shown
            self._lanes = lanes_of(shown.clip, self.height())
            self._edges = self._edges_of(self._lanes)
            self.setMinimumHeight(self.height_range[0])
            self.updateGeometry()
        self._shown = shown
        self._redraw()

    def _edges_of(self, lanes: Lanes) -> list[tuple[LabelTrack, Edges]]:
        """One per band; those of tracks that are still shown stay as they are."""
        known = {id(track): (track, edges) for track, edges in self._edges}
        tracks = (band.track for band in lanes.bands)
        return [known.get(id(track)) or (track, Edges.of(track)) for track in tracks]

    def cancel(self) -> None:
        """Leave a drag without a trace."""
        self._press, self._preview, self._stretch = None, None, None
        self._redraw()

    # -- painting ------------------------------------------------------------------------

    def _redraw(self, *_: object) -> None:
        self._still = None
        self.update()

    def _on_time(self, time_s: float) -> None:
        for scale in (self.scale, self.whole):
            for each in (self._playhead_s, time_s):
                x = int(scale.x(each)) if abs(scale.x(each)) < 1e6 else -100
                self.update(x - _HANDLE_HALF_WIDTH, 0, 2 * _HANDLE_HALF_WIDTH + 2, self.height())
        self._playhead_s = time_s

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self._lanes = lanes_of(self._shown.clip, self.height())
        self._redraw()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        if self._still is None:
            self._still = self._painted()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._still)
        if self._shown.clip is None:
            return
        colours = self._theme.colours
        overview, ruler = self._lanes.band(OVERVIEW), self._lanes.band(RULER)
        whole, scale = self.whole, self.scale
        painting.paint_playhead(
            painter, whole.x(self._playhead_s), overview.top, overview.bottom, colours, handle=False
        )
        if scale.start_s <= self._playhead_s <= scale.end_s:
            bottom = self._lanes.bands[-1].bottom
            x = scale.x(self._playhead_s)
            painting.paint_playhead(painter, x, ruler.top + 14, bottom, colours, handle=True)

    def _painted(self) -> QPixmap:
        """Everything but the playhead."""
        colours = self._theme.colours
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(QColor(colours.window))
        painter = QPainter(pixmap)
        painter.setFont(small_font(self.font()))
        if self._shown.clip is None:
            painter.setPen(QColor(colours.faint))
            centre = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), int(centre), NOTHING_OPEN)
        else:
            paint_picture(painter, self._picture(), colours)
        painter.end()
        return pixmap

    def _picture(self) -> Picture:
        return Picture(
            self._shown,
            self._lanes,
            tuple(edges for _, edges in self._edges),
            self.scale,
            self.whole,
            self._window.range,
            self._clock.loop,
            self._preview,
            self._stretch,
        )

    # -- the mouse -----------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() != Qt.MouseButton.LeftButton or self._shown.clip is None:
            return
        x, y = event.position().x(), event.position().y()
        band = self._lanes.at(y)
        kind, hit, scale = band.kind, Hit(EMPTY), self.scale
        if kind == OVERVIEW:
            kind, scale = self._hold_of_frame(x), self.whole
        elif kind == LANE:
            hit = hit_test(band.track, scale, x)
        elif kind == OTHER:
            hit = Hit(EMPTY)
            index = band.track.index_at(scale.time(x))
            if index is not None:
                segment = band.track.segments[index]
                self.stretch_clicked.emit(segment.start_s, segment.end_s)
        self._press = _Press(kind, x, scale.time(x), hit, self._window.range)
        self._moving = False
        if kind in (OVERVIEW, RULER, OTHER):
            self.seeked.emit(scale.time(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        x = event.position().x()
        if self._press is None:
            self._show_cursor(event.position())
            return
        self._moving = self._moving or abs(x - self._press.x) >= _DRAG_PIXELS
        if not self._moving:
            return
        kind, scale = self._press.kind, self.scale
        if kind == OVERVIEW:
            self.seeked.emit(self.whole.time(x))
        elif kind.startswith(FRAME):
            self._drag_frame(self._press, x)
        elif kind in (RULER, OTHER):
            self.seeked.emit(scale.time(min(max(scale.left, x), scale.right)))
        elif kind == LANE and not self._shown.read_only:
            alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self._drag_on_lane(self._press, x, snaps=not alt)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        press, preview, stretch = self._press, self._preview, self._stretch
        if event.button() != Qt.MouseButton.LeftButton or press is None:
            return
        self._press, self._preview = None, None
        if not self._moving:
            self._clicked(press)
        elif preview is not None:
            self.dragged.emit("Move" if press.hit.kind == BODY else "Resize", preview)
        elif stretch is not None:
            self.stretch_drawn.emit(*stretch, event.globalPosition().toPoint())
        self._redraw()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._press = None
        if event.button() != Qt.MouseButton.LeftButton or self._shown.clip is None:
            return
        band = self._lanes.at(event.position().y())
        if band.kind == LANE:
            index = band.track.index_at(self.scale.time(event.position().x()))
            if index is not None:
                self.segment_looped.emit(index)
        elif band.kind == OVERVIEW:
            self._window.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        delta = event.angleDelta()
        notches = (delta.y() or delta.x()) / 120.0
        start, end = self._window.range
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or not delta.y():
            self._window.pan(-0.1 * notches * (end - start))
        else:
            x, y = event.position().x(), event.position().y()
            over = self.whole if self._lanes.at(y).kind == OVERVIEW else self.scale
            at_s = min(max(start, over.time(x)), end)
            self._window.zoom(float(ZOOM_PER_NOTCH**notches), at_s)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        if self._shown.clip is None or self._press is not None:
            return
        band, time_s = self._lanes.at(event.pos().y()), self.scale.time(event.pos().x())
        index = band.track.index_at(time_s) if band.kind == LANE else None
        hit = Hit(EMPTY) if index is None else Hit(BODY, index)
        self.menu_requested.emit(event.globalPos(), time_s, hit if band.kind == LANE else None)
        event.accept()

    def event(self, event: QEvent) -> bool:
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

    def _clicked(self, press: _Press) -> None:
        if press.kind.startswith(FRAME):
            self.seeked.emit(press.time_s)
        elif press.kind == LANE:
            self.seeked.emit(press.time_s)
            index = self._lanes.mine.track.index_at(press.time_s)
            if index is None:
                self.emptiness_clicked.emit()
            else:
                self.segment_clicked.emit(index)

    def _drag_on_lane(self, press: _Press, x: float, *, snaps: bool) -> None:
        clip, track, scale = self._shown.clip, self._lanes.mine.track, self.scale
        if clip is None:
            return
        least_s = max(_LEAST_S, 1.0 / clip.rate_hz)
        drag = Drag(press.hit, press.time_s, scale.time(x), clip.duration_s, least_s)
        within_s = SNAP_PIXELS * scale.seconds_per_pixel if snaps else 0.0
        marks = marks_for(track, press.hit, self._playhead_s)
        snap = Snapper(marks, clip.rate_hz, within_s)
        if press.hit.kind == EMPTY:
            self._stretch = new_stretch(track, drag, snap)
        else:
            self._preview = dragged(track, drag, snap)
        self._redraw()

    def _hold_of_frame(self, x: float) -> str:
        return hold_at(x, self.whole, self._window.range)

    def _drag_frame(self, press: _Press, x: float) -> None:
        by_s = self.whole.time(x) - press.time_s
        self._window.show_range(*dragged_frame(press.kind, press.shown_s, by_s, TimeWindow.LEAST_S))

    def _show_cursor(self, position: QPointF) -> None:
        band = self._lanes.at(position.y())
        shape = Qt.CursorShape.ArrowCursor
        if self._shown.clip is None:
            pass
        elif band.kind == OVERVIEW:
            hold = self._hold_of_frame(position.x())
            if hold == FRAME:
                shape = Qt.CursorShape.OpenHandCursor
            elif hold != OVERVIEW:
                shape = Qt.CursorShape.SizeHorCursor
        elif band.kind == LANE and not self._shown.read_only:
            hit = hit_test(band.track, self.scale, position.x())
            if hit.kind == EMPTY:
                shape = Qt.CursorShape.CrossCursor
            elif hit.kind != BODY:
                shape = Qt.CursorShape.SplitHCursor
        self.setCursor(shape)
