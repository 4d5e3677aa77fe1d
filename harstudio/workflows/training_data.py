"""What there is to learn from, and whether it will do: said before anything is simulated."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import UNKNOWN
from harstudio.core.project import Clip, Project
from harstudio.learn.config import (
    BY_SUBJECT,
    ONE_SUBJECT_OUT,
    REAL,
    VIRTUAL,
    TrainingConfig,
)
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.models import model_spec
from harstudio.learn.splitting.folds import make_folds
from harstudio.learn.splitting.splits import Split, class_warnings
from harstudio.workflows.calibrating import comparable_clips
from harstudio.workflows.loading import layout_for
from harstudio.workflows.windowing import (
    classes_of,
    has_signals,
    labelled_clips,
    sketched_windows,
)


def training_clips(
    project: Project, *, include_recorded: bool = False, signals: str = VIRTUAL
) -> tuple[str, ...]:
    """Ids of the labelled clips that a model is trained on.

    For virtual signals, people with a labelled recording are kept out where enough others remain:
    a network that has seen their motion, even as virtual signals, is no honest "before" for
    fine-tuning on them. For real signals, or both kinds, every clip that has them takes part.
    """
    clips = [c for c in project.clips.values() if c.usable and _classes(c)]
    clips = [c for c in clips if has_signals(c, signals)]
    if signals != VIRTUAL:
        return tuple(clip.id for clip in clips)
    recorded = {c.id for c in clips if c.recordings}
    people = {c.subject for c in clips if c.id in recorded and c.subject}
    others = [c for c in clips if c.id not in recorded and c.subject not in people]
    labels = {label for clip in others for label in _classes(clip)}
    subjects = {clip.subject for clip in others}
    enough = len(labels) >= 2 and len(subjects) >= min(3, len({c.subject for c in clips}))
    chosen = clips if include_recorded or not enough else others
    return tuple(clip.id for clip in chosen)


def with_sensors(
    project: Project, config: TrainingConfig, clip_ids: tuple[str, ...] | None = None
) -> TrainingConfig:
    """The configuration with its sensors named.

    Unless it names them: those of the layout; where real signals take part, those that all the
    recordings of these clips have in common.

    Raises
    ------
    HarstudioError
        A sensor that is unknown, or recordings that have none in common.
    """
    if config.sensors:
        if config.signals != REAL:
            layout_for(project.layout, config.sensors)
        return config
    if config.signals == VIRTUAL:
        return replace(config, sensors=project.layout.names)
    clips = labelled_clips(project, REAL, clip_ids)
    worn = [set(ref.sensors) for clip in clips for ref in clip.recordings]
    shared = set.intersection(*worn) if worn else set()
    if not shared:
        counts = Counter(name for sensors in worn for name in sensors)
        known = ", ".join(f"{name} ({count})" for name, count in counts.most_common())
        raise HarstudioError(
            f"the {len(worn)} recordings have no sensor in common",
            f"choose sensors (--sites) of {known or 'none'}",
        )
    order = [name for name in project.layout.names if name in shared]
    return replace(config, sensors=(*order, *sorted(shared - set(order))))


def _classes(clip: Clip) -> tuple[str, ...]:
    """The clip's labels that can be learned: "unknown" is none."""
    return tuple(label for label in clip.labels.labels if label != UNKNOWN)


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


@dataclass(frozen=True)
class TrainingPlan:
    """What a training would do, as far as can be told without reading a file.

    Attributes
    ----------
    windows : WindowSet
        Those that it would learn from, without signals; their number may be off by a few.
    splits : tuple of Split
        One, or the folds; each carries its leaks.
    warnings : texts
    """

    windows: WindowSet
    splits: tuple[Split, ...]
    warnings: tuple[str, ...]


def check_trainable(
    project: Project, config: TrainingConfig, clip_ids: tuple[str, ...] | None = None
) -> tuple[str, ...]:
    """Refuse early what training would refuse late; see `plan_training`.

    Returns
    -------
    tuple of str
        What to know before starting: classes that miss a part, no validation, what parts share.
    """
    return plan_training(project, config, clip_ids).warnings


