"""The command line: one verb per job, none of which needs a display but `gui` and `demo`."""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import harstudio
from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress, finished

if TYPE_CHECKING:
    from harstudio.core.project import Project
    from harstudio.learn.report import EvaluationReport
    from harstudio.store.project_file import ProjectFile

T = TypeVar("T")

_RUN_HELP = "run folder, as `harstudio train -o` made it"
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
_LINE_EVERY_S = 5.0
_PROJECT_HELP = "project file (NAME.harstudio)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the exit code is 0, 1 after an error, 2 for wrong usage, 130 if interrupted."""
    multiprocessing.freeze_support()
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help()
        return 2
    try:
        code: int = options.run(options)
        return code
    except HarstudioError as error:
        return _fail(str(error))
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        return _fail(f"{named}{error.strerror or error}")
    except MemoryError:
        return _fail("out of memory")
    except KeyboardInterrupt:
        print("harstudio: interrupted", file=sys.stderr)
        return 130


def _fail(message: str) -> int:
    print("harstudio: " + " ".join(message.split("\n")), file=sys.stderr)
    return 1


def gui_main() -> int:
    """Entry without a console: the window on the last project, or on a file given to it."""
    multiprocessing.freeze_support()
    return main(["gui", *sys.argv[1:]])


# -- verbs -------------------------------------------------------------------------------


def _demo(options: argparse.Namespace) -> int:
    if options.headless is None:
        app = _window("harstudio demo --headless DIR makes the demo project without one")
        from harstudio.gui.settings import Settings

        code: int = app.run(demo=options.folder or Settings().demo_folder)
        return code
    from harstudio.workflows.demo import make_demo

    path = _followed(make_demo(options.headless), "Demo")
    print(path)
    return 0


def _gui(options: argparse.Namespace) -> int:
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


def _import(options: argparse.Namespace) -> int:
    from harstudio.store.project_file import ProjectFile

    path: Path = options.project
    if path.exists():
        with ProjectFile.open(path) as file:
            _refuse_read_only(file)
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
    found = _followed(job, "Import")
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


def _simulate(options: argparse.Namespace) -> int:
    from harstudio.body.sites import layout_of
    from harstudio.imu.simulate import SimulationOptions
    from harstudio.workflows.parallel import ALL_CORES, dask_cluster
    from harstudio.workflows.simulating import simulate_folder

    if options.jobs is not None and options.jobs < 1:
        raise HarstudioError(f"--jobs: got {options.jobs}, expected at least 1")
    job = simulate_folder(
        options.folder,
        options.output,
        layout_of(_names(options.sites)),
        SimulationOptions(preset=options.preset, rate_hz=options.rate),
        options.body,
        jobs=ALL_CORES if options.dask else options.jobs,
        again=options.again,
    )
    with dask_cluster(options.dask) if options.dask else nullcontext():
        done = _followed(job, "Simulate")
    index = options.output / "index.csv"
    if not done.done:
        worst = next(row for row in done.rows if row.reason)
        raise HarstudioError(f"no motion simulated: {worst.path}: {worst.reason}", f"see {index}")
    kept = f" ({done.kept} up to date)" if done.kept else ""
    print(
        f"{done.done} motions{kept}, {done.frames:,} frames in {done.seconds:.1f} s; "
        f"{done.failed} failed, {len(done.rows) - done.done - done.failed} skipped; see {index}"
    )
    return 0


def _train(options: argparse.Namespace) -> int:
    from harstudio.learn.config import TrainingConfig
    from harstudio.workflows.training import check_trainable, train_project, training_clips

    chosen = {
        "model": options.model,
        "sensors": _names(options.sites) if options.sites else (),
        "channels": options.channels,
        "split": options.split,
        "epochs": options.epochs,
        "seed": options.seed,
        "window_s": options.window,
        "overlap": options.overlap,
        "min_share": options.min_share,
        "loss": options.loss,
        "preset": options.preset,
        "people": options.people,
    }
    config = TrainingConfig(**{k: v for k, v in chosen.items() if v is not None})
    with _opened(options.project) as file:
        ids = training_clips(file.project, include_recorded=options.include_recorded)
        check_trainable(file.project, config, ids)
        summary = _followed(
            train_project(file.project, file.folder, config, options.output, ids), "Train"
        )
    _print_report(summary.report)
    print(f"run: {summary.path}")
    return 0


