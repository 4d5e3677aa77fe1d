"""The demo project: synthetic people, honest about it, made on the spot and always the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harstudio.body.files import open_body
from harstudio.body.model import body_for
from harstudio.body.sites import layout_of
from harstudio.core import rotations
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording, Sensor, SensorMount
from harstudio.core.jobs import Job, Progress
from harstudio.core.label_set import LabelSet
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.motion import Motion
from harstudio.core.project import Clip, Project
from harstudio.core.timebase import Alignment, clip_time
from harstudio.demo.activities import ACTIVITIES, session
from harstudio.demo.people import Person, people
from harstudio.imu.noise import MEASURED, with_noise
from harstudio.imu.resample import at_times
from harstudio.imu.simulate import SimulationOptions
from harstudio.io.amass import write_motion
from harstudio.io.imu_npz import write_imu_npz
from harstudio.io.labels_csv import write_track
from harstudio.store.project_file import ProjectFile
from harstudio.workflows.importing import import_files, with_imported
from harstudio.workflows.loading import simulate_motion

SENSORS = ("left_wrist", "right_thigh", "head")
RATE_HZ = 60.0
CLIP_S = 20.0
PROJECT_NAME = "demo.harstudio"

#: Truth of the two "real" recordings, so that tests can check what alignment finds.
HIDDEN: dict[str, Alignment] = {
    "p5_session": Alignment(offset_s=-1.2345, drift_ppm=120.0),
    "p6_session": Alignment(offset_s=0.8210, drift_ppm=-80.0),
}
_MISLABELLED = {"p2_computer_work": "arm_stretching", "p4_walking": "jumping"}
_SESSION: tuple[tuple[str, float], ...] = (
    ("walking", 16.0),
    ("arm_stretching", 14.0),
    ("jumping", 12.0),
    ("leg_stretching", 14.0),
    ("computer_work", 16.0),
    ("walking", 12.0),
    ("arm_stretching", 12.0),
    ("computer_work", 12.0),
    ("leg_stretching", 12.0),
    ("jumping", 10.0),
)
_REAL_HZ = 100.0
_WATCH = "p6_watch"
_WATCH_SCRIPT: tuple[tuple[str, float], ...] = (
    ("computer_work", 20.0),
    ("walking", 20.0),
    ("leg_stretching", 18.0),
    ("jumping", 14.0),
    ("arm_stretching", 18.0),
    ("walking", 14.0),
    ("computer_work", 14.0),
    ("arm_stretching", 12.0),
    ("jumping", 10.0),
    ("leg_stretching", 12.0),
)
_WATCH_TURN = (0.0, 0.0, np.pi / 2)
"""The straps of that recording are turned by a quarter: no motion tells the network so."""


@dataclass(frozen=True)
class _Take:
    name: str
    person: Person
    script: tuple[tuple[str, float], ...]


def make_demo(folder: Path, seed: int = 7) -> Job[Path]:
    """Write motions, recordings, labels and a project of them into a folder.

    Six people of different builds do the five activities of DIP-IMU; two clips carry a wrong
    label on purpose; two people also have a "real" recording: the same sensors through hardware
    noise, a tilted mounting, and a clock that starts elsewhere and drifts. A third recording has
    no motion and straps turned by a quarter: only fine-tuning helps there.

    Returns
    -------
    Path
        Of the project file.

    Raises
    ------
    HarstudioError
        The folder already holds a demo project, or cannot be written.
    """
    folder = folder.expanduser().resolve()
    target = folder / PROJECT_NAME
    if target.exists():
        raise HarstudioError(f"{target}: exists already", "open it, or choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarstudioError(f"{folder}: cannot be made ({error.strerror})") from error
    takes, paths = _takes(seed), list[Path]()
    for done, take in enumerate(takes):
        yield Progress(done, len(takes) + 1, f"Making {take.name}")
        paths += _write_take(folder, take, seed * 1000 + done)
    paths.append(_write_watch(folder, takes[-1].person, seed))
    yield Progress(len(takes), len(takes) + 1, "Making the project")
    layout = layout_of(SENSORS, "xiao2020")
    project = Project("Demo (synthetic)", layout, label_set=LabelSet.of(ACTIVITIES))
    imported = yield from import_files(project, folder, folder, paths)
    if imported.rejected:
        raise HarstudioError(f"demo: {imported.rejected[0].path}: {imported.rejected[0].reason}")
    clips = tuple(_described(clip) for clip in imported.clips)
    project = with_imported(project, replace(imported, clips=clips))
    ProjectFile.create(target, project).close()
    return target


def _takes(seed: int) -> list[_Take]:
    takes = []
    for number, person in enumerate(people(seed, 6), start=1):
        for activity in ACTIVITIES:
            takes.append(_Take(f"p{number}_{activity}", person, ((activity, CLIP_S),)))
        takes.append(_Take(f"p{number}_session", person, _SESSION))
    return takes


def _write_take(folder: Path, take: _Take, seed: int) -> list[Path]:
    """Write a take's files; those of them that are motions or recordings."""
    body = open_body()
    shaped = body.shaped(np.asarray(take.person.betas))
    motion, track = session(take.person, take.script, shaped.joints, RATE_HZ, seed)
    place = folder / "motions" / take.name.split("_")[0]
    place.mkdir(parents=True, exist_ok=True)
    paths = [place / f"{take.name}_poses.npz"]
    write_motion(paths[0], motion)
    if take.name in _MISLABELLED:
        track = LabelTrack(tuple(replace(s, label=_MISLABELLED[take.name]) for s in track.segments))
    write_track(place / f"{take.name}_labels.csv", track)
    if take.name in HIDDEN:
        worn = _real_recording(motion, HIDDEN[take.name], seed)
        paths.append(_write_recording(folder, take.name, worn))
    return paths


