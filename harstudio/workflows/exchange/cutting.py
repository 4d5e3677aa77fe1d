"""Cleaned clips as motions cut to their segments, and as windows ready for training."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.labels import UNKNOWN, LabelTrack, Segment
from harstudio.core.motion import Motion
from harstudio.core.project import MINE, Clip, Project
from harstudio.io import amass
from harstudio.io.amass_cutting import AmassArrays, read_arrays, write_arrays
from harstudio.io.files import write_atomically
from harstudio.io.labels_csv import write_track
from harstudio.learn.config import TrainingConfig
from harstudio.learn.data.windows import WindowSet
from harstudio.workflows.batches import reason_of
from harstudio.workflows.exchange.exporting import Exported, chosen_clips
from harstudio.workflows.exchange.file_names import free_name, refuse_occupied, safe_name, staged
from harstudio.workflows.loading import Bodies, bodies_of, read_posed
from harstudio.workflows.windowing import LEFT_OUT, VIRTUAL, collect_windows

INDEX = "index.csv"
_MOTION_COLUMNS = (
    "file", "clip", "label", "start_s", "end_s", "first_frame", "frames", "rate_hz", "subject",
    "dataset", "tier", "confidence", "author", "source", "source_fingerprint",
)  # fmt: skip
_WHOLE_COLUMNS = tuple("labels" if name == "label" else name for name in _MOTION_COLUMNS)
"""Of whole clips: all their labels in one cell, which must not be read as a label's name."""
_WINDOW_COLUMNS = ("window", "label", "subject", "clip", "start_s", "end_s", "real", "weight")


@dataclass(frozen=True)
class MotionExport:
    """Which motions to write.

    Attributes
    ----------
    whole : bool
        Whole clips with their labels beside them, instead of a file for each segment.
    tier : str
        Whose segments.
    clip_ids : tuple of str or None
        Only these clips; None for all. Excluded and broken ones never take part.
    overwrite : bool
        Replace files of the same names in a folder that is not empty.
    """

    whole: bool = False
    tier: str = MINE
    clip_ids: tuple[str, ...] | None = None
    overwrite: bool = False


def export_motions(
    project: Project, home: Path, folder: Path, choice: MotionExport | None = None
) -> Job[Exported]:
    """Write the motions of usable clips as AMASS files, cut to their labelled segments.

    Parameters
    ----------
    home : Path
        Folder of the project file.
    folder : Path
        Made; it holds ``clip__label__start-end.npz`` files and an `INDEX`. What is labelled
        "unknown" is left out.

    Returns
    -------
    Exported
        Frames are those from the segment's start to before its end, every array as in the source.
        A motion from points is written as it was fitted.

    Raises
    ------
    HarstudioError
        Nothing to write, or a folder that is not empty or cannot be written; nothing is then.
    """
    choice = choice or MotionExport()
    clips = chosen_clips(project, choice.clip_ids)
    usable = [clip for clip in clips if clip.usable and clip.motion is not None]
    if not choice.whole:
        usable = [clip for clip in usable if len(clip.track(choice.tier))]
    if not usable:
        what = "has a motion" if choice.whole else "has both a motion and labels"
        raise HarstudioError(f"no usable clip {what}", "label some clips, and keep them")
    bodies = bodies_of(project, home)
    rows: list[dict[str, object]] = []
    failures: list[str] = []
    notes = _notes(project, clips, usable, choice)
    with staged(folder, overwrite=choice.overwrite) as stage:
        taken = {INDEX}
        for done, clip in enumerate(usable):
            yield Progress(done, len(usable), clip.name)
            try:
                rows += _write_clip(clip, home, bodies, stage, taken, choice)
            except Exception as error:
                failures.append(f"{clip.name}: {reason_of(error)}")
        if not rows:
            raise HarstudioError(
                f"none of {len(usable)} clips gave a motion",
                failures[0] if failures else "their segments are shorter than a frame",
            )
        _write_table(stage / INDEX, _WHOLE_COLUMNS if choice.whole else _MOTION_COLUMNS, rows)
    yield Progress(len(usable), len(usable), f"{len(rows):,} motions", {LEFT_OUT: tuple(failures)})
    failed = tuple(f"left out: {failure}" for failure in failures)
    return Exported(folder, len(rows), len(rows), (*notes, *failed))


