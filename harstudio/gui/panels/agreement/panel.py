"""The Agreement dock: two tiers beside each other in figures, and a way to where they differ."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from PySide6.QtCore import QEvent, QModelIndex, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHeaderView,
    QLabel,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.agreement import BOTH, EITHER, WHOLE, Disagreement
from harstudio.core.errors import HarstudioError
from harstudio.core.label_set import LabelSet
from harstudio.core.project import MINE, Clip, Project
from harstudio.core.timebase import clock_text
from harstudio.gui.background import Background
from harstudio.gui.panels.agreement.matrix import AgreementMatrix
from harstudio.gui.panels.agreement.text import EMPTY_TEXT, figures_html
from harstudio.gui.panels.labels import swatch
from harstudio.gui.session import Session
from harstudio.gui.tables import dress
from harstudio.gui.theme import Theme
from harstudio.workflows.agreement import (
    ProjectAgreement,
    agreement_text,
    compare_clip,
    compare_clips,
    label_word,
    tiers_of,
)

MOST_ROWS = 2000
_OVER = ((EITHER, "where either has"), (BOTH, "where both have"), (WHOLE, "whole clip"))
_FROM, _TO, _LENGTH, _A, _B, _CLIP = range(6)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class AgreementPanel(QWidget):
    """Two tiers of the open clip, or of all clips; computed beside the window when looked at."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._worker = Background(self)
        self._result: ProjectAgreement | None = None
        self._asked: object = None
        self._request = 0
        self._shown: list[Disagreement] = []
        self._pair: tuple[str, str] | None = None
        self.reference, self.other, self.over = QComboBox(), QComboBox(), QComboBox()
        self.all_clips = QCheckBox("All clips")
        self.figures = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.differences = _DifferenceTable(self._go_to)
        self.matrix = AgreementMatrix(theme)
        self.per_label = _table(["Label", "A s", "B s", "both s", "Dice", "F1 .5"])
        self.tabs = QTabWidget()
        self._empty = QLabel(EMPTY_TEXT, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("faint", True)
        self._later = QTimer(self, singleShot=True, interval=250)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        for box in (self.reference, self.other, self.over):
            box.setSizeAdjustPolicy(policy)
            box.setMinimumContentsLength(5)
        for over, words in _OVER:
            self.over.addItem(words, over)
        self.over.setToolTip(
            "The time that is compared: where at least one tier has a label, where both have, or\n"
            "all of the clip. In the first and the last, no label is a class of its own."
        )
        self.reference.setToolTip("The reference tier: rows of the matrix; offsets count from it")
        self.other.setToolTip("The tier beside it: columns of the matrix")
        grid = QGridLayout()
        grid.setSpacing(8)
        grid.addWidget(self.reference, 0, 0)
        grid.addWidget(self.other, 0, 1)
        grid.addWidget(self.over, 1, 0)
        grid.addWidget(self.all_clips, 1, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        head = self.per_label.horizontalHeader()
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setStretchLastSection(False)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self.matrix)
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.differences, "Differences")
        self.tabs.addTab(scroll, "Matrix")
        self.tabs.addTab(self.per_label, "Labels")
        self.tabs.setMinimumHeight(96)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 0)
        layout.setSpacing(8)
        layout.addLayout(grid)
        layout.addWidget(self.figures)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self._empty, 1)

    def _connect(self) -> None:
        session = self._session
        session.project_changed.connect(lambda _before, _after: self._later.start())
        session.clip_opening.connect(lambda _id: self._later.start())
        session.clip_opened.connect(self._later.start)
        self._later.timeout.connect(self._refresh)
        for box in (self.reference, self.other, self.over):
            box.activated.connect(lambda _i: self._refresh())
        self.all_clips.toggled.connect(lambda _on: self._refresh())
        self.matrix.cell_chosen.connect(self._on_cell)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._refresh()

    # -- what is compared ----------------------------------------------------------------

    def _tiers(self) -> list[str]:
        """Tiers to choose from: of the open clip, or of any clip."""
        project, clip = self._session.project, self._session.clip
        if project is None:
            return []
        if self.all_clips.isChecked():
            held = tiers_of(project)
            return [MINE] * (MINE in held) + sorted(held.keys() - {MINE})
        return list(clip.tiers) if clip is not None else []

    def _fill_tiers(self) -> None:
        tiers = self._tiers()
        for box, place in ((self.reference, 0), (self.other, 1)):
            chosen = box.currentText()
            if [box.itemText(i) for i in range(box.count())] != tiers:
                box.clear()
                box.addItems(tiers)
                row = tiers.index(chosen) if chosen in tiers else min(place, len(tiers) - 1)
                box.setCurrentIndex(row)
        same = self.reference.currentIndex() == self.other.currentIndex()
        if len(tiers) > 1 and same:
            self.other.setCurrentIndex((self.reference.currentIndex() + 1) % len(tiers))

    def _refresh(self) -> None:
        """Compare anew what is chosen, if it is looked at and something of it has changed."""
        if not self.isVisible():
            return
        self._fill_tiers()
        project, clip = self._session.project, self._session.clip
        pooled = self.all_clips.isChecked()
        for widget in (self.reference, self.other, self.over):
            widget.setEnabled(self.reference.count() > 1)
        if project is None or self.reference.count() < 2 or not (pooled or clip is not None):
            self._worker.drop()
            self._asked = self._result = None
            self._show_nothing(EMPTY_TEXT)
            return
        tiers = (self.reference.currentText(), self.other.currentText())
        over = str(self.over.currentData())
        about = project.clips if pooled else clip
        asked = (about, tiers, over)
        if self._asked is not None and self._asked[0] is about and self._asked[1:] == asked[1:]:
            return
        self._asked = asked
        self._request += 1
        request = self._request
        if pooled:
            self.figures.setText("Comparing all clips …")
        work = self._work(project, None if pooled else clip, tiers, over, request)
        self._worker.run(work, self._on_found, now=False)

    def _work(
        self, project: Project, clip: Clip | None, tiers: tuple[str, str], over: str, request: int
    ) -> Callable[[], ProjectAgreement | HarstudioError | None]:
        """What is done beside the window; it gives up once something else is asked for."""

        def work() -> ProjectAgreement | HarstudioError | None:
            if clip is not None:
                return compare_clip(clip, tiers, over)
            job = compare_clips(project, tiers, over)
            try:
                while request == self._request:
                    next(job)
            except StopIteration as stop:
                return stop.value
            except HarstudioError as error:
                return error
            return None

        return work

    # -- what is shown -------------------------------------------------------------------

    def _show_nothing(self, why: str) -> None:
        self._empty.setText(why)
        self._empty.show()
        self.figures.hide()
        self.tabs.hide()

    def _on_found(self, result: ProjectAgreement | HarstudioError | None) -> None:
        if isinstance(result, HarstudioError):
            self._result = None
            self._show_nothing(str(result))
        elif result is not None:
            self._result, self._pair = result, None
            self._empty.hide()
            self.figures.show()
            self.tabs.show()
            self.figures.setText(figures_html(result))
            self.figures.setToolTip(f"<pre>{escape(agreement_text(result))}</pre>")
            self.matrix.show_agreement(result.found, result.tiers)
            self._fill_labels(result)
            self._fill_differences()

    def _on_cell(self, reference: str, other: str) -> None:
        """List only the stretches of a cell of the matrix; those of a diagonal one agree."""
        self._pair = (reference, other) if reference != other else None
        self._fill_differences()

    def _fill_differences(self) -> None:
        if self._result is None:
            return
        found = self._result.found
        chosen = [
            each
            for each in found.disagreements
            if self._pair in (None, (each.reference, each.other))
        ]
        chosen.sort(key=lambda each: (-each.duration_s, each.part, each.start_s))
        self._shown = chosen[:MOST_ROWS]
        count = found.disagreement_count if self._pair is None else len(chosen)
        title = f"Differences ({count:,})"
        if self._pair is not None:
            title = f"{label_word(self._pair[0])} | {label_word(self._pair[1])} ({count:,})"
        self.tabs.setTabText(0, title)
        self.tabs.setTabToolTip(0, "The longest first; choose one to go there")
        project = self._session.project
        labels = project.label_set if project is not None else LabelSet()
        self.differences.fill(self._result, self._shown, labels)

    def _fill_labels(self, result: ProjectAgreement) -> None:
        self.per_label.setHorizontalHeaderLabels(
            ["Label", result.tiers[0] + " s", result.tiers[1] + " s", "both s", "Dice", "F1 at .5"]
        )
        rows = [each for each in result.found.per_label if each.reference_s or each.other_s]
        self.per_label.setRowCount(len(rows))
        for row, each in enumerate(rows):
            figures = (f"{s:.2f}" for s in (each.reference_s, each.other_s, each.both_s))
            scores = ("–" if s is None else f"{s:.3f}" for s in (each.dice, each.f1))
            for column, text in enumerate((label_word(each.label), *figures, *scores)):
                self.per_label.setItem(row, column, _item(text, column > 0))

    def _go_to(self, row: int) -> None:
        project = self._session.project
        if self._result is None or project is None or not 0 <= row < len(self._shown):
            return
        each = self._shown[row]
        clip_id = self._result.clip_ids[each.part]
        if clip_id in project.clips:
            self._session.show_moment(clip_id, each.start_s, each.end_s)


