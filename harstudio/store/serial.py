"""Values <-> plain JSON: the fields of the frozen values are the format, checked both ways.

Every field is written, also where it has its default, so that a later default cannot change what
an old file means. A field that is missing on reading takes its default, if it has one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from itertools import repeat
from numbers import Real
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from harstudio.core.errors import HarstudioError
from harstudio.core.project import Clip, Project

T = TypeVar("T")
Convert = Callable[[Any], Any]

PART_NAMES: tuple[str, ...] = tuple(f.name for f in fields(Project) if f.name != "clips")
"""What a project holds besides its clips."""


class _MisfitError(Exception):
    """A value that does not fit; the place is put together on the way up."""

    def __init__(self, message: str, hint: str = "", place: str = "") -> None:
        super().__init__(message)
        self.message, self.hint, self.place = message, hint, place

    def inside(self, step: str) -> _MisfitError:
        return _MisfitError(self.message, self.hint, step + self.place)

    def error(self, place: str) -> HarstudioError:
        where = (place + self.place).lstrip(".")
        return HarstudioError(f"{where}: {self.message}" if where else self.message, self.hint)


def to_json(value: object, place: str = "") -> Any:
    """Plain JSON (dict, list, str, float, bool, None) of a core value.

    Parameters
    ----------
    value : a frozen value of `harstudio.core`, e.g. Clip, LabelTrack, LabelSet, SensorLayout
    place : str
        What it is, for the error message.

    Raises
    ------
    HarstudioError
        A field holds something that could not be read back (its place is named).
    """
    kind: Any = type(value)
    try:
        return _encoder(kind)(value)
    except _MisfitError as misfit:
        raise misfit.error(place) from None


def from_json(kind: type[T], data: object, place: str = "") -> T:
    """The value of type `kind` that `to_json` turned into `data`.

    Raises
    ------
    HarstudioError
        A field is missing, unknown, of another type, or refused by the value itself.
    """
    some: Any = kind
    try:
        value: T = _decoder(some)(data)
    except _MisfitError as misfit:
        raise misfit.error(place) from None
    return value


def to_text(value: object, place: str = "") -> str:
    """`to_json` as compact ASCII text (file names that are no valid Unicode survive in it)."""
    return json.dumps(to_json(value, place), separators=(",", ":"), allow_nan=False)


def from_text(kind: type[T], text: str, place: str = "") -> T:
    """Inverse of `to_text`; HarstudioError if the text is no JSON or no such value."""
    return from_json(kind, parsed(text, place), place)


def parsed(text: str, place: str) -> Any:
    """Plain JSON from text; HarstudioError if it is not valid JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError, TypeError) as error:
        raise HarstudioError(f"{place}: not valid JSON ({error})") from error


def parts_to_text(project: Project) -> dict[str, str]:
    """Everything of a project but its clips: part name -> JSON text."""
    return {name: part_to_text(project, name) for name in PART_NAMES}


def part_to_text(project: Project, name: str) -> str:
    """One part of a project as JSON text."""
    try:
        data = _encoder(_hints(Project)[name])(getattr(project, name))
    except _MisfitError as misfit:
        raise misfit.error(name) from None
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def project_from_parts(parts: Mapping[str, object], clips: Mapping[str, Clip]) -> Project:
    """A project from its parts as plain JSON and its clips.

    Raises
    ------
    HarstudioError
        A part is missing, unknown or invalid.
    """
    missing = [name for name in PART_NAMES if name not in parts]
    unknown = [name for name in parts if name not in PART_NAMES]
    if missing or unknown:
        raise HarstudioError(f"parts: missing {missing}, unknown {unknown}")
    values = {}
    for name in PART_NAMES:
        try:
            values[name] = _decoder(_hints(Project)[name])(parts[name])
        except _MisfitError as misfit:
            raise misfit.error(f"part {name}") from None
    return Project(clips=clips, **values)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _each(values: Any, converts: Iterable[Convert]) -> list[Any]:
    """Each value through its converter; an error names the index."""
    done: list[Any] = []
    try:
        for value, convert in zip(values, converts, strict=False):
            done.append(convert(value))
    except _MisfitError as misfit:
        raise misfit.inside(f"[{len(done)}]") from None
    return done