def _write_watch(folder: Path, person: Person, seed: int) -> Path:
    """A labelled recording of somebody whose motion nobody captured."""
    rest = open_body().shaped(np.asarray(person.betas)).joints
    motion, track = session(person, _WATCH_SCRIPT, rest, RATE_HZ, seed + 1)
    worn = _real_recording(motion, Alignment(), seed + 1, _WATCH_TURN)
    path = _write_recording(folder, _WATCH, worn)
    write_track(path.with_name(f"{_WATCH}_labels.csv"), track)
    return path


def _write_recording(folder: Path, name: str, recording: ImuRecording) -> Path:
    path = folder / "recordings" / f"{name}_imu.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_imu_npz(path, recording, preset="synthetic", source=name)
    return path


def _real_recording(
    motion: Motion,
    hidden: Alignment,
    seed: int,
    turn: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> ImuRecording:
    """What worn sensors would have recorded: another clock, tilted straps, noisy chips."""
    shaped = body_for(open_body(), motion)
    rng = np.random.default_rng(seed)
    layout = layout_of(SENSORS)
    slipped = replace(layout, sensors=tuple(_slipped(sensor, rng) for sensor in layout.sensors))
    ideal = simulate_motion(shaped, motion, slipped, SimulationOptions(rate_hz=_REAL_HZ))
    start_s = max(0.0, -hidden.offset_s / hidden.rate)
    stop_s = (motion.duration_s - hidden.offset_s) / hidden.rate
    own = np.arange(np.ceil(start_s * _REAL_HZ), np.floor(stop_s * _REAL_HZ) - 5) / _REAL_HZ
    sampled = at_times(ideal, clip_time(hidden, own))
    tilts = rotations.exp(turn) @ rotations.exp(rng.normal(scale=0.25, size=(len(SENSORS), 3)))
    worn = replace(
        sampled,
        times_s=own,
        acc_mps2=np.einsum("sji,tsj->tsi", tilts, sampled.acc_mps2),
        gyro_radps=None
        if sampled.gyro_radps is None
        else np.einsum("sji,tsj->tsi", tilts, sampled.gyro_radps),
        orientation_wxyz=None,
        kind="real",
    )
    return with_noise(worn, MEASURED, seed)


def _slipped(sensor: Sensor, rng: np.random.Generator) -> Sensor:
    """A sensor worn a few centimetres from where it should be."""
    x, y, z = (float(v) for v in rng.normal(scale=(0.03, 0.01, 0.005)))
    return replace(sensor, mount=SensorMount(lever_arm_m=(x, y, z)))


def _described(clip: Clip) -> Clip:
    notes = "Synthetic."
    if clip.name in _MISLABELLED:
        notes = "Synthetic. Look closely: is the label right?"
    return replace(clip, subject=clip.name.split("_")[0], dataset="demo (synthetic)", notes=notes)


def segment_of_truth(name: str) -> Segment | None:
    """What a mislabelled clip of the demo really shows; None for any other clip."""
    if name not in _MISLABELLED:
        return None
    return Segment(0.0, CLIP_S, name.split("_", 1)[1])
