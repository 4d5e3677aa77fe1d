"""Run folders: config.json, state.json, history.csv, model.safetensors, report.json."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from harstudio import __version__
from harstudio.core.errors import HarstudioError
from harstudio.learn.config import FinetuneConfig, TrainingConfig
from harstudio.learn.data.windows import Float32Array
from harstudio.learn.judging.report import EvaluationReport
from harstudio.learn.runs.checkpoint import Checkpoint
from harstudio.learn.runs.extras import (
    load_probabilities,
    looks_at,
    probabilities_name,
    save_probabilities,
)
from harstudio.learn.runs.files import read_json, write_json
from harstudio.learn.runs.state import (
    FAILED,
    FINISHED,
    RUNNING,
    STOPPED,
    RunState,
    StateWriter,
    read_state,
    reason_of,
)

CONFIG, HISTORY, MODEL = "config.json", "history.csv", "model.safetensors"
REPORT, BEFORE, STOP = "report.json", "before.json", "STOP"
CALIBRATION, NOTES, LAST = "calibration.json", "notes.json", "last.safetensors"
ALTERNATIVES = "alternatives.json"
REGRESSION = "regression.json"
"""How close the signals that a model makes come to measured ones, on the held-out part."""
FOLDS = "folds"
"""Folder of the runs of a cross-validation's folds."""
TRAINING, FINETUNING = "training", "finetuning"
PARTS_TOLD, SEEN_BEFORE = "parts", "seen_before"
"""Entries of config.json: who and what is in each part, and what the ancestors learnt from."""


@dataclass(frozen=True)
class EpochReport:
    """One row of history.csv; None where a figure does not exist.

    `epoch` counts epochs of a network, trees of a forest, and steps of fine-tuning. Training
    figures are running means over the epoch, with dropout at work.
    """

    epoch: int
    train_loss: float | None = None
    validation_loss: float | None = None
    train_accuracy: float | None = None
    validation_accuracy: float | None = None
    validation_macro_f1: float | None = None
    learning_rate: float | None = None
    seconds: float | None = None
    best: bool = False

    def values(self) -> dict[str, object]:
        """The figures by name, for `Progress.values`."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class RunSummary:
    """What a training job returns.

    Attributes
    ----------
    path : Path
        The run folder.
    report : EvaluationReport
        On the test part.
    best_epoch, epochs : int
        The epoch that was kept, and how many were run.
    stopped_early : str
        Why training ended before its time; empty if it did not.
    seconds : float
    """

    path: Path
    report: EvaluationReport
    best_epoch: int
    epochs: int
    stopped_early: str
    seconds: float


@dataclass(frozen=True)
class RunFolder:
    """Reads a run folder; every method raises HarstudioError for a missing or damaged file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def title(self) -> str:
        """The name that a person gave it; the folder's unless they did."""
        return self._noted("name") or self.path.name

    @property
    def notes(self) -> str:
        """What a person wrote about it."""
        return self._noted("notes")

    def note(self, *, name: str | None = None, notes: str | None = None) -> None:
        """Name it, or write notes about it; None leaves what is there."""
        kept = {"name": self._noted("name"), "notes": self.notes}
        changes = {"name": name, "notes": notes}
        changed = {key: old if changes[key] is None else changes[key] for key, old in kept.items()}
        write_json(self.path / NOTES, changed)

    @property
    def state(self) -> RunState:
        """How it stands; a run whose process died has failed. Never an error."""
        return read_state(self.path, has_report=self.finished)

    @property
    def resumable(self) -> bool:
        """Whether it ended before its time and can be taken up again."""
        return (self.path / LAST).is_file() and self.state.state != RUNNING

    @property
    def finished(self) -> bool:
        """Whether the run came to its report."""
        return (self.path / REPORT).is_file()

    @property
    def kind(self) -> str:
        """``training`` or ``finetuning``."""
        return str(self.about().get("kind", TRAINING))

    def about(self) -> dict[str, Any]:
        """config.json as it is: kind, config, labels, channels, data and split fingerprints."""
        return read_json(self.path / CONFIG)

    def config(self) -> TrainingConfig:
        """How the model was trained; for a fine-tuned one, how its ancestor was."""
        return TrainingConfig.from_json(self._entry("config"))

    def finetune_config(self) -> FinetuneConfig:
        """How the model was fine-tuned; HarstudioError if it was not."""
        return FinetuneConfig.from_json(self._entry("finetune"))

    def history(self) -> tuple[EpochReport, ...]:
        """The rows of history.csv."""
        path = self.path / HISTORY
        try:
            with path.open(newline="", encoding="utf-8") as file:
                return tuple(_row(row) for row in csv.DictReader(file))
        except OSError as error:
            raise HarstudioError(f"{path}: cannot be read ({error.strerror or error})") from error
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise HarstudioError(f"{path}: not a history ({error!r})") from error

    def checkpoint(self) -> Checkpoint:
        """The model."""
        if (self.path / FOLDS).is_dir() and not (self.path / MODEL).is_file():
            raise HarstudioError(
                f"{self.path}: a cross-validation has a model for each fold, and none of its own",
                f"name the run of one, e.g. {self.path / FOLDS / '01'}",
            )
        return Checkpoint.load(self.path / MODEL)

    def report(self) -> EvaluationReport:
        """The results on the held-out part, and how often it has been looked at since."""
        report = EvaluationReport.from_json(read_json(self.path / REPORT))
        return replace(report, looks=looks_at(self.path))

    def probabilities(self, report: EvaluationReport) -> Float32Array | None:
        """(N, K) of the windows of `report`, which `report` gave; None where not kept."""
        return load_probabilities(self.path / probabilities_name(REPORT), report)

    def before(self) -> EvaluationReport:
        """For a fine-tuned run: its parent's results on the same held-out part."""
        return EvaluationReport.from_json(read_json(self.path / BEFORE))

    def ask_to_stop(self) -> None:
        """Let a running job finish early and keep its best model."""
        try:
            (self.path / STOP).touch()
        except OSError as error:
            raise HarstudioError(f"{self.path}: cannot be written ({error.strerror})") from error

    def _noted(self, name: str) -> str:
        try:
            return str(read_json(self.path / NOTES).get(name, ""))
        except HarstudioError:
            return ""

    def _entry(self, name: str) -> Mapping[str, Any]:
        entry = self.about().get(name)
        if not isinstance(entry, dict):
            raise HarstudioError(f"{self.path / CONFIG}: has no entry {name!r}")
        return entry


