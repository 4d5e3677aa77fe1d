"""How far two tiers of labels agree: kappa, segments found by both, boundaries, disagreements.

One tier is called the reference and one the other. Only F1's halves, the signs of offsets and the
matrix's rows and columns depend on which is which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack
from harstudio.core.segment_matching import Match, Offsets, matches

BOTH, EITHER, WHOLE = "both", "either", "whole"
OVER = (BOTH, EITHER, WHOLE)
"""The time that is compared: where both tiers have a label, where at least one has, or all of it.

In the last two "no label" is a class of its own.
"""

NO_LABEL = ""
"""Stands for "no label" among labels; no label can be called so."""

IOUS = (0.1, 0.25, 0.5)
"""Thresholds of segment F1 that are reported."""

_TIE = 1e-9
"""An IoU this much below a threshold reaches it: two doubles that mean the same may differ."""

MOST_DISAGREEMENTS = 100_000
"""More are counted, but not kept."""


@dataclass(frozen=True)
class Disagreement:
    """A stretch where the tiers differ in one way throughout.

    Attributes
    ----------
    part : int
        Which of the pooled pairs it is in.
    start_s, end_s : float, s
    reference, other : str
        What each says; `NO_LABEL` for nothing.
    """

    part: int
    start_s: float
    end_s: float
    reference: str
    other: str

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class LabelAgreement:
    """One label's share in the agreement.

    Attributes
    ----------
    label : str
        `NO_LABEL` for the time without one.
    reference_s, other_s, both_s : float, s
        Time with this label in each tier, and in both at once.
    dice : float or None
        Specific agreement, ``2 both / (reference + other)`` (Dice 1945).
    f1 : float or None
        Of its segments at an IoU of 0.5; None for `NO_LABEL`.
    """

    label: str
    reference_s: float
    other_s: float
    both_s: float
    dice: float | None
    f1: float | None


@dataclass(frozen=True)
class Agreement:
    """What `agreement` found, of one pair of tiers or of many pooled.

    Attributes
    ----------
    over : str
        The time that was compared, one of `OVER`.
    labels : tuple of str
        Sorted; `NO_LABEL` last where it is a class.
    seconds : (K, K) array, s
        Time compared, by the reference's label (rows) and the other's (columns).
    samples : int
        How many samples that is.
    reference_segments, other_segments : mapping of label to int, as a tuple of pairs
    matches : tuple of Match
        Whatever their IoU.
    disagreements : tuple of Disagreement
        In the order of time, pair by pair; at most `MOST_DISAGREEMENTS`.
    disagreement_count : int
    reference_s, other_s, both_s : float, s
        Labelled time in each tier and in both at once, whatever the labels.
    total_s : float, s
        Length of the clips.
    parts : int
        Pairs of tiers that were pooled.
    flattened : int
        Pairs with a tier where segments overlapped; later starts were laid over earlier ones.
    """

    over: str
    labels: tuple[str, ...]
    seconds: FloatArray
    samples: int
    reference_segments: tuple[tuple[str, int], ...]
    other_segments: tuple[tuple[str, int], ...]
    matches: tuple[Match, ...]
    disagreements: tuple[Disagreement, ...]
    disagreement_count: int
    reference_s: float
    other_s: float
    both_s: float
    total_s: float
    parts: int = 1
    flattened: int = 0

    def __post_init__(self) -> None:
        self.seconds.setflags(write=False)

    @property
    def compared_s(self) -> float:
        """Time that was compared, s."""
        return float(self.seconds.sum())

    @property
    def observed(self) -> float | None:
        """Share of the compared time in which both say the same; None if nothing was compared."""
        return float(np.trace(self.seconds) / self.compared_s) if self.samples else None

    @property
    def expected(self) -> float | None:
        """The same if both labelled at random, each with its own shares."""
        if not self.samples:
            return None
        rows, columns = self.seconds.sum(1), self.seconds.sum(0)
        return float(rows @ columns / self.compared_s**2)

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa per sample (Cohen 1960); None where it is undefined: see `undefined`."""
        expected = self.expected
        if expected is None or self.undefined:
            return None
        differing = float(self.seconds[~np.eye(len(self.labels), dtype=np.bool_)].sum())
        return 1.0 - differing / self.compared_s / (1.0 - expected)

    @property
    def undefined(self) -> str:
        """Why there is no kappa, in words; empty if there is one."""
        if not self.samples:
            where = {BOTH: "both tiers have", EITHER: "a tier has", WHOLE: "the clip has"}
            what = "a sample" if self.over == WHOLE else "a label"
            return f"there is no time where {where[self.over]} {what}"
        used = (self.seconds.sum(0) > 0) | (self.seconds.sum(1) > 0)
        if used.sum() == 1:
            label = self.labels[int(np.argmax(used))]
            return f"both say {label!r} throughout" if label else "neither tier has a label"
        return ""

    def f1(self, iou: float, label: str | None = None) -> float | None:
        """Segment F1: matched segments of at least that IoU; None where neither tier has any."""
        reference, other, found = (
            sum(n for name, n in counts if label in (None, name))
            for counts in (
                self.reference_segments,
                self.other_segments,
                [(match.label, 1) for match in self.matches if match.iou >= iou - _TIE],
            )
        )
        return 2.0 * found / (reference + other) if reference + other else None

    def matched(self, iou: float) -> int:
        """How many segments of the reference were found at an IoU."""
        return sum(match.iou >= iou - _TIE for match in self.matches)

    def offsets(self, iou: float = IOUS[0], *, start: bool = True, end: bool = True) -> Offsets:
        """Starts, ends, or both, of segments matched with at least that IoU."""
        matches = [match for match in self.matches if match.iou >= iou - _TIE]
        starts = [match.start_s for match in matches if start and match.start_s is not None]
        ends = [match.end_s for match in matches if end and match.end_s is not None]
        return Offsets.of(starts + ends)

    @cached_property
    def per_label(self) -> tuple[LabelAgreement, ...]:
        """Each label's agreement, in the order of `labels`."""
        rows, columns, both = self.seconds.sum(1), self.seconds.sum(0), np.diag(self.seconds)
        found = []
        for i, label in enumerate(self.labels):
            either_s = float(rows[i] + columns[i])
            found.append(
                LabelAgreement(
                    label,
                    float(rows[i]),
                    float(columns[i]),
                    float(both[i]),
                    2.0 * float(both[i]) / either_s if either_s > 0 else None,
                    self.f1(IOUS[-1], label) if label != NO_LABEL else None,
                )
            )
        return tuple(found)