def _notes(
    project: Project, clips: Sequence[Clip], usable: Sequence[Clip], choice: MotionExport
) -> tuple[str, ...]:
    asked = len(project.clips if choice.clip_ids is None else choice.clip_ids)
    unknown = sum(
        segment.label == UNKNOWN for clip in usable for segment in clip.track(choice.tier).segments
    )
    counts = (
        (asked - len(usable), "clips left out: excluded, broken, without a motion or labels"),
        (0 if choice.whole else unknown, f"segments labelled {UNKNOWN!r} left out"),
    )
    return tuple(f"{n} {what}" for n, what in counts if n)


def _write_clip(
    clip: Clip, home: Path, bodies: Bodies, stage: Path, taken: set[str], choice: MotionExport
) -> list[dict[str, object]]:
    """Write one clip's motions; their rows of the index."""
    cut = _Cutter(clip, home, bodies)
    track = clip.track(choice.tier)
    if choice.whole:
        name = _name(safe_name(clip.name), taken)
        cut.write(stage / name, 0, cut.frames)
        if len(track):
            write_track(stage / f"{Path(name).stem}_labels.csv", track)
        whole = Segment(0.0, cut.frames / cut.rate_hz, "-")
        row = _row(name, clip, whole, choice.tier, 0, cut.frames, cut.rate_hz)
        del row["label"]
        return [{**row, "labels": "; ".join(track.labels)}]
    rows = []
    for segment, first, stop in segment_frames(track, cut.frames, cut.rate_hz):
        times = f"{segment.start_s:.3f}-{segment.end_s:.3f}"
        stem = f"{safe_name(clip.name)}__{safe_name(segment.label)}__{times}"
        name = _name(stem, taken)
        cut.write(stage / name, first, stop)
        rows.append(_row(name, clip, segment, choice.tier, first, stop, cut.rate_hz))
    return rows


def segment_frames(
    track: LabelTrack, frames: int, rate_hz: float
) -> Iterator[tuple[Segment, int, int]]:
    """Each segment that is not "unknown" with its frames, [first, stop); none of no frame.

    A frame belongs to a segment if its time, in whole microseconds, does, as in training.
    """
    times = np.round(np.arange(frames) / rate_hz, 6)
    for segment in track.segments:
        first, stop = np.searchsorted(times, (segment.start_s, segment.end_s))
        if first < stop and segment.label != UNKNOWN:
            yield segment, int(first), int(stop)


class _Cutter:
    """A clip's motion, to be written in parts: the file's own arrays where it is an AMASS file."""

    def __init__(self, clip: Clip, home: Path, bodies: Bodies) -> None:
        assert clip.motion is not None
        self._arrays: AmassArrays | None = None
        self._motion: Motion = read_posed(clip.motion, home, bodies).motion
        if clip.motion.format in ("", amass.FORMAT):
            self._arrays = read_arrays(home / clip.motion.path)
        self.frames, self.rate_hz = self._motion.frames, self._motion.rate_hz

    def write(self, path: Path, first: int, stop: int) -> None:
        if self._arrays is not None:
            write_arrays(path, self._arrays.cut(first, stop))
            return
        part = replace(
            self._motion,
            pose=self._motion.pose[first:stop],
            translation=self._motion.translation[first:stop],
        )
        amass.write_motion(path, part)


def _name(stem: str, taken: set[str]) -> str:
    name = free_name(stem, ".npz", taken)
    taken.add(name.lower())
    return name


