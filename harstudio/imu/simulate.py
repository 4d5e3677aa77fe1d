"""What a sensor would read on a moving body: specific force and angular velocity along a path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harstudio.core import rotations as rot
from harstudio.core.arrays import BoolArray, FloatArray, checked, positive
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.imu import derivatives as d
from harstudio.imu.resample import interpolated, resampled, same_rate

PRESETS = ("physical", "paper")
ACCELERATIONS = ("savgol", "eq3", "spline", "butterworth")
GYROS = ("auto", "log5", "savgol", "spline", "central")

_GYRO_WINDOW_S = 0.06
"""The span of ``auto``: five samples below 98 Hz, 7 at 100 Hz, and so on. Half as long again would
smooth more, but at 2 Hz swing the error passes 3e-4 rad/s."""

_GYRO_SLOW_HZ = 59.9
"""Below this five points pass that error too; seven of the sixth order stay below it down to
40 Hz, and are no noisier there than five are at 60 Hz."""


@dataclass(frozen=True)
class SimulationOptions:
    """How virtual signals are made.

    Attributes
    ----------
    preset : str
        ``physical``: local specific force and angular velocity, as a strapped-on sensor reads;
        differentiated at the motion's own rate, then resampled.
        ``paper``: Xiao et al. 2020, eq. 3, in the world frame without gravity; the motion is
        brought to `rate_hz` first. Its gyro is not in the paper: it is the angular velocity in
        the world frame.
    rate_hz : float
        Rate of the result.
    acceleration : str
        ``savgol``, ``eq3`` (with `stride`), ``spline`` (quintic) or ``butterworth`` (with
        `cutoff_hz`). ``paper`` is always ``eq3``.
    gyro : str
        ``auto``: five points of the logarithm (seven below 59.9 Hz), from 98 Hz on
        Savitzky-Golay over 0.06 s of it; ``log5`` (five points), ``savgol`` (over `window_s`),
        ``spline`` (scipy's RotationSpline) or ``central``.
    window_s : float, s
        Span of the Savitzky-Golay window; at least 5 samples are used.
    degree : int
        Degree of its polynomial.
    stride : int
        n of eq. 3; TransPose and PIP use 4.
    cutoff_hz : float
        -3 dB frequency of ``butterworth``.

    Raises
    ------
    HarstudioError
        An unknown name or a number out of range.
    """

    preset: str = "physical"
    rate_hz: float = 60.0
    acceleration: str = "savgol"
    gyro: str = "auto"
    window_s: float = 0.1
    degree: int = 4
    stride: int = 1
    cutoff_hz: float = 10.0

    def __post_init__(self) -> None:
        if self.preset == "paper":
            object.__setattr__(self, "acceleration", "eq3")
        for name, known in (
            ("preset", PRESETS),
            ("acceleration", ACCELERATIONS),
            ("gyro", GYROS),
        ):
            value = getattr(self, name)
            if value not in known:
                raise HarstudioError(f"{name}: got {value!r}, expected {', '.join(known)}")
        for name in ("rate_hz", "window_s", "cutoff_hz"):
            positive(getattr(self, name), name)
        if not 1.0 <= self.rate_hz <= 1000.0:
            raise HarstudioError(f"rate: got {self.rate_hz:g} Hz, expected 1 to 1000")
        if not 2 <= self.degree <= 4:
            raise HarstudioError(f"degree: got {self.degree}, expected 2 to 4")
        if self.stride < 1:
            raise HarstudioError(f"stride: got {self.stride}, expected at least 1")


PHYSICAL = SimulationOptions()
PAPER = SimulationOptions(preset="paper", acceleration="eq3")


def simulate(
    positions: FloatArray,
    rotations: FloatArray,
    rate_hz: float,
    sensors: tuple[str, ...],
    options: SimulationOptions = PHYSICAL,
) -> ImuRecording:
    """Virtual signals of sensors that move along paths.

    Parameters
    ----------
    positions : (T, S, 3) array, m, world frame
    rotations : (T, S, 3, 3) array, world from sensor
    rate_hz : float
        Rate of the paths.
    sensors : S names
    options : SimulationOptions

    Returns
    -------
    ImuRecording
        Virtual, at `options.rate_hz`, its first sample at time 0. Samples touched by an edge are
        present (from a smaller window) but not valid.

    Raises
    ------
    HarstudioError
        Fewer than 5 frames, a shape that does not match, a value that is not finite, or matrices
        that are not rotations.

    Notes
    -----
    ``f = R' (a - g)`` with g = (0, 0, -9.80665), ``w = vee(R' dR/dt)``.
    """
    positions, rotations = _checked_paths(positions, rotations, tuple(sensors))
    rate_hz = positive(rate_hz, "frame rate (Hz)")
    if options.preset == "paper":
        return _paper(positions, rotations, rate_hz, tuple(sensors), options)
    return _physical(positions, rotations, rate_hz, tuple(sensors), options)


def acceleration(positions: FloatArray, rate_hz: float, options: SimulationOptions) -> d.Derivative:
    """Second derivative of (T, ...) positions by the chosen scheme.

    Returns
    -------
    (T, ...) array, m/s2, and the number of samples at each end that the edge touches
    """
    match options.acceleration:
        case "eq3":
            return d.acceleration_eq3(positions, rate_hz, options.stride)
        case "spline":
            return d.acceleration_spline(positions, rate_hz)
        case "butterworth":
            return d.acceleration_butterworth(positions, rate_hz, options.cutoff_hz)
        case _:
            return d.acceleration_savgol(positions, rate_hz, options.window_s, options.degree)


def _checked_paths(
    positions: FloatArray, rotations: FloatArray, sensors: tuple[str, ...]
) -> tuple[FloatArray, FloatArray]:
    # Not `checked` alone: it copies what the caller could still write to, and this is a hot path.
    positions, rotations = np.asarray(positions, float), np.asarray(rotations, float)
    if positions.shape[1:] != (len(sensors), 3) or not np.isfinite(positions).all():
        positions = checked(positions, (None, len(sensors), 3), "sensor positions")
    frames = len(positions)
    if frames < d.MIN_FRAMES:
        raise HarstudioError(
            f"motion: got {frames} frames, expected at least {d.MIN_FRAMES}",
            "a shorter clip has no acceleration to speak of",
        )
    if rotations.shape != (frames, len(sensors), 3, 3):
        checked(rotations, (frames, len(sensors), 3, 3), "sensor rotations")
    squares = np.einsum("tsij,tsij->ts", rotations, rotations)
    wrong = ~(np.abs(squares - 3.0) <= 1e-3)  # NaN is wrong as well
    if wrong.any():
        t, s = np.argwhere(wrong)[0]
        raise HarstudioError(
            f"sensor rotations: frame {t} of {sensors[s]} is not a rotation matrix "
            f"(sum of squares {squares[t, s]:.4g}, expected 3)"
        )
    return positions, rotations


def _frozen(array: FloatArray) -> FloatArray:
    """The array, read-only: a recording keeps such a one without a copy."""
    array.flags.writeable = False
    return array


def _angular_velocity(
    rotations: FloatArray, quaternions: FloatArray, rate_hz: float, options: SimulationOptions
) -> d.Derivative:
    frames = len(rotations)
    match options.gyro:
        case "spline":
            return d.angular_velocity_spline(rotations, rate_hz)
        case "central":
            half, degree = 1, 2
        case "savgol":
            half, degree = d.half_window(rate_hz, options.window_s, frames), options.degree
        case "log5":
            half, degree = 2, 4
        case _ if rate_hz < _GYRO_SLOW_HZ:
            half, degree = 3, 6
        case _:
            half, degree = d.half_window(rate_hz, _GYRO_WINDOW_S, frames), 4
    return d.angular_velocity_of_quaternions(quaternions, rate_hz, half, degree)


def _inner(frames: int, touched: int) -> BoolArray:
    valid = np.zeros(frames, dtype=bool)
    valid[touched : frames - touched] = True
    return valid


def _physical(
    positions: FloatArray,
    rotations: FloatArray,
    rate_hz: float,
    sensors: tuple[str, ...],
    options: SimulationOptions,
) -> ImuRecording:
    quaternions = rot.continuous(rot.quaternion_from_matrix(rotations))
    force, acc_touched = acceleration(positions, rate_hz, options)
    force[..., 2] += GRAVITY
    gyro, gyro_touched = _angular_velocity(rotations, quaternions, rate_hz, options)
    native = ImuRecording(
        times_s=np.arange(len(positions)) / rate_hz,
        sensors=sensors,
        acc_mps2=_frozen(np.einsum("tsji,tsj->tsi", rotations, force)),
        gyro_radps=_frozen(gyro),
        orientation_wxyz=_frozen(quaternions),
        valid=_inner(len(positions), max(acc_touched, gyro_touched)),
        kind="virtual",
    )
    return resampled(native, options.rate_hz)


def _paper(
    positions: FloatArray,
    rotations: FloatArray,
    rate_hz: float,
    sensors: tuple[str, ...],
    options: SimulationOptions,
) -> ImuRecording:
    quaternions = rot.continuous(rot.quaternion_from_matrix(rotations))
    if not same_rate(rate_hz, options.rate_hz):
        duration = (len(positions) - 1) / rate_hz
        count = int(np.floor(duration * options.rate_hz + 1e-6)) + 1
        if count < d.MIN_FRAMES:
            raise HarstudioError(
                f"motion: got {count} frames at {options.rate_hz:g} Hz, "
                f"expected at least {d.MIN_FRAMES}"
            )
        times = np.minimum(np.arange(count) / options.rate_hz, duration)
        positions = interpolated(positions, rate_hz, times)
        quaternions = rot.normalised(interpolated(quaternions, rate_hz, times))
        rotations = rot.matrix_from_quaternion(quaternions)
        rate_hz = options.rate_hz
    linear, touched = acceleration(positions, rate_hz, options)
    # The gyro is an extra: its wider stencil must not cost the paper's own samples.
    gyro, _ = _angular_velocity(rotations, quaternions, rate_hz, options)
    return ImuRecording(
        times_s=np.arange(len(positions)) / rate_hz,
        sensors=sensors,
        acc_mps2=_frozen(linear),
        gyro_radps=_frozen(np.einsum("tsij,tsj->tsi", rotations, gyro)),
        orientation_wxyz=_frozen(quaternions),
        valid=_inner(len(positions), touched),
        kind="virtual",
        frame="global",
        with_gravity=False,
    )
