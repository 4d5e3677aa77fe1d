"""Which model, and the options that matter to it; then how the optimiser goes about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QWidget,
)

from harstudio.gui.panels.train.form_parts import (
    ElidedLabel,
    add_row,
    choose,
    combo,
    form,
    helped,
    number,
    row,
    whole,
    wrapped,
)
from harstudio.gui.panels.train.option_fields import (
    OPTIONS,
    Option,
    option_field,
    put,
    value_of,
    when_changed,
)
from harstudio.learn.config import (
    DEVICES,
    SCHEDULES,
    TrainingConfig,
)
from harstudio.learn.models import FOREST, ModelSpec, known_models

_GROUPS = (("Networks", False), ("Forests", True))
_OWN = "the model's own"
_DECAY = -1e-6
"""The lowest value of the field, which stands for "the model's own"."""


class ModelSection(QWidget):
    """The model, where it comes from, and its own options."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._specs = known_models()
        self.model = _grouped(self._specs)
        self.source = ElidedLabel()
        self.source.setProperty("faint", True)
        self.slow = QLabel(wordWrap=True)
        self.slow.setProperty("warning", True)
        self.fields: dict[str, QWidget] = {}
        self._form = form(self)
        add_row(self._form, "Model", self.model)
        self._form.addRow("", self.source)
        self._form.addRow("", self.slow)
        for name in dict.fromkeys(n for spec in self._specs.values() for n in spec.options):
            self._add_option(name)
        self.model.currentIndexChanged.connect(lambda _i: self._on_model())
        self._on_model()

    @property
    def spec(self) -> ModelSpec:
        return self._specs[self.model.currentData()]

    def show_config(self, config: TrainingConfig) -> None:
        """Take over what a configuration says; a model that is not installed stays unchosen."""
        if config.model in self._specs:
            choose(self.model, config.model)
        for name, field in self.fields.items():
            put(field, getattr(config, name))
        self._on_model()

    def values(self) -> Mapping[str, Any]:
        """The fields of a `TrainingConfig` that this section decides on."""
        chosen = {name: value_of(self.fields[name]) for name in self.spec.options}
        return {"model": self.model.currentData(), **chosen}

    def summary(self) -> str:
        """The section in a line."""
        return self.model.currentText()

    def _add_option(self, name: str) -> None:
        option = OPTIONS.get(name, Option(name.replace("_", " ").capitalize(), ""))
        field = self.fields[name] = option_field(name, option)
        when_changed(field, self._on_option)
        add_row(self._form, "" if isinstance(field, QCheckBox) else option.title, field)

    def _on_option(self) -> None:
        self._say_slow()
        self.changed.emit()

    def _on_model(self) -> None:
        spec = self.spec
        self.source.say(spec.source)
        self.model.setToolTip(wrapped(spec.source))
        self.model.setWhatsThis(wrapped(f"{spec.title}. {spec.source}."))
        for name, field in self.fields.items():
            self._form.setRowVisible(field, name in spec.options)
        self._say_slow()
        self.changed.emit()

    def _say_slow(self) -> None:
        mixes = self.fields.get("mix_channels")
        mixed = isinstance(mixes, QCheckBox) and mixes.isChecked() and not mixes.isHidden()
        text = "" if mixed else self.spec.slow
        self.slow.setText(f"Slow: {text}." if text else "")
        self._form.setRowVisible(self.slow, bool(text))


