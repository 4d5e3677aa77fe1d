"""Train, adapt and judge networks on the clips of a project."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.labels import UNKNOWN
from harstudio.core.project import Clip, Project
from harstudio.core.timebase import Alignment
from harstudio.learn.config import BY_CLIP, BY_SUBJECT, FinetuneConfig, TrainingConfig
from harstudio.learn.models import NETWORK, model_spec
from harstudio.learn.report import EvaluationReport
from harstudio.learn.runs import CONFIG, MODEL, REPORT, RunFolder
from harstudio.workflows.aligning import align_clips
from harstudio.workflows.loading import layout_for
from harstudio.workflows.windowing import LEFT_OUT, REAL, VIRTUAL, collect_windows, with_people

if TYPE_CHECKING:
    from harstudio.learn.finetuning import FinetuneSummary
    from harstudio.learn.runs import RunSummary


def runs_folder(project_file: Path) -> Path:
    """Where a project's runs lie: a folder beside the project file."""
    return project_file.parent / f"{project_file.stem}-runs"


def new_run_folder(project_file: Path, name: str) -> Path:
    """A name for a new run that is not taken: date, time and what it is."""
    base = runs_folder(project_file)
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{name}"
    taken = [base / stem, *(base / f"{stem}-{n}" for n in range(2, 1000))]
    return next(path for path in taken if not path.exists())


def training_clips(project: Project, *, include_recorded: bool = False) -> tuple[str, ...]:
    """Ids of the labelled clips that a model is trained on.

    People with a labelled recording are kept out where enough others remain: a network that has
    seen their motion, even as virtual signals, is no honest "before" for fine-tuning on them.
    """
    clips = [c for c in project.clips.values() if c.usable and _classes(c) and c.motion]
    recorded = {c.id for c in clips if c.recordings}
    people = {c.subject for c in clips if c.id in recorded and c.subject}
    others = [c for c in clips if c.id not in recorded and c.subject not in people]
    labels = {label for clip in others for label in _classes(clip)}
    subjects = {clip.subject for clip in others}
    enough = len(labels) >= 2 and len(subjects) >= min(3, len({c.subject for c in clips}))
    chosen = clips if include_recorded or not enough else others
    return tuple(clip.id for clip in chosen)


def _classes(clip: Clip) -> tuple[str, ...]:
    """The clip's labels that can be learned: "unknown" is none."""
    return tuple(label for label in clip.labels.labels if label != UNKNOWN)


def _refuse_taken(run_dir: Path) -> None:
    """Say so at once, rather than after the simulation."""
    if any((run_dir / name).exists() for name in (CONFIG, MODEL, REPORT)):
        raise HarstudioError(f"{run_dir}: already holds a run", "choose a new folder")


def train_project(
    project: Project,
    folder: Path,
    config: TrainingConfig,
    run_dir: Path,
    clip_ids: tuple[str, ...] | None = None,
) -> Job[RunSummary]:
    """Train a model on the virtual signals of a project's labelled clips.

    Parameters
    ----------
    clip_ids : tuple of str, optional
        Only these clips; those of `training_clips` unless told.

    Raises
    ------
    HarstudioError
        No labelled clips, a split that is not possible, or a run folder that is not empty.
    """
    config = _with_sensors(project, config)
    _refuse_taken(run_dir)
    yield Progress(0, 0, "Simulating the sensors")
    ids = training_clips(project) if clip_ids is None else clip_ids
    windows = yield from collect_windows(project, folder, config, signals=VIRTUAL, clip_ids=ids)
    from harstudio.learn.training import planned_split, train  # torch: only here, in the job

    if config.people:
        part = planned_split(windows, config).train
        chosen = tuple(dict.fromkeys(windows.clip_of(int(i)) for i in part))
        windows = yield from with_people(project, folder, config, windows, chosen)
    return (yield from train(windows, config, run_dir))


def finetune_project(
    project: Project,
    folder: Path,
    run_dir: Path,
    clip_ids: tuple[str, ...] | None,
    config: FinetuneConfig,
    out_dir: Path,
) -> Job[FinetuneSummary]:
    """Adapt a trained network's dense layers to the real recordings of some labelled clips.

    A recording that was never aligned is aligned first, if its clip has a motion (for this job;
    the project is not changed). Where that fails, both clocks are taken to start together.

    Parameters
    ----------
    clip_ids : tuple of str or None
        None takes every labelled clip with a recording.
    """
    parent = RunFolder(run_dir).config()
    if model_spec(parent.model).kind != NETWORK:
        raise HarstudioError(
            f"{run_dir.name}: a {parent.model} has no dense layers to fine-tune",
            "choose a run of a network, e.g. cnn or xiao2020",
        )
    _refuse_taken(out_dir)
    yield Progress(0, 0, "Reading the recording")
    project = yield from _with_alignment(project, folder, clip_ids)
    windows = yield from collect_windows(project, folder, parent, signals=REAL, clip_ids=clip_ids)
    from harstudio.learn.finetuning import finetune

    return (yield from finetune(run_dir, windows, config, out_dir))


