"""The row below the lanes: play, where we are, how fast, and the labels at hand."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from harstudio.core.label_set import Label, LabelSet
from harstudio.core.project import Clip
from harstudio.core.timebase import clock_text, frame_at
from harstudio.gui.clock import SPEEDS, PlaybackClock, TimeWindow
from harstudio.gui.layout import GRID
from harstudio.gui.theme import Theme, text_on

_ICON = 16
_SHAPES: dict[str, tuple[list[tuple[float, float, float, float]], list[list[tuple[float, float]]]]]
_SHAPES = {  # bars (x, y, width, height) and polygons, on a 16 px square
    "start": ([(3, 3, 2, 10)], [[(13, 3), (13, 13), (6, 8)]]),
    "back": ([(11, 3, 2, 10)], [[(9, 3), (9, 13), (3, 8)]]),
    "play": ([], [[(4, 2), (4, 14), (13, 8)]]),
    "pause": ([(4, 3, 3, 10), (9, 3, 3, 10)], []),
    "forward": ([(3, 3, 2, 10)], [[(7, 3), (7, 13), (13, 8)]]),
    "fit": (
        [(1, 3, 1.5, 10), (13.5, 3, 1.5, 10), (5, 7.25, 6, 1.5)],
        [[(6, 4.5), (6, 11.5), (3, 8)], [(10, 4.5), (10, 11.5), (13, 8)]],
    ),
}


def position_text(clip: Clip | None, time_s: float) -> str:
    """``00:12.40 / 01:03.00 · frame 744 · 60 Hz``; empty without a clip."""
    if clip is None:
        return ""
    frame = frame_at(time_s, clip.rate_hz, round(clip.duration_s * clip.rate_hz))
    return (
        f"{clock_text(time_s)} / {clock_text(clip.duration_s)}"
        f" \u00b7 frame {frame} \u00b7 {clip.rate_hz:g} Hz"
    )


def icon(name: str, colour: str, faint: str) -> QIcon:
    """One of the transport's shapes, drawn in the theme's colours."""
    result = QIcon()
    for mode, each in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, faint)):
        pixmap = _blank()
        painter = _painter(pixmap, each)
        bars, polygons = _SHAPES[name]
        for bar in bars:
            painter.drawRect(QRectF(*bar))
        for points in polygons:
            painter.drawPolygon(QPolygonF([QPointF(*p) for p in points]))
        painter.end()
        result.addPixmap(pixmap, mode)
    return result


def swatch(label: Label) -> QIcon:
    """A label's colour with its digit key."""
    pixmap = _blank()
    painter = _painter(pixmap, label.colour)
    painter.drawRoundedRect(QRectF(0, 0, _ICON, _ICON), 2, 2)
    font = painter.font()
    font.setPixelSize(11)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor(text_on(label.colour)))
    painter.drawText(QRectF(0, 0, _ICON, _ICON), Qt.AlignmentFlag.AlignCenter, label.key)
    painter.end()
    return QIcon(pixmap)


def _blank() -> QPixmap:
    """An icon's pixels, clear."""
    pixmap = QPixmap(2 * _ICON, 2 * _ICON)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


def _painter(pixmap: QPixmap, colour: str) -> QPainter:
    """One that fills smooth shapes."""
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    return painter


