"""Other people who make the same movement: sizes, shapes, and sensors worn less exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harstudio.body.files import open_body
from harstudio.body.people import PEOPLE, PeopleSpread, slipped, varied
from harstudio.body.sites import LAYOUTS, SITES, attach, layout_of, sensor_paths
from harstudio.core import rotations as rot
from harstudio.core.errors import HarstudioError
from harstudio.core.motion import Motion

LAYOUT = layout_of(LAYOUTS["dip17"])
WATCH = layout_of(LAYOUTS["watch"])
ONLY_SIZE = PeopleSpread(betas_sd=0.0, shift_m=0.0, turn_rad=0.0)


@pytest.fixture(scope="module")
def motion() -> Motion:
    rng = np.random.default_rng(5)
    pose = 0.05 * rng.standard_normal((60, 24, 3)).cumsum(axis=0)
    walked = 0.01 * rng.standard_normal((60, 3)).cumsum(axis=0)
    return Motion(pose, walked, 60.0, betas=np.full(3, 0.4), shape_space="openbody")


@pytest.fixture(scope="module")
def shaped(motion: Motion):
    return open_body().shaped(motion.betas)


@pytest.mark.parametrize("scale", [0.8, 1.0, 1.2])
def test_a_limb_scale_multiplies_every_linear_acceleration(shaped, motion, scale):
    spread = PeopleSpread(0.0, (scale, scale), 0.0, 0.0)
    body, moved, layout = varied(shaped, motion, LAYOUT, spread, 3)
    before, after = sensor_paths(shaped, motion, LAYOUT), sensor_paths(body, moved, layout)
    linear = np.diff(before.positions, 2, axis=0) * 60.0**2
    assert np.abs(np.diff(after.positions, 2, axis=0) * 60.0**2 - scale * linear).max() <= 1e-9
    assert np.abs(after.rotations - before.rotations).max() <= 1e-12


def test_a_scaled_body_skinned_by_vertex_scales_too(shaped, motion):
    spread = PeopleSpread(0.0, (1.2, 1.2), 0.0, 0.0)
    body, moved, layout = varied(shaped, motion, LAYOUT, spread)
    before = sensor_paths(shaped, motion, LAYOUT, by_vertex=True)
    after = sensor_paths(body, moved, layout, by_vertex=True)
    assert np.abs(after.positions - 1.2 * before.positions).max() <= 1e-9


def test_without_any_spread_nobody_changes(shaped, motion):
    nothing = PeopleSpread(0.0, (1.0, 1.0), 0.0, 0.0)
    body, moved, layout = varied(shaped, motion, LAYOUT, nothing, 1)
    before, after = sensor_paths(shaped, motion, LAYOUT), sensor_paths(body, moved, layout)
    assert np.abs(after.positions - before.positions).max() <= 1e-12
    assert np.abs(after.rotations - before.rotations).max() <= 1e-12
    assert np.array_equal(moved.betas[:3], motion.betas)


def test_a_seed_is_a_person_and_another_seed_another(shaped, motion):
    def paths(seed, layout=LAYOUT):
        return sensor_paths(*varied(shaped, motion, layout, PEOPLE, seed)).positions

    assert np.array_equal(paths([1, 2]), paths([1, 2]))
    assert np.abs(paths([1, 2]) - paths([1, 3])).max() > 0.01
    first = layout_of(LAYOUTS["dip17"][:1])
    assert np.array_equal(paths(7, first)[:, 0], paths(7)[:, 0])  # more sensors: the same person


def test_people_spread_over_the_whole_range_of_sizes(shaped, motion):
    def stature(seed: int) -> float:
        body, _, _ = varied(shaped, motion, WATCH, ONLY_SIZE, seed)
        return float(np.ptp(body.vertices[:, 1]) / np.ptp(shaped.vertices[:, 1]))

    scales = [stature(seed) for seed in range(200)]
    assert 0.8 <= min(scales) < 0.82
    assert 1.18 < max(scales) <= 1.2
    assert np.mean(scales) == pytest.approx(1.0, abs=0.03)


def test_shapes_vary_by_the_spread_around_the_person_recorded(shaped, motion):
    drawn = np.array([varied(shaped, motion, WATCH, PEOPLE, seed)[1].betas for seed in range(120)])
    assert drawn.shape == (120, len(open_body().shape_names))
    assert drawn[:, :3].mean(axis=0) == pytest.approx(0.4, abs=0.35)
    assert drawn.std(axis=0) == pytest.approx(0.95, abs=0.25)  # cut at 2 SD
    assert np.abs(drawn[:, 3:]).max() <= 2.0


def test_on_a_shape_that_is_too_odd_for_a_site_the_person_is_less_odd(motion):
    small_of_the_back = layout_of(("pelvis",))
    body = open_body()
    odd = next(
        seed for seed in range(400) if not wearable(body.shaped(drawn_betas(seed)), "pelvis")
    )
    found, moved, _ = varied(
        body.shaped(), Motion(motion.pose, motion.translation, 60.0), small_of_the_back, PEOPLE, odd
    )
    assert wearable(found, "pelvis")
    assert moved.betas == pytest.approx(0.5 * drawn_betas(odd))


def drawn_betas(seed: int) -> np.ndarray:
    person, _ = np.random.SeedSequence(seed).spawn(2)
    return np.random.default_rng(person).standard_normal(10).clip(-2.0, 2.0)


def wearable(shaped, name: str) -> bool:
    try:
        attach(shaped, SITES[name])
    except HarstudioError:
        return False
    return True


def test_a_motion_of_another_body_family_varies_around_the_mean_shape(motion):
    foreign = Motion(motion.pose, motion.translation, 60.0, betas=np.full(16, 9.0))
    mean = open_body().shaped()
    _, moved, _ = varied(mean, foreign, LAYOUT, PEOPLE, 0)
    assert moved.shape_space == "openbody"
    assert np.abs(moved.betas).max() <= 2.0


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_sensors_slip_on_the_skin_by_no_more_than_the_spread_and_turn_by_no_more(seed):
    shaped = open_body().shaped()
    still = Motion(np.zeros((5, 24, 3)), np.zeros((5, 3)), 60.0, shape_space="openbody")
    spread = PeopleSpread(0.0, (1.0, 1.0))
    _, _, layout = varied(shaped, still, LAYOUT, spread, seed)
    assert layout.names == LAYOUT.names
    for was, now in zip(LAYOUT.sensors, layout.sensors, strict=True):
        gone = attach(shaped, now.site).position - attach(shaped, was.site).position
        assert np.linalg.norm(gone) <= 1.5 * np.hypot(0.05, 0.05)
        assert now.site.joint == was.site.joint
        turn = rot.matrix_from_quaternion(np.array(now.mount.rotation_wxyz))
        assert np.degrees(rot.angle_between(turn, np.eye(3))) <= 20.0 + 1e-9


def test_a_slip_along_a_limb_is_as_long_as_asked_and_stays_on_the_line():
    shaped = open_body().shaped()
    for name in ("left_forearm", "right_upper_arm", "left_thigh", "right_shank"):
        place = attach(shaped, SITES[name])
        moved = attach(shaped, slipped(shaped, SITES[name], 0.03, 0.0))
        gone = moved.position - place.position
        assert gone @ place.rotation[:, 0] == pytest.approx(0.03, abs=0.004)
        assert abs(gone @ place.rotation[:, 1]) < 0.004


def test_a_slip_around_a_limb_is_an_arc_on_its_skin():
    shaped = open_body().shaped()
    for name in ("left_forearm", "right_upper_arm", "left_thigh", "right_shank", "head"):
        place = attach(shaped, SITES[name])
        moved = attach(shaped, slipped(shaped, SITES[name], 0.0, 0.02))
        assert np.linalg.norm(moved.position - place.position) == pytest.approx(0.02, abs=0.007)
        assert abs((moved.position - place.position) @ place.rotation[:, 0]) < 0.006


def test_a_watch_does_not_slip_off_the_forearm():
    site = slipped(open_body().shaped(), SITES["left_wrist"], 0.05, 0.0)
    assert site.along <= 1.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"betas_sd": -1.0},
        {"shift_m": float("nan")},
        {"turn_rad": -0.1},
        {"limb_scale": (1.2, 0.8)},
        {"limb_scale": (0.0, 1.0)},
    ],
)
def test_a_spread_that_cannot_be_is_refused(wrong):
    with pytest.raises(HarstudioError, match=next(iter(wrong))):
        PeopleSpread(**wrong)
