"""Sensors in the middle of a joint."""

from __future__ import annotations

import numpy as np
import pytest

from harstudio.body.joints import joint_sensor, sensors_on
from harstudio.body.kinematics import joint_frames
from harstudio.body.model import BodyModel
from harstudio.body.sites import LAYOUTS, layout_of, sensor_paths
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import SensorLayout
from harstudio.core.motion import Motion
from harstudio.core.skeleton import JOINTS


@pytest.mark.parametrize("joint", JOINTS)
def test_a_sensor_at_a_joint_goes_where_the_joint_goes_and_turns_as_it_turns(
    body: BodyModel, joint: str
) -> None:
    generator = np.random.default_rng(3)
    motion = Motion(generator.normal(0, 0.4, (6, 24, 3)), generator.normal(size=(6, 3)), 60.0)
    shaped = body.shaped(generator.normal(0, 1, 10))
    paths = sensor_paths(shaped, motion, SensorLayout("one", (joint_sensor(shaped, joint),)))
    frames, index = joint_frames(shaped, motion), JOINTS.index(joint)
    np.testing.assert_allclose(paths.positions[:, 0], frames.positions[:, index], atol=1e-9)
    np.testing.assert_allclose(paths.rotations[:, 0], frames.rotations[:, index], atol=1e-9)


def test_its_name_is_no_sites_name(body: BodyModel) -> None:
    assert joint_sensor(body.shaped(()), "head").name == "head_joint"
    assert joint_sensor(body.shaped(()), "head", "mine").name == "mine"


def test_an_unknown_joint_is_refused(body: BodyModel) -> None:
    with pytest.raises(HarstudioError, match="no joint"):
        joint_sensor(body.shaped(()), "tail")


def test_the_sensors_on_a_joint_are_those_rigid_to_it_the_nearest_first() -> None:
    layout = layout_of(("left_wrist", "left_forearm", "head"))
    assert sensors_on(layout, "left_elbow") == ("left_forearm", "left_wrist")
    assert sensors_on(layout, "left_wrist") == ()
    assert "right_thigh" in sensors_on(layout_of(LAYOUTS["dip17"]), "right_hip")
