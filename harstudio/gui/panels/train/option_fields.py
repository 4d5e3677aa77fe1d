"""Fields for the options that only some models have, and how any field is read and set."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from harstudio.gui.panels.train.form_parts import choose, combo, helped, number, whole
from harstudio.learn.config import (
    FOREST_INPUTS,
    LOSSES,
    POSE_HEADS,
    POSE_MODES,
    TrainingConfig,
)


@dataclass(frozen=True)
class Option:
    """How to ask for one entry of a `TrainingConfig` that only some models have."""

    title: str
    help: str
    choices: tuple[tuple[str, str], ...] = ()
    high: float = 1e6
    step: float = 1.0


OPTIONS: Mapping[str, Option] = {
    "loss": Option(
        "Loss",
        "Cross-entropy learns well with any number of classes; squared error on one-hot targets, "
        "as Xiao et al. 2020, fails above about ten.",
        (("cross-entropy", LOSSES[0]), ("squared error (Xiao 2020)", LOSSES[1])),
    ),
    "reconstruction_weight": Option(
        "Decoder",
        "Weight of the mean squared error between a window and what the decoder makes of it.",
        high=100.0,
        step=0.05,
    ),
    "mix_channels": Option(
        "Mix channels",
        "The first convolution sees all channels at once: about ten times faster than the paper's "
        "channel-by-channel one.",
    ),
    "trees": Option("Trees", "More trees, steadier votes: 200 are plenty.", high=10_000, step=50),
    "forest_input": Option(
        "Input",
        "Features of each channel (mean, spread, spectrum …), or raw samples as in Xiao et al. "
        "2020.",
        (("features per channel", FOREST_INPUTS[0]), ("raw windows (Xiao 2020)", FOREST_INPUTS[1])),
    ),
    "pose_mode": Option(
        "Mode",
        "Acceleration from poses and the activity learned together; the activity alone, from the "
        "sensors' signals; or the acceleration first, then the activity.",
        tuple(zip(("jointly", "baseline", "regression first"), POSE_MODES, strict=True)),
    ),
    "pose_head": Option(
        "Regressor",
        "The same weights at each moment, or dense as printed (13 million weights at 300 samples).",
        tuple(zip(("convolution", "dense, as printed"), POSE_HEADS, strict=True)),
    ),
    "activity_weight": Option("Activity", "Alpha: weight of the activity's loss.", step=0.1),
    "cosine_weight": Option(
        "Cosine", "Beta: weight of the angle between real and regressed acceleration.", step=0.1
    ),
}
"""What is known of the options that models name; others are asked for by their name and kind."""


def option_field(name: str, option: Option) -> QWidget:
    """A field for an entry of the configuration, by its kind."""
    hint, value = typing.get_type_hints(TrainingConfig)[name], getattr(TrainingConfig(), name)
    if option.choices:
        return combo(option.choices, option.help)
    if hint is bool:
        return helped(QCheckBox(option.title.lower(), checked=value), option.help)
    if hint is int:
        field = whole(0, int(option.high), value, option.help)
        field.setSingleStep(int(option.step))
        return field
    if hint is float:
        return number(0.0, option.high, value, "", option.step, 3, option.help)
    return helped(QLineEdit(str(value)), option.help)


def value_of(field: QWidget) -> Any:
    """What a field says."""
    if isinstance(field, QCheckBox):
        return field.isChecked()
    if isinstance(field, QComboBox):
        return field.currentData()
    if isinstance(field, QSpinBox | QDoubleSpinBox):
        return field.value()
    assert isinstance(field, QLineEdit)
    return field.text()


def put(field: QWidget, value: Any) -> None:
    """Let a field say something else."""
    if isinstance(field, QCheckBox):
        field.setChecked(value)
    elif isinstance(field, QComboBox):
        choose(field, value)
    elif isinstance(field, QSpinBox | QDoubleSpinBox):
        field.setValue(value)
    elif isinstance(field, QLineEdit):
        field.setText(str(value))


def when_changed(field: QWidget, then: Callable[[], None]) -> None:
    """Call a function whenever the field is changed."""
    if isinstance(field, QCheckBox):
        field.toggled.connect(lambda _on: then())
    elif isinstance(field, QComboBox):
        field.currentIndexChanged.connect(lambda _i: then())
    elif isinstance(field, QSpinBox | QDoubleSpinBox):
        field.valueChanged.connect(lambda _v: then())
    elif isinstance(field, QLineEdit):
        field.textEdited.connect(lambda _text: then())
