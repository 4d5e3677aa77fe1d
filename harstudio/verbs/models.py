"""The verbs that train models, adapt them, and take them elsewhere."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harstudio.core.errors import HarstudioError
from harstudio.verbs.common import clip_ids, followed, names, opened, print_report

if TYPE_CHECKING:
    from harstudio.learn.data.label_map import LabelMap


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
