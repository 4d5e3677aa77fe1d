"""Train, adapt and judge networks on the clips of a project."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.labels import UNKNOWN
from harstudio.core.project import Clip, Project
from harstudio.imu.simulate import SimulationOptions
from harstudio.learn.config import BY_CLIP, BY_SUBJECT, FinetuneConfig, TrainingConfig
from harstudio.learn.models import NETWORK, model_spec
from harstudio.learn.report import EvaluationReport
from harstudio.learn.runs import CALIBRATION, CONFIG, MODEL, REPORT, RunFolder
from harstudio.workflows.aligning import align_clips, is_aligned
from harstudio.workflows.calibrating import (
    calibrated_windows,
    calibration_notes,
    calibration_of,
    comparable_clips,
    fit_for_training,
)
from harstudio.workflows.loading import layout_for
from harstudio.workflows.windowing import LEFT_OUT, REAL, VIRTUAL, collect_windows, with_people

if TYPE_CHECKING:
    from harstudio.imu.calibration import QuantileMap
    from harstudio.learn.finetuning import FinetuneSummary
    from harstudio.learn.runs import RunSummary
    from harstudio.learn.windows import WindowSet


def runs_folder(project_file: Path) -> Path:
    """Where a project's runs lie: a folder beside the project file."""
    return project_file.parent / f"{project_file.stem}-runs"


def new_run_folder(project_file: Path, name: str) -> Path:
    """A name for a new run that is not taken: date, time and what it is."""
    base = runs_folder(project_file)
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{name}"
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return next(base / name for name in names if not (base / name).exists())


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

    Where the configuration says so, those of all parts are first mapped onto the distribution of
    the training people's recordings; the map is kept in the run folder.

    Parameters
    ----------
    clip_ids : tuple of str, optional
        Only these clips; those of `training_clips` unless told.

    Raises
    ------
    HarstudioError
        No labelled clips, a split that is not possible, a run folder that is not empty, or nobody
        to calibrate with.
    """
    config = _with_sensors(project, config)
    _refuse_taken(run_dir)
    ids = training_clips(project) if clip_ids is None else clip_ids
    if config.calibrate:
        check_calibratable(project, config, ids)
    yield Progress(0, 0, "Simulating the sensors")
    windows = yield from collect_windows(project, folder, config, signals=VIRTUAL, clip_ids=ids)
    from harstudio.learn.training import planned_split, train  # torch: only here, in the job

    found: QuantileMap | None = None
    notes: tuple[str, ...] = ()
    if config.calibrate:
        found, notes = yield from fit_for_training(
            project,
            folder,
            windows,
            planned_split(windows, config),
            SimulationOptions(preset=config.preset, rate_hz=config.rate_hz),
        )
    if config.people:
        part = planned_split(windows, config).train
        chosen = tuple(dict.fromkeys(windows.clip_of(int(i)) for i in part))
        windows = yield from with_people(project, folder, config, windows, chosen)
    windows, files = _mapped(windows, found)
    return (yield from train(windows, config, run_dir, warnings=notes, files=files))


def _mapped(
    windows: WindowSet, found: QuantileMap | None
) -> tuple[WindowSet, dict[str, dict[str, object]]]:
    """The windows with virtual ones mapped, and what a run folder keeps of it."""
    if found is None:
        return windows, {}
    return calibrated_windows(windows, found), {CALIBRATION: found.to_json()}


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
    the project is not changed). Where that fails, both clocks are taken to start together; an
    ambiguous fit is used, be it stored or made for this. The reports warn of both.

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
    found = calibration_of(run_dir)
    yield Progress(0, 0, "Reading the recording")
    project, notes = yield from _with_alignment(project, folder, clip_ids)
    windows = yield from collect_windows(project, folder, parent, signals=REAL, clip_ids=clip_ids)
    windows, files = _mapped(windows, found)
    from harstudio.learn.finetuning import finetune

    return (yield from finetune(run_dir, windows, config, out_dir, warnings=notes, files=files))


def evaluate_project(
    project: Project, folder: Path, run_dir: Path, signals: str = VIRTUAL
) -> Job[EvaluationReport]:
    """Judge a trained model on all labelled clips of a project.

    Virtual signals go through the run's calibration, if it has one. The report warns of windows
    whose clip or subject the model was trained on, and of doubtful alignments.
    """
    config = RunFolder(run_dir).config()
    found = calibration_of(run_dir)
    notes: tuple[str, ...] = ()
    yield Progress(0, 0, "Cutting windows")
    if signals == REAL:
        project, notes = yield from _with_alignment(project, folder, None)
    windows = yield from collect_windows(project, folder, config, signals=signals)
    if found is not None:
        notes += calibration_notes(found, windows)
    windows, _files = _mapped(windows, found)
    from harstudio.learn.evaluation import evaluating

    text = f"all labelled clips, {signals} signals"
    return (yield from evaluating(run_dir, windows, text, notes))


def _with_sensors(project: Project, config: TrainingConfig) -> TrainingConfig:
    if config.sensors:
        layout_for(project.layout, config.sensors)
        return config
    return replace(config, sensors=project.layout.names)


def _with_alignment(
    project: Project, folder: Path, clip_ids: tuple[str, ...] | None
) -> Job[tuple[Project, tuple[str, ...]]]:
    """The project with every recording aligned that has never been and can be.

    Returns
    -------
    (Project, notes)
        The notes warn of recordings that could not be aligned, and of ambiguous fits, those
        stored in the project as well.
    """
    clips = project.clips.values() if clip_ids is None else [project.clip(i) for i in clip_ids]
    ids = tuple(clip.id for clip in clips if _needs_alignment(clip))
    try:
        found = yield from align_clips(project, folder, ids, only_new=True)
    except HarstudioError as error:
        yield Progress(0, 0, f"Not aligned: {error}", {LEFT_OUT: (f"not aligned: {error}",)})
        return project, (
            f"not aligned, so both clocks are taken to start together: {error}",
            *_doubts(project, clip_ids),
        )
    told = tuple(f"{name}: not aligned: {reason}" for name, reason in found.failures)
    if told:
        yield Progress(0, 0, told[0], {LEFT_OUT: told})
    project = project.with_clips(found.clips)
    doubts = _doubts(project, clip_ids)
    if doubts:
        yield Progress(0, 0, doubts[0])
    return project, (
        *(f"{text}; both clocks are taken to start together" for text in told),
        *doubts,
    )


def _needs_alignment(clip: Clip) -> bool:
    return (
        clip.usable
        and clip.motion is not None
        and len(clip.labels) > 0
        and not all(map(is_aligned, clip.recordings))
    )


def _doubts(project: Project, clip_ids: tuple[str, ...] | None) -> tuple[str, ...]:
    """A note for every labelled clip whose alignment a fit has called ambiguous."""
    clips = project.clips.values() if clip_ids is None else [project.clip(i) for i in clip_ids]
    used = [clip for clip in clips if clip.usable and len(clip.labels) > 0]
    return tuple(
        f"{clip.name}: its alignment is ambiguous ({ref.alignment.doubt}), and was used as it is"
        for clip in used
        for ref in clip.recordings
        if ref.alignment.doubt
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
        No such model, a sensor that is unknown, fewer than two labels, a split by subject or
        clip with fewer than two of them, or nobody to calibrate with.
    """
    model_spec(config.model)
    _with_sensors(project, config)
    ids = training_clips(project) if clip_ids is None else clip_ids
    if config.calibrate:
        check_calibratable(project, config, ids)
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