def _expected(value: object, what: str) -> _MisfitError:
    text = repr(value)
    return _MisfitError(f"got {text[:60] + '...' if len(text) > 60 else text}, expected {what}")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _expected(value, "text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _expected(value, "true or false")
    return value


def _number(value: Any) -> float:
    if type(value) is not float:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise _expected(value, "a number")
        try:
            value = float(value)
        except OverflowError:
            raise _expected(value, "a number that fits 64 bits") from None
    if not math.isfinite(value):
        raise _expected(value, "a finite number")
    number: float = value
    return number


_SCALARS: dict[Any, Convert] = {str: _text, float: _number, bool: _flag}


@cache
def _encoder(kind: Any) -> Convert:
    """Value of type `kind` -> plain JSON."""
    if kind in _SCALARS:
        return _SCALARS[kind]
    if is_dataclass(kind):
        return _record_encoder(kind)
    return _composite(kind, _encoder, tuple, list)


@cache
def _decoder(kind: Any) -> Convert:
    """Plain JSON -> value of type `kind`."""
    if kind in _SCALARS:
        return _SCALARS[kind]
    if is_dataclass(kind):
        return _record_decoder(kind)
    return _composite(kind, _decoder, list, tuple)


def _composite(kind: Any, codec: Callable[[Any], Convert], source: Any, target: Any) -> Convert:
    """Converter of ``X | None``, ``tuple[X, ...]`` and ``tuple[X, Y]``."""
    arguments = get_args(kind)
    if get_origin(kind) is UnionType and len(arguments) == 2 and arguments[1] is type(None):
        some = codec(arguments[0])
        return lambda value: None if value is None else some(value)
    if get_origin(kind) is not tuple:
        raise TypeError(f"{kind} has no form in a project file")
    if arguments[-1] is Ellipsis:
        each = codec(arguments[0])

        def many(values: Any) -> Any:
            if not isinstance(values, source):
                raise _expected(values, "a list")
            return target(_each(values, repeat(each)))

        return many
    converts = tuple(codec(argument) for argument in arguments)

    def fixed(values: Any) -> Any:
        if not isinstance(values, source) or len(values) != len(converts):
            raise _expected(values, f"a list of {len(converts)}")
        return target(_each(values, converts))

    return fixed


def _record_encoder(kind: Any) -> Convert:
    hints = _hints(kind)
    steps = tuple((f.name, _encoder(hints[f.name])) for f in fields(kind))

    def encode(value: Any) -> dict[str, Any]:
        if not isinstance(value, kind):
            raise _expected(value, f"a {kind.__name__}")
        name, data = "", {}
        try:
            for name, convert in steps:
                data[name] = convert(getattr(value, name))
        except _MisfitError as misfit:
            raise misfit.inside(f".{name}") from None
        return data

    return encode


def _record_decoder(kind: Any) -> Convert:
    hints = _hints(kind)
    steps = tuple((f.name, _decoder(hints[f.name])) for f in fields(kind))
    required = frozenset(
        f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING
    )
    known = frozenset(name for name, _ in steps)

    def decode(data: Any) -> Any:
        if not isinstance(data, dict):
            raise _expected(data, "an object")
        if not required <= data.keys() <= known:
            missing, unknown = sorted(required - data.keys()), sorted(data.keys() - known)
            raise _MisfitError(f"missing fields {missing}, unknown fields {unknown}")
        name, values = "", {}
        try:
            for name, convert in steps:
                if name in data:
                    values[name] = convert(data[name])
        except _MisfitError as misfit:
            raise misfit.inside(f".{name}") from None
        try:
            return kind(**values)
        except HarstudioError as error:
            raise _MisfitError(error.message, error.hint) from None

    return decode
