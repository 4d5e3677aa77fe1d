"""What there is to see once a model is trained: its segments, its map of windows, its doubts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harstudio.core.arrays import IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.labels import LabelTrack
from harstudio.core.project import Project
from harstudio.learn.config import TrainingConfig
from harstudio.learn.fit.quick_folds import quick_out_of_fold
from harstudio.learn.judging.label_errors import Suspect, suspected
from harstudio.learn.judging.out_of_fold import OUT_OF_FOLD, OutOfFold
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.judging.segment_metrics import SegmentScores, segment_scores
from harstudio.learn.runs.folder import RunFolder
from harstudio.learn.splitting.leaks import counted
from harstudio.workflows.calibrating import calibrated_windows, calibration_of
from harstudio.workflows.training import all_aligned
from harstudio.workflows.windowing import REAL, VIRTUAL, collect_windows

if TYPE_CHECKING:
    from harstudio.learn.data.windows import WindowSet
    from harstudio.learn.judging.embedding import Embedding

ALL_WINDOWS, TEST_WINDOWS = "all", "test"
PARTS = (TEST_WINDOWS, ALL_WINDOWS)
MOST_POINTS = 20_000


@dataclass(frozen=True)
class LabelDoubts:
    """Labels to look at again.

    Attributes
    ----------
    suspects : tuple of Suspect
        The most rewarding first.
    windows : int
        That were judged.
    how : str
        By what, for a person.
    """

    suspects: tuple[Suspect, ...]
    windows: int
    how: str


def find_label_errors(
    project: Project,
    folder: Path,
    run_dir: Path | None = None,
    config: TrainingConfig | None = None,
    signals: str = VIRTUAL,
) -> Job[LabelDoubts]:
    """Where labels may be wrong: confident disagreement of models that did not train on them.

    Parameters
    ----------
    folder : Path
        Of the project file.
    run_dir : Path, optional
        A cross-validation: its out-of-fold probabilities are used, and nothing is trained.
        Without any, a random forest is cross-validated on the spot, in 5 folds of whole subjects.
    config : TrainingConfig, optional
        How to cut windows for that; the project's sensors and rate unless told.
    signals : str
        ``virtual`` or ``real``, for that.

    Raises
    ------
    HarstudioError
        Nothing labelled, fewer than two labels, or one clip only.
    """
    if run_dir is not None and (run_dir / OUT_OF_FOLD).is_file():
        yield Progress(0, 1, "reading the cross-validation")
        found = OutOfFold.load(run_dir / OUT_OF_FOLD)
        how = f"cross-validation {run_dir.name}"
    else:
        config = config or TrainingConfig(rate_hz=project.rate_hz)
        if not config.sensors and signals == VIRTUAL:
            config = replace(config, sensors=project.layout.names)
        if signals == REAL:
            project, _notes = yield from all_aligned(project, folder, None, config.sensors)
        windows = yield from collect_windows(project, folder, config, signals=signals)
        found = yield from quick_out_of_fold(windows, config)
        how = f"a random forest, cross-validated in {counted(int(found.fold.max()), 'fold')}"
    return LabelDoubts(suspected(_of_project(found, project)), len(found), how)


def _of_project(found: OutOfFold, project: Project) -> OutOfFold:
    """Only windows of clips that the project still has."""
    there = np.array([clip_id in project.clips for clip_id in found.clip_ids], np.bool_)
    kept = there[found.clip_index]
    columns = (
        "truth", "probabilities", "fold", "clip_index", "subject_index", "start_s", "end_s", "real",
    )  # fmt: skip
    return replace(found, **{name: getattr(found, name)[kept] for name in columns})


def embed_project(
    project: Project,
    folder: Path,
    run_dir: Path,
    *,
    part: str = TEST_WINDOWS,
    signals: Iterable[str] = (VIRTUAL,),
    method: str = "pca",
    seed: int = 0,
    most: int = MOST_POINTS,
) -> Job[Embedding]:
    """The labelled windows of a project as a run's model sees them, in a plane.

    Parameters
    ----------
    folder : Path
        Of the project file.
    part : str
        ``test``: windows that share time with the run's test part. ``all``: every labelled one.
    signals : kinds
        Of ``virtual`` and ``real``.
    method, seed
        As for `learn.embedding.embedding`.
    most : int
        Of more windows a random choice is shown, the same for the same seed.

    Raises
    ------
    HarstudioError
        No model, no such windows, or an optional package that is missing.
    """
    if part not in PARTS:
        raise HarstudioError(f"part: got {part!r}", f"one of {', '.join(PARTS)}")
    run = RunFolder(run_dir)
    checkpoint = run.checkpoint()
    sets = []
    for kind in signals:
        sets.append((yield from _windows(project, folder, run_dir, checkpoint.config, kind)))
    from harstudio.learn.data.windows import joined
    from harstudio.learn.judging.embedding import embedding  # torch: only here, in the job

    windows = joined(sets)
    index = np.arange(len(windows))
    if part == TEST_WINDOWS:
        index = _in_test_part(run.report(), windows)
        if len(index) == 0:
            raise HarstudioError(
                "none of the run's test windows is in this project any more", "show all windows"
            )
    if len(index) > most:
        index = np.sort(np.random.default_rng(seed).choice(index, most, replace=False))
    return (yield from embedding(checkpoint, windows, index, method=method, seed=seed))


def _windows(
    project: Project, folder: Path, run_dir: Path, config: TrainingConfig, signals: str
) -> Job[WindowSet]:
    """Job: a project's labelled windows, cut and calibrated as for a run."""
    if signals == REAL:
        project, _notes = yield from all_aligned(project, folder, None, config.sensors)
    windows = yield from collect_windows(project, folder, config, signals=signals)
    found = calibration_of(run_dir)
    return windows if found is None else calibrated_windows(windows, found)


