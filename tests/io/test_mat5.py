"""The small MATLAB 5 reader, against scipy's."""

from __future__ import annotations

import io

import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from harstudio.core.errors import HarstudioError
from harstudio.io.mat5 import mat_array, mat_shapes

TYPES = ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4"]


@settings(max_examples=80, deadline=None)
@given(
    array=hnp.arrays(
        st.sampled_from(TYPES), hnp.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=4)
    ),
    name=st.sampled_from(["d", "abcd", "d_iner", "a_rather_long_name"]),
    packed=st.booleans(),
)
def test_arrays_read_as_scipy_reads_them(tmp_path_factory, array, name, packed):
    path = tmp_path_factory.getbasetemp() / "peer.mat"
    scipy.io.savemat(path, {"first": np.eye(2), name: array}, do_compression=packed)
    assert mat_shapes(path) == {"first": (2, 2), name: array.shape}
    np.testing.assert_array_equal(mat_array(path, name), array.astype(float))


def test_whatever_is_not_a_real_numeric_array_is_passed_over(tmp_path):
    path = tmp_path / "x.mat"
    odd = {
        "text": "hello",
        "cells": np.array([1, "a"], object),
        "fields": {"a": 1.0},
        "complex": np.array([[1j]]),
        "d": np.array([[2.0]]),
    }
    scipy.io.savemat(path, odd)
    assert mat_shapes(path) == {"d": (1, 1)}
    with pytest.raises(HarstudioError, match=r"x\.mat: no array of numbers named cells"):
        mat_array(path, "cells")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89HDF\r\n", b"MATLAB 7.3 MAT-file"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.mat"
    path.write_bytes(content)
    with pytest.raises(HarstudioError, match=r"x\.mat: not a MATLAB 5 file"):
        mat_shapes(path)


@pytest.mark.parametrize("packed", [True, False])
def test_any_change_of_a_byte_gives_numbers_or_an_error(tmp_path, packed):
    file = io.BytesIO()
    scipy.io.savemat(file, {"d": np.arange(6.0).reshape(2, 3)}, do_compression=packed)
    data, path = file.getvalue(), tmp_path / "x.mat"
    outcomes = set()
    for place in range(120, len(data)):
        for mask in (0x01, 0x80, 0xFF):
            path.write_bytes(data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :])
            try:
                outcomes.add(mat_array(path, "d").size)
            except HarstudioError:
                outcomes.add("refused")
    assert "refused" in outcomes


def test_a_declared_size_beyond_reason_is_refused_without_allocating(tmp_path):
    file = io.BytesIO()
    scipy.io.savemat(file, {"d": np.zeros((7, 11))})
    huge = file.getvalue().replace(
        np.array([7, 11], "<i4").tobytes(), np.array([1 << 30, 1 << 30], "<i4").tobytes()
    )
    path = tmp_path / "x.mat"
    path.write_bytes(huge)
    with pytest.raises(HarstudioError, match=r"d has shape \(1073741824, 1073741824\)"):
        mat_shapes(path)
