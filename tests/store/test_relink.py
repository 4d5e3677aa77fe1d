"""Files that were moved on disk are found again by what they hold, never by name alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Progress, finished
from harstudio.core.project import Project
from harstudio.core.source import Source, fingerprint_of
from harstudio.store.paths import moved, resolved, sources_of, stored
from harstudio.store.relink import find_moved, relinked, with_sources


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def source_of(path: Path, name: str) -> Source:
    return Source(name, "amass", fingerprint_of(path))


def test_a_moved_file_is_found_by_name_and_a_renamed_one_by_content(tmp_path: Path) -> None:
    same_name = put(tmp_path / "new" / "deep" / "walk.npz", b"walk")
    renamed = put(tmp_path / "new" / "0001.npz", b"run")
    walk, run = source_of(same_name, "old/walk.npz"), source_of(renamed, "old/run.npz")
    gone = Source("old/jump.npz", "amass", "0" * 64)
    assert finished(find_moved([walk, run, gone], tmp_path)) == {walk: same_name, run: renamed}


def test_another_file_of_the_same_name_is_never_taken(tmp_path: Path) -> None:
    put(tmp_path / "a" / "walk.npz", b"someone else's walk")
    right = put(tmp_path / "b" / "walk.npz", b"walk")
    walk = source_of(right, "walk.npz")
    assert finished(find_moved([walk], tmp_path)) == {walk: right}
    right.unlink()
    assert finished(find_moved([walk], tmp_path)) == {}


def test_a_source_without_a_fingerprint_is_not_relinked_by_guess(tmp_path: Path) -> None:
    put(tmp_path / "walk.npz", b"walk")
    assert finished(find_moved([Source("old/walk.npz", "amass")], tmp_path)) == {}


def test_two_sources_of_the_same_content_are_both_found(tmp_path: Path) -> None:
    path = put(tmp_path / "walk.npz", b"walk")
    first, second = source_of(path, "x/walk.npz"), source_of(path, "y/walk2.npz")
    assert finished(find_moved([first, second, first], tmp_path)) == {first: path, second: path}


def test_the_search_reports_progress_and_can_be_given_up(tmp_path: Path) -> None:
    path = put(tmp_path / "walk.npz", b"walk")
    job = find_moved([source_of(path, "walk.npz")], tmp_path)
    assert isinstance(next(job), Progress)
    job.close()


def test_a_search_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match="not a folder"):
        finished(find_moved([], tmp_path / "no"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_in_the_folder_does_not_stop_the_search(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "walk.npz")
    path = put(tmp_path / "z" / "walk.npz", b"walk")
    walk = source_of(path, "walk.npz")
    assert finished(find_moved([walk], tmp_path)) == {walk: path}


def test_relinking_changes_only_the_clips_whose_files_moved(
    project: Project, tmp_path: Path
) -> None:
    motion = project.clips["a"].motion
    assert motion is not None
    after = relinked(project, {motion: tmp_path / "new" / "a.npz"}, tmp_path)
    assert after.clips["a"].motion == Source("new/a.npz", "amass", "ab12")
    assert after.clips["b"] is project.clips["b"]
    assert relinked(project, {}, tmp_path) is project


def test_every_source_of_a_project_is_reached(project: Project) -> None:
    seen = []

    def upper(source: Source) -> Source:
        seen.append(source)
        return Source(source.path.upper(), source.format)

    after = with_sources(project, upper)
    assert seen == [s for clip in project.clips.values() for s in sources_of(clip)]
    paths = [s.path for clip in after.clips.values() for s in sources_of(clip)]
    assert paths == ["AMASS/A.NPZ", "AMASS/B.NPZ", "WATCH.CSV"]


def test_a_path_below_the_project_is_stored_relative_and_any_other_absolute(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "study"
    assert stored(folder / "amass" / "a.npz", folder) == "amass/a.npz"
    assert stored(folder / "x" / ".." / "a.npz", folder) == "a.npz"
    assert stored(tmp_path / "a.npz", folder) == (tmp_path / "a.npz").as_posix()
    assert stored(tmp_path / "study2" / "a.npz", folder) == (tmp_path / "study2/a.npz").as_posix()


def test_a_stored_path_leads_back_to_the_file(tmp_path: Path) -> None:
    for path in (tmp_path / "study" / "a.npz", tmp_path / "a.npz"):
        source = Source(stored(path, tmp_path / "study"), "amass")
        assert resolved(source, tmp_path / "study") == path


def test_a_source_seen_from_another_folder_is_the_same_file(tmp_path: Path) -> None:
    source = Source("amass/a.npz", "amass", "ff")
    there = moved(source, tmp_path / "study", tmp_path / "copy")
    assert resolved(there, tmp_path / "copy") == tmp_path / "study" / "amass" / "a.npz"
    assert moved(there, tmp_path / "copy", tmp_path / "study") == source


def test_a_link_to_the_project_folder_counts_as_below_it(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    link = tmp_path / "link"
    try:
        link.symlink_to(real, target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    assert stored(link / "a.npz", real) == "a.npz"
    assert stored(real / "a.npz", link) == "a.npz"
