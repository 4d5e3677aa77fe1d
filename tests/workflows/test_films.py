"""When the frames of a film are, and that its file is whole or not there."""

from __future__ import annotations

import struct
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harstudio.core.errors import HarstudioError
from harstudio.workflows import films
from harstudio.workflows.films import GIF, MP4, FilmFile, FilmPlan, about_bytes
from tests.workflows.decoding import decoded

RED, BLUE = (213, 94, 0), (0, 114, 178)


def picture(plan: FilmPlan, colour: tuple[int, int, int]) -> bytes:
    """A grey picture with a square of a colour in its upper left quarter."""
    pixels = np.full((plan.height_px, plan.width_px, 4), 255, np.uint8)
    pixels[..., :3] = 40
    pixels[: plan.height_px // 2, : plan.width_px // 2, :3] = colour
    return pixels.tobytes()


def filmed(path: Path, plan: FilmPlan) -> Path:
    """Red in the first half, blue in the second."""
    film = FilmFile(path, plan)
    for i in range(plan.frames):
        film.write(picture(plan, RED if i < plan.frames // 2 else BLUE))
    return film.finish()


def test_frames_are_as_far_apart_as_rate_and_speed_say() -> None:
    plan = FilmPlan(2.0, 4.0, rate_hz=25.0, speed=0.5)
    assert (plan.frames, plan.duration_s) == (100, 4.0)
    np.testing.assert_allclose(np.diff(plan.times_s), 0.02)
    assert plan.times_s[0] == 2.0


@given(
    st.floats(0.0, 1000.0), st.floats(0.001, 60.0), st.sampled_from(films.RATES_HZ[MP4]),
    st.sampled_from(films.SPEEDS),
)  # fmt: skip
def test_every_frame_lies_in_the_stretch(
    start_s: float, length_s: float, rate_hz: float, speed: float
) -> None:
    plan = FilmPlan(start_s, start_s + length_s, rate_hz=rate_hz, speed=speed)
    step_s = speed / rate_hz
    assert plan.times_s[0] == start_s
    assert plan.times_s[-1] <= start_s + length_s + 1e-9
    assert abs(plan.frames * step_s - length_s) <= max(0.5 * step_s, step_s - length_s) + 1e-6


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"end_s": 0.0}, "no stretch"),
        ({"end_s": float("nan")}, "no stretch"),
        ({"width_px": 641}, "even"),
        ({"height_px": 0}, "even"),
        ({"rate_hz": 24.0}, "expected 25, 30, 50, 60"),
        ({"rate_hz": 30.0, "suffix": GIF}, "expected 12.5, 25"),
        ({"suffix": ".avi"}, "expected .mp4 or .gif"),
        ({"speed": 0.0}, "more than 0"),
        ({"end_s": 1e6}, "at most"),
    ],
)
def test_what_cannot_be_filmed_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(HarstudioError, match=message):
        FilmPlan(**{"start_s": 0.0, "end_s": 1.0, **fields})


def test_a_gif_counts_in_whole_hundredths_of_a_second() -> None:
    for rate_hz in films.RATES_HZ[GIF]:
        assert (100.0 / rate_hz).is_integer()


def test_an_mp4_has_every_frame_in_its_colours_and_starts_with_its_index(tmp_path: Path) -> None:
    plan = FilmPlan(0.0, 1.0, 320, 180, 25.0)
    path = filmed(tmp_path / "film.mp4", plan)
    film = decoded(path)
    assert film.frames.shape == (25, 180, 320, 3)
    assert (film.rate_hz, film.duration_s) == (25.0, 1.0)
    assert (film.codec, film.pixels) == ("h264", "yuv420p")
    frames = film.frames
    for frame, colour in ((frames[0], RED), (frames[-1], BLUE)):
        np.testing.assert_allclose(frame[40, 60], colour, atol=4)
        np.testing.assert_allclose(frame[150, 250], 40, atol=4)
    assert boxes(path.read_bytes()).index("moov") < boxes(path.read_bytes()).index("mdat")


def boxes(data: bytes) -> list[str]:
    """Names of an MP4's outermost boxes, in order."""
    names, at = [], 0
    while at + 8 <= len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        names.append(name.decode())
        at += max(size, 8)
    return names


def test_a_gif_has_every_frame_in_its_colours_and_repeats(tmp_path: Path) -> None:
    plan = FilmPlan(0.0, 1.0, 320, 180, 12.5, suffix=GIF)
    path = filmed(tmp_path / "film.gif", plan)
    film = decoded(path)
    assert film.frames.shape == (plan.frames, 180, 320, 3)
    assert (film.codec, film.rate_hz) == ("gif", 12.5)
    np.testing.assert_allclose(film.frames[0][40, 60], RED, atol=3)
    np.testing.assert_allclose(film.frames[-1][40, 60], BLUE, atol=3)
    assert b"NETSCAPE2.0\x03\x01\x00\x00" in path.read_bytes()  # for ever


def test_an_odd_name_is_no_trouble(tmp_path: Path) -> None:
    path = filmed(tmp_path / "-y 100% “walk”.mp4", FilmPlan(0.0, 0.2, 64, 64))
    assert path.stat().st_size > 0


@pytest.mark.parametrize("suffix", [MP4, GIF])
def test_a_discarded_film_leaves_the_old_one(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    path.write_bytes(b"old")
    plan = FilmPlan(0.0, 1.0, 64, 64, suffix=suffix)
    film = FilmFile(path, plan)
    film.write(picture(plan, RED))
    film.discard()
    film.discard()
    with pytest.raises(HarstudioError):
        film.write(picture(plan, RED) * 200)
    with pytest.raises(HarstudioError):
        film.finish()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"old"


def test_a_film_discarded_while_it_is_written_leaves_nothing(tmp_path: Path) -> None:
    plan = FilmPlan(0.0, 100.0, 320, 180)
    film, problems = FilmFile(tmp_path / "film.mp4", plan), []
    begun = threading.Event()

    def write() -> None:
        try:
            for _ in range(plan.frames):
                film.write(picture(plan, RED))
                begun.set()
        except HarstudioError as error:
            problems.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait()
    film.discard()
    thread.join(20.0)
    assert len(problems) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_film_of_no_frames_is_an_error_and_no_file(tmp_path: Path) -> None:
    film = FilmFile(tmp_path / "film.mp4", FilmPlan(0.0, 1.0, 64, 64))
    with pytest.raises(HarstudioError, match=r"film\.mp4: cannot be written \(it has no pictures"):
        film.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HarstudioError, match=r"film\.mp4: cannot be written \(No such file"):
        FilmFile(tmp_path / "nowhere" / "film.mp4", FilmPlan(0.0, 1.0))


def test_without_an_encoder_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(HarstudioError, match="no ffmpeg") as caught:
        FilmFile(tmp_path / "film.mp4", FilmPlan(0.0, 1.0))
    assert "pip install imageio-ffmpeg" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_larger_film_is_said_to_be_larger() -> None:
    small, large = FilmPlan(0.0, 1.0, 640, 360), FilmPlan(0.0, 1.0, 1280, 720)
    assert about_bytes(large) == 4 * about_bytes(small)
    gif = FilmPlan(0.0, 1.0, 640, 360, suffix=GIF)
    assert about_bytes(gif) > about_bytes(small)