def _finetune(options: argparse.Namespace) -> int:
    from harstudio.learn.config import FinetuneConfig
    from harstudio.workflows.training import finetune_project

    with _opened(options.project) as file:
        ids = _clip_ids(file.project, options.clip)
        config = FinetuneConfig(steps=options.steps, seed=options.seed)
        summary = _followed(
            finetune_project(
                file.project, file.folder, options.parent, ids, config, options.output
            ),
            "Fine-tune",
        )
    print("before:")
    _print_report(summary.before)
    print("after:")
    _print_report(summary.after)
    print(f"run: {options.output}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    import json

    from harstudio.io.files import write_atomically
    from harstudio.workflows.training import evaluate_project

    with _opened(options.project) as file:
        report = _followed(
            evaluate_project(file.project, file.folder, options.parent, options.signals),
            "Evaluate",
        )
    _print_report(report)
    if options.output is not None:
        write_atomically(options.output, json.dumps(report.to_json(), indent=1).encode())
        print(f"report: {options.output}")
    return 0


def _export(options: argparse.Namespace) -> int:
    from harstudio.workflows.exporting import export_labels

    with _opened(options.project) as file:
        rows = export_labels(file.project, options.labels, excluded=options.excluded)
    print(f"{rows} segments written to {options.labels}")
    return 0


def _align(options: argparse.Namespace) -> int:
    from harstudio.store.project_file import ProjectFile
    from harstudio.workflows.aligning import align_clips

    with ProjectFile.open(options.project) as file:
        _refuse_read_only(file)
        project = file.project
        ids = _clip_ids(project, options.clip) or tuple(
            clip.id for clip in project.clips.values() if clip.recordings and clip.motion
        )
        if not ids:
            raise HarstudioError(f"{options.project}: no clip has both a motion and a recording")
        found = _followed(align_clips(project, file.folder, ids), "Align")
        file.write(project, project.with_clips(found.clips), "Align recordings")
    for name, reason in found.failures:
        print(f"not aligned: {reason if name in reason else f'{name}: {reason}'}", file=sys.stderr)
    for name, fit in found.fits:
        shift = fit.alignment
        note = f"  ambiguous: {fit.ambiguous}" if fit.ambiguous else ""
        print(f"{name}: offset {shift.offset_s:+.4f} s, drift {shift.drift_ppm:+.1f} ppm{note}")
    return 0


def _compare(options: argparse.Namespace) -> int:
    from harstudio.imu.simulate import SimulationOptions
    from harstudio.workflows.reporting import report_project, summary_text

    with _opened(options.project) as file:
        project = file.project
        ids = _clip_ids(project, options.clip)
        simulation = SimulationOptions(rate_hz=project.rate_hz, window_s=options.window)
        report = _followed(
            report_project(
                project, file.folder, options.output, ids, _names(options.figures),
                options.calibrate, simulation,
            ),
            "Compare",
        )  # fmt: skip
    print(summary_text(report))
    print(f"{len(report.files)} files in {options.output}")
    return 0


def _relink(options: argparse.Namespace) -> int:
    from harstudio.store.project_file import ProjectFile
    from harstudio.workflows.relinking import find_missing, with_found

    with ProjectFile.open(options.project) as file:
        _refuse_read_only(file)
        project = file.project
        found = _followed(find_missing(project, file.folder, options.folder), "Relink")
        file.write(project, with_found(project, found, file.folder), "Find moved files")
    for source in found.missing:
        print(f"missing: {source.path}", file=sys.stderr)
    print(f"{len(found.found)} files found again, {len(found.missing)} still missing")
    return 0 if not found.missing else 1


# -- helpers -----------------------------------------------------------------------------


def _followed(job: Job[T], title: str) -> T:
    """Run a job with a progress bar on a terminal, or a line now and then elsewhere."""
    from tqdm import tqdm

    terminal, told = sys.stderr.isatty(), monotonic()
    with tqdm(
        desc=title, unit="", file=sys.stderr, leave=False, mininterval=0.2, disable=not terminal,
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining} {postfix}",
    ) as bar:  # fmt: skip

        def show(progress: Progress) -> None:
            nonlocal told
            left_out = progress.values.get("left_out", ())
            for note in left_out if isinstance(left_out, tuple) else ():
                tqdm.write(f"left out: {note}", file=sys.stderr)
            if not terminal:
                if monotonic() - told > _LINE_EVERY_S:
                    told = monotonic()
                    share = f" {progress.fraction:4.0%}" if progress.total else ""
                    print(f"{title}:{share} {progress.message}", file=sys.stderr, flush=True)
                return
            bar.total = progress.total or None
            bar.set_postfix_str(progress.message, refresh=False)
            bar.update(progress.done - bar.n)

        return finished(job, show)


