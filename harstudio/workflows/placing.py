"""Sensors on the body: their signals while they are moved, and where a recording says they sit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from harstudio.body.model import ShapedBody
from harstudio.body.sites import SITES, attach, sensor_paths
from harstudio.core import rotations as rot
from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import (
    ImuRecording,
    Quaternion,
    Sensor,
    SensorLayout,
    SensorMount,
    SensorSite,
    Vector,
)
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import Project
from harstudio.core.skeleton import joint_index
from harstudio.imu.compare import mounted
from harstudio.imu.frames import sensed
from harstudio.imu.placement import (
    BoneSignals,
    PlacementFit,
    Worn,
    bone_paths,
    bone_signals,
    fit_placement,
    residuals,
)
from harstudio.imu.simulate import SimulationOptions, simulate
from harstudio.workflows.loading import (
    LoadedClip,
    LoadedRecording,
    load_clip,
    options_for,
    simulate_motion,
)

Angles = tuple[float, float, float]


# -- the mount in numbers ------------------------------------------------------------------


def angles_of(mount: SensorMount) -> Angles:
    """Roll, pitch and yaw of a mount, deg: about the site's x, then its y, then its z."""
    matrix = rot.matrix_from_quaternion(rot.normalised(mount.rotation_wxyz))
    pitch = np.arcsin(np.clip(-matrix[2, 0], -1.0, 1.0))
    if abs(matrix[2, 0]) > 1.0 - 1e-9:  # roll and yaw are one and the same there
        roll, yaw = 0.0, np.arctan2(-matrix[0, 1], matrix[1, 1])
    else:
        roll = np.arctan2(matrix[2, 1], matrix[2, 2])
        yaw = np.arctan2(matrix[1, 0], matrix[0, 0])
    return float(np.degrees(roll)), float(np.degrees(pitch)), float(np.degrees(yaw))


def mount_of(angles_deg: Angles, lever_arm_m: Vector) -> SensorMount:
    """Inverse of `angles_of`, with a lever arm."""
    x, y, z, w = Rotation.from_euler("xyz", angles_deg, degrees=True).as_quat()
    return SensorMount(_quaternion((w, x, y, z)), lever_arm_m)


def turned(mount: SensorMount, axis: int, angle_rad: float) -> SensorMount:
    """A mount turned about one of the sensor's own axes."""
    turn = np.zeros(3)
    turn[axis] = angle_rad
    after = rot.multiply(mount.rotation_wxyz, rot.quaternion_from_axis_angle(turn))
    return replace(mount, rotation_wxyz=_quaternion(after))


# -- the layout ----------------------------------------------------------------------------


def sensor_of(layout: SensorLayout, name: str) -> Sensor | None:
    """A layout's sensor of a name, else a straight one at the site of that name, else None."""
    for sensor in layout.sensors:
        if sensor.name == name:
            return sensor
    return Sensor(name, SITES[name]) if name in SITES else None


def with_sensor(layout: SensorLayout, sensor: Sensor, layout_name: str = "custom") -> SensorLayout:
    """A layout with a sensor in place of that of the same name, or added at its end."""
    if sensor.name in layout.names:
        sensors = tuple(sensor if s.name == sensor.name else s for s in layout.sensors)
    else:
        sensors = (*layout.sensors, sensor)
    if sensors == layout.sensors:
        return layout
    return SensorLayout(layout_name, sensors)


def fresh_name(layout: SensorLayout) -> str:
    """``custom_1``, or the next that is free."""
    number = 1
    while f"custom_{number}" in layout.names:
        number += 1
    return f"custom_{number}"


# -- signals while a sensor is moved -------------------------------------------------------


