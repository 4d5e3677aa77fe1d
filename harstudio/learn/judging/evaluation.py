"""Judge a trained model on other windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, finished
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.prediction import predicted, predictor_of
from harstudio.learn.judging.report import EvaluationReport, report_of
from harstudio.learn.runs.checkpoint import Checkpoint
from harstudio.learn.runs.extras import count_look, looks_caution
from harstudio.learn.runs.folder import FINETUNING, PARTS_TOLD, SEEN_BEFORE, RunFolder
from harstudio.learn.splitting.leaks import (
    CLIP,
    MOVEMENT,
    SUBJECT,
    TEST,
    TRAIN,
    UNKNOWN_TRAINING,
    VALIDATION,
    Leak,
    counted,
)


def evaluate_run(run_dir: Path, windows: WindowSet, part_text: str) -> EvaluationReport:
    """The report of a run's model on windows of another set.

    Labels that the model never saw join the matrix as rows whose windows are all wrong; clips and
    subjects that it was trained on are told in the warnings. Windows of the run's test part make
    this one more look at that, which is counted in the run folder.

    Parameters
    ----------
    run_dir : Path
    windows : WindowSet
    part_text : str
        What these windows are, for the reader of the report.

    Raises
    ------
    HarstudioError
        No finished model, no windows, or windows of other channels, rate or length.
    """
    return finished(evaluating(run_dir, windows, part_text))


def evaluating(
    run_dir: Path, windows: WindowSet, part_text: str, warnings: Iterable[str] = ()
) -> Job[EvaluationReport]:
    """`evaluate_run` as a job; `warnings` come first in the report."""
    if len(windows) == 0:
        raise HarstudioError("no labelled windows to evaluate on", "label the recording first")
    run = RunFolder(run_dir)
    checkpoint = run.checkpoint()
    checkpoint.check_fits(windows)
    labels = all_labels(checkpoint, windows)
    leaks = leaks_of_run(run, windows)
    index = np.arange(len(windows))
    probabilities = yield from predicted(
        predictor_of(checkpoint), windows, index, classes=len(checkpoint.labels)
    )
    report = report_of(
        windows,
        index,
        labels,
        widened(probabilities, len(labels)),
        part="evaluated",
        split=part_text,
        split_kind="evaluated",
        parts={
            "evaluated": {
                "windows": len(windows),
                "subjects": sorted({windows.subjects[i] for i in set(windows.subject_index)}),
                "clips": sorted({windows.clip_ids[i] for i in set(windows.clip_index)}),
            }
        },
        warnings=(*warnings, *unseen_labels(checkpoint, windows), *(leak.text for leak in leaks)),
        model=checkpoint.model,
        leaks=leaks,
    )
    return _with_look(run, report, windows, part_text)


def _with_look(
    run: RunFolder, report: EvaluationReport, windows: WindowSet, what: str
) -> EvaluationReport:
    """The report with the number of looks, after this one was counted."""
    if not run.finished:
        return report
    seen = windows_of_test_part(run.report(), windows)
    if seen == 0:
        return report
    try:
        looks = count_look(run.path, what, seen)
    except HarstudioError as error:
        told = f"this look at the test part was not counted: {error}"
        return replace(report, warnings=(*report.warnings, told))
    caution = looks_caution(looks)
    warnings = (*report.warnings, caution) if caution else report.warnings
    return replace(report, looks=looks, warnings=warnings)


def windows_of_test_part(report: EvaluationReport, windows: WindowSet) -> int:
    """How many windows share time with those that a run's own report judged."""
    by_clip: dict[str, list[tuple[float, float]]] = {}
    for judged in report.windows:
        by_clip.setdefault(judged.clip_id, []).append((judged.start_s, judged.end_s))
    slack, seen = 0.25 / windows.rate_hz, 0
    for code, clip_id in enumerate(windows.clip_ids):
        if clip_id not in by_clip:
            continue
        here = windows.clip_index == code
        starts, ends = np.sort(np.array(by_clip[clip_id]), axis=0).T
        begun = np.searchsorted(starts, windows.end_s[here] - slack)
        over = np.searchsorted(ends, windows.start_s[here] + slack, side="right")
        seen += int((begun > over).sum())
    return seen


