"""The verbs that put a trained model to use: judge it, let it propose labels, report, doubt."""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harstudio.core.errors import HarstudioError
from harstudio.verbs.common import clip_ids, followed, names, opened, print_report, refuse_read_only

if TYPE_CHECKING:
    from harstudio.core.project import Project
    from harstudio.learn.judging.label_errors import Suspect
    from harstudio.workflows.reports.material import RunMaterial

_PROJECT_HELP = "project file (NAME.harstudio)"
_RUN_HELP = "run folder, as `harstudio train -o` made it"


def add_evaluate(verb: argparse.ArgumentParser) -> None:
    """What `evaluate` takes."""
    verb.add_argument("parent", metavar="RUN", type=Path, help=_RUN_HELP)
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--signals", choices=("virtual", "real"), default="virtual")
    verb.add_argument(
        "-o", "--output", type=Path, help="also write the results: FILE.json, FILE.html or a folder"
    )


def add_predict(verb: argparse.ArgumentParser) -> None:
    """What `predict` takes."""
    verb.add_argument("parent", metavar="RUN", type=Path, help=_RUN_HELP)
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--clip", action="append", help="clip by name; all")
    verb.add_argument(
        "--signals",
        choices=("auto", "virtual", "real"),
        default="auto",
        help="(auto: real for a fine-tuned model, else virtual, where a clip has them)",
    )
    verb.add_argument(
        "--least", type=float, metavar="S", help="seconds; shorter segments give way (one window)"
    )
    verb.add_argument(
        "--least-confidence", type=float, default=0.0, metavar="P", help="0 to 1; leave gaps below"
    )


def add_report(verb: argparse.ArgumentParser) -> None:
    """What `report` takes."""
    verb.add_argument("parent", metavar="RUN", type=Path, help=_RUN_HELP)
    verb.add_argument(
        "--project", type=Path, help="names the clips, and compares segments: " + _PROJECT_HELP
    )
    verb.add_argument(
        "-o", "--output", type=Path, required=True, help="FILE.html for the page alone, or a folder"
    )
    verb.add_argument(
        "--formats",
        default="html,csv,json,png",
        help="comma-separated: html,csv,json,png,svg,pdf (html,csv,json,png)",
    )
    verb.add_argument(
        "--order", choices=("given", "confusion"), default="given", help="of the classes (given)"
    )


def add_doubts(verb: argparse.ArgumentParser) -> None:
    """What `doubts` takes."""
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument(
        "--run",
        dest="parent",
        type=Path,
        metavar="RUN",
        help="a cross-validation; without, a random forest is cross-validated now",
    )
    verb.add_argument("--signals", choices=("virtual", "real"), default="virtual")
    verb.add_argument("--top", type=int, default=20, help="print so many (20)")
    verb.add_argument("-o", "--output", type=Path, help="also write all of them as CSV")


def evaluate(options: argparse.Namespace) -> int:
    from harstudio.workflows.reports.files import write_material
    from harstudio.workflows.reports.material import judged
    from harstudio.workflows.training import evaluate_project

    with opened(options.project) as file:
        report = followed(
            evaluate_project(file.project, file.folder, options.parent, options.signals),
            "Evaluate",
        )
        material = judged(options.parent, report, file.project)
    print_report(report)
    _print_more(material)
    if options.output is not None:
        for path in followed(write_material(material, options.output), "Write"):
            print(f"report: {path}")
    return 0


def predict(options: argparse.Namespace) -> int:
    from harstudio.store.project_file import ProjectFile
    from harstudio.workflows.predicting import predict_project

    if not 0 <= options.least_confidence <= 1:
        raise HarstudioError(f"--least-confidence: got {options.least_confidence}, expected 0 to 1")
    with ProjectFile.open(options.project) as file:
        refuse_read_only(file)
        project = file.project
        job = predict_project(
            project,
            file.folder,
            options.parent,
            clip_ids(project, options.clip),
            options.signals,
            least_s=options.least,
            least_confidence=options.least_confidence,
        )
        found = followed(job, "Predict")
        file.write(project, found.applied(project), f"Predict with {found.run}")
    print(found.text)
    return 0


def report(options: argparse.Namespace) -> int:
    from harstudio.workflows.reports.files import export_report

    formats = names(options.formats)
    project = _project(options.project)
    job = export_report(options.parent, options.output, formats, project, options.order)
    for path in followed(job, "Report"):
        print(path)
    return 0


def doubts(options: argparse.Namespace) -> int:
    from harstudio.io.files import write_atomically
    from harstudio.workflows.evaluating import find_label_errors

    if options.top < 1:
        raise HarstudioError(f"--top: got {options.top}, expected at least 1")
    with opened(options.project) as file:
        project = file.project
        job = find_label_errors(project, file.folder, options.parent, signals=options.signals)
        found = followed(job, "Doubt")
    shown = found.suspects[: options.top]
    width = max([4, *(len(project.clip(s.clip_id).name) for s in shown)])
    for suspect in shown:
        print(
            f"{project.clip(suspect.clip_id).name:<{width}} {suspect.start_s:>9.2f} s to "
            f"{suspect.end_s:>9.2f} s  {suspect.given} -> {suspect.suggested}  "
            f"score {suspect.score:.2f}"
        )
    rest = len(found.suspects) - len(shown)
    more = f" ({rest} more)" if rest > 0 else ""
    count = len(found.suspects)
    print(f"{count} doubtful stretches{more} in {found.windows:,} windows by {found.how}")
    if options.output is not None:
        write_atomically(options.output, _doubts_csv(found.suspects, project).encode())
        print(f"table: {options.output}")
    return 0


def _print_more(material: RunMaterial) -> None:
    """What follows from the windows: how sure it is, areas, segments, looks."""
    report, spread = material.report, material.spread
    if report.badge:
        print(report.badge, file=sys.stderr)
    more = [f"balanced accuracy {report.balanced_accuracy:.3f}"]
    if report.macro_auc is not None:
        more.append(f"macro AUC {report.macro_auc:.3f}")
    if report.kappa is not None:
        more.append(f"Cohen's kappa {report.kappa:.3f}")
    print("  ".join(more))
    if spread is not None and spread.intervals:
        low, high = spread.intervals["macro_f1"]
        print(f"macro F1 {low:.3f} to {high:.3f}: {spread.text}")
    elif spread is not None:
        each = ", ".join(
            f"{name} {value:.3f}"
            for name, value in zip(
                (material.clip_names.get(n, n) for n in spread.names),
                spread.dots["macro_f1"],
                strict=True,
            )
        )
        print(f"macro F1 of each: {each} ({spread.text})")
    if material.segments is not None:
        print(material.segments.text)
    if report.looks > 1:
        from harstudio.learn.runs.extras import looks_text

        print(looks_text(report.looks))


def _project(path: Path | None) -> Project | None:
    if path is None:
        return None
    with opened(path) as file:
        return file.project


def _doubts_csv(suspects: tuple[Suspect, ...], project: Project) -> str:
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(
        ("clip", "subject", "start_s", "end_s", "given", "suggested", "score", "windows", "signals")
    )
    for s in suspects:
        lines.writerow(
            (
                project.clip(s.clip_id).name, s.subject, f"{s.start_s:.6g}", f"{s.end_s:.6g}",
                s.given, s.suggested, f"{s.score:.4f}", s.windows, "real" if s.real else "virtual",
            )
        )  # fmt: skip
    return text.getvalue()
