"""The form of a new training: sections that fold, and a preview that follows every change."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from harstudio.core.errors import HarstudioError
from harstudio.core.project import Project
from harstudio.gui.background import Background
from harstudio.gui.panels.train.data import AmountBars, DataSection
from harstudio.gui.panels.train.form_parts import Fold, calm, wrapped
from harstudio.gui.panels.train.options import BalanceSection, ModelSection, MoreSection
from harstudio.gui.panels.train.split import PlanView, SplitSection
from harstudio.gui.theme import Theme
from harstudio.learn.config import TrainingConfig
from harstudio.workflows import training
from harstudio.workflows.training_preview import (
    Counts,
    TrainingPreview,
    chosen_clips,
    preview_training,
)

_CALIBRATE = (
    "Maps every virtual channel onto the distribution of real recordings: of people who are "
    "trained on only, never of those held out for testing. The map is kept with the run."
)
_NOTHING = TrainingPreview(Counts(), Counts(), 0, 0, None, "")
_PEOPLE, _UNITS = "include_recorded", "count_in"


class TrainForm(QWidget):
    """Everything that a `TrainingConfig` says, and what it comes to with this project."""

    previewed = Signal(object)  # TrainingPreview

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._project: Project | None = None
        self._base = TrainingConfig()
        self._preview: TrainingPreview | None = None
        self._worker = Background(self)
        self._later = QTimer(self, singleShot=True, interval=150)
        self._later.timeout.connect(self._ask)
        self.model_section, self.data = ModelSection(), DataSection(theme)
        self.split_section, self.balance, self.more_section = (
            SplitSection(),
            BalanceSection(),
            MoreSection(),
        )
        self.amounts, self.plan = AmountBars(theme), PlanView(theme)
        self.data_fold = Fold("Data", self._with(self.data, self.amounts))
        self.split_fold = Fold("Split", self._with(self.split_section, self.plan))
        self.balance_fold = Fold("Balance and people", self.balance, unfolded=False)
        self.more = Fold("More", self.more_section, unfolded=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.model_section)
        for part in (self.split_fold, self.data_fold, self.balance_fold, self.more):
            layout.addWidget(part)
        layout.addStretch(1)
        self.split_section.layout().setContentsMargins(16, 0, 0, 0)
        for section in self._sections:
            section.changed.connect(self._on_change)
        calm(self)

    @property
    def _sections(
        self,
    ) -> tuple[ModelSection, DataSection, SplitSection, BalanceSection, MoreSection]:
        return (
            self.model_section, self.data, self.split_section, self.balance, self.more_section,
        )  # fmt: skip

    @staticmethod
    def _with(section: QWidget, below: QWidget) -> QWidget:
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(section)
        inner = QVBoxLayout()
        inner.setContentsMargins(16, 0, 0, 4)
        inner.addWidget(below)
        layout.addLayout(inner)
        return holder

    # -- state ---------------------------------------------------------------------------

    def set_project(self, project: Project | None) -> None:
        """The project as it is now; what was chosen stays where it can."""
        self._project = project
        if project is None:
            self._worker.drop()
            self._preview = None
            self.amounts.clear("Open a project to train on its clips.")
            self.plan.show_preview(None)
            return
        self.data.set_project(project)
        self._offer_calibration(project)
        self._on_change()

    def show_config(self, config: TrainingConfig) -> None:
        """Fill the form from a configuration: one that was used before, or the defaults."""
        self._base = config
        for section in self._sections:
            section.show_config(config)
        self._on_change()

    def config(self) -> TrainingConfig:
        """What the form says; HarstudioError where that contradicts itself."""
        entries: dict[str, Any] = {}
        for section in self._sections:
            entries |= section.values()
        if not entries["sensors"]:
            raise HarstudioError("no sensor is chosen", "tick at least one, under Data")
        return replace(self._base, **entries)

    @property
    def include_recorded(self) -> bool:
        """Whether people with a recording are trained on, too."""
        return self.data.recorded.isChecked()

    @property
    def preview(self) -> TrainingPreview | None:
        """What the form comes to; None until that is known."""
        return self._preview

    def clip_ids(self) -> tuple[str, ...]:
        """The clips to train on."""
        assert self._project is not None
        return chosen_clips(self._project, self.config(), include_recorded=self.include_recorded)

    def kept(self) -> str:
        """The settings as a text that `restore` reads."""
        try:
            plain = self.config().to_json()
        except HarstudioError:
            return ""
        unit = self.amounts.unit.currentIndex()
        return json.dumps({"config": plain, _PEOPLE: self.include_recorded, _UNITS: unit})

    def restore(self, text: str) -> None:
        """Take up settings of an earlier day; what cannot be read is forgotten."""
        try:
            data = json.loads(text)
            config = TrainingConfig.from_json(data["config"])
        except (ValueError, KeyError, TypeError, HarstudioError):
            rate_hz = self._project.rate_hz if self._project is not None else 60.0
            self.show_config(TrainingConfig(rate_hz=rate_hz))
            return
        self.data.recorded.setChecked(bool(data.get(_PEOPLE)))
        self.amounts.unit.setCurrentIndex(int(bool(data.get(_UNITS))))
        self.show_config(config)

    # -- the preview ---------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._later.start()

    def _on_change(self) -> None:
        spec = self.model_section.spec
        self.more_section.show_kind(spec)
        self.data_fold.say(self.data.summary())
        self.split_fold.say(self.split_section.summary())
        self.balance_fold.say(self.balance.summary())
        self.more.say(self.more_section.summary(spec))
        self._later.start()

    def _ask(self) -> None:
        """Have the preview made beside the window, if anybody looks."""
        if self._project is None or not self.isVisible():
            return
        try:
            config = self.config()
        except HarstudioError as error:
            self._worker.drop()
            self._show(replace(_NOTHING, obstacle=str(error)))
            return
        work = partial(
            preview_training, self._project, config, include_recorded=self.include_recorded
        )
        self._worker.run(work, self._show, now=False)

    def _show(self, preview: TrainingPreview) -> None:
        if self._project is None:
            return
        self._preview = preview
        self.amounts.show_preview(preview, self._project)
        self.plan.show_preview(preview)
        self.previewed.emit(preview)

    def _offer_calibration(self, project: Project) -> None:
        """Only where somebody who can train has a recording; else the tip says what is missing."""
        box = self.balance.calibrate
        try:
            training.check_calibratable(project)
            missing = ""
        except HarstudioError as error:
            missing = str(error)
            box.setChecked(False)
        box.setEnabled(not missing)
        box.setToolTip(wrapped(f"{_CALIBRATE} {missing}".strip()))
        box.setWhatsThis(box.toolTip())