class LabelChips(QWidget):
    """The project's labels as buttons; those that do not fit are in a menu at the end."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[QToolButton] = []
        self._labels: tuple[Label, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GRID // 2)
        self._more = _flat("", "The other labels")
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._more.setMenu(self._menu)
        self._row.addWidget(self._more)
        self._row.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(64)

    def show_labels(self, label_set: LabelSet, current: str, enabled: bool) -> None:
        """Chips for a label set, the one at hand underlined."""
        if label_set.labels != self._labels:
            self._labels = label_set.labels
            self._make()
        for button, label in zip(self._buttons, self._labels, strict=True):
            button.setChecked(label.name == current)
        self.setEnabled(enabled)

    def _make(self) -> None:
        for button in self._buttons:
            self._row.removeWidget(button)
            button.deleteLater()
        self._buttons = []
        for i, label in enumerate(self._labels):
            key = f" ({label.key})" if label.key else ""
            button = _flat(f" {label.name}", f"Label the selection {label.name}{key}")
            button.setIcon(swatch(label))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setCheckable(True)
            button.clicked.connect(lambda _, name=label.name: self.chosen.emit(name))
            self._row.insertWidget(i, button)
            self._buttons.append(button)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        widths = [button.sizeHint().width() for button in self._buttons]
        self._more.setText(f"+{len(widths)}")
        fit = fitting(widths, self.width(), self._row.spacing(), self._more.sizeHint().width())
        self._menu.clear()
        for i, (button, label) in enumerate(zip(self._buttons, self._labels, strict=True)):
            button.setVisible(i < fit)
            if i >= fit:
                text = label.name.replace("&", "&&")
                action = self._menu.addAction(swatch(label), text)
                action.triggered.connect(lambda _, name=label.name: self.chosen.emit(name))
        self._more.setText(f"+{len(widths) - fit}")
        self._more.setVisible(fit < len(widths))


def fitting(widths: list[int], available: int, spacing: int, more: int) -> int:
    """How many buttons fit in a row, leaving room for one of width `more` if not all do."""
    total = 0
    for i, width in enumerate(widths):
        total += width + (spacing if i else 0)
        rest = 0 if i == len(widths) - 1 else spacing + more
        if total + rest > available and sum(widths) + spacing * (len(widths) - 1) > available:
            return i
    return len(widths)


class TransportBar(QWidget):
    """Play buttons, clock text, speed, zoom, label chips."""

    def __init__(
        self, clock: PlaybackClock, window: TimeWindow, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._clock, self._theme = clock, theme
        self._clip: Clip | None = None
        self.to_start = _flat("", "To the start")
        self.back = _flat("", "One frame back (Left)")
        self.play = _flat("", "Play or pause (Space)")
        self.forward = _flat("", "One frame forward (Right)")
        self.fit = _flat("", "Show the whole clip (Shift+Z)")
        self.where = QLabel()
        self.where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.speed = QComboBox(toolTip="Speed (Up, Down)", focusPolicy=Qt.FocusPolicy.TabFocus)
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}x" if speed < 1 and speed != 0.5 else f"{speed:.1f}x")
        self.note = QLabel("read-only", toolTip="Another window holds this project")
        self.note.setProperty("faint", "true")
        self.chips = LabelChips()
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(GRID // 2)
        for button in (self.to_start, self.back, self.play, self.forward):
            row.addWidget(button)
        row.addSpacing(GRID // 2)
        row.addWidget(self.where)
        row.addWidget(self.speed)
        row.addWidget(self.fit)
        row.addSpacing(GRID)
        row.addWidget(self.chips, 1)
        row.addWidget(self.note)
        self.to_start.clicked.connect(lambda: clock.seek(0.0))
        self.back.clicked.connect(lambda: self._step(-1))
        self.forward.clicked.connect(lambda: self._step(1))
        self.play.clicked.connect(clock.toggle)
        self.fit.clicked.connect(window.fit)
        self.speed.activated.connect(lambda i: clock.set_speed(SPEEDS[i]))
        clock.time_changed.connect(self._show_time)
        clock.playing_changed.connect(self._show_icons)
        clock.speed_changed.connect(self._show_speed)
        theme.changed.connect(self._show_icons)
        self._show_speed(clock.speed)
        self._show_icons()
        self.show_clip(None)

    def show_clip(self, clip: Clip | None) -> None:
        """Another clip, or none."""
        self._clip = clip
        for widget in (self.to_start, self.back, self.play, self.forward, self.fit, self.speed):
            widget.setEnabled(clip is not None)
        self.where.setVisible(clip is not None)
        if clip is not None:  # as wide as it will ever get, so that nothing shifts in playing
            longest = position_text(clip, max(0.0, clip.duration_s - 1e-3))
            digits = "".join("0" if c.isdigit() else c for c in longest)
            self.where.setMinimumWidth(self.where.fontMetrics().horizontalAdvance(digits) + GRID)
        self._show_time(self._clock.time_s)

    def _step(self, frames: int) -> None:
        if self._clip is not None:
            rate_hz = self._clip.rate_hz
            count = round(self._clip.duration_s * rate_hz)
            frame = frame_at(self._clock.time_s, rate_hz, count) + frames
            self._clock.seek(min(max(0, frame), count - 1) / rate_hz)

    def _show_time(self, time_s: float) -> None:
        self.where.setText(position_text(self._clip, time_s))

    def _show_speed(self, speed: float) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - speed))
        self.speed.setCurrentIndex(nearest)

    def _show_icons(self, *_: object) -> None:
        c = self._theme.colours
        buttons = {
            "start": self.to_start,
            "back": self.back,
            "pause" if self._clock.playing else "play": self.play,
            "forward": self.forward,
            "fit": self.fit,
        }
        for name, button in buttons.items():
            button.setIcon(icon(name, c.text, c.line))
        self.setStyleSheet(
            f"QToolButton {{ border: none; border-bottom: 2px solid transparent;"
            f" padding: 3px 5px; background: transparent; color: {c.text}; }}"
            f"QToolButton:hover {{ background: {c.raised}; }}"
            f"QToolButton:checked {{ border-bottom-color: {c.accent}; }}"
            f"QToolButton:disabled {{ color: {c.faint}; }}"
            f"QToolButton::menu-indicator {{ image: none; }}"
        )


def _flat(text: str, tip: str) -> QToolButton:
    button = QToolButton(text=text, toolTip=tip, autoRaise=True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setIconSize(QSize(_ICON, _ICON))
    return button