def _row(
    name: str, clip: Clip, segment: Segment, tier: str, first: int, stop: int, rate_hz: float
) -> dict[str, object]:
    assert clip.motion is not None
    return {
        "file": name,
        "clip": clip.name,
        "label": segment.label,
        "start_s": f"{segment.start_s:.6f}",
        "end_s": f"{segment.end_s:.6f}",
        "first_frame": first,
        "frames": stop - first,
        "rate_hz": f"{rate_hz:g}",
        "subject": clip.subject,
        "dataset": clip.dataset,
        "tier": tier,
        "confidence": f"{segment.confidence:g}",
        "author": segment.author,
        "source": clip.motion.path,
        "source_fingerprint": clip.motion.fingerprint,
    }


def export_windows(
    project: Project,
    home: Path,
    path: Path,
    config: TrainingConfig,
    signals: str = VIRTUAL,
    clip_ids: tuple[str, ...] | None = None,
    overwrite: bool = True,
) -> Job[Exported]:
    """Write labelled windows as one .npz file, with an index beside it.

    Parameters
    ----------
    path : Path
        ``X`` (N, T, C) float32 in SI units, ``y`` (N,) into ``labels``, ``channels``, ``subject``,
        ``clip``, ``start_s``, ``end_s``, ``real``, ``weight`` (how far the label can be believed),
        ``movement`` (equal for clips that show one movement), ``rate_hz``, and ``config`` as JSON;
        loads with ``allow_pickle=False``. The index is ``NAME_index.csv``.
    signals : str
        ``virtual``, ``real`` or ``both``.
    overwrite : bool
        Replace files of these names.

    Raises
    ------
    HarstudioError
        No window, or a place that cannot be written.
    """
    path = path if path.suffix.lower() == ".npz" else path.with_name(f"{path.name}.npz")
    index = path.with_name(f"{path.stem}_index.csv")
    refuse_occupied((path, index), overwrite=overwrite)
    job = collect_windows(project, home, config, signals=signals, clip_ids=clip_ids)
    left_out: object = ()
    try:
        while True:
            progress = next(job)
            left_out = progress.values.get(LEFT_OUT, left_out)
            yield progress
    except StopIteration as stop:
        windows: WindowSet = stop.value
    yield Progress(0, 0, f"Writing {len(windows):,} windows")
    columns = _window_arrays(windows)
    arrays = {
        "X": windows.signals,
        **columns,
        "labels": _texts(windows.labels),
        "channels": _texts(windows.channels),
        "rate_hz": np.array(windows.rate_hz),
        "config": np.array(json.dumps({**config.to_json(), "signals": signals}, sort_keys=True)),
    }
    write_atomically(path, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays))
    rows = (
        {
            "window": i,
            "label": windows.labels[int(windows.codes[i])],
            "subject": columns["subject"][i],
            "clip": columns["clip"][i],
            "start_s": f"{windows.start_s[i]:.6f}",
            "end_s": f"{windows.end_s[i]:.6f}",
            "real": int(windows.real[i]),
            "weight": f"{windows.weight[i]:g}",
        }
        for i in range(len(windows))
    )
    _write_table(index, _WINDOW_COLUMNS, rows)
    notes = left_out if isinstance(left_out, tuple) else ()
    return Exported(path, 1, len(windows), tuple(f"left out: {note}" for note in notes))


def _window_arrays(windows: WindowSet) -> dict[str, NDArray[Any]]:
    """One entry per window, under the names that the file has for them."""
    clips, subjects = _texts(windows.clip_names), _texts(windows.subjects)
    return {
        "y": windows.codes,
        "subject": subjects[windows.subject_index],
        "clip": clips[windows.clip_index],
        "start_s": windows.start_s,
        "end_s": windows.end_s,
        "real": windows.real,
        "weight": windows.weight,
        "movement": _texts(windows.movements)[windows.clip_index],
    }


def _texts(values: Sequence[str]) -> NDArray[np.str_]:
    return np.array(values, dtype=np.str_)


def _write_table(
    path: Path, columns: Sequence[str], rows: Iterator[dict[str, object]] | list[dict[str, object]]
) -> None:
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_atomically(path, text.getvalue().encode("utf-8"))