class _DifferenceTable(QTableWidget):
    """Stretches where the tiers differ; moving to a row, a click or Enter goes there."""

    def __init__(self, go_to: Callable[[int], None]) -> None:
        super().__init__(0, 6)
        _dress(self, ["From", "To", "Length", "A", "B", "Clip"])
        self._go_to = go_to
        self._filling = False
        for column in (_A, _B):
            self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setSectionResizeMode(_CLIP, QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setStretchLastSection(False)
        self.setColumnWidth(_CLIP, 80)
        self.currentCellChanged.connect(lambda row, *_rest: self._on_row(row))
        self.clicked.connect(self._on_clicked)

    def fill(self, result: ProjectAgreement, shown: list[Disagreement], labels: LabelSet) -> None:
        """Show other stretches; none of them is chosen."""
        self._filling = True
        self.setHorizontalHeaderLabels(["From", "To", "Length", *result.tiers, "Clip"])
        self.setColumnHidden(_CLIP, len(result.clip_ids) == 1)
        self.setColumnHidden(_TO, len(result.clip_ids) > 1)  # its place goes to the clip's name
        self.setRowCount(len(shown))
        for row, each in enumerate(shown):
            times = (clock_text(each.start_s), clock_text(each.end_s), f"{each.duration_s:.2f} s")
            for column, text in enumerate(times):
                self.setItem(row, column, _item(text, True))
            for column, label in ((_A, each.reference), (_B, each.other)):
                item = _item(label_word(label), False)
                if label:
                    item.setIcon(swatch(labels.colour(label)))
                self.setItem(row, column, item)
            self.setItem(row, _CLIP, _item(result.clip_names[each.part], False))
        self.setCurrentCell(-1, -1)
        self._filling = False

    def _on_row(self, row: int) -> None:
        if not self._filling:
            self._go_to(row)

    def _on_clicked(self, index: QModelIndex) -> None:
        self._go_to(index.row())

    def keyboardSearch(self, search: str) -> None:  # noqa: N802
        return

    def event(self, event: QEvent) -> bool:
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if is_key and event.key() in _ENTER and not event.modifiers():
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in _ENTER and not event.modifiers():
            self._go_to(self.currentRow())
        else:
            super().keyPressEvent(event)


def _table(titles: list[str]) -> QTableWidget:
    table = QTableWidget(0, len(titles))
    _dress(table, titles)
    return table


def _dress(table: QTableWidget, titles: list[str]) -> None:
    table.setHorizontalHeaderLabels(titles)
    dress(table)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setStretchLastSection(True)


def _item(text: str, number: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setToolTip(text)
    if number:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
