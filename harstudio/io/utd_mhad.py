"""UTD-MHAD (Chen, Jafari, Kehtarnavaz 2015): a wrist or thigh IMU and a Kinect skeleton per take.

Files are named ``aA_sS_tT_inertial.mat`` and ``aA_sS_tT_skeleton.mat``: action, subject, take.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.core.points import PointPath
from harstudio.core.source import Source, fingerprint_of
from harstudio.io.files import concerning
from harstudio.io.mat5 import mat_array, mat_shapes
from harstudio.io.reader import FileInfo, Kind, Reader

DATASET = "UTD-MHAD"
ACTIONS: tuple[str, ...] = (
    "swipe_left", "swipe_right", "wave", "clap", "throw", "arm_cross", "basketball_shoot",
    "draw_x", "draw_circle_clockwise", "draw_circle_counterclockwise", "draw_triangle", "bowling",
    "boxing", "baseball_swing", "tennis_swing", "arm_curl", "tennis_serve", "push", "knock",
    "catch", "pickup_throw", "jog", "walk", "sit_to_stand", "stand_to_sit", "lunge", "squat",
)  # fmt: skip
"""Label of action a1, a2, ... a27."""

RATE_HZ = 50.0
"""Of the inertial sensor."""

SKELETON_RATE_HZ = 19.0
"""Of the skeleton, where no inertial file tells the take's duration: frames were dropped, so that
the camera's nominal 30 Hz would make every movement half again as fast as it was."""

POINTS: tuple[str, ...] = (
    "head", "neck", "spine1", "pelvis",
    "left_shoulder", "left_elbow", "left_wrist", "left_hand",
    "right_shoulder", "right_elbow", "right_wrist", "right_hand",
    "left_hip", "left_knee", "left_ankle", "left_foot",
    "right_hip", "right_knee", "right_ankle", "right_foot",
)  # fmt: skip
"""The Kinect's joints under SMPL-24 names. Its spine lies a sixth of the way from the hip centre
to the shoulder centre, where SMPL has spine1 (a fifth)."""

_ACC_LIMIT_G = 8.0
_GYRO_LIMIT_DPS = 1000.0
_WRIST_ACTIONS = 21
_NAME = re.compile(r"a(\d{1,2})_s(\d{1,2})_t(\d{1,2})_(inertial|skeleton)\.mat", re.IGNORECASE)


class Take(NamedTuple):
    """What a file's name says."""

    action: int
    subject: int
    repetition: int
    kind: str

    @property
    def key(self) -> str:
        return f"a{self.action}_s{self.subject}_t{self.repetition}"

    @property
    def label(self) -> str:
        return ACTIONS[self.action - 1]

    @property
    def sensor(self) -> str:
        """Where the sensor was worn."""
        return "right_wrist" if self.action <= _WRIST_ACTIONS else "right_thigh"


