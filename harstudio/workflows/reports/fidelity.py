"""A comparison as files: tables for programs, figures for papers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import harstudio
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import Project
from harstudio.imu.compare import BANDS_HZ, FidelityMetrics
from harstudio.imu.simulate import SimulationOptions
from harstudio.io.files import write_atomically
from harstudio.workflows.comparing import (
    ALL,
    CALIBRATED,
    Comparison,
    ComparisonRow,
    compare_project,
)

CSV_NAME, JSON_NAME = "fidelity.csv", "fidelity.json"
FIGURE_FORMATS = ("png", "svg", "pdf")

_WHAT = (
    "clip", "subject", "recording", "label", "sensor", "quantity", "unit", "virtual", "seconds",
    "samples",
)  # fmt: skip
_HOW = (
    "aligned", "offset_s", "offset_sd_s", "drift_ppm", "drift_sd_ppm", "rotation_sd_rad",
    "ambiguous",
)  # fmt: skip
_AXES = ("x", "y", "z")

NOTES = {
    "rmse": "root mean square of virtual minus real; the first value is over all three axes",
    "nrmse": "rmse over the standard deviation of the real signal: 1 is no better than a constant",
    "r": "Pearson correlation; the first value is the mean over the axes",
    "magnitude_mse": "mean of (|virtual| - |real|)^2, unit squared; blind to orientation",
    "coherence": "magnitude-squared, mean over 0.5 to 10 Hz weighted by the real signal's power; "
    "unrelated signals show about 1 / coherence_segments",
    "psd_ratio": "power of virtual over power of real within a band, all axes",
    "lag_ms": "how much later the real signal still comes",
    "wasserstein": "first Wasserstein distance of the distributions of values, in the unit",
    "alignment": "lag, drift and mounting were fitted to the signals that are compared",
    "offset_sd_s": "standard deviation that the fit gave the lag, in the middle of the overlap; "
    "as drift_sd_ppm and rotation_sd_rad (of the sensor's mounting) empty where unknown: by hand, "
    "from a project of before they were kept, or the signals do not tell",
    "ambiguous": "why the fit of the alignment may be wrong, stored or made for this comparison",
}


@dataclass(frozen=True)
class Report:
    """What was written, and its summary.

    Attributes
    ----------
    folder : Path
    files : tuple of Path
    rows : tuple of ComparisonRow
        Of all clips together.
    clips, recordings_fitted, ambiguous : int
        Clips compared; of their recordings, those aligned only for this; of all, doubtful ones.
    failures : tuple of (clip name, reason)
    """

    folder: Path
    files: tuple[Path, ...]
    rows: tuple[ComparisonRow, ...]
    clips: int
    recordings_fitted: int
    ambiguous: int
    failures: tuple[tuple[str, str], ...]


def report_project(
    project: Project,
    folder: Path,
    out: Path,
    clip_ids: tuple[str, ...] | None = None,
    figures: tuple[str, ...] = ("png",),
    calibrate: bool = False,
    options: SimulationOptions | None = None,
) -> Job[Report]:
    """Compare clips of a project and write the result into a folder.

    Writes ``fidelity.csv``, ``fidelity.json`` and, in each of the formats, the figures of
    `harstudio.workflows.reports.figures`. Files of those names are replaced.

    Parameters
    ----------
    folder : Path
        Of the project file.
    out : Path
        Made if it is missing.
    clip_ids, calibrate, options
        As for `compare_project`.
    figures : formats
        Of png, svg and pdf; none writes tables only.

    Raises
    ------
    HarstudioError
        As `compare_project`; an unknown format, or a folder that cannot be written.
    """
    unknown = [name for name in figures if name not in FIGURE_FORMATS]
    if unknown:
        raise HarstudioError(f"figures: got {unknown[0]!r}, expected {', '.join(FIGURE_FORMATS)}")
    comparison = yield from compare_project(
        project, folder, clip_ids, calibrate=calibrate, options=options
    )
    yield Progress(0, 0, "Writing the tables")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarstudioError(f"{out}: cannot be made ({error.strerror})") from error
    files = [out / CSV_NAME, out / JSON_NAME]
    write_atomically(files[0], csv_text(comparison.rows).encode())
    write_atomically(files[1], json.dumps(as_json(project, comparison), indent=1).encode())
    if figures:
        yield Progress(0, 0, "Drawing the figures")
        from harstudio.workflows.reports.figures import (
            draw_figures,  # matplotlib: only where it is needed
        )

        files += yield from draw_figures(comparison, out, figures)
    fitted = {(p.clip, p.recording) for p in comparison.pairs if p.is_fresh}
    doubtful = {(p.clip, p.recording) for p in comparison.pairs if p.ambiguous}
    return Report(
        folder=out,
        files=tuple(files),
        rows=tuple(row for row in comparison.rows if row.of_all_clips),
        clips=comparison.clips,
        recordings_fitted=len(fitted),
        ambiguous=len(doubtful),
        failures=comparison.failures,
    )


def csv_text(rows: Sequence[ComparisonRow]) -> str:
    """One line per row; a cell is empty where there is no such figure."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    cells = [_cells(row) for row in rows]
    lines.writerow(cells[0] if cells else (*_WHAT, *_HOW))
    lines.writerows([_text(value) for value in each.values()] for each in cells)
    return text.getvalue()


