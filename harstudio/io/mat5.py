"""One numeric array out of a MATLAB 5 file: no structs, objects or functions, and no surprises.

`scipy.io.loadmat` reads far more than a data set of plain matrices needs, and allocates whatever
a damaged file declares. Format: MathWorks, "MAT-File Format", level 5.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.io.files import concerning, require_file

_LARGEST_FILE = 256 << 20
_LARGEST_ARRAY = 256 << 20
_HEADER = 128
_HEAD = 4096
"""Enough of an array to hold its flags, dimensions and name."""

_COMPRESSED, _MATRIX = 15, 14
_STORED = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
_NUMERIC_CLASSES = range(6, 16)
_COMPLEX = 0x0800


@dataclass(frozen=True)
class _Array:
    """An array's name and shape; `start` is where its numbers begin in the element's content."""

    name: str
    shape: tuple[int, ...]
    numeric: bool
    start: int


def mat_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of the real numeric arrays in a file, by name; only their heads are unpacked.

    Raises
    ------
    HarstudioError
        Not a MATLAB 5 file, or a damaged one.
    """
    with concerning(path):
        order, data = _opened(path)
        heads = (_content(order, kind, body, _HEAD) for kind, body in _elements(order, data))
        arrays = [_array(order, head) for head in heads]
        return {array.name: array.shape for array in arrays if array.numeric}


def mat_array(path: Path, name: str) -> FloatArray:
    """One real numeric array of a MATLAB 5 file, as float64.

    Raises
    ------
    HarstudioError
        Not a MATLAB 5 file, a damaged one, or no such array.
    """
    with concerning(path):
        order, data = _opened(path)
        for kind, body in _elements(order, data):
            array = _array(order, _content(order, kind, body, _HEAD))
            if array.name == name and array.numeric:
                return _numbers(order, array, _content(order, kind, body, _LARGEST_ARRAY))
        raise HarstudioError(f"no array of numbers named {name}")


def _opened(path: Path) -> tuple[str, memoryview]:
    """Byte order (``<`` or ``>``) and what follows the file's header."""
    size = require_file(path)
    if size > _LARGEST_FILE:
        raise HarstudioError(f"{size} bytes, expected at most {_LARGEST_FILE}")
    data = path.read_bytes()
    mark = data[126:128]
    if not data.startswith(b"MATLAB 5.0") or mark not in (b"IM", b"MI"):
        raise HarstudioError(f"not a MATLAB 5 file: it begins with {data[:10]!r}")
    return "<" if mark == b"IM" else ">", memoryview(data)[_HEADER:]


def _elements(order: str, data: memoryview) -> list[tuple[int, memoryview]]:
    """Type and content of each top-level element."""
    found, position = [], 0
    while position < len(data):
        kind, size, start = _tag(order, data, position)
        if start + size > len(data):
            raise HarstudioError(
                f"cut short: {len(data) - start} bytes where {size} are declared",
                "copy or download it again",
            )
        found.append((kind, data[start : start + size]))
        position = start + size
        if kind != _COMPRESSED:
            position += -size % 8
    return found


def _tag(order: str, data: memoryview, position: int) -> tuple[int, int, int]:
    """Type and size of an element and where its content starts (the short form included)."""
    if position + 8 > len(data):
        raise HarstudioError("cut short inside an element's head", "copy or download it again")
    first, second = struct.unpack_from(order + "II", data, position)
    if first >> 16:
        size = first >> 16
        if size > 4:
            raise HarstudioError(f"damaged: a short element of {size} bytes")
        return first & 0xFFFF, size, position + 4
    return first, second, position + 8


def _content(order: str, kind: int, body: memoryview, limit: int) -> memoryview:
    """The first `limit` bytes inside a matrix element, unpacked if need be."""
    if kind == _MATRIX:
        return body[:limit]
    if kind != _COMPRESSED:
        raise HarstudioError(f"holds an element of type {kind}, expected arrays")
    unpacker = zlib.decompressobj()
    try:
        data = memoryview(unpacker.decompress(body, limit + 8))
    except zlib.error as error:
        raise HarstudioError(f"damaged: an array does not unpack ({error})") from error
    inner, size, start = _tag(order, data, 0)
    if inner != _MATRIX or (len(data) < limit + 8 and len(data) - start < size):
        raise HarstudioError("damaged: an array is shorter than it says")
    return data[start:]


def _array(order: str, data: memoryview) -> _Array:
    """Parse flags, dimensions and name."""
    kind, size, start = _tag(order, data, 0)
    if kind != 6 or size != 8 or start + 8 > len(data):
        raise HarstudioError("damaged: an array without flags")
    (flags,) = struct.unpack_from(order + "I", data, start)
    numeric = (flags & 0xFF) in _NUMERIC_CLASSES and not flags & _COMPLEX
    if not numeric:
        return _Array("", (), False, 0)  # objects and functions name themselves elsewhere
    kind, size, start = _tag(order, data, start + 8)
    if kind != 5 or not 8 <= size <= 128 or size % 4 or start + size > len(data):
        raise HarstudioError("damaged: an array without dimensions")
    shape = struct.unpack_from(f"{order}{size // 4}i", data, start)
    kind, size, start = _tag(order, data, start + size + -size % 8)
    if kind not in (1, 2) or size > 64 or start + size > len(data):
        raise HarstudioError("damaged: an array without a name")
    name = bytes(data[start : start + size]).decode("ascii", "replace")
    if min(shape) < 0 or prod(shape) * 8 > _LARGEST_ARRAY:
        raise HarstudioError(f"{name} has shape {shape}, expected at most {_LARGEST_ARRAY} bytes")
    end = start + size
    return _Array(name, shape, True, end + -end % 8)


def _numbers(order: str, array: _Array, data: memoryview) -> FloatArray:
    """Decode the numbers, which MATLAB stores in the smallest type that fits, column by column."""
    if prod(array.shape) == 0:
        return np.zeros(array.shape)
    kind, size, start = _tag(order, data, array.start)
    if kind not in _STORED:
        raise HarstudioError(f"{array.name} is stored as type {kind}, expected numbers")
    dtype = np.dtype(order + _STORED[kind])
    if size != prod(array.shape) * dtype.itemsize or start + size > len(data):
        raise HarstudioError(
            f"{array.name} has {min(size, len(data) - start)} bytes of numbers, "
            f"expected {prod(array.shape) * dtype.itemsize} for shape {array.shape}"
        )
    values = np.frombuffer(data[start : start + size], dtype)
    return values.reshape(array.shape, order="F").astype(np.float64)
