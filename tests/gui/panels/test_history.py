"""The History dock: who did what, and every earlier state of a clip within reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import EXCLUDED, Clip
from harstudio.gui.panels.history import model as history_model
from harstudio.gui.panels.history.model import WHAT, local_time, short_time
from harstudio.gui.panels.history.panel import HistoryPanel
from harstudio.gui.session import Session

STEPS = 40
PAGE = 10


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> HistoryPanel:
    session.sign("ann")
    session.open_clip("swing")
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)
    panel.resize(420, 300)
    panel.show()
    return panel


def whats(panel: HistoryPanel) -> list[str]:
    panel._fill()
    model = panel.model
    return [model.data(model.index(row, WHAT)) for row in range(model.rowCount())]


def choose(panel: HistoryPanel, what: str) -> None:
    panel.table.selectRow(whats(panel).index(what))


def paint(session: Session, start_s: float, end_s: float, label: str) -> None:
    segment = Segment(start_s, end_s, label, author=session.author)
    session.edit_labels(f"Paint {label}", session.track.paint(segment))


def other_clip(session: Session) -> Clip:
    return replace(session.project.clip("swing"), id="other", name="other_01", tracks=())


def test_the_newest_edit_stands_first_with_author_and_clip(
    panel: HistoryPanel, session: Session
) -> None:
    session.edit("Rename", replace(session.project, name="other"))
    paint(session, 3, 4, "running")
    assert whats(panel)[:2] == ["Paint running", "Rename"]
    row = [panel.model.data(panel.model.index(0, column)) for column in range(4)]
    assert row[1:] == ["ann", "Paint running", "swing"]
    assert panel.model.data(panel.model.index(1, 3)) == ""


def test_one_clips_edits_can_be_shown_alone(panel: HistoryPanel, session: Session) -> None:
    session.edit_clip("Add other", other_clip(session))
    paint(session, 3, 4, "running")
    panel.only.setChecked(True)
    assert whats(panel) == ["Paint running", *whats(panel)[1:]]
    assert "Add other" not in whats(panel)
    panel.only.setChecked(False)
    assert "Add other" in whats(panel)


def test_an_earlier_state_is_previewed_restored_and_undone(
    panel: HistoryPanel, session: Session
) -> None:
    paint(session, 3, 4, "running")
    painted = session.clip
    session.edit_clip("Exclude", replace(session.clip, status=EXCLUDED))
    session.edit_labels("Erase", LabelTrack())
    choose(panel, "Paint running")
    assert "3 added in labels" in panel.preview.text()
    assert "status: excluded → unreviewed" in panel.preview.text()
    assert panel.restore_button.isEnabled()
    panel.restore_button.click()
    assert session.clip == painted
    assert session.undo_stack.undoText().startswith("Restore swing to ")
    assert session.undo_stack.undoText().endswith(" by ann")
    session.undo_stack.undo()
    assert session.track == LabelTrack()


def test_the_present_state_has_nothing_to_restore(panel: HistoryPanel, session: Session) -> None:
    paint(session, 3, 4, "running")
    choose(panel, "Paint running")
    assert not panel.restore_button.isEnabled()
    assert "nothing, it is like that now" in panel.preview.text()


def test_a_row_that_touched_no_clip_is_a_point_in_time_for_the_open_one(
    panel: HistoryPanel, session: Session
) -> None:
    session.edit("Rename", replace(session.project, name="other"))
    paint(session, 3, 4, "running")
    choose(panel, "Rename")
    assert "1 removed in labels" in panel.preview.text()


def test_a_removed_clip_is_brought_back_as_it_was(panel: HistoryPanel, session: Session) -> None:
    other = other_clip(session)
    session.edit_clip("Add other", other)
    session.edit("Remove other", session.project.without_clips(["other"]))
    choose(panel, "Remove other")
    assert panel.restore_button.text() == "Bring clip back"
    assert "the clip comes back" in panel.preview.text()
    panel.restore_button.click()
    assert session.project.clips["other"] == other


def test_a_file_that_was_moved_since_stays_where_it_is(
    panel: HistoryPanel, session: Session, tmp_path: Path
) -> None:
    clip = session.clip
    marked = replace(clip, motion=replace(clip.motion, fingerprint="f1"))
    session.edit_clip("Note fingerprint", marked)
    elsewhere = replace(marked.motion, path=str(tmp_path / "moved.npz"))
    session.edit_clip("Relink", replace(session.clip, motion=elsewhere))
    session.edit_labels("Erase", LabelTrack())
    choose(panel, "Note fingerprint")
    assert "motion" not in panel.preview.text()
    panel.restore()
    assert session.clip.motion == elsewhere
    assert session.clip.labels == marked.labels


def test_going_there_shows_the_edited_stretch(
    qtbot: QtBot, panel: HistoryPanel, session: Session
) -> None:
    paint(session, 3, 3.5, "running")
    paint(session, 0, 0.25, "walking")
    choose(panel, "Paint running")
    with qtbot.waitSignal(session.moment_requested) as heard:
        qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert heard.args == ["swing", 3.0, 3.5]


def test_going_there_opens_a_clip_whose_labels_did_not_change(
    panel: HistoryPanel, session: Session
) -> None:
    session.edit_clip("Add other", other_clip(session))
    choose(panel, "Add other")
    panel.go_there()
    assert session.clip_id == "other"


def test_rows_are_read_as_they_are_scrolled_to(
    panel: HistoryPanel, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_model, "PAGE", PAGE)
    for n in range(PAGE + 5):
        session.edit("Rename", replace(session.project, name=f"name {n}"))
    assert len(whats(panel)) == PAGE
    assert panel.model.canFetchMore()
    panel.model.fetchMore()
    assert panel.model.rowCount() == PAGE + 6
    assert not panel.model.canFetchMore()
    seqs = [entry.seq for entry in panel.model.entries]
    assert seqs == sorted(seqs, reverse=True)
    session.edit("One more", replace(session.project, name="last"))
    assert whats(panel)[0] == "One more"
    assert panel.model.rowCount() == PAGE + 7


def test_the_chosen_row_stays_while_others_are_written(
    panel: HistoryPanel, session: Session
) -> None:
    paint(session, 3, 4, "running")
    choose(panel, "Paint running")
    session.edit_labels("Erase", LabelTrack())
    panel._fill()
    assert panel.entry().what == "Paint running"
    assert panel.restore_button.isEnabled()


def test_in_a_hidden_dock_nothing_is_read(panel: HistoryPanel, session: Session) -> None:
    panel.hide()
    before = panel.model.rowCount()
    paint(session, 3, 4, "running")
    panel._fill()
    assert panel.model.rowCount() == before
    panel.show()
    assert panel.model.rowCount() == before + 1


def test_another_project_has_its_own_history(
    panel: HistoryPanel, session: Session, tmp_path: Path
) -> None:
    paint(session, 3, 4, "running")
    whats(panel)
    session.create_project(tmp_path / "fresh.harstudio", replace(session.project, name="fresh"))
    assert len(whats(panel)) == 1


def test_many_steps_are_undone_and_done_again(session: Session) -> None:
    session.open_clip("swing")
    before = session.project
    for n in range(STEPS):
        session.edit_labels("Move", session.track.resize(0, 0.501 + n * 1e-3, 1.5))
    after = session.project
    for _ in range(STEPS):
        session.undo_stack.undo()
    assert session.project == before
    assert session.file.project == before
    for _ in range(STEPS):
        session.undo_stack.redo()
    assert session.project == after
    assert len(session.file.journal(5000)) == 1 + 3 * STEPS


def test_times_are_shown_on_the_local_clock_with_the_date_where_it_is_another_day() -> None:
    assert len(local_time("2026-05-04T09:10:11+00:00")) == len("2026-05-04 09:10:11")
    moment = datetime(2026, 5, 4, 12, tzinfo=UTC)
    assert len(short_time(moment.isoformat(), moment)) == len("12:00")
    assert len(short_time(moment.isoformat(), moment + timedelta(days=2))) == 16
