"""The registry of models: small records; a model's module is loaded when it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any

from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig

NETWORK, FOREST = "torch", "sklearn"


@dataclass(frozen=True)
class ModelSpec:
    """A model that can be trained.

    Attributes
    ----------
    id, title : str
        For configurations, and for people.
    source : str
        The paper it follows.
    kind : str
        ``torch``: builds a `harstudio.learn.models.layers.Network`, trained by the one loop.
        ``sklearn``: builds a `harstudio.learn.models.random_forest.Forest`.
    entry : str
        ``module:function``; the function takes (channels, window, classes, config).
    learning_rate, weight_decay : float
        The rate at its peak, and the decay, where the configuration leaves them open.
    optimiser : str
        ``adamw``, or ``adam``: its decay is an L2 penalty on the weights.
    shortest : int
        Samples of the shortest window it takes.
    slow : str
        What somebody should know who waits for it; empty for a model that is quick.
    options : names of the `TrainingConfig` fields that matter to this model alone
    paired : bool
        It takes windows of poses beside the sensors' signals (`learn.data.pose_windows`).
    """

    id: str
    title: str
    source: str
    kind: str
    entry: str
    learning_rate: float = 0.0
    weight_decay: float = 1e-2
    optimiser: str = "adamw"
    shortest: int = 4
    slow: str = ""
    options: tuple[str, ...] = ()
    paired: bool = False

    def build(self, channels: int, window: int, classes: int, config: TrainingConfig) -> Any:
        """An untrained model for windows of (window, channels) and a number of classes."""
        module, _, function = self.entry.partition(":")
        return getattr(import_module(module), function)(channels, window, classes, config)


_SPECS = (
    ModelSpec(
        id="xiao2020",
        title="Convolution with reconstruction penalty (Xiao 2020)",
        source="Xiao et al. 2020, A deep learning method for complex human activity recognition "
        "using virtual wearable sensors",
        kind=NETWORK,
        entry="harstudio.learn.models.xiao2020:build",
        learning_rate=2e-3,
        options=("loss", "reconstruction_weight"),
    ),
    ModelSpec(
        id="cnn",
        title="Convolution with global pooling",
        source="The same encoder without decoder, averaged over time (Lin et al. 2014)",
        kind=NETWORK,
        entry="harstudio.learn.models.cnn:build",
        learning_rate=3e-3,
        options=("loss",),
    ),
    ModelSpec(
        id="deepconvlstm",
        title="Convolutions, then LSTM (DeepConvLSTM)",
        source="Ordóñez and Roggen 2016, Deep convolutional and LSTM recurrent neural networks "
        "for multimodal wearable activity recognition",
        kind=NETWORK,
        entry="harstudio.learn.models.deepconvlstm:build",
        learning_rate=1e-3,
        weight_decay=0.0,
        optimiser="adam",
        shortest=17,
        slow="each channel is convolved by itself: about 5 min an epoch of 20,000 windows of 36 "
        "channels; mixing channels takes 25 s",
        options=("mix_channels", "loss"),
    ),
    ModelSpec(
        id="lstm",
        title="Two LSTM layers",
        source="Chevalier 2016, LSTMs for human activity recognition",
        kind=NETWORK,
        entry="harstudio.learn.models.lstm:build",
        learning_rate=2.5e-3,
        weight_decay=1.5e-3,
        optimiser="adam",
        slow="every sample waits for the one before: about 7 times as long as a convolution",
        options=("loss",),
    ),
    ModelSpec(
        id="pose2imu",
        title="Poses to acceleration, and a classifier (Zolfaghari 2024)",
        source="Zolfaghari et al. 2024, Sensor data augmentation from skeleton pose sequences for "
        "improving human activity recognition",
        kind=NETWORK,
        entry="harstudio.learn.models.pose2imu:build",
        learning_rate=1e-3,
        weight_decay=0.0,
        optimiser="adam",
        shortest=8,
        options=("pose_mode", "pose_head", "activity_weight", "cosine_weight", "loss"),
        paired=True,
    ),
    ModelSpec(
        id="random_forest",
        title="Random forest on signal features",
        source="Breiman 2001; raw windows as the baseline of Xiao et al. 2020",
        kind=FOREST,
        entry="harstudio.learn.models.random_forest:build",
        options=("trees", "forest_input"),
    ),
)

MODELS: Mapping[str, ModelSpec] = {spec.id: spec for spec in _SPECS}
"""The models that ship with harstudio; entry points `harstudio.models` add to them."""


def known_models() -> dict[str, ModelSpec]:
    """The shipped models and those of installed packages (each entry point is a ModelSpec).

    Raises
    ------
    HarstudioError
        An entry point does not load, or is not a ModelSpec.
    """
    found = dict(MODELS)
    for entry in metadata.entry_points(group="harstudio.models"):
        try:
            spec = entry.load()
        except (ImportError, AttributeError) as error:
            raise HarstudioError(f"model {entry.name!r} does not load: {error}") from error
        if not isinstance(spec, ModelSpec):
            raise HarstudioError(f"model {entry.name!r}: {entry.value} is not a ModelSpec")
        found[spec.id] = spec
    return found


def model_spec(model_id: str) -> ModelSpec:
    """A model by id; HarstudioError if there is none."""
    if model_id in MODELS:
        return MODELS[model_id]
    known = known_models()
    if model_id not in known:
        raise HarstudioError(f"no model {model_id!r}", f"known: {', '.join(known)}")
    return known[model_id]
