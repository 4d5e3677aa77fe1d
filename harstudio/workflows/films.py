"""Films and GIFs from pictures: when each frame is, and a file that appears whole or not at all."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError

MP4, GIF = ".mp4", ".gif"
SIZES = {
    "720p": (1280, 720),
    "1080p": (1920, 1080),
    "Square": (1080, 1080),
    "Small": (640, 360),
    "Small square": (480, 480),
}
"""Width and height in pixels by name."""

RATES_HZ = {MP4: (25.0, 30.0, 50.0, 60.0), GIF: (12.5, 25.0)}
"""Frames a second; a GIF counts in hundredths of a second, which these are whole numbers of."""

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
LONGEST_FRAMES = 60 * 60 * 60
_BYTES_PER_PIXEL = {MP4: 0.006, GIF: 0.12}
"""Of a frame, once compressed; see `about_bytes`."""
_TAIL = 300


@dataclass(frozen=True)
class FilmPlan:
    """What a film is made of.

    Attributes
    ----------
    start_s, end_s : float, s
        Of the clip.
    width_px, height_px : int
        Even, as H.264 demands.
    rate_hz : float
        Frames a second of the film.
    speed : float
        Seconds of the clip in a second of the film.
    suffix : str
        `MP4` or `GIF`.

    Raises
    ------
    HarstudioError
        A stretch without length, a size that is odd or not positive, a rate that the format does
        not have, a speed that is not positive, or more frames than an hour at 60 Hz has.
    """

    start_s: float
    end_s: float
    width_px: int = 1280
    height_px: int = 720
    rate_hz: float = 25.0
    speed: float = 1.0
    suffix: str = MP4

    def __post_init__(self) -> None:
        if self.suffix not in RATES_HZ:
            raise HarstudioError(f"film: got {self.suffix!r}, expected {MP4} or {GIF}")
        if not (np.isfinite([self.start_s, self.end_s]).all() and self.start_s < self.end_s):
            raise HarstudioError(f"film: got {self.start_s:g} s to {self.end_s:g} s, no stretch")
        for name, size_px in (("width", self.width_px), ("height", self.height_px)):
            if size_px < 2 or size_px % 2:
                raise HarstudioError(f"film: {name} of {size_px} px, expected an even number")
        if self.rate_hz not in RATES_HZ[self.suffix]:
            known = ", ".join(f"{rate:g}" for rate in RATES_HZ[self.suffix])
            raise HarstudioError(f"{self.suffix}: got {self.rate_hz:g} Hz, expected {known}")
        if not 0.0 < self.speed < np.inf:
            raise HarstudioError(f"film: got a speed of {self.speed:g}, expected more than 0")
        if self.frames > LONGEST_FRAMES:
            raise HarstudioError(
                f"film: {self.frames:,} frames, expected at most {LONGEST_FRAMES:,}",
                "choose a shorter stretch, or a higher speed",
            )

    @property
    def frames(self) -> int:
        """At least one; the last one shows the last moment that a whole frame fits in."""
        return max(1, round((self.end_s - self.start_s) / self.speed * self.rate_hz))

    @property
    def duration_s(self) -> float:
        """Of the film, s."""
        return self.frames / self.rate_hz

    @property
    def times_s(self) -> FloatArray:
        """(N,) moments of the clip that the frames show; evenly spread, the first at the start."""
        steps = np.arange(self.frames, dtype=np.float64)
        return self.start_s + steps * (self.speed / self.rate_hz)


def about_bytes(plan: FilmPlan) -> int:
    """About how large the file will be: a body in motion on a quiet ground; half to twice of it."""
    return round(plan.frames * plan.width_px * plan.height_px * _BYTES_PER_PIXEL[plan.suffix])


class FilmFile:
    """A film that is being written, picture after picture.

    Nothing is at `path` before `finish`. `write` and `finish` wait for the encoder; `discard` may
    be called from another thread meanwhile, and makes them raise.

    Raises
    ------
    HarstudioError
        There is no encoder, or the place cannot be written; also of `write` and `finish`.
    """

    def __init__(self, path: Path, plan: FilmPlan) -> None:
        self._path, self._plan = path, plan
        self._ffmpeg = ffmpeg()
        place = path.absolute()
        self._stage = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
        self._process: subprocess.Popen[bytes] | None = None
        self._discarded = False
        self._pictures = 0
        try:
            self._stage.mkdir()
            self._log: IO[bytes] = (self._stage / "log").open("wb")
        except OSError as error:
            self.discard()
            raise self._not_written(error.strerror or str(error)) from error
        # A palette fits the whole film, so a GIF is made from pictures that were kept without loss.
        self._made = self._stage / ("film.mp4" if plan.suffix == MP4 else "film.mkv")
        codec = _H264 if plan.suffix == MP4 else ("-c:v", "ffv1", "-pix_fmt", "bgr0")
        size = f"{plan.width_px}x{plan.height_px}"
        raw = ("-f", "rawvideo", "-pix_fmt", "rgba", "-s", size, "-r", f"{plan.rate_hz:g}")
        self._start(*raw, "-i", "-", *codec, str(self._made))

    def write(self, picture: bytes | memoryview) -> None:
        """Add a picture: height times width times (red, green, blue, alpha), a byte each."""
        process = self._process
        if process is None or process.stdin is None:
            raise self._not_written("it was ended before")
        try:
            process.stdin.write(picture)
            self._pictures += 1
        except (OSError, ValueError) as error:
            raise self._not_written(self._why(str(error))) from error

    def finish(self) -> Path:
        """All pictures are there: put the file in its place."""
        try:
            if not self._pictures:
                raise self._not_written("it has no pictures")
            self._end()
            made = self._made
            if self._plan.suffix == GIF:
                made = self._gif()
            if self._discarded:
                raise self._not_written("it was cancelled")
            made.replace(self._path)
        except OSError as error:
            raise self._not_written(error.strerror or str(error)) from error
        finally:
            self.discard()
        return self._path

    def discard(self) -> None:
        """Leave nothing behind; after `finish`, only what it made."""
        self._discarded = True
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdin is not None:
                with contextlib.suppress(OSError):
                    self._process.stdin.close()
        if hasattr(self, "_log"):
            self._log.close()
        shutil.rmtree(self._stage, ignore_errors=True)

    def _gif(self) -> Path:
        """Two passes over the pictures: the best 256 colours, then the GIF in these."""
        palette, made = self._stage / "palette.png", self._stage / "film.gif"
        self._start("-i", str(self._made), "-vf", "palettegen", str(palette))
        self._end()
        use = "paletteuse=dither=sierra2_4a:diff_mode=rectangle"
        both = ("-i", str(self._made), "-i", str(palette))
        self._start(*both, "-lavfi", use, "-loop", "0", str(made))
        self._end()
        return made

    def _start(self, *arguments: str) -> None:
        if self._discarded:
            raise self._not_written("it was cancelled")
        command = [self._ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *arguments]
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._log,
                creationflags=hidden,
            )  # fmt: skip
        except (OSError, ValueError) as error:  # no such program; the log was closed just now
            self.discard()
            raise self._not_written(str(error)) from error

    def _end(self) -> None:
        """The process has all it needs: wait until it is done."""
        process = self._process
        if process is None or process.stdin is None:
            raise self._not_written("it was ended before")
        with contextlib.suppress(OSError):  # it may have given up: its code says so
            process.stdin.close()
        if process.wait() != 0:
            raise self._not_written(self._why(f"the encoder ended with {process.returncode}"))

    def _why(self, otherwise: str) -> str:
        """What the encoder complained of last."""
        if self._discarded:
            return "it was cancelled"
        try:
            text = (self._stage / "log").read_text("utf-8", "replace").strip()
        except OSError:  # discarded just now
            return otherwise
        return text.splitlines()[-1][-_TAIL:] if text else otherwise

    def _not_written(self, reason: str) -> HarstudioError:
        return HarstudioError(f"{self._path.name}: cannot be written ({reason})", str(self._path))


_H264 = (
    # Matrix and tags of HD, so that every player shows the labels' own colours.
    "-vf",
    (
        "scale=in_range=pc:out_range=tv:out_color_matrix=bt709,format=yuv420p,"
        "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
    ),
    "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-movflags", "+faststart",
)  # fmt: skip


def ffmpeg() -> str:
    """The encoder's program.

    Raises
    ------
    HarstudioError
        There is none.
    """
    try:
        # Imported here, since few ever need it.
        found: str = import_module("imageio_ffmpeg").get_ffmpeg_exe()
    except (ImportError, RuntimeError, OSError) as error:
        raise HarstudioError(
            f"films cannot be made: there is no ffmpeg ({error})", "pip install imageio-ffmpeg"
        ) from error
    return found
