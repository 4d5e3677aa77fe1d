"""Results lead from every figure back to the moment, and labels are put right from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import PREDICTED
from harstudio.gui.panels.results.label_errors import LabelErrorsPage
from harstudio.gui.panels.results.panel import ResultsPanel
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.learn.fit.alternatives import Alternative, Alternatives
from harstudio.learn.judging.label_errors import Suspect
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.judging.results import WindowResult
from harstudio.learn.splitting.leaks import Leak
from harstudio.workflows.predicting import Predictions
from harstudio.workflows.reviewing import KEPT, OPEN, RELABELLED, Review, save_review
from harstudio.workflows.training import runs_folder

LABELS = ("walking", "jumping")


@pytest.fixture
def jobs(qapp: object) -> Iterator[JobCentre]:
    centre = JobCentre()
    yield centre
    centre.cancel_all()


@pytest.fixture
def report() -> EvaluationReport:
    """Two mistakes in five windows of the one clip."""
    said = ("walking", "jumping", "jumping", "walking", "walking")
    truth = ("walking", "walking", "jumping", "jumping", "walking")
    windows = tuple(
        WindowResult("swing", "p1", 0.5 + 0.4 * i, 0.9 + 0.4 * i, t, s, 0.75)
        for i, (t, s) in enumerate(zip(truth, said, strict=True))
    )
    return EvaluationReport(
        LABELS,
        np.array([[2, 1], [1, 1]]),
        "by subject: 5 windows in test",
        windows,
        split_kind="subject",
        model="cnn",
        auc=(0.9, None),
        looks=3,
    )


def write_run(session: Session, report: EvaluationReport, name: str = "one") -> Path:
    run = runs_folder(session.file.path) / name
    run.mkdir(parents=True)
    about = {"kind": "training", "config": {"model": "cnn"}}
    (run / "config.json").write_text(json.dumps(about))
    (run / "report.json").write_text(json.dumps(report.to_json()))
    return run


@pytest.fixture
def results(
    qtbot: QtBot, session: Session, jobs: JobCentre, theme: Theme, report: EvaluationReport
) -> ResultsPanel:
    run = write_run(session, report)
    panel = ResultsPanel(session, jobs, theme)
    qtbot.addWidget(panel)
    panel.resize(480, 620)
    panel.show()
    panel.show_run(run)
    return panel


def test_the_headline_says_of_which_part_and_how_often_it_was_looked_at(
    results: ResultsPanel,
) -> None:
    assert "0.600" in results.header.headline.text()
    assert "test part, split by subject, 5 windows" in results.header.subject.text()
    assert "AUC" in results.header.headline.text()
    assert results.header.badge.isHidden()


def test_a_leak_is_a_red_badge(
    qtbot: QtBot, session: Session, results: ResultsPanel, report: EvaluationReport
) -> None:
    leak = Leak("subject", ("train", "test"), 2, 5, "train and test share 2 subjects")
    results.show_run(write_run(session, replace(report, leaks=(leak,)), "leaky"))
    assert results.header.badge.isVisible()
    assert "share 2 subjects" in results.header.badge.text()
    assert "leaks" in results.runs.currentText()


def test_xiaos_equations_are_told_with_what_they_amount_to(results: ResultsPanel) -> None:
    told = results.header.more.details.text()
    assert "pure chance scores 84.7 %" in told
    assert "It is plain accuracy" in told


def test_without_a_run_the_panel_says_how_to_get_one(
    qtbot: QtBot, session: Session, jobs: JobCentre, theme: Theme
) -> None:
    panel = ResultsPanel(session, jobs, theme)
    qtbot.addWidget(panel)
    assert "Train a model" in panel._empty.text()
    assert not panel.export.isEnabled()


def test_arrows_and_enter_lead_from_a_cell_to_its_moments(
    qtbot: QtBot, session: Session, results: ResultsPanel
) -> None:
    results.matrix.choose(0, 0)
    qtbot.keyClick(results.matrix, Qt.Key.Key_Right)
    assert results.windows.rowCount() == 1
    with qtbot.waitSignal(session.moment_requested) as asked:
        qtbot.keyClick(results.matrix, Qt.Key.Key_Return)
    assert asked.args == ["swing", 0.9, 1.3]


def test_next_and_previous_stop_at_the_ends_of_the_list(results: ResultsPanel) -> None:
    results.windows.choose(0)
    results.windows.step(1)
    assert results.windows.table.currentIndex().row() == 1
    results.windows.step(5)
    assert results.windows.table.currentIndex().row() == 1
    results.windows.step(-9)
    assert results.windows.table.currentIndex().row() == 0


def test_relabelling_windows_is_one_step(
    qtbot: QtBot, session: Session, results: ResultsPanel
) -> None:
    before = session.project.clip("swing").labels
    results.windows.table.selectAll()
    results.windows.relabel("jumping", whole=False)
    track = session.project.clip("swing").labels
    assert track.at(1.0).label == "jumping"
    assert track.at(0.6).label == "walking"
    session.undo_stack.undo()
    assert session.project.clip("swing").labels == before


def test_a_digit_relabels_the_window_and_shift_the_whole_segment(
    qtbot: QtBot, session: Session, results: ResultsPanel
) -> None:
    jumping = session.project.label_set.labels[session.project.label_set.names.index("jumping")]
    results.windows.choose(0)
    key = Qt.Key(Qt.Key.Key_0 + int(jumping.key))
    qtbot.keyClick(results.windows.table, key)
    assert session.project.clip("swing").labels.at(1.0).label == "jumping"
    assert session.project.clip("swing").labels.at(0.6).label == "walking"
    session.undo_stack.undo()
    qtbot.keyClick(results.windows.table, key, Qt.KeyboardModifier.ShiftModifier)
    assert session.project.clip("swing").labels.at(0.6).label == "jumping"


def test_classes_sort_by_number_and_lead_to_their_mistakes(results: ResultsPanel) -> None:
    results.classes.sortItems(3, Qt.SortOrder.AscendingOrder)
    first = [float(results.classes.item(row, 3).text()) for row in range(2)]
    assert first == sorted(first)
    auc = {results.classes.item(r, 0).text(): results.classes.item(r, 4).text() for r in range(2)}
    assert auc == {"walking": "0.900", "jumping": "–"}
    results.classes.setCurrentCell(0, 0)
    assert results.windows.rowCount() == 2


def test_predictions_are_one_step_in_a_tier_of_their_own(
    monkeypatch: pytest.MonkeyPatch, session: Session, results: ResultsPanel, jobs: JobCentre
) -> None:
    session.open_clip("swing")
    mine = session.project.clip("swing").labels
    track = LabelTrack((Segment(0, 2, "jumping", 0.8, "one"),))
    found = Predictions("one", (("swing", track),), 1, 2.0)

    class Ended:
        stop_early = None

    def start(*_arguments: object, on_done: object, on_end: object) -> Ended:
        on_done(found)
        on_end()
        return Ended()

    monkeypatch.setattr(jobs, "start", start)
    results._predict(everywhere=False)
    clip = session.project.clip("swing")
    assert clip.track(PREDICTED) == track
    assert clip.labels == mine
    assert session.tier == PREDICTED
    session.undo_stack.undo()
    assert not len(session.project.clip("swing").track(PREDICTED))


def test_an_export_that_fails_is_told_and_leaves_the_panel_ready(
    qtbot: QtBot, tmp_path: Path, session: Session, results: ResultsPanel
) -> None:
    run, out = results._run, tmp_path / "out"
    # A run made by hand holds no whole configuration, so that the job fails and says so.
    (run.path / "config.json").write_text("{")
    failures: list[str] = []
    results.commands._jobs.failed.connect(lambda reason, _details: failures.append(reason))
    results.commands.export(run, out, ("csv",), "given")
    qtbot.waitUntil(lambda: bool(failures), timeout=30_000)
    assert "config.json" in failures[0]
    assert not results.commands.busy
    assert results.commands.exported is None


def test_all_four_bars_are_shown_with_the_kept_one(
    results: ResultsPanel,
) -> None:
    confusion = np.array([[3, 1], [0, 4]])
    bars = tuple(Alternative(name, confusion) for name in ("zero_shot", "scratch", "head", "full"))
    page = results.finetuning
    page.show_alternatives(Alternatives(LABELS, "head", "it won", bars))
    assert "same held-out part" in page.judged.text()
    assert "8 windows" in page.judged.text()
    assert "Kept: dense layers" in page.reason.text()
    page.show_alternatives(None)
    assert page.bars.isHidden()


def test_results_take_no_more_height_of_a_low_dock_than_it_has(results: ResultsPanel) -> None:
    for place in range(results.tabs.count()):
        results.tabs.setCurrentIndex(place)
        assert results.minimumSizeHint().height() <= 160
        page = results.tabs.currentWidget()
        assert page.height() >= page.minimumSizeHint().height(), results.tabs.tabText(place)


def test_the_shown_run_stays_when_others_come_and_goes_when_it_is_deleted(
    session: Session, results: ResultsPanel, report: EvaluationReport
) -> None:
    results.matrix.choose(0, 1)
    other = write_run(session, report, "other")
    results.refresh_runs()
    assert results.runs.count() == 2
    assert results.matrix.cell == (0, 1)
    (results._run.path / "report.json").unlink()
    results.refresh_runs()
    assert results._run.path == other


# -- suspected label errors ------------------------------------------------------------------


@pytest.fixture
def doubts(qtbot: QtBot, session: Session, jobs: JobCentre, theme: Theme) -> LabelErrorsPage:
    suspects = (
        Suspect("swing", "p1", 0.5, 1.5, "walking", "jumping", 0.9, 2),
        Suspect("swing", "p1", 1.5, 2.5, "jumping", "walking", 0.5, 2),
    )
    save_review(runs_folder(session.file.path), Review(suspects, (), 7, "a forest"))
    page = LabelErrorsPage(session, jobs, theme)
    qtbot.addWidget(page)
    page.resize(480, 400)
    page.show()
    return page


def test_doubts_are_accepted_and_kept_by_key(
    qtbot: QtBot, session: Session, doubts: LabelErrorsPage
) -> None:
    assert doubts.told.text() == "0 of 2 reviewed"
    with qtbot.waitSignal(session.moment_requested) as asked:
        doubts.choose(0)
    assert asked.args == ["swing", 0.5, 1.5]
    qtbot.keyClick(doubts.table, Qt.Key.Key_Y)
    assert session.project.clip("swing").labels.at(1.0).label == "jumping"
    assert doubts.model.states == [RELABELLED, OPEN]
    assert doubts.row == 1
    qtbot.keyClick(doubts.table, Qt.Key.Key_X)
    assert doubts.model.states == [RELABELLED, KEPT]
    assert doubts.told.text() == "2 of 2 reviewed"
    session.undo_stack.undo()
    assert doubts.model.states == [OPEN, KEPT]
    qtbot.keyClick(doubts.table, Qt.Key.Key_N)
    assert doubts.row == 0


def test_what_was_kept_is_remembered(
    qtbot: QtBot, session: Session, jobs: JobCentre, theme: Theme, doubts: LabelErrorsPage
) -> None:
    doubts.choose(1)
    doubts.keep_current()
    again = LabelErrorsPage(session, jobs, theme)
    qtbot.addWidget(again)
    assert again.model.states == [OPEN, KEPT]
    again.choose(1)
    again.keep_current()
    assert again.model.states == [OPEN, OPEN]
