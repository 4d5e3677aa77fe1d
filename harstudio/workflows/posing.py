"""Signals that a trained pose2imu model makes from the motions of clips."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harstudio.body.model import ShapedBody
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.jobs import Job, Progress, finished
from harstudio.core.motion import Motion
from harstudio.core.project import Project
from harstudio.core.source import Source, fingerprint_of
from harstudio.io.imu_npz import write_imu_npz
from harstudio.learn.models import model_spec
from harstudio.learn.runs.folder import MODEL, RunFolder
from harstudio.workflows.batches import reason_of
from harstudio.workflows.exchange.file_names import free_name, safe_name, staged
from harstudio.workflows.loading import bodies_of, read_posed
from harstudio.workflows.poses import joint_positions

if TYPE_CHECKING:
    from harstudio.learn.fit.pose_training import SignalMaker
    from harstudio.learn.runs.checkpoint import Checkpoint

FORMAT = "pose2imu"
"""Of the source of a generated recording: the run that made it."""
LEFT_OUT = "left_out"
_ACC, _GYRO = (tuple(f"{signal}_{axis}" for axis in "xyz") for signal in ("acc", "gyro"))
_SLACK = 1e-6


@dataclass(frozen=True)
class Generated:
    """Result of `generate_project`.

    Attributes
    ----------
    files : tuple of Path
    failures : tuple of str
        Clips that gave nothing, and why.
    """

    files: tuple[Path, ...]
    failures: tuple[str, ...] = ()


def can_generate(run: RunFolder) -> bool:
    """Whether a run has a model that makes signals from poses."""
    if not (run.path / MODEL).is_file():
        return False
    try:
        config = run.config()
        return model_spec(config.model).paired and config.pose_mode != "baseline"
    except HarstudioError:
        return False


def generate(run_dir: Path, shaped: ShapedBody, motion: Motion) -> Job[ImuRecording]:
    """Job: what a run's sensors would read during a motion, as the run has learned it.

    Parameters
    ----------
    run_dir : Path
        Of pose2imu, in mode joint or regression_first.

    Returns
    -------
    ImuRecording
        Virtual, at the rate the model was trained on, from the motion's first frame on; its source
        is the run.

    Raises
    ------
    HarstudioError
        No such run, or one that makes no signals.
    """
    yield Progress(0, 0, "loading torch")
    checkpoint, maker = _opened(run_dir)
    return (yield from _made(run_dir, checkpoint, maker, shaped, motion))


def generate_clip(project: Project, folder: Path, clip_id: str, run_dir: Path) -> Job[ImuRecording]:
    """Job: `generate` for the motion of a clip."""
    clip = project.clip(clip_id)
    if clip.motion is None:
        raise HarstudioError(f"clip {clip.name!r}: has no motion to make signals from")
    posed = read_posed(clip.motion, folder, bodies_of(project, folder))
    return (yield from generate(run_dir, posed.shaped, posed.motion))


def generate_project(
    project: Project,
    folder: Path,
    run_dir: Path,
    out: Path,
    clip_ids: Iterable[str] | None = None,
) -> Job[Generated]:
    """Job: `generate` for every usable clip with a motion, as recordings that can be imported.

    Parameters
    ----------
    out : Path
        Made; it holds ``<clip>.npz`` (see `harstudio.io.imu_npz`).

    Raises
    ------
    HarstudioError
        No clip with a motion, none that succeeded, or a folder that is not empty; nothing is
        written then.
    """
    ids = project.clips if clip_ids is None else clip_ids
    clips = [c for c in map(project.clip, ids) if c.usable and c.motion is not None]
    if not clips:
        raise HarstudioError("no usable clip has a motion to make signals from")
    bodies, names = bodies_of(project, folder), set[str]()
    failures: list[str] = []
    with staged(out) as stage:
        yield Progress(0, len(clips), "loading torch")
        checkpoint, maker = _opened(run_dir)
        for done, clip in enumerate(clips):
            yield Progress(done, len(clips), clip.name)
            assert clip.motion is not None
            try:
                posed = read_posed(clip.motion, folder, bodies)
                made = finished(_made(run_dir, checkpoint, maker, posed.shaped, posed.motion))
                name = free_name(safe_name(clip.name), ".npz", {each.lower() for each in names})
                write_imu_npz(stage / name, made, preset=FORMAT, source=clip.motion.path)
                names.add(name)
            except Exception as error:
                failures.append(f"{clip.name}: {reason_of(error)}")
        if not names:
            raise HarstudioError(f"none of {len(clips)} clips gave signals: {failures[0]}")
    files = [out / name for name in sorted(names)]
    yield Progress(len(clips), len(clips), f"{len(files)} clips", {LEFT_OUT: tuple(failures)})
    return Generated(tuple(files), tuple(failures))


def _opened(run_dir: Path) -> tuple[Checkpoint, SignalMaker]:
    from harstudio.learn.fit.pose_training import SignalMaker  # torch: only here, in the job

    checkpoint = RunFolder(run_dir).checkpoint()
    return checkpoint, SignalMaker(checkpoint)


def _made(
    run_dir: Path,
    checkpoint: Checkpoint,
    maker: SignalMaker,
    shaped: ShapedBody,
    motion: Motion,
) -> Job[ImuRecording]:
    count = int((motion.frames - 1) / motion.rate_hz * maker.rate_hz + _SLACK) + 1
    times_s = np.arange(count) / maker.rate_hz
    values = yield from maker.of_poses(joint_positions(shaped, motion, times_s))
    sensors = tuple(dict.fromkeys(name.rsplit(" ", 1)[0] for name in maker.channels))
    acc, gyro = (_vectors(values, maker.channels, sensors, names) for names in (_ACC, _GYRO))
    if acc is None:
        raise HarstudioError(
            f"{run_dir.name}: makes {', '.join(maker.channels)}, and no acceleration",
            "choose a run that was trained on the channels acc or acc_gyro",
        )
    world = checkpoint.config.preset == "paper"
    return ImuRecording(
        times_s=times_s,
        sensors=sensors,
        acc_mps2=acc,
        gyro_radps=gyro,
        valid=np.asarray(np.isfinite(values).all(axis=1)),
        kind="virtual",
        frame="global" if world else "sensor",
        with_gravity=not world,
        source=Source(run_dir.as_posix(), FORMAT, fingerprint_of(run_dir / MODEL)),
    )


def _vectors(
    values: FloatArray, channels: tuple[str, ...], sensors: tuple[str, ...], names: tuple[str, ...]
) -> FloatArray | None:
    """(T, S, 3) of a signal; None unless every sensor has it."""
    wanted = [f"{sensor} {name}" for sensor in sensors for name in names]
    if not set(wanted) <= set(channels):
        return None
    columns = values[:, [channels.index(name) for name in wanted]]
    return columns.reshape(len(values), len(sensors), 3)
