"""Folders of files become clips: headers only, every refusal with its reason, the rest goes on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path, PurePosixPath
from time import monotonic
from typing import Generic, TypeVar

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip, Project, RecordingRef
from harstudio.core.source import Source, fingerprint_of
from harstudio.io.labels_csv import read_label_rows, read_labels, sidecar
from harstudio.io.reader import FileInfo, NotAMotionError, bare_stem, pair_key
from harstudio.io.registry import reader_for, readers
from harstudio.store.paths import sources_of, stored
from harstudio.workflows.batches import reason_of

T = TypeVar("T")

_REPORT_EVERY_S = 0.05
_NO_LABELS = ("unlabelled", "unlabeled", "unknown", "misc", "")


@dataclass(frozen=True)
class Rejected:
    """A file that did not become a clip, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Imported:
    """What an import found.

    Attributes
    ----------
    clips : tuple of Clip
        New ones, not yet in the project.
    rejected : tuple of Rejected
        Files that should have been clips, and label files that cannot be read.
    known : int
        Files that the project has already, or that are there twice.
    skipped : tuple of Rejected
        Sound files that are no motion, e.g. only a body's shape.
    recordings : tuple of (clip id, RecordingRef)
        New recordings of clips that the project has.
    """

    clips: tuple[Clip, ...]
    rejected: tuple[Rejected, ...]
    known: int
    skipped: tuple[Rejected, ...] = ()
    recordings: tuple[tuple[str, RecordingRef], ...] = ()


@dataclass(frozen=True)
class _Found:
    path: Path
    info: FileInfo
    source: Source

    @property
    def recording(self) -> RecordingRef:
        info = self.info
        return RecordingRef(self.source, info.sensors, info.duration_s, info.rate_hz)


def import_folder(
    project: Project, home: Path, folder: Path, *, labels_from_folders: bool = False
) -> Job[Imported]:
    """Find the motions and recordings below a folder.

    Parameters
    ----------
    home : Path
        Folder of the project file; files below it are referred to relative to it.
    folder : Path
        Searched recursively (or a single file). Hidden files are passed over.
    labels_from_folders : bool
        Label each clip as a whole with the name of the folder it lies in, unless a label file
        lies beside it. Folders then do not name subjects, and one called "unlabelled" no label.
        A label that the file's own name states (UTD-MHAD's action) is always taken.

    Returns
    -------
    Imported
        A motion and the recordings of the same name make one clip.

    Raises
    ------
    HarstudioError
        There is no such folder.
    """
    folder = folder.expanduser().resolve()
    if not folder.exists():
        raise HarstudioError(f"{folder}: no such folder")
    paths, unreadable = yield from _files_below(folder)
    found = yield from import_files(
        project, home, folder, paths, labels_from_folders=labels_from_folders
    )
    return replace(found, rejected=(*unreadable, *found.rejected))


def import_files(
    project: Project,
    home: Path,
    folder: Path,
    paths: Sequence[Path],
    *,
    labels_from_folders: bool = False,
) -> Job[Imported]:
    """`import_folder` for certain files below the folder."""
    known = {source.fingerprint for clip in project.clips.values() for source in sources_of(clip)}
    found: list[_Found] = []
    rejected: list[Rejected] = []
    skipped: list[Rejected] = []
    repeats, pace = 0, _Pace()
    for done, path in enumerate(paths):
        if pace.due():
            yield Progress(done, len(paths), f"{path.name} ({len(rejected)} refused)")
        try:
            item = _examine(path, home)
        except NotAMotionError as error:
            skipped.append(Rejected(_shown(path, folder), str(error)))
            continue
        except Exception as error:
            rejected.append(Rejected(_shown(path, folder), reason_of(error)))
            continue
        if item is None:
            continue
        if item.source.fingerprint in known:
            repeats += 1
            continue
        known.add(item.source.fingerprint)
        found.append(item)
    motions = [item for item in found if item.info.kind != "recording"]
    recordings = [item for item in found if item.info.kind == "recording"]
    partners, joined, lone = _paired(motions, recordings, _earlier(project, home))
    groups = [(m, partners.get(m.path, [])) for m in motions] + [(r, [r]) for r in lone]
    clips: list[Clip] = []
    for first, own in groups:
        if pace.due():
            yield Progress(len(paths), len(paths), f"{len(clips)} clips found")
        clip, problem = _clip(first, own, labels_from_folders)
        clips.append(clip)
        if problem:
            rejected.append(Rejected(f"{_shown(first.path, folder)} (its labels)", problem))
    yield Progress(len(paths), len(paths), f"{len(clips)} clips found")
    return Imported(tuple(clips), tuple(rejected), repeats, tuple(skipped), tuple(joined))


class _Pace:
    """Says when the next report is due."""

    def __init__(self) -> None:
        self._last = monotonic()

    def due(self) -> bool:
        if monotonic() - self._last < _REPORT_EVERY_S:
            return False
        self._last = monotonic()
        return True


def _files_below(folder: Path) -> Job[tuple[list[Path], list[Rejected]]]:
    """Files with a suffix that some reader takes, in a stable order; folders that do not open."""
    yield Progress(0, 0, f"Looking through {folder.name}")
    if folder.is_file():
        return [folder], []
    suffixes = {suffix for reader in readers() for suffix in reader.suffixes}
    paths: list[Path] = []
    closed: list[OSError] = []
    pace = _Pace()
    for root, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        shown = (name for name in sorted(names) if not name.startswith("."))
        paths += (Path(root, name) for name in shown if Path(name).suffix.lower() in suffixes)
        if pace.due():
            yield Progress(0, 0, f"Looking through {folder.name}: {len(paths):,} files")
    return paths, [
        Rejected(_shown(Path(error.filename), folder), f"cannot be read ({error.strerror})")
        for error in closed
    ]


