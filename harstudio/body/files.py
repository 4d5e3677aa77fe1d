"""Body-model files: the open body that ships, and SMPL, SMPL-H and SMPL-X as released."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harstudio import resources
from harstudio.body.model import POSE_FEATURES, BodyModel
from harstudio.body.pickles import read_pickle
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.motion import GENDERS
from harstudio.core.skeleton import JOINT_COUNT, PARENTS

MAX_BETAS = 16
"""Shape directions kept; AMASS gives 16 betas."""

_NEEDED = ("v_template", "f", "weights", "J_regressor", "shapedirs", "kintree_table")
_OPTIONAL = ("posedirs", "shape_names")
_MAX_MEMBER_BYTES = 1 << 29
_SMALLEST_M, _LARGEST_M = 0.3, 3.5
_SUFFIXES = (".npz", ".pkl")
_GENDER_LETTERS = {"f": "female", "m": "male"}
_FOLDER_DEPTH = 4

_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("smplh", re.compile(r"smplh_(?P<gender>male|female|neutral)\.(npz|pkl)")),
    ("smplh", re.compile(r"(?P<gender>male|female|neutral)/model\.(npz|pkl)")),
    ("smpl", re.compile(r"smpl_(?P<gender>male|female|neutral)\.(npz|pkl)")),
    (
        "smpl",
        re.compile(r"basic_?model_(?P<gender>m|f|male|female|neutral)_lbs_.*\.(npz|pkl)"),
    ),
    ("smplx", re.compile(r"smplx_(?P<gender>male|female|neutral)\.(npz|pkl)")),
)
"""Names of released files, the family that suits AMASS's betas first."""


@dataclass(frozen=True)
class _Tree:
    """How a family's joints become SMPL's 24.

    Attributes
    ----------
    title : str
    parents : parents of the family's joints
    kept : the family's joint for each of the 24
    folded : for each of the family's joints, which of the 24 takes over its weights
    """

    title: str
    parents: tuple[int, ...]
    kept: tuple[int, ...]
    folded: tuple[int, ...]


def _fingers(wrist: int, first: int) -> list[int]:
    """Parents of five fingers of three joints each, in a row from joint `first` on."""
    return [
        wrist if joint == 0 else first + 3 * finger + joint - 1
        for finger in range(5)
        for joint in range(3)
    ]


def _hand_weights(wrist: int, hand: int) -> list[int]:
    """Four fingers follow SMPL's hand joint, at the knuckles; the thumb, last, the wrist."""
    return [hand] * 12 + [wrist] * 3


_BODY = PARENTS[:22]
_BODY_JOINTS = tuple(range(22))
_LEFT_WRIST, _RIGHT_WRIST, _LEFT_HAND, _RIGHT_HAND, _HEAD = 20, 21, 22, 23, 15
_HANDS = (*_hand_weights(_LEFT_WRIST, _LEFT_HAND), *_hand_weights(_RIGHT_WRIST, _RIGHT_HAND))

_TREES: Mapping[int, _Tree] = {
    24: _Tree("SMPL", PARENTS, tuple(range(JOINT_COUNT)), tuple(range(JOINT_COUNT))),
    # SMPL-H: hands of 15 joints; the first of the index finger stands for SMPL's hand joint.
    52: _Tree(
        "SMPL-H",
        (*_BODY, *_fingers(_LEFT_WRIST, 22), *_fingers(_RIGHT_WRIST, 37)),
        (*_BODY_JOINTS, 22, 37),
        (*_BODY_JOINTS, *_HANDS),
    ),
    # SMPL-X: jaw and eyes come before the hands; they follow the head.
    55: _Tree(
        "SMPL-X",
        (*_BODY, *([_HEAD] * 3), *_fingers(_LEFT_WRIST, 25), *_fingers(_RIGHT_WRIST, 40)),
        (*_BODY_JOINTS, 25, 40),
        (*_BODY_JOINTS, *([_HEAD] * 3), *_HANDS),
    ),
}


@lru_cache(maxsize=1)
def open_body() -> BodyModel:
    """The open body (CC0) that ships with harstudio and is used by default."""
    return load_body(resources.path("body/openbody_smpl.npz"))


