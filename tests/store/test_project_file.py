"""The project file holds every finished edit, and how it came about."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.label_set import LabelSet
from harstudio.core.labels import Segment
from harstudio.core.project import EXCLUDED, Clip, Project
from harstudio.core.source import Source
from harstudio.store import schema
from harstudio.store.journal import new_positions
from harstudio.store.project_file import ProjectFile

MakeClip = Callable[..., Clip]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.harstudio"


def reopened(path: Path) -> Project:
    with ProjectFile.open(path, read_only=True) as file:
        return file.project


def painted(project: Project, clip_id: str, label: str) -> Project:
    clip = project.clip(clip_id)
    return project.with_clips([clip.with_track(clip.labels.paint(Segment(1.0, 1.5, label)))])


def journal_rows(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT before, after FROM journal ORDER BY seq").fetchall()


def test_a_created_project_opens_equal_and_in_order(path: Path, project: Project) -> None:
    ProjectFile.create(path, project).close()
    assert reopened(path) == project
    assert list(reopened(path).clips) == list(project.clips)


def test_a_written_edit_is_on_disk_at_once(path: Path, project: Project) -> None:
    after = painted(project, "a", "jump")
    with ProjectFile.create(path, project) as file:
        file.write(project, after, "Paint jump")
        assert file.project is after
        assert reopened(path) == after


def test_the_file_names_itself_and_its_version_to_sqlite(path: Path, project: Project) -> None:
    ProjectFile.create(path, project).close()
    assert path.read_bytes()[68:72] == b"HARS"
    with closing(sqlite3.connect(path)) as connection:
        for pragma, value in (("user_version", schema.SCHEMA_VERSION), ("journal_mode", "delete")):
            assert connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)
    with ProjectFile.open(path) as file:
        assert file._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_each_part_of_the_project_is_written(path: Path, project: Project) -> None:
    after = replace(
        project,
        name="renamed",
        layout=replace(project.layout, name="other"),
        label_set=LabelSet.of(["sit"]),
        rate_hz=100.0,
        body=Source("smpl.npz", "smpl", "ff"),
    )
    with ProjectFile.create(path, project) as file:
        file.write(project, after, "Settings")
        assert file.journal(1)[0].kind == "settings"
        assert file.journal(1)[0].clip_ids == ()
    assert reopened(path) == after


def test_a_journal_row_holds_only_what_changed(path: Path, project: Project) -> None:
    with ProjectFile.create(path, project, author="anna") as file:
        file.write(project, painted(project, "b", "jump"), "Paint jump")
        newest, oldest = file.journal()
    assert (newest.what, newest.author, newest.clip_ids) == ("Paint jump", "anna", ("b",))
    assert (newest.kind, oldest.kind, oldest.clip_ids) == ("edit", "create", ("a", "b", "r"))
    assert newest.seq > oldest.seq
    assert newest.time_utc > oldest.time_utc
    before, after = journal_rows(path)[-1]
    assert '"jump"' in after
    assert '"jump"' not in before
    for text in (before, after):
        assert '"b":{' in text
        assert '"a":{' not in text
        assert "layout" not in text


def test_the_kind_of_an_edit_tells_added_from_removed_clips(
    path: Path, project: Project, clip: MakeClip
) -> None:
    more = project.with_clips([clip("n")])
    with ProjectFile.create(path, project) as file:
        file.write(project, more, "Import")
        file.write(more, more.without_clips(["a"]), "Remove")
        kinds = [(entry.kind, entry.clip_ids) for entry in file.journal(2)]
    assert kinds == [("remove", ("a",)), ("add", ("n",))]


def test_an_edit_that_changes_nothing_leaves_no_row(path: Path, project: Project) -> None:
    with ProjectFile.create(path, project) as file:
        file.write(project, replace(project), "Nothing")
        file.write(project, project.with_clips([replace(project.clips["a"])]), "Nothing")
        assert len(file.journal()) == 1


def test_undo_of_a_removal_brings_the_clip_back_in_its_place(path: Path, project: Project) -> None:
    without = project.without_clips(["b"])
    with ProjectFile.create(path, project) as file:
        file.write(project, without, "Remove")
        assert list(reopened(path).clips) == ["a", "r"]
        file.write(without, project, "Undo")
    assert list(reopened(path).clips) == ["a", "b", "r"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(st.sampled_from("abcdefg"), unique=True), min_size=1, max_size=6))
def test_any_sequence_of_clips_and_orders_is_read_back_as_written(
    tmp_path: Path, project: Project, clip: MakeClip, orders: list[list[str]]
) -> None:
    path = tmp_path / f"{time.monotonic_ns()}.harstudio"
    now = replace(project, clips={})
    with ProjectFile.create(path, now) as file:
        file._connection.execute("PRAGMA synchronous=OFF")
        for n, order in enumerate(orders):
            then = replace(project, clips={i: clip(i, f"label {n % 2}") for i in order})
            file.write(now, then, f"Order {n}")
            now = then
    back = reopened(path)
    assert back == now
    assert list(back.clips) == list(now.clips)


@given(st.permutations("abcdefgh"), st.sets(st.sampled_from("abcdefgh")))
def test_new_positions_increase_along_the_order(order: list[str], held: set[str]) -> None:
    old = {i: 2 * n for n, i in enumerate("abcdefgh") if i in held}
    positions = {**old, **new_positions(order, old)}
    assert sorted(order, key=positions.__getitem__) == order
    assert len(set(positions.values())) == len(order)


def test_appending_moves_no_clip() -> None:
    assert new_positions("abc", {"a": 0, "b": 7}) == {"c": 8}


def test_every_earlier_state_of_a_clip_can_be_restored(path: Path, project: Project) -> None:
    second = painted(project, "a", "jump")
    third = second.with_clips([replace(second.clips["a"], status=EXCLUDED)])
    fourth = third.without_clips(["a"])
    with ProjectFile.create(path, project) as file:
        file.write(project, painted(project, "b", "sit"), "Elsewhere")
        file.write(file.project, second, "Paint jump")
        file.write(second, third, "Exclude")
        file.write(third, fourth, "Remove")
        states = file.states_of("a")
        assert file.states_of("never heard of") == []
    assert [entry.kind for entry, _ in states] == ["create", "edit", "edit", "remove"]
    held = [p.clips.get("a") for p in (project, second, third, fourth)]
    assert [state for _, state in states] == held


def test_the_journal_can_be_read_for_one_clip_and_page_by_page(
    path: Path, project: Project
) -> None:
    with ProjectFile.create(path, project) as file:
        for n in range(6):
            project = painted(project, "ab"[n % 2], f"label {n}")
            file.write(file.project, project, f"Paint {n}")
        assert [e.what for e in file.journal(2)] == ["Paint 5", "Paint 4"]
        page = file.journal(2, clip_id="a")
        assert [e.what for e in page] == ["Paint 4", "Paint 2"]
        older = file.journal(100, clip_id="a", before_seq=page[-1].seq)
        assert [e.kind for e in older] == ["edit", "create"]


def test_one_state_of_a_clip_is_that_among_all_of_them(path: Path, project: Project) -> None:
    with ProjectFile.create(path, project) as file:
        file.write(project, painted(project, "a", "jump"), "Paint")
        file.write(file.project, file.project.without_clips(["a"]), "Remove")
        states = file.states_of("a")
        assert len(states) == 3
        assert [file.state_of("a", entry.seq) for entry, _ in states] == [s for _, s in states]
        assert states[-1][1] is None
        with pytest.raises(HarstudioError, match="edit 3 did not touch that clip"):
            file.state_of("b", states[-1][0].seq)


def test_a_large_import_is_compressed_in_the_journal_and_its_states_are_there(
    path: Path, project: Project, clip: MakeClip
) -> None:
    many = project.with_clips(clip(f"clip-{n}") for n in range(300))
    with ProjectFile.create(path, project) as file:
        file.write(project, many, "Import 300 files")
        (entry, state), *others = file.states_of("clip-7")
    assert (entry.kind, len(entry.clip_ids), state) == ("add", 300, many.clips["clip-7"])
    assert others == []
    after = journal_rows(path)[-1][1]
    assert isinstance(after, bytes)
    assert len(after) < 300 * 30


def test_an_edit_that_could_not_be_written_is_written_with_the_next(
    path: Path, project: Project
) -> None:
    unsaved = painted(project, "a", "jump")
    after = painted(unsaved, "b", "sit")
    with ProjectFile.create(path, project) as file:
        file.write(unsaved, after, "Paint sit")
        assert file.journal(1)[0].what == (
            "Paint sit (with earlier changes that could not be saved)"
        )
        assert file.journal(1)[0].clip_ids == ("a", "b")
    assert reopened(path) == after


def test_a_full_disk_is_reported_and_the_next_write_goes_on(
    path: Path, project: Project, clip: MakeClip
) -> None:
    more = project.with_clips(clip(f"clip-{n}") for n in range(200))
    with ProjectFile.create(path, project) as file:
        pages = file._connection.execute("PRAGMA page_count").fetchone()[0]
        file._connection.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(HarstudioError, match="the disk is full"):
            file.write(project, more, "Import")
        assert file.project is project
        assert reopened(path) == project
        file._connection.execute("PRAGMA max_page_count=100000")
        file.write(project, more, "Import")
    assert reopened(path) == more


def test_a_clip_that_could_not_be_read_back_is_not_written(path: Path, project: Project) -> None:
    broken = project.with_clips([replace(project.clips["a"], duration_s=float("nan"))])
    wrong_id = replace(project, clips={"other": project.clips["a"]})
    no_text = replace(project, clips={"\udc80": replace(project.clips["a"], id="\udc80")})
    with ProjectFile.create(path, project) as file:
        for after in (broken, wrong_id, no_text):
            with pytest.raises(HarstudioError):
                file.write(project, after, "Break it")
        assert file.project is project
    assert reopened(path) == project


def test_file_names_that_are_no_valid_unicode_are_kept(path: Path, project: Project) -> None:
    motion = Source("caf\udce9.npz", "amass")
    after = project.with_clips([replace(project.clips["a"], motion=motion)])
    with ProjectFile.create(path, project) as file:
        file.write(project, after, "Relink caf\udce9.npz")
    assert reopened(path) == after


def test_create_refuses_to_overwrite(path: Path, project: Project) -> None:
    path.write_bytes(b"something precious")
    with pytest.raises(HarstudioError, match="exists already"):
        ProjectFile.create(path, project)
    assert path.read_bytes() == b"something precious"


def test_create_leaves_nothing_behind_when_it_fails(path: Path, project: Project) -> None:
    broken = project.with_clips([replace(project.clips["a"], rate_hz=float("inf"))])
    with pytest.raises(HarstudioError, match=r"clip 'clip a'\.rate_hz: got inf"):
        ProjectFile.create(path, broken)
    assert list(path.parent.iterdir()) == []


def test_a_missing_folder_or_file_is_named(tmp_path: Path, project: Project) -> None:
    with pytest.raises(HarstudioError, match="there is no folder"):
        ProjectFile.create(tmp_path / "no" / "x.harstudio", project)
    with pytest.raises(HarstudioError, match="no such project file"):
        ProjectFile.open(tmp_path / "x.harstudio")


@pytest.mark.parametrize("obstacle", [".lock", f".{os.getpid()}.new"])
def test_a_place_that_cannot_be_written_is_reported(
    path: Path, project: Project, obstacle: str
) -> None:
    path.with_name(path.name + obstacle).mkdir()
    with pytest.raises(HarstudioError, match="cannot be written"):
        ProjectFile.create(path, project)
    assert not path.exists()


def test_a_project_in_a_folder_that_cannot_be_written_opens_read_only(
    path: Path, project: Project
) -> None:
    ProjectFile.create(path, project).close()
    lock = path.with_name(path.name + ".lock")
    lock.unlink()
    lock.mkdir()
    with ProjectFile.open(path) as file:
        assert (file.read_only, file.holder) == (True, "")
        with pytest.raises(HarstudioError, match="cannot be written here"):
            file.write(project, painted(project, "a", "jump"), "Paint")


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs permissions that bind the user"
)
def test_a_file_without_write_permission_opens_read_only(path: Path, project: Project) -> None:
    ProjectFile.create(path, project).close()
    path.chmod(0o444)
    with ProjectFile.open(path) as file:
        assert file.read_only
        with pytest.raises(HarstudioError, match="no permission"):
            file.write(project, painted(project, "a", "jump"), "Paint")


def test_another_program_that_changes_the_file_is_noticed(path: Path, project: Project) -> None:
    with ProjectFile.create(path, project) as file:
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("DELETE FROM clips WHERE id = 'a'")
        with pytest.raises(HarstudioError, match="another program changed the file"):
            file.write(project, painted(project, "b", "jump"), "Paint")


def test_a_program_that_keeps_the_file_busy_is_reported(path: Path, project: Project) -> None:
    with ProjectFile.create(path, project) as file, closing(sqlite3.connect(path)) as other:
        file._connection.execute("PRAGMA busy_timeout=20")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HarstudioError, match="another program is using the file"):
            file.write(project, painted(project, "b", "jump"), "Paint")
        other.rollback()
        file.write(project, painted(project, "b", "jump"), "Paint")


def test_a_copy_in_another_folder_refers_to_the_same_files(
    path: Path, project: Project, tmp_path: Path
) -> None:
    motion = tmp_path / "amass" / "a.npz"
    copy = tmp_path / "copies" / "copy.harstudio"
    copy.parent.mkdir()
    with ProjectFile.create(path, project) as file:
        file.write(project, painted(project, "a", "jump"), "Paint")
        file.save_copy(copy)
        assert file.project.clips["a"].motion == Source("amass/a.npz", "amass", "ab12")
    with ProjectFile.open(copy) as other:
        assert other.project.clips["a"].motion == Source(motion.as_posix(), "amass", "ab12")
        assert other.project.clips["a"].labels == painted(project, "a", "jump").clips["a"].labels
        whats = [entry.what for entry in other.journal()]
    assert whats == [f"Copy from {tmp_path}", "Paint", "Create the project"]


def test_a_copy_beside_the_file_is_equal(path: Path, project: Project) -> None:
    copy = path.with_name("copy.harstudio")
    with ProjectFile.create(path, project) as file:
        file.save_copy(copy)
        with pytest.raises(HarstudioError, match="exists already"):
            file.save_copy(copy)
        file.write(project, painted(project, "a", "jump"), "Paint")
        file.save_copy(copy, overwrite=True)
        with pytest.raises(HarstudioError, match="its own copy"):
            file.save_copy(path, overwrite=True)
        assert reopened(copy) == file.project
        with ProjectFile.open(copy), pytest.raises(HarstudioError, match="is open elsewhere"):
            file.save_copy(copy, overwrite=True)
    assert {p.suffix for p in path.parent.iterdir()} == {".harstudio", ".lock"}


@pytest.mark.parametrize(
    "name", ["st\u00fcdy #1 100%.harstudio", "a&b=c;d.harstudio", "\u6b69.harstudio"]
)
def test_any_file_name_will_do(tmp_path: Path, project: Project, name: str) -> None:
    ProjectFile.create(tmp_path / name, project).close()
    assert reopened(tmp_path / name) == project
    assert {p.name for p in tmp_path.iterdir()} == {name, f"{name}.lock"}


def test_a_link_to_a_project_shares_its_lock_and_its_folder(path: Path, project: Project) -> None:
    ProjectFile.create(path, project).close()
    link = path.parent / "elsewhere" / "link.harstudio"
    link.parent.mkdir()
    try:
        link.symlink_to(path)
    except OSError:
        pytest.skip("no symbolic links here")
    with ProjectFile.open(path), ProjectFile.open(link) as second:
        assert second.read_only
        assert second.folder == path.parent


def test_closing_twice_is_harmless(path: Path, project: Project) -> None:
    file = ProjectFile.create(path, project)
    file.close()
    file.close()
    assert sorted(p.name for p in path.parent.iterdir()) == [path.name, f"{path.name}.lock"]
