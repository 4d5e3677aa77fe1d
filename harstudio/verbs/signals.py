"""The verbs for signals: simulate them, align and compare them with real ones."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext

from harstudio.core.errors import HarstudioError
from harstudio.verbs.common import clip_ids, followed, names, opened, refuse_read_only


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
