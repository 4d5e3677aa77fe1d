"""What models say of windows that they have not trained on: of every window, one verdict."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray, IntArray, readonly
from harstudio.core.errors import HarstudioError
from harstudio.learn.data.windows import Float32Array, WindowSet
from harstudio.learn.runs.files import read_npz, write_whole

OUT_OF_FOLD = "out_of_fold.npz"

_TEXTS = ("labels", "clip_ids", "subjects")
_COLUMNS = {
    "truth": np.int64, "fold": np.int64, "clip_index": np.int64, "subject_index": np.int64,
    "start_s": np.float64, "end_s": np.float64, "real": np.bool_,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Probabilities of N windows, each from a model that has not trained on it.

    Attributes
    ----------
    labels : K names
    probabilities : (N, K) float32 array
    truth : (N,) array
        Index into `labels`.
    fold : (N,) array
        Which fold judged the window, from 1.
    clip_ids, subjects : the distinct names
    clip_index, subject_index : (N,) arrays
    start_s, end_s : (N,) arrays, s, on the clip's clock
    real : (N,) bool array

    Raises
    ------
    HarstudioError
        Shapes or indices that do not fit together, or numbers that are no probabilities.
    """

    labels: tuple[str, ...]
    probabilities: Float32Array
    truth: IntArray
    fold: IntArray
    clip_ids: tuple[str, ...]
    clip_index: IntArray
    subjects: tuple[str, ...]
    subject_index: IntArray
    start_s: FloatArray
    end_s: FloatArray
    real: BoolArray

    def __post_init__(self) -> None:
        probabilities = readonly(self.probabilities, np.float32)
        count = len(probabilities)
        if probabilities.shape != (count, len(self.labels)):
            raise HarstudioError(
                f"out of fold: probabilities have shape {probabilities.shape}, "
                f"expected ({count}, {len(self.labels)})"
            )
        if not ((probabilities >= -1e-6) & (probabilities <= 1 + 1e-4)).all():
            raise HarstudioError("out of fold: a probability lies outside 0 to 1")
        object.__setattr__(self, "probabilities", probabilities)
        for name, dtype in _COLUMNS.items():
            column = readonly(getattr(self, name), dtype)
            if column.shape != (count,):
                raise HarstudioError(
                    f"out of fold: {name} has shape {column.shape}, expected ({count},)"
                )
            object.__setattr__(self, name, column)
        for column, names in (
            (self.truth, self.labels),
            (self.clip_index, self.clip_ids),
            (self.subject_index, self.subjects),
        ):
            if count and not 0 <= column.min() <= column.max() < len(names):
                raise HarstudioError(f"out of fold: an index outside 0 to {len(names) - 1}")

    def __len__(self) -> int:
        return len(self.truth)

    @classmethod
    def of(
        cls,
        windows: WindowSet,
        index: IntArray,
        probabilities: Float32Array | FloatArray,
        fold: IntArray,
    ) -> OutOfFold:
        """Of the windows `index` of a set, whose labels are those of the columns."""
        return cls(
            labels=windows.labels,
            probabilities=probabilities.astype(np.float32),
            truth=windows.codes[index],
            fold=fold,
            clip_ids=windows.clip_ids,
            clip_index=windows.clip_index[index],
            subjects=windows.subjects,
            subject_index=windows.subject_index[index],
            start_s=windows.start_s[index],
            end_s=windows.end_s[index],
            real=windows.real[index],
        )

    def save(self, path: Path) -> None:
        """Write a compressed npz without pickles."""
        arrays = {name: getattr(self, name) for name in _COLUMNS}
        arrays |= {name: np.array(getattr(self, name), np.str_) for name in _TEXTS}

        def write(temporary: Path) -> None:
            with temporary.open("wb") as file:
                np.savez_compressed(file, probabilities=self.probabilities, **arrays)

        write_whole(path, write)

    @classmethod
    def load(cls, path: Path) -> OutOfFold:
        """Read what `save` wrote.

        Raises
        ------
        HarstudioError
            The file is missing, damaged or foreign.
        """
        arrays = read_npz(path, ("probabilities", *_COLUMNS, *_TEXTS))
        try:
            found: dict[str, Any] = {**arrays}
            found |= {name: tuple(str(text) for text in arrays[name]) for name in _TEXTS}
            return cls(**found)
        except (TypeError, ValueError) as error:
            raise HarstudioError(f"{path}: not out-of-fold probabilities ({error})") from error
        except HarstudioError as error:
            raise HarstudioError(f"{path}: {error.message}", error.hint) from error
