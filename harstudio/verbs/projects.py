"""The verbs that make, open and fill projects."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from harstudio.core.errors import HarstudioError
from harstudio.verbs.common import followed, refuse_read_only

if TYPE_CHECKING:
    from harstudio.core.project import Project

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def demo(options: argparse.Namespace) -> int:
    if options.headless is None:
        app = _window("harstudio demo --headless DIR makes the demo project without one")
        from harstudio.gui.settings import Settings

        code: int = app.run(demo=options.folder or Settings().demo_folder)
        return code
    from harstudio.workflows.demo import make_demo

    path = followed(make_demo(options.headless), "Demo")
    print(path)
    return 0


def gui(options: argparse.Namespace) -> int:
    code: int = _window("the other verbs work without one").run(options.project)
    return code


def _window(otherwise: str) -> ModuleType:
    """The module that opens the window; HarstudioError, before Qt is touched, without a screen."""
    linux = sys.platform.startswith("linux")
    if linux and not any(os.environ.get(name) for name in _DISPLAYS):
        raise HarstudioError("there is no display to open a window on", otherwise)
    try:
        return importlib.import_module("harstudio.gui.app")
    except ImportError as error:  # Qt without the system's libraries
        raise HarstudioError(
            f"the window cannot be loaded: {error}",
            "python3 packaging/start.py demo says which system packages are missing",
        ) from error


def import_(options: argparse.Namespace) -> int:
    from harstudio.store.project_file import ProjectFile

    path: Path = options.project
    if path.exists():
        with ProjectFile.open(path) as file:
            refuse_read_only(file)
            before = file.project
            after = _imported(before, file.folder, options)
            file.write(before, after, f"Import {options.folder.name}")
        return 0
    from harstudio.body.sites import LAYOUTS, layout_of
    from harstudio.core.project import Project

    if not path.absolute().parent.is_dir():
        raise HarstudioError(f"{path}: there is no folder {path.absolute().parent}")
    empty = Project(path.stem, layout_of(LAYOUTS["xiao2020"], "xiao2020"))
    after = _imported(empty, path.absolute().parent, options)
    ProjectFile.create(path, after).close()
    return 0


def _imported(before: Project, home: Path, options: argparse.Namespace) -> Project:
    """The project with what was found in the folder; HarstudioError if there was nothing."""
    from harstudio.workflows.importing import import_folder, with_imported

    job = import_folder(
        before, home, options.folder, labels_from_folders=options.labels_from_folders
    )
    found = followed(job, "Import")
    for item in found.rejected:
        print(f"refused: {item.path}: {item.reason}", file=sys.stderr)
    for item in found.skipped:
        print(f"skipped: {item.path}: {item.reason}", file=sys.stderr)
    joined = f", {len(found.recordings)} recordings of known clips" if found.recordings else ""
    known = f", {found.known} known already" if found.known else ""
    skipped = f", {len(found.skipped)} skipped" if found.skipped else ""
    counts = f"{len(found.clips)} clips imported{joined}{known}, {len(found.rejected)} refused"
    if not (found.clips or found.recordings or found.known):
        seen = found.rejected or found.skipped
        raise HarstudioError(f"{options.folder}: {counts if seen else 'no motion or recording'}")
    print(counts + skipped)
    return with_imported(before, found)


def relink(options: argparse.Namespace) -> int:
    from harstudio.store.project_file import ProjectFile
    from harstudio.workflows.relinking import find_missing, with_found

    with ProjectFile.open(options.project) as file:
        refuse_read_only(file)
        project = file.project
        found = followed(find_missing(project, file.folder, options.folder), "Relink")
        file.write(project, with_found(project, found, file.folder), "Find moved files")
    for source in found.missing:
        print(f"missing: {source.path}", file=sys.stderr)
    print(f"{len(found.found)} files found again, {len(found.missing)} still missing")
    return 0 if not found.missing else 1
