"""Virtual sensors against motions whose signals are known in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from harstudio.core import rotations as rot
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.imu.simulate import PAPER, PHYSICAL, SimulationOptions, simulate

G = GRAVITY
SAVGOL_7 = np.array([-13.0, 67.0, -19.0, -70.0, -19.0, 67.0, -13.0]) / 132.0
"""Second derivative, 7 points, degree 4 (Savitzky & Golay 1964, table VIII)."""


def about_y(angle: np.ndarray) -> np.ndarray:
    return rot.exp(np.stack([0 * angle, angle, 0 * angle], axis=-1))


def about_z(angle: np.ndarray) -> np.ndarray:
    return rot.exp(np.stack([0 * angle, 0 * angle, angle], axis=-1))


def one_sensor(
    positions: np.ndarray, rotations: np.ndarray, motion_hz: float = 60.0, **options: object
) -> ImuRecording:
    """Signals at the paths' own rate unless the options say otherwise."""
    chosen = replace(PHYSICAL, **{"rate_hz": motion_hz, **options})
    return simulate(positions[:, None], rotations[:, None], motion_hz, ("s",), chosen)


def acc(recording: ImuRecording) -> np.ndarray:
    return recording.acc_mps2[recording.valid_mask, 0]


def gyro(recording: ImuRecording) -> np.ndarray:
    assert recording.gyro_radps is not None
    return recording.gyro_radps[recording.valid_mask, 0]


def rms(error: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.sum(error**2, axis=-1))))


def savgol_gain(angular: float, rate_hz: float = 60.0) -> float:
    """What the 7-point window makes of a sine, relative to its true second derivative."""
    steps = np.arange(-3, 4) * angular / rate_hz
    return float(-(SAVGOL_7 @ np.cos(steps)) * (rate_hz / angular) ** 2)


# Closed forms


@given(st.tuples(*[st.floats(-3, 3)] * 3), st.tuples(*[st.floats(-50, 50)] * 3),
       st.floats(59.0, 250.0))  # fmt: skip
@settings(max_examples=25)
def test_a_sensor_at_rest_reads_up_whatever_its_place_pose_and_rate(turn, place, rate):
    pose = rot.exp(turn)
    still = one_sensor(np.tile(place, (40, 1)), np.tile(pose, (40, 1, 1)), rate, rate_hz=60.0)
    assert np.abs(still.acc_mps2[:, 0] - pose.T @ (0.0, 0.0, G)).max() <= 1e-9  # edges too
    assert np.abs(still.gyro_radps).max() <= 1e-9


@pytest.mark.parametrize("rate", [59.0, 60.0, 100.0, 120.0, 120.00004577, 150.0, 250.0])
def test_free_fall_with_spin_reads_no_force_and_a_constant_rate(rate):
    t = np.arange(int(2 * rate)) / rate
    fall = np.stack([0.3 * t, 0 * t, 2.0 - 0.5 * G * t**2], axis=-1)
    axis = np.array([0.36, 0.48, 0.8])
    falling = one_sensor(fall, rot.exp(5.0 * t[:, None] * axis), rate)
    assert np.abs(falling.acc_mps2).max() <= 1e-9
    assert np.abs(falling.gyro_radps - 5.0 * axis).max() <= 1e-9


def horizontal_circle(rate_hz: float = 60.0, **options: object) -> ImuRecording:
    t = np.arange(240) / rate_hz
    path = 0.5 * np.stack([np.cos(6 * t), np.sin(6 * t), 0 * t], axis=-1)
    return one_sensor(path, about_z(6 * t), rate_hz, **options)


def test_a_horizontal_circle_reads_its_centripetal_force_to_the_scheme_s_gain():
    circle = horizontal_circle()
    assert np.abs(acc(circle) - (-18.0 * savgol_gain(6.0), 0.0, G)).max() <= 1e-9
    assert np.abs(gyro(circle) - (0.0, 0.0, 6.0)).max() <= 1e-9
    assert np.linalg.norm(acc(circle), axis=1) == pytest.approx(20.4981, abs=1e-3)


