"""Segments as rows of text: what a cell says, what may be typed into it, which rows a filter shows.

Values in, values out; the table itself is in `segment_model`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.timebase import clock_text

COLUMNS = ("label", "start", "end", "duration", "confidence", "soft", "author", "note")
TITLES = {
    "label": "Label",
    "start": "Start",
    "end": "End",
    "duration": "Length",
    "confidence": "Conf.",
    "soft": "Soft ±",
    "author": "Author",
    "note": "Note",
}
_SHARES_SHOWN = 3
NUMBERS = ("start", "end", "duration", "confidence", "soft")

_SORT_KEYS: dict[str, Callable[[Segment], object]] = {
    "label": lambda s: s.label.casefold(),
    "start": lambda s: s.start_s,
    "end": lambda s: s.end_s,
    "duration": lambda s: s.duration_s,
    "confidence": lambda s: s.confidence,
    "soft": lambda s: max(s.start_soft_s, s.end_soft_s),
    "author": lambda s: s.author.casefold(),
    "note": lambda s: s.note.casefold(),
}


@dataclass(frozen=True)
class SegmentQuery:
    """Which segments to show: `text` in label, note or author, and a confidence below `below`."""

    text: str = ""
    below: float | None = None

    def accepts(self, segment: Segment) -> bool:
        """Whether a segment is to be shown."""
        if self.below is not None and not segment.confidence < self.below:
            return False
        words = (segment.label, segment.note, segment.author)
        return not self.text or any(self.text.casefold() in word.casefold() for word in words)


@dataclass(frozen=True)
class Totals:
    """What a set of segments adds up to; `shares` are of `labelled_s`, the largest first."""

    count: int
    labelled_s: float
    shares: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, segments: Iterable[Segment]) -> Totals:
        """The totals of some segments; overlapping ones count each."""
        seconds: dict[str, float] = {}
        count = 0
        for segment in segments:
            count += 1
            seconds[segment.label] = seconds.get(segment.label, 0.0) + segment.duration_s
        total = sum(seconds.values())
        ordered = sorted(seconds.items(), key=lambda item: (-item[1], item[0]))
        return cls(count, total, tuple((label, s / total) for label, s in ordered))

    def text(self, of: int) -> tuple[str, str]:
        """As one line with the largest shares, and whole; `of` is how many segments there are."""
        count = f"{self.count:,}" + (f" of {of:,}" if self.count != of else "")
        noun = "segment" if count == "1" else "segments"
        parts = [f"{count} {noun}", f"{clock_text(self.labelled_s)} labelled"]
        shares = [f"{label} {share:.0%}" for label, share in self.shares]
        more = " …" if len(shares) > _SHARES_SHOWN else ""
        return " · ".join(parts + shares[:_SHARES_SHOWN]) + more, "\n".join(parts + shares)


def shown(
    track: LabelTrack, query: SegmentQuery, column: str = "start", descending: bool = False
) -> list[int]:
    """Indexes of a track's segments that a query accepts, sorted by a column."""
    found = [i for i, segment in enumerate(track.segments) if query.accepts(segment)]
    key = _SORT_KEYS[column]
    return sorted(found, key=lambda i: key(track.segments[i]), reverse=descending)  # type: ignore[arg-type,return-value]


def cell_text(segment: Segment, column: str) -> str:
    """What a cell says."""
    if column == "confidence":
        return f"{segment.confidence:.2f}"
    if column == "soft":
        return _soft_text(segment, 3)
    if column in ("start", "end"):
        return time_text(segment.start_s if column == "start" else segment.end_s)
    if column == "duration":
        return f"{segment.duration_s:.3f}"
    return str(getattr(segment, column))


def edit_text(segment: Segment, column: str) -> str:
    """What a cell's editor begins with: the value whole, so that leaving it changes nothing."""
    if column == "confidence":
        return f"{segment.confidence:.6g}"
    if column == "soft":
        return _soft_text(segment, 6)
    if column in ("start", "end"):
        return time_text(segment.start_s if column == "start" else segment.end_s, 6)
    if column == "duration":
        return f"{segment.duration_s:.6f}".rstrip("0").rstrip(".")
    return str(getattr(segment, column))


def time_text(time_s: float, decimals: int = 3) -> str:
    """``MM:SS.mmm``, ``H:MM:SS.mmm`` from an hour on; more decimals only where there are any."""
    unit = 10**decimals
    whole, part = divmod(round(abs(time_s) * unit), unit)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f"{part:0{decimals}d}"
    fraction = fraction[:3] + fraction[3:].rstrip("0")
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes:02d}"
    return f"{'-' if time_s < 0 else ''}{head}:{seconds:02d}.{fraction}"