def take_of(path: Path) -> Take | None:
    """The take that a file's name states; None if it is not named like one."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    take = Take(int(match[1]), int(match[2]), int(match[3]), match[4].lower())
    return take if 1 <= take.action <= len(ACTIONS) else None


def probe_inertial(path: Path) -> FileInfo:
    """Length, sensor and label of an inertial file; HarstudioError if it is no good."""
    with concerning(path):
        take, samples = _require_take(path), _inertial_samples(path)
    return _info("recording", take, samples, RATE_HZ, (take.sensor,))


def read_inertial(path: Path) -> ImuRecording:
    """The wrist or thigh sensor's signals, from g and deg/s to m/s2 and rad/s.

    Sensor axes as recorded: x along the limb, away from the body.

    Raises
    ------
    HarstudioError
        Damaged or foreign content, or a value that is not finite.
    """
    with concerning(path):
        take, samples = _require_take(path), _inertial_samples(path)
        values = mat_array(path, "d_iner")
        _require_finite(values, "d_iner", 0)
        return ImuRecording(
            times_s=np.arange(samples) / RATE_HZ,
            sensors=(take.sensor,),
            acc_mps2=values[:, None, :3] * GRAVITY,
            gyro_radps=np.radians(values[:, None, 3:]),
            source=Source(path.as_posix(), INERTIAL.id, fingerprint_of(path)),
        )


def saturated(recording: ImuRecording) -> BoolArray:
    """(T,) which samples of such a sensor touch its range of 8 g or 1000 deg/s."""
    acc, gyro = recording.acc_mps2, recording.gyro_radps
    at_limit = np.any(np.abs(acc) >= _ACC_LIMIT_G * GRAVITY * (1 - 1e-9), axis=(1, 2))
    if gyro is not None:
        at_limit |= np.any(np.abs(gyro) >= np.radians(_GYRO_LIMIT_DPS) * (1 - 1e-9), axis=(1, 2))
    return np.asarray(at_limit)


def probe_skeleton(path: Path) -> FileInfo:
    """Length, rate and label of a skeleton file; HarstudioError if it is no good."""
    with concerning(path):
        take, frames = _require_take(path), _skeleton_frames(path)
        return _info("points", take, frames, _skeleton_rate(path, take, frames))


def read_skeleton(path: Path) -> PointPath:
    """The Kinect's 20 joints in a world with z up.

    The person starts above the origin, facing -y (as an AMASS body with no root rotation but the
    upright one does), with the lower foot's usual height as the floor.

    Raises
    ------
    HarstudioError
        Damaged or foreign content, or a value that is not finite.
    """
    with concerning(path):
        take, frames = _require_take(path), _skeleton_frames(path)
        values = mat_array(path, "d_skel")
        _require_finite(values, "d_skel", 2)
        positions = world_from_camera(values.transpose(2, 0, 1))
        feet = positions[:, [POINTS.index("left_foot"), POINTS.index("right_foot")], 2]
        pelvis = positions[0, POINTS.index("pelvis")]
        origin = (pelvis[0], pelvis[1], float(np.median(feet.min(axis=1))))
        rate_hz = _skeleton_rate(path, take, frames)
        source = Source(path.as_posix(), SKELETON.id, fingerprint_of(path))
        return PointPath(positions - origin, POINTS, rate_hz, source)


def world_from_camera(points: FloatArray) -> FloatArray:
    """(..., 3) points from the Kinect's axes (x to its left, y up, z away) to z up.

    A rotation, not a reflection: left stays left. Who faces the camera then faces -y.
    """
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return np.stack([-x, z, y], axis=-1)


def _require_take(path: Path) -> Take:
    take = take_of(path)
    if take is None:
        raise HarstudioError(
            "the file's name is not that of a UTD-MHAD take",
            "expected aA_sS_tT_inertial.mat or aA_sS_tT_skeleton.mat, action 1 to 27",
        )
    return take


def _inertial_samples(path: Path) -> int:
    shape = _shape(path, "d_iner")
    if len(shape) != 2 or shape[1] != 6 or shape[0] == 0:
        raise HarstudioError(f"d_iner has shape {shape}, expected (samples, 6)")
    return shape[0]


def _skeleton_frames(path: Path) -> int:
    shape = _shape(path, "d_skel")
    if len(shape) == 2:  # MATLAB drops the last axis of a single frame
        shape = (*shape, 1)
    if len(shape) != 3 or shape[:2] != (len(POINTS), 3) or shape[2] == 0:
        raise HarstudioError(f"d_skel has shape {shape}, expected (20, 3, frames)")
    return shape[2]


def _shape(path: Path, name: str) -> tuple[int, ...]:
    shapes = mat_shapes(path)
    if name not in shapes:
        raise HarstudioError(f"no array {name}; there are {', '.join(shapes) or 'none'}")
    return shapes[name]


def _skeleton_rate(path: Path, take: Take, frames: int) -> float:
    """Frames over the duration of the take's inertial file, which shares start and end."""
    sibling = inertial_file_of(path, take)
    if sibling is None:
        return SKELETON_RATE_HZ
    try:
        return frames * RATE_HZ / _inertial_samples(sibling)
    except HarstudioError:  # the inertial file is reported where it is itself opened
        return SKELETON_RATE_HZ


def inertial_file_of(path: Path, take: Take) -> Path | None:
    """The inertial file of a skeleton's take, in ../Inertial or beside it; None if absent."""
    name = f"{take.key}_inertial.mat"
    folder = path.absolute().parent
    folders = (folder.parent / "Inertial", folder.parent / "inertial", folder)
    return next((f / name for f in folders if (f / name).is_file()), None)


def _require_finite(values: FloatArray, name: str, time_axis: int) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        place = tuple(int(i) for i in bad[0])
        raise HarstudioError(
            f"{name} is {values[place]} at sample {place[time_axis]}, expected a finite number"
        )


def _info(
    kind: Kind, take: Take, frames: int, rate_hz: float, sensors: tuple[str, ...] = ()
) -> FileInfo:
    return FileInfo(
        kind=kind,
        format=(SKELETON if kind == "points" else INERTIAL).id,
        duration_s=frames / rate_hz,
        rate_hz=rate_hz,
        frames=frames,
        sensors=sensors,
        subject=f"s{take.subject}",
        dataset=DATASET,
        pair_key=take.key,
        label=take.label,
    )


def _is_inertial(path: Path) -> bool:
    take = take_of(path)
    return take is not None and take.kind == "inertial"


def _is_skeleton(path: Path) -> bool:
    take = take_of(path)
    return take is not None and take.kind == "skeleton"


INERTIAL = Reader(
    "utd_inertial", "UTD-MHAD inertial sensor", "recording", (".mat",),
    _is_inertial, probe_inertial, read_inertial,
)  # fmt: skip
SKELETON = Reader(
    "utd_skeleton", "UTD-MHAD skeleton", "points", (".mat",),
    _is_skeleton, probe_skeleton, read_skeleton,
)  # fmt: skip
