"""AMASS motion files (.npz) of the SMPL, SMPL-H and SMPL-X kinds, to SMPL-24 motions.

Sources: Mahmood et al. 2019 (AMASS); Pavlakos et al. 2019 (SMPL-X). World z up, as distributed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.motion import Motion
from harstudio.core.skeleton import JOINT_COUNT, JOINTS
from harstudio.core.source import Source, fingerprint_of
from harstudio.io.files import concerning, write_atomically
from harstudio.io.npz import NpzArchive, member_names, open_npz
from harstudio.io.reader import FileInfo, NotAMotionError, Reader, pair_key

FORMAT = "amass"
SLOWEST_HZ, FASTEST_HZ = 1.0, 1000.0

_RATE_KEYS = ("mocap_framerate", "mocap_frame_rate")
_SPLIT_WIDTHS = {"root_orient": 3, "pose_body": 63}
_HANDS = (22, 23)
_HANDS_BY_WIDTH: dict[int, tuple[int, int] | None] = {
    66: None,  # the 22 joints of the body alone
    72: (22, 23),  # SMPL
    156: (22, 37),  # SMPL-H: 15 joints per hand follow the body
    165: (25, 40),  # SMPL-X: jaw and eyes come before the hands
}
"""Width of `poses` -> which of its joints are SMPL's left and right hand."""

_GENDERS = {
    "male": "male", "m": "male", "female": "female", "f": "female",
    "neutral": "neutral", "n": "neutral", "unknown": "neutral", "none": "neutral", "": "neutral",
}  # fmt: skip

_LARGEST_ANGLE = 1e4
_LARGEST_DISTANCE = 1e6
_MOST_BETAS = 1000


@dataclass(frozen=True)
class _Columns:
    """Where the 24 joints of a motion lie in one array: which joint, in which place."""

    array: str
    joints: tuple[int, ...]
    places: tuple[int, ...]


def matches(path: Path) -> bool:
    """Any .npz without sensor signals, so that an unreadable one is reported, not overlooked."""
    return "acc_mps2" not in member_names(path)


def probe(path: Path) -> FileInfo:
    """Frames, rate and names from the headers.

    Raises
    ------
    NotAMotionError
        A sound file without poses, such as ``shape.npz`` or ``neutral_stagei.npz``.
    HarstudioError
        Any other file that `read` would refuse, except for values that are not finite.
    """
    with open_npz(path) as archive:
        frames, _ = _layout(archive)
        rate_hz = _rate(archive)
        _gender(archive)
        _beta_count(archive)
        _shape_space(archive)
    folder = path.absolute().parent
    return FileInfo(
        kind="motion",
        format=FORMAT,
        duration_s=frames / rate_hz,
        rate_hz=rate_hz,
        frames=frames,
        subject=folder.name,
        dataset=folder.parent.name,
        pair_key=pair_key(path),
    )


def read(path: Path) -> Motion:
    """The motion of an AMASS file.

    Parameters
    ----------
    path : Path
        With ``poses`` (N, 66 | 72 | 156 | 165) or ``root_orient``, ``pose_body`` and perhaps
        ``pose_hand``; ``trans`` (N, 3); ``mocap_framerate`` or ``mocap_frame_rate``;
        perhaps ``betas``, ``gender`` and ``shape_space``.

    Raises
    ------
    HarstudioError
        Damaged, foreign or absurd content; a value that is not finite is named with its frame.
    """
    with open_npz(path) as archive:
        frames, layout = _layout(archive)
        pose = np.zeros((frames, JOINT_COUNT, 3))
        for columns in layout:
            values = archive.array(columns.array).reshape(frames, -1, 3)
            _take(values, columns, pose)
        _require_sane(pose, "pose", JOINTS, _LARGEST_ANGLE, "rad")
        translation = archive.numbers("trans")
        _require_sane(translation[:, None], "trans", ("root",), _LARGEST_DISTANCE, "m")
        betas = _betas(archive)
        rate_hz, gender, space = _rate(archive), _gender(archive), _shape_space(archive)
    pose.flags.writeable = False
    source = Source(path.as_posix(), FORMAT, fingerprint_of(path))
    with concerning(path):
        return Motion(pose, translation, rate_hz, betas, gender, space, source)


def write_motion(path: Path, motion: Motion) -> None:
    """Write a motion as an AMASS file of the SMPL-H kind, plus `shape_space`.

    Raises
    ------
    HarstudioError
        The file cannot be written.
    """
    poses = np.zeros((motion.frames, 52, 3))
    poses[:, :22] = motion.pose[:, :22]
    poses[:, _HANDS_BY_WIDTH[156]] = motion.pose[:, _HANDS]
    write_atomically(
        path,
        lambda file: np.savez_compressed(
            file,
            poses=poses.reshape(motion.frames, -1),
            trans=motion.translation,
            betas=motion.betas,
            gender=np.array(motion.gender),
            mocap_framerate=np.array(motion.rate_hz),
            shape_space=np.array(motion.shape_space),
        ),
    )


def _layout(archive: NpzArchive) -> tuple[int, tuple[_Columns, ...]]:
    """Number of frames and where the joints are; all from headers."""
    if "poses" in archive:
        frames, layout = _one_array(archive)
    elif "root_orient" in archive and "pose_body" in archive:
        frames, layout = _split_arrays(archive)
    elif "betas" in archive:
        raise NotAMotionError("not a motion: a body's shape without poses")
    else:
        held = ", ".join(archive.names[:6]) or "nothing"
        raise HarstudioError(f"no poses: the file holds {held}", "is it an AMASS motion?")
    if frames == 0:
        raise HarstudioError("0 frames, expected at least 1")
    if "trans" not in archive:
        raise HarstudioError("no trans: the root's path is missing")
    _require_shape(archive, "trans", (frames, 3))
    return frames, layout


