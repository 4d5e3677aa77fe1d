"""Virtual sensors against OpenSim's: another engine, whose IMU is analytic and not differentiated.

OpenSim (Seth et al. 2018) integrates a mechanism under gravity and computes, from each state's own
accelerations, what an IMU on one of its bodies reads. harstudio sees only the sampled path of that
IMU. ``pip install opensim==4.6`` (extra ``peers``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from harstudio.core.arrays import FloatArray
from harstudio.core.imu import ImuRecording
from harstudio.imu.simulate import SimulationOptions, simulate

osim = pytest.importorskip("opensim", reason="opensim is not installed (extra `peers`)")
osim.Logger.removeFileSink()  # it would leave opensim.log in the working folder
osim.Logger.setLevelString("Error")

RATE_HZ = 240.0
SECONDS = 4.0
TOLERANCE = {"swinging": (1e-4, 2e-5), "thrown": (1e-6, 5e-7)}
"""m/s2 and rad/s: three times what the fourth-order schemes leave at this rate."""

UP = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
"""Our world (z up) from OpenSim's (y up)."""


@dataclass
class Path:
    """An IMU's path and its readings, sample by sample: sensor frame, SI units."""

    positions: FloatArray
    rotations: FloatArray
    force: FloatArray
    rate: FloatArray


def vector(values: Any) -> Any:
    return osim.Vec3(*(float(v) for v in values))


def placed(angles: tuple[float, float, float], place: tuple[float, float, float]) -> Any:
    """A transform of body-fixed angles about x, y and z (rad) and a place (m)."""
    turn = osim.Rotation()
    turn.setRotationToBodyFixedXYZ(vector(angles))
    return osim.Transform(turn, vector(place))


def numbers(simbody: Any) -> FloatArray:
    return np.array([simbody.get(i) for i in range(3)])


def rod(name: str, length: float) -> Any:
    """A rod of 1.5 kg that hangs from its joint, a little thicker one way."""
    inertia = osim.Inertia(0.04, 0.01, 0.05, 0.0, 0.0, 0.0)
    return osim.Body(name, 1.5, vector((0, -0.5 * length, 0)), inertia)


def chain() -> tuple[Any, Any]:
    """A rod on a ball joint and another hinged to it; the IMU sits askew on the second."""
    model = osim.Model()
    model.setGravity(vector((0, -9.80665, 0)))
    upper, lower = rod("upper", 0.5), rod("lower", 0.4)
    zero = vector((0, 0, 0))
    shoulder = osim.BallJoint(
        "shoulder", model.getGround(), vector((0.1, 1.4, -0.2)), zero, upper, zero, zero
    )
    elbow = osim.PinJoint("elbow", upper, vector((0, -0.5, 0)), zero, lower, zero, zero)
    for part in (upper, lower):
        model.addBody(part)
    for joint in (shoulder, elbow):
        model.addJoint(joint)
    return model, worn(model, lower, placed((0.7, 0.3, -1.1), (0.03, -0.3, 0.02)))


def free_body() -> tuple[Any, Any]:
    """A body that is thrown and wobbles as it spins, with an IMU off its centre."""
    model = osim.Model()
    model.setGravity(vector((0, -9.80665, 0)))
    zero = vector((0, 0, 0))
    body = osim.Body("body", 2.0, zero, osim.Inertia(0.08, 0.05, 0.02, 0.0, 0.0, 0.0))
    model.addBody(body)
    model.addJoint(osim.FreeJoint("free", model.getGround(), zero, zero, body, zero, zero))
    return model, worn(model, body, placed((0.0, 0.4, 0.0), (0.1, 0.05, -0.08)))


def worn(model: Any, body: Any, place: Any) -> Any:
    frame = osim.PhysicalOffsetFrame("where", body, place)
    body.addComponent(frame)
    imu = osim.IMU()
    imu.setName("imu")
    imu.connectSocket_frame(frame)
    model.addComponent(imu)
    return imu


