"""Reading against `numpy.load`, which a user would pick instead, measured in the same run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from harstudio.io import amass, registry

NEEDED = ("poses", "trans", "betas", "gender", "mocap_framerate")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of smooth motion at 120 Hz."""
    rng = np.random.default_rng(0)
    poses = np.cumsum(rng.normal(0, 1e-3, (3600, 156)), axis=0)
    path = tmp_path_factory.mktemp("speed") / "walk_poses.npz"
    np.savez_compressed(
        path,
        poses=poses,
        trans=poses[:, :3],
        betas=np.zeros(16),
        gender=np.array("male"),
        mocap_framerate=np.array(120.0),
    )
    return path


def seconds(function: Callable[[Path], object], path: Path, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = perf_counter()
        function(path)
        times.append(perf_counter() - start)
    return min(times)


def loaded(path: Path) -> list[np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return [arrays[name] for name in NEEDED]


def test_probing_costs_a_small_part_of_loading(benchmark, clip):
    benchmark(registry.probe, clip)
    ratio = seconds(loaded, clip, 5) / seconds(registry.probe, clip, 50)
    benchmark.extra_info["times as fast as numpy.load"] = round(ratio, 1)
    assert ratio > 10


def test_reading_costs_little_more_than_unpacking(benchmark, clip):
    benchmark(amass.read, clip)
    ratio = seconds(amass.read, clip, 5) / seconds(loaded, clip, 5)
    benchmark.extra_info["time of numpy.load"] = round(ratio, 2)
    assert ratio < 1.5
