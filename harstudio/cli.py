"""The command line: one verb per job, none of which needs a display but `gui` and `demo`."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import harstudio
from harstudio.core.errors import HarstudioError
from harstudio.verbs import labels, meshes, models, poses, projects, results, signals

_RUN_HELP = "run folder, as `harstudio train -o` made it"
_PROJECT_HELP = "project file (NAME.harstudio)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the exit code is 0, 1 after an error, 2 for wrong usage, 130 if interrupted."""
    multiprocessing.freeze_support()
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help()
        return 2
    if options.run is models.train:
        if options.resume:
            options.run = models.resume
        elif not (options.project and options.output):
            parser.error("train: needs a project and -o RUN, or --resume RUN")
    try:
        with nullcontext() if _opens_window(options) else _ended_by_sigterm():
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


def _opens_window(options: argparse.Namespace) -> bool:
    return options.run is projects.gui or (
        options.run is projects.demo and options.headless is None
    )


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Within, SIGTERM ends the work as Ctrl+C does: it tidies up, and its workers end with it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    process = os.getpid()

    def interrupt(number: int, _frame: object) -> None:
        if os.getpid() != process:  # a worker that was forked: its pool wants it to go at once
            os._exit(128 + number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)


def _fail(message: str) -> int:
    print("harstudio: " + " ".join(message.split("\n")), file=sys.stderr)
    return 1


def gui_main() -> int:
    """Entry without a console: the window on the last project, or on a file given to it."""
    multiprocessing.freeze_support()
    return main(["gui", *sys.argv[1:]])


