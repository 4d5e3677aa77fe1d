"""What lies in a run folder beside the report: every window's probabilities, and the looks taken.

A test part that is looked at again and again, and the better figure kept, is a validation part.
So each look is counted, with what was looked at and when.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from harstudio.core.errors import HarstudioError
from harstudio.learn.data.windows import Float32Array
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.runs.files import read_json, read_npz, write_json, write_whole

LOOKS = "looks.json"
_ARRAY = "probabilities"
_LOOKS_UNTOLD = 2
"""The run's own report, and one more."""


@dataclass(frozen=True)
class Look:
    """One evaluation after the run's own: when (UTC, ISO 8601), on what, on how many windows."""

    when: str
    what: str
    windows: int


def probabilities_name(report_name: str) -> str:
    """``probabilities.npz`` for ``report.json``, ``before_probabilities.npz`` for before.json."""
    stem = report_name.removesuffix(".json")
    return f"{_ARRAY}.npz" if stem == "report" else f"{stem}_{_ARRAY}.npz"


def save_probabilities(path: Path, probabilities: Float32Array) -> None:
    """Write (N, K) probabilities as a compressed npz without pickles."""

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez_compressed(file, probabilities=probabilities.astype(np.float32))

    write_whole(path, write)


def load_probabilities(path: Path, report: EvaluationReport) -> Float32Array | None:
    """The probabilities of a report's windows; None where they were not kept.

    Returns
    -------
    (N, K) float32 array, rows as in ``report.windows``, columns as in ``report.labels``

    Raises
    ------
    HarstudioError
        The file is damaged, or belongs to another report.
    """
    if not path.is_file():
        return None
    try:
        probabilities = read_npz(path, (_ARRAY,))[_ARRAY]
    except HarstudioError as error:
        raise HarstudioError(error.message, "delete it: the report is whole without it") from error
    expected = (len(report.windows), len(report.labels))
    if probabilities.shape != expected or probabilities.dtype != np.float32:
        raise HarstudioError(
            f"{path}: holds {probabilities.dtype} of shape {probabilities.shape}, "
            f"expected float32 of shape {expected}",
            "delete it: the report is whole without it",
        )
    if not ((probabilities >= 0) & (probabilities <= 1.0001)).all():
        raise HarstudioError(f"{path}: holds numbers that are no probabilities")
    found: Float32Array = probabilities
    return found


def later_looks(run_dir: Path) -> tuple[Look, ...]:
    """The evaluations on a run's test part since it was trained, oldest first."""
    path = run_dir / LOOKS
    if not path.is_file():
        return ()
    rows = read_json(path).get("looks")
    try:
        return tuple(
            Look(str(row["when"]), str(row["what"]), int(row["windows"])) for row in rows or ()
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise HarstudioError(f"{path}: not a list of looks ({error!r})") from error


def looks_at(run_dir: Path) -> int:
    """How often a finished run's test part has been looked at; its own report is the first."""
    return 1 + len(later_looks(run_dir))


def count_look(run_dir: Path, what: str, windows: int) -> int:
    """Write down that the run was judged again on windows of its test part.

    Returns
    -------
    int
        How often that makes.
    """
    look = Look(datetime.now(UTC).isoformat(timespec="seconds"), what, windows)
    looks = (*later_looks(run_dir), look)
    write_json(run_dir / LOOKS, {"looks": [asdict(each) for each in looks]})
    return 1 + len(looks)


def looks_text(looks: int) -> str:
    """How often a test part was looked at, in words."""
    times = {1: "once", 2: "twice"}.get(looks, f"{looks} times")
    return f"the test part was looked at {times}"


def looks_caution(looks: int) -> str:
    """What to tell from the third look on; empty before."""
    if looks <= _LOOKS_UNTOLD:
        return ""
    return f"{looks_text(looks)}: figures that were chosen by looking are too good"
