"""All that an interrupted training needs to go on as if nothing had happened.

One file, replaced as a whole after an epoch: the network, the best network so far, the optimiser,
the generators of random numbers, and the history. Plain arrays and JSON; nothing is executed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harstudio.core.errors import HarstudioError
from harstudio.learn.runs.files import Tensors, read_tensors, write_tensors
from harstudio.learn.runs.folder import EpochReport

FORMAT = "harstudio-training-1"
NETWORK, BEST, OPTIMISER = "network", "best", "optimiser"


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Training after a whole epoch.

    Attributes
    ----------
    epoch, step : int
        Epochs that are complete, and steps of the optimiser.
    best_epoch : int
    best_score : (float, float)
        Macro F1 on validation, and the negative loss, of the best epoch.
    seconds : float
        Spent so far.
    rows : EpochReport of each epoch
    order : mapping
        State of numpy's generator that shuffles the windows.
    random : mapping of device to its generator's state, a text of hexadecimal digits
    tensors : mapping
        ``network.*``, ``best.*`` and ``optimiser.<parameter>.<name>``.
    """

    epoch: int
    step: int
    best_epoch: int
    best_score: tuple[float, float]
    seconds: float
    rows: tuple[EpochReport, ...]
    order: Mapping[str, Any]
    random: Mapping[str, str]
    tensors: Tensors

    def below(self, prefix: str) -> Tensors:
        """The tensors whose names start with ``prefix.``, under the rest of their names."""
        start = f"{prefix}."
        return {k.removeprefix(start): v for k, v in self.tensors.items() if k.startswith(start)}

    def save(self, path: Path) -> None:
        """Write the file whole, or leave what was there."""
        plain = {
            "epoch": self.epoch,
            "step": self.step,
            "best_epoch": self.best_epoch,
            "best_score": list(self.best_score),
            "seconds": self.seconds,
            "rows": [asdict(row) for row in self.rows],
            "order": dict(self.order),
            "random": dict(self.random),
        }
        metadata = {"format": FORMAT, "state": json.dumps(plain, allow_nan=False)}
        write_tensors(path, self.tensors, metadata)

    @classmethod
    def load(cls, path: Path) -> TrainingState:
        """Read a file written by `save`.

        Raises
        ------
        HarstudioError
            Missing, damaged, or not the state of a training.
        """
        tensors, metadata = read_tensors(path)
        if metadata.get("format") != FORMAT:
            raise HarstudioError(f"{path}: format {metadata.get('format')!r}, expected {FORMAT!r}")
        try:
            plain = json.loads(metadata["state"])
            low, high = plain["best_score"]
            return cls(
                epoch=int(plain["epoch"]),
                step=int(plain["step"]),
                best_epoch=int(plain["best_epoch"]),
                best_score=(float(low), float(high)),
                seconds=float(plain["seconds"]),
                rows=tuple(EpochReport(**row) for row in plain["rows"]),
                order=dict(plain["order"]),
                random={str(k): str(v) for k, v in plain["random"].items()},
                tensors=tensors,
            )
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise HarstudioError(f"{path}: damaged state of a training ({error!r})") from error
