"""The OpenGL surface: it asks for the scene when it must draw and tells what the hand does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import vispy.app
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget

ORBIT, PAN, CARRY, MENU = "orbit", "pan", "carry", "menu"
_CLICK_PX = 4


class Hand(Protocol):
    """Who may take the left button before it orbits, and what else happens to the pointer."""

    def hover(self, x: float, y: float) -> None:
        """The pointer is there, no button is down."""

    def leave(self) -> None:
        """The pointer has left."""

    def grab(self, x: float, y: float) -> bool:
        """The left button goes down there; True to take what follows."""

    def carry(self, x: float, y: float) -> None:
        """What was taken moves."""

    def drop(self) -> None:
        """What was carried is let go."""

    def click(self, x: float, y: float, shift: bool) -> None:
        """The left button went down and up in one place."""

    def menu(self, x: float, y: float) -> None:
        """The right button went down and up in one place."""

    def escape(self) -> bool:
        """Escape was pressed; True if that meant something."""

    @property
    def busy(self) -> bool:
        """Whether Escape would mean something."""


class Canvas(QObject):
    """A vispy canvas and what the hand does on it.

    Parameters
    ----------
    samples : int
        Samples per pixel; 0 under software OpenGL.
    on_paint : () -> None
        Draw now, into the current context.
    on_lost : () -> None
        The context has gone with all its buffers (the widget moved to another window): this
        canvas is of no more use, make another.
    on_drag : (``orbit`` or ``pan``, right, down in pixels) -> None
    on_zoom : (notches) -> None
    hand : Hand
        Told where the pointer is, and asked first.
    """

    def __init__(
        self,
        parent: QWidget,
        samples: int,
        on_paint: Callable[[], None],
        on_lost: Callable[[], None],
        on_drag: Callable[[str, float, float], None],
        on_zoom: Callable[[float], None],
        hand: Hand,
    ) -> None:
        super().__init__(parent)
        self._on_paint, self._on_lost, self._on_drag = on_paint, on_lost, on_drag
        self._on_zoom, self._hand = on_zoom, hand
        self._gesture: str | None = None
        self._from = QPointF()
        self._travelled = 0.0
        self._contexts = 0
        self._canvas = vispy.app.Canvas(
            parent=parent,
            app=vispy.app.use_app("pyside6"),
            config={"samples": samples, "depth_size": 24},
            show=False,
            size=(320, 240),
            autoswap=False,
        )
        # An error in a handler is a bug: it goes to the application's one hook.
        events = self._canvas.events
        events.ignore_callback_errors = False
        events.initialize.connect(self._on_initialize)
        events.draw.connect(self._on_draw)
        self.widget.installEventFilter(self)
        self.widget.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.widget.setMinimumSize(160, 120)

    @property
    def widget(self) -> QOpenGLWidget:
        """The Qt widget."""
        native: QOpenGLWidget = self._canvas.native
        return native

    def update(self) -> None:
        """Ask for a new picture; several requests before it is drawn are one."""
        self.widget.update()

    def discard(self) -> None:
        """Take the widget away."""
        self._canvas.close()
        self.widget.deleteLater()
        self.deleteLater()

    def _on_initialize(self, event: object) -> None:
        """Qt has made a context: at first, and whenever the widget moves to another window."""
        self._contexts += 1
        if self._contexts == 2:
            # vispy would go on with the names of buffers that are no more.
            self._on_lost()

    def _on_draw(self, event: object) -> None:
        """Qt wants a picture."""
        if self._contexts == 1:
            self._on_paint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Take the mouse before vispy does, which drops moves that follow each other fast."""
        kind = event.type()
        if isinstance(event, QWheelEvent):
            self._on_zoom(event.angleDelta().y() / 120.0)
            event.accept()
            return True
        if isinstance(event, QMouseEvent):
            place = event.position()
            if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
                return self._press(event, place)
            if kind == QEvent.Type.MouseMove:
                return self._move(place)
            if kind == QEvent.Type.MouseButtonRelease:
                return self._release(event, place)
        if kind == QEvent.Type.Leave:
            self._hand.leave()
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            return self._escape(event)
        return False

    def _escape(self, event: QKeyEvent) -> bool:
        """Keep Escape from the window's shortcuts while the hand has a use for it."""
        if event.type() == QEvent.Type.ShortcutOverride and self._hand.busy:
            event.accept()
            return True
        if event.type() != QEvent.Type.KeyPress or not self._hand.escape():
            return False
        if self._gesture == CARRY:
            self._gesture = None
        return True

    def _press(self, event: QMouseEvent, place: QPointF) -> bool:
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        gesture = {
            Qt.MouseButton.LeftButton: PAN if shift else ORBIT,
            Qt.MouseButton.MiddleButton: PAN,
            Qt.MouseButton.RightButton: MENU,
        }.get(event.button())
        if gesture == ORBIT and self._hand.grab(place.x(), place.y()):
            gesture = CARRY
        if gesture is not None:
            self._gesture, self._from, self._travelled = gesture, place, 0.0
        return True

    def _move(self, place: QPointF) -> bool:
        if self._gesture is None:
            self._hand.hover(place.x(), place.y())
            return True
        way, self._from = place - self._from, place
        self._travelled += way.manhattanLength()
        if self._gesture in (ORBIT, PAN):
            self._on_drag(self._gesture, way.x(), way.y())
        elif self._gesture == CARRY and self._travelled >= _CLICK_PX:  # a click is no small move
            self._hand.carry(place.x(), place.y())
        return True

    def _release(self, event: QMouseEvent, place: QPointF) -> bool:
        gesture, self._gesture = self._gesture, None
        if gesture == CARRY:
            self._hand.drop()
        if gesture is not None and self._travelled < _CLICK_PX:
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if event.button() == Qt.MouseButton.LeftButton:
                self._hand.click(place.x(), place.y(), shift)
            elif event.button() == Qt.MouseButton.RightButton:
                self._hand.menu(place.x(), place.y())
        return True
