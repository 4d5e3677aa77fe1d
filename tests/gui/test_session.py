from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import KEPT, MINE
from harstudio.core.source import Source
from harstudio.gui.session import Session
from harstudio.store.project_file import ProjectFile

SITTING = LabelTrack((Segment(0.0, 1.0, "sitting"),))


def opened(session: Session, qtbot: QtBot) -> Session:
    with qtbot.waitSignal(session.clip_opened, timeout=20_000):
        session.open_clip("swing")
    return session


def test_an_edit_is_on_disk_when_it_returns(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    opened(session, qtbot).edit_labels("Sit", SITTING)
    with ProjectFile.open(tmp_path / "test.harstudio", read_only=True) as file:
        assert file.project == session.project


def test_undo_and_redo_bring_back_equal_projects(session: Session, qtbot: QtBot) -> None:
    before = opened(session, qtbot).project
    session.edit_labels("Sit", SITTING)
    after = session.project
    session.undo_stack.undo()
    assert session.project == before
    session.undo_stack.redo()
    assert session.project == after


def test_undo_is_on_disk_as_well(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    before = opened(session, qtbot).project
    session.edit_labels("Sit", SITTING)
    session.undo_stack.undo()
    with ProjectFile.open(tmp_path / "test.harstudio", read_only=True) as file:
        assert file.project == before


def test_an_edit_that_changes_nothing_leaves_no_step(session: Session, qtbot: QtBot) -> None:
    opened(session, qtbot).edit_labels("Nothing", session.clip.labels)
    assert session.undo_stack.count() == 0


def test_quick_edits_of_one_kind_are_undone_together(session: Session, qtbot: QtBot) -> None:
    before = opened(session, qtbot).project
    for name in ("a", "ab", "abc"):
        session.edit_clip("Rename", replace(session.clip, name=name), merge="rename")
    assert session.undo_stack.count() == 1
    session.edit_clip("Rename", replace(session.clip, name="other"), merge="something else")
    assert session.undo_stack.count() == 2
    session.undo_stack.undo()
    assert session.clip.name == "abc"
    session.undo_stack.undo()
    assert session.project == before
    session.undo_stack.redo()
    assert session.clip.name == "abc"


def test_slow_edits_of_one_kind_are_undone_one_by_one(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(session, qtbot)
    for now, name in ((10.0, "a"), (11.5, "ab")):
        monkeypatch.setattr("harstudio.gui.undo.monotonic", lambda now=now: now)
        session.edit_clip("Rename", replace(session.clip, name=name), merge="rename")
    assert session.undo_stack.count() == 2


def test_views_are_told_what_was_and_what_is(session: Session, qtbot: QtBot) -> None:
    before = opened(session, qtbot).project
    with qtbot.waitSignal(session.project_changed) as changed:
        session.edit_labels("Sit", SITTING)
    assert changed.args == [before, session.project]


class _Broken:
    """A project file on a disk that is full."""

    def __init__(self, file: ProjectFile) -> None:
        self._file = file

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def write(self, *_: object) -> None:
        raise HarstudioError("disk is full")


def test_an_edit_that_cannot_be_written_changes_nothing(session: Session, qtbot: QtBot) -> None:
    before = opened(session, qtbot).project
    session._file = _Broken(session.file)
    with pytest.raises(HarstudioError, match="full"):
        session.edit_labels("Sit", SITTING)
    assert session.project is before
    assert session.undo_stack.count() == 0


def test_an_undo_that_cannot_be_written_is_written_with_the_next_change(
    session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    before = opened(session, qtbot).project
    session.edit_labels("Sit", SITTING)
    file = session.file
    session._file = _Broken(file)
    with qtbot.waitSignal(session.message) as told:
        session.undo_stack.undo()
    assert "full" in told.args[0]
    assert session.project == before
    assert session.undo_stack.canRedo()
    session._file = file
    session.edit_clip("Keep", replace(session.clip, status=KEPT))
    with ProjectFile.open(tmp_path / "test.harstudio", read_only=True) as on_disk:
        assert on_disk.project == session.project


def test_an_undo_that_cannot_be_written_is_written_on_closing(
    session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    before = opened(session, qtbot).project
    session.edit_labels("Sit", SITTING)
    file = session.file
    session._file = _Broken(file)
    session.undo_stack.undo()
    session._file = file
    session.close()
    with ProjectFile.open(tmp_path / "test.harstudio", read_only=True) as on_disk:
        assert on_disk.project == before


def test_a_second_window_on_the_project_is_read_only(session: Session, tmp_path: Path) -> None:
    second = Session()
    second.open_project(tmp_path / "test.harstudio")
    assert second.read_only
    assert not session.read_only
    with pytest.raises(HarstudioError):
        second.edit("Rename", replace(second.project, name="mine now"))
    assert second.undo_stack.count() == 0
    second.close()


def test_a_project_that_cannot_be_opened_leaves_the_present_one(
    session: Session, tmp_path: Path
) -> None:
    before = session.project
    with pytest.raises(HarstudioError):
        session.open_project(tmp_path / "nothing.harstudio")
    assert session.project is before
    assert not session.read_only


def test_closing_leaves_no_steps_to_undo(session: Session, qtbot: QtBot) -> None:
    opened(session, qtbot).edit_labels("Sit", SITTING)
    session.close()
    assert session.project is None
    assert session.undo_stack.count() == 0


def test_a_clip_is_known_at_once_and_its_arrays_come_later(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.clip_opened, timeout=20_000):
        session.open_clip("swing")
        assert session.clip is not None
        assert session.loaded is None
    assert session.loaded.virtual.sensors == session.project.layout.names
    assert len(session.loaded.recordings) == 1


def test_a_load_that_arrives_after_closing_is_ignored(session: Session, qtbot: QtBot) -> None:
    session.open_clip("swing")
    session.close_clip()
    session._reader.wait()
    qtbot.wait(1)
    assert session.loaded is None
    assert session.clip is None


def test_a_clip_whose_file_is_gone_says_so(session: Session, qtbot: QtBot) -> None:
    Path(session.project.clip("swing").motion.path).unlink()
    with qtbot.waitSignal(session.clip_failed, timeout=20_000) as failed:
        session.open_clip("swing")
    clip_id, reason = failed.args
    assert clip_id == "swing"
    assert "swing_poses.npz" in reason


def test_another_source_is_read_anew(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    opened(session, qtbot)
    first = session.loaded
    motion = tmp_path / "moved_poses.npz"
    Path(session.clip.motion.path).rename(motion)
    with qtbot.waitSignal(session.clip_opened, timeout=20_000):
        session.edit_clip("Relink", replace(session.clip, motion=Source(str(motion), "amass")))
    assert session.loaded is not first


def test_labels_and_alignment_do_not_read_the_files_again(session: Session, qtbot: QtBot) -> None:
    opened(session, qtbot)
    first = session.loaded
    ref = session.clip.recordings[0]
    moved = replace(ref, alignment=replace(ref.alignment, offset_s=1.0))
    session.edit_clip("Align", replace(session.clip, recordings=(moved,)))
    session.edit_labels("Sit", SITTING)
    session._reader.wait()
    qtbot.wait(1)
    assert session.loaded is first


def test_removing_the_open_clip_closes_it(session: Session, qtbot: QtBot) -> None:
    opened(session, qtbot)
    session.edit("Remove", session.project.without_clips(["swing"]))
    assert session.clip is None
    assert session.loaded is None
    session.undo_stack.undo()
    assert "swing" in session.project.clips


def test_selecting_a_segment_selects_its_stretch(session: Session, qtbot: QtBot) -> None:
    opened(session, qtbot).select_segment(1)
    assert session.selection == (1.5, 2.5)
    session.select_range(3.0, 1.0)
    assert (session.selection, session.segment_index) == ((1.0, 3.0), None)
    session.select_segment(99)
    assert session.selection is None


def test_a_selected_segment_stays_selected_by_an_edit_that_leaves_it_alone(
    session: Session, qtbot: QtBot
) -> None:
    opened(session, qtbot).select_segment(1)
    session.edit_labels("Remove the first", session.clip.labels.remove(0))
    assert session.segment_index == 0
    assert session.selection == (1.5, 2.5)


def test_a_selected_segment_that_is_gone_leaves_its_stretch_selected(
    session: Session, qtbot: QtBot
) -> None:
    opened(session, qtbot).select_segment(1)
    session.edit_labels("Remove", session.clip.labels.remove(1))
    assert session.segment_index is None
    assert session.selection == (1.5, 2.5)


def test_edits_are_signed_with_the_name_given_last(session: Session) -> None:
    session.sign("Anna")
    session.edit("Rename", replace(session.project, name="another"))
    assert session.file.journal(1)[0].author == "Anna"


def test_edits_and_selection_work_on_the_active_tier(session: Session, qtbot: QtBot) -> None:
    clip = opened(session, qtbot).clip
    session.edit_clip("New tier", clip.with_tier("ann"))
    with qtbot.waitSignal(session.tier_changed):
        session.select_tier("ann")
    session.edit_labels("Sit", SITTING)
    session.select_segment(0)
    assert session.clip.track("ann") == SITTING
    assert session.clip.labels == clip.labels
    assert (session.segment_index, session.selection) == (0, (0.0, 1.0))
    assert session.label_at(0.5) == "sitting"


def test_without_the_chosen_tier_in_the_clip_ones_own_is_active(
    session: Session, qtbot: QtBot
) -> None:
    opened(session, qtbot).select_tier("ann")
    assert session.tier == MINE
    session.edit_clip("New tier", session.clip.with_tier("ann"))
    assert session.tier == "ann"
    session.undo_stack.undo()
    assert session.tier == MINE


def test_a_moment_that_is_a_segment_selects_the_segment(session: Session) -> None:
    session.show_moment("swing", 1.5, 2.5)
    assert session.segment_index == 1
    session.show_moment("swing", 1.6, 2.5)
    assert session.segment_index is None
    assert session.selection == (1.6, 2.5)


def test_another_tier_keeps_a_stretch_selected_but_no_segment(session: Session) -> None:
    session.open_clip("swing")
    session.edit_clip("New tier", session.clip.with_tier("bob"))
    session.select_segment(1)
    session.select_tier("bob")
    assert (session.selection, session.segment_index) == (None, None)
    session.select_range(1.0, 2.0)
    session.select_tier(MINE)
    assert session.selection == (1.0, 2.0)
