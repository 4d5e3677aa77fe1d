"""What an edit changed, and the journal of all edits: who, when, what, before, after."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harstudio.core.changed_clips import changed_ids
from harstudio.core.errors import HarstudioError
from harstudio.core.project import Clip, Project
from harstudio.store import schema, serial
from harstudio.store.lock import now_text

CREATE, ADD, REMOVE, EDIT, SETTINGS = "create", "add", "remove", "edit", "settings"

_PACKED_FROM_CHARS = 4096
_UNPACKED_MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class JournalEntry:
    """One finished edit.

    Attributes
    ----------
    seq : int
        Increases with every edit.
    time_utc : str
        ISO 8601.
    author : str
    what : str
        For a person, e.g. ``Paint walking``.
    clip_ids : tuple of str
        The clips that it added, changed or removed, sorted.
    kind : str
        create, add (clips), remove (clips), edit, or settings (no clip touched).
    """

    seq: int
    time_utc: str
    author: str
    what: str
    clip_ids: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Change:
    """The difference between two projects, as JSON text ready to be written.

    Attributes
    ----------
    parts_before, parts_after : mapping of part name to text
    clips_before, clips_after : mapping of clip id to text
        An added clip is only in `clips_after`, a removed one only in `clips_before`.
    reordered : bool
        The clips' ids, or their order, differ.
    """

    parts_before: Mapping[str, str]
    parts_after: Mapping[str, str]
    clips_before: Mapping[str, str]
    clips_after: Mapping[str, str]
    reordered: bool

    @classmethod
    def between(cls, before: Project, after: Project) -> Change:
        """What differs. Clips that are the same object are skipped without a look inside.

        Raises
        ------
        HarstudioError
            `after` holds something that could not be read back.
        """
        parts = [
            name
            for name in serial.PART_NAMES
            if (old := getattr(before, name)) is not (new := getattr(after, name)) and old != new
        ]
        clips_before, clips_after = _differing(before.clips, after.clips)
        return cls(
            {name: serial.part_to_text(before, name) for name in parts},
            {name: serial.part_to_text(after, name) for name in parts},
            {i: serial.to_text(clip, _place(clip)) for i, clip in clips_before.items()},
            {i: serial.to_text(clip, _place(clip)) for i, clip in clips_after.items()},
            before.clips is not after.clips and list(before.clips) != list(after.clips),
        )

    @classmethod
    def creating(cls, project: Project) -> Change:
        """All of a project, none of it there before."""
        parts, (_, clips) = serial.parts_to_text(project), _differing({}, project.clips)
        texts = {i: serial.to_text(clip, _place(clip)) for i, clip in clips.items()}
        return cls({}, parts, {}, texts, bool(texts))

    @property
    def clip_ids(self) -> tuple[str, ...]:
        return tuple(sorted(self.clips_before.keys() | self.clips_after.keys()))

    @property
    def added(self) -> set[str]:
        return set(self.clips_after.keys() - self.clips_before.keys())

    @property
    def removed(self) -> set[str]:
        return set(self.clips_before.keys() - self.clips_after.keys())

    @property
    def empty(self) -> bool:
        return not (self.parts_after or self.clips_before or self.clips_after or self.reordered)

    @property
    def kind(self) -> str:
        if not self.clip_ids:
            return SETTINGS
        if len(self.added) == len(self.clip_ids):
            return ADD
        return REMOVE if len(self.removed) == len(self.clip_ids) else EDIT


def new_positions(order: Iterable[str], held: Mapping[str, int]) -> dict[str, int]:
    """Positions to write so that they increase along `order`: as few as possible.

    A removed clip leaves its number free, so that undo puts it back without moving others.
    """
    ids = list(order)
    fresh: dict[str, int] = {}
    waiting: list[str] = []
    last = -1
    for clip_id in ids:
        if clip_id not in held:
            waiting.append(clip_id)
            continue
        if held[clip_id] - last <= len(waiting):
            return {i: n for n, i in enumerate(ids) if held.get(i) != n}
        fresh.update((i, last + 1 + n) for n, i in enumerate(waiting))
        waiting, last = [], held[clip_id]
    fresh.update((i, last + 1 + n) for n, i in enumerate(waiting))
    return fresh


def append(
    connection: sqlite3.Connection, change: Change, author: str, what: str, kind: str = ""
) -> None:
    """Write the journal row of a change, within a transaction."""
    before = _pack(_joined(change.parts_before, change.clips_before, change.added))
    after = _pack(_joined(change.parts_after, change.clips_after, change.removed))
    author, what = (text.encode("utf-8", "replace").decode() for text in (author, what))
    crc = schema.crc_of_pair(before, after)
    cursor = connection.execute(
        "INSERT INTO journal (time_utc, author, what, kind, before, after, crc) "
        "VALUES (?,?,?,?,?,?,?)",
        (now_text(), author, what, kind or change.kind, before, after, crc),
    )
    connection.executemany(
        "INSERT INTO touched VALUES (?,?)", [(i, cursor.lastrowid) for i in change.clip_ids]
    )


def entries(
    connection: sqlite3.Connection, limit: int, clip_id: str = "", before_seq: int | None = None
) -> list[JournalEntry]:
    """The last `limit` edits, newest first: of one clip, or made before another edit, if told."""
    tests: list[str] = []
    values: list[str | int] = []
    if clip_id:
        tests.append("seq IN (SELECT seq FROM touched WHERE clip_id = ?)")
        values.append(clip_id)
    if before_seq is not None:
        tests.append("seq < ?")
        values.append(before_seq)
    where = f"WHERE {' AND '.join(tests)} " if tests else ""
    rows = connection.execute(
        f"SELECT seq, time_utc, author, what, kind FROM journal {where}ORDER BY seq DESC LIMIT ?",
        (*values, limit),
    ).fetchall()
    return [_entry(connection, row) for row in rows]


def states_of(
    connection: sqlite3.Connection, clip_id: str, path: Path, seq: int | None = None
) -> list[tuple[JournalEntry, Clip | None]]:
    """A clip after each edit that touched it, oldest first; None where it was removed.

    Parameters
    ----------
    seq : int or None
        Only after this edit.

    Raises
    ------
    HarstudioError
        A row of the journal is damaged.
    """
    rows = connection.execute(
        "SELECT seq, time_utc, author, what, kind, before, after, crc FROM journal "
        "WHERE seq IN (SELECT seq FROM touched WHERE clip_id = ?) AND seq = ifnull(?, seq) "
        "ORDER BY seq",
        (clip_id, seq),
    ).fetchall()
    states: list[tuple[JournalEntry, Clip | None]] = []
    for row in rows:
        place = f"{path.name}: journal row {row[0]}"
        after = _unpacked(row[5], row[6], row[7], place)
        data = after["clips"].get(clip_id)
        clip = None if data is None else serial.from_json(Clip, data, place)
        states.append((_entry(connection, row[:5]), clip))
    return states


def _differing(
    before: Mapping[str, Clip], after: Mapping[str, Clip]
) -> tuple[dict[str, Clip], dict[str, Clip]]:
    """The clips that differ, as they were and as they are."""
    touched = changed_ids(before, after)
    new = {i: after[i] for i in touched if i in after and before.get(i) != after[i]}
    old = {i: before[i] for i in new if i in before}
    old.update((i, before[i]) for i in touched if i not in after)
    for clip_id, clip in new.items():
        if clip.id != clip_id:
            raise HarstudioError(f"clip {clip.name!r}: id {clip.id!r} kept under {clip_id!r}")
    return old, new


def _place(clip: Clip) -> str:
    return f"clip {clip.name!r}"


def _joined(parts: Mapping[str, str], clips: Mapping[str, str], absent: Iterable[str]) -> str:
    """One JSON text out of texts that are JSON already; null for a clip that is not there."""
    members = [f"{json.dumps(i)}:{text}" for i, text in clips.items()]
    members += [f"{json.dumps(i)}:null" for i in sorted(absent)]
    part_members = ",".join(f'"{name}":{text}' for name, text in parts.items())
    return f'{{"parts":{{{part_members}}},"clips":{{{",".join(members)}}}}}'


def _pack(text: str) -> str | bytes:
    """Long text compressed: an import of 11,000 clips is a few hundred kB instead of many MB."""
    return zlib.compress(text.encode("ascii"), 3) if len(text) > _PACKED_FROM_CHARS else text


def _unpacked(before: object, after: object, crc: object, place: str) -> Any:
    """The `after` of a row as plain JSON; HarstudioError if the row is damaged."""
    if not isinstance(after, str | bytes) or not isinstance(before, str | bytes):
        raise HarstudioError(f"{place}: damaged: neither text nor compressed text")
    if schema.crc_of_pair(before, after) != crc:
        raise HarstudioError(f"{place}: damaged: the check sum does not match")
    if isinstance(after, bytes):
        try:
            unpacker = zlib.decompressobj()
            after = unpacker.decompress(after, _UNPACKED_MOST_BYTES).decode("ascii")
        except (zlib.error, UnicodeError) as error:
            raise HarstudioError(f"{place}: damaged: {error}") from error
    data = serial.parsed(after, place)
    if not isinstance(data, dict) or not isinstance(data.get("clips"), dict):
        raise HarstudioError(f"{place}: damaged: no list of clips")
    return data


def _entry(connection: sqlite3.Connection, row: tuple[Any, ...]) -> JournalEntry:
    seq, time_utc, author, what, kind = row
    ids = connection.execute("SELECT clip_id FROM touched WHERE seq = ? ORDER BY 1", (seq,))
    return JournalEntry(seq, time_utc, author, what, tuple(i for (i,) in ids), kind)
