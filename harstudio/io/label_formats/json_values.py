"""JSON of strangers: values with their place, so that every refusal says where."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import NoReturn

from harstudio.core.errors import HarstudioError
from harstudio.io.files import read_text

LARGEST_FILE = 512 << 20
"""Bytes; all of BABEL is some 60 MB."""


def read_json(path: Path) -> object:
    """The value in a JSON file.

    Raises
    ------
    HarstudioError
        Not readable, not JSON (with line and column), not a number where one is meant, or nested
        too deeply.
    """
    text = read_text(path, LARGEST_FILE)
    try:
        value: object = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise HarstudioError(
            f"{path.name}: line {error.lineno}, column {error.colno}: {error.msg}",
            "the file is cut short or no JSON",
        ) from error
    except RecursionError as error:
        raise HarstudioError(f"{path.name}: nested too deeply to be a label file") from error
    except ValueError as error:  # an integer of thousands of digits, Infinity
        raise HarstudioError(f"{path.name}: {str(error)[:100]}") from error
    return value


def mapping(value: object, place: str) -> Mapping[str, object]:
    """An object; HarstudioError naming the place if it is anything else."""
    if not isinstance(value, dict):
        raise _wrong(value, place, "an object {...}")
    return value


def listing(value: object, place: str) -> Sequence[object]:
    """A list; HarstudioError likewise."""
    if not isinstance(value, list):
        raise _wrong(value, place, "a list [...]")
    return value


def text(value: object, place: str) -> str:
    """A string that can be stored; None counts as empty; HarstudioError likewise."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(value, place, "text")
    return storable(value, place)


def storable(value: str, place: str) -> str:
    """The text itself; HarstudioError if it is half a character (a lone surrogate)."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise HarstudioError(f"{place}: {ascii(value)[:60]} is not valid text") from error
    return value


def number(value: object, place: str) -> float:
    """A finite number, perhaps in quotes; HarstudioError likewise."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        result = float(value)
        if not isfinite(result):
            raise ValueError
    except (ValueError, OverflowError):
        raise _wrong(value, place, "a number") from None
    return result


def _wrong(value: object, place: str, expected: str) -> HarstudioError:
    return HarstudioError(f"{place}: got {ascii(value)[:60]}, expected {expected}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number that JSON knows")
