"""Runs in a list: how they stand, what they are called, in what they differ, and deleting them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import finished
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.fit.training import train
from harstudio.learn.runs.folder import CONFIG, REPORT, RunFolder, RunWriter, list_runs
from harstudio.learn.runs.listing import (
    TRASH,
    Difference,
    delete_run,
    differences,
    restore_run,
    run_bytes,
    run_differences,
    trash_run,
)
from harstudio.learn.runs.state import LOCK, STATE, RunLock, is_locked, reason_of

MakeConfig = Callable[..., TrainingConfig]
PLAIN = st.dictionaries(st.text("abc", min_size=1), st.integers() | st.text() | st.booleans())


@pytest.fixture
def run(windows: WindowSet, make_config: MakeConfig, tmp_path: Path) -> RunFolder:
    path = tmp_path / "runs" / "forest"
    finished(train(windows, make_config(model="random_forest"), path))
    return RunFolder(path)


# -- how a run stands --------------------------------------------------------------------


def test_a_run_is_running_while_it_is_written_and_finished_after(
    windows: WindowSet, make_config: MakeConfig, tmp_path: Path
) -> None:
    job = train(windows, make_config(model="random_forest", trees=60), tmp_path / "run")
    next(p for p in job if "epoch" in p.values)
    run = RunFolder(tmp_path / "run")
    assert run.state.state == "running"
    assert run.state.started_utc
    summary = finished(job)
    state = run.state
    assert (state.state, state.reason) == ("finished", "")
    assert state.seconds == summary.seconds > 0
    assert state.started_utc <= state.ended_utc
    assert not (run.path / LOCK).exists()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 8 GB"), "out of memory"),
        (RuntimeError("CUDA out of memory. Tried"), "out of memory"),
        (HarstudioError("no sensor", "choose one"), "no sensor (choose one)"),
        (ValueError("first\nsecond"), "ValueError: first"),
        (ValueError(), "ValueError"),
    ],
)
def test_a_run_that_fails_says_why(error: Exception, reason: str, tmp_path: Path) -> None:
    with pytest.raises(type(error)), RunWriter(tmp_path / "run") as writer:  # noqa: PT012
        writer.about("training", {})
        raise error
    state = RunFolder(tmp_path / "run").state
    assert state.state == "failed"
    assert state.reason.startswith(reason)
    assert reason_of(error).startswith(reason)
    assert list_runs(tmp_path)[0].state == state


def test_a_run_of_an_earlier_version_is_told_by_its_report(run: RunFolder) -> None:
    (run.path / STATE).unlink()
    assert run.state.state == "finished"
    (run.path / REPORT).unlink()
    assert run.state.state == "failed"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"state": "flying"}', '{"state": 3}'])
def test_a_damaged_state_is_never_an_error(run: RunFolder, text: str) -> None:
    (run.path / STATE).write_text(text)
    assert run.state.state == "finished"
    (run.path / REPORT).unlink()
    assert run.state.state == "failed"


def test_two_processes_cannot_work_on_one_run(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    lock.take()
    assert is_locked(tmp_path)
    lock.give_back()
    lock.give_back()
    assert not is_locked(tmp_path)
    assert list(tmp_path.iterdir()) == []


# -- what a person says of it ------------------------------------------------------------


def test_names_and_notes_are_kept_beside_the_run(run: RunFolder) -> None:
    assert (run.title, run.notes) == ("forest", "")
    run.note(notes="the wrist alone\nworks well")
    run.note(name="Wälder")
    assert (run.title, run.notes, run.name) == ("Wälder", "the wrist alone\nworks well", "forest")
    run.note(name="")
    assert (run.title, run.notes) == ("forest", "the wrist alone\nworks well")
    (run.path / "notes.json").write_text("{broken")
    assert (run.title, run.notes) == ("forest", "")


# -- differences -------------------------------------------------------------------------


def test_runs_differ_in_what_was_chosen(
    run: RunFolder, windows: WindowSet, make_config: MakeConfig
) -> None:
    other = run.path.parent / "other"
    finished(train(windows, make_config(model="random_forest", trees=9, seed=4), other))
    found = {d.name: (d.first, d.second) for d in run_differences(run, RunFolder(other))}
    assert found.pop("split_sha256")
    assert found == {"trees": (12, 9), "seed": (3, 4)}
    assert run_differences(run, run) == ()


@given(PLAIN, PLAIN)
def test_differences_turn_one_configuration_into_the_other(
    first: dict[str, object], second: dict[str, object]
) -> None:
    found = differences(first, second)
    assert differences(first, first) == ()
    assert {(d.name, d.second, d.first) for d in found} == {
        (d.name, d.first, d.second) for d in differences(second, first)
    }
    changed = {d.name for d in found}
    assert {n for n in (*first, *second) if first.get(n) != second.get(n)} == changed


def test_nested_entries_are_named_by_their_way() -> None:
    assert differences({"a": {"b": 1, "c": [1]}}, {"a": {"b": 2, "c": [1]}}) == (
        Difference("a.b", 1, 2),
    )


# -- deleting ----------------------------------------------------------------------------


def test_a_trashed_run_can_be_taken_back(run: RunFolder) -> None:
    runs, whole = run.path.parent, run.report().to_json()
    before = {path.name for path in run.path.iterdir()}
    place = trash_run(run, runs)
    assert list_runs(runs) == ()
    assert place.parent == runs / TRASH
    back = restore_run(place)
    assert back.path == run.path
    assert {path.name for path in back.path.iterdir()} == before
    assert back.report().to_json() == whole


def test_a_trashed_run_never_takes_anothers_place(run: RunFolder) -> None:
    runs = run.path.parent
    place = trash_run(run, runs)
    RunWriter(runs / "forest").about("training", {})
    assert restore_run(place).path.name == "forest-2"
    again = [trash_run(RunFolder(runs / name), runs).name for name in ("forest", "forest-2")]
    assert again == ["forest", "forest-2"]


def test_deleting_for_good_removes_the_run_and_nothing_else(run: RunFolder) -> None:
    runs = run.path.parent
    (runs / "keep.txt").write_text("mine")
    assert run_bytes(run) == sum(path.stat().st_size for path in run.path.iterdir())
    delete_run(run, runs)
    assert [path.name for path in runs.iterdir()] == ["keep.txt"]


@pytest.mark.parametrize("remove", [delete_run, trash_run])
def test_what_is_no_run_of_this_folder_is_never_removed(
    remove: Callable[[RunFolder, Path], object], run: RunFolder, tmp_path: Path
) -> None:
    runs = run.path.parent
    (runs / "pictures").mkdir()
    (runs / "pictures" / "cat.png").write_bytes(b"")
    (runs / "link").symlink_to(run.path)
    cases = (tmp_path, runs, runs / "pictures", runs / "missing", runs / "link", run.path / "..")
    for path in cases:
        with pytest.raises(HarstudioError):
            remove(RunFolder(path), runs)
    with pytest.raises(HarstudioError, match="not a folder in"):
        remove(run, tmp_path)
    assert (runs / "pictures" / "cat.png").exists()
    assert run.finished


def test_a_run_that_is_going_on_is_not_removed(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run")
    writer.about("training", {})
    with pytest.raises(HarstudioError, match="is being trained"):
        delete_run(RunFolder(tmp_path / "run"), tmp_path)
    writer.close()
    assert json.loads((tmp_path / "run" / CONFIG).read_text())["kind"] == "training"
    delete_run(RunFolder(tmp_path / "run"), tmp_path)
