"""The project file ``NAME.harstudio``: each edit is one transaction with a journal row."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from harstudio.core.errors import HarstudioError
from harstudio.core.project import Clip, Project
from harstudio.store import journal, rows, schema
from harstudio.store.journal import Change, JournalEntry
from harstudio.store.lock import ProjectLock, author_name
from harstudio.store.paths import moved
from harstudio.store.relink import with_sources

SUFFIX = ".harstudio"

T = TypeVar("T")


@dataclass(frozen=True)
class _Loaded:
    """What opening a file gives; `connection` is to a copy in memory for an old read-only file."""

    connection: sqlite3.Connection
    project: Project
    positions: dict[str, int]
    data_version: int
    backup: Path | None = None


class ProjectFile:
    """An open project file. Use `create` or `open`; close it, or use it in a ``with``.

    Attributes
    ----------
    path, folder : Path
    project : Project
        What the file holds: as loaded, then as last written.
    read_only : bool
        Somebody else has it, it was asked for, or the disk does not allow writing.
    holder : str
        Who has it, e.g. ``Anna on host lab-3, process 1234, since 2026-05-04 09:10 UTC``.
    author : str
        Who signs what is written; may be changed.
    backup : Path or None
        The copy made before this file was brought up to date, if it was.
    """

    def __init__(self, path: Path, loaded: _Loaded, lock: ProjectLock | None, author: str) -> None:
        self.path, self.folder = path, path.parent
        self.project, self.backup = loaded.project, loaded.backup
        self.read_only = lock is None or not lock.held
        self.holder = lock.holder if lock is not None else ""
        self._connection, self._positions = loaded.connection, loaded.positions
        self._lock, self.author = lock, author
        self._version = loaded.data_version

    @classmethod
    def create(cls, path: Path, project: Project, *, author: str | None = None) -> ProjectFile:
        """A new project file, open for writing.

        Raises
        ------
        HarstudioError
            The file exists already, its folder is missing or cannot be written, or the project
            holds something that could not be read back.
        """
        path = Path(path).absolute()
        author = author or author_name()
        change = Change.creating(project)

        def fill(place: Path) -> None:
            with (
                closing(schema.connect(place, writable=True, new=True)) as connection,
                schema.transaction(connection, place, write=True),
            ):
                rows.write_new(connection, change, project.clips, author, place)

        lock = _lock_for_new(path, author)
        try:
            _refuse_existing(path)
            _built(path, fill)
            file = cls(path, _load(path, writable=True), lock, author)
        except BaseException:
            lock.release()
            raise
        file.project = project  # equal to what was read back, and the caller's own objects
        return file

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, author: str | None = None) -> ProjectFile:
        """An existing project file; read-only where it cannot be had for writing.

        An older file is brought up to date, after a copy of it was made beside it; opened
        read-only it is brought up to date in memory. A damaged file is left as it is.

        Raises
        ------
        HarstudioError
            No such file, not a project file, made by a newer harstudio, or damaged.
        """
        path = Path(path).absolute()
        if path.is_symlink():
            path = path.resolve()  # one file, one lock, one folder that its paths start from
        author = author or author_name()
        if not path.is_file():
            raise HarstudioError(f"{path}: no such project file")
        if read_only:
            _recover(path, author)
        lock = None if read_only else ProjectLock(path, author)
        try:
            loaded = _load(path, writable=lock is not None and lock.held)
            return cls(path, loaded, lock, author)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def write(self, before: Project, after: Project, what: str) -> None:
        """Bring the file to `after`: one transaction, one journal row; none if nothing changed.

        What is compared is what the file holds, so that edits which could not be written earlier
        (a full disk) are written now; `before` tells whether there are any.

        Raises
        ------
        HarstudioError
            The file is read-only, the disk is full, or another program changed the file. Then
            the file stays as it was.
        """
        if self.read_only:
            refusal = self._lock.refusal if self._lock is not None else "was opened for reading"
            raise HarstudioError(f"{self.path.name}: not written: the project {refusal}")
        held = self.project
        if before is not held and before != held:
            what += " (with earlier changes that could not be saved)"
        change = Change.between(held, after)
        if change.empty:
            self.project = after
            return
        kept, fresh = self._positions, {}
        if change.reordered:
            kept = {i: position for i, position in kept.items() if i in after.clips}
            fresh = journal.new_positions(after.clips, kept)
        with schema.transaction(self._connection, self.path, write=True):
            if schema.data_version(self._connection) != self._version:
                raise HarstudioError(
                    f"{self.path.name}: not written: another program changed the file",
                    "open it again",
                )
            rows.apply(self._connection, change, fresh, self.path)
            journal.append(self._connection, change, self.author, what)
        self.project, self._positions = after, {**kept, **fresh} if fresh else kept

    def journal(
        self, limit: int = 100, *, clip_id: str = "", before_seq: int | None = None
    ) -> list[JournalEntry]:
        """The last edits, newest first: of one clip, or made before another edit, if told."""
        return self._read(
            lambda connection: journal.entries(connection, limit, clip_id, before_seq)
        )

    def states_of(self, clip_id: str) -> list[tuple[JournalEntry, Clip | None]]:
        """A clip after each edit that touched it, oldest first; None where it was removed.

        Raises
        ------
        HarstudioError
            A row of the journal is damaged.
        """
        return self._read(lambda connection: journal.states_of(connection, clip_id, self.path))

    def state_of(self, clip_id: str, seq: int) -> Clip | None:
        """A clip after one edit that touched it; None if that removed it.

        Raises
        ------
        HarstudioError
            No such edit of that clip, or its row of the journal is damaged.
        """
        states = self._read(lambda c: journal.states_of(c, clip_id, self.path, seq))
        if not states:
            raise HarstudioError(f"{self.path.name}: edit {seq} did not touch that clip")
        return states[0][1]

    def save_copy(self, path: Path, *, overwrite: bool = False) -> None:
        """A copy of this file with its journal; relative paths are kept right for its folder.

        Raises
        ------
        HarstudioError
            The file exists and `overwrite` is not given, it is this file or open elsewhere, or
            it cannot be written. An existing file is replaced whole or not at all.
        """
        path = Path(path).absolute()
        if path.exists() and path.samefile(self.path):
            raise HarstudioError(f"{path.name}: a project cannot be saved as its own copy")
        after = with_sources(self.project, lambda source: moved(source, self.folder, path.parent))
        change = Change.between(self.project, after)

        def fill(place: Path) -> None:
            with closing(schema.connect(place, writable=True, new=True)) as copy:
                self._connection.backup(copy)
                if not change.empty:
                    with schema.transaction(copy, place, write=True):
                        rows.apply(copy, change, {}, place)
                        journal.append(copy, change, self.author, f"Copy from {self.folder}")

        lock = _lock_for_new(path, self.author)
        try:
            if not overwrite:
                _refuse_existing(path)
            _built(path, fill)
        finally:
            lock.release()

    def close(self) -> None:
        """Give the file back; does nothing the second time."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> ProjectFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        with schema.transaction(self._connection, self.path, write=False):
            return query(self._connection)


