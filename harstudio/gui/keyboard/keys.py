"""Which keys stay with the widget that has the focus, though a command has them too."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)

_WIDGETS = (QAbstractItemView, QAbstractSpinBox, QComboBox)
_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)
_TEXTS = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit)
_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_KEYPAD = Qt.KeyboardModifier.KeypadModifier


class KeyGuard(QObject):
    """Lets fields and lists have the keys that move, choose and edit in them, while it lives."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        app = QApplication.instance()
        assert app is not None
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.ShortcutOverride:
            assert isinstance(event, QKeyEvent)
            moves = isinstance(watched, _WIDGETS) and _moves(event)
            presses = _presses(watched, event)
            if moves or presses or _confirms(watched, event) or _opens(watched, event):
                event.accept()
                return True
            if _undoes(event) and _holds_nothing_typed(watched):
                event.ignore()  # or the field takes it for its own text, which is done with
                return True
        return super().eventFilter(watched, event)


def _moves(event: QKeyEvent) -> bool:
    return event.key() in _KEYS and not event.modifiers() & ~_KEYPAD


def _presses(watched: QObject, event: QKeyEvent) -> bool:
    """Whether it is the key that presses a button that was reached by keys.

    A button that was clicked keeps the focus too, but then the hand means to play or to label.
    """
    return (
        isinstance(watched, QAbstractButton)
        and watched.hasFocus()
        and watched.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
        and event.key() in (Qt.Key.Key_Space, *_RETURN)
        and not event.modifiers() & ~_KEYPAD
    )


def _confirms(watched: QObject, event: QKeyEvent) -> bool:
    """Whether it is the key that ends typing, in something to type in."""
    typing = isinstance(watched, _TEXTS) or (
        isinstance(watched, QComboBox) and watched.isEditable()
    )
    return typing and event.key() in _RETURN and not event.modifiers() & ~_KEYPAD


def _opens(watched: QObject, event: QKeyEvent) -> bool:
    """Whether it is the key that opens a box's choices, or a cell to type in."""
    if isinstance(watched, QComboBox):
        alt = event.modifiers() & ~_KEYPAD == Qt.KeyboardModifier.AltModifier
        return alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down)
    edits = QAbstractItemView.EditTrigger.EditKeyPressed
    return (
        isinstance(watched, QAbstractItemView)
        and event.key() == Qt.Key.Key_F2
        and bool(watched.editTriggers() & edits)
    )


def _undoes(event: QKeyEvent) -> bool:
    standard = QKeySequence.StandardKey
    return event.matches(standard.Undo) or event.matches(standard.Redo)


def _holds_nothing_typed(watched: QObject) -> bool:
    """Whether it is a number field whose text is its value: there is nothing of its own to undo."""
    box = watched.parent() if isinstance(watched, QLineEdit) else watched
    if not isinstance(box, QAbstractSpinBox):
        return False
    field = box.lineEdit()
    return not field.isModified()
