"""The one training loop of all networks."""

from __future__ import annotations

import time

from harstudio.core.jobs import Job
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.fitting import Fitted
from harstudio.learn.fit.networks import PREFIX, tensors_of
from harstudio.learn.fit.resuming import BEST, TrainingState
from harstudio.learn.fit.torch_setup import torch
from harstudio.learn.fit.training_loop import TrainingLoop
from harstudio.learn.models import model_spec
from harstudio.learn.models.layers import Network
from harstudio.learn.runs.checkpoint import Checkpoint
from harstudio.learn.runs.files import Tensors
from harstudio.learn.runs.folder import EpochReport, RunWriter
from harstudio.learn.splitting.splits import Split

ON_REQUEST = "on request"
_KEEP_EVERY_S = 1.0
"""Epochs of small data are shorter than it takes to write what another sitting needs."""


def fit_network(
    windows: WindowSet,
    split: Split,
    blank: Checkpoint,
    writer: RunWriter,
    state: TrainingState | None = None,
) -> Job[Fitted]:
    """Job: train the network that `blank` describes; its best epoch is on disk as it goes.

    Best is the highest macro F1 on the validation part, of equals the lowest loss; without a
    validation part, the last epoch. A request to stop is met once there is a model to keep: the
    epoch that it falls into is left out. With `state`, training goes on from there, and comes to
    the weights that it would have had without a pause.
    """
    config = blank.config
    torch.manual_seed(config.seed)
    network: Network = model_spec(blank.model).build(
        len(windows.channels), windows.window_samples, len(windows.labels), config
    )
    network.scale.set(blank.scaler)
    loop = TrainingLoop(windows, split, network, config)
    keeper = _Keeper(loop, writer, state)
    best, best_epoch, best_score, epoch, stopped = blank, 0, (-1.0, 0.0), 0, ""
    if state is not None:
        loop.restore(state)
        stored = {f"{PREFIX}.{name}": array for name, array in state.below(BEST).items()}
        best = blank.with_tensors({**blank.tensors, **stored})
        best_epoch, best_score, epoch = state.best_epoch, state.best_score, state.epoch
        writer.history(state.rows)
        writer.checkpoint(best)
    while epoch < config.epochs and not stopped:
        completed = yield from loop.train(epoch + 1, best_epoch, writer)
        if not completed:
            stopped = ON_REQUEST
            break
        epoch += 1
        validation = yield from loop.validate(epoch, best_epoch)
        score = validation.score if validation else (0.0, float(epoch))
        if epoch <= network.warm_up:  # it cannot classify yet: the last one counts
            score = (-0.5, float(epoch))
        is_best = score > best_score
        if is_best:
            best_score, best_epoch = score, epoch
            best = blank.with_tensors({**blank.tensors, **tensors_of(network)})
            writer.checkpoint(best)
        row = loop.row(epoch, validation, is_best)
        writer.row(row)
        keeper.note(row, best, best_epoch, best_score)
        yield loop.progress(epoch, best_epoch, row)
        waited = epoch - max(best_epoch, network.warm_up)
        if writer.asked_to_stop():
            stopped = ON_REQUEST
        elif config.patience and validation and waited >= config.patience:
            stopped = f"{config.patience} epochs without a better validation macro F1"
    if stopped == ON_REQUEST:
        keeper.write()
    note = (loop.note,) if loop.note else ()
    return Fitted(best, best_epoch, epoch, stopped, note, stopped == ON_REQUEST)


class _Keeper:
    """Keeps on disk what another sitting needs to go on."""

    def __init__(self, loop: TrainingLoop, writer: RunWriter, before: TrainingState | None) -> None:
        self._loop, self._writer = loop, writer
        self._rows: tuple[EpochReport, ...] = before.rows if before else ()
        self._state = before
        self._begun, self._spent = time.perf_counter(), before.seconds if before else 0.0
        self._written = float("-inf")

    def note(
        self,
        row: EpochReport,
        best: Checkpoint,
        best_epoch: int,
        best_score: tuple[float, float],
    ) -> None:
        """An epoch is complete."""
        self._rows = (*self._rows, row)
        kept: Tensors = {f"{BEST}.{name}": array for name, array in best.below(PREFIX).items()}
        now = time.perf_counter()
        self._state = TrainingState(
            epoch=row.epoch,
            step=self._loop.step,
            best_epoch=best_epoch,
            best_score=best_score,
            seconds=self._spent + now - self._begun,
            rows=self._rows,
            order=self._loop.order(),
            random=self._loop.random(),
            tensors={**self._loop.tensors(), **kept},
        )
        if now - self._written >= _KEEP_EVERY_S:
            self.write()

    def write(self) -> None:
        """Write what the last whole epoch left."""
        if self._state is not None:
            self._writer.keep(self._state.save)
            self._written = time.perf_counter()
