"""Whole libraries: on several workers, on a cluster, broken off and gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import sleep
from typing import Any

import joblib
import numpy as np
import pytest
from threadpoolctl import threadpool_info

from harstudio import cli
from harstudio.body.sites import layout_of
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Progress, finished
from harstudio.imu.simulate import SimulationOptions
from harstudio.io.imu_npz import note_of
from harstudio.workflows import simulating
from harstudio.workflows.parallel import ALL_CORES, Batches, dask_cluster
from harstudio.workflows.simulating import Simulated, simulate_folder
from tests.workflows.making import write_moving

LAYOUT = layout_of(("left_wrist", "head"))
OPTIONS = SimulationOptions()


def simulated(folder: Path, out: Path, **how: Any) -> Simulated:
    given = {"layout": LAYOUT, "options": OPTIONS, **how}
    return finished(simulate_folder(folder, out, **given))


def contents(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def motions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six motions, one broken file, one that is no motion."""
    folder = tmp_path_factory.mktemp("library")
    for number in range(6):
        activity = ("waving", "shaking")[number % 2]
        write_moving(folder / f"s{number % 3}/take{number}_poses.npz", activity, 1.0, number)
    (folder / "broken_poses.npz").write_bytes(b"PK\x03\x04 no more")
    np.savez(folder / "s0/shape.npz", betas=np.zeros(16))
    return folder


