"""Which clips show one and the same movement: on another body, mirrored, or at another pace.

Such copies are made to enlarge data sets. Two of them have other files, other signals and perhaps
another subject's name, and yet one of them in training gives the other in the test part away.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial import cKDTree

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.core.motion import Motion
from harstudio.core.skeleton import JOINTS, joint_index, mirrored

_MOMENTS = 64
"""Single moments, not means over stretches: those of a steady walk are all alike."""
_LEFT = [i for i, name in enumerate(JOINTS) if name.startswith("left_") and "hand" not in name]
_RIGHT = [joint_index(mirrored(JOINTS[i])) for i in _LEFT]
_MIDDLE = [i for i, name in enumerate(JOINTS) if mirrored(name) == name and name != "pelvis"]
_LEAST_FRAMES = 16
_STILL_RAD = 0.03
"""A body whose joints all move less than this says nothing: people stand alike."""
_SAME = 0.2
"""Root mean square over the signature. A copy at half the rate comes to 0.13 at most (a sprint);
the most alike repetitions by one person to 0.37 (a depth camera's) and 0.52 (motion capture)."""
_BLOCKS = 16


def movement_signature(motion: Motion) -> FloatArray | None:
    """How far each joint is bent over the course of a motion, in units of how much that varies.

    The same for any body shape, place and heading, for the mirror image, and for a uniform
    change of pace or frame rate. Hands are left out, which some files have and some not.

    Returns
    -------
    (D,) array, or None for a body that stands still or has fewer than 16 frames
    """
    if motion.frames < _LEAST_FRAMES:
        return None
    turned = np.linalg.norm(motion.pose, axis=2) % (2 * np.pi)
    bent = np.minimum(turned, 2 * np.pi - turned)
    used = [*_MIDDLE, *_LEFT, *_RIGHT]
    if bent[:, used].std(axis=0).max() < _STILL_RAD:
        return None
    moment = np.linspace(0.0, motion.frames - 1, _MOMENTS)
    before = np.minimum(moment.astype(np.int64), motion.frames - 2)
    seen = bent[before] + (moment - before)[:, None] * (bent[before + 1] - bent[before])
    left, right = seen[:, _LEFT], seen[:, _RIGHT]
    parts = (seen[:, _MIDDLE], left + right, np.abs(left - right))
    flat = np.concatenate([part.ravel() for part in parts])
    varied = float(np.sqrt(np.mean(np.concatenate([np.var(part, axis=0) for part in parts]))))
    if varied == 0.0:  # all that moved did so between two of the moments
        return None
    signature: FloatArray = flat / varied
    return signature


def same_movements(signatures: Mapping[str, FloatArray | None]) -> dict[str, str]:
    """For each clip the first clip that shows the same movement: itself, if there is no other.

    Parameters
    ----------
    signatures : mapping of clip id to what `movement_signature` gave
    """
    ids = [clip_id for clip_id, signature in signatures.items() if signature is not None]
    first = {clip_id: clip_id for clip_id in signatures}
    if len(ids) < 2:
        return first
    table = np.array([signatures[clip_id] for clip_id in ids])
    group = np.arange(len(ids))
    for i, j in _candidates(table):
        if np.sqrt(((table[i] - table[j]) ** 2).mean()) < _SAME:
            _join(group, i, j)
    for i, clip_id in enumerate(ids):
        first[clip_id] = ids[_root(group, i)]
    return first


def _candidates(table: FloatArray) -> list[tuple[int, int]]:
    """Pairs of rows whose means over blocks are alike, as those of like rows must be."""
    blocks = table.reshape(len(table), _BLOCKS, -1).mean(axis=2)
    pairs = cKDTree(blocks).query_pairs(_SAME * np.sqrt(_BLOCKS), output_type="ndarray")
    return sorted((int(i), int(j)) for i, j in pairs)


def _root(group: IntArray, i: int) -> int:
    while group[i] != i:
        i = int(group[i])
    return i


def _join(group: IntArray, i: int, j: int) -> None:
    a, b = sorted((_root(group, i), _root(group, j)))
    group[b] = a
