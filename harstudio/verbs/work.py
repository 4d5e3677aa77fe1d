"""What each verb of the command line does: one job of `workflows`, followed and told in words."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job, Progress, finished

if TYPE_CHECKING:
    from harstudio.core.project import Project
    from harstudio.learn.data.label_map import LabelMap
    from harstudio.learn.judging.report import EvaluationReport
    from harstudio.store.project_file import ProjectFile

T = TypeVar("T")

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
_LINE_EVERY_S = 5.0


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


def simulate(options: argparse.Namespace) -> int:
    from harstudio.body.sites import layout_of
    from harstudio.imu.simulate import SimulationOptions
    from harstudio.workflows.parallel import ALL_CORES, dask_cluster
    from harstudio.workflows.simulating import simulate_folder

    if options.jobs is not None and options.jobs < 1:
        raise HarstudioError(f"--jobs: got {options.jobs}, expected at least 1")
    job = simulate_folder(
        options.folder,
        options.output,
        layout_of(names(options.sites)),
        SimulationOptions(preset=options.preset, rate_hz=options.rate),
        options.body,
        jobs=ALL_CORES if options.dask else options.jobs,
        again=options.again,
    )
    with dask_cluster(options.dask) if options.dask else nullcontext():
        done = followed(job, "Simulate")
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


def train(options: argparse.Namespace) -> int:
    from harstudio.learn.config import TrainingConfig
    from harstudio.learn.runs.folder import RunFolder
    from harstudio.workflows.training import check_trainable, train_project, training_clips

    chosen = {
        "model": options.model,
        "sensors": names(options.sites) if options.sites else (),
        "channels": options.channels,
        "signals": options.signals,
        "split": _split_of(options),
        "split_list": options.list,
        "folds": options.folds,
        "fold_unit": options.fold_unit,
        "test_share": options.test_share,
        "validation_share": options.validation_share,
        "label_map": _label_map_of(options),
        "upsample": options.upsample,
        "soft_edges": not options.sharp_edges,
        "epochs": options.epochs,
        "patience": options.patience,
        "batch": options.batch,
        "learning_rate": options.learning_rate,
        "schedule": options.schedule,
        "device": options.device,
        "mix_channels": options.mix_channels,
        "seed": options.seed,
        "window_s": options.window,
        "overlap": options.overlap,
        "min_share": options.min_share,
        "loss": options.loss,
        "preset": options.preset,
        "people": options.people,
        "calibrate": options.calibrate,
    }
    config = TrainingConfig(**{k: v for k, v in chosen.items() if v is not None})
    with opened(options.project) as file:
        ids = training_clips(
            file.project, include_recorded=options.include_recorded, signals=config.signals
        )
        for warning in check_trainable(file.project, config, ids):
            print(f"note: {warning}", file=sys.stderr)
        try:
            summary = followed(
                train_project(file.project, file.folder, config, options.output, ids), "Train"
            )
        except KeyboardInterrupt:
            if RunFolder(options.output).resumable:
                print(f"to go on: harstudio train --resume {options.output}", file=sys.stderr)
            raise
    print_report(summary.report)
    print(f"run: {summary.path}")
    return 0


def _split_of(options: argparse.Namespace) -> str | None:
    """The split that was asked for by its name, or by an option that only it has."""
    if options.split is None:
        return "list" if options.list else "folds" if options.folds else None
    return str(options.split)


def _label_map_of(options: argparse.Namespace) -> LabelMap | None:
    if not options.label_map:
        if options.leave_out_unmapped:
            raise HarstudioError("--leave-out-unmapped: there is no label map", "--label-map NAME")
        return None
    from dataclasses import replace

    from harstudio.learn.data.label_map import LEAVE_OUT, named_label_map

    found = named_label_map(options.label_map)
    return replace(found, others=LEAVE_OUT) if options.leave_out_unmapped else found


def finetune(options: argparse.Namespace) -> int:
    from harstudio.learn.config import FinetuneConfig
    from harstudio.workflows.training import finetune_project

    with opened(options.project) as file:
        ids = clip_ids(file.project, options.clip)
        config = FinetuneConfig(steps=options.steps, seed=options.seed, method=options.method)
        summary = followed(
            finetune_project(
                file.project, file.folder, options.parent, ids, config, options.output
            ),
            "Fine-tune",
        )
    print("before:")
    print_report(summary.before)
    print("after:")
    print_report(summary.after)
    print("the same windows, macro F1: " + ", ".join(
        f"{bar.title} {bar.macro_f1:.3f}" for bar in summary.alternatives.bars
    ))  # fmt: skip
    print(f"kept: {summary.alternatives.chosen} ({summary.alternatives.reason})")
    print(f"run: {options.output}")
    return 0


def agree(options: argparse.Namespace) -> int:
    from harstudio.workflows.agreement import agreement_text, compare_tiers, write_agreement

    with opened(options.project) as file:
        project = file.project
        job = compare_tiers(project, tuple(options.tiers), options.over, excluded=options.excluded)
        results = followed(job, "Agree")
    if options.output is not None:
        write_agreement(options.output, results)
    print("\n\n".join(agreement_text(result) for result in results))
    if options.output is not None:
        print(f"written to {options.output}")
    return 0


def align(options: argparse.Namespace) -> int:
    from harstudio.store.project_file import ProjectFile
    from harstudio.workflows.aligning import align_clips

    with ProjectFile.open(options.project) as file:
        refuse_read_only(file)
        project = file.project
        ids = clip_ids(project, options.clip) or tuple(
            clip.id for clip in project.clips.values() if clip.recordings and clip.motion
        )
        if not ids:
            raise HarstudioError(f"{options.project}: no clip has both a motion and a recording")
        job = align_clips(project, file.folder, ids, only_new=not options.again)
        found = followed(job, "Align")
        if found.clips:
            file.write(project, project.with_clips(found.clips), "Align recordings")
    for name, reason in found.failures:
        print(f"not aligned: {reason if name in reason else f'{name}: {reason}'}", file=sys.stderr)
    for name, fit in found.fits:
        shift = fit.alignment
        note = f"  ambiguous: {fit.ambiguous}" if fit.ambiguous else ""
        print(f"{name}: offset {shift.offset_s:+.4f} s, drift {shift.drift_ppm:+.1f} ppm{note}")
    if found.kept:
        print(f"left as they were aligned before: {found.kept} (--again fits them anew)")
    return 0


def compare(options: argparse.Namespace) -> int:
    from harstudio.imu.simulate import SimulationOptions
    from harstudio.workflows.reports.fidelity import report_project, summary_text

    with opened(options.project) as file:
        project = file.project
        ids = clip_ids(project, options.clip)
        simulation = SimulationOptions(rate_hz=project.rate_hz, window_s=options.window)
        report = followed(
            report_project(
                project, file.folder, options.output, ids, names(options.figures),
                options.calibrate, simulation,
            ),
            "Compare",
        )  # fmt: skip
    print(summary_text(report))
    print(f"{len(report.files)} files in {options.output}")
    return 0


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
