"""What all text tables share: finding the delimiter, and reading a number as people write it."""

from __future__ import annotations

import csv
from math import isfinite

from harstudio.core.errors import HarstudioError

DELIMITERS = (",", ";", "\t")


def delimiter_of(header: str) -> str:
    """The delimiter that a header line has most of; a comma if it has none."""
    return max(DELIMITERS, key=header.count)


def header_cells(header: str, delimiter: str) -> list[str]:
    """Column names of a header line, stripped and in lower case."""
    try:
        cells = next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error as error:
        raise HarstudioError(f"line 1: {error}") from error
    return [cell.strip().lower() for cell in cells]


def number(cell: str, line: int, column: str) -> float:
    """A finite number; a decimal comma is understood.

    Raises
    ------
    HarstudioError
        Names the line, the column, and what was got.
    """
    text = cell.strip()
    if "," in text and "." not in text:
        text = text.replace(",", ".", 1)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise HarstudioError(f"line {line}: {column} is {cell.strip()[:40]!r}, expected a number")
    return value
