"""Run folders and checkpoints: read back whole, or refused with a reason."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import save_file

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.prediction import predictor_of
from harstudio.learn.fit.training import train
from harstudio.learn.judging.evaluation import evaluate_run
from harstudio.learn.runs.checkpoint import Checkpoint, balanced_sample
from harstudio.learn.runs.files import read_tensors, write_tensors
from harstudio.learn.runs.folder import EpochReport, RunFolder, RunWriter, list_runs

MakeConfig = Callable[..., TrainingConfig]
MakeWindows = Callable[..., WindowSet]


@pytest.fixture(scope="module")
def forest_run(
    windows: WindowSet, make_config: MakeConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("runs") / "forest"
    finished(train(windows, make_config(model="random_forest"), path))
    return path


@pytest.fixture(scope="module")
def network_run(
    windows: WindowSet, make_config: MakeConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("runs") / "network"
    finished(train(windows, make_config(epochs=2), path))
    return path


@pytest.mark.parametrize("name", ["forest_run", "network_run"])
def test_a_reloaded_model_gives_the_reports_predictions(
    name: str, request: pytest.FixtureRequest, windows: WindowSet
) -> None:
    path = request.getfixturevalue(name)
    report = RunFolder(path).report()
    people = [windows.subjects.index(name) for name in report.parts["test"]["subjects"]]
    tested = np.isin(windows.subject_index, people)
    again = evaluate_run(path, windows.taken(tested), "the test subjects")
    assert np.array_equal(again.confusion, report.confusion)
    assert again.split == "the test subjects"
    shown = {(w.clip_id, w.start_s): w.probability for w in again.windows}
    assert {(w.clip_id, w.start_s): w.probability for w in report.windows} == pytest.approx(shown)
    assert again.warnings == ()


def test_evaluation_on_training_people_is_told(network_run: Path, windows: WindowSet) -> None:
    told = evaluate_run(network_run, windows, "everything").warnings
    assert any("of 3 subjects that the model was trained on" in warning for warning in told)


def test_evaluation_on_a_label_never_seen_counts_it_as_wrong(
    network_run: Path, make_windows: MakeWindows
) -> None:
    other = make_windows(subjects=("eve",), labels=("slow", "faster"))
    report = evaluate_run(network_run, other, "another person")
    assert report.labels == ("still", "slow", "fast", "faster")
    assert report.confusion[3].sum() == other.counts()["faster"]
    assert report.confusion[:, 3].sum() == 0
    assert any("not trained on 'faster'" in warning for warning in report.warnings)


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "missing") == ()
    for age, name in enumerate(["new", "old", "older"]):
        RunWriter(tmp_path / name).about("training", {})
        os.utime(tmp_path / name / "config.json", (1e9 - age, 1e9 - age))
    (tmp_path / "not a run").mkdir()
    found = list_runs(tmp_path)
    assert [run.name for run in found] == ["new", "old", "older"]
    assert not any(run.finished for run in found)


def test_history_rows_survive_the_file(tmp_path: Path) -> None:
    rows = (EpochReport(1, train_loss=0.5, best=True), EpochReport(2, 0.25, 0.5, 0.75, 1.0, 0.5))
    writer = RunWriter(tmp_path / "run")
    for row in rows:
        writer.row(row)
    assert RunFolder(tmp_path / "run").history() == rows


@pytest.mark.parametrize("name", ["config.json", "report.json", "history.csv", "model.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "noise"])
def test_a_damaged_run_is_refused_with_the_file_named(
    forest_run: Path, tmp_path: Path, name: str, damage: str
) -> None:
    whole = (forest_run / name).read_bytes()
    noise = np.random.default_rng(1).bytes(len(whole))
    content = {"empty": b"", "cut": whole[: len(whole) // 2], "noise": noise}.get(damage)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    run = RunFolder(tmp_path)
    read = {
        "config.json": run.config,
        "report.json": run.report,
        "history.csv": run.history,
        "model.safetensors": run.checkpoint,
    }[name]
    if name == "history.csv" and damage in ("empty", "cut"):
        try:
            rows = read()
        except HarstudioError:
            return
        assert len(rows) <= len(RunFolder(forest_run).history())  # type: ignore[arg-type]
        return
    with pytest.raises(HarstudioError):
        read()


def test_a_safetensors_file_of_another_program_is_refused(tmp_path: Path) -> None:
    save_file({"weight": np.zeros(3)}, tmp_path / "model.safetensors")
    with pytest.raises(HarstudioError, match="format None"):
        Checkpoint.load(tmp_path / "model.safetensors")


def test_weights_that_do_not_fit_the_model_are_refused(network_run: Path) -> None:
    checkpoint = RunFolder(network_run).checkpoint()
    fewer = {k: v for k, v in checkpoint.tensors.items() if k != "network.head.1.bias"}
    with pytest.raises(HarstudioError, match="do not fit"):
        predictor_of(checkpoint.with_tensors(fewer))


def test_nothing_in_a_run_folder_is_a_pickle(network_run: Path, forest_run: Path) -> None:
    for path in (*network_run.iterdir(), *forest_run.iterdir()):
        assert path.suffix in (".json", ".csv", ".safetensors", ".npz")
        if path.suffix == ".safetensors":  # its length, then its directory in JSON
            assert path.read_bytes()[8:9] == b"{"
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as held:
                assert all(held[name].dtype != object for name in held)
        else:
            assert not zipfile.is_zipfile(path)


def test_equal_runs_write_equal_bytes(tmp_path: Path, network_run: Path) -> None:
    checkpoint = RunFolder(network_run).checkpoint()
    code = (
        "import sys; from pathlib import Path\n"
        "from harstudio.learn.runs.checkpoint import Checkpoint\n"
        "Checkpoint.load(Path(sys.argv[1])).save(Path(sys.argv[2]))"
    )
    stored = network_run / "model.safetensors"
    for name in ("one", "two"):  # hashes, and what is ordered by them, differ between processes
        subprocess.run([sys.executable, "-c", code, stored, tmp_path / name], check=True)
        assert (tmp_path / name).read_bytes() == stored.read_bytes()
    again = safetensors.numpy.load_file(tmp_path / "one")
    assert again.keys() == checkpoint.tensors.keys()
    assert all(np.array_equal(again[k], checkpoint.tensors[k]) for k in again)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5).filter(lambda name: name != "__metadata__"),
        arrays(
            st.sampled_from([np.float32, np.float64, np.int64, np.int32, np.uint8, np.bool_]),
            array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        ),
    ),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5)),
)
@settings(deadline=None, max_examples=50)
def test_any_arrays_survive_their_file(
    tensors: dict[str, np.ndarray], metadata: dict[str, str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.safetensors"
        write_tensors(path, tensors, metadata)
        found, told = read_tensors(path)
    assert told == metadata
    assert found.keys() == tensors.keys()
    for name, array in tensors.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array, equal_nan=array.dtype.kind == "f")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": ("slow",)}, "two or more, distinct"),
        ({"labels": ("a", "a", "b")}, "two or more, distinct"),
        ({"channels": ("x", "y")}, "one for each of 2 channels"),
        ({"window_samples": 0}, "windows of 0 samples"),
        ({"rate_hz": float("nan")}, "nan Hz"),
    ],
)
def test_a_model_whose_description_is_not_of_one_piece_is_refused(
    network_run: Path, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    replace(RunFolder(network_run).checkpoint(), **change).save(tmp_path / "model.safetensors")
    with pytest.raises(HarstudioError, match=words):
        Checkpoint.load(tmp_path / "model.safetensors")


def test_a_balanced_sample_takes_from_each_class_alike() -> None:
    codes = np.repeat([0, 1, 2], [500, 30, 4])
    taken = codes[balanced_sample(codes, np.random.default_rng(0), most=60)]
    assert np.bincount(taken).tolist() == [28, 28, 4]
    everything = balanced_sample(codes, np.random.default_rng(0), most=10_000)
    assert np.array_equal(np.sort(everything), np.arange(534))
