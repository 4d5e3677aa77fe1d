"""Adapt a network to a few windows: its dense layers, all of it gently, or a new one instead.

Each step mixes windows of the new recording with replayed windows of the original training, which
kept what the model knew (.83 of the source, .19 from scratch). Batch normalisation stays as it
was in training: recomputing it from a short recording did harm.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from harstudio.core.arrays import IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.config import FinetuneConfig
from harstudio.learn.data.scaling import Scaler
from harstudio.learn.data.windows import Float32Array
from harstudio.learn.fit.fitting import TICK_S, class_weights
from harstudio.learn.fit.losses import classification_loss
from harstudio.learn.fit.networks import restored
from harstudio.learn.fit.schedules import one_cycle
from harstudio.learn.fit.torch_setup import Tensor, nn, torch
from harstudio.learn.models import model_spec
from harstudio.learn.models.layers import Network
from harstudio.learn.runs.checkpoint import Checkpoint, source_of
from harstudio.learn.runs.folder import EpochReport, RunWriter

_HEAD_ROWS, _ALL_ROWS = 256, 64
"""Windows of each origin in one step, of features and of signals; all where there are fewer."""
_ROW_STEPS = 10
"""Steps between two rows of the history."""


@dataclass(frozen=True, eq=False)
class Material:
    """What a network is adapted to.

    Attributes
    ----------
    labels : K names
        The parent's, in its order, then new ones.
    signals, codes : (N, T, C) and (N,) arrays
        Of the new recordings; codes index into `labels`.
    """

    labels: tuple[str, ...]
    signals: Float32Array
    codes: IntArray

    def taken(self, index: IntArray) -> Material:
        """Some of the windows."""
        return Material(self.labels, self.signals[index], self.codes[index])


@dataclass
class Watch:
    """Tells how adaptation goes, over several trainings one after the other.

    Attributes
    ----------
    total : int
        Steps of all of them.
    writer : RunWriter
        Takes the history; somebody may ask there to stop.
    stopped : bool
        Somebody did: no further training is worth beginning.
    """

    total: int
    writer: RunWriter
    stopped: bool = False
    _done: int = 0
    _rows: int = 0
    _started: float = field(default_factory=time.perf_counter)
    _told: float = 0.0

    def steps(
        self,
        name: str,
        parameters: Iterable[Tensor],
        loss_of: Callable[[], tuple[Tensor, float]],
        steps: int,
        peak: float,
        record: bool,
    ) -> Job[None]:
        """Job: descend for so many steps; with `record`, into the history."""
        optimiser = torch.optim.AdamW(parameters, weight_decay=1e-2)
        for step in range(1, steps + 1):
            for group in optimiser.param_groups:
                group["lr"] = one_cycle(step - 1, steps, peak)
            loss, accuracy = loss_of()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total = float(loss.detach())
            if not math.isfinite(total):
                raise HarstudioError(
                    f"step {step}: the loss is no longer a number", "lower the learning rate"
                )
            self._done += 1
            self.stopped = self.stopped or self.writer.asked_to_stop()
            last = step == steps or self.stopped
            if record and (step % _ROW_STEPS == 0 or last):
                self._row(step, last, total, accuracy, optimiser.param_groups[0]["lr"])
            now = time.perf_counter()
            if now - self._told >= TICK_S or last:
                self._told = now
                yield self._progress(name, total, accuracy)
            if self.stopped:
                return
        if record:
            self._rows += steps

    def _row(self, step: int, last: bool, loss: float, accuracy: float, rate: float) -> None:
        row = EpochReport(
            self._rows + step,
            train_loss=loss,
            train_accuracy=accuracy,
            learning_rate=rate,
            seconds=time.perf_counter() - self._started,
            best=last,
        )
        self.writer.row(row)

    def _progress(self, name: str, loss: float, accuracy: float) -> Progress:
        spent = time.perf_counter() - self._started
        values: Mapping[str, object] = {
            "epoch": self._done,
            "epochs": self.total,
            "train_loss": loss,
            "train_accuracy": accuracy,
            "eta_s": spent * max(0, self.total - self._done) / self._done,
        }
        message = f"{name}: step {self._done} of {self.total}"
        return Progress(self._done, self.total, message, values)


def adapt_head(
    parent: Checkpoint, material: Material, config: FinetuneConfig, watch: Watch, record: bool
) -> Job[Network]:
    """Job: the parent's network with its head trained; the rest stays, bit for bit.

    Features are computed once. A request to stop keeps the head as it is by then.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    network = restored(parent)
    classes = len(material.labels)
    add_classes(network, classes - len(parent.labels))
    network.requires_grad_(False)
    network.head.requires_grad_(True)
    replayed, replayed_codes = source_of(parent)
    kind, share = parent.config.loss, config.replay_share if len(replayed_codes) else 0.0
    features = yield from _features(network, material.signals)
    target = _Rows(features, material.codes, classes, rng, _HEAD_ROWS)
    source = _Rows(
        (yield from _features(network, replayed)), replayed_codes, classes, rng, _HEAD_ROWS
    )
    network.head.train()

    def loss_of() -> tuple[Tensor, float]:
        return _mixed(network.head, target, source, share, kind)

    yield from watch.steps(
        "dense layers", network.head.parameters(), loss_of, config.steps, config.learning_rate,
        record,
    )  # fmt: skip
    return network.eval()


