"""Splits that somebody else has decided on: from a file, or an official one that ships."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harstudio import resources
from harstudio.core.arrays import IntArray
from harstudio.core.errors import HarstudioError
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.runs.files import read_json, write_json
from harstudio.learn.splitting.leaks import PARTS, TEST, TRAIN, counted, listed

SUBJECT, CLIP, EITHER = "subject", "clip", "unit"
_BY = (SUBJECT, CLIP, EITHER)
_NAME, _NUMBER = "name", "number"
_PART_WORDS = {
    "train": "train", "training": "train", "validation": "validation", "val": "validation",
    "valid": "validation", "dev": "validation", "test": "test", "testing": "test",
}  # fmt: skip
_MAX_BYTES = 16 << 20


@dataclass(frozen=True)
class SplitList:
    """Which subjects or clips are in which part.

    Attributes
    ----------
    name : str
    by : str
        ``subject``, ``clip`` (by name or id), or ``unit``: whichever of the two the names fit.
    parts : mapping of train, validation and test to names
    match : str
        ``name``: names are equal but for case; ``number``: the first number in both is, so that
        ``s1``, ``subject_01`` and ``1`` are one.
    title, source : str
        For people.

    Raises
    ------
    HarstudioError
        An unknown part, a name in two parts, or nothing to train on or to test on.
    """

    name: str
    by: str
    parts: Mapping[str, tuple[str, ...]]
    match: str = _NAME
    title: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if self.by not in _BY or self.match not in (_NAME, _NUMBER):
            raise HarstudioError(f"split list {self.name!r}: by {self.by!r}, match {self.match!r}")
        seen: dict[str, str] = {}
        for part, names in self.parts.items():
            if part not in PARTS:
                raise HarstudioError(
                    f"split list {self.name!r}: part {part!r}", f"one of {', '.join(PARTS)}"
                )
            for name in names:
                key = self.key(name)
                if key in seen:
                    raise HarstudioError(
                        f"split list {self.name!r}: {name!r} is in {seen[key]} and in {part}"
                        if seen[key] != part
                        else f"split list {self.name!r}: {name!r} is in {part} twice"
                    )
                seen[key] = part
        for part in (TRAIN, TEST):
            if not self.parts.get(part):
                raise HarstudioError(f"split list {self.name!r}: nothing in {part}")

    def key(self, name: str) -> str:
        """What two names have in common if they mean the same; empty for one without a number."""
        if self.match == _NAME:
            return name.strip().casefold()
        number = re.search(r"\d+", name)
        return str(int(number[0])) if number else ""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "title": self.title,
            "source": self.source,
            "by": self.by,
            "match": self.match,
            "parts": {part: list(names) for part, names in self.parts.items()},
        }


def official_lists() -> dict[str, SplitList]:
    """The lists that ship with harstudio, by name."""
    folder = resources.path("splits")
    return {path.stem: _read_json(path) for path in sorted(folder.glob("*.json"))}


def load_split_list(name: str) -> SplitList:
    """An official list by its name, else the list in the file of that path.

    A CSV file has the columns ``subject``, ``clip`` or ``unit``, and ``part``. A JSON file holds
    ``{"by": "subject", "parts": {"train": [...], "validation": [...], "test": [...]}}``.

    Raises
    ------
    HarstudioError
        Neither; or the file cannot be read, or is no list.
    """
    official = official_lists()
    if name in official:
        return official[name]
    path = Path(name)
    if not path.is_file():
        raise HarstudioError(
            f"split list {name!r}: neither a file nor an official list",
            f"official: {', '.join(official)}",
        )
    return _read_json(path) if path.suffix.lower() == ".json" else _read_csv(path)


def save_split_list(path: Path, split_list: SplitList) -> None:
    """Write a list as JSON."""
    write_json(path, split_list.to_json())


def parts_of(split_list: SplitList, windows: WindowSet) -> tuple[IntArray, str, tuple[str, ...]]:
    """Where a list puts each window.

    Returns
    -------
    ((N,) array of indices into `PARTS`, ``subject`` or ``clip``, notes)
        -1 where the list says nothing. The notes tell of these, and of names that fit nothing.

    Raises
    ------
    HarstudioError
        The list leaves nothing to train on, or nothing to test on.
    """
    by = split_list.by if split_list.by != EITHER else _fitting(split_list, windows)
    part_of = {
        split_list.key(name): PARTS.index(part)
        for part, names in split_list.parts.items()
        for name in names
    }
    found, keys_of = _unit_keys(split_list, windows, by)
    window_part = np.full(len(windows), -1, np.int64)
    unlisted: dict[str, int] = {}
    met: set[str] = set()
    for unit in np.unique(found):
        here = found == unit
        label, keys = keys_of(int(unit))
        key = next((key for key in keys if key in part_of), None)
        if key is None:
            unlisted[label or "of no name"] = int(here.sum())
            continue
        met.add(key)
        window_part[here] = part_of[key]
    for part in (TRAIN, TEST):
        if not (window_part == PARTS.index(part)).any():
            units = windows.subjects if by == SUBJECT else windows.clip_names
            raise HarstudioError(
                f"split list {split_list.name!r}: none of its {part} {by}s "
                f"({listed(split_list.parts[part])}) has windows",
                f"there are windows of {listed(sorted(units))}",
            )
    absent = [
        name
        for names in split_list.parts.values()
        for name in names
        if split_list.key(name) not in met
    ]
    return window_part, by, _notes(split_list, by, absent, unlisted)


def _notes(
    split_list: SplitList, by: str, absent: list[str], unlisted: Mapping[str, int]
) -> tuple[str, ...]:
    notes = []
    if absent:
        notes.append(
            f"{counted(len(absent), by)} of the list {split_list.name} without windows: "
            f"{listed(absent)}"
        )
    if unlisted:
        count = counted(sum(unlisted.values()), "window")
        notes.append(
            f"{count} of {counted(len(unlisted), by)} without a part in the list "
            f"{split_list.name} not used: {listed(unlisted)}"
        )
    return tuple(notes)


def _unit_keys(
    split_list: SplitList, windows: WindowSet, by: str
) -> tuple[IntArray, Callable[[int], tuple[str, tuple[str, ...]]]]:
    """Which unit each window is of, and a unit's name and what it may be listed under."""
    if by == SUBJECT:
        subjects = windows.subjects
        return windows.subject_index, lambda i: (subjects[i], (split_list.key(subjects[i]),))
    ids, names = windows.clip_ids, windows.clip_names
    return windows.clip_index, lambda i: (
        names[i],
        (split_list.key(names[i]), split_list.key(ids[i])),
    )


