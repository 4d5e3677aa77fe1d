"""Jobs in child processes: they report, end, fail, crash and can be cancelled."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.gui.job_bar import JobBar
from harstudio.gui.worker import JobCentre

_WAIT_MS = 30_000


def counting(upto: int) -> Job[int]:
    for i in range(upto):
        yield Progress(i, upto, f"at {i}", {"epoch": i})
    return upto


def refusing() -> Job[None]:
    yield Progress(0, 1)
    raise HarstudioError("trial3.csv: acc has 2 columns, expected 3", "add one")


def breaking() -> Job[None]:
    yield Progress(0, 1)
    raise ZeroDivisionError("a fault of ours")


def dying() -> Job[None]:
    yield Progress(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)


def tidy(folder: Path) -> Job[None]:
    (folder / "half").write_text("")
    try:
        while True:
            yield Progress(0, 0, "working")
            time.sleep(0.02)
    finally:
        (folder / "half").unlink()


@pytest.fixture
def jobs(qapp: object) -> Iterator[JobCentre]:
    centre = JobCentre()
    yield centre
    centre.cancel_all()


def test_a_job_reports_and_returns(qtbot: QtBot, jobs: JobCentre) -> None:
    results: list[int] = []
    seen: list[Progress] = []
    run = jobs.start("count", counting, 5, on_done=results.append, on_progress=seen.append)
    qtbot.waitSignal(run.finished, timeout=_WAIT_MS).wait()
    qtbot.waitUntil(lambda: not jobs.running)
    assert results == [5]
    assert [p.message for p in seen] == [f"at {i}" for i in range(5)]
    assert seen[3].values["epoch"] == 3


def test_an_expected_failure_arrives_as_its_sentence(qtbot: QtBot, jobs: JobCentre) -> None:
    with qtbot.waitSignal(jobs.failed, timeout=_WAIT_MS) as caught:
        jobs.start("refuse", refusing)
    assert caught.args == ["trial3.csv: acc has 2 columns, expected 3 (add one)", ""]


def test_a_fault_arrives_with_its_traceback(qtbot: QtBot, jobs: JobCentre) -> None:
    with qtbot.waitSignal(jobs.failed, timeout=_WAIT_MS) as caught:
        jobs.start("break", breaking)
    reason, details = caught.args
    assert "a fault of ours" in reason
    assert "in breaking" in details


@pytest.mark.skipif(os.name == "nt", reason="signals of this kind are POSIX")
def test_a_child_that_dies_is_a_failed_job(qtbot: QtBot, jobs: JobCentre) -> None:
    with qtbot.waitSignal(jobs.failed, timeout=_WAIT_MS) as caught:
        jobs.start("die", dying)
    reason, details = caught.args
    assert reason == "die failed: its process was killed, by somebody or because the memory ran out"
    assert details == ""  # nothing to unfold in the one message


def test_cancelling_lets_the_job_tidy_up(qtbot: QtBot, jobs: JobCentre, tmp_path: Path) -> None:
    run = jobs.start("tidy", tidy, tmp_path)
    qtbot.waitUntil(lambda: (tmp_path / "half").exists(), timeout=_WAIT_MS)
    with qtbot.waitSignal(run.cancelled, timeout=_WAIT_MS):
        run.cancel()
    assert not (tmp_path / "half").exists()


def stubborn(folder: Path) -> Job[None]:
    (folder / str(os.getpid())).write_text("")
    while True:
        try:
            yield Progress(0, 0, "working")
            time.sleep(60)
        finally:
            time.sleep(60)


def test_closing_waits_a_moment_for_all_jobs_together_and_then_kills_them(
    qtbot: QtBot, jobs: JobCentre, tmp_path: Path
) -> None:
    runs = [jobs.start("stubborn", stubborn, tmp_path) for _ in range(2)]
    qtbot.waitUntil(lambda: len(list(tmp_path.iterdir())) == 2, timeout=_WAIT_MS)
    start = time.monotonic()
    jobs.cancel_all()
    took = time.monotonic() - start
    assert 1.0 < took < 3.0
    qtbot.waitUntil(lambda: not jobs.running, timeout=_WAIT_MS)
    assert not any(run._thread.is_alive() for run in runs)
    if os.name != "nt":
        for path in tmp_path.iterdir():
            with pytest.raises(ProcessLookupError):
                os.kill(int(path.name), 0)


def test_the_bar_is_there_only_while_something_runs(qtbot: QtBot, jobs: JobCentre) -> None:
    bar = JobBar(jobs)
    qtbot.addWidget(bar)
    assert bar.isHidden()
    run = jobs.start("count", counting, 3)
    assert not bar.isHidden()
    qtbot.waitSignal(run.finished, timeout=_WAIT_MS).wait()
    qtbot.waitUntil(bar.isHidden)
