"""Which keys stay with the widget that has the focus, though a command has them too."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QAbstractSpinBox, QApplication, QComboBox

_WIDGETS = (QAbstractItemView, QAbstractSpinBox, QComboBox)
_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)
_KEYPAD = Qt.KeyboardModifier.KeypadModifier


class KeyGuard(QObject):
    """Lets lists and number fields have the keys that move in them, while it lives."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        app = QApplication.instance()
        assert app is not None
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(watched, _WIDGETS):
            assert isinstance(event, QKeyEvent)
            if event.key() in _KEYS and not event.modifiers() & ~_KEYPAD:
                event.accept()
                return True
        return super().eventFilter(watched, event)
