"""Where a value came from: a file's path, what it holds, and a fingerprint to find it again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from harstudio.core.errors import HarstudioError

_EDGE = 1 << 16


@dataclass(frozen=True)
class Source:
    """A file that a clip refers to.

    Attributes
    ----------
    path : str
        POSIX style; absolute, or relative to the project file's folder.
    format : str
        Identifier of the reader (`harstudio.io.registry`), e.g. ``amass``.
    fingerprint : str
        See `fingerprint_of`; empty if unknown.
    """

    path: str
    format: str
    fingerprint: str = ""

    @property
    def name(self) -> str:
        return Path(self.path).name


def fingerprint_of(path: Path) -> str:
    """Fingerprint of a file's content that is quick even for a large file.

    SHA-256 over the size, the first and the last 64 KiB. The tail of an npz (a zip) is its
    directory with the CRC-32 of every member, so any change of content shows.

    Raises
    ------
    HarstudioError
        The file cannot be read.
    """
    try:
        size = path.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        with path.open("rb") as file:
            digest.update(file.read(_EDGE))
            if size > _EDGE:
                file.seek(max(_EDGE, size - _EDGE))
                digest.update(file.read(_EDGE))
    except OSError as error:
        raise HarstudioError(f"{path}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()
