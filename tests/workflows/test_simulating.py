from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from harstudio.body.sites import layout_of
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import SensorLayout
from harstudio.core.jobs import finished
from harstudio.imu.simulate import SimulationOptions
from harstudio.workflows import simulating
from harstudio.workflows.simulating import Simulated, simulate_folder
from tests.workflows.making import write_moving

LAYOUT = layout_of(("left_wrist", "right_thigh", "head"))
OPTIONS = SimulationOptions(rate_hz=60.0)


def simulated(folder: Path, out: Path, preset: str = "physical") -> Simulated:
    return finished(simulate_folder(folder, out, LAYOUT, SimulationOptions(preset=preset)))


def index_of(out: Path) -> dict[str, dict[str, str]]:
    with (out / "index.csv").open(newline="", encoding="utf-8") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


@pytest.fixture
def motions(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    write_moving(folder / "a_poses.npz", "waving", 1.0)
    write_moving(folder / "deep/er/b_poses.npz", "shaking", 2.0)
    return folder


@pytest.mark.parametrize("preset", ["physical", "paper"])
def test_every_motion_becomes_a_file_of_the_stated_layout(
    motions: Path, tmp_path: Path, preset: str
) -> None:
    out = tmp_path / "out"
    simulated(motions, out, preset)
    with np.load(out / "deep/er/b_poses.npz", allow_pickle=False) as held:
        arrays = dict(held)
    frames = 120
    assert {name: arrays[name].shape for name in arrays} == {
        "time_s": (frames,),
        "sites": (3,),
        "acc_mps2": (frames, 3, 3),
        "gyro_radps": (frames, 3, 3),
        "orientation_wxyz": (frames, 3, 4),
        "valid": (frames,),
        "preset": (),
        "source": (),
        "kind": (),
        "frame": (),
        "with_gravity": (),
    }
    assert arrays["sites"].tolist() == ["left_wrist", "right_thigh", "head"]
    assert (str(arrays["preset"]), str(arrays["source"])) == (preset, "deep/er/b_poses.npz")
    np.testing.assert_allclose(np.diff(arrays["time_s"]), 1 / 60)
    assert arrays["valid"].dtype == bool
    assert np.isfinite(arrays["acc_mps2"][arrays["valid"]]).all()
    np.testing.assert_allclose(np.linalg.norm(arrays["orientation_wxyz"], axis=-1), 1.0)


def test_the_index_tells_what_became_of_every_file(motions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    np.savez(motions / "shape.npz", betas=np.zeros(16))
    (motions / "broken.npz").write_bytes((motions / "a_poses.npz").read_bytes()[:500])
    np.savez(
        motions / "nan_poses.npz",
        poses=np.full((30, 156), np.nan), trans=np.zeros((30, 3)),
        mocap_framerate=np.array(60.0),
    )  # fmt: skip
    done = simulated(motions, out)
    assert (out / "index.csv").read_text().splitlines()[
        0
    ] == "path,frames,rate,seconds,status,reason"
    rows = index_of(out)
    assert {path: row["status"] for path, row in rows.items()} == {
        "a_poses.npz": "ok",
        "broken.npz": "failed",
        "deep/er/b_poses.npz": "ok",
        "nan_poses.npz": "failed",
        "shape.npz": "skipped",
    }
    ok = rows["deep/er/b_poses.npz"]
    assert (ok["frames"], float(ok["rate"]), float(ok["seconds"])) == ("120", 60.0, 2.0)
    assert ok["reason"] == ""
    assert "nan at frame 0" in rows["nan_poses.npz"]["reason"]
    assert "shape" in rows["shape.npz"]["reason"]
    assert (done.done, done.failed, done.frames) == (2, 2, 180)
    assert not (out / "nan_poses.npz").exists()


def test_a_fault_of_any_kind_costs_one_file(
    motions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = simulating.simulate_motion

    def fails(shaped, motion, layout, options):  # type: ignore[no-untyped-def]
        if motion.frames == 60:
            raise MemoryError
        return real(shaped, motion, layout, options)

    monkeypatch.setattr(simulating, "simulate_motion", fails)
    simulated(motions, tmp_path / "out")
    rows = index_of(tmp_path / "out")
    assert rows["a_poses.npz"]["reason"] == "too large for this computer's memory"
    assert rows["deep/er/b_poses.npz"]["status"] == "ok"


def test_results_may_lie_below_the_motions_and_are_not_read_back(motions: Path) -> None:
    out = motions / "signals"
    first = {row.path for row in simulated(motions, out).rows}
    again = {row.path for row in simulated(motions, out).rows}
    assert first == again == {"a_poses.npz", "deep/er/b_poses.npz"}


def test_results_never_lie_among_the_motions(motions: Path) -> None:
    before = (motions / "a_poses.npz").read_bytes()
    with pytest.raises(HarstudioError, match="choose another folder"):
        simulated(motions, motions)
    assert (motions / "a_poses.npz").read_bytes() == before
    assert not (motions / "index.csv").exists()


def test_a_motion_is_never_overwritten_by_signals(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    write_moving(folder / "walk_poses.npz", "waving", 1.0)
    inner = write_moving(folder / "in/in/walk_poses.npz", "shaking", 1.0)
    outer = write_moving(folder / "in/walk_poses.npz", "shaking", 1.0)
    before = (inner.read_bytes(), outer.read_bytes())
    simulated(folder / "in", folder)  # data/in/in/walk -> data/in/walk, which is a motion
    assert (inner.read_bytes(), outer.read_bytes()) == before
    rows = index_of(folder)
    assert "would be overwritten" in rows["in/walk_poses.npz"]["reason"]
    assert "holds no simulated signals" in rows["walk_poses.npz"]["reason"]


def test_an_index_of_something_else_is_not_replaced(motions: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/index.csv").write_text("file,subject\nx,1\n")
    with pytest.raises(HarstudioError, match="is not an index of simulated signals"):
        simulated(motions, tmp_path / "out")
    assert (tmp_path / "out/index.csv").read_text() == "file,subject\nx,1\n"


def test_earlier_results_are_replaced(motions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    simulated(motions, out)
    write_moving(motions / "a_poses.npz", "waving", 3.0)
    simulated(motions, out)
    with np.load(out / "a_poses.npz") as arrays:
        assert len(arrays["time_s"]) == 180


def test_two_formats_of_one_name_do_not_overwrite_each_other(
    tmp_path: Path, real_data: Path
) -> None:
    folder = tmp_path / "in"
    write_moving(folder / "a1_s1_t1_skeleton.npz", "waving", 1.0)
    shutil.copy(real_data / "utd_mhad/Skeleton/a1_s1_t1_skeleton.mat", folder)
    done = simulated(folder, tmp_path / "out")
    assert done.done == 2
    for name, source in {
        "a1_s1_t1_skeleton.npz": "a1_s1_t1_skeleton.npz",
        "a1_s1_t1_skeleton.mat.npz": "a1_s1_t1_skeleton.mat",
    }.items():
        with np.load(tmp_path / "out" / name) as arrays:
            assert str(arrays["source"]) == source


def test_closing_midway_leaves_whole_files_and_an_index_of_them(
    motions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    job = simulate_folder(motions, out, LAYOUT, OPTIONS)
    while next(job).message != "deep/er/b_poses.npz":
        pass
    job.close()
    assert {p.name for p in out.rglob("*") if p.is_file()} == {"a_poses.npz", "index.csv"}
    assert list(index_of(out)) == ["a_poses.npz"]
    with np.load(out / "a_poses.npz") as arrays:
        assert len(arrays["time_s"]) == 60


def test_the_same_motions_give_the_same_bytes(motions: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        simulated(motions, tmp_path / name)
    files = [p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()]
    assert len(files) == 3
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_nothing_to_simulate_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(HarstudioError, match="no motion files found"):
        simulated(tmp_path / "in", tmp_path / "out")
    with pytest.raises(HarstudioError, match="no such folder"):
        simulated(tmp_path / "absent", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_sensors_are_an_error(motions: Path, tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match="name at least one site"):
        finished(simulate_folder(motions, tmp_path / "out", SensorLayout("none", ()), OPTIONS))


def test_a_file_in_place_of_the_output_folder_is_an_error(motions: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(HarstudioError, match="cannot be made"):
        simulated(motions, tmp_path / "out")


def test_a_missing_body_model_is_an_error(motions: Path, tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match="there is no such file"):
        finished(simulate_folder(motions, tmp_path / "o", LAYOUT, OPTIONS, tmp_path / "smpl.npz"))


def test_faster_movement_gives_stronger_signals(tmp_path: Path) -> None:
    for activity in ("waving", "shaking"):
        write_moving(tmp_path / f"in/{activity}_poses.npz", activity, 4.0, seed=1)
    simulated(tmp_path / "in", tmp_path / "out")
    spread = {}
    for activity in ("waving", "shaking"):
        with np.load(tmp_path / f"out/{activity}_poses.npz") as arrays:
            spread[activity] = arrays["acc_mps2"][arrays["valid"], 0].std()
    assert spread["shaking"] > 2 * spread["waving"]