def _one_array(archive: NpzArchive) -> tuple[int, tuple[_Columns, ...]]:
    shape = archive.require_numbers("poses").shape
    if len(shape) == 3 and shape[2] == 3:
        shape = (shape[0], shape[1] * 3)
    if len(shape) != 2 or shape[1] not in _HANDS_BY_WIDTH:
        widths = ", ".join(str(width) for width in _HANDS_BY_WIDTH)
        raise HarstudioError(f"poses has shape {shape}, expected (frames, one of {widths})")
    hands = _HANDS_BY_WIDTH[shape[1]]
    body = tuple(range(22))
    if hands is None:
        return shape[0], (_Columns("poses", body, body),)
    return shape[0], (_Columns("poses", body + _HANDS, body + hands),)


def _split_arrays(archive: NpzArchive) -> tuple[int, tuple[_Columns, ...]]:
    shape = archive.require_numbers("root_orient").shape
    frames = shape[0] if shape else 0
    for name, width in _SPLIT_WIDTHS.items():
        _require_shape(archive, name, (frames, width))
    layout = [
        _Columns("root_orient", (0,), (0,)),
        _Columns("pose_body", tuple(range(1, 22)), tuple(range(21))),
    ]
    if "pose_hand" in archive:
        _require_shape(archive, "pose_hand", (frames, 90))
        layout.append(_Columns("pose_hand", _HANDS, (0, 15)))
    return frames, tuple(layout)


def _require_shape(archive: NpzArchive, name: str, expected: tuple[int, ...]) -> None:
    shape = archive.require_numbers(name).shape
    if shape != expected:
        raise HarstudioError(f"{name} has shape {shape}, expected {expected}")


def _take(values: NDArray[np.generic], columns: _Columns, pose: FloatArray) -> None:
    """Copy joints in runs: slices are several times quicker than one fancy index."""
    start = 0
    for stop in range(1, len(columns.joints) + 1):
        joint, place, run = columns.joints[start], columns.places[start], stop - start
        continues = stop < len(columns.joints) and (
            columns.joints[stop] == joint + run and columns.places[stop] == place + run
        )
        if not continues:
            pose[:, joint : joint + run] = values[:, place : place + run]
            start = stop


def _require_sane(
    values: FloatArray, what: str, names: tuple[str, ...], limit: float, unit: str
) -> None:
    """Refuse (N, P, 3) values that are not finite or absurdly large, naming the first frame."""
    # One pass: NaN fails the comparison as well as anything too large does.
    if values.size == 0 or max(values.max(), -values.min()) <= limit:
        return
    frame, place, axis = np.argwhere(~(np.abs(values) <= limit))[0]
    value = values[frame, place, axis]
    wanted = f"within +-{limit:g} {unit}" if np.isfinite(value) else "a finite number"
    where = f"frame {frame} ({names[place]})"
    raise HarstudioError(f"{what} is {value:g} at {where}, expected {wanted}")


def _rate(archive: NpzArchive) -> float:
    rates = {key: archive.scalar(key) for key in _RATE_KEYS if key in archive}
    if not rates:
        raise HarstudioError(f"no frame rate: expected {' or '.join(_RATE_KEYS)}")
    for key, rate_hz in rates.items():
        if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
            raise HarstudioError(
                f"{key} is {rate_hz:g} Hz, expected {SLOWEST_HZ:g} to {FASTEST_HZ:g}"
            )
    first, last = min(rates.values()), max(rates.values())
    if last - first > 0.01:
        raise HarstudioError(f"two frame rates that disagree: {first:g} and {last:g} Hz")
    return next(iter(rates.values()))


def _gender(archive: NpzArchive) -> str:
    if "gender" not in archive:
        return "neutral"
    stated = archive.text("gender").strip().lower()
    if stated.startswith("b'") and stated.endswith("'"):  # str() of bytes, as some files have it
        stated = stated[2:-1]
    if stated not in _GENDERS:
        raise HarstudioError(f"gender is {stated[:40]!r}, expected male, female or neutral")
    return _GENDERS[stated]


def _beta_count(archive: NpzArchive) -> int:
    if "betas" not in archive:
        return 0
    shape = archive.require_numbers("betas").shape
    if len(shape) == 2 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) != 1 or shape[0] > _MOST_BETAS:
        raise HarstudioError(f"betas has shape {shape}, expected (10,), (16,) or alike")
    return shape[0]


def _betas(archive: NpzArchive) -> FloatArray:
    if not _beta_count(archive):
        return np.zeros(10)
    betas = archive.numbers("betas").reshape(-1)
    bad = np.flatnonzero(~(np.abs(betas) <= 1e3))
    if len(bad):
        raise HarstudioError(f"betas is {betas[bad[0]]:g} at [{bad[0]}], expected a small number")
    return betas


def _shape_space(archive: NpzArchive) -> str:
    if "shape_space" not in archive:
        return "smpl"
    space = archive.text("shape_space")
    if not space.isidentifier() or len(space) > 32:
        raise HarstudioError(f"shape_space is {space[:40]!r}, expected a name such as smpl")
    return space


READER = Reader(FORMAT, "AMASS motion", "motion", (".npz",), matches, probe, read)
