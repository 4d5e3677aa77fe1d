"""The labels of a project: names, colours and keys."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import UNKNOWN

#: Okabe and Ito 2008 without black, then Tol's "muted": safe for colour-blind eyes.
PALETTE: tuple[str, ...] = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677",
    "#882255", "#AA4499",
)  # fmt: skip
UNKNOWN_COLOUR = "#9A9A9A"


@dataclass(frozen=True)
class Label:
    """A label's name, its colour (``#RRGGBB``) and its digit key (``1``-``9``, ``0``, or empty)."""

    name: str
    colour: str
    key: str = ""


@dataclass(frozen=True)
class LabelSet:
    """The labels of a project, in the order a person sees them; names are unique."""

    labels: tuple[Label, ...] = field(default=())

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.labels):
            raise HarstudioError(f"label set: a name occurs twice in {', '.join(self.names)}")

    @classmethod
    def of(cls, names: Iterable[str]) -> LabelSet:
        """Labels with palette colours and the keys 1-9, 0 in order."""
        return cls().extended(names)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    def extended(self, names: Iterable[str]) -> LabelSet:
        """This set with the new names among `names` added; self if there are none."""
        labels = list(self.labels)
        known = set(self.names)
        for name in names:
            if name not in known:
                known.add(name)
                labels.append(_next_label(name, labels))
        return self if len(labels) == len(self.labels) else LabelSet(tuple(labels))

    def colour(self, name: str) -> str:
        """Colour of a label; grey for an unknown one."""
        return next((label.colour for label in self.labels if label.name == name), UNKNOWN_COLOUR)

    def by_key(self, key: str) -> Label | None:
        """The label on a digit key."""
        return next((label for label in self.labels if label.key == key and key), None)


def _next_label(name: str, labels: list[Label]) -> Label:
    if name == UNKNOWN:
        return Label(name, UNKNOWN_COLOUR)
    used_colours = {label.colour.upper() for label in labels}
    used_keys = {label.key for label in labels}
    colour = next(c for c in chain(PALETTE, _more_colours()) if c not in used_colours)
    key = next((digit for digit in "1234567890" if digit not in used_keys), "")
    return Label(name, colour, key)


def _more_colours() -> Iterator[str]:
    """Colours without end, each far in hue from those just before it (golden angle)."""
    for n in count():
        red, green, blue = colorsys.hsv_to_rgb(n * 0.6180339887 % 1.0, 0.55, 0.8)
        yield f"#{round(red * 255):02X}{round(green * 255):02X}{round(blue * 255):02X}"
