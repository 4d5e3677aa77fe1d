"""Work through many files: what goes wrong with one of them is noted, and the rest goes on."""

from __future__ import annotations

import logging

from harstudio.core.errors import HarstudioError

_log = logging.getLogger(__name__)


def reason_of(error: Exception) -> str:
    """Why one file of many failed, in a line for a person.

    A plugin's reader may raise anything, and a file may be larger than the memory: neither may
    end a batch of thousands. What was not foreseen is logged with its traceback.
    """
    if isinstance(error, HarstudioError):
        return str(error)
    if isinstance(error, MemoryError):
        return "too large for this computer's memory"
    _log.info("unexpected failure of one file", exc_info=error)
    return f"unexpected {type(error).__name__}: {error}"


def by_reason(notes: tuple[str, ...]) -> list[str]:
    """``name: reason`` each, or one line for all names of which the same is told."""
    names: dict[str, list[str]] = {}
    for note in notes:
        name, _, reason = note.partition(": ")
        names.setdefault(reason, []).append(name)
    return [
        f"{held[0]}: {reason}".removesuffix(": ")
        if len(held) == 1
        else f"{len(held):,} clips ({', '.join(held[:3])}{', ...' * (len(held) > 3)}): {reason}"
        for reason, held in names.items()
    ]
