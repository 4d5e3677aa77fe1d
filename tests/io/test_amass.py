"""AMASS files of every kind, and everything that is wrong with some of them."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.motion import Motion
from harstudio.io import amass
from harstudio.io.reader import NotAMotionError

COUNTED = np.arange(4)[:, None] + np.arange(55 * 3) / 1000
"""Four frames whose every column can be told apart."""


@pytest.mark.parametrize(("width", "left", "right"), [(72, 22, 23), (156, 22, 37), (165, 25, 40)])
def test_hands_come_from_the_first_finger_joints(amass_arrays, saved, width, left, right):
    poses = COUNTED[:, :width]
    motion = amass.read(saved(amass_arrays(4, poses=poses)))
    joints = poses.reshape(4, -1, 3)
    assert motion.pose.shape == (4, 24, 3)
    assert np.array_equal(motion.pose[:, :22], joints[:, :22])
    assert np.array_equal(motion.pose[:, 22], joints[:, left])
    assert np.array_equal(motion.pose[:, 23], joints[:, right])


def test_a_body_without_hands_gets_straight_ones(amass_arrays, saved):
    motion = amass.read(saved(amass_arrays(4, poses=COUNTED[:, :66])))
    assert np.array_equal(motion.pose[:, :22].reshape(4, 66), COUNTED[:, :66])
    assert not motion.pose[:, 22:].any()


@pytest.mark.parametrize("with_poses", [True, False])
def test_smplx_stageii_reads_the_same_whole_or_split(amass_arrays, saved, with_poses):
    arrays = amass_arrays(
        4,
        poses=COUNTED if with_poses else None,
        root_orient=COUNTED[:, :3],
        pose_body=COUNTED[:, 3:66],
        pose_hand=COUNTED[:, 75:165],
        pose_jaw=COUNTED[:, 66:69],
        mocap_framerate=None,
        mocap_frame_rate=np.array(100),
    )
    path = saved(arrays, "walk_stageii.npz")
    motion = amass.read(path)
    assert np.array_equal(motion.pose[:, :22].reshape(4, 66), COUNTED[:, :66])
    assert np.array_equal(motion.pose[:, 22], COUNTED[:, 75:78])
    assert np.array_equal(motion.pose[:, 23], COUNTED[:, 120:123])
    assert motion.rate_hz == 100
    assert amass.probe(path).pair_key == "walk"


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_float_type_and_order_reads_alike(amass_arrays, saved, dtype, order):
    poses = np.asarray(COUNTED[:, :156], dtype=dtype, order=order)
    motion = amass.read(saved(amass_arrays(4, poses=poses)))
    assert motion.pose.dtype == np.float64
    np.testing.assert_allclose(motion.pose[:, 23], COUNTED[:, 111:114], atol=1e-6)


def test_poses_may_have_an_axis_of_joints(amass_arrays, saved):
    motion = amass.read(saved(amass_arrays(4, poses=COUNTED[:, :156].reshape(4, 52, 3))))
    assert np.array_equal(motion.pose[:, 23], COUNTED[:, 111:114])


@pytest.mark.parametrize(
    "rate", [59, 60.0, 100, 120.00004577, 150, 250.0, np.float32(120), np.array([120.0])]
)
def test_sane_frame_rates_are_kept_as_they_are(amass_arrays, saved, rate):
    path = saved(amass_arrays(mocap_framerate=np.asarray(rate)))
    assert amass.read(path).rate_hz == amass.probe(path).rate_hz == float(np.squeeze(rate))


@pytest.mark.parametrize(
    ("stated", "understood"),
    [
        ("male", "male"),
        (b"female", "female"),
        ("b'male'", "male"),
        ("Neutral", "neutral"),
        (["female"], "female"),
        ("unknown", "neutral"),
    ],
)
def test_gender_may_be_text_or_bytes(amass_arrays, saved, stated, understood):
    assert amass.read(saved(amass_arrays(gender=np.array(stated)))).gender == understood


def test_missing_betas_and_gender_mean_the_neutral_mean_body(amass_arrays, saved):
    motion = amass.read(saved(amass_arrays(betas=None, gender=None)))
    assert motion.gender == "neutral"
    assert not motion.betas.any()
    assert motion.shape_space == "smpl"


@pytest.mark.parametrize("shape", [(10,), (16,), (300,), (1, 10)])
def test_any_number_of_betas_is_kept(amass_arrays, saved, shape):
    betas = np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)
    motion = amass.read(saved(amass_arrays(betas=betas)))
    assert np.array_equal(motion.betas, betas.reshape(-1))


def test_a_stated_shape_space_is_honoured(amass_arrays, saved):
    arrays = amass_arrays(shape_space=np.array("openbody"))
    assert amass.read(saved(arrays)).shape_space == "openbody"


def test_probing_tells_what_reading_gives(amass_arrays, saved, tmp_path):
    path = saved(amass_arrays(7))
    info, motion = amass.probe(path), amass.read(path)
    assert (info.kind, info.format, info.frames) == ("motion", "amass", 7)
    assert info.rate_hz == motion.rate_hz
    assert info.duration_s == motion.duration_s
    assert info.subject == tmp_path.name
    assert motion.source is not None
    assert motion.source.path == path.as_posix()


def test_a_written_motion_reads_back_equal(tmp_path):
    rng = np.random.default_rng(5)
    motion = Motion(
        pose=rng.normal(size=(3, 24, 3)),
        translation=rng.normal(size=(3, 3)),
        rate_hz=60.0,
        betas=rng.normal(size=10),
        gender="male",
        shape_space="openbody",
    )
    amass.write_motion(tmp_path / "a_poses.npz", motion)
    back = amass.read(tmp_path / "a_poses.npz")
    for name in ("pose", "translation", "betas"):
        assert np.array_equal(getattr(back, name), getattr(motion, name))
    assert (back.rate_hz, back.gender, back.shape_space) == (60.0, "male", "openbody")
    with np.load(tmp_path / "a_poses.npz", allow_pickle=False) as plain:
        assert plain["poses"].shape == (3, 156)


def test_a_body_shape_alone_is_not_a_motion(saved):
    path = saved({"betas": np.zeros(16), "gender": np.array("male")}, "shape.npz")
    for function in (amass.probe, amass.read):
        with pytest.raises(NotAMotionError, match=r"shape\.npz: not a motion"):
            function(path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"poses": np.zeros((0, 156)), "trans": np.zeros((0, 3))}, "0 frames"),
        ({"poses": np.zeros((5, 157))}, r"poses has shape \(5, 157\), expected"),
        ({"poses": np.zeros(156)}, "poses has shape"),
        ({"poses": np.zeros((5, 156), complex)}, "poses holds complex128, expected numbers"),
        ({"poses": None, "betas": None}, "no poses: the file holds trans"),
        ({"trans": None}, "no trans"),
        ({"trans": np.zeros((4, 3))}, r"trans has shape \(4, 3\), expected \(5, 3\)"),
        ({"mocap_framerate": None}, "no frame rate"),
        ({"mocap_framerate": np.array(0.0)}, "mocap_framerate is 0 Hz"),
        ({"mocap_framerate": np.array(-120.0)}, "mocap_framerate is -120 Hz"),
        ({"mocap_framerate": np.array(np.nan)}, "mocap_framerate is nan Hz"),
        ({"mocap_framerate": np.array(1e9)}, "mocap_framerate is 1e.09 Hz"),
        ({"mocap_framerate": np.array("fast")}, "expected numbers"),
        ({"mocap_framerate": np.zeros(2)}, "expected one number"),
        ({"mocap_frame_rate": np.array(60.0)}, "two frame rates that disagree: 60 and 120"),
        ({"gender": np.array("table")}, "gender is 'table'"),
        ({"gender": np.array(3)}, "gender holds int64, expected text"),
        ({"betas": np.zeros((5, 10))}, "betas has shape"),
        ({"shape_space": np.array("../x")}, "shape_space is"),
    ],
)
def test_what_a_header_shows_is_refused_at_the_first_look(amass_arrays, saved, changes, reason):
    path = saved(amass_arrays(**changes))
    for function in (amass.probe, amass.read):
        with pytest.raises(HarstudioError, match=f"^walk_poses.npz: .*{reason}"):
            function(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_a_bad_value_is_found_on_reading_and_named_by_frame_and_joint(amass_arrays, saved, value):
    arrays = amass_arrays()
    arrays["poses"][3, 4 * 3 + 1] = value
    path = saved(arrays)
    assert amass.probe(path).frames == 5
    with pytest.raises(HarstudioError, match=r"pose is .* at frame 3 \(left_knee\)"):
        amass.read(path)


def test_a_bad_translation_or_shape_is_found_on_reading(amass_arrays, saved):
    arrays = amass_arrays()
    arrays["trans"][2, 1] = np.nan
    with pytest.raises(HarstudioError, match="trans is nan at frame 2"):
        amass.read(saved(arrays))
    with pytest.raises(HarstudioError, match=r"betas is nan at \[1\]"):
        amass.read(saved(amass_arrays(betas=np.array([0, np.nan]))))


def test_a_bad_value_in_a_finger_does_no_harm(amass_arrays, saved):
    arrays = amass_arrays()
    arrays["poses"][3, 100] = np.nan
    assert amass.read(saved(arrays)).frames == 5


def test_probing_does_not_unpack_the_poses(amass_arrays, saved):
    path = saved(amass_arrays(400))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF  # in the middle of the compressed poses
    path.write_bytes(data)
    assert amass.probe(path).frames == 400
    with pytest.raises(HarstudioError, match="poses is damaged"):
        amass.read(path)


def test_an_object_array_is_refused_and_never_runs(amass_arrays, saved, tmp_path):
    trace = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return Path.touch, (trace,)

    path = saved(amass_arrays(poses=np.array([Hostile()], dtype=object)))
    for function in (amass.probe, amass.read):
        with pytest.raises(HarstudioError, match="poses holds Python objects"):
            function(path)
    assert not trace.exists()


def test_object_arrays_that_nobody_needs_are_left_alone(amass_arrays, saved):
    path = saved(amass_arrays(markers_latent_vids=np.array({"a": 1}, dtype=object)))
    assert amass.read(path).frames == 5


def test_a_zip_bomb_is_refused_unopened(amass_arrays, saved):
    path = saved(amass_arrays())
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")  # the first member's row in the zip directory
    for declared, reason in ((0xF0000000, "zip bomb"), (0x20000000, "zip bomb")):
        struct.pack_into("<I", data, entry + 24, declared)
        path.write_bytes(data)
        for function in (amass.probe, amass.read):
            with pytest.raises(HarstudioError, match=reason):
                function(path)


def test_a_header_that_promises_more_than_the_file_holds_is_refused(amass_arrays, tmp_path):
    path = tmp_path / "walk_poses.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in amass_arrays().items():
            member = io.BytesIO()
            np.save(member, array)
            data = member.getvalue()
            if name == "poses":
                data = data.replace(b"(5, 156)", b"(5000000, 156)".ljust(8), 1)
            archive.writestr(f"{name}.npy", data)
    with pytest.raises(HarstudioError, match=r"poses (declares shape \(5000000, 156\)|has)"):
        amass.probe(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"frame,x,y,z\n0,1,2,3\n", "not an npz file: it begins with b'frame,x,'"),
        (b"\x93NUMPY\x01\x00v\x00", "not an npz file"),
        (b"PK\x03\x04 and no more", "cut short or damaged"),
    ],
)
def test_files_that_are_no_zip_are_told_apart(tmp_path, content, reason):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    assert amass.matches(path)  # so that an import reports it
    with pytest.raises(HarstudioError, match=f"x.npz: {reason}"):
        amass.probe(path)


def test_a_folder_and_a_missing_file_are_reported(tmp_path):
    (tmp_path / "x.npz").mkdir()
    with pytest.raises(HarstudioError, match=r"x\.npz: not a file"):
        amass.probe(tmp_path / "x.npz")
    with pytest.raises(HarstudioError, match=r"y\.npz: no such file"):
        amass.probe(tmp_path / "y.npz")


def test_a_cut_file_is_refused_wherever_it_is_cut(amass_arrays, saved, survives):
    path = saved(amass_arrays())
    data = path.read_bytes()
    assert survives(amass.READER, path)
    for percent in range(0, 100, 4):
        path.write_bytes(data[: len(data) * percent // 100])
        assert not survives(amass.READER, path)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(places=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=4))
def test_flipped_bytes_never_raise_anything_else(amass_arrays, saved, survives, places):
    for save in (np.savez, np.savez_compressed):
        path = saved({}, "walk_poses.npz")
        save(path, **amass_arrays(2))
        data = bytearray(path.read_bytes())
        for place, mask in places:
            data[int(place * (len(data) - 1))] ^= mask
        path.write_bytes(data)
        survives(amass.READER, path)


def test_flips_in_heads_and_directory_never_raise_anything_else(amass_arrays, saved, survives):
    path = saved(amass_arrays(1))
    data = path.read_bytes()
    directory = data.index(b"PK\x01\x02")
    for place in [*range(0, 120), *range(directory, len(data), 2)]:
        for mask in (0x01, 0xFF):
            path.write_bytes(data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :])
            survives(amass.READER, path)


def test_real_motions_read_as_numpy_reads_them(real_data):
    paths = sorted((real_data / "amass_cmu").rglob("*.npz"))
    assert paths
    for path in paths[::6]:
        with np.load(path) as plain:
            poses, trans = plain["poses"], plain["trans"]
        motion, info = amass.read(path), amass.probe(path)
        assert np.array_equal(motion.pose[:, :22].reshape(-1, 66), poses[:, :66])
        assert np.array_equal(motion.pose[:, 22], poses[:, 66:69])
        assert np.array_equal(motion.pose[:, 23], poses[:, 111:114])
        assert np.array_equal(motion.translation, trans)
        assert info.frames == len(poses) == motion.frames
        assert info.rate_hz == motion.rate_hz == 120.0
