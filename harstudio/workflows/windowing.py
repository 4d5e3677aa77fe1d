"""Labelled clips of a project become windows, virtual or real, on one clock."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from harstudio.body.people import varied
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
from harstudio.learn.config import TrainingConfig
from harstudio.learn.windows import WindowSet, cut_windows, joined
from harstudio.workflows.batches import reason_of
from harstudio.workflows.loading import (
    bodies_of,
    layout_for,
    options_for,
    read_posed,
    simulate_motion,
)

VIRTUAL, REAL = "virtual", "real"
LEFT_OUT = "left_out"
_SLACK_S = 1e-6


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
        their alignment, that have all of the configuration's sensors.
    clip_ids : tuple of str, optional
        Only these clips. Excluded and broken clips never take part.
    labels : tuple of str, optional
        The labels and their order; all labels in use but "unknown", in the project's order,
        unless told.

    Returns
    -------
    WindowSet
        Of all clips but those that fail to load; the last Progress names them in its value
        `LEFT_OUT`.

    Raises
    ------
    HarstudioError
        No clip has both labels and such signals, or all that do fail to load.
    """
    chosen = project.clips.values() if clip_ids is None else [project.clip(i) for i in clip_ids]
    clips = [c for c in chosen if c.usable and len(c.labels) and _has(c, signals)]
    if not clips:
        raise HarstudioError(
            f"no clip has both labels and {signals} signals",
            "label some clips, and check that they are not excluded",
        )
    used = {label for clip in clips for label in clip.labels.labels} - {UNKNOWN}
    names = labels or tuple(name for name in project.label_set.names if name in used)
    if not names:
        raise HarstudioError(f"the only label is {UNKNOWN!r}: nothing to learn", "label more")
    layout = layout_for(project.layout, config.sensors) if config.sensors else project.layout
    sets: list[WindowSet] = []
    failures: list[str] = []
    for done, clip in enumerate(clips):
        yield Progress(done, len(clips), f"Cutting windows: {clip.name}")
        try:
            for recording in _signals(project, folder, clip, layout, config, signals):
                windows = cut_windows(
                    recording,
                    clip.labels,
                    names,
                    clip_id=clip.id,
                    subject=clip.subject,
                    config=config,
                )
                sets.append(windows)
        except Exception as error:
            failures.append(f"{clip.name}: {reason_of(error)}")
    if not any(len(windows) for windows in sets):
        raise HarstudioError(
            f"none of {len(clips)} labelled clips gave a window",
            failures[0] if failures else "segments shorter than a window give none",
        )
    note = f"{sum(len(s) for s in sets):,} windows from {len(clips) - len(failures)} clips"
    if failures:
        note += f"; {len(failures)} clips left out, e.g. {failures[0]}"
    yield Progress(len(clips), len(clips), note, {LEFT_OUT: tuple(failures)})
    return joined(sets)


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
                cut = cut_windows(
                    simulate_motion(*person, options_for(posed.points, options)),
                    clip.labels,
                    windows.labels,
                    clip_id=clip.id,
                    subject=clip.subject,
                    config=config,
                    variant=variant,
                )
                sets.append(cut)
        except Exception as error:
            failures.append(f"{clip.name} by other people: {reason_of(error)}")
    note = f"{sum(len(cut) for cut in sets[1:]):,} windows of made-up people"
    yield Progress(len(clip_ids), len(clip_ids), note, {LEFT_OUT: tuple(failures)})
    return joined(sets)


def _number_of(clip_id: str) -> int:
    """A number that is the clip's own, whatever other clips there are."""
    return int.from_bytes(sha256(clip_id.encode()).digest()[:8], "big")


def _has(clip: Clip, signals: str) -> bool:
    return clip.motion is not None if signals == VIRTUAL else bool(clip.recordings)


def _signals(
    project: Project,
    folder: Path,
    clip: Clip,
    layout: SensorLayout,
    config: TrainingConfig,
    signals: str,
) -> list[ImuRecording]:
    if signals == VIRTUAL:
        return [_virtual(project, folder, clip, layout, config)]
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


def _virtual(
    project: Project, folder: Path, clip: Clip, layout: SensorLayout, config: TrainingConfig
) -> ImuRecording:
    assert clip.motion is not None
    posed = read_posed(clip.motion, folder, bodies_of(project, folder))
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
