"""From a ray to the skin, and from the skin to a place that fits any body."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harstudio.body.files import open_body
from harstudio.body.kinematics import Skin, joint_frames
from harstudio.body.model import BodyModel, ShapedBody
from harstudio.body.picking import (
    SkinPoint,
    moved_mount,
    named_site_near,
    place_on_skin,
    skin_under,
)
from harstudio.body.sites import LAYOUTS, SITES, attach, layout_of, sensor_paths
from harstudio.core.imu import Sensor, SensorLayout, SensorMount
from harstudio.core.motion import Motion
from harstudio.core.rotations import angle_between, matrix_from_quaternion

TRIANGLE = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
FACE = np.array([[0, 1, 2]])


def rest_position(shaped: ShapedBody, sensor: Sensor) -> np.ndarray:
    """Where a sensor is in the rest pose, body axes."""
    still = Motion(np.zeros((1, 24, 3)), np.zeros((1, 3)), 1.0)
    position: np.ndarray = sensor_paths(shaped, still, SensorLayout("x", (sensor,))).positions[0, 0]
    return position


def point_of(shaped: ShapedBody, face: int) -> SkinPoint:
    weights = np.array([0.3, 0.3, 0.4])
    return SkinPoint(face, weights, weights @ shaped.vertices[shaped.body.faces[face]])


def test_a_ray_meets_a_triangle_where_it_should() -> None:
    found = skin_under(np.array([0.2, 0.3, 5.0]), np.array([0.0, 0, -2]), TRIANGLE, FACE)
    assert found is not None
    assert found.face == 0
    np.testing.assert_allclose(found.barycentric, (0.5, 0.2, 0.3))
    np.testing.assert_allclose(found.position, (0.2, 0.3, 0.0), atol=1e-12)


@pytest.mark.parametrize(
    ("origin", "direction"),
    [((0.8, 0.8, 5.0), (0, 0, -1)), ((0.2, 0.2, 5.0), (0, 0, 1)), ((5.0, 0.2, 0.5), (0, 1, 0))],
)
def test_a_ray_beside_or_behind_meets_nothing(
    origin: tuple[float, ...], direction: tuple[float, ...]
) -> None:
    assert skin_under(np.array(origin), np.array(direction, float), TRIANGLE, FACE) is None


def test_the_nearer_of_two_triangles_is_met() -> None:
    vertices = np.concatenate([TRIANGLE, TRIANGLE + np.array([0.0, 0.0, 1.0])])
    faces = np.array([[0, 1, 2], [3, 4, 5]])
    found = skin_under(np.array([0.2, 0.2, 5.0]), np.array([0.0, 0, -1]), vertices, faces)
    assert found is not None
    assert found.face == 1


def test_a_posed_skin_is_hit_where_it_is(
    body: BodyModel, shaped: ShapedBody, random_motion: Callable[..., Motion]
) -> None:
    vertices = Skin(shaped).vertices(joint_frames(shaped, random_motion(1)))[0]
    face = 4000
    target = vertices[body.faces[face]].mean(axis=0)
    corners = vertices[body.faces[face]]
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    normal = normal / np.linalg.norm(normal)
    found = skin_under(target + 0.002 * normal, -normal, vertices, body.faces)
    assert found is not None
    assert found.face == face
    np.testing.assert_allclose(found.position, target, atol=1e-5)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 13_999))
def test_a_sensor_sits_within_a_millimetre_of_any_point_that_is_chosen(face: int) -> None:
    shaped = open_body().shaped()
    point = point_of(shaped, face)
    site, mount = place_on_skin(shaped, point)
    place = rest_position(shaped, Sensor("x", site, mount))
    assert np.linalg.norm(place - point.position) < 1.1e-3


def test_on_limbs_and_trunk_a_point_is_a_site_with_nothing_to_bridge(shaped: ShapedBody) -> None:
    for name in ("left_wrist", "right_thigh", "sternum", "pelvis", "left_shank", "forehead"):
        place = attach(shaped, SITES[name])
        weights = np.array(place.barycentric)
        site, mount = place_on_skin(shaped, SkinPoint(place.face, weights, place.position))
        assert mount == SensorMount(), name
        again = attach(shaped, site)
        assert np.linalg.norm(again.position - place.position) < 1e-3, name
        assert again.face == place.face, name


def test_a_chosen_point_fits_another_body(shaped: ShapedBody, corrected_body: BodyModel) -> None:
    place = attach(shaped, SITES["left_thigh"])
    point = SkinPoint(place.face, np.array(place.barycentric), place.position)
    site, _ = place_on_skin(shaped, point)
    tall = corrected_body.shaped(np.full(10, 2.0))
    expected = attach(tall, SITES["left_thigh"]).position
    assert np.linalg.norm(attach(tall, site).position - expected) < 0.02


def test_a_named_site_is_known_by_its_place(shaped: ShapedBody) -> None:
    place = attach(shaped, SITES["right_ankle"]).position
    assert named_site_near(shaped, place + 0.01) == "right_ankle"
    assert named_site_near(shaped, np.array([3.0, 0.0, 0.0])) == ""


def test_a_moved_sensor_keeps_its_turn_and_lies_on_the_skin_again() -> None:
    worn = SensorMount((np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)), (0.02, 0.0, 0.01))
    moved = moved_mount(worn, SensorMount())
    np.testing.assert_allclose(moved.rotation_wxyz, worn.rotation_wxyz)
    assert moved.lever_arm_m == (0.0, 0.0, 0.0)


def test_between_fingers_the_mount_bridges_place_and_turn(shaped: ShapedBody) -> None:
    fingers = np.flatnonzero(shaped.vertices[shaped.body.faces].mean(axis=1)[:, 0] > 0.80)
    bridged = []
    for face in fingers[::7]:
        site, mount = place_on_skin(shaped, point_of(shaped, int(face)))
        if mount.lever_arm_m != (0.0, 0.0, 0.0):
            bridged.append((int(face), site, mount))
    assert bridged, "every point of every finger can be reached: the bridge is not needed"
    for face, site, mount in bridged:
        assert np.linalg.norm(mount.lever_arm_m) < 0.05
        out = attach(shaped, site).rotation @ matrix_from_quaternion(mount.rotation_wxyz)
        corners = shaped.vertices[shaped.body.faces[face]]
        normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
        assert out[:, 2] @ normal / np.linalg.norm(normal) > 0.3
        assert float(angle_between(out @ out.T, np.eye(3))) < 1e-6


def test_xsens_has_its_seventeen_segments(shaped: ShapedBody) -> None:
    sensors = layout_of(LAYOUTS["xsens"], "xsens").sensors
    places = np.array([attach(shaped, sensor.site).position for sensor in sensors])
    apart = np.linalg.norm(places[:, None] - places, axis=-1)[~np.eye(17, dtype=bool)]
    assert apart.min() > 0.05
