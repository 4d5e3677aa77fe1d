"""Everything that, with the data, reproduces a run."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from harstudio.core.errors import HarstudioError
from harstudio.learn.data.channels import signals_of
from harstudio.learn.data.label_map import LabelMap

BY_SUBJECT, BY_CLIP, RANDOM_WINDOWS = "subject", "clip", "random_windows"
SEVEN_TO_THREE, LISTED = "clip_7_3", "list"
ONE_SUBJECT_OUT, FOLDS = "leave_one_subject_out", "folds"
SPLITS = (BY_SUBJECT, BY_CLIP, SEVEN_TO_THREE, LISTED, ONE_SUBJECT_OUT, FOLDS, RANDOM_WINDOWS)
FOLD_UNITS = (BY_SUBJECT, BY_CLIP)
VIRTUAL, REAL, BOTH = "virtual", "real", "both"
SIGNALS = (VIRTUAL, REAL, BOTH)
LOSSES = ("cross_entropy", "squared_error")
SCHEDULES = ("one_cycle", "cosine", "constant")
DEVICES = ("cpu", "auto", "cuda", "mps")
METHODS = ("auto", "head", "full")
FOREST_INPUTS = ("features", "raw")
HOLD_OUTS = ("auto", "clip", "time")
POSE_MODES = ("joint", "baseline", "regression_first")
POSE_HEADS = ("conv", "dense")


class _Plain:
    """To and from plain JSON data, checked."""

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back."""
        data: dict[str, Any] = asdict(self)  # type: ignore[call-overload]
        for name in data:
            value = getattr(self, name)
            if isinstance(value, LabelMap):
                data[name] = value.to_json()
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The configuration written by `to_json`; missing entries take their defaults.

        Raises
        ------
        HarstudioError
            An unknown entry, or a value of the wrong kind.
        """
        hints = typing.get_type_hints(cls)
        known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(data) - known)
        if unknown:
            raise HarstudioError(f"configuration: unknown entry {', '.join(unknown)}")
        return cls(**{name: _converted(name, value, hints[name]) for name, value in data.items()})


@dataclass(frozen=True)
class TrainingConfig(_Plain):
    """How to cut windows, split them, and train a model on them.

    Attributes
    ----------
    model : str
        Key of `harstudio.learn.models.MODELS`.
    sensors : names, in the order of the channels; empty takes all of the recording
    channels : str
        What each sensor contributes: see `harstudio.learn.data.channels`.
    signals : str
        ``virtual``, ``real``, or ``both`` in one set.
    rate_hz, window_s : float
        Sampling rate, and length of a window.
    overlap : float
        Share of a window that its successor repeats, 0 to below 1.
    min_share : float
        Least share of a window's samples that must carry its label.
    soft_edges : bool
        Windows count as far as their label can be believed (confidence, soft edges).
    label_map : LabelMap or None
        From the labels as painted to those that are learned.
    split : str
        ``subject``, ``clip``, ``clip_7_3`` (clips, 7:3 without validation, as Xiao et al. 2020),
        ``list``, ``leave_one_subject_out``, ``folds``, or ``random_windows`` (leaks: a diagnostic
        only).
    split_list : str
        For ``list``: the name of an official list, or the path of a file.
    folds : int
        For ``folds``: how many.
    fold_unit : str
        For ``folds``: ``subject`` or ``clip``.
    test_share, validation_share : float
        Of the windows, as near as whole subjects or clips allow.
    seed : int
    epochs : int
    batch : int
        Windows per step at most; few windows are trained on in smaller batches.
    patience : int
        Training stops after so many epochs without a better validation macro F1; 0 never.
    learning_rate : float or None
        At its peak; None is the model's own.
    weight_decay : float or None
        None is the model's own.
    schedule : str
        How the learning rate goes: ``one_cycle`` (up, then down), ``cosine`` (down), ``constant``.
    clip_norm : float
        A step's gradient is scaled down to this norm where it is longer; 0 never.
    device : str
        ``cpu``, ``cuda``, ``mps``, or ``auto``: the quickest there is. Where a device is missing
        the processor takes over, and the report says so. Only ``cpu`` repeats itself to the bit.
    mix_channels : bool
        DeepConvLSTM's first convolution sees all channels at once: ten times faster.
    class_weights : bool
        Weight rare classes up, instead of repeating their windows.
    upsample : bool
        Interpolate between training windows of a rare class until it is as large as the largest
        (as Xiao et al. 2020).
    loss : str
        ``cross_entropy``, or ``squared_error`` on one-hot targets (as Xiao et al. 2020).
    reconstruction_weight : float
        Weight of the decoder's mean squared error, where the model has a decoder.
    trees : int
    forest_input : str
        ``features`` per channel, or ``raw`` windows (as Xiao et al. 2020).
    pose_mode : str
        Of pose2imu: ``joint``, ``baseline`` or ``regression_first``; see its module.
    pose_head : str
        Of pose2imu: ``conv``, the same weights at each moment, or ``dense``, as printed.
    activity_weight, cosine_weight : float
        Alpha and beta of pose2imu's loss.
    preset : str
        How virtual signals were made; kept for the record.
    people : int
        So many made-up people (other shapes, sizes and sensor placements) repeat each training
        clip's movement; 0 trains on the people as recorded alone. They are never tested on.
    calibrate : bool
        Virtual signals were mapped onto the distribution of real ones, of training people only;
        the map lies beside the model.
    """

    model: str = "xiao2020"
    sensors: tuple[str, ...] = ()
    channels: str = "acc"
    signals: str = VIRTUAL
    rate_hz: float = 60.0
    window_s: float = 1.0
    overlap: float = 0.5
    min_share: float = 0.6
    soft_edges: bool = True
    label_map: LabelMap | None = None
    split: str = BY_SUBJECT
    split_list: str = ""
    folds: int = 5
    fold_unit: str = BY_SUBJECT
    test_share: float = 0.3
    validation_share: float = 0.15
    seed: int = 0
    epochs: int = 30
    batch: int = 128
    patience: int = 15
    learning_rate: float | None = None
    weight_decay: float | None = None
    schedule: str = "one_cycle"
    clip_norm: float = 5.0
    device: str = "cpu"
    mix_channels: bool = False
    class_weights: bool = True
    upsample: bool = False
    loss: str = "cross_entropy"
    reconstruction_weight: float = 0.1
    trees: int = 200
    forest_input: str = "features"
    pose_mode: str = "joint"
    pose_head: str = "conv"
    activity_weight: float = 1.0
    cosine_weight: float = 0.0
    preset: str = "physical"
    people: int = 0
    calibrate: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "sensors", tuple(self.sensors))
        signals_of(self.channels)
        _one_of(self.signals, SIGNALS, "signals")
        _one_of(self.split, SPLITS, "split")
        _one_of(self.fold_unit, FOLD_UNITS, "fold_unit")
        _within(self.folds, 2, 1000, "folds")
        if self.split == LISTED and not self.split_list:
            raise HarstudioError("split: a list is asked for, but none is named", "name one")
        _one_of(self.loss, LOSSES, "loss")
        _one_of(self.forest_input, FOREST_INPUTS, "forest_input")
        _one_of(self.pose_mode, POSE_MODES, "pose_mode")
        _one_of(self.pose_head, POSE_HEADS, "pose_head")
        _within(self.activity_weight, 0.0, 1e6, "activity_weight")
        _within(self.cosine_weight, 0.0, 1e6, "cosine_weight")
        _one_of(self.schedule, SCHEDULES, "schedule")
        _one_of(self.device, DEVICES, "device")
        _within(self.rate_hz, 1.0, 10_000.0, "rate_hz")
        _within(self.window_s, 0.05, 3600.0, "window_s")
        _within(self.overlap, 0.0, 0.99, "overlap")
        _within(self.min_share, 0.01, 1.0, "min_share")
        _within(self.test_share, 0.01, 0.9, "test_share")
        _within(self.validation_share, 0.0, 0.9, "validation_share")
        _within(self.test_share + self.validation_share, 0.0, 0.95, "test + validation share")
        _within(self.seed, 0, 2**31 - 1, "seed")
        _within(self.epochs, 1, 100_000, "epochs")
        _within(self.batch, 2, 1_000_000, "batch")
        _within(self.patience, 0, 100_000, "patience")
        _within(self.trees, 1, 100_000, "trees")
        _within(self.people, 0, 1000, "people")
        _within(self.clip_norm, 0.0, 1e6, "clip_norm")
        if self.weight_decay is not None:
            _within(self.weight_decay, 0.0, 10.0, "weight_decay")
        _within(self.reconstruction_weight, 0.0, 1e6, "reconstruction_weight")
        if self.learning_rate is not None:
            _within(self.learning_rate, 1e-9, 10.0, "learning_rate")
        if self.window_samples < 4:
            raise HarstudioError(
                f"window: {self.window_s} s at {self.rate_hz} Hz is {self.window_samples} samples, "
                "expected at least 4"
            )

    @property
    def folded(self) -> bool:
        """Whether the split is several: cross-validation."""
        return self.split in (ONE_SUBJECT_OUT, FOLDS)

    @property
    def window_samples(self) -> int:
        return round(self.window_s * self.rate_hz)

    @property
    def step_samples(self) -> int:
        """Samples from the start of one window to the start of the next."""
        return max(1, round(self.window_samples * (1.0 - self.overlap)))


@dataclass(frozen=True)
class FinetuneConfig(_Plain):
    """How to adapt a trained network to other recordings.

    Attributes
    ----------
    test_share : float
        Share of the labelled windows that is held out.
    hold_out : str
        ``clip`` holds out whole clips, ``time`` the later part of each labelled stretch;
        ``auto`` takes clips where every label occurs in two or more.
    method : str
        ``head`` adapts the dense layers alone, ``full`` then all layers, gently; ``auto`` takes
        what does better on left-out segments of the training part.
    steps : int
    learning_rate : float
        Of the dense layers.
    full_learning_rate : float
        Of all layers.
    replay_share : float
        Weight of the windows the model was trained on, 0 to below 1: keeps what it knows.
    seed : int
    """

    test_share: float = 0.3
    hold_out: str = "auto"
    method: str = "auto"
    steps: int = 200
    learning_rate: float = 3e-3
    full_learning_rate: float = 3e-4
    replay_share: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        _one_of(self.hold_out, HOLD_OUTS, "hold_out")
        _one_of(self.method, METHODS, "method")
        _within(self.test_share, 0.01, 0.9, "test_share")
        _within(self.steps, 1, 1_000_000, "steps")
        _within(self.learning_rate, 1e-9, 10.0, "learning_rate")
        _within(self.full_learning_rate, 1e-9, 10.0, "full_learning_rate")
        _within(self.replay_share, 0.0, 0.95, "replay_share")
        _within(self.seed, 0, 2**31 - 1, "seed")


def _one_of(value: str, allowed: tuple[str, ...], name: str) -> None:
    if value not in allowed:
        raise HarstudioError(f"{name}: got {value!r}", f"one of {', '.join(allowed)}")


def _within(value: float, low: float, high: float, name: str) -> None:
    if not low <= value <= high:  # also refuses NaN
        raise HarstudioError(f"{name}: got {value}, expected {low} to {high}")


def _converted(name: str, value: Any, hint: Any) -> Any:
    """`value` as the kind of the field, or HarstudioError."""
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    if hint is LabelMap:
        if not isinstance(value, Mapping):
            raise HarstudioError(f"configuration: {name} is {value!r}, expected a label map")
        return LabelMap.from_json(value)
    if typing.get_origin(hint) is tuple:
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise HarstudioError(f"configuration: {name} is {value!r}, expected a list of names")
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is float and number:
        return float(value)
    if hint is int and number and math.isfinite(value) and value == int(value):
        return int(value)
    if hint in (str, bool) and isinstance(value, hint):
        return value
    raise HarstudioError(f"configuration: {name} is {value!r}, expected {hint.__name__}")
