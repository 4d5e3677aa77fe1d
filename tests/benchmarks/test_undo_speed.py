"""Thousands of steps of undo: the time of a step, and memory against keeping whole projects."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import pytest

from harstudio.body.sites import layout_of
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import Clip, Project
from harstudio.core.project_change import ProjectChange
from harstudio.core.source import Source
from harstudio.gui.session import Session

STEPS = 5000
CLIPS = 11_000
SEGMENTS = 300


def project() -> Project:
    """11,000 clips; the first has 20 minutes in 300 segments."""
    clips = [
        Clip(f"c{n}", f"clip {n}", SEGMENTS * 4.0, 60.0, motion=Source(f"{n}.npz", "amass"))
        for n in range(CLIPS)
    ]
    labels = (Segment(4.0 * n, 4.0 * n + 4.0, f"label {n % 7}") for n in range(SEGMENTS))
    clips[0] = clips[0].with_track(LabelTrack(tuple(labels)))
    return Project("large", layout_of(("head",))).with_clips(clips)


def edited(before: Project, step: int) -> Project:
    clip = before.clips["c0"]
    n = step % SEGMENTS
    start_s = 4.0 * n + 0.001 * (1 + step // SEGMENTS)
    return before.with_clips([clip.with_track(clip.labels.resize(n, start_s, 4.0 * n + 4.0))])


@pytest.fixture
def session(qapp: object, tmp_path: Path) -> Iterator[Session]:
    session = Session()
    session.create_project(tmp_path / "large.harstudio", project())
    yield session
    session.close()


def test_five_thousand_steps_back_and_forth(session: Session) -> None:
    """A step back or forth costs what the edit did, however many there are."""

    def timed(run: Callable[[int], object]) -> float:
        wall, work = [], []
        for step in range(STEPS):
            start = perf_counter(), process_time()
            run(step)
            wall.append(1e3 * (perf_counter() - start[0]))
            work.append(1e3 * (process_time() - start[1]))
        ordered = sorted(wall)
        print(
            f"{run.__name__}: median {ordered[STEPS // 2]:.2f} ms, p99 "
            f"{ordered[STEPS * 99 // 100]:.2f} ms; of the processor {median(work):.2f} ms"
        )
        return median(work)

    def edit(step: int) -> None:
        session.edit("Resize", edited(session.project, step))

    def undo(_step: int) -> None:
        session.undo_stack.undo()

    def redo(_step: int) -> None:
        session.undo_stack.redo()

    before, held_mb = session.project, memory_mb()
    once = timed(edit)
    print(f"{STEPS} steps hold {memory_mb() - held_mb:.0f} MB")
    assert session.undo_stack.count() == STEPS
    assert timed(undo) < 1.5 * once
    assert session.project == before
    assert timed(redo) < 1.5 * once


def memory_mb() -> float:
    """What this process holds in memory."""
    gc.collect()
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * 4096 / 1e6


def test_a_step_of_undo_holds_a_fraction_of_a_project() -> None:
    """Memory of 200 steps: what differs, against the whole project after each edit."""
    start = project()

    def kept(what: Callable[[Project, Project], object], count: int = 200) -> float:
        gc.collect()
        tracemalloc.start()
        held, now = [], start
        for n in range(count):
            after = edited(now, n)
            held.append(what(now, after))
            now = after
        size = tracemalloc.get_traced_memory()[0] / count
        tracemalloc.stop()
        assert len(held) == count
        return size / 1024

    whole = kept(lambda _before, after: after)
    change = kept(ProjectChange.between)
    print(f"\na step: {change:.1f} kB; a project: {whole:.1f} kB; ratio {whole / change:.0f}")
    assert change < whole / 20
