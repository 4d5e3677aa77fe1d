"""Stretches of AMASS files, frame by frame as they are: every array in its own type and order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harstudio.core.errors import HarstudioError
from harstudio.io.files import write_atomically
from harstudio.io.npz import open_npz

_OF_THE_BODY = frozenset(
    ("betas", "gender", "mocap_framerate", "mocap_frame_rate", "shape_space", "num_betas",
     "surface_model_type", "v_template", "marker_labels", "markers_latent")
)  # fmt: skip
"""Arrays that hold for all frames, however many entries they have."""

_ESSENTIAL = frozenset(
    ("poses", "trans", "root_orient", "pose_body", "pose_hand", "betas", "gender",
     "mocap_framerate", "mocap_frame_rate", "shape_space")
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class AmassArrays:
    """The arrays of a file.

    Attributes
    ----------
    arrays : name -> array, as stored
    frames : int
    unread : names of arrays that are pickles, which are never loaded
    """

    arrays: dict[str, NDArray[Any]]
    frames: int
    unread: tuple[str, ...] = ()

    def cut(self, first: int, stop: int) -> dict[str, NDArray[Any]]:
        """The arrays with only the frames from `first` to before `stop`."""
        return {
            name: array[first:stop] if self._by_frame(name, array) else array
            for name, array in self.arrays.items()
        }

    def _by_frame(self, name: str, array: NDArray[Any]) -> bool:
        return name not in _OF_THE_BODY and array.ndim > 0 and array.shape[0] == self.frames


def read_arrays(path: Path) -> AmassArrays:
    """Every plain array of an AMASS file that `amass.read` has found to be sound.

    Raises
    ------
    HarstudioError
        Not such a file, or an array that the motion needs is damaged.
    """
    with open_npz(path) as archive:
        arrays, unread = {}, []
        for name in archive.names:
            try:
                arrays[name] = archive.array(name)
            except HarstudioError:
                if name in _ESSENTIAL:
                    raise
                unread.append(name)
        if "trans" not in arrays or not arrays["trans"].ndim:
            raise HarstudioError("no trans: the root's path is missing")
    return AmassArrays(arrays, len(arrays["trans"]), tuple(unread))


def write_arrays(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write arrays as an .npz file in one atomic step; HarstudioError if that fails."""
    write_atomically(path, lambda file: np.savez(file, allow_pickle=False, **arrays), durable=False)