def _fitting(split_list: SplitList, windows: WindowSet) -> str:
    """Whether names of unknown kind are those of subjects or of clips: what more of them fit."""
    named = {split_list.key(name) for names in split_list.parts.values() for name in names} - {""}
    subjects = {split_list.key(name) for name in windows.subjects} & named
    clips = {split_list.key(n) for n in (*windows.clip_names, *windows.clip_ids)} & named
    return SUBJECT if len(subjects) >= len(clips) else CLIP


def _read_json(path: Path) -> SplitList:
    data = read_json(path)
    try:
        parts = data["parts"]
        named = {_part(str(part)): _names(names) for part, names in parts.items()}
        return SplitList(
            name=str(data.get("name", path.stem)),
            by=str(data.get("by", EITHER)),
            parts=named,
            match=str(data.get("match", _NAME)),
            title=str(data.get("title", "")),
            source=str(data.get("source", "")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise HarstudioError(
            f"{path}: not a split list ({error!r})",
            'expected {"by": "subject", "parts": {"train": [...], "test": [...]}}',
        ) from error
    except HarstudioError as error:
        raise HarstudioError(f"{path}: {error.message}", error.hint) from error


def _read_csv(path: Path) -> SplitList:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise HarstudioError(f"{path}: {path.stat().st_size >> 20} MiB, too long for a list")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise HarstudioError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise HarstudioError(f"{path}: not text ({error.reason})") from error
    try:
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise HarstudioError(f"{path}: not a table ({error})") from error
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    by = next((kind for kind in _BY if kind in header), None)
    if by is None or "part" not in header:
        raise HarstudioError(
            f"{path}: the columns are {', '.join(header) or 'none'}",
            "expected subject,part or clip,part or unit,part",
        )
    parts: dict[str, list[str]] = {}
    try:
        for line, row in enumerate(rows[1:], start=2):
            if not any(cell.strip() for cell in row):
                continue
            if len(row) < len(header):
                raise HarstudioError(f"line {line}: {len(row)} cells, expected {len(header)}")
            name, part = row[header.index(by)].strip(), row[header.index("part")].strip()
            if not name:
                raise HarstudioError(f"line {line}: no {by}")
            parts.setdefault(_part(part), []).append(name)
        return SplitList(path.stem, by, {part: tuple(names) for part, names in parts.items()})
    except HarstudioError as error:
        raise HarstudioError(f"{path}: {error.message}", error.hint) from error


def _part(word: str) -> str:
    part = _PART_WORDS.get(word.strip().casefold())
    if part is None:
        raise HarstudioError(f"part {word!r}", f"one of {', '.join(PARTS)}")
    return part


def _names(names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(n, (str, int)) for n in names):
        raise HarstudioError(f"names {names!r}", "a list of names")
    return tuple(str(name) for name in names)
