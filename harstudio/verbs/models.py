"""The verbs that take up a training, and take a trained model elsewhere."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harstudio.verbs.work import followed, opened, print_report


def add_export_model(verb: argparse.ArgumentParser) -> None:
    """What `export-model` takes."""
    verb.add_argument(
        "parent", metavar="RUN", type=Path, help="run folder, as `harstudio train -o` made it"
    )
    verb.add_argument("-o", "--output", type=Path, required=True, help="FILE.onnx")


def export_model(options: argparse.Namespace) -> int:
    """Write a run's network as ONNX."""
    from harstudio.learn.runs.folder import RunFolder
    from harstudio.learn.runs.onnx_export import export_onnx

    checkpoint = RunFolder(options.parent).checkpoint()
    summary = followed(export_onnx(checkpoint, options.output), "Export")
    print(f"{summary.path}: signals (batch, {len(checkpoint.channels)}, "
          f"{checkpoint.window_samples}) to logits (batch, {len(checkpoint.labels)})")  # fmt: skip
    if summary.difference is None:
        print("not compared with torch: onnxruntime is not installed", file=sys.stderr)
    else:
        print(f"differs from torch by {summary.difference:.1e} on {summary.windows} windows")
    return 0


def resume(options: argparse.Namespace) -> int:
    """Go on with a training."""
    from harstudio.workflows.resuming import project_of_run, resume_project

    project = options.project or project_of_run(options.resume)
    with opened(project) as file:
        summary = followed(resume_project(file.project, file.folder, options.resume), "Train")
    print_report(summary.report)
    print(f"run: {summary.path}")
    return 0
