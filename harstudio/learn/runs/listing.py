"""Runs side by side, and out of the way: differences, sizes, trash."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from harstudio.core.errors import HarstudioError
from harstudio.learn.runs.folder import CONFIG, HISTORY, MODEL, REPORT, RunFolder
from harstudio.learn.runs.state import LOCK, RUNNING, STATE

TRASH = ".trash"
"""Where deleted runs lie, below the folder of the runs."""


@dataclass(frozen=True)
class Difference:
    """An entry in which two runs differ; None where one has no such entry."""

    name: str
    first: object
    second: object


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The entries in which two configurations differ, in the order of the first.

    Nested entries are named ``outer.inner``; lists are compared as wholes.
    """
    a, b = dict(_flat(first)), dict(_flat(second))
    names = dict.fromkeys((*a, *b))
    return tuple(
        Difference(name, a.get(name), b.get(name)) for name in names if a.get(name) != b.get(name)
    )


def run_differences(first: RunFolder, second: RunFolder) -> tuple[Difference, ...]:
    """In what two runs differ: configuration, labels, channels, data and split.

    Data and split are told as fingerprints: the same ones mean the same windows in the same parts.
    """
    found = differences(_comparable(first), _comparable(second))
    return tuple(Difference(d.name.removeprefix("config."), d.first, d.second) for d in found)


def run_bytes(run: RunFolder) -> int:
    """Size of all files of a run."""
    return sum(path.stat().st_size for path in run.path.rglob("*") if path.is_file())


def trash_run(run: RunFolder, runs: Path) -> Path:
    """Move a run into the trash of its runs folder; where it lies now.

    Raises
    ------
    HarstudioError
        It is no run, lies elsewhere, or is going on.
    """
    _check_removable(run, runs)
    trash = runs / TRASH
    names = (run.path.name, *(f"{run.path.name}-{number}" for number in range(2, 1000)))
    place = next(trash / name for name in names if not (trash / name).exists())
    try:
        trash.mkdir(exist_ok=True)
        return run.path.replace(place)
    except OSError as error:
        raise HarstudioError(f"{run.path}: cannot be moved ({error.strerror})") from error


def restore_run(trashed: Path) -> RunFolder:
    """Move a run from the trash to where it was, or beside it if that name is taken."""
    runs = trashed.parent.parent
    if trashed.parent.name != TRASH or not trashed.is_dir():
        raise HarstudioError(f"{trashed}: no run in a trash")
    names = (f"{trashed.name}-{number}" if number > 1 else trashed.name for number in count(1))
    place = next(runs / name for name in names if not (runs / name).exists())
    try:
        return RunFolder(trashed.replace(place))
    except OSError as error:
        raise HarstudioError(f"{trashed}: cannot be moved ({error.strerror})") from error


def delete_run(run: RunFolder, runs: Path) -> None:
    """Remove a run for good; it must lie in the folder `runs`, or in its trash.

    Raises
    ------
    HarstudioError
        It is no run, lies elsewhere, or is going on.
    """
    _check_removable(run, runs)
    try:
        shutil.rmtree(run.path)
    except OSError as error:
        raise HarstudioError(f"{run.path}: cannot be removed ({error.strerror})") from error


def _check_removable(run: RunFolder, runs: Path) -> None:
    """HarstudioError for what is not one of these runs: a wrong path must not cost a folder."""
    path = run.path
    inside = path.resolve().parent in (runs.resolve(), runs.resolve() / TRASH)
    if not path.is_dir() or path.is_symlink() or not inside:
        raise HarstudioError(f"{path}: not a folder in {runs}", "only runs there are removed")
    if not any((path / name).is_file() for name in (CONFIG, STATE, HISTORY, MODEL, REPORT, LOCK)):
        raise HarstudioError(f"{path}: holds no run")
    if run.state.state == RUNNING:
        raise HarstudioError(f"{path}: is being trained", "stop it first")


def _comparable(run: RunFolder) -> dict[str, Any]:
    about = run.about()
    names = ("kind", "config", "finetune", "labels", "channels", "data_sha256", "split_sha256")
    return {name: about[name] for name in names if name in about}


def _flat(data: Mapping[str, Any], start: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name, value in data.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{start}{name}.")
        else:
            found.append((f"{start}{name}", value))
    return found
