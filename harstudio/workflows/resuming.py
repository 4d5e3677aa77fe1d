"""Take up a training that was stopped, interrupted or killed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job
from harstudio.core.project import Project
from harstudio.learn.fit.training import check_resumable, planned_split, resume
from harstudio.learn.runs.folder import RunFolder
from harstudio.workflows.training import prepared, training_windows

if TYPE_CHECKING:
    from harstudio.learn.runs.folder import RunSummary

SUFFIX = ".harstudio"


def resume_project(project: Project, folder: Path, run_dir: Path) -> Job[RunSummary]:
    """Go on with a run from its last whole epoch, on the same clips.

    Parameters
    ----------
    project : Project
        As it was: labels, clips and signals of the run must not have changed.
    folder : Path
        Of the project file.
    run_dir : Path

    Raises
    ------
    HarstudioError
        A run that came to its end, is going on, or whose windows are no longer the same.
    """
    run = RunFolder(run_dir)
    check_resumable(run)
    config, origin = run.config(), run.about().get("origin", {})
    clips = origin.get("clips") if isinstance(origin, dict) else None
    if not isinstance(clips, list) or not clips:
        raise HarstudioError(
            f"{run_dir}: does not say which clips it was trained on", "start a new run"
        )
    gone = [clip for clip in clips if clip not in project.clips]
    if gone:
        raise HarstudioError(
            f"{run_dir}: {len(gone)} of its {len(clips)} clips are not in project {project.name!r}",
            "name the project that it was trained on",
        )
    windows, notes = yield from training_windows(project, folder, config, tuple(clips))
    split = planned_split(windows, config)
    windows, split, more, _files = yield from prepared(project, folder, config, windows, split)
    return (yield from resume(windows, run_dir, warnings=(*notes, *more), split=split))


def project_of_run(run_dir: Path) -> Path:
    """The project file that a run was trained on, where that can be told.

    Runs of the window lie in NAME-runs beside NAME.harstudio; others name their project's folder.

    Raises
    ------
    HarstudioError
        There is no such file, or there are several.
    """
    run = RunFolder(run_dir)
    runs = run_dir.resolve().parent
    beside = runs.parent / (runs.name.removesuffix("-runs") + SUFFIX)
    if runs.name.endswith("-runs") and beside.is_file():
        return beside
    origin = run.about().get("origin", {})
    folder = Path(str(origin.get("folder", ""))) if isinstance(origin, dict) else Path()
    found = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_absolute() else []
    if len(found) != 1:
        raise HarstudioError(
            f"{run_dir}: cannot tell which project it was trained on",
            "name it: harstudio train PROJECT --resume RUN",
        )
    return found[0]
