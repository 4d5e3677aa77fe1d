"""All that a report on a run tells, gathered once: figures and pages are drawn from this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harstudio.core.errors import HarstudioError
from harstudio.core.project import Project
from harstudio.learn.config import TrainingConfig
from harstudio.learn.fit.alternatives import Alternatives, load_alternatives
from harstudio.learn.judging.intervals import Spread, spread
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.judging.segment_metrics import SegmentScores
from harstudio.learn.runs.folder import ALTERNATIVES, FINETUNING, HISTORY, EpochReport, RunFolder
from harstudio.workflows.evaluating import run_report, segments_of


@dataclass(frozen=True, eq=False)
class RunMaterial:
    """One run and its results.

    Attributes
    ----------
    name, kind : str
        The run's name, and ``training`` or ``finetuning``.
    report : EvaluationReport
        With probabilities where they were kept.
    about : mapping
        The run's config.json.
    history : rows of training
    spread : Spread or None
        None for a report without windows.
    segments : SegmentScores or None
        Only where the project is known.
    segments_missing : str
        Why there are none.
    before : EvaluationReport or None
        Of the parent, for a fine-tuned run.
    alternatives : Alternatives or None
        Ways to adapt a model that were judged on the same windows; of a fine-tuned run.
    clip_names : mapping of clip id to name; empty where the project is not known
    notes : str
        What a person wrote about the run.
    """

    name: str
    kind: str
    report: EvaluationReport
    about: Mapping[str, Any]
    history: tuple[EpochReport, ...]
    spread: Spread | None
    segments: SegmentScores | None = None
    segments_missing: str = ""
    before: EvaluationReport | None = None
    alternatives: Alternatives | None = None
    clip_names: Mapping[str, str] = field(default_factory=dict)
    notes: str = ""

    @property
    def subtitle(self) -> str:
        """What every picture carries: which model, judged on what, and how many windows."""
        return f"{self.report.model} · {self.report.split}"


def gathered(run_dir: Path, project: Project | None = None) -> RunMaterial:
    """The material of a finished run.

    Parameters
    ----------
    project : Project, optional
        Gives the clips' names, and the labels that segments are compared with.

    Raises
    ------
    HarstudioError
        The run is not finished, or one of its files is damaged.
    """
    run = RunFolder(run_dir)
    if not run.finished:
        raise HarstudioError(f"{run_dir}: has no report", "train it to its end first")
    report, config = run_report(run), run.config()
    segments, missing = None, "give the project to compare segments and boundaries"
    if project is not None:
        segments, missing = _segments(project, report, config)
    before = run.before() if run.kind == FINETUNING else None
    return RunMaterial(
        name=run.title,
        kind=run.kind,
        report=report,
        about=run.about(),
        history=run.history() if (run_dir / HISTORY).is_file() else (),
        spread=spread(report) if report.windows else None,
        segments=segments,
        segments_missing=missing,
        before=before,
        alternatives=load_alternatives(run_dir) if (run_dir / ALTERNATIVES).is_file() else None,
        clip_names={} if project is None else {c.id: c.name for c in project.clips.values()},
        notes=run.notes,
    )


def _segments(
    project: Project, report: EvaluationReport, config: TrainingConfig
) -> tuple[SegmentScores | None, str]:
    try:
        return segments_of(project, report, config), ""
    except HarstudioError as error:
        return None, str(error)


def judged(run_dir: Path, report: EvaluationReport, project: Project) -> RunMaterial:
    """The material of a run that was judged on other windows, by that report."""
    run = RunFolder(run_dir)
    segments, missing = _segments(project, report, run.config())
    return RunMaterial(
        name=f"{run.title}, judged on {project.name}",
        kind=run.kind,
        report=report,
        about=run.about(),
        history=(),
        spread=spread(report) if report.windows else None,
        segments=segments,
        segments_missing=missing,
        clip_names={clip.id: clip.name for clip in project.clips.values()},
    )
