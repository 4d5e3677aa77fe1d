"""What else could have been done instead of the chosen fine-tuning, judged on the same windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harstudio.core.arrays import IntArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.learn.judging.report import macro_f1
from harstudio.learn.runs.files import read_json
from harstudio.learn.runs.folder import ALTERNATIVES

ZERO_SHOT, SCRATCH, HEAD, FULL = "zero_shot", "scratch", "head", "full"
TITLES: Mapping[str, str] = {
    ZERO_SHOT: "as it was",
    SCRATCH: "from scratch",
    HEAD: "dense layers",
    FULL: "all layers",
}
"""What each is called for a person, in the order in which they are shown."""


@dataclass(frozen=True, eq=False)
class Alternative:
    """One way to get a model for these recordings.

    Attributes
    ----------
    name : str
        Key of `TITLES`.
    confusion : (K, K) array
        Held-out windows, rows the truth.
    seconds : float
        That it took to train.
    """

    name: str
    confusion: IntArray
    seconds: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "confusion", readonly(self.confusion, np.int64))

    @property
    def title(self) -> str:
        return TITLES.get(self.name, self.name)

    @property
    def macro_f1(self) -> float:
        return macro_f1(self.confusion)

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.confusion) / max(1, self.confusion.sum()))


@dataclass(frozen=True)
class Alternatives:
    """All of them, in the order of `TITLES`; one that was not reached is missing.

    Attributes
    ----------
    labels : K names
    chosen : str
        Which one the run keeps.
    reason : str
        Why, for a person.
    bars : tuple of Alternative
    """

    labels: tuple[str, ...]
    chosen: str
    reason: str
    bars: tuple[Alternative, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back."""
        return {
            "labels": list(self.labels),
            "chosen": self.chosen,
            "reason": self.reason,
            "alternatives": [
                {
                    "name": bar.name,
                    "macro_f1": bar.macro_f1,
                    "accuracy": bar.accuracy,
                    "seconds": round(bar.seconds, 3),
                    "confusion": bar.confusion.tolist(),
                }
                for bar in self.bars
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Alternatives:
        """Read what `to_json` wrote; HarstudioError if it is something else."""
        try:
            labels = tuple(map(str, data["labels"]))
            bars = tuple(
                Alternative(
                    str(bar["name"]), np.array(bar["confusion"], np.int64), float(bar["seconds"])
                )
                for bar in data["alternatives"]
            )
            chosen, reason = str(data["chosen"]), str(data["reason"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise HarstudioError(f"{ALTERNATIVES}: damaged ({error!r})") from error
        if any(bar.confusion.shape != (len(labels), len(labels)) for bar in bars):
            raise HarstudioError(f"{ALTERNATIVES}: a matrix is not {len(labels)} by {len(labels)}")
        return cls(labels, chosen, reason, bars)


def load_alternatives(run_dir: Path) -> Alternatives:
    """Of a fine-tuned run; HarstudioError where they are missing or damaged."""
    return Alternatives.from_json(read_json(run_dir / ALTERNATIVES))
