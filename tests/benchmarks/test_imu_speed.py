"""How long simulating takes, next to what one would otherwise write with scipy's rotations.

Run with ``pytest tests/benchmarks``.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.signal import savgol_filter
from scipy.spatial.transform import Rotation

from harstudio.core import rotations as rot
from harstudio.imu.simulate import PAPER, PHYSICAL, simulate

NAMES = tuple(f"s{i}" for i in range(17))


@pytest.fixture(scope="module")
def minute() -> tuple[np.ndarray, np.ndarray]:
    """60 s at 60 Hz of 17 sensors: positions and rotations."""
    t = np.arange(3600)[:, None, None] / 60.0
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, (17, 3))
    return np.sin(3 * t + phase), rot.exp(np.sin(2 * t + phase))


def with_scipy(positions: np.ndarray, rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same signals from scipy's parts, sensor by sensor."""
    force = savgol_filter(positions, 7, 4, deriv=2, delta=1 / 60.0, axis=0)
    force[..., 2] += 9.80665
    acc, gyro = np.empty_like(force), np.empty_like(force)
    for s in range(rotations.shape[1]):
        turns = Rotation.from_matrix(rotations[:, s])
        acc[:, s] = turns.inv().apply(force[:, s])
        near = (turns[:-1].inv() * turns[1:]).as_rotvec() * 60.0
        far = (turns[:-2].inv() * turns[2:]).as_rotvec() * 60.0
        gyro[2:-2, s] = (8 * (near[2:-1] + near[1:-2]) - (far[2:] + far[:-2])) / 12
    return acc, gyro


def best_of(runs: int, work, *arguments) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work(*arguments)
        times.append(time.perf_counter() - start)
    return min(times)


def physical(positions: np.ndarray, rotations: np.ndarray):
    return simulate(positions, rotations, 60.0, NAMES, PHYSICAL)


def test_a_minute_of_17_sensors_is_faster_than_with_scipy_and_as_right(minute, benchmark):
    acc, gyro = with_scipy(*minute)
    recording = benchmark(physical, *minute)
    inner = recording.valid_mask
    assert np.abs(recording.acc_mps2[inner] - acc[inner]).max() < 1e-8
    assert np.abs(recording.gyro_radps[inner] - gyro[inner]).max() < 1e-8
    assert best_of(5, physical, *minute) < 0.5 * best_of(5, with_scipy, *minute)


def test_a_minute_of_17_sensors_as_in_the_paper(minute, benchmark):
    recording = benchmark(lambda: simulate(*minute, 60.0, NAMES, PAPER))
    assert recording.samples == 3600
