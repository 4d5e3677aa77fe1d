"""Labels that may be wrong: a model that never saw them disagrees, and is sure of it.

Confident learning (Northcutt, Jiang, Chuang 2021): a class's threshold is the mean probability
that windows labelled so have for it. A window whose probability reaches the threshold of another
class than its own is suspected; the bar is thus higher for classes that the model knows well. From
there a stretch grows over its neighbours for as long as the model prefers the other label.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.core.labels import LabelTrack
from harstudio.learn.judging.out_of_fold import OutOfFold


@dataclass(frozen=True)
class Suspect:
    """A stretch of a clip whose label may be wrong.

    Attributes
    ----------
    clip_id, subject : str
    start_s, end_s : float, s
        From the first to the last window that is suspected.
    given, suggested : label names
    score : float
        Mean over its windows of the probability of the suggested label less that of the given one.
    windows : int
    real : bool
        Judged by real signals.
    """

    clip_id: str
    subject: str
    start_s: float
    end_s: float
    given: str
    suggested: str
    score: float
    windows: int
    real: bool = False

    @property
    def weight(self) -> float:
        """How many wrong windows that is worth: what the list is sorted by."""
        return self.score * self.windows


def suspected(found: OutOfFold) -> tuple[Suspect, ...]:
    """Stretches whose label may be wrong, the most rewarding to review first.

    A stretch is made of windows of one clip with one label that the model would all rather give
    the same other label, and holds at least one that is suspected (`suspected_windows`); less
    than a window lies between two of them. The list is sorted by the mean margin times the number
    of windows, so that a wrongly labelled clip comes before a boundary that is a little off.
    """
    sure, _ = suspected_windows(found)
    liked = found.probabilities.argmax(axis=1)
    leaning = np.where(sure >= 0, sure, liked)
    rows = np.arange(len(found))
    margin = found.probabilities[rows, leaning] - found.probabilities[rows, found.truth]
    pairs = {(int(found.clip_index[i]), int(sure[i])) for i in np.flatnonzero(sure >= 0)}
    groups: dict[tuple[int, bool, int, int], list[int]] = {}
    for i in np.flatnonzero(leaning != found.truth):
        clip, suggested = int(found.clip_index[i]), int(leaning[i])
        if (clip, suggested) in pairs:
            key = (clip, bool(found.real[i]), int(found.truth[i]), suggested)
            groups.setdefault(key, []).append(int(i))
    suspects: list[Suspect] = []
    for (clip, real, given, suggested), index in groups.items():
        index.sort(key=lambda i: float(found.start_s[i]))
        for part in _neighbours(found, index):
            if (sure[part] < 0).all():
                continue
            suspects.append(
                Suspect(
                    clip_id=found.clip_ids[clip],
                    subject=found.subjects[found.subject_index[part[0]]],
                    start_s=float(found.start_s[part[0]]),
                    end_s=float(found.end_s[part].max()),
                    given=found.labels[given],
                    suggested=found.labels[suggested],
                    score=float(margin[part].mean()),
                    windows=len(part),
                    real=real,
                )
            )
    return tuple(sorted(suspects, key=lambda s: (-s.weight, s.clip_id, s.start_s)))


def suspected_windows(found: OutOfFold) -> tuple[IntArray, FloatArray]:
    """Window by window: what confident learning says.

    Returns
    -------
    suggestion : (N,) array
        Index of the label that is suggested, -1 where the given one is not suspected.
    margin : (N,) array
        Probability of the suggested label less that of the given one; 0 where none is.
    """
    count = len(found)
    if count == 0:
        return np.zeros(0, np.int64), np.zeros(0)
    limits = thresholds(found)
    probabilities = found.probabilities.astype(np.float64)
    # A class without a threshold has no windows, and can be suggested to none.
    reached = probabilities >= np.where(np.isnan(limits), np.inf, limits)
    best = np.where(reached, probabilities, -1.0).argmax(axis=1)
    rows = np.arange(count)
    margin = probabilities[rows, best] - probabilities[rows, found.truth]
    doubted = reached.any(axis=1) & (best != found.truth) & (margin > 0)
    # A fold that never saw the class in training cannot judge who belongs to it.
    unseen = probabilities[rows, found.truth] == 0.0
    for fold in np.unique(found.fold[unseen]):
        here = found.fold == fold
        never = probabilities[here].max(axis=0) == 0.0
        doubted[here] &= ~never[found.truth[here]]
    suggestion = np.where(doubted, best, -1).astype(np.int64)
    return suggestion, np.where(doubted, margin, 0.0)


def thresholds(found: OutOfFold) -> FloatArray:
    """(K,) mean probability that the windows labelled so have for each class; NaN without any."""
    own = found.probabilities[np.arange(len(found)), found.truth].astype(np.float64)
    counts = np.bincount(found.truth, minlength=len(found.labels))
    sums = np.bincount(found.truth, weights=own, minlength=len(found.labels))
    limits: FloatArray = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return limits


def snapped(suspect: Suspect, track: LabelTrack, share: float = 0.8) -> tuple[float, float]:
    """Where the doubt begins and ends, s: the bounds of the whole segment if it is most of that."""
    overlapping = [
        s for s in track.within(suspect.start_s, suspect.end_s) if s.label == suspect.given
    ]
    if len(overlapping) == 1:
        segment = overlapping[0]
        inside = min(suspect.end_s, segment.end_s) - max(suspect.start_s, segment.start_s)
        if inside >= share * segment.duration_s:
            return segment.start_s, segment.end_s
    return suspect.start_s, suspect.end_s


def _neighbours(found: OutOfFold, index: list[int]) -> list[list[int]]:
    """Windows in time order, parted where a window's length or more lies between two."""
    parts = [[index[0]]]
    for before, i in pairwise(index):
        gap = float(found.start_s[i] - found.end_s[before])
        if gap < float(found.end_s[i] - found.start_s[i]):
            parts[-1].append(i)
        else:
            parts.append([i])
    return parts
