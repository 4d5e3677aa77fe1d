"""The label table (CSV) as one of the label formats: several clips and tiers in one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harstudio.io.files import concerning
from harstudio.io.label_formats.base import (
    DETAILS,
    FoundTier,
    Gathering,
    LabelFile,
    LabelFormat,
    LabelledClip,
    Notes,
    unix_seconds,
)
from harstudio.io.labels_csv import LabelRow, is_label_table, read_label_rows, write_labels


def matches(data: bytes) -> bool:
    """Whether the first line names the columns of a label table."""
    return is_label_table(data.partition(b"\n")[0].decode("utf-8-sig", "replace"))


def read(path: Path, variant: str = "") -> LabelFile:
    """Every tier of every clip; see `labels_csv` for the columns.

    Raises
    ------
    HarstudioError
        Names the line.
    """
    rows = [_in_seconds(row) for row in read_label_rows(path)]
    with concerning(path):
        found = Gathering()
        authors: dict[tuple[str, str], set[str]] = {}
        for row in rows:
            tier = (row.clip, row.tier)
            authors.setdefault(tier, set()).add(row.author)
            found.add(
                tier, row.start_s, row.end_s, row.label, f"line {row.line}",
                confidence=row.confidence, author=row.author, note=row.note,
                start_soft_s=row.start_soft_s, end_soft_s=row.end_soft_s,
            )  # fmt: skip
        return LabelFile(
            tuple(
                FoundTier(
                    name,
                    found.track((clip, name)),
                    (clip,) if clip else (),
                    next(iter(signed)) if len(signed) == 1 else "",
                )
                for (clip, name), signed in authors.items()
            ),
            found.notes,
        )


def _in_seconds(row: LabelRow) -> LabelRow:
    """With Unix times in seconds, whatever they are in."""
    start_s, end_s = unix_seconds(row.start_s), unix_seconds(row.end_s)
    return row if start_s == row.start_s else replace(row, start_s=start_s, end_s=end_s)


def write(path: Path, clips: Sequence[LabelledClip], variant: str = "") -> Notes:
    """Write every tier of every clip; all is kept.

    Raises
    ------
    HarstudioError
        The file cannot be written.
    """
    write_labels(path, ((c.name, tier, track) for c in clips for tier, track in c.tiers))
    return {}


FORMAT = LabelFormat(
    "csv", "CSV", (".csv", ".tsv"), True, True, matches, read, write, tuple(DETAILS)
)
