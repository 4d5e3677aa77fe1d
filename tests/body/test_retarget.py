"""From points to a pose and back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.io import loadmat

from harstudio.body.kinematics import joint_frames
from harstudio.body.retarget import motion_from_points
from harstudio.body.sites import layout_of, sensor_paths
from harstudio.core.errors import HarstudioError
from harstudio.core.motion import Motion
from harstudio.core.points import PointPath
from harstudio.core.rotations import angle_between, exp, log, normalised
from harstudio.core.skeleton import JOINTS, joint_index

LIMB_BONES = [
    (f"{side}_{start}", f"{side}_{stop}")
    for side in ("left", "right")
    for start, stop in (
        ("shoulder", "elbow"), ("elbow", "wrist"), ("wrist", "hand"),
        ("hip", "knee"), ("knee", "ankle"), ("ankle", "foot"),
    )
]  # fmt: skip

KINECT = (
    "head", "shoulder_center", "spine", "hip_center",
    "left_shoulder", "left_elbow", "left_wrist", "left_hand",
    "right_shoulder", "right_elbow", "right_wrist", "right_hand",
    "left_hip", "left_knee", "left_ankle", "left_foot",
    "right_hip", "right_knee", "right_ankle", "right_foot",
)  # fmt: skip


def plausible_motion(frames=90, seed=0):
    """A smooth motion within what joints allow: elbows and knees are hinges."""
    rng = np.random.default_rng(seed)
    knots = np.linspace(0, frames - 1, 8)

    def wander(low, high):
        return CubicSpline(knots, rng.uniform(low, high, 8))(np.arange(frames))

    pose = np.zeros((frames, 24, 3))
    for name in JOINTS:
        size = 0.15 if "hand" in name or "foot" in name else 0.3
        if "shoulder" in name or "hip" in name:
            size = 0.6
        for axis in range(3):
            pose[:, joint_index(name), axis] = wander(-size, size)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        elbow, knee = (joint_index(f"{side}_{name}") for name in ("elbow", "knee"))
        pose[:, [elbow, knee]] = 0.0
        pose[:, elbow, 1] = sign * wander(0.8, 1.8)
        pose[:, knee, 0] = wander(0.6, 1.5)
    upright, turn = exp(np.array([np.pi / 2, 0, 0])), np.zeros((frames, 3))
    turn[:, 2] = wander(-1.5, 1.5)
    pose[:, 0] = log(exp(turn) @ upright @ exp(pose[:, 0]))
    place = np.stack([wander(-1, 1), wander(-1, 1), wander(0.8, 1.0)], axis=-1)
    return Motion(pose, place, 60.0)


def points_of(shaped, motion, names=JOINTS):
    positions = joint_frames(shaped, motion).positions
    return PointPath(positions[:, [JOINTS.index(n) for n in names]], names, motion.rate_hz)


def degrees_off(shaped, motion, points, bones=LIMB_BONES):
    """Largest angle between the bones of a motion and those of the points."""
    positions = joint_frames(shaped, motion).positions
    worst = 0.0
    for start, stop in bones:
        got = positions[:, joint_index(stop)] - positions[:, joint_index(start)]
        seen = normalised(points.path(stop) - points.path(start))
        got = normalised(got)
        sine = np.linalg.norm(np.cross(got, seen), axis=-1)
        worst = max(worst, np.degrees(np.arctan2(sine, np.sum(got * seen, axis=-1))).max())
    return worst


@pytest.mark.parametrize("seed", range(3))
def test_limbs_point_where_the_points_do(shaped, seed):
    points = points_of(shaped, plausible_motion(seed=seed))
    assert degrees_off(shaped, motion_from_points(points, shaped), points) < 0.1


def test_limbs_of_another_persons_points_are_matched_by_direction(body, shaped):
    points = points_of(body.shaped([1.5, 1.0, 0, 0, -1, 1]), plausible_motion())
    assert degrees_off(shaped, motion_from_points(points, shaped), points) < 0.1


@pytest.mark.parametrize("joint", ["pelvis", "spine3"])
def test_all_joints_of_the_body_give_the_trunks_rotation_back(shaped, joint):
    motion = plausible_motion()
    found = motion_from_points(points_of(shaped, motion), shaped)
    index = joint_index(joint)
    expected = joint_frames(shaped, motion).rotations[:, index]
    got = joint_frames(shaped, found).rotations[:, index]
    assert np.degrees(angle_between(expected, got)).max() < 0.1


@pytest.mark.parametrize(("joint", "limit_deg"), [
    ("left_elbow", 8.0), ("right_elbow", 8.0), ("left_knee", 8.0), ("right_knee", 8.0),
])  # fmt: skip
def test_bent_elbows_and_knees_give_the_twist_of_their_limb_back(shaped, joint, limit_deg):
    motion = plausible_motion()
    found = motion_from_points(points_of(shaped, motion), shaped)
    index = joint_index(joint)
    expected = joint_frames(shaped, motion).rotations[:, index]
    got = joint_frames(shaped, found).rotations[:, index]
    assert np.degrees(angle_between(expected, got)).max() < limit_deg


def test_noise_on_a_straight_arm_does_not_spin_the_forearm(shaped):
    motion = plausible_motion()
    pose = motion.pose.copy()
    pose[:, [joint_index("left_elbow"), joint_index("right_elbow")]] = 0.0
    points = points_of(shaped, Motion(pose, motion.translation, 60.0))
    rng = np.random.default_rng(1)
    noisy = PointPath(points.positions + rng.normal(0, 4e-3, points.positions.shape), JOINTS, 60.0)
    index = joint_index("left_elbow")
    clean, got = (
        joint_frames(shaped, motion_from_points(p, shaped)).rotations[:, index]
        for p in (points, noisy)
    )
    assert np.degrees(angle_between(clean, got)).max() < 15.0


def test_the_pelvis_goes_where_the_points_go(shaped):
    points = points_of(shaped, plausible_motion())
    found = motion_from_points(points, shaped)
    pelvis = joint_frames(shaped, found).positions[:, 0]
    np.testing.assert_allclose(pelvis, points.path("pelvis"), atol=1e-12)


def test_without_a_pelvis_the_middle_of_the_hips_is_matched(shaped):
    names = tuple(name for name in JOINTS if name not in ("pelvis", "neck"))
    points = points_of(shaped, plausible_motion(), names)
    positions = joint_frames(shaped, motion_from_points(points, shaped)).positions
    middle = 0.5 * (points.path("left_hip") + points.path("right_hip"))
    got = 0.5 * (positions[:, joint_index("left_hip")] + positions[:, joint_index("right_hip")])
    np.testing.assert_allclose(got, middle, atol=2e-3)


def test_the_motion_is_of_the_body_and_keeps_rate_and_source(shaped):
    points = points_of(shaped, plausible_motion(5))
    found = motion_from_points(points, shaped)
    assert (found.shape_space, found.gender, found.rate_hz) == ("openbody", "neutral", 60.0)
    assert not found.betas.any()


def test_points_that_coincide_for_a_while_are_bridged(shaped):
    motion = plausible_motion()
    positions = points_of(shaped, motion).positions.copy()
    hand, wrist = joint_index("left_hand"), joint_index("left_wrist")
    elbow = joint_index("left_elbow")
    positions[40:44, wrist] = positions[40:44, elbow]
    positions[40:44, hand] = positions[40:44, elbow]
    found = motion_from_points(PointPath(positions, JOINTS, 60.0), shaped)
    original = joint_frames(shaped, motion).positions[:, wrist]
    got = joint_frames(shaped, found).positions[:, wrist]
    assert np.isfinite(found.pose).all()
    assert np.linalg.norm(got - original, axis=-1)[38:46].max() < 0.03


def test_a_limb_whose_points_always_coincide_stays_at_rest(shaped):
    positions = points_of(shaped, plausible_motion(5)).positions.copy()
    left = [joint_index(f"left_{name}") for name in ("elbow", "wrist", "hand")]
    positions[:, left] = positions[:, [joint_index("left_shoulder")]]
    found = motion_from_points(PointPath(positions, JOINTS, 60.0), shaped)
    np.testing.assert_allclose(found.pose[:, [joint_index("left_shoulder"), *left]], 0, atol=1e-9)


def test_points_without_limbs_move_the_trunk_alone(shaped):
    names = ("left_hip", "right_hip", "left_shoulder", "right_shoulder")
    found = motion_from_points(points_of(shaped, plausible_motion(5), names), shaped)
    np.testing.assert_allclose(found.pose[:, joint_index("left_elbow")], 0, atol=1e-9)


def test_a_missing_hip_is_named(shaped):
    names = ("right_hip", "left_shoulder", "right_shoulder")
    with pytest.raises(HarstudioError, match="no left_hip"):
        motion_from_points(points_of(shaped, plausible_motion(2), names), shaped)


def test_a_trunk_of_one_point_is_refused(shaped):
    points = PointPath(np.zeros((3, 24, 3)), JOINTS, 30.0)
    with pytest.raises(HarstudioError, match="coincide"):
        motion_from_points(points, shaped)


@pytest.fixture
def kinect(real_data):
    """Reads a skeleton of UTD-MHAD (camera frame: y up, z away from it) with z up."""

    def read(name):
        folder = real_data / "utd_mhad" / "Skeleton"
        seen = np.moveaxis(loadmat(folder / f"{name}_skeleton.mat")["d_skel"], 2, 0)
        world = np.stack([seen[..., 0], -seen[..., 2], seen[..., 1]], axis=-1)
        return PointPath(world, KINECT, 19.0)

    return read


@pytest.mark.parametrize("name", ["a1_s1_t1", "a9_s3_t2", "a22_s5_t1", "a25_s4_t1"])
def test_a_depth_cameras_skeleton_moves_the_body(kinect, shaped, name):
    points = kinect(name)
    found = motion_from_points(points, shaped)
    assert degrees_off(shaped, found, points) < 0.1
    world = joint_frames(shaped, found).rotations
    # The person stands upright and faces the camera, which looks along -y.
    assert world[:, 0, 2, 1].min() > 0.8
    assert world[:, 0, 1, 2].mean() > 0.9


@pytest.mark.parametrize("name", ["a2_s3_t1", "a4_s3_t1", "a11_s3_t1", "a25_s5_t1"])
def test_a_real_sensors_tilt_follows_that_of_the_body(kinect, shaped, real_data, name):
    site = "right_thigh" if name.startswith("a25") else "right_wrist"
    found = motion_from_points(kinect(name), shaped)
    turns = sensor_paths(shaped, found, layout_of([site])).rotations[:, 0]
    virtual = turns[:, 2, 0]
    path = real_data / "utd_mhad" / "Inertial" / f"{name}_inertial.mat"
    real = loadmat(path)["d_iner"][:, 0]
    smooth = np.convolve(real, np.full(15, 1 / 15), mode="same")
    # The camera's clock is unsure: its frames are spread over the sensor's time.
    spread = np.interp(np.linspace(0, 1, len(real)), np.linspace(0, 1, len(virtual)), virtual)
    assert np.corrcoef(spread[8:-8], smooth[8:-8])[0, 1] > 0.9
