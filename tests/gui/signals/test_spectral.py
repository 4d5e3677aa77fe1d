from __future__ import annotations

import numpy as np

from harstudio.gui.signals.channels import Channels
from harstudio.gui.signals.decimate import Pyramid
from harstudio.gui.signals.spectral import (
    Spectrogram,
    levels_of,
    samples_in,
    shades,
    spectra_of,
    spectrograms_of,
)

RATE_HZ = 60.0


def sine(hz: float, seconds: float = 20.0) -> tuple[Pyramid, ...]:
    """The same wave in all four rows."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (Pyramid(times, np.sin(2 * np.pi * hz * times)),) * 4


def test_a_spectrum_peaks_at_the_frequency_of_its_wave() -> None:
    spectra = spectra_of(Channels(sine(3.0), sine(7.0)), ("virtual", "real"), (0.0, 20.0))
    for kind, hz in (("virtual", 3.0), ("real", 7.0)):
        curve = spectra[kind][0]
        assert abs(curve.times_s[np.argmax(curve.values)] - hz) < 0.3


def test_a_kind_that_is_missing_or_too_short_has_no_spectrum() -> None:
    channels = Channels(sine(3.0))
    assert set(spectra_of(channels, ("virtual", "real"), (0.0, 20.0))) == {"virtual"}
    assert spectra_of(channels, ("virtual",), (0.0, 0.1)) == {}


def test_a_spectrogram_lies_where_its_samples_do_and_is_strong_at_the_wave() -> None:
    made = spectrograms_of(Channels(sine(5.0)), ("virtual", "real"), (3,), (4.0, 12.0))
    assert set(made) == {(3, "virtual")}
    picture = made[3, "virtual"]
    assert 4.0 <= picture.times_s[0] < 5.0
    assert 11.0 < picture.times_s[1] <= 12.0
    low, high = picture.freqs_hz
    hertz = np.linspace(low, high, len(picture.power_db), endpoint=False)
    step = hertz[1] - hertz[0]
    peak = hertz[np.argmax(np.nanmean(picture.power_db, axis=1))] + 0.5 * step
    assert abs(peak - 5.0) <= step


def test_all_pictures_share_their_shades_and_gaps_are_transparent() -> None:
    loud = Spectrogram(np.full((2, 3), 20.0), (0, 1), (0, 1))
    soft = Spectrogram(np.array([[0.0, np.nan, -99.0], [0.0, 0.0, 0.0]]), (0, 1), (0, 1))
    levels = levels_of([loud, soft])
    assert levels == (-30.0, 20.0)
    ramp = np.arange(256, dtype=np.uint32) + np.uint32(0xFF000000)
    argb = shades(soft.power_db, levels, ramp)
    assert argb[1].tolist() == [0xFF000000 + 153, 0, 0xFF000000]  # the lowest frequency is below
    assert shades(loud.power_db, levels, ramp).max() == 0xFF0000FF


def test_what_a_stretch_costs_is_counted_over_all_curves() -> None:
    assert samples_in(Channels(sine(1.0), sine(1.0)), (0.0, 1.0)) == 2 * 4 * 60