def edited(segment: Segment, column: str, text: str, clip_s: float) -> Segment:
    """The segment with another text in a cell.

    Parameters
    ----------
    column : str
        Of `COLUMNS`. Another duration moves the end.
    text : str
        Times as seconds or MM:SS; a confidence as 0 to 1 or in percent; soft edges as one number
        for both or as ``start / end``; numbers with a point or a comma.
    clip_s : float, s
        Length of the clip; no segment lies outside it.

    Raises
    ------
    HarstudioError
        The text cannot be read, or makes no segment.
    """
    text = text.strip()
    if column in ("author", "note"):
        return replace(segment, **{column: text})
    if column == "label":
        return replace(segment, label=text)
    if column == "confidence":
        return replace(segment, confidence=_confidence(text))
    if column == "soft":
        start_s, end_s = _soft(text)
        return replace(segment, start_soft_s=start_s, end_soft_s=end_s)
    time_s = _time(text)
    if column == "duration":
        column, time_s = "end", segment.start_s + time_s
    if not 0 <= time_s <= clip_s + 1e-6:
        raise HarstudioError(
            f"{column} {time_text(time_s)}: outside the clip",
            f"it goes from 0 to {time_text(clip_s)}",
        )
    return replace(segment, **{f"{column}_s": time_s})


def number(text: str, what: str) -> float:
    """A finite number, with a point or a comma.

    Raises
    ------
    HarstudioError
        It is none.
    """
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise HarstudioError(f"{what} {text!r}: no number") from None
    return value


def all_changed(
    track: LabelTrack, indexes: Iterable[int], change: Callable[[Segment], Segment]
) -> LabelTrack:
    """The track with some segments changed in anything but their times."""
    segments = list(track.segments)
    for i in indexes:
        segments[i] = change(segments[i])
    return LabelTrack(tuple(segments), track.overlapping)


def without(track: LabelTrack, indexes: Iterable[int]) -> LabelTrack:
    """The track without some segments."""
    gone = set(indexes)
    kept = tuple(s for i, s in enumerate(track.segments) if i not in gone)
    return LabelTrack(kept, track.overlapping)


def named(track: LabelTrack, indexes: Sequence[int]) -> str:
    """One segment by its label, more by their number."""
    labels = [track.segments[i].label for i in indexes]
    return labels[0] if len(labels) == 1 else f"{len(labels)} segments"


def damage(before: LabelTrack, after: LabelTrack, index: int) -> str:
    """What a change of one segment did to its neighbours, in words; empty for nothing."""
    others = [s for i, s in enumerate(before.segments) if i != index]
    left = set(after.segments)
    hurt = [s for s in others if s not in left]
    kept = sum(
        any(s.label == t.label and s.start_s < t.end_s and t.start_s < s.end_s for t in left)
        for s in hurt
    )
    if not hurt:
        return ""
    gone = len(hurt) - kept
    parts = [f"{kept} trimmed"] * bool(kept) + [f"{gone} covered and gone"] * bool(gone)
    return f"Neighbours: {', '.join(parts)} (Ctrl+Z takes it back)"


def table_text(segments: Sequence[Segment]) -> str:
    """Tab-separated rows with a header, for a spreadsheet."""
    head = ("label", "start_s", "end_s", "duration_s", "confidence", "author", "note")
    rows = [
        (
            s.label, f"{s.start_s:.6f}", f"{s.end_s:.6f}", f"{s.duration_s:.6f}",
            f"{s.confidence:g}", s.author, s.note,
        )
        for s in segments
    ]  # fmt: skip
    clean = (" ".join("\t".join(row).split("\n")) for row in [head, *rows])
    return "\n".join(clean)


def _soft_text(segment: Segment, decimals: int) -> str:
    texts = [
        f"{soft_s:.{decimals}f}".rstrip("0").rstrip(".")
        for soft_s in (segment.start_soft_s, segment.end_soft_s)
    ]
    if texts == ["0", "0"]:
        return ""
    return texts[0] if texts[0] == texts[1] else " / ".join(texts)


def _soft(text: str) -> tuple[float, float]:
    if not text:
        return 0.0, 0.0
    parts = [number(part.strip().lstrip("±"), "soft edge") for part in text.split("/")]
    if len(parts) > 2:
        raise HarstudioError(f"soft edges {text!r}: more than two", "write start / end, in seconds")
    return parts[0], parts[-1]


def _confidence(text: str) -> float:
    percent = text.endswith("%")
    value = number(text.rstrip("% "), "confidence")
    return value / 100 if percent else value


def _time(text: str) -> float:
    """Seconds of ``12.4``, ``1:02.5`` or ``1:00:00``."""
    sign, seconds = (-1.0 if text.startswith("-") else 1.0), 0.0
    for part in text.lstrip("-").split(":"):
        value = number(part, "time")
        if value < 0:
            raise HarstudioError(f"time {text!r}: no time", "write seconds or MM:SS.mmm")
        seconds = seconds * 60 + value
    return sign * seconds
