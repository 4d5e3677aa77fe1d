"""Where things are on the timeline, from top to bottom: overview, ruler, one lane per tier."""

from __future__ import annotations

from dataclasses import dataclass, field

from harstudio.core.labels import LabelTrack
from harstudio.core.project import MINE, Clip

OVERVIEW, RULER, LANE, OTHER, NOTHING = "overview", "ruler", "lane", "other", "nothing"

_TOP = 4
_OVERVIEW_HEIGHT = 16
_RULER_HEIGHT = 24
_LANE_HEIGHT = 36
_OTHER_HEIGHT = 20
_GAP = 4


@dataclass(frozen=True)
class Band:
    """A horizontal stripe of the timeline, px.

    `kind` is what it is for; `name` the tier's name, for lanes.
    """

    kind: str
    top: int
    height: int
    name: str = ""
    track: LabelTrack = field(default_factory=LabelTrack)

    @property
    def bottom(self) -> int:
        return self.top + self.height


@dataclass(frozen=True)
class Lanes:
    """All stripes of a clip's timeline."""

    bands: tuple[Band, ...]

    @property
    def height(self) -> int:
        """Of everything, px."""
        return self.bands[-1].bottom + _GAP

    @property
    def mine(self) -> Band:
        """The lane of the person's own labels."""
        return next(band for band in self.bands if band.kind == LANE)

    def band(self, kind: str) -> Band:
        """The first stripe of a kind."""
        return next(band for band in self.bands if band.kind == kind)

    def at(self, y: float) -> Band:
        """The stripe at a height; one of kind `NOTHING` between them."""
        return next(
            (band for band in self.bands if band.top <= y < band.bottom), Band(NOTHING, 0, 0)
        )


def lanes_of(clip: Clip | None) -> Lanes:
    """Stripes for a clip: its own labels first, whether there are any or not."""
    own = clip.labels if clip is not None else LabelTrack()
    others = [(n, t) for n, t in clip.tracks if n != MINE] if clip is not None else []
    bands = [Band(OVERVIEW, _TOP, _OVERVIEW_HEIGHT)]
    bands.append(Band(RULER, bands[-1].bottom, _RULER_HEIGHT))
    bands.append(Band(LANE, bands[-1].bottom, _LANE_HEIGHT, MINE, own))
    for name, track in others:
        bands.append(Band(OTHER, bands[-1].bottom + _GAP, _OTHER_HEIGHT, name, track))
    return Lanes(tuple(bands))
