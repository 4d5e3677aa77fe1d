"""What a project gives away: its labels, in the formats of other tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import EXCLUDED, MINE, Clip, Project
from harstudio.io.label_formats.base import LabelFormat, LabelledClip, Notes, not_kept, told
from harstudio.io.label_formats.registry import FORMATS, format_by_id
from harstudio.workflows.exchange.file_names import free_name, refuse_occupied, safe_name, staged

ALL_TIERS = "*"


@dataclass(frozen=True)
class Exported:
    """What an export wrote, and what it did not.

    Attributes
    ----------
    place : Path
        The file, or the folder of files.
    files, items : int
        Files (an index not counted), and the segments or windows in them.
    notes : tuple of str
        What was left out or is not kept, a line each.
    """

    place: Path
    files: int
    items: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelExport:
    """Which labels to write, and how.

    Attributes
    ----------
    format_id : str
        Told from the file's suffix where it is empty.
    tiers : tuple of str
        Names of tiers; `ALL_TIERS` for every one.
    clip_ids : tuple of str or None
        Only these clips; None for all.
    excluded : bool
        Also clips that were thrown out.
    variant : str
        One of the format's `write_variants`.
    overwrite : bool
        Replace a file, or files of the same names in a folder that is not empty.
    """

    format_id: str = ""
    tiers: tuple[str, ...] = (MINE,)
    clip_ids: tuple[str, ...] | None = None
    excluded: bool = False
    variant: str = ""
    overwrite: bool = False


def format_for(path: Path, format_id: str = "") -> LabelFormat:
    """The format to write a file in: the one named, else the only one of its suffix; CSV of none.

    Raises
    ------
    HarstudioError
        No such format, or the suffix does not tell.
    """
    if format_id:
        return format_by_id(format_id)
    suffix = path.suffix.lower() or ".csv"
    fitting = [each for each in FORMATS if suffix in map(str.lower, each.suffixes)]
    own = [each for each in fitting if suffix == each.suffixes[0].lower()]
    if len(own) != 1:
        known = ", ".join(each.id for each in own or FORMATS)
        raise HarstudioError(f"{path.name}: the name does not tell the format", f"known: {known}")
    return own[0]


def export_labels(project: Project, path: Path, choice: LabelExport | None = None) -> Job[Exported]:
    """Write the labels of a project's clips.

    Parameters
    ----------
    path : Path
        A file, where the format holds several clips (its suffix is added to a name without one)
        or one clip is written to a file of its suffix; else a folder, with a file for each clip.

    Raises
    ------
    HarstudioError
        No such format, tier or clip; nothing to write; a file that exists or a folder that is not
        empty; or a place that cannot be written. Nothing is written then.
    """
    choice = choice or LabelExport()
    written = format_for(path, choice.format_id)
    if choice.variant and choice.variant not in written.write_variants:
        known = ", ".join(written.write_variants) or "none"
        raise HarstudioError(f"{written.title}: no variant {choice.variant!r}", f"known: {known}")
    clips = chosen_clips(project, choice.clip_ids, excluded=choice.excluded)
    _require_tiers(clips, choice.tiers)
    labelled = [labelled_clip(clip, choice.tiers) for clip in clips]
    full = [clip for clip in labelled if clip.tiers]
    notes = Counter(_left_out(project, clips, labelled, choice)) + Counter(not_kept(written, full))
    segments = sum(len(track) for clip in full for _, track in clip.tiers)
    if written.many_clips:
        path = path if path.suffix else path.with_name(path.name + written.suffixes[0])
        refuse_occupied([path], overwrite=choice.overwrite)
        yield Progress(0, 1, f"Writing {path.name}")
        notes += Counter(written.write(path, full, choice.variant))
        yield Progress(1, 1, f"{segments:,} segments")
        return Exported(path, 1, segments, told(notes))
    parts = _files(full, written)
    if not parts:
        raise HarstudioError(f"no labels to write as {written.title}", "label some clips first")
    if len(parts) == 1 and path.suffix.lower() == written.suffixes[0].lower():
        refuse_occupied([path], overwrite=choice.overwrite)
        notes += Counter(written.write(path, [parts[0][1]], choice.variant))
        return Exported(path, 1, segments, told(notes))
    if path.suffix.lower() == written.suffixes[0].lower():
        raise HarstudioError(
            f"{path.name}: {len(parts)} files of {written.title} to write, expected a folder",
            "the format holds one clip" + ("" if written.many_tiers else " and one tier"),
        )
    with staged(path, overwrite=choice.overwrite) as stage:
        for done, (name, clip) in enumerate(parts):
            yield Progress(done, len(parts), name)
            notes += Counter(written.write(stage / name, [clip], choice.variant))
    yield Progress(len(parts), len(parts), f"{len(parts):,} files")
    return Exported(path, len(parts), segments, told(notes))


def chosen_clips(
    project: Project, clip_ids: Collection[str] | None, *, excluded: bool = False
) -> list[Clip]:
    """The clips of those ids, or all; those thrown out only where asked for."""
    found = project.clips.values() if clip_ids is None else [project.clip(i) for i in clip_ids]
    return [clip for clip in found if excluded or clip.status != EXCLUDED]


def labelled_clip(clip: Clip, tiers: Sequence[str]) -> LabelledClip:
    """A clip with those of the tiers that hold labels, as a format writes it."""
    names = clip.tiers if ALL_TIERS in tiers else [name for name in clip.tiers if name in tiers]
    source = clip.motion or clip.recordings[0].source
    tracks = tuple((name, clip.track(name)) for name in names if len(clip.track(name)))
    return LabelledClip(clip.name, clip.duration_s, clip.rate_hz, tracks, clip.subject, source)


def _require_tiers(clips: Iterable[Clip], tiers: Sequence[str]) -> None:
    known = dict.fromkeys((MINE, *(name for clip in clips for name in clip.tiers)))
    for tier in tiers:
        if tier not in known and tier != ALL_TIERS:
            raise HarstudioError(f"no tier {tier!r}", f"there are {', '.join(known)}")


def _left_out(
    project: Project, clips: Sequence[Clip], labelled: Sequence[LabelledClip], choice: LabelExport
) -> Notes:
    asked = len(project.clips if choice.clip_ids is None else choice.clip_ids)
    counts = (
        (asked - len(clips), "excluded clips left out"),
        (sum(not clip.tiers for clip in labelled), "clips without labels left out"),
    )
    return {f"{{n}} {what}": n for n, what in counts}


def _files(clips: Sequence[LabelledClip], written: LabelFormat) -> list[tuple[str, LabelledClip]]:
    """(file name, its clip) for a format that holds one clip, and perhaps only one tier of it."""
    parts: list[tuple[str, LabelledClip]] = []
    taken: set[str] = set()
    for clip in clips:
        groups = [clip.tiers] if written.many_tiers else [(tier,) for tier in clip.tiers]
        for group in groups:
            stem = safe_name(clip.name)
            if len(groups) > 1 and group[0][0] != MINE:
                stem += "__" + safe_name(group[0][0])
            name = free_name(stem, written.suffixes[0], taken)
            taken.add(name.lower())
            part = LabelledClip(
                clip.name, clip.duration_s, clip.rate_hz, group, clip.subject, clip.source
            )
            parts.append((name, part))
    return parts
