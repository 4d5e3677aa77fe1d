"""The tables of a project file, what a sound one looks like, and the way up from older versions."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from harstudio.core.errors import HarstudioError

APPLICATION_ID = 0x48415253
"""``HARS``; in bytes 68 to 71 of the file."""

SCHEMA_VERSION = 2

CHECKED_WHOLE_BYTES = 64 << 20
"""Up to this size opening checks the whole file; above, the journal's pages are left out."""

FAILURES = (sqlite3.Error, UnicodeError)
"""What SQLite raises; UnicodeError where its own message quotes damaged text."""

_BUSY_S = 5.0
_POLL_S = 0.002

TABLES: dict[str, str] = {
    "meta": "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "parts": """CREATE TABLE parts (
        name TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID""",
    "clips": """CREATE TABLE clips (
        id TEXT PRIMARY KEY, position INTEGER NOT NULL, value TEXT NOT NULL,
        crc INTEGER NOT NULL)""",
    "journal": """CREATE TABLE journal (
        seq INTEGER PRIMARY KEY, time_utc TEXT NOT NULL, author TEXT NOT NULL, what TEXT NOT NULL,
        kind TEXT NOT NULL, before NOT NULL, after NOT NULL, crc INTEGER NOT NULL)""",
    "touched": """CREATE TABLE touched (
        clip_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (clip_id, seq)) WITHOUT ROWID""",
    "touched_by_seq": "CREATE INDEX touched_by_seq ON touched (seq)",
}


def crc_of(key: str, value: str) -> int:
    """Check sum of a row. SQLite has none, and a flipped digit in a time is still valid JSON."""
    return zlib.crc32(f"{key}\0{value}".encode("utf-8", "surrogatepass"))


def crc_of_pair(before: str | bytes, after: str | bytes) -> int:
    """Check sum of a journal row."""
    first, second = (
        part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        for part in (before, after)
    )
    return zlib.crc32(second, zlib.crc32(first))


def connect(path: Path, *, writable: bool, new: bool = False) -> sqlite3.Connection:
    """A connection to an existing (or a new) file, set up but not yet read.

    Raises
    ------
    HarstudioError
        There is no such file, or it cannot be opened.
    """
    mode = ("rwc" if new else "rw") if writable else "ro"
    # Written out, as `Path.as_uri` puts a Windows server where SQLite allows no host name.
    place = path.absolute().as_posix()
    uri = f"file://{'' if place.startswith('/') else '/'}{quote(os.fsencode(place))}?mode={mode}"
    connection: sqlite3.Connection | None = None
    try:
        wait_s = _BUSY_S if writable else 0.0  # a reader polls, see `_begin_reading`
        connection = sqlite3.connect(uri, uri=True, timeout=wait_s, isolation_level=None)
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        if writable:
            connection.execute("PRAGMA synchronous=FULL")
    except FAILURES as error:
        if connection is not None:
            connection.close()
        raise reported(error, path) from error
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path, *, write: bool) -> Iterator[None]:
    """All of the block or nothing of it; SQLite's errors come out as HarstudioError."""
    try:
        if write:
            connection.execute("BEGIN IMMEDIATE")
        else:
            _begin_reading(connection)
        yield
        connection.execute("COMMIT")
    except BaseException as error:
        with suppress(*FAILURES):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if isinstance(error, FAILURES):
            raise reported(error, path) from error
        raise


def _begin_reading(connection: sqlite3.Connection) -> None:
    """Start to read as soon as a writer in another process lets go.

    SQLite itself sleeps up to 100 ms between two looks, and may miss the gaps of a busy writer.
    """
    until = time.monotonic() + _BUSY_S
    while True:
        connection.execute("BEGIN")
        try:
            connection.execute("PRAGMA schema_version").fetchone()
        except sqlite3.OperationalError as error:
            busy = getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")
            if not busy or time.monotonic() > until:
                raise
            connection.execute("ROLLBACK")
            time.sleep(_POLL_S)
        else:
            return


def create_tables(connection: sqlite3.Connection) -> None:
    """The tables of the present version in an empty database, within a transaction."""
    for statement in TABLES.values():
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def version_of(connection: sqlite3.Connection, path: Path) -> int:
    """Schema version of a project file, within a transaction.

    Raises
    ------
    HarstudioError
        It is no project file, or one of a newer harstudio.
    """
    application = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    if application != APPLICATION_ID:
        raise HarstudioError(
            f"{path.name}: not a harstudio project (application id {application:#x})",
            "it was left as it is",
        )
    if version > SCHEMA_VERSION:
        raise HarstudioError(
            f"{path.name}: made by a newer harstudio (file version {version}, this one reads up "
            f"to {SCHEMA_VERSION})",
            "install the newer harstudio",
        )
    if version != SCHEMA_VERSION and version not in MIGRATIONS:
        raise damaged(path, f"file version {version} never existed")
    return version


def check_sound(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file whose pages or tables are damaged, within a transaction.

    Raises
    ------
    HarstudioError
        What SQLite found, or which tables are missing.
    """
    found = {
        (str(table), str(column))
        for table, column in connection.execute(
            "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c"
        )
    }
    missing = {table for table, _ in _columns() - found}
    if missing:
        raise damaged(path, f"tables missing or incomplete: {', '.join(sorted(missing))}")
    others = connection.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')"
    ).fetchall()
    if others:
        raise damaged(path, f"foreign parts: {', '.join(str(name) for (name,) in others)}")
    size = _pragma(connection, "page_count") * _pragma(connection, "page_size")
    partly = ["quick_check(meta)", "quick_check(parts)", "quick_check(clips)"]
    checks = ["integrity_check(3)"] if size <= CHECKED_WHOLE_BYTES else partly
    for check in checks:
        rows = connection.execute(f"PRAGMA {check}").fetchall()
        if rows != [("ok",)]:
            raise damaged(path, "; ".join(str(row[0]) for row in rows[:3]))


def reported(error: sqlite3.Error | UnicodeError, path: Path) -> HarstudioError:
    """What a failure of SQLite means to a person."""
    if isinstance(error, UnicodeEncodeError):
        return HarstudioError(f"{path.name}: not written: a clip's id is no valid text ({error})")
    code = getattr(error, "sqlite_errorname", "")
    if code.startswith("SQLITE_FULL"):
        return HarstudioError(f"{path.name}: not written, the disk is full", "make room, try again")
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return HarstudioError(f"{path}: cannot be opened or written ({error})")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return HarstudioError(
            f"{path.name}: another program is using the file", "close it there, try again"
        )
    if code.startswith("SQLITE_NOTADB"):
        return HarstudioError(f"{path.name}: not a harstudio project", "it was left as it is")
    if code.startswith("SQLITE_IOERR"):
        return HarstudioError(f"{path}: the disk failed to read or write ({error})")
    return damaged(path, str(error))


def data_version(connection: sqlite3.Connection) -> int:
    """A number that changes when another connection changes the file; within a transaction."""
    return _pragma(connection, "data_version")


def damaged(path: Path, what: str) -> HarstudioError:
    """The error for a file whose content is not what was written."""
    return HarstudioError(
        f"{path.name}: damaged: {what}",
        f"nothing was changed in it; restore a backup of {path}",
    )


def check_journal_mode(path: Path) -> None:
    """Refuse a file in another journal mode before SQLite puts files beside it.

    Only the holder of the project's lock may ask: closing a file drops this process's locks on it.
    """
    if path.with_name(path.name + "-journal").exists():
        return  # half-written; SQLite takes that back first
    try:
        with path.open("rb") as file:
            header = file.read(20)
    except OSError as error:
        raise HarstudioError(f"{path}: cannot be read ({error.strerror})") from error
    if header[:16] == b"SQLite format 3\0" and header[18:20] != b"\x01\x01":
        raise damaged(path, f"journal mode {header[18:20].hex()}, expected 0101")


def in_memory(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """A copy of a database in memory; the original connection is closed."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.backup(copy)
    except FAILURES as error:
        copy.close()
        raise reported(error, path) from error
    connection.close()
    return copy


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring the tables up to SCHEMA_VERSION, step by step, within a transaction."""
    for step in range(version, SCHEMA_VERSION):
        MIGRATIONS[step](connection)
        connection.execute(f"PRAGMA user_version={step + 1}")


def back_up(path: Path, version: int) -> Path:
    """Copy of a file beside it, made before it is migrated.

    Raises
    ------
    HarstudioError
        The copy cannot be written; then the file must not be migrated.
    """
    n, copy = 0, path.with_name(f"{path.stem}.version{version}{path.suffix}")
    while copy.exists():
        n += 1
        copy = path.with_name(f"{path.stem}.version{version}-{n}{path.suffix}")
    try:
        shutil.copy2(path, copy)
    except OSError as error:
        raise HarstudioError(
            f"{path.name}: cannot be brought up to date, no backup can be made ({error.strerror})",
            f"make room for {copy}",
        ) from error
    return copy


def _from_version_0(connection: sqlite3.Connection) -> None:
    """Version 0, the draft: no check sums, no count of clips, no index of touched clips."""
    for table, key in (("parts", "name"), ("clips", "id")):
        connection.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
        connection.execute(TABLES[table])
        names = [row[1] for row in connection.execute(f"PRAGMA table_info(old_{table})")]
        value = names.index("value")
        marks = ",".join("?" * (len(names) + 1))
        connection.executemany(
            f"INSERT INTO {table} ({','.join(names)},crc) VALUES ({marks})",
            [
                (*row, crc_of(str(row[names.index(key)]), str(row[value])))
                for row in connection.execute(f"SELECT * FROM old_{table}").fetchall()
            ],
        )
        connection.execute(f"DROP TABLE old_{table}")
    connection.execute("ALTER TABLE journal RENAME TO old_journal")
    for table in ("journal", "touched", "touched_by_seq"):
        connection.execute(TABLES[table])
    for row in connection.execute("SELECT * FROM old_journal ORDER BY seq").fetchall():
        seq, before, after = row[0], row[-2], row[-1]
        marks = ",".join("?" * 8)
        connection.execute(
            f"INSERT INTO journal VALUES ({marks})", (*row, crc_of_pair(before, after))
        )
        touched = sorted(json.loads(after)["clips"])
        connection.executemany("INSERT INTO touched VALUES (?,?)", [(i, seq) for i in touched])
    connection.execute("DROP TABLE old_journal")
    connection.execute(
        "INSERT OR REPLACE INTO meta SELECT 'clip_count', CAST(count(*) AS TEXT) FROM clips"
    )


def _from_version_1(connection: sqlite3.Connection) -> None:
    """Version 1 knew no notes, soft edges and overlapping tiers; what it holds means the same."""


MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {
    0: _from_version_0,
    1: _from_version_1,
}
"""Version -> what turns its tables into those of the next version."""


def _columns() -> set[tuple[str, str]]:
    """(table, column) of every column that a file must have."""
    model = sqlite3.connect(":memory:")
    try:
        for statement in TABLES.values():
            model.execute(statement)
        return set(
            model.execute(
                "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c"
            )
        )
    finally:
        model.close()


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
