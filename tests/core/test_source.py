"""Fingerprints: a file is found again, and a changed one is not taken for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.core.source import Source, fingerprint_of


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """An .npz of 400 KB, of which a fingerprint reads 128 KiB, and the bytes of its one array."""
    content = np.random.default_rng(1).integers(0, 256, 400_000, np.uint8)
    path = tmp_path_factory.mktemp("source") / "big.npz"
    np.savez(path, a=content)
    return path, content, fingerprint_of(path)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.integers(0, 399_999), change=st.integers(1, 255))
def test_any_changed_byte_of_an_array_changes_the_fingerprint(big, tmp_path, place, change):
    _, content, fingerprint = big
    changed = content.copy()
    changed[place] ^= change
    np.savez(tmp_path / "changed.npz", a=changed)
    assert fingerprint_of(tmp_path / "changed.npz") != fingerprint


def test_a_file_keeps_its_fingerprint_when_it_moves(big, tmp_path):
    path, _, fingerprint = big
    moved = tmp_path / "moved.npz"
    moved.write_bytes(path.read_bytes())
    assert fingerprint_of(moved) == fingerprint


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 131072, 131073])
def test_every_byte_of_a_small_file_counts(tmp_path, size):
    path = tmp_path / "small.bin"
    path.write_bytes(b"\0" * size)
    plain = fingerprint_of(path)
    path.write_bytes(b"\0" * (size + 1))
    assert fingerprint_of(path) != plain
    for place in {0, size // 2, size - 1} if 0 < size <= 131072 else set():
        data = bytearray(size)
        data[place] = 1
        path.write_bytes(data)
        assert fingerprint_of(path) != plain


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(HarstudioError, match=r"gone\.npz: cannot be read \(No such file"):
        fingerprint_of(tmp_path / "gone.npz")


def test_a_source_knows_its_file_name():
    assert Source("a/b/walk_poses.npz", "amass").name == "walk_poses.npz"
