"""Folders of motions become folders of virtual IMU signals."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import monotonic

import harstudio
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import SensorLayout
from harstudio.core.jobs import Job, Progress
from harstudio.core.source import Source, fingerprint_of
from harstudio.imu.simulate import SimulationOptions
from harstudio.io.files import write_atomically
from harstudio.io.imu_npz import FORMAT, note_of, write_imu_npz
from harstudio.io.reader import NotAMotionError
from harstudio.io.registry import reader_for, readers
from harstudio.workflows.batches import reason_of
from harstudio.workflows.loading import Bodies, options_for, read_posed, simulate_motion
from harstudio.workflows.parallel import ALL_CORES, Batches

OK, SKIPPED, FAILED = "ok", "skipped", "failed"
INDEX = "index.csv"
_INDEX_EVERY = 500
_MANY_BYTES, _MANY_FILES = 200_000_000, 300
"""From here on the work outlasts the start of the processes that share it."""
INDEX_COLUMNS = ("path", "frames", "rate", "seconds", "status", "reason")


@dataclass(frozen=True)
class IndexRow:
    """One line of index.csv: a motion file and what became of it.

    Attributes
    ----------
    path : str
        Below the folder, POSIX style.
    frames, rate, seconds : the motion's own; 0 if there is no motion
    status : str
        ok, skipped (a sound file that is no motion) or failed.
    reason : str
    """

    path: str
    frames: int
    rate: float
    seconds: float
    status: str
    reason: str = ""


@dataclass(frozen=True)
class Simulated:
    """Result of `simulate_folder`.

    Attributes
    ----------
    rows : one per file
    frames : int
        Of all motions.
    seconds : float
        What it took.
    kept : int
        How many of the motions had their signals already.
    """

    rows: tuple[IndexRow, ...]
    frames: int
    seconds: float
    kept: int = 0

    @property
    def failed(self) -> int:
        return sum(row.status == FAILED for row in self.rows)

    @property
    def done(self) -> int:
        return sum(row.status == OK for row in self.rows)


def simulate_folder(
    folder: Path,
    out: Path,
    layout: SensorLayout,
    options: SimulationOptions,
    body_path: Path | None = None,
    *,
    jobs: int | None = 1,
    again: bool = False,
) -> Job[Simulated]:
    """Simulate the layout's sensors on every motion below a folder.

    Writes ``out/<relative path without suffix>.npz`` per motion (see
    `harstudio.io.imu_npz`) and ``out/index.csv``. A file that fails is listed there with its
    reason and the rest goes on. Closed midway, it leaves whole files and an index of them;
    started again, it goes on from there: a motion whose signals were made by the same version
    from the same content, with the same options, sensors and body, is left as it is.

    Parameters
    ----------
    folder, out : Path
    layout : SensorLayout
    options : SimulationOptions
    body_path : Path, optional
        See `Bodies`.
    jobs : int or None
        Processes; 1 is this one, `ALL_CORES` is all of them, None is all of them where that is
        worth their start. Other workers, of a cluster for instance: see `Batches`. They have to
        see the files under the same paths.
    again : bool
        Simulate every motion anew.

    Raises
    ------
    HarstudioError
        No such folder, no motion in it, no sensors, the body model cannot be read, or the
        results would lie among the motions.
    """
    folder, out = folder.expanduser().resolve(), out.expanduser().resolve()
    if not folder.is_dir():
        raise HarstudioError(f"{folder}: no such folder")
    if out == folder:
        raise HarstudioError(f"{out}: holds the motions", "choose another folder for the results")
    if not layout.sensors:
        raise HarstudioError("no sensors to simulate", "name at least one site")
    bodies = Bodies(body_path)
    bodies.of("neutral")
    yield Progress(0, 0, f"Looking through {folder.name}")
    results = out if out.is_relative_to(folder) else None
    paths = [p for p in _motion_files(folder) if results not in p.parents]
    if not paths:
        raise HarstudioError(
            f"{folder}: no motion files found", "AMASS .npz or UTD-MHAD skeleton .mat"
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarstudioError(f"{out}: cannot be made ({error.strerror})") from error
    _refuse_foreign_index(out / INDEX)
    names = _OutputNames(folder, out, paths)
    tasks = [_Task(path, path.relative_to(folder).as_posix(), names.of(path)) for path in paths]
    recipe = _Recipe(layout, options, body_path, _digest(layout, options, body_path), again)
    started, index = monotonic(), _Index(out / INDEX, tasks)
    try:
        if (_suitable(tasks) if jobs is None else jobs) == 1:
            yield from _one_by_one(tasks, recipe, index)
        else:
            yield from _side_by_side(tasks, recipe, index, jobs or ALL_CORES)
    finally:
        try:
            index.add(_lost(tasks, recipe, index))
        finally:
            index.write()
    yield Progress(len(paths), len(paths), "done")
    rows = index.rows()
    return Simulated(rows, sum(row.frames for row in rows), monotonic() - started, index.kept)


def _one_by_one(tasks: list[_Task], recipe: _Recipe, index: _Index) -> Iterator[Progress]:
    for done, task in enumerate(tasks):
        yield Progress(done, len(tasks), task.name)
        index.add([_simulated(recipe, task)])


def _side_by_side(
    tasks: list[_Task], recipe: _Recipe, index: _Index, jobs: int
) -> Iterator[Progress]:
    """The same in other processes; what was begun is waited for if this is closed midway."""
    # The largest first: one that comes last would keep all the others waiting.
    batches = Batches(partial(_simulated, recipe), sorted(tasks, key=_size, reverse=True), jobs)
    yield Progress(0, len(tasks), "Starting the workers")
    try:
        for found in batches:
            index.add(found)
            yield Progress(len(index), len(tasks), found[-1].row.path)
    finally:
        batches.stop()
        for found in batches:
            index.add(found)


def _lost(tasks: list[_Task], recipe: _Recipe, index: _Index) -> list[_Done]:
    """What was written though its row never came: Ctrl+C ends workers with all they would tell."""
    rows = []
    for task in tasks:
        if task.name not in index and isinstance(task.target, Path) and task.target.exists():
            try:
                row = _known(task, _stamp(recipe, task))
            except (OSError, HarstudioError):
                continue
            if row is not None:
                rows.append(_Done(row))
    return rows


def _suitable(tasks: list[_Task]) -> int:
    """All cores where there is much to do, else this process alone."""
    much = len(tasks) >= _MANY_FILES or sum(map(_size, tasks)) >= _MANY_BYTES
    return ALL_CORES if much else 1


def _motion_files(folder: Path) -> Iterator[Path]:
    suffixes = {s for r in readers() if r.kind != "recording" for s in r.suffixes}
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root, name)
            if path.suffix.lower() in suffixes and not name.startswith("."):
                yield path


class _OutputNames:
    """Where each motion's signals go: never over a motion, or over another's signals."""

    def __init__(self, folder: Path, out: Path, motions: list[Path]) -> None:
        self._motions = set(motions)
        self._targets: dict[Path, Path] = {}
        taken: set[str] = set()
        # An .npz keeps its own name; another format of the same name is called walk.mat.npz.
        for path in sorted(motions, key=lambda path: path.suffix.lower() != ".npz"):
            relative = path.relative_to(folder)
            for name in (relative.with_suffix(".npz"), relative.with_name(relative.name + ".npz")):
                key = name.as_posix().casefold()  # some disks do not tell cases apart
                if key not in taken:
                    taken.add(key)
                    self._targets[path] = out / name
                    break

    def of(self, path: Path) -> Path | HarstudioError:
        """The file for a motion's signals, or why there can be none."""
        if path not in self._targets:
            return HarstudioError("two other motions have the same name", "rename one of them")
        target = self._targets[path]
        if target in self._motions:
            return HarstudioError(f"{target}: is one of the motions and would be overwritten")
        return target


