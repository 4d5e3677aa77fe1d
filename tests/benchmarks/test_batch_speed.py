"""A whole library by `simulate_folder`, and a dragged sensor: what a person waits for.

Run with ``python -m pytest tests/benchmarks/test_batch_speed.py -o 'norecursedirs=.*' -s``.
Ratios are to posing the whole mesh with smplx on the same motions in the same run.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from harstudio.body.model import body_for
from harstudio.body.sites import LAYOUTS, layout_of
from harstudio.core.jobs import finished
from harstudio.core.motion import Motion
from harstudio.imu.simulate import SimulationOptions
from harstudio.io.amass import write_motion
from harstudio.workflows.loading import Bodies, simulate_motion
from harstudio.workflows.parallel import ALL_CORES
from harstudio.workflows.simulating import simulate_folder
from tests.benchmarks.test_simulate_speed import (  # noqa: F401
    folder,
    mesh_frames_per_second,
    motions,
)

AMASS_HOURS, AMASS_FILES = 40.0, 11_000
NATIVE_HZ, RATE_HZ = 120.0, 60.0
SITES = LAYOUTS["dip6"]
FILES = 48
LIVE_MS = 33.0


@pytest.fixture(scope="module")
def library(motions: list[Motion], tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """Files of AMASS's mean length and usual rate, cut from the motions."""
    out = tmp_path_factory.mktemp("library")
    frames = round(AMASS_HOURS * 3600 / AMASS_FILES * NATIVE_HZ)
    for number in range(FILES):
        motion = motions[number % len(motions)]
        # There and back again, from another frame each time, until it is long enough.
        index = np.arange(number * 37, number * 37 + frames) % (2 * motion.frames - 2)
        index = np.where(index < motion.frames, index, 2 * motion.frames - 2 - index)
        pose, place = motion.pose[index], motion.translation[index]
        path = out / f"{number % 7}/{number}_poses.npz"
        path.parent.mkdir(exist_ok=True)
        write_motion(path, Motion(pose, place, NATIVE_HZ))
    return out


def test_a_library_and_all_of_amass_extrapolated_from_it(
    library: Path,
    mesh_frames_per_second: float,  # noqa: F811
    tmp_path: Path,
) -> None:
    layout, options = layout_of(SITES), SimulationOptions(rate_hz=RATE_HZ)

    def whole(name: str, **how: Any) -> tuple[float, float, int]:
        cpu, wall = time.process_time(), time.perf_counter()
        done = finished(simulate_folder(library, tmp_path / name, layout, options, **how))
        assert done.done == FILES
        return time.process_time() - cpu, time.perf_counter() - wall, done.frames

    whole("first")
    cpu_s, wall_s, frames = min(whole(f"alone{i}") for i in range(3))
    whole("warm", jobs=ALL_CORES)  # the processes start
    _, shared_s, _ = min((whole(f"all{i}", jobs=ALL_CORES) for i in range(3)), key=lambda t: t[1])
    _, again_s, _ = whole("alone0")
    made = frames * RATE_HZ / NATIVE_HZ
    per_cpu_s = made / cpu_s
    ratio = frames / cpu_s / mesh_frames_per_second
    amass_frames = AMASS_HOURS * 3600 * RATE_HZ
    cores = joblib.cpu_count()
    print(
        f"\n{FILES} files of {frames / FILES / NATIVE_HZ:.1f} s at {NATIVE_HZ:g} Hz, {len(SITES)} "
        f"sensors, read, simulated, written at {RATE_HZ:g} Hz:\n"
        f"  {per_cpu_s:,.0f} frames of {RATE_HZ:g} Hz ({frames / cpu_s:,.0f} of the motion) per "
        f"CPU-second; smplx poses {mesh_frames_per_second:,.0f} meshes; ratio {ratio:.0f}\n"
        f"  one process {wall_s:.2f} s, {cores} cores {shared_s:.2f} s, again {again_s:.2f} s\n"
        f"All of AMASS ({AMASS_HOURS:g} h, {AMASS_FILES:,} files, {amass_frames / 1e6:.1f} M "
        f"frames at {RATE_HZ:g} Hz), if every file is {NATIVE_HZ:g} Hz and disks keep up:\n"
        f"  {amass_frames / per_cpu_s:,.0f} CPU-seconds, "
        f"{AMASS_FILES / FILES * shared_s:,.0f} s on these {cores} cores; posing the meshes "
        f"{2 * amass_frames / mesh_frames_per_second / 3600:.1f} CPU-hours"
    )
    assert ratio >= 20
    assert again_s < 0.5 * wall_s


def minute(motion: Motion, rate_hz: float) -> Motion:
    """A minute of a motion, forwards and backwards, taken to have that rate."""
    index = np.arange(round(60 * rate_hz)) % (2 * motion.frames - 2)
    index = np.where(index < motion.frames, index, 2 * motion.frames - 2 - index)
    return Motion(motion.pose[index], motion.translation[index], rate_hz)


def median_ms(run: Callable[[], object], repeats: int = 25) -> float:
    """Median of the processor time, so that a busy machine does not count."""
    run()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return 1e3 * statistics.median(times)


@pytest.mark.parametrize(
    ("names", "native_hz"),
    [(LAYOUTS["dip17"], 60.0), (LAYOUTS["watch"], 120.0)],
    ids=["17 sensors at 60 Hz", "one sensor at 120 Hz"],
)
def test_a_minute_is_simulated_again_while_a_sensor_is_dragged(
    benchmark: Any,
    motions: list[Motion],  # noqa: F811
    names: tuple[str, ...],
    native_hz: float,
) -> None:
    motion = minute(motions[0], native_hz)
    shaped, layout = body_for(Bodies().of("neutral"), motion), layout_of(names)
    options = SimulationOptions(rate_hz=60.0)

    def again() -> None:
        simulate_motion(shaped, motion, layout, options)

    took = median_ms(again)
    print(f"\na minute at {native_hz:g} Hz with {len(names)} sensors: {took:.1f} ms")
    benchmark(again)
    assert took <= LIVE_MS
