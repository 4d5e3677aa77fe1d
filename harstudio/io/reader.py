"""What every reader of a file format offers; the readers themselves are listed in `registry`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.motion import Motion
from harstudio.core.points import PointPath

Kind = Literal["motion", "points", "recording"]
Value = Motion | PointPath | ImuRecording

_ENDINGS = ("poses", "stageii", "imu", "inertial", "skeleton", "labels", "sensors", "recording")
_ENDING = re.compile(rf"[_\-. ]({'|'.join(_ENDINGS)})$", re.IGNORECASE)


class NotAMotionError(HarstudioError):
    """A sound file of a known format that holds no motion, e.g. only a body's shape.

    A folder's import lists it as skipped, not as failed.
    """


@dataclass(frozen=True)
class FileInfo:
    """What a file's header says, without reading its arrays.

    Attributes
    ----------
    kind : motion, points or recording
    format : str
        Id of the reader.
    duration_s : float
        Frames over rate.
    rate_hz : float
    frames : int
    sensors : names, for a recording
    subject, dataset : str
        As the file's name or its folders say; empty if they say nothing.
    pair_key : str
        Equal for the files of one take: ``walk_poses.npz`` and ``walk_imu.npz``.
    label : str
        Label of the whole file where its name states one (UTD-MHAD's action); else empty.
    """

    kind: Kind
    format: str
    duration_s: float
    rate_hz: float
    frames: int
    sensors: tuple[str, ...] = ()
    subject: str = ""
    dataset: str = ""
    pair_key: str = ""
    label: str = ""


@dataclass(frozen=True)
class Reader:
    """One file format.

    Attributes
    ----------
    id : str
        Stored in a project's sources; never changes.
    title : str
        For a person.
    kind : motion, points or recording
    suffixes : lower-case file suffixes with the dot
    matches : path -> bool
        Whether a file with such a suffix is for this reader; cheap, never raises.
    probe : path -> FileInfo
        From headers only; HarstudioError with the reason if the file is no good.
    read : path -> Motion, PointPath or ImuRecording
        The whole file, every value checked; HarstudioError likewise.
    """

    id: str
    title: str
    kind: Kind
    suffixes: tuple[str, ...]
    matches: Callable[[Path], bool]
    probe: Callable[[Path], FileInfo]
    read: Callable[[Path], Value]


def bare_stem(path: Path) -> str:
    """A file's name without suffix and without endings such as ``_poses`` or ``_imu``."""
    stem = path.stem
    while (shorter := _ENDING.sub("", stem)) not in ("", stem):
        stem = shorter
    return stem


def pair_key(path: Path) -> str:
    """`bare_stem` in lower case: equal for the files of one take."""
    return bare_stem(path).lower()
