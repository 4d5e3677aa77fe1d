"""What a training would learn from, in counts to be drawn, and what stands in its way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import UNKNOWN, LabelTrack
from harstudio.core.project import Clip, Project
from harstudio.learn.config import REAL, VIRTUAL, TrainingConfig
from harstudio.learn.data.label_map import LabelMap
from harstudio.learn.splitting.leaks import PARTS, Leak, counted
from harstudio.learn.splitting.splits import Split
from harstudio.workflows.training_data import TrainingPlan, plan_training, training_clips
from harstudio.workflows.windowing import classes_of, labelled_clips


@dataclass(frozen=True)
class Counts:
    """How much there is of each label, or of each subject, in its own order."""

    seconds: dict[str, float] = field(default_factory=dict)
    windows: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelUse:
    """A label as it was painted, and how much of it there is."""

    label: str
    segments: int
    seconds: float


@dataclass(frozen=True)
class TrainingPreview:
    """What a training would do, or why it cannot be done.

    Attributes
    ----------
    labels, subjects : Counts
        Under the label map; windows only where there is a plan. Seconds of a label that the map
        says nothing about are in none.
    clips, kept_out : int
        That take part, and that do not: somebody in them has a recording, or, for real signals,
        it lacks a sensor.
    plan : TrainingPlan or None
    obstacle : str
        Why there is none; empty where there is one.
    """

    labels: Counts
    subjects: Counts
    clips: int
    kept_out: int
    plan: TrainingPlan | None
    obstacle: str

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """What the parts share; of several folds, each text once."""
        if self.plan is None:
            return ()
        found = {leak.text: leak for split in self.plan.splits for leak in split.leaks}
        return tuple(found.values())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What else to know before starting."""
        leaking = {leak.text for leak in self.leaks}
        return tuple(t for t in (self.plan.warnings if self.plan else ()) if t not in leaking)


def chosen_clips(
    project: Project, config: TrainingConfig, *, include_recorded: bool = False
) -> tuple[str, ...]:
    """Ids of the clips that a training takes; for real signals, those with all of its sensors.

    Parameters
    ----------
    include_recorded : bool
        As for `training_clips`.
    """
    ids = training_clips(project, include_recorded=include_recorded, signals=config.signals)
    if config.signals != REAL or not config.sensors:
        return ids
    wanted = set(config.sensors)
    return tuple(
        i for i in ids if any(wanted <= set(ref.sensors) for ref in project.clip(i).recordings)
    )


def preview_training(
    project: Project, config: TrainingConfig, *, include_recorded: bool = False
) -> TrainingPreview:
    """What a training would do; no file is read, and what is wrong is told, not raised.

    Parameters
    ----------
    include_recorded : bool
        As for `training_clips`.
    """
    ids = chosen_clips(project, config, include_recorded=include_recorded)
    every = training_clips(project, include_recorded=True, signals=config.signals)
    clips = labelled_clips(project, config.signals, ids)
    plan, obstacle = None, ""
    try:
        plan = plan_training(project, config, ids)
    except HarstudioError as error:
        obstacle = f"{error.message}: {error.hint}" if error.hint else error.message
    labels, subjects = _seconds(project, clips, config.label_map), _people(clips, config.label_map)
    return TrainingPreview(
        Counts(labels, _windows_of(plan, "label")),
        Counts(subjects, _windows_of(plan, "subject")),
        len(clips),
        len(every) - len(ids),
        plan,
        obstacle,
    )


def labels_in_use(
    project: Project, signals: str, clip_ids: tuple[str, ...]
) -> tuple[LabelUse, ...]:
    """Every label of these clips as painted, in the project's order; ``unknown`` last."""
    segments: Counter[str] = Counter()
    seconds: dict[str, float] = {}
    for clip in labelled_clips(project, signals, clip_ids):
        for segment in clip.labels.segments:
            segments[segment.label] += 1
            seconds[segment.label] = seconds.get(segment.label, 0.0) + segment.duration_s
    known = [name for name in project.label_set.names if name in segments and name != UNKNOWN]
    others = sorted(set(segments) - set(known) - {UNKNOWN})
    last = [UNKNOWN] if UNKNOWN in segments else []
    return tuple(LabelUse(n, segments[n], seconds[n]) for n in (*known, *others, *last))


