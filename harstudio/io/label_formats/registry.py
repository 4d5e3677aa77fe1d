"""All label formats in one place: which one a file is in, and the file as a value."""

from __future__ import annotations

from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.io.files import concerning, require_file
from harstudio.io.label_formats import (
    audacity,
    babel,
    boris,
    elan,
    label_studio,
    table,
    textgrid,
)
from harstudio.io.label_formats.base import LabelFile, LabelFormat

FORMATS: tuple[LabelFormat, ...] = (
    table.FORMAT,
    elan.FORMAT,
    textgrid.FORMAT,
    audacity.FORMAT,
    babel.FORMAT,
    boris.FORMAT,
    label_studio.FORMAT,
)
"""The first that matches a file has it."""

SUFFIXES = tuple(dict.fromkeys(s.lower() for each in FORMATS for s in each.suffixes))

_SHARED = (".csv", ".tsv", ".txt", ".json")
"""Suffixes of all sorts of files; with any other a file is taken at its word."""

_LARGEST_FILE = 512 << 20


def format_by_id(format_id: str) -> LabelFormat:
    """A format by its id; HarstudioError if there is none."""
    for each in FORMATS:
        if each.id == format_id:
            return each
    known = ", ".join(each.id for each in FORMATS)
    raise HarstudioError(f"no label format {format_id!r}", f"known: {known}")


def format_of(path: Path) -> LabelFormat | None:
    """The format of a file, by its suffix and its content; None if there is none.

    Raises
    ------
    HarstudioError
        The file cannot be read.
    """
    fitting = [each for each in FORMATS if path.suffix.lower() in map(str.lower, each.suffixes)]
    if not fitting:
        return None
    if path.suffix.lower() not in _SHARED:
        return fitting[0]
    with concerning(path):
        size = require_file(path)
        if size > _LARGEST_FILE:
            raise HarstudioError(f"{size} bytes, expected at most {_LARGEST_FILE}")
        data = path.read_bytes()
    return next((each for each in fitting if each.matches(data)), None)


def read_label_file(path: Path, format_id: str = "", variant: str = "") -> LabelFile:
    """The labels in a file.

    Parameters
    ----------
    format_id : str
        Found from suffix and content unless told.
    variant : str
        One of the format's `read_variants`; the first unless told.

    Raises
    ------
    HarstudioError
        No such format, or the file is not in it, or the reason why it is no good.
    """
    found = format_by_id(format_id) if format_id else format_of(path)
    if found is None:
        known = "; ".join(f"{each.title} ({', '.join(each.suffixes)})" for each in FORMATS)
        raise HarstudioError(
            f"{path.name}: not a label file that harstudio knows", f"known are {known}"
        )
    if variant and variant not in found.read_variants:
        raise HarstudioError(
            f"{found.title} is not read in the variant {variant!r}",
            f"known: {', '.join(found.read_variants) or 'none'}",
        )
    return found.read(path, variant)
