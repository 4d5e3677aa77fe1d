"""From windows to a timeline: overlapping windows vote, equal neighbours join, specks give way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.core.labels import Segment

_JOINT_S = 1e-5
"""Edges of windows that differ by less are one edge."""


def voted(
    start_s: FloatArray,
    end_s: FloatArray,
    probabilities: FloatArray,
    labels: Sequence[str],
    *,
    least_s: float = 0.0,
    least_confidence: float = 0.0,
    author: str = "",
) -> tuple[Segment, ...]:
    """The segments that the windows of one clip amount to.

    At each instant the windows over it vote with their probabilities; the label of the highest
    mean wins. Where there is no window there is no segment.

    Parameters
    ----------
    start_s, end_s : (N,) arrays, s
        Of the windows, half-open, in any order.
    probabilities : (N, K) array
    labels : K names
    least_s : float, s
        A shorter segment takes the label of whichever touching neighbour its own windows like
        better; one that stands alone stays.
    least_confidence : float
        Segments below it are left out.
    author : str

    Returns
    -------
    tuple of Segment
        In time order, disjoint; the confidence is the mean probability of the label over the
        segment.
    """
    runs = _joined(_votes(start_s, end_s, probabilities))
    while True:
        short = [i for i, run in enumerate(runs) if run.end_s - run.start_s < least_s - _JOINT_S]
        short = [i for i in short if _touching(runs, i)]
        if not short:
            break
        i = min(short, key=lambda i: runs[i].end_s - runs[i].start_s)
        liked = max((runs[j].code for j in _touching(runs, i)), key=runs[i].mean.__getitem__)
        runs = _joined([*runs[:i], replace(runs[i], code=liked), *runs[i + 1 :]])
    segments = (
        Segment(run.start_s, run.end_s, labels[run.code], min(1.0, run.confidence), author)
        for run in runs
    )
    return tuple(s for s in segments if s.confidence >= least_confidence)


@dataclass(frozen=True, eq=False)
class _Run:
    """A stretch, the mean probability of each class in it, and the class that it is given."""

    start_s: float
    end_s: float
    mean: FloatArray
    code: int

    @property
    def confidence(self) -> float:
        return float(self.mean[self.code])


def _votes(start_s: FloatArray, end_s: FloatArray, probabilities: FloatArray) -> list[_Run]:
    """The mean probabilities of every stretch between two edges of windows."""
    edges = np.unique(np.concatenate([start_s, end_s]).round(6))
    if len(edges) == 0:
        return []
    edges = edges[np.concatenate([[True], np.diff(edges) > _JOINT_S])]
    first = _nearest(edges, start_s)
    stop = _nearest(edges, end_s)
    change = np.zeros((len(edges) + 1, probabilities.shape[1] + 1))
    voices = np.concatenate([probabilities, np.ones((len(probabilities), 1))], axis=1)
    np.add.at(change, first, voices)
    np.add.at(change, stop, -voices)
    total = np.cumsum(change, axis=0)
    return [
        _Run(float(left), float(right), sums[:-1] / sums[-1], int(sums[:-1].argmax()))
        for (left, right), sums in zip(pairwise(edges), total, strict=False)
        if sums[-1] > 0.5
    ]


def _nearest(edges: FloatArray, times_s: FloatArray) -> IntArray:
    """Index of the edge that each time was merged into."""
    found = np.searchsorted(edges, times_s.round(6) + _JOINT_S, side="right") - 1
    return found.astype(np.int64)


def _joined(runs: list[_Run]) -> list[_Run]:
    """Touching runs of one label as one, their probabilities averaged over time."""
    joined: list[_Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and last.code == run.code and run.start_s - last.end_s < _JOINT_S:
            lengths = (last.end_s - last.start_s, run.end_s - run.start_s)
            mean = np.average([last.mean, run.mean], axis=0, weights=lengths)
            joined[-1] = replace(last, end_s=run.end_s, mean=mean)
        else:
            joined.append(run)
    return joined


def _touching(runs: list[_Run], i: int) -> list[int]:
    """The neighbours that begin or end where run `i` ends or begins."""
    found = []
    if i > 0 and runs[i].start_s - runs[i - 1].end_s < _JOINT_S:
        found.append(i - 1)
    if i + 1 < len(runs) and runs[i + 1].start_s - runs[i].end_s < _JOINT_S:
        found.append(i + 1)
    return found
