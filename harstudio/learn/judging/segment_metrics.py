"""Did the model find the activities, or only their windows: segments and boundaries.

Windows become a timeline by vote (`voting`), which is matched with the person's labels as in
temporal action segmentation (Lea et al. 2017): a window counted right says nothing of how often an
activity was torn in two, or how late it began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from harstudio.core.agreement import EITHER, IOUS, Agreement, agreement, pooled
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.learn.config import RANDOM_WINDOWS
from harstudio.learn.judging.report import EvaluationReport, WindowResult
from harstudio.learn.judging.voting import voted

_RATE_HZ = 100.0
"""Resolution of the comparison; boundaries are compared to the microsecond."""

Piece = tuple[float, float]


@dataclass(frozen=True)
class SegmentScores:
    """Segments found, and how far off their boundaries are.

    Attributes
    ----------
    f1 : tuple of (IoU, F1)
        Over the segments of all labels; a predicted segment matches one true segment of its label.
    per_label : tuple of (label, F1 at an IoU of 0.5)
    true_segments, predicted_segments : int
    boundaries : int
        Starts and ends of segments that match at an IoU of 0.1, apart from those that lie where
        the judged time begins or ends.
    boundary_median_s, boundary_low_s, boundary_high_s : float or None, s
        Of the distances between true and predicted boundaries: median and quartiles.
    bias_s : float or None, s
        Median of the signed distances: above 0 the prediction is late.
    clips : int
    """

    f1: tuple[tuple[float, float], ...]
    per_label: tuple[tuple[str, float], ...]
    true_segments: int
    predicted_segments: int
    boundaries: int
    boundary_median_s: float | None
    boundary_low_s: float | None
    boundary_high_s: float | None
    bias_s: float | None
    clips: int

    @property
    def text(self) -> str:
        """One line for a person."""
        marks = ", ".join(f"{f1:.3f} at IoU {iou:g}" for iou, f1 in self.f1)
        counts = f"{self.predicted_segments} segments predicted, {self.true_segments} true"
        if self.boundary_median_s is None:
            return f"segment F1 {marks}; {counts}"
        return (
            f"segment F1 {marks}; {counts}; boundaries off by {self.boundary_median_s:.2f} s "
            f"(quartiles {self.boundary_low_s:.2f} to {self.boundary_high_s:.2f} s, "
            f"{self.boundaries} of them)"
        )

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        return {
            "f1_at_iou": {f"{iou:g}": f1 for iou, f1 in self.f1},
            "f1_at_iou_0.5_per_label": dict(self.per_label),
            "true_segments": self.true_segments,
            "predicted_segments": self.predicted_segments,
            "boundary_error_s": {
                "count": self.boundaries,
                "median": self.boundary_median_s,
                "quartiles": [self.boundary_low_s, self.boundary_high_s],
                "signed_median": self.bias_s,
            },
            "clips": self.clips,
        }


def segment_scores(
    report: EvaluationReport, tracks: Mapping[str, LabelTrack], *, least_s: float = 0.0
) -> SegmentScores:
    """Compare the timeline that a report's windows amount to with the labels of their clips.

    Only the time that was judged counts: the windows of a clip, with holes up to the length of a
    window closed (there a boundary fell, and no window had a majority).

    Parameters
    ----------
    report : EvaluationReport
        With its windows; without their probabilities each votes for its prediction alone.
    tracks : mapping of clip id to LabelTrack
        The labels that the windows were judged by.
    least_s : float, s
        As for `voted`.

    Raises
    ------
    HarstudioError
        Windows drawn at random, whose neighbours were not judged; or no window of a clip in
        `tracks`.
    """
    if report.split_kind == RANDOM_WINDOWS:
        raise HarstudioError(
            "windows drawn at random make no timeline", "split by subject or by clip"
        )
    groups: dict[tuple[str, bool], list[int]] = {}
    for i, window in enumerate(report.windows):
        if window.clip_id in tracks:
            groups.setdefault((window.clip_id, window.real), []).append(i)
    if not groups:
        raise HarstudioError("none of the report's windows is of a clip with labels")
    found: list[Agreement] = []
    for (clip_id, _real), index in groups.items():
        windows = [report.windows[i] for i in index]
        start_s = np.array([w.start_s for w in windows])
        end_s = np.array([w.end_s for w in windows])
        guess = voted(start_s, end_s, _votes(report, index), report.labels, least_s=least_s)
        truth = _known(tracks[clip_id].exclusive(), report.labels)
        for piece in judged_pieces(windows):
            found.append(_compared(truth, LabelTrack(guess), piece))
    return _scores(pooled(found, EITHER), len({clip_id for clip_id, _ in groups}))


def judged_pieces(windows: Sequence[WindowResult]) -> list[Piece]:
    """The stretches that windows of a clip cover, holes up to the longest window closed."""
    slack = max(w.end_s - w.start_s for w in windows) + 1e-6
    pieces: list[Piece] = []
    for window in sorted(windows, key=lambda w: w.start_s):
        if pieces and window.start_s <= pieces[-1][1] + slack:
            pieces[-1] = (pieces[-1][0], max(pieces[-1][1], window.end_s))
        else:
            pieces.append((window.start_s, window.end_s))
    return pieces


def _votes(report: EvaluationReport, index: list[int]) -> FloatArray:
    if report.probabilities is not None:
        return report.probabilities[index].astype(np.float64)
    place = {label: i for i, label in enumerate(report.labels)}
    votes = np.zeros((len(index), len(report.labels)))
    for row, i in enumerate(index):
        window = report.windows[i]
        votes[row, place[window.prediction]] = max(window.probability, 1e-9)
    return votes


def _known(track: LabelTrack, labels: Sequence[str]) -> LabelTrack:
    """Without labels that the model was not judged on; touching segments of one label as one."""
    known: list[Segment] = []
    for segment in track.segments:
        if segment.label not in labels:
            continue
        last = known[-1] if known else None
        if last and last.label == segment.label and last.end_s == segment.start_s:
            known[-1] = replace(last, end_s=segment.end_s)
        else:
            known.append(segment)
    return LabelTrack(tuple(known))


def _compared(truth: LabelTrack, guess: LabelTrack, piece: Piece) -> Agreement:
    """Both within a piece, with the piece's edges as the clip's: nobody chose those."""
    start_s, end_s = piece
    ours, theirs = (_shifted(track.cropped(start_s, end_s), -start_s) for track in (truth, guess))
    return agreement(ours, theirs, end_s - start_s, _RATE_HZ, EITHER)


def _shifted(track: LabelTrack, by_s: float) -> LabelTrack:
    moved: Iterable[Segment] = (
        replace(s, start_s=s.start_s + by_s, end_s=s.end_s + by_s) for s in track.segments
    )
    return LabelTrack(tuple(moved))


def _scores(found: Agreement, clips: int) -> SegmentScores:
    matches = [match for match in found.matches if match.iou >= IOUS[0] - 1e-9]
    signed = np.array([s for m in matches for s in (m.start_s, m.end_s) if s is not None])
    low, median, high = (
        (float(value) for value in np.quantile(np.abs(signed), (0.25, 0.5, 0.75)))
        if len(signed)
        else (None, None, None)
    )
    return SegmentScores(
        f1=tuple((iou, found.f1(iou) or 0.0) for iou in IOUS),
        per_label=tuple((each.label, each.f1) for each in found.per_label if each.f1 is not None),
        true_segments=sum(count for _, count in found.reference_segments),
        predicted_segments=sum(count for _, count in found.other_segments),
        boundaries=len(signed),
        boundary_median_s=median,
        boundary_low_s=low,
        boundary_high_s=high,
        bias_s=float(np.median(signed)) if len(signed) else None,
        clips=clips,
    )
