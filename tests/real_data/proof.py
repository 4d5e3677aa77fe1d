"""The main job on real recordings: ``python tests/real_data/proof.py OUT`` writes its numbers.

Needs the folder of real recordings (beside the repository, or ``HARSTUDIO_TEST_DATA``): CMU
motions in AMASS layout and UTD-MHAD. OUT gets numbers.json, numbers.md and figures.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, periodogram, sosfiltfilt

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from harstudio.body.sites import layout_of
from harstudio.core import rotations as rot
from harstudio.core.imu import GRAVITY, ImuRecording
from harstudio.core.jobs import finished
from harstudio.core.label_set import PALETTE
from harstudio.core.project import Clip, Project
from harstudio.core.timebase import Alignment, clip_time
from harstudio.imu.compare import mounted, residual_metrics
from harstudio.imu.resample import at_times
from harstudio.imu.simulate import SimulationOptions
from harstudio.learn.config import TrainingConfig
from harstudio.learn.judging.report import EvaluationReport
from harstudio.workflows.aligning import aligned_clip
from harstudio.workflows.importing import import_folder, with_imported
from harstudio.workflows.loading import LoadedClip, load_clip
from harstudio.workflows.simulating import simulate_folder
from harstudio.workflows.training import train_project
from tests.conftest import real_data_folder
from tests.real_data.figures import write_curves, write_matrix

SITES = ("left_wrist", "right_thigh", "head")
BANDS_HZ = (1.5, 3.0, 5.0, None)
BLUE, ORANGE = "#0072B2", "#D55E00"

Array = NDArray[np.float64]


def project_of(folder: Path, sites: Sequence[str], *, labels_from_folders: bool) -> Project:
    """A project of all that lies in a folder; everything must be accepted."""
    empty = Project(folder.name, layout_of(sites))
    found = finished(import_folder(empty, folder, folder, labels_from_folders=labels_from_folders))
    assert not found.rejected, found.rejected
    return with_imported(empty, found)


def named(project: Project, name: str) -> Clip:
    return next(clip for clip in project.clips.values() if clip.name == name)


# -- activities --------------------------------------------------------------------------


@dataclass(frozen=True)
class Activities:
    """Training on CMU's motions, whole clips held out."""

    clips: dict[str, int]
    frames: int
    report: EvaluationReport


def activities(
    data: Path, work: Path, *, epochs: int = 30, seed: int = 0, least_clips: int = 3
) -> Activities:
    """Import with labels from folder names, simulate three sites, train, test on other clips.

    An activity needs `least_clips`: one each to train, to choose and to test on.
    """
    folder = data / "amass_cmu"
    project = project_of(folder, SITES, labels_from_folders=True)
    done = finished(
        simulate_folder(folder, work / "signals", layout_of(SITES), SimulationOptions(rate_hz=60.0))
    )
    assert not done.failed
    chosen = [
        clip
        for clip in project.clips.values()
        if {segment.author for segment in clip.labels.segments} == {"folder"}
    ]
    config = TrainingConfig(model="xiao2020", sensors=SITES, split="clip", epochs=epochs, seed=seed)
    names = [clip.labels.labels[0] for clip in chosen]
    counts = {name: names.count(name) for name in sorted(set(names))}
    counts = {name: count for name, count in counts.items() if count >= least_clips}
    ids = tuple(clip.id for clip in chosen if clip.labels.labels[0] in counts)
    summary = finished(train_project(project, folder, config, work / "run", ids))
    return Activities(counts, done.frames, summary.report)


# -- a long exercise with human labels ----------------------------------------------------


@dataclass(frozen=True)
class Exercise:
    """A long recording with a timeline that people drew."""

    loaded: LoadedClip
    rows: tuple[tuple[float, float, str], ...]
    wrist_hz: dict[str, float]


def exercise(data: Path, name: str = "13_29") -> Exercise:
    """Open the clip; the pace of the left wrist in each segment, from its specific force."""
    folder = data / "amass_cmu"
    project = project_of(folder, SITES, labels_from_folders=True)
    loaded = load_clip(project, named(project, name), folder)
    with (folder / f"exercises/{name}_labels.csv").open(newline="", encoding="utf-8") as file:
        rows = tuple(
            (float(row["start_s"]), float(row["end_s"]), row["label"])
            for row in csv.DictReader(file)
        )
    assert loaded.virtual is not None
    paces = {
        segment.label: dominant_hz(
            part_of(loaded.virtual, segment.start_s, segment.end_s), "left_wrist"
        )
        for segment in loaded.clip.labels.segments
    }
    return Exercise(loaded, rows, paces)


