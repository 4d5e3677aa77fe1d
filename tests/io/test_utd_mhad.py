"""UTD-MHAD: units, names, the skeleton's axes and its rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY
from harstudio.io import utd_mhad
from harstudio.io.registry import reader_for


def inertial(folder: Path, values: np.ndarray, take: str = "a3_s2_t1") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{take}_inertial.mat"
    scipy.io.savemat(path, {"d_iner": values}, do_compression=True)
    return path


def skeleton(folder: Path, values: np.ndarray, take: str = "a3_s2_t1") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{take}_skeleton.mat"
    scipy.io.savemat(path, {"d_skel": values}, do_compression=True)
    return path


def camera_person(frames: int = 4) -> np.ndarray:
    """(20, 3, F) someone facing the camera, 3 m away: their left is at the camera's right, -x."""
    points = np.zeros((20, 3))
    points[:, 2] = 3.0
    for name, place in {
        "head": (0, 0.6), "pelvis": (0, 0), "left_hand": (-0.5, 0.1), "right_hand": (0.5, 0.1),
        "left_foot": (-0.1, -0.9), "right_foot": (0.1, -0.9),
    }.items():  # fmt: skip
        points[utd_mhad.POINTS.index(name), :2] = place
    points[[utd_mhad.POINTS.index(f"{side}_foot") for side in ("left", "right")], 2] -= 0.1
    return np.repeat(points[..., None], frames, axis=2)


def test_units_become_si(tmp_path):
    values = np.array([[-1.0, 0, 0, 180, 0, 0], [0, 0.5, 0, 0, -90, 0]])
    recording = utd_mhad.read_inertial(inertial(tmp_path, values))
    np.testing.assert_allclose(recording.acc_mps2[:, 0], values[:, :3] * 9.80665)
    np.testing.assert_allclose(recording.gyro_radps[0, 0], [np.pi, 0, 0])
    np.testing.assert_allclose(recording.gyro_radps[1, 0], [0, -np.pi / 2, 0])
    np.testing.assert_allclose(recording.times_s, [0, 0.02])
    assert (recording.kind, recording.frame, recording.with_gravity) == ("real", "sensor", True)


@pytest.mark.parametrize(
    ("action", "sensor"),
    [(1, "right_wrist"), (21, "right_wrist"), (22, "right_thigh"), (27, "right_thigh")],
)
def test_the_sensor_sits_where_the_action_needs_it(tmp_path, action, sensor):
    path = inertial(tmp_path, np.ones((3, 6)), f"a{action}_s7_t4")
    info = utd_mhad.probe_inertial(path)
    assert utd_mhad.read_inertial(path).sensors == info.sensors == (sensor,)


def test_a_name_tells_subject_label_and_partner(tmp_path):
    one = utd_mhad.probe_inertial(inertial(tmp_path, np.ones((100, 6)), "a9_s2_t3"))
    two = utd_mhad.probe_skeleton(skeleton(tmp_path, camera_person(38), "a9_s2_t3"))
    for info in (one, two):
        assert info.subject == "s2"
        assert info.label == "draw_circle_clockwise"
        assert info.pair_key == "a9_s2_t3"
        assert info.duration_s == pytest.approx(2.0)
    assert (one.kind, two.kind) == ("recording", "points")
    assert (one.frames, two.frames) == (100, 38)


def test_there_are_27_different_actions():
    assert len(set(utd_mhad.ACTIONS)) == 27
    assert utd_mhad.ACTIONS[22] == "walk"


def test_saturated_samples_are_found(tmp_path):
    values = np.array([[8.0, 0, 0, 0, 0, 0], [7.9, 0, 0, 999, 0, 0], [0, 0, 0, 0, 0, -1000.0]])
    recording = utd_mhad.read_inertial(inertial(tmp_path, values))
    assert utd_mhad.saturated(recording).tolist() == [True, False, True]


def test_the_skeleton_stands_upright_on_the_floor_with_left_on_its_left(tmp_path):
    path = utd_mhad.read_skeleton(skeleton(tmp_path, camera_person()))
    at = {name: path.path(name)[0] for name in path.names}
    np.testing.assert_allclose(at["head"], [0, 0, 1.5], atol=1e-12)
    np.testing.assert_allclose(at["pelvis"], [0, 0, 0.9], atol=1e-12)
    facing = at["left_foot"] - at["pelvis"]
    assert facing[1] < 0  # towards -y
    left = np.cross([0, 0, 1], [0, -1, 0])
    assert at["left_hand"] @ left > 0 > at["right_hand"] @ left


def test_the_camera_axes_are_rotated_not_reflected():
    matrix = utd_mhad.world_from_camera(np.eye(3)).T
    np.testing.assert_array_equal(matrix @ matrix.T, np.eye(3))
    assert np.linalg.det(matrix) == pytest.approx(1)
    np.testing.assert_array_equal(matrix @ [0, 1, 0], [0, 0, 1])


