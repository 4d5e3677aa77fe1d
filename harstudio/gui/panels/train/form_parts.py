"""Pieces that the forms of the Train dock are put together from."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

Field = TypeVar("Field", bound=QWidget)

_NAME = 76
"""Width of the names in a form, px: the same in all, so that the fields stand in one line."""
_SCROLLED = 120
"""Least height of a panel that scrolls, px."""
_FIELD = 72
"""Least width of a number, px: rows of several fit a dock of a window of 1280."""


class Fold(QWidget):
    """A part of a form that folds away; folded, it says in a line what is in it."""

    toggled = Signal(bool)

    def __init__(self, title: str, content: QWidget, *, unfolded: bool = True) -> None:
        super().__init__()
        self.head = QToolButton(text=title, autoRaise=True)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.head.setAccessibleName(f"{title}: show or hide")
        font = self.head.font()
        font.setBold(True)
        self.head.setFont(font)
        self._content, self._words, self._unfolded = content, "", unfolded
        self.summary = ElidedLabel()
        self.summary.setProperty("faint", True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.head)
        row.addWidget(self.summary, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(content)
        self.head.clicked.connect(lambda: self.unfold(not self._unfolded))
        self.unfold(unfolded)

    @property
    def unfolded(self) -> bool:
        return self._unfolded

    def unfold(self, unfolded: bool = True) -> None:
        """Show or hide the content."""
        self._unfolded = unfolded
        self.head.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
        self._content.setVisible(unfolded)
        self.say(self._words)
        self.toggled.emit(unfolded)

    def say(self, words: str) -> None:
        """What is in it, shown while it is folded."""
        self._words = words
        self.summary.say("" if self._unfolded else words)


class ElidedLabel(QLabel):
    """A line of text that gives way: cut with an ellipsis, whole in the tool tip."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.say(text)

    def say(self, text: str) -> None:
        """Show another text."""
        self._whole = text
        self.setToolTip(wrapped(text))
        self._cut()

    @property
    def whole(self) -> str:
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        room = max(0, self.width() - 2)
        metrics = QFontMetrics(self.font())
        self.setText(metrics.elidedText(self._whole, Qt.TextElideMode.ElideRight, room))


class Scrolled(QScrollArea):
    """What a dock holds: as high as the dock, and scrolled where the dock is lower than it needs.

    Without it a panel's least height would be the window's.
    """

    def __init__(self, body: QWidget) -> None:
        super().__init__(widgetResizable=True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(body)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self.widget().minimumSizeHint().width() + bar, _SCROLLED)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.LayoutRequest and watched is self.widget():
            self.updateGeometry()
        return super().eventFilter(watched, event)


class ScrolledBody(QWidget):
    """The body of a `Scrolled`: it wants no more height than it needs at least."""

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        return self.layout().minimumHeightForWidth(width)


class _CalmWheel(QObject):
    """Keeps the wheel from changing a field that the person only wants to scroll past."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        wheel = event.type() == QEvent.Type.Wheel
        if wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def calm(widget: QWidget) -> None:
    """Let no field inside change by a wheel that passes over it."""
    guard = _CalmWheel(widget)
    for field in (*widget.findChildren(QComboBox), *widget.findChildren(QAbstractSpinBox)):
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.installEventFilter(guard)


def helped(widget: Field, text: str) -> Field:
    """The widget with a help text: on hovering, and with Shift+F1."""
    widget.setToolTip(wrapped(text))
    widget.setWhatsThis(wrapped(text))
    widget.setAccessibleDescription(text)
    return widget


def wrapped(text: str) -> str:
    """A tool tip that breaks its lines; empty for an empty text."""
    return f"<qt>{escape(text)}</qt>" if text else ""


def combo(rows: Iterable[tuple[str, str]], help_text: str = "") -> QComboBox:
    """A choice of (words, value) rows that is as narrow as it must."""
    box = QComboBox()
    for words, value in rows:
        box.addItem(words, value)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(6)
    return helped(box, help_text)


def choose(box: QComboBox, value: str, words: str = "") -> None:
    """Choose a value; one that is not among them is added."""
    place = box.findData(value)
    if place < 0:
        box.addItem(words or value, value)
        place = box.count() - 1
    box.setCurrentIndex(place)


def number(
    low: float,
    high: float,
    value: float,
    unit: str,
    step: float,
    decimals: int = 2,
    help_text: str = "",
) -> QDoubleSpinBox:
    """A field for a number with a unit."""
    box = QDoubleSpinBox(minimum=low, maximum=high, decimals=decimals, singleStep=step)
    box.setValue(value)
    box.setSuffix(unit)
    box.setMinimumWidth(_FIELD)
    return helped(box, help_text)


def whole(low: int, high: int, value: int, help_text: str = "", zero: str = "") -> QSpinBox:
    """A field for a whole number; `zero` is what its lowest value is called."""
    box = QSpinBox(minimum=low, maximum=high, value=value)
    if zero:
        box.setSpecialValueText(zero)
    box.setMinimumWidth(_FIELD)
    return helped(box, help_text)


def row(*parts: QWidget | str) -> QWidget:
    """Fields and words beside each other."""
    holder = QWidget()
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    for part in parts:
        widget = QLabel(part) if isinstance(part, str) else part
        layout.addWidget(widget, 0 if isinstance(part, str) else 1)
    return holder


def form(parent: QWidget) -> QFormLayout:
    """The layout of a section: names to the left, fields in one line over all sections."""
    layout = QFormLayout(parent)
    layout.setContentsMargins(16, 0, 0, 4)
    layout.setHorizontalSpacing(8)
    layout.setVerticalSpacing(4)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return layout


def add_row(layout: QFormLayout, name: str, field: QWidget) -> None:
    """A named row; the name has the field's help, too, and its mnemonic leads to the field."""
    label = QLabel(name)
    label.setMinimumWidth(_NAME)
    label.setBuddy(field)
    label.setToolTip(field.toolTip())
    label.setWhatsThis(field.whatsThis())
    layout.addRow(label, field)