def run(model: Any, imu: Any, start: dict[str, tuple[float, float]]) -> Path:
    """Integrate from the coordinates' values and speeds, and read the IMU at every sample."""
    state = model.initSystem()
    for name, (value, speed) in start.items():
        coordinate = model.getCoordinateSet().get(name)
        coordinate.setValue(state, value)
        coordinate.setSpeedValue(state, speed)
    manager = osim.Manager(model)
    manager.setIntegratorAccuracy(1e-11)
    manager.setIntegratorMaximumStepSize(0.5 / RATE_HZ)
    manager.initialize(state)
    found: list[tuple[FloatArray, ...]] = []
    for sample in range(round(SECONDS * RATE_HZ)):
        if sample:
            state = manager.integrate(sample / RATE_HZ)
        model.realizeAcceleration(state)
        place = imu.calcTransformInGround(state)
        turn = place.R().asMat33()
        found.append(
            (
                UP @ numbers(place.p()),
                UP @ np.array([[turn.get(i, j) for j in range(3)] for i in range(3)]),
                numbers(imu.calcAccelerometerSignal(state)),
                numbers(imu.calcGyroscopeSignal(state)),
            )
        )
    return Path(*(np.array(column) for column in zip(*found, strict=True)))


@pytest.fixture(scope="module")
def swinging() -> Path:
    start = {
        "shoulder_coord_0": (0.9, 1.0),
        "shoulder_coord_1": (0.2, 3.0),
        "shoulder_coord_2": (0.6, -1.0),
        "elbow_coord_0": (1.2, 2.0),
    }
    return run(*chain(), start)


@pytest.fixture(scope="module")
def thrown() -> Path:
    start = {
        "free_coord_0": (0.3, 6.0),
        "free_coord_1": (-0.2, 1.0),
        "free_coord_2": (0.1, 0.5),
        "free_coord_3": (0.0, 1.5),
        "free_coord_4": (1.0, 18.0),
    }
    return run(*free_body(), start)


def simulated(path: Path, rate_hz: float = RATE_HZ, **options: Any) -> ImuRecording:
    chosen = SimulationOptions(rate_hz=rate_hz, **options)
    return simulate(path.positions[:, None], path.rotations[:, None], rate_hz, ("imu",), chosen)


def errors(path: Path, recording: ImuRecording) -> tuple[float, float]:
    """RMS of the difference of force and rate, over the valid samples."""
    valid = recording.valid_mask
    assert recording.gyro_radps is not None
    pairs = ((recording.acc_mps2, path.force), (recording.gyro_radps, path.rate))
    force, rate = (
        float(np.sqrt(np.mean(np.sum((ours[valid, 0] - theirs[valid]) ** 2, axis=-1))))
        for ours, theirs in pairs
    )
    return force, rate


@pytest.mark.parametrize("which", ["swinging", "thrown"])
def test_force_and_rate_are_opensim_s_to_the_error_of_differentiating(
    which: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(which)
    assert np.linalg.norm(path.force, axis=1).std() > 1.0  # a motion worth the name
    assert np.linalg.norm(path.rate, axis=1).max() > 4.0
    force, rate = errors(path, simulated(path, window_s=0.02, gyro="log5"))
    assert force <= TOLERANCE[which][0]
    assert rate <= TOLERANCE[which][1]


@pytest.mark.parametrize("which", ["swinging", "thrown"])
def test_the_difference_is_that_of_a_fourth_order_scheme(
    which: str, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(which)
    coarse = at_a_quarter(path)
    fine = errors(path, simulated(path, window_s=0.02, gyro="log5"))
    wide = errors(coarse, simulated(coarse, RATE_HZ / 4, window_s=0.08, gyro="log5"))
    for at_240_hz, at_60_hz in zip(fine, wide, strict=True):
        # Two halvings of the frame time.
        assert 3.7 <= np.log2(at_60_hz / at_240_hz) / 2 <= 4.3


def test_the_default_options_at_60_hz_read_as_opensim_does(thrown: Path, swinging: Path) -> None:
    for path, most in ((thrown, (1e-3, 1e-4)), (swinging, (0.1, 2e-3))):
        coarse = at_a_quarter(path)
        force, rate = errors(coarse, simulated(coarse, RATE_HZ / 4))
        assert force <= most[0]
        assert rate <= most[1]


def at_a_quarter(path: Path) -> Path:
    """Every fourth sample: 60 Hz."""
    return Path(*(column[::4] for column in vars(path).values()))


def test_a_thrown_body_s_centre_feels_nothing(thrown: Path) -> None:
    middle = thrown.positions - np.einsum(
        "tij,j->ti", thrown.rotations @ about_y(-0.4), (0.1, 0.05, -0.08)
    )
    centre = Path(middle, thrown.rotations, 0 * thrown.force, thrown.rate)
    assert errors(centre, simulated(centre, window_s=0.02, gyro="log5"))[0] < 1e-5


def about_y(angle: float) -> FloatArray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1.0, 0], [-s, 0, c]])
