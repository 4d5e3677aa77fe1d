"""A list of windows: each leads to its moment in every view, and its label can be put right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.project import Project
from harstudio.gui.panels.labels import swatch
from harstudio.gui.panels.results.window_model import COLUMNS, WindowModel
from harstudio.gui.session import Session
from harstudio.gui.tables import dress
from harstudio.learn.judging.results import WindowResult
from harstudio.workflows.reviewing import relabelled

_WIDTHS = {"Clip": 104, "From": 64, "Actual": 92, "Predicted": 92, "p": 36, "Label now": 72}


class WindowTable(QTableView):
    """Rows of windows. Arrows go from one to the next; digits label, Shift+digits whole segments.

    Letters stay commands of the window.
    """

    digit_typed = Signal(str, bool)  # digit, with Shift
    left = Signal()  # Escape: back to where the list came from

    def __init__(self, model: WindowModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        dress(self, many=True, least_px=32)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        header = self.horizontalHeader()
        for column, name in enumerate(COLUMNS):
            if name in _WIDTHS:
                header.resizeSection(column, _WIDTHS[name])
        header.setStretchLastSection(True)

    def event(self, event: QEvent) -> bool:
        own = isinstance(event, QKeyEvent) and (
            _digit(event) or event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return)
        )
        if own and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # or the label would go to whatever the timeline has selected
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        digit = _digit(event)
        if digit:
            whole = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.digit_typed.emit(digit, whole)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class WindowList(QWidget):
    """Windows of a cell, a class or a lasso; the chosen ones can be relabelled in one step."""

    retrain_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.model = WindowModel()
        self.table = WindowTable(self.model)
        self.title = QLabel()
        self.label = QComboBox(toolTip="The label to give to the chosen windows")
        self.label.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.label.setMinimumContentsLength(5)
        self.stretch = QToolButton(text="Window")
        self.stretch.setToolTip("Label only the time of the chosen windows (a label's digit key)")
        self.segment = QToolButton(text="Whole segment")
        self.segment.setToolTip(
            "Relabel the segments that the chosen windows lie in (Shift+digit key)"
        )
        self.retrain = QToolButton(text="Retrain")
        self.retrain.setToolTip("Train again as this run was, on the labels as they are now")
        self._lay_out()
        self.stretch.clicked.connect(lambda: self.relabel(self.label.currentText(), whole=False))
        self.segment.clicked.connect(lambda: self.relabel(self.label.currentText(), whole=True))
        self.retrain.clicked.connect(self.retrain_requested)
        self.table.digit_typed.connect(self._on_digit)
        self.table.clicked.connect(self._go)
        self.table.activated.connect(self._go)
        self.table.selectionModel().currentRowChanged.connect(lambda now, _old: self._go(now))
        session.project_changed.connect(self._on_project_changed)
        self._fill_labels(session.project)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(QLabel("Relabel as"))
        row.addWidget(self.label, 1)
        for button in (self.stretch, self.segment, self.retrain):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)

    def show_windows(self, windows: Sequence[WindowResult], what: str) -> None:
        """Show other windows, with what they have in common."""
        ordered = sorted(windows, key=lambda w: (w.clip_id, w.start_s))
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.model.show(ordered, self._session.project)
        self.title.setText(f"{what} · {len(ordered):,} window{'s' * (len(ordered) != 1)}")
        self._enable()

    def rowCount(self) -> int:  # noqa: N802
        """How many windows are listed."""
        return self.model.rowCount()

    def choose(self, row: int) -> None:
        """Go to a window."""
        self.table.setCurrentIndex(self.model.index(row, 0))

    def step(self, by: int) -> None:
        """Go to the next window (1) or the one before (-1)."""
        last = self.model.rowCount() - 1
        if last >= 0:
            self.choose(min(max(0, self.table.currentIndex().row() + by), last))

    def chosen(self) -> list[WindowResult]:
        """The selected windows."""
        rows = sorted({index.row() for index in self.table.selectionModel().selectedRows()})
        return [self.model.windows[row] for row in rows]

    def relabel(self, label: str, *, whole: bool) -> None:
        """Give the chosen windows another label, as one step that undoes as one."""
        session, project = self._session, self._session.project
        chosen = [w for w in self.chosen() if project is not None and w.clip_id in project.clips]
        if project is None or not label:
            return
        if session.read_only:
            session.message.emit("Not changed: this project is read-only")
            return
        if not chosen:
            session.message.emit("Choose windows in the list first")
            return
        after = project
        for window in chosen:
            after = relabelled(
                after, window.clip_id, window.start_s, window.end_s, label, session.author,
                given=window.truth, whole=whole,
            )  # fmt: skip
        many = f"{len(chosen)} window{'s' * (len(chosen) > 1)}"
        session.edit(f"Relabel {many} as {label}", after)
        session.last_label = label
        session.message.emit(f"{many} relabelled as {label} · Ctrl+Z undoes")

    def _on_digit(self, digit: str, whole: bool) -> None:
        project = self._session.project
        found = project.label_set.by_key(digit) if project is not None else None
        if found is None:
            self._session.message.emit(f"No label has the key {digit}")
            return
        self.label.setCurrentText(found.name)
        self.relabel(found.name, whole=whole)

    def _go(self, index: QModelIndex) -> None:
        project = self._session.project
        if project is None or not index.isValid():
            return
        window = self.model.windows[index.row()]
        if window.clip_id not in project.clips:
            self._session.message.emit("That clip is no longer in the project")
            return
        self._session.show_moment(window.clip_id, window.start_s, window.end_s)

    def _on_project_changed(self, before: Project | None, after: Project | None) -> None:
        if before is None or after is None or before.label_set is not after.label_set:
            self._fill_labels(after)
        self.model.set_project(after)

    def _fill_labels(self, project: Project | None) -> None:
        chosen = self.label.currentText()
        self.label.clear()
        for label in project.label_set.labels if project is not None else ():
            self.label.addItem(swatch(label.colour), label.name)
        self.label.setCurrentIndex(max(0, self.label.findText(chosen)))
        self._enable()

    def _enable(self) -> None:
        can = not self._session.read_only and self.model.rowCount() > 0
        for widget in (self.label, self.stretch, self.segment):
            widget.setEnabled(can and self.label.count() > 0)


def _digit(event: QKeyEvent) -> str:
    """The digit that was typed, alone or with Shift; empty if another key was."""
    allowed = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
    if event.modifiers() & ~allowed:
        return ""
    key = event.key()
    if Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
        return str(key - Qt.Key.Key_0)
    return _SHIFTED.get(event.text(), "")


_SHIFTED = dict(zip(")!@#$%^&*(", "0123456789", strict=True))
"""What Shift makes of the digits, where the system tells only that."""