@pytest.fixture(scope="module")
def alone(motions: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one process makes of them."""
    out = tmp_path_factory.mktemp("alone")
    simulated(motions, out)
    return contents(out)


# Side by side


@pytest.mark.parametrize("backend", ["threading", "loky", "multiprocessing"])
def test_every_backend_makes_the_same_bytes_and_the_same_index(
    motions: Path, alone: dict[str, bytes], tmp_path: Path, backend: str
) -> None:
    with joblib.parallel_config(backend=backend):
        done = simulated(motions, tmp_path / "out", jobs=2)
    assert contents(tmp_path / "out") == alone
    assert (done.done, done.failed, len(done.rows), done.kept) == (6, 1, 8, 0)


def test_a_dask_cluster_makes_the_same_bytes(
    motions: Path, alone: dict[str, bytes], tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    cluster = distributed.LocalCluster(
        processes=True, n_workers=2, threads_per_worker=1, dashboard_address=None
    )
    steps: list[Progress] = []
    with cluster, dask_cluster(cluster.scheduler_address):
        job = simulate_folder(motions, tmp_path / "out", LAYOUT, OPTIONS, jobs=ALL_CORES)
        finished(job, steps.append)
    assert contents(tmp_path / "out") == alone
    counts = [step.done for step in steps]
    assert counts == sorted(counts)
    assert len(set(counts)) > 4  # it tells as it goes


def test_a_dask_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")

    def refuses(address: str, timeout: float) -> None:
        raise OSError(f"timed out trying to connect to {address} after {timeout} s")

    monkeypatch.setattr(distributed, "Client", refuses)
    with (
        pytest.raises(HarstudioError, match="no Dask scheduler answers at tcp:"),
        dask_cluster("tcp://127.0.0.1:9"),
    ):
        pass


def test_without_dask_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(HarstudioError, match="pip install distributed"), dask_cluster("tcp://x:1"):
        pass


def test_a_small_folder_is_not_worth_other_processes(
    motions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulating, "Batches", None)  # would fail if it were used
    assert simulated(motions, tmp_path / "out", jobs=None).done == 6
    monkeypatch.setattr(simulating, "_MANY_FILES", 8)
    with pytest.raises(TypeError, match="not callable"):
        simulated(motions, tmp_path / "other", jobs=None)


def test_workers_keep_their_linear_algebra_to_one_thread() -> None:
    batches = Batches(threads_in_use, [0, 1], 2)
    pools = [pool for part in batches for result in part for pool in result]
    assert pools
    assert {threads for _, threads in pools} == {1}
    assert os.getpid() not in {process for process, _ in pools}


def threads_in_use(_: int) -> list[tuple[int, int]]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return [(os.getpid(), pool["num_threads"]) for pool in threadpool_info()]


def test_the_command_tells_what_was_up_to_date(
    motions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["simulate", str(motions), "--sites", "left_wrist,head", "-o", str(tmp_path / "out")]
    with joblib.parallel_config(backend="threading"):
        assert cli.main([*command, "--jobs", "2"]) == 0
    assert capsys.readouterr().out.startswith("6 motions, 360 frames in ")
    assert cli.main(command) == 0
    assert capsys.readouterr().out.startswith("6 motions (6 up to date), 360 frames in ")
    assert cli.main([*command, "--again"]) == 0
    assert capsys.readouterr().out.startswith("6 motions, 360 frames in ")
    assert cli.main([*command, "--jobs", "0"]) == 1
    assert "--jobs: got 0, expected at least 1" in capsys.readouterr().err


# Broken off


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_closing_midway_leaves_whole_files_and_an_index_of_just_them(
    motions: Path, alone: dict[str, bytes], tmp_path: Path, backend: str
) -> None:
    out = tmp_path / "out"
    with joblib.parallel_config(backend=backend):
        job = simulate_folder(motions, out, LAYOUT, OPTIONS, jobs=2)
        while next(job).done < 1:
            pass
        job.close()
    made = contents(out)
    index = made.pop("index.csv").decode().splitlines()[1:]
    assert 0 < len(index) <= 8  # what was begun is done; a quick machine may have begun all
    assert {row.split(",")[0] for row in index if ",ok," in row} == set(made)
    assert all(alone[name] == content for name, content in made.items())
    done = simulated(motions, out, jobs=1)
    assert contents(out) == alone
    assert done.kept == len(made)


def test_an_interrupt_while_workers_write_leaves_an_index_of_every_whole_file(
    motions: Path, alone: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(Batches[Any]):
        """Ends as joblib's stream does: what came in has been written, and no row comes."""

        def __iter__(self) -> Any:
            for _ in super().__iter__():
                pass
            raise KeyboardInterrupt

    monkeypatch.setattr(simulating, "Batches", Interrupted)
    with joblib.parallel_config(backend="threading"), pytest.raises(KeyboardInterrupt):
        simulated(motions, tmp_path / "out", jobs=2)
    made = contents(tmp_path / "out")
    index = made.pop("index.csv").decode().splitlines()[1:]
    assert len(made) == 6
    assert {row.split(",")[0] for row in index} == set(made)
    whole = alone["index.csv"].decode().splitlines()[1:]
    assert index == [row for row in whole if ",ok," in row]


@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are POSIX")
def test_sigterm_ends_the_workers_and_leaves_an_index_of_every_file(
    motions: Path, tmp_path: Path
) -> None:
    many, out = tmp_path / "many", tmp_path / "out"
    many.mkdir()
    source = (motions / "s0/take0_poses.npz").read_bytes()
    for number in range(400):
        (many / f"m{number:03}_poses.npz").write_bytes(source)
    command = [sys.executable, "-m", "harstudio.cli", "simulate", str(many)]
    command += ["--sites", "left_wrist", "--jobs", "2", "-o", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    try:
        for _ in range(600):
            if len(list(out.glob("*.npz"))) > 20 or process.poll() is not None:
                break
            sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 130, told
        assert b"interrupted" in told
        written = {path.name for path in out.glob("*.npz")}
        rows = (out / "index.csv").read_text().splitlines()[1:]
        assert 20 < len(written) < 400
        assert {row.split(",")[0] for row in rows} == written
        for _ in range(100):  # the session is empty once the last worker is gone
            if not group_lives(process.pid):
                break
            sleep(0.05)
        assert not group_lives(process.pid)
    finally:
        if group_lives(process.pid):
            os.killpg(process.pid, signal.SIGKILL)


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_stopping_batches_ends_them_with_those_begun() -> None:
    with joblib.parallel_config(backend="threading"):
        batches = Batches(slow, list(range(1000)), 2)
        first = next(iter(batches))
        batches.stop()
        rest = [number for part in batches for number in part]
    assert len(first) == 8
    assert len(rest) <= 8 * 5
    assert len({*first, *rest}) == len(first) + len(rest)


def slow(number: int) -> int:
    sleep(0.002)
    return number


def test_killed_in_the_middle_of_writing_it_can_be_gone_on_with(
    motions: Path, alone: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from harstudio.io import imu_npz\n"
        "from harstudio import cli\n"
        "real, count = imu_npz._append_comment, []\n"
        "def dies(file, comment):\n"
        "    count.append(1)\n"
        "    os._exit(9) if len(count) == 3 else real(file, comment)\n"
        "imu_npz._append_comment = dies\n"
        "cli.main(['simulate', sys.argv[1], '--sites', 'left_wrist,head', '-o', sys.argv[2]])\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(motions), str(out)], check=False)
    assert ended.returncode == 9
    whole = {n: c for n, c in contents(out).items() if not n.endswith(".part")}
    assert len(whole) == 2
    assert simulated(motions, out).kept == 2
    left = {n: c for n, c in contents(out).items() if not n.endswith(".part")}
    assert left == alone


# Gone on with


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    write_moving(folder / "a_poses.npz", "waving", 1.0)
    write_moving(folder / "b_poses.npz", "shaking", 1.0)
    return folder


def times_of(out: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in out.glob("*.npz")}


def test_what_is_up_to_date_is_left_alone_and_the_index_is_complete(
    library: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = simulated(library, out)
    index, times = (out / "index.csv").read_bytes(), times_of(out)
    (out / "index.csv").unlink()
    second = simulated(library, out)
    assert (out / "index.csv").read_bytes() == index
    assert times_of(out) == times
    assert (first.kept, second.kept) == (0, 2)
    assert (second.rows, second.frames) == (first.rows, first.frames)


def test_only_a_changed_motion_is_simulated_again(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    simulated(library, out)
    before = times_of(out)
    write_moving(library / "a_poses.npz", "waving", 2.0)
    assert simulated(library, out).kept == 1
    after = times_of(out)
    assert after["a_poses.npz"] > before["a_poses.npz"]
    assert after["b_poses.npz"] == before["b_poses.npz"]
    with np.load(out / "a_poses.npz") as arrays:
        assert len(arrays["time_s"]) == 120


@pytest.mark.parametrize(
    "change",
    [
        {"options": SimulationOptions(rate_hz=50.0)},
        {"options": SimulationOptions(preset="paper")},
        {"layout": layout_of(("left_wrist", "right_thigh"))},
        {"again": True},
    ],
)
def test_other_options_or_sensors_mean_another_simulation(
    library: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    out = tmp_path / "out"
    simulated(library, out)
    assert simulated(library, out, **change).kept == 0
    assert simulated(library, out, **{**change, "again": False}).kept == 2


def test_a_new_version_simulates_again(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated(library, tmp_path / "out")
    monkeypatch.setattr("harstudio.__version__", "99.0")
    assert simulated(library, tmp_path / "out").kept == 0


def test_another_body_means_another_simulation(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harstudio.resources import path

    bodies = tmp_path / "bodies.npz"
    bodies.write_bytes(path("body/openbody_smpl.npz").read_bytes())
    simulated(library, tmp_path / "out")
    assert simulated(library, tmp_path / "out", body_path=bodies).kept == 0
    assert simulated(library, tmp_path / "out", body_path=bodies).kept == 2


def test_a_damaged_result_is_not_taken_for_one(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    simulated(library, out)
    whole = (out / "a_poses.npz").read_bytes()
    (out / "a_poses.npz").write_bytes(whole[:-1])  # the note is cut
    done = simulated(library, out)
    assert (done.done, done.kept) == (2, 1)
    assert (out / "a_poses.npz").read_bytes() == whole


def test_a_result_of_another_motion_is_not_taken_for_one(library: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    simulated(library, out)
    (out / "b_poses.npz").write_bytes((out / "a_poses.npz").read_bytes())
    done = simulated(library, out)
    assert (done.kept, done.done) == (1, 2)
    assert '"b_poses.npz"' in note_of(out / "b_poses.npz")


def test_a_failed_motion_is_tried_again(library: Path, tmp_path: Path) -> None:
    whole = (library / "a_poses.npz").read_bytes()
    (library / "a_poses.npz").write_bytes(whole[:300])
    assert simulated(library, tmp_path / "out").failed == 1
    (library / "a_poses.npz").write_bytes(whole)
    done = simulated(library, tmp_path / "out")
    assert (done.done, done.kept, done.failed) == (2, 1, 0)
