"""Options, kept views, lines, chunks and ghosts as plain values."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core import rotations as rot
from harstudio.gui.settings import Settings
from harstudio.gui.theme import DARK
from harstudio.gui.viewport.beside import across, ghost_times
from harstudio.gui.viewport.camera import Camera
from harstudio.gui.viewport.chunks import Chunks
from harstudio.gui.viewport.companion import Placed
from harstudio.gui.viewport.joints import joint_under
from harstudio.gui.viewport.lines import corners_of, joined, letter, line_faces, straight
from harstudio.gui.viewport.options import Options, Showing, options_from
from harstudio.gui.viewport.picture import Arrow, Extras, Mark, Picture
from harstudio.gui.viewport.solids import discs, pointers
from harstudio.gui.viewport.views import KeptViews, View, views_from

JUNK = [
    "",
    "no json",
    "[]",
    "3",
    "null",
    '{"trails": 1}',
    '{"a": {}}',
    '{"a": []}',
    '{"1": {"azimuth": "x"}}',
]


# -- options ---------------------------------------------------------------------------------


@pytest.mark.parametrize("words", JUNK)
def test_options_that_cannot_be_read_are_as_when_new(words: str) -> None:
    assert options_from(words) == Options()


def test_options_out_of_range_are_as_when_new_and_the_rest_stays() -> None:
    words = json.dumps({"trail_s": 1e9, "tint": "sky", "ghosts": True, "ghost_count": -1})
    assert options_from(words) == Options(ghosts=True)


def test_what_is_shown_is_remembered(qapp: object, tmp_path: Path, qtbot: object) -> None:
    settings = Settings(tmp_path / "s.ini")
    showing = Showing(settings)
    changes: list[int] = []
    showing.changed.connect(lambda: changes.append(1))
    showing.toggle("trails")
    showing.choose(trail_s=5.0, tint="body")
    showing.choose(trail_s=5.0)
    assert len(changes) == 2
    assert Showing(settings).options == Options(trails=True, trail_s=5.0, tint="body")
    showing.toggle("trails")
    assert not Showing(settings).options.trails


def test_the_label_tints_what_it_is_told_to() -> None:
    tints = {t: (o.tints_floor, o.tints_body) for t in ("nothing", "floor", "body", "both")
             for o in [Options(tint=t)]}  # fmt: skip
    assert tints == {
        "nothing": (False, False), "floor": (True, False), "body": (False, True),
        "both": (True, True),
    }  # fmt: skip


# -- views -----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", JUNK)
def test_views_that_cannot_be_read_are_left_out(words: str) -> None:
    assert views_from(words) == {}


def test_kept_views_come_back_after_a_restart(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "s.ini")
    views = KeptViews(settings)
    kept = View(0.5, 0.3, 2.0, "left_knee", False)
    views.keep("2", kept)
    views.keep("hands", View(1.0, 0.2, 1.0))
    views.forget("hands")
    views.forget("never kept")
    again = KeptViews(settings)
    assert again.names == ("2",)
    assert again.get("2") == kept
    assert again.get("1") is None


def test_a_view_from_below_the_floor_or_from_nowhere_is_brought_within_reach() -> None:
    bad = {**asdict(View(0.0, -9.0, 1e6)), "joint": "tail"}
    view = views_from(json.dumps({"1": bad, "2": {**bad, "distance_m": None}}))
    assert list(view) == ["1"]
    assert 0.0 < view["1"].elevation < 0.1
    assert view["1"].distance_m == 40.0
    assert view["1"].joint == ""


# -- ghosts ----------------------------------------------------------------------------------


@given(st.floats(0.0, 20.0), st.integers(1, 5), st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_ghosts_stand_at_multiples_of_the_step_before_and_after(
    time_s: float, count: int, step_s: float
) -> None:
    times = ghost_times(time_s, count, step_s, 1e3)
    assert all(abs(t / step_s - round(t / step_s)) < 1e-6 for t in times)
    assert sum(t > time_s for t in times) <= count
    assert sum(t > time_s - 1e-3 for t in times) >= count
    assert sum(t < time_s for t in times) <= count
    assert all(abs(t - time_s) <= count * step_s + 1e-3 for t in times)
    assert sorted(set(times)) == times


def test_there_are_no_ghosts_outside_the_clip_nor_at_the_playhead() -> None:
    assert ghost_times(0.0, 2, 0.25, 10.0) == [0.25, 0.5]
    assert ghost_times(1.0, 2, 0.25, 1.1) == [0.5, 0.75]


# -- chunks ----------------------------------------------------------------------------------


@given(st.integers(0, 2000), st.integers(0, 900))
def test_rows_of_chunks_are_the_rows_themselves(first: int, length: int) -> None:
    chunks = Chunks(lambda start, stop: np.arange(start, stop), 2001)
    last = first + length
    np.testing.assert_array_equal(chunks.rows(first, last), np.arange(first, min(last, 2000) + 1))


def test_a_chunk_is_worked_out_once_and_old_ones_are_let_go() -> None:
    asked: list[int] = []

    def work(start: int, stop: int) -> np.ndarray:
        asked.append(start)
        return np.arange(start, stop)

    chunks = Chunks(work, 256 * 100)
    for _ in range(3):
        chunks.rows(10, 300)
    assert asked == [0, 256]
    for frame in range(0, 256 * 100, 256):
        chunks.rows(frame, frame)
    assert len(chunks._kept) < 30


# -- lines -----------------------------------------------------------------------------------


def test_a_line_has_its_width_across_it() -> None:
    lines = straight([(0, 0, 0)], [(1, 0, 0)], (1, 0, 0, 0.5), 4.0)
    corners = corners_of(lines)
    np.testing.assert_allclose(corners["a_position"][:, 0], (0, 0, 1, 1))
    np.testing.assert_allclose(np.abs(corners["a_side"]), 2.0)
    # From each end looking to the other, both corners of one edge are on the same side.
    offset = corners["a_side"] * np.sign(corners["a_other"][:, 0] - corners["a_position"][:, 0])
    edges = {
        frozenset((i, j)) for f in line_faces(1) for i, j in zip(f, np.roll(f, 1), strict=True)
    }
    assert offset[0] == offset[3] == -offset[1] == -offset[2]
    assert frozenset((0, 3)) in edges
    assert frozenset((1, 2)) in edges


def test_joined_lines_are_all_of_them_in_order() -> None:
    a = straight(np.zeros((2, 3)), np.ones((2, 3)), (1, 1, 1, 1))
    both = joined([a, straight([], [], (0, 0, 0, 1)), letter("y", np.full(3, 7.0), (0, 0, 0, 1))])
    assert len(both) == 2 + 3
    np.testing.assert_array_equal(both.starts[2:], 7.0)
    assert np.ptp(both.shifts_px[2:]) > 0.0
    assert len(joined([])) == 0
    assert line_faces(5).max() == 4 * 5 - 1


# -- joints, arrows, places ------------------------------------------------------------------


def test_the_joint_under_a_pixel_is_the_nearest_within_reach() -> None:
    camera = Camera()
    right = camera.axes[0]
    target = np.asarray(camera.target)
    joints = np.stack([target, target + 0.03 * right, camera.eye + camera.axes[2]])
    assert joint_under(400.0, 300.0, joints, camera, (800.0, 600.0)) == 0
    x = camera.projected(joints[1], 800, 600)[0, 0]
    assert joint_under(x + 1.0, 300.0, joints, camera, (800.0, 600.0)) == 1
    assert joint_under(400.0, 330.0, joints, camera, (800.0, 600.0)) == -1
    assert joint_under(400.0, 300.0, np.zeros((0, 3)), camera, (800.0, 600.0)) == -1


@given(st.tuples(*[st.floats(-1.5, 1.5)] * 3))
def test_an_arrow_reaches_from_its_start_as_far_as_its_vector(way: tuple[float, ...]) -> None:
    start, way_m = np.array((1.0, 2.0, 3.0)), np.array(way)
    picture = Picture(extras=Extras(arrows=(Arrow(start, way_m, "#112233"),)))
    vertices, faces = pointers(picture)
    length = np.linalg.norm(way_m)
    if length <= 1e-6:
        assert len(vertices) == 0
        return
    along = (vertices["a_position"] - start) @ (way_m / length)
    assert along.min() == pytest.approx(0.0, abs=1e-5)
    assert along.max() == pytest.approx(length, abs=1e-5)
    assert faces.max() == len(vertices) - 1


@given(st.tuples(*[st.floats(-20.0, 20.0)] * 3))
def test_the_real_arrow_stands_aside_level_by_one_and_off_the_virtual_ones_line(
    way: tuple[float, ...],
) -> None:
    vector = np.array(way)
    aside = across(vector)
    assert aside[2] == 0.0
    assert np.linalg.norm(aside) == pytest.approx(1.0)
    assert abs(aside @ vector) <= 0.2 * np.linalg.norm(vector) + 1e-9


def test_arrows_and_marks_share_a_buffer_and_discs_lie_on_the_floor() -> None:
    extras = Extras(
        arrows=(Arrow(np.zeros(3), np.ones(3), "#ff0000"),),
        marks=(Mark(np.ones(3), 0.1, "#00ff00"),),
        discs=np.array([(1.0, 2.0, 0.3)]),
    )
    vertices, faces = pointers(Picture(extras=extras))
    assert faces.max() == len(vertices) - 1
    flat, _ = discs(Picture(extras=extras), DARK)
    assert np.ptp(flat["a_position"][:, 2]) == 0.0
    np.testing.assert_allclose(flat["a_position"].mean(axis=0)[:2], (1.0, 2.0), atol=1e-6)


@given(st.floats(-3.0, 3.0))
def test_a_placed_skin_and_its_points_go_the_same_way(angle: float) -> None:
    placed = Placed(rot.exp((0.0, 0.0, angle)), np.array((1.0, -2.0, 0.0)))
    points = np.random.default_rng(0).normal(size=(5, 3))
    vertices, normals = placed.skin((points.astype(np.float32), points.astype(np.float32)))
    np.testing.assert_allclose(vertices, placed.points(points), atol=1e-5)
    np.testing.assert_allclose(
        np.linalg.norm(normals, axis=1), np.linalg.norm(points, axis=1), rtol=1e-5
    )
    np.testing.assert_allclose(vertices[:, 2], points[:, 2], atol=1e-6)
