"""Up-sampling of rare classes by interpolation, of training windows and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.learn.data.windows import Float32Array, Partners, WindowSet, sealed
from harstudio.learn.splitting.splits import Split, leaks

_ROWS = 4096


def upsampled(
    windows: WindowSet, split: Split, seed: int, most: float = 10.0
) -> tuple[WindowSet, Split]:
    """Windows between two training windows of a class, until it is as large as the largest.

    Parameters
    ----------
    windows : WindowSet
        As cut; the split is of these.
    split : Split
    seed : int
    most : float
        A class grows to so many times its size at most: a few windows do not make thousands.

    Returns
    -------
    (WindowSet, Split)
        The windows with the new ones after them, so that every index keeps its meaning. A new
        window has the provenance of its first parent, and of its second in
        `WindowSet.partners`; the weights are mixed as the signals are.

    Notes
    -----
    Xiao et al. 2020 interpolate to balance their classes; before the split that would put one
    parent into training and the other into the test part (a rare class: .988 for an honest .737).
    Both parents are real, or both virtual. Entries of rotation matrices are mixed like any other
    channel: what lies between two rotations is then not quite one.
    """
    rng = np.random.default_rng(seed)
    first, second = _pairs(windows, split.train, rng, most)
    count = len(first)
    if count == 0:
        return windows, split
    share = rng.uniform(0.0, 1.0, count)
    none = Partners.none(len(windows))
    partners = Partners(
        np.concatenate([none.clip_index, windows.clip_index[second]]),
        np.concatenate([none.subject_index, windows.subject_index[second]]),
        np.concatenate([none.start_s, windows.start_s[second]]),
        np.concatenate([none.end_s, windows.end_s[second]]),
    )
    doubled = np.concatenate([np.arange(len(windows)), first])
    weight = windows.weight
    mixed = weight[first] + share * (weight[second] - weight[first])
    grown = replace(
        windows,
        signals=_with_mixed(windows.signals, first, second, share),
        codes=windows.codes[doubled],
        clip_index=windows.clip_index[doubled],
        subject_index=windows.subject_index[doubled],
        start_s=windows.start_s[doubled],
        end_s=windows.end_s[doubled],
        real=windows.real[doubled],
        variant=windows.variant[doubled],
        weight=np.concatenate([weight, mixed]),
        partners=partners,
    )
    new = np.arange(len(windows), len(windows) + count)
    whole = replace(split, train=np.concatenate([split.train, new]), interpolated=count)
    return grown, replace(whole, leaks=leaks(grown, whole))


def _pairs(
    windows: WindowSet, train: IntArray, rng: np.random.Generator, most: float
) -> tuple[IntArray, IntArray]:
    """Parents of the new windows: two of one class, both real or both virtual."""
    counts = np.bincount(windows.codes[train], minlength=len(windows.labels))
    first, second = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for code, count in enumerate(counts):
        lacking = min(int(counts.max()), int(most * count)) - int(count)
        if lacking <= 0:
            continue
        members = train[windows.codes[train] == code]
        chosen = rng.choice(members, lacking)
        other = np.empty(lacking, np.int64)
        for real in (False, True):
            wanted = windows.real[chosen] == real
            kin = members[windows.real[members] == real]
            if wanted.any():
                other[wanted] = rng.choice(kin, int(wanted.sum()))
        first.append(chosen)
        second.append(other)
    return np.concatenate(first), np.concatenate(second)


def _with_mixed(
    signals: Float32Array, first: IntArray, second: IntArray, share: FloatArray
) -> Float32Array:
    """The signals, then those between pairs of them; in blocks, without further copies."""
    count = len(signals)
    grown = np.empty((count + len(first), *signals.shape[1:]), np.float32)
    grown[:count] = signals
    part = share.astype(np.float32)[:, None, None]
    for start in range(0, len(first), _ROWS):
        rows = slice(start, start + _ROWS)
        a, b = signals[first[rows]], signals[second[rows]]
        grown[count + start : count + start + len(a)] = a + part[rows] * (b - a)
    return sealed(grown)
