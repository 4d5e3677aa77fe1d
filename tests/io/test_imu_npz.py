"""harstudio's own recordings, there and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.source import Source
from harstudio.io.imu_npz import READER, note_of, probe, read_imu_npz, write_imu_npz
from harstudio.io.registry import reader_for


def recording(**changes) -> ImuRecording:
    rng = np.random.default_rng(2)
    quaternions = rng.normal(size=(6, 2, 4))
    values = {
        "times_s": np.arange(6) / 60,
        "sensors": ("left_wrist", "head"),
        "acc_mps2": rng.normal(size=(6, 2, 3)),
        "gyro_radps": rng.normal(size=(6, 2, 3)),
        "orientation_wxyz": quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True),
        "valid": np.array([False, True, True, True, True, False]),
        "kind": "virtual",
        "frame": "global",
        "with_gravity": False,
    }
    return ImuRecording(**(values | changes))


@pytest.mark.parametrize("kind", ["real", "virtual"])
@pytest.mark.parametrize("frame", ["sensor", "global"])
@pytest.mark.parametrize("with_gravity", [True, False])
def test_a_recording_comes_back_equal(tmp_path, kind, frame, with_gravity):
    sent = recording(kind=kind, frame=frame, with_gravity=with_gravity)
    path = tmp_path / "walk_imu.npz"
    write_imu_npz(path, sent, preset="physical", source="a/walk_poses.npz")
    back = read_imu_npz(path)
    for name in ("times_s", "acc_mps2", "gyro_radps", "orientation_wxyz", "valid"):
        assert np.array_equal(getattr(back, name), getattr(sent, name))
    assert (back.sensors, back.kind, back.frame) == (sent.sensors, kind, frame)
    assert back.with_gravity is with_gravity


def test_what_a_recording_lacks_it_lacks_in_the_file(tmp_path):
    write_imu_npz(tmp_path / "a.npz", recording(gyro_radps=None, orientation_wxyz=None))
    back = read_imu_npz(tmp_path / "a.npz")
    assert back.gyro_radps is None
    assert back.orientation_wxyz is None


def test_missing_samples_may_be_nan(tmp_path):
    acc = np.ones((6, 2, 3))
    acc[0] = np.nan
    write_imu_npz(tmp_path / "a.npz", recording(acc_mps2=acc))
    assert np.isnan(read_imu_npz(tmp_path / "a.npz").acc_mps2[0]).all()


def test_the_arrays_are_those_promised_and_load_without_pickle(tmp_path):
    path = tmp_path / "a.npz"
    source = Source("b/walk_poses.npz", "amass")
    write_imu_npz(path, recording(source=source), preset="physical")
    with np.load(path, allow_pickle=False) as plain:
        shapes = {name: plain[name].shape for name in plain.files}
        assert plain["sites"].tolist() == ["left_wrist", "head"]
        assert str(plain["preset"]) == "physical"
        assert str(plain["source"]) == "b/walk_poses.npz"
        assert plain["valid"].dtype == bool
    assert shapes == {
        "time_s": (6,), "sites": (2,), "acc_mps2": (6, 2, 3), "gyro_radps": (6, 2, 3),
        "orientation_wxyz": (6, 2, 4), "valid": (6,), "preset": (), "source": (),
        "kind": (), "frame": (), "with_gravity": (),
    }  # fmt: skip


def test_the_bare_minimum_is_a_real_recording_of_specific_force(saved):
    path = saved({"time_s": [0, 0.1], "sites": ["w"], "acc_mps2": np.ones((2, 1, 3))}, "x.npz")
    back = read_imu_npz(path)
    assert (back.kind, back.frame, back.with_gravity) == ("real", "sensor", True)
    assert back.valid_mask.all()


def test_a_preset_without_further_word_tells_what_the_signals_are(saved):
    arrays = {"time_s": [0, 0.1], "sites": ["w"], "acc_mps2": np.ones((2, 1, 3))}
    paper = read_imu_npz(saved(arrays | {"preset": np.array("paper")}))
    assert (paper.kind, paper.frame, paper.with_gravity) == ("virtual", "global", False)
    physical = read_imu_npz(saved(arrays | {"preset": np.array("physical")}))
    assert (physical.kind, physical.frame, physical.with_gravity) == ("virtual", "sensor", True)


def test_probing_tells_what_reading_gives(tmp_path):
    path = tmp_path / "Walk_imu.npz"
    write_imu_npz(path, recording())
    info = probe(path)
    assert (info.kind, info.frames, info.sensors) == ("recording", 6, ("left_wrist", "head"))
    assert info.rate_hz == pytest.approx(60)
    assert info.duration_s == pytest.approx(0.1)
    assert info.pair_key == "walk"
    assert reader_for(path) is READER


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sites": None}, "no sites"),
        ({"time_s": np.zeros(0), "acc_mps2": np.zeros((0, 1, 3))}, "time_s has shape"),
        ({"acc_mps2": np.ones((3, 1, 3))}, r"acc_mps2 has shape \(3, 1, 3\), expected \(2, 1, 3\)"),
        ({"gyro_radps": np.ones((2, 1, 2))}, "gyro_radps has shape"),
        ({"valid": np.ones(3, bool)}, r"expected \(2,\)"),
        ({"valid": np.array(["a", "b"])}, "valid is <U1"),
        ({"with_gravity": np.array("no")}, "expected a flag"),
        ({"time_s": [0.1, 0.0]}, "increas"),
        ({"time_s": [0.0, np.nan]}, ""),
        ({"acc_mps2": np.full((2, 1, 3), np.nan)}, "acc_mps2"),
        ({"kind": np.array("imagined")}, "kind 'imagined'"),
        ({"sites": ["w", "w"], "acc_mps2": np.ones((2, 2, 3))}, "share a name"),
    ],
)
def test_what_does_not_fit_is_refused(saved, changes, reason):
    arrays = {"time_s": [0, 0.1], "sites": ["w"], "acc_mps2": np.ones((2, 1, 3))} | changes
    path = saved({name: a for name, a in arrays.items() if a is not None}, "x.npz")
    with pytest.raises(HarstudioError, match=rf"^x\.npz: .*{reason}"):
        read_imu_npz(path)


def test_cut_and_flipped_files_are_read_or_refused(tmp_path, survives):
    path = tmp_path / "a_imu.npz"
    write_imu_npz(path, recording(), preset="physical")
    data = path.read_bytes()
    assert survives(READER, path)
    for percent in range(0, 100, 5):
        path.write_bytes(data[: len(data) * percent // 100])
        assert not survives(READER, path)
    for place in range(0, len(data), 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        survives(READER, path)


def test_a_failed_write_leaves_no_file(tmp_path: Path):
    with pytest.raises(HarstudioError, match="cannot be written"):
        write_imu_npz(tmp_path / "absent" / "a.npz", recording())
    assert not list(tmp_path.iterdir())


def test_a_note_lies_beside_the_arrays_and_changes_none(tmp_path: Path) -> None:
    plain, noted = tmp_path / "plain.npz", tmp_path / "noted.npz"
    write_imu_npz(plain, recording())
    write_imu_npz(noted, recording(), note="made of ü")
    assert (note_of(plain), note_of(noted)) == ("", "made of ü")
    assert read_imu_npz(noted).acc_mps2.tobytes() == read_imu_npz(plain).acc_mps2.tobytes()
    with np.load(plain) as one, np.load(noted) as other:
        assert one.files == other.files
    assert noted.read_bytes().startswith(plain.read_bytes()[:-2])


def test_what_is_no_archive_has_no_note(tmp_path: Path) -> None:
    assert note_of(tmp_path / "absent.npz") == ""
    (tmp_path / "text.npz").write_text("no zip")
    assert note_of(tmp_path / "text.npz") == ""
