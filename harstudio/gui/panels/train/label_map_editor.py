"""Which label becomes which class: a table with what is in use, and what comes out of it."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.label_set import LabelSet
from harstudio.core.labels import UNKNOWN
from harstudio.gui.panels.train.bars import LabelBars
from harstudio.gui.panels.train.form_parts import calm, choose, combo
from harstudio.gui.theme import Theme
from harstudio.learn.data.label_map import (
    KEEP,
    LEAVE_OUT,
    PRESETS,
    REFUSE,
    LabelMap,
    load_label_map,
    save_label_map,
)
from harstudio.workflows.training_preview import LabelUse, mapped_seconds

OUT, UNDECIDED = "— leave out —", "— not decided —"
_OTHERS = (
    ("must be decided", REFUSE),
    ("are left out", LEAVE_OUT),
    ("stay as they are", KEEP),
)
_HELP = (
    "Write or choose the class that each label stands for; several labels may become one. Labels "
    "in the project do not change."
)


class LabelMapEditor(QDialog):
    """Left the labels in use, right the classes that they become; nothing goes in silence."""

    def __init__(
        self,
        used: tuple[LabelUse, ...],
        label_map: LabelMap | None,
        label_set: LabelSet,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, windowTitle="Map labels")
        self._used, self._label_set = used, label_set
        self._map = label_map or PRESETS["identity"]
        self.presets = combo(
            [("Start from …", ""), *((preset.name, key) for key, preset in PRESETS.items())],
            "Replace the table by a map that ships with harstudio; then change what differs.",
        )
        self.others = combo(_OTHERS, "What becomes of labels that the table does not decide on.")
        self.table = QTableWidget(len(used), 4)
        self.targets: list[QComboBox] = []
        self.result = LabelBars(theme, "Nothing is left to learn.")
        self._told = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self._theme = theme
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self._make_table()
        self._lay_out()
        self._connect()
        self._show_map()
        self.resize(720, 480)

    def _make_table(self) -> None:
        table = self.table
        table.setHorizontalHeaderLabels(["Label", "Segments", "Seconds", "Becomes"])
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(28)
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        for row, use in enumerate(self._used):
            for column, text in enumerate((use.label, f"{use.segments:,}", f"{use.seconds:,.1f}")):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                table.setItem(row, column, item)
            target = QComboBox(editable=True)
            target.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
            target.setAccessibleName(f"{use.label} becomes")
            target.currentTextChanged.connect(lambda _text, row=row: self._on_target(row))
            table.setCellWidget(row, 3, target)
            self.targets.append(target)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        load, save = QPushButton("Load …"), QPushButton("Save …")
        load.clicked.connect(self._on_load)
        save.clicked.connect(self._on_save)
        top.addWidget(self.presets, 1)
        top.addWidget(QLabel("Other labels"))
        top.addWidget(self.others, 1)
        top.addWidget(load)
        top.addWidget(save)
        for button in (load, save):
            button.setAutoDefault(False)
        side = QVBoxLayout()
        title = QLabel("Classes to learn")
        title.setProperty("faint", True)
        side.addWidget(title)
        side.addWidget(self.result)
        side.addWidget(self._told)
        side.addStretch(1)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addWidget(self.table, 3)
        middle.addLayout(side, 2)
        hint = QLabel(_HELP, wordWrap=True)
        hint.setProperty("faint", True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(hint)
        layout.addLayout(top)
        layout.addLayout(middle, 1)
        layout.addWidget(self._buttons)
        calm(self)

    def _connect(self) -> None:
        self.presets.activated.connect(lambda _i: self._on_preset())
        self.others.activated.connect(lambda _i: self._on_others())
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    # -- the map -------------------------------------------------------------------------

    def label_map(self) -> LabelMap | None:
        """What the table says; None where every label stays what it is."""
        same = all(self._map.of(use.label) == use.label for use in self._learned())
        return None if same and self._map.others == KEEP else self._map

    def _learned(self) -> list[LabelUse]:
        return [use for use in self._used if use.label != UNKNOWN]

    def _show_map(self) -> None:
        """Fill every row from the map, and tell what comes of it."""
        names = dict.fromkeys((*self._map.targets, *self._label_set.names))
        choices = [OUT, *(name for name in names if name != UNKNOWN)]
        for use, target in zip(self._used, self.targets, strict=True):
            target.blockSignals(True)
            target.clear()
            target.addItems(choices)
            new = self._map.of(use.label)
            target.setEditText(UNDECIDED if new is None else new or OUT)
            target.blockSignals(False)
        choose(self.others, self._map.others)
        self._tell()

    def _on_target(self, row: int) -> None:
        old, text = self._used[row].label, self.targets[row].currentText().strip()
        if text in ("", UNDECIDED):
            self._map = self._map.without(old)
        else:
            self._map = self._map.with_pair(old, "" if text == OUT else text)
        self._map = replace(self._map, name="")
        self._tell()

    def _on_preset(self) -> None:
        key = self.presets.currentData()
        if key:
            self._take(PRESETS[key])
        self.presets.setCurrentIndex(0)

    def _on_others(self) -> None:
        self._map = replace(self._map, others=self.others.currentData(), name="")
        self._show_map()

    def _take(self, label_map: LabelMap) -> None:
        self._map = label_map
        self._show_map()

    def _tell(self) -> None:
        seconds = mapped_seconds(self._used, self._map)
        colour = self._label_set.colour
        self.result.set_bars([(name, amount, colour(name)) for name, amount in seconds.items()])
        undecided = [use for use in self._learned() if self._map.of(use.label) is None]
        gone = [use for use in self._learned() if self._map.of(use.label) == ""]
        lines = []
        if undecided:
            lines.append(_coloured(f"Not decided: {_listed(undecided)}.", self._theme.colours.harm))
        if gone:
            lines.append(_coloured(f"Left out: {_listed(gone)}.", self._theme.colours.warning))
        if len(seconds) < 2:
            lines.append(_coloured("At least two classes are needed.", self._theme.colours.harm))
        lines.append(f"{len(self._learned())} labels become {len(seconds)} classes.")
        self._told.setText("<br>".join(lines))
        ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(not undecided and len(seconds) >= 2)

    @property
    def told(self) -> str:
        """What is said of the map, as HTML."""
        return self._told.text()

    # -- files ---------------------------------------------------------------------------

    def _on_load(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Load a label map", "", "JSON (*.json)")
        if name:
            self.load(Path(name))

    def load(self, path: Path) -> None:
        """Take over the map in a file; what is wrong with it is told in red."""
        try:
            self._take(load_label_map(path))
        except HarstudioError as error:
            self._told.setText(_coloured(str(error), self._theme.colours.harm))

    def _on_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Save the label map", "labels.json", "JSON (*.json)"
        )
        if name:
            self.save(Path(name))

    def save(self, path: Path) -> None:
        """Write the map to a file, named as that."""
        try:
            save_label_map(path, replace(self._map, name=path.stem))
        except HarstudioError as error:
            self._told.setText(_coloured(str(error), self._theme.colours.harm))


def map_words(label_map: LabelMap | None) -> str:
    """A map in a line."""
    if label_map is None:
        return "as painted"
    name = f"{label_map.name}: " if label_map.name else ""
    gone = sum(1 for _, new in label_map.pairs if not new)
    kept = len(label_map.pairs) - gone
    words = f"{name}{kept} mapped to {len(label_map.targets)}"
    words += f", {gone} left out" if gone else ""
    others = {REFUSE: "", LEAVE_OUT: ", others left out", KEEP: ", others as painted"}
    return words + others[label_map.others]


def _listed(uses: list[LabelUse]) -> str:
    return ", ".join(f"{use.label} ({use.segments:,}×, {use.seconds:,.0f} s)" for use in uses)


def _coloured(text: str, colour: str) -> str:
    return f'<span style="color:{colour}">{escape(text)}</span>'
