"""Adapt the dense layers of a network; its convolution stays as it is, bit for bit.

Features are computed once. Each step mixes windows of the new recording with replayed windows of
the original training, which kept what the model knew (.83 of the source, .19 from scratch).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from harstudio.core.arrays import IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.checkpoint import SOURCE_CODES, SOURCE_WINDOWS, Checkpoint, balanced_sample
from harstudio.learn.config import FinetuneConfig
from harstudio.learn.fitting import TICK_S, class_weights
from harstudio.learn.losses import classification_loss
from harstudio.learn.models.layers import Network
from harstudio.learn.network_training import one_cycle
from harstudio.learn.networks import restored, tensors_of
from harstudio.learn.runs import EpochReport, RunWriter
from harstudio.learn.torch_setup import Tensor, nn, torch
from harstudio.learn.windows import Float32Array

_ROWS = 256
"""Windows of each origin in one step; all of them where there are fewer."""
_ROW_STEPS = 10
"""Steps between two rows of the history."""


def adapt_head(
    parent: Checkpoint,
    labels: tuple[str, ...],
    signals: Float32Array,
    codes: IntArray,
    config: FinetuneConfig,
    writer: RunWriter,
) -> Job[Checkpoint]:
    """Job: the checkpoint of `parent` with its head trained on.

    Parameters
    ----------
    parent : Checkpoint
        Of a network.
    labels : K names
        The parent's labels, in its order, then new ones.
    signals : (N, T, C) array
    codes : (N,) array
        Index into `labels`.
    config : FinetuneConfig
    writer : RunWriter
        Takes the history; a request to stop there keeps the head as it is by then.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    network = restored(parent)
    add_classes(network, len(labels) - len(parent.labels))
    network.requires_grad_(False)
    network.head.requires_grad_(True)
    replayed, replayed_codes = _source(parent)
    share = config.replay_share if len(replayed_codes) else 0.0
    target = _Rows((yield from _features(network, signals)), codes, len(labels), rng)
    source = _Rows((yield from _features(network, replayed)), replayed_codes, len(labels), rng)
    optimiser = torch.optim.AdamW(network.head.parameters(), weight_decay=1e-2)
    network.head.train()
    started = told = time.perf_counter()
    for step in range(1, config.steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = one_cycle(step - 1, config.steps, config.learning_rate)
        loss, accuracy = target.loss(network.head, parent.config.loss)
        if share:
            loss = (1 - share) * loss + share * source.loss(network.head, parent.config.loss)[0]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        total = float(loss.detach())
        if not math.isfinite(total):
            raise HarstudioError(
                f"step {step}: the loss is no longer a number", "lower the learning rate"
            )
        now = time.perf_counter()
        stop = writer.asked_to_stop()
        if step % _ROW_STEPS == 0 or step == config.steps or stop:
            row = EpochReport(
                step,
                train_loss=total,
                train_accuracy=accuracy,
                learning_rate=optimiser.param_groups[0]["lr"],
                seconds=now - started,
                best=step == config.steps or stop,
            )
            writer.row(row)
        if stop:
            break
        if now - told >= TICK_S or step == config.steps:
            told = now
            values: Mapping[str, object] = {
                "epoch": step,
                "epochs": config.steps,
                "train_loss": total,
                "train_accuracy": accuracy,
                "eta_s": (now - started) * (config.steps - step) / step,
            }
            yield Progress(step, config.steps, f"step {step} of {config.steps}", values)
    network.eval()
    signals = np.concatenate([replayed, signals])
    codes = np.concatenate([replayed_codes, codes])
    kept = balanced_sample(codes, rng)
    tensors = tensors_of(network)
    tensors[SOURCE_WINDOWS], tensors[SOURCE_CODES] = signals[kept], codes[kept]
    return replace(parent, labels=labels, tensors=tensors)


def add_classes(network: Network, more: int) -> None:
    """Widen the last layer by small random rows; the rows it has stay as they are."""
    if more == 0:
        return
    old = network.head[-1]
    assert isinstance(old, nn.Linear)
    new = nn.Linear(old.in_features, old.out_features + more)
    with torch.no_grad():
        new.weight.normal_(std=0.01)
        new.weight[: old.out_features] = old.weight
        new.bias[: old.out_features] = old.bias
        new.bias[old.out_features :] = old.bias.mean()
    network.head[-1] = new


class _Rows:
    """Features and codes of windows of one origin, drawn from in steps."""

    def __init__(
        self, features: Tensor, codes: IntArray, classes: int, rng: np.random.Generator
    ) -> None:
        self._features, self._codes, self._rng = features, torch.tensor(codes), rng
        self._weights = torch.tensor(class_weights(codes, classes).astype(np.float32))

    def loss(self, head: nn.Module, kind: str) -> tuple[Tensor, float]:
        """Loss of the head on some of the rows, and its accuracy there."""
        features, codes = self._features, self._codes
        if len(codes) > _ROWS:
            drawn = torch.tensor(self._rng.choice(len(codes), _ROWS, replace=False))
            features, codes = features[drawn], codes[drawn]
        logits = head(features)
        right = (logits.detach().argmax(dim=1) == codes).float().mean()
        return classification_loss(logits, codes, self._weights, kind), float(right)


def _features(network: Network, signals: Float32Array, rows: int = 512) -> Job[Tensor]:
    """Job: (N, D) features, with batch normalisation as it was in training."""
    parts = []
    for first in range(0, max(1, len(signals)), rows):
        yield Progress(0, 0, "computing features")
        with torch.no_grad():
            parts.append(network.features(torch.tensor(signals[first : first + rows])))
    return torch.cat(parts)


def _source(parent: Checkpoint) -> tuple[Float32Array, IntArray]:
    """The sample of training windows that the parent kept; none is fine."""
    shape = (parent.window_samples, len(parent.channels))
    signals = parent.tensors.get(SOURCE_WINDOWS, np.zeros((0, *shape), np.float32))
    codes = parent.tensors.get(SOURCE_CODES, np.zeros(0, np.int64))
    fits = signals.shape == (len(codes), *shape) and codes.ndim == 1
    if not fits or (len(codes) and not 0 <= codes.min() <= codes.max() < len(parent.labels)):
        raise HarstudioError("the model's sample of training windows is damaged")
    return signals.astype(np.float32), codes.astype(np.int64)
