"""A project as rows of the tables: load all, apply a change, write a new file."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import harstudio
from harstudio.core.project import Clip, Project
from harstudio.store import journal, schema, serial
from harstudio.store.journal import Change
from harstudio.store.lock import now_text


def load(connection: sqlite3.Connection, path: Path) -> tuple[Project, dict[str, int]]:
    """The project and the position of each clip, within a transaction.

    Raises
    ------
    HarstudioError
        A row is missing, is not what was written, or makes no valid value.
    """
    parts = {}
    for name, value, crc in connection.execute("SELECT name, value, crc FROM parts"):
        parts[str(name)] = serial.parsed(_sound(path, "part", name, value, crc), f"part {name}")
    clips: dict[str, Clip] = {}
    positions: dict[str, int] = {}
    rows = connection.execute("SELECT id, position, value, crc FROM clips ORDER BY position")
    with _collector_paused():
        for clip_id, position, value, crc in rows:
            place = f"{path.name}: clip {clip_id}"
            clip = serial.from_text(Clip, _sound(path, "clip", clip_id, value, crc), place)
            if clip.id != clip_id or not isinstance(position, int):
                raise schema.damaged(path, f"clip {clip_id!r}: got {clip.id!r} at {position!r}")
            clips[clip_id], positions[clip_id] = clip, position
    count = dict(connection.execute("SELECT key, value FROM meta")).get("clip_count")
    if count != str(len(clips)):
        raise schema.damaged(path, f"{len(clips)} clips found, expected {count}")
    return serial.project_from_parts(parts, clips), positions


def apply(
    connection: sqlite3.Connection, change: Change, positions: Mapping[str, int], path: Path
) -> None:
    """Write a change, within a transaction; `positions` of added clips and of moved ones."""
    connection.executemany(
        "INSERT OR REPLACE INTO parts VALUES (?,?,?)",
        [(name, text, schema.crc_of(name, text)) for name, text in change.parts_after.items()],
    )
    added, removed, after = change.added, change.removed, change.clips_after
    _every(
        connection,
        "INSERT INTO clips (id, position, value, crc) VALUES (?,?,?,?)",
        [(i, positions[i], after[i], schema.crc_of(i, after[i])) for i in after if i in added],
        path,
    )
    _every(
        connection,
        "UPDATE clips SET value = ?, crc = ? WHERE id = ?",
        [(text, schema.crc_of(i, text), i) for i, text in after.items() if i not in added],
        path,
    )
    _every(connection, "DELETE FROM clips WHERE id = ?", [(i,) for i in removed], path)
    _every(
        connection,
        "UPDATE clips SET position = ? WHERE id = ?",
        [(position, i) for i, position in positions.items() if i not in added],
        path,
    )
    if added or removed:
        connection.execute(
            "UPDATE meta SET value = CAST(value + ? AS TEXT) WHERE key = 'clip_count'",
            (len(added) - len(removed),),
        )


def write_new(
    connection: sqlite3.Connection, change: Change, order: Iterable[str], author: str, path: Path
) -> None:
    """The tables of a new file, and a project in them, within a transaction."""
    schema.create_tables(connection)
    meta = {"clip_count": "0", "created_utc": now_text(), "made_by": harstudio.__version__}
    connection.executemany("INSERT INTO meta VALUES (?,?)", list(meta.items()))
    apply(connection, change, {i: n for n, i in enumerate(order)}, path)
    journal.append(connection, change, author, "Create the project", journal.CREATE)


def _sound(path: Path, what: str, key: object, value: object, crc: object) -> str:
    """`value` if the row is what was written."""
    if not isinstance(key, str) or not isinstance(value, str):
        raise schema.damaged(path, f"{what} {key!r} is not text")
    if schema.crc_of(key, value) != crc:
        raise schema.damaged(path, f"{what} {key}: the check sum does not match")
    return value


def _every(
    connection: sqlite3.Connection, statement: str, rows: list[tuple[object, ...]], path: Path
) -> None:
    """Run a statement that must hit one row each time."""
    hits = connection.executemany(statement, rows).rowcount if rows else 0
    if hits != len(rows):
        raise schema.damaged(path, f"{hits} of {len(rows)} clips found")


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection meanwhile: it walks a million new values over and over, a third of
    the time that a project of 11,000 clips takes to open."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
