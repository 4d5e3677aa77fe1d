"""Motions and recordings for the tests of jobs: two activities that anything can learn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harstudio.body.files import open_body
from harstudio.body.model import body_for
from harstudio.body.sites import layout_of
from harstudio.core import rotations as rot
from harstudio.core.imu import ImuRecording
from harstudio.core.jobs import finished
from harstudio.core.motion import Motion
from harstudio.core.project import Project
from harstudio.core.skeleton import joint_index
from harstudio.core.timebase import Alignment, clip_time
from harstudio.imu.resample import at_times
from harstudio.imu.simulate import SimulationOptions
from harstudio.io.amass import read, write_motion
from harstudio.io.imu_npz import write_imu_npz
from harstudio.store.project_file import ProjectFile
from harstudio.workflows.importing import import_folder, with_imported
from harstudio.workflows.loading import simulate_motion

RATE_HZ = 60.0
HZ = {"waving": 1.1, "shaking": 2.7}
SENSORS = ("left_wrist", "right_thigh")
TILT = (0.2, -0.3, 0.1)


def moving(activity: str, seconds: float, seed: int = 0, rate_hz: float = RATE_HZ) -> Motion:
    """A standing body whose left arm and right leg swing, at a frequency of the activity."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    pose = np.zeros((len(times), 24, 3))
    pose[:, 0, 0] = np.pi / 2
    # The pace wanders, so that no lag but the true one fits.
    phase = 2 * np.pi * HZ[activity] * times + 1.5 * np.sin(0.7 * times + rng.uniform(0, 6))
    for joint, size in (("left_shoulder", 0.6), ("left_elbow", 0.4), ("right_hip", 0.3)):
        axes = rng.uniform(0.5, 1.0, 3)
        wobble = np.stack([np.sin(phase), np.sin(phase + 1), 0.4 * np.cos(0.5 * phase)], axis=1)
        pose[:, joint_index(joint)] = size * axes * wobble
    return Motion(pose, np.zeros((len(times), 3)), rate_hz, shape_space="openbody")


def write_moving(path: Path, activity: str, seconds: float = 6.0, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_motion(path, moving(activity, seconds, seed))
    return path


def worn(motion: Motion, hidden: Alignment, rate_hz: float = 100.0) -> ImuRecording:
    """What the sensors would record, on another clock and in a tilted mounting."""
    shaped = body_for(open_body(), motion)
    options = SimulationOptions(rate_hz=rate_hz)
    ideal = simulate_motion(shaped, motion, layout_of(SENSORS), options)
    first = max(0.0, -hidden.offset_s)
    own = np.arange(first, motion.duration_s - hidden.offset_s - 0.2, 1 / rate_hz)
    sampled = at_times(ideal, clip_time(hidden, own))
    tilt = rot.exp(TILT)
    assert sampled.gyro_radps is not None
    return replace(
        sampled,
        times_s=own,
        acc_mps2=sampled.acc_mps2 @ tilt,
        gyro_radps=sampled.gyro_radps @ tilt,
        orientation_wxyz=None,
        kind="real",
    )


@dataclass(frozen=True)
class Study:
    """A project file, and the alignment hidden in the recording of its clip ``p4_long``."""

    path: Path
    project: Project
    hidden: Alignment

    @property
    def folder(self) -> Path:
        return self.path.parent

    def clip_id(self, name: str) -> str:
        return next(clip.id for clip in self.project.clips.values() if clip.name == name)


def make_study(folder: Path) -> Study:
    """Four people; of the fourth there is also a clip of both activities with a recording."""
    for person in range(1, 5):
        for number, activity in enumerate(HZ):
            path = folder / f"motions/p{person}/p{person}_{activity}_poses.npz"
            write_moving(path, activity, seed=10 * person + number)
            table = f"start_s,end_s,label\n0,6,{activity}\n"
            path.with_name(f"p{person}_{activity}_labels.csv").write_text(table)
    parts = [moving(activity, 12.0, 90) for activity in ("waving", "shaking", "waving", "shaking")]
    motion = replace(
        parts[0],
        pose=np.concatenate([part.pose for part in parts]),
        translation=np.zeros((4 * parts[0].frames, 3)),
    )
    path = folder / "motions/p4/p4_long_poses.npz"
    write_motion(path, motion)
    rows = "0,12,waving\n12,24,shaking\n24,36,waving\n36,48,shaking\n"
    path.with_name("p4_long_labels.csv").write_text("start_s,end_s,label\n" + rows)
    hidden = Alignment(offset_s=-0.6789, drift_ppm=150.0)
    (folder / "recordings").mkdir()
    write_imu_npz(folder / "recordings/p4_long_imu.npz", worn(read(path), hidden))
    empty = Project("study", layout_of(SENSORS))
    project = with_imported(empty, finished(import_folder(empty, folder, folder)))
    file = folder / "study.harstudio"
    ProjectFile.create(file, project).close()
    return Study(file, project, hidden)
