"""What a model got right and wrong: one confusion matrix, from which every figure derives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.learn.windows import WindowSet


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


@dataclass(frozen=True)
class ClassScore:
    """Figures of one class; a ratio whose denominator is 0 is 0."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """A model's results on one part of the data.

    Attributes
    ----------
    labels : K names
    confusion : (K, K) array of counts, rows = actual, columns = predicted
    split : str
        How the part was chosen, for a person.
    windows : every window of the part
    split_kind : str
    parts : mapping of part to its number of windows, subjects and clips
    warnings : what a reader must know before believing the figures
    model : str
    """

    labels: tuple[str, ...]
    confusion: IntArray
    split: str
    windows: tuple[WindowResult, ...] = ()
    split_kind: str = ""
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    model: str = ""

    def __post_init__(self) -> None:
        confusion = readonly(self.confusion, np.int64)
        count = len(self.labels)
        if confusion.shape != (count, count) or (confusion < 0).any():
            raise HarstudioError(
                f"report: confusion has shape {confusion.shape}, expected ({count}, {count}) counts"
            )
        object.__setattr__(self, "confusion", confusion)
        if self.windows and len(self.windows) != self.total:
            raise HarstudioError(
                f"report: {len(self.windows)} windows, but the confusion counts {self.total}"
            )

    @property
    def total(self) -> int:
        """Number of windows."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of windows that are right."""
        return _ratio(float(np.trace(self.confusion)), self.total)

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the classes that occur as truth or as prediction.

        See `macro_f1`.
        """
        return macro_f1(self.confusion)

    @property
    def weighted_f1(self) -> float:
        """Mean F1 weighted by support."""
        return _ratio(math.fsum(s.f1 * s.support for s in self.per_class()), self.total)

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall over the classes with support."""
        recalls = [s.recall for s in self.per_class() if s.support]
        return _ratio(math.fsum(recalls), len(recalls))

    def per_class(self) -> tuple[ClassScore, ...]:
        """Precision, recall, F1 and support of each class."""
        scores = []
        for i, label in enumerate(self.labels):
            right = int(self.confusion[i, i])
            support = int(self.confusion[i].sum())
            predicted = int(self.confusion[:, i].sum())
            scores.append(
                ClassScore(
                    label=label,
                    precision=_ratio(right, predicted),
                    recall=_ratio(right, support),
                    f1=_ratio(2 * right, support + predicted),
                    support=support,
                    predicted=predicted,
                )
            )
        return tuple(scores)

    def row_shares(self) -> FloatArray:
        """(K, K) confusion with each row divided by its sum; a row without windows is 0."""
        sums = self.confusion.sum(axis=1, keepdims=True)
        shares: FloatArray = self.confusion / np.maximum(sums, 1)
        return shares

    def cell(self, actual: str, predicted: str) -> list[WindowResult]:
        """The windows of one cell of the matrix, in time order within their clips."""
        found = [w for w in self.windows if w.truth == actual and w.prediction == predicted]
        return sorted(found, key=lambda w: (w.clip_id, w.start_s))

    def to_json(self) -> dict[str, Any]:
        """Plain data: the counts, and the figures that follow from them."""
        return {
            "model": self.model,
            "labels": list(self.labels),
            "confusion": self.confusion.tolist(),
            "confusion_axes": "rows = actual, columns = predicted",
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "weighted_f1": self.weighted_f1,
            "balanced_accuracy": self.balanced_accuracy,
            "per_class": [
                {
                    "label": s.label,
                    "precision": s.precision,
                    "recall": s.recall,
                    "f1": s.f1,
                    "support": s.support,
                }
                for s in self.per_class()
            ],
            "split": {
                "kind": self.split_kind,
                "text": self.split,
                "parts": {part: dict(held) for part, held in self.parts.items()},
            },
            "counts": {part: int(held.get("windows", 0)) for part, held in self.parts.items()},
            "warnings": list(self.warnings),
            "windows": [
                {name: getattr(w, name) for name in WindowResult.__dataclass_fields__}
                for w in self.windows
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EvaluationReport:
        """The report written by `to_json`; figures are derived again, not believed.

        Raises
        ------
        HarstudioError
            An entry is missing or of the wrong kind.
        """
        try:
            split = data["split"]
            return cls(
                labels=tuple(str(label) for label in data["labels"]),
                confusion=np.asarray(data["confusion"], np.int64).reshape(
                    len(data["labels"]), -1 if data["labels"] else 0
                ),
                split=str(split["text"]),
                split_kind=str(split["kind"]),
                parts={str(part): dict(held) for part, held in split["parts"].items()},
                warnings=tuple(str(text) for text in data["warnings"]),
                model=str(data["model"]),
                windows=tuple(_window(w) for w in data["windows"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise HarstudioError(f"report: not a harstudio report ({error!r})") from error


def macro_f1(confusion: IntArray) -> float:
    """Mean F1 over the classes that occur as truth or as prediction.

    A class that does neither says nothing about the model and is left out (so does
    scikit-learn); one that is only predicted counts, with F1 0.

    Parameters
    ----------
    confusion : (K, K) array of counts, rows = actual
    """
    occurrences = confusion.sum(axis=0) + confusion.sum(axis=1)
    scores = 2.0 * np.diag(confusion) / np.maximum(occurrences, 1)
    present = occurrences > 0
    return float(scores[present].mean()) if present.any() else 0.0


def report_of(
    windows: WindowSet,
    index: IntArray,
    labels: tuple[str, ...],
    probabilities: FloatArray,
    *,
    part: str,
    split: str,
    split_kind: str = "",
    parts: Mapping[str, Mapping[str, Any]] | None = None,
    warnings: Iterable[str] = (),
    model: str = "",
) -> EvaluationReport:
    """The report of a model's probabilities for some windows of a set.

    Parameters
    ----------
    windows : WindowSet
    index : (N,) array
        The windows that were judged.
    labels : K names
        What the columns of `probabilities` mean; every truth must be among them.
    probabilities : (N, K) array
    part : str
        Name of the part, kept with each window.
    split, split_kind, parts, warnings, model
        As in `EvaluationReport`.
    """
    place = {label: i for i, label in enumerate(labels)}
    lookup = np.array([place.get(label, -1) for label in windows.labels], np.int64)
    truth = lookup[windows.codes[index]]
    if (truth < 0).any():
        missing = windows.labels[int(windows.codes[index][truth < 0][0])]
        raise HarstudioError(f"report: {missing!r} is not among the labels {', '.join(labels)}")
    predicted = probabilities.argmax(axis=1) if len(index) else np.zeros(0, np.int64)
    count = len(labels)
    flat = np.bincount(truth * count + predicted, minlength=count * count)
    results = tuple(
        WindowResult(
            clip_id=windows.clip_of(i),
            subject=windows.subject_of(i),
            start_s=round(float(windows.start_s[i]), 6),
            end_s=round(float(windows.end_s[i]), 6),
            truth=labels[t],
            prediction=labels[p],
            probability=round(float(probability), 6),
            part=part,
            real=bool(windows.real[i]),
        )
        for i, t, p, probability in zip(
            index, truth, predicted, probabilities.max(axis=1, initial=0.0), strict=True
        )
    )
    return EvaluationReport(
        labels=labels,
        confusion=flat.reshape(count, count),
        split=split,
        windows=results,
        split_kind=split_kind,
        parts=dict(parts or {}),
        warnings=tuple(warnings),
        model=model,
    )


def _window(data: Mapping[str, Any]) -> WindowResult:
    return WindowResult(
        clip_id=str(data["clip_id"]),
        subject=str(data["subject"]),
        start_s=float(data["start_s"]),
        end_s=float(data["end_s"]),
        truth=str(data["truth"]),
        prediction=str(data["prediction"]),
        probability=float(data["probability"]),
        part=str(data["part"]),
        real=bool(data["real"]),
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
