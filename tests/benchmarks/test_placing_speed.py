"""What a sensor under the hand costs per move, beside simulating every sensor anew."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from harstudio.body.files import open_body
from harstudio.body.kinematics import Skin, joint_frames
from harstudio.body.picking import place_on_skin, skin_under
from harstudio.body.sites import LAYOUTS, layout_of
from harstudio.core.imu import Sensor
from harstudio.core.motion import Motion
from harstudio.core.project import Clip
from harstudio.core.source import Source
from harstudio.imu.simulate import SimulationOptions
from harstudio.workflows.loading import LoadedClip, simulate_motion
from harstudio.workflows.placing import with_signals

SECONDS, RATE_HZ = 60.0, 60.0


@pytest.fixture(scope="module")
def loaded() -> LoadedClip:
    rng = np.random.default_rng(0)
    times = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    pose = 0.4 * np.sin(times[:, None, None] * rng.uniform(2, 9, (24, 3)))
    motion = Motion(pose, np.zeros((len(times), 3)), RATE_HZ)
    shaped = open_body().shaped()
    layout = layout_of(LAYOUTS["dip17"])
    virtual = simulate_motion(shaped, motion, layout, SimulationOptions(rate_hz=RATE_HZ))
    clip = Clip("a", "a", SECONDS, RATE_HZ, motion=Source("a.npz", "amass"))
    return LoadedClip(clip, motion, shaped, virtual=virtual)


def test_a_move_over_the_skin_and_its_signals(
    benchmark: BenchmarkFixture, loaded: LoadedClip
) -> None:
    shaped, motion, virtual = loaded.shaped, loaded.motion, loaded.virtual
    assert shaped is not None
    assert motion is not None
    assert virtual is not None
    vertices = Skin(shaped).vertices(joint_frames(shaped, motion, slice(100, 101)))[0]
    targets = iter(np.resize(np.arange(500, 6000, 37), 100_000))

    def move() -> None:
        target = vertices[next(targets)].astype(float)
        eye = target + np.array([0.3, 2.0, 0.2])
        point = skin_under(eye, target - eye, vertices, shaped.body.faces)
        if point is not None:
            site, mount = place_on_skin(shaped, point)
            with_signals(loaded, virtual, Sensor("left_wrist", site, mount), RATE_HZ)

    benchmark(move)
    start = perf_counter()
    options = SimulationOptions(rate_hz=RATE_HZ)
    simulate_motion(shaped, motion, layout_of(LAYOUTS["dip17"]), options)
    anew = perf_counter() - start
    benchmark.extra_info["all_sensors_anew_ms"] = round(1000 * anew, 1)
    assert benchmark.stats.stats.median < 0.033
