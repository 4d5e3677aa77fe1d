from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harstudio.core.imu import ImuRecording
from harstudio.core.project import Clip, RecordingRef
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment
from harstudio.gui.signals.channels import (
    ACCELERATION,
    ANGULAR_VELOCITY,
    Channels,
    Quantity,
    channels_of,
    real_side,
    sensors_of,
)
from harstudio.workflows.loading import LoadedClip, LoadedRecording

QUARTER_TURN_ABOUT_Z = (np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5))


def signal(times_s: np.ndarray) -> np.ndarray:
    """A smooth (T, 3) signal."""
    waves = [np.sin(2 * np.pi * times_s), np.cos(2 * np.pi * times_s), np.sin(4 * times_s)]
    return np.stack(waves, axis=-1)


def virtual_of(seconds: float = 10.0, rate_hz: float = 60.0) -> ImuRecording:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    acc = signal(times)[:, None]
    return ImuRecording(times, ("wrist",), acc, gyro_radps=2 * acc, kind="virtual")


def loaded_with(real: ImuRecording | None, alignment: Alignment) -> tuple[LoadedClip, Clip]:
    refs = ()
    if real is not None:
        refs = (RecordingRef(Source("r.npz", "imu_npz"), real.sensors, 9.0, 50.0, alignment),)
    clip = Clip("c", "c", 10.0, 60.0, motion=Source("m.npz", "amass"), recordings=refs)
    recordings = tuple(LoadedRecording(ref, real) for ref in refs)
    return LoadedClip(clip, virtual=virtual_of(), recordings=recordings), clip


def channels(loaded: LoadedClip, clip: Clip, sensor: str, quantity: Quantity) -> Channels:
    real = real_side(loaded, clip, sensor, quantity)
    return channels_of(loaded.virtual, real, sensor, quantity)


def shifted_real(offset_s: float) -> ImuRecording:
    """The virtual signal as a clock would record it that starts at clip time `offset_s`."""
    times = np.arange(400) / 50.0
    return ImuRecording(times, ("wrist",), signal(times + offset_s)[:, None])


def test_a_real_signal_lies_where_its_alignment_puts_it() -> None:
    loaded, clip = loaded_with(shifted_real(1.0), Alignment(1.0))
    shown = channels(loaded, clip, "wrist", ACCELERATION)
    assert shown.real[0].times_s[0] == pytest.approx(1.0)
    np.testing.assert_allclose(
        shown.pair.real[shown.pair.mask], shown.pair.virtual[shown.pair.mask], atol=1e-3
    )


def test_the_present_alignment_counts_and_not_that_of_loading() -> None:
    loaded, clip = loaded_with(shifted_real(1.0), Alignment(0.0))
    ref = replace(clip.recordings[0], alignment=Alignment(1.0))
    shown = channels(loaded, replace(clip, recordings=(ref,)), "wrist", ACCELERATION)
    assert shown.real[0].times_s[0] == pytest.approx(1.0)


def test_the_mounting_rotation_is_applied() -> None:
    loaded, clip = loaded_with(
        shifted_real(0.0), Alignment(mounting_wxyz=(("wrist", QUARTER_TURN_ABOUT_Z),))
    )
    shown = channels(loaded, clip, "wrist", ACCELERATION)
    vectors = signal(np.arange(400) / 50.0)
    np.testing.assert_allclose(shown.real[0].values, -vectors[:, 1], atol=1e-12)
    np.testing.assert_allclose(shown.real[1].values, vectors[:, 0], atol=1e-12)


def test_the_fourth_row_is_the_norm() -> None:
    loaded, clip = loaded_with(None, Alignment())
    x, y, z, norm = channels(loaded, clip, "wrist", ACCELERATION).virtual
    np.testing.assert_allclose(norm.values, np.sqrt(x.values**2 + y.values**2 + z.values**2))


def test_samples_that_are_not_valid_are_gaps() -> None:
    valid = np.ones(400, bool)
    valid[100:120] = False
    loaded, clip = loaded_with(replace(shifted_real(0.0), valid=valid), Alignment())
    shown = channels(loaded, clip, "wrist", ACCELERATION)
    assert np.isnan(shown.real[0].values[100:120]).all()
    assert np.isfinite(shown.real[0].values[:100]).all()
    assert not shown.pair.mask[100:120].any()


def test_a_pause_of_the_recorder_is_a_gap_and_not_a_straight_line() -> None:
    times = np.concatenate([np.arange(100) / 50.0, 5.0 + np.arange(100) / 50.0])
    real = ImuRecording(times, ("wrist",), signal(times)[:, None])
    loaded, clip = loaded_with(real, Alignment())
    values = channels(loaded, clip, "wrist", ACCELERATION).real[0].values
    assert np.flatnonzero(np.isnan(values)).tolist() == [100]


def test_without_a_gyroscope_there_is_no_real_angular_velocity() -> None:
    loaded, clip = loaded_with(shifted_real(0.0), Alignment())
    shown = channels(loaded, clip, "wrist", ANGULAR_VELOCITY)
    assert shown.virtual is not None
    assert shown.real is None


def test_a_sensor_only_the_recording_has_is_offered_after_the_virtual_ones() -> None:
    real = replace(shifted_real(0.0), sensors=("ear",))
    loaded, clip = loaded_with(real, Alignment())
    assert sensors_of(loaded.virtual, loaded) == ("wrist", "ear")
    shown = channels(loaded, clip, "ear", ACCELERATION)
    assert shown.virtual is None
    assert shown.real is not None


@pytest.mark.parametrize(
    ("change", "word"), [({"with_gravity": False}, "gravity"), ({"frame": "global"}, "global")]
)
def test_signals_of_another_kind_are_not_compared(change: dict[str, object], word: str) -> None:
    loaded, clip = loaded_with(replace(shifted_real(0.0), **change), Alignment())
    shown = channels(loaded, clip, "wrist", ACCELERATION)
    assert shown.pair is None
    assert word in shown.note


def test_another_virtual_signal_is_compared_with_the_same_real_side() -> None:
    loaded, clip = loaded_with(shifted_real(0.0), Alignment())
    real = real_side(loaded, clip, "wrist", ACCELERATION)
    moved = replace(loaded.virtual, acc_mps2=loaded.virtual.acc_mps2 + 1.0)
    shown = channels_of(moved, real, "wrist", ACCELERATION)
    assert shown.real is real.curves
    residual = shown.residual[0].values
    np.testing.assert_allclose(residual[np.isfinite(residual)], -1.0, atol=1e-3)
