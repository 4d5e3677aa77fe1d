"""Skin, skeleton and sensors at a time."""

from __future__ import annotations

import numpy as np
import pytest

from harstudio.body.files import open_body
from harstudio.body.kinematics import Skin, joint_frames
from harstudio.body.sites import layout_of, sensor_paths
from harstudio.core.motion import Motion
from harstudio.core.points import PointPath
from harstudio.core.rotations import angle_between
from harstudio.gui.viewport.bones import bones_of
from harstudio.gui.viewport.figure import Figure
from harstudio.gui.viewport.normals import vertex_face_incidence, vertex_normals
from harstudio.gui.viewport.paths import smoothed_path
from harstudio.gui.viewport.shapes import ball

LAYOUT = layout_of(("left_wrist", "right_thigh", "head"))
RATE_HZ = 50.0


@pytest.fixture(scope="module")
def motion() -> Motion:
    generator = np.random.default_rng(1)
    start, turn = generator.normal(0.0, 0.3, (2, 24, 3))
    pose = start + np.linspace(0.0, 1.0, 5)[:, None, None] * turn
    return Motion(pose, generator.normal(size=(5, 3)), RATE_HZ)


@pytest.fixture(scope="module")
def figure(motion: Motion) -> Figure:
    return Figure(motion, open_body().shaped(np.zeros(0)), None, LAYOUT)


def test_at_a_frame_the_joints_are_those_of_the_frame(motion: Motion, figure: Figure) -> None:
    joints = joint_frames(open_body().shaped(np.zeros(0)), motion).positions
    for i in range(motion.frames):
        np.testing.assert_allclose(figure.at(i / RATE_HZ).stick_points(), joints[i], atol=1e-9)


def test_at_a_frame_the_sensors_are_where_their_paths_say(motion: Motion, figure: Figure) -> None:
    paths = sensor_paths(open_body().shaped(np.zeros(0)), motion, LAYOUT)
    for i in range(motion.frames):
        places, turns = figure.at(i / RATE_HZ).sensors()
        np.testing.assert_allclose(places, paths.positions[i], atol=1e-9)
        np.testing.assert_allclose(turns, paths.rotations[i], atol=1e-9)


def test_at_a_frame_the_skin_is_that_of_the_frame(motion: Motion, figure: Figure) -> None:
    shaped = open_body().shaped(np.zeros(0))
    expected = Skin(shaped).vertices(joint_frames(shaped, motion, slice(2, 3)))[0]
    skin = figure.at(2 / RATE_HZ).skin()
    assert skin is not None
    np.testing.assert_allclose(skin[0], expected, atol=1e-5)


def test_between_two_frames_a_joint_is_half_way_along_the_shortest_turn() -> None:
    pose = np.zeros((2, 24, 3))
    pose[:, 0] = (0.0, 0.0, 3.0), (0.0, 0.0, -3.0)  # 0.28 rad apart, across pi
    figure = Figure(
        Motion(pose, np.zeros((2, 3)), 1.0), open_body().shaped(np.zeros(0)), None, LAYOUT
    )
    root = [figure.at(t).sensors()[1][0] for t in (0.0, 0.5, 1.0)]
    step = np.pi - 3.0
    np.testing.assert_allclose(angle_between(root[:-1], root[1:]), step, atol=1e-6)


def test_before_the_start_and_after_the_end_the_figure_stands_still(figure: Figure) -> None:
    for outside, inside in ((-1.0, 0.0), (99.0, 4 / RATE_HZ)):
        places = figure.at(outside).stick_points()
        np.testing.assert_array_equal(places, figure.at(inside).stick_points())


def test_an_upright_body_faces_the_way_its_root_is_turned() -> None:
    pose = np.zeros((1, 24, 3))
    pose[0, 0, 0] = np.pi / 2.0  # y up to z up: the front, +z, now points to -y
    figure = Figure(
        Motion(pose, np.zeros((1, 3)), 1.0), open_body().shaped(np.zeros(0)), None, LAYOUT
    )
    assert figure.at(0.0).heading == pytest.approx(-np.pi / 2.0)


def test_a_body_lying_down_has_no_heading() -> None:
    figure = Figure(
        Motion(np.zeros((1, 24, 3)), np.zeros((1, 3)), 1.0),
        open_body().shaped(np.zeros(0)),
        None,
        LAYOUT,
    )
    assert figure.at(0.0).heading is None


def test_normals_of_a_ball_point_away_from_its_middle() -> None:
    shape = ball(24, 48)
    vertices = shape.vertices.astype(np.float32)
    normals = vertex_normals(
        vertices, shape.faces, vertex_face_incidence(shape.faces, len(vertices))
    )
    used = np.linalg.norm(normals, axis=1) > 0
    cosine = np.sum(normals[used] * vertices[used], axis=1) / np.linalg.norm(normals[used], axis=1)
    inner = np.abs(vertices[used, 2]) < 0.999  # the poles are many vertices in one place
    assert cosine[inner].min() > 0.99


def test_the_camera_follows_a_walk_but_not_its_sway() -> None:
    times = np.arange(400) / 20.0
    path = np.stack([times, 0.05 * np.sin(2 * np.pi * times), np.ones_like(times)], axis=1)
    smooth = smoothed_path(path, 20.0)[100:300]
    np.testing.assert_allclose(smooth[:, 0], times[100:300], atol=1e-3)
    assert np.ptp(smooth[:, 1]) < 0.02


def test_a_kinect_skeleton_is_joined_as_a_body_whatever_it_does() -> None:
    names = (
        "head", "neck", "spine1", "pelvis", "left_shoulder", "left_elbow", "left_wrist",
        "right_shoulder", "right_elbow", "right_wrist", "left_hip", "left_knee", "right_hip",
    )  # fmt: skip
    together = np.random.default_rng(0).normal(0.0, 0.01, (1, len(names), 3))
    bones = bones_of(PointPath(np.repeat(together, 10, axis=0), names, 30.0))
    joined = {frozenset((names[i], names[j])) for i, j in bones}
    assert frozenset(("left_elbow", "left_wrist")) in joined
    assert frozenset(("left_shoulder", "neck")) in joined
    assert frozenset(("left_wrist", "left_hip")) not in joined
    assert len(joined) == len(names) - 1


def test_markers_without_known_names_are_joined_where_they_keep_their_distance() -> None:
    times = np.linspace(0.0, 6.0, 100)
    zero = np.zeros_like(times)
    tip = np.stack([np.cos(times), np.sin(times), zero], axis=1)  # 1 m from the pivot
    stray = np.stack([zero + 1.2, zero, zero], axis=1)  # nearer to the tip for a while
    path = np.stack([np.zeros((100, 3)), tip, stray], axis=1)
    bones = bones_of(PointPath(path, ("a", "b", "c"), 30.0))
    assert {frozenset(pair) for pair in bones} == {frozenset((0, 1)), frozenset((0, 2))}


def test_points_alone_make_a_figure_without_skin_or_sensors() -> None:
    points = PointPath(np.ones((3, 2, 3)) * (0.0, 0.0, 1.0), ("a", "b"), 30.0)
    figure = Figure(None, None, points, LAYOUT)
    assert figure.faces is None
    assert figure.at(0.0).skin() is None
    assert len(figure.at(0.0).sensors()[0]) == 0
    np.testing.assert_allclose(figure.at(0.0).centre, (0.0, 0.0, 1.0))
