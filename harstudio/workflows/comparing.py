"""How faithful virtual signals are: every sensor, label and clip against its real recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harstudio.core.arrays import BoolArray, FloatArray
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import Project
from harstudio.imu.compare import FidelityMetrics, residual_metrics
from harstudio.imu.simulate import SimulationOptions
from harstudio.workflows.batches import reason_of
from harstudio.workflows.calibrating import LEFT_OUT, calibrated_by_others, comparable_clips
from harstudio.workflows.pairing import Pair, paired_clip, pooled

ALL = "all"
_NAN = float("nan")
AS_SIMULATED, CALIBRATED = "as simulated", "calibrated"


@dataclass(frozen=True)
class ComparisonRow:
    """One sensor during one label of one clip, or of all of them.

    Attributes
    ----------
    clip, subject, recording, label : str
        ``all`` where the row holds all of them.
    sensor, quantity, unit : str
    virtual : str
        ``as simulated`` or ``calibrated``.
    seconds : float, s
        Compared.
    metrics : FidelityMetrics
    aligned : str
        Where the alignment is from; empty in a row of all clips.
    offset_s, drift_ppm : float
        The alignment's; NaN in a row of all clips.
    offset_sd_s, drift_sd_ppm, rotation_sd_rad : float
        Standard deviations of these and of the sensor's mounting rotation; NaN where unknown:
        not fitted, or moved by hand since.
    ambiguous : str
        Why the fit of the alignment may be wrong, whether it is stored or made for this.
    """

    clip: str
    subject: str
    recording: str
    label: str
    sensor: str
    quantity: str
    unit: str
    virtual: str
    seconds: float
    metrics: FidelityMetrics
    aligned: str = ""
    offset_s: float = _NAN
    drift_ppm: float = _NAN
    offset_sd_s: float = _NAN
    drift_sd_ppm: float = _NAN
    rotation_sd_rad: float = _NAN
    ambiguous: str = ""

    @property
    def of_all_clips(self) -> bool:
        return self.aligned == ""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What was compared.

    Attributes
    ----------
    rows : tuple of ComparisonRow
        Of all clips first, then clip by clip.
    pairs : tuple of Pair
        The signals themselves.
    calibrated : tuple of Pair
        The same with the virtual signals calibrated on the other people; empty if not asked for.
    labels : tuple of str
        In the project's order; those that occur.
    failures : tuple of (clip name, reason)
    """

    rows: tuple[ComparisonRow, ...]
    pairs: tuple[Pair, ...]
    calibrated: tuple[Pair, ...]
    labels: tuple[str, ...]
    failures: tuple[tuple[str, str], ...] = ()

    @property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        """(sensor, quantity) in the order they came."""
        return tuple(dict.fromkeys((pair.sensor, pair.quantity) for pair in self.pairs))

    @property
    def clips(self) -> int:
        return len({pair.clip for pair in self.pairs})


