"""Arrays out of .npz files that nobody vouches for: nothing runs, nothing outgrows its header.

`numpy.load` would do for honest files. This reader looks at the headers alone where that is
enough, refuses object arrays by name, and never inflates more than a header declares.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.io.files import concerning, require_file

LARGEST_ARRAY = 4 << 30
"""Bytes; a day of SMPL-H motion at 30 Hz is 3.2 GB."""

_BOMB_BYTES = 256 << 20
_BOMB_RATIO = 100
"""Real motion deflates 2- to 10-fold; only repeated filler reaches more at such a size."""

_MOST_MEMBERS = 1000
_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 4096
_ENCRYPTED = 0x1
_DESCRIPTOR = re.compile(r"""['"]descr['"]\s*:\s*['"]([<>|=]?[biufcOSUV]\d{0,9})['"]""")
_ORDER = re.compile(r"""['"]fortran_order['"]\s*:\s*(True|False)""")
_SHAPE = re.compile(r"""['"]shape['"]\s*:\s*\(([\dL, ]*)\)""")

_ZIP_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    LookupError,
    MemoryError,
)
"""What zipfile raises for damaged archives, by experiment; OSError is handled by `concerning`."""


@dataclass(frozen=True)
class ArrayHeader:
    """What the header of one .npy member says; `start` is where its data begins, in bytes."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    start: int

    @property
    def data_bytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


class NpzArchive:
    """An open .npz file; made by `open_npz`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        infos = [i for i in archive.infolist() if i.filename.endswith(".npy")]
        self._members = {info.filename.removesuffix(".npy"): info for info in infos}
        self._headers: dict[str, ArrayHeader] = {}
        if len(infos) > _MOST_MEMBERS:
            raise HarstudioError(f"{len(infos)} arrays, expected at most {_MOST_MEMBERS}")
        if len(self._members) < len(infos):
            raise HarstudioError("an array's name occurs twice")
        for info in infos:
            _refuse_bomb(info)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def header(self, name: str) -> ArrayHeader:
        """Shape and type of an array.

        Raises
        ------
        HarstudioError
            No such array, a damaged header, an object array, or a size that does not fit.
        """
        if name not in self._headers:
            with self._member(name) as file:
                self._headers[name] = _read_header(file, name, self._members[name].file_size)
        return self._headers[name]

    def array(self, name: str) -> NDArray[Any]:
        """One array, read-only; HarstudioError as for `header`, or if its data is damaged."""
        header = self.header(name)
        with self._member(name) as file:
            file.read(header.start)
            data = file.read(header.data_bytes)
            if len(data) != header.data_bytes:
                raise HarstudioError(
                    f"{name} has {len(data)} bytes of data, expected {header.data_bytes}"
                )
            if header.dtype.itemsize == 0:
                return np.zeros((), header.dtype)
            order = "F" if header.fortran_order else "C"
            return np.frombuffer(data, header.dtype).reshape(header.shape, order=order)  # type: ignore[call-overload, no-any-return]

    def numbers(self, name: str) -> FloatArray:
        """One array as float64; HarstudioError if it holds anything but real numbers."""
        self.require_numbers(name)
        return self.array(name).astype(np.float64, copy=False)

    def require_numbers(self, name: str) -> ArrayHeader:
        """The header of an array of real numbers; HarstudioError if it holds anything else."""
        header = self.header(name)
        if header.dtype.kind not in "fiu":
            raise HarstudioError(f"{name} holds {header.dtype}, expected numbers")
        return header

    def scalar(self, name: str) -> float:
        """The only number of an array; HarstudioError if it holds none or several."""
        values = self.numbers(name)
        if values.size != 1:
            raise HarstudioError(f"{name} has shape {values.shape}, expected one number")
        return float(values.reshape(-1)[0])

    def texts(self, name: str) -> tuple[str, ...]:
        """The strings of an array of str or bytes; HarstudioError if it holds anything else."""
        header = self.header(name)
        if header.dtype.kind not in "US":
            raise HarstudioError(f"{name} holds {header.dtype}, expected text")
        if header.data_bytes > 1 << 20:
            raise HarstudioError(f"{name} has {header.data_bytes} bytes of text")
        values = self.array(name).reshape(-1)
        try:
            return tuple(_decoded(values[i : i + 1]) for i in range(len(values)))
        except ValueError as error:
            raise HarstudioError(f"{name} is not valid text ({error})") from error

    def text(self, name: str) -> str:
        """The only string of an array; HarstudioError if it holds none or several."""
        values = self.texts(name)
        if len(values) != 1:
            raise HarstudioError(f"{name} holds {len(values)} texts, expected one")
        return values[0]

    @contextmanager
    def _member(self, name: str) -> Iterator[IO[bytes]]:
        if name not in self._members:
            raise HarstudioError(f"no array {name!r}; there are {_listed(self.names)}")
        try:
            with self._archive.open(self._members[name]) as file:
                yield file
        except _ZIP_FAULTS as error:
            raise HarstudioError(f"{name} is damaged ({error})") from error


