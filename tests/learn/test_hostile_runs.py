"""Run folders that come from somewhere else, or were damaged: refused with a reason, no crash."""

from __future__ import annotations

import json
import random
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.prediction import predictor_of
from harstudio.learn.fit.training import train
from harstudio.learn.judging.evaluation import evaluate_run, leaks_of_run
from harstudio.learn.judging.out_of_fold import OUT_OF_FOLD, OutOfFold
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.runs.checkpoint import Checkpoint, source_of
from harstudio.learn.runs.facts import run_facts
from harstudio.learn.runs.files import read_npz, write_json
from harstudio.learn.runs.folder import RunFolder
from harstudio.learn.runs.state import FAILED
from tests.learn.conftest import MakeConfig
from tests.learn.making_reports import a_report

HOSTILE: tuple[Any, ...] = (
    float("nan"), float("inf"), -1, 10**30, 1.5, "", "x", None, True, [], {}, [1], [[1]], {"a": 1},
)  # fmt: skip


@pytest.fixture(scope="module")
def network_run(
    windows: WindowSet, make_config: Any, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "network"
    finished(train(windows, make_config(epochs=1), path))
    return path


@pytest.fixture(scope="module")
def forest_run(
    windows: WindowSet, make_config: MakeConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "forest"
    finished(train(windows, make_config(model="random_forest", trees=2), path))
    return path


def changed(data: Any, rng: random.Random) -> Any:
    """The same plain data with one value of some depth replaced or removed."""
    data = deepcopy(data)
    here, steps = data, rng.randint(1, 5)
    for step in range(steps):
        keys = list(here) if isinstance(here, dict) else list(range(min(3, len(here))))
        key = rng.choice(keys)
        deeper = isinstance(here[key], (dict, list)) and len(here[key]) and step + 1 < steps
        if deeper:
            here = here[key]
            continue
        here[key] = deepcopy(rng.choice(HOSTILE))
        break
    return data


def test_no_json_of_a_run_stops_the_list_of_runs(
    network_run: Path, windows: WindowSet, tmp_path: Path
) -> None:
    rng = random.Random(1)
    names = ("config.json", "report.json", "state.json")
    for number in range(150):
        name = names[number % len(names)]
        path = tmp_path / f"run{number}"
        path.mkdir()
        for each in names:
            data = json.loads((network_run / each).read_text())
            data = changed(data, rng) if each == name else data
            (path / each).write_text(json.dumps(data))
        facts = run_facts(RunFolder(path))
        assert facts.started is None or facts.started.tzinfo is not None
        try:
            leaks_of_run(RunFolder(path), windows)
            json.dumps(RunFolder(path).report().to_json(), allow_nan=False)
        except HarstudioError:
            pass


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e300])
def test_a_number_that_is_none_is_no_configuration(value: float) -> None:
    with pytest.raises(HarstudioError, match="batch"):
        TrainingConfig.from_json({"batch": value})


def test_a_report_must_count_the_windows_that_it_lists() -> None:
    report = a_report([("c", "s", 0.0, "a", (0.9, 0.1)), ("c", "s", 1.0, "b", (0.8, 0.2))],
                      ("a", "b"))  # fmt: skip
    data = report.to_json()
    for key, value in (("truth", "nobody"), ("prediction", "b"), ("start_s", float("nan"))):
        broken = deepcopy(data)
        broken["windows"][0][key] = value
        with pytest.raises(HarstudioError, match="report: "):
            EvaluationReport.from_json(broken)


def test_a_clock_without_a_zone_and_endless_seconds_are_borne(
    network_run: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    shutil.copytree(network_run, path)
    state = json.loads((path / "state.json").read_text())
    write_json(path / "state.json", {**state, "started_utc": "2024-01-01T00:00:00"})
    started = run_facts(RunFolder(path)).started
    assert started is not None
    assert started.tzinfo is not None
    (path / "state.json").write_text(json.dumps({**state, "seconds": float("inf")}))
    assert np.isfinite(RunFolder(path).state.seconds)


def test_probabilities_of_damaged_bytes_are_refused(network_run: Path) -> None:
    whole = (network_run / "probabilities.npz").read_bytes()
    rng = random.Random(3)
    path = network_run.parent / "damaged.npz"
    refused = 0
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(content)
        try:
            read_npz(path, ("probabilities",))
        except HarstudioError:
            refused += 1
    assert refused > 50


def test_an_npz_that_unpacks_to_more_than_there_is_memory_is_refused(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / OUT_OF_FOLD
    head = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,), }"
    text = head.ljust(117) + "\n"
    with zipfile.ZipFile(path, "w") as archive:
        content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()
        archive.writestr("probabilities.npy", content)
    with pytest.raises(HarstudioError, match="damaged"):
        OutOfFold.load(path)


