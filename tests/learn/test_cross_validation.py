"""Cross-validation judges each window once, and behaves when stopped or cancelled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress, finished
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.cross_validation import CrossValidation, cross_validate, fold_runs
from harstudio.learn.fit.prediction import predictor_of
from harstudio.learn.judging.out_of_fold import OUT_OF_FOLD, OutOfFold
from harstudio.learn.runs.folder import RunFolder, list_runs
from harstudio.learn.splitting.folds import make_folds
from harstudio.learn.splitting.splits import Split
from tests.learn.conftest import MakeConfig

LOSO = "leave_one_subject_out"


@pytest.fixture(scope="module")
def config(make_config: MakeConfig) -> TrainingConfig:
    return make_config(model="random_forest", split=LOSO, trees=8)


@pytest.fixture(scope="module")
def done(
    windows: WindowSet, config: TrainingConfig, tmp_path_factory: pytest.TempPathFactory
) -> CrossValidation:
    path = tmp_path_factory.mktemp("cv") / "run"
    return finished(cross_validate(windows, config, path, warnings=("mind this",)))


def test_every_window_is_judged_once_by_a_fold_that_did_not_train_on_its_subject(
    windows: WindowSet, config: TrainingConfig, done: CrossValidation
) -> None:
    report = done.report
    assert report.total == len(report.windows) == len(windows)
    moments = {(w.clip_id, w.start_s) for w in report.windows}
    assert len(moments) == len(windows)
    splits = make_folds(windows, config)
    for window in report.windows:
        assert splits[window.fold - 1].units["test"] == (window.subject,)
    assert "4 subjects, each judged once" in report.split
    assert report.split_kind == LOSO
    assert report.warnings[0] == "mind this"
    assert report.macro_f1 > 0.8  # the classes differ in frequency


def test_the_pooled_report_is_the_sum_of_the_folds(done: CrossValidation) -> None:
    assert np.array_equal(done.report.confusion, sum(fold.report.confusion for fold in done.folds))
    assert [run.name for run in fold_runs(done.path)] == ["01", "02", "03", "04"]
    assert all(run.finished for run in fold_runs(done.path))
    assert "fold 2 of 4" in fold_runs(done.path)[1].report().split


def test_the_run_folder_reads_back_as_one_run(done: CrossValidation) -> None:
    (run,) = list_runs(done.path.parent)
    assert run.kind == "cross_validation"
    assert np.array_equal(run.report().confusion, done.report.confusion)
    assert run.config().split == LOSO
    about = run.about()
    assert [fold["units"]["test"] for fold in about["folds"]] == [
        ["anna"], ["ben"], ["cleo"], ["dan"],
    ]  # fmt: skip
    assert about["leaks"] == []
    with pytest.raises(HarstudioError, match="a model for each fold") as caught:
        run.checkpoint()
    assert "01" in caught.value.hint


def test_out_of_fold_probabilities_are_those_of_the_fold_that_did_not_train(
    windows: WindowSet, config: TrainingConfig, done: CrossValidation
) -> None:
    found = OutOfFold.load(done.path / OUT_OF_FOLD)
    assert len(found) == len(windows)
    assert np.array_equal(found.truth, windows.codes)
    assert found.labels == windows.labels
    assert np.allclose(found.probabilities.sum(axis=1), 1.0, atol=1e-5)
    split = make_folds(windows, config)[2]
    model = predictor_of(fold_runs(done.path)[2].checkpoint())
    expected = model.probabilities(windows.signals[split.test])
    assert np.allclose(found.probabilities[split.test], expected, atol=1e-6)
    assert (found.fold[split.test] == 3).all()


@pytest.mark.parametrize("change", ["cut", "pickle", "text", "short", "range"])
def test_damaged_out_of_fold_files_are_named(
    done: CrossValidation, tmp_path: Path, change: str
) -> None:
    path = tmp_path / "found.npz"
    source = done.path / OUT_OF_FOLD
    if change == "cut":
        path.write_bytes(source.read_bytes()[:200])
    elif change == "text":
        path.write_text("probabilities")
    else:
        with np.load(source) as file:
            arrays: dict[str, Any] = dict(file)
        if change == "pickle":
            arrays["labels"] = np.array([{"a": 1}], dtype=object)
        elif change == "short":
            arrays["truth"] = arrays["truth"][:-1]
        else:
            arrays["clip_index"] = arrays["clip_index"] + 99
        np.savez(path, **arrays)
    with pytest.raises(HarstudioError, match=r"found\.npz"):
        OutOfFold.load(path)
    with pytest.raises(HarstudioError, match="cannot be read"):
        OutOfFold.load(tmp_path / "none.npz")


def told(job: Job[CrossValidation]) -> Iterator[tuple[Progress, CrossValidation | None]]:
    """Progress by progress; the last one comes with the result."""
    last = next(job)
    while True:
        try:
            progress = next(job)
        except StopIteration as stop:
            yield last, stop.value
            return
        yield last, None
        last = progress


def test_progress_goes_forward_over_all_folds(
    windows: WindowSet, config: TrainingConfig, tmp_path: Path
) -> None:
    seen = [p for p, _ in told(cross_validate(windows, config, tmp_path / "run"))]
    fractions = [p.fraction for p in seen]
    assert fractions == sorted(fractions)
    assert {p.values.get("fold") for p in seen} == {1, 2, 3, 4}
    assert seen[-1].message.startswith("fold 4 of 4: ")


def test_a_request_to_stop_keeps_the_folds_so_far(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    config = make_config(model="cnn", split=LOSO, epochs=400, patience=0)
    result = None
    for progress, summary in told(cross_validate(windows, config, run)):
        if progress.values.get("fold") == 1 and progress.values.get("best_epoch"):
            RunFolder(run).ask_to_stop()
        result = summary
    assert result is not None
    assert result.stopped_early == "on request, after 1 of 4 folds"
    assert "stopped after 1 of 4 folds: the windows of the others were not judged" in (
        result.report.warnings
    )
    assert {w.fold for w in result.report.windows} == {1}
    assert len(fold_runs(run)) == 1
    assert len(OutOfFold.load(run / OUT_OF_FOLD)) == result.report.total
    assert not (run / "STOP").exists()


def test_cancelling_leaves_nothing_behind(
    windows: WindowSet, config: TrainingConfig, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "run"
    job = cross_validate(windows, config, run)
    for progress in job:
        if progress.values.get("fold") == 2 and progress.values.get("epoch"):
            break
    assert (run / "folds" / "01" / "report.json").is_file()
    job.close()
    assert not run.exists()


def test_what_is_fitted_is_fitted_anew_in_each_fold(
    windows: WindowSet, config: TrainingConfig, tmp_path: Path
) -> None:
    def prepare(
        given: WindowSet, split: Split
    ) -> Job[tuple[WindowSet, Split, tuple[str, ...], dict[str, dict[str, object]]]]:
        yield Progress(0, 0, "fitting")
        note = f"fitted without {split.units['test'][0]}"
        return given, split, (note, "a map"), {"fit.json": {"without": split.units["test"][0]}}

    result = finished(cross_validate(windows, config, tmp_path / "run", prepare=prepare))
    assert "fitted without ben (fold 2)" in result.report.warnings
    assert "a map" in result.report.warnings
    kept = [json.loads((run.path / "fit.json").read_text()) for run in fold_runs(result.path)]
    assert [each["without"] for each in kept] == ["anna", "ben", "cleo", "dan"]


def test_a_preparation_must_not_touch_the_test_part(
    windows: WindowSet, config: TrainingConfig, tmp_path: Path
) -> None:
    def prepare(given: WindowSet, split: Split) -> Job[Any]:
        yield Progress(0, 0, "fitting")
        return given, replace(split, test=split.test[1:]), (), {}

    with pytest.raises(HarstudioError, match="fold 1 of 4: its preparation changed"):
        finished(cross_validate(windows, config, tmp_path / "run", prepare=prepare))


def test_a_single_split_and_a_taken_folder_are_refused(
    windows: WindowSet, config: TrainingConfig, done: CrossValidation, tmp_path: Path
) -> None:
    with pytest.raises(HarstudioError, match="'subject' is a single one"):
        finished(cross_validate(windows, replace(config, split="subject"), tmp_path / "run"))
    with pytest.raises(HarstudioError, match="already holds folds"):
        finished(cross_validate(windows, config, done.path))
