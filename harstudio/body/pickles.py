"""Old pickles of arrays (SMPL, DIP) read as data: nothing named in them is imported or run.

A pickle is a program that may call anything. Here the few names that such files need lead to
inert records, any other name refuses the file, and arrays are rebuilt by hand from what the
records hold. So chumpy is not needed, and old numpy and scipy layouts do no harm.
"""

from __future__ import annotations

import io
import pickle
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from harstudio.core.errors import HarstudioError

_MAX_BYTES = 2 << 30
_MAX_DENSE = 50_000_000
"""Entries of a sparse matrix once filled in; SMPL-X's regressor has 0.6 million."""

_BROKEN = (
    pickle.UnpicklingError, ArithmeticError, AssertionError, AttributeError, EOFError, ImportError,
    LookupError, MemoryError, RecursionError, TypeError, ValueError, struct.error,
)  # fmt: skip
"""What the unpickler raises on bytes that are no pickle, or a damaged one."""


def read_pickle(path: Path) -> Any:
    """The plain data in a pickle: dicts, lists, tuples, text, numbers and numpy arrays.

    Text of Python 2 is read as latin-1. chumpy's ``Ch`` and ``Select`` and scipy's
    ``csc_matrix`` become dense arrays.

    Raises
    ------
    HarstudioError
        The file cannot be read, is damaged, or names anything but those parts (it is refused by
        that name, and nothing in it has run).
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise HarstudioError(f"{path}: {path.stat().st_size} bytes, expected at most 2 GiB")
        content = path.read_bytes()
    except OSError as error:
        raise HarstudioError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        return _Resolver().plain(_InertUnpickler(io.BytesIO(content), path).load())
    except HarstudioError:
        raise
    except _BROKEN as error:
        raise HarstudioError(
            f"{path}: not a pickle of arrays, or damaged ({type(error).__name__}: {error})"
        ) from error


class _Record:
    """What a pickle wants to build, kept as the arguments and state it gives, and nothing done."""

    __slots__ = ("args", "state")
    args: tuple[Any, ...]
    state: Any

    def __new__(cls, *args: Any) -> _Record:
        record = super().__new__(cls)
        record.args = args
        record.state = None
        return record

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Array(_Record):
    __slots__ = ()


class _BufferArray(_Record):
    __slots__ = ()


class _Dtype(_Record):
    __slots__ = ()


class _SparseColumns(_Record):
    __slots__ = ()


class _Chumpy(_Record):
    __slots__ = ()


class _ChumpySelect(_Record):
    __slots__ = ()


class _Maker:
    """A function that a pickle may call; it has no attributes that a pickle could change."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make

    def __call__(self, *args: Any) -> Any:
        return self._make(*args)

    def __setstate__(self, state: Any) -> NoReturn:
        raise pickle.UnpicklingError("a function was given a state")


def _empty_array(kind: Any, *_: Any) -> _Record:
    if kind is not _Array:
        raise pickle.UnpicklingError("an array of a foreign class")
    return _Array()


def _empty_object(kind: Any, *_: Any) -> _Record:
    if not (isinstance(kind, type) and issubclass(kind, _Record)):
        raise pickle.UnpicklingError("an object of a foreign class")
    return kind()


