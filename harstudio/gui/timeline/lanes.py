"""Where things are on the timeline, from top to bottom: overview, ruler, one lane per tier."""

from __future__ import annotations

from dataclasses import dataclass, field

from harstudio.core.labels import LabelTrack
from harstudio.core.project import MINE, Clip

OVERVIEW, RULER, LANE, OTHER, NOTHING = "overview", "ruler", "lane", "other", "nothing"

_TOP = 4
_OVERVIEW_HEIGHT = 16
_RULER_HEIGHT = 24
_LANE_HEIGHT, _MOST_LANE_HEIGHT = 36, 56
_OTHER_HEIGHT, _MOST_OTHER_HEIGHT = 20, 28
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


def lanes_of(clip: Clip | None, room: int = 0) -> Lanes:
    """Stripes for a clip: its own labels first, whether there are any or not.

    Parameters
    ----------
    room : int, px
        Height to fill: lanes grow into what they do not need, up to what still looks like a lane.
    """
    own = clip.labels if clip is not None else LabelTrack()
    others = [(n, t) for n, t in clip.tracks if n != MINE] if clip is not None else []
    needed = _TOP + _OVERVIEW_HEIGHT + _RULER_HEIGHT + _LANE_HEIGHT + _GAP
    needed += len(others) * (_OTHER_HEIGHT + _GAP)
    spare = max(0, room - needed)
    more = min(spare // (len(others) + 1), _MOST_OTHER_HEIGHT - _OTHER_HEIGHT) if others else 0
    lane = min(_LANE_HEIGHT + spare - more * len(others), _MOST_LANE_HEIGHT)
    bands = [Band(OVERVIEW, _TOP, _OVERVIEW_HEIGHT)]
    bands.append(Band(RULER, bands[-1].bottom, _RULER_HEIGHT))
    bands.append(Band(LANE, bands[-1].bottom, lane, MINE, own))
    for name, track in others:
        bands.append(Band(OTHER, bands[-1].bottom + _GAP, _OTHER_HEIGHT + more, name, track))
    return Lanes(tuple(bands))


def height_range(clip: Clip | None) -> tuple[int, int]:
    """The least height of a clip's lanes, and the greatest that they can fill, px."""
    return lanes_of(clip).height, lanes_of(clip, 1 << 20).height
