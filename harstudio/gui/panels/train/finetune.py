"""The form of fine-tuning: which model, on which recording; and what will be adapted."""

from __future__ import annotations

from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from harstudio.core.errors import HarstudioError
from harstudio.core.project import Clip, Project
from harstudio.gui.panels.train.form_parts import (
    Fold,
    add_row,
    calm,
    combo,
    form,
    number,
    row,
    whole,
)
from harstudio.gui.theme import Theme
from harstudio.learn.config import HOLD_OUTS, METHODS, FinetuneConfig
from harstudio.learn.runs.facts import RunFacts
from harstudio.learn.runs.folder import RunFolder, list_runs
from harstudio.workflows.finetune_preview import can_be_finetuned, preview_finetune

_METHODS = tuple(
    zip(("whichever does better", "dense layers only", "all layers, gently"), METHODS, strict=True)
)
_HOLD_OUTS = tuple(
    zip(("as fits", "whole clips", "the later part of each label"), HOLD_OUTS, strict=True)
)
_ADAPTED = {
    "auto": "The dense layers adapt and the convolution stays; with five labelled windows of each "
    "class or more, all layers are tried, too, and what does better on left-out segments is kept.",
    "head": "The dense layers adapt; the convolution stays as it is.",
    "full": "The dense layers adapt first, then all layers, at a tenth of the speed.",
}


class FinetuneForm(QWidget):
    """A trained network and a labelled recording."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._project: Project | None = None
        self._obstacle = ""
        self.parent_run = combo((), "The network to adapt. Forests have no layers to adapt.")
        self.recording = combo((), "Labelled clips with a recording. A part of it is held out.")
        self.method = combo(_METHODS, "What adapts. The results show every way beside the others.")
        self.hold_out = combo(
            _HOLD_OUTS, "What judges before and after: the same windows, never trained on."
        )
        self.test = number(5, 80, 30, " %", 5, 0, "Share of the labelled windows that is held out.")
        self.steps = whole(1, 100_000, 200, "Of the dense layers; 200 take less than a second.")
        self.seed = whole(0, 2**31 - 1, 0, "The same seed and data give the same result.")
        self.replay = number(
            0, 95, 50, " %", 10, 0,
            "Weight of stored windows of the original training: keeps what the model knows.",
        )  # fmt: skip
        self.text = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        more = QWidget()
        inner = form(more)
        add_row(inner, "Adapt", self.method)
        add_row(inner, "Hold out", row(self.hold_out, self.test))
        add_row(inner, "Steps", row(self.steps, "replay", self.replay, "seed", self.seed))
        top = QWidget()
        layout = form(top)
        add_row(layout, "Model", self.parent_run)
        add_row(layout, "Recording", self.recording)
        layout.addRow(self.text)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(top)
        column.addWidget(Fold("More", more, unfolded=False))
        column.addStretch(1)
        for box in (self.parent_run, self.recording, self.method):
            box.currentIndexChanged.connect(lambda _i: self._tell())
        theme.changed.connect(self._tell)
        calm(self)

    def set_project(self, project: Project | None) -> None:
        """The project whose recordings there are to choose of."""
        self._project = project
        chosen = self.recording.currentData()
        clips = list(project.clips.values()) if project is not None else []
        usable = [c for c in clips if c.recordings and c.usable and len(c.labels)]
        self.recording.blockSignals(True)
        self.recording.clear()
        for clip in usable:
            self.recording.addItem(_clip_title(clip), clip.id)
        if len(usable) > 1:
            self.recording.addItem(f"all {len(usable)} labelled recordings", "")
        self.recording.setCurrentIndex(max(0, self.recording.findData(chosen)))
        self.recording.blockSignals(False)
        self._tell()

    def set_runs(self, folder: Path | None, facts: tuple[RunFacts, ...]) -> None:
        """The runs to choose of; how good they are, as far as that has been read."""
        known = {each.path: each for each in facts}
        runs = [run for run in (list_runs(folder) if folder else ()) if can_be_finetuned(run)]
        rows = [(_run_words(run, known.get(run.path)), str(run.path)) for run in runs]
        box = self.parent_run
        if rows == [(box.itemText(i), box.itemData(i)) for i in range(box.count())]:
            return  # as when a training begins: what is told of the chosen run still holds
        chosen = self.parent_run.currentData()
        self.parent_run.blockSignals(True)
        self.parent_run.clear()
        for words, path in rows:
            self.parent_run.addItem(words, path)
        self.parent_run.setCurrentIndex(max(0, self.parent_run.findData(chosen)))
        self.parent_run.blockSignals(False)
        self._tell()

    def choose_run(self, run_dir: Path) -> None:
        """Adapt this one."""
        self.parent_run.setCurrentIndex(max(0, self.parent_run.findData(str(run_dir))))

    @property
    def run_dir(self) -> Path:
        return Path(self.parent_run.currentData())

    @property
    def clip_ids(self) -> tuple[str, ...] | None:
        """The chosen clip; None for all with a recording."""
        clip_id = self.recording.currentData()
        return (clip_id,) if clip_id else None

    @property
    def obstacle(self) -> str:
        """Why it cannot start; empty if it can."""
        if not self.parent_run.count():
            return "Train a model first: fine-tuning adapts it."
        if not self.recording.count():
            return "No clip has both a recording and labels: import one, and label it."
        return self._obstacle

    def config(self) -> FinetuneConfig:
        """What the form says."""
        return FinetuneConfig(
            test_share=self.test.value() / 100,
            hold_out=self.hold_out.currentData(),
            method=self.method.currentData(),
            steps=self.steps.value(),
            replay_share=self.replay.value() / 100,
            seed=self.seed.value(),
        )

    def _tell(self) -> None:
        """What will be adapted, and to what."""
        self._obstacle = ""
        lines = [_ADAPTED[self.method.currentData()]]
        if self._project is not None and self.parent_run.count() and self.recording.count():
            try:
                preview = preview_finetune(self._project, self.run_dir, self.clip_ids)
                lines += [f"{line[:1].upper()}{line[1:]}." for line in preview.lines]
                self._obstacle = preview.obstacle
            except HarstudioError as error:
                self._obstacle = str(error)
        lines.append(
            "Before and after are judged on the same held-out part of the recording, beside "
            "training from scratch."
        )
        colour = self._theme.colours.faint
        self.text.setText(
            "<br>".join(f'<span style="color:{colour}">{escape(line)}</span>' for line in lines)
        )
        self.changed.emit()


def _clip_title(clip: Clip) -> str:
    return f"{clip.name} ({clip.subject})" if clip.subject else clip.name


def _run_words(run: RunFolder, facts: RunFacts | None) -> str:
    figure = f" · macro F1 {facts.macro_f1:.3f}" if facts and facts.macro_f1 is not None else ""
    return f"{run.title}{figure}"
