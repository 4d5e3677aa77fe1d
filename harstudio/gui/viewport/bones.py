"""Which points of a stick figure are joined by a line."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import minimum_spanning_tree

from harstudio.core.points import PointPath
from harstudio.core.skeleton import JOINTS, PARENTS

Bones = tuple[tuple[int, int], ...]


def bones_of(path: PointPath) -> Bones:
    """Pairs of points to join by a line.

    Points that carry the names of joints are joined as in SMPL-24, over joints that are missing;
    what is left is joined where it looks rigid: near, at a distance that keeps. So a Kinect's
    skeleton and any set of markers both get a figure.

    Notes
    -----
    The minimum spanning tree over mean distance plus four times its standard deviation.
    """
    sample = path.positions[:: max(1, path.frames // 60)]
    distance = np.linalg.norm(sample[:, :, None] - sample[:, None, :], axis=-1)
    cost = distance.mean(axis=0) + 4.0 * distance.std(axis=0) + 1e-3
    for i, name in enumerate(path.names):
        parent = _carrier(name, path.names)
        if parent is not None:
            cost[i, parent] = cost[parent, i] = 1e-6
    tree = minimum_spanning_tree(cost).tocoo()
    return tuple((int(i), int(j)) for i, j in zip(tree.row, tree.col, strict=True))


def _carrier(name: str, names: tuple[str, ...]) -> int | None:
    """Index of the nearest joint towards the pelvis that is among the names."""
    if name.endswith("_shoulder") and "neck" in names and "spine3" not in names:
        return names.index("neck")  # as a Kinect draws it, for want of collar bones
    joint = PARENTS[JOINTS.index(name)] if name in JOINTS else -1
    while joint >= 0 and JOINTS[joint] not in names:
        joint = PARENTS[joint]
    return names.index(JOINTS[joint]) if joint >= 0 else None
