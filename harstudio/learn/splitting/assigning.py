"""Whole units (subjects, clips) to parts or folds, so that each class is in each if possible."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harstudio.core.arrays import FloatArray, IntArray
from harstudio.learn.splitting.leaks import PARTS, TEST, TRAIN, VALIDATION

_FIRST = (TRAIN, TEST, VALIDATION)
"""Which part gets a class's first, second and third unit."""


def unit_table(unit: IntArray, codes: IntArray, units: int, classes: int) -> FloatArray:
    """(U, K) windows of each unit and class."""
    flat = np.bincount(unit * classes + codes, minlength=units * classes)
    return flat.reshape(units, classes).astype(np.float64)


def assigned(table: FloatArray, shares: Mapping[str, float], rng: np.random.Generator) -> IntArray:
    """Part of each unit.

    Parameters
    ----------
    table : (U, K) array
        Windows of each unit and class.
    shares : mapping of part to its share of the windows; a part of share 0 gets nothing
    rng : Generator
        Breaks ties between units.

    Returns
    -------
    (U,) array of indices into `PARTS`
    """
    open_parts = [part for part in _FIRST if shares.get(part, 0.0) > 0]
    wanted = {part: shares[part] * table.sum(axis=0) for part in open_parts}
    has = table > 0
    part_of = np.full(len(table), -1, np.int64)
    # Large units first, so that a part is not filled by one; among like-sized ones, chance.
    size = np.round(np.log2(np.maximum(table.sum(axis=1), 1.0)))
    order = rng.permutation(len(table))
    order = order[np.argsort(-size[order], kind="stable")]
    for label in np.argsort(has.sum(axis=0), kind="stable"):
        for unit in order:
            if part_of[unit] >= 0 or not has[unit, label]:
                continue
            empty = [
                part
                for part in open_parts
                if not (has[:, label] & (part_of == PARTS.index(part))).any()
            ]
            chosen = empty[0] if empty else _neediest(wanted, label, table[unit])
            part_of[unit] = PARTS.index(chosen)
            wanted[chosen] = wanted[chosen] - table[unit]
    part_of[part_of < 0] = PARTS.index(TRAIN)
    return part_of


def folded(table: FloatArray, folds: int, rng: np.random.Generator) -> IntArray:
    """Fold of each unit: large units first, each to the fold that has least of its classes.

    Parameters
    ----------
    table : (U, K) array
        Windows of each unit and class; no fewer units than folds.
    folds : int
    rng : Generator
        Breaks ties between units.

    Returns
    -------
    (U,) array, 0 to folds - 1; no fold is empty
    """
    share = table / np.maximum(table.sum(axis=0), 1.0)
    held = np.zeros((folds, table.shape[1]))
    members = np.zeros(folds)
    order = rng.permutation(len(table))
    order = order[np.argsort(-share[order].sum(axis=1), kind="stable")]
    fold_of = np.zeros(len(table), np.int64)
    for unit in order:
        cost = ((held + share[unit]) ** 2 - held**2).sum(axis=1)
        # Of equals the emptier one, so that every fold gets a unit before one gets a second.
        fold = min(range(folds), key=lambda f: (round(float(cost[f]), 9), members[f]))
        if (members == 0).any() and members[fold] > 0:
            fold = int(np.flatnonzero(members == 0)[0])
        fold_of[unit] = fold
        held[fold] += share[unit]
        members[fold] += 1
    return fold_of


def _neediest(wanted: Mapping[str, FloatArray], label: int, unit: FloatArray) -> str:
    """The part that lacks most windows of a class; of equals, most of what the unit has."""

    def need(part: str) -> tuple[float, float]:
        return float(wanted[part][label]), float(wanted[part] @ unit)

    return max(wanted, key=need)
