"""The slim row of chips under the picture: play, speed, what is shown, from where."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QColor, QIcon, QPainter, QPixmap, QPolygonF
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from harstudio.gui.clock import SPEEDS, PlaybackClock
from harstudio.gui.theme import Colours, Theme
from harstudio.gui.viewport.modes import BODY, BOTH, SKELETON

_HEIGHT = 24
_ICON_PX = 12
_PLACE_TIP = "Click on the body to place the chosen sensor; turn it by its rings (P)"


class ControlRow(QWidget):
    """Chips; they say what was asked for and show what they are told.

    Signals
    -------
    mode_chosen : ``body``, ``skeleton`` or ``both``
    follow_chosen : bool
    place_chosen : bool
    """

    mode_chosen = Signal(str)
    follow_chosen = Signal(bool)
    place_chosen = Signal(bool)

    def __init__(self, clock: PlaybackClock, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock, self._theme = clock, theme
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        row.setSpacing(0)

        self._modes = QButtonGroup(self)
        self._menus: list[QToolButton] = []
        self.play = self._chip(row, "", "Play or pause (Space)", clock.toggle)
        self.play.setFixedWidth(28)
        self.speed = self._speed_chip(row)
        row.addSpacing(8)
        self.modes = self._choice(
            row,
            self.mode_chosen.emit,
            (
                (BODY, "Body", "Show the skin"),
                (SKELETON, "Skeleton", "Show joints and bones"),
                (BOTH, "Both", "Show the skeleton inside the skin"),
            ),
        )
        row.addSpacing(8)
        self.place = self._chip(row, "Place", _PLACE_TIP)
        self.place.setCheckable(True)
        self.place.clicked.connect(self.place_chosen)
        self.show_menu = self._menu_chip(row, "Show", "What is shown beside the body")
        row.addStretch(1)
        self.view_menu = self._menu_chip(row, "View", "Where to look from, and what to turn about")
        self.follow = self._chip(row, "Follow", "Keep the person in the middle (C centres)")
        self.follow.setCheckable(True)
        self.follow.setChecked(True)
        self.follow.toggled.connect(self.follow_chosen)

        clock.playing_changed.connect(self._on_playing_changed)
        clock.speed_changed.connect(self._on_speed_changed)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self._on_speed_changed(clock.speed)

    def set_mode(self, mode: str, possible: tuple[str, ...]) -> None:
        """Show which mode is on and which can be had: none, where there is nothing to see."""
        self._modes.setExclusive(False)  # or the last one on could not be turned off
        for name, chip in self.modes.items():
            chip.setEnabled(name in possible)
            chip.setChecked(name == mode and name in possible)
        self._modes.setExclusive(True)
        for chip in (*self._menus, self.follow):
            chip.setEnabled(bool(possible))

    def set_place(self, on: bool, problem: str) -> None:
        """Show whether sensors are being placed, or why they cannot be."""
        self.place.setEnabled(not problem)
        self.place.setChecked(on and not problem)
        self.place.setToolTip(problem or _PLACE_TIP)

    def _chip(
        self,
        row: QHBoxLayout,
        text: str,
        tip: str,
        run: Callable[[], None] | None = None,
    ) -> QToolButton:
        chip = QToolButton(self)
        chip.setText(text)
        chip.setToolTip(tip)
        chip.setFixedHeight(_HEIGHT)
        chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        chip.setAutoRaise(True)
        if run is not None:
            chip.clicked.connect(run)
        row.addWidget(chip)
        return chip

    def _choice(
        self,
        row: QHBoxLayout,
        chosen: Callable[[str], None],
        choices: tuple[tuple[str, str, str], ...],
    ) -> dict[str, QToolButton]:
        chips = {}
        for name, text, tip in choices:
            chip = self._chip(row, text, tip)
            chip.setCheckable(True)
            chip.clicked.connect(lambda _=False, name=name: chosen(name))
            self._modes.addButton(chip)
            chips[name] = chip
        return chips

    def _menu_chip(self, row: QHBoxLayout, text: str, tip: str) -> QMenu:
        """A chip with a menu, which is filled when it opens."""
        chip = self._chip(row, f"{text} ▾", tip)
        chip.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(chip)
        chip.setMenu(menu)
        self._menus.append(chip)
        return menu

    def _speed_chip(self, row: QHBoxLayout) -> QToolButton:
        chip = self._chip(row, "1x", "Speed of playback (Up and Down)")
        chip.setFixedWidth(40)
        menu = QMenu(chip)
        group = QActionGroup(menu)
        for speed in SPEEDS:
            action = menu.addAction(speed_text(speed))
            action.setCheckable(True)
            action.setData(speed)
            action.triggered.connect(lambda _=False, speed=speed: self._clock.set_speed(speed))
            group.addAction(action)
        chip.setMenu(menu)
        chip.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return chip

    def _on_speed_changed(self, speed: float) -> None:
        self.speed.setText(speed_text(speed))
        for action in self.speed.menu().actions():
            action.setChecked(action.data() == speed)

    def _on_playing_changed(self, playing: bool) -> None:
        colour = self._theme.colours.text
        self.play.setIcon(pause_icon(colour) if playing else play_icon(colour))

    def _on_theme_changed(self) -> None:
        self.play.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self._on_playing_changed(self._clock.playing)
        self.setStyleSheet(chip_style(self._theme.colours))


def speed_text(speed: float) -> str:
    """``0.25x``, ``1x``."""
    return f"{speed:g}x"


def chip_style(c: Colours) -> str:
    """Flat chips: raised when on, faint when they cannot be had."""
    return f"""
    QToolButton {{ border: none; border-radius: 4px; padding: 0 4px; color: {c.faint};
        background: transparent; }}
    QToolButton:hover {{ background: {c.raised}; color: {c.text}; }}
    QToolButton:checked {{ background: {c.raised}; color: {c.text}; }}
    QToolButton:disabled {{ color: {c.line}; background: transparent; }}
    QToolButton::menu-indicator {{ image: none; }}
    """


def play_icon(colour: str) -> QIcon:
    """A triangle."""
    return _icon(colour, [[(0.18, 0.06), (0.94, 0.5), (0.18, 0.94)]])


def pause_icon(colour: str) -> QIcon:
    """Two bars."""
    return _icon(
        colour,
        [
            [(0.14, 0.06), (0.40, 0.06), (0.40, 0.94), (0.14, 0.94)],
            [(0.60, 0.06), (0.86, 0.06), (0.86, 0.94), (0.60, 0.94)],
        ],
    )


def _icon(colour: str, polygons: list[list[tuple[float, float]]]) -> QIcon:
    side = _ICON_PX * 4
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    for polygon in polygons:
        painter.drawPolygon(QPolygonF([QPointF(x * side, y * side) for x, y in polygon]))
    painter.end()
    return QIcon(pixmap)
