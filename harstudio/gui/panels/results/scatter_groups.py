"""Points of a map in groups: by label, by subject, by where they come from, right or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray, IntArray
from harstudio.core.label_set import PALETTE, LabelSet
from harstudio.gui.theme import Colours
from harstudio.learn.judging.embedding import Embedding
from harstudio.learn.judging.results import WindowResult

BY_LABEL, BY_SOURCE, BY_SUBJECT, BY_RESULT = "label", "real / virtual", "subject", "right / wrong"
WAYS = (BY_LABEL, BY_SOURCE, BY_SUBJECT, BY_RESULT)
SYMBOLS = ("o", "s", "t", "d", "x", "+", "star", "p")


@dataclass(frozen=True, eq=False)
class Group:
    """Points that look alike.

    Attributes
    ----------
    name, colour, symbol : str
    index : (N,) array
        Which points.
    """

    name: str
    colour: str
    symbol: str
    index: IntArray


def groups(
    found: Embedding,
    way: str,
    labels: LabelSet,
    colours: Colours,
    results: Sequence[WindowResult | None] = (),
) -> tuple[Group, ...]:
    """The points of a map by one of `WAYS`; together with its colour the symbol is always new.

    Parameters
    ----------
    results : sequence
        What the run said of each point, None where it said nothing.
    """
    if way == BY_SOURCE:
        pairs = (("virtual", colours.virtual, ~found.real), ("real", colours.real, found.real))
        return tuple(_group(n, c, SYMBOLS[i], m) for i, (n, c, m) in enumerate(pairs) if m.any())
    if way == BY_RESULT:
        return _by_result(found, colours, results)
    names = found.label if way == BY_LABEL else found.subject
    used = [str(name) for name in np.unique(names)]
    if way == BY_LABEL:
        rank = {name: place for place, name in enumerate(labels.names)}
        used.sort(key=lambda name: (rank.get(name, len(rank)), name))
    given = [labels.colour(n) if way == BY_LABEL else PALETTE[i % len(PALETTE)]
             for i, n in enumerate(used)]  # fmt: skip
    return tuple(
        _group(name or "unknown", colour, SYMBOLS[i // len(PALETTE) % len(SYMBOLS)], names == name)
        for i, (name, colour) in enumerate(zip(used, given, strict=True))
    )


def _by_result(
    found: Embedding, colours: Colours, results: Sequence[WindowResult | None]
) -> tuple[Group, ...]:
    known = np.array([r is not None for r in results], np.bool_)
    right = np.array([r is not None and r.truth == r.prediction for r in results], np.bool_)
    rows = (
        ("right", colours.accent, "o", right),
        ("wrong", colours.harm, "x", known & ~right),
        ("not judged", colours.residual, "+", ~known),
    )
    return tuple(_group(n, c, s, m) for n, c, s, m in rows if len(m) == len(found) and m.any())


def _group(name: str, colour: str, symbol: str, mask: BoolArray) -> Group:
    return Group(name, colour, symbol, np.flatnonzero(mask).astype(np.int64))


def judged(found: Embedding, windows: Sequence[WindowResult]) -> list[WindowResult | None]:
    """What a report said of each point of a map; None where that window was not judged."""
    said = {(w.clip_id, w.real, round(w.start_s, 3)): w for w in windows}
    keys = zip(found.clip, found.real, found.start_s, strict=True)
    return [said.get((str(c), bool(r), round(float(s), 3))) for c, r, s in keys]


def inside(points: FloatArray, outline: FloatArray) -> BoolArray:
    """Which points lie within a closed outline (even-odd rule).

    Parameters
    ----------
    points : (N, 2) array
    outline : (V, 2) array

    Returns
    -------
    (N,) bool array
    """
    within = np.zeros(len(points), np.bool_)
    if len(outline) < 3:
        return within
    x, y = points[:, 0], points[:, 1]
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crossing = (y0 > y) != (y1 > y)
        within ^= crossing & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return within


def nearest(points: FloatArray, at: tuple[float, float], pixel: tuple[float, float]) -> int:
    """The point nearest to a place, by its distance on the screen; -1 farther than 8 px.

    Parameters
    ----------
    points : (N, 2) array
    pixel : (float, float)
        Width and height of a pixel in the points' units.
    """
    if not len(points):
        return -1
    away = ((points - np.asarray(at)) / np.maximum(np.abs(pixel), 1e-12)) ** 2
    distances: FloatArray = away.sum(axis=1)
    best = int(distances.argmin())
    return best if distances[best] <= 64.0 else -1
