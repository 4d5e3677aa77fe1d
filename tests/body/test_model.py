"""Shaping a body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harstudio.body.files import open_body
from harstudio.body.model import body_for
from harstudio.core.errors import HarstudioError


def test_the_open_body_is_as_its_provenance_says(body, shaped):
    assert (body.vertex_count, len(body.faces), len(body.shape_names)) == (7115, 14000, 10)
    assert (body.shape_space, body.gender) == ("openbody", "neutral")
    height, span = np.ptp(shaped.vertices, axis=0)[[1, 0]]
    assert height == pytest.approx(1.676, abs=2e-3)
    assert span == pytest.approx(1.711, abs=2e-3)
    assert open_body() is body


def test_the_open_bodys_pelvis_stays_within_2_mm_for_every_shape(body):
    for betas in (np.zeros(10), np.full(10, 1.5), np.linspace(-2, 2, 10)):
        np.testing.assert_allclose(body.shaped(betas).joints[0], (0, -0.2233, 0.0282), atol=2e-3)


def test_zero_pose_correctives_are_dropped(body):
    zeros = np.zeros((body.vertex_count, 3, 207), np.float32)
    assert replace(body, pose_directions=zeros).pose_directions is None


def test_missing_betas_count_as_zero_and_surplus_ones_are_cut(body):
    short = body.shaped([1.0, -0.5])
    np.testing.assert_array_equal(short.vertices, body.shaped([1.0, -0.5, *[0.0] * 8]).vertices)
    full = np.linspace(-1, 1, 16)
    np.testing.assert_array_equal(body.shaped(full).vertices, body.shaped(full[:10]).vertices)


def test_shape_is_linear_in_the_betas(body):
    mean, one, two = (body.shaped([k]).vertices for k in (0.0, 1.0, 2.0))
    np.testing.assert_allclose(two - mean, 2 * (one - mean), atol=1e-12)
    assert np.ptp(one[:, 1]) - np.ptp(mean[:, 1]) == pytest.approx(0.064, abs=0.01)


def test_a_motion_of_another_family_shows_the_mean_shape(body, random_motion):
    motion = random_motion(1, betas=np.ones(10), shape_space="smpl")
    np.testing.assert_array_equal(body_for(body, motion).vertices, body.template)


def test_the_betas_of_the_same_family_apply_and_the_result_is_kept(body, random_motion):
    motion = random_motion(1, betas=np.ones(10), shape_space="openbody")
    found = body_for(body, motion)
    np.testing.assert_array_equal(found.vertices, body.shaped(np.ones(10)).vertices)
    assert body_for(body, random_motion(2, betas=np.ones(10), shape_space="openbody")) is found


def test_arrays_of_a_body_cannot_be_changed(body):
    with pytest.raises(ValueError, match="read-only"):
        body.template[0, 0] = 1.0


@pytest.mark.parametrize(
    ("field", "spoil", "message"),
    [
        ("weights", lambda w: w * 0.9, "sum to 0.9"),
        ("weights", lambda w: w[:, :23], "expected"),
        ("joint_regressor", lambda r: r * 2.0, "sum to 2"),
        ("template", lambda t: np.where(np.arange(len(t))[:, None] == 3, np.nan, t), "nan at"),
        ("faces", lambda f: f + 1, "vertex 7115, expected 0 to 7114"),
        ("faces", lambda f: f * 1.0, "integers"),
        ("shape_names", lambda n: n[:9], "shape directions"),
        ("gender", lambda _: "other", "gender"),
        ("pose_directions", lambda _: np.ones((7115, 3, 206)), "207"),
        ("pose_directions", lambda _: np.full((7115, 3, 207), np.inf), "finite"),
    ],
)
def test_an_absurd_body_is_refused(body, field, spoil, message):
    with pytest.raises(HarstudioError, match=message):
        replace(body, **{field: spoil(getattr(body, field))})


def test_betas_that_are_not_finite_are_refused(body):
    with pytest.raises(HarstudioError, match="betas"):
        body.shaped([np.nan])
