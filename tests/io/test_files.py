"""Replacing files without ever leaving half of one."""

from __future__ import annotations

import os
import sys

import pytest

from harstudio.core.errors import HarstudioError
from harstudio.io.files import concerning, read_text, require_file, write_atomically


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_replaced_whole(tmp_path, durable):
    path = tmp_path / "a.txt"
    write_atomically(path, b"one", durable=durable)
    write_atomically(path, lambda file: file.write(b"two"), durable=durable)
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_halfway_leaves_the_old_content_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def half(file):
        file.write(b"new and")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_atomically(path, half)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way_is_reported_and_left_alone(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(HarstudioError, match=r"a\.txt: cannot be written"):
        write_atomically(tmp_path / "a.txt", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and links")
def test_permissions_and_links_outlive_a_replacement(tmp_path):
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_is_refused_instead_of_waiting_for_ever(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    with pytest.raises(HarstudioError, match="not a file"):
        require_file(tmp_path / "a.npz")


def test_errors_name_the_file_once(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(HarstudioError) as caught, concerning(path), concerning(path):
        raise HarstudioError("no poses", "is it a motion?")
    assert str(caught.value) == "a.npz: no poses (is it a motion?)"
    with (
        pytest.raises(HarstudioError, match=r"a\.npz: cannot be read \(No such file"),
        concerning(path),
    ):
        path.read_bytes()


def test_text_beyond_the_limit_is_refused_unread(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"12345")
    assert read_text(tmp_path / "a.csv", 5) == "12345"
    with pytest.raises(HarstudioError, match="5 bytes, expected at most 4"):
        read_text(tmp_path / "a.csv", 4)
