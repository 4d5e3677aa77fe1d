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
from harstudio import verbs
from harstudio.core.errors import HarstudioError

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
    return options.run is verbs.gui or (options.run is verbs.demo and options.headless is None)


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

    verb = _verb(group, "demo", verbs.demo, "open the window on a demo project of synthetic people")
    verb.add_argument("folder", type=Path, nargs="?", help="where to make it")
    verb.add_argument(
        "--headless", type=Path, metavar="DIR", help="only make the project in DIR; no display"
    )

    verb = _verb(group, "gui", verbs.gui, "open the window")
    verb.add_argument("project", type=Path, nargs="?", help=_PROJECT_HELP)

    verb = _verb(
        group, "import", verbs.import_, "add the motions and recordings of a folder to a project"
    )
    verb.add_argument("project", type=Path, help=_PROJECT_HELP + "; made if it is missing")
    verb.add_argument("folder", type=Path, help="searched recursively")
    verb.add_argument(
        "--labels-from-folders", action="store_true", help="label clips with their folder's name"
    )

    verb = _verb(group, "simulate", verbs.simulate, "simulate sensors on every motion of a folder")
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
        group, "train", verbs.train, "train a model on the virtual signals of labelled clips"
    )
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
    verb.add_argument(
        "--calibrate",
        action="store_true",
        help="map virtual signals onto the distribution of training people's real recordings",
    )
    verb.add_argument("-o", "--output", type=Path, required=True, help="run folder to make")

    verb = _verb(group, "finetune", verbs.finetune, "adapt a trained network to a real recording")
    verb.add_argument("parent", metavar="RUN", type=Path, help=_RUN_HELP)
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--clip", action="append", help="clip by name; all with a recording")
    verb.add_argument("--steps", type=int, default=200)
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("-o", "--output", type=Path, required=True, help="run folder to make")

    verb = _verb(group, "evaluate", verbs.evaluate, "judge a trained model on labelled clips")
    verb.add_argument("parent", metavar="RUN", type=Path, help=_RUN_HELP)
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--signals", choices=("virtual", "real"), default="virtual")
    verb.add_argument("-o", "--output", type=Path, help="also write the report as JSON")

    verb = _verb(group, "export", verbs.export, "write a project's labels to a table")
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--labels", type=Path, required=True, help="CSV: clip,start_s,end_s,label")
    verb.add_argument("--excluded", action="store_true", help="excluded clips as well")

    verb = _verb(group, "align", verbs.align, "fit lag, drift and mounting of recordings")
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument("--clip", action="append", help="clip by name; all with a recording")
    verb.add_argument(
        "--again",
        action="store_true",
        help="fit anew what was aligned before, by a fit or by hand; else it is left alone",
    )

    verb = _verb(
        group, "compare", verbs.compare, "compare virtual with real signals: tables and figures"
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

    verb = _verb(group, "relink", verbs.relink, "find files that were moved on disk")
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
