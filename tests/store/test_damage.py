"""A file that is not what was written is reported, and left as it is."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.project import Clip, Project
from harstudio.store import schema
from harstudio.store.project_file import ProjectFile

MakeClip = Callable[..., Clip]


@pytest.fixture
def path(tmp_path: Path, project: Project, clip: MakeClip) -> Path:
    """A closed project file of some pages with a little history."""
    path = tmp_path / "study.harstudio"
    more = project.with_clips(clip(f"clip-{n}") for n in range(40))
    with ProjectFile.create(path, project) as file:
        file.write(project, more, "Import")
        file.write(more, more.without_clips(["clip-3"]), "Remove")
    return path


def refused(path: Path, message: str = "damaged") -> None:
    """Opening fails as expected, for writing and for reading, and changes nothing."""
    content = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(HarstudioError, match=message):
            ProjectFile.open(path, read_only=read_only)
    assert path.read_bytes() == content
    beside = {p.name for p in path.parent.iterdir()} - {path.name, f"{path.name}.lock"}
    assert not beside


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04" * 2000, os.urandom(5000)])
def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    refused(path, "not a harstudio project")


def test_a_folder_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match="no such project file"):
        ProjectFile.open(tmp_path)


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    execute(path, "PRAGMA application_id=7")
    refused(path, "not a harstudio project")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    refused(path, "damaged|not a harstudio project")


@pytest.mark.parametrize("table", ["meta", "parts", "clips", "journal", "touched"])
def test_a_missing_table_is_named(path: Path, table: str) -> None:
    execute(path, f"DROP TABLE {table}")
    refused(path, f"tables missing or incomplete: .*{table}")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE clips SET value = replace(value, '2.0', '3.0') WHERE id = 'a'", "check sum"),
        ("UPDATE clips SET value = '{' WHERE id = 'a'", "check sum"),
        ("UPDATE clips SET value = x'00ff' WHERE id = 'a'", "is not text"),
        ("UPDATE clips SET value = CAST(x'ff' AS TEXT) WHERE id = 'a'", "decode|damaged"),
        ("UPDATE clips SET id = 'z' WHERE id = 'a'", "check sum"),
        ("UPDATE clips SET id = x'00' WHERE id = 'a'", "is not text"),
        ("UPDATE clips SET position = 'first' WHERE id = 'a'", "at 'first'"),
        ("UPDATE clips SET crc = 'none' WHERE id = 'a'", "check sum"),
        ("DELETE FROM clips WHERE id = 'a'", "41 clips found, expected 42"),
        ("DELETE FROM meta", "42 clips found, expected None"),
        ("DELETE FROM parts WHERE name = 'layout'", r"missing \['layout'\]"),
        ("UPDATE parts SET value = '3' WHERE name = 'name'", "check sum"),
        ("CREATE TRIGGER t AFTER INSERT ON journal BEGIN SELECT 1; END", "foreign parts: t"),
        ("PRAGMA user_version=-3", "never existed"),
    ],
)
def test_rows_that_were_tampered_with_are_refused(path: Path, statement: str, message: str) -> None:
    execute(path, statement)
    refused(path, message)


@pytest.mark.parametrize(
    ("value", "message"),
    [("{", "not valid JSON"), ('{"id":"a"}', "missing fields"), ("[" * 50_000, "not valid JSON")],
)
def test_rows_with_a_matching_check_sum_are_still_checked(
    path: Path, value: str, message: str
) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        row = (value, schema.crc_of("a", value))
        connection.execute("UPDATE clips SET value = ?, crc = ? WHERE id = 'a'", row)
    refused(path, message)


def test_a_flipped_page_under_the_tables_is_found(path: Path) -> None:
    content = bytearray(path.read_bytes())
    page = 4096 * (len(content) // 4096 // 2)
    content[page : page + 40] = bytes(40)
    path.write_bytes(content)
    refused(path)


def test_a_header_that_claims_another_journal_mode_brings_no_files_beside_it(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[18:20] = b"\x02\x02"
    path.write_bytes(content)
    with pytest.raises(HarstudioError, match="journal mode 0202"):
        ProjectFile.open(path)
    assert path.read_bytes() == bytes(content)
    assert {p.suffix for p in path.parent.iterdir()} == {".harstudio", ".lock"}


def test_a_table_definition_that_is_no_text_any_more_is_reported(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace(b"name TEXT PRIMARY KEY", b"name TEXT \x80RIMARY KEY"))
    refused(path)


@pytest.mark.parametrize("column", ["before", "after"])
def test_a_damaged_journal_row_is_named_when_it_is_needed(path: Path, column: str) -> None:
    execute(path, f"UPDATE journal SET {column} = x'78da00' WHERE seq = 2")
    with ProjectFile.open(path) as file:
        assert len(file.journal()) == 3
        assert len(file.states_of("a")) == 1
        with pytest.raises(HarstudioError, match="journal row 2: damaged"):
            file.states_of("clip-3")


def test_a_large_file_opens_without_reading_its_journal(
    path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ProjectFile.open(path) as file:
        before = file.project
        noise = os.urandom(20_000).hex()
        noisy = replace(before.clips["a"], notes=noise)
        file.write(before, before.with_clips([noisy]), "Long notes")
        file.write(file.project, before, "Undo")
    # The long notes are in the journal alone now; break the chain of their pages there.
    content = bytearray(path.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        (blob,) = connection.execute("SELECT after FROM journal WHERE seq = 4").fetchone()
    page = 4096 * (content.index(blob[12_000:12_050]) // 4096)
    content[page : page + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    refused(path)
    monkeypatch.setattr(schema, "CHECKED_WHOLE_BYTES", 0)
    with ProjectFile.open(path) as file:
        assert file.project == before
        with pytest.raises(HarstudioError, match="damaged"):
            file.states_of("a")


flips = st.lists(
    st.tuples(st.floats(0.0, 1.0, exclude_max=True), st.binary(min_size=1, max_size=60)),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(flips)
def test_random_bytes_in_the_file_are_reported_or_harmless(
    path: Path, tmp_path: Path, flips: list[tuple[float, bytes]]
) -> None:
    sound = path.read_bytes()
    content = bytearray(sound)
    for place, data in flips:
        start = int(place * len(content))
        content[start : start + len(data)] = data[: len(content) - start]
    folder = tmp_path / "fuzz"
    folder.mkdir(exist_ok=True)
    try:
        broken = folder / "broken.harstudio"
        broken.write_bytes(content)
        with ProjectFile.open(path, read_only=True) as original:
            expected = original.project
        try:
            file = ProjectFile.open(broken)
        except HarstudioError:
            assert broken.read_bytes() == content
            return
        with file:
            # What SQLite lets pass is unused space or history: the check sums cover the rest.
            assert file.project == expected
            assert not file.read_only
        assert broken.read_bytes() == content
    finally:
        shutil.rmtree(folder)