def check_calibratable(
    project: Project,
    config: TrainingConfig | None = None,
    clip_ids: tuple[str, ...] | None = None,
) -> None:
    """Refuse a calibration for which there can be no recording.

    Parameters
    ----------
    clip_ids : tuple of str, optional
        As for `train_project`.

    Raises
    ------
    HarstudioError
        Signals as no sensor reads them, or no clip with both a motion and a recording of
        somebody who takes part in training.
    """
    if config is not None and config.preset != "physical":
        raise HarstudioError(
            f"calibration: preset {config.preset!r} is not what a strapped-on sensor reads",
            "choose the preset 'physical'",
        )
    recorded = {clip.subject for clip in comparable_clips(project)}
    if not recorded:
        raise HarstudioError(
            "calibration: no clip has both a motion and a recording",
            "import recordings of some people who are trained on",
        )
    named = ", ".join(sorted(recorded - {""}))
    if not named:
        raise HarstudioError(
            "calibration: the clips with a recording do not say of whom they are",
            "give them a subject: who is tested on must not be calibrated with",
        )
    ids = training_clips(project) if clip_ids is None else clip_ids
    if not (recorded - {""}) & {project.clip(i).subject for i in ids}:
        raise HarstudioError(
            f"calibration: only {named} have both a motion and a recording, and they are kept "
            "out of training",
            "--include-recorded trains on them too; or add recordings of people who train",
        )
