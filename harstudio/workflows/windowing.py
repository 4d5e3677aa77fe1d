"""Labelled clips of a project become windows, virtual or real, on one clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from harstudio.body.people import varied
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording, SensorLayout
from harstudio.core.jobs import Job, Progress
from harstudio.core.labels import UNKNOWN
from harstudio.core.project import Clip, Project
from harstudio.core.timebase import Alignment, clip_time
from harstudio.imu.compare import mounted
from harstudio.imu.frames import restored, sensed
from harstudio.imu.resample import at_times, resampled
from harstudio.imu.simulate import SimulationOptions
from harstudio.io.registry import read_recording
from harstudio.learn.config import BOTH as BOTH
from harstudio.learn.config import REAL as REAL
from harstudio.learn.config import VIRTUAL as VIRTUAL
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.cutting import cut_windows
from harstudio.learn.data.label_map import LabelMap
from harstudio.learn.data.movements import movement_signature, same_movements
from harstudio.learn.data.pose_windows import cut_paired
from harstudio.learn.data.windows import WindowSet, joined
from harstudio.learn.models import model_spec
from harstudio.workflows.batches import reason_of
from harstudio.workflows.loading import (
    Posed,
    bodies_of,
    layout_for,
    options_for,
    read_posed,
    simulate_motion,
)
from harstudio.workflows.poses import joint_positions

LEFT_OUT = "left_out"
_SLACK_S = 1e-6
_TOUCHED = 3
"""Samples at either end of a motion that have no acceleration of their own."""


def collect_windows(
    project: Project,
    folder: Path,
    config: TrainingConfig,
    *,
    signals: str = VIRTUAL,
    clip_ids: tuple[str, ...] | None = None,
    labels: tuple[str, ...] | None = None,
) -> Job[WindowSet]:
    """Cut the labelled parts of a project's clips into windows.

    Parameters
    ----------
    folder : Path
        Of the project file.
    signals : str
        ``virtual``: simulate clips that have a motion. ``real``: take clips' recordings, under
        their alignment, that have all of the configuration's sensors. ``both``: either, each
        window marked by `WindowSet.real`.
    clip_ids : tuple of str, optional
        Only these clips. Excluded and broken clips never take part.
    labels : tuple of str, optional
        The labels and their order; all labels in use but "unknown", in the project's order,
        unless told. Under the configuration's label map, those that it maps to.

    Returns
    -------
    WindowSet
        Of all clips but those that fail to load; the last Progress names them in its value
        `LEFT_OUT`. Clips that show one movement are told as such (`WindowSet.movements`).

    Raises
    ------
    HarstudioError
        No clip has both labels and such signals, all that do fail to load, or labels that the
        label map does not know.
    """
    clips = labelled_clips(project, signals, clip_ids)
    if not clips:
        kind = "virtual or real" if signals == BOTH else signals
        raise HarstudioError(
            f"no clip has both labels and {kind} signals",
            "label some clips, and check that they are not excluded",
        )
    if config.label_map is not None:
        config.label_map.checked(clip.labels for clip in clips)
    names = labels or classes_of(project, clips, config.label_map)
    if not names:
        raise HarstudioError(f"the only label is {UNKNOWN!r}: nothing to learn", "label more")
    layout = layout_for(project.layout, config.sensors) if config.sensors else project.layout
    kinds = (VIRTUAL, REAL) if signals == BOTH else (signals,)
    work = [(clip, kind) for clip in clips for kind in kinds if has_signals(clip, kind)]
    sets: list[WindowSet] = []
    failures: list[str] = []
    shown: dict[str, FloatArray | None] = {}
    used: set[str] = set()
    for done, (clip, kind) in enumerate(work):
        yield Progress(done, len(work), f"Cutting windows: {clip.name}")
        try:
            for recording in _signals(project, folder, clip, layout, config, kind, shown):
                posed = _posed(project, folder, clip, config, shown)
                sets.append(_cut(recording, clip, names, config, posed))
            used.add(clip.id)
        except Exception as error:
            failures.append(f"{clip.name}: {reason_of(error)}")
    if not any(len(windows) for windows in sets):
        raise HarstudioError(
            f"none of {len(clips)} labelled clips gave a window",
            failures[0] if failures else "segments shorter than a window give none",
        )
    note = f"{sum(len(s) for s in sets):,} windows from {len(used)} clips"
    if failures:
        note += f"; {len(failures)} left out, e.g. {failures[0]}"
    yield Progress(len(work), len(work), note, {LEFT_OUT: tuple(failures)})
    whole = joined(sets)
    first = same_movements(shown)
    return replace(whole, movements=tuple(first.get(i, i) for i in whole.clip_ids))


def sketched_windows(
    project: Project, config: TrainingConfig, clip_ids: tuple[str, ...] | None = None
) -> WindowSet:
    """The windows that clips will give or nearly so, without their signals: no file is read.

    What a split will put where, and which parts share what, can be told from them in an instant.

    Parameters
    ----------
    clip_ids : tuple of str, optional
        Only these clips.

    Returns
    -------
    WindowSet
        Of no channels; possibly of no windows.

    Raises
    ------
    HarstudioError
        No clip has labels and signals, or labels that the label map does not know.
    """
    clips = labelled_clips(project, config.signals, clip_ids)
    if config.label_map is not None:
        config.label_map.checked(clip.labels for clip in clips)
    names = classes_of(project, clips, config.label_map)
    if not names:
        raise HarstudioError(
            f"no labelled clip has {config.signals} signals, or its only label is {UNKNOWN!r}",
            "label more clips",
        )
    bare = replace(config, sensors=(), channels="magnitude")
    sets = []
    for clip in clips:
        count = max(1, round(clip.duration_s * config.rate_hz))
        valid = np.ones(count, bool)
        if clip.motion is not None:
            valid[:_TOUCHED] = valid[-_TOUCHED:] = False
        blank = ImuRecording(
            np.arange(count) / config.rate_hz,
            ("any",),
            np.zeros((count, 1, 3)),
            valid=valid,
            kind="virtual" if has_signals(clip, VIRTUAL) and config.signals != REAL else "real",
        )
        windows = _cut(blank, clip, names, bare)
        sets.append(replace(windows, signals=windows.signals[:, :, :0], channels=()))
    return joined(sets)


def labelled_clips(
    project: Project, signals: str, clip_ids: tuple[str, ...] | None = None
) -> list[Clip]:
    """Clips with labels and such signals; excluded and broken ones never take part."""
    chosen = project.clips.values() if clip_ids is None else [project.clip(i) for i in clip_ids]
    return [c for c in chosen if c.usable and len(c.labels) and has_signals(c, signals)]


def classes_of(
    project: Project, clips: Iterable[Clip], label_map: LabelMap | None
) -> tuple[str, ...]:
    """What can be learned from clips: their labels but "unknown", or what these are mapped to."""
    used = {label for clip in clips for label in clip.labels.labels}
    ordered = tuple(name for name in project.label_set.names if name in used)
    if label_map is None:
        return tuple(name for name in ordered if name != UNKNOWN)
    return label_map.labels(ordered)


def with_people(
    project: Project,
    folder: Path,
    config: TrainingConfig,
    windows: WindowSet,
    clip_ids: tuple[str, ...],
) -> Job[WindowSet]:
    """Add made-up people who repeat the movement of training clips.

    Parameters
    ----------
    folder : Path
        Of the project file.
    config : TrainingConfig
        `people` of them for each clip; `seed` and the clip's id choose who.
    windows : WindowSet
        Virtual windows of the people as recorded.
    clip_ids : tuple of str
        The clips of the training part. Others are not simulated.

    Returns
    -------
    WindowSet
        `windows`, then those of the made-up people, told apart by `WindowSet.variant`. As from
        `collect_windows`, the last Progress names clips that failed.
    """
    layout = layout_for(project.layout, config.sensors) if config.sensors else project.layout
    bodies = bodies_of(project, folder)
    options = SimulationOptions(preset=config.preset, rate_hz=config.rate_hz)
    sets = [windows]
    failures: list[str] = []
    for done, clip_id in enumerate(clip_ids):
        clip = project.clip(clip_id)
        yield Progress(done, len(clip_ids), f"Other people: {clip.name}")
        try:
            assert clip.motion is not None
            posed = read_posed(clip.motion, folder, bodies)
            for variant in range(1, config.people + 1):
                seed = (config.seed, variant, _number_of(clip_id))
                person = varied(posed.shaped, posed.motion, layout, seed=seed)
                virtual = simulate_motion(*person, options_for(posed.points, options))
                body = Posed(person[1], person[0])
                sets.append(_cut(virtual, clip, windows.labels, config, body, variant))
        except Exception as error:
            failures.append(f"{clip.name} by other people: {reason_of(error)}")
    note = f"{sum(len(cut) for cut in sets[1:]):,} windows of made-up people"
    yield Progress(len(clip_ids), len(clip_ids), note, {LEFT_OUT: tuple(failures)})
    return joined(sets)


def _cut(
    recording: ImuRecording,
    clip: Clip,
    labels: tuple[str, ...],
    config: TrainingConfig,
    posed: Posed | None = None,
    variant: int = 0,
) -> WindowSet:
    """A clip's windows as the model takes them: of signals alone, or of poses beside them."""
    track, clip_id, name = clip.labels, clip.id, clip.name
    if not model_spec(config.model).paired:
        return cut_windows(
            recording, track, labels, clip_id=clip_id, subject=clip.subject, config=config,
            variant=variant, name=name,
        )  # fmt: skip
    positions = None
    if posed is not None:
        positions = joint_positions(posed.shaped, posed.motion, recording.times_s)
    return cut_paired(
        recording, positions, track, labels, clip_id=clip_id, subject=clip.subject, config=config,
        variant=variant, name=name,
    )  # fmt: skip


