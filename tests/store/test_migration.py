"""Files of older versions are brought up to date after a copy was made; newer ones are refused."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.project import Project
from harstudio.store import schema
from harstudio.store.project_file import ProjectFile
from harstudio.store.serial import parts_to_text, to_text


@pytest.fixture
def old(tmp_path: Path, project: Project) -> Path:
    """A file as the draft wrote it: version 0, without check sums and index."""
    path = tmp_path / "old.harstudio"
    clips = {i: to_text(clip) for i, clip in project.clips.items()}
    first = {"parts": {}, "clips": {i: json.loads(text) for i, text in clips.items()}}
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in (
            f"PRAGMA application_id={schema.APPLICATION_ID}",
            "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)",
            "CREATE TABLE parts (name TEXT PRIMARY KEY, value TEXT)",
            "CREATE TABLE clips (id TEXT PRIMARY KEY, position INTEGER, value TEXT)",
            """CREATE TABLE journal (seq INTEGER PRIMARY KEY, time_utc TEXT, author TEXT,
            what TEXT, kind TEXT, before TEXT, after TEXT)""",
        ):
            connection.execute(statement)
        connection.executemany("INSERT INTO parts VALUES (?,?)", parts_to_text(project).items())
        connection.executemany(
            "INSERT INTO clips VALUES (?,?,?)",
            [(i, n, t) for n, (i, t) in enumerate(clips.items())],
        )
        connection.execute(
            "INSERT INTO journal VALUES (1, '2025-01-01', 'anna', 'Create', 'create', ?, ?)",
            ('{"parts":{},"clips":{}}', json.dumps(first)),
        )
    return path


def test_an_older_file_is_brought_up_to_date_with_all_it_holds(old: Path, project: Project) -> None:
    with ProjectFile.open(old) as file:
        assert file.project == project
        file.write(project, project.without_clips(["b"]), "Remove")
        assert [state for _, state in file.states_of("b")] == [project.clips["b"], None]
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with ProjectFile.open(old) as file:
        assert list(file.project.clips) == ["a", "r"]
        assert file.backup is None


def test_a_copy_of_the_older_file_is_made_first(old: Path) -> None:
    content = old.read_bytes()
    old.with_name("old.version0.harstudio").write_bytes(b"an earlier backup")
    with ProjectFile.open(old) as file:
        assert file.backup == old.with_name("old.version0-1.harstudio")
    assert file.backup.read_bytes() == content
    assert old.with_name("old.version0.harstudio").read_bytes() == b"an earlier backup"


def test_an_older_file_opened_read_only_is_not_touched(old: Path, project: Project) -> None:
    content = old.read_bytes()
    with ProjectFile.open(old, read_only=True) as file:
        assert file.project == project
        assert len(file.states_of("a")) == 1
    assert old.read_bytes() == content
    assert [p.name for p in old.parent.iterdir()] == [old.name]


def test_an_older_file_that_is_damaged_stays_as_it_is(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("UPDATE clips SET value = '{' WHERE id = 'b'")
    content = old.read_bytes()
    with pytest.raises(HarstudioError, match="clip b: not valid JSON"):
        ProjectFile.open(old)
    assert old.read_bytes() == content
    assert sorted(p.name for p in old.parent.iterdir()) == [old.name, f"{old.name}.lock"]


@pytest.mark.parametrize("table", ["parts", "journal", "meta"])
def test_an_older_file_without_a_table_is_refused(old: Path, table: str) -> None:
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute(f"DROP TABLE {table}")
    content = old.read_bytes()
    with pytest.raises(HarstudioError, match="damaged"):
        ProjectFile.open(old)
    assert old.read_bytes() == content


def test_a_file_of_a_newer_harstudio_is_refused_and_says_so(
    tmp_path: Path, project: Project
) -> None:
    path = tmp_path / "new.harstudio"
    ProjectFile.create(path, project).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA user_version={schema.SCHEMA_VERSION + 1}")
    content = path.read_bytes()
    with pytest.raises(HarstudioError, match="made by a newer harstudio") as caught:
        ProjectFile.open(path)
    assert caught.value.hint == "install the newer harstudio"
    assert path.read_bytes() == content


def test_there_is_a_way_from_every_version_to_the_present_one() -> None:
    assert sorted(schema.MIGRATIONS) == list(range(schema.SCHEMA_VERSION))


def test_a_file_of_version_1_keeps_its_segments_as_they_were(
    tmp_path: Path, project: Project
) -> None:
    path = tmp_path / "one.harstudio"
    ProjectFile.create(path, project).close()
    new = ("note", "start_soft_s", "end_soft_s", "overlapping")
    with closing(sqlite3.connect(path)) as connection, connection:
        for key, text in connection.execute("SELECT id, value FROM clips").fetchall():
            value = json.loads(text)
            for _, track in value["tracks"]:
                for item in (track, *track["segments"]):
                    for name in new:
                        item.pop(name, None)
            old = json.dumps(value, separators=(",", ":"))
            connection.execute(
                "UPDATE clips SET value=?, crc=? WHERE id=?", (old, schema.crc_of(key, old), key)
            )
        connection.execute("PRAGMA user_version=1")
    with ProjectFile.open(path) as file:
        assert file.project == project
        assert file.backup == path.with_name("one.version1.harstudio")
