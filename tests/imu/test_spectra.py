"""Spectra against closed forms and scipy, and what gaps do to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from harstudio.core.errors import HarstudioError
from harstudio.imu.spectra import cross_spectra, spectrogram, spectrum

RATE_HZ = 100.0


def times(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def white(seed: int, seconds: float, columns: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((round(seconds * RATE_HZ), columns))


def test_without_gaps_it_is_welchs_spectrum() -> None:
    values = white(0, 30.0)
    freq_hz, psd = spectrum(times(30.0), values)
    expected_hz, expected = signal.welch(values, RATE_HZ, nperseg=400, axis=0)
    assert np.abs(freq_hz - expected_hz).max() < 1e-9
    assert np.abs(psd - expected).max() < 1e-12 * expected.max()


def test_a_sine_has_half_its_squared_amplitude_at_its_frequency() -> None:
    freq_hz, psd = spectrum(times(20.0), 3.0 * np.sin(2 * np.pi * 5.0 * times(20.0)))
    assert freq_hz[np.argmax(psd)] == pytest.approx(5.0, abs=0.13)
    assert psd.sum() * freq_hz[1] == pytest.approx(4.5, rel=1e-3)


def test_white_noise_has_the_density_of_its_variance() -> None:
    freq_hz, psd = spectrum(times(400.0), 2.0 * white(1, 400.0, 1)[:, 0])
    inner = (freq_hz > 1) & (freq_hz < 49)
    assert psd[inner].mean() == pytest.approx(4.0 / 50.0, rel=0.02)


def test_what_lies_in_a_gap_has_no_say() -> None:
    values, valid = white(2, 30.0), np.ones(3000, dtype=bool)
    valid[1400:1450] = False
    spoilt = values.copy()
    spoilt[1400:1450] = np.nan
    whole = spectrum(times(30.0), np.where(valid[:, None], values, 1e6), valid)[1]
    assert np.array_equal(whole, spectrum(times(30.0), spoilt)[1])


def test_many_gaps_shorten_the_segments_rather_than_lose_the_signal() -> None:
    values, valid = white(3, 60.0, 1)[:, 0], np.ones(6000, dtype=bool)
    valid[::150] = False  # no stretch of 4 s is left
    freq_hz, psd = spectrum(times(60.0), values, valid)
    assert freq_hz[1] == pytest.approx(RATE_HZ / 149)
    assert psd[2:-2].mean() == pytest.approx(0.02, rel=0.1)


def test_samples_that_were_lost_are_a_gap_in_the_times() -> None:
    t, values = times(40.0), np.sin(2 * np.pi * 4.0 * times(40.0))
    kept = np.ones(4000, dtype=bool)
    kept[1800:2200] = False
    freq_hz, psd = spectrum(t[kept], values[kept])
    assert freq_hz[np.argmax(psd)] == pytest.approx(4.0, abs=0.13)
    assert psd.sum() * freq_hz[1] == pytest.approx(0.5, rel=0.01)


def test_a_jittering_clock_is_put_onto_a_regular_one() -> None:
    t = times(40.0) + np.random.default_rng(4).uniform(-0.002, 0.002, 4000)
    freq_hz, psd = spectrum(t, np.sin(2 * np.pi * 4.0 * t))
    near = np.abs(freq_hz - 4.0) < 0.6
    assert psd[near].sum() > 0.999 * psd.sum()


def test_fifteen_samples_have_no_spectrum() -> None:
    with pytest.raises(HarstudioError, match="15 samples"):
        spectrum(times(0.15), white(0, 0.15))
    valid = np.ones(1000, dtype=bool)
    valid[::15] = False
    with pytest.raises(HarstudioError, match="14 samples without a gap"):
        spectrum(times(10.0), white(0, 10.0), valid)


def test_a_chirp_climbs_through_the_spectrogram() -> None:
    t = times(20.0)
    freq_hz, at_s, power_db = spectrogram(t + 7.0, signal.chirp(t, 2.0, 20.0, 22.0))
    assert power_db.shape == (len(freq_hz), len(at_s))
    found = freq_hz[np.argmax(power_db, axis=0)]
    assert np.abs(found - (2.0 + (at_s - 7.0))).max() < 1.0


def test_the_spectrogram_has_the_power_in_decibels() -> None:
    t = times(10.0)
    freq_hz, _, power_db = spectrogram(t, 3.0 * np.sin(2 * np.pi * 10.0 * t))
    power = np.sum(10.0 ** (power_db / 10.0), axis=0) * freq_hz[1]
    assert np.abs(power - 4.5).max() < 0.01


def test_the_spectrogram_is_blank_over_a_gap_only() -> None:
    valid = np.ones(2000, dtype=bool)
    valid[1000:1010] = False
    _, at_s, power_db = spectrogram(times(20.0), white(5, 20.0, 1)[:, 0], valid)
    touched = (at_s > 9.5) & (at_s < 10.6)
    blank = np.isnan(power_db).all(axis=0)
    assert blank[touched].all()
    assert not blank[~touched].any()
    assert np.isfinite(power_db[:, ~blank]).all()


def test_the_spectrogram_of_a_long_signal_has_as_many_columns_as_fit() -> None:
    _, at_s, power_db = spectrogram(times(600.0), white(6, 600.0, 1)[:, 0], most=100)
    assert power_db.shape[1] == len(at_s) <= 100
    assert np.all(np.diff(at_s) > 0)


def test_coherence_is_scipys() -> None:
    a = white(7, 60.0)
    b = signal.lfilter([0.3, 0.5, 0.2], [1.0], a, axis=0) + 0.5 * white(8, 60.0)
    found = cross_spectra(a, b, np.ones(6000, dtype=bool), RATE_HZ)
    assert found is not None
    freq_hz, expected = signal.coherence(a, b, RATE_HZ, nperseg=200, axis=0)
    assert np.abs(found.freq_hz - freq_hz).max() < 1e-9
    assert np.abs(found.coherence - expected).max() < 1e-9


def test_a_filter_leaves_coherence_and_noise_takes_it() -> None:
    a = white(9, 60.0)
    valid = np.ones(6000, dtype=bool)
    same = cross_spectra(a, -3.0 * a, valid, RATE_HZ)
    assert same is not None
    assert same.coherence.min() > 1 - 1e-9
    other = cross_spectra(a, white(10, 60.0), valid, RATE_HZ)
    assert other is not None
    assert other.coherence.mean() == pytest.approx(1 / other.segments, rel=0.4)


@given(st.integers(0, 60))
def test_too_few_segments_have_no_coherence(samples: int) -> None:
    a = np.random.default_rng(samples).standard_normal((samples, 3))
    found = cross_spectra(a, a, np.ones(samples, dtype=bool), RATE_HZ)
    assert found is None or found.segments >= 5
    if samples < 48:
        assert found is None