def mapped_seconds(used: tuple[LabelUse, ...], label_map: LabelMap) -> dict[str, float]:
    """Seconds of each class that labels become, in the map's order."""
    found = dict.fromkeys(label_map.labels([each.label for each in used]), 0.0)
    for each in used:
        new = label_map.of(each.label)
        if new:
            found[new] += each.seconds
    return found


@dataclass(frozen=True)
class SensorChoice:
    """A sensor that a model can be trained on.

    Attributes
    ----------
    worn : int
        In how many recordings it is; of `recordings`. Both 0 where virtual signals alone are
        learned from.
    """

    name: str
    worn: int = 0
    recordings: int = 0

    @property
    def everywhere(self) -> bool:
        """Whether every recording has it."""
        return self.worn == self.recordings


def sensor_choices(
    project: Project, signals: str, clip_ids: tuple[str, ...]
) -> tuple[SensorChoice, ...]:
    """Sensors to choose of: those of the layout; for real signals, those that were worn.

    Where both kinds are learned from, those that are in the layout and were worn.
    """
    if signals == VIRTUAL:
        return tuple(SensorChoice(name) for name in project.layout.names)
    refs = [ref for clip in labelled_clips(project, signals, clip_ids) for ref in clip.recordings]
    worn = Counter(name for ref in refs for name in ref.sensors)
    order = [name for name in project.layout.names if name in worn]
    if signals == REAL:
        order += sorted(set(worn) - set(order))
    return tuple(SensorChoice(name, worn[name], len(refs)) for name in order)


def split_text(splits: tuple[Split, ...]) -> str:
    """How the windows are split, in a line: units and windows of each part."""
    if len(splits) == 1:
        return splits[0].text
    ranges = []
    for part in PARTS:
        sizes = [len(split.part(part)) for split in splits]
        units = [len(split.units.get(part, ())) for split in splits]
        if any(sizes):
            noun = splits[0].unit or "unit"
            ranges.append(f"{part} {_range(sizes, 'window')} of {_range(units, noun)}")
    return f"{splits[0].title}, {len(splits)} trainings, in each: {', '.join(ranges)}"


def _range(numbers: list[int], noun: str) -> str:
    low, high = min(numbers), max(numbers)
    return counted(low, noun) if low == high else f"{low} to {counted(high, noun)}"


def _mapped(clip: Clip, label_map: LabelMap | None) -> LabelTrack:
    return clip.labels if label_map is None else label_map.track(clip.labels)


def _seconds(project: Project, clips: list[Clip], label_map: LabelMap | None) -> dict[str, float]:
    found = dict.fromkeys(classes_of(project, clips, label_map), 0.0)
    for clip in clips:
        for label, seconds in _mapped(clip, label_map).seconds_by_label().items():
            if label != UNKNOWN:
                found[label] = found.get(label, 0.0) + seconds
    return found


def _people(clips: list[Clip], label_map: LabelMap | None) -> dict[str, float]:
    found: dict[str, float] = {}
    for clip in clips:
        seconds = _mapped(clip, label_map).seconds_by_label()
        total = sum(length for label, length in seconds.items() if label != UNKNOWN)
        found[clip.subject] = found.get(clip.subject, 0.0) + total
    return dict(sorted(found.items()))


def _windows_of(plan: TrainingPlan | None, what: str) -> dict[str, int]:
    if plan is None:
        return {}
    windows = plan.windows
    if what == "label":
        return windows.counts()
    counts = np.bincount(windows.subject_index, minlength=len(windows.subjects))
    return dict(zip(windows.subjects, counts.tolist(), strict=True))
