"""Where sensors sit, and where they go."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harstudio.body.kinematics import Skin, joint_frames
from harstudio.body.model import ShapedBody
from harstudio.body.sites import (
    LAYOUTS,
    SITES,
    attach,
    layout_of,
    mirrored_site,
    nearest_vertex,
    ray_hits,
    sensor_paths,
)
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import Sensor, SensorLayout, SensorMount
from harstudio.core.motion import Motion
from harstudio.core.rotations import between_vectors, exp, log
from harstudio.core.skeleton import joint_index, mirrored

#: Measured on the open body: site, joint that carries it, position (m), nearest vertex left/right.
TABLE = [
    ("left_wrist", "left_elbow", (0.651, 0.239, -0.021), (1675, 5143)),
    ("left_carpus", "left_wrist", (0.680, 0.236, -0.022), (1903, 5371)),
    ("left_hand", "left_wrist", (0.737, 0.227, -0.030), (1762, 5230)),
    ("left_upper_arm", "left_shoulder", (0.303, 0.256, -0.006), (888, 4356)),
    ("left_thigh", "left_hip", (0.123, -0.446, 0.124), (2347, 5815)),
    ("left_thigh_side", "left_hip", (0.170, -0.503, 0.018), (2379, 5847)),
    ("left_shank", "left_knee", (0.119, -0.770, 0.037), (2548, 6016)),
    ("left_ankle", "left_knee", (0.134, -1.048, -0.024), (2654, 6122)),
    ("left_foot", "left_ankle", (0.115, -1.101, 0.049), (3269, 6737)),
    ("left_shoulder", "left_collar", (0.099, 0.233, 0.045), (635, 4103)),
    ("head", "head", (0.0, 0.519, 0.023), (68, 68)),
    ("forehead", "head", (0.0, 0.432, 0.128), (10, 10)),
    ("left_ear", "head", (0.077, 0.405, 0.023), (2973, None)),
    ("sternum", "spine3", (0.0, 0.151, 0.102), (83, 83)),
    ("c7", "spine3", (0.0, 0.258, -0.051), (84, 84)),
    ("pelvis", "pelvis", (0.0, -0.141, -0.040), (131, 131)),
    ("belly", "pelvis", (0.0, -0.158, 0.146), (128, 128)),
]


@pytest.mark.parametrize(("name", "joint", "position", "vertices"), TABLE)
def test_sites_of_the_open_body_lie_where_they_were_measured(
    shaped, name, joint, position, vertices
):
    for side, vertex in zip((name, mirrored(name)), vertices, strict=True):
        found = attach(shaped, SITES[side])
        expected = np.array(position)
        if side != name:
            expected[0] = -expected[0]
        assert np.linalg.norm(found.position - expected) < 1.5e-3
        assert found.joint == joint_index(joint if side == name else mirrored(joint))
        assert vertex in (nearest_vertex(shaped, SITES[side]), None)


def test_the_right_side_mirrors_the_left(shaped):
    flip = np.diag([-1.0, 1.0, 1.0])
    for name, site in SITES.items():
        if not name.startswith("left_"):
            continue
        left, right = attach(shaped, site), attach(shaped, SITES[mirrored(name)])
        np.testing.assert_allclose(right.position, flip @ left.position, atol=1e-3)
        # Mirroring reverses handedness, so the axis across (y) comes out reversed.
        expected = flip @ left.rotation @ np.diag([1.0, -1.0, 1.0])
        np.testing.assert_allclose(right.rotation, expected, atol=0.02)
        assert mirrored_site(mirrored_site(site)) == site


@pytest.mark.parametrize("name", SITES)
def test_the_axes_of_a_site_are_a_right_handed_frame_with_z_out_of_the_skin(shaped, name):
    site = attach(shaped, SITES[name])
    np.testing.assert_allclose(site.rotation.T @ site.rotation, np.eye(3), atol=1e-12)
    assert np.linalg.det(site.rotation) == pytest.approx(1.0)
    corners = shaped.vertices[shaped.body.faces[site.face]]
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    assert site.rotation[:, 2] @ normal / np.linalg.norm(normal) > 0.85
    np.testing.assert_allclose(site.barycentric @ corners, site.position, atol=1e-9)
    assert site.barycentric.min() > -1e-8


def test_x_of_the_wrist_points_from_elbow_to_wrist(shaped):
    for side in ("left", "right"):
        elbow, wrist = (shaped.joints[joint_index(f"{side}_{j}")] for j in ("elbow", "wrist"))
        x = attach(shaped, SITES[f"{side}_wrist"]).rotation[:, 0]
        np.testing.assert_allclose(x, (wrist - elbow) / np.linalg.norm(wrist - elbow), atol=1e-12)


def test_x_of_the_crown_points_to_the_front(shaped):
    assert attach(shaped, SITES["head"]).rotation[2, 0] > 0.95


def test_sites_follow_the_shape_of_the_body(body, shaped):
    wide = body.shaped([0, 1.5])
    for name in ("belly", "left_thigh", "sternum"):
        assert attach(wide, SITES[name]).position[2] > attach(shaped, SITES[name]).position[2]


def test_a_mesh_of_6890_vertices_uses_the_published_vertices(shaped, body):
    smpl = ShapedBody(body, shaped.vertices[:6890], shaped.joints)
    found = {name: nearest_vertex(smpl, SITES[name]) for name in LAYOUTS["dip6"]}
    assert found == {
        "left_wrist": 1962, "right_wrist": 5431, "left_shank": 1096, "right_shank": 4583,
        "head": 412, "pelvis": 3021,
    }  # fmt: skip
    thighs = [nearest_vertex(smpl, SITES[f"{side}_thigh"]) for side in ("left", "right")]
    assert thighs == [876, 4362]


def test_every_layout_names_known_sites():
    for name, sites in LAYOUTS.items():
        assert layout_of(sites, name).names == sites
    assert len(LAYOUTS["dip17"]) == 17


def test_an_unknown_site_is_named():
    with pytest.raises(HarstudioError, match="no site 'elbow'"):
        layout_of(["head", "elbow"])


def test_a_ray_that_meets_no_skin_says_so(shaped):
    site = replace(SITES["head"], direction=(0.0, 0.0, 0.0))
    with pytest.raises(HarstudioError, match="meets no skin"):
        attach(shaped, site)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_ray_through_a_point_of_a_triangle_hits_it_there(seed):
    rng = np.random.default_rng(seed)
    corners = rng.normal(size=(4, 3, 3))
    weights = rng.dirichlet([2, 2, 2])
    target, origin = weights @ corners[2], rng.normal(size=3)
    distance, found = ray_hits(origin, target - origin, corners)
    assert distance[2] == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(found[2], weights, atol=1e-6)
    behind, _ = ray_hits(origin, origin - target, corners)
    assert np.isinf(behind[2])


@pytest.mark.parametrize("frames", [1, 1023, 1025])
def test_a_sensor_is_rigid_to_its_joint(shaped, random_motion, frames):
    motion = random_motion(frames)
    paths = sensor_paths(shaped, motion, layout_of(["left_wrist", "head"]))
    joints = joint_frames(shaped, motion)
    for i, name in enumerate(("left_wrist", "head")):
        site = attach(shaped, SITES[name])
        turn = joints.rotations[:, site.joint]
        offset = site.position - shaped.joints[site.joint]
        expected = joints.positions[:, site.joint] + turn @ offset
        np.testing.assert_allclose(paths.positions[:, i], expected, atol=1e-12)
        np.testing.assert_allclose(paths.rotations[:, i], turn @ site.rotation, atol=1e-12)


def test_a_mount_moves_and_turns_the_sensor_in_the_axes_of_its_site(shaped, random_motion):
    motion = random_motion(5)
    half = np.sqrt(0.5)
    mount = SensorMount((half, half, 0.0, 0.0), (0.0, 0.02, 0.1))
    layout = SensorLayout("two", (
        Sensor("plain", SITES["left_wrist"]), Sensor("mounted", SITES["left_wrist"], mount),
    ))  # fmt: skip
    paths = sensor_paths(shaped, motion, layout)
    plain = paths.rotations[:, 0]
    lever = paths.positions[:, 1] - paths.positions[:, 0]
    np.testing.assert_allclose(lever, plain @ np.array([0.0, 0.02, 0.1]), atol=1e-12)
    expected = plain @ exp(np.array([np.pi / 2, 0, 0]))
    np.testing.assert_allclose(paths.rotations[:, 1], expected, atol=1e-12)


@pytest.mark.parametrize("which", ["body", "corrected_body"])
def test_by_vertex_follows_the_skin_and_turns_with_the_bone(which, random_motion, request):
    shaped = request.getfixturevalue(which).shaped([0.3])
    motion = random_motion(3)
    names = ("left_wrist", "right_thigh", "head")
    paths = sensor_paths(shaped, motion, layout_of(names), by_vertex=True)
    frames = joint_frames(shaped, motion)
    mesh = Skin(shaped).vertices(frames)
    for i, name in enumerate(names):
        vertex = nearest_vertex(shaped, SITES[name])
        np.testing.assert_allclose(paths.positions[:, i], mesh[:, vertex], atol=3e-6)
        joint = joint_index(SITES[name].joint)
        np.testing.assert_allclose(paths.rotations[:, i], frames.rotations[:, joint], atol=1e-12)


@pytest.mark.parametrize("by_vertex", [False, True])
def test_a_long_motion_takes_no_more_memory_than_its_result(shaped, by_vertex):
    motion = Motion(np.zeros((20000, 24, 3)), np.zeros((20000, 3)), 120.0)
    layout = layout_of(LAYOUTS["dip6"])
    sensor_paths(shaped, motion.cut(0, 2), layout, by_vertex=by_vertex)
    tracemalloc.start()
    paths = sensor_paths(shaped, motion, layout, by_vertex=by_vertex)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < paths.positions.nbytes + paths.rotations.nbytes + 20e6


def test_a_hanging_arm_has_its_sensors_x_down(shaped):
    pose = np.zeros((1, 24, 3))
    # y up to z up, then the left upper arm from sideways to down.
    pose[0, 0] = (np.pi / 2, 0.0, 0.0)
    shoulder, elbow = (shaped.joints[joint_index(f"left_{j}")] for j in ("shoulder", "elbow"))
    down = between_vectors(elbow - shoulder, np.array([0.0, -1.0, 0.0]))
    pose[0, joint_index("left_shoulder")] = log(down)
    paths = sensor_paths(shaped, Motion(pose, np.zeros((1, 3)), 60.0), layout_of(["left_wrist"]))
    assert paths.rotations[0, 0, 2, 0] < -0.98
