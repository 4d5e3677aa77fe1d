"""How the windows are split, and what that comes to: parts, leaks and warnings before training."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFormLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from harstudio.core.errors import HarstudioError
from harstudio.gui.panels.train.form_parts import (
    add_row,
    choose,
    combo,
    form,
    helped,
    number,
    row,
    whole,
)
from harstudio.gui.theme import Theme
from harstudio.learn.config import (
    BY_CLIP,
    BY_SUBJECT,
    FOLDS,
    LISTED,
    ONE_SUBJECT_OUT,
    RANDOM_WINDOWS,
    SEVEN_TO_THREE,
    TrainingConfig,
)
from harstudio.learn.splitting.split_lists import load_split_list, official_lists
from harstudio.workflows.training_preview import TrainingPreview, split_text

SPLITS = (
    ("by subject", BY_SUBJECT),
    ("by clip", BY_CLIP),
    ("leave one subject out", ONE_SUBJECT_OUT),
    ("folds (cross-validation)", FOLDS),
    ("a list: official, or of a file", LISTED),
    ("7:3 by clip, no validation (Xiao 2020)", SEVEN_TO_THREE),
    ("random windows: leaks, a diagnostic only", RANDOM_WINDOWS),
)
_SHARED = (BY_SUBJECT, BY_CLIP, RANDOM_WINDOWS)
_MOST_TOLD = 6


class SplitSection(QWidget):
    """The kind of split and its options; only those that matter to it are shown."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.split = combo(
            SPLITS,
            "What is held out as a whole. By subject tells how well the model does on new people; "
            "leave one subject out and folds test on everybody once and train as many models.",
        )
        self.split_list = combo(
            (), "Who trains and who tests, as published with a data set, or as a CSV or JSON file "
            "says.",
        )  # fmt: skip
        for name, listed in official_lists().items():
            self.split_list.addItem(listed.title or name, name)
        self._browse = QPushButton("File …")
        self._browse.clicked.connect(self._on_browse)
        self.folds = whole(2, 1000, 5, "How many trainings; each tests on another part.")
        self.fold_unit = combo(
            (("subjects", BY_SUBJECT), ("clips", BY_CLIP)), "What the folds keep together."
        )
        self.test = number(
            5, 80, 30, " %", 5, 0, "Of the windows, as near as whole subjects or clips allow."
        )
        self.validation = number(
            0, 60, 15, " %", 5, 0,
            "Chooses the best epoch, so that the test part need not. Subjects of its own.",
        )  # fmt: skip
        self._form = form(self)
        add_row(self._form, "Hold out", self.split)
        self._list_row = row(self.split_list, self._browse)
        self._folds_row = row(self.folds, "of", self.fold_unit)
        self._shares = row(self.test, "test", self.validation, "validation")
        add_row(self._form, "List", self._list_row)
        add_row(self._form, "Folds", self._folds_row)
        add_row(self._form, "Shares", self._shares)
        for box in (self.split, self.split_list, self.fold_unit):
            box.currentIndexChanged.connect(lambda _i: self._on_change())
        for field in (self.folds, self.test, self.validation):
            field.valueChanged.connect(lambda _v: self.changed.emit())
        self._on_change()

    def show_config(self, config: TrainingConfig) -> None:
        """Take over what a configuration says."""
        choose(self.split, config.split)
        if config.split_list:
            choose(self.split_list, config.split_list, Path(config.split_list).name)
        self.folds.setValue(config.folds)
        choose(self.fold_unit, config.fold_unit)
        self.test.setValue(config.test_share * 100)
        self.validation.setValue(config.validation_share * 100)

    def values(self) -> Mapping[str, Any]:
        """The fields of a `TrainingConfig` that this section decides on."""
        kind = self.split.currentData()
        return {
            "split": kind,
            "split_list": self.split_list.currentData() if kind == LISTED else "",
            "folds": self.folds.value(),
            "fold_unit": self.fold_unit.currentData(),
            "test_share": self.test.value() / 100,
            "validation_share": self.validation.value() / 100,
        }

    def summary(self) -> str:
        """The section in a line."""
        kind = self.split.currentData()
        if kind == FOLDS:
            return f"{self.folds.value()} folds of {self.fold_unit.currentText()}"
        return self.split_list.currentText() if kind == LISTED else self.split.currentText()

    def take_list(self, path: Path) -> None:
        """Split by the list in a file; HarstudioError if it is none."""
        found = load_split_list(str(path))
        choose(self.split, LISTED)
        choose(self.split_list, str(path), found.title or path.name)

    def _on_change(self) -> None:
        kind = self.split.currentData()
        visible = QFormLayout.setRowVisible
        visible(self._form, self._list_row, kind == LISTED)
        visible(self._form, self._folds_row, kind == FOLDS)
        visible(self._form, self._shares, kind in (*_SHARED, FOLDS, ONE_SUBJECT_OUT))
        self.test.setEnabled(kind in _SHARED)
        self.changed.emit()

    def _on_browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "A split list", "", "Split lists (*.csv *.json)"
        )
        if not name:
            return
        try:
            self.take_list(Path(name))
        except HarstudioError as error:
            self._browse.setToolTip(str(error))
            raise


class PlanView(QWidget):
    """Before training: who is where, what leaks (in red, with counts), what else to know."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.text = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        helped(self.text, "Told from labels and subjects alone, before a file is read.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        self._preview: TrainingPreview | None = None
        theme.changed.connect(self._draw)

    def show_preview(self, preview: TrainingPreview | None) -> None:
        """What a plan comes to; None: nothing to tell."""
        self._preview = preview
        self._draw()

    def says(self, obstacle: str) -> bool:
        """Whether this obstacle stands here for all to see."""
        preview = self._preview
        return self.isVisible() and preview is not None and preview.obstacle == obstacle != ""

    def _draw(self) -> None:
        self.text.setText("" if self._preview is None else plan_html(self._preview, self._theme))
        self.setVisible(bool(self.text.text()))


def plan_html(preview: TrainingPreview, theme: Theme) -> str:
    """A plan for a person: the split in a line, leaks in red, warnings."""
    colours = theme.colours
    if preview.plan is None:
        return _paragraph(preview.obstacle, colours.harm)
    lines = [_paragraph(split_text(preview.plan.splits), colours.faint)]
    leaks = sorted(preview.leaks, key=lambda leak: not leak.flatters)
    if leaks:
        flattering = [leak for leak in leaks if leak.flatters]
        title = f"{len(leaks)} leaks" if len(leaks) > 1 else "A leak"
        harm = "figures will be too good" if flattering else "the choice of the epoch is flattered"
        lines.append(f'<b style="color:{colours.harm}">{title}: {harm}</b>')
        lines += [_paragraph(f"• {leak.text}", colours.harm) for leak in leaks[:_MOST_TOLD]]
    if any(split.kind == RANDOM_WINDOWS for split in preview.plan.splits):
        told = "Random windows have given .99 where new people gave .86."
        lines.append(_paragraph(told, colours.harm))
    lines += [_paragraph(text, colours.warning) for text in preview.warnings[:_MOST_TOLD]]
    more = len(leaks) + len(preview.warnings) - 2 * _MOST_TOLD
    if more > 0:
        lines.append(_paragraph(f"… and {more} more", colours.warning))
    return "<br>".join(lines)


def _paragraph(text: str, colour: str) -> str:
    return f'<span style="color:{colour}">{escape(text)}</span>'
