"""Epochs over windows: a network, its optimiser, and what they have seen.

Windows stay one float32 array in memory; a batch is gathered by index into a buffer. What makes
it quick is that signals arrive "channels last" (see `models.layers`), not the gathering.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.devices import chosen_device, random_states, set_random_states
from harstudio.learn.fit.fitting import TICK_S, class_weights
from harstudio.learn.fit.losses import classification_loss
from harstudio.learn.fit.networks import array_of
from harstudio.learn.fit.resuming import NETWORK, OPTIMISER, TrainingState
from harstudio.learn.fit.schedules import learning_rate
from harstudio.learn.fit.torch_setup import Tensor, torch
from harstudio.learn.judging.report import macro_f1
from harstudio.learn.models import ModelSpec, model_spec
from harstudio.learn.models.layers import Network
from harstudio.learn.runs.files import Tensors
from harstudio.learn.runs.folder import EpochReport, RunWriter
from harstudio.learn.splitting.splits import Split

NOTES = "notes"
"""Of `Progress.values`: texts that somebody who waits should read."""
_SMALLEST_BATCH = 16
"""Batch statistics of fewer windows are too noisy."""
_LEAST_BATCHES = 3
"""Batches to time before an estimate of the rest is worth telling."""
_LONG_S = 600.0
"""Training that takes longer than this is announced after the first batches."""


@dataclass(frozen=True)
class Validation:
    """Results on the validation part after an epoch."""

    loss: float
    accuracy: float
    macro_f1: float

    @property
    def score(self) -> tuple[float, float]:
        """The higher the better."""
        return self.macro_f1, -self.loss


@dataclass
class _Sums:
    """Sums over the batches of one pass."""

    loss: float = 0.0
    right: int = 0
    seen: int = 0

    def add(self, loss: float, right: int, count: int) -> None:
        self.loss += loss * count
        self.right += right
        self.seen += count

    @property
    def mean_loss(self) -> float:
        return self.loss / max(1, self.seen)

    @property
    def accuracy(self) -> float:
        return self.right / max(1, self.seen)


class TrainingLoop:
    """A network, its optimiser, and the windows they learn from."""

    def __init__(
        self, windows: WindowSet, split: Split, network: Network, config: TrainingConfig
    ) -> None:
        self._signals, self._split = windows.signals, split
        self._spec = model_spec(config.model)
        self.device, self.note = chosen_device(config.device)
        self._network, self._config = network.to(self.device), config
        self._codes = torch.tensor(windows.codes).to(self.device)
        self._classes = len(windows.labels)
        weights = class_weights(windows.codes[split.train], len(windows.labels))
        self._weights = self._placed(weights) if config.class_weights else None
        trust = windows.weight
        self._trust = None if (trust[split.train] == 1.0).all() else self._placed(trust)
        self._optimiser = optimiser_of(network, self._spec, config)
        self._rng = np.random.default_rng(config.seed)
        self._batch_size = batch_size(len(split.train), config.batch)
        self._batches = math.ceil(len(split.train) / self._batch_size)
        shape = (self._batch_size, *windows.signals.shape[1:])
        self._buffer = np.empty(shape, np.float32)
        self._batch = torch.from_numpy(self._buffer)
        self._step, self._sums = 0, _Sums()
        self._first_step, self._announced = 0, False
        self._started = self._told = self._epoch_started = time.perf_counter()
        self._last: EpochReport | None = None

    @property
    def _peak(self) -> float:
        return self._config.learning_rate or self._spec.learning_rate

    def train(self, epoch: int, best_epoch: int, writer: RunWriter) -> Job[bool]:
        """Job: one pass over the training part, in batches of nearly equal size.

        Returns
        -------
        bool
            False if it was broken off because somebody asked to stop and there is a model to keep.
        """
        self._network.train()
        self._network.begin_epoch(epoch)
        self._sums = _Sums()
        self._epoch_started = time.perf_counter()
        order = self._rng.permutation(self._split.train)
        for done, index in enumerate(np.array_split(order, self._batches), start=1):
            self._learn(index)
            if not math.isfinite(self._sums.loss):
                raise HarstudioError(
                    f"epoch {epoch}: the loss is no longer a number", "lower the learning rate"
                )
            if self._due():
                yield self.progress(epoch - 1 + done / self._batches, best_epoch)
                if best_epoch and writer.asked_to_stop():
                    return False
        return True

    def validate(self, epoch: int, best_epoch: int) -> Job[Validation | None]:
        """Job: loss, accuracy and macro F1 on the validation part; None where there is none."""
        index = self._split.validation
        if len(index) == 0:
            return None
        self._network.eval()
        sums, classes = _Sums(), self._classes
        confusion = np.zeros((classes, classes), np.int64)
        size = self._batch_size
        for first in range(0, len(index), size):
            batch = index[first : first + size]
            codes = self._codes[self._placed_index(batch)]
            with torch.no_grad():
                logits = self._network(self._gathered(batch))
                loss = classification_loss(logits, codes, self._weights, self._config.loss)
            guess = logits.argmax(dim=1)
            sums.add(float(loss), int((guess == codes).sum()), len(batch))
            np.add.at(confusion, (codes.cpu().numpy(), guess.cpu().numpy()), 1)
            if self._due():
                yield self.progress(epoch, best_epoch)
        return Validation(sums.mean_loss, sums.accuracy, macro_f1(confusion))

    def row(self, epoch: int, validation: Validation | None, is_best: bool) -> EpochReport:
        """The epoch's row of the history."""
        self._last = EpochReport(
            epoch=epoch,
            train_loss=self._sums.mean_loss,
            validation_loss=validation.loss if validation else None,
            train_accuracy=self._sums.accuracy,
            validation_accuracy=validation.accuracy if validation else None,
            validation_macro_f1=validation.macro_f1 if validation else None,
            learning_rate=float(self._optimiser.param_groups[0]["lr"]),
            seconds=time.perf_counter() - self._epoch_started,
            best=is_best,
        )
        return self._last

    def progress(
        self, epochs_done: float, best_epoch: int, row: EpochReport | None = None
    ) -> Progress:
        """How far it is; with `row`, that an epoch is complete."""
        shown = row or self._last
        values: dict[str, object] = shown.values() if shown else {}
        eta_s = self._eta_s()
        values |= {
            "epochs": self._config.epochs,
            "epoch_done": row is not None,
            "best_epoch": best_epoch,
            "eta_s": eta_s,
        }
        if row is None:
            values |= {
                "epoch": min(int(epochs_done) + 1, self._config.epochs),
                "train_loss": self._sums.mean_loss,
                "train_accuracy": self._sums.accuracy,
            }
        if eta_s is not None and not self._announced:
            self._announced = True
            if eta_s > _LONG_S:
                values[NOTES] = (slow_text(eta_s, self._config.epochs, self._spec, self._config),)
        message = f"epoch {values['epoch']} of {self._config.epochs}"
        return Progress(epochs_done, self._config.epochs, message, values)

    # -- for another sitting -------------------------------------------------------------

    @property
    def step(self) -> int:
        return self._step

    def tensors(self) -> Tensors:
        """Copies of the network and the optimiser, as they are stored between sittings."""
        found = {f"{NETWORK}.{k}": array_of(v) for k, v in self._network.state_dict().items()}
        for place, state in self._optimiser.state_dict()["state"].items():
            found |= {f"{OPTIMISER}.{place}.{name}": array_of(v) for name, v in state.items()}
        return found

    def order(self) -> dict[str, object]:
        """State of the generator that shuffles the windows."""
        return dict(self._rng.bit_generator.state)

    def random(self) -> dict[str, str]:
        """States of torch's generators."""
        return random_states(self.device)

    def restore(self, state: TrainingState) -> None:
        """Go on from where another sitting ended.

        Raises
        ------
        HarstudioError
            Arrays that do not fit this network and optimiser.
        """
        try:
            stored = {k: torch.tensor(v) for k, v in state.below(NETWORK).items()}
            self._network.load_state_dict(stored)
            weights = list(self._network.parameters())
            moments: dict[int, dict[str, Tensor]] = {}
            for key, array in state.below(OPTIMISER).items():
                place, _, name = key.partition(".")
                moments.setdefault(int(place), {})[name] = _laid_out(array, weights[int(place)])
            groups = self._optimiser.state_dict()["param_groups"]
            self._optimiser.load_state_dict({"state": moments, "param_groups": groups})
            self._rng.bit_generator.state = dict(state.order)
            set_random_states(self.device, dict(state.random))
        except (RuntimeError, LookupError, ValueError, TypeError) as error:
            raise HarstudioError(f"the interrupted training does not fit ({error})") from error
        self._step = self._first_step = state.step
        self._last = state.rows[-1] if state.rows else None

    # -- a step --------------------------------------------------------------------------

    def _learn(self, index: IntArray) -> None:
        """One step on the windows `index`."""
        config = self._config
        steps = self._batches * config.epochs
        rate = learning_rate(config.schedule, self._step, steps, self._peak)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        place = self._placed_index(index)
        codes = self._codes[place]
        trust = None if self._trust is None else self._trust[place]
        loss, logits = self._network.training_loss(
            self._gathered(index), codes, self._weights, trust, config
        )
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if config.clip_norm:
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), config.clip_norm)
        self._optimiser.step()
        self._step += 1
        right = int((logits.detach().argmax(dim=1) == codes).sum())
        self._sums.add(float(loss.detach()), right, len(index))

    def _gathered(self, index: IntArray) -> Tensor:
        """The signals of some windows, in a buffer that the next call overwrites."""
        # mode="clip" lets numpy write straight into the buffer; the indices are in range.
        np.take(self._signals, index, axis=0, out=self._buffer[: len(index)], mode="clip")
        return self._batch[: len(index)].to(self.device)

    def _placed(self, values: np.ndarray) -> Tensor:
        return torch.tensor(values.astype(np.float32)).to(self.device)

    def _placed_index(self, index: IntArray) -> Tensor:
        return torch.tensor(index).to(self.device)

    def _due(self) -> bool:
        now = time.perf_counter()
        third = self._step - self._first_step == _LEAST_BATCHES and not self._announced
        if now - self._told < TICK_S and not third:
            return False
        self._told = now
        return True

    def _eta_s(self) -> float | None:
        """Seconds until the last epoch is over, from this sitting's steps."""
        done = self._step - self._first_step
        if done < _LEAST_BATCHES:
            return None
        spent = time.perf_counter() - self._started
        return spent * (self._batches * self._config.epochs - self._step) / done


