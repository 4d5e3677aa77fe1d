"""Model files of every family, and files that are none."""

from __future__ import annotations

import pickle
from contextlib import suppress
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from harstudio.body import files
from harstudio.body.files import MAX_BETAS, load_body
from harstudio.body.kinematics import Skin, joint_frames
from harstudio.core.errors import HarstudioError
from harstudio.core.rotations import exp


def write(path, arrays):
    """Save arrays as a model file, an .npz, or a .pkl as the releases are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        regressor = sparse.csc_matrix(arrays["J_regressor"])
        path.write_bytes(pickle.dumps({**arrays, "J_regressor": regressor}, 2))
    return path


def skinned_by_the_book(arrays, betas, pose, translation):
    """Linear blend skinning of a family's own joints, one frame, in plain steps."""
    table = arrays["kintree_table"]
    vertices = arrays["v_template"] + arrays["shapedirs"][..., : len(betas)] @ betas
    joints = arrays["J_regressor"] @ vertices
    turns = exp(pose)
    vertices = vertices + arrays["posedirs"] @ (turns[1:] - np.eye(3)).ravel()
    rotations, places = [turns[0]], [joints[0]]
    for joint in range(1, len(joints)):
        parent = table[0, joint]
        rotations.append(rotations[parent] @ turns[joint])
        places.append(places[parent] + rotations[parent] @ (joints[joint] - joints[parent]))
    moved = [
        place + (vertices - joint) @ rotation.T
        for rotation, place, joint in zip(rotations, places, joints, strict=True)
    ]
    return np.einsum("vj,jvi->vi", arrays["weights"], moved) + translation


@pytest.mark.parametrize("suffix", [".npz", ".pkl"])
@pytest.mark.parametrize("joints", [24, 52, 55])
def test_each_family_skins_as_its_own_joints_do_with_fingers_at_rest(
    tmp_path, arrays_of, random_motion, joints, suffix
):
    arrays = arrays_of(joints)
    shaped = load_body(write(tmp_path / f"model{suffix}", arrays)).shaped(np.ones(10))
    motion = random_motion(2)
    pose = motion.pose.copy()
    if joints != 24:
        pose[:, 22:] = 0.0
    frames = joint_frames(shaped, type(motion)(pose, motion.translation, 60.0))
    got = Skin(shaped).vertices(frames)
    for t in range(2):
        full = np.zeros((joints, 3))
        full[:22] = pose[t, :22]
        if joints == 24:
            full = pose[t]
        expected = skinned_by_the_book(arrays, np.ones(10), full, motion.translation[t])
        np.testing.assert_allclose(got[t], expected, atol=1e-5)


@pytest.mark.parametrize(("joints", "hands"), [(52, (22, 37)), (55, (25, 40))])
def test_fingers_follow_the_hand_and_thumbs_the_wrist(tmp_path, arrays_of, joints, hands):
    arrays = arrays_of(joints)
    body = load_body(write(tmp_path / "model.npz", arrays))
    weights = arrays["weights"]
    for side, first in enumerate(hands):
        fingers, thumb = slice(first, first + 12), slice(first + 12, first + 15)
        np.testing.assert_allclose(body.weights[:, 22 + side], weights[:, fingers].sum(axis=1))
        wrist = weights[:, 20 + side] + weights[:, thumb].sum(axis=1)
        np.testing.assert_allclose(body.weights[:, 20 + side], wrist)
        np.testing.assert_array_equal(body.joint_regressor[22 + side], arrays["J_regressor"][first])


def test_jaw_and_eyes_of_smplx_follow_the_head(tmp_path, arrays_of):
    arrays = arrays_of(55)
    body = load_body(write(tmp_path / "model.npz", arrays))
    expected = arrays["weights"][:, [15, 22, 23, 24]].sum(axis=1)
    np.testing.assert_allclose(body.weights[:, 15], expected)


