"""How alike a real and a virtual signal are, once they share times, axes and units."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harstudio.core import rotations as rot
from harstudio.core.arrays import BoolArray, FloatArray, checked
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.timebase import Alignment


@dataclass(frozen=True)
class FidelityMetrics:
    """Likeness of a virtual and a real signal of one sensor.

    Attributes
    ----------
    rmse : (x, y, z), the signals' unit
        Root mean square of virtual minus real.
    nrmse : (x, y, z)
        `rmse` over the standard deviation of the real signal on that axis; infinite if it is
        constant and differs.
    r : (x, y, z)
        Pearson correlation; NaN where a signal is constant.
    magnitude_mse : float, unit squared
        Mean of ``(|virtual| - |real|)^2``: free of orientation, so blind to swapped axes
        (Multi3Net+, 4.3). Never judge by it alone.
    samples : int
        How many samples were compared.
    """

    rmse: tuple[float, float, float]
    nrmse: tuple[float, float, float]
    r: tuple[float, float, float]
    magnitude_mse: float
    samples: int


def residual_metrics(
    virtual: FloatArray, real: FloatArray, mask: BoolArray | None = None
) -> FidelityMetrics:
    """Compare two signals sample by sample.

    Parameters
    ----------
    virtual, real : (T, 3) arrays, the same unit, frame and times
    mask : (T,) bool array
        Samples to compare; those that are not finite in both are left out as well.

    Raises
    ------
    HarstudioError
        The shapes differ, or fewer than 2 samples can be compared.
    """
    virtual = checked(virtual, (None, 3), "virtual signal", finite=False)
    real = checked(real, (len(virtual), 3), "real signal", finite=False)
    use = np.isfinite(virtual).all(axis=1) & np.isfinite(real).all(axis=1)
    if mask is not None:
        use &= np.asarray(mask, dtype=bool)
    if np.count_nonzero(use) < 2:
        raise HarstudioError(
            f"comparison: {np.count_nonzero(use)} samples in common, expected at least 2",
            "check the alignment: the recordings may not overlap",
        )
    v, w = virtual[use], real[use]
    rmse = np.sqrt(np.mean((v - w) ** 2, axis=0))
    v_spread, w_spread = v.std(axis=0), w.std(axis=0)
    covariance = np.mean((v - v.mean(axis=0)) * (w - w.mean(axis=0)), axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        nrmse = np.where(rmse > 0, rmse / w_spread, 0.0)
        r = np.clip(covariance / (v_spread * w_spread), -1.0, 1.0)
    magnitudes = np.linalg.norm(v, axis=1) - np.linalg.norm(w, axis=1)
    return FidelityMetrics(
        _triple(rmse), _triple(nrmse), _triple(r), float(np.mean(magnitudes**2)), len(v)
    )


def mounted(recording: ImuRecording, alignment: Alignment) -> ImuRecording:
    """The recording in the axes of the virtual sensors.

    Each sensor's mounting rotation is applied to acc and gyro, and to the orientation so that
    it still takes the (new) sensor axes to the world. In a ``global`` recording the rotation is
    one of the world (a yaw), and turns the orientation with it.
    """
    quaternions = np.array([alignment.mounting(name) for name in recording.sensors])
    matrices = rot.matrix_from_quaternion(rot.normalised(quaternions))
    gyro, orientation = recording.gyro_radps, recording.orientation_wxyz
    if orientation is not None:
        if recording.frame == "global":
            orientation = rot.multiply(quaternions, orientation)
        else:
            orientation = rot.multiply(orientation, rot.conjugate(quaternions))
    return replace(
        recording,
        acc_mps2=np.einsum("sij,tsj->tsi", matrices, recording.acc_mps2),
        gyro_radps=None if gyro is None else np.einsum("sij,tsj->tsi", matrices, gyro),
        orientation_wxyz=orientation,
    )


def _triple(values: FloatArray) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z
