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
from harstudio.learn.data.windows import WindowSet
from harstudio.learn.runs.folder import CALIBRATION, RunFolder
from harstudio.learn.splitting.splits import Split, counted
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
    return map_of((yield from _pairs_of_clips(project, folder, clips, options)))


def _pairs_of_clips(
    project: Project, folder: Path, clips: Sequence[Clip], options: SimulationOptions | None
) -> Job[list[Pair]]:
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
    return pairs


def fit_for_training(
    project: Project,
    folder: Path,
    windows: WindowSet,
    split: Split,
    options: SimulationOptions | None = None,
) -> Job[tuple[QuantileMap, tuple[str, ...]]]:
    """A quantile map that has seen nobody on whom a model of this split is judged.

    It is fitted to clips of people who have windows in the training part and none in the test
    part; where clips of theirs are lent to validation, not to those. People without a name take
    no part, since nobody can tell them apart.

    Parameters
    ----------
    folder : Path
        Of the project file.
    windows : WindowSet
        Virtual ones, as simulated.
    split : Split
        Of these windows.
    options : SimulationOptions, optional
        As the windows were made.

    Returns
    -------
    (QuantileMap, notes)
        The notes are what a reader of the model's report must know.

    Raises
    ------
    HarstudioError
        None of these people has a clip with a motion and a recording, all of them fail, or none
        has a channel of the windows.
    """
    trained, tested = (
        {windows.subject_of(int(i)) for i in part} for part in (split.train, split.test)
    )
    judged = {windows.clip_of(int(i)) for i in np.concatenate([split.validation, split.test])}
    paired = comparable_clips(project)
    people = trained - tested - {""}
    clips = [c for c in paired if c.subject in people and c.id not in judged]
    if not clips:
        raise HarstudioError(
            "calibration: of the people with both a motion and a recording "
            f"({', '.join(sorted({c.subject or 'no name' for c in paired})) or 'none'}) "
            "nobody is trained on without being judged on as well",
            "split by subject, choose another seed or a smaller test share, or add recordings "
            "of more people",
        )
    pairs = yield from _pairs_of_clips(project, folder, clips, options)
    doubts = {pair.clip: pair.ambiguous for pair in pairs if pair.ambiguous}
    found = map_of(pairs)
    told = tuple(
        f"calibration: the alignment of {clip} is ambiguous ({reason}), and was used as it is"
        for clip, reason in doubts.items()
    )
    return found, (*calibration_notes(found, windows), *told)


def calibration_notes(found: QuantileMap, windows: WindowSet) -> tuple[str, ...]:
    """What to tell of the virtual ones of these windows, mapped; nothing where all are real.

    Raises
    ------
    HarstudioError
        The map knows none of their channels.
    """
    if windows.real.all():
        return ()
    unknown = [name for name in windows.channels if _map_channel(name) not in found.channels]
    if len(unknown) == len(windows.channels):
        raise HarstudioError(
            f"calibration: the recordings have none of the channels {', '.join(unknown)}",
            f"they have {', '.join(found.channels)}",
        )
    number = len(found.subjects)
    people = "1 training person" if number == 1 else f"{number} training people"
    told = f"virtual signals mapped onto the real distribution of {people}"
    if not unknown:
        return (f"{told}: {', '.join(found.subjects)}",)
    return (
        f"{told}: {', '.join(found.subjects)}",
        f"no recording to calibrate {counted(len(unknown), 'channel')} with, left as simulated: "
        + ", ".join(unknown),
    )


def calibrated_windows(windows: WindowSet, found: QuantileMap) -> WindowSet:
    """Windows with the virtual ones mapped, in the channels that the map knows; never real ones.

    The map looks at one value at a time, so that it may as well be applied before cutting.
    """
    signals = np.array(windows.signals)
    virtual = ~windows.real
    for column, name in enumerate(windows.channels):
        channel = _map_channel(name)
        if channel in found.channels:
            values = signals[virtual, :, column].astype(np.float64)
            signals[virtual, :, column] = found.values(channel, values)
    return replace(windows, signals=signals)


def _map_channel(window_channel: str) -> str:
    """``left_wrist acc_x`` of a window is ``left_wrist acc x`` of a map."""
    sensor, signal = window_channel.rsplit(" ", 1)
    kind, axis = signal.rsplit("_", 1)
    if axis not in ("x", "y", "z"):  # a magnitude or an orientation: maps know neither
        return ""
    return channels_of(sensor, kind)["xyz".index(axis)]


def calibration_of(run_dir: Path) -> QuantileMap | None:
    """The map that a run's virtual signals went through; None if they went through none.

    Raises
    ------
    HarstudioError
        The run was calibrated, and its map is missing or damaged.
    """
    return load_map(run_dir / CALIBRATION) if RunFolder(run_dir).config().calibrate else None


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
