"""The handles a made-up body is moved by: inverse kinematics, mirroring, time courses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harstudio.body.files import open_body
from harstudio.body.kinematics import forward_kinematics
from harstudio.core import rotations
from harstudio.core.errors import HarstudioError
from harstudio.core.skeleton import JOINTS, joint_index, mirrored
from harstudio.demo.curves import ease, hump, tremor, wander
from harstudio.demo.people import Style
from harstudio.demo.poses import ARM_STRETCHES, AT_DESK, LEG_STRETCHES, both, offsets
from harstudio.demo.rig import (
    COLUMN,
    HANDLES,
    SIDES,
    build_of,
    mirrored_rig,
    pose_of,
    standing,
    within_reach,
)  # fmt: skip


@pytest.fixture(scope="module")
def build():
    return build_of(open_body().shaped(np.zeros(10)).joints)


def posed(build, rig):
    pose, translation = pose_of(build, rig)
    frames = forward_kinematics(pose, translation, build.joints)
    return pose, frames.rotations, frames.positions


handles = st.lists(st.floats(-0.3, 0.3), min_size=len(HANDLES), max_size=len(HANDLES))


def crouched(build, values):
    """A rig somewhere around a light crouch, so that both feet are within reach."""
    rig = standing(build, Style())
    rig[0] += 0.6 * np.array(values)
    rig[0, COLUMN["pelvis_z"]] -= 0.3
    for side in SIDES:
        rig[0, COLUMN[f"{side}_foot_lift"]] = abs(rig[0, COLUMN[f"{side}_foot_lift"]])
    return rig


@settings(max_examples=60, deadline=None)
@given(handles)
def test_a_standing_foot_stays_put_whatever_the_rest_of_the_body_does(values):
    build = build_of(open_body().shaped(np.zeros(10)).joints)
    rig = crouched(build, values)
    still = standing(build, Style())
    feet = [i for name, i in COLUMN.items() if "foot" in name]
    rig[:, feet] = still[:, feet]
    _, _, moved = posed(build, rig)
    _, _, plain = posed(build, still)
    for side in SIDES:
        for joint in (f"{side}_ankle", f"{side}_foot"):
            at = joint_index(joint)
            np.testing.assert_allclose(moved[0, at], plain[0, at], atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(handles)
def test_mirroring_a_rig_mirrors_the_body(values):
    joints = open_body().shaped(np.zeros(10)).joints.copy()
    order = [joint_index(mirrored(name)) for name in JOINTS]
    joints = 0.5 * (joints + joints[order] * (-1.0, 1.0, 1.0))
    build = build_of(joints)
    rig = crouched(build, values)
    _, _, positions = posed(build, rig)
    _, _, swapped = posed(build, mirrored_rig(rig))
    np.testing.assert_allclose(swapped, positions[:, order] * (1.0, -1.0, 1.0), atol=1e-9)
    np.testing.assert_array_equal(mirrored_rig(mirrored_rig(rig)), rig)


def test_somebody_at_ease_stands_upright_looks_ahead_and_hangs_the_arms(build):
    _, turns, positions = posed(build, standing(build, Style()))
    np.testing.assert_allclose(turns[0, 0] @ (0, 1, 0), (0, 0, 1), atol=1e-9)
    np.testing.assert_allclose(turns[0, 0] @ (0, 0, 1), (1, 0, 0), atol=1e-9)
    wrist, shoulder = (positions[0, joint_index(f"left_{n}")] for n in ("wrist", "shoulder"))
    assert wrist[2] < shoulder[2] - 0.45
    assert wrist[1] > 0.15, "the left hand hangs on the left"
    assert positions[0, joint_index("head"), 2] > 1.4


def test_a_flexed_elbow_brings_the_hand_forward_and_a_flexed_knee_the_heel_back(build):
    rig = standing(build, Style())
    for side in SIDES:
        rig[:, COLUMN[f"{side}_elbow"]] = np.pi / 2
        rig[:, COLUMN[f"{side}_forearm"]] = 0.0
    rig[:, COLUMN["pelvis_z"]] = -0.2
    pose, _, positions = posed(build, rig)
    for side in SIDES:
        elbow, wrist, knee, ankle = (
            positions[0, joint_index(f"{side}_{n}")] for n in ("elbow", "wrist", "knee", "ankle")
        )
        assert wrist[0] > elbow[0] + 0.2
        assert knee[0] > ankle[0] + 0.1
        assert pose[0, joint_index(f"{side}_knee"), 0] > 0.5


@pytest.mark.parametrize("pitch", [-1.0, -0.5, 0.0, 0.3])
def test_a_foot_rolls_over_its_ball_or_its_heel_without_sinking_in(build, pitch):
    rig = standing(build, Style())
    rig[:, COLUMN["pelvis_z"]] = -0.1
    flat = posed(build, rig)[2]
    for side in SIDES:
        rig[:, COLUMN[f"{side}_foot_pitch"]] = pitch
    rolled = posed(build, rig)[2]
    ball, ankle = joint_index("left_foot"), joint_index("left_ankle")
    if pitch < 0:
        assert np.linalg.norm(rolled[0, ball] - flat[0, ball]) < 0.02
        assert rolled[0, ankle, 2] > flat[0, ankle, 2]
    elif pitch > 0:
        assert rolled[0, ball, 2] > flat[0, ball, 2] + 0.03
        assert rolled[0, ankle, 2] > flat[0, ankle, 2]


def test_the_pelvis_comes_down_where_a_foot_would_be_out_of_reach(build):
    rig = standing(build, Style(), 2)
    rig[1, COLUMN["left_foot_x"]] = 0.6
    limit = within_reach(build, rig)
    assert limit[0] == rig[0, COLUMN["pelvis_z"]]
    assert limit[1] < -0.15
    rig[:, COLUMN["pelvis_z"]] = limit
    _, _, positions = posed(build, rig)
    assert positions[1, joint_index("left_ankle"), 0] == pytest.approx(0.6, abs=1e-9)


def test_every_key_pose_moves_a_handle_that_exists_and_keeps_both_feet_above_the_floor(build):
    for stretch in (*ARM_STRETCHES, *LEG_STRETCHES):
        for pose in (*stretch.poses, stretch.through or {}):
            assert set(pose) <= set(HANDLES)
            row = standing(build, Style())[0] + offsets(pose, build)
            assert min(row[COLUMN[f"{side}_foot_lift"]] for side in SIDES) >= 0.0


def test_lengths_of_key_poses_follow_the_leg_and_angles_do_not(build):
    tall = build_of(build.joints * 1.1)
    small, large = offsets(AT_DESK, build), offsets(AT_DESK, tall)
    at = COLUMN["pelvis_x"]
    assert large[at] == pytest.approx(1.1 * small[at])
    assert large[COLUMN["left_elbow"]] == small[COLUMN["left_elbow"]]


def test_both_takes_a_foot_outwards_on_either_side():
    assert both(foot_y=0.1) == {"left_foot_y": 0.1, "right_foot_y": -0.1}


def test_rest_joints_of_another_skeleton_are_refused():
    with pytest.raises(HarstudioError, match="rest joints"):
        build_of(np.zeros((22, 3)))


def test_eases_start_and_end_at_rest():
    u = np.linspace(-0.5, 1.5, 2001)
    for course, end in ((ease, 1.0), (hump, 0.0)):
        values = course(u)
        assert values[0] == 0.0
        assert values[-1] == pytest.approx(end, abs=1e-12)
        assert np.abs(np.diff(values, 2)).max() < 5e-5, "no kink"
    assert (np.diff(ease(u)) >= 0).all()
    assert hump(0.5) == pytest.approx(1.0)


@pytest.mark.parametrize("cutoff", [0.3, 2.0])
def test_wandering_has_unit_variance_and_half_its_power_density_at_the_cut_off(cutoff):
    values = wander(np.random.default_rng(0), 200_000, 60.0, cutoff)
    assert np.std(values) == pytest.approx(1.0, rel=0.1)
    power = np.abs(np.fft.rfft(values)) ** 2
    hz = np.fft.rfftfreq(len(values), 1 / 60)

    def density(at):
        return power[(hz > 0.9 * at) & (hz < 1.1 * at)].mean()

    assert density(cutoff) / density(0.1 * cutoff) == pytest.approx(0.5, rel=0.25)


def test_tremor_is_around_eight_hertz():
    values = tremor(np.random.default_rng(0), 20_000, 60.0)
    power = np.abs(np.fft.rfft(values)) ** 2
    hz = np.fft.rfftfreq(len(values), 1 / 60)
    assert power[(hz > 6) & (hz < 10)].sum() > 0.9 * power.sum()


def test_a_pose_made_of_rotations_is_one_of_rotations(build):
    rig = standing(build, Style()) + offsets(LEG_STRETCHES[0].poses[0], build)
    pose, turns, _ = posed(build, rig)
    assert np.linalg.norm(pose, axis=-1).max() <= np.pi + 1e-9
    np.testing.assert_allclose(turns @ np.swapaxes(turns, -1, -2), np.eye(3) + 0 * turns, atol=1e-9)
    assert rotations.angle_between(turns[0, 0], turns[0, joint_index("head")]) > 0.5