def with_signals(
    loaded: LoadedClip,
    virtual: ImuRecording,
    sensor: Sensor,
    rate_hz: float,
) -> ImuRecording:
    """Virtual signals with those of one sensor simulated anew, or added.

    Parameters
    ----------
    loaded : LoadedClip
        With a motion.
    virtual : ImuRecording
        Of the same clip, at the same rate.
    """
    if loaded.motion is None or loaded.shaped is None:
        return virtual
    layout = SensorLayout("moved", (sensor,))
    options = options_for(loaded.points, SimulationOptions(rate_hz=rate_hz))
    one = simulate_motion(loaded.shaped, loaded.motion, layout, options)
    if sensor.name in virtual.sensors:
        i = virtual.sensor_index(sensor.name)
        names = virtual.sensors
    else:
        i, names = len(virtual.sensors), (*virtual.sensors, sensor.name)

    def joined(all_: FloatArray | None, new: FloatArray | None) -> FloatArray | None:
        if all_ is None or new is None:
            return None
        columns = np.delete(all_, i, axis=1) if i < all_.shape[1] else all_
        result: FloatArray = np.insert(columns, i, new[:, 0], axis=1)
        return result

    acc = joined(virtual.acc_mps2, one.acc_mps2)
    assert acc is not None
    return replace(
        virtual,
        sensors=names,
        acc_mps2=acc,
        gyro_radps=joined(virtual.gyro_radps, one.gyro_radps),
        orientation_wxyz=joined(virtual.orientation_wxyz, one.orientation_wxyz),
    )


# -- where a recording says that a sensor sits ---------------------------------------------


ANYWHERE, ALONG_LIMB, NOWHERE = MOVES = ("anywhere", "along_limb", "nowhere")


@dataclass(frozen=True)
class FitOptions:
    """What to fit.

    Attributes
    ----------
    rotation : bool
    move : str
        ``anywhere``: a free lever arm. ``along_limb``: the site itself slides along its bone, and
        the arm stays as it is. ``nowhere``: the rotation only.
    """

    rotation: bool = True
    move: str = ANYWHERE

    def __post_init__(self) -> None:
        if self.move not in MOVES:
            raise HarstudioError(f"move: got {self.move!r}, expected one of {', '.join(MOVES)}")


@dataclass(frozen=True, eq=False)
class FittedPlacement:
    """A sensor as a recording says it is worn.

    Attributes
    ----------
    sensor : Sensor
    fit : PlacementFit
    recording : str
        Name of the recording's file.
    """

    sensor: Sensor
    fit: PlacementFit
    recording: str

    @property
    def summary(self) -> str:
        """The gain in words, honest about the part that was held out."""
        return _summary(self.fit)


def recording_of(loaded: LoadedClip, sensor: str) -> LoadedRecording | None:
    """The clip's first recording that has a sensor of that name."""
    return next((r for r in loaded.recordings if sensor in r.recording.sensors), None)


def fitted_placement(
    loaded: LoadedClip, sensor: Sensor, rate_hz: float, options: FitOptions | None = None
) -> FittedPlacement:
    """Fit a sensor's placement to the clip's recording of it, under its present alignment.

    Raises
    ------
    HarstudioError
        No motion, no recording of that sensor, or too short an overlap.
    """
    options = options or FitOptions()
    item = recording_of(loaded, sensor.name)
    if loaded.motion is None or loaded.shaped is None or item is None:
        raise HarstudioError(
            f"placement of {sensor.name!r}: the clip needs a motion and a recording of that sensor"
        )
    worn = _worn(item, sensor.name)
    bone = _bone(loaded, sensor.site, rate_hz)
    start = rot.matrix_from_quaternion(rot.normalised(sensor.mount.rotation_wxyz))
    arm = np.asarray(sensor.mount.lever_arm_m)
    slides = options.move == ALONG_LIMB
    axes = (True, False, False) if slides else (options.move == ANYWHERE,) * 3
    if slides:
        _check_slides(loaded.shaped, sensor)
    fit = fit_placement(bone, worn, start, arm, turn=options.rotation, axes=axes)
    if not slides:
        found = replace(sensor, mount=_mount(fit.rotation, fit.arm_m))
        return FittedPlacement(found, fit, item.ref.source.name)
    turned_only = replace(sensor, mount=_mount(fit.rotation, arm))
    found = _slid(loaded.shaped, turned_only, float(fit.arm_m[0] - arm[0]))
    # The skin curves: what counts is what is shown once the sensor has slid along it.
    rotation = rot.matrix_from_quaternion(found.mount.rotation_wxyz)
    there = _bone(loaded, found.site, rate_hz)
    fit_after, test_after = residuals(there, worn, rotation, arm)
    fit = replace(fit, rotation=rotation, fit_after=fit_after, test_after=test_after)
    return FittedPlacement(found, fit, item.ref.source.name)


