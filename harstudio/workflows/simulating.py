"""Folders of motions become folders of virtual IMU signals."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import SensorLayout
from harstudio.core.jobs import Job, Progress
from harstudio.core.source import Source
from harstudio.imu.simulate import SimulationOptions
from harstudio.io.files import write_atomically
from harstudio.io.imu_npz import FORMAT, write_imu_npz
from harstudio.io.reader import NotAMotionError
from harstudio.io.registry import reader_for, readers
from harstudio.workflows.batches import reason_of
from harstudio.workflows.loading import Bodies, read_posed, simulate_motion

OK, SKIPPED, FAILED = "ok", "skipped", "failed"
INDEX = "index.csv"
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
    """Result of `simulate_folder`."""

    rows: tuple[IndexRow, ...]
    frames: int
    seconds: float

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
) -> Job[Simulated]:
    """Simulate the layout's sensors on every motion below a folder.

    Writes ``out/<relative path without suffix>.npz`` per motion (see
    `harstudio.io.imu_npz`) and ``out/index.csv``. A file that fails is listed there with its
    reason and the rest goes on. Closed midway, it leaves whole files and an index of them.

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
    rows: list[IndexRow] = []
    started = monotonic()
    try:
        for done, path in enumerate(paths):
            relative = path.relative_to(folder).as_posix()
            yield Progress(done, len(paths), relative)
            rows.append(_row(path, relative, names, layout, options, bodies))
            if done % 500 == 499:
                _write_index(out / INDEX, rows)
    finally:
        _write_index(out / INDEX, rows)
    yield Progress(len(paths), len(paths), "done")
    return Simulated(tuple(rows), sum(row.frames for row in rows), monotonic() - started)


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

    def of(self, path: Path) -> Path:
        """The file for a motion's signals; HarstudioError if there can be none."""
        if path not in self._targets:
            raise HarstudioError("two other motions have the same name", "rename one of them")
        return self._checked(self._targets[path])

    def _checked(self, target: Path) -> Path:
        if target in self._motions:
            raise HarstudioError(f"{target}: is one of the motions and would be overwritten")
        if target.exists():
            reader = reader_for(target)
            if reader is None or reader.id != FORMAT:
                raise HarstudioError(f"{target}: is there already and holds no simulated signals")
        return target


def _row(
    path: Path,
    relative: str,
    names: _OutputNames,
    layout: SensorLayout,
    options: SimulationOptions,
    bodies: Bodies,
) -> IndexRow:
    try:
        reader = reader_for(path)
        if reader is None or reader.kind == "recording":
            return IndexRow(relative, 0, 0.0, 0.0, SKIPPED, "not a motion")
        posed = read_posed(Source(str(path), reader.id), path.parent, bodies)
        signals = simulate_motion(posed.shaped, posed.motion, layout, options)
        target = names.of(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_imu_npz(target, signals, options.preset, relative, durable=False)
    except NotAMotionError as error:
        return IndexRow(relative, 0, 0.0, 0.0, SKIPPED, str(error))
    except Exception as error:
        return IndexRow(relative, 0, 0.0, 0.0, FAILED, reason_of(error))
    motion = posed.motion
    return IndexRow(relative, motion.frames, motion.rate_hz, round(motion.duration_s, 6), OK)


def _refuse_foreign_index(path: Path) -> None:
    """Keep a dataset's own index.csv from being replaced by ours."""
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:
            if file.readline(200).rstrip("\r\n") != ",".join(INDEX_COLUMNS):
                raise HarstudioError(
                    f"{path}: is there already and is not an index of simulated signals",
                    "choose another folder for the results",
                )


def _write_index(path: Path, rows: list[IndexRow]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(INDEX_COLUMNS)
    for row in rows:
        writer.writerow([row.path, row.frames, row.rate, row.seconds, row.status, row.reason])
    write_atomically(path, text.getvalue().encode("utf-8", "backslashreplace"))