def plan_training(
    project: Project, config: TrainingConfig, clip_ids: tuple[str, ...] | None = None
) -> TrainingPlan:
    """What a training would do: its windows, its split and what is wrong with them.

    Parameters
    ----------
    clip_ids : tuple of str, optional
        As for `train_project`.

    Raises
    ------
    HarstudioError
        No such model, a sensor that is unknown, fewer than two labels, labels that the label map
        does not know, windows longer than what is labelled, a split that cannot be made, or
        nobody to calibrate with.
    """
    model_spec(config.model)
    ids = training_clips(project, signals=config.signals) if clip_ids is None else clip_ids
    config = with_sensors(project, config, ids)
    check_options(project, config, ids)
    clips = labelled_clips(project, config.signals, ids)
    told: list[str] = []
    if config.label_map is not None:
        told += config.label_map.checked(clip.labels for clip in clips)
    labels = classes_of(project, clips, config.label_map)
    if len(labels) < 2:
        raise HarstudioError(
            f"labels in use: {', '.join(labels) or 'none'}; expected at least 2", "label more clips"
        )
    _check_units(clips, config)
    windows = sketched_windows(project, config, ids)
    told += _short_labels(windows, clips, config)
    windows = windows.relabelled(windows.used_labels())
    splits = make_folds(windows, config)
    told += dict.fromkeys(text for split in splits for text in split.notes)
    told += _lone_classes(windows, config)
    if len(splits) == 1:
        told += class_warnings(windows, splits[0])
    told += dict.fromkeys(leak.text for split in splits for leak in split.leaks)
    return TrainingPlan(windows, splits, tuple(dict.fromkeys(told)))


def check_options(project: Project, config: TrainingConfig, clip_ids: tuple[str, ...]) -> None:
    """Refuse options that contradict each other.

    Raises
    ------
    HarstudioError
        Calibration or made-up people without virtual signals, or nobody to calibrate with.
    """
    if config.signals == REAL and (config.people or config.calibrate):
        what = "made-up people have" if config.people else "calibration is of"
        raise HarstudioError(
            f"{what} virtual signals, and only real ones are trained on",
            "train on virtual signals, or on both",
        )
    if config.calibrate and model_spec(config.model).paired:
        raise HarstudioError(
            f"{config.model} learns from poses beside the signals, which cannot be calibrated",
            "train without calibration: it learns the real signals' values itself",
        )
    if config.calibrate:
        check_calibratable(project, config, clip_ids)


def _check_units(clips: list[Clip], config: TrainingConfig) -> None:
    """Enough subjects or clips for the split; said of clips, before they become windows."""
    by_subject = config.split in (BY_SUBJECT, ONE_SUBJECT_OUT)
    if by_subject and len({clip.subject for clip in clips}) < 2:
        raise HarstudioError(
            "a split by subject needs clips of at least 2 subjects", "choose the split by clip"
        )
    if len(clips) < 2 and config.split != "random_windows":
        raise HarstudioError("a split by clip needs at least 2 labelled clips", "label more clips")


def _short_labels(windows: WindowSet, clips: list[Clip], config: TrainingConfig) -> tuple[str, ...]:
    """Labels that give no window, since no stretch of theirs is long enough.

    Raises
    ------
    HarstudioError
        Fewer than two labels give any.
    """
    longest: dict[str, float] = {}
    for clip in clips:
        track = clip.labels if config.label_map is None else config.label_map.track(clip.labels)
        for segment in track.segments:
            longest[segment.label] = max(longest.get(segment.label, 0.0), segment.duration_s)
    used = windows.used_labels()
    short = [label for label in windows.labels if label not in used]
    need_s = config.window_s * config.min_share
    told = [f"{label} (at most {longest.get(label, 0.0):.2f} s)" for label in short]
    what = f"a window of {config.window_s:g} s takes {need_s:.2f} s of one label"
    if len(used) < 2:
        whole = max((clip.duration_s for clip in clips), default=0.0)
        raise HarstudioError(
            f"{what}, and the clip to be {config.window_s:g} s long: too long for "
            f"{', '.join(told)}; the longest clip is {whole:.2f} s",
            "use shorter windows, or a smaller share of the majority label",
        )
    return (f"{what}: too long for {', '.join(told)}, which give none",) if told else ()


def _lone_classes(windows: WindowSet, config: TrainingConfig) -> tuple[str, ...]:
    """Classes that a single subject performs: a split by subject cannot test them fairly."""
    if config.split not in (BY_SUBJECT, ONE_SUBJECT_OUT):
        return ()
    told = []
    for code, label in enumerate(windows.labels):
        people = {windows.subjects[i] for i in windows.subject_index[windows.codes == code]}
        if len(people) == 1:
            told.append(
                f"{label!r} is of one subject only ({people.pop() or 'of no name'}): by subject "
                "it is either trained on or tested on, never both"
            )
    return tuple(told)


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