def _load(path: Path, *, writable: bool) -> _Loaded:
    """Open, check and read a file; bring an older one up to date."""
    if writable:
        schema.check_journal_mode(path)
    connection = schema.connect(path, writable=writable)
    try:
        with schema.transaction(connection, path, write=False):
            version = schema.version_of(connection, path)
            if version == schema.SCHEMA_VERSION:
                return _read_all(connection, path)
        if not writable:
            connection = schema.in_memory(connection, path)
        return _migrated(connection, path, version, writable=writable)
    except BaseException:
        connection.close()
        raise


def _migrated(
    connection: sqlite3.Connection, path: Path, version: int, *, writable: bool
) -> _Loaded:
    """Bring an older file up to date and read it; if that fails it is as it was."""
    backup = schema.back_up(path, version) if writable else None
    try:
        with schema.transaction(connection, path, write=True):
            schema.migrate(connection, version)
            return replace(_read_all(connection, path), backup=backup)
    except BaseException:
        if backup is not None:
            backup.unlink(missing_ok=True)
        raise


def _read_all(connection: sqlite3.Connection, path: Path) -> _Loaded:
    """The project of a file of the present version, checked, within a transaction."""
    schema.check_sound(connection, path)
    project, positions = rows.load(connection, path)
    return _Loaded(connection, project, positions, schema.data_version(connection))


def _recover(path: Path, author: str) -> None:
    """Let SQLite take back what a killed process left half-written: only a writer can."""
    if not path.with_name(path.name + "-journal").exists():
        return
    lock = ProjectLock(path, author)
    if lock.held:
        with suppress(*schema.FAILURES), closing(schema.connect(path, writable=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    lock.release()


def _lock_for_new(path: Path, author: str) -> ProjectLock:
    """The right to put a file at `path`, or HarstudioError."""
    if not path.parent.is_dir():
        raise HarstudioError(f"{path.name}: there is no folder {path.parent}")
    lock = ProjectLock(path, author)
    if not lock.held:
        raise HarstudioError(f"{path}: {lock.refusal}")
    return lock


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise HarstudioError(f"{path}: exists already", "choose another name")


def _built(path: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a file under another name, then put it in place whole."""
    place = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        place.unlink(missing_ok=True)  # of a killed process that had the same number
        fill(place)
        place.replace(path)
    except OSError as error:
        raise HarstudioError(f"{path}: cannot be written ({error.strerror})") from error
    except schema.FAILURES as error:
        raise schema.reported(error, path) from error
    finally:
        with suppress(OSError):
            place.unlink(missing_ok=True)
    if os.name == "posix":  # a rename survives a power cut once its folder is on disk
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
