from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harstudio.core.jobs import finished
from harstudio.core.project import Project
from harstudio.workflows.importing import import_folder, with_imported
from harstudio.workflows.loading import load_clip
from harstudio.workflows.relinking import find_missing, missing_sources, with_found
from tests.workflows.making import write_moving


@pytest.fixture
def project(tmp_path: Path, empty_project: Project) -> Project:
    """Two motions below the project's folder."""
    for number, name in enumerate(("a", "b")):
        write_moving(tmp_path / f"home/motions/{name}_poses.npz", "waving", 1.0, seed=number)
    found = finished(import_folder(empty_project, tmp_path / "home", tmp_path / "home"))
    return with_imported(empty_project, found)


def test_nothing_is_missing_where_all_is_in_place(tmp_path: Path, project: Project) -> None:
    assert missing_sources(project, tmp_path / "home") == ()


def test_moved_and_renamed_files_are_found_again(tmp_path: Path, project: Project) -> None:
    home = tmp_path / "home"
    shutil.move(home / "motions", tmp_path / "elsewhere")
    (tmp_path / "elsewhere/b_poses.npz").rename(tmp_path / "elsewhere/renamed.npz")
    assert len(missing_sources(project, home)) == 2
    found = finished(find_missing(project, home, tmp_path / "elsewhere"))
    after = with_found(project, found, home)
    assert found.missing == ()
    assert missing_sources(after, home) == ()
    names = sorted(clip.motion.name for clip in after.clips.values() if clip.motion)
    assert names == ["a_poses.npz", "renamed.npz"]
    for clip in after.clips.values():
        assert load_clip(after, clip, home).motion is not None


def test_a_file_of_the_same_name_and_other_content_is_not_taken(
    tmp_path: Path, project: Project
) -> None:
    home = tmp_path / "home"
    (home / "motions/a_poses.npz").unlink()
    write_moving(tmp_path / "elsewhere/a_poses.npz", "shaking", 1.0, seed=9)
    found = finished(find_missing(project, home, tmp_path / "elsewhere"))
    assert [source.name for source in found.missing] == ["a_poses.npz"]
    assert with_found(project, found, home) is project


def test_a_clip_flagged_while_its_file_was_missing_gets_another_chance(
    tmp_path: Path, project: Project
) -> None:
    home = tmp_path / "home"
    flagged = [
        replace(clip, problem=f"{clip.name}: no such file") for clip in project.clips.values()
    ]
    project = project.with_clips(flagged)
    shutil.move(home / "motions/a_poses.npz", home / "a_poses.npz")
    after = with_found(project, finished(find_missing(project, home, home)), home)
    problems = {clip.name: clip.problem for clip in after.clips.values()}
    assert problems == {"a": "", "b": "b: no such file"}
