"""Label files of any format into a project: which clip, which tier, which label."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip, Project
from harstudio.io.label_formats.base import (
    WALL_CLOCK_S,
    FoundTier,
    LabelFile,
    told,
    track_of,
    unique,
)
from harstudio.io.label_formats.registry import SUFFIXES, format_of, read_label_file
from harstudio.io.reader import bare_stem
from harstudio.store.paths import sources_of
from harstudio.workflows.exchange.file_names import safe_name
from harstudio.workflows.exchange.label_matching import ClipFinder, Found
from harstudio.workflows.importing import Rejected

MANY_LABELS = 40
"""More new labels than this are hardly meant: ask first."""

NEW, ADD, REPLACE = "new", "add", "replace"
MODES = (NEW, ADD, REPLACE)
_IMPORTED = "imported"


@dataclass(frozen=True)
class ReadLabels:
    """Label files that were read, and those that were refused."""

    files: tuple[tuple[Path, LabelFile], ...]
    refused: tuple[Rejected, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in use, sorted."""
        return tuple(sorted({label for _, file in self.files for label in file.labels}))


@dataclass(frozen=True)
class Match:
    """A tier of a file, and the clip that it is of.

    Attributes
    ----------
    path : Path
    tier : FoundTier
    clip_id : str
        Empty if no clip fits.
    zero_s : float
        The file's time at which the clip begins.
    reason : str
        Why no clip fits.
    """

    path: Path
    tier: FoundTier
    clip_id: str
    zero_s: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Placed:
    """Where the labels of a match go.

    Attributes
    ----------
    match : Match
    tier : str
    mode : str
        ``new``: a tier of its own, numbered if the name is taken. ``add``: to what the tier holds;
        where it may not overlap, only to what is free. ``replace``: in place of what it holds.
    """

    match: Match
    tier: str
    mode: str = NEW


@dataclass(frozen=True)
class LabelsImported:
    """The project with the labels, and what became of them.

    Attributes
    ----------
    project : Project
    clips, segments : int
        That got labels, and how many those are.
    tiers : tuple of str
        That they went into.
    new_labels : tuple of str
        That the project did not have.
    notes : tuple of str
        What was changed or left out, a line each.
    """

    project: Project
    clips: int
    segments: int
    tiers: tuple[str, ...]
    new_labels: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())


def read_label_files(
    paths: Sequence[Path], format_id: str = "", variant: str = ""
) -> Job[ReadLabels]:
    """Read label files, and those in folders.

    Of a folder, files that are in no label format are passed over; those that are but cannot be
    read are refused with the reason, each as a whole.

    Raises
    ------
    HarstudioError
        There is nothing to read.
    """
    files: list[tuple[Path, LabelFile]] = []
    refused: list[Rejected] = []
    found = [(path, path.is_dir()) for path in paths]
    inside = [(p, True) for path, folder in found if folder for p in _label_files_in(path)]
    queue = [(path, False) for path, folder in found if not folder] + inside
    for done, (path, from_folder) in enumerate(queue):
        yield Progress(done, len(queue), path.name)
        try:
            if from_folder and not format_id and format_of(path) is None:
                continue
            files.append((path, read_label_file(path, format_id, variant)))
        except HarstudioError as error:
            refused.append(Rejected(path.as_posix(), str(error)))
    if not files and not refused:
        raise HarstudioError("no label file found", f"known endings: {', '.join(SUFFIXES)}")
    yield Progress(len(queue), len(queue), f"{len(files)} label files")
    return ReadLabels(tuple(files), tuple(refused))


