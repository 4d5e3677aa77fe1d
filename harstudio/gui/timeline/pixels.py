"""A lane as an array of pixels: thousands of segments in one picture, soft edges in steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray
from harstudio.core.labels import LabelTrack
from harstudio.gui.layout import TimeScale
from harstudio.gui.pixel_runs import Edges, IntArray, owners

Pixels = NDArray[np.uint8]
"""(..., 3) red, green, blue."""

_STEPS = 6
"""A soft edge goes from one colour to the other in so many steps: a fade would hide its extent."""

_LEAST_SOFT_PIXELS = 3.0


@dataclass(frozen=True, eq=False)
class SoftEdges:
    """The edges of a track that are soft. (M,) arrays.

    Attributes
    ----------
    times_s, softs_s : arrays, s
    befores, afters : arrays
        The segments that share the edge, -1 for none: a gap.
    rows : array
    """

    times_s: FloatArray
    softs_s: FloatArray
    befores: IntArray
    afters: IntArray
    rows: IntArray

    @classmethod
    def of(cls, track: LabelTrack, edges: Edges) -> SoftEdges:
        """The soft edges of a track; those of two neighbours that touch are one, the softer."""
        start = np.array([s.start_soft_s for s in track.segments], np.float64)
        end = np.array([s.end_soft_s for s in track.segments], np.float64)
        if not (start.any() or end.any()):
            none, index = np.empty(0), np.empty(0, np.int64)
            return cls(none, none, index, index, index)
        after = _neighbours(edges)
        lefts = np.flatnonzero(after >= 0)
        shared = np.maximum(end[lefts], start[after[lefts]])
        free_ends = np.flatnonzero((after < 0) & (end > 0))
        free_starts = np.setdiff1d(np.flatnonzero(start > 0), after[lefts])
        gap = np.full(len(edges.rows), -1)
        befores = np.concatenate([lefts, free_ends, gap[free_starts]])
        afters = np.concatenate([after[lefts], gap[free_ends], free_starts])
        softs_s = np.concatenate([shared, end[free_ends], start[free_starts]])
        times_s = np.where(befores >= 0, edges.ends_s[befores], edges.starts_s[afters])
        rows = edges.rows[np.where(befores >= 0, befores, afters)]
        soft = softs_s > 0
        return cls(times_s[soft], softs_s[soft], befores[soft], afters[soft], rows[soft])


def _neighbours(edges: Edges) -> IntArray:
    """For each segment the one in its row that begins where it ends; -1 for none."""
    after = np.full(len(edges.rows), -1, np.int64)
    for row in range(edges.row_count):
        members = np.flatnonzero(edges.rows == row)
        touch = edges.ends_s[members[:-1]] == edges.starts_s[members[1:]]
        after[members[:-1][touch]] = members[1:][touch]
    return after


@dataclass(frozen=True, eq=False)
class Looks:
    """What is needed to paint a track, once per track.

    Attributes
    ----------
    edges : Edges
    labels : tuple of str
        Those in use.
    codes : (N,) array
        Index into them, per segment.
    confidences : (N,) array
    soft : SoftEdges
    """

    edges: Edges
    labels: tuple[str, ...]
    codes: IntArray
    confidences: FloatArray
    soft: SoftEdges

    @classmethod
    def of(cls, track: LabelTrack) -> Looks:
        """The looks of a track."""
        edges = Edges.of(track)
        code = {label: i for i, label in enumerate(track.labels)}
        return cls(
            edges,
            track.labels,
            np.array([code[s.label] for s in track.segments], np.int64),
            np.array([s.confidence for s in track.segments], np.float64),
            SoftEdges.of(track, edges),
        )


def lane_pixels(
    looks: Looks, scale: TimeScale, fills: Pixels, background: Pixels, *, hairline: bool = True
) -> Pixels:
    """One line of pixels for each row of a track.

    Parameters
    ----------
    scale : TimeScale
        In the pixels of the device.
    fills : (N, 3) array
        Colour of each segment.
    background : (3,) array

    Returns
    -------
    (rows, width, 3) array
    """
    owner = owners(looks.edges, scale, hairline=hairline)
    palette = np.vstack([fills, background]).astype(np.uint8)  # index -1 is the background
    pixels = palette[owner]
    for line in _in_sight(looks.soft, scale):
        _soften(pixels, owner, palette, looks.soft, line, scale)
    return pixels


def _in_sight(soft: SoftEdges, scale: TimeScale) -> list[int]:
    """The soft edges that can be made out."""
    shown = 2.0 * soft.softs_s >= _LEAST_SOFT_PIXELS * scale.seconds_per_pixel
    shown &= soft.times_s + soft.softs_s > scale.start_s
    shown &= soft.times_s - soft.softs_s < scale.end_s
    return [int(i) for i in np.flatnonzero(shown)]


def _soften(
    pixels: Pixels, owner: IntArray, palette: Pixels, soft: SoftEdges, line: int, scale: TimeScale
) -> None:
    """Go over from one side's colour to the other's within the reach of one soft edge."""
    row, before, after = int(soft.rows[line]), int(soft.befores[line]), int(soft.afters[line])
    begin_s = float(soft.times_s[line] - soft.softs_s[line])
    span_s = 2.0 * float(soft.softs_s[line])
    first = max(0, round(scale.x(begin_s) - scale.left))
    stop = min(pixels.shape[1], round(scale.x(begin_s + span_s) - scale.left))
    if stop <= first:
        return
    at_s = scale.start_s + (np.arange(first, stop) + 0.5) * scale.seconds_per_pixel
    steps = np.floor(np.clip((at_s - begin_s) / span_s, 0.0, 0.999) * _STEPS)
    share = ((steps + 0.5) / _STEPS)[:, None]
    here, line_now = owner[row, first:stop], pixels[row, first:stop]
    for side, other, towards in ((before, after, 1.0 - share), (after, before, share)):
        if side < 0:
            continue
        own = here == side
        line_now[own] = _mixed(towards[own], palette[side], palette[other])
        if other < 0:  # in the gap another fade may lie already
            gap = here == -1
            line_now[gap] = _mixed(towards[gap], palette[side], line_now[gap])


def _mixed(share: FloatArray, over: Pixels, under: Pixels) -> Pixels:
    return np.rint(share * over + (1.0 - share) * under).astype(np.uint8)


def stacked_pixels(
    lines: Pixels, spans: list[tuple[int, int]], height: int, background: Pixels
) -> NDArray[np.uint32]:
    """Lines of pixels drawn out to their rows, as (height, width) words of 0xffRRGGBB.

    Parameters
    ----------
    spans : list of (top, bottom), px of the device
    """
    wide = lines.astype(np.uint32)
    words = 0xFF000000 | (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]
    red, green, blue = (int(c) for c in background)
    picture = np.full((height, lines.shape[1]), 0xFF000000 | red << 16 | green << 8 | blue)
    picture = picture.astype(np.uint32)
    for line, (top, bottom) in zip(words, spans, strict=True):
        picture[max(0, top) : max(top + 1, bottom)] = line
    return np.ascontiguousarray(picture)
