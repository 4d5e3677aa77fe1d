"""Recordings and labels become windows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.labels import LabelTrack
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.channels import channel_values
from harstudio.learn.data.windows import WindowSet, sealed


def cut_windows(
    recording: ImuRecording,
    track: LabelTrack,
    labels: tuple[str, ...],
    *,
    clip_id: str,
    subject: str,
    config: TrainingConfig,
    variant: int = 0,
    name: str = "",
    movement: str = "",
) -> WindowSet:
    """Cut one recording into labelled windows.

    Windows start at the beginning of each uninterrupted run of valid samples. A window gets the
    label that most of its samples carry if that is at least `config.min_share` of them; others
    are left out, and so is every window that touches an invalid sample. Its weight is the mean
    certainty of the samples that carry its label: what a gap leaves unsaid is `min_share`'s
    concern, and no doubt about the label.

    Parameters
    ----------
    recording : ImuRecording
        At `config.rate_hz`, its times on the clip's clock.
    track : LabelTrack
        On the same clock, as painted: `config.label_map` is applied here.
    labels : names
        The classes, under the map if there is one; time under any other label (``unknown`` too,
        unless listed) is unlabelled.
    clip_id, subject : str
        Provenance, and the units of a split.
    config : TrainingConfig
    variant : int
        See `WindowSet`.
    name, movement : str
        Of the clip; see `WindowSet`. Its id unless told.

    Returns
    -------
    WindowSet, possibly of no windows

    Raises
    ------
    HarstudioError
        Another rate, a sensor or signal that the recording lacks, no labels, a label twice,
        a value beyond the range of float32.
    """
    if not labels or len(set(labels)) != len(labels):
        raise HarstudioError(f"labels: got {labels!r}, expected one or more distinct names")
    if recording.samples > 1 and abs(recording.rate_hz / config.rate_hz - 1.0) > 0.01:
        raise HarstudioError(
            f"clip {clip_id!r}: recorded at {recording.rate_hz:.2f} Hz, "
            f"expected {config.rate_hz:g} Hz",
            "resample it first",
        )
    if config.label_map is not None:
        track = config.label_map.track(track)
    signals, channels = channel_values(recording, config.sensors, config.channels, name or clip_id)
    starts = _starts(recording, config)
    rows = starts[:, None] + np.arange(config.window_samples)
    every = track.codes(recording.times_s, labels)
    codes, share = _majority(every[rows], len(labels))
    kept = (codes >= 0) & (share >= config.min_share - 1e-9)
    starts, rows, codes = starts[kept], rows[kept], codes[kept]
    start_s = recording.times_s[starts]
    count = len(starts)
    weight = np.ones(count)
    if config.soft_edges:
        own = every[rows] == codes[:, None]
        certain = track.certainty(recording.times_s)[rows]
        weight = (certain * own).sum(axis=1) / np.maximum(own.sum(axis=1), 1)
    cut = signals[rows]
    if not np.isfinite(cut).all():
        raise HarstudioError(f"clip {clip_id!r}: a signal is too large to be an acceleration")
    return WindowSet(
        signals=sealed(cut),
        codes=codes,
        labels=tuple(labels),
        channels=channels,
        rate_hz=config.rate_hz,
        clip_ids=(clip_id,),
        clip_index=np.zeros(count, np.int64),
        subjects=(subject,),
        subject_index=np.zeros(count, np.int64),
        start_s=start_s,
        end_s=start_s + config.window_samples / config.rate_hz,
        real=np.full(count, recording.kind == "real"),
        variant=np.full(count, variant),
        weight=weight,
        clip_names=(name or clip_id,),
        movements=(movement or clip_id,),
    )


def _starts(recording: ImuRecording, config: TrainingConfig) -> IntArray:
    """Index of each window's first sample: windows lie inside runs of valid, gapless samples."""
    valid = recording.valid_mask
    gap = np.diff(recording.times_s) > 1.5 / config.rate_hz
    breaks = np.flatnonzero((valid[1:] != valid[:-1]) | gap) + 1
    edges = np.concatenate([[0], breaks, [recording.samples]])
    starts = [
        np.arange(first, stop - config.window_samples + 1, config.step_samples)
        for first, stop in pairwise(edges)
        if valid[first]
    ]
    return np.concatenate([np.zeros(0, np.int64), *starts]).astype(np.int64)


def _majority(codes: IntArray, classes: int) -> tuple[IntArray, FloatArray]:
    """Most frequent label of each window (-1 where no sample has one), and its share.

    codes : (N, T), -1 where unlabelled.
    """
    count = len(codes)
    flat = (codes + np.arange(count)[:, None] * (classes + 1) + 1).ravel()
    votes = np.bincount(flat, minlength=count * (classes + 1)).reshape(count, classes + 1)[:, 1:]
    best = votes.argmax(axis=1) if count else np.zeros(0, np.int64)
    most = votes[np.arange(count), best]
    return np.where(most > 0, best, -1), most / max(1, codes.shape[1])