def agreement(
    reference: LabelTrack,
    other: LabelTrack,
    duration_s: float,
    rate_hz: float,
    over: str = EITHER,
) -> Agreement:
    """Compare two tiers of one clip.

    Parameters
    ----------
    reference, other : LabelTrack
        An overlapping one is made exclusive first: later starts lie over earlier ones.
    duration_s : float, s
        Of the clip; labels outside are not compared.
    rate_hz : float
        Samples per second. Sample i stands for [i, i + 1) / rate and has the label at its start.
    over : str
        `BOTH`, `EITHER` or `WHOLE`.

    Raises
    ------
    HarstudioError
        Another `over`, or a duration or rate that is not above 0.

    Notes
    -----
    How segments are matched: `segment_matching.matches`.
    """
    if over not in OVER:
        raise HarstudioError(f"agreement over {over!r}: expected one of {', '.join(OVER)}")
    if not (0 < duration_s < np.inf and 0 < rate_hz < np.inf):
        raise HarstudioError(f"agreement: a clip of {duration_s} s at {rate_hz} Hz has no samples")
    flat = [track.exclusive() for track in (reference, other)]
    flattened = flat[0].segments != reference.segments or flat[1].segments != other.segments
    tracks = [track.cropped(0.0, duration_s) for track in flat]
    names = tuple(sorted({*tracks[0].labels, *tracks[1].labels}))
    times_s = np.arange(max(1, int(np.ceil(duration_s * rate_hz - 1e-6)))) / rate_hz
    codes = [track.codes(times_s, names) for track in tracks]
    labelled = [code >= 0 for code in codes]
    counted = {
        BOTH: labelled[0] & labelled[1],
        EITHER: labelled[0] | labelled[1],
        WHOLE: np.ones(len(times_s), np.bool_),
    }[over]
    labels = names if over == BOTH else (*names, NO_LABEL)
    rows, columns = (np.where(code < 0, len(names), code)[counted] for code in codes)
    size = len(labels)
    counts = np.bincount(rows * size + columns, minlength=size * size).reshape(size, size)
    found = _disagreements(codes, counted, labels, rate_hz, duration_s)
    return Agreement(
        over,
        labels,
        counts / rate_hz,
        int(counted.sum()),
        _count(tracks[0]),
        _count(tracks[1]),
        tuple(matches(tracks[0], tracks[1], duration_s, 1.0 / rate_hz)),
        found[:MOST_DISAGREEMENTS],
        len(found),
        float(labelled[0].sum() / rate_hz),
        float(labelled[1].sum() / rate_hz),
        float((labelled[0] & labelled[1]).sum() / rate_hz),
        duration_s,
        flattened=int(flattened),
    )


