"""Label timelines as CSV: start_s,end_s,label, and the variants that other tools write."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.io.files import concerning, read_text, write_atomically
from harstudio.io.reader import bare_stem
from harstudio.io.tables import delimiter_of, header_cells, number

_LARGEST_FILE = 64 << 20

_DETAILS = ["confidence", "author"]
_COLUMNS = {
    "start": ("start_s", "start", "onset", "onset_s", "time", "time_s", "begin", "start_time"),
    "end": ("end_s", "end", "stop", "stop_s", "offset", "end_time"),
    "duration": ("duration", "duration_s"),
    "label": ("label", "description", "annotation", "activity", "name"),
    "confidence": ("confidence",),
    "author": ("author",),
    "clip": ("clip", "file"),
}
"""What a column means -> the names it goes by, the preferred one first.

onset,duration,description is MNE's; time,duration,label is ephyviewer's.
"""


@dataclass(frozen=True)
class _Row:
    line: int
    clip: str
    segment: Segment


def read_labels(path: Path, clip: str | None = None) -> LabelTrack:
    """The labels in a CSV file.

    Parameters
    ----------
    path : Path
        UTF-8, delimited by commas, semicolons or tabs. Its header names start_s and end_s (or
        duration) and label, perhaps confidence, author and clip; see `_COLUMNS` for aliases.
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
    """The labels of every clip in a CSV file, by clip ("" without a clip column)."""
    text = read_text(path, _LARGEST_FILE)
    with concerning(path):
        rows: dict[str, list[_Row]] = {}
        for row in _rows(text):
            rows.setdefault(row.clip, []).append(row)
        return {clip: _track(found) for clip, found in rows.items()}


def write_labels(
    path: Path, rows: Iterable[tuple[str, LabelTrack]], *, details: bool = False
) -> None:
    """Write clip,start_s,end_s,label rows in one atomic step.

    Parameters
    ----------
    path : Path
    rows : pairs of a clip's name and its labels
    details : bool
        Add the columns confidence and author.

    Raises
    ------
    HarstudioError
        The file cannot be written.
    """
    header = ["clip", "start_s", "end_s", "label"]
    cells = ([clip, *_cells(s, details)] for clip, track in rows for s in track.segments)
    _write(path, header + _DETAILS * details, cells)


def write_track(path: Path, track: LabelTrack, *, details: bool = False) -> None:
    """Write the labels of one clip, as start_s,end_s,label rows; otherwise as `write_labels`."""
    cells = (_cells(s, details) for s in track.segments)
    _write(path, ["start_s", "end_s", "label"] + _DETAILS * details, cells)


def sidecar(path: Path) -> Path | None:
    """The label file beside a motion: ``X_labels.csv`` for ``X_poses.npz``; None if absent."""
    for stem in dict.fromkeys((bare_stem(path), path.stem)):
        candidate = path.with_name(f"{stem}_labels.csv")
        if candidate != path and candidate.is_file():
            return candidate
    return None


def _cells(segment: Segment, details: bool) -> list[str]:
    cells = [_seconds(segment.start_s), _seconds(segment.end_s), segment.label]
    return cells + [repr(float(segment.confidence)), segment.author] * details


def _write(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    text = io.StringIO(newline="")
    plain = csv.writer(text, lineterminator="\n")
    quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plain.writerow(header)
    for cells in rows:
        # The plain writer forgets that readers take a carriage return for the end of a row.
        (quoted if any("\r" in cell for cell in cells) else plain).writerow(cells)
    write_atomically(path, text.getvalue().encode("utf-8"))


def _rows(text: str) -> Iterator[_Row]:
    first, _, _ = text.partition("\n")
    delimiter = delimiter_of(first)
    columns = _columns(header_cells(first.rstrip("\r"), delimiter))
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
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


def _row(cells: list[str], columns: dict[str, int], line: int) -> _Row:
    def cell(meaning: str) -> str:
        index = columns.get(meaning)
        return "" if index is None or index >= len(cells) else cells[index].strip()

    needed = max(columns[m] for m in ("start", "end", "duration", "label") if m in columns)
    if len(cells) <= needed:
        raise HarstudioError(f"line {line}: {len(cells)} cells, expected at least {needed + 1}")
    start_s = number(cell("start"), line, "start")
    if "end" in columns:
        end_s = number(cell("end"), line, "end")
    else:
        end_s = start_s + number(cell("duration"), line, "duration")
    confidence = number(cell("confidence"), line, "confidence") if cell("confidence") else 1.0
    try:
        segment = Segment(start_s, end_s, cell("label"), confidence, cell("author"))
    except HarstudioError as error:
        raise HarstudioError(f"line {line}: {error.message}", error.hint) from error
    return _Row(line, cell("clip"), segment)


def _track(rows: list[_Row]) -> LabelTrack:
    ordered = sorted(rows, key=lambda row: row.segment.start_s)
    for left, right in pairwise(ordered):
        if right.segment.start_s < left.segment.end_s:
            raise HarstudioError(
                f"lines {left.line} and {right.line} overlap: {left.segment.label!r} ends at "
                f"{left.segment.end_s} s, {right.segment.label!r} starts at "
                f"{right.segment.start_s} s"
            )
    return LabelTrack(tuple(row.segment for row in ordered))


def _seconds(time_s: float) -> str:
    """Whole microseconds without trailing zeros."""
    text = f"{time_s:.6f}".rstrip("0")
    return text + "0" if text.endswith(".") else text
