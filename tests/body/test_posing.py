"""A body between two frames of its motion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harstudio.body.kinematics import joint_frames
from harstudio.body.model import ShapedBody
from harstudio.body.posing import joints_at, moment, pose_at
from harstudio.core.motion import Motion
from harstudio.core.rotations import angle_between, exp


def turning(start: float, end: float) -> Motion:
    """Two frames, 0.1 s apart, that turn the root about up and move it along x."""
    pose = np.zeros((2, 24, 3))
    pose[:, 0, 2] = start, end
    return Motion(pose, np.array([[0.0, 0, 1], [2.0, 0, 1]]), 10.0)


def test_at_a_frame_it_is_that_frame(
    shaped: ShapedBody, random_motion: Callable[..., Motion]
) -> None:
    motion = random_motion(5)
    frames = joint_frames(shaped, motion)
    for i in range(5):
        now = joints_at(shaped, motion, i / motion.rate_hz)
        np.testing.assert_allclose(now.positions[0], frames.positions[i], atol=1e-9)
        np.testing.assert_allclose(now.rotations[0], frames.rotations[i], atol=1e-9)


def test_halfway_joints_have_turned_by_half_and_the_body_has_moved_by_half() -> None:
    pose, translation = pose_at(turning(0.0, 1.0), 0.05)
    np.testing.assert_allclose(pose[0, 0], [0, 0, 0.5], atol=1e-9)
    np.testing.assert_allclose(translation[0], [1.0, 0, 1])


def test_a_joint_turns_along_the_shorter_way() -> None:
    pose, _ = pose_at(turning(3.0, -3.0), 0.05)
    np.testing.assert_allclose(exp(pose[0, 0]), exp([0, 0, np.pi]), atol=1e-9)


def test_before_and_after_the_motion_it_stands_still() -> None:
    motion = turning(0.0, 1.0)
    for time_s, frame in ((-5.0, 0), (0.1, 1), (5.0, 1)):
        pose, translation = pose_at(motion, time_s)
        np.testing.assert_array_equal(pose[0], motion.pose[frame])
        np.testing.assert_array_equal(translation[0], motion.translation[frame])


@given(st.floats(0.0, 0.1), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_it_never_turns_farther_from_a_frame_than_the_other_frame_is(
    time_s: float, start: float, end: float
) -> None:
    motion = turning(start, end)
    first, last = exp(motion.pose[:, 0])
    now = exp(moment(motion, time_s).pose[0, 0])
    whole = angle_between(first, last)
    assert angle_between(first, now) <= whole + 1e-6
    assert angle_between(now, last) <= whole + 1e-6


def test_a_moment_keeps_what_a_motion_says_of_its_person() -> None:
    now = moment(turning(0.0, 1.0), 0.03)
    assert (now.frames, now.gender, now.shape_space) == (1, "neutral", "smpl")
