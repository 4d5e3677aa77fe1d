"""What fine-tuning would adapt, and to what: told before it starts, without reading a recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import UNKNOWN
from harstudio.core.project import Project
from harstudio.learn.config import REAL
from harstudio.learn.models import NETWORK, model_spec
from harstudio.learn.runs.folder import FINETUNING, TRAINING, RunFolder
from harstudio.learn.splitting.leaks import counted
from harstudio.workflows.windowing import labelled_clips


@dataclass(frozen=True)
class FinetunePreview:
    """A model beside the recordings that it is to be adapted to.

    Attributes
    ----------
    known, new, absent : names
        Classes that both have, that only the recordings have, and that only the model has.
    seconds : float
        Labelled, in the recordings that have all of the model's sensors.
    clips : int
        Such recordings' clips.
    lacking : tuple of (clip name, sensors that it lacks)
    subjects : names of the people in them
    """

    known: tuple[str, ...]
    new: tuple[str, ...]
    absent: tuple[str, ...]
    seconds: float
    clips: int
    lacking: tuple[tuple[str, tuple[str, ...]], ...]
    subjects: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """For a person: what is adapted to what."""
        told = [f"{counted(self.clips, 'clip')}, {self.seconds:,.0f} s labelled"]
        if self.known:
            told.append(f"kept and adapted: {', '.join(self.known)}")
        if self.new:
            told.append(f"new to the model: {', '.join(self.new)}")
        if self.absent:
            told.append(f"not in the recording, so only kept in memory: {', '.join(self.absent)}")
        if len(self.subjects) == 1:
            who = self.subjects[0] or "one person"
            told.append(f"adapted to {who} alone: other people gain little from it")
        return tuple(told)

    @property
    def obstacle(self) -> str:
        """Why it cannot be done; empty if it can."""
        if not self.clips and self.lacking:
            name, sensors = self.lacking[0]
            return f"{name} lacks {', '.join(sensors)}, which the model was trained on."
        if not self.clips:
            return "No clip has both a recording and labels: import one, and label it."
        return ""


def preview_finetune(
    project: Project, run_dir: Path, clip_ids: tuple[str, ...] | None
) -> FinetunePreview:
    """What fine-tuning of a run on some clips, or on all with a recording, would adapt.

    Raises
    ------
    HarstudioError
        The run cannot be read.
    """
    run = RunFolder(run_dir)
    config = run.config()
    labels = run.about().get("labels", [])
    classes = tuple(map(str, labels)) if isinstance(labels, list) else ()
    wanted = set(config.sensors)
    seconds: dict[str, float] = {}
    lacking, subjects, clips = [], [], 0
    for clip in labelled_clips(project, REAL, clip_ids):
        if not any(wanted <= set(ref.sensors) for ref in clip.recordings):
            has = {name for ref in clip.recordings for name in ref.sensors}
            lacking.append((clip.name, tuple(n for n in config.sensors if n not in has)))
            continue
        clips += 1
        subjects.append(clip.subject)
        track = clip.labels if config.label_map is None else config.label_map.track(clip.labels)
        for label, length in track.seconds_by_label().items():
            if label != UNKNOWN:
                seconds[label] = seconds.get(label, 0.0) + length
    return FinetunePreview(
        known=tuple(name for name in classes if name in seconds),
        new=tuple(name for name in seconds if name not in classes),
        absent=tuple(name for name in classes if name not in seconds),
        seconds=sum(seconds.values()),
        clips=clips,
        lacking=tuple(lacking),
        subjects=tuple(dict.fromkeys(subjects)),
    )


def can_be_finetuned(run: RunFolder) -> bool:
    """Whether a run left a network with dense layers to adapt."""
    try:
        kind, model = run.kind, run.config().model
        return run.finished and kind in (TRAINING, FINETUNING) and model_spec(model).kind == NETWORK
    except HarstudioError:
        return False
