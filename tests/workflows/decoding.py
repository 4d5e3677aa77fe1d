"""Films read again, with ffmpeg's own decoder."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harstudio.workflows.films import ffmpeg


@dataclass(frozen=True, eq=False)
class Decoded:
    """What a player would show.

    Attributes
    ----------
    frames : (N, height, width, 3) uint8 array
    rate_hz, duration_s : float
    codec, pixels : str
        E.g. ``h264`` and ``yuv420p``.
    """

    frames: NDArray[np.uint8]
    rate_hz: float
    duration_s: float
    codec: str
    pixels: str


def decoded(path: Path) -> Decoded:
    """Every frame of a film."""
    run = subprocess.run(
        [ffmpeg(), "-nostdin", "-i", str(path), "-f", "rawvideo", "-fps_mode", "passthrough",
         "-pix_fmt", "rgb24", "-"],
        capture_output=True, check=True,
    )  # fmt: skip
    said = run.stderr.decode()
    video = re.search(r"Video: (\w+).*?, (\d+)x(\d+).*?, ([\d.]+) fps", said)
    length = re.search(r"Duration: (\d+):(\d+):([\d.]+)", said)
    assert video is not None, said
    assert length is not None, said
    width, height = int(video[2]), int(video[3])
    frames = np.frombuffer(run.stdout, np.uint8).reshape(-1, height, width, 3)
    hours, minutes, seconds = (float(length[i]) for i in (1, 2, 3))
    pixels = re.search(r"Video: .*?, (\w+)", said)
    assert pixels is not None
    return Decoded(
        frames, float(video[4]), 3600 * hours + 60 * minutes + seconds, video[1], pixels[1]
    )
