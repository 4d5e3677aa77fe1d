"""Sources that moved on disk are found again by name and fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harstudio.core.jobs import Job
from harstudio.core.project import Project
from harstudio.core.source import Source
from harstudio.store.paths import resolved, sources_of
from harstudio.store.relink import find_moved, relinked


@dataclass(frozen=True)
class Relinked:
    """Where missing files are now, and those that are still missing."""

    found: Mapping[Source, Path]
    missing: tuple[Source, ...]


def missing_sources(project: Project, home: Path) -> tuple[Source, ...]:
    """Sources of the project whose file is not where it was, by path."""
    sources = {source for clip in project.clips.values() for source in sources_of(clip)}
    if project.body is not None:
        sources.add(project.body)
    gone = (source for source in sources if not resolved(source, home).exists())
    return tuple(sorted(gone, key=lambda source: source.path))


def find_missing(project: Project, home: Path, folder: Path) -> Job[Relinked]:
    """Look below a folder for the project's missing files.

    A file is taken only if its fingerprint is that of the lost one.
    """
    missing = missing_sources(project, home)
    found = yield from find_moved(missing, folder)
    return Relinked(found, tuple(source for source in missing if source not in found))


def with_found(project: Project, found: Relinked, home: Path) -> Project:
    """The project with its sources where they are now.

    A clip that was flagged while its file was missing gets another chance.
    """
    after = relinked(project, found.found, home)
    changed = (clip for i, clip in after.clips.items() if clip is not project.clips[i])
    return after.with_clips(replace(clip, problem="") for clip in changed if clip.problem)
