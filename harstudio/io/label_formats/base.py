"""What every format of label files offers, and what their readers and writers share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.source import Source

POINT_S = 0.1
"""How long a label becomes that a file gives for a moment, s."""

WALL_CLOCK_S = 1e9
"""Times from here on (the year 2001) are counted from 1970, not from a clip's start."""

Notes = Mapping[str, int]
"""What was left out or changed -> how often; ``{n}`` in the text stands for that."""

_UNITS = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
"""From such a size on, Unix time is in ns, us, ms."""


@dataclass(frozen=True)
class FoundTier:
    """A tier as a file has it.

    Attributes
    ----------
    name : str
        Empty where the format has no names for tiers.
    track : LabelTrack
        In the file's own seconds; overlapping where its segments do overlap.
    clips : tuple of str
        Names or paths that the file gives for what was labelled, the surest first.
    author : str
    whole : tuple of str
        Labels of the clip as a whole, which have no times.
    """

    name: str
    track: LabelTrack
    clips: tuple[str, ...] = ()
    author: str = ""
    whole: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelFile:
    """All that was read from a file.

    Attributes
    ----------
    tiers : tuple of FoundTier
    notes : tuple of str
        What was left out or changed in reading, a line each.
    """

    tiers: tuple[FoundTier, ...]
    notes: tuple[str, ...] = ()

    @property
    def wall_clock(self) -> bool:
        """Whether times are dates (seconds since 1970) rather than counted from a clip's start."""
        starts = [tier.track.segments[0].start_s for tier in self.tiers if len(tier.track)]
        return bool(starts) and min(starts) >= WALL_CLOCK_S

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in use, sorted."""
        used = (name for tier in self.tiers for name in (*tier.track.labels, *tier.whole))
        return tuple(sorted(set(used)))


@dataclass(frozen=True)
class LabelledClip:
    """A clip with the tiers to write; `source` is the file that they belong to."""

    name: str
    duration_s: float
    rate_hz: float
    tiers: tuple[tuple[str, LabelTrack], ...]
    subject: str = ""
    source: Source | None = None

    @property
    def path(self) -> str:
        """Where the labelled file lies, as the project says it; empty if unknown."""
        return self.source.path if self.source is not None else ""

    @property
    def fingerprint(self) -> str:
        return self.source.fingerprint if self.source is not None else ""


@dataclass(frozen=True)
class LabelFormat:
    """A format of label files.

    Attributes
    ----------
    id, title : str
        For the command line, and for a person.
    suffixes : file suffixes with the dot, in any case; the first is for writing
    many_clips, many_tiers : bool
        Whether one file holds several clips, and several tiers of a clip.
    matches : bytes -> bool
        Whether a file of such a suffix, by its content, is of this format; never raises.
    read : (path, variant) -> LabelFile
        The whole file or HarstudioError with file, place, got and expected.
    write : (path, clips, variant) -> Notes
        In one atomic step. The notes say what was changed or left out.
    keeps : tuple of str
        Which of `DETAILS` it has a place for.
    read_variants, write_variants : tuple of str
        What can be chosen in reading and writing; the first unless told.
    """

    id: str
    title: str
    suffixes: tuple[str, ...]
    many_clips: bool
    many_tiers: bool
    matches: Callable[[bytes], bool]
    read: Callable[[Path, str], LabelFile]
    write: Callable[[Path, Sequence[LabelledClip], str], Notes]
    keeps: tuple[str, ...] = ()
    read_variants: tuple[str, ...] = ()
    write_variants: tuple[str, ...] = ()


class Gathering:
    """Segments as they come out of a file, by tier, and what had to be done to them."""

    def __init__(self) -> None:
        self._segments: dict[Hashable, list[Segment]] = {}
        self._notes: Counter[str] = Counter()

    def add(
        self,
        tier: Hashable,
        start_s: float,
        end_s: float,
        label: str,
        place: str,
        *,
        confidence: float = 1.0,
        author: str = "",
        note: str = "",
        start_soft_s: float = 0.0,
        end_soft_s: float = 0.0,
    ) -> None:
        """Keep a segment; one without a label is counted, a moment becomes `POINT_S` long.

        Raises
        ------
        HarstudioError
            The end lies before the start, or a value is absurd; named with its place.
        """
        label = label.strip()
        if not label:
            self.count("{n} without a label left out")
            return
        if start_s == end_s:
            end_s = start_s + POINT_S
            self.count(f"{{n}} without a length became {POINT_S:g} s long")
        try:
            segment = Segment(
                start_s, end_s, label, confidence, author, note, start_soft_s, end_soft_s
            )
        except HarstudioError as error:
            raise HarstudioError(f"{place}: {error.message}", error.hint) from error
        self._segments.setdefault(tier, []).append(segment)

    def count(self, note: str) -> None:
        """Count something to tell; ``{n}`` stands for how often it happened."""
        self._notes[note] += 1

    def open(self, tier: Hashable) -> None:
        """Have a tier, be it empty."""
        self._segments.setdefault(tier, [])

    @property
    def tiers(self) -> tuple[Hashable, ...]:
        return tuple(self._segments)

    def track(self, tier: Hashable) -> LabelTrack:
        """A tier's segments; an overlapping track only where they do overlap."""
        return track_of(self._segments.get(tier, ()))

    @property
    def notes(self) -> tuple[str, ...]:
        return told(self._notes)


