"""How a project file names the files it refers to, so that a project and its data move together."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from harstudio.core.project import Clip
from harstudio.core.source import Source


def stored(path: Path, folder: Path) -> str:
    """A path as it is written into a project file that lies in `folder`.

    POSIX style; relative where the file lies below the folder, absolute elsewhere.
    """
    place = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    for here, base in ((place, Path(os.path.abspath(folder))), (place.resolve(), folder.resolve())):  # noqa: PTH100
        if here.is_relative_to(base):
            return here.relative_to(base).as_posix()
    return place.as_posix()


def resolved(source: Source, folder: Path) -> Path:
    """Where the file of a source is expected, for a project file that lies in `folder`."""
    return folder / source.path


def moved(source: Source, old_folder: Path, new_folder: Path) -> Source:
    """The same file as seen from another folder."""
    path = stored(resolved(source, old_folder), new_folder)
    return source if path == source.path else replace(source, path=path)


def sources_of(clip: Clip) -> tuple[Source, ...]:
    """The files that a clip refers to, its motion first."""
    motion = () if clip.motion is None else (clip.motion,)
    return (*motion, *(recording.source for recording in clip.recordings))
