"""The Segments dock: the active tier of the open clip as a table that can be edited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import PREDICTED, Project
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.panels.labels import swatch
from harstudio.gui.panels.segments.model import SegmentModel
from harstudio.gui.panels.segments.rows import (
    SegmentQuery,
    Totals,
    all_changed,
    damage,
    edited,
    named,
    table_text,
    without,
)
from harstudio.gui.panels.segments.table import FilterField, SegmentTable
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme

_WHAT = {
    "start": "Move the start of", "end": "Move the end of", "duration": "Change the length of",
    "confidence": "Set the confidence of", "soft": "Set soft edges of",
    "author": "Set the author of", "note": "Note on",
}  # fmt: skip


class SegmentsPanel(QWidget):
    """Filter, sort and edit segments; the selected one is that of every view."""

    def __init__(
        self,
        session: Session,
        clock: PlaybackClock,
        window: TimeWindow,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._clock, self._window = session, clock, window
        self._following = False
        self._stale = True
        self._kept: tuple[set[tuple[float, float]], int] = (set(), 0)
        self.model = SegmentModel()
        self.table = SegmentTable(self.model)
        self.tiers = QComboBox(toolTip="The tier that is shown here and edited everywhere")
        self.search = FilterField(placeholderText="Filter label, note, author …")
        self.search.setClearButtonEnabled(True)
        self.below = QDoubleSpinBox(minimum=0.0, maximum=1.0, singleStep=0.05, decimals=2)
        self.below.setPrefix("conf. < ")
        self.below.setSpecialValueText("any conf.")
        self.below.setToolTip("Show only segments whose confidence p is below this; 0 shows all")
        self.totals = QLabel(wordWrap=True)  # two lines at most, on a narrow screen
        self.totals.setProperty("faint", True)
        self._empty = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("faint", True)
        self._typing = QTimer(self, singleShot=True, interval=120)
        self._lay_out()
        self._connect(theme)
        self._refresh()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(8, 8, 8, 0)
        top.setSpacing(8)
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.tiers.setSizeAdjustPolicy(policy)
        self.tiers.setMinimumContentsLength(5)
        self.tiers.setMaximumWidth(104)
        self.below.setMaximumWidth(96)
        top.addWidget(self.tiers)
        top.addWidget(self.search, 1)
        top.addWidget(self.below)
        self.totals.setContentsMargins(8, 0, 8, 8)
        self.totals.setMinimumWidth(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self.totals)

    def _connect(self, theme: Theme) -> None:
        session, table = self._session, self.table
        session.project_changed.connect(self._on_project_changed)
        session.clip_opening.connect(lambda _id: self._later())
        session.clip_opened.connect(self._later)
        session.tier_changed.connect(lambda _tier: self._later())
        session.selection_changed.connect(self._follow)
        theme.changed.connect(table.viewport().update)
        self._typing.timeout.connect(self._apply_query)
        self.search.textChanged.connect(lambda _text: self._typing.start())
        self.search.left.connect(table.setFocus)
        self.below.valueChanged.connect(lambda _value: self._apply_query())
        self.tiers.activated.connect(lambda _i: session.select_tier(self.tiers.currentText()))
        self.model.modelAboutToBeReset.connect(self._remember)
        self.model.modelReset.connect(self._restore)
        # An editor still closes while it hands over its text; the edit comes after that.
        queued = Qt.ConnectionType.QueuedConnection
        self.model.cell_edited.connect(self._on_cell_edited, queued)
        table.selectionModel().selectionChanged.connect(lambda _on, _off: self._on_chosen())
        table.selectionModel().currentRowChanged.connect(lambda _now, _then: self._on_chosen())
        table.play_asked.connect(self.play)
        table.delete_asked.connect(self.delete)
        table.copy_asked.connect(self.copy)
        table.digit_typed.connect(self._on_digit)
        table.customContextMenuRequested.connect(self._show_menu)

    # -- what is shown -------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        if self._stale:
            self._refresh()

    def _on_project_changed(self, before: Project | None, after: Project | None) -> None:
        listed = [self.tiers.itemText(i) for i in range(self.tiers.count())]
        same = before is not None and after is not None and before.label_set is after.label_set
        if not same or self._session.track is not self.model.track or self._tiers() != listed:
            self._later()

    def _later(self) -> None:
        """Bring the table up to date now if it is looked at, else when it will be."""
        self._stale = True
        if self.isVisible():
            self._refresh()

    def _tiers(self) -> list[str]:
        return list(self._session.clip.tiers) if self._session.clip is not None else []

    def _refresh(self) -> None:
        self._stale = False
        session, project = self._session, self._session.project
        if project is not None:
            self.model.show(session.track, project.label_set, self._editable)
        else:
            self.model.show(LabelTrack(), self.model.labels, False)
        self.tiers.clear()
        self.tiers.addItems(self._tiers())
        self.tiers.setCurrentText(session.tier)
        for widget in (self.tiers, self.search, self.below):
            widget.setEnabled(session.clip is not None)
        self._say()
        self._follow()

    @property
    def _editable(self) -> bool:
        """Suggestions are accepted or rejected, not edited."""
        return not self._session.read_only and self._session.tier != PREDICTED

    def _apply_query(self) -> None:
        below = self.below.value()
        self.model.set_query(SegmentQuery(self.search.text().strip(), below if below > 0 else None))
        self._say()

    def _say(self) -> None:
        """The totals of what is shown, or why nothing is."""
        clip, track = self._session.clip, self.model.track
        totals = Totals.of(self.model.segments)
        self.table.setVisible(totals.count > 0)
        self._empty.setVisible(totals.count == 0)
        if clip is None:
            self._empty.setText("Open a clip: its segments are listed here.")
        elif len(track):
            self._empty.setText("No segment matches.\nClear the filter above.")
        else:
            self._empty.setText(
                "No segment in this tier yet.\nDrag on its lane in the timeline, or press a "
                "label's key (1-9) to label from the playhead on."
            )
        line, whole = totals.text(len(track))
        self.totals.setText(line)
        self.totals.setToolTip(whole)
        self.totals.setVisible(totals.count > 0)

    # -- selection -----------------------------------------------------------------------

    def _on_chosen(self) -> None:
        """The hand moved in the table: select that segment in every view and go there."""
        if self._following:
            return
        rows = self.table.rows()
        if not rows:
            return
        current = self.table.currentIndex().row()
        row = current if current in rows else rows[-1]
        (index,) = self.model.indexes([row])
        if index != self._session.segment_index:
            segment = self.model.segment(row)
            self._session.select_segment(index)
            self._clock.seek(segment.start_s)
            self._window.follow(segment.start_s)

    def _follow(self) -> None:
        """Select the row of the segment that is selected elsewhere."""
        if self._stale or self._following:
            return
        row = self.model.row_of(self._session.segment_index)
        if row in self.table.rows():
            return
        self._select([row] if row >= 0 else [])

    def _select(self, rows: list[int], column: int = 0) -> None:
        """Select rows without going there."""
        self._following = True
        selection = QItemSelection()
        for row in rows:
            index = self.model.index(row, 0)
            selection.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        chooser = self.table.selectionModel()
        if rows:
            current = self.model.index(rows[0], column)
            chooser.setCurrentIndex(current, flags.NoUpdate)
            self.table.scrollTo(self.model.index(rows[0], 0))
        chooser.select(selection, flags.ClearAndSelect | flags.Rows)
        self._following = False

    def _remember(self) -> None:
        chosen = (self.model.segment(row) for row in self.table.rows())
        column = max(0, self.table.currentIndex().column())
        self._kept = ({(s.start_s, s.end_s) for s in chosen}, column)

    def _restore(self) -> None:
        spans, column = self._kept
        if spans:
            rows = [
                row for row, s in enumerate(self.model.segments) if (s.start_s, s.end_s) in spans
            ]
            self._select(rows, column)

    # -- what is done --------------------------------------------------------------------

    def play(self) -> None:
        """Play the current segment in a loop; once more stops."""
        index = self.table.currentIndex()
        if not index.isValid():
            return
        segment = self.model.segment(index.row())
        span = (segment.start_s, segment.end_s)
        if self._clock.playing and self._clock.loop == span:
            self._clock.pause()
            self._clock.set_loop(None)
            self._clock.seek(segment.start_s)
            return
        self._clock.set_loop(span)
        self._clock.seek(segment.start_s)
        margin_s = max(0.5, 0.25 * segment.duration_s)
        self._window.show_range(segment.start_s - margin_s, segment.end_s + margin_s)
        self._clock.play()

    def _chosen(self) -> list[int]:
        """Places in the track of the selected rows; none where nothing may be changed."""
        if not self._editable:
            why = "this project is read-only" if self._session.read_only else (
                "suggestions are accepted (Y) or rejected (X), not edited"
            )  # fmt: skip
            self._session.message.emit(f"Not changed: {why}")
            return []
        return self.model.indexes(self.table.rows())

    def relabel(self, label: str) -> None:
        """Give the selected segments another label, as one step."""

        def change(segment: Segment) -> Segment:
            if segment.label == label:
                return segment
            return replace(segment, label=label, author=self._session.author)

        if self._change("Relabel {} to " + label, change):
            self._session.last_label = label

    def set_confidence(self, confidence: float) -> None:
        """Say how sure the labels of the selected segments are, as one step."""
        what = f"Set the confidence of {{}} to {confidence:g}"
        self._change(what, lambda segment: replace(segment, confidence=confidence))

    def sharpen(self) -> None:
        """Take the soft edges off the selected segments, as one step."""
        sharp = {"start_soft_s": 0.0, "end_soft_s": 0.0}
        self._change("Take the soft edges off {}", lambda segment: replace(segment, **sharp))

    def _change(self, what: str, change: Callable[[Segment], Segment]) -> bool:
        indexes, track = self._chosen(), self.model.track
        if indexes:
            after = all_changed(track, indexes, change)
            self._session.edit_labels(what.format(named(track, indexes)), after)
        return bool(indexes)

    def delete(self) -> None:
        """Remove the selected segments, as one step."""
        indexes, track = self._chosen(), self.model.track
        if indexes:
            row = self.table.rows()[0]
            self._session.edit_labels(f"Delete {named(track, indexes)}", without(track, indexes))
            self._session.select_segment(None)
            if self.model.rowCount():  # the hand stays where it was
                self._select([min(row, self.model.rowCount() - 1)])
                self._on_chosen()

    def copy(self) -> None:
        """Put the selected segments on the clipboard, as rows of a spreadsheet."""
        segments = [self.model.segment(row) for row in self.table.rows()]
        if segments:
            QGuiApplication.clipboard().setText(table_text(segments))
            self._session.message.emit(f"{len(segments)} segments copied as a table")

    def _on_digit(self, digit: str) -> None:
        label = self.model.labels.by_key(digit)
        if label is None:
            self._session.message.emit(f"No label has the key {digit}: add one in the Labels panel")
        else:
            self.relabel(label.name)

    def _on_cell_edited(self, segment: Segment, column: str, text: str) -> None:
        session, track = self._session, self._session.track
        clip, index = session.clip, track.index_of(segment)
        if clip is None or session.project is None or index is None:
            return
        try:
            changed = edited(segment, column, text, clip.duration_s)
        except HarstudioError as error:
            session.message.emit(f"Not changed: {error}")
            return
        if column == "label":
            changed = replace(changed, author=session.author)
            session.last_label = changed.label
            what = f"Relabel {segment.label} to {changed.label}"
        else:
            what = f"{_WHAT[column]} {segment.label}"
        known = session.project.label_set.names
        after = track.changed(index, changed)
        session.edit_labels(what, after)
        session.select_segment(session.track.index_of(changed))
        told = damage(track, after, index)
        if column == "label" and changed.label not in known:
            told = f"New label {changed.label!r} (Ctrl+Z takes it back)"
        if told:
            session.message.emit(told)

    # -- menu ----------------------------------------------------------------------------

    def _show_menu(self, point: QPoint) -> None:
        if not self.table.indexAt(point).isValid():
            return
        menu = self.make_menu()
        menu.exec(self.table.viewport().mapToGlobal(point))
        menu.deleteLater()

    def make_menu(self) -> QMenu:
        """What can be done with the selected rows."""
        menu = QMenu(self)
        menu.addAction("Play in a loop\tEnter", self.play)
        edit = menu.addAction("Edit this cell\tF2", self.table.edit_current)
        menu.addSeparator()
        relabel = menu.addMenu("Relabel")
        for label in self.model.labels.labels:
            text = label.name.replace("&", "&&") + (f"\t{label.key}" if label.key else "")
            action = relabel.addAction(swatch(label.colour), text)
            action.triggered.connect(lambda _on=False, name=label.name: self.relabel(name))
        confidence = menu.addAction("Set confidence …", self._ask_confidence)
        sharpen = menu.addAction("Make edges sharp", self.sharpen)
        menu.addSeparator()
        menu.addAction("Copy as a table\tCtrl+C", self.copy)
        delete = menu.addAction("Delete\tDel", self.delete)
        for action in (edit, relabel.menuAction(), confidence, sharpen, delete):
            action.setEnabled(self._editable)
        return menu

    def _ask_confidence(self) -> None:
        rows = self.table.rows()
        value, accepted = QInputDialog.getDouble(
            self, "Confidence", f"How sure are you of {len(rows)} labels, 0 to 1?",
            self.model.segment(rows[0]).confidence, 0.0, 1.0, 2,
        )  # fmt: skip
        if accepted:
            self.set_confidence(value)
