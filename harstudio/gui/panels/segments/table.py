"""The segment table's widget: editors in its cells, and the keys that are its own."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QCompleter,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from harstudio.gui.panels.labels import swatch
from harstudio.gui.panels.segments.model import SegmentModel
from harstudio.gui.panels.segments.rows import COLUMNS
from harstudio.gui.tables import dress

_WIDTHS = {
    "label": 104, "start": 76, "end": 76, "duration": 60, "confidence": 48, "soft": 56,
    "author": 64, "note": 120,
}  # fmt: skip
_LABEL_EDITOR_WIDTH = 168
_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_LEAVE = (*_RETURN, Qt.Key.Key_Down, Qt.Key.Key_Escape)
_DELETE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_DIGITS = tuple(Qt.Key(Qt.Key.Key_0 + n) for n in range(10))


class CellEditor(QStyledItemDelegate):
    """A line of text for most cells, a list that completes what is typed for labels."""

    def createEditor(  # noqa: N802
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex
    ) -> QWidget:
        if COLUMNS[index.column()] != "label":
            field = QLineEdit(parent)
            field.setFrame(False)
            return field
        box = QComboBox(parent)
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        model = index.model()
        labels = model.labels.labels if isinstance(model, SegmentModel) else ()
        for label in labels:
            box.addItem(swatch(label.colour), label.name)
        completer = box.completer()
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        box.activated.connect(lambda _row: self._finish(box))
        return box

    def _finish(self, box: QWidget) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)

    def setEditorData(self, editor: QWidget, index: QModelIndex) -> None:  # noqa: N802
        text = str(index.data(Qt.ItemDataRole.EditRole))
        field = editor.lineEdit() if isinstance(editor, QComboBox) else editor
        if isinstance(field, QLineEdit) and field.isModified():
            return  # the table is brought up to date while somebody types: what is typed stays
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(editor.findText(text))
            editor.setCurrentText(text)
            editor.lineEdit().selectAll()
        elif isinstance(editor, QLineEdit):
            editor.setText(text)

    def updateEditorGeometry(  # noqa: N802
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        super().updateEditorGeometry(editor, option, index)
        if isinstance(editor, QComboBox):
            editor.resize(max(editor.width(), _LABEL_EDITOR_WIDTH), editor.height())

    def setModelData(  # noqa: N802
        self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex
    ) -> None:
        text = editor.currentText() if isinstance(editor, QComboBox) else editor.text()  # type: ignore[attr-defined]
        model.setData(index, text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.ShortcutOverride:
            assert isinstance(event, QKeyEvent)
            if not event.modifiers() & ~(
                Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
            ):
                event.accept()  # while a cell is edited its keys are no commands
                return True
        return super().eventFilter(watched, event)


class FilterField(QLineEdit):
    """A field to filter by; Return, Down and Escape leave it for the table."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if is_key and event.key() in _LEAVE:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in _LEAVE:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class SegmentTable(QTableView):
    """Rows of segments. Enter plays, F2 edits, Del deletes; letters stay commands of the window."""

    play_asked = Signal()
    delete_asked = Signal()
    copy_asked = Signal()
    digit_typed = Signal(str)

    def __init__(self, model: SegmentModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self._editor = CellEditor(self)
        self.setItemDelegate(self._editor)
        dress(self, many=True)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.EditKeyPressed | triggers.SelectedClicked)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.horizontalHeader()
        header.setStretchLastSection(True)
        for name, width in _WIDTHS.items():
            self.setColumnWidth(COLUMNS.index(name), width)
        header.setSortIndicator(COLUMNS.index("start"), Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    def rows(self) -> list[int]:
        """The selected rows, from the top."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def edit_current(self) -> None:
        """Open the editor of the current cell."""
        if self.currentIndex().isValid():
            self.edit(self.currentIndex())

    # -- Qt ------------------------------------------------------------------------------

    def keyboardSearch(self, search: str) -> None:  # noqa: N802
        return  # letters are commands; the field above finds

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            assert isinstance(event, QKeyEvent)
            if self._wants(event):
                event.accept()
                return True
        return super().event(event)

    def _wants(self, event: QKeyEvent) -> bool:
        """Keys that mean something here, though a command of the window has them too."""
        if event.matches(QKeySequence.StandardKey.Copy) or event.matches(
            QKeySequence.StandardKey.SelectAll
        ):
            return True
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if event.key() in (*_RETURN, *_DELETE, Qt.Key.Key_F2):
            return bool(self.rows())
        return event.key() in _DIGITS and len(self.rows()) > 1

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if self.state() == QAbstractItemView.State.EditingState:
            event.accept()  # the Enter that ends typing comes here too, and must not play
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_asked.emit()
        elif event.key() in _RETURN and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.play_asked.emit()
        elif event.key() in _DELETE and not event.modifiers():
            self.delete_asked.emit()
        elif event.key() in _DIGITS and self._wants(event):
            self.digit_typed.emit(event.text())
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        super().mouseDoubleClickEvent(event)
        place = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and place.isValid():
            self.play_asked.emit()
