"""Labels and history docks: each edit is one step that undo takes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from harstudio.core.errors import HarstudioError
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.panels.history import HistoryPanel, local_time
from harstudio.gui.panels.labels import LabelsPanel, clips_per_label, renamed_label
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme


@pytest.fixture
def labels(qtbot: QtBot, session: Session, clock: PlaybackClock, theme: Theme) -> LabelsPanel:
    panel = LabelsPanel(session, clock, theme)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_a_new_label_gets_a_free_key_and_colour(
    qtbot: QtBot, labels: LabelsPanel, session: Session
) -> None:
    labels.new.setText("sitting")
    qtbot.keyClick(labels.new, Qt.Key.Key_Return)
    label_set = session.project.label_set
    assert "sitting" in label_set.names
    assert len({label.colour for label in label_set.labels}) == len(label_set.labels)
    session.undo_stack.undo()
    assert "sitting" not in session.project.label_set.names


def test_renaming_a_label_renames_its_segments(labels: LabelsPanel, session: Session) -> None:
    row = session.project.label_set.names.index("walking")
    labels.table.item(row, 1).setText("gait")
    clip = session.project.clip("swing")
    assert [s.label for s in clip.labels.segments] == ["gait", "jumping"]
    session.undo_stack.undo()
    clip = session.project.clip("swing")
    assert [s.label for s in clip.labels.segments] == ["walking", "jumping"]


def test_renaming_to_a_name_in_use_joins_the_two(session: Session) -> None:
    joined = renamed_label(session.project, "walking", "jumping")
    assert joined.label_set.names == ("jumping",)
    assert clips_per_label(joined) == {"jumping": 1}


def test_a_label_in_use_is_not_removed(labels: LabelsPanel, session: Session) -> None:
    labels.table.setCurrentCell(0, 1)
    with pytest.raises(HarstudioError, match="labels 1 clips"):
        labels._on_remove()


def test_a_key_moves_to_the_label_that_asks_for_it(labels: LabelsPanel, session: Session) -> None:
    labels.table.item(1, 0).setText("1")
    keys = {label.name: label.key for label in session.project.label_set.labels}
    second = session.project.label_set.names[1]
    assert keys[second] == "1"
    assert list(keys.values()).count("1") == 1


def test_history_shows_who_did_what(qtbot: QtBot, session: Session) -> None:
    session.edit("Rename", replace(session.project, name="other"))
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.table.item(0, 2).text() == "Rename"
    assert panel.table.item(0, 1).text()


def test_times_are_shown_on_the_local_clock() -> None:
    assert len(local_time("2026-05-04T09:10:11+00:00")) == len("2026-05-04 09:10")
