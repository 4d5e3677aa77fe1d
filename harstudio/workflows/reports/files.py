"""A run's results as files: a page, tables, JSON, and figures for a paper."""

from __future__ import annotations

import json
from pathlib import Path

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress
from harstudio.core.project import Project
from harstudio.io.files import write_atomically
from harstudio.learn.judging.report_export import classes_csv, confusion_csv, windows_csv
from harstudio.workflows.reports.material import RunMaterial, gathered
from harstudio.workflows.reports.pages import run_page

PAGE, TABLES, DATA = "html", "csv", "json"
FIGURES = ("png", "svg", "pdf")
FORMATS = (PAGE, TABLES, DATA, *FIGURES)
DEFAULT_FORMATS = (PAGE, TABLES, DATA, "png")
ORDERS = ("given", "confusion")


def export_report(
    run_dir: Path,
    out: Path,
    formats: tuple[str, ...] = DEFAULT_FORMATS,
    project: Project | None = None,
    order: str = "given",
) -> Job[tuple[Path, ...]]:
    """Write what is known of a run.

    Parameters
    ----------
    out : Path
        A file ``*.html`` for the page alone, else a folder, made if it is missing. Files of the
        same names are replaced.
    formats : formats
        Of `FORMATS`: ``html`` writes ``report.html``; ``csv`` ``classes.csv``, ``windows.csv``
        and ``confusion.csv``; ``json`` ``report.json``; the others figures.
    project : Project, optional
        Names the clips, and gives the labels that segments are compared with.
    order : str
        Of the classes in the matrix: ``given``, or ``confusion``.

    Returns
    -------
    tuple of Path

    Raises
    ------
    HarstudioError
        An unfinished run, an unknown format or order, or a place that cannot be written.
    """
    _check(formats, order)
    yield Progress(0, 0, "Reading the run")
    return (yield from write_material(gathered(run_dir, project), out, formats, order))


def write_material(
    material: RunMaterial,
    out: Path,
    formats: tuple[str, ...] = DEFAULT_FORMATS,
    order: str = "given",
) -> Job[tuple[Path, ...]]:
    """`export_report` of results that are in memory; a file ``*.json`` takes those data alone."""
    if out.suffix.lower() == ".json":
        return (_written(out, json.dumps(report_json(material), indent=1)),)
    if out.suffix.lower() in (".html", ".htm"):
        write_atomically(out, run_page(material, order).encode())
        return (out,)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarstudioError(f"{out}: cannot be made ({error.strerror})") from error
    written = [_written(out / name, text) for name, text in _texts(material, formats, order)]
    figures = tuple(name for name in formats if name in FIGURES)
    if figures:
        yield Progress(0, 0, "Drawing the figures")
        from harstudio.workflows.reports.learning_figures import (
            draw_run,  # matplotlib: only if needed
        )

        written += yield from draw_run(material, out, figures, order)
    return tuple(written)


def _check(formats: tuple[str, ...], order: str) -> None:
    for got, known, what in ((formats, FORMATS, "formats"), ((order,), ORDERS, "order")):
        unknown = [name for name in got if name not in known]
        if unknown:
            raise HarstudioError(f"{what}: got {unknown[0]!r}, expected {', '.join(known)}")


def _texts(material: RunMaterial, formats: tuple[str, ...], order: str) -> list[tuple[str, str]]:
    report = material.report
    found = []
    if PAGE in formats:
        found.append(("report.html", run_page(material, order)))
    if TABLES in formats:
        found += [
            ("classes.csv", classes_csv(report)),
            ("windows.csv", windows_csv(report, material.clip_names)),
            ("confusion.csv", confusion_csv(report)),
        ]
    if DATA in formats:
        found.append(("report.json", json.dumps(report_json(material), indent=1)))
    return found


def report_json(material: RunMaterial) -> dict[str, object]:
    """The report's plain data, with intervals and segments where there are any."""
    data = material.report.to_json()
    data["run"] = material.name
    data["badge"] = material.report.badge
    spread = material.spread
    if spread is not None:
        data["spread"] = {
            "unit": spread.unit,
            "text": spread.text,
            "units": list(spread.names) if spread.dots else len(spread.names),
            "per_unit": {name: values.tolist() for name, values in spread.dots.items()},
            "intervals_95": {name: list(ends) for name, ends in spread.intervals.items()},
        }
    if material.segments is not None:
        data["segments"] = material.segments.to_json()
    return data


def _written(path: Path, text: str) -> Path:
    write_atomically(path, text.encode())
    return path
