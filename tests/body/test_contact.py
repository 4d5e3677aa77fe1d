"""Which feet touch the ground."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.body.contact import (
    HEIGHT_M,
    SOLES,
    contact_text,
    contacts,
    ground_height,
    sole_paths,
    soles_of,
)
from harstudio.body.model import BodyModel, body_for
from harstudio.core.errors import HarstudioError
from harstudio.core.motion import Motion
from harstudio.core.source import Source
from harstudio.io.registry import read_motion

RATE_HZ = 120.0


def still(height_m: float, frames: int = 20) -> np.ndarray:
    return np.tile((0.3, 0.1, height_m), (frames, 1, 1))


def standing(body: BodyModel, seconds: float = 1.0, rise_m: float = 0.0) -> Motion:
    """A body upright with its soles so far above 0."""
    shaped = body.shaped(())
    frames = round(seconds * RATE_HZ)
    pose = np.zeros((frames, 24, 3))
    pose[:, 0, 0] = np.pi / 2.0
    # The root turns about the pelvis, which stays where it is at rest.
    height = shaped.joints[0, 1] - shaped.vertices[:, 1].min() - shaped.joints[0, 2]
    return Motion(pose, np.tile((0.0, 0.0, height + rise_m), (frames, 1)), RATE_HZ)


@given(st.floats(0.0, 0.049), st.floats(-2.0, 2.0))
def test_what_lies_still_on_the_ground_touches_it_wherever_the_ground_is(
    above_m: float, ground_m: float
) -> None:
    assert contacts(still(ground_m + above_m), RATE_HZ, ground_m).all()


def test_what_lies_still_above_the_ground_does_not_touch_it() -> None:
    assert not contacts(still(HEIGHT_M + 0.01), RATE_HZ).any()


@given(st.floats(0.0, 3.0), st.sampled_from([25.0, 60.0, 120.0, 240.0]))
def test_what_slides_touches_only_below_the_limit_at_any_rate(
    speed_mps: float, rate_hz: float
) -> None:
    path = np.zeros((60, 1, 3))
    path[:, 0, 0] = speed_mps * np.arange(60) / rate_hz
    touching = contacts(path, rate_hz, speed_mps=0.4)
    if abs(speed_mps - 0.4) > 1e-6:
        assert touching.all() == touching.any() == (speed_mps < 0.4)


def test_a_step_lifts_the_foot_for_as_long_as_it_moves() -> None:
    times = np.arange(240) / RATE_HZ
    share = np.clip((times - 0.5) / 0.4, 0.0, 1.0)
    path = np.zeros((240, 1, 3))
    path[:, 0, 0] = 0.7 * (share - np.sin(2 * np.pi * share) / (2 * np.pi))
    path[:, 0, 2] = 0.15 * np.sin(np.pi * share)
    touching = contacts(path, RATE_HZ)[:, 0]
    assert touching[:58].all()
    assert touching[112:].all()
    assert not touching[66:102].any()


@pytest.mark.parametrize("shape", [(5, 3), (5, 4, 2)])
def test_points_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(HarstudioError, match="expected"):
        contacts(np.zeros(shape), RATE_HZ)


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(HarstudioError, match="0 Hz"):
        contacts(still(0.0), 0.0)


def test_a_single_frame_has_no_speed_and_only_its_height_counts() -> None:
    assert contacts(still(0.0, frames=1), RATE_HZ).all()


def test_heels_lie_behind_and_toes_in_front_at_the_height_of_the_sole(body: BodyModel) -> None:
    shaped = body.shaped(())
    soles = soles_of(shaped)
    places = shaped.joints[soles.joints] + soles.offsets
    heel, toes = places[0], places[1]
    assert len(places) == len(SOLES)
    assert 0.10 < toes[2] - heel[2] < 0.30
    np.testing.assert_allclose(places[:, 1], shaped.vertices[:, 1].min(), atol=0.03)
    np.testing.assert_allclose(places[2:] * (-1, 1, 1), places[:2], atol=5e-3)


def test_the_soles_of_a_standing_body_are_at_the_ground(body: BodyModel) -> None:
    shaped, motion = body.shaped(()), standing(body, rise_m=0.25)
    soles = soles_of(shaped)
    paths = sole_paths(shaped, motion, soles)
    np.testing.assert_allclose(paths[..., 2], 0.25, atol=0.03)
    ground = ground_height(shaped, motion, soles)
    assert ground == pytest.approx(0.25, abs=0.01)
    assert contacts(paths, RATE_HZ, ground).all()


def test_sole_paths_of_some_frames_are_those_of_all_frames(body: BodyModel) -> None:
    shaped, motion = body.shaped(()), standing(body)
    soles = soles_of(shaped)
    part = sole_paths(shaped, motion, soles, slice(30, 50))
    np.testing.assert_allclose(part, sole_paths(shaped, motion, soles)[30:50])


@pytest.mark.parametrize(
    ("touching", "text"),
    [
        ((1, 1, 0, 0), "left foot"),
        ((1, 0, 0, 1), "left heel, right toes"),
        ((0, 0, 0, 0), "no foot"),
    ],
)
def test_contacts_are_said_in_words(touching: tuple[int, ...], text: str) -> None:
    assert contact_text(np.array(touching, bool)) == text


@pytest.mark.parametrize(
    ("clip", "stance", "flight"),
    [("walking/walking_3", (0.5, 0.7), (0.0, 0.02)), ("running/running_5", (0.1, 0.4), (0.4, 0.8))],
)
def test_a_real_walk_never_flies_and_a_real_run_does(
    real_data: Path, body: BodyModel, clip: str, stance: tuple[float, float],
    flight: tuple[float, float],
) -> None:  # fmt: skip
    """A foot stands for some 60 % of a walking cycle, and for well under half of a running one."""
    source = Source(str(real_data / f"amass_cmu/{clip}_poses.npz"), "amass")
    motion = read_motion(source, real_data)
    assert isinstance(motion, Motion)
    shaped = body_for(body, motion)
    soles = soles_of(shaped)
    ground = ground_height(shaped, motion, soles)
    touching = contacts(sole_paths(shaped, motion, soles), motion.rate_hz, ground)
    feet = touching.reshape(-1, 2, 2).any(axis=2)
    assert stance[0] < feet.mean(axis=0).min() <= feet.mean(axis=0).max() < stance[1]
    assert flight[0] <= (~feet.any(axis=1)).mean() <= flight[1]
