"""Views of the camera that a person keeps and comes back to, whichever way the body faces."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np

from harstudio.core.skeleton import JOINTS
from harstudio.gui.settings import Settings
from harstudio.gui.viewport.camera import FARTHEST_M, HIGHEST, LOWEST, NEAREST_M

SLOTS = ("1", "2", "3", "4")
"""Names that have a key each."""
_KEPT_AS = "viewport_views"


@dataclass(frozen=True)
class View:
    """Where to look from.

    Attributes
    ----------
    azimuth : float, rad
        Counter-clockwise from where the person faces at the clip's start.
    elevation : float, rad
    distance_m : float
    joint : str
        That is kept in the middle; empty for the body.
    follow : bool
    """

    azimuth: float
    elevation: float
    distance_m: float
    joint: str = ""
    follow: bool = True


def views_from(words: str) -> dict[str, View]:
    """Views as they were kept, by name; what cannot be read is left out."""
    try:
        kept = json.loads(words)
    except ValueError:
        return {}
    if not isinstance(kept, dict):
        return {}
    found = {}
    for name, value in kept.items():
        view = _view_from(value)
        if view is not None:
            found[name] = view
    return found


def _view_from(value: object) -> View | None:
    if not isinstance(value, dict):
        return None
    numbers = [value.get(key) for key in ("azimuth", "elevation", "distance_m")]
    if not all(isinstance(n, (int, float)) and np.isfinite(n) for n in numbers):
        return None
    azimuth, elevation, distance_m = (float(n) for n in numbers if isinstance(n, (int, float)))
    joint = value.get("joint", "")
    return View(
        azimuth,
        float(np.clip(elevation, LOWEST, HIGHEST)),
        float(np.clip(distance_m, NEAREST_M, FARTHEST_M)),
        joint if joint in JOINTS else "",
        value.get("follow", True) is not False,
    )


class KeptViews:
    """The person's views, in the settings."""

    def __init__(self, settings: Settings | None) -> None:
        self._settings = settings
        self._views = views_from(settings.choice(_KEPT_AS) if settings is not None else "")

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of their names."""
        return tuple(sorted(self._views))

    def get(self, name: str) -> View | None:
        return self._views.get(name)

    def keep(self, name: str, view: View) -> None:
        """Add a view, or replace the one of that name."""
        self._views = {**self._views, name: view}
        self._save()

    def forget(self, name: str) -> None:
        """Remove a view, if there is one of that name."""
        self._views = {n: v for n, v in self._views.items() if n != name}
        self._save()

    def _save(self) -> None:
        if self._settings is not None:
            kept = {name: asdict(view) for name, view in self._views.items()}
            self._settings.keep_choice(_KEPT_AS, json.dumps(kept))
