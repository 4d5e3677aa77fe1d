"""Probabilities lie beside the report, which is whole without them; each look is counted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.training import train
from harstudio.learn.judging.evaluation import evaluate_run, windows_of_test_part
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.runs.extras import (
    LOOKS,
    later_looks,
    load_probabilities,
    looks_at,
    looks_caution,
    looks_text,
    probabilities_name,
    save_probabilities,
)
from harstudio.learn.runs.folder import RunFolder
from harstudio.learn.splitting.leaks import Leak
from tests.learn.conftest import MakeConfig, MakeWindows
from tests.learn.making_reports import a_report


@pytest.fixture
def forest_run(windows: WindowSet, make_config: MakeConfig, tmp_path: Path) -> RunFolder:
    finished(train(windows, make_config(model="random_forest"), tmp_path / "run"))
    return RunFolder(tmp_path / "run")


def of_clips(windows: WindowSet, names: list[str]) -> WindowSet:
    return windows.taken(np.isin(windows.clip_index, [windows.clip_ids.index(n) for n in names]))


def test_probabilities_are_kept_beside_the_report(forest_run: RunFolder) -> None:
    report = forest_run.report()
    probabilities = forest_run.probabilities(report)
    assert probabilities is not None
    assert probabilities.shape == (report.total, len(report.labels))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    said = [report.labels[i] for i in probabilities.argmax(axis=1)]
    assert said == [w.prediction for w in report.windows]
    assert "probabilities" not in json.loads((forest_run.path / "report.json").read_text())


def test_a_report_is_whole_without_them(forest_run: RunFolder) -> None:
    before = forest_run.report()
    (forest_run.path / probabilities_name("report.json")).unlink()
    after = forest_run.report()
    assert forest_run.probabilities(after) is None
    assert after.auc == before.auc
    assert after.macro_auc == before.macro_auc is not None
    assert after.to_json() == before.to_json()


@pytest.mark.parametrize("damage", ["cut", "shape", "pickle", "range"])
def test_damaged_probabilities_are_told_by_file(
    forest_run: RunFolder, damage: str, tmp_path: Path
) -> None:
    report = forest_run.report()
    path = forest_run.path / "probabilities.npz"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:100])
    elif damage == "pickle":
        np.savez(path, probabilities=np.array([{"a": 1}], dtype=object))
    elif damage == "range":
        save_probabilities(path, np.full((report.total, len(report.labels)), 7.0, np.float32))
    else:
        save_probabilities(path, np.zeros((3, 2), np.float32))
    with pytest.raises(HarstudioError, match=r"probabilities\.npz"):
        load_probabilities(path, report)


def test_a_look_at_the_test_part_is_counted_and_told(
    forest_run: RunFolder, windows: WindowSet
) -> None:
    tested = list(forest_run.report().parts["test"]["clips"])
    assert forest_run.report().looks == 1
    second = evaluate_run(forest_run.path, of_clips(windows, tested), "the test people")
    assert second.looks == 2
    third = evaluate_run(forest_run.path, windows, "everybody")
    assert third.looks == looks_at(forest_run.path) == forest_run.report().looks == 3
    assert any("3 times" in text for text in third.warnings)
    assert [look.what for look in later_looks(forest_run.path)] == ["the test people", "everybody"]


def test_other_people_are_no_look_at_the_test_part(
    forest_run: RunFolder, windows: WindowSet
) -> None:
    trained = list(forest_run.report().parts["train"]["clips"])
    report = evaluate_run(forest_run.path, of_clips(windows, trained), "the training people")
    assert report.looks == looks_at(forest_run.path) == 1
    assert not (forest_run.path / LOOKS).exists()


def test_windows_of_other_times_of_a_test_clip_are_no_look(make_windows: MakeWindows) -> None:
    windows = make_windows()
    clip = windows.clip_ids[0]
    report = a_report([(clip, "s", 100.0, "still", (1.0, 0.0))], ("still", "slow"))
    assert windows_of_test_part(report, windows) == 0
    report = a_report([(clip, "s", 0.0, "still", (1.0, 0.0))], ("still", "slow"))
    assert windows_of_test_part(report, windows) == 2  # that one, and the half that overlaps


def test_judging_people_that_were_trained_on_carries_the_red_badge(
    forest_run: RunFolder, windows: WindowSet
) -> None:
    trained = list(forest_run.report().parts["train"]["clips"])
    report = evaluate_run(forest_run.path, of_clips(windows, trained), "the training people")
    assert "trained on" in report.badge
    assert EvaluationReport.from_json(report.to_json()).badge == report.badge
    assert forest_run.report().badge == ""


def test_a_folder_that_cannot_be_written_is_told_and_costs_no_report(
    forest_run: RunFolder, windows: WindowSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise HarstudioError("looks.json: cannot be written (disk full)")

    monkeypatch.setattr("harstudio.learn.judging.evaluation.count_look", refuse)
    report = evaluate_run(forest_run.path, windows, "everybody")
    assert any("not counted" in text for text in report.warnings)


@pytest.mark.parametrize("text", ['{"looks": [3]}', '{"looks": [{"when": "x"}]}', "[]", "no"])
def test_a_damaged_list_of_looks_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / LOOKS).write_text(text)
    with pytest.raises(HarstudioError, match="looks"):
        later_looks(tmp_path)


def test_looks_are_told_in_words_and_warned_of_from_the_third_on() -> None:
    assert [looks_text(n).split("looked at ")[1] for n in (1, 2, 5)] == ["once", "twice", "5 times"]
    assert looks_caution(2) == ""
    assert "too good" in looks_caution(3)


def test_random_windows_and_leaks_into_the_test_part_make_the_badge() -> None:
    rows = [("c", "s", 0.0, "a", (1.0, 0.0))]
    assert a_report(rows, ("a", "b")).badge == ""
    assert "random windows" in a_report(rows, ("a", "b"), split_kind="random_windows").badge
    shared = Leak("subject", ("train", "test"), 1, 9, "train and test share 1 subject")
    only_choice = Leak("subject", ("train", "validation"), 1, 9, "validation shares 1 subject")
    assert "share 1 subject" in a_report(rows, ("a", "b"), leaks=(shared,)).badge
    assert a_report(rows, ("a", "b"), leaks=(only_choice,)).badge == ""