def part_of(recording: ImuRecording, start_s: float, end_s: float) -> ImuRecording:
    times = recording.times_s
    return at_times(recording, times[(times >= start_s) & (times < end_s)])


def dominant_hz(recording: ImuRecording, sensor: str, signal: str = "acc_mps2") -> float:
    """Frequency with the most power in a sensor's signal, 0.3 to 8 Hz, all axes."""
    values = getattr(recording, signal)[recording.valid_mask, recording.sensor_index(sensor)]
    frequencies, power = periodogram(
        values, recording.rate_hz, axis=0, detrend="linear", nfft=4096, window="hann"
    )
    band = (frequencies >= 0.3) & (frequencies <= 8.0)
    return float(frequencies[band][power[band].sum(axis=1).argmax()])


# -- physics ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Physics:
    """What any correct simulation of these motions must show; medians over clips.

    Attributes
    ----------
    upright_mps2 : float
        Mean vertical force on the pelvis in walking: gravity.
    stride_hz : by label
        Pace of the right thigh's gyroscope.
    lightest_mps2 : by label
        Least specific force on the pelvis: near 0 in the flight of a jump.
    """

    upright_mps2: float
    stride_hz: dict[str, float]
    lightest_mps2: dict[str, float]


def physics(data: Path) -> Physics:
    """Walking, running and jumping of amass_cmu."""
    folder = data / "amass_cmu"
    project = project_of(folder, ("pelvis", "right_thigh"), labels_from_folders=True)
    upright: list[float] = []
    strides: dict[str, list[float]] = {"walking": [], "running": [], "jumping": []}
    lightest: dict[str, list[float]] = {name: [] for name in strides}
    for clip in project.clips.values():
        label = clip.labels.labels[0] if len(clip.labels) else ""
        if label not in strides:
            continue
        virtual = load_clip(project, clip, folder).virtual
        assert virtual is not None
        assert virtual.orientation_wxyz is not None
        force = virtual.acc_mps2[virtual.valid_mask, 0]
        turns = rot.matrix_from_quaternion(virtual.orientation_wxyz[virtual.valid_mask, 0])
        if label == "walking":
            upright.append(float(np.einsum("tj,tj->t", turns[:, 2], force).mean()))
        strides[label].append(dominant_hz(virtual, "right_thigh", "gyro_radps"))
        lightest[label].append(float(np.linalg.norm(force, axis=-1).min()))
    return Physics(
        float(np.median(upright)),
        {name: float(np.median(values)) for name, values in strides.items()},
        {name: float(np.median(values)) for name, values in lightest.items()},
    )


# -- a camera's skeleton against the sensor that was worn ----------------------------------


@dataclass(frozen=True)
class PairResult:
    """Virtual against real signals of one UTD-MHAD take.

    Attributes
    ----------
    acc_r, gyro_r, acc_rmse, gyro_rmse : figures by band, the mean over the axes
        `BANDS_HZ`: below that frequency; None is everything.
    unaligned_gyro_r : float
        As the files are: no lag, no mounting.
    spread_mps2 : (virtual, real)
        Standard deviation of the acceleration over time, root mean square of the axes.
    """

    name: str
    label: str
    sensor: str
    lag_s: float
    ambiguous: str
    acc_r: tuple[float, ...]
    acc_rmse: tuple[float, ...]
    gyro_r: tuple[float, ...]
    gyro_rmse: tuple[float, ...]
    unaligned_gyro_r: float
    spread_mps2: tuple[float, float]


def paired(data: Path, takes: Sequence[str] | None = None) -> list[PairResult]:
    """Compare takes by name; by default the first repetition of each action and subject."""
    folder = data / "utd_mhad"
    project = project_of(folder, (), labels_from_folders=False)
    chosen = [
        clip
        for clip in project.clips.values()
        if (clip.name in takes if takes is not None else clip.name.endswith("_t1"))
    ]
    return [pair_result(load_clip(project, clip, folder)) for clip in chosen]