@pytest.mark.parametrize("beside", ["Inertial", "Skeleton"])
def test_the_skeleton_lasts_as_long_as_its_inertial_file(tmp_path, beside):
    path = skeleton(tmp_path / "Skeleton", camera_person(40))
    assert utd_mhad.read_skeleton(path).rate_hz == utd_mhad.SKELETON_RATE_HZ == 19.0
    inertial(tmp_path / beside, np.ones((100, 6)))
    assert utd_mhad.read_skeleton(path).rate_hz == utd_mhad.probe_skeleton(path).rate_hz == 20.0


def test_a_broken_inertial_file_leaves_the_skeleton_readable(tmp_path):
    path = skeleton(tmp_path, camera_person())
    (tmp_path / "a3_s2_t1_inertial.mat").write_bytes(b"broken")
    assert utd_mhad.read_skeleton(path).rate_hz == 19.0


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        ({"d_iner": np.ones((5, 7))}, r"d_iner has shape \(5, 7\), expected \(samples, 6\)"),
        ({"d_iner": np.ones((0, 6))}, r"d_iner has shape \(0, 6\)"),
        ({"other": np.ones((5, 6))}, "no array d_iner; there are other"),
        ({"d_iner": {"a": 1}}, "no array d_iner; there are none"),
    ],
)
def test_inertial_files_of_another_kind_are_refused(tmp_path, contents, reason):
    path = tmp_path / "a1_s1_t1_inertial.mat"
    scipy.io.savemat(path, contents)
    for function in (utd_mhad.probe_inertial, utd_mhad.read_inertial):
        with pytest.raises(HarstudioError, match=f"a1_s1_t1_inertial.mat: {reason}"):
            function(path)


def test_a_bad_value_is_named_by_its_sample(tmp_path):
    values = np.ones((5, 6))
    values[3, 1] = np.nan
    with pytest.raises(HarstudioError, match="d_iner is nan at sample 3"):
        utd_mhad.read_inertial(inertial(tmp_path, values))
    person = camera_person()
    person[4, 1, 2] = np.inf
    with pytest.raises(HarstudioError, match="d_skel is inf at sample 2"):
        utd_mhad.read_skeleton(skeleton(tmp_path, person))


@pytest.mark.parametrize("name", ["a0_s1_t1_inertial.mat", "a28_s1_t1_skeleton.mat", "x.mat"])
def test_other_names_are_not_for_these_readers(tmp_path, name):
    assert reader_for(tmp_path / name) is None
    with pytest.raises(HarstudioError, match="not that of a UTD-MHAD take"):
        utd_mhad.read_inertial(tmp_path / name)


def test_a_cut_file_is_refused_wherever_it_is_cut(tmp_path, survives):
    rng = np.random.default_rng(1)
    path = inertial(tmp_path, rng.normal(size=(20, 6)))
    data = path.read_bytes()
    assert survives(utd_mhad.INERTIAL, path)
    for percent in range(0, 100, 5):
        path.write_bytes(data[: len(data) * percent // 100])
        assert not survives(utd_mhad.INERTIAL, path)


def test_flipped_bytes_never_raise_anything_else(tmp_path, survives):
    path = skeleton(tmp_path, camera_person(2))
    data = path.read_bytes()
    for place in range(0, len(data), 3):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        survives(utd_mhad.SKELETON, path)


def test_real_takes_read_as_scipy_reads_them(real_data):
    folder = real_data / "utd_mhad"
    for path in sorted((folder / "Inertial").glob("*.mat"))[::40]:
        values = scipy.io.loadmat(path)["d_iner"]
        recording = utd_mhad.read_inertial(path)
        np.testing.assert_allclose(recording.acc_mps2[:, 0], values[:, :3] * GRAVITY)
        np.testing.assert_allclose(recording.gyro_radps[:, 0], np.radians(values[:, 3:]))
        partner = folder / "Skeleton" / path.name.replace("inertial", "skeleton")
        points = utd_mhad.read_skeleton(partner)
        assert points.frames == scipy.io.loadmat(partner)["d_skel"].shape[2]
        assert points.frames / points.rate_hz == pytest.approx(len(values) / 50)


def test_real_people_have_their_toes_in_front_and_left_on_their_left(real_data):
    for path in sorted((real_data / "utd_mhad" / "Skeleton").glob("*_t1_*.mat"))[::10]:
        points = utd_mhad.read_skeleton(path)
        toes = sum(points.path(f"{s}_foot") - points.path(f"{s}_ankle") for s in ("left", "right"))
        across = points.path("left_hip") - points.path("right_hip")
        assert across.mean(axis=0) @ np.cross([0, 0, 1], toes.mean(axis=0)) > 0
        assert 1.2 < points.path("head")[0, 2] < 2.0


def test_a_real_clockwise_circle_is_clockwise_to_who_draws_it(real_data):
    """The action is seen from behind the person, whose right hand is at +x of their view."""
    for action, sign in ((9, -1), (10, 1)):
        name = f"a{action}_s1_t1_skeleton.mat"
        points = utd_mhad.read_skeleton(real_data / "utd_mhad" / "Skeleton" / name)
        hand = points.path("right_wrist") - points.path("right_shoulder")
        right, up = -hand[:, 0], hand[:, 2]
        area = 0.5 * np.sum(right[:-1] * np.diff(up) - up[:-1] * np.diff(right))
        assert np.sign(area) == sign