def evaluate_project(
    project: Project, folder: Path, run_dir: Path, signals: str = VIRTUAL
) -> Job[EvaluationReport]:
    """Judge a trained model on all labelled clips of a project.

    The report warns of windows whose clip or subject the model was trained on.
    """
    config = RunFolder(run_dir).config()
    yield Progress(0, 0, "Cutting windows")
    if signals == REAL:
        project = yield from _with_alignment(project, folder, None)
    windows = yield from collect_windows(project, folder, config, signals=signals)
    from harstudio.learn.evaluation import evaluating

    return (yield from evaluating(run_dir, windows, f"all labelled clips, {signals} signals"))


def _with_sensors(project: Project, config: TrainingConfig) -> TrainingConfig:
    if config.sensors:
        layout_for(project.layout, config.sensors)
        return config
    return replace(config, sensors=project.layout.names)


def _with_alignment(
    project: Project, folder: Path, clip_ids: tuple[str, ...] | None
) -> Job[Project]:
    """The project with every recording aligned that has never been and can be."""
    clips = project.clips.values() if clip_ids is None else [project.clip(i) for i in clip_ids]
    ids = tuple(clip.id for clip in clips if _needs_alignment(clip))
    try:
        found = yield from align_clips(project, folder, ids, only_new=True)
    except HarstudioError as error:
        yield Progress(0, 0, f"Not aligned: {error}", {LEFT_OUT: (f"not aligned: {error}",)})
        return project
    if found.failures:
        told = tuple(f"{name}: not aligned: {reason}" for name, reason in found.failures)
        yield Progress(0, 0, told[0], {LEFT_OUT: told})
    return project.with_clips(found.clips)


def _needs_alignment(clip: Clip) -> bool:
    return (
        clip.usable
        and clip.motion is not None
        and len(clip.labels) > 0
        and any(recording.alignment == Alignment() for recording in clip.recordings)
    )


@dataclass(frozen=True)
class DataSummary:
    """What there is to learn from: seconds per label and per subject, and clips with either."""

    by_label: dict[str, float]
    by_subject: dict[str, float]
    clips: int
    recordings: int


def data_summary(project: Project) -> DataSummary:
    """Labelled seconds of the clips that would take part in training."""
    by_label: dict[str, float] = {}
    by_subject: dict[str, float] = {}
    clips = recordings = 0
    for clip in project.clips.values():
        seconds = clip.labels.seconds_by_label() if clip.usable else {}
        seconds.pop(UNKNOWN, None)
        if not seconds:
            continue
        clips += clip.motion is not None
        recordings += bool(clip.recordings)
        for label, length in seconds.items():
            by_label[label] = by_label.get(label, 0.0) + length
        by_subject[clip.subject] = by_subject.get(clip.subject, 0.0) + sum(seconds.values())
    order = [name for name in project.label_set.names if name in by_label]
    return DataSummary({n: by_label[n] for n in order}, by_subject, clips, recordings)


def check_trainable(
    project: Project, config: TrainingConfig, clip_ids: tuple[str, ...] | None = None
) -> None:
    """Refuse early what training would refuse late.

    Parameters
    ----------
    clip_ids : tuple of str, optional
        As for `train_project`.

    Raises
    ------
    HarstudioError
        No such model, a sensor that is unknown, fewer than two labels, or a split by subject or
        clip with fewer than two of them.
    """
    model_spec(config.model)
    _with_sensors(project, config)
    ids = training_clips(project) if clip_ids is None else clip_ids
    clips = [project.clip(i) for i in ids]
    labels = {label for clip in clips for label in _classes(clip)}
    if len(labels) < 2:
        raise HarstudioError(
            f"labels in use: {', '.join(labels) or 'none'}; expected at least 2", "label more clips"
        )
    if config.split == BY_SUBJECT and len({clip.subject for clip in clips}) < 2:
        raise HarstudioError(
            "a split by subject needs clips of at least 2 subjects", "choose the split by clip"
        )
    if config.split == BY_CLIP and len(clips) < 2:
        raise HarstudioError("a split by clip needs at least 2 labelled clips", "label more clips")
