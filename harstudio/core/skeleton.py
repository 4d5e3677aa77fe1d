"""The SMPL-24 kinematic tree, the common skeleton of every motion.

Source: Loper et al. 2015, SMPL; joint order as in the released models.
"""

from __future__ import annotations

from harstudio.core.errors import HarstudioError

JOINTS: tuple[str, ...] = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2",
    "left_ankle", "right_ankle", "spine3", "left_foot", "right_foot", "neck",
    "left_collar", "right_collar", "head", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand",
)  # fmt: skip

PARENTS: tuple[int, ...] = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21,
)  # fmt: skip

JOINT_COUNT = len(JOINTS)
BONES: tuple[tuple[int, int], ...] = tuple((p, j) for j, p in enumerate(PARENTS) if p >= 0)


def joint_index(name: str) -> int:
    """Index of a joint by name; HarstudioError if SMPL-24 has no such joint."""
    try:
        return JOINTS.index(name)
    except ValueError:
        raise HarstudioError(f"no joint {name!r}", f"SMPL-24 has {', '.join(JOINTS)}") from None


def mirrored(name: str) -> str:
    """The name on the other side of the body: ``left_knee`` <-> ``right_knee``."""
    if name.startswith("left_"):
        return "right_" + name.removeprefix("left_")
    if name.startswith("right_"):
        return "left_" + name.removeprefix("right_")
    return name