@pytest.mark.parametrize(("joints", "columns", "kept"), [
    (24, 10, 10), (24, 300, 16), (52, 16, 16), (55, 20, 10), (55, 400, 16),
])  # fmt: skip
def test_at_most_16_betas_and_no_expressions_are_kept(tmp_path, arrays_of, joints, columns, kept):
    arrays = arrays_of(joints, betas=columns, vertices=20)
    body = load_body(write(tmp_path / "model.npz", arrays))
    assert kept <= MAX_BETAS
    np.testing.assert_array_equal(body.shape_directions, arrays["shapedirs"][..., :kept])
    assert (body.shape_space, len(body.shape_names)) == ("smpl", kept)


def test_arrays_that_need_pickle_are_left_alone_where_they_are_not_needed(tmp_path, arrays_of):
    arrays = {**arrays_of(55), "part2num": np.array({"head": 1}, object)}
    assert load_body(write(tmp_path / "SMPLX_MALE.npz", arrays)).gender == "male"


def test_zero_pose_correctives_are_not_kept(tmp_path, arrays_of):
    arrays = arrays_of(24)
    arrays["posedirs"] = np.zeros_like(arrays["posedirs"])
    assert load_body(write(tmp_path / "model.npz", arrays)).pose_directions is None
    del arrays["posedirs"]
    assert load_body(write(tmp_path / "model.npz", arrays)).pose_directions is None


def test_the_same_model_as_npz_and_pkl_is_the_same_body(tmp_path, arrays_of):
    arrays = arrays_of(24)
    one, two = (load_body(write(tmp_path / f"model{s}", arrays)) for s in (".npz", ".pkl"))
    for field in fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))


@pytest.mark.parametrize(("name", "gender"), [
    ("SMPL_MALE.npz", "male"),
    ("SMPL_NEUTRAL.pkl", "neutral"),
    ("basicmodel_m_lbs_10_207_0_v1.0.0.pkl", "male"),
    ("basicModel_f_lbs_10_207_0_v1.0.0.pkl", "female"),
    ("basicmodel_neutral_lbs_10_207_0_v1.1.0.pkl", "neutral"),
    ("SMPLH_FEMALE.pkl", "female"),
    ("smplh/male/model.npz", "male"),
    ("smplh/neutral/model.npz", "neutral"),
    ("models/smplx/SMPLX_NEUTRAL.npz", "neutral"),
])  # fmt: skip
def test_a_folder_gives_the_released_file_of_a_gender(tmp_path, arrays_of, name, gender):
    write(tmp_path / name, arrays_of(24))
    assert load_body(tmp_path, gender).gender == gender
    others = {"male", "female", "neutral"} - {gender}
    for other in others:
        with pytest.raises(HarstudioError, match=f"no {other} body model .it has {gender}."):
            load_body(tmp_path, other)


def test_a_folder_prefers_smplh_then_smpl_then_smplx_and_npz(tmp_path, arrays_of):
    order = ["SMPLH_MALE.npz", "male/model.npz", "SMPL_MALE.npz", "SMPL_MALE.pkl", "SMPLX_MALE.npz"]
    for count, name in enumerate(reversed(order), start=1):
        arrays = arrays_of(24, vertices=20 + count)
        write(tmp_path / name, arrays)
        expected = 20 + count if name != "male/model.npz" else 24
        assert load_body(tmp_path, "male").vertex_count == expected


def test_a_folder_without_models_says_so(tmp_path):
    (tmp_path / "notes.npz").write_bytes(b"")
    with pytest.raises(HarstudioError, match="no file has a released name"):
        load_body(tmp_path)


def test_the_gender_of_a_file_is_in_its_name_or_as_given(tmp_path, arrays_of):
    mine = write(tmp_path / "mine.npz", arrays_of(24))
    assert load_body(mine, "female").gender == "female"
    named = write(tmp_path / "SMPL_MALE.npz", arrays_of(24))
    assert load_body(named, "female").gender == "male"
    with pytest.raises(HarstudioError, match="gender"):
        load_body(mine, "other")


def spoiled(key, change):
    def spoil(arrays):
        arrays[key] = change(arrays[key])

    return spoil


