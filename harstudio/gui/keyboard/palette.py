"""The palette: every command, label, panel and clip by a few typed letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from harstudio.gui.keyboard.matching import ranked
from harstudio.gui.theme import Theme, small_font

_WIDTH, _ROW, _ROWS = 560, 26, 12
_MOST = 60
_ENTRY = Qt.ItemDataRole.UserRole
_SWATCH = 10


@dataclass(frozen=True)
class Entry:
    """Something to find.

    Attributes
    ----------
    title, detail, keys : str
        What is shown; what it is, in fainter ink; its shortcuts.
    run : callable
    enabled : bool
    colour : str
        Of a label; else empty.
    """

    title: str
    detail: str
    run: Callable[[], object]
    keys: str = ""
    enabled: bool = True
    colour: str = ""

    @property
    def text(self) -> str:
        """What typed letters are looked for in."""
        return f"{self.title} {self.detail}".lower()


@dataclass(frozen=True)
class Group:
    """Entries of one kind, made when they are shown: there may be ten thousand.

    Attributes
    ----------
    texts : sequence of str
        What typed letters are looked for in, in lower case.
    entry : callable
        The entry of an index.
    """

    texts: Sequence[str]
    entry: Callable[[int], Entry]

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Group:
        """Entries that are there already."""
        return cls([entry.text for entry in entries], entries.__getitem__)


class _Found(QAbstractListModel):
    """The entries that a query can mean."""

    def __init__(self, groups: Sequence[Group]) -> None:
        super().__init__()
        self._groups = groups
        self._texts = [group.texts for group in groups]
        self._found: list[Entry] = []
        self.look_for("")

    def look_for(self, query: str) -> None:
        """Show what else is asked for."""
        self.beginResetModel()
        self._found = [self._groups[g].entry(i) for g, i in ranked(query, self._texts, _MOST)]
        self.endResetModel()

    @property
    def entries(self) -> list[Entry]:
        return self._found

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self._found)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self._found):
            return None
        entry = self._found[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        return entry if role == _ENTRY else None


class _Row(QStyledItemDelegate):
    """Title, what it is, and its keys at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802
        return QSize(_WIDTH, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        entry, colours = index.data(_ENTRY), self._theme.colours
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        ink = QColor(colours.on_accent if chosen else colours.text)
        faint = QColor(colours.on_accent if chosen else colours.faint)
        if not entry.enabled:
            ink = faint
        painter.save()
        if chosen:
            painter.fillRect(option.rect, QColor(colours.accent))
        rect = option.rect.adjusted(12, 0, -12, 0)
        if entry.colour:
            top = rect.center().y() - _SWATCH // 2 + 1
            painter.fillRect(rect.left(), top, _SWATCH, _SWATCH, QColor(entry.colour))
            rect.adjust(_SWATCH + 8, 0, 0, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        small = small_font(option.font)
        painter.setFont(small)
        painter.setPen(faint)
        painter.drawText(rect, middle | Qt.AlignmentFlag.AlignRight, entry.keys)
        rect.adjust(0, 0, -painter.fontMetrics().horizontalAdvance(entry.keys) - 16, 0)
        painter.setFont(option.font)
        painter.setPen(ink)
        metrics = painter.fontMetrics()
        title = metrics.elidedText(entry.title, Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, middle, title)
        rect.adjust(metrics.horizontalAdvance(title) + 12, 0, 0, 0)
        painter.setFont(small)
        painter.setPen(faint)
        detail = painter.fontMetrics().elidedText(
            entry.detail, Qt.TextElideMode.ElideRight, max(0, rect.width())
        )
        painter.drawText(rect, middle, detail)
        painter.restore()


class Palette(QDialog):
    """A popup over the window: type, choose with Up and Down, Enter runs it, Esc leaves.

    Parameters
    ----------
    groups : sequence of Group
        An earlier group comes before a later one.
    """

    ran = Signal(object)  # Entry

    def __init__(
        self, groups: Sequence[Group], theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self.model = _Found(groups)
        self.field = QLineEdit(placeholderText="Command, label, panel or clip …")
        self.field.setFrame(False)
        self.list = QListView(uniformItemSizes=True, frameShape=QListView.Shape.NoFrame)
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Row(theme, self))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        colours = theme.colours
        self.setStyleSheet(
            f"QDialog#palette {{ background: {colours.panel}; border: 1px solid {colours.line}; }}"
            f"QLineEdit {{ padding: 10px 11px; border: none;"
            f" border-bottom: 1px solid {colours.line}; background: {colours.panel}; }}"
            f"QListView {{ background: {colours.panel}; }}"
        )
        self.setFixedSize(_WIDTH, self.field.sizeHint().height() + _ROWS * _ROW + 2)
        self.field.textChanged.connect(self._on_text)
        self.field.installEventFilter(self)
        self.list.clicked.connect(lambda index: self._run(index.row()))
        self.field.setFocus()
        self._choose(0)

    def open_over(self, window: QWidget) -> None:
        """Show it in the upper middle of a window."""
        left = (window.width() - self.width()) // 2
        self.move(window.mapToGlobal(QPoint(left, min(96, window.height() // 8))))
        self.show()
        self.field.setFocus()

    def eventFilter(self, watched: object, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            steps = {
                Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: _ROWS - 1, Qt.Key.Key_PageUp: 1 - _ROWS,
            }  # fmt: skip
            if key in steps:
                self._choose(self.list.currentIndex().row() + steps[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentIndex().row())
                return True
        return False

    def _on_text(self, text: str) -> None:
        self.model.look_for(text)
        self._choose(0)

    def _choose(self, row: int) -> None:
        row = min(max(0, row), self.model.rowCount() - 1)
        self.list.setCurrentIndex(self.model.index(row, 0))

    def _run(self, row: int) -> None:
        if not 0 <= row < self.model.rowCount():
            return
        entry = self.model.entries[row]
        if not entry.enabled:
            return
        self.accept()  # first, so that the focus is where it was
        self.ran.emit(entry)
        entry.run()
