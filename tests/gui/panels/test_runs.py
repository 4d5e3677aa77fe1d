"""The Runs dock: each training in a row, two beside each other, and what to do with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from harstudio.core.project import Project
from harstudio.gui.panels.runs.book import RunBook
from harstudio.gui.panels.runs.compare import compared
from harstudio.gui.panels.runs.model import FIGURE, NAME, NOTE, STATE, WHEN, cell_text
from harstudio.gui.panels.runs.panel import RunsPanel
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.worker import JobCentre
from harstudio.learn.config import RANDOM_WINDOWS, TrainingConfig
from harstudio.learn.judging.report import EvaluationReport, WindowResult
from harstudio.learn.runs.facts import facts_of_runs, pooled_so_far, run_facts
from harstudio.learn.runs.folder import TRAINING, EpochReport, RunFolder, RunWriter
from harstudio.learn.runs.state import FAILED
from harstudio.workflows import training

LABELS = ("walking", "jumping")


def report_of(right: int, wrong: int, split: str = "subject") -> EvaluationReport:
    """`right` windows of each class are right and `wrong` are the other one, of six people."""
    windows = tuple(
        WindowResult(
            "c", f"p{i % 6}", i, i + 1.0, truth, truth if i < right else LABELS[1 - code], 0.9
        )
        for code, truth in enumerate(LABELS)
        for i in range(right + wrong)
    )
    confusion = np.array([[right, wrong], [wrong, right]])
    return EvaluationReport(LABELS, confusion, "by subject", windows, split, model="cnn")


def make_run(
    path: Path, config: TrainingConfig, report: EvaluationReport | None, started: str
) -> RunFolder:
    with RunWriter(path) as writer:
        writer.about(
            TRAINING,
            {"config": config.to_json(), "labels": list(LABELS), "data_sha256": "d",
             "split_sha256": config.split},
        )  # fmt: skip
        for epoch in (1, 2, 3):
            writer.row(EpochReport(epoch, 1 / epoch, 1.2 / epoch, 0.5, 0.4, 0.3, best=epoch == 2))
        if report is None:
            writer.close(FAILED, "out of memory (fewer clips help)")
        else:
            writer.report(report)
    state = json.loads((path / "state.json").read_text())
    (path / "state.json").write_text(json.dumps({**state, "started_utc": started}))
    return RunFolder(path)


@pytest.fixture
def runs(session: Session, project: Project) -> Path:
    """Three runs: an early good one, a late bad one, and one that failed in between."""
    folder = training.runs_folder(session.file.path)
    config = TrainingConfig(model="cnn", epochs=3)
    make_run(folder / "a", config, report_of(18, 2), "2026-01-01T10:00:00+00:00")
    make_run(folder / "b", replace(config, model="lstm"), None, "2026-01-02T10:00:00+00:00")
    leaky = replace(config, epochs=9, split=RANDOM_WINDOWS)
    make_run(folder / "c", leaky, report_of(12, 8, RANDOM_WINDOWS), "2026-01-03T10:00:00+00:00")
    return folder


@pytest.fixture
def jobs(qapp: object) -> Iterator[JobCentre]:
    centre = JobCentre()
    yield centre
    centre.cancel_all()


@pytest.fixture
def panel(qtbot: QtBot, session: Session, jobs: JobCentre, theme: Theme, runs: Path) -> RunsPanel:
    book = RunBook(session)
    widget = RunsPanel(session, jobs, theme, book)
    qtbot.addWidget(widget)
    widget.resize(480, 600)
    widget.show()
    qtbot.waitUntil(lambda: len(book.facts) == 3)
    return widget


def column(panel: RunsPanel, number: int) -> list[str]:
    model = panel.rows
    return [model.index(row, number).data() for row in range(model.rowCount())]


def choose(panel: RunsPanel, *names: str) -> None:
    panel.choose({facts.path for facts in panel._book.facts if facts.path.name in names})


def test_runs_are_listed_newest_first_with_state_and_reason(panel: RunsPanel) -> None:
    assert [text.split()[0] for text in column(panel, WHEN)] == ["03", "02", "01"]
    assert column(panel, STATE) == ["finished", "failed: out of memory (fewer clips help)",
                                    "finished"]  # fmt: skip


def test_figures_have_the_interval_over_people(panel: RunsPanel, runs: Path) -> None:
    facts = run_facts(RunFolder(runs / "a"))
    low, high = facts.interval
    assert low < facts.macro_f1 < high
    assert "6 subjects" in facts.interval_text
    assert cell_text(facts, FIGURE) == f"{facts.macro_f1:.3f}  {low:.2f}–{high:.2f}"


def test_sorting_by_figure_puts_runs_without_one_last(panel: RunsPanel) -> None:
    panel.table.sortByColumn(FIGURE, Qt.SortOrder.DescendingOrder)
    assert [text[:4] for text in column(panel, FIGURE)] == ["0.90", "0.60", ""]


def test_the_filter_takes_every_word(panel: RunsPanel) -> None:
    panel.search.setText("failed lstm")
    assert column(panel, NAME) == ["lstm"]
    panel.search.setText("failed cnn")
    assert column(panel, NAME) == []


def test_names_and_notes_are_written_in_place_and_kept(
    qtbot: QtBot, panel: RunsPanel, runs: Path
) -> None:
    assert panel.rows.setData(panel.rows.index(0, NAME), "the first try")
    assert panel.rows.setData(panel.rows.index(0, NOTE), "too good: random windows")
    run = RunFolder(runs / "c")
    assert (run.title, run.notes) == ("the first try", "too good: random windows")
    qtbot.waitUntil(lambda: column(panel, NAME)[0] == "the first try")
    assert panel.rows.setData(panel.rows.index(0, NAME), "")
    assert run.title == "c"


def test_one_run_shows_its_curves_with_the_best_epoch(panel: RunsPanel) -> None:
    choose(panel, "a")
    (series,) = panel.curves.series
    assert sorted(series.rows) == [1, 2, 3]
    assert series.best == 2
    assert not panel.compare.isVisible()


def test_a_low_dock_scrolls_and_asks_for_no_more_height(qtbot: QtBot, panel: RunsPanel) -> None:
    for names in (("a",), ("a", "b")):
        choose(panel, *names)
        assert panel.minimumSizeHint().height() <= 160


def test_two_runs_show_differences_figures_classes_and_both_curves(panel: RunsPanel) -> None:
    choose(panel, "a", "c")
    assert panel.compare.isVisible()
    table = panel.compare.settings
    rows = [[table.item(row, i).text() for i in range(3)] for row in range(table.rowCount())]
    assert rows == [["split", "subject", "random_windows"], ["epochs", "3", "9"]]
    assert "not of one test" in panel.compare.caution.text()
    found = compared(*panel.chosen)
    assert found.figures[0][0] == "macro F1"
    assert found.figures[0][1] == pytest.approx(0.9)
    assert [each.gain for each in found.classes] == pytest.approx([-0.3, -0.3])
    assert panel.compare.figures.item(0, 3).text() == "−0.300"
    names = [series.name for series in panel.compare.curves.series]
    assert [name[:10] for name in names] == ["cnn 01 Jan", "cnn 03 Jan"]


def test_only_what_can_be_done_can_be_clicked(panel: RunsPanel) -> None:
    choose(panel, "b")
    assert not panel.open_button.isEnabled()
    assert panel.reuse.isEnabled()
    assert panel.delete.isEnabled()
    choose(panel, "a")
    assert panel.open_button.isEnabled()
    assert not panel.resume.isEnabled()


def test_enter_opens_the_results(qtbot: QtBot, panel: RunsPanel, runs: Path) -> None:
    choose(panel, "a")
    with qtbot.waitSignal(panel.opened) as opened:
        qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert opened.args == [runs / "a"]


def test_its_settings_can_be_used_again(qtbot: QtBot, panel: RunsPanel) -> None:
    choose(panel, "c")
    with qtbot.waitSignal(panel.reuse_requested) as asked:
        panel.reuse.click()
    assert asked.args[0].epochs == 9


def test_a_deleted_run_lies_in_the_trash_and_comes_back(
    qtbot: QtBot, panel: RunsPanel, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(panel, "a")
    no, yes = QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes
    monkeypatch.setattr(QMessageBox, "question", lambda *_: no)
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert (runs / "a").is_dir()
    monkeypatch.setattr(QMessageBox, "question", lambda *_: yes)
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert not (runs / "a").exists()
    qtbot.waitUntil(lambda: panel.rows.rowCount() == 2)
    panel.undo.click()
    assert RunFolder(runs / "a").report().total == 40
    qtbot.waitUntil(lambda: panel.rows.rowCount() == 3)


def test_all_that_were_deleted_together_come_back_together(
    qtbot: QtBot, panel: RunsPanel, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    choose(panel, "a", "b")
    panel.remove()
    qtbot.waitUntil(lambda: panel.rows.rowCount() == 1)
    panel.undo.click()
    qtbot.waitUntil(lambda: panel.rows.rowCount() == 3)


def test_a_damaged_run_does_not_hide_the_others(panel: RunsPanel, runs: Path) -> None:
    (runs / "a" / "report.json").write_text("{")
    facts = [each for _, each in facts_of_runs(runs, {}).values()]
    assert len(facts) == 3
    damaged = next(each for each in facts if each.path.name == "a")
    assert damaged.state.state == FAILED
    assert "report.json" in damaged.state.reason


def test_what_has_not_changed_is_not_read_again(runs: Path) -> None:
    known = facts_of_runs(runs, {})
    again = facts_of_runs(runs, known)
    assert all(again[path][1] is known[path][1] for path in known)
    RunFolder(runs / "b").note(notes="why")
    third = facts_of_runs(runs, known)
    changed = [path.name for path in known if third[path][1] is not known[path][1]]
    assert changed == ["b"]


def test_folds_that_are_done_are_pooled_window_by_window(tmp_path: Path) -> None:
    assert pooled_so_far(tmp_path) is None
    config = TrainingConfig(split="folds")
    for number, (right, wrong) in enumerate(((10, 0), (5, 5)), start=1):
        path = tmp_path / "folds" / f"{number:02d}"
        make_run(path, config, report_of(right, wrong), "2026-01-01T10:00:00+00:00")
    found = pooled_so_far(tmp_path)
    assert (found.folds, found.windows) == (2, 40)
    assert found.macro_f1 == pytest.approx(0.75)