def _examine(path: Path, home: Path) -> _Found | None:
    """What a file is; None for one that only accompanies others (a label file)."""
    reader = reader_for(path)
    if reader is None:
        if path.suffix.lower() == ".csv" and _is_label_file(path):
            return None
        raise HarstudioError("not a motion or recording that harstudio knows")
    info = reader.probe(path)
    return _Found(path, info, Source(stored(path, home), info.format, fingerprint_of(path)))


def _is_label_file(path: Path) -> bool:
    try:
        read_label_rows(path)
    except HarstudioError:
        # The first is reported with the clip it belongs to, the other is of an export of ours.
        return path.stem.endswith("_labels") or _is_index(path)
    return True


def _is_index(path: Path) -> bool:
    """Whether a table lists the files of an export of whole motions (see `cutting`)."""
    with path.open("rb") as file:
        return file.readline(100).startswith(b"file,clip,labels,")


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path != folder else path.name


_Place = tuple[Path, str]
"""A folder and a pair key."""


def _earlier(project: Project, home: Path) -> dict[_Place, str]:
    """Where the project's motions lie -> id of their clip."""
    places = {}
    for clip in project.clips.values():
        if clip.motion is not None:
            path = home / clip.motion.path
            places[path.parent, pair_key(path)] = clip.id
    return places


def _paired(
    motions: list[_Found], recordings: list[_Found], earlier: dict[_Place, str]
) -> tuple[dict[Path, list[_Found]], list[tuple[str, RecordingRef]], list[_Found]]:
    """Recordings by the path of their motion, those of earlier clips, and those of neither."""
    homes: _Homes[_Found] = _Homes(((m.path.parent, m.info.pair_key), m) for m in motions)
    before: _Homes[str] = _Homes(earlier.items())
    partners: dict[Path, list[_Found]] = {}
    joined, lone = [], []
    for recording in recordings:
        place = (recording.path.parent, recording.info.pair_key)
        motion = homes.of(place)
        clip_id = before.of(place) if motion is None else None
        if motion is not None:
            partners.setdefault(motion.path, []).append(recording)
        elif clip_id is not None:
            joined.append((clip_id, recording.recording))
        else:
            lone.append(recording)
    return partners, joined, lone


class _Homes(Generic[T]):
    """Finds the motion of a recording: same name in the same folder, or a unique name."""

    def __init__(self, places: Iterable[tuple[_Place, T]]) -> None:
        self._by_place = dict(places)
        self._by_name: dict[str, list[T]] = {}
        for (_, name), item in self._by_place.items():
            self._by_name.setdefault(name, []).append(item)

    def of(self, place: _Place) -> T | None:
        if place in self._by_place:
            return self._by_place[place]
        same_name = self._by_name.get(place[1], [])
        return same_name[0] if len(same_name) == 1 else None


def _clip(first: _Found, recordings: list[_Found], labels_from_folders: bool) -> tuple[Clip, str]:
    """A clip, and what is wrong with its labels."""
    info = first.info
    clip = Clip(
        id=first.source.fingerprint[:16],
        name=bare_stem(first.path),
        subject="" if labels_from_folders and not info.label else info.subject,
        dataset=info.dataset,
        duration_s=info.duration_s,
        rate_hz=info.rate_hz,
        motion=None if info.kind == "recording" else first.source,
        recordings=tuple(found.recording for found in recordings),
    )
    try:
        track = _labels_of([first, *recordings], clip.duration_s, labels_from_folders)
    except HarstudioError as error:
        return clip, str(error)
    return clip.with_track(track, MINE), ""


def _labels_of(items: list[_Found], duration_s: float, from_folders: bool) -> LabelTrack:
    for item in items:
        labels = sidecar(item.path)
        if labels is not None:
            return read_labels(labels).cropped(0.0, duration_s)
    stated = items[0].info.label
    folder = items[0].path.parent.name if from_folders else ""
    label = stated or ("" if folder.lower() in _NO_LABELS else folder)
    author = "file name" if stated else "folder"
    return LabelTrack((Segment(0.0, duration_s, label, author=author),) if label else ())


def with_imported(project: Project, imported: Imported) -> Project:
    """The project with what an import found.

    The project may have changed since the import began: clips that it has by now stay as they
    are. A name that is taken gets its folders in front, so that names stay unique.
    """
    taken = {clip.name for clip in project.clips.values()}
    changed: dict[str, Clip] = {}
    for clip in imported.clips:
        if clip.id not in project.clips:
            name = next(name for name in _names_for(clip) if name not in taken)
            taken.add(name)
            changed[clip.id] = clip if name == clip.name else replace(clip, name=name)
    for clip_id, recording in imported.recordings:
        now = changed.get(clip_id) or project.clips.get(clip_id)
        if now is not None and recording.source not in sources_of(now):
            changed[clip_id] = replace(now, recordings=(*now.recordings, recording))
    return project.with_clips(changed.values())


def _names_for(clip: Clip) -> Iterator[str]:
    """The clip's name, then with ever more of its folders in front, then numbered."""
    source = clip.motion or clip.recordings[0].source
    folders = [part for part in PurePosixPath(source.path).parts[:-1] if part != "/"]
    names = [clip.name]
    for folder in reversed(folders):
        names.append(f"{folder}/{names[-1]}")
    return chain(names, (f"{names[-1]} ({number})" for number in count(2)))