@dataclass(frozen=True)
class _Task:
    """A file to simulate, its name in the index, and the file for its signals (or why none)."""

    path: Path
    name: str
    target: Path | HarstudioError


@dataclass(frozen=True)
class _Recipe:
    """What all files of a run share; `digest` stands for all of it."""

    layout: SensorLayout
    options: SimulationOptions
    body_path: Path | None
    digest: str
    again: bool


@dataclass(frozen=True)
class _Done:
    """What became of a file; `kept`: its signals were there already."""

    row: IndexRow
    kept: bool = False


def _size(task: _Task) -> int:
    try:
        return task.path.stat().st_size
    except OSError:
        return 0


def _digest(layout: SensorLayout, options: SimulationOptions, body_path: Path | None) -> str:
    """Of all that decides on the signals of a given file."""
    bodies: list[str] = []
    if body_path is not None:
        files = sorted(body_path.rglob("*")) if body_path.is_dir() else [body_path]
        bodies = [fingerprint_of(path) for path in files if path.is_file()]
    sensors = [repr(sensor) for sensor in layout.sensors]
    decisive = [harstudio.__version__, sensors, asdict(options), bodies]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()


def _simulated(recipe: _Recipe, task: _Task) -> _Done:
    """Simulate one file, unless it is done already; every failure becomes its row."""
    try:
        stamp = _stamp(recipe, task)
        if not recipe.again and isinstance(task.target, Path):
            known = _known(task, stamp)
            if known is not None:
                return _Done(known, kept=True)
        return _Done(_row(recipe, task, stamp))
    except NotAMotionError as error:
        return _Done(IndexRow(task.name, 0, 0.0, 0.0, SKIPPED, str(error)))
    except Exception as error:
        return _Done(IndexRow(task.name, 0, 0.0, 0.0, FAILED, reason_of(error)))


