"""Jobs in a process of their own: everything travels, and every end is told."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from harstudio.body.sites import layout_of
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.imu.simulate import SimulationOptions
from harstudio.learn.config import TrainingConfig
from harstudio.workflows import child
from harstudio.workflows.aligning import align_clips
from harstudio.workflows.importing import import_folder
from harstudio.workflows.relinking import find_missing
from harstudio.workflows.simulating import simulate_folder
from harstudio.workflows.training import train_project
from tests.workflows.making import SENSORS, Study, write_moving

WAIT_S = 60.0


def counting(steps: int, trace: Path) -> Job[int]:
    """Counts; leaves a file when it is closed early."""
    try:
        for step in range(steps):
            yield Progress(step, steps)
    except GeneratorExit:
        trace.write_text("closed")
        raise
    return steps


def refused() -> Job[None]:
    yield Progress(0, 1)
    raise HarstudioError("trial3.csv: 2 columns, expected 3", "check the file")


def faulty() -> Job[float]:
    yield Progress(0, 1)
    return 1 / 0


def hungry() -> Job[None]:
    yield Progress(0, 1)
    raise MemoryError


def killed() -> Job[None]:
    yield Progress(0, 1)
    os.kill(os.getpid(), signal.SIGKILL)


def untransportable() -> Job[Any]:
    yield Progress(0, 1)
    return lambda: None


class FakePipe:
    """The child's end of a pipe, in this process."""

    def __init__(self, cancel_after: int = -1, gone_after: int = -1) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.cancel_after, self.gone_after = cancel_after, gone_after

    def send(self, message: tuple[str, Any]) -> None:
        if len(self.sent) == self.gone_after:
            raise BrokenPipeError
        self.sent.append(message)

    def poll(self) -> bool:
        return len(self.sent) == self.cancel_after

    def __enter__(self) -> FakePipe:
        return self

    def __exit__(self, *_: object) -> None:
        self.sent.append(("shut", None))


@pytest.fixture(autouse=True)
def _same_niceness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child.os, "nice", lambda by: 0, raising=False)


def served(pipe: FakePipe, function: Callable[..., Job[Any]], *arguments: Any) -> list[Any]:
    child.serve(pipe, function, arguments)  # type: ignore[arg-type]
    return pipe.sent


def test_progress_and_the_result_are_sent_in_order(tmp_path: Path) -> None:
    sent = served(FakePipe(), counting, 3, tmp_path / "trace")
    assert sent == [
        *((child.PROGRESS, Progress(step, 3)) for step in range(3)),
        (child.DONE, 3),
        ("shut", None),
    ]


def test_a_cancelled_job_is_closed_so_that_it_can_tidy_up(tmp_path: Path) -> None:
    sent = served(FakePipe(cancel_after=2), counting, 1000, tmp_path / "trace")
    assert [kind for kind, _ in sent] == [child.PROGRESS] * 2 + [child.CANCELLED, "shut"]
    assert (tmp_path / "trace").read_text() == "closed"


def test_a_job_whose_window_is_gone_is_closed_too(tmp_path: Path) -> None:
    served(FakePipe(gone_after=2), counting, 1000, tmp_path / "trace")
    assert (tmp_path / "trace").read_text() == "closed"


def test_an_expected_failure_comes_as_its_message() -> None:
    kind, message = served(FakePipe(), refused)[1]
    assert (kind, message) == (child.FAILED, "trial3.csv: 2 columns, expected 3 (check the file)")


def test_an_unexpected_failure_comes_with_its_traceback() -> None:
    kind, message = served(FakePipe(), faulty)[1]
    assert kind == child.CRASHED
    assert "ZeroDivisionError" in message
    assert "in faulty" in message


def test_running_out_of_memory_is_told_in_words() -> None:
    kind, message = served(FakePipe(), hungry)[1]
    assert kind == child.FAILED
    assert message.startswith("out of memory")


class Spawned:
    """A job in a real child process."""

    def __init__(self, function: Callable[..., Job[Any]], *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=child.serve, args=(theirs, function, arguments))
        self.process.start()
        theirs.close()

    def next(self) -> tuple[str, Any]:
        if not self.pipe.poll(WAIT_S):
            raise TimeoutError("the child process is silent")
        message: tuple[str, Any] = self.pipe.recv()
        return message

    def last(self) -> tuple[str, Any]:
        while True:
            kind, value = self.next()
            if kind != child.PROGRESS:
                self.process.join(WAIT_S)
                return kind, value


def test_a_result_that_cannot_travel_is_a_crash_with_its_reason() -> None:
    kind, message = Spawned(untransportable).last()
    assert kind == child.CRASHED
    assert "lambda" in message


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_a_killed_child_ends_the_pipe_and_says_by_what() -> None:
    job = Spawned(killed)
    assert job.next()[0] == child.PROGRESS
    with pytest.raises(EOFError):
        job.next()
    job.process.join(WAIT_S)
    assert job.process.exitcode == -signal.SIGKILL


def test_a_child_cancels_when_it_is_told_to(tmp_path: Path) -> None:
    job = Spawned(counting, 10**9, tmp_path / "trace")
    assert job.next()[0] == child.PROGRESS
    job.pipe.send(child.CANCEL)
    assert job.last() == (child.CANCELLED, None)
    assert (tmp_path / "trace").read_text() == "closed"
    assert job.process.exitcode == 0


def every_job(study: Study, project_folder: Path, runs: Path) -> Job[dict[str, Any]]:
    """All that a window starts, one after the other: one process instead of five."""
    project, folder = study.project, study.folder
    bare = project.without_clips(project.clips)
    forest = TrainingConfig(model="random_forest", sensors=SENSORS, trees=3)
    layout = layout_of(("head",))
    return {
        "import": (yield from import_folder(bare, folder, folder)),
        "align": (yield from align_clips(project, folder, (study.clip_id("p4_long"),))),
        "relink": (yield from find_missing(project, folder, folder)),
        "simulate": (
            yield from simulate_folder(
                project_folder, runs / "out", layout, SimulationOptions(rate_hz=60.0)
            )
        ),
        "train": (yield from train_project(project, folder, forest, runs / "run")),
    }


def test_every_jobs_arguments_and_result_travel(study: Study, tmp_path: Path) -> None:
    write_moving(tmp_path / "in/a_poses.npz", "waving", 1.0)
    kind, results = Spawned(every_job, study, tmp_path / "in", tmp_path).last()
    assert kind == child.DONE, results
    assert len(results["import"].clips) == len(study.project.clips)
    assert results["align"].fits[0][0] == "p4_long"
    assert results["relink"].missing == ()
    assert results["simulate"].done == 1
    assert results["train"].report.total > 0
    assert (tmp_path / "run" / "report.json").exists()
