"""File names for what a person named, and folders that appear whole or not at all."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harstudio.core.errors import HarstudioError

_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*\x7f]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 80


def safe_name(name: str) -> str:
    """A name as part of a file's name on any system; what is unsafe there becomes a dash."""
    safe = _UNSAFE.sub("-", name).strip(" .")[:_LONGEST].strip(" .")
    return f"_{safe}" if not safe or _RESERVED.fullmatch(safe) else safe


def free_name(stem: str, suffix: str, taken: Collection[str]) -> str:
    """``stem + suffix``, numbered where that is taken; `taken` holds names in lower case."""
    name, number = f"{stem}{suffix}", 1
    while name.lower() in taken:
        number += 1
        name = f"{stem} ({number}){suffix}"
    return name


def refuse_occupied(paths: Iterable[Path], *, overwrite: bool) -> None:
    """HarstudioError if one of the files is there and may not be replaced."""
    for path in paths:
        if path.exists() and not overwrite:
            raise HarstudioError(f"{path}: the file exists already", "--overwrite replaces it")


def is_occupied(folder: Path) -> bool:
    """Whether something lies in a folder."""
    return folder.is_dir() and any(folder.iterdir())


@contextmanager
def staged(folder: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A folder to write into that takes its place only if all goes well.

    Parameters
    ----------
    overwrite : bool
        Files of the same names in a folder that is not empty are replaced; others stay.

    Raises
    ------
    HarstudioError
        The folder is not empty (unless `overwrite`), is a file, or cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise HarstudioError(f"{folder.name}: a file, expected a folder", str(folder))
    if is_occupied(folder) and not overwrite:
        raise HarstudioError(
            f"{folder}: the folder is not empty",
            "choose an empty one; --overwrite replaces files of the same names and keeps the rest",
        )
    place = folder.absolute()
    stage = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        stage.mkdir()
        try:
            yield stage
            place.mkdir(exist_ok=True)
            for path in sorted(stage.iterdir()):
                path.replace(place / path.name)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise HarstudioError(f"{folder.name}: cannot be written ({reason})", str(folder)) from error