def load_body(path: Path, gender: str = "neutral") -> BodyModel:
    """A body model from a file, or from a folder of released files.

    Parameters
    ----------
    path : Path
        An .npz or .pkl file of SMPL, SMPL-H, SMPL-X or the open body; or a folder that holds
        released files under their own names (``SMPL_MALE.npz``,
        ``basicmodel_m_lbs_10_207_0_v1.0.0.pkl``, ``smplh/male/model.npz``, ...), up to four
        folders deep.
    gender : str
        Which to take from a folder; for a file, what it is if its name does not say.

    Returns
    -------
    BodyModel
        With 24 joints. Of SMPL-H and SMPL-X the joints of jaw, eyes and fingers are folded in:
        jaw and eyes follow the head, four fingers SMPL's hand joint (which stands at the first
        joint of the index finger), thumbs the wrist. With fingers at rest the mesh is the same.
        At most 16 shape directions are kept, no expressions.

    Raises
    ------
    HarstudioError
        Nothing fits, or a file is damaged, foreign, absurd, or asks to run code.
    """
    if gender not in GENDERS:
        raise HarstudioError(f"gender: got {gender!r}, expected {', '.join(GENDERS)}")
    if not path.exists():
        raise HarstudioError(f"{path}: there is no such file or folder")
    file = _pick(path, gender) if path.is_dir() else path
    named = _release_of(file)
    arrays = _read_arrays(file)
    try:
        return _body_from(arrays, file.stem, named[1] if named else gender)
    except HarstudioError as error:
        raise HarstudioError(f"{file}: {error.message}", error.hint) from error
    except (TypeError, ValueError, IndexError) as error:
        raise HarstudioError(f"{file}: not a body model ({error})") from error


def _pick(folder: Path, gender: str) -> Path:
    """The released file of a gender in a folder; the family's order, then npz before pkl."""
    families = [family for family, _ in _NAMES]
    found = [(release, file) for file in _files_below(folder) if (release := _release_of(file))]
    fitting = [
        (families.index(family), _SUFFIXES.index(file.suffix.lower()), file)
        for (family, kind), file in found
        if kind == gender
    ]
    if not fitting:
        kinds = sorted({kind for (_, kind), _ in found})
        has = f"it has {', '.join(kinds)}" if kinds else "no file has a released name"
        raise HarstudioError(f"{folder}: no {gender} body model ({has})", "name the file itself")
    return min(fitting)[2]


def _files_below(folder: Path) -> Iterator[Path]:
    for depth in range(_FOLDER_DEPTH + 1):
        for file in folder.glob("/".join(["*"] * (depth + 1))):
            if file.suffix.lower() in _SUFFIXES and file.is_file():
                yield file


def _release_of(file: Path) -> tuple[str, str] | None:
    """(family, gender) that a released file's name tells, None for any other name."""
    name = file.name.lower()
    place = f"{file.resolve().parent.name.lower()}/{name}"
    for family, pattern in _NAMES:
        match = pattern.fullmatch(place if "/" in pattern.pattern else name)
        if match:
            kind = match["gender"]
            return family, _GENDER_LETTERS.get(kind, kind)
    return None


def _read_arrays(file: Path) -> dict[str, Any]:
    suffix = file.suffix.lower()
    if suffix == ".npz":
        found = _read_npz(file)
    elif suffix == ".pkl":
        content = read_pickle(file)
        if not isinstance(content, dict):
            raise HarstudioError(f"{file}: holds a {type(content).__name__}, expected a dict")
        found = content
    else:
        raise HarstudioError(f"{file}: not a body model", "expected an .npz or .pkl file")
    missing = [key for key in _NEEDED if key not in found]
    if missing:
        raise HarstudioError(f"{file}: not a body model, it lacks {', '.join(missing)}")
    return {key: found[key] for key in (*_NEEDED, *_OPTIONAL) if key in found}


def _read_npz(file: Path) -> dict[str, Any]:
    """The arrays a body needs; others, which in SMPL-X are pickled objects, stay unread."""
    wanted = (*_NEEDED, *_OPTIONAL)
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if member.filename.removesuffix(".npy") in wanted:
                    _check_size(file, member)
        with np.load(file, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in wanted if key in arrays.files}
    except OSError as error:
        reason = error.strerror or str(error)
        raise HarstudioError(f"{file}: cannot be read ({reason})") from error
    except (
        zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, ArithmeticError, EOFError,
        LookupError, MemoryError, NotImplementedError, RuntimeError, SyntaxError, TypeError,
        ValueError,
    ) as error:  # fmt: skip
        raise HarstudioError(f"{file}: not an npz of arrays, or damaged ({error})") from error