@contextmanager
def open_npz(path: Path) -> Iterator[NpzArchive]:
    """Open an .npz file for reading; every HarstudioError raised inside names the file.

    Raises
    ------
    HarstudioError
        Not an .npz file, cut short, encrypted, or with a declared size that is absurd.
    """
    with concerning(path):
        require_file(path)
        with path.open("rb") as file:
            try:
                archive = zipfile.ZipFile(file)
            except _ZIP_FAULTS as error:
                raise _why_no_zip(file, error) from error
            with archive:
                yield NpzArchive(archive)


def member_names(path: Path) -> frozenset[str]:
    """Names of the arrays in an .npz file; empty if it is not one."""
    try:
        with open_npz(path) as archive:
            return frozenset(archive.names)
    except HarstudioError:
        return frozenset()


def _decoded(item: NDArray[Any]) -> str:
    """The text of a one-item array; ValueError if it is none (numpy itself would not notice)."""
    if item.dtype.kind == "S":
        codec = "utf-8"
    else:
        codec = "utf-32-be" if item.dtype.byteorder == ">" else "utf-32-le"
    return item.tobytes().decode(codec).rstrip("\0")


def _why_no_zip(file: IO[bytes], error: BaseException) -> HarstudioError:
    file.seek(0)
    start = file.read(8)
    if not start:
        return HarstudioError("the file is empty")
    if start.startswith(b"PK\x03\x04"):
        return HarstudioError(f"cut short or damaged ({error})", "copy or download it again")
    return HarstudioError(f"not an npz file: it begins with {start!r}")


def _refuse_bomb(info: zipfile.ZipInfo) -> None:
    size, packed = info.file_size, info.compress_size
    if info.flag_bits & _ENCRYPTED:
        raise HarstudioError(f"{info.filename} is encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise HarstudioError(
            f"{info.filename} uses compression method {info.compress_type}, "
            "expected stored or deflated"
        )
    if size > LARGEST_ARRAY or (size > _BOMB_BYTES and size > packed * _BOMB_RATIO):
        raise HarstudioError(
            f"{info.filename} would unpack from {packed} to {size} bytes: refused as a zip bomb"
        )


def _read_header(file: IO[bytes], name: str, member_size: int) -> ArrayHeader:
    """Parse a .npy header (format versions 1 to 3) without evaluating anything."""
    magic = file.read(8)
    if magic[:6] != _MAGIC or len(magic) < 8 or magic[6] not in (1, 2, 3):
        raise HarstudioError(f"{name} is not a .npy array")
    width = 2 if magic[6] == 1 else 4
    length = int.from_bytes(file.read(width), "little")
    if length > _LONGEST_HEADER:
        raise HarstudioError(f"{name} has a header of {length} bytes")
    text = file.read(length).decode("latin-1")
    descriptor, order, shape = (p.search(text) for p in (_DESCRIPTOR, _ORDER, _SHAPE))
    if descriptor is None or order is None or shape is None:
        raise HarstudioError(f"{name} has a header that is not a plain array's: {text[:60]!r}")
    if descriptor[1].lstrip("<>|=").startswith("O"):
        raise HarstudioError(
            f"{name} holds Python objects (a pickle), which are never loaded",
            "save it as a plain array of numbers or text",
        )
    try:
        dtype = np.dtype(descriptor[1])
        sizes = tuple(int(n.strip(" L")) for n in shape[1].split(",") if n.strip())
    except (TypeError, ValueError, OverflowError) as error:
        raise HarstudioError(f"{name} has a damaged header: {text[:60]!r}") from error
    header = ArrayHeader(sizes, dtype, order[1] == "True", len(magic) + width + length)
    if dtype.itemsize == 0 and sizes:
        raise HarstudioError(f"{name} has items of no size")
    if header.start + header.data_bytes != member_size:
        raise HarstudioError(
            f"{name} declares shape {sizes} of {dtype} ({header.data_bytes} bytes) "
            f"but holds {member_size - header.start} bytes"
        )
    return header


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:8]) or "none"
    return shown + (" and more" if len(names) > 8 else "")
