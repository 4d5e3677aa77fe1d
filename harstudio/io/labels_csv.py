"""Label timelines as CSV: start_s,end_s,label, and the variants that other tools write."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE
from harstudio.io.files import concerning, read_text, write_atomically
from harstudio.io.reader import bare_stem
from harstudio.io.tables import delimiter_of, header_cells, number

_LARGEST_FILE = 64 << 20

_PLAIN = Segment(0.0, 1.0, "plain")
_DETAILS = ("confidence", "author", "note", "start_soft_s", "end_soft_s")
"""Columns that are written where some segment has more than the usual to say in them."""

_COLUMNS = {
    "start": ("start_s", "start", "onset", "onset_s", "time", "time_s", "begin", "start_time"),
    "end": ("end_s", "end", "stop", "stop_s", "offset", "end_time"),
    "duration": ("duration", "duration_s"),
    "label": ("label", "description", "annotation", "activity", "operation", "name"),
    "confidence": ("confidence",),
    "author": ("author",),
    "note": ("note", "notes", "comment"),
    "start_soft_s": ("start_soft_s",),
    "end_soft_s": ("end_soft_s",),
    "tier": ("tier",),
    "clip": ("clip", "file"),
}
"""What a column means -> the names it goes by, the preferred one first.

onset,duration,description is MNE's; time,duration,label is ephyviewer's; operation is OpenPack's.
"""


@dataclass(frozen=True)
class LabelRow:
    """One row of a table; times in seconds, of a clip or (given as dates) since 1970."""

    line: int
    clip: str
    tier: str
    start_s: float
    end_s: float
    label: str
    confidence: float = 1.0
    author: str = ""
    note: str = ""
    start_soft_s: float = 0.0
    end_soft_s: float = 0.0

    @property
    def segment(self) -> Segment:
        """The row as a segment; HarstudioError names the line."""
        try:
            return Segment(
                self.start_s, self.end_s, self.label, self.confidence, self.author, self.note,
                self.start_soft_s, self.end_soft_s,
            )  # fmt: skip
        except HarstudioError as error:
            raise HarstudioError(f"line {self.line}: {error.message}", error.hint) from error


def read_labels(path: Path, clip: str | None = None) -> LabelTrack:
    """The labels in a CSV file, as one timeline without overlaps.

    Parameters
    ----------
    path : Path
        UTF-8, delimited by commas, semicolons or tabs. Its header names start_s and end_s (or
        duration) and label, perhaps confidence, author, note, start_soft_s, end_soft_s, tier and
        clip; see `_COLUMNS` for aliases. Of several tiers only the person's own is read.
    clip : str, optional
        Only rows of this clip. Needed if the file has a clip column with several.

    Raises
    ------
    HarstudioError
        Names the line, what was got and what is expected; overlapping rows by both lines.
    """
    tracks = read_label_table(path)
    if clip is not None:
        return tracks.get(clip, LabelTrack())
    if len(tracks) > 1:
        names = ", ".join(list(tracks)[:5])
        raise HarstudioError(
            f"{path.name}: holds labels of {len(tracks)} clips, expected one", f"clips: {names}"
        )
    return next(iter(tracks.values()), LabelTrack())


def read_label_table(path: Path) -> dict[str, LabelTrack]:
    """The labels of every clip in a CSV file, by clip ("" without a clip column).

    Otherwise as `read_labels`.
    """
    rows: dict[str, list[LabelRow]] = {}
    for row in read_label_rows(path):
        if row.tier in ("", MINE):
            rows.setdefault(row.clip, []).append(row)
    with concerning(path):
        return {clip: _track(found) for clip, found in rows.items()}


def read_label_rows(path: Path) -> list[LabelRow]:
    """Every row of a label table; HarstudioError names the line."""
    text = read_text(path, _LARGEST_FILE)
    with concerning(path):
        return list(_rows(text))


def write_labels(path: Path, rows: Iterable[tuple[str, str, LabelTrack]]) -> None:
    """Write clip,start_s,end_s,label rows in one atomic step.

    Parameters
    ----------
    path : Path
    rows : clip's name, tier's name, and labels
        There is a column tier where there is another than the person's own, and columns
        confidence, author, note, start_soft_s, end_soft_s where they say anything.

    Raises
    ------
    HarstudioError
        The file cannot be written.
    """
    tracks = list(rows)
    details = _details_of(track for *_, track in tracks)
    tiers = any(tier != MINE for _, tier, _ in tracks)
    header = ["clip", *["tier"] * tiers, "start_s", "end_s", "label", *details]
    cells = (
        [clip, *[tier] * tiers, *_cells(segment, details)]
        for clip, tier, track in tracks
        for segment in track.segments
    )
    _write(path, header, cells)


def write_track(path: Path, track: LabelTrack) -> None:
    """Write the labels of one clip, as start_s,end_s,label rows; otherwise as `write_labels`."""
    details = _details_of([track])
    _write(
        path, ["start_s", "end_s", "label", *details], (_cells(s, details) for s in track.segments)
    )


def is_label_table(first_line: str) -> bool:
    """Whether a header names starts, ends or durations, and labels."""
    try:
        _columns(header_cells(first_line.rstrip("\r\n"), delimiter_of(first_line)))
    except HarstudioError:
        return False
    return True


def sidecar(path: Path) -> Path | None:
    """The label file beside a motion: ``X_labels.csv`` for ``X_poses.npz``; None if absent."""
    for stem in dict.fromkeys((bare_stem(path), path.stem)):
        candidate = path.with_name(f"{stem}_labels.csv")
        if candidate != path and candidate.is_file():
            return candidate
    return None


def _details_of(tracks: Iterable[LabelTrack]) -> list[str]:
    segments = [segment for track in tracks for segment in track.segments]
    usual = {name: getattr(_PLAIN, name) for name in _DETAILS}
    return [name for name in _DETAILS if any(getattr(s, name) != usual[name] for s in segments)]


def _cells(segment: Segment, details: Sequence[str]) -> list[str]:
    cells = [_seconds(segment.start_s), _seconds(segment.end_s), segment.label]
    for name in details:
        value = getattr(segment, name)
        cells.append(value if isinstance(value, str) else repr(float(value)))
    return cells


def _write(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    text = io.StringIO(newline="")
    plain = csv.writer(text, lineterminator="\n")
    quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plain.writerow(header)
    for cells in rows:
        # The plain writer forgets that readers take a carriage return for the end of a row.
        (quoted if any("\r" in cell for cell in cells) else plain).writerow(cells)
    write_atomically(path, text.getvalue().encode("utf-8"))


def _rows(text: str) -> Iterator[LabelRow]:
    first, _, _ = text.partition("\n")
    delimiter = delimiter_of(first)
    columns = _columns(header_cells(first.rstrip("\r"), delimiter))
    # Strict, or a quote that is never closed swallows all rows after it.
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        next(table, None)
        for cells in table:
            if any(cell.strip() for cell in cells):
                yield _row(cells, columns, table.line_num)
    except csv.Error as error:
        raise HarstudioError(f"line {table.line_num}: {error}") from error


def _columns(header: list[str]) -> dict[str, int]:
    """What a column means -> its index."""
    found = {}
    for meaning, names in _COLUMNS.items():
        index = next((header.index(name) for name in names if name in header), None)
        if index is not None:
            found[meaning] = index
    if not ({"start", "label"} <= set(found) and {"end", "duration"} & set(found)):
        got = ",".join(header)[:80]
        raise HarstudioError(
            f"line 1: the header is {got!r}, expected start_s,end_s,label",
            "onset,duration,description and time,duration,label are understood too",
        )
    return found


def _row(cells: list[str], columns: dict[str, int], line: int) -> LabelRow:
    def cell(meaning: str) -> str:
        index = columns.get(meaning)
        return "" if index is None or index >= len(cells) else cells[index].strip()

    def amount(meaning: str, otherwise: float) -> float:
        return number(cell(meaning), line, meaning) if cell(meaning) else otherwise

    needed = max(columns[m] for m in ("start", "end", "duration", "label") if m in columns)
    if len(cells) <= needed:
        raise HarstudioError(f"line {line}: {len(cells)} cells, expected at least {needed + 1}")
    start_s = _time(cell("start"), line, "start")
    if "end" in columns:
        end_s = _time(cell("end"), line, "end")
    else:
        end_s = start_s + number(cell("duration"), line, "duration")
    return LabelRow(
        line,
        cell("clip"),
        cell("tier"),
        start_s,
        end_s,
        cell("label"),
        amount("confidence", 1.0),
        cell("author"),
        cell("note"),
        amount("start_soft_s", 0.0),
        amount("end_soft_s", 0.0),
    )


def _time(cell: str, line: int, column: str) -> float:
    """Seconds of a number, or of a date with a time (UTC where it has no time zone)."""
    if ":" in cell:
        try:
            date = datetime.fromisoformat(cell)
            return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            raise HarstudioError(
                f"line {line}: {column} is {cell[:40]!r}, expected a number or a date "
                "such as 2022-03-29 14:25:22.143+09:00"
            ) from None
    return number(cell, line, column)


def _track(rows: list[LabelRow]) -> LabelTrack:
    ordered = sorted(((row.segment, row.line) for row in rows), key=lambda item: item[0].start_s)
    for (left, left_line), (right, right_line) in pairwise(ordered):
        if right.start_s < left.end_s:
            raise HarstudioError(
                f"lines {left_line} and {right_line} overlap: {left.label!r} ends at "
                f"{left.end_s} s, {right.label!r} starts at {right.start_s} s"
            )
    return LabelTrack(tuple(segment for segment, _ in ordered))


def _seconds(time_s: float) -> str:
    """Whole microseconds without trailing zeros."""
    text = f"{time_s:.6f}".rstrip("0")
    return text + "0" if text.endswith(".") else text