def pair_result(loaded: LoadedClip) -> PairResult:
    """Align one take and compare it band by band."""
    after, (fit,) = aligned_clip(loaded)
    raw = _both(loaded, Alignment())
    virtual, real = _both(loaded, after.recordings[0].alignment)
    figures: dict[str, list[float]] = {key: [] for key in ("ar", "ae", "gr", "ge")}
    for band in BANDS_HZ:
        for key, index in (("a", 0), ("g", 1)):
            metrics = residual_metrics(_below(virtual[index], band), _below(real[index], band))
            figures[key + "r"].append(float(np.nanmean(metrics.r)))
            figures[key + "e"].append(float(np.sqrt(np.mean(np.square(metrics.rmse)))))
    return PairResult(
        loaded.clip.name,
        loaded.clip.labels.labels[0],
        loaded.recordings[0].recording.sensors[0],
        fit.alignment.offset_s,
        fit.ambiguous,
        tuple(figures["ar"]),
        tuple(figures["ae"]),
        tuple(figures["gr"]),
        tuple(figures["ge"]),
        float(np.nanmean(residual_metrics(raw[0][1], raw[1][1]).r)),
        (_spread(virtual[0]), _spread(real[0])),
    )


def _spread(values: Array) -> float:
    return float(np.sqrt(values.var(axis=0).mean()))


def _both(loaded: LoadedClip, alignment: Alignment) -> tuple[tuple[Array, Array], ...]:
    """(acc, gyro) of the virtual and of the real sensor where both are known; (T, 3) each."""
    real = mounted(loaded.recordings[0].recording, alignment)
    assert loaded.virtual is not None
    virtual = at_times(loaded.virtual, clip_time(alignment, real.times_s))
    mask = virtual.valid_mask & real.valid_mask
    sensor = virtual.sensor_index(real.sensors[0])
    assert virtual.gyro_radps is not None
    assert real.gyro_radps is not None
    return (
        (virtual.acc_mps2[mask, sensor], virtual.gyro_radps[mask, sensor]),
        (real.acc_mps2[mask, 0], real.gyro_radps[mask, 0]),
    )


def _below(values: Array, band_hz: float | None, rate_hz: float = 50.0) -> Array:
    if band_hz is None:
        return values
    sections = butter(2, band_hz, fs=rate_hz, output="sos")
    low: Array = sosfiltfilt(sections, values, axis=0, padlen=min(len(values) - 1, 60))
    return low


def medians(results: Sequence[PairResult], field: str) -> list[float]:
    """Median over takes of a figure, by band."""
    return [round(float(m), 2) for m in np.median([getattr(r, field) for r in results], axis=0)]


# -- writing it down -----------------------------------------------------------------------


