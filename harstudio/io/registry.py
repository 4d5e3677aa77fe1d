"""All readers in one place: which one a file is for, what is in it, and the file as a value.

Other packages add readers through the entry point group ``harstudio.readers``; each entry is a
`Reader` or a tuple of them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.motion import Motion
from harstudio.core.points import PointPath
from harstudio.core.source import Source
from harstudio.io import amass, imu_csv, imu_npz, utd_mhad
from harstudio.io.files import concerning
from harstudio.io.reader import FileInfo, NotAMotionError, Reader, Value, bare_stem, pair_key

__all__ = [
    "READERS", "FileInfo", "NotAMotionError", "Reader", "bare_stem", "pair_key", "plugin_faults",
    "probe", "read_motion", "read_recording", "reader_by_id", "reader_for", "readers",
]  # fmt: skip

ENTRY_POINT_GROUP = "harstudio.readers"

READERS: tuple[Reader, ...] = (
    imu_npz.READER,
    amass.READER,
    utd_mhad.SKELETON,
    utd_mhad.INERTIAL,
    imu_csv.READER,
)
"""The readers that come with harstudio; the first that matches a file has it."""

_log = logging.getLogger(__name__)


def readers() -> tuple[Reader, ...]:
    """The built-in readers, then those of installed plugins."""
    return READERS + _plugins()[0]


def plugin_faults() -> tuple[str, ...]:
    """Why plugins could not be loaded, one line each."""
    return _plugins()[1]


def reader_for(path: Path) -> Reader | None:
    """The reader of a file, by its suffix and its content; None if there is none."""
    suffix = path.suffix.lower()
    for reader in readers():
        if suffix in reader.suffixes and reader.matches(path):
            return reader
    return None


def reader_by_id(reader_id: str) -> Reader:
    """A reader by its id; HarstudioError if there is none."""
    for reader in readers():
        if reader.id == reader_id:
            return reader
    raise HarstudioError(
        f"no reader {reader_id!r}", f"known: {', '.join(reader.id for reader in readers())}"
    )


def probe(path: Path) -> FileInfo:
    """What a file's header says.

    Raises
    ------
    NotAMotionError
        A sound file that holds only a body's shape.
    HarstudioError
        No reader for it, or the reason why it is no good.
    """
    return _require_reader(path).probe(path)


def read_motion(source: Source, folder: Path) -> Motion | PointPath:
    """The motion or points of a source.

    Parameters
    ----------
    source : Source
        Its path may be relative to `folder`; the value read keeps this source.
    folder : Path
        The project file's folder.

    Raises
    ------
    HarstudioError
        The file is missing or no good, or it holds something else.
    """
    value = _read(source, folder)
    if isinstance(value, ImuRecording):
        raise HarstudioError(f"{source.name}: holds sensor signals, expected a motion")
    return replace(value, source=source)


def read_recording(source: Source, folder: Path) -> ImuRecording:
    """The sensor recording of a source; as `read_motion` otherwise."""
    value = _read(source, folder)
    if not isinstance(value, ImuRecording):
        raise HarstudioError(f"{source.name}: holds a motion, expected sensor signals")
    return replace(value, source=source)


def _read(source: Source, folder: Path) -> Value:
    path = folder / source.path
    if not path.exists():
        raise HarstudioError(f"{source.name}: no such file", f"looked for {path}")
    reader = reader_by_id(source.format) if source.format else _require_reader(path)
    with concerning(path):
        return reader.read(path)


def _require_reader(path: Path) -> Reader:
    reader = reader_for(path)
    if reader is None:
        known = "; ".join(f"{r.title} ({', '.join(r.suffixes)})" for r in readers())
        raise HarstudioError(f"{path.name}: no reader for such a file", f"known are {known}")
    return reader


@lru_cache(maxsize=1)
def _plugins() -> tuple[tuple[Reader, ...], tuple[str, ...]]:
    """Readers of plugins and the faults of those that do not load."""
    return loaded_plugins(entry_points(group=ENTRY_POINT_GROUP))


def loaded_plugins(points: Iterable[EntryPoint]) -> tuple[tuple[Reader, ...], tuple[str, ...]]:
    """Load plugins one by one; a broken one becomes a line of text and the rest goes on."""
    found: list[Reader] = []
    faults: list[str] = []
    taken = {reader.id for reader in READERS}
    for point in points:
        try:
            loaded = point.load()
        except Exception as error:  # a stranger's code may raise anything
            faults.append(f"reader plugin {point.name!r}: {type(error).__name__}: {error}")
            continue
        for reader in loaded if isinstance(loaded, tuple) else (loaded,):
            if not isinstance(reader, Reader):
                faults.append(f"reader plugin {point.name!r}: {reader!r} is not a Reader")
            elif reader.id in taken:
                faults.append(f"reader plugin {point.name!r}: id {reader.id!r} is taken")
            else:
                taken.add(reader.id)
                found.append(reader)
    for fault in faults:
        _log.warning("%s", fault)
    return tuple(found), tuple(faults)
