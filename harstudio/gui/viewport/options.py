"""What the picture shows beside body and sensors: a value, and the one who keeps it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace

from PySide6.QtCore import QObject, Signal

from harstudio.gui.settings import Settings
from harstudio.gui.viewport.modes import BOTH_TINTS, FLOOR, SKIN, TINTS

TRAILS_S = (0.5, 1.0, 2.0, 5.0, 10.0)
GHOST_COUNTS = (1, 2, 3, 5)
GHOST_STEPS_S = (0.1, 0.25, 0.5, 1.0)
_KEPT_AS = "viewport"


@dataclass(frozen=True)
class Options:
    """What is shown.

    Attributes
    ----------
    joint_axes : bool
    trails, trail_s : bool, s
        The path of every sensor over the last few seconds.
    acceleration, gravity : bool
        The acceleration at the chosen sensor: as the sensor reads it (specific force), or with
        gravity taken out.
    ghosts, ghost_count, ghost_step_s : bool, int, s
        The body at so many moments before and after, so far apart.
    contact : bool
        Where the feet touch the ground.
    tint : str
        One of `TINTS`.
    """

    joint_axes: bool = False
    trails: bool = False
    trail_s: float = 2.0
    acceleration: bool = False
    gravity: bool = True
    ghosts: bool = False
    ghost_count: int = 2
    ghost_step_s: float = 0.25
    contact: bool = False
    tint: str = FLOOR

    @property
    def tints_floor(self) -> bool:
        return self.tint in (FLOOR, BOTH_TINTS)

    @property
    def tints_body(self) -> bool:
        return self.tint in (SKIN, BOTH_TINTS)


def options_from(words: str) -> Options:
    """Options as they were kept; what cannot be read is as when new."""
    try:
        kept = json.loads(words)
    except ValueError:
        return Options()
    if not isinstance(kept, dict):
        return Options()
    found = {}
    for field in fields(Options):
        value, usual = kept.get(field.name), field.default
        if type(value) is type(usual) and _allowed(field.name, value):
            found[field.name] = value
    return replace(Options(), **found)


def _allowed(name: str, value: object) -> bool:
    allowed: dict[str, tuple[object, ...]] = {
        "trail_s": TRAILS_S, "ghost_count": GHOST_COUNTS, "ghost_step_s": GHOST_STEPS_S,
        "tint": TINTS,
    }  # fmt: skip
    return name not in allowed or value in allowed[name]


class Showing(QObject):
    """The options in force, remembered between two starts."""

    changed = Signal()

    def __init__(self, settings: Settings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._options = options_from(settings.choice(_KEPT_AS) if settings is not None else "")

    @property
    def options(self) -> Options:
        return self._options

    def choose(self, **changes: object) -> None:
        """Show something else; the names are those of `Options`."""
        after = replace(self._options, **changes)  # type: ignore[arg-type]
        if after != self._options:
            self._options = after
            if self._settings is not None:
                self._settings.keep_choice(_KEPT_AS, json.dumps(asdict(after)))
            self.changed.emit()

    def toggle(self, name: str) -> None:
        """Turn one of the options that are on or off the other way."""
        self.choose(**{name: not getattr(self._options, name)})