def adapt_all(
    network: Network,
    parent: Checkpoint,
    material: Material,
    config: FinetuneConfig,
    watch: Watch,
    record: bool,
) -> Job[Network]:
    """Job: a copy of a network whose head has been adapted, with all layers trained gently.

    Kumar et al. 2022: the head first, then everything, so that a head that does not fit does not
    spoil the features. Batch normalisation keeps its averages and its weights.
    """
    torch.manual_seed(config.seed + 1)
    rng = np.random.default_rng(config.seed + 1)
    network = copy.deepcopy(network).requires_grad_(True)
    network.train()
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval().requires_grad_(False)
    if network.decoder is not None:
        network.decoder.requires_grad_(False)
    replayed, replayed_codes = source_of(parent)
    kind, share = parent.config.loss, config.replay_share if len(replayed_codes) else 0.0
    classes = len(material.labels)
    target = _Rows(torch.tensor(material.signals), material.codes, classes, rng, _ALL_ROWS)
    source = _Rows(torch.tensor(replayed), replayed_codes, classes, rng, _ALL_ROWS)

    def loss_of() -> tuple[Tensor, float]:
        return _mixed(network, target, source, share, kind)

    trained = [p for p in network.parameters() if p.requires_grad]
    yield from watch.steps(
        "all layers", trained, loss_of, config.steps, config.full_learning_rate, record
    )
    return network.eval()


def from_scratch(
    parent: Checkpoint, material: Material, scaler: Scaler, config: FinetuneConfig, watch: Watch
) -> Job[Network]:
    """Job: a new network of the parent's kind, trained on the new windows alone."""
    torch.manual_seed(config.seed + 2)
    rng = np.random.default_rng(config.seed + 2)
    spec, classes = model_spec(parent.model), len(material.labels)
    network: Network = spec.build(
        len(parent.channels), parent.window_samples, classes, parent.config
    )
    network.scale.set(scaler)
    network.train()
    rows = _Rows(torch.tensor(material.signals), material.codes, classes, rng, _ALL_ROWS)

    def loss_of() -> tuple[Tensor, float]:
        return rows.loss(network, parent.config.loss)

    rate = parent.config.learning_rate or spec.learning_rate
    yield from watch.steps("from scratch", network.parameters(), loss_of, config.steps, rate, False)
    return network.eval()


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
    """Features or signals, and codes, of windows of one origin, drawn from in steps."""

    def __init__(
        self, values: Tensor, codes: IntArray, classes: int, rng: np.random.Generator, most: int
    ) -> None:
        self._values, self._codes, self._rng = values, torch.tensor(codes), rng
        self._weights = torch.tensor(class_weights(codes, classes).astype(np.float32))
        self._most = most

    def loss(self, part: nn.Module, kind: str) -> tuple[Tensor, float]:
        """Loss of a network, or of its head, on some of the rows, and its accuracy there."""
        values, codes = self._values, self._codes
        if len(codes) > self._most:
            drawn = torch.tensor(self._rng.choice(len(codes), self._most, replace=False))
            values, codes = values[drawn], codes[drawn]
        logits = part(values)
        right = (logits.detach().argmax(dim=1) == codes).float().mean()
        return classification_loss(logits, codes, self._weights, kind), float(right)


def _mixed(
    part: nn.Module, target: _Rows, source: _Rows, share: float, kind: str
) -> tuple[Tensor, float]:
    """Loss on new windows and on replayed ones, and the accuracy on the new ones."""
    loss, accuracy = target.loss(part, kind)
    if share:
        loss = (1 - share) * loss + share * source.loss(part, kind)[0]
    return loss, accuracy


def _features(network: Network, signals: Float32Array, rows: int = 512) -> Job[Tensor]:
    """Job: (N, D) features, with batch normalisation as it was in training."""
    parts = []
    for first in range(0, max(1, len(signals)), rows):
        yield Progress(0, 0, "computing features")
        with torch.no_grad():
            parts.append(network.features(torch.tensor(signals[first : first + rows])))
    return torch.cat(parts)
