"""Run folders survive a kill: a file is complete under its name, or not there at all."""

from __future__ import annotations

import json
import os
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from harstudio.core.errors import HarstudioError

Tensors = Mapping[str, NDArray[Any]]

_TYPES = {
    "float64": "F64", "float32": "F32", "int64": "I64", "int32": "I32", "uint8": "U8",
    "bool": "BOOL",
}  # fmt: skip
"""numpy's names of types, and those of safetensors."""
_MOST_BYTES = 4 << 30
"""Of an npz file, unpacked: a small one can claim to be of any size."""


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


def write_tensors(path: Path, tensors: Tensors, metadata: Mapping[str, str]) -> None:
    """Write arrays by name as a safetensors file; the same arrays give the same bytes.

    The library's own writer puts the metadata in an order that changes from one process to the
    next, so the format is written here: the length of a JSON directory, that, and the arrays.
    """
    # The widest types come first, so that every array begins at a multiple of its type's size.
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    arrays = [np.ascontiguousarray(tensors[name]) for name in names]
    head: dict[str, object] = {"__metadata__": {key: metadata[key] for key in sorted(metadata)}}
    end = 0
    for name, array in zip(names, arrays, strict=True):
        begin, end = end, end + array.nbytes
        kind = _TYPES[array.dtype.name]
        head[name] = {
            "dtype": kind, "shape": list(tensors[name].shape), "data_offsets": [begin, end],
        }  # fmt: skip
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            file.write(len(text).to_bytes(8, "little"))
            file.write(text)
            for array in arrays:
                if array.size:
                    file.write(array.reshape(-1).view(np.uint8).data)

    write_whole(path, write)


def read_tensors(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The arrays of a safetensors file by name, and its metadata.

    Raises
    ------
    HarstudioError
        The file is missing, unreadable, or no safetensors file.
    """
    if not path.is_file():
        raise HarstudioError(f"{path}: no such file")
    try:
        with safe_open(path, framework="numpy") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, dict(file.metadata() or {})
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise HarstudioError(f"{path}: not a safetensors file ({error})") from error


def read_npz(path: Path, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Arrays of an npz file by name, without pickles.

    Raises
    ------
    HarstudioError
        The file is missing, unreadable, too large, no npz file, or lacks one of the arrays.
    """
    try:
        # Opened here, because np.load leaves a damaged file open.
        with path.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise HarstudioError(f"{path}: not an npz file")
            with zipfile.ZipFile(stream) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
            if size > _MOST_BYTES:
                raise HarstudioError(f"{path}: unpacks to {size >> 20} MiB, too large")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as file:
                return {name: np.asarray(file[name]) for name in names}
    except OSError as error:
        raise HarstudioError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (
        ValueError, KeyError, TypeError, EOFError, MemoryError, OverflowError, RuntimeError,
        SyntaxError, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise HarstudioError(f"{path}: damaged ({error})") from error


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
