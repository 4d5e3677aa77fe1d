"""Where things are on the timeline, from top to bottom: overview, ruler, one lane per tier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harstudio.core.labels import LabelTrack
from harstudio.core.project import MINE, Clip
from harstudio.gui.pixel_runs import Edges

OVERVIEW, RULER, LANE, NOTHING = "overview", "ruler", "lane", "nothing"

_TOP = 4
_OVERVIEW_HEIGHT = 16
_RULER_HEIGHT = 24
_ONLY_LANE_HEIGHT, _LANE_HEIGHT, _MOST_LANE_HEIGHT = 36, 26, 56
_ROW_HEIGHT, _MOST_ROW_HEIGHT = 13, 20
_FULL_ROWS = 5
"""A lane grows with its rows up to this many; from there on the rows get thinner."""

_INSET = 2
_FREE_HEIGHT = 5
"""Below the rows of an overlapping tier there is always room to begin another segment."""

_GAP = 3


@dataclass(frozen=True, eq=False)
class Band:
    """A horizontal stripe of the timeline, px.

    Attributes
    ----------
    kind : str
        What it is for.
    top, height : int
    name : str
        The tier's name, for lanes.
    track : LabelTrack
    edges : Edges
        Of the track.
    """

    kind: str
    top: int
    height: int
    name: str = ""
    track: LabelTrack = field(default_factory=LabelTrack)
    edges: Edges = field(default_factory=lambda: Edges.of(LabelTrack()))

    @property
    def bottom(self) -> int:
        return self.top + self.height

    def row_span(self, row: int) -> tuple[int, int]:
        """Top and bottom of a row of segments."""
        top, bottom = self.top + _INSET, self.bottom - _INSET
        if self.track.overlapping:
            bottom -= _FREE_HEIGHT
        count = self.edges.row_count
        height = (bottom - top) / count
        return top + round(row * height), top + round((row + 1) * height)

    def row_at(self, y: float) -> int:
        """The row at a height; one more than there are in the free room of an overlapping tier."""
        for row in range(self.edges.row_count):
            if y < self.row_span(row)[1]:
                return row
        return self.edges.row_count if self.track.overlapping else self.edges.row_count - 1


@dataclass(frozen=True, eq=False)
class Lanes:
    """All stripes of a clip's timeline."""

    bands: tuple[Band, ...]

    @property
    def height(self) -> int:
        """Of everything, px."""
        return self.bands[-1].bottom + _GAP

    @property
    def head(self) -> int:
        """Of overview and ruler, which stay in sight when the tiers are scrolled, px."""
        return self.mine.top

    @property
    def mine(self) -> Band:
        """The lane of the person's own labels."""
        return self.band(LANE)

    @property
    def tiers(self) -> tuple[Band, ...]:
        """The lanes."""
        return tuple(band for band in self.bands if band.kind == LANE)

    def band(self, kind: str) -> Band:
        """The first stripe of a kind."""
        return next(band for band in self.bands if band.kind == kind)

    def lane(self, tier: str) -> Band:
        """The lane of a tier; that of the person's own labels if there is none such."""
        return next((band for band in self.tiers if band.name == tier), self.mine)

    def at(self, y: float, scrolled: int = 0) -> Band:
        """The stripe at a height; one of kind `NOTHING` between them.

        `scrolled` is how far down the overview and the ruler are shown, over the lanes, px.
        """
        if y - scrolled < self.head:
            y -= scrolled
        return next(
            (band for band in self.bands if band.top <= y < band.bottom), Band(NOTHING, 0, 0)
        )


def lanes_of(
    clip: Clip | None, room: int = 0, edges_of: Callable[[LabelTrack], Edges] = Edges.of
) -> Lanes:
    """Stripes for a clip: its own labels first, whether there are any or not.

    Parameters
    ----------
    room : int, px
        Height to fill: lanes grow evenly into what they do not need, up to what still looks like
        a lane.
    edges_of : callable
        Gives the edges of a track, from where they are kept.
    """
    tiers = clip.tiers if clip is not None else (MINE,)
    tracks = [clip.track(name) if clip is not None else LabelTrack() for name in tiers]
    edges = [edges_of(track) for track in tracks]
    ranges = [_height_range(e, t, len(tiers)) for e, t in zip(edges, tracks, strict=True)]
    least = [low for low, _ in ranges]
    spare = room - (_TOP + _OVERVIEW_HEIGHT + _RULER_HEIGHT + sum(least) + len(tiers) * _GAP)
    heights = _grown(least, [high for _, high in ranges], max(0, spare))
    bands = [Band(OVERVIEW, _TOP, _OVERVIEW_HEIGHT)]
    bands.append(Band(RULER, bands[-1].bottom, _RULER_HEIGHT))
    top = bands[-1].bottom
    for name, track, each, height in zip(tiers, tracks, edges, heights, strict=True):
        bands.append(Band(LANE, top, height, name, track, each))
        top += height + _GAP
    return Lanes(tuple(bands))


def _height_range(edges: Edges, track: LabelTrack, tiers: int) -> tuple[int, int]:
    """The least and the greatest height of a lane, px."""
    least = _ONLY_LANE_HEIGHT if tiers == 1 else _LANE_HEIGHT
    if not track.overlapping:
        return least, _MOST_LANE_HEIGHT
    rows = min(edges.row_count, _FULL_ROWS)
    edge = 2 * _INSET + _FREE_HEIGHT
    return (
        max(least, rows * _ROW_HEIGHT + edge),
        max(_MOST_LANE_HEIGHT, rows * _MOST_ROW_HEIGHT + edge),
    )


def _grown(least: list[int], most: list[int], spare: int) -> list[int]:
    """Heights with the spare pixels shared out evenly, as far as each may grow."""
    heights = list(least)
    while spare:
        open_ = [i for i in range(len(heights)) if heights[i] < most[i]]
        if not open_:
            break
        each = max(1, spare // len(open_))
        for i in open_:
            more = min(each, most[i] - heights[i], spare)
            heights[i] += more
            spare -= more
    return heights


def height_range(
    clip: Clip | None, edges_of: Callable[[LabelTrack], Edges] = Edges.of
) -> tuple[int, int]:
    """The least height of a clip's lanes, and the greatest that they can fill, px."""
    return lanes_of(clip, 0, edges_of).height, lanes_of(clip, 1 << 20, edges_of).height
