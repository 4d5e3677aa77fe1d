"""Copies of a movement are known whatever was done to them; repetitions are not taken for any."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core import rotations as rot
from harstudio.core.motion import Motion
from harstudio.core.skeleton import JOINTS, joint_index, mirrored
from harstudio.io.amass import read
from harstudio.learn.data.movements import movement_signature, same_movements


def swinging(seed: int, seconds: float = 4.0, rate_hz: float = 60.0) -> Motion:
    rng = np.random.default_rng(seed)
    sizes, phases = rng.uniform(0, 0.6, (24, 3)), rng.uniform(0, 6, (24, 3))
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    share = times[:, None, None] / seconds
    pose = sizes * np.sin(9.0 * share + phases) * (0.5 + share)
    return Motion(pose, np.zeros((len(times), 3)), rate_hz)


def mirror_image(motion: Motion) -> Motion:
    swap = [joint_index(mirrored(name)) for name in JOINTS]
    return replace(motion, pose=motion.pose[:, swap] * [1.0, -1.0, -1.0])


def turned(motion: Motion) -> Motion:
    pose = motion.pose.copy()
    pose[:, 0] = rot.log(rot.exp([0, 0, 1.0]) @ rot.exp(pose[:, 0]))
    return replace(motion, pose=pose, translation=motion.translation + 3.0)


def groups(**motions: Motion) -> dict[str, str]:
    return same_movements({name: movement_signature(m) for name, m in motions.items()})


def test_other_bodies_mirrors_paces_rates_and_headings_are_the_same_movement() -> None:
    motion = swinging(1)
    found = groups(
        one=motion,
        tall=replace(motion, betas=np.full(10, 2.0), gender="male"),
        mirrored=mirror_image(motion),
        slow=replace(motion, rate_hz=40.0),
        resampled=swinging(1, rate_hz=100.0),
        turned=turned(motion),
        rounded=replace(motion, pose=motion.pose.astype(np.float32).astype(float)),
        other=swinging(2),
    )
    assert found.pop("other") == "other"
    assert set(found.values()) == {"one"}


def test_bodies_that_stand_still_are_nobodys_copy() -> None:
    still = Motion(np.zeros((60, 24, 3)), np.zeros((60, 3)), 60.0)
    assert movement_signature(still) is None
    assert movement_signature(swinging(1).cut(0, 10)) is None
    assert groups(a=still, b=still) == {"a": "a", "b": "b"}
    assert same_movements({}) == {}


def test_of_real_takes_only_the_two_files_of_one_take_are_the_same_movement(
    real_data: Path,
) -> None:
    """02_01 was also filed as a walk; any other two differ by 2.6 times the limit."""
    paths = sorted((real_data / "amass_cmu").glob("*/*_poses.npz"))
    signatures = {path.stem: movement_signature(read(path)) for path in paths}
    assert sum(signature is not None for signature in signatures.values()) > 20
    found = same_movements(signatures)
    copies = {name: first for name, first in found.items() if name != first}
    assert copies == {"walking_1_poses": "02_01_poses"}
    motion = read(paths[0])
    copy = {**signatures, "copy": movement_signature(mirror_image(motion))}
    assert same_movements(copy)["copy"] == paths[0].stem


@pytest.mark.parametrize("count", [2, 40])
def test_only_what_is_alike_is_joined_among_many(count: int) -> None:
    found = groups(**{f"m{i}": swinging(i) for i in range(count)}, copy=swinging(1))
    assert found["copy"] == "m1"
    assert sum(name != first for name, first in found.items()) == 1
