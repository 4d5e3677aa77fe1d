"""A training as it goes on: curves, time left, the best so far, and two ways to end it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMessageBox, QPushButton, QVBoxLayout, QWidget

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Progress
from harstudio.core.timebase import clock_text
from harstudio.gui.background import Background
from harstudio.gui.panels.train.curves import EPOCHS, STEPS, TREES, CurvesView, Series
from harstudio.gui.panels.train.form_parts import ElidedLabel, helped
from harstudio.gui.theme import Theme
from harstudio.learn.fit.cross_validation import fold_runs
from harstudio.learn.models import FOREST, model_spec
from harstudio.learn.runs.facts import SoFar, pooled_so_far
from harstudio.learn.runs.folder import FINETUNING, RunFolder

_ASK_AFTER_S = 60.0
"""Work of a minute and more is not thrown away by one click."""


class TrainProgress(QWidget):
    """Shows one run: the one that goes on, else the last, else one that was reopened."""

    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.curves = CurvesView(theme)
        self.title = ElidedLabel()
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.state = QLabel(wordWrap=True)
        self.note = QLabel(wordWrap=True)
        self.note.setProperty("warning", True)
        self.stop = helped(
            QPushButton("Stop early, keep the best"),
            "End the training after this step. The best epoch so far is tested and kept as a run.",
        )
        self.cancel = helped(
            QPushButton("Cancel, discard"), "End the training and throw away what it made."
        )
        self.hide_button = QPushButton("Hide")
        self.hide_button.setToolTip("Put the curves away; the run keeps them")
        self._worker = Background(self)
        self._run_dir: Path | None = None
        self._started, self._fold, self._so_far = 0.0, 0, ""
        self._on_stop: Callable[[], None] | None = None
        self._on_cancel: Callable[[], None] | None = None
        self.stop.clicked.connect(self._stop)
        self.cancel.clicked.connect(self._cancel)
        self.hide_button.clicked.connect(self._close)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.title, 1)
        for button in (self.stop, self.cancel, self.hide_button):
            top.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.state)
        layout.addWidget(self.note)
        layout.addWidget(self.curves, 1)

    # -- a run that goes on --------------------------------------------------------------

    def begin(
        self,
        title: str,
        run_dir: Path,
        *,
        stop: Callable[[], None] | None,
        cancel: Callable[[], None],
        over: str = EPOCHS,
        keeps: bool = False,
    ) -> None:
        """Follow a run from now on.

        Parameters
        ----------
        stop : callable or None
            Ends it early and keeps what there is; None where that cannot be.
        keeps : bool
            Cancelling leaves an earlier sitting's work as it is, rather than discard all.
        """
        self._run_dir, self._started, self._fold, self._so_far = run_dir, monotonic(), 0, ""
        self._on_stop, self._on_cancel = stop, cancel
        self.title.say(title)
        self._say("Starting …")
        self._tell("")
        self.curves.clear(over)
        self.stop.setVisible(stop is not None)
        self.stop.setEnabled(True)
        self.cancel.setText("Cancel, keep as it is" if keeps else "Cancel, discard")
        self.cancel.show()
        self.cancel.setEnabled(True)
        self.hide_button.hide()
        self.show()

    def show_progress(self, progress: Progress) -> None:
        """What the job has just told."""
        values = progress.values
        fold = values.get("fold")
        if isinstance(fold, int) and fold != self._fold:
            self._on_fold(fold)
        self.curves.add(values)
        parts = [progress.message]
        if best := values.get("best_epoch"):
            figure = values.get("validation_macro_f1") if values.get("best") else None
            known = f" ({figure:.3f})" if isinstance(figure, float) else ""
            if "epochs" in values and not progress.message.startswith("tree"):
                parts.append(f"best so far: epoch {best}{known}")
        if isinstance(eta_s := values.get("eta_s"), int | float) and eta_s >= 1:
            parts.append(f"{clock_text(eta_s)[:-3]} left")
        if self._so_far:
            parts.append(self._so_far)
        self._say(" · ".join(part for part in parts if part))
        notes = values.get("notes")
        if isinstance(notes, tuple) and notes:
            self._tell("\n".join(map(str, notes)))

    def end(self, text: str, *, harm: bool = False) -> None:
        """The run has ended; its curves stay."""
        self._on_stop = self._on_cancel = None
        for button in (self.stop, self.cancel):
            button.hide()
        self.hide_button.show()
        self._say(text, harm=harm)
        self._tell("")

    def _on_fold(self, fold: int) -> None:
        self._fold = fold
        self.curves.begin(f"fold {fold}")
        run_dir = self._run_dir
        if run_dir is not None and fold > 1:
            self._worker.run(lambda: _so_far(run_dir), self._take_so_far, now=False)

    def _take_so_far(self, found: SoFar | None) -> None:
        if found is not None:
            self._so_far = (
                f"so far, {found.folds} folds pooled: macro F1 {found.macro_f1:.3f}"
                if found.folds > 1
                else f"first fold: macro F1 {found.macro_f1:.3f}"
            )

    # -- a run that is done --------------------------------------------------------------

    def show_run(self, run: RunFolder) -> None:
        """The curves of a run as it was kept; a cross-validation's folds over each other."""
        self.title.say(run.title)
        self.curves.show_series(series_of(run), over_what(run))
        state = run.state
        text = state.state if not state.reason else f"{state.state}: {state.reason}"
        self.end(text, harm=state.state == "failed")
        self.show()

    # -- buttons -------------------------------------------------------------------------

    def _stop(self) -> None:
        if self._on_stop is not None:
            self._on_stop()
            self.stop.setEnabled(False)
            self._say("Stopping early: the best so far is tested and kept …")

    def _cancel(self) -> None:
        if self._on_cancel is None or not self._sure():
            return
        self._on_cancel()
        self.stop.setEnabled(False)
        self.cancel.setEnabled(False)
        self._say("Cancelling …")

    def _sure(self) -> bool:
        spent_s = monotonic() - self._started
        if spent_s < _ASK_AFTER_S or not self.cancel.text().endswith("discard"):
            return True
        buttons = QMessageBox.StandardButton
        text = (
            f"Discard {clock_text(spent_s)[:-3]} of training? 'Stop early' ends it as well, and "
            "keeps the best so far."
        )
        answer = QMessageBox.question(self, "Cancel training", text, buttons.Yes | buttons.No)
        return bool(answer == buttons.Yes)

    def _close(self) -> None:
        self.curves.clear()
        self.hide()
        self.closed.emit()

    def _say(self, text: str, *, harm: bool = False) -> None:
        if bool(self.state.property("harm")) != harm:
            self.state.setProperty("harm", harm)
            self.state.style().unpolish(self.state)
            self.state.style().polish(self.state)
        self.state.setText(text)

    def _tell(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))


def series_of(run: RunFolder) -> list[Series]:
    """The curves of a run; of a cross-validation, those of each fold. Damaged ones are left out."""
    folds = fold_runs(run.path)
    found = [_series(each, f"fold {i}") for i, each in enumerate(folds, start=1)]
    return [s for s in (found or [_series(run, run.title)]) if s.rows]


def over_what(run: RunFolder) -> str:
    """What a run's curves are drawn over."""
    try:
        if run.kind == FINETUNING:
            return STEPS
        return TREES if model_spec(run.config().model).kind == FOREST else EPOCHS
    except HarstudioError:
        return EPOCHS


def _series(run: RunFolder, name: str) -> Series:
    series = Series(name)
    try:
        for row in run.history():
            series.add(row.values())
    except HarstudioError:  # there is nothing to draw, and the list of runs tells the reason
        return Series(name)
    return series


def _so_far(run_dir: Path) -> SoFar | None:
    try:
        return pooled_so_far(run_dir)
    except HarstudioError:  # a fold is being written: the next one tells
        return None
