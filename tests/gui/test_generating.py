"""Generated signals: asked of a run, made in a child process, shown beside the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from harstudio.core.imu import ImuRecording
from harstudio.core.jobs import Job, finished
from harstudio.core.source import Source
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.generating import Generating
from harstudio.gui.session import Session
from harstudio.gui.signals.panel import SignalsPanel
from harstudio.gui.theme import DARK, LIGHT, Theme
from harstudio.gui.worker import JobCentre
from harstudio.learn.config import TrainingConfig
from harstudio.learn.runs.folder import list_runs
from harstudio.workflows.posing import FORMAT
from harstudio.workflows.training import runs_folder, train_project


class Jobs(QObject):
    """Jobs that end when the test says so."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.started: list[tuple[Any, ...]] = []
        self.ends: list[tuple[Any, Any]] = []
        self.cancelled: list[int] = []

    def start(
        self, title: str, function: Any, *arguments: Any, on_done: Any, on_end: Any
    ) -> QObject:
        number = len(self.started)
        self.started.append((title, function, arguments))
        self.ends.append((on_done, on_end))
        job = QObject(self)
        job.cancel = lambda: self.cancelled.append(number)  # type: ignore[attr-defined]
        return job

    def end(self, number: int, made: ImuRecording) -> None:
        on_done, on_end = self.ends[number]
        on_done(made)
        on_end()


def made_by(run: Path, seconds: float = 4.0) -> ImuRecording:
    times_s = np.arange(round(50 * seconds)) / 50.0
    acc = np.zeros((len(times_s), 1, 3))
    acc[:, 0, 0] = 0.5 * np.sin(2 * np.pi * (times_s - 0.25))
    acc[:, 0, 2] = 9.80665
    return ImuRecording(
        times_s, ("right_wrist",), acc, kind="virtual", source=Source(run.as_posix(), FORMAT)
    )


@pytest.fixture
def jobs(qapp: object) -> Jobs:
    return Jobs()


@pytest.fixture
def open_session(session: Session, qtbot: QtBot) -> Session:
    with qtbot.waitSignal(session.clip_opened, timeout=20_000):
        session.open_clip("swing")
    return session


@pytest.fixture
def panel(
    open_session: Session, clock: PlaybackClock, window: TimeWindow, theme: Theme, qtbot: QtBot
) -> SignalsPanel:
    result = SignalsPanel(open_session, clock, window, theme)
    qtbot.addWidget(result)
    result.resize(900, 500)
    result.show()
    return result


def test_a_run_is_asked_once_and_what_it_made_is_shown(open_session: Session, jobs: Jobs) -> None:
    generating = Generating(open_session, jobs)  # type: ignore[arg-type]
    generating.show_run(Path("/runs/one"))
    assert generating.busy
    assert len(jobs.started) == 1
    assert jobs.started[0][2][2:] == ("swing", Path("/runs/one"))
    made = made_by(Path("/runs/one"))
    jobs.end(0, made)
    assert open_session.generated is made
    assert not generating.busy
    open_session.clip_opened.emit()  # a new layout: the clip is read again
    assert len(jobs.started) == 1


def test_what_comes_too_late_is_not_shown(open_session: Session, jobs: Jobs) -> None:
    generating = Generating(open_session, jobs)  # type: ignore[arg-type]
    generating.show_run(Path("/runs/one"))
    generating.show_run(Path("/runs/two"))
    assert jobs.cancelled == [0]
    jobs.end(0, made_by(Path("/runs/one")))
    assert open_session.generated is None
    assert generating.busy
    jobs.end(1, made_by(Path("/runs/two")))
    assert open_session.generated is not None
    generating.show_run(None)
    assert open_session.generated is None
    assert len(jobs.started) == 2


def test_another_clip_gets_its_own_signals(open_session: Session, jobs: Jobs, qtbot: QtBot) -> None:
    project = open_session.project
    assert project is not None
    other = replace(project.clip("swing"), id="again", name="again")
    open_session.edit("Add a clip", project.with_clips([other]))
    generating = Generating(open_session, jobs)  # type: ignore[arg-type]
    generating.show_run(Path("/runs/one"))
    jobs.end(0, made_by(Path("/runs/one")))
    with qtbot.waitSignal(open_session.clip_opened, timeout=20_000):
        open_session.open_clip("again")
    assert open_session.generated is None
    assert jobs.started[1][2][2] == "again"
    open_session.close_clip()
    assert open_session.generated is None


def test_the_chip_and_the_figures_name_the_run(
    panel: SignalsPanel, open_session: Session, qtbot: QtBot
) -> None:
    chip = panel.header.kinds["generated"]
    assert not chip.isVisible()
    open_session.select_sensor("right_wrist")
    open_session.show_generated(made_by(Path("/runs/one")))
    assert chip.isVisible()
    assert chip.isChecked()
    assert "one" in chip.toolTip()
    shown = panel.plots.rows[0].traces.curves
    assert set(shown) == {"virtual", "generated", "real"}
    qtbot.waitUntil(lambda: "(one)" in panel.readout.text())
    assert "0.20" in panel.readout.text()  # half a sine on one axis: 0.5 / sqrt(2) / sqrt(3)
    chip.setChecked(False)
    assert "generated" not in panel.plots.rows[0].traces.curves
    open_session.show_generated(None)
    assert not chip.isVisible()
    qtbot.waitUntil(lambda: "(one)" not in panel.readout.text())


def test_a_sensor_that_the_run_does_not_know_has_no_generated_curve(
    panel: SignalsPanel, open_session: Session
) -> None:
    open_session.show_generated(made_by(Path("/runs/one")))
    combo = panel.header.sensors
    names = [combo.itemText(i) for i in range(combo.count())]
    other = next(name for name in names if name != "right_wrist")
    open_session.select_sensor(other)
    assert "generated" not in panel.plots.rows[0].traces.curves
    assert not panel.header.kinds["generated"].isVisible()


def test_the_generated_curve_has_a_colour_of_its_own() -> None:
    for colours in (LIGHT, DARK):
        others = {colours.virtual, colours.real, colours.residual, colours.playhead, colours.text}
        assert colours.generated not in others


def test_a_trained_run_makes_the_open_clips_signals_in_a_process_of_its_own(
    open_session: Session, qtbot: QtBot
) -> None:
    project, file = open_session.project, open_session.file
    assert project is not None
    assert file is not None
    config = TrainingConfig(
        model="pose2imu", rate_hz=20.0, window_s=0.5, epochs=1, split="random_windows",
        validation_share=0.0,
    )  # fmt: skip
    run = runs_folder(file.path) / "made"
    train: Job[Any] = train_project(project, file.folder, config, run)
    finished(train)
    silent = replace(config, pose_mode="baseline")
    finished(train_project(project, file.folder, silent, runs_folder(file.path) / "baseline"))
    centre = JobCentre()
    generating = Generating(open_session, centre)
    assert len(list_runs(runs_folder(file.path))) == 2
    assert [each.name for each in generating.runs()] == ["made"]
    with qtbot.waitSignal(open_session.generated_changed, timeout=60_000):
        generating.show_run(run)
    made = open_session.generated
    assert made is not None
    assert made.sensors == project.layout.names
    assert made.rate_hz == pytest.approx(20.0)
    qtbot.waitUntil(lambda: not centre.running, timeout=20_000)
