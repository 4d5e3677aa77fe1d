"""What a report is made of: one window and what was said of it; one class and its figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WindowResult:
    """One window, what it was, and what the model said.

    Attributes
    ----------
    clip_id, subject : str
    start_s, end_s : float, s
        On the clip's clock.
    truth, prediction : label names
    probability : float
        That the model gave its prediction.
    part : str
        Part of the split the window belongs to.
    real : bool
        From a real sensor.
    fold : int
        Of a cross-validation, the fold that judged it, from 1; else 0.
    """

    clip_id: str
    subject: str
    start_s: float
    end_s: float
    truth: str
    prediction: str
    probability: float
    part: str = "test"
    real: bool = False
    fold: int = 0

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WindowResult:
        """From plain data; KeyError, TypeError or ValueError where it is not such a window."""
        for name in ("start_s", "end_s", "probability"):
            if not math.isfinite(float(data[name])):
                raise ValueError(f"{name} is {data[name]}")
        return cls(
            clip_id=str(data["clip_id"]),
            subject=str(data["subject"]),
            start_s=float(data["start_s"]),
            end_s=float(data["end_s"]),
            truth=str(data["truth"]),
            prediction=str(data["prediction"]),
            probability=float(data["probability"]),
            part=str(data["part"]),
            real=bool(data["real"]),
            fold=int(data.get("fold", 0)),
        )


@dataclass(frozen=True)
class ClassScore:
    """Figures of one class; a ratio whose denominator is 0 is 0.

    `auc` is that of the class against the rest, None where it is not known or not defined.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int
    auc: float | None = None
