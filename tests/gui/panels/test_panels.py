"""The Labels dock: each edit is one step that undo takes back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.gui.clock import PlaybackClock
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


def test_a_label_that_only_another_tier_uses_is_not_removed(
    labels: LabelsPanel, session: Session
) -> None:
    clip = session.project.clip("swing")
    ann = LabelTrack((Segment(0, 1, "dancing"),))
    session.edit_clip("Import", clip.with_tier("ann", ann))
    assert clips_per_label(session.project).get("dancing", 0) == 0
    labels.table.setCurrentCell(session.project.label_set.names.index("dancing"), 1)
    with pytest.raises(HarstudioError, match="labels 1 clips"):
        labels._on_remove()


def test_a_key_moves_to_the_label_that_asks_for_it(labels: LabelsPanel, session: Session) -> None:
    labels.table.item(1, 0).setText("1")
    keys = {label.name: label.key for label in session.project.label_set.labels}
    second = session.project.label_set.names[1]
    assert keys[second] == "1"
    assert list(keys.values()).count("1") == 1
