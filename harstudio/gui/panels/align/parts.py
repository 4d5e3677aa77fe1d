"""Small pieces that the Align dock is made of."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)


def push_button(text: str, tip: str) -> QPushButton:
    """A button that may be as narrow as its text."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setMinimumWidth(made.fontMetrics().horizontalAdvance(text) + 12)
    return made


def title(text: str) -> QLabel:
    """The name of a group."""
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label


def number_field(suffix: str, decimals: int, most: float, step: float, tip: str) -> QDoubleSpinBox:
    """A field that tells its number once it is typed."""
    field = QDoubleSpinBox(minimum=-most, maximum=most, singleStep=step)
    field.setDecimals(decimals)
    field.setSuffix(suffix)
    field.setKeyboardTracking(False)
    field.setMinimumWidth(96)  # Qt's own would make room for the longest number in the range
    field.setToolTip(tip)
    return field


def column_of(*widgets: QWidget) -> QVBoxLayout:
    """Widgets below each other."""
    column = QVBoxLayout()
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return column


def row_of(*widgets: tuple[QWidget, int]) -> QHBoxLayout:
    """Widgets beside each other, each with its share of the width."""
    row = QHBoxLayout()
    row.setSpacing(4)
    for widget, stretch in widgets:
        row.addWidget(widget, stretch)
    return row
