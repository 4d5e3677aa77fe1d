"""A trained model on disk: one safetensors file, nothing in it is ever executed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harstudio import __version__
from harstudio.core.arrays import IntArray
from harstudio.core.errors import HarstudioError
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.scaling import Scaler
from harstudio.learn.data.windows import Float32Array, WindowSet
from harstudio.learn.runs.files import Tensors, read_tensors, write_tensors
from harstudio.learn.splitting.leaks import listed

FORMAT = "harstudio-model-1"
SOURCE_WINDOWS, SOURCE_CODES = "source.windows", "source.codes"
"""A sample of the training windows, replayed when the model is fine-tuned."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What is needed to use a model again.

    Attributes
    ----------
    model : str
        Key of the model registry.
    labels, channels : names of its outputs and inputs, in order
    rate_hz : float
    window_samples : int
    config : TrainingConfig
    scaler : Scaler
    split_hash : str
        `Split.fingerprint` of the split it was trained on.
    tensors : mapping of name to array
        The model's own arrays, and the sample of training windows.
    version : str
        Of the harstudio that wrote it.
    """

    model: str
    labels: tuple[str, ...]
    channels: tuple[str, ...]
    rate_hz: float
    window_samples: int
    config: TrainingConfig
    scaler: Scaler
    split_hash: str
    tensors: Tensors
    version: str = __version__

    def with_tensors(self, tensors: Tensors) -> Checkpoint:
        return replace(self, tensors=dict(tensors))

    def below(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The tensors whose names start with ``prefix.``, under the rest of their names."""
        start = f"{prefix}."
        return {k.removeprefix(start): v for k, v in self.tensors.items() if k.startswith(start)}

    def save(self, path: Path) -> None:
        """Write the file whole, or leave what was there."""
        metadata = {
            "format": FORMAT,
            "harstudio": self.version,
            "model": self.model,
            "labels": json.dumps(self.labels, ensure_ascii=False),
            "channels": json.dumps(self.channels, ensure_ascii=False),
            "rate_hz": json.dumps(self.rate_hz),
            "window_samples": json.dumps(self.window_samples),
            "config": json.dumps(self.config.to_json(), ensure_ascii=False),
            "scaler": json.dumps(
                {"mean": self.scaler.mean.tolist(), "sd": self.scaler.sd.tolist()}
            ),
            "split_sha256": self.split_hash,
        }
        write_tensors(path, self.tensors, metadata)

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a file written by `save`.

        Raises
        ------
        HarstudioError
            Missing, damaged, or not a harstudio model.
        """
        if not path.is_file():
            raise HarstudioError(f"{path}: no such file", "the run has no finished model")
        tensors, metadata = read_tensors(path)
        if metadata.get("format") != FORMAT:
            raise HarstudioError(f"{path}: format {metadata.get('format')!r}, expected {FORMAT!r}")
        try:
            scaler = json.loads(metadata["scaler"])
            loaded = cls(
                model=metadata["model"],
                labels=tuple(map(str, json.loads(metadata["labels"]))),
                channels=tuple(map(str, json.loads(metadata["channels"]))),
                rate_hz=float(json.loads(metadata["rate_hz"])),
                window_samples=int(json.loads(metadata["window_samples"])),
                config=TrainingConfig.from_json(json.loads(metadata["config"])),
                scaler=Scaler(np.array(scaler["mean"]), np.array(scaler["sd"])),
                split_hash=metadata["split_sha256"],
                tensors=tensors,
                version=metadata["harstudio"],
            )
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise HarstudioError(f"{path}: damaged model description ({error!r})") from error
        loaded._check(path)
        return loaded

    def _check(self, path: Path) -> None:
        """HarstudioError unless the description is of one piece."""
        wide = (len(self.channels),)
        if self.scaler.mean.shape != wide or self.scaler.sd.shape != wide:
            raise HarstudioError(
                f"{path}: scales {self.scaler.mean.shape} and {self.scaler.sd.shape}, "
                f"expected one for each of {len(self.channels)} channels"
            )
        if not (np.isfinite(self.scaler.mean).all() and (self.scaler.sd > 0).all()):
            raise HarstudioError(f"{path}: a scale is no number above 0")
        if len(set(self.labels)) != len(self.labels) or len(self.labels) < 2:
            raise HarstudioError(f"{path}: labels {self.labels!r}, expected two or more, distinct")
        if self.window_samples < 1 or not 0 < self.rate_hz < float("inf"):
            raise HarstudioError(
                f"{path}: windows of {self.window_samples} samples at {self.rate_hz} Hz"
            )

    def check_fits(self, windows: WindowSet) -> None:
        """HarstudioError unless the windows have this model's channels, rate and length."""
        if windows.channels != self.channels:
            raise HarstudioError(
                f"the windows have the channels {listed(windows.channels, 6)}, "
                f"the model was trained on {listed(self.channels, 6)}",
                "choose the same sensors and channels as the model",
            )
        same_rate = abs(windows.rate_hz / self.rate_hz - 1.0) < 0.01
        if windows.window_samples != self.window_samples or not same_rate:
            raise HarstudioError(
                f"the windows have {windows.window_samples} samples at {windows.rate_hz:g} Hz, "
                f"the model takes {self.window_samples} at {self.rate_hz:g} Hz"
            )


def balanced_sample(codes: IntArray, rng: np.random.Generator, most: int = 1000) -> IntArray:
    """Indices of up to `most` windows, as evenly over the classes as they come."""
    order = rng.permutation(len(codes))
    rank = np.zeros(len(codes), np.int64)
    for code in np.unique(codes):
        members = order[codes[order] == code]
        rank[members] = np.arange(len(members))
    return np.lexsort((codes, rank))[:most]


def source_of(checkpoint: Checkpoint) -> tuple[Float32Array, IntArray]:
    """The sample of training windows that a model keeps; none is fine."""
    shape = (checkpoint.window_samples, len(checkpoint.channels))
    signals = checkpoint.tensors.get(SOURCE_WINDOWS, np.zeros((0, *shape), np.float32))
    codes = checkpoint.tensors.get(SOURCE_CODES, np.zeros(0, np.int64))
    fits = codes.ndim == 1 and signals.shape == (len(codes), *shape)
    if not fits or (len(codes) and not 0 <= codes.min() <= codes.max() < len(checkpoint.labels)):
        raise HarstudioError("the model's sample of training windows is damaged")
    return signals.astype(np.float32), codes.astype(np.int64)
