"""What a model got right and wrong: one confusion matrix, from which every figure derives."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.learn.config import RANDOM_WINDOWS
from harstudio.learn.data.windows import Float32Array, WindowSet
from harstudio.learn.judging import metrics
from harstudio.learn.judging.confusions import ROW_SHARES, shares
from harstudio.learn.judging.metrics import macro_f1 as macro_f1
from harstudio.learn.judging.results import ClassScore as ClassScore
from harstudio.learn.judging.results import WindowResult as WindowResult
from harstudio.learn.splitting.leaks import Leak


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
    leaks : what the part shares with those that the model was made from
    auc : K numbers or None, or empty
        Area under the one-vs-rest ROC curve of each class; None where it is not defined, empty
        where no probabilities were kept.
    looks : int
        How often the run was judged on this part, this time included.
    probabilities : (N, K) float32 array or None
        Of every window, in the order of `windows`; they travel beside the JSON, not in it.
    """

    labels: tuple[str, ...]
    confusion: IntArray
    split: str
    windows: tuple[WindowResult, ...] = ()
    split_kind: str = ""
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    model: str = ""
    leaks: tuple[Leak, ...] = ()
    auc: tuple[float | None, ...] = ()
    looks: int = 1
    probabilities: Float32Array | None = None

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
        if self.windows:
            self._check_windows()
        if len(self.auc) not in (0, count) or any(
            area is not None and not 0 <= area <= 1 for area in self.auc
        ):
            raise HarstudioError(f"report: auc is {self.auc}, expected {count} shares")
        if self.probabilities is not None:
            probabilities = readonly(self.probabilities, np.float32)
            if probabilities.shape != (len(self.windows), count):
                raise HarstudioError(
                    f"report: probabilities have shape {probabilities.shape}, "
                    f"expected ({len(self.windows)}, {count})"
                )
            object.__setattr__(self, "probabilities", probabilities)

    def _check_windows(self) -> None:
        """HarstudioError unless the matrix counts the windows."""
        cells = Counter((w.truth, w.prediction) for w in self.windows)
        told = {
            (actual, predicted): int(count)
            for actual, row in zip(self.labels, self.confusion, strict=True)
            for predicted, count in zip(self.labels, row, strict=True)
            if count
        }
        if cells != told:
            raise HarstudioError("report: the confusion does not count the windows that it lists")

    @property
    def total(self) -> int:
        """Number of windows."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of windows that are right."""
        return float(metrics.accuracies(self.confusion))

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the classes that occur as truth or as prediction.

        See `macro_f1`.
        """
        return macro_f1(self.confusion)

    @property
    def weighted_f1(self) -> float:
        """Mean F1 weighted by support."""
        return float(metrics.weighted_f1s(self.confusion))

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall over the classes with support."""
        return float(metrics.balanced_accuracies(self.confusion))

    @property
    def macro_auc(self) -> float | None:
        """Mean one-vs-rest area over the classes for which it is defined; None if for none."""
        known = [area for area in self.auc if area is not None]
        return math.fsum(known) / len(known) if known else None

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa between truth and prediction; None where it is not defined."""
        kappa = float(metrics.kappas(self.confusion))
        return None if math.isnan(kappa) else kappa

    @property
    def xiao_eq5(self) -> float:
        """A figure to recognise, not to compare by: see `metrics.XIAO_EQ5`."""
        return float(metrics.xiao_eq5s(self.confusion))

    @property
    def badge(self) -> str:
        """Why these figures are too good, to be shown in red with them; empty if they are not."""
        told = [leak.text for leak in self.leaks if leak.flatters]
        if self.split_kind == RANDOM_WINDOWS:
            told.insert(0, "random windows: a diagnostic, not a result")
        return f"leaks: {'; '.join(told)}" if told else ""

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
                    auc=self.auc[i] if self.auc else None,
                )
            )
        return tuple(scores)

    def row_shares(self) -> FloatArray:
        """(K, K) confusion with each row divided by its sum; a row without windows is 0."""
        return shares(self.confusion, ROW_SHARES)

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
            "macro_auc": self.macro_auc,
            "cohen_kappa": self.kappa,
            "extras": {
                "xiao2020_eq5": {"value": self.xiao_eq5, "meaning": metrics.XIAO_EQ5},
                "xiao2020_eq6": {"value": self.accuracy, "meaning": metrics.XIAO_EQ6},
            },
            "per_class": [
                {
                    "label": s.label,
                    "precision": s.precision,
                    "recall": s.recall,
                    "f1": s.f1,
                    "support": s.support,
                    "auc": s.auc,
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
            "leaks": [leak.to_json() for leak in self.leaks],
            "looks": self.looks,
            "windows": [
                {name: getattr(w, name) for name in WindowResult.__dataclass_fields__}
                for w in self.windows
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EvaluationReport:
        """The report written by `to_json`; what the counts tell is derived again, not believed.

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
                parts={str(part): _part(held) for part, held in split["parts"].items()},
                warnings=tuple(str(text) for text in data["warnings"]),
                model=str(data["model"]),
                windows=tuple(WindowResult.from_json(w) for w in data["windows"]),
                leaks=tuple(_leak(each) for each in data.get("leaks", ())),
                auc=_areas(data["per_class"]) if "per_class" in data else (),
                looks=int(data.get("looks", 1)),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise HarstudioError(f"report: not a harstudio report ({error!r})") from error


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
    folds: IntArray | None = None,
    leaks: Iterable[Leak] = (),
    looks: int = 1,
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
    split, split_kind, parts, warnings, model, leaks, looks
        As in `EvaluationReport`.
    folds : (N,) array, optional
        Of a cross-validation, which fold judged each window, from 1.
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
            fold=int(fold),
        )
        for i, t, p, probability, fold in zip(
            index,
            truth,
            predicted,
            probabilities.max(axis=1, initial=0.0),
            np.zeros(len(index), np.int64) if folds is None else folds,
            strict=True,
        )
    )
    areas = metrics.one_vs_rest_auc(probabilities, truth)
    return EvaluationReport(
        labels=labels,
        confusion=flat.reshape(count, count),
        split=split,
        windows=results,
        split_kind=split_kind,
        parts=dict(parts or {}),
        warnings=tuple(warnings),
        model=model,
        leaks=tuple(leaks),
        auc=tuple(None if math.isnan(area) else round(float(area), 9) for area in areas),
        looks=looks,
        probabilities=probabilities.astype(np.float32),
    )


def _part(held: Mapping[str, Any]) -> dict[str, Any]:
    """What is in a part: numbers of windows, and names; anything else is passed over."""
    numbers = {k: v for k, v in held.items() if isinstance(v, int) and not isinstance(v, bool)}
    names = {k: [str(name) for name in v] for k, v in held.items() if isinstance(v, list)}
    return {k: (numbers | names)[k] for k in held if k in numbers or k in names}


def _leak(data: Mapping[str, Any]) -> Leak:
    return Leak(
        kind=str(data["kind"]),
        parts=tuple(map(str, data["parts"])),
        count=int(data["count"]),
        windows=int(data["windows"]),
        text=str(data["text"]),
    )


def _areas(rows: Iterable[Mapping[str, Any]]) -> tuple[float | None, ...]:
    """The areas that a report's rows of classes hold; empty for a report of before they did."""
    areas = tuple(None if row.get("auc") is None else float(row["auc"]) for row in rows)
    return areas if any(area is not None for area in areas) else ()


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