def _latin1_bytes(text: Any, encoding: Any = "latin1") -> bytes:
    """How Python 3 writes bytes for Python 2; other codecs stay out of reach."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"_codecs.encode to {encoding!r}")
    return text.encode("latin1")


def _small_set(values: Any = ()) -> set[Any]:
    if not isinstance(values, list | tuple):
        raise pickle.UnpicklingError("a set of something else than a list")
    return set(values)


_ALLOWED: Mapping[tuple[str, str], Any] = {
    ("chumpy.ch", "Ch"): _Chumpy,
    ("chumpy.reordering", "Select"): _ChumpySelect,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _Maker(_empty_array),
    ("numpy._core.multiarray", "_reconstruct"): _Maker(_empty_array),
    ("numpy._core.numeric", "_frombuffer"): _BufferArray,
    ("scipy.sparse.csc", "csc_matrix"): _SparseColumns,
    ("scipy.sparse._csc", "csc_matrix"): _SparseColumns,
    ("copy_reg", "_reconstructor"): _Maker(_empty_object),
    ("__builtin__", "set"): _Maker(_small_set),
    ("builtins", "set"): _Maker(_small_set),
    ("__builtin__", "object"): object,
    ("builtins", "object"): object,
    ("_codecs", "encode"): _Maker(_latin1_bytes),
}


# The unpickler written in Python: the one in C reserves memory for any memo index a file names,
# so that ten bytes could fill the machine's memory. Model files have few opcodes.
class _InertUnpickler(pickle._Unpickler):
    def __init__(self, stream: io.BytesIO, path: Path) -> None:
        super().__init__(stream, encoding="latin1")
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise HarstudioError(
                f"{self._path}: refused, it asks for {module}.{name}",
                "a pickle can run code; only plain arrays of SMPL and DIP files are read",
            )
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> NoReturn:
        raise HarstudioError(
            f"{self._path}: refused, it asks for a persistent id",
            "a pickle can run code; only plain arrays of SMPL and DIP files are read",
        )


class _Resolver:
    """Turns what was unpickled into plain data; what is shared there is shared here."""

    def __init__(self) -> None:
        # The originals are kept alive, so that no id is used twice.
        self._done: dict[int, tuple[Any, Any]] = {}
        self._open: set[int] = set()

    def plain(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | complex | str | bytes):
            return value
        key = id(value)
        if key in self._done:
            return self._done[key][1]
        if key in self._open:
            raise ValueError("it contains itself")
        self._open.add(key)
        result = self._built(value)
        self._open.discard(key)
        self._done[key] = (value, result)
        return result

    def _built(self, value: Any) -> Any:
        if type(value) is dict:
            return {self.plain(key): self.plain(item) for key, item in value.items()}
        if type(value) in (list, tuple, set, frozenset):
            return type(value)(self.plain(item) for item in value)
        if type(value) is bytearray:
            return bytes(value)
        if isinstance(value, _Array):
            return self._array(value)
        if isinstance(value, _BufferArray):
            return self._buffer_array(value)
        if isinstance(value, _Dtype):
            return _dtype(value)
        if isinstance(value, _SparseColumns):
            return self._dense(value)
        if isinstance(value, _Chumpy):
            return np.asarray(self.plain(_state(value)["x"]), dtype=np.float64)
        if isinstance(value, _ChumpySelect):
            return self._selected(value)
        raise ValueError(f"it contains {type(value).__name__}")

    def _array(self, record: _Record) -> NDArray[Any]:
        """From the state of ``numpy.ndarray.__setstate__``."""
        if not isinstance(record.state, tuple) or len(record.state) not in (4, 5):
            raise ValueError("an array without its state")
        shape, kind, is_fortran, data = record.state[-4:]
        return self._shaped(shape, kind, "F" if is_fortran else "C", data)

    def _buffer_array(self, record: _Record) -> NDArray[Any]:
        """From the arguments of numpy's ``_frombuffer``."""
        data, kind, shape, order = record.args
        return self._shaped(shape, kind, order, data)

    def _shaped(self, shape: Any, kind: Any, order: Any, data: Any) -> NDArray[Any]:
        dtype = self.plain(kind)
        if not isinstance(dtype, np.dtype) or order not in ("C", "F"):
            raise ValueError("an array without a type or an order")
        lengths = _lengths(shape)
        if dtype.hasobject:
            flat = np.empty(len(data), dtype=object)
            for i, item in enumerate(data):
                flat[i] = self.plain(item)
        else:
            raw = data.encode("latin1") if isinstance(data, str) else bytes(data)
            flat = np.frombuffer(raw, dtype=dtype)
        return np.array(flat.reshape(lengths, order=order), order="C")

    def _dense(self, record: _Record) -> NDArray[Any]:
        """A dense matrix from a compressed-sparse-column one."""
        state = _state(record)
        rows, columns = _lengths(self.plain(state.get("_shape", state.get("shape"))))
        data, indices, starts = (
            np.asarray(self.plain(state[key])) for key in ("data", "indices", "indptr")
        )
        if rows * columns > _MAX_DENSE or starts.shape != (columns + 1,):
            raise ValueError(f"a sparse matrix of {rows} x {columns}")
        counts = np.diff(starts)
        if starts[0] != 0 or (counts < 0).any() or starts[-1] > min(len(data), len(indices)):
            raise ValueError("a sparse matrix whose columns do not add up")
        used = int(starts[-1])
        dense = np.zeros((rows, columns), dtype=data.dtype)
        if used and (indices[:used].min() < 0 or indices[:used].max() >= rows):
            raise ValueError("a sparse matrix with entries outside")
        # Repeated entries add up, as in scipy.
        np.add.at(dense, (indices[:used], np.repeat(np.arange(columns), counts)), data[:used])
        return dense

    def _selected(self, record: _Record) -> NDArray[np.float64]:
        """chumpy's Select: some entries of a flattened array, perhaps in a new shape."""
        state = _state(record)
        source = np.asarray(self.plain(state["a"]), dtype=np.float64).ravel()
        chosen: NDArray[np.float64] = source[np.asarray(self.plain(state["idxs"]))]
        shape = self.plain(state.get("preferred_shape"))
        return chosen if shape is None else chosen.reshape(_lengths(shape))


def _state(record: _Record) -> dict[str, Any]:
    if not isinstance(record.state, dict):
        raise ValueError("an object without its state")
    return record.state


def _lengths(shape: Any) -> tuple[int, ...]:
    values = np.asarray(shape)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu") or (values < 0).any():
        raise ValueError(f"a shape of {shape!r}")
    return tuple(int(n) for n in values)


_PLAIN_TYPE = re.compile(r"[<>|=]?([biufc]\d{1,2}|[SU]\d{1,6}|O\d?|\?)")


def _dtype(record: _Record) -> np.dtype[Any]:
    """A numpy type of numbers, text or objects; no fields."""
    code = record.args[0] if record.args else None
    if isinstance(code, bytes):
        code = code.decode("latin1")
    if not isinstance(code, str) or not _PLAIN_TYPE.fullmatch(code):
        raise ValueError(f"an array type of {code!r}")
    dtype = np.dtype(object if code.lstrip("<>|=").startswith("O") else code)
    order = record.state[1] if isinstance(record.state, tuple) and len(record.state) > 1 else "="
    if order == ">":
        return dtype.newbyteorder(">")
    return dtype.newbyteorder("<") if order == "<" else dtype
