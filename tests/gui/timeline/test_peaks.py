from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harstudio.core.imu import ImuRecording
from harstudio.core.project import Clip, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment
from harstudio.gui.timeline.peaks import peak_times, peaks_of
from harstudio.io.registry import read_recording
from harstudio.workflows.loading import LoadedClip, LoadedRecording

RATE_HZ = 100.0
TIMES_S = np.arange(1000) / RATE_HZ


def shaken(*at_s: float, height_mps2: float = 20.0, noise_mps2: float = 0.0) -> np.ndarray:
    """(1000, 3) m/s2: gravity, and jolts along it at some moments."""
    acc = np.zeros((len(TIMES_S), 3))
    acc[:, 2] = 9.80665 + noise_mps2 * np.random.default_rng(0).standard_normal(len(TIMES_S))
    for each in at_s:
        acc[:, 2] += height_mps2 * np.exp(-(((TIMES_S - each) / 0.05) ** 2))
    return acc


ALL = np.ones(len(TIMES_S), bool)


def test_peaks_are_where_the_jolts_are() -> None:
    assert peak_times(TIMES_S, shaken(2.0, 5.5), ALL) == pytest.approx([2.0, 5.5])


def test_noise_and_rest_have_none() -> None:
    assert len(peak_times(TIMES_S, shaken(noise_mps2=0.1), ALL)) == 0
    assert len(peak_times(TIMES_S, shaken(), ALL)) == 0
    assert peak_times(TIMES_S, shaken(4.0, noise_mps2=0.1), ALL) == pytest.approx([4.0], abs=0.02)


def test_of_two_jolts_close_together_the_higher_is_one() -> None:
    acc = shaken(3.0) + shaken(3.1, height_mps2=30.0) - shaken()
    assert peak_times(TIMES_S, acc, ALL) == pytest.approx([3.1], abs=0.02)


def test_invalid_samples_are_left_out() -> None:
    acc = shaken(2.0, 5.5)
    acc[190:210] = np.nan
    valid = np.isfinite(acc[:, 0])
    assert peak_times(TIMES_S, acc, valid) == pytest.approx([5.5])
    assert len(peak_times(TIMES_S, acc, np.zeros(len(TIMES_S), bool))) == 0


def recorded(*at_s: float, kind: str = "real") -> ImuRecording:
    return ImuRecording(TIMES_S, ("wrist",), shaken(*at_s)[:, None], kind=kind)


def test_a_real_sensor_peaks_on_the_clips_clock_as_it_is_aligned_now() -> None:
    ref = RecordingRef(Source("r", "imu_npz"), ("wrist",), 10.0, RATE_HZ)
    clip = Clip("c", "c", 10.0, 60.0, recordings=(ref,))
    loaded = LoadedClip(clip, recordings=(LoadedRecording(ref, recorded(2.0)),))
    assert peaks_of(loaded, clip, "wrist") == pytest.approx([2.0])
    moved = replace(clip, recordings=(replace(ref, alignment=Alignment(0.75)),))
    assert peaks_of(loaded, moved, "wrist") == pytest.approx([2.75])


def test_where_there_is_a_virtual_sensor_its_peaks_count() -> None:
    ref = RecordingRef(Source("r", "imu_npz"), ("wrist",), 10.0, RATE_HZ)
    clip = Clip("c", "c", 10.0, 60.0, motion=Source("m", "amass"), recordings=(ref,))
    real = (LoadedRecording(ref, recorded(2.0)),)
    loaded = LoadedClip(clip, virtual=recorded(6.0, kind="virtual"), recordings=real)
    assert peaks_of(loaded, clip, "wrist") == pytest.approx([6.0])


def test_a_sensor_that_is_nowhere_has_none() -> None:
    clip = Clip("c", "c", 10.0, 60.0, motion=Source("m", "amass"))
    assert len(peaks_of(LoadedClip(clip), clip, "wrist")) == 0


def test_a_real_wrist_has_some_peaks_a_second_the_highest_around(real_data: Path) -> None:
    path = real_data / "utd_mhad" / "Inertial" / "a10_s1_t1_inertial.mat"
    recording = read_recording(Source(str(path), "utd_inertial"), path.parent)
    acc, times_s = recording.acc_mps2[:, 0], recording.times_s
    found = peak_times(times_s, acc, recording.valid_mask)
    rate_hz = len(found) / (times_s[-1] - times_s[0])
    assert 0.5 < rate_hz < 6
    magnitude = np.linalg.norm(acc, axis=1)
    for each in found:
        near = magnitude[np.abs(times_s - each) < 0.1]
        assert magnitude[np.searchsorted(times_s, each)] == near.max()
        assert near.max() - near.min() > 0.5
