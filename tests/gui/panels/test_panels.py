"""Labels, sensors and history docks: each edit is one step that undo takes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from harstudio.core.errors import HarstudioError
from harstudio.core.timebase import Alignment
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.panels.history import HistoryPanel, local_time
from harstudio.gui.panels.labels import LabelsPanel, clips_per_label, renamed_label
from harstudio.gui.panels.sensors import SensorsPanel
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


@pytest.fixture
def sensors(qtbot: QtBot, session: Session, theme: Theme) -> SensorsPanel:
    panel = SensorsPanel(session, lambda: None, theme)
    qtbot.addWidget(panel)
    panel.show()
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("swing")
    return panel


def test_ticking_a_site_adds_a_sensor_and_its_signal(
    qtbot: QtBot, sensors: SensorsPanel, session: Session
) -> None:
    names = [
        sensors.list.item(i).data(Qt.ItemDataRole.UserRole) for i in range(sensors.list.count())
    ]
    with qtbot.waitSignal(session.clip_opened):
        sensors.list.item(names.index("head")).setCheckState(Qt.CheckState.Checked)
    assert "head" in session.project.layout.names
    assert "head" in session.loaded.virtual.sensors


def test_a_preset_layout_replaces_the_sensors(
    qtbot: QtBot, sensors: SensorsPanel, session: Session
) -> None:
    with qtbot.waitSignal(session.clip_opened):
        sensors.layouts.setCurrentText("xiao2020")
        sensors.layouts.activated.emit(sensors.layouts.currentIndex())
    assert session.project.layout.names == ("left_wrist", "right_thigh", "head")
    assert session.sensor == "left_wrist"


def test_a_nudge_moves_the_recording_and_not_the_labels(
    sensors: SensorsPanel, session: Session
) -> None:
    before = session.clip.labels
    sensors._nudges[1].click()
    assert session.clip.recordings[0].alignment == Alignment(0.26)
    assert session.clip.labels is before
    assert session.loaded is not None  # nothing was read again for it


def test_the_dock_says_that_a_recording_is_not_aligned(
    sensors: SensorsPanel, session: Session
) -> None:
    clip = session.clip
    refs = tuple(replace(r, alignment=Alignment()) for r in clip.recordings)
    session.edit_clip("Reset", replace(clip, recordings=refs))
    assert "not aligned yet" in sensors.recording.text()


def test_history_shows_who_did_what(qtbot: QtBot, session: Session) -> None:
    session.edit("Rename", replace(session.project, name="other"))
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.table.item(0, 2).text() == "Rename"
    assert panel.table.item(0, 1).text()


def test_times_are_shown_on_the_local_clock() -> None:
    assert len(local_time("2026-05-04T09:10:11+00:00")) == len("2026-05-04 09:10")