def _in_test_part(report: EvaluationReport, windows: WindowSet) -> IntArray:
    """The windows whose middle lies in a window that the report judged."""
    kept = np.zeros(len(windows), np.bool_)
    judged: dict[str, list[tuple[float, float]]] = {}
    for window in report.windows:
        judged.setdefault(window.clip_id, []).append((window.start_s, window.end_s))
    middle_s = (windows.start_s + windows.end_s) / 2.0
    for code, clip_id in enumerate(windows.clip_ids):
        if clip_id not in judged:
            continue
        here = np.flatnonzero(windows.clip_index == code)
        starts, ends = np.sort(np.array(judged[clip_id]), axis=0).T
        begun = np.searchsorted(starts, middle_s[here], side="right")
        kept[here] = begun > np.searchsorted(ends, middle_s[here], side="right")
    return np.flatnonzero(kept)


def segments_of(
    project: Project, report: EvaluationReport, config: TrainingConfig
) -> SegmentScores:
    """How well a report's windows find the segments that the project's labels have now.

    Parameters
    ----------
    report : EvaluationReport
        Of clips of the project; with probabilities where there are any.
    config : TrainingConfig
        Of the run: its label map turns the project's labels into those of the report, and specks
        shorter than its windows give way, as they do in proposals.

    Raises
    ------
    HarstudioError
        As `learn.segment_metrics.segment_scores`.
    """
    tracks: dict[str, LabelTrack] = {}
    for clip_id in {window.clip_id for window in report.windows} & set(project.clips):
        track = project.clip(clip_id).labels
        tracks[clip_id] = track if config.label_map is None else config.label_map.track(track)
    return segment_scores(report, tracks, least_s=config.window_s)


def run_report(run: RunFolder) -> EvaluationReport:
    """A run's report with the probabilities of its windows, where they were kept."""
    report = run.report()
    return replace(report, probabilities=run.probabilities(report))
