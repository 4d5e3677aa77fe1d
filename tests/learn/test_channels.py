"""Channels are chosen by name, and mean what their names say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harstudio.core import rotations as rot
from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.channels import CHANNELS, channel_names, channel_values, signals_of

SENSORS = ("left_wrist", "right_thigh", "head")


def recording(seed: int = 0) -> ImuRecording:
    rng = np.random.default_rng(seed)
    return ImuRecording(
        times_s=np.arange(20) / 60.0,
        sensors=SENSORS,
        acc_mps2=rng.standard_normal((20, 3, 3)),
        gyro_radps=rng.standard_normal((20, 3, 3)),
        orientation_wxyz=rot.quaternion_from_axis_angle(rng.standard_normal((20, 3, 3))),
    )


def test_three_sensors_with_rotation_make_the_36_dimensions_of_xiao() -> None:
    full = recording()
    values, names = channel_values(full, SENSORS, "acc_rotation")
    assert values.shape == (20, 36)
    assert names[:5] == (
        "left_wrist acc_x", "left_wrist acc_y", "left_wrist acc_z",
        "left_wrist rotation_11", "left_wrist rotation_12",
    )  # fmt: skip
    assert len(set(names)) == 36
    assert full.orientation_wxyz is not None
    for place in range(3):
        block = values[:, 12 * place : 12 * place + 12]
        assert np.allclose(block[:, :3], full.acc_mps2[:, place], atol=1e-6)
        matrix = block[:, 3:].reshape(-1, 3, 3)
        expected = rot.matrix_from_quaternion(full.orientation_wxyz[:, place])
        assert np.allclose(matrix, expected, atol=1e-6)  # row by row, not transposed


def test_a_quarter_turn_about_the_vertical_reads_as_its_matrix() -> None:
    turned = replace(
        recording(),
        orientation_wxyz=np.tile(rot.quaternion_from_axis_angle([0, 0, np.pi / 2]), (20, 3, 1)),
    )
    values, names = channel_values(turned, ("head",), "rotation")
    assert np.allclose(values[0], [0, -1, 0, 1, 0, 0, 0, 0, 1], atol=1e-6)
    assert names[1] == "head rotation_12"


def test_magnitudes_do_not_depend_on_how_a_sensor_sits() -> None:
    plain = recording()
    tilt = rot.exp([0.3, -0.8, 0.4])
    tilted = replace(plain, acc_mps2=plain.acc_mps2 @ tilt)
    a, names = channel_values(plain, SENSORS, "magnitude")
    b, _ = channel_values(tilted, SENSORS, "magnitude")
    assert names == ("left_wrist acc_norm", "right_thigh acc_norm", "head acc_norm")
    assert np.allclose(a, b, atol=1e-6)
    assert np.allclose(a, np.linalg.norm(plain.acc_mps2, axis=2), atol=1e-6)


@pytest.mark.parametrize("channels", [*CHANNELS, "acc+gyro_norm", "gyro + rotation"])
def test_names_and_values_agree(channels: str) -> None:
    values, names = channel_values(recording(), ("head",), channels)
    assert values.shape == (20, len(names))
    assert names == channel_names(("head",), channels)
    assert TrainingConfig(channels=channels).channels == channels


@pytest.mark.parametrize("channels", ["", "mag", "acc+acc", "acc+", "acc_gyro+rotation"])
def test_other_names_are_refused_with_those_there_are(channels: str) -> None:
    with pytest.raises(HarstudioError) as caught:
        signals_of(channels)
    assert "acc_rotation" in caught.value.hint


def test_what_a_recording_lacks_is_told_with_what_to_choose() -> None:
    bare = replace(recording(), gyro_radps=None, orientation_wxyz=None)
    with pytest.raises(HarstudioError, match="'walk': its real recording has no orientation") as e:
        channel_values(bare, ("head",), "acc_rotation", "walk")
    assert "acc or acc_gyro" in e.value.hint
    with pytest.raises(HarstudioError, match="has no gyro"):
        channel_values(bare, ("head",), "magnitudes", "walk")
    with pytest.raises(HarstudioError, match="no sensor 'tail'"):
        channel_values(bare, ("tail",), "acc")