def _check_size(file: Path, member: zipfile.ZipInfo) -> None:
    if member.file_size > _MAX_MEMBER_BYTES:
        raise HarstudioError(
            f"{file}: {member.filename} unpacks to {member.file_size} bytes, "
            f"expected at most {_MAX_MEMBER_BYTES}"
        )


def _body_from(arrays: Mapping[str, Any], name: str, gender: str) -> BodyModel:
    template = _numbers(arrays, "v_template", 2)
    tree = _tree_of(_numbers(arrays, "kintree_table", 2))
    extent = np.ptp(template, axis=0).max() if template.size else 0.0
    if np.isfinite(extent) and not _SMALLEST_M < extent < _LARGEST_M:
        raise HarstudioError(f"v_template: {extent:.4g} across, expected a body in metres")
    directions = _numbers(arrays, "shapedirs", 3)
    betas = _shape_count(directions.shape[2], tree)
    own_names = "shape_names" in arrays
    names = (
        tuple(str(one) for one in np.asarray(arrays["shape_names"]).ravel())[:betas]
        if own_names
        else tuple(f"beta {i + 1}" for i in range(betas))
    )
    return BodyModel(
        name=name,
        template=template,
        faces=_faces(arrays["f"]),
        weights=_folded_weights(_numbers(arrays, "weights", 2), tree),
        shape_directions=directions[..., :betas],
        shape_names=names,
        joint_regressor=_kept_regressor(_numbers(arrays, "J_regressor", 2), tree),
        shape_space="openbody" if own_names else "smpl",
        gender=gender,
        pose_directions=_kept_pose(arrays, tree, len(template)),
    )


def _numbers(arrays: Mapping[str, Any], key: str, axes: int) -> FloatArray:
    values = np.asarray(arrays[key])
    if values.dtype.kind not in "iuf" or values.ndim != axes:
        raise HarstudioError(
            f"{key}: got {values.dtype} of {values.ndim} axes, expected numbers of {axes}"
        )
    return values.astype(np.float64)


def _faces(values: Any) -> NDArray[Any]:
    faces: NDArray[Any] = np.asarray(values)
    whole = faces.dtype.kind == "f" and np.isfinite(faces).all() and (faces % 1 == 0).all()
    return faces.astype(np.int64) if whole else faces


def _tree_of(table: FloatArray) -> _Tree:
    """The family whose joints these are; the root's parent is written in several ways."""
    tree = _TREES.get(table.shape[1])
    if tree is None:
        known = ", ".join(f"{count} ({one.title})" for count, one in _TREES.items())
        raise HarstudioError(f"kintree_table: {table.shape[1]} joints, expected {known}")
    if tuple(table[0, 1:].astype(np.int64).tolist()) != tree.parents[1:]:
        raise HarstudioError(f"kintree_table: joints are not joined as in {tree.title}")
    return tree


def _shape_count(columns: int, tree: _Tree) -> int:
    """Shape directions to keep; early SMPL-X files hold 10, and 10 expressions after them."""
    if tree.title == "SMPL-X" and columns == 20:
        return 10
    return min(columns, MAX_BETAS)


def _folded_weights(weights: FloatArray, tree: _Tree) -> FloatArray:
    if weights.shape[1] != len(tree.folded):
        raise HarstudioError(f"weights: for {weights.shape[1]} joints, expected {len(tree.folded)}")
    folded = np.zeros((len(weights), JOINT_COUNT))
    for joint, target in enumerate(tree.folded):
        folded[:, target] += weights[:, joint]
    return folded


def _kept_regressor(regressor: FloatArray, tree: _Tree) -> FloatArray:
    if len(regressor) != len(tree.folded):
        raise HarstudioError(f"J_regressor: {len(regressor)} joints, expected {len(tree.folded)}")
    return regressor[list(tree.kept)]


def _kept_pose(arrays: Mapping[str, Any], tree: _Tree, vertices: int) -> NDArray[np.float32] | None:
    """The pose correctives of the joints kept: nine columns for each but the root."""
    if "posedirs" not in arrays:
        return None
    directions = np.asarray(arrays["posedirs"])
    expected = (vertices, 3, 9 * (len(tree.folded) - 1))
    if directions.dtype.kind not in "iuf" or directions.shape != expected:
        raise HarstudioError(
            f"posedirs: got {directions.dtype} {directions.shape}, expected numbers {expected}"
        )
    columns = [9 * (joint - 1) + i for joint in tree.kept[1:] for i in range(9)]
    kept: NDArray[np.float32] = directions[..., columns].astype(np.float32)
    assert kept.shape[2] == POSE_FEATURES
    return kept
