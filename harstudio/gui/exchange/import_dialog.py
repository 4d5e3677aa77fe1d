"""Asks where the labels of files go: which clips, which tiers, which of the project's labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.project import MINE, PREDICTED, Clip, Project
from harstudio.io.label_formats.base import WALL_CLOCK_S
from harstudio.workflows.exchange.labels_import import (
    ADD,
    MANY_LABELS,
    NEW,
    REPLACE,
    LabelsImported,
    Match,
    Placed,
    ReadLabels,
    matches_of,
    near_names,
    suggested_tier,
    with_labels,
)

_MODES = ((ADD, "fill what is free"), (REPLACE, "replace it"), (NEW, "make another tier"))
_MINE_TEXT = "my labels"
_LIVE_S, _TYPED_MS = 0.1, 500
"""What takes longer than that is worked out when typing has paused for so long."""


class ImportLabelsDialog(QDialog):
    """Shows what was found in label files and takes a person's choices.

    Parameters
    ----------
    project : Project
    read : ReadLabels
    clip : Clip or None
        The open one.
    """

    def __init__(
        self, project: Project, read: ReadLabels, clip: Clip | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, windowTitle="Import labels")
        self._project, self._read, self._clip = project, read, clip
        self._matches: tuple[Match, ...] = ()
        self._groups: dict[str, list[Match]] = {}
        self._took_s = 0.0
        self._later = QTimer(self, singleShot=True, interval=_TYPED_MS)
        self._later.timeout.connect(self._judge)
        self._said = QLabel(wordWrap=True)
        self._of = QComboBox()
        self._begins = QLineEdit(placeholderText="the first label of each clip")
        self._begins.setToolTip("The files' time at which the clip begins")
        self._proposed = ""
        """What `_begins` says unless a person says otherwise."""
        self._asked: tuple[str, str] | None = None
        """Clip and beginning that were matched last."""
        self._tiers = _table(
            "In the file", "Segments", "Clips", "Goes to tier", "Where it has labels"
        )
        self._labels = _table("Label in the file", "Segments", "Becomes", "")
        self._warning = QLabel(wordWrap=True)
        self._build()
        self._fill_labels()
        self._fill_of()
        self._match()

    # -- what was chosen -----------------------------------------------------------------

    @property
    def result_project(self) -> LabelsImported:
        """The project with the labels as chosen; nothing has been written."""
        return with_labels(self._project, self._places(), self._names())

    def _places(self) -> list[Placed]:
        places = []
        for row, (name, matches) in enumerate(self._groups.items()):
            item = self._tiers.item(row, 0)
            if item is None or item.checkState() != Qt.CheckState.Checked:
                continue
            tier, mode = self._chosen_tier(row, name)
            places += [Placed(match, tier, mode) for match in matches if match.clip_id]
        return places

    def _chosen_tier(self, row: int, name: str) -> tuple[str, str]:
        """The tier that a row's labels go to, and what happens where it has labels."""
        box, modes = self._tiers.cellWidget(row, 3), self._tiers.cellWidget(row, 4)
        text = box.currentText().strip() or name
        tier = MINE if text == _MINE_TEXT else text
        return tier, modes.currentData() if self._is_taken(tier, self._groups[name]) else NEW

    def _names(self) -> dict[str, str]:
        names = {}
        for row in range(self._labels.rowCount()):
            old = self._labels.item(row, 0).data(Qt.ItemDataRole.UserRole)
            new = self._labels.item(row, 2).text().strip()
            if new != old:
                names[old] = new
        return names

    # -- building ------------------------------------------------------------------------

    def _build(self) -> None:
        self.resize(860, 600)
        form = QFormLayout()
        form.addRow("They label", self._of)
        if any(file.wall_clock for _, file in self._read.files):
            form.addRow("The clip begins at", self._begins)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        self._ok = buttons.button(standard.Ok)
        self._ok.setText("Import")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(self._said)
        layout.addLayout(form)
        layout.addWidget(self._tiers, 2)
        layout.addWidget(self._labels, 3)
        layout.addWidget(self._warning)
        layout.addWidget(buttons)
        self._of.currentIndexChanged.connect(self._match)
        self._begins.editingFinished.connect(self._match)
        self._tiers.itemChanged.connect(self._judge)
        self._labels.itemChanged.connect(self._judge)

    def _fill_of(self) -> None:
        """Offer the clips that the files name and the open one, first what is likelier."""
        named = sum(bool(m.clip_id) for m in matches_of(self._project, self._read))
        total = sum(len(file.tiers) for _, file in self._read.files)
        by_name = ("the clips that the files name", "")
        if self._clip is None:
            self._of.addItem(*by_name)
            return
        opened = (f"the open clip, {self._clip.name}", self._clip.id)
        for choice in (opened, by_name) if not named else (by_name, opened):
            self._of.addItem(*choice)
        self._of.setEnabled(bool(named) or total > 0)

    def _fill_labels(self) -> None:
        counts: Counter[str] = Counter()
        for _, file in self._read.files:
            for tier in file.tiers:
                counts.update(s.label for s in tier.track.segments)
                counts.update(tier.whole)
        near = near_names(self._project, counts)
        self._labels.blockSignals(True)
        self._labels.setRowCount(len(counts))
        for row, (label, count) in enumerate(counts.most_common()):
            name = _cell(" ".join(label.split()))
            name.setData(Qt.ItemDataRole.UserRole, label)
            becomes = QTableWidgetItem(near.get(label, label))
            becomes.setToolTip("Double-click to give it one of your labels; empty leaves it out")
            for column, item in enumerate((name, _cell(f"{count:,}"), becomes, _cell(""))):
                self._labels.setItem(row, column, item)
        self._labels.blockSignals(False)

    # -- keeping up ----------------------------------------------------------------------

    def _match(self) -> None:
        """Find the clips anew, and the tiers that their labels go to."""
        clip_id, begins = self._of.currentData() or "", self._begins.text().strip()
        if (clip_id, begins) == self._asked:
            return  # what was chosen for the tiers stays
        self._asked = clip_id, begins
        try:
            begins_s = _seconds(begins) if begins not in ("", self._proposed) else None
        except HarstudioError as error:
            self._warning.setText(str(error))
            self._ok.setEnabled(False)
            return
        self._matches = matches_of(self._project, self._read, clip_id=clip_id, starts_at_s=begins_s)
        if begins_s is None:
            self._proposed = _first_date(self._matches)
            self._begins.setText(self._proposed)
            self._asked = clip_id, self._proposed
        self._groups = {}
        for match in self._matches:
            clip = self._project.clips.get(match.clip_id)
            self._groups.setdefault(suggested_tier(match, clip), []).append(match)
        self._fill_tiers()
        self._judge()

    def _fill_tiers(self) -> None:
        self._tiers.blockSignals(True)
        self._tiers.setRowCount(len(self._groups))
        for row, (name, matches) in enumerate(self._groups.items()):
            clips = {m.clip_id for m in matches if m.clip_id}
            lost = [m for m in matches if not m.clip_id]
            segments = sum(len(m.tier.track) + len(m.tier.whole) for m in matches if m.clip_id)
            first = _cell(_origin(matches))
            first.setFlags(first.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            first.setCheckState(Qt.CheckState.Checked if clips else Qt.CheckState.Unchecked)
            found = _cell(f"{len(clips):,}" + (f", {len(lost):,} not found" if lost else ""))
            found.setToolTip("\n".join(f"{_stated(m)}: {m.reason}" for m in lost[:20]))
            for column, item in enumerate((first, _cell(f"{segments:,}"), found)):
                self._tiers.setItem(row, column, item)
            self._tiers.setCellWidget(row, 3, self._tier_box(name, matches))
            self._tiers.setCellWidget(row, 4, self._mode_box())
        self._tiers.blockSignals(False)

    def _tier_box(self, name: str, matches: Sequence[Match]) -> QComboBox:
        box = QComboBox(editable=True)
        clips = [self._project.clips[m.clip_id] for m in matches if m.clip_id]
        existing = dict.fromkeys(t for clip in clips for t in clip.tiers if t != PREDICTED)
        new = name if name not in existing else f"{name} (imported)"
        choices = dict.fromkeys((new, *(_MINE_TEXT if t == MINE else t for t in existing)))
        box.addItems(list(choices))
        unlabelled = bool(clips) and not any(len(clip.labels) for clip in clips)
        box.setCurrentText(_MINE_TEXT if name == MINE and unlabelled else new)
        box.currentTextChanged.connect(self._on_tier_typed)
        return box

    def _mode_box(self) -> QComboBox:
        box = QComboBox()
        for mode, text in _MODES:
            box.addItem(text, mode)
        box.currentIndexChanged.connect(self._judge)
        return box

    def _is_taken(self, tier: str, matches: Sequence[Match]) -> bool:
        clips = (self._project.clips[m.clip_id] for m in matches if m.clip_id)
        return any(len(clip.track(tier)) for clip in clips)

    def _on_tier_typed(self) -> None:
        # Of thousands of clips what an import would do takes longer than the next key.
        if self._took_s < _LIVE_S:
            self._judge()
        else:
            self._later.start()

    def _judge(self) -> None:
        """Say what an import would do now, and whether it would do anything."""
        start_s = perf_counter()
        for row, name in enumerate(self._groups):
            box = self._tiers.cellWidget(row, 4)
            if box is not None:
                tier = self._chosen_tier(row, name)[0]
                box.setEnabled(self._is_taken(tier, self._groups[name]))
        done = self.result_project
        clips = f"{done.clips:,} clip{'s' if done.clips != 1 else ''}"
        files = f"{len(self._read.files):,} file{'s' if len(self._read.files) != 1 else ''}"
        self._said.setText(
            f"<b>{done.segments:,} segments</b> of {files} go to <b>{clips}</b>. "
            "One undo takes them out again."
        )
        self._mark_new(set(done.new_labels))
        notes = [note for _, file in self._read.files for note in file.notes] + list(done.notes)
        lost = sum(not match.clip_id for match in self._matches)
        if lost:
            notes.insert(0, f"{lost:,} tiers are of no clip of the project")
        if len(done.new_labels) > MANY_LABELS:
            notes.insert(0, f"{len(done.new_labels)} new labels: are all of them meant?")
        if self._read.refused:
            notes.insert(0, f"{len(self._read.refused):,} files could not be read")
        self._warning.setText(" · ".join(dict.fromkeys(notes)))
        self._ok.setEnabled(done.segments > 0)
        self._took_s = perf_counter() - start_s

    def _mark_new(self, new: set[str]) -> None:
        self._labels.blockSignals(True)
        for row in range(self._labels.rowCount()):
            becomes = self._labels.item(row, 2).text().strip()
            mark = "left out" if not becomes else ("new" if becomes in new else "")
            self._labels.item(row, 3).setText(mark)
        self._labels.blockSignals(False)


def _first_date(matches: Sequence[Match]) -> str:
    """When the one clip begins whose labels' times are dates; empty for none and for several."""
    begins = {m.clip_id: m.zero_s for m in matches if m.clip_id and m.zero_s >= WALL_CLOCK_S}
    if len(begins) != 1:
        return ""
    return datetime.fromtimestamp(next(iter(begins.values())), UTC).isoformat(" ")


def _origin(matches: Sequence[Match]) -> str:
    """What a row's labels are in their files: the tier's name, and the file's."""
    files = list(dict.fromkeys(m.path.name for m in matches))
    tier = matches[0].tier.name or matches[0].tier.author
    where = files[0] if len(files) == 1 else f"{len(files):,} files"
    return f"{tier} · {where}" if tier else where


def _stated(match: Match) -> str:
    return (*match.tier.clips, match.path.name)[0]


def _table(*headers: str) -> QTableWidget:
    table = QTableWidget(0, len(headers))
    table.setHorizontalHeaderLabels(headers)
    table.verticalHeader().hide()
    table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    for column, text in enumerate(headers):
        if text in ("Segments", ""):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            table.setColumnWidth(column, 84)
    return table


def _cell(text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    item.setToolTip(text)
    return item


def _seconds(text: str) -> float:
    """Seconds since 1970 of a date (UTC where it has no time zone)."""
    try:
        date = datetime.fromisoformat(text.strip())
    except ValueError:
        raise HarstudioError(
            f"{text!r} is no date", "write it as 2022-03-29 14:25:21+09:00"
        ) from None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
