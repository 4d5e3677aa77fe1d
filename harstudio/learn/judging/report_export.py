"""A report as tables for programs: by class, by window, and the confusion matrix."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from harstudio.learn.judging.report import EvaluationReport


def classes_csv(report: EvaluationReport) -> str:
    """One line per class, then ``(macro)`` and ``(weighted)``; empty where there is no figure."""
    scores = report.per_class()
    rows: list[Sequence[object]] = [
        (s.label, s.precision, s.recall, s.f1, s.auc, s.support, s.predicted) for s in scores
    ]
    used = [s for s in scores if s.support or s.predicted]
    total = report.total
    rows.append(
        (
            "(macro)",
            _mean([s.precision for s in used]),
            _mean([s.recall for s in used]),
            report.macro_f1,
            report.macro_auc,
            total,
            total,
        )
    )
    weights = [s.support / max(1, total) for s in scores]
    rows.append(
        (
            "(weighted)",
            sum(w * s.precision for w, s in zip(weights, scores, strict=True)),
            report.accuracy,
            report.weighted_f1,
            None,
            total,
            total,
        )
    )
    header = ("label", "precision", "recall", "f1", "auc_one_vs_rest", "support", "predicted")
    return _table(header, rows)


def windows_csv(report: EvaluationReport, clip_names: Mapping[str, str] | None = None) -> str:
    """One line per window; with the probability of every class where they are known.

    Parameters
    ----------
    clip_names : mapping of clip id to name, optional
        Written beside the ids.
    """
    names = clip_names or {}
    columns = () if report.probabilities is None else tuple(f"p {c}" for c in report.labels)
    header = (
        "clip", "clip_id", "subject", "start_s", "end_s", "signals", "part", "fold", "actual",
        "predicted", "probability", *columns,
    )  # fmt: skip
    rows = (
        (
            names.get(w.clip_id, w.clip_id),
            w.clip_id,
            w.subject,
            w.start_s,
            w.end_s,
            "real" if w.real else "virtual",
            w.part,
            w.fold or None,
            w.truth,
            w.prediction,
            w.probability,
            *(() if report.probabilities is None else map(float, report.probabilities[i])),
        )
        for i, w in enumerate(report.windows)
    )
    return _table(header, rows)


def confusion_csv(report: EvaluationReport) -> str:
    """Counts; the first cell says that rows are actual and columns predicted."""
    header = ("actual \\ predicted", *report.labels)
    rows = ((label, *row) for label, row in zip(report.labels, report.confusion, strict=True))
    return _table(header, rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(header)
    lines.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
