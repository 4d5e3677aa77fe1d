"""Small made-up files, and one rule for every reader: a value or a HarstudioError, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harstudio.core.errors import HarstudioError
from harstudio.io.reader import Reader

Arrays = dict[str, Any]


@pytest.fixture
def amass_arrays() -> Callable[..., Arrays]:
    """Maker of an SMPL-H motion's arrays; keyword arguments replace or (None) remove some."""

    def make(frames: int = 5, **changes: object) -> Arrays:
        rng = np.random.default_rng(3)
        arrays: Arrays = {
            "poses": rng.normal(0, 0.3, (frames, 156)),
            "trans": rng.normal(0, 1, (frames, 3)),
            "betas": rng.normal(0, 1, 16),
            "dmpls": np.zeros((frames, 8)),
            "gender": np.array("female"),
            "mocap_framerate": np.array(120.0),
        }
        arrays |= changes
        return {name: array for name, array in arrays.items() if array is not None}

    return make


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    """Saver of arrays as an .npz file."""

    def save(arrays: Arrays, name: str = "walk_poses.npz") -> Path:
        path = tmp_path / name
        np.savez_compressed(path, **arrays)
        return path

    return save


@pytest.fixture
def survives() -> Callable[[Reader, Path], bool]:
    """Whether a file reads; any failure but a HarstudioError fails the test."""

    def check(reader: Reader, path: Path) -> bool:
        reader.matches(path)
        faults = []
        for function in (reader.probe, reader.read):
            try:
                function(path)
            except HarstudioError as error:
                faults.append((function, error))
        assert all(path.name in error.message for _, error in faults)
        return reader.read not in [function for function, _ in faults]

    return check
