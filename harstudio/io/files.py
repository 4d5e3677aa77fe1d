"""Opening and replacing files: system errors become messages, writing never leaves half a file."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from harstudio.core.errors import HarstudioError


@contextmanager
def concerning(path: Path) -> Iterator[None]:
    """Put the file's name before the message of any HarstudioError raised inside.

    Errors of the operating system become HarstudioErrors too.
    """
    try:
        yield
    except HarstudioError as error:
        if error.message.startswith(f"{path.name}: "):
            raise
        raise type(error)(f"{path.name}: {error.message}", error.hint) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise HarstudioError(f"{path.name}: cannot be read ({reason})", str(path)) from error


def require_file(path: Path) -> int:
    """Size in bytes of a regular file.

    Raises
    ------
    HarstudioError
        There is none, or it is a folder, a pipe or a device (opening one could wait for ever).
    """
    if not path.exists():
        raise HarstudioError(f"{path.name}: no such file", str(path))
    if not path.is_file():
        raise HarstudioError(f"{path.name}: not a file", str(path))
    return path.stat().st_size


def read_text(path: Path, limit_bytes: int) -> str:
    """A UTF-8 file (with or without a byte order mark) as text.

    Raises
    ------
    HarstudioError
        Not readable, larger than the limit, or not UTF-8.
    """
    with concerning(path):
        size = require_file(path)
        if size > limit_bytes:
            raise HarstudioError(f"{size} bytes, expected at most {limit_bytes}")
        data = path.read_bytes()
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise HarstudioError(f"line {line} is not UTF-8 text", "save it as UTF-8") from error


def write_atomically(
    path: Path, content: bytes | Callable[[BinaryIO], object], *, durable: bool = True
) -> None:
    """Replace a file in one step: all of the new content or, on any failure, all of the old.

    Parameters
    ----------
    path : Path
    content : bytes or callable
        A callable writes the content to the binary file it is given.
    durable : bool
        Wait until the disk has it, so that it survives a power cut. False is quicker, for what
        can be computed again.

    Raises
    ------
    HarstudioError
        The file cannot be written; errors that `content` raises pass through.
    """
    try:
        target = path.resolve()  # through a symbolic link, rather than replacing it
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        with partial.open("xb") as file:
            try:
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    content(file)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            except BaseException:
                file.close()
                partial.unlink()
                raise
        try:
            if target.exists():
                shutil.copymode(target, partial)
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        if durable:
            _sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise HarstudioError(f"{path.name}: cannot be written ({reason})", str(path)) from error


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut; Windows offers no such call, and some disks refuse it."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
