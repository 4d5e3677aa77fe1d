"""Where the files that ship with harstudio lie: in the package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

from harstudio.core.errors import HarstudioError

_PACKAGE = Path(__file__).resolve().parent
_PLACES = (_PACKAGE / "_resources", _PACKAGE.parent / "resources")


def path(name: str) -> Path:
    """Path of a shipped file, e.g. ``body/openbody_smpl.npz``; HarstudioError if it is missing."""
    for place in _PLACES:
        if (place / name).exists():
            return place / name
    raise HarstudioError(f"resource {name!r} is missing", "install harstudio again")
