"""Fit virtual signals' distribution to that of real recordings, of training subjects only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from harstudio.core.arrays import FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import Clip, Project
from harstudio.imu.calibration import QuantileMap, channels_of, fit_quantile_map
from harstudio.imu.distribution import Histograms, histograms
from harstudio.imu.simulate import SimulationOptions
from harstudio.io.files import read_text, write_atomically
from harstudio.workflows.batches import reason_of
from harstudio.workflows.pairing import Pair, paired_clip

LEFT_OUT = "left_out"
_MAX_BYTES = 64 << 20


def fit_calibration(
    project: Project,
    folder: Path,
    subjects: Iterable[str],
    options: SimulationOptions | None = None,
) -> Job[QuantileMap]:
    """A quantile map from virtual to real signals of the given people.

    It is fitted to clips that have both a motion and a recording, so that both sides hold the
    same activities in the same proportions. A clip that fails is left out and named in the last
    Progress.

    Parameters
    ----------
    folder : Path
        Of the project file.
    subjects : names
        Of the training part only: a map that has seen the people a model is tested on leaks.
    options : SimulationOptions, optional
        As the signals that the map will be applied to are made.

    Returns
    -------
    QuantileMap
        Its `applied` takes an ImuRecording at any rate.

    Raises
    ------
    HarstudioError
        None of these people has a clip with a motion and a recording, or all of them fail.
    """
    wanted = set(subjects)
    clips = [c for c in comparable_clips(project) if c.subject in wanted]
    if not clips:
        raise HarstudioError(
            f"calibration: none of {', '.join(sorted(wanted)) or 'no subjects'} has a clip with "
            "both a motion and a recording"
        )
    pairs: list[Pair] = []
    failures: list[str] = []
    for done, clip in enumerate(clips):
        yield Progress(done, len(clips), f"Calibrating with {clip.name}")
        try:
            pairs += paired_clip(project, folder, clip, options)
        except Exception as error:
            failures.append(f"{clip.name}: {reason_of(error)}")
    if not pairs:
        raise HarstudioError(f"calibration: {failures[0]}")
    note = f"Calibrated with {len(clips) - len(failures)} clips"
    yield Progress(len(clips), len(clips), note, {LEFT_OUT: tuple(failures)})
    return map_of(pairs)


def comparable_clips(project: Project) -> list[Clip]:
    """Usable clips with both a motion and a recording."""
    return [c for c in project.clips.values() if c.usable and c.motion and c.recordings]


def map_of(pairs: Sequence[Pair]) -> QuantileMap:
    """A quantile map from all samples of the pairs."""
    sides: dict[str, tuple[list[FloatArray], list[FloatArray]]] = {}
    for pair in pairs:
        for axis, channel in enumerate(channels_of(pair.sensor, pair.quantity)):
            virtual, real = sides.setdefault(channel, ([], []))
            virtual.append(pair.virtual[pair.valid, axis])
            real.append(pair.real[pair.valid, axis])
    samples = {name: (np.concatenate(v), np.concatenate(r)) for name, (v, r) in sides.items()}
    return fit_quantile_map(samples, tuple({pair.subject for pair in pairs}))


def calibrated_by_others(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Every pair with its virtual signal calibrated on the other people's recordings.

    Raises
    ------
    HarstudioError
        There are fewer than two people: nobody is left to fit a map to.
    """
    subjects = sorted({pair.subject for pair in pairs})
    if len(subjects) < 2:
        raise HarstudioError(
            f"calibration: recordings of {len(subjects)} subject, expected at least 2",
            "a map fitted to the people it is judged on would flatter itself",
        )
    result: list[Pair] = []
    for subject in subjects:
        found = map_of([pair for pair in pairs if pair.subject != subject])
        result += [calibrated(pair, found) for pair in pairs if pair.subject == subject]
    return tuple(result)


def calibrated(pair: Pair, found: QuantileMap) -> Pair:
    """A pair with its virtual signal mapped; as it is in channels that the map does not know."""
    virtual = np.array(pair.virtual)
    for axis, channel in enumerate(channels_of(pair.sensor, pair.quantity)):
        if channel in found.channels:
            virtual[:, axis] = found.values(channel, pair.virtual[:, axis])
    return replace(pair, virtual=virtual)


def before_and_after(before: Sequence[Pair], after: Sequence[Pair], axis: int) -> Histograms:
    """Distributions of one axis: ``real``, ``virtual``, and ``calibrated``.

    Parameters
    ----------
    before, after : pairs of one sensor and quantity
    axis : int
    """

    def values(pairs: Sequence[Pair], side: str) -> FloatArray:
        return np.concatenate([getattr(pair, side)[pair.valid, axis] for pair in pairs])

    return histograms(
        {
            "real": values(before, "real"),
            "virtual": values(before, "virtual"),
            "calibrated": values(after, "virtual"),
        }
    )


def save_map(path: Path, found: QuantileMap) -> None:
    """Write a map as JSON."""
    write_atomically(path, json.dumps(found.to_json()).encode())


def load_map(path: Path) -> QuantileMap:
    """Read a map that `save_map` wrote.

    Raises
    ------
    HarstudioError
        No such file, not JSON, or not a map.
    """
    text = read_text(path, _MAX_BYTES)
    try:
        return QuantileMap.from_json(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise HarstudioError(f"{path.name}: not JSON ({error})") from error
    except HarstudioError as error:
        raise HarstudioError(f"{path.name}: {error.message}", error.hint) from error