def test_eq3_errs_by_a_known_amount_on_a_horizontal_circle():
    error = acc(horizontal_circle(acceleration="eq3")) - (-18.0, 0.0, G)
    assert np.linalg.norm(error, axis=1) == pytest.approx(0.0150, abs=5e-5)


def test_a_vertical_circle_reads_gravity_turning_with_it():
    t = np.arange(240) / 60.0
    angle = 7 * t
    path = 0.6 * np.stack([np.cos(angle), 0 * t, np.sin(angle)], axis=-1)
    circle = one_sensor(path, about_y(-angle))
    expected = np.stack(
        [-29.4 * savgol_gain(7.0) + G * np.sin(angle), 0 * t, G * np.cos(angle)], axis=-1
    )
    assert np.abs(acc(circle) - expected[circle.valid_mask]).max() <= 1e-9
    assert np.abs(gyro(circle) - (0.0, -7.0, 0.0)).max() <= 1e-9


def test_an_ideal_pendulum_feels_no_tangential_force():
    length, start, rate = 0.6, np.radians(80.0), 500.0
    solution = solve_ivp(
        lambda _, y: [y[1], -G / length * np.sin(y[0])], (0.0, 3.0), [start, 0.0],
        rtol=1e-12, atol=1e-12, method="DOP853", t_eval=np.arange(1500) / rate,
    )  # fmt: skip
    angle = solution.y[0]
    path = length * np.stack([np.sin(angle), 0 * angle, -np.cos(angle)], axis=-1)
    swing = one_sensor(path, about_y(-angle), rate, window_s=0.02)
    assert np.abs(acc(swing)[:, :2]).max() <= 1e-5  # x along the arc, z along the rod
    angle = angle[swing.valid_mask]
    bottom, extreme = np.argmin(np.abs(angle)), np.argmax(np.abs(angle))
    assert acc(swing)[bottom, 2] == pytest.approx(G * (3 - 2 * np.cos(start)), abs=5e-3)
    assert acc(swing)[bottom, 2] == pytest.approx(26.014, abs=5e-3)
    assert acc(swing)[extreme, 2] == pytest.approx(1.703, abs=5e-3)


def coning(**options: object) -> tuple[ImuRecording, np.ndarray]:
    t, b = np.arange(300) / 60.0, np.radians(30.0)
    rotations = about_z(8 * t) @ rot.exp((b, 0.0, 0.0)) @ about_z(-8 * t)
    truth = np.stack(
        [-8 * np.sin(b) * np.sin(8 * t), 8 * np.sin(b) * np.cos(8 * t),
         np.full_like(t, -8 * (1 - np.cos(b)))], axis=-1,
    )  # fmt: skip
    cone = one_sensor(np.zeros((300, 3)), rotations, **options)
    return cone, truth[cone.valid_mask]


def test_coning_reads_the_known_rates():
    cone, truth = coning()
    assert rms(gyro(cone) - truth) == pytest.approx(3.0e-5, rel=0.05)
    assert np.linalg.norm(gyro(cone), axis=1) == pytest.approx(4.1411, abs=1e-4)


@pytest.mark.parametrize(("scheme", "error"), [("central", 0.0114), ("spline", 6e-6)])
def test_other_gyro_schemes_have_their_known_errors_in_coning(scheme, error):
    cone, truth = coning(gyro=scheme)
    assert rms(gyro(cone) - truth) == pytest.approx(error, rel=0.1)


def test_a_lever_arm_adds_its_centripetal_force():
    t = np.arange(240) / 60.0
    turning = about_z(2 * t)
    arm = one_sensor(turning @ (0.3, 0.0, 0.4), turning)
    assert np.abs(acc(arm) - (-1.2, 0.0, G)).max() <= 1e-5


