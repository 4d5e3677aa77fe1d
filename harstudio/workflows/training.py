"""Train, adapt and judge networks on the clips of a project."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import Clip, Project
from harstudio.imu.simulate import SimulationOptions
from harstudio.learn.config import LISTED, FinetuneConfig, TrainingConfig
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.models import NETWORK, model_spec
from harstudio.learn.runs.folder import CALIBRATION, CONFIG, MODEL, REPORT, RunFolder
from harstudio.learn.splitting.folds import make_folds
from harstudio.learn.splitting.leaks import listed
from harstudio.learn.splitting.split_lists import load_split_list
from harstudio.workflows.aligning import align_clips, is_aligned
from harstudio.workflows.calibrating import (
    calibrated_windows,
    calibration_notes,
    calibration_of,
    fit_for_training,
)
from harstudio.workflows.training_data import DataSummary as DataSummary
from harstudio.workflows.training_data import check_calibratable as check_calibratable
from harstudio.workflows.training_data import check_options, with_sensors
from harstudio.workflows.training_data import check_trainable as check_trainable
from harstudio.workflows.training_data import data_summary as data_summary
from harstudio.workflows.training_data import training_clips as training_clips
from harstudio.workflows.windowing import (
    LEFT_OUT,
    REAL,
    VIRTUAL,
    collect_windows,
    labelled_clips,
    with_people,
)

if TYPE_CHECKING:
    from harstudio.imu.calibration import QuantileMap
    from harstudio.learn.data.windows import WindowSet
    from harstudio.learn.fit.finetuning import FinetuneSummary
    from harstudio.learn.runs.folder import RunSummary
    from harstudio.learn.splitting.splits import Split

_TOLD_ONE_BY_ONE = 5
"""Notes of one kind; more of them become one with a count, or nobody would read any."""
SPLIT_LIST = "split_list.json"
"""The list that a run was split by, beside it."""


def runs_folder(project_file: Path) -> Path:
    """Where a project's runs lie: a folder beside the project file."""
    return project_file.parent / f"{project_file.stem}-runs"


def new_run_folder(project_file: Path, name: str) -> Path:
    """A name for a new run that is not taken: date, time and what it is."""
    base = runs_folder(project_file)
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{name}"
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return next(base / name for name in names if not (base / name).exists())


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
    """Train a model on the signals of a project's labelled clips, or cross-validate one.

    Where the configuration says so, virtual signals of all parts are first mapped onto the
    distribution of the training people's recordings; the map is kept in the run folder. In a
    cross-validation that is done anew for each fold.

    Parameters
    ----------
    clip_ids : tuple of str, optional
        Only these clips; those of `training_clips` unless told.

    Returns
    -------
    RunSummary
        Where the split is one into folds, a `learn.cross_validation.CrossValidation`.

    Raises
    ------
    HarstudioError
        No labelled clips, labels that the label map does not know, a split that is not possible,
        a run folder that is not empty, or nobody to calibrate with.
    """
    _refuse_taken(run_dir)
    ids = training_clips(project, signals=config.signals) if clip_ids is None else clip_ids
    config = with_sensors(project, config, ids)
    check_options(project, config, ids)
    windows, notes = yield from training_windows(project, folder, config, ids)
    files: dict[str, dict[str, object]] = {}
    if config.split == LISTED:
        files[SPLIT_LIST] = load_split_list(config.split_list).to_json()
    if config.folded:
        from harstudio.learn.fit.cross_validation import (
            cross_validate,  # torch: only here, in the job
        )

        prepare = partial(prepared, project, folder, config)
        return (
            yield from cross_validate(
                windows, config, run_dir, warnings=notes, files=files, prepare=prepare
            )
        )
    from harstudio.learn.fit.training import planned_split, train

    split = planned_split(windows, config)
    windows, split, more, extra = yield from prepared(project, folder, config, windows, split)
    told = (*notes, *more)
    return (
        yield from train(
            windows,
            config,
            run_dir,
            warnings=told,
            files={**files, **extra},
            origin={"folder": str(folder.resolve()), "clips": list(ids)},
            split=split,
        )
    )


def training_windows(
    project: Project, folder: Path, config: TrainingConfig, clip_ids: tuple[str, ...]
) -> Job[tuple[WindowSet, tuple[str, ...]]]:
    """The windows of all parts, with nothing fitted to them, and what to tell of them."""
    notes: tuple[str, ...] = ()
    if config.label_map is not None:
        tracks = [c.labels for c in labelled_clips(project, config.signals, clip_ids)]
        notes += config.label_map.checked(tracks)
    if config.signals == VIRTUAL:
        yield Progress(0, 0, "Simulating the sensors")
    else:
        yield Progress(0, 0, "Reading the recordings")
        project, doubts = yield from all_aligned(project, folder, clip_ids, config.sensors)
        notes += doubts
    windows = yield from collect_windows(
        project, folder, config, signals=config.signals, clip_ids=clip_ids
    )
    return windows, notes


