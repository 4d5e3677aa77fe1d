"""Train and Results docks: from labelled clips to a matrix, and from a cell to its windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from harstudio.body.sites import layout_of
from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import Clip, Project
from harstudio.gui.panels.results.panel import ResultsPanel
from harstudio.gui.panels.train.form_parts import choose
from harstudio.gui.panels.train.panel import TrainPanel
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre

_WAIT_MS = 120_000


@pytest.fixture
def project(labelled_clip: Clip, project: Project) -> Project:
    """Nine clips of three people; the arm swings in all of them, so nothing can be learned."""
    clips = []
    for person in range(3):
        for number, label in enumerate(("walking", "jumping", "walking")):
            clips.append(
                replace(
                    labelled_clip,
                    id=f"p{person}-{number}",
                    name=f"p{person}-{number}",
                    subject=f"p{person}",
                    recordings=labelled_clip.recordings if number == 0 and person == 0 else (),
                ).with_track(LabelTrack((Segment(0, 4, label),)))
            )
    first = clips[0]
    clips[0] = first.with_track(
        LabelTrack((Segment(0.3, 2.2, "walking"), Segment(2.2, 4.0, "jumping")))
    )
    return replace(project, clips={}, layout=layout_of(["right_wrist"])).with_clips(clips)


@pytest.fixture
def jobs(qapp: object) -> Iterator[JobCentre]:
    centre = JobCentre()
    yield centre
    centre.cancel_all()


@pytest.fixture
def train(qtbot: QtBot, session: Session, jobs: JobCentre, theme: Theme) -> TrainPanel:
    panel = TrainPanel(session, jobs, theme)
    qtbot.addWidget(panel)
    panel.resize(600, 700)
    panel.show()
    panel.form.more_section.epochs.setValue(2)
    return panel


@pytest.fixture
def results(qtbot: QtBot, session: Session, jobs: JobCentre, theme: Theme) -> ResultsPanel:
    panel = ResultsPanel(session, jobs, theme)
    qtbot.addWidget(panel)
    panel.resize(700, 700)
    panel.show()
    return panel


def test_training_ends_in_a_matrix_whose_cells_lead_to_windows(
    qtbot: QtBot, session: Session, train: TrainPanel, results: ResultsPanel
) -> None:
    choose(train.form.split_section.split, "clip")
    with qtbot.waitSignal(train.run_finished, timeout=_WAIT_MS) as finished:
        train.start.click()
    run: Path = finished.args[0]
    assert {p.name for p in run.iterdir()} >= {
        "config.json", "history.csv", "model.safetensors", "report.json",
    }  # fmt: skip
    results.show_run(run)
    report = results.matrix.report
    assert report is not None
    row, column = next((r, c) for r in range(2) for c in range(2) if report.confusion[r, c])
    results.matrix.choose(row, column)
    assert results.windows.rowCount() == report.confusion[row, column]
    with qtbot.waitSignal(session.moment_requested) as asked:
        results.windows.choose(0)
    window = report.cell(report.labels[row], report.labels[column])[0]
    assert asked.args == [window.clip_id, window.start_s, window.end_s]
    assert session.clip_id == window.clip_id

    train.choose_finetune(run)
    with qtbot.waitSignal(train.run_finished, timeout=_WAIT_MS) as finished:
        train.start.click()
    results.show_run(finished.args[0])
    assert results.matrix_before.isVisible()
    before, after = results.matrix_before.report, results.matrix.report
    assert [w.start_s for w in before.windows] == [w.start_s for w in after.windows]
    assert "→" in results.header.headline.text()


def test_cancelling_leaves_no_run_behind(
    qtbot: QtBot, session: Session, train: TrainPanel, jobs: JobCentre
) -> None:
    train.form.more_section.epochs.setValue(5000)
    train.start.click()
    job = jobs.running[0]
    with qtbot.waitSignal(job.progressed, timeout=_WAIT_MS):
        pass
    with qtbot.waitSignal(job.cancelled, timeout=_WAIT_MS):
        job.cancel()
    runs = session.folder / "test-runs"
    assert not runs.exists() or not list(runs.iterdir())
    qtbot.waitUntil(train.start.isEnabled)


def test_stopping_early_keeps_the_best_so_far(
    qtbot: QtBot, session: Session, train: TrainPanel, jobs: JobCentre
) -> None:
    train.form.more_section.epochs.setValue(5000)
    choose(train.form.split_section.split, "clip")
    train.start.click()
    job = jobs.running[0]
    qtbot.waitUntil(lambda: bool(job.progress.values.get("best_epoch")), timeout=_WAIT_MS)
    with qtbot.waitSignal(train.run_finished, timeout=_WAIT_MS) as finished:
        job.stop_early()
    assert (finished.args[0] / "report.json").exists()


def test_random_windows_are_called_what_they_are(qtbot: QtBot, train: TrainPanel) -> None:
    choose(train.form.split_section.split, "random_windows")
    qtbot.waitUntil(lambda: "leaks" in train.form.plan.text.text())
    assert ".99 where new people gave .86" in train.form.plan.text.text()


def test_one_label_is_not_enough_to_train(
    session: Session, train: TrainPanel, qtbot: QtBot
) -> None:
    clips = [c.with_track(LabelTrack((Segment(0, 4, "walking"),)))
             for c in session.project.clips.values()]  # fmt: skip
    session.edit("All walk", session.project.with_clips(clips))
    train.refresh()
    assert not train.start.isEnabled()
    assert "two labels" in train._state.text()


def test_a_damaged_run_is_said_to_be_damaged(
    session: Session, results: ResultsPanel, tmp_path: Path
) -> None:
    run = session.folder / "test-runs" / "broken"
    run.mkdir(parents=True)
    (run / "config.json").write_text("{")
    (run / "report.json").write_text("{")
    results._fill_runs()
    assert "damaged" in results.runs.itemText(0)
    assert results._empty.isVisible()


def test_fine_tuning_says_what_it_lacks(session: Session, train: TrainPanel) -> None:
    train._adapt.setChecked(True)
    assert "Train a model first" in train._state.text()
    with pytest.raises(HarstudioError):
        session.project.clip("nobody")


def test_people_variants_are_off_until_asked_for(train: TrainPanel) -> None:
    assert train.training_config().people == 0
    assert train.form.balance.people.text() == "as recorded"
    train.form.balance.people.setValue(3)
    assert train.training_config().people == 3
    assert train.form.balance.people.text() == "3 variants per clip"
    assert "People variants per clip" in train.form.balance.people.toolTip()


def test_calibration_is_offered_where_somebody_who_trains_has_a_recording(
    session: Session, train: TrainPanel
) -> None:
    assert train.form.balance.calibrate.isEnabled()
    assert not train.training_config().calibrate
    train.form.balance.calibrate.setChecked(True)
    assert train.training_config().calibrate
    clips = [replace(clip, recordings=()) for clip in session.project.clips.values()]
    session.edit("No recordings", session.project.with_clips(clips))
    train.refresh()
    assert not train.form.balance.calibrate.isEnabled()
    assert not train.training_config().calibrate
    assert "no clip has both a motion and a recording" in train.form.balance.calibrate.toolTip()
