"""Recordings as plain CSV."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.io.imu_csv import READER, probe, read
from harstudio.io.registry import reader_for

SIMPLE = "time_s,acc_x,acc_y,acc_z\n0,1,2,9.8\n0.02,1.5,2,9.7\n0.04,2,2,9.6\n"


@pytest.fixture
def written(tmp_path):
    def write(content: str | bytes, name: str = "walk_imu.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_simple_file_reads(written):
    recording = read(written(SIMPLE))
    assert recording.sensors == ("sensor",)
    assert recording.gyro_radps is None
    np.testing.assert_array_equal(recording.times_s, [0, 0.02, 0.04])
    np.testing.assert_array_equal(recording.acc_mps2[1, 0], [1.5, 2, 9.7])


def test_several_sensors_with_gyroscopes_in_any_column_order(written):
    text = (
        "head_gyro_z,head_gyro_y,head_gyro_x,left_wrist_acc_x,left_wrist_acc_y,left_wrist_acc_z,"
        "temperature,time_s,head_acc_x,head_acc_y,head_acc_z,"
        "left_wrist_gyro_x,left_wrist_gyro_y,left_wrist_gyro_z\n"
        "13,12,11,1,2,3,warm,0.5,4,5,6,7,8,9\n"
    )
    recording = read(written(text))
    assert recording.sensors == ("left_wrist", "head")
    np.testing.assert_array_equal(recording.acc_mps2[0], [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(recording.gyro_radps[0], [[7, 8, 9], [11, 12, 13]])


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + SIMPLE,
        SIMPLE.replace("\n", "\r\n"),
        SIMPLE.replace(",", ";"),
        SIMPLE.replace(",", ";").replace(".", ","),
        SIMPLE.replace(",", "\t"),
        SIMPLE.upper(),
        SIMPLE.rstrip("\n"),
        SIMPLE + "\n\n",
        SIMPLE.replace(",", " , "),
    ],
)
def test_variants_of_one_file_read_alike(written, text):
    path, plain = written(text), read(written(SIMPLE, "plain.csv"))
    recording, info = read(path), probe(path)
    np.testing.assert_array_equal(recording.times_s, plain.times_s)
    np.testing.assert_array_equal(recording.acc_mps2, plain.acc_mps2)
    assert info.frames == 3
    assert info.rate_hz == pytest.approx(50)
    assert info.duration_s == pytest.approx(0.06)
    assert info.pair_key == "walk"


@pytest.mark.parametrize("cell", ["", "nan", "NA"])
def test_a_missing_cell_makes_its_sample_invalid(written, cell):
    recording = read(written(SIMPLE.replace("1.5", cell)))
    assert recording.valid_mask.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("time_s,acc_x,acc_y,acc_z\n", "no rows after the header"),
        ("time_s,acc_x,acc_y\n0,1,2\n", "sensor has no acc_z"),
        ("a,b\n1,2\n", "the header is 'a,b', expected time_s,acc_x,acc_y,acc_z"),
        ("", "the header is ''"),
        (SIMPLE.replace("1.5", "high"), "line 3: acc_x is 'high', expected a number"),
        (SIMPLE.replace("0.04,2,2,9.6", "0.04,2"), "line 4: 2 cells, expected 4"),
        (SIMPLE.replace("0.04", "0.01"), "row 3: time 0.01 s after 0.02 s"),
        (SIMPLE.replace("0.04", "nan"), "row 3: time_s is nan"),
        (
            "time_s,a_acc_x,a_acc_y,a_acc_z,b_acc_x,b_acc_y,b_acc_z,a_gyro_x,a_gyro_y,a_gyro_z\n",
            "a has a gyroscope but b has none",
        ),
    ],
)
def test_errors_name_the_place_and_what_is_expected(written, text, reason):
    with pytest.raises(HarstudioError, match=rf"^walk_imu\.csv: .*{reason}"):
        read(written(text))


def test_a_binary_file_is_refused(written):
    with pytest.raises(HarstudioError, match="line 2 is not UTF-8 text"):
        read(written(b"time_s,acc_x,acc_y,acc_z\n\xff\xfe\n"))


def test_only_files_with_such_a_header_are_taken(written):
    assert reader_for(written(SIMPLE)) is READER
    assert reader_for(written("start_s,end_s,label\n0,1,walk\n", "walk_labels.csv")) is None


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.integers(0, len(SIMPLE)), junk=st.binary(max_size=6))
def test_damaged_text_never_raises_anything_else(written, survives, start, junk):
    data = SIMPLE.encode()
    survives(READER, written(data[:start] + junk + data[start + len(junk) :]))
