"""Windows that hold a movement beside what was measured of it: poses and sensor signals, paired.

A pose is the positions of the 24 joints. All but the pelvis are given relative to the pelvis; the
pelvis itself relative to the middle of its path within the window, so that its bounce is kept and
its place is not. The window is turned about the vertical until the hips lie, on average, along x:
what a sensor reads does not depend on where its wearer faces (Zolfaghari et al. 2024 leave open
which frame their joints are in).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray, IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.labels import LabelTrack
from harstudio.core.skeleton import JOINTS, joint_index
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.channels import Float32Array, channel_values
from harstudio.learn.data.windows import WindowSet, sealed

POSE = tuple(f"{joint} position_{axis}" for joint in JOINTS for axis in "xyz")
"""Channels of the joints' positions, m."""
MASKS = ("mask inside", "mask posed")
"""Channels that are 1 where a sample was measured, rather than filled in, and where the pose is
known; else 0."""
BESIDE = (*POSE, *MASKS)
"""Channels that a paired window has after those of its sensors."""

_PELVIS, _LEFT, _RIGHT = (joint_index(name) for name in ("pelvis", "left_hip", "right_hip"))
_LEAST = 0.2
"""A stretch shorter than a window becomes one, filled up, if it is at least this share of it."""
_NO_HEADING_M = 0.01
"""Hips whose mean difference is shorter than this on the floor face nowhere in particular."""


def sensor_channels(channels: tuple[str, ...]) -> tuple[str, ...]:
    """Of a paired window's channels, those of its sensors.

    Raises
    ------
    HarstudioError
        The channels are not those of a paired window.
    """
    count = len(channels) - len(BESIDE)
    if count < 1 or channels[count:] != BESIDE:
        raise HarstudioError(
            f"expected windows of sensors and poses, got the channels {', '.join(channels[:6])}",
            "they are cut by a model that takes both, such as pose2imu",
        )
    return channels[:count]


def anchored(positions: FloatArray, known: BoolArray) -> Float32Array:
    """A window's joints as the network sees them: see the module.

    Parameters
    ----------
    positions : (T, 24, 3) array, m, world, z up; finite where `known`
    known : (T,) bool array

    Returns
    -------
    (T, 72) float32 array, m; 0 where not known
    """
    result = np.zeros((len(positions), len(POSE)), np.float32)
    if not known.any():
        return result
    there = positions[known]
    pelvis = there[:, _PELVIS]
    relative = there - pelvis[:, None]
    relative[:, _PELVIS] = pelvis - pelvis.mean(axis=0)
    across = (there[:, _LEFT] - there[:, _RIGHT]).mean(axis=0)[:2]
    length = float(np.hypot(*across))
    if length > _NO_HEADING_M:
        cosine, sine = across / length
        turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        relative = relative @ turn.T
    result[known] = relative.reshape(len(there), -1)
    return result