def write(out: Path, data: Path) -> Mapping[str, Any]:
    """Everything, as numbers.json, numbers.md and figures; returns the numbers."""
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as work:
        runs = [activities(data, Path(work) / str(seed), seed=seed) for seed in range(5)]
        every = activities(data, Path(work) / "every", least_clips=1)
    first = runs[0].report
    write_matrix(
        out / "matrix.svg",
        first.labels,
        first.confusion,
        f"{first.total} windows of clips held out",
    )
    long = exercise(data)
    _draw_exercise(out / "exercise.svg", long)
    pairs = paired(data)
    _draw_pair(out / "pair.svg", data, "a9_s4_t1")
    facts = physics(data)
    actions = list(dict.fromkeys(r.label for r in sorted(pairs, key=_action)))
    by_action = {name: [r for r in pairs if r.label == name] for name in actions}
    numbers: dict[str, Any] = {
        "activities": {
            "clips": runs[0].clips,
            "simulated_frames": runs[0].frames,
            "labels": list(first.labels),
            "confusion": first.confusion.tolist(),
            "split": first.split,
            "accuracy": [round(run.report.accuracy, 3) for run in runs],
            "macro_f1": [round(run.report.macro_f1, 3) for run in runs],
            "with_rare": {
                "clips": every.clips,
                "accuracy": round(every.report.accuracy, 3),
                "macro_f1": round(every.report.macro_f1, 3),
            },
        },
        "exercise": {
            "duration_s": round(long.loaded.clip.duration_s, 2),
            "segments": [[s.start_s, s.end_s, s.label] for s in long.loaded.clip.labels.segments],
            "wrist_hz": {name: round(hz, 2) for name, hz in long.wrist_hz.items()},
        },
        "physics": {
            "walking_vertical_mps2": round(facts.upright_mps2, 2),
            "gravity_mps2": GRAVITY,
            "thigh_stride_hz": {k: round(v, 2) for k, v in facts.stride_hz.items()},
            "pelvis_lightest_mps2": {k: round(v, 2) for k, v in facts.lightest_mps2.items()},
        },
        "pairs": {
            "takes": len(pairs),
            "bands_hz": list(BANDS_HZ),
            "acc_r": medians(pairs, "acc_r"),
            "acc_rmse_mps2": medians(pairs, "acc_rmse"),
            "acc_spread_mps2": medians(pairs, "spread_mps2"),
            "gyro_r": medians(pairs, "gyro_r"),
            "gyro_rmse_radps": medians(pairs, "gyro_rmse"),
            "gyro_r_unaligned": round(float(np.median([r.unaligned_gyro_r for r in pairs])), 2),
            "lag_s": round(float(np.median([abs(r.lag_s) for r in pairs])), 3),
            "ambiguous": sum(bool(r.ambiguous) for r in pairs),
            "by_action": {
                name: {"acc_r": medians(group, "acc_r"), "gyro_r": medians(group, "gyro_r")}
                for name, group in by_action.items()
            },
        },
    }
    (out / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    (out / "numbers.md").write_text(as_markdown(numbers), encoding="utf-8")
    return numbers


def _action(result: PairResult) -> int:
    return int(result.name.split("_")[0].removeprefix("a"))


def _draw_exercise(path: Path, long: Exercise) -> None:
    virtual = long.loaded.virtual
    assert virtual is not None
    acc = virtual.acc_mps2[:, virtual.sensor_index("left_wrist")].copy()
    acc[~virtual.valid_mask] = np.nan
    spans = [
        (s.start_s, s.end_s, s.label, PALETTE[i % len(PALETTE)])
        for i, s in enumerate(long.loaded.clip.labels.segments)
    ]
    rows = {f"{axis}, m/s2": [(BLUE, acc[:, i])] for i, axis in enumerate("xyz")}
    write_curves(path, virtual.times_s, rows, "13_29: virtual left wrist, human labels", spans)


def _draw_pair(path: Path, data: Path, name: str) -> None:
    folder = data / "utd_mhad"
    project = project_of(folder, (), labels_from_folders=False)
    loaded = load_clip(project, named(project, name), folder)
    after, _ = aligned_clip(loaded)
    (_, virtual), (_, real) = _both(loaded, after.recordings[0].alignment)
    times = np.arange(len(real)) / 50.0
    rows = {
        f"{axis}, rad/s": [(ORANGE, real[:, i]), (BLUE, virtual[:, i])]
        for i, axis in enumerate("xyz")
    }
    label = loaded.clip.labels.labels[0]
    write_curves(path, times, rows, f"{name} ({label}): gyroscope, real orange, virtual blue")


def as_markdown(numbers: Mapping[str, Any]) -> str:
    """The tables of docs/real-data.md."""
    acts, pairs = numbers["activities"], numbers["pairs"]
    lines = [f"Split: {acts['split']}", ""]
    lines += _table(
        ["actual ↓ predicted →", *acts["labels"]],
        [[label, *row] for label, row in zip(acts["labels"], acts["confusion"], strict=True)],
    )
    lines += ["", f"Accuracy {acts['accuracy']}, macro F1 {acts['macro_f1']} (five splits)", ""]
    bands = ["all" if band is None else f"< {band:g} Hz" for band in pairs["bands_hz"]]
    rows = [
        ["acceleration, r", *pairs["acc_r"]],
        ["acceleration, RMSE (m/s2)", *pairs["acc_rmse_mps2"]],
        ["gyroscope, r", *pairs["gyro_r"]],
        ["gyroscope, RMSE (rad/s)", *pairs["gyro_rmse_radps"]],
    ]
    lines += [*_table([f"median of {pairs['takes']} takes", *bands], rows), ""]
    rows = [
        [name, *(figure for pair in zip(f["acc_r"], f["gyro_r"], strict=True) for figure in pair)]
        for name, f in pairs["by_action"].items()
    ]
    columns = [f"{kind} r {band}" for band in bands for kind in ("acc", "gyro")]
    lines += [*_table(["action", *columns], rows), ""]
    return "\n".join(lines)


def _table(header: Sequence[object], rows: Sequence[Sequence[object]]) -> list[str]:
    ruled = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(str(cell) for cell in row) + " |" for row in ruled]


def main(arguments: Sequence[str]) -> int:
    data = real_data_folder()
    if len(arguments) != 1 or data is None:
        print(f"{__doc__}\nreal recordings: {data or 'not found'}", file=sys.stderr)
        return 2
    numbers = write(Path(arguments[0]), data)
    print(json.dumps({k: v for k, v in numbers["pairs"].items() if k != "by_action"}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
