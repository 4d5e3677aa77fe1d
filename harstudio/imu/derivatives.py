"""Derivatives of sampled paths: acceleration from positions, angular velocity from rotations.

Every function returns the derivative and how many samples at each end are touched by the edge
(there the window is smaller or off centre, never padded with zeros).
"""

from __future__ import annotations

from functools import lru_cache
from math import factorial

import numpy as np
from scipy.interpolate import make_interp_spline
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation, RotationSpline

from harstudio.core import rotations as rot
from harstudio.core.arrays import FloatArray

MIN_FRAMES = 5
"""A polynomial of degree 4 needs five samples."""

_BLOCK = 4096
"""Rotations differentiated at a time: what fits the processor's cache is several times faster."""

Derivative = tuple[FloatArray, int]


def half_window(rate_hz: float, window_s: float, frames: int) -> int:
    """Samples on either side of the centre: at least 2, as many as the window and the clip hold.

    0.1 s gives 7 samples in all at 60 Hz (and at 59, for want of 2 %) and 13 at 120 Hz.
    """
    return max(2, min(int(0.5 * window_s * rate_hz + 0.06), (frames - 1) // 2))


@lru_cache(maxsize=1024)
def polynomial_weights(first: int, last: int, degree: int, derivative: int) -> FloatArray:
    """Weights of samples `first`..`last` that give a derivative at sample 0 (unit spacing).

    The least-squares polynomial of that degree through the samples, differentiated at 0
    (Savitzky & Golay 1964); as many samples as coefficients make it the interpolating one.

    Returns
    -------
    (last - first + 1,) array
    """
    offsets = np.arange(first, last + 1, dtype=np.float64)
    scale = np.abs(offsets).max()  # abscissae within 1 keep the normal equations well conditioned
    powers = np.vander(offsets / scale, min(degree, len(offsets) - 1) + 1, increasing=True)
    weights: FloatArray = np.linalg.pinv(powers)[derivative]
    weights *= factorial(derivative) / scale**derivative
    if first == -last:
        weights = 0.5 * (weights + (-1) ** derivative * weights[::-1])
    weights.flags.writeable = False
    return weights


def _edge_windows(frames: int, half: int) -> list[tuple[int, int, int]]:
    """(sample, first, last) for each sample too close to an end for the full window."""
    windows = []
    for sample in [*range(half), *range(frames - half, frames)]:
        reach = min(sample, frames - 1 - sample)
        if reach >= 2:
            windows.append((sample, sample - reach, sample + reach))
        else:
            first = 0 if sample < frames // 2 else frames - MIN_FRAMES
            windows.append((sample, first, first + MIN_FRAMES - 1))
    return windows


def acceleration_savgol(
    positions: FloatArray, rate_hz: float, window_s: float = 0.1, degree: int = 4
) -> Derivative:
    """Second derivative by local polynomials (Savitzky-Golay).

    Parameters
    ----------
    positions : (T, ...) array, m; T >= 5
    rate_hz : float
    window_s : float
        Span of the window; at least 5 samples are used.
    degree : int

    Returns
    -------
    (T, ...) array, m/s2, and the number of samples touched at each end
    """
    frames = len(positions)
    half = half_window(rate_hz, window_s, frames)
    inner = slice(half, frames - half)
    centre_twice = 2.0 * positions[inner]
    weights = polynomial_weights(-half, half, degree, 2)[half:] * rate_hz**2
    acceleration = np.zeros_like(positions)
    total, term = acceleration[inner], np.empty_like(centre_twice)
    for k in range(1, half + 1):
        # Differences from the centre: exact for a sensor at rest, however far from the origin.
        np.add(
            positions[half + k : frames - half + k],
            positions[half - k : frames - half - k],
            out=term,
        )
        term -= centre_twice
        term *= weights[k]
        total += term
    for sample, first, last in _edge_windows(frames, half):
        near = polynomial_weights(first - sample, last - sample, degree, 2) * rate_hz**2
        offsets = positions[first : last + 1] - positions[sample]
        acceleration[sample] = np.tensordot(near, offsets, axes=1)
    return acceleration, half


def acceleration_eq3(positions: FloatArray, rate_hz: float, stride: int = 1) -> Derivative:
    """Second difference, ``(p[t-n] + p[t+n] - 2 p[t]) / (n dt)^2``.

    Xiao et al. 2020, eq. 3, is n = 1; TransPose and PIP use n = 4. At the ends the stride
    shrinks, and the outermost sample repeats its neighbour.
    """
    frames = len(positions)
    acceleration = np.empty_like(positions)
    dt = 1.0 / rate_hz
    stride = min(stride, (frames - 1) // 2)
    for reach in range(1, stride + 1):
        # Each pass overwrites all but the outermost `reach` samples with its wider difference.
        centre = slice(reach, frames - reach)
        before, after = positions[: frames - 2 * reach], positions[2 * reach :]
        acceleration[centre] = (before + after - 2.0 * positions[centre]) / (reach * dt) ** 2
    acceleration[0], acceleration[-1] = acceleration[1], acceleration[-2]
    return acceleration, stride


def acceleration_spline(positions: FloatArray, rate_hz: float) -> Derivative:
    """Second derivative of the interpolating quintic spline: the least damped, the noisiest."""
    frames = len(positions)
    degree = 5 if frames > 5 else 3
    times = np.arange(frames) / rate_hz
    spline = make_interp_spline(times, positions.reshape(frames, -1), k=degree)
    acceleration: FloatArray = spline(times, 2).reshape(positions.shape)
    return acceleration, min(degree, (frames - 1) // 2)


def acceleration_butterworth(
    positions: FloatArray, rate_hz: float, cutoff_hz: float = 10.0
) -> Derivative:
    """Second derivative after a zero-phase Butterworth low-pass (second order, both ways).

    The usual treatment of marker paths in biomechanics (Winter 2009, ch. 3).
    """
    frames = len(positions)
    corner = min(cutoff_hz / 0.802, 0.45 * rate_hz)  # two passes lower the -3 dB frequency
    sections = butter(2, corner, fs=rate_hz, output="sos")
    smooth = sosfiltfilt(sections, positions, axis=0, padlen=min(frames - 1, 15))
    acceleration, touched = acceleration_savgol(smooth, rate_hz, 4.0 / rate_hz)
    return acceleration, min(touched + round(rate_hz / cutoff_hz), (frames - 1) // 2)


def angular_velocity_log(
    rotations: FloatArray, rate_hz: float, half: int = 2, degree: int = 4
) -> Derivative:
    """Angular velocity by local polynomials in the chart ``log(R[t]' R[t+k])``.

    In that chart the derivative at t is the angular velocity itself. Half 2 and degree 4 give
    the five-point formula, half 1 and degree 2 the central difference, wider windows smooth.

    Parameters
    ----------
    rotations : (T, S, 3, 3) array, world from sensor; T >= 5
    rate_hz : float
    half : int
        Samples on either side of the centre.
    degree : int

    Returns
    -------
    (T, S, 3) array, rad/s, sensor frame, and the number of samples touched at each end

    Notes
    -----
    ``log(R[t]' R[t-k])`` is minus ``log(R[t-k]' R[t])``, so each pair's logarithm serves twice.
    """
    quaternions = rot.continuous(rot.quaternion_from_matrix(rotations))
    return angular_velocity_of_quaternions(quaternions, rate_hz, half, degree)


def angular_velocity_of_quaternions(
    quaternions: FloatArray, rate_hz: float, half: int = 2, degree: int = 4
) -> Derivative:
    """`angular_velocity_log` of (T, S, 4) unit quaternions."""
    frames, sensors = quaternions.shape[:2]
    half = min(half, (frames - 1) // 2)
    weights = polynomial_weights(-half, half, degree, 1)[half:] * rate_hz
    velocity = np.empty((frames, sensors, 3))
    block = max(1, _BLOCK // sensors)
    for start in range(half, frames - half, block):
        stop = min(start + block, frames - half)
        near = np.ascontiguousarray(np.moveaxis(quaternions[start - half : stop + half], 2, 0))
        total = np.zeros((3, stop - start, sensors))
        for k in range(1, half + 1):
            steps = _relative_log(near[:, :-k], near[:, k:])
            ahead = steps[:, half : half + stop - start]
            behind = steps[:, half - k : half - k + stop - start]
            total += weights[k] * (ahead + behind)
        velocity[start:stop] = np.moveaxis(total, 0, 2)
    for sample, first, last in _edge_windows(frames, half):
        centre = rot.conjugate(quaternions[sample])
        chart = rot.axis_angle_from_quaternion(rot.multiply(centre, quaternions[first : last + 1]))
        near_weights = polynomial_weights(first - sample, last - sample, degree, 1) * rate_hz
        velocity[sample] = np.tensordot(near_weights, chart, axes=1)
    return velocity, half


def _relative_log(start: FloatArray, end: FloatArray) -> FloatArray:
    """Axis-angle (3, n, S) from one quaternion (4, n, S) to another, components first."""
    p, q = start, end
    w = p[0] * q[0] + p[1] * q[1] + p[2] * q[2] + p[3] * q[3]
    x = p[0] * q[1] - p[1] * q[0] - p[2] * q[3] + p[3] * q[2]
    y = p[0] * q[2] + p[1] * q[3] - p[2] * q[0] - p[3] * q[1]
    z = p[0] * q[3] - p[1] * q[2] + p[2] * q[1] - p[3] * q[0]
    sine = np.sqrt(x * x + y * y + z * z) + 1e-100  # the ratio below tends to 2 at no rotation
    factor = np.copysign(2.0 * np.arctan2(sine, np.abs(w)) / sine, w)
    return np.stack([x * factor, y * factor, z * factor])


def angular_velocity_spline(rotations: FloatArray, rate_hz: float) -> Derivative:
    """Angular velocity of scipy's cubic rotation spline, one sensor after the other.

    Its natural ends err by 0.27 rad/s in fast coning; ten samples in, that has faded to 1e-5.
    """
    frames, sensors = rotations.shape[:2]
    times = np.arange(frames) / rate_hz
    velocity = np.empty((frames, sensors, 3))
    for s in range(sensors):
        spline = RotationSpline(times, Rotation.from_matrix(rotations[:, s]))
        velocity[:, s] = spline(times, 1)
    return velocity, min(10, (frames - 1) // 2)
