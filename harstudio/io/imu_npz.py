"""harstudio's own recordings (.npz): what `simulate` writes, and any recording to keep."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.source import Source, fingerprint_of
from harstudio.io.files import write_atomically
from harstudio.io.npz import NpzArchive, member_names, open_npz
from harstudio.io.reader import FileInfo, Reader, pair_key

FORMAT = "imu_npz"
_LONGEST_NOTE = 0xFFFF
_REQUIRED = ("time_s", "sites", "acc_mps2")


def write_imu_npz(
    path: Path,
    recording: ImuRecording,
    preset: str = "",
    source: str = "",
    *,
    note: str = "",
    durable: bool = True,
) -> None:
    """Write a recording; every array loads with ``numpy.load(path, allow_pickle=False)``.

    Parameters
    ----------
    path : Path
    recording : ImuRecording
        As ``time_s (T,)``, ``sites (S,)``, ``acc_mps2 (T, S, 3)``, ``gyro_radps (T, S, 3)``,
        ``orientation_wxyz (T, S, 4)`` (the latter two if it has them), ``valid (T,)``, ``kind``,
        ``frame`` and ``with_gravity``.
    preset : str
        How it was simulated; empty for a real one.
    source : str
        The file it was made from; by default that of the recording.
    note : str
        For `note_of`: a comment of the archive, beside the arrays; 65,535 bytes at most.
    durable : bool
        See `write_atomically`.

    Raises
    ------
    HarstudioError
        The file cannot be written.
    """
    if not source and recording.source is not None:
        source = recording.source.path
    arrays = {
        "time_s": recording.times_s,
        "sites": np.array(recording.sensors, dtype=np.str_),
        "acc_mps2": recording.acc_mps2,
        "gyro_radps": recording.gyro_radps,
        "orientation_wxyz": recording.orientation_wxyz,
        "valid": recording.valid_mask,
        "preset": np.array(preset),
        "source": np.array(source),
        "kind": np.array(recording.kind),
        "frame": np.array(recording.frame),
        "with_gravity": np.array(recording.with_gravity),
    }
    held = {name: array for name, array in arrays.items() if array is not None}

    def write(file: BinaryIO) -> None:
        np.savez(file, **held)  # type: ignore[arg-type]
        _append_comment(file, note.encode()[:_LONGEST_NOTE])

    write_atomically(path, write, durable=durable)


def _append_comment(file: BinaryIO, comment: bytes) -> None:
    """Give the zip archive that ends here, and has none, a comment: its length, then the text."""
    file.seek(-2, 2)
    file.write(len(comment).to_bytes(2, "little") + comment)


def note_of(path: Path) -> str:
    """The note that a file was written with; empty if there is none, or no such archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment.decode("utf-8", "replace")
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return ""


def read_imu_npz(path: Path) -> ImuRecording:
    """A recording as `write_imu_npz` writes it; all but time_s, sites and acc_mps2 is optional.

    Raises
    ------
    HarstudioError
        Damaged or foreign content, shapes that do not fit, times that do not increase, or a
        valid sample that is not finite.
    """
    with open_npz(path) as archive:
        _, sensors = _layout(archive)
        valid = archive.array("valid").astype(bool) if "valid" in archive else None
        preset = _text(archive, "preset")
        gravity = preset != "paper"
        if "with_gravity" in archive:
            gravity = bool(archive.array("with_gravity").all())
        return ImuRecording(
            times_s=archive.numbers("time_s"),
            sensors=sensors,
            acc_mps2=archive.numbers("acc_mps2"),
            gyro_radps=archive.numbers("gyro_radps") if "gyro_radps" in archive else None,
            orientation_wxyz=(
                archive.numbers("orientation_wxyz") if "orientation_wxyz" in archive else None
            ),
            valid=valid,
            kind=_text(archive, "kind") or ("virtual" if preset else "real"),
            frame=_text(archive, "frame") or ("global" if preset == "paper" else "sensor"),
            with_gravity=gravity,
            source=Source(path.as_posix(), FORMAT, fingerprint_of(path)),
        )


def probe(path: Path) -> FileInfo:
    """Length, rate and sensors from the headers and the times; HarstudioError as for reading."""
    with open_npz(path) as archive:
        samples, sensors = _layout(archive)
        times_s = archive.numbers("time_s")
        step_s = float(np.median(np.diff(times_s))) if samples > 1 else 0.0
        if not (np.isfinite(times_s).all() and (step_s > 0 or samples == 1)):
            raise HarstudioError("time_s does not increase")
    duration_s = float(times_s[-1] - times_s[0]) + step_s
    rate_hz = 1.0 / step_s if step_s else 0.0
    key = pair_key(path)
    return FileInfo("recording", FORMAT, duration_s, rate_hz, samples, sensors, pair_key=key)


def matches(path: Path) -> bool:
    """Whether an .npz has accelerations."""
    return "acc_mps2" in member_names(path)


def _layout(archive: NpzArchive) -> tuple[int, tuple[str, ...]]:
    """Number of samples and sensor names, once every array's shape is known to fit."""
    for name in _REQUIRED:
        if name not in archive:
            raise HarstudioError(f"no {name}: a recording has {', '.join(_REQUIRED)}")
    shape = archive.require_numbers("time_s").shape
    if len(shape) != 1 or shape[0] == 0:
        raise HarstudioError(f"time_s has shape {shape}, expected (samples,)")
    samples, sensors = shape[0], archive.texts("sites")
    widths = {"acc_mps2": 3, "gyro_radps": 3, "orientation_wxyz": 4}
    expected: dict[str, tuple[int, ...]] = {
        name: (samples, len(sensors), width) for name, width in widths.items()
    }
    for name, wanted in expected.items():
        if name in archive and archive.require_numbers(name).shape != wanted:
            got = archive.header(name).shape
            raise HarstudioError(f"{name} has shape {got}, expected {wanted}")
    if "valid" in archive:
        header = archive.header("valid")
        if header.shape != (samples,) or header.dtype.kind not in "bui":
            raise HarstudioError(f"valid is {header.dtype} {header.shape}, expected ({samples},)")
    if "with_gravity" in archive:
        header = archive.header("with_gravity")
        if header.shape not in ((), (1,)) or header.dtype.kind not in "bui":
            raise HarstudioError(f"with_gravity is {header.dtype} {header.shape}, expected a flag")
    return samples, sensors


def _text(archive: NpzArchive, name: str) -> str:
    return archive.text(name) if name in archive else ""


READER = Reader(FORMAT, "harstudio recording", "recording", (".npz",), matches, probe, read_imu_npz)