class BalanceSection(QWidget):
    """Rare classes, doubtful edges, made-up people, calibration."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.class_weights = helped(
            QCheckBox("class weights"),
            "Mistakes on rare classes cost more. Better than repeating their windows.",
        )
        self.upsample = helped(
            QCheckBox("up-sample"),
            "Interpolate between training windows of a rare class until it is as large as the "
            "largest (Xiao et al. 2020). After the split, on the training part only.",
        )
        self.soft_edges = helped(
            QCheckBox("soft edges"),
            "Windows count as far as their label can be believed: its confidence, and how sharp "
            "its edges are.",
        )
        self.people = whole(
            0, 100, 0,
            "People variants per clip: made-up people of other shapes and sizes, with sensors up "
            "to 5 cm and 20° off, repeat each training clip. Never used for testing.",
            "as recorded",
        )  # fmt: skip
        self.people.setSuffix(" variants per clip")
        self.calibrate = QCheckBox("calibrate to real recordings", enabled=False)
        layout = form(self)
        add_row(layout, "Balance", row(self.class_weights, self.upsample, self.soft_edges))
        add_row(layout, "People", row(self.people, self.calibrate))
        for box in (self.class_weights, self.upsample, self.soft_edges, self.calibrate):
            box.toggled.connect(lambda _on: self.changed.emit())
        self.people.valueChanged.connect(lambda _v: self.changed.emit())

    def show_config(self, config: TrainingConfig) -> None:
        """Take over what a configuration says."""
        self.class_weights.setChecked(config.class_weights)
        self.upsample.setChecked(config.upsample)
        self.soft_edges.setChecked(config.soft_edges)
        self.people.setValue(config.people)
        self.calibrate.setChecked(config.calibrate and self.calibrate.isEnabled())

    def values(self) -> Mapping[str, Any]:
        """The fields of a `TrainingConfig` that this section decides on."""
        return {
            "class_weights": self.class_weights.isChecked(),
            "upsample": self.upsample.isChecked(),
            "soft_edges": self.soft_edges.isChecked(),
            "people": self.people.value(),
            "calibrate": self.calibrate.isChecked(),
        }

    def summary(self) -> str:
        """The section in a line."""
        on = [box.text() for box in (self.class_weights, self.upsample, self.soft_edges,
                                     self.calibrate) if box.isChecked()]  # fmt: skip
        if self.people.value():
            on.append(f"{self.people.value()} made-up people a clip")
        return ", ".join(on) or "none"


class MoreSection(QWidget):
    """The optimiser, and the seed; what a forest has no use for is hidden for one."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.epochs = whole(1, 10_000, 30, "Passes over the training part, at most.")
        self.patience = whole(
            0, 10_000, 15,
            "Stop after so many epochs without a better validation macro F1; the best is kept.",
            "never stop",
        )  # fmt: skip
        self.batch = whole(
            2, 100_000, 128, "Windows per step; few windows are trained on in smaller batches."
        )
        self.learning_rate = number(
            0.0, 10, 0.0, "", 1e-3, 6, "Step size at its peak. The model's own is a good one."
        )
        self.learning_rate.setSpecialValueText(_OWN)
        self.weight_decay = number(
            _DECAY, 10, _DECAY, "", 1e-3, 6, "How strongly weights are pulled to zero."
        )
        self.weight_decay.setSpecialValueText(_OWN)
        self.schedule = combo(
            zip(("up, then down (one cycle)", "down (cosine)", "constant"), SCHEDULES, strict=True),
            "How the learning rate goes over the training.",
        )
        self.clip_norm = number(
            0, 1000, 5, "", 1, 1, "Steps with a longer gradient are scaled down to this; 0 never."
        )
        self.device = combo(
            ((("processor", "quickest there is", "CUDA", "Apple MPS")[i], name)
             for i, name in enumerate(DEVICES)),
            "Where to compute. Only the processor gives the same result to the bit; a device that "
            "is missing is replaced by it, and the report says so.",
        )  # fmt: skip
        self.seed = whole(0, 2**31 - 1, 0, "The same seed, data and options give the same result.")
        self._form = form(self)
        self._network_rows = (
            row(self.epochs, "patience", self.patience),
            row(self.batch, "learning rate", self.learning_rate),
            row(self.schedule, "weight decay", self.weight_decay),
            row(self.clip_norm, "device", self.device),
        )
        titles = ("Epochs", "Batch", "Schedule", "Gradient")
        for title, line in zip(titles, self._network_rows, strict=True):
            add_row(self._form, title, line)
        add_row(self._form, "Seed", self.seed)
        for box in (self.schedule, self.device):
            box.currentIndexChanged.connect(lambda _i: self.changed.emit())
        for field in (self.epochs, self.patience, self.batch, self.learning_rate,
                      self.weight_decay, self.clip_norm, self.seed):  # fmt: skip
            field.valueChanged.connect(lambda _v: self.changed.emit())

    def show_config(self, config: TrainingConfig) -> None:
        """Take over what a configuration says."""
        for name in ("epochs", "patience", "batch", "clip_norm", "seed"):
            put(getattr(self, name), getattr(config, name))
        self.learning_rate.setValue(config.learning_rate or 0.0)
        decay = config.weight_decay
        self.weight_decay.setValue(self.weight_decay.minimum() if decay is None else decay)
        choose(self.schedule, config.schedule)
        choose(self.device, config.device)

    def show_kind(self, spec: ModelSpec) -> None:
        """Show what matters to this kind of model."""
        for line in self._network_rows:
            self._form.setRowVisible(line, spec.kind != FOREST)

    def values(self) -> Mapping[str, Any]:
        """The fields of a `TrainingConfig` that this section decides on."""
        decay = self.weight_decay.value()
        return {
            "epochs": self.epochs.value(),
            "patience": self.patience.value(),
            "batch": self.batch.value(),
            "learning_rate": self.learning_rate.value() or None,
            "weight_decay": None if decay < 0 else decay,
            "schedule": self.schedule.currentData(),
            "clip_norm": self.clip_norm.value(),
            "device": self.device.currentData(),
            "seed": self.seed.value(),
        }

    def summary(self, spec: ModelSpec) -> str:
        """The section in a line."""
        if spec.kind == FOREST:
            return f"seed {self.seed.value()}"
        return (
            f"{self.epochs.value()} epochs · batch {self.batch.value()} · seed {self.seed.value()} "
            f"· {self.device.currentText()}"
        )


def _grouped(specs: Mapping[str, ModelSpec]) -> QComboBox:
    """Networks, then forests, each under a heading that cannot be chosen."""
    box = combo(())
    first = -1
    for heading, forests in _GROUPS:
        members = [spec for spec in specs.values() if (spec.kind == FOREST) == forests]
        if not members:
            continue
        box.addItem(heading)
        model = box.model()
        if isinstance(model, QStandardItemModel):
            model.item(box.count() - 1).setFlags(Qt.ItemFlag.NoItemFlags)
        for spec in members:
            box.addItem(spec.title, spec.id)
            box.setItemData(box.count() - 1, wrapped(spec.source), Qt.ItemDataRole.ToolTipRole)
            first = box.count() - 1 if first < 0 else first
    box.setCurrentIndex(first)
    return box