def all_labels(checkpoint: Checkpoint, windows: WindowSet) -> tuple[str, ...]:
    """The model's labels, then those that only the windows have."""
    known = checkpoint.labels
    return (*known, *(label for label in windows.used_labels() if label not in known))


def widened(probabilities: FloatArray, classes: int) -> FloatArray:
    """(N, K) probabilities with zeros for further classes."""
    return np.pad(probabilities, ((0, 0), (0, classes - probabilities.shape[1])))


def unseen_labels(checkpoint: Checkpoint, windows: WindowSet) -> list[str]:
    """What to tell about labels that the model was not trained on."""
    return [
        f"the model was not trained on {label!r}: {counted(count, 'window')} cannot be right"
        for label, count in windows.counts().items()
        if count and label not in checkpoint.labels
    ]


def leaks_of_run(run: RunFolder, windows: WindowSet) -> tuple[Leak, ...]:
    """What windows share with those that a run, or what it came from, was trained or chosen on.

    Clips, other clips of the same movement, and subjects. Where nobody can tell what a model was
    trained on, that is told.
    """
    seen = seen_by(run)
    found = []
    if not seen.known:
        text = "what the model was trained on is not known: these windows may be among it"
        found.append(Leak(UNKNOWN_TRAINING, (TRAIN, TEST), 1, len(windows), text))
    used = np.unique(windows.clip_index)
    clips = {int(i) for i in used if windows.clip_ids[i] in seen.clips}
    shown = {
        movement
        for clip_id, movement in zip(windows.clip_ids, windows.movements, strict=True)
        if clip_id in seen.clips or movement in seen.clips
    }
    copies = {int(i) for i in used if windows.movements[i] in shown} - clips
    people = {int(i) for i in np.unique(windows.subject_index)}
    subjects = {i for i in people if windows.subjects[i] in seen.subjects}
    for kind, shared, index, what in (
        (CLIP, clips, windows.clip_index, "that the model was trained on"),
        (MOVEMENT, copies, windows.clip_index, "of a movement that the model was trained on"),
        (SUBJECT, subjects, windows.subject_index, "that the model was trained on"),
    ):
        if shared:
            count = int(np.isin(index, list(shared)).sum())
            noun = SUBJECT if kind == SUBJECT else CLIP
            text = f"{counted(count, 'window')} of {counted(len(shared), noun)} {what}"
            found.append(Leak(kind, (TRAIN, TEST), len(shared), count, text))
    return tuple(found)


@dataclass(frozen=True)
class Seen:
    """What a model has learnt from, its ancestors' material included.

    Attributes
    ----------
    clips, subjects : sets of clip ids and names
    known : bool
        Whether that is all.
    """

    clips: frozenset[str]
    subjects: frozenset[str]
    known: bool = True

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the runs that come of this one."""
        return {
            "clips": sorted(self.clips), "subjects": sorted(self.subjects), "known": self.known,
        }  # fmt: skip


def seen_by(run: RunFolder) -> Seen:
    """What a run was trained or chosen on, and what its ancestors were."""
    about = run.about()
    parts = run.report().parts if run.finished else about.get(PARTS_TOLD)
    parts = parts if isinstance(parts, Mapping) else {}
    learnt = [parts.get(part) for part in (TRAIN, VALIDATION)]
    known = isinstance(learnt[0], Mapping) and isinstance(learnt[0].get("clips"), list)
    if about.get("kind") == FINETUNING:
        before = about.get(SEEN_BEFORE)
        learnt.append(before)
        known &= isinstance(before, Mapping) and before.get("known") is True
    return Seen(_named(learnt, "clips"), _named(learnt, "subjects") - {""}, known)


def _named(held: list[Any], key: str) -> frozenset[str]:
    lists = [each.get(key) for each in held if isinstance(each, Mapping)]
    return frozenset(str(name) for names in lists if isinstance(names, list) for name in names)
