"""The verbs of pose2imu: train it, and let it make signals."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harstudio.verbs.common import clip_ids, followed, names, opened, print_report

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROJECT_HELP = "project file (NAME.harstudio)"
_RATE_HZ, _SAMPLES = 50.0, 300


def add_pose2imu(verb: argparse.ArgumentParser) -> None:
    """What `pose2imu` takes."""
    steps = verb.add_subparsers(title="steps", metavar="STEP", required=True)
    train = steps.add_parser("train", help="learn from clips that have a motion and a recording")
    train.set_defaults(run=train_pose2imu)
    train.add_argument("project", type=Path, help=_PROJECT_HELP)
    train.add_argument(
        "--mode",
        dest="pose_mode",
        choices=("joint", "baseline", "regression_first"),
        default="joint",
        help="(joint) baseline: the classifier alone; regression_first: then the classifier",
    )
    train.add_argument(
        "--head",
        dest="pose_head",
        choices=("conv", "dense"),
        default="conv",
        help="(conv) dense: as printed, 13 million weights",
    )
    train.add_argument("--sites", help="sensors, comma-separated (those of all recordings)")
    train.add_argument("--channels", choices=("acc", "acc_gyro"), default="acc", help="(acc)")
    train.add_argument("--signals", choices=("real", "virtual", "both"), default="real")
    train.add_argument("--rate", type=float, default=_RATE_HZ, help=f"Hz ({_RATE_HZ:g})")
    train.add_argument(
        "--samples",
        type=int,
        default=_SAMPLES,
        help=f"of a window; short clips fill it ({_SAMPLES})",
    )
    train.add_argument(
        "--split", choices=("subject", "clip", "leave_one_subject_out"), default="subject"
    )
    train.add_argument("--list", metavar="NAME", help="official list, or a CSV or JSON file")
    train.add_argument("--alpha", type=float, default=1.0, help="weight of the activity loss (1)")
    train.add_argument("--beta", type=float, default=0.0, help="weight of the cosine loss (0)")
    train.add_argument("--epochs", type=int, default=100, help="at most (100)")
    train.add_argument("--patience", type=int, default=30, help="epochs (30)")
    train.add_argument("--batch", type=int, default=32, help="windows per step (32)")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("-o", "--output", type=Path, required=True, help="run folder to make")

    make = steps.add_parser("generate", help="write the signals that a run makes from motions")
    make.set_defaults(run=generate)
    make.add_argument("parent", metavar="RUN", type=Path, help="run folder of pose2imu")
    make.add_argument("project", type=Path, help=_PROJECT_HELP)
    make.add_argument("--clip", action="append", help="clip by name; all with a motion")
    make.add_argument("-o", "--output", type=Path, required=True, help="folder for the results")


def train_pose2imu(options: argparse.Namespace) -> int:
    """Train, and tell how well activities are recognised and signals made."""
    from harstudio.learn.config import TrainingConfig
    from harstudio.learn.runs.files import read_json
    from harstudio.learn.runs.folder import REGRESSION
    from harstudio.workflows.training import check_trainable, train_project, training_clips

    config = TrainingConfig(
        model="pose2imu",
        pose_mode=options.pose_mode,
        pose_head=options.pose_head,
        activity_weight=options.alpha,
        cosine_weight=options.beta,
        sensors=names(options.sites) if options.sites else (),
        channels=options.channels,
        signals=options.signals,
        rate_hz=options.rate,
        window_s=options.samples / options.rate,
        split="list" if options.list else options.split,
        split_list=options.list or "",
        epochs=options.epochs,
        patience=options.patience,
        batch=options.batch,
        seed=options.seed,
    )
    with opened(options.project) as file:
        ids = training_clips(file.project, include_recorded=True, signals=config.signals)
        for warning in check_trainable(file.project, config, ids):
            print(f"warning: {warning}", file=sys.stderr)
        job = train_project(file.project, file.folder, config, options.output, ids)
        summary = followed(job, "Train")
    print_report(summary.report)
    if (options.output / REGRESSION).is_file():
        print(regression_text(read_json(options.output / REGRESSION)))
    print(f"run: {options.output}")
    return 0


def generate(options: argparse.Namespace) -> int:
    """Write generated signals."""
    from harstudio.workflows.posing import generate_project

    with opened(options.project) as file:
        ids = clip_ids(file.project, options.clip)
        job = generate_project(file.project, file.folder, options.parent, options.output, ids)
        made = followed(job, "Generate")
    for failure in made.failures:
        print(f"left out: {failure}", file=sys.stderr)
    print(f"{len(made.files)} recordings in {options.output}")
    return 0


def regression_text(figures: Mapping[str, Any]) -> str:
    """How close made signals come to measured ones, in a line for each channel."""
    if not figures["samples"]:
        return "made signals: no pose is known in the test part, so they were not compared"
    lines = [f"made beside measured, {figures['samples']:,} samples of the test part"]
    for name, row in figures["channels"].items():
        r = "-" if row["r"] is None else f"{row['r']:.2f}"
        lines.append(f"  {name}: r {r}  RMSE {row['rmse']:.2f} of {row['spread']:.2f}")
    return "\n".join(lines)
