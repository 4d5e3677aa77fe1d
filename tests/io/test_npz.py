"""Arrays out of zip files that may lie."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from harstudio.core.errors import HarstudioError
from harstudio.io.npz import member_names, open_npz


def member(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def zipped(path, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


@settings(max_examples=60, deadline=None)
@given(
    array=hnp.arrays(
        st.sampled_from(["<f4", ">f8", "<i2", "u1", "?", "<U5", "S3"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        elements=None,
    ),
    order=st.sampled_from("CF"),
)
def test_plain_arrays_read_as_numpy_reads_them(tmp_path_factory, array, order):
    path = tmp_path_factory.getbasetemp() / "peer.npz"
    np.savez(path, a=np.asarray(array, order=order))
    with open_npz(path) as archive:
        header, read = archive.header("a"), archive.array("a")
    assert (header.shape, header.dtype) == (array.shape, array.dtype)
    np.testing.assert_array_equal(read, array)


def test_only_arrays_are_listed(tmp_path):
    path = zipped(tmp_path / "x.npz", [("a.npy", member(np.zeros(2))), ("readme.txt", "hello")])
    assert member_names(path) == {"a"}


def test_a_missing_array_is_named_with_those_there_are(tmp_path):
    path = zipped(tmp_path / "x.npz", [("a.npy", member(np.zeros(2)))])
    with (
        pytest.raises(HarstudioError, match=r"x\.npz: no array 'b'; there are a"),
        open_npz(path) as x,
    ):
        x.array("b")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a .npy array"),
        (b"\x93NUMPY\x09\x00", "not a .npy array"),
        (b"\x93NUMPY\x01\x00\xff\xff{'descr'", "has a header of 65535 bytes"),
        (b"\x93NUMPY\x01\x00\x05\x00{nope", "header that is not a plain array's"),
        (member(np.zeros(3))[:-1], "holds 23 bytes"),
        (member(np.zeros(3)) + b"x", "holds 25 bytes"),
        (member(np.zeros(2, [("x", "f8")])), "header that is not a plain array's"),
        (member(np.zeros(3)).replace(b"<f8", b"<f3"), "damaged header"),
        (member(np.zeros(3)).replace(b"(3,)", b"(-3,)"[:4]), "not a plain array's"),
    ],
)
def test_a_damaged_header_is_refused_with_its_reason(tmp_path, data, reason):
    path = zipped(tmp_path / "x.npz", [("a.npy", data)])
    with pytest.raises(HarstudioError, match=f"x.npz: a .*{reason}"), open_npz(path) as archive:
        archive.array("a")


def test_a_header_is_not_evaluated(tmp_path):
    data = member(np.zeros(3)).replace(b"'shape': (3,)", b"'shape': (1+2)")
    path = zipped(tmp_path / "x.npz", [("a.npy", data)])
    with pytest.raises(HarstudioError, match="not a plain array's"), open_npz(path) as archive:
        archive.header("a")


def test_compression_methods_that_numpy_never_writes_are_refused(tmp_path):
    path = zipped(tmp_path / "x.npz", [("a.npy", member(np.zeros(9)))], zipfile.ZIP_BZIP2)
    with pytest.raises(HarstudioError, match="compression method 12"), open_npz(path):
        pass


def test_an_encrypted_member_is_refused(tmp_path):
    path = zipped(tmp_path / "x.npz", [("a.npy", member(np.zeros(9)))])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(HarstudioError, match=r"a\.npy is encrypted"), open_npz(path):
        pass


def test_a_name_that_occurs_twice_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zipped(tmp_path / "x.npz", [("a.npy", member(np.zeros(1)))] * 2)
    with pytest.raises(HarstudioError, match="occurs twice"), open_npz(path):
        pass


def test_text_is_text_and_numbers_are_numbers(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, t=np.array(["a", "b"]), b=np.array(b"\xc3\xa9"), e=np.array(""), n=np.array(3))
    with open_npz(path) as archive:
        assert archive.texts("t") == ("a", "b")
        assert archive.text("b") == "é"
        assert archive.text("e") == ""
        assert archive.scalar("n") == 3.0
        with pytest.raises(HarstudioError, match="holds 2 texts, expected one"):
            archive.text("t")
        with pytest.raises(HarstudioError, match="expected text"):
            archive.text("n")
        with pytest.raises(HarstudioError, match="expected numbers"):
            archive.numbers("t")


def test_bytes_that_are_no_text_are_reported(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, s=np.array(b"\xff"), u=np.frombuffer(b"\xff\xff\xff\x7f", "<U1"))
    with open_npz(path) as archive:
        for name in "su":
            with pytest.raises(HarstudioError, match="not valid text"):
                archive.text(name)
