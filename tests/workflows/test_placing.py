"""Sensors while they are moved, and where the demo's recordings say that they sit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.body.files import open_body
from harstudio.body.sites import SITES, attach, layout_of
from harstudio.core import rotations as rot
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import Sensor, SensorLayout, SensorMount
from harstudio.core.jobs import finished
from harstudio.core.project import Clip, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment
from harstudio.imu.noise import MEASURED, with_noise
from harstudio.imu.simulate import SimulationOptions
from harstudio.workflows.loading import LoadedClip, LoadedRecording, simulate_motion
from harstudio.workflows.placing import (
    ALONG_LIMB,
    NOWHERE,
    FitOptions,
    angles_of,
    fit_sensor,
    fitted_placement,
    fresh_name,
    mount_of,
    sensor_of,
    turned,
    with_sensor,
    with_signals,
)
from tests.workflows.making import SENSORS, Study, moving

angles = st.floats(-179.0, 179.0)
tilts = st.floats(-89.0, 89.0)

WORN = SensorMount(
    tuple(rot.quaternion_from_axis_angle((0.05, 0.12, -0.1))), (0.025, -0.006, 0.008)
)


def wearing(worn: Sensor) -> LoadedClip:
    """Twenty seconds of waving, with a noisy recording of one sensor as it is worn."""
    motion = moving("waving", 20.0)
    shaped = open_body().shaped()
    options = SimulationOptions(rate_hz=60.0)
    virtual = simulate_motion(shaped, motion, layout_of(SENSORS), options)
    layout = SensorLayout("worn", (worn,))
    real = simulate_motion(shaped, motion, layout, SimulationOptions(rate_hz=100.0))
    real = with_noise(replace(real, orientation_wxyz=None, kind="real"), MEASURED, 3)
    ref = RecordingRef(Source("worn.npz", "imu_npz"), (worn.name,), 20.0, 100.0, Alignment())
    clip = Clip("a", "a", 20.0, 60.0, motion=Source("a.npz", "amass"), recordings=(ref,))
    return LoadedClip(clip, motion, shaped, None, virtual, (LoadedRecording(ref, real),))


@given(angles, tilts, angles)
def test_a_mount_in_numbers_is_the_same_mount(roll: float, pitch: float, yaw: float) -> None:
    mount = mount_of((roll, pitch, yaw), (0.01, 0.02, 0.03))
    assert angles_of(mount) == pytest.approx((roll, pitch, yaw), abs=1e-6)
    assert mount.lever_arm_m == (0.01, 0.02, 0.03)


def test_looking_straight_up_a_mount_keeps_its_rotation_in_other_numbers() -> None:
    mount = mount_of((20.0, 90.0, 50.0), (0.0, 0.0, 0.0))
    again = mount_of(angles_of(mount), (0.0, 0.0, 0.0))
    first, second = (rot.matrix_from_quaternion(m.rotation_wxyz) for m in (mount, again))
    np.testing.assert_allclose(first, second, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_turning_a_straight_sensor_turns_one_number(axis: int) -> None:
    expected = [0.0, 0.0, 0.0]
    expected[axis] = 30.0
    assert angles_of(turned(SensorMount(), axis, np.radians(30.0))) == pytest.approx(expected)


def test_a_sensor_takes_the_place_of_its_namesake_or_joins() -> None:
    layout = layout_of(("head", "left_wrist"), "two")
    moved = Sensor("head", SITES["forehead"])
    assert with_sensor(layout, moved).sensors == (moved, layout.sensors[1])
    assert with_sensor(layout, Sensor("ring", SITES["left_hand"])).names[-1] == "ring"
    assert with_sensor(layout, layout.sensors[0]) is layout
    assert fresh_name(with_sensor(layout, Sensor("custom_1", SITES["head"]))) == "custom_2"
    assert sensor_of(layout, "nowhere") is None
    assert sensor_of(layout, "pelvis") == Sensor("pelvis", SITES["pelvis"])


def test_signals_of_a_moved_sensor_are_those_of_simulating_all_anew() -> None:
    loaded = wearing(Sensor("left_wrist", SITES["left_wrist"], WORN))
    assert loaded.virtual is not None
    moved = Sensor("right_thigh", SITES["right_shank"], WORN)
    shown = with_signals(loaded, loaded.virtual, moved, 60.0)
    layout = with_sensor(layout_of(SENSORS), moved)
    options = SimulationOptions(rate_hz=60.0)
    anew = simulate_motion(loaded.shaped, loaded.motion, layout, options)
    assert shown.sensors == anew.sensors
    np.testing.assert_allclose(shown.acc_mps2, anew.acc_mps2, atol=1e-9)
    np.testing.assert_allclose(shown.gyro_radps, anew.gyro_radps, atol=1e-9)
    more = with_signals(loaded, shown, replace(moved, name="new"), 60.0)
    assert more.sensors == (*SENSORS, "new")
    np.testing.assert_allclose(more.acc_mps2[:, 2], more.acc_mps2[:, 1])


def test_a_worn_mount_is_found_from_its_recording() -> None:
    loaded = wearing(Sensor("left_wrist", SITES["left_wrist"], WORN))
    start = Sensor("left_wrist", SITES["left_wrist"])
    found = fitted_placement(loaded, start, 60.0)
    assert found.fit.worth_it
    assert found.sensor.site == start.site
    np.testing.assert_allclose(found.sensor.mount.lever_arm_m, WORN.lever_arm_m, atol=0.003)
    turn = rot.matrix_from_quaternion(found.sensor.mount.rotation_wxyz)
    truth = rot.matrix_from_quaternion(WORN.rotation_wxyz)
    assert np.degrees(rot.angle_between(turn, truth)) < 1.0


def test_a_sensor_that_slid_along_the_limb_is_found_on_the_skin() -> None:
    slid = replace(SITES["left_wrist"], along=0.78)
    loaded = wearing(Sensor("left_wrist", slid))
    start = Sensor("left_wrist", SITES["left_wrist"])
    found = fitted_placement(loaded, start, 60.0, FitOptions(move=ALONG_LIMB))
    assert found.fit.worth_it
    assert found.sensor.mount.lever_arm_m == (0.0, 0.0, 0.0)
    assert loaded.shaped is not None
    places = [attach(loaded.shaped, site).position for site in (found.sensor.site, slid)]
    assert np.linalg.norm(places[0] - places[1]) < 0.003


def test_the_residual_told_after_sliding_is_that_of_the_sensor_given_back() -> None:
    loaded = wearing(Sensor("left_wrist", replace(SITES["left_wrist"], along=0.78)))
    start = Sensor("left_wrist", SITES["left_wrist"])
    found = fitted_placement(loaded, start, 60.0, FitOptions(move=ALONG_LIMB))
    again = fitted_placement(loaded, found.sensor, 60.0, FitOptions(move=NOWHERE))
    assert again.fit.test_before.acc == pytest.approx(found.fit.test_after.acc, rel=1e-6)


def test_on_the_crown_there_is_no_limb_to_slide_along() -> None:
    loaded = wearing(Sensor("head", SITES["head"]))
    with pytest.raises(HarstudioError, match="no limb to slide along"):
        fitted_placement(loaded, Sensor("head", SITES["head"]), 60.0, FitOptions(move=ALONG_LIMB))


def test_a_sensor_that_nobody_wore_is_refused() -> None:
    loaded = wearing(Sensor("left_wrist", SITES["left_wrist"]))
    with pytest.raises(HarstudioError, match="a motion and a recording of that sensor"):
        fitted_placement(loaded, Sensor("right_thigh", SITES["right_thigh"]), 60.0)


def test_the_job_reads_the_clip_and_fits(study: Study) -> None:
    clip_id = study.clip_id("p4_long")
    clip = study.project.clip(clip_id)
    tilt = tuple(
        (name, tuple(rot.quaternion_from_axis_angle((0.2, -0.3, 0.1)))) for name in SENSORS
    )
    truth = replace(study.hidden, mounting_wxyz=tilt)
    aligned = replace(clip, recordings=(replace(clip.recordings[0], alignment=truth),))
    project = study.project.with_clips([aligned])
    slipped = SensorMount(lever_arm_m=(0.03, 0.0, 0.0))
    wrong = Sensor("left_wrist", SITES["left_wrist"], slipped)
    found = finished(fit_sensor(project, study.folder, clip_id, wrong, FitOptions()))
    assert found.fit.gain > 0.5
    np.testing.assert_allclose(found.sensor.mount.lever_arm_m, (0, 0, 0), atol=0.003)
    assert "held out" in found.summary


def test_a_job_on_a_folder_without_the_files_says_so(study: Study, tmp_path: Path) -> None:
    sensor = Sensor("left_wrist", SITES["left_wrist"])
    job = fit_sensor(study.project, tmp_path, study.clip_id("p4_long"), sensor, FitOptions())
    with pytest.raises(HarstudioError):
        finished(job)