def _posed(
    project: Project,
    folder: Path,
    clip: Clip,
    config: TrainingConfig,
    shown: dict[str, FloatArray | None],
) -> Posed | None:
    """The clip's motion where the model takes poses and there is one; `shown` learns it."""
    if clip.motion is None or not model_spec(config.model).paired:
        return None
    posed = read_posed(clip.motion, folder, bodies_of(project, folder))
    if clip.id not in shown:
        shown[clip.id] = movement_signature(posed.motion)
    return posed


def _number_of(clip_id: str) -> int:
    """A number that is the clip's own, whatever other clips there are."""
    return int.from_bytes(sha256(clip_id.encode()).digest()[:8], "big")


def has_signals(clip: Clip, signals: str) -> bool:
    """Whether a clip can give virtual signals, real ones, or any."""
    has = {VIRTUAL: clip.motion is not None, REAL: bool(clip.recordings)}
    return any(has.values()) if signals == BOTH else has[signals]


def _signals(
    project: Project,
    folder: Path,
    clip: Clip,
    layout: SensorLayout,
    config: TrainingConfig,
    signals: str,
    shown: dict[str, FloatArray | None],
) -> list[ImuRecording]:
    """A clip's signals of one kind; of a virtual one, `shown` learns what it shows."""
    if signals == VIRTUAL:
        assert clip.motion is not None
        posed = read_posed(clip.motion, folder, bodies_of(project, folder))
        shown[clip.id] = movement_signature(posed.motion)
        return [_virtual(posed, layout, config)]
    fitting = [
        number
        for number, ref in enumerate(clip.recordings)
        if set(config.sensors or ref.sensors) <= set(ref.sensors)
    ]
    if not fitting:
        worn = "; ".join(", ".join(ref.sensors) for ref in clip.recordings)
        raise HarstudioError(
            f"its recordings have the sensors {worn}, expected {', '.join(config.sensors)}"
        )
    return [
        aligned_recording(
            read_recording(clip.recordings[number].source, folder), clip, number, config
        )
        for number in fitting
    ]


