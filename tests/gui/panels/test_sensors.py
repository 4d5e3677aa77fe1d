"""The Sensors dock: layouts by name, sensors, their placement in numbers and by a fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from harstudio.body.sites import LAYOUTS, SITES
from harstudio.core.imu import Sensor, SensorLayout, SensorMount
from harstudio.core.jobs import Job, finished
from harstudio.core.labels import LabelTrack
from harstudio.core.timebase import Alignment
from harstudio.gui.panels.sensors import SensorsPanel
from harstudio.gui.placing import Placing
from harstudio.gui.session import Session
from harstudio.gui.settings import Settings
from harstudio.gui.theme import Theme
from harstudio.imu.placement import PlacementFit, Residual
from harstudio.workflows import placing as workflow
from harstudio.workflows.placing import FittedPlacement, mount_of

NAME = Qt.ItemDataRole.UserRole


class Jobs(QObject):
    """Runs jobs at once, in this process."""

    def start(
        self,
        title: str,
        function: Callable[..., Job[object]],
        *arguments: object,
        on_done: Callable[[object], None],
        on_end: Callable[[], None],
    ) -> object:
        on_done(finished(function(*arguments)))
        on_end()
        return self


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def placing(session: Session) -> Placing:
    return Placing(session)


@pytest.fixture
def sensors(
    qtbot: QtBot, session: Session, placing: Placing, settings: Settings, theme: Theme
) -> SensorsPanel:
    panel = SensorsPanel(session, placing, Jobs(), settings, theme)
    qtbot.addWidget(panel)
    panel.show()
    with qtbot.waitSignal(session.clip_opened):
        session.open_clip("swing")
    return panel


def item(panel: SensorsPanel, name: str) -> object:
    rows = range(panel.list.count())
    return next(panel.list.item(i) for i in rows if panel.list.item(i).data(NAME) == name)


def choose(panel: SensorsPanel, layout: str) -> None:
    panel.layouts.setCurrentIndex(panel.layouts.findData(layout))
    panel.layouts.activated.emit(panel.layouts.currentIndex())


# -- sensors and layouts -----------------------------------------------------------------------


def test_ticking_a_site_adds_a_sensor_and_its_signal(
    qtbot: QtBot, sensors: SensorsPanel, session: Session
) -> None:
    with qtbot.waitSignal(session.clip_opened):
        item(sensors, "head").setCheckState(Qt.CheckState.Checked)
    assert "head" in session.project.layout.names
    assert "head" in session.loaded.virtual.sensors


def test_a_preset_layout_replaces_the_sensors(
    qtbot: QtBot, sensors: SensorsPanel, session: Session
) -> None:
    with qtbot.waitSignal(session.clip_opened):
        choose(sensors, "xiao2020")
    assert session.project.layout.names == ("left_wrist", "right_thigh", "head")
    assert session.sensor == "left_wrist"
    assert sensors.layouts.currentData() == "xiao2020"


def test_a_layout_is_saved_under_a_name_with_how_its_sensors_sit(
    sensors: SensorsPanel, session: Session, settings: Settings
) -> None:
    slipped = Sensor("right_wrist", SITES["right_wrist"], SensorMount(lever_arm_m=(0.02, 0, 0)))
    mine = SensorLayout("custom", (slipped,))
    session.edit("Slip", replace(session.project, layout=mine))
    sensors.save_as("my watch")
    assert sensors.layouts.currentData() == "my watch"
    choose(sensors, "dip6")
    choose(sensors, "my watch")
    assert session.project.layout == SensorLayout("my watch", (slipped,))
    again = Settings(Path(settings._store.fileName()))
    assert again.sensor_layouts["my watch"].sensors == (slipped,)


def test_a_saved_layout_can_be_deleted_and_the_sensors_stay(
    sensors: SensorsPanel, session: Session, settings: Settings
) -> None:
    sensors.save_as("mine")
    before = session.project.layout.sensors
    assert sensors.delete.isEnabled()
    sensors.delete.click()
    assert settings.sensor_layouts == {}
    assert session.project.layout.sensors == before
    assert not sensors.delete.isEnabled()


def test_a_preset_is_neither_deleted_nor_saved_over(
    sensors: SensorsPanel, session: Session, settings: Settings
) -> None:
    choose(sensors, "xiao2020")
    assert not sensors.delete.isEnabled()
    sensors.save_as("dip6")
    assert settings.sensor_layouts == {}
    assert session.project.layout.name == "xiao2020"


@pytest.mark.parametrize("rubbish", ["{", "[3]", '[{"name": "x"}]', '{"a": 1}'])
def test_rubbish_in_the_settings_is_no_layout(settings: Settings, rubbish: str) -> None:
    settings._store.setValue("sensor_layouts", rubbish)
    assert settings.sensor_layouts == {}


def test_renaming_a_sensor_keeps_its_place_and_its_choice(
    qtbot: QtBot, sensors: SensorsPanel, session: Session
) -> None:
    session.select_sensor("right_wrist")
    with qtbot.waitSignal(session.clip_opened):
        item(sensors, "right_wrist").setText("my watch")
    assert session.project.layout.names == ("my_watch", "right_thigh")
    assert session.project.layout.sensors[0].site == SITES["right_wrist"]
    assert session.sensor == "my_watch"


def test_a_sensor_cannot_take_the_name_of_another(sensors: SensorsPanel, session: Session) -> None:
    before = session.project
    item(sensors, "right_wrist").setText("right thigh")
    assert session.project is before
    assert item(sensors, "right_wrist").text() == "right wrist"


def test_the_last_sensor_stays_on_the_body(sensors: SensorsPanel, session: Session) -> None:
    sensors.remove("right_wrist")
    sensors.remove("right_thigh")
    assert session.project.layout.names == ("right_thigh",)


def test_the_dock_says_that_a_recording_is_not_aligned(
    sensors: SensorsPanel, session: Session
) -> None:
    clip = session.clip
    refs = tuple(replace(r, alignment=Alignment()) for r in clip.recordings)
    session.edit_clip("Reset", replace(clip, recordings=refs))
    assert "not aligned yet" in sensors.recording.text()


# -- numbers -----------------------------------------------------------------------------------


def test_a_number_is_previewed_and_then_one_edit(
    qtbot: QtBot, sensors: SensorsPanel, session: Session
) -> None:
    session.select_sensor("right_wrist")
    before, edits = session.virtual.acc_mps2, session.undo_stack.count()
    box = sensors.form.arms[0]
    with qtbot.waitSignal(session.virtual_changed):
        box.setValue(20.0)
        box.setValue(50.0)
    changed = np.abs(session.virtual.acc_mps2 - before).max(axis=(0, 2))
    assert changed[0] > 0.1
    assert changed[1] == 0.0
    assert session.undo_stack.count() == edits
    with qtbot.waitSignal(session.clip_opened):
        box.editingFinished.emit()
    assert session.undo_stack.count() == edits + 1
    assert session.project.layout.sensors[0].mount.lever_arm_m == (0.05, 0.0, 0.0)


def test_what_was_previewed_is_what_is_simulated_once_it_is_settled(
    qtbot: QtBot, sensors: SensorsPanel, session: Session
) -> None:
    session.select_sensor("right_wrist")
    with qtbot.waitSignal(session.virtual_changed):
        sensors.form.turns[2].setValue(90.0)
    shown = session.virtual
    with qtbot.waitSignal(session.clip_opened):
        sensors.form.turns[2].editingFinished.emit()
    assert session.virtual is session.loaded.virtual
    np.testing.assert_allclose(session.virtual.acc_mps2, shown.acc_mps2, atol=1e-9)
    np.testing.assert_allclose(session.virtual.gyro_radps, shown.gyro_radps, atol=1e-9)


def test_numbers_left_alone_for_a_while_are_settled(
    qtbot: QtBot, sensors: SensorsPanel, session: Session
) -> None:
    session.select_sensor("right_wrist")
    sensors.form.arms[2].setValue(10.0)
    sensors.form._settle.setInterval(0)
    with qtbot.waitSignal(session.project_changed):
        sensors.form._settle.start()
    assert session.project.layout.sensors[0].mount.lever_arm_m[2] == pytest.approx(0.01)


def test_undo_puts_the_numbers_back(qtbot: QtBot, sensors: SensorsPanel, session: Session) -> None:
    session.select_sensor("right_wrist")
    sensors.form.turns[0].setValue(30.0)
    sensors.form.turns[0].editingFinished.emit()
    session.undo_stack.undo()
    assert sensors.form.turns[0].value() == 0.0


def test_straighten_takes_turn_and_arm_away(sensors: SensorsPanel, session: Session) -> None:
    session.select_sensor("right_wrist")
    sensor = session.project.layout.sensors[0]
    worn = replace(sensor, mount=mount_of((10.0, 20.0, 30.0), (0.01, 0.0, 0.0)))
    thigh = session.project.layout.sensors[1]
    layout = SensorLayout("custom", (worn, thigh))
    session.edit("Wear", replace(session.project, layout=layout))
    assert [box.value() for box in sensors.form.turns] == [10.0, 20.0, 30.0]
    sensors.form.straighten.click()
    assert session.project.layout.sensors[0].mount == SensorMount()


# -- the fit -----------------------------------------------------------------------------------


def fit_of(before: float, after: float, sensor: Sensor) -> FittedPlacement:
    fit = PlacementFit(
        np.eye(3), np.array([0.02, 0.0, 0.0]), 0.01, np.full(3, 0.001), (0.0, 6.0), (7.0, 10.0),
        Residual(1.0, None), Residual(0.4, None), Residual(before, None), Residual(after, None),
    )  # fmt: skip
    mount = SensorMount(lever_arm_m=(0.02, 0.0, 0.0))
    return FittedPlacement(replace(sensor, mount=mount), fit, "swing_imu.npz")


def give(monkeypatch: pytest.MonkeyPatch, before: float, after: float) -> None:
    monkeypatch.setattr(
        workflow,
        "fitted_placement",
        lambda loaded, sensor, rate_hz, options: fit_of(before, after, sensor),
    )


def test_a_fit_that_gains_is_shown_and_applied_as_one_edit_when_accepted(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, sensors: SensorsPanel, session: Session
) -> None:
    give(monkeypatch, 1.0, 0.5)
    session.select_sensor("right_wrist")
    before = session.project
    with qtbot.waitSignal(session.virtual_changed):
        sensors.form.fit.click()
    assert "50 % less residual on the held-out part" in sensors.form.result.text()
    assert session.project is before
    assert sensors.form.apply.isVisible()
    sensors.form.apply.click()
    assert session.project.layout.sensors[0].mount.lever_arm_m == (0.02, 0.0, 0.0)
    assert session.undo_stack.undoText() == "Fit right wrist"


def test_a_fit_that_gains_nothing_where_it_has_not_looked_is_not_applied(
    monkeypatch: pytest.MonkeyPatch, sensors: SensorsPanel, session: Session
) -> None:
    give(monkeypatch, 1.0, 1.1)
    session.select_sensor("right_wrist")
    before = session.project
    sensors.form.fit.click()
    assert "No gain on the held-out part: not applied" in sensors.form.result.text()
    assert not sensors.form.apply.isVisible()
    assert session.project is before
    assert session.virtual is session.loaded.virtual


def test_a_dismissed_fit_leaves_everything_as_it_was(
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    sensors: SensorsPanel,
    session: Session,
    placing: Placing,
) -> None:
    give(monkeypatch, 1.0, 0.5)
    session.select_sensor("right_wrist")
    before = session.project
    sensors.form.fit.click()
    sensors.form.dismiss.click()
    assert not placing.trying
    assert session.project is before
    assert session.virtual is session.loaded.virtual
    assert not sensors.form.result.isVisible()


def offered(
    monkeypatch: pytest.MonkeyPatch, sensors: SensorsPanel, session: Session, qtbot: QtBot
) -> None:
    give(monkeypatch, 1.0, 0.5)
    session.select_sensor("right_wrist")
    with qtbot.waitSignal(session.virtual_changed):
        sensors.form.fit.click()


def test_a_fit_waits_for_its_answer_while_labels_are_edited(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, sensors: SensorsPanel, session: Session
) -> None:
    offered(monkeypatch, sensors, session, qtbot)
    shown = session.virtual
    session.edit_labels("Clear", LabelTrack())
    assert sensors.form.apply.isVisible()
    assert session.virtual is shown
    sensors.form.apply.click()
    assert session.project.layout.sensors[0].mount.lever_arm_m == (0.02, 0.0, 0.0)
    assert session.clip.labels == LabelTrack()


def test_a_fit_is_shown_again_when_its_clip_has_been_read_anew(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, sensors: SensorsPanel, session: Session
) -> None:
    offered(monkeypatch, sensors, session, qtbot)
    before = session.virtual.acc_mps2
    with qtbot.waitSignal(session.clip_opened):
        session.edit_clip("Drop", replace(session.clip, recordings=()))
    qtbot.waitUntil(lambda: session.virtual is not session.loaded.virtual)
    np.testing.assert_allclose(session.virtual.acc_mps2, before, atol=1e-9)
    assert sensors.form.apply.isVisible()


@pytest.mark.parametrize("another", ["layout", "project"])
def test_a_fit_ends_with_another_layout_and_with_another_project(
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    sensors: SensorsPanel,
    session: Session,
    placing: Placing,
    tmp_path: Path,
    another: str,
) -> None:
    offered(monkeypatch, sensors, session, qtbot)
    if another == "layout":
        first, *others = session.project.layout.sensors
        moved = replace(first, mount=mount_of((0.0, 0.0, 5.0), (0.0, 0.0, 0.0)))
        layout = SensorLayout("custom", (moved, *others))
        session.edit("Turn", replace(session.project, layout=layout))
    else:
        session.create_project(tmp_path / "twin.harstudio", session.project)
    assert not placing.trying
    assert not sensors.form.apply.isVisible()
    assert sensors.form.result.text() == ""


def test_what_was_said_of_a_fit_goes_when_the_fit_is_undone(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, sensors: SensorsPanel, session: Session
) -> None:
    offered(monkeypatch, sensors, session, qtbot)
    sensors.form.apply.click()
    assert "50 % less residual" in sensors.form.result.text()
    session.edit_labels("Clear", LabelTrack())
    assert "50 % less residual" in sensors.form.result.text()
    session.undo_stack.undo()
    session.undo_stack.undo()
    assert sensors.form.result.text() == ""


def test_without_a_recording_of_the_sensor_there_is_nothing_to_fit_to(
    sensors: SensorsPanel, session: Session
) -> None:
    session.select_sensor("right_wrist")
    assert sensors.form.fit.isEnabled()
    session.select_sensor("right_thigh")
    assert not sensors.form.fit.isEnabled()
    assert "recording of this sensor" in sensors.form.fit.toolTip()


def test_a_recording_too_short_to_judge_by_is_refused_with_a_reason(
    sensors: SensorsPanel, session: Session
) -> None:
    sensor = workflow.sensor_of(session.project.layout, "right_wrist")
    with pytest.raises(Exception, match="expected at least 10 s"):
        workflow.fitted_placement(session.loaded, sensor, 60.0)


def test_presets_are_all_offered(sensors: SensorsPanel) -> None:
    offered = {sensors.layouts.itemData(i) for i in range(sensors.layouts.count())}
    assert {"xiao2020", "watch", "dip6", "dip17", "xsens"} <= offered
    assert len(LAYOUTS["xsens"]) == 17
