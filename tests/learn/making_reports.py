"""Reports made by hand: labels, who, when, and what the model said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harstudio.learn.judging.report import EvaluationReport, WindowResult


def a_report(
    rows: Sequence[tuple[str, str, float, str, Sequence[float]]],
    labels: tuple[str, ...],
    *,
    window_s: float = 1.0,
    with_probabilities: bool = True,
    **changes: Any,
) -> EvaluationReport:
    """Rows of clip, subject, start (s), truth, and the probabilities of `labels`."""
    windows = tuple(
        WindowResult(
            clip_id=clip,
            subject=subject,
            start_s=start_s,
            end_s=start_s + window_s,
            truth=truth,
            prediction=labels[int(np.argmax(said))],
            probability=float(max(said)),
        )
        for clip, subject, start_s, truth, said in rows
    )
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    for window in windows:
        confusion[labels.index(window.truth), labels.index(window.prediction)] += 1
    said = np.array([row[4] for row in rows], np.float32).reshape(len(rows), len(labels))
    return EvaluationReport(
        labels,
        confusion,
        changes.pop("split", "by hand"),
        windows,
        probabilities=said if with_probabilities else None,
        **changes,
    )
