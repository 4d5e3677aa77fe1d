"""The library dock: search, facets, the clip table, and counts per label."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGridLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.project import EXCLUDED, KEPT, UNREVIEWED, Project
from harstudio.gui.annotating import labelling
from harstudio.gui.library.delegate import ROW_HEIGHT, LabelsDelegate, StatusDelegate
from harstudio.gui.library.filtering import (
    PROBLEM,
    UNLABELLED,
    WITH_RECORDING,
    Query,
    label_counts,
    natural,
)
from harstudio.gui.library.model import COLUMNS, ClipTableModel
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme

_ALL = {"label": "All labels", "subject": "All subjects", "status": "Any status"}
_WIDTHS = {"status": 24, "subject": 60, "labels": 84, "duration": 52}


class _ClipTable(QTableView):
    """A table that does not jump to what is typed: letters are commands, the field above finds."""

    def keyboardSearch(self, search: str) -> None:  # noqa: N802
        return


class LibraryPanel(QWidget):
    """Clips of the project; selecting one opens it."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self.model = ClipTableModel()
        self.search = QLineEdit(placeholderText="Search name, subject, label …")
        self.search.setClearButtonEnabled(True)
        self._facets = {name: QComboBox() for name in _ALL}
        self.table = self._make_table()
        self._empty = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("faint", True)
        self._counts = QLabel(wordWrap=True)  # two lines at most, on a narrow screen
        self._counts.setProperty("faint", True)
        self._lay_out()
        self._typing = QTimer(self, singleShot=True, interval=120)
        self._typing.timeout.connect(self._apply_query)
        self._keep_in_sight = QTimer(self, singleShot=True, interval=0)
        self._keep_in_sight.timeout.connect(lambda: self.table.scrollTo(self.table.currentIndex()))
        self._settling = QTimer(self, singleShot=True, interval=150)
        self._settling.timeout.connect(self._count)
        self.search.textChanged.connect(self._typing.start)
        self.search.returnPressed.connect(self.table.setFocus)
        for box in self._facets.values():
            box.currentIndexChanged.connect(self._apply_query)
        session.project_changed.connect(self._on_project_changed)
        session.clip_opening.connect(lambda _id: self._mark_open_clip())
        theme.changed.connect(self.table.viewport().update)
        self._on_project_changed(None, session.project)

    def _make_table(self) -> QTableView:
        table = _ClipTable()
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setTabKeyNavigation(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(COLUMNS.index("name"), QHeaderView.ResizeMode.Stretch)
        for name, width in _WIDTHS.items():
            table.setColumnWidth(COLUMNS.index(name), width)
        header.setMinimumSectionSize(24)
        self._status_delegate = StatusDelegate(self._theme)
        self._labels_delegate = LabelsDelegate(self._session, self._theme)
        table.setItemDelegateForColumn(COLUMNS.index("status"), self._status_delegate)
        table.setItemDelegateForColumn(COLUMNS.index("labels"), self._labels_delegate)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        table.setSortingEnabled(True)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._show_menu)
        table.selectionModel().currentRowChanged.connect(self._on_row_changed)
        return table

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(8, 8, 8, 0)
        grid.setSpacing(8)
        grid.addWidget(self.search, 0, 0, 1, 3)
        for column, box in enumerate(self._facets.values()):
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(4)
            grid.addWidget(box, 1, column)
            grid.setColumnStretch(column, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(grid)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._empty, 1)
        self._counts.setContentsMargins(8, 0, 8, 8)
        layout.addWidget(self._counts)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._keep_in_sight.start()  # the open clip, once the table has its new height

    # -- what is shown -------------------------------------------------------------------

    def _on_project_changed(self, before: Project | None, after: Project | None) -> None:
        self.model.set_project(after)
        self._mark_open_clip()
        same = (
            before is not None and after is not None and before.clips.keys() == after.clips.keys()
        )
        if same:
            self._settling.start()  # counting 11,000 clips can wait until the hand rests
        else:
            self._settling.stop()
            self._count()

    def _count(self) -> None:
        """Bring the filters' choices and the counts per label up to date."""
        project = self._session.project
        clips = list(project.clips.values()) if project is not None else []
        counts = label_counts(clips)
        subjects = sorted({clip.subject for clip in clips if clip.subject}, key=natural)
        statuses = [UNREVIEWED, KEPT, EXCLUDED, WITH_RECORDING]
        if any(clip.problem for clip in clips):
            statuses.append(PROBLEM)
        labels = [name for name, _ in counts]
        for name, values in (("label", labels), ("subject", subjects), ("status", statuses)):
            _refill(self._facets[name], _ALL[name], values)
        if not self._apply_query():
            self._say_counts(counts if len(self.model.ids) == len(clips) else None)

    def _apply_query(self) -> bool:
        """Show what is asked for; whether that is something else than before."""
        chosen = {name: box.currentData() or "" for name, box in self._facets.items()}
        query = Query(text=self.search.text().strip(), **chosen)
        if query == self.model.query:
            return False
        self.model.set_query(query)
        self._say_counts()
        self._mark_open_clip()
        return True

    def _say_counts(self, counts: list[tuple[str, int]] | None = None) -> None:
        project = self._session.project
        total = len(project.clips) if project is not None else 0
        shown = len(self.model.ids)
        self.table.setVisible(shown > 0)
        self._empty.setVisible(shown == 0)
        self._empty.setText(
            "No clip matches.\nClear the search or the filters above."
            if total
            else "No clips yet.\nImport a folder of AMASS motions or of recordings:\n"
            "File > Import folder (Ctrl+I), or drop it here."
        )
        if counts is None:
            counts = label_counts(project.clips[i] for i in self.model.ids) if project else []
        parts = [f"{name} {count}" for name, count in counts]
        head = f"{shown:,} of {total:,} clips" if shown != total else f"{total:,} clips"
        self._counts.setText(" · ".join([head, *parts[:3]]) + (" …" if len(parts) > 3 else ""))
        self._counts.setToolTip("\n".join([head, *parts]))
        self._counts.setVisible(total > 0)

    def _mark_open_clip(self) -> None:
        row = self.model.row_of(self._session.clip_id)
        if row < 0 or row == self.table.currentIndex().row():
            return
        index = self.model.index(row, COLUMNS.index("name"))
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.table.scrollTo(index)

    # -- what is done --------------------------------------------------------------------

    def _on_row_changed(self) -> None:
        clip = self.model.clip(self.table.currentIndex().row())
        if clip is not None:
            self._session.open_clip(clip.id)

    def step(self, by: int) -> None:
        """Open the next (1) or previous (-1) clip of the table."""
        if self.model.ids:
            row = self.model.row_of(self._session.clip_id) + by
            row = min(max(0, row), len(self.model.ids) - 1)
            self._session.open_clip(self.model.ids[row])

    def selected_ids(self) -> list[str]:
        """Ids of the selected rows, or of the open clip if none is selected."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        ids = [self.model.ids[row] for row in rows if row < len(self.model.ids)]
        return ids or ([self._session.clip_id] if self._session.clip_id else [])

    def _show_menu(self, at: QPoint) -> None:
        ids, project = self.selected_ids(), self._session.project
        if not ids or project is None:
            return
        menu = QMenu(self)
        for text, status in (("Keep", KEPT), ("Exclude", EXCLUDED), ("Unreviewed", UNREVIEWED)):
            menu.addAction(text, lambda s=status: labelling.set_status(self._session, ids, s))
        whole = menu.addMenu("Label the whole clip")
        for label in project.label_set.labels:
            whole.addAction(
                label.name,
                lambda name=label.name: labelling.label_whole_clips(self._session, ids, name),
            )
        menu.addSeparator()
        count = "clip" if len(ids) == 1 else f"{len(ids)} clips"
        menu.addAction(f"Remove {count} from the project", lambda: self._remove(ids))
        menu.setEnabled(not self._session.read_only)
        menu.exec(self.table.viewport().mapToGlobal(at))

    def _remove(self, ids: list[str]) -> None:
        project = self._session.project
        if project is not None:
            what = f"Remove {len(ids)} clip{'s' if len(ids) > 1 else ''}"
            self._session.edit(what, project.without_clips(ids))


def _refill(box: QComboBox, everything: str, values: list[str]) -> None:
    """Give a facet new values, keeping what is chosen where it still exists."""
    if [box.itemData(i) for i in range(1, box.count())] == values and box.count():
        return
    chosen = box.currentData()
    box.blockSignals(True)
    box.clear()
    box.addItem(everything, "")
    for value in values:
        box.addItem(value if value != UNLABELLED else "No label", value)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
