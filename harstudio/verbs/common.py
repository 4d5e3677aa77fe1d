"""What the verbs share: a project opened, a job followed, results told in words."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress, finished

if TYPE_CHECKING:
    from harstudio.core.project import Project
    from harstudio.learn.judging.report import EvaluationReport
    from harstudio.store.project_file import ProjectFile

T = TypeVar("T")

_LINE_EVERY_S = 5.0


def followed(job: Job[T], title: str) -> T:
    """Run a job with a progress bar on a terminal, or a line now and then elsewhere."""
    from tqdm import tqdm

    from harstudio.workflows.batches import by_reason

    terminal, told = sys.stderr.isatty(), monotonic()
    with tqdm(
        desc=title, unit="", file=sys.stderr, leave=False, mininterval=0.2, disable=not terminal,
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining} {postfix}",
    ) as bar:  # fmt: skip

        def show(progress: Progress) -> None:
            nonlocal told
            left_out = progress.values.get("left_out", ())
            for note in by_reason(left_out if isinstance(left_out, tuple) else ()):
                tqdm.write(f"left out: {note}", file=sys.stderr)
            notes = progress.values.get("notes", ())
            for note in notes if isinstance(notes, tuple) else ():
                tqdm.write(f"note: {note}", file=sys.stderr)
            if not terminal:
                if monotonic() - told > _LINE_EVERY_S:
                    told = monotonic()
                    share = f" {progress.fraction:4.0%}" if progress.total else ""
                    print(f"{title}:{share} {progress.message}", file=sys.stderr, flush=True)
                return
            bar.total = progress.total or None
            bar.set_postfix_str(progress.message, refresh=False)
            bar.update(progress.done - bar.n)

        try:
            return finished(job, show)
        except KeyboardInterrupt:
            # It may have come while showing: the job must know it was interrupted, not cancelled.
            with suppress(KeyboardInterrupt, StopIteration):
                job.throw(KeyboardInterrupt())
            raise


def opened(path: Path) -> ProjectFile:
    """A project, to be read only."""
    from harstudio.store.project_file import ProjectFile

    return ProjectFile.open(path, read_only=True)


def refuse_read_only(file: ProjectFile) -> None:
    """HarstudioError if another holds the project, or its file cannot be written."""
    if file.read_only:
        raise HarstudioError(
            f"{file.path}: cannot be changed, {file.holder or 'it is read-only'}",
            "close the other window first",
        )


def names(text: str) -> tuple[str, ...]:
    """The names in a comma-separated list."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def clip_ids(project: Project, names: Sequence[str] | None) -> tuple[str, ...] | None:
    """Ids of clips by name, None for none named; HarstudioError if there is no such clip."""
    if not names:
        return None
    by_name = {clip.name: clip.id for clip in project.clips.values()}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise HarstudioError(f"no clip {unknown[0]!r} in project {project.name!r}")
    return tuple(by_name[name] for name in names)


def print_report(report: EvaluationReport) -> None:
    """The matrix and the headline figures; warnings go to stderr."""
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    width = max([9, *(len(label) for label in report.labels)])
    print(f"split: {report.split}; {report.total:,} windows")
    print("confusion (rows = actual, columns = predicted)")
    print(" " * (width + 2) + " ".join(f"{i + 1:>6}" for i in range(len(report.labels))))
    for number, (label, row) in enumerate(zip(report.labels, report.confusion, strict=True), 1):
        print(f"{number:>2} {label:<{width}}" + " ".join(f"{count:>6}" for count in row))
    print(f"accuracy {report.accuracy:.3f}  macro F1 {report.macro_f1:.3f}")
