"""Errors of real sensor hardware, drawn reproducibly for each motion and sensor."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, lfilter, sosfilt, sosfilt_zi

from harstudio.core import rotations as rot
from harstudio.core.arrays import FloatArray, positive
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.imu.frames import restored, sensed
from harstudio.imu.resample import filled


@dataclass(frozen=True)
class ChannelNoise:
    """Errors of one triaxial channel; u is m/s2 for acc and rad/s for gyro. 0 is off.

    Attributes
    ----------
    density : float, u/sqrt(Hz)
        White noise N: Allan deviation ``N / sqrt(tau)``.
    bias_instability : float, u
        Standard deviation of a first-order Gauss-Markov bias, started in its steady state.
    correlation_s : float, s
        Its correlation time.
    random_walk : float, u/sqrt(s)
        Rate random walk K: Allan deviation ``K sqrt(tau / 3)``; starts at 0.
    turn_on_bias : float, u
        Standard deviation of a bias that is constant through a recording.
    scale : float
        Standard deviation of the relative scale error of each axis.
    misalignment_rad : float, rad
        Standard deviation of a small rotation of the channel about each axis.
    bandwidth_hz : float, Hz
        -3 dB frequency of a causal second-order low-pass ahead of the sampling.
    full_range : float, u
        Readings are clipped to plus or minus this.
    bits : int
        Resolution: ``2 * full_range / 2**bits`` per step; needs `full_range`.
    """

    density: float = 0.0
    bias_instability: float = 0.0
    correlation_s: float = 100.0
    random_walk: float = 0.0
    turn_on_bias: float = 0.0
    scale: float = 0.0
    misalignment_rad: float = 0.0
    bandwidth_hz: float = 0.0
    full_range: float = 0.0
    bits: int = 0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (np.isfinite(value) and value >= 0):
                raise HarstudioError(f"{name}: got {value}, expected a number from 0 on")
        positive(self.correlation_s, "correlation_s")
        if self.bits and not self.full_range:
            raise HarstudioError(f"bits: {self.bits} bits of an unlimited range", "set full_range")
        if self.bits > 32:
            raise HarstudioError(f"bits: got {self.bits}, expected at most 32")


@dataclass(frozen=True)
class HardwareNoise:
    """Errors of an inertial sensor.

    Attributes
    ----------
    acc, gyro : ChannelNoise
    jitter_s : float, s
        Standard deviation of the moment of sampling around its time stamp.
    """

    acc: ChannelNoise = field(default_factory=ChannelNoise)
    gyro: ChannelNoise = field(default_factory=ChannelNoise)
    jitter_s: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.jitter_s) and self.jitter_s >= 0):
            raise HarstudioError(f"jitter_s: got {self.jitter_s}, expected a number from 0 on")


OFF = HardwareNoise()

MEASURED = HardwareNoise(
    acc=ChannelNoise(density=470e-6 * GRAVITY),
    gyro=ChannelNoise(density=float(np.radians(8e-3))),
)
"""White noise of a real MEMS at rest: 350 to 590 ug/sqrt(Hz) and 7 to 9 mdps/sqrt(Hz) between
axes; the middles."""

PRESETS: dict[str, HardwareNoise] = {"off": OFF, "measured": MEASURED}


def motion_seed(seed: int, motion: str) -> int:
    """A seed of its own for each motion, the same on every machine.

    Parameters
    ----------
    seed : int
        The user's.
    motion : str
        What tells motions apart, e.g. the clip's id.
    """
    digest = hashlib.sha256(f"{seed}/{motion}".encode()).digest()
    return int.from_bytes(digest[:8], "little")


def with_noise(recording: ImuRecording, noise: HardwareNoise, seed: int) -> ImuRecording:
    """The recording as imperfect hardware would have it.

    Each sensor draws from a generator of its own, by `seed` and its name: adding a sensor to the
    layout leaves the others' noise as it was. A global recording is turned into what the sensor
    reads, disturbed there, and turned back.

    Parameters
    ----------
    recording : ImuRecording
        Uniformly sampled.
    noise : HardwareNoise
    seed : int
        See `motion_seed`.

    Raises
    ------
    HarstudioError
        A global recording, or one without gravity, that has no orientation.
    """
    if noise == OFF:
        return recording
    clean = sensed(recording)
    valid = recording.valid_mask
    acc = filled(clean.acc_mps2, valid)
    gyro = None if clean.gyro_radps is None else filled(clean.gyro_radps, valid)
    rate_hz = recording.rate_hz or 1.0
    noisy_acc = np.empty_like(acc)
    noisy_gyro = None if gyro is None else np.empty_like(gyro)
    for s, name in enumerate(recording.sensors):
        acc_random, gyro_random, time_random = (
            np.random.default_rng([motion_seed(seed, name), part]) for part in range(3)
        )
        offsets = noise.jitter_s * time_random.standard_normal(recording.samples)
        noisy_acc[:, s] = _disturbed(acc[:, s], noise.acc, rate_hz, offsets, acc_random)
        if gyro is not None and noisy_gyro is not None:
            noisy_gyro[:, s] = _disturbed(gyro[:, s], noise.gyro, rate_hz, offsets, gyro_random)
    noisy = replace(clean, acc_mps2=noisy_acc, gyro_radps=noisy_gyro)
    return restored(noisy, recording)


def allan_deviation(values: FloatArray, rate_hz: float, taus_s: FloatArray) -> FloatArray:
    """Overlapping Allan deviation of a signal at rest.

    Parameters
    ----------
    values : (T, ...) array, e.g. rad/s
    rate_hz : float
    taus_s : (N,) array, s
        Averaging times; each is rounded to whole samples.

    Returns
    -------
    (N, ...) array, the unit of `values`

    Raises
    ------
    HarstudioError
        An averaging time of less than a sample or more than half the signal.

    Notes
    -----
    IEEE Std 952-1997, annex C.
    """
    total = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    deviations = []
    for tau in np.asarray(taus_s, dtype=np.float64):
        m = round(tau * rate_hz)
        if m < 1 or 2 * m > len(values):
            raise HarstudioError(
                f"averaging time: got {tau:g} s, expected {1 / rate_hz:g} to "
                f"{0.5 * len(values) / rate_hz:g} s"
            )
        means = (total[m:] - total[:-m]) / m
        deviations.append(np.sqrt(0.5 * np.mean((means[m:] - means[:-m]) ** 2, axis=0)))
    return np.array(deviations)


def _disturbed(
    values: FloatArray,
    noise: ChannelNoise,
    rate_hz: float,
    offsets_s: FloatArray,
    random: np.random.Generator,
) -> FloatArray:
    """(T, 3) readings of one channel. Draws are made in a fixed order, whatever is switched on."""
    scale = 1.0 + noise.scale * random.standard_normal(3)
    turned = rot.exp(noise.misalignment_rad * random.standard_normal(3))
    bias = noise.turn_on_bias * random.standard_normal(3)
    white, walk, drift = random.standard_normal((3, *values.shape))
    if noise.bandwidth_hz and noise.bandwidth_hz < 0.5 * rate_hz:
        sections = butter(2, noise.bandwidth_hz, fs=rate_hz, output="sos")
        settled = sosfilt_zi(sections)[..., None] * values[0]
        values = sosfilt(sections, values, axis=0, zi=settled)[0]
    if offsets_s.any() and len(values) > 3:
        times = np.arange(len(values)) / rate_hz
        moments = np.clip(times + offsets_s, times[0], times[-1])
        values = CubicSpline(times, values, axis=0)(moments)
    dt = 1.0 / rate_hz
    read = scale * (values @ turned.T) + bias
    read += noise.density / np.sqrt(dt) * white
    read += noise.random_walk * np.sqrt(dt) * np.cumsum(walk, axis=0)
    if noise.bias_instability:
        read += noise.bias_instability * _gauss_markov(drift, dt / noise.correlation_s)
    if noise.full_range:
        read = _digitised(read, noise.full_range, noise.bits)
    return read


def _gauss_markov(white: FloatArray, step: float) -> FloatArray:
    """First-order process of variance 1 from its first sample on; `step` in correlation times."""
    keep = np.exp(-step)
    driven = np.sqrt(1.0 - keep**2) * white
    driven[0] = white[0]
    process: FloatArray = lfilter([1.0], [1.0, -keep], driven, axis=0)
    return process


def _digitised(values: FloatArray, full_range: float, bits: int) -> FloatArray:
    if not bits:
        return np.clip(values, -full_range, full_range)
    step = 2.0 * full_range / 2**bits
    # Two's complement: one step less on the positive side.
    read: FloatArray = np.clip(np.round(values / step) * step, -full_range, full_range - step)
    return read
