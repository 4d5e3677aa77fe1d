"""From a clip of the project to everything a view needs of it, on one clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from harstudio.body.files import load_body, open_body
from harstudio.body.model import BodyModel, ShapedBody, body_for
from harstudio.body.retarget import motion_from_points
from harstudio.body.sites import SITES, layout_of, sensor_paths
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording, SensorLayout
from harstudio.core.motion import GENDERS, Motion
from harstudio.core.points import PointPath
from harstudio.core.project import Clip, Project, RecordingRef
from harstudio.core.source import Source, fingerprint_of
from harstudio.core.timebase import clip_time
from harstudio.imu.simulate import SimulationOptions, simulate
from harstudio.io.registry import read_motion, read_recording
from harstudio.store.paths import stored

POINTS_WINDOW_S = 0.5
"""Least Savitzky-Golay window for motions that were fitted to a camera's points."""


@dataclass(frozen=True, eq=False)
class LoadedRecording:
    """A clip's recording with its samples."""

    ref: RecordingRef
    recording: ImuRecording

    def times_on(self, ref: RecordingRef) -> FloatArray:
        """(T,) clip times of the samples under the alignment of `ref`, s."""
        return clip_time(ref.alignment, self.recording.times_s)


@dataclass(frozen=True, eq=False)
class LoadedClip:
    """A clip with its arrays.

    Attributes
    ----------
    clip : Clip
        As it was when it was loaded; ask the session for its labels now.
    motion, shaped : Motion and ShapedBody, or None without a motion
    points : PointPath or None
        The points that the motion was fitted to, where the file holds points.
    virtual : ImuRecording or None
        Simulated signals of the project's sensors, then of any others that a recording has.
    recordings : real ones
    """

    clip: Clip
    motion: Motion | None = None
    shaped: ShapedBody | None = None
    points: PointPath | None = None
    virtual: ImuRecording | None = None
    recordings: tuple[LoadedRecording, ...] = ()

    @property
    def worn(self) -> tuple[str, ...]:
        """Names of the sensors of its recordings."""
        return tuple(name for item in self.recordings for name in item.recording.sensors)


class Bodies:
    """The body models that a project, or a command, shows its motions on.

    Parameters
    ----------
    path : Path, optional
        A model file, or a folder of released ones by gender; the open body unless told.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path

    def of(self, gender: str) -> BodyModel:
        """The model of a gender; the neutral one, then any, where a folder lacks it.

        Raises
        ------
        HarstudioError
            The file is missing, damaged or foreign, or the folder holds no model.
        """
        if self.path is None:
            return open_body()
        if self.path.is_file():
            return _body_at(self.path, _stamp(self.path), "neutral")
        missing: HarstudioError | None = None
        for kind in dict.fromkeys((gender, *GENDERS)):
            try:
                return _body_at(self.path, _stamp(self.path), kind)
            except HarstudioError as error:
                if f"no {kind} body model" not in error.message:
                    raise
                missing = missing or error
        raise missing or HarstudioError(f"{self.path}: holds no body model")


@lru_cache(maxsize=4)
def _body_at(path: Path, stamp: int, gender: str) -> BodyModel:
    return load_body(path, gender)


def _stamp(path: Path) -> int:
    """When the file was last changed, ns; 0 if it is not there."""
    return path.stat().st_mtime_ns if path.exists() else 0


def bodies_of(project: Project, folder: Path) -> Bodies:
    """The body models of a project, whose file lies in `folder`."""
    return Bodies(None if project.body is None else folder / project.body.path)


def body_source(path: Path, folder: Path) -> Source:
    """A model file or folder as a project in `folder` refers to it, once it has been read.

    Raises
    ------
    HarstudioError
        It holds no body model, or one that is damaged.
    """
    Bodies(path).of("neutral")
    return Source(stored(path, folder), "body", fingerprint_of(path) if path.is_file() else "")


@dataclass(frozen=True, eq=False)
class Posed:
    """A motion on its body; `points` are those that it was fitted to, if it was."""

    motion: Motion
    shaped: ShapedBody
    points: PointPath | None = None


def read_posed(source: Source, folder: Path, bodies: Bodies) -> Posed:
    """Read a motion and pick its body; points are fitted with one.

    Raises
    ------
    HarstudioError
        A file is missing, or what it holds cannot be used.
    """
    value = read_motion(source, folder)
    if isinstance(value, Motion):
        return Posed(value, body_for(bodies.of(value.gender), value))
    shaped = bodies.of("neutral").shaped(np.zeros(0))
    return Posed(motion_from_points(value, shaped), shaped, value)


def layout_with(layout: SensorLayout, names: Iterable[str]) -> SensorLayout:
    """A layout and, after its own sensors, those of `names` that it lacks and that are sites."""
    new = [n for n in dict.fromkeys(names) if n not in layout.names and n in SITES]
    return replace(layout, sensors=(*layout.sensors, *layout_of(new).sensors)) if new else layout


def layout_for(layout: SensorLayout, names: tuple[str, ...]) -> SensorLayout:
    """The sensors of those names, in that order: the layout's own, else at the site of that name.

    Raises
    ------
    HarstudioError
        A name that is neither.
    """
    wider = layout_with(layout, names)
    for name in names:
        if name not in wider.names:
            known = dict.fromkeys((*layout.names, *SITES))
            raise HarstudioError(f"no sensor {name!r}", f"known: {', '.join(known)}")
    return wider.picked(names)


def simulate_motion(
    shaped: ShapedBody, motion: Motion, layout: SensorLayout, options: SimulationOptions
) -> ImuRecording:
    """Virtual signals of a motion.

    Returns
    -------
    ImuRecording at ``options.rate_hz`` with the layout's sensors
    """
    paths = sensor_paths(shaped, motion, layout, by_vertex=options.preset == "paper")
    return simulate(paths.positions, paths.rotations, motion.rate_hz, layout.names, options)


def options_for(points: PointPath | None, options: SimulationOptions) -> SimulationOptions:
    """Options that suit where a motion came from.

    Points of a depth camera jitter, and at some 20 Hz the usual window of 0.1 s holds five of them:
    a polynomial of degree 4 through these smooths nothing. They get a window of at least 0.5 s.
    """
    if points is None or options.preset != "physical":
        return options
    return replace(options, window_s=max(options.window_s, POINTS_WINDOW_S))


def load_clip(
    project: Project, clip: Clip, folder: Path, options: SimulationOptions | None = None
) -> LoadedClip:
    """Read a clip's files and simulate the project's sensors, and those of its recordings, on it.

    Parameters
    ----------
    folder : Path
        Of the project file; relative paths start there.
    options : SimulationOptions, optional
        The physical preset at the project's rate unless told.

    Raises
    ------
    HarstudioError
        A file is missing, or what it holds cannot be used.
    """
    recordings = tuple(
        LoadedRecording(ref, read_recording(ref.source, folder)) for ref in clip.recordings
    )
    if clip.motion is None:
        return LoadedClip(clip, recordings=recordings)
    posed = read_posed(clip.motion, folder, bodies_of(project, folder))
    worn = (name for item in recordings for name in item.recording.sensors)
    virtual = simulate_motion(
        posed.shaped,
        posed.motion,
        layout_with(project.layout, worn),
        options_for(posed.points, options or SimulationOptions(rate_hz=project.rate_hz)),
    )
    return LoadedClip(clip, posed.motion, posed.shaped, posed.points, virtual, recordings)