@pytest.mark.parametrize("scale", [0.8, 1.2])
def test_a_limb_s_scale_multiplies_its_linear_acceleration(scale):
    path = np.random.default_rng(0).standard_normal((60, 3)).cumsum(axis=0) * 0.01
    upright = np.tile(np.eye(3), (60, 1, 1))
    linear = acc(one_sensor(path, upright)) - (0, 0, G)
    scaled = acc(one_sensor(scale * path, upright)) - (0, 0, G)
    assert np.abs(scaled - scale * linear).max() <= 1e-9


# Accuracy


def swing(
    rate_hz: float, out_hz: float = 60.0, **options: object
) -> tuple[ImuRecording, np.ndarray, np.ndarray]:
    """An arm of 0.35 m swinging +-0.5 rad at 2 Hz: signals, true force, true rate."""
    length, amplitude, angular = 0.35, 0.5, 4.0 * np.pi

    def angle(t):
        return amplitude * np.sin(angular * t)

    t = np.arange(int(5 * rate_hz) + 1) / rate_hz
    rotations = about_y(angle(t))
    recording = one_sensor(
        rotations @ (0.0, 0.0, -length), rotations, rate_hz, **{"rate_hz": out_hz, **options}
    )
    t = recording.times_s[recording.valid_mask]
    rate, change = amplitude * angular * np.cos(angular * t), -(angular**2) * angle(t)
    force = np.stack(
        [-length * change - G * np.sin(angle(t)), 0 * t, length * rate**2 + G * np.cos(angle(t))],
        axis=-1,
    )
    return recording, force, np.stack([0 * t, rate, 0 * t], axis=-1)


@pytest.mark.parametrize("rate", [50.0, 59.0, 60.0, 100.0, 120.0, 120.00004577, 150.0, 250.0])
def test_a_swing_is_within_the_gates_at_every_rate(rate):
    recording, force, rotation_rate = swing(rate)
    assert rms(acc(recording) - force) <= 0.05
    assert rms(gyro(recording) - rotation_rate) <= 3e-4


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({}, 0.043),
        ({"acceleration": "eq3"}, 0.166),
        ({"acceleration": "eq3", "stride": 4}, 2.44),
        ({"acceleration": "spline"}, 0.0006),
    ],
)
def test_each_acceleration_scheme_has_its_known_error_in_a_swing(options, error):
    recording, force, _ = swing(60.0, **options)
    assert rms(acc(recording) - force) == pytest.approx(error, rel=0.05)


@pytest.mark.parametrize(
    ("scheme", "error"), [("log5", 2.8e-4), ("central", 0.032), ("spline", 4.8e-5)]
)
def test_each_gyro_scheme_has_its_known_error_in_a_swing(scheme, error):
    recording, _, rotation_rate = swing(60.0, gyro=scheme)
    assert rms(gyro(recording) - rotation_rate) == pytest.approx(error, rel=0.05)


def test_force_and_rate_converge_with_the_fourth_power_of_the_frame_time():
    errors = []
    for rate in (60.0, 120.0, 240.0):
        options = {"window_s": 6.0 / rate, "gyro": "log5"}  # 7 samples at every rate
        recording, force, rotation_rate = swing(rate, rate, **options)
        errors.append((rms(acc(recording) - force), rms(gyro(recording) - rotation_rate)))
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders.min() >= 3.9


def test_butterworth_passes_slow_motion_and_stops_fast():
    t = np.arange(600) / 100.0
    upright = np.tile(np.eye(3), (600, 1, 1))
    for frequency, low, high in ((1.0, 0.98, 1.02), (30.0, 0.0, 0.05)):
        angular = 2 * np.pi * frequency
        path = np.stack([np.sin(angular * t) / angular**2, 0 * t, 0 * t], axis=-1)
        found = acc(one_sensor(path, upright, 100.0, acceleration="butterworth"))[:, 0]
        assert low <= np.abs(found).max() <= high