def compare_project(
    project: Project,
    folder: Path,
    clip_ids: tuple[str, ...] | None = None,
    *,
    calibrate: bool = False,
    options: SimulationOptions | None = None,
) -> Job[Comparison]:
    """Compare the virtual signals of clips with their real recordings.

    A recording that was never aligned is aligned first, for this comparison only; its rows say
    so. Rows say how well the fit knows its numbers, and whether it is ambiguous, also where it is
    stored in the project. Lag, drift and mounting are fitted to the very signals
    that are then compared: they take out what a person wearing the sensor cannot know, and the
    residual is what is left.

    Parameters
    ----------
    folder : Path
        Of the project file.
    clip_ids : tuple of str, optional
        All usable clips with a motion and a recording unless told.
    calibrate : bool
        Also with virtual signals mapped onto the distribution of the other people's recordings.
    options : SimulationOptions, optional
        How the virtual signals are made: the physical preset at the project's rate unless told.

    Raises
    ------
    HarstudioError
        No clip has a motion and a recording, all of them fail, or there is only one person to
        calibrate with.
    """
    chosen = comparable_clips(project)
    clips = chosen if clip_ids is None else [project.clip(i) for i in clip_ids]
    if not clips:
        raise HarstudioError(
            "no clip has both a motion and a recording to compare",
            "import recordings named as their motions, or lay them beside each other",
        )
    pairs: list[Pair] = []
    failures: list[tuple[str, str]] = []
    for done, clip in enumerate(clips):
        yield Progress(done, len(clips) + 1, f"Comparing {clip.name}")
        try:
            pairs += paired_clip(project, folder, clip, options)
        except Exception as error:
            failures.append((clip.name, reason_of(error)))
    if not pairs:
        name, reason = failures[0]
        raise HarstudioError(reason if name in reason else f"{name}: {reason}")
    told = tuple(r if n in r else f"{n}: {r}" for n, r in failures)
    yield Progress(len(clips), len(clips) + 1, "Putting it together", {LEFT_OUT: told})
    mapped = calibrated_by_others(pairs) if calibrate else ()
    used = {label for pair in pairs for label in pair.track.labels}
    labels = tuple(name for name in project.label_set.names if name in used)
    rows = [*_rows(pairs, labels, AS_SIMULATED), *_rows(mapped, labels, CALIBRATED)]
    return Comparison(tuple(rows), tuple(pairs), mapped, labels, tuple(failures))


def _rows(pairs: Sequence[Pair], labels: tuple[str, ...], virtual: str) -> Iterator[ComparisonRow]:
    """All clips, then clip by clip; of each everything, then label by label."""
    kinds = dict.fromkeys((pair.sensor, pair.quantity) for pair in pairs)
    for kind in kinds:
        group = [pair for pair in pairs if (pair.sensor, pair.quantity) == kind]
        for label in ("", *labels):
            pool = pooled(group, label)
            metrics = _metrics(pool.virtual, pool.real, pool.valid, group[0].rate_hz)
            if metrics is not None:
                yield replace(
                    _row(group[0], label, virtual, metrics), clip=ALL, subject=ALL, recording=ALL,
                    aligned="", ambiguous="", offset_s=_NAN, drift_ppm=_NAN,
                    offset_sd_s=_NAN, drift_sd_ppm=_NAN, rotation_sd_rad=_NAN,
                )  # fmt: skip
    for pair in pairs:
        for label in ("", *(name for name in labels if name in pair.track.labels)):
            mask = pair.wearing(label) if label else pair.valid
            metrics = _metrics(pair.virtual, pair.real, mask, pair.rate_hz)
            if metrics is not None:
                yield _row(pair, label, virtual, metrics)


def _metrics(
    virtual: FloatArray, real: FloatArray, mask: BoolArray, rate_hz: float
) -> FidelityMetrics | None:
    """None where less than two samples are common: the label lies outside the recording."""
    if np.count_nonzero(mask) < 2:
        return None
    return residual_metrics(virtual, real, mask, rate_hz=rate_hz)


def _row(pair: Pair, label: str, virtual: str, metrics: FidelityMetrics) -> ComparisonRow:
    return ComparisonRow(
        clip=pair.clip,
        subject=pair.subject,
        recording=pair.recording,
        label=label or ALL,
        sensor=pair.sensor,
        quantity=pair.quantity,
        unit=pair.unit,
        virtual=virtual,
        seconds=metrics.samples / pair.rate_hz,
        metrics=metrics,
        aligned=pair.aligned,
        offset_s=pair.alignment.offset_s,
        drift_ppm=pair.alignment.drift_ppm,
        offset_sd_s=_or_nan(pair.alignment.offset_sd_s),
        drift_sd_ppm=_or_nan(pair.alignment.drift_sd_ppm),
        rotation_sd_rad=_or_nan(pair.alignment.mounting_sd_rad(pair.sensor)),
        ambiguous=pair.ambiguous,
    )


def _or_nan(sd: float | None) -> float:
    return _NAN if sd is None else sd
