"""The label set: names, colours and keys, and a click that labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.label_set import Label, LabelSet
from harstudio.core.project import Clip, Project
from harstudio.gui.annotating import labelling
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme

_KEY, _NAME, _USE = range(3)


class LabelsPanel(QWidget):
    """Edit the label set; a double-click on a key applies that label."""

    def __init__(
        self,
        session: Session,
        clock: PlaybackClock,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        # The window puts in what labels live while it plays.
        self.give_label: Callable[[str], object] = partial(labelling.apply_label, session, clock)
        self._filling = False
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["Key", "Label", "Clips"])
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setColumnWidth(_KEY, 48)
        self.table.setColumnWidth(_USE, 64)
        self.table.itemChanged.connect(self._on_item_changed)
        self.new = QLineEdit(placeholderText="New label …")
        self.new.returnPressed.connect(self._on_add)
        self._apply = QPushButton("Apply")
        self._apply.setToolTip("Label the selection, or from the playhead to the next boundary")
        self._apply.clicked.connect(self._on_apply)
        self._colour = QPushButton("Colour …")
        self._colour.clicked.connect(self._on_colour)
        self._remove = QPushButton("Remove")
        self._remove.setToolTip("Remove a label that no clip uses")
        self._remove.clicked.connect(self._on_remove)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.new, 1)
        for button in (self._apply, self._colour, self._remove):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        self._settling = QTimer(self, singleShot=True, interval=150)
        self._settling.timeout.connect(self._fill)
        session.project_changed.connect(self._on_project_changed)
        theme.changed.connect(lambda: self._fill())
        self._fill()

    def _on_project_changed(self, before: Project | None, after: Project | None) -> None:
        if before is None or after is None or before.label_set is not after.label_set:
            self._settling.stop()
            self._fill()
        elif before.clips is not after.clips:
            self._settling.start()  # counting 11,000 clips can wait until the hand rests

    def _fill(self) -> None:
        project = self._session.project
        labels = project.label_set.labels if project is not None else ()
        uses = clips_per_label(project) if project is not None else {}
        editable = not self._session.read_only
        self._filling = True
        row = self.table.currentRow()
        self.table.setRowCount(len(labels))
        for i, label in enumerate(labels):
            self.table.setItem(i, _KEY, _item(label.key, editable))
            name = _item(label.name, editable)
            name.setIcon(swatch(label.colour))
            self.table.setItem(i, _NAME, name)
            self.table.setItem(i, _USE, _item(f"{uses.get(label.name, 0):,}", False))
        self.table.setCurrentCell(min(row, len(labels) - 1), _NAME)
        self._filling = False
        for widget in (self.new, self._apply, self._colour, self._remove):
            widget.setEnabled(editable and project is not None)

    def _current(self) -> Label | None:
        project, row = self._session.project, self.table.currentRow()
        if project is None or not 0 <= row < len(project.label_set.labels):
            return None
        return project.label_set.labels[row]

    def _change(self, what: str, labels: tuple[Label, ...]) -> None:
        project = self._session.project
        if project is not None:
            self._session.edit(what, replace(project, label_set=LabelSet(labels)))

    def _on_add(self) -> None:
        name, project = self.new.text().strip(), self._session.project
        if name and project is not None:
            self._change(f"Add label {name}", project.label_set.extended([name]).labels)
            self.new.clear()

    def _on_apply(self) -> None:
        label = self._current()
        if label is not None:
            self.give_label(label.name)

    def _on_colour(self) -> None:
        label = self._current()
        if label is None:
            return
        colour = QColorDialog.getColor(QColor(label.colour), self, f"Colour of {label.name}")
        if colour.isValid():
            self._replace(label, replace(label, colour=colour.name().upper()))

    def _on_remove(self) -> None:
        label, project = self._current(), self._session.project
        if label is None or project is None:
            return
        used = sum(
            any(label.name in track.labels for _, track in clip.tracks)
            for clip in project.clips.values()
        )
        if used:
            raise HarstudioError(
                f"{label.name!r} labels {used} clips", "relabel those first: search for the label"
            )
        kept = tuple(each for each in project.label_set.labels if each is not label)
        self._change(f"Remove label {label.name}", kept)

    def _replace(self, old: Label, new: Label) -> None:
        project = self._session.project
        if project is not None:
            labels = tuple(new if each is old else each for each in project.label_set.labels)
            self._change(f"Change label {old.name}", labels)

    def _on_item_changed(self, item: QTableWidgetItem) -> None:
        project = self._session.project
        if self._filling or project is None or item.row() >= len(project.label_set.labels):
            return
        label = project.label_set.labels[item.row()]
        try:
            if item.column() == _KEY:
                self._rekey(project, label, item.text().strip())
            elif item.column() == _NAME:
                self._rename(project, label, item.text().strip())
        finally:
            self._fill()

    def _rekey(self, project: Project, label: Label, key: str) -> None:
        if key == label.key:
            return
        if key and (len(key) != 1 or key not in "1234567890"):
            raise HarstudioError(f"key {key!r}", "a label's key is a digit, 1 to 9 or 0")
        labels = tuple(
            replace(each, key=key if each is label else "" if each.key == key else each.key)
            for each in project.label_set.labels
        )
        self._change(f"Key {key or 'none'} for {label.name}", labels)

    def _rename(self, project: Project, label: Label, name: str) -> None:
        if name == label.name or not name:
            return
        self._session.edit(
            f"Rename {label.name} to {name}", renamed_label(project, label.name, name)
        )


def _item(text: str, editable: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    if not editable:
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
    return item


def swatch(colour: str, size: int = 12) -> QIcon:
    """A small square of a label's colour."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.fillRect(1, 1, size - 2, size - 2, QColor(colour))
    painter.end()
    return QIcon(pixmap)


def clips_per_label(project: Project) -> dict[str, int]:
    """How many clips use each label in the person's own tier."""
    counts: dict[str, int] = {}
    for clip in project.clips.values():
        for name in clip.labels.labels:
            counts[name] = counts.get(name, 0) + 1
    return counts


def renamed_label(project: Project, old: str, new: str) -> Project:
    """The project with a label renamed everywhere; a name in use joins the two."""
    clips: list[Clip] = []
    for clip in project.clips.values():
        for tier, track in clip.tracks:
            if old in track.labels:
                segments = tuple(
                    replace(s, label=new) if s.label == old else s for s in track.segments
                )
                clip = clip.with_track(replace(track, segments=segments), tier)
        clips.append(clip)
    names = project.label_set.names
    labels = tuple(
        replace(label, name=new) if label.name == old else label
        for label in project.label_set.labels
        if not (label.name == old and new in names)
    )
    changed = [clip for clip in clips if clip is not project.clips[clip.id]]
    return replace(project, label_set=LabelSet(labels)).with_clips(changed)