# Rates and edges


def test_no_spike_where_the_rotation_vector_passes_pi():
    t = np.arange(1200) / 120.0
    spinning = one_sensor(np.zeros((1200, 3)), about_z(3.0 * t), 120.0, rate_hz=60.0)
    assert np.abs(spinning.gyro_radps - (0.0, 0.0, 3.0)).max() <= 1e-9
    q = spinning.orientation_wxyz[:, 0]
    turned = rot.matrix_from_quaternion(q)
    assert np.abs(turned - about_z(3.0 * spinning.times_s)).max() <= 1e-9


@pytest.mark.parametrize("native", [59.0, 60.0, 99.7, 120.00004577, 250.0])
def test_the_result_has_the_rate_asked_for_and_covers_the_motion(native):
    frames = int(3 * native)
    recording = one_sensor(
        np.zeros((frames, 3)), np.tile(np.eye(3), (frames, 1, 1)), native, rate_hz=60.0
    )
    assert recording.rate_hz == pytest.approx(60.0, rel=1e-6)
    assert recording.times_s[0] == 0.0
    assert 0 <= (frames - 1) / native - recording.times_s[-1] < 1 / 60.0 + 1e-6
    assert recording.kind == "virtual"
    assert recording.frame == "sensor"
    assert recording.with_gravity


def test_no_resampling_at_the_motion_s_own_rate():
    recording = horizontal_circle(120.00004577)
    assert recording.samples == 240
    assert recording.times_s[-1] == 239 / 120.00004577


def test_samples_touched_by_an_edge_are_close_but_not_valid():
    recording, _, _ = swing(60.0)
    assert np.array_equal(np.flatnonzero(~recording.valid_mask), [0, 1, 2, 298, 299, 300])
    ends = recording.acc_mps2[[0, 1, 2, -3, -2, -1], 0]
    assert np.abs(np.linalg.norm(ends, axis=1)).min() > 5.0


def test_five_frames_are_enough_and_leave_one_valid_sample():
    t = np.arange(5) / 60.0
    recording = one_sensor(np.outer(t**2, [1.0, 0, 0]), np.tile(np.eye(3), (5, 1, 1)))
    assert np.abs(recording.acc_mps2[:, 0] - (2.0, 0.0, G)).max() <= 1e-9
    assert np.array_equal(recording.valid_mask, [False, False, True, False, False])


# The paper's signals