def pooled(parts: Iterable[Agreement], over: str = EITHER) -> Agreement:
    """Many pairs of tiers as one: times, segments and boundaries are put together.

    A clip weighs as much as the time that was compared in it. `Disagreement.part` is the index
    into `parts`.

    Raises
    ------
    HarstudioError
        A part was compared over other time than `over`.
    """
    parts = list(parts)
    if any(part.over != over for part in parts):
        raise HarstudioError(f"agreement: cannot pool what was not compared over {over!r}")
    names = tuple(sorted({name for part in parts for name in part.labels} - {NO_LABEL}))
    labels = names if over == BOTH else (*names, NO_LABEL)
    seconds = np.zeros((len(labels), len(labels)))
    for part in parts:
        place = [labels.index(name) for name in part.labels]
        seconds[np.ix_(place, place)] += part.seconds
    kept = (
        Disagreement(i, each.start_s, each.end_s, each.reference, each.other)
        for i, part in enumerate(parts)
        for each in part.disagreements
    )
    return Agreement(
        over,
        labels,
        seconds,
        sum(part.samples for part in parts),
        _added(part.reference_segments for part in parts),
        _added(part.other_segments for part in parts),
        tuple(match for part in parts for match in part.matches),
        tuple(islice(kept, MOST_DISAGREEMENTS)),
        sum(part.disagreement_count for part in parts),
        sum(part.reference_s for part in parts),
        sum(part.other_s for part in parts),
        sum(part.both_s for part in parts),
        sum(part.total_s for part in parts),
        sum(part.parts for part in parts),
        sum(part.flattened for part in parts),
    )


def _disagreements(
    codes: Sequence[NDArray[np.int64]],
    counted: NDArray[np.bool_],
    labels: tuple[str, ...],
    rate_hz: float,
    duration_s: float,
) -> tuple[Disagreement, ...]:
    """Runs of samples that differ in one way, in the order of time."""
    differs = counted & (codes[0] != codes[1])
    changed = (codes[0][1:] != codes[0][:-1]) | (codes[1][1:] != codes[1][:-1])
    edges = [0, *(np.flatnonzero(changed | (differs[1:] != differs[:-1])) + 1), len(differs)]
    found = []
    for first, stop in pairwise(edges):
        if differs[first]:
            names = (labels[code[first]] if code[first] >= 0 else NO_LABEL for code in codes)
            end_s = min(float(stop) / rate_hz, duration_s)
            found.append(Disagreement(0, float(first) / rate_hz, end_s, *names))
    return tuple(found)


def _count(track: LabelTrack) -> tuple[tuple[str, int], ...]:
    """Segments per label, sorted."""
    return tuple(sorted(Counter(segment.label for segment in track.segments).items()))


def _added(
    counts: Iterable[tuple[tuple[str, int], ...]],
) -> tuple[tuple[str, int], ...]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(dict(each))
    return tuple(sorted(total.items()))