def as_json(project: Project, comparison: Comparison) -> dict[str, object]:
    """The rows with what they mean; null where there is no such figure."""
    return {
        "project": project.name,
        "harstudio": harstudio.__version__,
        "rate_hz": comparison.pairs[0].rate_hz,
        "meaning": NOTES,
        "rows": [
            {name: _plain(value) for name, value in _cells(row).items()} for row in comparison.rows
        ],
        "failures": [{"clip": name, "reason": reason} for name, reason in comparison.failures],
    }


def summary_text(report: Report) -> str:
    """The rows of all clips as a table for a terminal; calibrated ones without their labels."""
    header = (
        f"{'sensor':<18}{'label':<18}{'':<5}{'s':>7}{'RMSE':>8}{'NRMSE':>7}{'r':>7}"
        f"{'coh.':>6}{'lag ms':>8}{'W1 |.|':>8}"
    )
    calibrated = len({row.virtual for row in report.rows}) > 1
    lines = [header + ("  virtual" if calibrated else "")]
    for row in report.rows:
        if row.virtual == CALIBRATED and row.label != ALL:
            continue
        m = row.metrics
        lines.append(
            f"{row.sensor:<18}{row.label:<18}{row.quantity:<5}{row.seconds:>7.1f}"
            f"{m.rmse_all:>8.3f}{m.nrmse_all:>7.2f}{_number(m.r_mean, 7, 3)}"
            f"{_number(m.coherence_mean, 6, 2)}{_number(m.lag_s * 1e3, 8, 1)}"
            f"{_number(m.magnitude_wasserstein, 8, 3)}" + (f"  {row.virtual}" * calibrated)
        )
    lines.append("RMSE and W1 in m/s2 (acc), rad/s (gyro); NRMSE: over the real signal's deviation")
    lines.append(counts_text(report))
    return "\n".join(lines)


def counts_text(report: Report) -> str:
    """How many clips, how many were aligned for it, and how many alignments are in doubt."""
    text = f"{_counted(report.clips, 'clip')} compared"
    if report.recordings_fitted:
        text += f", {_counted(report.recordings_fitted, 'recording')} aligned for it"
    if report.ambiguous:
        text += f", {report.ambiguous} ambiguously aligned"
    return text + (f", {len(report.failures)} left out" if report.failures else "")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _cells(row: ComparisonRow) -> dict[str, object]:
    m: FidelityMetrics = row.metrics
    cells: dict[str, object] = {name: getattr(row, name) for name in _WHAT if name != "samples"}
    cells["samples"] = m.samples
    for name, total, axes in (
        ("rmse", m.rmse_all, m.rmse),
        ("nrmse", m.nrmse_all, m.nrmse),
        ("r", m.r_mean, m.r),
        ("coherence", m.coherence_mean, m.coherence),
    ):
        cells[name] = total
        cells |= {f"{name}_{axis}": v for axis, v in zip(_AXES, axes, strict=True)}
    cells["coherence_segments"] = m.coherence_segments
    cells["magnitude_mse"] = m.magnitude_mse
    for (low, high), ratio in zip(BANDS_HZ, m.psd_ratio, strict=True):
        cells[f"psd_ratio_{low:g}_{high:g}_hz"] = ratio
    cells["lag_ms"] = m.lag_s * 1e3
    cells |= {f"wasserstein_{axis}": v for axis, v in zip(_AXES, m.wasserstein, strict=True)}
    cells["wasserstein_magnitude"] = m.magnitude_wasserstein
    return cells | {name: getattr(row, name) for name in _HOW}


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}" if isfinite(value) else ""
    return str(value)


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not isfinite(value) else value


def _number(value: float, width: int, digits: int) -> str:
    return f"{value:>{width}.{digits}f}" if isfinite(value) else f"{'-':>{width}}"
