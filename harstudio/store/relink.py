"""Find files that were moved on disk, and point a project at their new places."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import Clip, Project, RecordingRef
from harstudio.core.source import Source, fingerprint_of
from harstudio.store.paths import stored

_PAUSE_S = 0.1


def find_moved(sources: Iterable[Source], folder: Path) -> Job[dict[Source, Path]]:
    """Search a folder and all below it for the files of sources.

    First the files of the same name, then, for files that were renamed as well, those of the same
    suffix. A file counts only if its fingerprint is the one that was noted; a source without a
    fingerprint is never relinked by guess.

    Parameters
    ----------
    sources : iterable of Source
    folder : Path

    Returns
    -------
    dict of Source to Path
        Only the sources that were found.

    Raises
    ------
    HarstudioError
        `folder` is not a folder.
    """
    wanted: dict[str, list[Source]] = {}
    for source in sources:
        if source.fingerprint and source not in wanted.get(source.fingerprint, ()):
            wanted.setdefault(source.fingerprint, []).append(source)
    if not folder.is_dir():
        raise HarstudioError(f"{folder}: not a folder")
    names = {source.name.casefold() for group in wanted.values() for source in group}
    suffixes = {Path(name).suffix for name in names}
    same_name: list[Path] = []
    same_suffix: list[Path] = []
    shown = time.monotonic()
    for seen, path in enumerate(_files(folder)):
        if path.name.casefold() in names:
            same_name.append(path)
        elif path.suffix.casefold() in suffixes:
            same_suffix.append(path)
        if time.monotonic() - shown > _PAUSE_S:
            shown = time.monotonic()
            yield Progress(0, 0, f"{seen + 1} files seen in {folder.name}")
    found: dict[Source, Path] = {}
    total = len(same_name) + len(same_suffix)
    for done, path in enumerate((*same_name, *same_suffix)):
        if not wanted:
            break
        found.update((source, path) for source in wanted.pop(_fingerprint(path), ()))
        if time.monotonic() - shown > _PAUSE_S:
            shown = time.monotonic()
            yield Progress(done + 1, total, f"{len(found)} found")
    yield Progress(total, total, f"{len(found)} found")
    return found


def relinked(project: Project, found: Mapping[Source, Path], folder: Path) -> Project:
    """The project with found files in place of the missing ones.

    Parameters
    ----------
    project : Project
    found : mapping of Source to Path
        From `find_moved`.
    folder : Path
        Folder of the project file.
    """

    def at_new_place(source: Source) -> Source:
        path = found.get(source)
        return source if path is None else replace(source, path=stored(path, folder))

    return with_sources(project, at_new_place)


def with_sources(project: Project, change: Callable[[Source], Source]) -> Project:
    """The project with `change` applied to every source; unchanged clips stay the same objects."""
    body = project.body if project.body is None else change(project.body)
    if body != project.body:
        project = replace(project, body=body)
    return project.with_clips(_with_sources(clip, change) for clip in project.clips.values())


def _with_sources(clip: Clip, change: Callable[[Source], Source]) -> Clip:
    motion = clip.motion if clip.motion is None else change(clip.motion)
    recordings = tuple(_recording_with(recording, change) for recording in clip.recordings)
    if motion == clip.motion and recordings == clip.recordings:
        return clip
    return replace(clip, motion=motion, recordings=recordings)


def _recording_with(ref: RecordingRef, change: Callable[[Source], Source]) -> RecordingRef:
    return replace(ref, source=change(ref.source))


def _files(folder: Path) -> Iterator[Path]:
    """Every file below a folder; folders that cannot be read are passed over."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(place, name)


def _fingerprint(path: Path) -> str:
    """The fingerprint, or an empty text for what cannot be read (a pipe would never end)."""
    try:
        return fingerprint_of(path) if path.is_file() else ""
    except (HarstudioError, OSError):
        return ""