def with_tensors(run: Path, tmp_path: Path, **arrays: np.ndarray) -> Path:
    path = tmp_path / "run"
    shutil.copytree(run, path)
    checkpoint = Checkpoint.load(path / "model.safetensors")
    checkpoint.with_tensors({**checkpoint.tensors, **arrays}).save(path / "model.safetensors")
    return path


def test_weights_that_are_no_numbers_judge_nothing(
    network_run: Path, forest_run: Path, windows: WindowSet, tmp_path: Path
) -> None:
    for run, name in ((network_run, "network.head.1.bias"), (forest_run, "forest.values")):
        array = Checkpoint.load(run / "model.safetensors").tensors[name]
        path = with_tensors(run, tmp_path / run.name, **{name: np.full_like(array, np.nan)})
        with pytest.raises(HarstudioError, match="gives no probabilities"):
            evaluate_run(path, windows, "all")


def test_a_model_that_claims_endless_windows_takes_no_memory(
    network_run: Path, tmp_path: Path
) -> None:
    from dataclasses import replace

    checkpoint = Checkpoint.load(network_run / "model.safetensors")
    huge = replace(checkpoint, model="xiao2020", window_samples=10**12)
    with pytest.raises(HarstudioError, match="do not fit"):
        predictor_of(huge)


def test_a_forest_of_other_kinds_of_arrays_is_refused(forest_run: Path) -> None:
    checkpoint = Checkpoint.load(forest_run / "model.safetensors")
    left = checkpoint.tensors["forest.left"]
    for array in (left.astype(np.float64), left.reshape(-1, 1), np.array(3)):
        tensors = {**checkpoint.tensors, "forest.left": array}
        with pytest.raises(HarstudioError, match="forest: "):
            predictor_of(checkpoint.with_tensors(tensors))


def test_a_sample_that_does_not_fit_is_refused(network_run: Path) -> None:
    checkpoint = Checkpoint.load(network_run / "model.safetensors")
    for name, array in (
        ("source.windows", np.zeros((3, 1, 1), np.float32)),
        ("source.codes", np.array(1)),
    ):
        with pytest.raises(HarstudioError, match="damaged"):
            source_of(checkpoint.with_tensors({**checkpoint.tensors, name: array}))


def test_a_run_without_a_report_still_tells_what_it_was_trained_on(
    network_run: Path, windows: WindowSet, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    shutil.copytree(network_run, path)
    told = evaluate_run(path, windows, "all").leaks
    (path / "report.json").unlink()
    assert evaluate_run(path, windows, "all").leaks == told
    about = json.loads((path / "config.json").read_text())
    write_json(path / "config.json", {k: v for k, v in about.items() if k != "parts"})
    (leak,) = evaluate_run(path, windows, "all").leaks
    assert leak.kind == "unknown_training"
    assert leak.flatters


def test_a_copy_of_a_trained_movement_is_told(network_run: Path, windows: WindowSet) -> None:
    from dataclasses import replace

    parts = RunFolder(network_run).report().parts
    tested, trained = parts["test"]["clips"][0], parts["train"]["clips"][0]
    movements = tuple(trained if clip == tested else clip for clip in windows.clip_ids)
    mirrored = replace(windows, movements=movements)
    only = mirrored.taken(windows.clip_index == windows.clip_ids.index(tested))
    (leak,) = leaks_of_run(RunFolder(network_run), only)
    assert leak.kind == "movement"
    assert leak.windows == len(only)


def test_a_failed_run_is_listed_as_failed(network_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    shutil.copytree(network_run, path)
    (path / "report.json").write_text("[")
    assert run_facts(RunFolder(path)).state.state == FAILED
