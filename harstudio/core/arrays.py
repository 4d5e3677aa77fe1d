"""Checks at the door: arrays that enter a value are verified once and read-only from then on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harstudio.core.errors import HarstudioError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

Shape = tuple[int | None, ...]


def readonly(values: ArrayLike, dtype: Any = np.float64) -> NDArray[Any]:
    """A C-contiguous read-only copy of `values` (no copy if it already is one)."""
    array = np.asarray(values, dtype=dtype)
    if array.flags.writeable or not array.flags.c_contiguous:
        array = np.array(array, dtype=dtype, order="C")
        array.flags.writeable = False
    return array


def checked(values: ArrayLike, shape: Shape, name: str, *, finite: bool = True) -> FloatArray:
    """A read-only float64 array of the given shape.

    Parameters
    ----------
    values : array_like
    shape : tuple of int or None
        None accepts any length on that axis.
    name : str
        What the array is, for the error message.
    finite : bool
        Refuse NaN and infinity.

    Raises
    ------
    HarstudioError
        The shape differs, or a value is not finite (the first place is named).
    """
    try:
        array = readonly(values)
    except (TypeError, ValueError) as error:
        raise HarstudioError(f"{name}: not an array of numbers ({error})") from error
    fits = array.ndim == len(shape) and all(
        want in (None, got) for got, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        expected = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise HarstudioError(f"{name}: got shape {array.shape}, expected {expected}")
    if finite and not np.isfinite(array).all():
        place = np.argwhere(~np.isfinite(array))[0]
        where = ", ".join(str(int(i)) for i in place)
        raise HarstudioError(
            f"{name}: {array[tuple(place)]} at [{where}], expected a finite number"
        )
    return array


def positive(value: float, name: str) -> float:
    """`value` as a float if it is finite and above zero; HarstudioError otherwise."""
    number = float(value)
    if not np.isfinite(number) or number <= 0:
        raise HarstudioError(f"{name}: got {value}, expected a number above 0")
    return number
