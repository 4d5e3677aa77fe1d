"""Audacity's label tracks: a line of start, end and label, parted by tabs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack
from harstudio.io.files import concerning, read_text, write_atomically
from harstudio.io.label_formats.base import (
    FoundTier,
    Gathering,
    LabelFile,
    LabelFormat,
    LabelledClip,
    Notes,
)
from harstudio.io.tables import number

_LARGEST_FILE = 64 << 20
_ROW = re.compile(rb"\s*-?\d+([.,]\d+)?\t-?\d+([.,]\d+)?(\t|\s*$)")
_BREAKS = re.compile(r"[\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


def matches(data: bytes) -> bool:
    """Whether the first line has two numbers and a tab between them."""
    return _ROW.match(data.removeprefix(b"\xef\xbb\xbf")) is not None


def read(path: Path, variant: str = "") -> LabelFile:
    """The labels of a track; several tracks in one file become one tier.

    Raises
    ------
    HarstudioError
        Names the line.
    """
    text = read_text(path, _LARGEST_FILE)
    with concerning(path):
        found = Gathering()
        found.open("")
        for line, row in enumerate(text.split("\n"), start=1):
            row = row.rstrip("\r")
            if not row.strip():
                continue
            if row.startswith("\\"):  # the frequencies of the label above it
                found.count("{n} frequency ranges left out")
                continue
            cells = row.split("\t", 2)
            if len(cells) < 2:
                raise HarstudioError(
                    f"line {line}: got {row[:60]!r}, expected start, end and label"
                )
            start_s, end_s = number(cells[0], line, "start"), number(cells[1], line, "end")
            found.add("", start_s, end_s, cells[2] if len(cells) > 2 else "", f"line {line}")
        return LabelFile((FoundTier("", found.track("")),), found.notes)


def write(path: Path, clips: Sequence[LabelledClip], variant: str = "") -> Notes:
    """Write the one tier of one clip; tabs and line breaks in labels become spaces.

    Raises
    ------
    HarstudioError
        Several clips or tiers, or the file cannot be written.
    """
    tiers = [track for clip in clips for _, track in clip.tiers]
    if len(tiers) > 1:
        raise HarstudioError(f"{path.name}: {len(tiers)} tiers, but a file of Audacity's holds one")
    track = tiers[0] if tiers else LabelTrack()
    changed = 0
    lines = []
    for segment in track.segments:
        label = _BREAKS.sub(" ", segment.label)
        changed += label != segment.label
        lines.append(f"{segment.start_s:.6f}\t{segment.end_s:.6f}\t{label}\n")
    write_atomically(path, "".join(lines).encode("utf-8"))
    return {"{n} labels with tabs or line breaks got spaces for them": changed}


FORMAT = LabelFormat("audacity", "Audacity labels", (".txt",), False, False, matches, read, write)