@pytest.mark.parametrize("suffix", [".npz", ".pkl"])
@pytest.mark.parametrize(("spoil", "message"), [
    (lambda a: a.pop("weights"), "lacks weights"),
    (spoiled("weights", lambda w: w * 1.1), "sum to 1.1"),
    (spoiled("weights", lambda w: w[:, :20]), "weights: for 20 joints, expected 24"),
    (spoiled("weights", lambda w: w[:-1]), "expected .60, 24."),
    (spoiled("v_template", lambda v: v * np.nan), "nan"),
    (spoiled("v_template", lambda v: v * 1000), "in metres"),
    (spoiled("v_template", lambda v: v[:9]), "got float64 .60, 3, 207., expected numbers .9, "),
    (spoiled("v_template", lambda v: v.ravel()), "1 axes"),
    (spoiled("v_template", lambda v: v.astype("U8")), "expected numbers"),
    (spoiled("f", lambda f: f + 1), "vertex 60, expected 0 to 59"),
    (spoiled("f", lambda f: f + 0.5), "integers"),
    (spoiled("kintree_table", lambda k: k[:, :20]), "20 joints, expected 24"),
    (spoiled("kintree_table", lambda k: k[:, ::-1]), "not joined as in SMPL"),
    (spoiled("kintree_table", lambda k: k.astype(float) * np.inf), "kintree_table|not a body"),
    (spoiled("J_regressor", lambda j: j[:20]), "20 joints, expected 24"),
    (spoiled("J_regressor", lambda j: j * 3), "sum to 3"),
    (spoiled("shapedirs", lambda s: s[:5]), "shape directions"),
    (spoiled("shapedirs", lambda s: s * np.inf), "finite|inf|nan"),
    (spoiled("posedirs", lambda p: p[..., :100]), "posedirs"),
    (spoiled("posedirs", lambda p: p * np.nan), "finite"),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_an_absurd_model_is_refused_with_its_reason(tmp_path, arrays_of, suffix, spoil, message):
    arrays = arrays_of(24)
    spoil(arrays)
    arrays.setdefault("J_regressor", np.eye(24))
    path = write(tmp_path / f"model{suffix}", arrays)
    with pytest.raises(HarstudioError, match=message) as caught:
        load_body(path)
    assert str(path) in caught.value.message


@pytest.mark.parametrize(("name", "content"), [
    ("a.npz", b""), ("a.npz", b"no zip"), ("a.pkl", b"\x80\x02}."), ("a.pkl", b"\x80\x02]."),
    ("a.obj", b"v 0 0 0"), ("a.pkl", b""),
])  # fmt: skip
def test_a_foreign_file_is_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(HarstudioError, match=name):
        load_body(tmp_path / name)


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(HarstudioError, match="no such file or folder"):
        load_body(tmp_path / "absent.npz")


def test_a_model_that_needs_pickle_inside_an_npz_is_refused(tmp_path, arrays_of):
    arrays = {**arrays_of(24), "weights": np.array([{"run": print}], object)}
    with pytest.raises(HarstudioError, match=r"model\.npz"):
        load_body(write(tmp_path / "model.npz", arrays))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path, arrays_of, monkeypatch):
    monkeypatch.setattr(files, "_MAX_MEMBER_BYTES", 1 << 20)
    path = tmp_path / "model.npz"
    np.savez_compressed(path, **{**arrays_of(24), "weights": np.zeros((1 << 18, 24))})
    assert path.stat().st_size < 1 << 20
    with pytest.raises(HarstudioError, match=r"weights\.npy unpacks to"):
        load_body(path)


@pytest.fixture(scope="module")
def good_file(tmp_path_factory, arrays_of):
    path = tmp_path_factory.mktemp("models") / "model.npz"
    np.savez_compressed(path, **arrays_of(24, vertices=5))
    return path


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 0.999))
def test_a_truncated_npz_is_an_error(good_file, share):
    content = good_file.read_bytes()
    path = good_file.with_name("cut.npz")
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(HarstudioError, match=r"cut\.npz"):
        load_body(path)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_spoiled_npz_is_read_or_refused_but_never_raises_otherwise(good_file, data):
    content = bytearray(good_file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = good_file.with_name("spoiled.npz")
    path.write_bytes(content)
    with suppress(HarstudioError):
        load_body(path)