def wander(frames: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    steps = np.random.default_rng(seed).standard_normal((2, frames, 2, 3)).cumsum(axis=1)
    return 0.01 * steps[0], rot.exp(0.02 * steps[1])


def test_the_paper_preset_is_equation_3_in_the_world_frame_without_gravity():
    p, r = wander(90)
    recording = simulate(p, r, 60.0, ("a", "b"), PAPER)
    dt = 1 / 60.0
    for t in range(1, 89):
        equation = (p[t - 1] + p[t + 1] - 2 * p[t]) / dt**2
        assert np.abs(recording.acc_mps2[t] - equation).max() <= 1e-9
    assert (recording.frame, recording.with_gravity) == ("global", False)
    assert np.array_equal(np.flatnonzero(~recording.valid_mask), [0, 89])
    matrices = rot.matrix_from_quaternion(recording.orientation_wxyz)
    assert np.abs(matrices - r).max() <= 1e-9


def test_the_paper_preset_brings_the_motion_to_the_rate_before_differentiating():
    p, r = wander(181)
    recording = simulate(p, r, 120.0, ("a", "b"), PAPER)
    every = p[::2]
    equation = (every[:-2] + every[2:] - 2 * every[1:-1]) * 60.0**2
    assert np.abs(recording.acc_mps2[1:-1] - equation).max() <= 1e-9
    matrices = rot.matrix_from_quaternion(recording.orientation_wxyz)
    assert np.abs(matrices - r[::2]).max() <= 1e-9


def test_the_paper_preset_interpolates_a_rate_of_59_hz():
    t = np.arange(178) / 59.0
    path = 0.5 * np.stack([np.cos(6 * t), np.sin(6 * t), 0 * t], axis=-1)
    recording = simulate(path[:, None], about_z(6 * t)[:, None], 59.0, ("s",), PAPER)
    t = recording.times_s[10:-10]
    at_60 = 0.5 * np.stack([np.cos(6 * t), np.sin(6 * t), 0 * t], axis=-1)
    gain = (np.sin(6 / 120) / (6 / 120)) ** 2
    assert np.abs(recording.acc_mps2[10:-10, 0] + 36 * gain * at_60).max() < 0.02


def test_the_paper_preset_s_gyro_is_in_the_world_frame():
    t = np.arange(120) / 60.0
    tilted = rot.exp((0.7, 0.0, 0.0)) @ about_z(2 * t)
    recording = simulate(np.zeros((120, 1, 3)), tilted[:, None], 60.0, ("s",), PAPER)
    expected = rot.exp((0.7, 0.0, 0.0)) @ (0.0, 0.0, 2.0)
    assert np.abs(recording.gyro_radps[:, 0] - expected).max() <= 1e-9


def test_a_stride_takes_the_wider_difference_and_marks_more_of_the_edge():
    p, r = wander(60)
    recording = simulate(p, r, 60.0, ("a", "b"), replace(PAPER, stride=4))
    equation = (p[6] + p[14] - 2 * p[10]) / (4 / 60.0) ** 2
    assert np.abs(recording.acc_mps2[10] - equation).max() <= 1e-9
    assert np.array_equal(np.flatnonzero(~recording.valid_mask), [0, 1, 2, 3, 56, 57, 58, 59])


def test_the_paper_preset_is_eq3_whatever_else_is_asked():
    assert SimulationOptions(preset="paper").acceleration == "eq3"


# The door


def test_four_frames_are_refused_naming_got_and_expected():
    with pytest.raises(HarstudioError, match="got 4 frames, expected at least 5"):
        one_sensor(np.zeros((4, 3)), np.tile(np.eye(3), (4, 1, 1)))


def test_a_motion_too_short_at_the_paper_s_rate_is_refused():
    with pytest.raises(HarstudioError, match="expected at least 5"):
        simulate(np.zeros((8, 1, 3)), np.tile(np.eye(3), (8, 1, 1, 1)), 120.0, ("s",), PAPER)


def test_sensors_that_do_not_match_the_paths_are_refused():
    with pytest.raises(HarstudioError, match=r"sensor positions: got shape \(9, 1, 3\)"):
        simulate(np.zeros((9, 1, 3)), np.tile(np.eye(3), (9, 1, 1, 1)), 60.0, ("a", "b"))


def test_a_matrix_that_is_no_rotation_is_refused_naming_frame_and_sensor():
    rotations = np.tile(np.eye(3), (9, 1, 1, 1))
    rotations[4] *= 1.1
    with pytest.raises(HarstudioError, match="frame 4 of wrist is not a rotation"):
        simulate(np.zeros((9, 1, 3)), rotations, 60.0, ("wrist",))


def test_a_position_that_is_not_finite_is_refused():
    path = np.zeros((9, 3))
    path[3, 1] = np.nan
    with pytest.raises(HarstudioError, match="nan at"):
        one_sensor(path, np.tile(np.eye(3), (9, 1, 1)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"preset": "magic"},
        {"acceleration": "euler"},
        {"gyro": "fast"},
        {"rate_hz": 0.0},
        {"window_s": -1.0},
        {"degree": 7},
        {"stride": 0},
        {"cutoff_hz": float("nan")},
    ],
)
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(HarstudioError, match=next(iter(wrong))):
        SimulationOptions(**wrong)