def _virtual(posed: Posed, layout: SensorLayout, config: TrainingConfig) -> ImuRecording:
    options = SimulationOptions(preset=config.preset, rate_hz=config.rate_hz)
    return simulate_motion(posed.shaped, posed.motion, layout, options_for(posed.points, options))


def aligned_recording(
    recording: ImuRecording, clip: Clip, number: int, config: TrainingConfig
) -> ImuRecording:
    """A clip's recording on the clip's clock, in the frame that the virtual signals have.

    Parameters
    ----------
    recording : ImuRecording
        The samples of ``clip.recordings[number]``.
    config : TrainingConfig
        Its rate and preset.

    Returns
    -------
    ImuRecording
        Regular at the configuration's rate over the part of the clip that was recorded, with the
        mounting undone. Like virtual signals it is low-passed before its rate goes down.

    Raises
    ------
    HarstudioError
        The frame asked for needs an orientation that the recording lacks, or nothing of the clip
        was recorded.
    """
    alignment = clip.recordings[number].alignment
    on_clip = replace(
        _in_frame(recording, alignment, config.preset),
        times_s=clip_time(alignment, recording.times_s),
    )
    regular = resampled(on_clip, config.rate_hz)
    times_s = regular.times_s
    inside = times_s[(times_s >= -_SLACK_S) & (times_s < clip.duration_s - _SLACK_S)]
    if not len(inside):
        raise HarstudioError(
            f"its recording lies from {times_s[0]:.1f} to {times_s[-1]:.1f} s, "
            f"outside the clip's {clip.duration_s:.1f} s",
            "align it",
        )
    return regular if len(inside) == len(times_s) else at_times(regular, inside)


def _in_frame(recording: ImuRecording, alignment: Alignment, preset: str) -> ImuRecording:
    """The recording with its mounting undone, as the preset's virtual signals are given."""
    if preset != "paper":
        return mounted(sensed(recording), alignment)
    if recording.orientation_wxyz is None:
        if recording.frame == "global" and not recording.with_gravity:
            return recording
        raise HarstudioError(
            "its recording has no orientation to turn it into the world frame with, as a model "
            "of preset 'paper' expects",
            "train with preset 'physical'",
        )
    worn = mounted(sensed(recording), alignment)
    return restored(worn, replace(worn, frame="global", with_gravity=False))