def _stamp(recipe: _Recipe, task: _Task) -> str:
    """Of the signals that would be made now."""
    return f"{recipe.digest}-{fingerprint_of(task.path)}"


def _known(task: _Task, stamp: str) -> IndexRow | None:
    """The row of an earlier run, if its signals are those that would be made now."""
    assert isinstance(task.target, Path)
    if not task.target.exists():
        return None
    try:
        note = json.loads(note_of(task.target))
        if note["stamp"] != stamp or note["source"] != task.name:
            return None
        frames, rate, seconds = int(note["frames"]), float(note["rate"]), float(note["seconds"])
    except (ValueError, LookupError, TypeError):
        return None
    return IndexRow(task.name, frames, rate, seconds, OK)


def _row(recipe: _Recipe, task: _Task, stamp: str) -> IndexRow:
    """Simulate one file and write its signals."""
    reader = reader_for(task.path)
    if reader is None or reader.kind == "recording":
        return IndexRow(task.name, 0, 0.0, 0.0, SKIPPED, "not a motion")
    target = _checked(task.target)
    source = Source(str(task.path), reader.id)
    posed = read_posed(source, task.path.parent, Bodies(recipe.body_path))
    motion = posed.motion
    options = options_for(posed.points, recipe.options)
    signals = simulate_motion(posed.shaped, motion, recipe.layout, options)
    target.parent.mkdir(parents=True, exist_ok=True)
    row = IndexRow(task.name, motion.frames, motion.rate_hz, round(motion.duration_s, 6), OK)
    # With the row in it a later run need not open the motion, and needs no index.
    note = {"stamp": stamp, "source": row.path, "frames": row.frames, "rate": row.rate}
    write_imu_npz(
        target,
        signals,
        recipe.options.preset,
        task.name,
        note=json.dumps({**note, "seconds": row.seconds}),
        durable=False,
    )
    return row


def _checked(target: Path | HarstudioError) -> Path:
    """The target, if nothing is lost by writing it."""
    if isinstance(target, HarstudioError):
        raise target
    if target.exists():
        reader = reader_for(target)
        if reader is None or reader.id != FORMAT:
            raise HarstudioError(f"{target}: is there already and holds no simulated signals")
    return target


def _refuse_foreign_index(path: Path) -> None:
    """Keep a dataset's own index.csv from being replaced by ours."""
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:
            if file.readline(200).rstrip("\r\n") != ",".join(INDEX_COLUMNS):
                raise HarstudioError(
                    f"{path}: is there already and is not an index of simulated signals",
                    "choose another folder for the results",
                )


class _Index:
    """The rows of index.csv so far, in the order of the tasks, written now and then."""

    def __init__(self, path: Path, tasks: list[_Task]) -> None:
        self._path = path
        self._order = {task.name: number for number, task in enumerate(tasks)}
        self._done: list[_Done] = []
        self._names: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __len__(self) -> int:
        return len(self._done)

    @property
    def kept(self) -> int:
        return sum(item.kept for item in self._done)

    def rows(self) -> tuple[IndexRow, ...]:
        rows = (item.row for item in self._done)
        return tuple(sorted(rows, key=lambda row: self._order[row.path]))

    def add(self, found: list[_Done]) -> None:
        before = len(self._done) // _INDEX_EVERY
        self._done += found
        self._names.update(item.row.path for item in found)
        if len(self._done) // _INDEX_EVERY > before:
            self.write()

    def write(self) -> None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(INDEX_COLUMNS)
        for row in self.rows():
            writer.writerow([row.path, row.frames, row.rate, row.seconds, row.status, row.reason])
        write_atomically(self._path, text.getvalue().encode("utf-8", "backslashreplace"))
