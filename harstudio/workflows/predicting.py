"""A trained model proposes labels: segments with confidence, on a tier of their own."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, PREDICTED, Clip, Project
from harstudio.learn.config import TrainingConfig
from harstudio.learn.judging.voting import voted
from harstudio.learn.runs.folder import FINETUNING, RunFolder
from harstudio.learn.splitting.leaks import counted
from harstudio.workflows.batches import reason_of
from harstudio.workflows.calibrating import calibrated_windows, calibration_of
from harstudio.workflows.training import all_aligned
from harstudio.workflows.windowing import LEFT_OUT, REAL, VIRTUAL, collect_windows

if TYPE_CHECKING:
    from harstudio.imu.calibration import QuantileMap
    from harstudio.learn.fit.prediction import Predictor
    from harstudio.learn.runs.checkpoint import Checkpoint

T = TypeVar("T")

AUTO = "auto"
SOURCES = (AUTO, VIRTUAL, REAL)
LEAST_OVERLAP = 0.75
"""Windows for a timeline lie at least this close: a boundary is no finer than their step."""

_ANY = "any"
"""What every moment of a clip is called while its windows are cut."""


@dataclass(frozen=True)
class Predictions:
    """What a model proposes.

    Attributes
    ----------
    run : str
        Name of the run; the author of every segment.
    tracks : tuple of (clip id, LabelTrack)
    segments : int
    seconds : float, s
        Of time with a proposal.
    left_out : tuple of str
        Clips that gave none, each with the reason.
    """

    run: str
    tracks: tuple[tuple[str, LabelTrack], ...]
    segments: int
    seconds: float
    left_out: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One line for a person."""
        text = (
            f"{counted(self.segments, 'segment')} over {self.seconds:.0f} s proposed in "
            f"{counted(len(self.tracks), 'clip')} by {self.run}"
        )
        return text + (f"; {counted(len(self.left_out), 'clip')} left out" * bool(self.left_out))

    def clips(self, project: Project) -> tuple[Clip, ...]:
        """The clips of a project with these proposals in place of any before.

        Their other tiers are as the project has them now, whatever was changed in the meantime;
        clips that it no longer has are passed over.
        """
        return tuple(
            project.clip(clip_id).with_track(track, PREDICTED)
            for clip_id, track in self.tracks
            if clip_id in project.clips
        )

    def applied(self, project: Project) -> Project:
        """The project with these proposals: one edit, which undoes as one."""
        return project.with_clips(self.clips(project))


