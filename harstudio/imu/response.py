"""What a choice of acceleration scheme does to fast motion and to noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harstudio.core.arrays import FloatArray, positive
from harstudio.imu.simulate import SimulationOptions, acceleration

_SPAN_S = 8.0


@dataclass(frozen=True, eq=False)
class Response:
    """Frequency response of a scheme at a rate.

    Attributes
    ----------
    frequencies_hz : (N,) array
        From above 0 to half the rate.
    gain : (N,) array
        Acceleration found over true acceleration of a sine.
    cutoff_hz : float
        Where the gain first falls below -3 dB; half the rate if it never does.
    noise_per_mm : float, m/s2
        Standard deviation of the acceleration for 1 mm of white noise in position.
    """

    frequencies_hz: FloatArray
    gain: FloatArray
    cutoff_hz: float
    noise_per_mm: float

    def gain_at(self, frequency_hz: float) -> float:
        return float(np.interp(frequency_hz, self.frequencies_hz, self.gain))


def response(options: SimulationOptions, rate_hz: float) -> Response:
    """Response of the acceleration scheme of `options` to a motion sampled at `rate_hz`.

    Found by passing a unit impulse through the scheme itself.

    Parameters
    ----------
    options : SimulationOptions
    rate_hz : float
        Rate at which the scheme is applied: the motion's for ``physical``, the result's for
        ``paper``.
    """
    rate_hz = positive(rate_hz, "frame rate (Hz)")
    count = 2 * max(int(_SPAN_S * rate_hz / 2), 64) + 1
    impulse = np.zeros(count)
    impulse[count // 2] = 1.0
    answer, _ = acceleration(impulse, rate_hz, options)
    frequencies = np.asarray(np.arange(1, count // 2 + 1) * (rate_hz / count), dtype=np.float64)
    spectrum = np.fft.rfft(np.roll(answer, -(count // 2)))[1:].real
    gain = np.asarray(-spectrum / (2.0 * np.pi * frequencies) ** 2, dtype=np.float64)
    return Response(
        frequencies, gain, _crossing(frequencies, gain), float(np.sqrt(np.sum(answer**2)) * 1e-3)
    )


def _crossing(frequencies: FloatArray, gain: FloatArray) -> float:
    """First frequency, interpolated, at which the gain falls through -3 dB."""
    level = np.sqrt(0.5)
    below = np.flatnonzero(gain < level)
    if not len(below):
        return float(frequencies[-1])
    i = int(below[0])
    if i == 0:
        return float(frequencies[0])
    share = (gain[i - 1] - level) / (gain[i - 1] - gain[i])
    return float(frequencies[i - 1] + share * (frequencies[i] - frequencies[i - 1]))