def _laid_out(array: np.ndarray, like: Tensor) -> Tensor:
    """A stored array in memory as `like` is: the fused optimiser walks both in one go."""
    stored = torch.tensor(array)
    if stored.shape != like.shape:
        return stored
    return torch.empty_like(like, dtype=stored.dtype, requires_grad=False).copy_(stored)


def batch_size(windows: int, most: int) -> int:
    """Windows in a batch: `most`, fewer where an epoch would have less than ten steps."""
    return min(most, max(_SMALLEST_BATCH, math.ceil(windows / 10)))


def optimiser_of(
    network: Network, spec: ModelSpec, config: TrainingConfig
) -> torch.optim.Optimizer:
    """The optimiser of a model, with the configuration's decay or else the model's own."""
    kind = torch.optim.Adam if spec.optimiser == "adam" else torch.optim.AdamW
    decay = spec.weight_decay if config.weight_decay is None else config.weight_decay
    parameters = list(network.parameters())
    # Fused: one pass over each parameter instead of a dozen.
    fused = parameters[0].device.type in ("cpu", "cuda")
    return kind(parameters, lr=spec.learning_rate, weight_decay=decay, fused=fused)


def slow_text(eta_s: float, epochs: int, spec: ModelSpec, config: TrainingConfig) -> str:
    """What to tell before a long wait."""
    minutes = math.ceil(eta_s / 60)
    long = f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
    text = f"{epochs} epochs take about {long}"
    told = spec.slow if not (spec.id == "deepconvlstm" and config.mix_channels) else ""
    return f"{text}; {told}" if told else text
