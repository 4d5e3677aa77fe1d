"""Speed of posing, against what a user would pick instead.

Run with ``python -m pytest tests/benchmarks/test_body_speed.py -o norecursedirs=none -s``.
One thread; processor time, so that a busy machine does not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harstudio.body.files import open_body
from harstudio.body.kinematics import Skin, joint_frames
from harstudio.body.sites import LAYOUTS, layout_of, sensor_paths
from harstudio.core.motion import Motion
from tests.benchmarks.reference import smplx_model

RATIO_TO_SMPLX = 75
FRAMES_PER_SECOND = 150_000
REFERENCE_FRAMES = 64


@pytest.fixture(scope="module")
def motion() -> Motion:
    """A minute of smooth movement at 120 Hz."""
    rng = np.random.default_rng(0)
    times = np.arange(7200)[:, None, None] / 120.0
    sizes, phases = rng.normal(0, 0.4, (24, 3)), rng.uniform(0, 6.28, (24, 3))
    pose = sizes * np.sin(2 * np.pi * rng.uniform(0.3, 2.0, (24, 3)) * times + phases)
    return Motion(pose, np.cumsum(rng.normal(0, 1e-3, (7200, 3)), axis=0), 120.0)


def cpu_seconds(run: Callable[[], Any], repeats: int = 5) -> float:
    """The least processor time of some runs, after one to warm up."""
    run()
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


@pytest.fixture(scope="module")
def smplx_frames_per_second(motion: Motion) -> float:
    """A full-mesh forward pass of the reference on the same motion, at a batch that suits it."""
    model = smplx_model()
    import torch

    def tensor(values: Any) -> Any:
        return torch.tensor(np.asarray(values[:REFERENCE_FRAMES], np.float32))

    inputs = {
        "betas": torch.zeros(REFERENCE_FRAMES, 10),
        "global_orient": tensor(motion.pose[:, 0]),
        "body_pose": tensor(motion.pose[:, 1:].reshape(motion.frames, -1)),
        "transl": tensor(motion.translation),
    }

    def forward() -> None:
        with torch.no_grad():
            model(**inputs)

    return REFERENCE_FRAMES / cpu_seconds(forward, repeats=3)


@pytest.mark.parametrize("layout", ["xiao2020", "dip6", "dip17"])
def test_sensor_paths_are_at_least_75_times_as_fast_as_the_mesh_of_smplx(
    benchmark: Any, motion: Motion, smplx_frames_per_second: float, layout: str
) -> None:
    shaped, sensors = open_body().shaped(), layout_of(LAYOUTS[layout])
    ours = motion.frames / cpu_seconds(lambda: sensor_paths(shaped, motion, sensors))
    benchmark.extra_info["frames_per_cpu_s"] = ours
    benchmark.extra_info["ratio_to_smplx"] = ours / smplx_frames_per_second
    print(f"{layout}: {ours:,.0f} frames/s, smplx {smplx_frames_per_second:,.0f}, ", end="")
    print(f"ratio {ours / smplx_frames_per_second:.0f}")
    benchmark(sensor_paths, shaped, motion, sensors)
    assert ours / smplx_frames_per_second >= RATIO_TO_SMPLX
    assert ours >= FRAMES_PER_SECOND


@pytest.mark.parametrize("frames", [1, 60])
def test_skinning_is_no_slower_than_smplx(
    benchmark: Any, motion: Motion, smplx_frames_per_second: float, frames: int
) -> None:
    shaped = open_body().shaped()
    skin, posed = Skin(shaped), joint_frames(shaped, motion, slice(0, frames))
    ours = 20 * frames / cpu_seconds(lambda: [skin.vertices(posed) for _ in range(20)])
    benchmark.extra_info["ratio_to_smplx"] = ours / smplx_frames_per_second
    print(f"skinning {frames}: {ours:,.0f} meshes/s, ratio {ours / smplx_frames_per_second:.1f}")
    benchmark(skin.vertices, posed)
    assert ours >= smplx_frames_per_second


def test_real_motions_keep_the_ratio(real_data: Path, smplx_frames_per_second: float) -> None:
    shaped, sensors = open_body().shaped(), layout_of(LAYOUTS["xiao2020"])
    file = max((real_data / "amass_cmu").rglob("*_poses.npz"), key=lambda path: path.stat().st_size)
    with np.load(file, allow_pickle=False) as arrays:
        joints = [*range(22), 22, 37]
        pose = arrays["poses"].reshape(-1, 52, 3)[:, joints]
        motion = Motion(pose, arrays["trans"], 120.0)
    ours = motion.frames / cpu_seconds(lambda: sensor_paths(shaped, motion, sensors))
    print(f"{file.name}: {motion.frames} frames, {ours:,.0f} frames/s, ", end="")
    print(f"ratio {ours / smplx_frames_per_second:.0f}")
    assert ours / smplx_frames_per_second >= RATIO_TO_SMPLX
