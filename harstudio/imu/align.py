"""Find how a real recording lies on a virtual one: lag, clock drift and mounting rotations.

Cross-correlation of magnitudes finds the lag roughly; then offset, drift, rotations and gyro
biases are fitted together by least squares, which also says how well each of them is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harstudio.core import rotations as rot
from harstudio.core.arrays import FloatArray
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.core.timebase import Alignment
from harstudio.imu.joint_fit import JointFit, joint_fit
from harstudio.imu.rough_lag import (
    APART_S,
    MAX_LAG_S,
    LagCandidate,
    LagCurve,
    Pairs,
    Prepared,
    lag_curve,
    periodic,
    prepared,
)

DRIFT_FROM_S = 20.0
"""Overlap from which on a drift can be told from a lag."""

_WEAK = 0.3
_LEAST_EVIDENCE_S = 0.8
"""Least ``-T log(1 - r^2)`` of T seconds of overlap: 3 s at a correlation of 0.48, say."""

_LEAST_SHARE = 0.6
_ILL_CONDITIONED = 10.0


@dataclass(frozen=True)
class AlignmentFit:
    """An alignment and how far to trust it.

    Attributes
    ----------
    alignment : Alignment
        Mounting rotations by the real sensors' names; with the spreads and doubts below.
    lag_sd_s : float, s
        Standard deviation of the lag in the middle of the overlap.
    drift_sd_ppm : float
        Infinite where the drift was not fitted.
    rotation_sd_rad : float, rad
        Of the mounting rotations' worst known axis; the worst of the sensors.
    correlation : float
        Pearson correlation of the magnitudes, aligned.
    ambiguous : str
        Why the answer may be wrong, in words; empty if nothing speaks against it.
    note : str
        What else a person should know, e.g. that the drift was not fitted.
    conditioning : float
        How much better the rotation's best known axis is known than its worst (1 is ideal;
        infinite for motion about one axis only).
    lag_s : float, s
        Clip time minus the recording's own time, where the search was made.
    rival_lags_s : tuple of float, s
        Other lags that fit nearly as well, the best first; `fit_alignment` takes them as `near_s`.
    rotations_sd_rad : tuple of float, rad
        The worst known axis of each mounting rotation, in the alignment's order.
    overlap_s : float, s
        How much of the recording lies on the clip.
    """

    alignment: Alignment
    lag_sd_s: float
    drift_sd_ppm: float
    rotation_sd_rad: float
    correlation: float
    ambiguous: str
    note: str = ""
    conditioning: float = 1.0
    lag_s: float = 0.0
    rival_lags_s: tuple[float, ...] = ()
    rotations_sd_rad: tuple[float, ...] = ()
    overlap_s: float = 0.0


def fit_alignment(
    virtual: ImuRecording,
    real: ImuRecording,
    pairs: Pairs | None = None,
    max_lag_s: float = MAX_LAG_S,
    near_s: float | None = None,
) -> AlignmentFit:
    """Alignment that brings a real recording onto a virtual one.

    Parameters
    ----------
    virtual, real : ImuRecording
        Both need the gyro, or both the acceleration. Where only one is in the sensor frame with
        gravity, the other is brought there through its orientation. Two ``global`` recordings
        differ by a yaw only.
    pairs : tuple of (virtual sensor, real sensor)
        Default: the names in common.
    max_lag_s : float
        Offsets sought: this far on either side of equal clocks, and of equal starts.
    near_s : float, s, optional
        Fit at the peak closest to this lag, or at this lag itself if no peak is within 0.15 s,
        instead of at the best peak.

    Raises
    ------
    HarstudioError
        No common sensor, an unknown one, no signal in common, or no overlap.
    """
    both = prepared(virtual, real, pairs)
    names = _real_names(virtual, real, pairs)
    curve = lag_curve(both, max_lag_s)
    chosen = curve.best if near_s is None else _near(curve, near_s)
    middle = curve.middle_on_recording(chosen.lag_s)
    fit = joint_fit(
        list(both.signals),
        (both.virtual.times_s, both.virtual.valid_mask),
        (both.real.times_s, both.real.valid_mask),
        chosen.lag_s,
        (middle - curve.half_s, middle + curve.half_s),
        drift_from_s=DRIFT_FROM_S,
        yaw_only=both.virtual.frame == "global",
    )
    mounting = tuple(
        (name, _quaternion(matrix)) for name, matrix in zip(names, fit.rotations, strict=True)
    )
    alignment = Alignment(fit.offset_s, fit.drift_ppm, mounting)
    correlation = both.correlation(alignment)
    rivals = curve.rivals(chosen)
    ambiguous = "; ".join(
        _doubts_of_lag(fit, curve, chosen, rivals, alignment, correlation)
        + _doubts_of_mounting(both, fit, names)
    )
    return AlignmentFit(
        alignment=replace(
            alignment,
            offset_sd_s=_if_known(fit.lag_sd_s),
            drift_sd_ppm=_if_known(fit.drift_sd_ppm),
            rotations_sd_rad=tuple(map(_if_known, fit.rotation_sd_rad)),
            doubt=ambiguous,
        ),
        lag_sd_s=fit.lag_sd_s,
        drift_sd_ppm=fit.drift_sd_ppm,
        rotation_sd_rad=max(fit.rotation_sd_rad),
        correlation=correlation,
        ambiguous=ambiguous,
        note=_note(fit),
        conditioning=max(fit.conditioning),
        lag_s=curve.lag_of(alignment),
        rival_lags_s=tuple(rival.lag_s for rival in rivals),
        rotations_sd_rad=fit.rotation_sd_rad,
        overlap_s=fit.overlap_s,
    )


def _if_known(sd: float) -> float | None:
    """A standard deviation to be kept; None instead of infinity."""
    return float(sd) if np.isfinite(sd) else None


def _real_names(virtual: ImuRecording, real: ImuRecording, pairs: Pairs | None) -> tuple[str, ...]:
    """The real sensors that take part, in order."""
    if pairs is not None:
        return tuple(name for _, name in pairs)
    return tuple(name for name in virtual.sensors if name in real.sensors)


def _near(curve: LagCurve, lag_s: float) -> LagCandidate:
    """The peak at a lag; what the curve says of the lag itself where there is none."""
    peak = curve.nearest(lag_s)
    if abs(peak.lag_s - lag_s) < APART_S:
        return peak
    known = np.isfinite(curve.correlation)
    r = float(np.interp(lag_s, curve.lags_s[known], curve.correlation[known], 0.0, 0.0))
    return LagCandidate(lag_s, r, 0.0, 1.0)


def _note(fit: JointFit) -> str:
    if fit.drift_fitted:
        return ""
    return (
        f"drift not fitted: {fit.overlap_s:.1f} s of overlap are too short "
        f"(from {DRIFT_FROM_S:g} s on)"
    )


def _doubts_of_lag(
    fit: JointFit,
    curve: LagCurve,
    chosen: LagCandidate,
    rivals: tuple[LagCandidate, ...],
    alignment: Alignment,
    correlation: float,
) -> list[str]:
    """What speaks against the lag, in words."""
    doubts = []
    r = min(max(chosen.vector_correlation, 0.0), 0.999)
    if correlation < _WEAK:
        doubts.append(f"the signals hardly match (correlation {correlation:.2f})")
    elif -fit.overlap_s * np.log1p(-(r**2)) < _LEAST_EVIDENCE_S:
        doubts.append(
            f"the signals hardly match (correlation {r:.2f} of the vectors over "
            f"{fit.overlap_s:.1f} s)"
        )
    if rivals:
        lag = rivals[0].lag_s - curve.lag_of(alignment)
        why = "the motion is periodic: " if _repeats(chosen, rivals) else ""
        doubts.append(f"{why}a lag {lag:+.2f} s away fits nearly as well")
    if chosen.share < _LEAST_SHARE:
        doubts.append(f"only {chosen.share:.0%} of the shorter one would overlap the other")
    moved = curve.lag_of(alignment) - chosen.lag_s
    if abs(moved) > APART_S:
        doubts.append(f"the fit ran {moved:+.2f} s away from the peak of the correlation")
    return doubts


def _repeats(chosen: LagCandidate, rivals: tuple[LagCandidate, ...]) -> bool:
    return periodic((chosen.lag_s, *(rival.lag_s for rival in rivals)))


def _doubts_of_mounting(both: Prepared, fit: JointFit, names: tuple[str, ...]) -> list[str]:
    """What speaks against the mounting rotations, in words."""
    doubts = []
    for name, ratio in zip(names, fit.conditioning, strict=True):
        if ratio > _ILL_CONDITIONED:
            doubts.append(
                f"{name}: the motion turns about one axis only, so the mounting rotation about it "
                f"is unknown (conditioning {ratio:.3g})"
            )
    for name, pair, matrix in zip(names, both.signals, fit.rotations, strict=True):
        v, w = (np.mean(values, axis=0) for values in pair.acc)
        if pair.gyro is not None and v @ matrix @ w < -0.25 * GRAVITY * np.linalg.norm(v):
            doubts.append(f"{name}: gravity points the other way; is the acceleration inverted?")
    return doubts


def _quaternion(matrix: FloatArray) -> tuple[float, float, float, float]:
    w, x, y, z = (float(value) for value in rot.quaternion_from_matrix(matrix))
    return w, x, y, z