def cut_paired(
    recording: ImuRecording,
    positions: FloatArray | None,
    track: LabelTrack,
    labels: tuple[str, ...],
    *,
    clip_id: str,
    subject: str,
    config: TrainingConfig,
    variant: int = 0,
    name: str = "",
) -> WindowSet:
    """Cut a recording and its wearer's poses into labelled windows.

    As `cut_windows`, but a run of valid samples that is shorter than a window (a
    whole take of UTD-MHAD is) becomes one window: its last sample is held to the window's end,
    and the mask says so. Shares and weights are of the samples that were measured.

    Parameters
    ----------
    recording : ImuRecording
        At `config.rate_hz`, its times on the clip's clock.
    positions : (T, 24, 3) array or None, m
        Of the joints at the recording's times, NaN where they are not known; None if nowhere.
    track, labels, clip_id, subject, config, variant, name
        As for `cut_windows`.

    Returns
    -------
    WindowSet
        Its channels are those of the sensors, then `BESIDE`. Possibly of no windows.

    Raises
    ------
    HarstudioError
        As `cut_windows`, or positions of another shape.
    """
    _check(recording, positions, labels, clip_id, config)
    if config.label_map is not None:
        track = config.label_map.track(track)
    signals, channels = channel_values(recording, config.sensors, config.channels, name or clip_id)
    firsts, lasts = _stretches(recording, config)
    steps = np.arange(config.window_samples)
    rows = np.minimum(firsts[:, None] + steps, lasts[:, None])
    inside = firsts[:, None] + steps <= lasts[:, None]
    codes, weight = _labelled(recording, track, labels, rows, inside, config)
    kept = codes >= 0
    rows, inside, firsts, lasts = rows[kept], inside[kept], firsts[kept], lasts[kept]
    if not np.isfinite(signals[rows]).all():
        raise HarstudioError(f"clip {clip_id!r}: a signal is too large to be an acceleration")
    count, width = len(rows), len(channels)
    cut = np.zeros((count, config.window_samples, width + len(BESIDE)), np.float32)
    cut[:, :, :width] = signals[rows]
    cut[:, :, -2] = inside
    if positions is not None:
        known: BoolArray = np.asarray(np.isfinite(positions).all(axis=(1, 2)))
        for window, index in zip(cut, rows, strict=True):
            window[:, width:-2] = anchored(positions[index], known[index])
        cut[:, :, -1] = known[rows] & inside
    times_s = recording.times_s
    return WindowSet(
        signals=sealed(cut),
        codes=codes[kept],
        labels=tuple(labels),
        channels=(*channels, *BESIDE),
        rate_hz=config.rate_hz,
        clip_ids=(clip_id,),
        clip_index=np.zeros(count, np.int64),
        subjects=(subject,),
        subject_index=np.zeros(count, np.int64),
        start_s=times_s[firsts],
        end_s=times_s[firsts] + inside.sum(axis=1) / config.rate_hz,
        real=np.full(count, recording.kind == "real"),
        variant=np.full(count, variant),
        weight=weight[kept],
        clip_names=(name or clip_id,),
    )


def _check(
    recording: ImuRecording,
    positions: FloatArray | None,
    labels: tuple[str, ...],
    clip_id: str,
    config: TrainingConfig,
) -> None:
    if not labels or len(set(labels)) != len(labels):
        raise HarstudioError(f"labels: got {labels!r}, expected one or more distinct names")
    if recording.samples > 1 and abs(recording.rate_hz / config.rate_hz - 1.0) > 0.01:
        raise HarstudioError(
            f"clip {clip_id!r}: recorded at {recording.rate_hz:.2f} Hz, "
            f"expected {config.rate_hz:g} Hz",
            "resample it first",
        )
    expected = (recording.samples, len(JOINTS), 3)
    if positions is not None and positions.shape != expected:
        raise HarstudioError(
            f"clip {clip_id!r}: joint positions have shape {positions.shape}, expected {expected}"
        )


def _stretches(recording: ImuRecording, config: TrainingConfig) -> tuple[IntArray, IntArray]:
    """First and last sample of each window."""
    valid, length = recording.valid_mask, config.window_samples
    gap = np.diff(recording.times_s) > 1.5 / config.rate_hz
    breaks = np.flatnonzero((valid[1:] != valid[:-1]) | gap) + 1
    firsts: list[int] = []
    lasts: list[int] = []
    for first, stop in pairwise([0, *breaks.tolist(), recording.samples]):
        if not valid[first]:
            continue
        if stop - first >= length:
            starts = range(first, stop - length + 1, config.step_samples)
            firsts += starts
            lasts += [start + length - 1 for start in starts]
        elif stop - first >= _LEAST * length:
            firsts.append(first)
            lasts.append(stop - 1)
    return np.array(firsts, np.int64), np.array(lasts, np.int64)


def _labelled(
    recording: ImuRecording,
    track: LabelTrack,
    labels: tuple[str, ...],
    rows: IntArray,
    inside: BoolArray,
    config: TrainingConfig,
) -> tuple[IntArray, FloatArray]:
    """(N,) label of most of each window's measured samples (-1 for too few), and its weight."""
    every = track.codes(recording.times_s, labels)
    certain = track.certainty(recording.times_s)
    codes, weight = np.full(len(rows), -1), np.ones(len(rows))
    for i, (index, here) in enumerate(zip(rows, inside, strict=True)):
        own = every[index[here]]
        votes = np.bincount(own[own >= 0], minlength=len(labels))
        code = int(votes.argmax())
        if votes[code] == 0 or votes[code] < (config.min_share - 1e-9) * len(own):
            continue
        codes[i] = code
        if config.soft_edges:
            weight[i] = certain[index[here]][own == code].mean()
    return codes, weight