def list_runs(folder: Path) -> tuple[RunFolder, ...]:
    """The run folders in a folder, newest first; unfinished ones too. Empty if there is none."""
    if not folder.is_dir():
        return ()
    found = [path.parent for path in folder.glob(f"*/{CONFIG}") if path.is_file()]
    newest = sorted(found, key=lambda path: (changed_ns(path / CONFIG), path.name))
    return tuple(RunFolder(path) for path in reversed(newest))


def changed_ns(path: Path) -> int:
    """When a file was last changed; 0 where it is not, or not any more."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


class RunWriter:
    """Writes a run folder as a job goes on, in a ``with``.

    A cancelled job leaves nothing behind, unless it took up an earlier run; one that was
    interrupted (Ctrl+C) or failed leaves what it has, and says why.

    Parameters
    ----------
    path : Path
        Made if it is missing.
    again : bool
        Take up the run that is there, rather than refuse to overwrite it.

    Raises
    ------
    HarstudioError
        The folder already holds a run (or, with `again`, none), or cannot be made.
    """

    def __init__(self, path: Path, *, again: bool = False) -> None:
        self.path, self._again = path, again
        held = any((path / name).exists() for name in (CONFIG, MODEL, REPORT))
        if held and not again:
            raise HarstudioError(f"{path}: already holds a run", "choose a new folder")
        if again and not held:
            raise HarstudioError(f"{path}: holds no run", "name a folder that `train -o` made")
        self._made, self._started = _make_folders(path), False
        self._written: set[str] = set()
        self._state = StateWriter(path, RunFolder(path).state if again else None)
        if again:
            self._start()
            (path / STOP).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif issubclass(kind, GeneratorExit | KeyboardInterrupt):
            cancelled = issubclass(kind, GeneratorExit)
            if self._again or (not cancelled and LAST in self._written):
                self.close(STOPPED, "cancelled" if cancelled else "interrupted")
            else:
                self.discard()
        elif error is not None:
            self.close(FAILED, reason_of(error))

    def about(self, kind: str, data: Mapping[str, Any]) -> None:
        """Write config.json: the run has begun."""
        self._start()
        write_json(self._file(CONFIG), {"kind": kind, "harstudio": __version__, **data})

    def row(self, row: EpochReport) -> None:
        """Append one row to history.csv, and its header before the first."""
        if self._again:
            # What it reported is of the model as it was; until now that is the one it has.
            for name in (REPORT, probabilities_name(REPORT)):
                (self.path / name).unlink(missing_ok=True)
        first = HISTORY not in self._written
        self._rows([row], "w" if first else "a")

    def history(self, rows: Sequence[EpochReport]) -> None:
        """Write history.csv anew."""
        self._rows(rows, "w")

    def _rows(self, rows: Sequence[EpochReport], mode: str) -> None:
        names = [f.name for f in fields(EpochReport)]
        path = self._file(HISTORY)
        try:
            with path.open(mode, newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                if mode == "w":
                    writer.writerow(names)
                writer.writerows([_cell(getattr(row, name)) for name in names] for row in rows)
        except OSError as error:
            raise HarstudioError(f"{path}: cannot be written ({error.strerror})") from error

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Put this model in place of the one before it."""
        checkpoint.save(self._file(MODEL))

    def keep(self, save: Callable[[Path], None]) -> None:
        """Put what a later sitting needs in place of what it needed before; note the time."""
        save(self._file(LAST))
        self._state.keep_time()

    def drop_kept(self) -> None:
        """Training is over: nothing is left to take up."""
        (self.path / LAST).unlink(missing_ok=True)

    def extra(self, files: Mapping[str, Mapping[str, Any]]) -> None:
        """Write further JSON files, by name."""
        for name, data in files.items():
            write_json(self._file(name), data)

    def report(self, report: EvaluationReport, name: str = REPORT) -> None:
        """Write a report."""
        if report.probabilities is not None:
            save_probabilities(self._file(probabilities_name(name)), report.probabilities)
        write_json(self._file(name), report.to_json())

    def asked_to_stop(self) -> bool:
        """Whether somebody put a file STOP there."""
        return (self.path / STOP).exists()

    def close(self, state: str = FINISHED, reason: str = "") -> None:
        """The run has come to an end, and any request to stop has been met; only once."""
        (self.path / STOP).unlink(missing_ok=True)
        if self._started:
            self._started = False
            self._state.end(state, reason)

    def discard(self) -> None:
        """Remove what this writer wrote, and the folders that it made and that are empty."""
        (self.path / STOP).unlink(missing_ok=True)
        for name in self._written:
            (self.path / name).unlink(missing_ok=True)
        if self._started:
            self._started = False
            self._state.drop()
        for folder in self._made:
            if any(folder.iterdir()):
                break
            folder.rmdir()

    def _start(self) -> None:
        if not self._started:
            self._state.start()
            self._started = True

    def _file(self, name: str) -> Path:
        self._written.add(name)
        return self.path / name


def _make_folders(path: Path) -> list[Path]:
    """Make a folder and its missing parents; those made, innermost first."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarstudioError(f"{path}: cannot be made ({error.strerror})") from error
    if not os.access(path, os.W_OK):
        raise HarstudioError(f"{path}: cannot be written")
    return missing


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _row(row: Mapping[str, str]) -> EpochReport:
    figures = {
        f.name: float(row[f.name]) if row[f.name] else None
        for f in fields(EpochReport)
        if f.name not in ("epoch", "best")
    }
    return EpochReport(epoch=int(row["epoch"]), best=row["best"] == "1", **figures)