def fit_sensor(
    project: Project, folder: Path, clip_id: str, sensor: Sensor, options: FitOptions
) -> Job[FittedPlacement]:
    """`fitted_placement` of a clip that is read first, as a job."""
    clip = project.clip(clip_id)
    yield Progress(0, 2, f"Reading {clip.name}")
    loaded = load_clip(project, clip, folder)
    yield Progress(1, 2, f"Fitting {sensor.name.replace('_', ' ')}")
    return fitted_placement(loaded, sensor, project.rate_hz, options)


def _worn(item: LoadedRecording, sensor: str) -> Worn:
    real = mounted(sensed(item.recording), item.ref.alignment)
    i = real.sensor_index(sensor)
    gyro = None if real.gyro_radps is None else real.gyro_radps[:, i]
    return Worn(item.times_on(item.ref), real.valid_mask, real.acc_mps2[:, i], gyro)


def _bone(loaded: LoadedClip, site: SensorSite, rate_hz: float) -> BoneSignals:
    """Signals of a straight sensor at a site, and of any lever arm from there."""
    assert loaded.motion is not None
    assert loaded.shaped is not None
    layout = SensorLayout("site", (Sensor("site", site),))
    paths = sensor_paths(loaded.shaped, loaded.motion, layout)
    positions, rotations = bone_paths(paths.positions[:, 0], paths.rotations[:, 0])
    names = ("at", "along_x", "along_y", "along_z")
    options = SimulationOptions(rate_hz=rate_hz)
    return bone_signals(simulate(positions, rotations, loaded.motion.rate_hz, names, options))


def _check_slides(shaped: ShapedBody, sensor: Sensor) -> None:
    bone = _bone_of(shaped, sensor.site)
    x = attach(shaped, sensor.site).rotation[:, 0]
    if x @ bone < 0.5 * np.linalg.norm(bone):
        raise HarstudioError(
            f"placement of {sensor.name!r}: its skin faces along the bone, there is no limb to "
            "slide along",
            "fit a lever arm instead",
        )


def _bone_of(shaped: ShapedBody, site: SensorSite) -> FloatArray:
    first, last = (shaped.joints[joint_index(name)] for name in site.bone)
    bone: FloatArray = last - first
    return bone


def _slid(shaped: ShapedBody, sensor: Sensor, shift_m: float) -> Sensor:
    """A sensor that has moved along its bone, on the skin, without turning."""
    site = sensor.site
    length = float(np.linalg.norm(_bone_of(shaped, site)))
    moved = replace(site, along=site.along + shift_m / length)
    before, after = attach(shaped, site).rotation, attach(shaped, moved).rotation
    turn = rot.matrix_from_quaternion(rot.normalised(sensor.mount.rotation_wxyz))
    return Sensor(
        sensor.name, moved, _mount(after.T @ before @ turn, np.asarray(sensor.mount.lever_arm_m))
    )


def _mount(rotation: FloatArray, arm: FloatArray) -> SensorMount:
    x, y, z = (float(value) for value in arm)
    return SensorMount(_quaternion(rot.quaternion_from_matrix(rotation)), (x, y, z))


def _quaternion(values: object) -> Quaternion:
    w, x, y, z = (float(v) for v in rot.positive_w(rot.normalised(np.asarray(values, float))))
    return w, x, y, z


def _summary(fit: PlacementFit) -> str:
    before, after = fit.test_before, fit.test_after
    text = f"held out: acceleration {before.acc:.2f} → {after.acc:.2f} m/s²"
    if before.gyro is not None and after.gyro is not None:
        text += f", gyro {before.gyro:.3f} → {after.gyro:.3f} rad/s"
    return text
