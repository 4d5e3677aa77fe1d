"""Which reader a file is for, and readers from elsewhere."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.core.source import Source
from harstudio.io import registry
from harstudio.io.reader import FileInfo, Reader, bare_stem, pair_key

IMU_CSV = "time_s,acc_x,acc_y,acc_z\n0,0,0,9.8\n0.01,0,0,9.8\n"
PLUGIN = Reader(
    "thermal", "Thermometer", "recording", (".thermal",),
    lambda path: True, lambda path: FileInfo("recording", "thermal", 1, 1, 1), lambda path: None,
)  # fmt: skip
NO_READER = "not a reader"


def test_ids_are_unique_and_suffixes_lower_case():
    ids = [reader.id for reader in registry.READERS]
    assert len(set(ids)) == len(ids)
    assert {"amass", "utd_skeleton", "utd_inertial", "imu_npz", "imu_csv"} <= set(ids)
    assert all(s == s.lower() and s.startswith(".") for r in registry.READERS for s in r.suffixes)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("walk_poses.npz", "walk"),
        ("Walk_imu.npz", "walk"),
        ("walk_stageii.npz", "walk"),
        ("walk_imu.csv", "walk"),
        ("walk.csv", "walk"),
        ("a1_s1_t1_inertial.mat", "a1_s1_t1"),
        ("a1_s1_t1_skeleton.mat", "a1_s1_t1"),
        ("fast walk poses.npz", "fast walk"),
        ("poses.npz", "poses"),
        ("imu_test_poses.npz", "imu_test"),
    ],
)
def test_files_of_one_take_share_a_key(name, key):
    assert pair_key(Path(name)) == key


def test_the_bare_stem_keeps_its_case():
    assert bare_stem(Path("d/Walk_poses.npz")) == "Walk"


def test_a_file_that_nobody_reads_is_refused_with_what_is_known(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    assert registry.reader_for(path) is None
    with pytest.raises(HarstudioError, match=r"notes\.txt: no reader .*AMASS motion"):
        registry.probe(path)


def test_suffixes_are_taken_in_any_case(tmp_path):
    path = tmp_path / "A.CSV"
    path.write_text(IMU_CSV)
    assert registry.probe(path).format == "imu_csv"


def test_an_unknown_reader_is_named():
    with pytest.raises(HarstudioError, match=r"no reader 'c3d'.*amass"):
        registry.reader_by_id("c3d")


def test_sources_are_read_relative_to_the_project(amass_arrays, tmp_path):
    (tmp_path / "motions").mkdir()
    np.savez(tmp_path / "motions" / "w_poses.npz", **amass_arrays())
    (tmp_path / "w.csv").write_text(IMU_CSV)
    motion_source = Source("motions/w_poses.npz", "amass", "0123")
    csv_source = Source((tmp_path / "w.csv").as_posix(), "")
    motion = registry.read_motion(motion_source, tmp_path)
    assert motion.frames == 5
    assert motion.source is motion_source
    assert registry.read_recording(csv_source, Path("elsewhere")).samples == 2
    with pytest.raises(HarstudioError, match=r"w\.csv: holds sensor signals, expected a motion"):
        registry.read_motion(csv_source, tmp_path)
    with pytest.raises(HarstudioError, match="holds a motion, expected sensor signals"):
        registry.read_recording(motion_source, tmp_path)
    with pytest.raises(HarstudioError, match=r"gone\.npz: no such file"):
        registry.read_motion(Source("gone.npz", "amass"), tmp_path)


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, registry.ENTRY_POINT_GROUP)


@pytest.fixture
def plugin_module(monkeypatch):
    monkeypatch.setitem(sys.modules, "some_plugin", sys.modules[__name__])
    return "some_plugin"


def test_a_plugin_adds_its_reader(plugin_module):
    assert registry.loaded_plugins([point("t", f"{plugin_module}:PLUGIN")]) == ((PLUGIN,), ())


def test_a_broken_plugin_is_reported_and_the_rest_goes_on(plugin_module, caplog):
    points = [
        point("broken", "no_such_module_at_all:X"),
        point("odd", f"{plugin_module}:NO_READER"),
        point("good", f"{plugin_module}:PLUGIN"),
        point("again", f"{plugin_module}:PLUGIN"),
    ]
    found, faults = registry.loaded_plugins(points)
    assert found == (PLUGIN,)
    assert [fault.split(":")[0] for fault in faults] == [
        "reader plugin 'broken'", "reader plugin 'odd'", "reader plugin 'again'",
    ]  # fmt: skip
    assert "ModuleNotFoundError" in caplog.text


def test_importing_the_readers_stays_light():
    code = (
        "import sys, harstudio.io.registry; "
        "print([m for m in ('torch', 'scipy.io', 'PySide6', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_real_file_of_a_known_format_probes(real_data):
    folders = ("amass_cmu", "utd_mhad")
    paths = [p for f in folders for p in sorted((real_data / f).rglob("*.*")) if p.suffix != ".csv"]
    infos = [registry.probe(path) for path in paths]
    assert {info.format for info in infos} == {"amass", "utd_inertial", "utd_skeleton"}
    assert all(info.frames > 1 and 0.5 < info.duration_s < 300 for info in infos)
