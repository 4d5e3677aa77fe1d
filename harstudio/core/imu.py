"""Sensors on a body and what they recorded, real or virtual, in SI units."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray, checked, readonly
from harstudio.core.errors import HarstudioError
from harstudio.core.skeleton import joint_index
from harstudio.core.source import Source

GRAVITY = 9.80665
"""Standard gravity, m/s2."""

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


@dataclass(frozen=True)
class SensorSite:
    """A place on the body's surface, stored by meaning so that it fits any body model.

    A ray from a point on a bone, along `direction`, meets the skin at the site.

    Attributes
    ----------
    joint : str
        SMPL joint the sensor is rigid to (a wrist watch is rigid to the forearm: ``left_elbow``).
    bone : (str, str)
        Joints the bone runs between.
    along : float
        Where on the bone the ray starts, 0 at the first joint and 1 at the second.
    direction : (x, y, z)
        Outward direction of the ray in the T-pose, body axes: x to its left, y up, z to its front.
    """

    joint: str
    bone: tuple[str, str]
    along: float
    direction: Vector

    def __post_init__(self) -> None:
        for name in (self.joint, *self.bone):
            joint_index(name)


@dataclass(frozen=True)
class SensorMount:
    """How a sensor sits at its site.

    Attributes
    ----------
    rotation_wxyz : quaternion, site from sensor
        The site's axes: x along the bone away from the trunk, z out of the skin, y = z x x.
    lever_arm_m : (x, y, z), m, in the site's axes
    """

    rotation_wxyz: Quaternion = (1.0, 0.0, 0.0, 0.0)
    lever_arm_m: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Sensor:
    """A named sensor: where it is and how it sits there."""

    name: str
    site: SensorSite
    mount: SensorMount = field(default_factory=SensorMount)


@dataclass(frozen=True)
class SensorLayout:
    """A named set of sensors with unique names."""

    name: str
    sensors: tuple[Sensor, ...]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.sensors):
            raise HarstudioError(f"layout {self.name!r}: two sensors share a name in {self.names}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sensor.name for sensor in self.sensors)

    def picked(self, names: tuple[str, ...]) -> SensorLayout:
        """The sensors of those names, in that order; HarstudioError for an unknown one."""
        by_name = {sensor.name: sensor for sensor in self.sensors}
        for name in names:
            if name not in by_name:
                raise HarstudioError(f"no sensor {name!r}", f"known: {', '.join(self.names)}")
        return replace(self, sensors=tuple(by_name[name] for name in names))


@dataclass(frozen=True, eq=False)
class ImuRecording:
    """Signals of S sensors at T moments.

    Attributes
    ----------
    times_s : (T,) array, s, strictly increasing, on the recording's own clock
    sensors : S names
    acc_mps2 : (T, S, 3) array, m/s2
    gyro_radps : (T, S, 3) array, rad/s, or None
    orientation_wxyz : (T, S, 4) array, world from sensor, or None
    valid : (T,) bool array
        False where a sample is missing or touched by an edge; it may hold NaN there.
    kind : str
        ``real`` or ``virtual``.
    frame : str
        ``sensor`` (as a strapped-on sensor reads) or ``global`` (rotated into the world).
    with_gravity : bool
        True: specific force, +9.80665 along up at rest. False: linear acceleration.
    source : Source or None

    Raises
    ------
    HarstudioError
        Wrong shapes, times that do not increase, or a value that is not finite where valid.
    """

    times_s: FloatArray
    sensors: tuple[str, ...]
    acc_mps2: FloatArray
    gyro_radps: FloatArray | None = None
    orientation_wxyz: FloatArray | None = None
    valid: BoolArray | None = None
    kind: str = "real"
    frame: str = "sensor"
    with_gravity: bool = True
    source: Source | None = None

    def __post_init__(self) -> None:
        times = checked(self.times_s, (None,), "times")
        count, sensors = len(times), tuple(self.sensors)
        if count == 0 or not sensors:
            raise HarstudioError(f"recording: {count} samples of {len(sensors)} sensors")
        if len(set(sensors)) != len(sensors):
            raise HarstudioError(f"recording: two sensors share a name in {sensors}")
        backwards = np.flatnonzero(np.diff(times) <= 0)
        if len(backwards):
            i = int(backwards[0])
            raise HarstudioError(
                f"times: {times[i + 1]:.6f} s after {times[i]:.6f} s at sample {i + 1}, "
                "expected increasing times"
            )
        if self.kind not in ("real", "virtual") or self.frame not in ("sensor", "global"):
            raise HarstudioError(f"recording: kind {self.kind!r}, frame {self.frame!r}")
        valid = readonly(np.ones(count, bool) if self.valid is None else self.valid, np.bool_)
        if valid.shape != (count,):
            raise HarstudioError(f"valid: got shape {valid.shape}, expected ({count},)")
        set_field = object.__setattr__
        set_field(self, "times_s", times)
        set_field(self, "sensors", sensors)
        set_field(self, "valid", valid)
        for name, width in (("acc_mps2", 3), ("gyro_radps", 3), ("orientation_wxyz", 4)):
            values = getattr(self, name)
            if values is not None:
                array = checked(values, (count, len(sensors), width), name, finite=False)
                checked(array[valid], (None, len(sensors), width), f"{name} (valid samples)")
                set_field(self, name, array)

    @property
    def samples(self) -> int:
        return len(self.times_s)

    @property
    def valid_mask(self) -> BoolArray:
        """(T,) bool; never None once constructed."""
        assert self.valid is not None
        return self.valid

    @property
    def rate_hz(self) -> float:
        """Median sampling rate; 0 for a single sample."""
        return float(1.0 / np.median(np.diff(self.times_s))) if self.samples > 1 else 0.0

    def sensor_index(self, name: str) -> int:
        """Index of a sensor by name; HarstudioError if the recording has none such."""
        try:
            return self.sensors.index(name)
        except ValueError:
            raise HarstudioError(
                f"no sensor {name!r} in this recording", f"it has {', '.join(self.sensors)}"
            ) from None