# -- parser ------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="harstudio",
        description="Relabel motion clips by eye, compare real with virtual wearable signals, "
        "train and fine-tune activity recognition.",
    )
    parser.add_argument("--version", action="version", version=harstudio.__version__)
    parser.set_defaults(run=None)
    group = parser.add_subparsers(title="verbs", metavar="VERB")

    verb = _verb(
        group, "demo", projects.demo, "open the window on a demo project of synthetic people"
    )
    verb.add_argument("folder", type=Path, nargs="?", help="where to make it")
    verb.add_argument(
        "--headless", type=Path, metavar="DIR", help="only make the project in DIR; no display"
    )

    verb = _verb(group, "gui", projects.gui, "open the window")
    verb.add_argument("project", type=Path, nargs="?", help=_PROJECT_HELP)

    verb = _verb(
        group, "import", projects.import_, "add the motions and recordings of a folder to a project"
    )
    verb.add_argument("project", type=Path, help=_PROJECT_HELP + "; made if it is missing")
    verb.add_argument("folder", type=Path, help="searched recursively")
    verb.add_argument(
        "--labels-from-folders", action="store_true", help="label clips with their folder's name"
    )

    verb = _verb(
        group, "simulate", signals.simulate, "simulate sensors on every motion of a folder"
    )
    verb.add_argument("folder", type=Path, help="motions, searched recursively")
    verb.add_argument("--sites", required=True, help="comma-separated, e.g. left_wrist,head")
    verb.add_argument("--rate", type=float, default=60.0, help="Hz (60)")
    verb.add_argument("--preset", choices=("physical", "paper"), default="physical")
    verb.add_argument("--body", type=Path, help="SMPL model file or folder (the open body)")
    verb.add_argument("--jobs", type=int, metavar="N", help="processes (a large folder: all cores)")
    verb.add_argument("--dask", metavar="ADDRESS", help="work on a Dask cluster: its scheduler")
    verb.add_argument("--again", action="store_true", help="also motions that are up to date")
    verb.add_argument("-o", "--output", type=Path, required=True, help="folder for the results")

    verb = _verb(
        group, "train", models.train, "train a model on the virtual signals of labelled clips"
    )
    verb.add_argument("project", type=Path, nargs="?", help=_PROJECT_HELP)
    verb.add_argument(
        "--model",
        default="xiao2020",
        help="xiao2020 (default), cnn, deepconvlstm, lstm, pose2imu or random_forest",
    )
    verb.add_argument(
        "--mix-channels",
        action="store_true",
        help="deepconvlstm: let its filters see all channels, ten times faster",
    )
    verb.add_argument("--sites", help="sensors, comma-separated (all of the project's layout)")
    verb.add_argument(
        "--channels",
        help="acc, acc_gyro, acc_rotation, magnitude; or signals joined by +, e.g. acc+gyro_norm",
    )
    verb.add_argument("--signals", choices=("virtual", "real", "both"), help="(virtual)")
    verb.add_argument(
        "--split",
        choices=(
            "subject", "clip", "clip_7_3", "list", "leave_one_subject_out", "folds",
            "random_windows",
        ),
        help="(subject); leave_one_subject_out and folds cross-validate",
    )  # fmt: skip
    verb.add_argument(
        "--list", metavar="NAME", help="the split of an official list or a CSV or JSON file"
    )
    verb.add_argument("--folds", type=int, metavar="N", help="cross-validate in N folds (5)")
    verb.add_argument("--fold-unit", choices=("subject", "clip"), help="(subject)")
    verb.add_argument("--test-share", type=float, help="share of the windows (0.3)")
    verb.add_argument("--validation-share", type=float, help="share of the windows (0.15)")
    verb.add_argument(
        "--label-map",
        metavar="NAME",
        help="identity, dip_five, or a JSON file of label: label",
    )
    verb.add_argument(
        "--leave-out-unmapped",
        action="store_true",
        help="labels that the label map does not name are left out, and told",
    )
    verb.add_argument(
        "--upsample",
        action="store_true",
        help="interpolate between training windows of rare labels",
    )
    verb.add_argument(
        "--sharp-edges",
        action="store_true",
        help="windows count in full, however doubtful their label",
    )
    verb.add_argument(
        "--include-recorded",
        action="store_true",
        help="also people with a real recording; kept out by default, for an honest fine-tuning",
    )
    verb.add_argument("--epochs", type=int, help="at most (30)")
    verb.add_argument("--patience", type=int, help="epochs without a better validation (15)")
    verb.add_argument("--batch", type=int, help="windows per step at most (128)")
    verb.add_argument("--learning-rate", type=float, help="at its peak (the model's own)")
    verb.add_argument("--schedule", choices=("one_cycle", "cosine", "constant"))
    verb.add_argument(
        "--device",
        choices=("cpu", "auto", "cuda", "mps"),
        help="(cpu; auto takes a graphics card where there is one)",
    )
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
    verb.add_argument(
        "--calibrate",
        action="store_true",
        help="map virtual signals onto the distribution of training people's real recordings",
    )
    verb.add_argument(
        "--resume",
        metavar="RUN",
        type=Path,
        help="go on with a run that was stopped, interrupted or killed; takes nothing else",
    )
    verb.add_argument("-o", "--output", type=Path, help="run folder to make")

    verb = _verb(group, "finetune", models.finetune, "adapt a trained network to a real recording")
    verb.add_argument("parent", metavar="RUN", type=Path, help=_RUN_HELP)
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--clip", action="append", help="clip by name; all with a recording")
    verb.add_argument("--steps", type=int, default=200)
    verb.add_argument(
        "--method",
        choices=("auto", "head", "full"),
        default="auto",
        help="adapt the dense layers, or then all, gently (auto: what does better when tried)",
    )
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("-o", "--output", type=Path, required=True, help="run folder to make")

    text = "judge a trained model on labelled clips"
    results.add_evaluate(_verb(group, "evaluate", results.evaluate, text))
    text = "let a trained model propose labels, on a tier of their own"
    results.add_predict(_verb(group, "predict", results.predict, text))
    text = "write a run's results: a page, tables, figures"
    results.add_report(_verb(group, "report", results.report, text))
    text = "list labels that may be wrong"
    results.add_doubts(_verb(group, "doubts", results.doubts, text))

    text = "write a trained network as ONNX, with its normalisation inside"
    models.add_export_model(_verb(group, "export-model", models.export_model, text))

    text = "learn to make acceleration from poses, and make it"
    poses.add_pose2imu(_verb(group, "pose2imu", poses.generate, text))

    text = "write a project's labels, motions cut to them, or training windows"
    labels.add_export(_verb(group, "export", labels.export, text))
    text = "bring label files of any format into a project"
    labels.add_labels(_verb(group, "labels", labels.labels, text))

    text = "write a clip's body at one moment as a mesh"
    meshes.add_mesh(_verb(group, "mesh", meshes.mesh, text))

    verb = _verb(group, "agree", labels.agree, "measure how far two tiers of labels agree")
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument(
        "--tiers", nargs="+", required=True, metavar="TIER",
        help="two tiers, or more to compare in pairs; `labels` is the person's own",
    )  # fmt: skip
    verb.add_argument(
        "--over",
        choices=("both", "either", "whole"),
        default="either",
        help="time compared: where both have a label, where one has (either), or all of the clip",
    )
    verb.add_argument("--excluded", action="store_true", help="excluded clips as well")
    verb.add_argument(
        "-o", "--output", type=Path, help="figures as .json, or the disagreements as .csv"
    )

    verb = _verb(group, "align", signals.align, "fit lag, drift and mounting of recordings")
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--clip", action="append", help="clip by name; all with a recording")
    verb.add_argument(
        "--again",
        action="store_true",
        help="fit anew what was aligned before, by a fit or by hand; else it is left alone",
    )

    verb = _verb(
        group, "compare", signals.compare, "compare virtual with real signals: tables and figures"
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

    verb = _verb(group, "relink", projects.relink, "find files that were moved on disk")
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("folder", type=Path, help="where to look")
    return parser


def _verb(
    group: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    verb = group.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    verb.set_defaults(run=run)
    return verb


if __name__ == "__main__":
    sys.exit(main())
