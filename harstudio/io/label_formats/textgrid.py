"""Praat's TextGrid, long and short: tiers of intervals without gaps or overlaps, and of points.

Praat reads a text file as a stream of numbers, quoted strings and flags and takes all else for
comment, so that the long and the short form are one format. So does this reader.

Source: Praat manual, "TextGrid file formats".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import isfinite
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack
from harstudio.io.files import concerning, require_file, write_atomically
from harstudio.io.label_formats.base import (
    FoundTier,
    Gathering,
    LabelFile,
    LabelFormat,
    LabelledClip,
    Notes,
    unique,
    without_overlaps,
)

LONG, SHORT = "long", "short"

_LARGEST_FILE = 64 << 20
_TOKEN = re.compile(
    r'"(?P<string>(?:[^"]|"")*+)"'
    r"|<(?P<flag>\w+)>"
    r"|(?<!\S)(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?!\S)"
    r'|(?P<open>")'
    r"|(?P<comment>![^\n]*)"
)


def matches(data: bytes) -> bool:
    """Whether the file calls itself a TextGrid."""
    head = data[:400].replace(b"\0", b"")
    return b"ooTextFile" in head and b"TextGrid" in head


def read(path: Path, variant: str = "") -> LabelFile:
    """Every tier; gaps are intervals of no text, a point becomes a short segment.

    Raises
    ------
    HarstudioError
        Names the line: cut short, something else than expected, intervals that overlap or run
        backwards.
    """
    with concerning(path):
        tokens = _Tokens(_text(path))
        for expected in ("ooTextFile", "TextGrid"):
            if tokens.string("the file's kind").partition(" ")[0] != expected:
                raise HarstudioError(f"line {tokens.line}: expected {expected!r}")
        tokens.number("xmin")
        tokens.number("xmax")
        if tokens.flag() != "exists":
            return LabelFile(())
        found = Gathering()
        names = [_read_tier(tokens, found) for _ in range(tokens.count("number of tiers"))]
        return LabelFile(tuple(FoundTier(name, found.track(name)) for name in names), found.notes)


def _read_tier(tokens: _Tokens, found: Gathering) -> str:
    """Read one tier into `found`; its name."""
    kind = tokens.string("a tier's class")
    if kind not in ("IntervalTier", "TextTier"):
        raise HarstudioError(f"line {tokens.line}: tier of class {kind[:40]!r}")
    name = unique(tokens.string("a tier's name"), set(map(str, found.tiers)))  # Praat allows two
    found.open(name)
    tokens.number("xmin")
    tokens.number("xmax")
    last_s = float("-inf")
    for _ in range(tokens.count("number of intervals")):
        start_s = tokens.number("start")
        end_s = tokens.number("end") if kind == "IntervalTier" else start_s
        label = tokens.string("text")
        place = f"line {tokens.line}, tier {name!r}"
        if start_s < last_s - 1e-9 or end_s < start_s:
            raise HarstudioError(
                f"{place}: an interval from {start_s:g} to {end_s:g} s after {last_s:g} s",
                "intervals follow each other without overlaps",
            )
        if kind == "IntervalTier":
            start_s, last_s = max(start_s, last_s), end_s
        if label.strip() and start_s <= end_s:
            found.add(name, start_s, end_s, label, place)
    return name


def write(path: Path, clips: Sequence[LabelledClip], variant: str = "") -> Notes:
    """Write the tiers of one clip; one with overlaps becomes several.

    Parameters
    ----------
    variant : str
        ``long`` (unless told) or ``short``.

    Raises
    ------
    HarstudioError
        Several clips, or the file cannot be written.
    """
    if len(clips) > 1:
        raise HarstudioError(f"{path.name}: {len(clips)} clips, but a TextGrid holds one")
    clip = clips[0]
    tiers, notes = without_overlaps(clip.tiers)
    segments = [segment for _, track in tiers for segment in track.segments]
    first_s = min([0.0, *(segment.start_s for segment in segments)])
    last_s = max([clip.duration_s, *(segment.end_s for segment in segments)])
    form = _short if variant == SHORT else _long
    text = "\n".join(form(tiers, first_s, last_s)) + "\n"
    write_atomically(path, text.encode("utf-8"))
    return notes


_Tiers = Sequence[tuple[str, LabelTrack]]


def _intervals(track: LabelTrack, first_s: float, last_s: float) -> list[tuple[str, str, str]]:
    """(start, end, text) in quotes and decimals, without gaps from the first to the last."""
    rows, at_s = [], first_s
    for segment in track.segments:
        if at_s < segment.start_s:
            rows.append((_seconds(at_s), _seconds(segment.start_s), '""'))
        rows.append((_seconds(segment.start_s), _seconds(segment.end_s), _quoted(segment.label)))
        at_s = segment.end_s
    if at_s < last_s or not rows:
        rows.append((_seconds(at_s), _seconds(last_s), '""'))
    return rows


def _short(tiers: _Tiers, first_s: float, last_s: float) -> Iterator[str]:
    yield from ('File type = "ooTextFile"', 'Object class = "TextGrid"', "")
    yield from (_seconds(first_s), _seconds(last_s), "<exists>", str(len(tiers)))
    for name, track in tiers:
        rows = _intervals(track, first_s, last_s)
        yield from ('"IntervalTier"', _quoted(name), _seconds(first_s), _seconds(last_s))
        yield str(len(rows))
        for row in rows:
            yield from row


def _long(tiers: _Tiers, first_s: float, last_s: float) -> Iterator[str]:
    start, end = _seconds(first_s), _seconds(last_s)
    yield from ('File type = "ooTextFile"', 'Object class = "TextGrid"', "")
    yield from (f"xmin = {start} ", f"xmax = {end} ", "tiers? <exists> ")
    yield from (f"size = {len(tiers)} ", "item []: ")
    for number, (name, track) in enumerate(tiers, start=1):
        rows = _intervals(track, first_s, last_s)
        yield f"    item [{number}]:"
        yield from ('        class = "IntervalTier" ', f"        name = {_quoted(name)} ")
        yield from (f"        xmin = {start} ", f"        xmax = {end} ")
        yield f"        intervals: size = {len(rows)} "
        for place, (from_s, to_s, text) in enumerate(rows, start=1):
            yield f"        intervals [{place}]:"
            yield from (f"            xmin = {from_s} ", f"            xmax = {to_s} ")
            yield f"            text = {text} "


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _seconds(time_s: float) -> str:
    return f"{time_s:.6f}".rstrip("0").rstrip(".")


def _text(path: Path) -> str:
    """UTF-8 or, as Praat writes where it must, UTF-16 with a byte order mark."""
    size = require_file(path)
    if size > _LARGEST_FILE:
        raise HarstudioError(f"{size} bytes, expected at most {_LARGEST_FILE}")
    data = path.read_bytes()
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise HarstudioError(
            f"line {line} is not {'UTF-16' if wide else 'UTF-8'} text",
            "in Praat choose UTF-8 under text writing preferences",
        ) from error


class _Tokens:
    """The numbers, strings and flags of a file, one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.line = 1
        """Line of the last token."""

    def string(self, what: str) -> str:
        text: str = self._next("string", what)
        return text.replace('""', '"')

    def flag(self) -> str:
        return self._next("flag", "<exists>")

    def number(self, what: str) -> float:
        value = float(self._next("number", what))
        if not isfinite(value):
            raise HarstudioError(f"line {self.line}: {what} is {value}, expected a finite number")
        return value

    def count(self, what: str) -> int:
        value = self.number(what)
        if value != int(value) or not 0 <= value <= len(self._text):
            raise HarstudioError(f"line {self.line}: {what} is {value:g}")
        return int(value)

    def _next(self, kind: str, what: str) -> str:
        match = _TOKEN.search(self._text, self._at)
        while match is not None and match["comment"] is not None:
            match = _TOKEN.search(self._text, match.end())
        if match is None or match["open"] is not None:
            self._move_to(len(self._text))
            raise HarstudioError(
                f"line {self.line}: the file ends where {what} is expected", "it is cut short"
            )
        self._move_to(match.end())
        if match[kind] is None:
            raise HarstudioError(
                f"line {self.line}: got {match[0][:40]}, expected {what} (a {kind})"
            )
        return match[kind]

    def _move_to(self, at: int) -> None:
        self.line += self._text.count("\n", self._at, at)
        self._at = at


FORMAT = LabelFormat(
    "textgrid", "Praat TextGrid", (".TextGrid",), False, True, matches, read, write,
    write_variants=(LONG, SHORT),
)  # fmt: skip
