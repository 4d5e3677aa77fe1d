"""After kill -9 in the middle of editing, every finished edit is in the file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

import harstudio
from harstudio.core.project import Project
from harstudio.store.project_file import ProjectFile

EDIT_FOR_EVER = """
import sys
from itertools import count
from pathlib import Path
from dataclasses import replace
from harstudio.store.project_file import ProjectFile

file = ProjectFile.open(Path(sys.argv[1]))
first = int(file.project.clips["a"].notes or -1) + 1
for n in count(first):
    before = file.project
    clips = [replace(before.clips[i], notes=str(n)) for i in ("a", "b")]
    file.write(before, before.with_clips(clips), f"Edit {n}")
    print(n, flush=True)
"""


def editing(path: Path) -> tuple[subprocess.Popen[str], str]:
    """A process that edits the project without end, and its first report."""
    root = str(Path(harstudio.__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", EDIT_FOR_EVER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first, "the editing process died by itself"
    return process, first


def edit_until_killed(path: Path, wait_s: float) -> int:
    """Number of the last edit that the killed process had reported as finished."""
    process, first = editing(path)
    time.sleep(wait_s)  # a kill has to land in the middle of something: there is no signal for it
    process.kill()
    assert process.stdout is not None
    with process.stdout as reports:  # communicate() would miss what readline() has buffered
        rest = reports.read()
    process.wait(timeout=20)
    return int([first, *rest.splitlines()][-1])


@pytest.mark.parametrize("wait_s", [0.0, 0.003, 0.011, 0.05, 0.17])
def test_every_finished_edit_survives_kill_9(
    tmp_path: Path, project: Project, wait_s: float
) -> None:
    path = tmp_path / "study.harstudio"
    ProjectFile.create(path, project).close()
    for _ in range(2):
        finished = edit_until_killed(path, wait_s)
        with ProjectFile.open(path) as file:
            assert not file.read_only
            notes = [file.project.clips[i].notes for i in ("a", "b")]
            edits = [e.what for e in file.journal(10_000) if e.what.startswith("Edit")]
        assert notes[0] == notes[1]
        # The process may have been killed between the end of an edit and its report.
        assert int(notes[0]) in (finished, finished + 1)
        assert edits == [f"Edit {n}" for n in range(int(notes[0]), -1, -1)]
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_reader_never_sees_half_an_edit_while_another_process_writes(
    tmp_path: Path, project: Project
) -> None:
    path = tmp_path / "study.harstudio"
    ProjectFile.create(path, project).close()
    process, _ = editing(path)
    try:
        seen = []
        for _ in range(15):
            with ProjectFile.open(path) as file:
                assert file.read_only
                notes = [file.project.clips[i].notes for i in ("a", "b")]
            assert notes[0] == notes[1]
            seen.append(int(notes[0]))
    finally:
        process.kill()
        process.communicate(timeout=20)
    assert seen == sorted(seen)


def half_written(path: Path, project: Project, folder: Path) -> Path:
    """A copy of a project file as a power cut in the middle of a commit leaves it."""
    ProjectFile.create(path, project).close()
    cut = folder / "cut.harstudio"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_spill=1")
        connection.execute("PRAGMA cache_size=1")
        connection.execute("BEGIN EXCLUSIVE")
        filler = "x" * 3000
        for n in range(200):
            row = (f"filler {n}", filler)
            connection.execute("INSERT INTO meta VALUES (?,?)", row)
        connection.execute("UPDATE clips SET value = 'half an edit'")
        journal = path.with_name(path.name + "-journal")
        assert journal.stat().st_size > 512
        cut.write_bytes(path.read_bytes())
        cut.with_name(cut.name + "-journal").write_bytes(journal.read_bytes())
        connection.execute("ROLLBACK")
    return cut


@pytest.mark.parametrize("read_only", [False, True])
def test_a_half_written_edit_is_taken_back_on_opening(
    tmp_path: Path, project: Project, read_only: bool
) -> None:
    cut = half_written(tmp_path / "study.harstudio", project, tmp_path)
    assert cut.read_bytes() != (tmp_path / "study.harstudio").read_bytes()
    with ProjectFile.open(cut, read_only=read_only) as file:
        assert file.project == project
    assert not cut.with_name(cut.name + "-journal").exists()