def track_of(segments: Iterable[Segment]) -> LabelTrack:
    """A track of segments in any order, overlapping only where they do overlap."""
    ordered = sorted(segments, key=lambda segment: (segment.start_s, segment.end_s))
    overlapping = any(right.start_s < left.end_s for left, right in pairwise(ordered))
    return LabelTrack(tuple(ordered), overlapping)


def layers(track: LabelTrack) -> tuple[LabelTrack, ...]:
    """A track as the fewest tracks without overlaps; itself if it has none."""
    parts: list[list[Segment]] = []
    for segment in track.segments:
        free = next((part for part in parts if part[-1].end_s <= segment.start_s), None)
        if free is None:
            parts.append([segment])
        else:
            free.append(segment)
    return tuple(LabelTrack(tuple(part)) for part in parts) or (LabelTrack(),)


def without_overlaps(
    tiers: Iterable[tuple[str, LabelTrack]],
) -> tuple[list[tuple[str, LabelTrack]], Notes]:
    """Tiers of unique names in which nothing overlaps, and what was done to reach that."""
    result: list[tuple[str, LabelTrack]] = []
    notes: dict[str, int] = {}
    taken: set[str] = set()
    for name, track in tiers:
        parts = layers(track)
        for part in parts:
            result.append((unique(name, taken), part))
            taken.add(result[-1][0])
        if len(parts) > 1:
            notes[f"tier {name!r} has overlaps: written as {len(parts)} tiers"] = 1
    return result, notes


def unique(name: str, taken: Collection[str]) -> str:
    """The name, or the first of ``name (2)``, ``name (3)``... that is free."""
    number, result = 1, name
    while result in taken:
        number += 1
        result = f"{name} ({number})"
    return result


def unix_seconds(time: float) -> float:
    """Seconds of a time that may be Unix time in ms, us or ns."""
    for least, unit in _UNITS:
        if abs(time) >= least:
            return time * unit
    return time


DETAILS: Mapping[str, Callable[[Segment], bool]] = {
    "confidence": lambda segment: segment.confidence != 1.0,
    "author": lambda segment: segment.author != "",
    "note": lambda segment: segment.note != "",
    "soft edges": lambda segment: segment.start_soft_s > 0 or segment.end_soft_s > 0,
}
"""What a segment may have beside its times and its label -> whether one has it."""


def not_kept(kind: LabelFormat, clips: Iterable[LabelledClip]) -> Notes:
    """What a format has no place for in these clips."""
    segments = [s for clip in clips for _, track in clip.tiers for s in track.segments]
    return {
        f"{kind.title} does not keep the {name} of {{n}} segments": sum(map(has, segments))
        for name, has in DETAILS.items()
        if name not in kind.keeps
    }


def told(notes: Notes) -> tuple[str, ...]:
    """Notes in words, a line each, without those that never happened."""
    return tuple(note.replace("{n}", f"{n:,}") for note, n in notes.items() if n)