def _opened(path: Path) -> ProjectFile:
    from harstudio.store.project_file import ProjectFile

    return ProjectFile.open(path, read_only=True)


def _refuse_read_only(file: ProjectFile) -> None:
    if file.read_only:
        raise HarstudioError(
            f"{file.path}: cannot be changed, {file.holder or 'it is read-only'}",
            "close the other window first",
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _clip_ids(project: Project, names: Sequence[str] | None) -> tuple[str, ...] | None:
    if not names:
        return None
    by_name = {clip.name: clip.id for clip in project.clips.values()}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise HarstudioError(f"no clip {unknown[0]!r} in project {project.name!r}")
    return tuple(by_name[name] for name in names)


def _print_report(report: EvaluationReport) -> None:
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    width = max([9, *(len(label) for label in report.labels)])
    print(f"split: {report.split}; {report.total:,} windows")
    print("confusion (rows = actual, columns = predicted)")
    print(" " * (width + 2) + " ".join(f"{i + 1:>6}" for i in range(len(report.labels))))
    for number, (label, row) in enumerate(zip(report.labels, report.confusion, strict=True), 1):
        print(f"{number:>2} {label:<{width}}" + " ".join(f"{count:>6}" for count in row))
    print(f"accuracy {report.accuracy:.3f}  macro F1 {report.macro_f1:.3f}")


# -- parser ------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="harstudio",
        description="Relabel motion clips by eye, compare real with virtual wearable signals, "
        "train and fine-tune activity recognition.",
    )
    parser.add_argument("--version", action="version", version=harstudio.__version__)
    parser.set_defaults(run=None)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")

    verb = _verb(verbs, "demo", _demo, "open the window on a demo project of synthetic people")
    verb.add_argument("folder", type=Path, nargs="?", help="where to make it")
    verb.add_argument(
        "--headless", type=Path, metavar="DIR", help="only make the project in DIR; no display"
    )

    verb = _verb(verbs, "gui", _gui, "open the window")
    verb.add_argument("project", type=Path, nargs="?", help=_PROJECT_HELP)

    verb = _verb(
        verbs, "import", _import, "add the motions and recordings of a folder to a project"
    )
    verb.add_argument("project", type=Path, help=_PROJECT_HELP + "; made if it is missing")
    verb.add_argument("folder", type=Path, help="searched recursively")
    verb.add_argument(
        "--labels-from-folders", action="store_true", help="label clips with their folder's name"
    )

    verb = _verb(verbs, "simulate", _simulate, "simulate sensors on every motion of a folder")
    verb.add_argument("folder", type=Path, help="motions, searched recursively")
    verb.add_argument("--sites", required=True, help="comma-separated, e.g. left_wrist,head")
    verb.add_argument("--rate", type=float, default=60.0, help="Hz (60)")
    verb.add_argument("--preset", choices=("physical", "paper"), default="physical")
    verb.add_argument("--body", type=Path, help="SMPL model file or folder (the open body)")
    verb.add_argument("--jobs", type=int, metavar="N", help="processes (a large folder: all cores)")
    verb.add_argument("--dask", metavar="ADDRESS", help="work on a Dask cluster: its scheduler")
    verb.add_argument("--again", action="store_true", help="also motions that are up to date")
    verb.add_argument("-o", "--output", type=Path, required=True, help="folder for the results")

    verb = _verb(verbs, "train", _train, "train a model on the virtual signals of labelled clips")
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--model", default="xiao2020", help="xiao2020, cnn or random_forest")
    verb.add_argument("--sites", help="sensors, comma-separated (all of the project's layout)")
    verb.add_argument("--channels", choices=("acc", "acc_gyro"))
    verb.add_argument("--split", choices=("subject", "clip", "random_windows"))
    verb.add_argument(
        "--include-recorded",
        action="store_true",
        help="also people with a real recording; kept out by default, for an honest fine-tuning",
    )
    verb.add_argument("--epochs", type=int)
    verb.add_argument("--seed", type=int)
    verb.add_argument("--window", type=float, help="seconds (1)")
    verb.add_argument("--overlap", type=float, help="share of a window (0.5)")
    verb.add_argument("--min-share", type=float, help="least share of the majority label (0.6)")
    verb.add_argument("--loss", choices=("cross_entropy", "squared_error"))
    verb.add_argument("--preset", choices=("physical", "paper"))
    verb.add_argument(
        "--people",
        type=int,
        metavar="N",
        help="made-up people (shape, size, placement) who repeat each training clip (0)",
    )
    verb.add_argument("-o", "--output", type=Path, required=True, help="run folder to make")

    verb = _verb(verbs, "finetune", _finetune, "adapt a trained network to a real recording")
    verb.add_argument("parent", metavar="RUN", type=Path, help=_RUN_HELP)
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--clip", action="append", help="clip by name; all with a recording")
    verb.add_argument("--steps", type=int, default=200)
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("-o", "--output", type=Path, required=True, help="run folder to make")

    verb = _verb(verbs, "evaluate", _evaluate, "judge a trained model on labelled clips")
    verb.add_argument("parent", metavar="RUN", type=Path, help=_RUN_HELP)
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--signals", choices=("virtual", "real"), default="virtual")
    verb.add_argument("-o", "--output", type=Path, help="also write the report as JSON")

    verb = _verb(verbs, "export", _export, "write a project's labels to a table")
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--labels", type=Path, required=True, help="CSV: clip,start_s,end_s,label")
    verb.add_argument("--excluded", action="store_true", help="excluded clips as well")

    verb = _verb(verbs, "align", _align, "fit lag, drift and mounting of recordings")
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--clip", action="append", help="clip by name; all with a recording")

    verb = _verb(
        verbs, "compare", _compare, "compare virtual with real signals: tables and figures"
    )
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--clip", action="append", help="clip by name; all with a recording")
    verb.add_argument("-o", "--output", type=Path, required=True, help="folder for the results")
    verb.add_argument(
        "--figures", default="png", help="formats, comma-separated: png,svg,pdf (png); '' for none"
    )
    verb.add_argument(
        "--calibrate",
        action="store_true",
        help="also with virtual signals calibrated on the other people's recordings",
    )
    verb.add_argument(
        "--window",
        type=float,
        default=0.1,
        help="seconds that the acceleration is smoothed over (0.1; 0.5 for a camera's skeleton)",
    )

    verb = _verb(verbs, "relink", _relink, "find files that were moved on disk")
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("folder", type=Path, help="where to look")
    return parser


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    verb.set_defaults(run=run)
    return verb


if __name__ == "__main__":
    sys.exit(main())