def prepared(
    project: Project, folder: Path, config: TrainingConfig, windows: WindowSet, split: Split
) -> Job[tuple[WindowSet, Split, tuple[str, ...], dict[str, dict[str, object]]]]:
    """What is fitted to a training part, or made up for it: calibration and other people.

    Returns
    -------
    (WindowSet, Split, notes, files)
        The windows with those of made-up people after them, and virtual ones calibrated; the
        split with the new windows in its training part; what to tell, and what a run keeps.
    """
    found: QuantileMap | None = None
    notes: tuple[str, ...] = ()
    if config.calibrate:
        options = SimulationOptions(preset=config.preset, rate_hz=config.rate_hz)
        found, notes = yield from fit_for_training(project, folder, windows, split, options)
    if config.people:
        used = dict.fromkeys(windows.clip_of(int(i)) for i in split.train)
        chosen = tuple(i for i in used if project.clip(i).motion is not None)
        windows = yield from with_people(project, folder, config, windows, chosen)
        split = _again(windows, config, split)
    windows, files = _mapped(windows, found)
    return windows, split, notes, files


def _again(windows: WindowSet, config: TrainingConfig, split: Split) -> Split:
    """The same split of the same windows and of those that were added to them."""
    named = windows.relabelled(windows.used_labels())
    return make_folds(named, config)[max(0, split.fold - 1)]


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
    project, notes = yield from all_aligned(project, folder, clip_ids, parent.sensors)
    windows = yield from collect_windows(project, folder, parent, signals=REAL, clip_ids=clip_ids)
    windows, files = _mapped(windows, found)
    from harstudio.learn.fit.finetuning import finetune

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
        project, notes = yield from all_aligned(project, folder, None, config.sensors)
    windows = yield from collect_windows(project, folder, config, signals=signals)
    if found is not None:
        notes += calibration_notes(found, windows)
    windows, _files = _mapped(windows, found)
    from harstudio.learn.judging.evaluation import evaluating

    text = f"all labelled clips, {signals} signals"
    return (yield from evaluating(run_dir, windows, text, notes))


def all_aligned(
    project: Project,
    folder: Path,
    clip_ids: tuple[str, ...] | None,
    sensors: tuple[str, ...] = (),
) -> Job[tuple[Project, tuple[str, ...]]]:
    """The project with every recording aligned that has never been and can be.

    Parameters
    ----------
    clip_ids : tuple of str or None
        None takes all clips.
    sensors : tuple of str
        Recordings that lack one of them will not be used, and are left as they are.

    Returns
    -------
    (Project, notes)
        The notes warn of recordings that could not be aligned, and of ambiguous fits, those
        stored in the project as well.
    """
    clips = project.clips.values() if clip_ids is None else [project.clip(i) for i in clip_ids]
    ids = tuple(clip.id for clip in clips if _needs_alignment(clip, sensors))
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
    return project, (*_unaligned(found.failures), *doubts)


def _needs_alignment(clip: Clip, sensors: tuple[str, ...]) -> bool:
    used = [ref for ref in clip.recordings if set(sensors) <= set(ref.sensors)]
    return (
        clip.usable
        and clip.motion is not None
        and len(clip.labels) > 0
        and not all(map(is_aligned, used))
    )


def _doubts(project: Project, clip_ids: tuple[str, ...] | None) -> tuple[str, ...]:
    """A note for every labelled clip whose alignment a fit has called ambiguous."""
    clips = project.clips.values() if clip_ids is None else [project.clip(i) for i in clip_ids]
    used = [clip for clip in clips if clip.usable and len(clip.labels) > 0]
    found = [
        (clip.name, ref.alignment.doubt)
        for clip in used
        for ref in clip.recordings
        if ref.alignment.doubt
    ]
    if len(found) <= _TOLD_ONE_BY_ONE:
        return tuple(
            f"{name}: its alignment is ambiguous ({doubt}), and was used as it is"
            for name, doubt in found
        )
    names, every = [name for name, _ in found], sum(len(clip.recordings) for clip in used)
    text = (
        f"{len(found):,} of {every:,} recordings: their alignment is ambiguous, and was used as it "
        f"is ({listed(names)}; e.g. {names[0]}: {found[0][1]})"
    )
    return (text,)


def _unaligned(failures: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """A note for every recording that could not be aligned, or one for many of them."""
    together = "both clocks are taken to start together"
    if len(failures) <= _TOLD_ONE_BY_ONE:
        return tuple(f"{name}: not aligned: {reason}; {together}" for name, reason in failures)
    names = listed(name for name, _ in failures)
    text = (
        f"{len(failures):,} recordings not aligned, so {together} ({names}; "
        f"e.g. {failures[0][0]}: {failures[0][1]})"
    )
    return (text,)
