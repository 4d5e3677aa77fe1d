"""The turntable camera as plain maths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.gui.viewport.camera import FARTHEST_M, HIGHEST, LOWEST, NEAREST_M, Camera

angles = st.floats(-6.0, 6.0)
heights = st.floats(float(LOWEST), float(HIGHEST))
distances = st.floats(NEAREST_M, FARTHEST_M)
pixels = st.floats(-300.0, 300.0)
cameras = st.builds(Camera, angles, heights, distances, st.tuples(angles, angles, angles))


@given(cameras)
def test_the_target_is_in_the_middle_of_the_picture(camera: Camera) -> None:
    x, y, distance = camera.projected([camera.target], 800, 600)[0]
    assert (x, y) == pytest.approx((400.0, 300.0), abs=1e-6)
    assert distance == pytest.approx(camera.distance_m)


@given(cameras, pixels, pixels)
def test_orbiting_keeps_target_and_distance_and_stays_above_the_floor(
    camera: Camera, right: float, down: float
) -> None:
    turned = camera.orbited(right, down)
    assert np.linalg.norm(turned.eye - turned.target) == pytest.approx(camera.distance_m)
    assert turned.target == camera.target
    assert LOWEST <= turned.elevation <= HIGHEST


@given(cameras, pixels, pixels)
def test_panning_drags_the_target_along_with_the_hand(
    camera: Camera, right: float, down: float
) -> None:
    moved = camera.looking_at(np.asarray(camera.target) + camera.pan_offset(right, down, 600))
    x, y, _ = moved.projected([camera.target], 800, 600)[0]
    assert (x, y) == pytest.approx((400.0 + right, 300.0 + down), abs=1e-4)


@given(cameras)
def test_up_in_the_world_is_up_in_the_picture(camera: Camera) -> None:
    above = np.add(camera.target, (0.0, 0.0, 0.1))
    assert camera.projected([above], 800, 600)[0, 1] < 300.0


@given(cameras, st.floats(-20.0, 20.0))
def test_zooming_stays_within_reach(camera: Camera, notches: float) -> None:
    assert NEAREST_M <= camera.zoomed(notches).distance_m <= FARTHEST_M


def test_zooming_in_makes_things_larger() -> None:
    camera = Camera()
    beside = np.asarray(camera.target) + 0.3 * camera.axes[0]
    before, after = (c.projected([beside], 800, 600)[0, 0] for c in (camera, camera.zoomed(3)))
    assert after > before > 400.0


def test_a_point_behind_the_eye_has_a_negative_distance() -> None:
    camera = Camera()
    behind = camera.eye + camera.axes[2]
    assert camera.projected([behind], 800, 600)[0, 2] < 0


def test_a_narrow_picture_still_shows_a_whole_person() -> None:
    camera = Camera()
    right = camera.axes[0] * 0.6
    edges = np.stack([np.asarray(camera.target) - right, np.asarray(camera.target) + right])
    seen = camera.projected(edges, 200, 600)
    assert seen[0, 0] > 0
    assert seen[1, 0] < 200


@given(cameras, st.floats(0.0, 800.0), st.floats(0.0, 600.0), st.floats(0.5, 5.0))
def test_a_ray_through_a_pixel_is_seen_at_that_pixel(
    camera: Camera, x: float, y: float, distance: float
) -> None:
    for width, height in ((800.0, 600.0), (300.0, 600.0)):
        eye, way = camera.ray(x, y, width, height)
        seen = camera.projected(eye + distance * way, width, height)[0]
        assert (seen[0], seen[1]) == pytest.approx((x, y), abs=1e-4)
        assert seen[2] > 0