def predict_project(
    project: Project,
    folder: Path,
    run_dir: Path,
    clip_ids: tuple[str, ...] | None = None,
    signals: str = AUTO,
    *,
    least_s: float | None = None,
    least_confidence: float = 0.0,
) -> Job[Predictions]:
    """Judge whole clips with a run's model and propose a timeline for each.

    Overlapping windows vote with their probabilities, equal neighbours join, and specks shorter
    than `least_s` give way. Nothing in the project changes: see `Predictions.applied`.

    Parameters
    ----------
    folder : Path
        Of the project file.
    run_dir : Path
        A run with a finished model.
    clip_ids : tuple of str, optional
        All usable clips unless told.
    signals : str
        ``virtual``, ``real``, or ``auto``: for a fine-tuned model real where a clip has them, for
        another virtual where it can.
    least_s : float, s, optional
        One window unless told; 0 keeps every speck.
    least_confidence : float
        Segments below it are not proposed.

    Raises
    ------
    HarstudioError
        No model, no clip to judge, or none that could be judged.
    """
    if signals not in SOURCES:
        raise HarstudioError(f"signals: got {signals!r}", f"one of {', '.join(SOURCES)}")
    run = RunFolder(run_dir)
    checkpoint = run.checkpoint()
    order: tuple[str, ...] = (REAL, VIRTUAL) if run.kind == FINETUNING else (VIRTUAL, REAL)
    order = order if signals == AUTO else (signals,)
    chosen = project.clips.values() if clip_ids is None else [project.clip(i) for i in clip_ids]
    clips = [clip for clip in chosen if clip.usable and _source(clip, order)]
    if not clips:
        raise HarstudioError(
            f"no clip has {' or '.join(order)} signals to predict from",
            "check that the clips are not excluded",
        )
    yield Progress(0, len(clips), "Loading the model")
    from harstudio.learn.fit.prediction import predictor_of  # torch: only here, in the job

    config = _config(checkpoint)
    judge = _Judge(
        project=project,
        folder=folder,
        config=config,
        checkpoint=checkpoint,
        predictor=predictor_of(checkpoint),
        calibration=calibration_of(run_dir),
        author=run.name,
        least_s=config.window_s if least_s is None else least_s,
        least_confidence=least_confidence,
    )
    tracks: list[tuple[str, LabelTrack]] = []
    failures: list[str] = []
    for done, clip in enumerate(clips):
        here = Progress(done, len(clips), f"Predicting: {clip.name}")
        yield here
        try:
            with closing(judge.timeline(clip, _source(clip, order))) as job:
                tracks.append((clip.id, (yield from _told_as(job, here))))
        except Exception as error:
            failures.append(f"{clip.name}: {reason_of(error)}")
    if not tracks:
        raise HarstudioError(
            f"none of {counted(len(clips), 'clip')} could be judged: {failures[0]}",
            "the model needs the sensors and channels that it was trained on",
        )
    yield Progress(len(clips), len(clips), "Predicted", {LEFT_OUT: tuple(failures)})
    every = [segment for _, track in tracks for segment in track.segments]
    seconds = sum(segment.duration_s for segment in every)
    return Predictions(run.name, tuple(tracks), len(every), seconds, tuple(failures))


@dataclass(frozen=True, eq=False)
class _Judge:
    """A model, ready for any clip of a project."""

    project: Project
    folder: Path
    config: TrainingConfig
    checkpoint: Checkpoint
    predictor: Predictor
    calibration: QuantileMap | None
    author: str
    least_s: float
    least_confidence: float

    def timeline(self, clip: Clip, signals: str) -> Job[LabelTrack]:
        """Job: the labels that the model gives to a whole clip."""
        from harstudio.learn.fit.prediction import predicted

        whole = clip.with_track(LabelTrack((Segment(0.0, clip.duration_s, _ANY),)), MINE)
        bare = self.project.with_clips([whole])
        if signals == REAL:
            sensors = self.config.sensors
            bare, _notes = yield from all_aligned(bare, self.folder, (clip.id,), sensors)
        windows = yield from collect_windows(
            bare, self.folder, self.config, signals=signals, clip_ids=(clip.id,), labels=(_ANY,)
        )
        self.checkpoint.check_fits(windows)
        if self.calibration is not None:
            windows = calibrated_windows(windows, self.calibration)
        labels, index = self.checkpoint.labels, np.arange(len(windows))
        votes = yield from predicted(self.predictor, windows, index, classes=len(labels))
        segments = voted(
            windows.start_s, windows.end_s, votes, labels,
            least_s=self.least_s, least_confidence=self.least_confidence, author=self.author,
        )  # fmt: skip
        return LabelTrack(segments)


def _told_as(job: Job[T], progress: Progress) -> Job[T]:
    """A job whose steps are told as one of a longer one: its bar does not jump back."""
    while True:
        try:
            next(job)
        except StopIteration as stop:
            result: T = stop.value
            return result
        yield progress


def _source(clip: Clip, order: tuple[str, ...]) -> str:
    """The first kind of signals of `order` that a clip has; empty if it has none of them."""
    has = {VIRTUAL: clip.motion is not None, REAL: bool(clip.recordings)}
    return next((signals for signals in order if has[signals]), "")


def _config(checkpoint: Checkpoint) -> TrainingConfig:
    """How to cut windows for a timeline: the model's way, but closer and whatever the label."""
    config = checkpoint.config
    overlap = max(config.overlap, LEAST_OVERLAP)
    return replace(config, overlap=overlap, min_share=0.01, label_map=None)
