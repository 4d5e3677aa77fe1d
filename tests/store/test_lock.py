"""One window writes; every other one reads, and says who writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.project import Project
from harstudio.store.project_file import ProjectFile

HOLD = """
import sys
from pathlib import Path
from harstudio.store.project_file import ProjectFile
with ProjectFile.open(Path(sys.argv[1]), author="Anna"):
    print("open", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path, project: Project) -> Path:
    path = tmp_path / "study.harstudio"
    ProjectFile.create(path, project).close()
    return path


@pytest.fixture
def other(path: Path) -> subprocess.Popen[str]:
    """Another process that has the project open, as Anna."""
    import harstudio

    root = str(Path(harstudio.__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def finish(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=20)


def test_a_second_process_reads_only_and_says_who_writes(
    path: Path, project: Project, other: subprocess.Popen[str]
) -> None:
    with ProjectFile.open(path) as file:
        assert file.read_only
        assert file.holder.startswith("Anna on host ")
        assert f"process {other.pid}, since 20" in file.holder
        assert file.project == project
        with pytest.raises(HarstudioError, match="is open elsewhere: Anna on host"):
            file.write(project, project.without_clips(["a"]), "Remove")
        assert len(file.journal()) == 1
    finish(other)
    with ProjectFile.open(path) as file:
        assert not file.read_only
        assert file.holder == ""


def test_a_killed_process_leaves_the_project_free(path: Path, other: subprocess.Popen[str]) -> None:
    other.kill()
    other.communicate(timeout=20)
    with ProjectFile.open(path) as file:
        assert not file.read_only


def test_a_second_window_of_the_same_process_reads_only(path: Path, project: Project) -> None:
    with ProjectFile.open(path) as first, ProjectFile.open(path) as second:
        assert (first.read_only, second.read_only) == (False, True)
        assert f"process {os.getpid()}" in second.holder
        first.write(project, project.without_clips(["a"]), "Remove")
    with ProjectFile.open(path) as third:
        assert not third.read_only
        assert list(third.project.clips) == ["b", "r"]


def test_a_reader_takes_nothing_from_a_writer(path: Path) -> None:
    with ProjectFile.open(path, read_only=True) as reader, ProjectFile.open(path) as writer:
        assert (reader.read_only, reader.holder) == (True, "")
        assert not writer.read_only
        with pytest.raises(HarstudioError, match="was opened for reading"):
            reader.write(reader.project, reader.project.without_clips(["a"]), "Remove")


def test_a_name_tag_that_is_missing_or_damaged_is_no_obstacle(path: Path) -> None:
    tag = path.with_name(path.name + ".holder")
    with ProjectFile.open(path):
        for content in ("", "{}", "[1]", '{"since": 3}'):
            tag.write_text(content)
            with ProjectFile.open(path) as second:
                assert second.holder == "another window"
        tag.unlink()
        with ProjectFile.open(path) as second:
            assert second.holder == "another window"


def test_a_project_cannot_be_created_over_an_open_one(path: Path, project: Project) -> None:
    with ProjectFile.open(path), pytest.raises(HarstudioError, match="is open elsewhere"):
        ProjectFile.create(path, project)
