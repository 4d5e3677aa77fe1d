"""Which segment of one tier is the same as which of another, and how far their ends lie apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harstudio.core.labels import LabelTrack, Segment

WITHIN_S = (0.1, 0.25, 0.5)
"""Distances between boundaries that are reported, s."""


@dataclass(frozen=True)
class Match:
    """A segment of the reference and the other tier's segment that was taken for the same.

    Attributes
    ----------
    label : str
    iou : float
        Time in both over time in either, above 0 and up to 1.
    start_s, end_s : float or None, s
        How much later the other tier has its start and end; None where both lie at an edge of the
        clip, which nobody chose.
    """

    label: str
    iou: float
    start_s: float | None
    end_s: float | None


@dataclass(frozen=True)
class Offsets:
    """Boundaries of matched segments: how much later the other tier has them.

    Attributes
    ----------
    count : int
    median_s, first_quartile_s, third_quartile_s : float or None, s
        Of the signed offsets; None without any.
    within : tuple of (distance s, share)
        Share of offsets no larger than that either way; empty without any.
    """

    count: int
    median_s: float | None = None
    first_quartile_s: float | None = None
    third_quartile_s: float | None = None
    within: tuple[tuple[float, float], ...] = ()

    @classmethod
    def of(cls, offsets_s: Sequence[float]) -> Offsets:
        """The summary of signed offsets, s."""
        if not offsets_s:
            return cls(0)
        values = np.asarray(offsets_s, np.float64)
        first, median, third = (float(q) for q in np.percentile(values, (25, 50, 75)))
        # Half a microsecond: times are whole ones, differences of doubles are not.
        within = tuple((s, float(np.mean(np.abs(values) <= s + 5e-7))) for s in WITHIN_S)
        return cls(len(values), median, first, third, within)


def matches(
    reference: LabelTrack, other: LabelTrack, duration_s: float, sample_s: float
) -> Iterator[Match]:
    """Pairs of segments with one label that share time, greedily from the largest IoU down.

    Parameters
    ----------
    reference, other : LabelTrack
        Exclusive ones.
    duration_s : float, s
        Of the clip.
    sample_s : float, s
        What is less than this from an edge of the clip lies at it.

    Notes
    -----
    Segments are matched as in Lea et al. 2017 (segmental F1): by intersection over union of
    segments with one label, each taken at most once. Pairs are taken greedily from the largest
    IoU down rather than in the order of time, so that F1 does not depend on which tier is the
    reference; at an IoU above 0.5 the two ways are the same. Neighbours with one label stay two
    segments, as they were drawn.
    """
    for label in reference.labels:
        ours = [s for s in reference.segments if s.label == label]
        theirs = [s for s in other.segments if s.label == label]
        taken: tuple[set[int], set[int]] = (set(), set())
        for iou, i, j in sorted(_overlaps(ours, theirs), key=lambda o: (-o[0], o[1], o[2])):
            if i in taken[0] or j in taken[1]:
                continue
            taken[0].add(i)
            taken[1].add(j)
            a, b = ours[i], theirs[j]
            at_start = max(a.start_s, b.start_s) < sample_s
            at_end = min(a.end_s, b.end_s) > duration_s - sample_s
            yield Match(
                label,
                iou,
                None if at_start else b.start_s - a.start_s,
                None if at_end else b.end_s - a.end_s,
            )


def _overlaps(
    ours: Sequence[Segment], theirs: Sequence[Segment]
) -> Iterator[tuple[float, int, int]]:
    """IoU and places of all pairs that share time; within each list nothing overlaps."""
    i = j = 0
    while i < len(ours) and j < len(theirs):
        a, b = ours[i], theirs[j]
        shared_s = min(a.end_s, b.end_s) - max(a.start_s, b.start_s)
        if shared_s > 0:
            yield shared_s / (a.duration_s + b.duration_s - shared_s), i, j
        if a.end_s <= b.end_s:
            i += 1
        else:
            j += 1