def _label_files_in(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def matches_of(
    project: Project, read: ReadLabels, *, clip_id: str = "", starts_at_s: float | None = None
) -> tuple[Match, ...]:
    """The clip of every tier that was read.

    Parameters
    ----------
    clip_id : str
        All labels are of this clip, whatever their files say.
    starts_at_s : float, optional
        The files' time at which their clip begins: 0 unless told; for times that are dates, that
        of the clip's first label in any of the files. A date says nothing of files whose times are
        none, nor the other way round.

    Returns
    -------
    tuple of Match
        Where several takes of one file are named like one clip, only the one that shares the most
        folders with it is matched.
    """
    finder = ClipFinder(project)
    found: list[tuple[Match, Found]] = []
    for path, file in read.files:
        for tier in file.tiers:
            fit = Found(clip_id, -1) if clip_id else finder.find(tier.clips, path)
            found.append((Match(path, tier, fit.clip_id, 0.0, fit.reason), fit))
    dated = {path for path, file in read.files if file.wall_clock}
    return tuple(_on_their_clocks(tuple(_surest(found)), dated, starts_at_s))


def _on_their_clocks(
    matches: Sequence[Match], dated: Collection[Path], starts_at_s: float | None
) -> Iterable[Match]:
    """Matches with the time at which their clip begins, which all dated files of a clip share."""
    first_s: dict[str, float] = {}
    for match in matches:
        if match.path in dated and len(match.tier.track):
            start_s = match.tier.track.segments[0].start_s
            first_s[match.clip_id] = min(start_s, first_s.get(match.clip_id, start_s))
    for match in matches:
        is_date = match.path in dated
        if starts_at_s is not None and (starts_at_s >= WALL_CLOCK_S) == is_date:
            yield replace(match, zero_s=starts_at_s)
        else:
            yield replace(match, zero_s=first_s.get(match.clip_id, 0.0) if is_date else 0.0)


def _surest(found: Sequence[tuple[Match, Found]]) -> Iterable[Match]:
    """Of takes of one file that seem to be the same clip, only the surest stays matched."""
    takes: dict[tuple[Path, str], dict[tuple[str, ...], int]] = {}
    for match, fit in found:
        if match.clip_id:
            key = (match.path, match.clip_id)
            takes.setdefault(key, {})[match.tier.clips] = fit.folders
    for match, fit in found:
        rivals = takes.get((match.path, match.clip_id), {})
        best = -1 if -1 in rivals.values() else max(rivals.values(), default=0)
        alone = sum(n == best for n in rivals.values()) == 1
        named = fit.folders == -1  # several tiers may well state the clip's name itself
        if not match.clip_id or named or (fit.folders == best and alone):
            yield match
        else:
            reason = "several takes in the file have the clip's name"
            yield replace(match, clip_id="", reason=reason)


def suggested_tier(match: Match, clip: Clip | None) -> str:
    """A name for the tier: the file's own, its author's, or else what the file is called."""
    if match.tier.name or match.tier.author:
        return match.tier.name or match.tier.author
    stem = match.path.stem
    if clip is not None:
        own = (bare_stem(Path(source.path)) for source in sources_of(clip))
        for name in (clip.name, safe_name(clip.name), *own):
            stem = stem.removeprefix(name).strip("_-. ")
    return stem if stem not in ("", MINE) else _IMPORTED


def placed(
    project: Project, matches: Iterable[Match], tier: str = "", mode: str = ""
) -> tuple[Placed, ...]:
    """Where matched labels go: to a tier of that name, else each to a new one.

    Parameters
    ----------
    tier : str
        Labels are added to it unless `mode` says otherwise.
    """
    result = []
    for match in matches:
        if not match.clip_id:
            continue
        clip = project.clip(match.clip_id)
        name = tier or suggested_tier(match, clip)
        result.append(Placed(match, name, mode or (ADD if tier else NEW)))
    return tuple(result)


def near_names(project: Project, labels: Iterable[str]) -> dict[str, str]:
    """Labels that differ from one of the project's only in case, blanks or dashes -> that one."""
    known = {_plain(name): name for name in project.label_set.names}
    return {
        label: known[_plain(label)]
        for label in labels
        if label not in project.label_set.names and _plain(label) in known
    }


def _plain(label: str) -> str:
    return "".join(c for c in label.casefold() if c not in " _-")


def with_labels(
    project: Project, places: Iterable[Placed], names: Mapping[str, str] | None = None
) -> LabelsImported:
    """The project with labels put in their places.

    Parameters
    ----------
    names : mapping, optional
        A file's label -> the project's; an empty one leaves the label out.

    Returns
    -------
    LabelsImported
        What lies outside a clip is cut off, and told.
    """
    notes: Counter[str] = Counter()
    tiers: dict[str, None] = {}
    clips: dict[str, Clip] = {}
    filled: set[tuple[str, str]] = set()
    segments = 0
    for place in places:
        clip = clips.get(place.match.clip_id) or project.clip(place.match.clip_id)
        track = _on_clip(place.match, clip, names or {}, notes)
        if not len(track):
            continue
        if place.mode == REPLACE and (clip.id, place.tier) in filled:
            place = replace(place, mode=ADD)  # or a second file would take out the first one's
        tier, after = _merged(clip, place, track, notes)
        filled.add((clip.id, tier))
        before = clip.track(tier)
        if after != before or tier not in clip.tiers:
            clips[clip.id] = clip.with_track(after, tier)
            segments += len(after) - len(before) if place.mode == ADD else len(track)
            tiers[tier] = None
    after_all = project.with_clips(clips.values())
    new = tuple(n for n in after_all.label_set.names if n not in project.label_set.names)
    return LabelsImported(after_all, len(clips), segments, tuple(tiers), new, told(notes))


def _on_clip(match: Match, clip: Clip, names: Mapping[str, str], notes: Counter[str]) -> LabelTrack:
    """The labels on the clip's clock and under the project's names, cut to the clip."""
    segments: list[Segment] = []
    whole = [Segment(0.0, clip.duration_s, label) for label in match.tier.whole]
    moved = [
        replace(s, start_s=s.start_s - match.zero_s, end_s=s.end_s - match.zero_s)
        for s in match.tier.track.segments
    ]
    for segment in (*whole, *moved):
        label = names.get(segment.label, segment.label)
        if not label:
            notes["{n} segments of labels that were left out"] += 1
        elif segment.end_s <= 0 or segment.start_s >= clip.duration_s:
            notes["{n} segments outside their clip left out"] += 1
        else:
            beyond = segment.start_s < 0 or segment.end_s > clip.duration_s
            notes["{n} segments cut where their clip begins or ends"] += beyond
            segments.append(replace(segment, label=label))
    return track_of(track_of(segments).cropped(0.0, clip.duration_s).segments)


def _merged(
    clip: Clip, place: Placed, track: LabelTrack, notes: Counter[str]
) -> tuple[str, LabelTrack]:
    """(name of the tier, its labels) once the new ones are in it."""
    if place.mode == NEW:
        if track in (existing for _, existing in clip.tracks):
            notes["{n} tiers that are there already"] += 1
            name = next(name for name, existing in clip.tracks if existing == track)
            return name, track
        empty = place.tier in clip.tiers and not len(clip.track(place.tier))
        return (place.tier if empty else unique(place.tier, clip.tiers)), track
    before = clip.track(place.tier)
    if place.mode == REPLACE or not len(before):
        if len(before):
            notes["{n} tiers replaced (undo brings them back)"] += 1
        return place.tier, track
    after = added(before, track)
    short = not before.overlapping and _seconds(after) < _seconds(before) + _seconds(track) - 1e-6
    notes["{n} tiers had labels already: only what was free got new ones"] += short
    return place.tier, after


def added(before: LabelTrack, more: LabelTrack) -> LabelTrack:
    """Both in one; where `before` may not overlap, it stays and `more` fills what is free."""
    if before.overlapping:
        return LabelTrack((*before.segments, *more.segments), True)
    parts = [p for segment in _exclusive(more) for p in _outside(segment, before.segments)]
    return LabelTrack((*before.segments, *parts))


def _exclusive(track: LabelTrack) -> list[Segment]:
    """As `LabelTrack.exclusive`, later starts over earlier ones, but for thousands of segments."""
    if not track.overlapping:
        return list(track.segments)
    done: list[Segment] = []
    for segment in track.segments:
        covered = []
        while done and done[-1].end_s > segment.start_s:
            covered.append(done.pop())
        rest = [part for each in reversed(covered) for part in _outside(each, (segment,))]
        done += sorted((*rest, segment), key=lambda each: each.start_s)
    return done


def _outside(segment: Segment, others: Sequence[Segment]) -> tuple[Segment, ...]:
    """What is left of a segment where none of the others, sorted and disjoint, lies."""
    rest = LabelTrack((segment,))
    first = bisect_right(others, segment.start_s, key=lambda each: each.end_s)
    for i in range(first, len(others)):
        if others[i].start_s >= segment.end_s:
            break
        rest = rest.erase(others[i].start_s, others[i].end_s)
    return rest.segments


def _seconds(track: LabelTrack) -> float:
    return sum(segment.duration_s for segment in track.segments)
