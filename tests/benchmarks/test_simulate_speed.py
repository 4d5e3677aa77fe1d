"""`harstudio simulate` against posing the whole mesh with smplx, on the same motions.

Run with ``python -m pytest tests/benchmarks/test_simulate_speed.py -s``.
One thread; processor time, so that a busy machine does not count. Real motions where there are
some (``HARSTUDIO_TEST_DATA``), those of the demo elsewhere.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harstudio.body.sites import layout_of
from harstudio.core.jobs import finished
from harstudio.core.motion import Motion
from harstudio.imu.simulate import SimulationOptions
from harstudio.io.amass import read
from harstudio.workflows.demo import make_demo
from harstudio.workflows.loading import Bodies, simulate_motion
from harstudio.workflows.simulating import simulate_folder
from tests.benchmarks.reference import smplx_model
from tests.conftest import real_data_folder

LEAST_RATIO = 75
LEAST_RATIO_WITH_FILES = 50
"""Inflating the archives takes nearly half of the time; whoever poses meshes pays that as well."""

SITES = ("left_wrist", "right_thigh", "head")
REFERENCE_FRAMES = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of motions: real ones, or the demo's."""
    data = real_data_folder()
    if data is not None:
        return data / "amass_cmu"
    made = finished(make_demo(tmp_path_factory.mktemp("demo")))
    return made.parent / "motions"


@pytest.fixture(scope="module")
def motions(folder: Path) -> list[Motion]:
    return [read(path) for path in sorted(folder.rglob("*_poses.npz"))]


def cpu_seconds(run: Callable[[int], Any], repeats: int = 3) -> float:
    """The least processor time of some runs."""
    best = np.inf
    for number in range(repeats):
        start = time.process_time()
        run(number)
        best = min(best, time.process_time() - start)
    return float(best)


@pytest.fixture(scope="module")
def mesh_frames_per_second(motions: list[Motion]) -> float:
    """Full-mesh forward passes of smplx on frames of the same motions, in its best batch."""
    model = smplx_model()
    import torch

    pose = np.concatenate([motion.pose for motion in motions])
    place = np.concatenate([motion.translation for motion in motions])
    some = np.linspace(0, len(pose) - 1, 8 * REFERENCE_FRAMES).astype(int)
    batches = np.array_split(some, 8)

    def tensor(values: Any) -> Any:
        return torch.tensor(np.ascontiguousarray(values, np.float32))

    def forward(_: int) -> None:
        with torch.no_grad():
            for batch in batches:
                model(
                    betas=torch.zeros(len(batch), 10),
                    global_orient=tensor(pose[batch, 0]),
                    body_pose=tensor(pose[batch, 1:].reshape(len(batch), -1)),
                    transl=tensor(place[batch]),
                )

    forward(0)
    return len(some) / cpu_seconds(forward)


@pytest.mark.parametrize("preset", ["physical", "paper"])
def test_simulating_is_at_least_75_times_as_fast_as_posing_the_mesh(
    benchmark: Any, motions: list[Motion], mesh_frames_per_second: float, preset: str
) -> None:
    layout, bodies = layout_of(SITES), Bodies()
    options = SimulationOptions(preset=preset, rate_hz=60.0)
    shaped = bodies.of("neutral").shaped()

    def simulate(_: int = 0) -> None:
        for motion in motions:
            simulate_motion(shaped, motion, layout, options)

    simulate()
    frames = sum(motion.frames for motion in motions)
    ours = frames / cpu_seconds(simulate)
    ratio = ours / mesh_frames_per_second
    benchmark.extra_info["frames_per_cpu_s"] = round(ours)
    benchmark.extra_info["ratio_to_smplx"] = round(ratio, 1)
    print(f"{preset}: {frames:,} frames of {len(motions)} motions, {ours:,.0f} per CPU-second; ")
    print(f"smplx mesh {mesh_frames_per_second:,.0f}; ratio {ratio:.0f}")
    benchmark(simulate)
    assert ratio >= LEAST_RATIO


def test_the_whole_command_with_files_read_and_written(
    folder: Path, motions: list[Motion], mesh_frames_per_second: float, tmp_path: Path
) -> None:
    layout, options = layout_of(SITES), SimulationOptions(rate_hz=60.0)

    def command(number: int) -> None:
        finished(simulate_folder(folder, tmp_path / str(number), layout, options))

    frames = sum(motion.frames for motion in motions)
    ours = frames / cpu_seconds(command)
    ratio = ours / mesh_frames_per_second
    print(f"with files: {ours:,.0f} frames per CPU-second; ratio {ratio:.0f}")
    assert ratio >= LEAST_RATIO_WITH_FILES
