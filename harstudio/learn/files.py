"""Run folders survive a kill: a file is complete under its name, or not there at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harstudio.core.errors import HarstudioError


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside `path` with `write(temporary path)`, then take its place in one step.

    Raises
    ------
    HarstudioError
        The disk is full, or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise HarstudioError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, data: object) -> None:
    """Write plain data as JSON."""
    text = json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_whole(path, lambda temporary: _write_text(temporary, text))


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    HarstudioError
        The file is missing, unreadable, or does not hold an object.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HarstudioError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise HarstudioError(f"{path}: not JSON ({error})") from error
    if not isinstance(data, dict):
        raise HarstudioError(f"{path}: holds a {type(data).__name__}, expected an object")
    return data


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
