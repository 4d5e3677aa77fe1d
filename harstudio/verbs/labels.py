"""The verbs that bring labels into a project, and take labels, motions and windows out of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING

from harstudio.core.errors import HarstudioError
from harstudio.verbs.common import clip_ids, followed, names, opened, refuse_read_only

if TYPE_CHECKING:
    from harstudio.core.project import Project
    from harstudio.workflows.exchange.exporting import Exported
    from harstudio.workflows.exchange.labels_import import LabelsImported, Match, ReadLabels

_PROJECT_HELP = "project file (NAME.harstudio)"
_MOST_NOTES = 20


def add_export(verb: argparse.ArgumentParser) -> None:
    """What `export` takes."""
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--labels", type=Path, metavar="OUT", help="label file, or folder where it is one per clip"
    )
    what.add_argument(
        "--amass", type=Path, metavar="DIR", help="motions cut to their segments, as AMASS files"
    )
    what.add_argument(
        "--windows", type=Path, metavar="OUT.npz", help="labelled windows ready for training"
    )
    verb.add_argument("--clip", action="append", help="clip by name; all")
    verb.add_argument(
        "--overwrite", action="store_true", help="replace a file, or files in a folder"
    )
    labels = verb.add_argument_group("labels")
    labels.add_argument("--format", default="", help=f"{_formats()} (told from the file's name)")
    labels.add_argument("--variant", default="", help="textgrid: long (unless told) or short")
    labels.add_argument(
        "--tier", action="append", help="tier by name, * for all; your own labels unless told"
    )
    labels.add_argument("--excluded", action="store_true", help="excluded clips as well")
    motions = verb.add_argument_group("motions")
    motions.add_argument("--whole", action="store_true", help="whole clips, with their labels")
    windows = verb.add_argument_group("windows")
    windows.add_argument("--signals", choices=("virtual", "real", "both"), default="virtual")
    windows.add_argument("--sites", help="sensors, comma-separated (all)")
    windows.add_argument("--channels", help="acc, acc_gyro … (acc)")
    windows.add_argument("--rate", type=float, help="Hz (the project's)")
    windows.add_argument("--window", type=float, help="seconds (1)")
    windows.add_argument("--overlap", type=float, help="share of a window (0.5)")
    windows.add_argument("--min-share", type=float, help="least share of the majority label (0.6)")
    windows.add_argument("--preset", choices=("physical", "paper"))


def add_labels(verb: argparse.ArgumentParser) -> None:
    """What `labels` takes."""
    verb.add_argument("project", type=Path, help=_PROJECT_HELP)
    verb.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="label files, or folders of them"
    )
    verb.add_argument("--format", default="", help=f"{_formats()} (told from the file)")
    verb.add_argument(
        "--variant",
        default="",
        help="babel: proc_label, raw_label, act_cat; boris: behaviour, modifiers",
    )
    verb.add_argument("--clip", help="they are all of this clip (told from names and paths)")
    verb.add_argument(
        "--tier",
        help="put them into this tier, 'labels' for your own; else each into a new one",
    )
    verb.add_argument(
        "--replace", action="store_true", help="in place of what the tier holds; else beside it"
    )
    verb.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="FROM=TO",
        help="a label of the files is one of the project's; nothing after = leaves it out",
    )
    verb.add_argument(
        "--starts-at",
        metavar="TIME",
        help="the files' time at which the clip begins: seconds, or a date (0, or the first label)",
    )
    verb.add_argument(
        "--many-labels", action="store_true", help="even if that adds a great many labels"
    )
    verb.add_argument("--dry-run", action="store_true", help="only say what would be done")


def _formats() -> str:
    return "csv, elan, textgrid, audacity, babel, label-studio, boris"


def export(options: argparse.Namespace) -> int:
    with opened(options.project) as file:
        ids = clip_ids(file.project, options.clip)
        if options.labels is not None:
            return _export_labels(file.project, options, ids)
        if options.amass is not None:
            from harstudio.workflows.exchange.cutting import MotionExport, export_motions

            if options.tier and len(options.tier) > 1:
                raise HarstudioError("--tier: several, but motions are cut to the segments of one")
            tier = options.tier[0] if options.tier else MotionExport().tier
            motions = MotionExport(options.whole, tier, ids, options.overwrite)
            job = export_motions(file.project, file.folder, options.amass, motions)
            done = followed(job, "Export")
            return _told(done, f"{done.files:,} motions written to {done.place}")
        return _export_windows(file.project, file.folder, options, ids)


def _export_labels(
    project: Project, options: argparse.Namespace, ids: tuple[str, ...] | None
) -> int:
    from harstudio.workflows.exchange.exporting import LabelExport, export_labels

    choice = LabelExport(
        options.format,
        tuple(options.tier or LabelExport().tiers),
        ids,
        options.excluded,
        options.variant,
        options.overwrite,
    )
    done = followed(export_labels(project, options.labels, choice), "Export")
    files = f" in {done.files:,} files" if done.files > 1 else ""
    return _told(done, f"{done.items:,} segments written to {done.place}{files}")


def _export_windows(
    project: Project, folder: Path, options: argparse.Namespace, ids: tuple[str, ...] | None
) -> int:
    from harstudio.learn.config import TrainingConfig
    from harstudio.workflows.exchange.cutting import export_windows

    chosen = {
        "sensors": names(options.sites) if options.sites else None,
        "channels": options.channels,
        "rate_hz": options.rate if options.rate is not None else project.rate_hz,
        "window_s": options.window,
        "overlap": options.overlap,
        "min_share": options.min_share,
        "preset": options.preset,
    }
    config = TrainingConfig(**{k: v for k, v in chosen.items() if v is not None})
    job = export_windows(
        project, folder, options.windows, config, options.signals, ids, options.overwrite
    )
    done = followed(job, "Export")
    return _told(done, f"{done.items:,} windows written to {done.place}")


def _told(done: Exported, summary: str) -> int:
    _print_notes(done.notes)
    print(summary)
    return 0


def labels(options: argparse.Namespace) -> int:
    from harstudio.store.project_file import ProjectFile
    from harstudio.workflows.exchange.labels_import import read_label_files

    with ProjectFile.open(options.project) as file:
        refuse_read_only(file)
        project = file.project
        read = followed(
            read_label_files(options.files, options.format, options.variant), "Read labels"
        )
        done = _imported(project, read, options)
        if not options.dry_run:
            file.write(project, done.project, f"Import labels from {options.files[0].name}")
    return 0


def _imported(project: Project, read: ReadLabels, options: argparse.Namespace) -> LabelsImported:
    """The project with the labels, and in words what becomes of them."""
    from harstudio.workflows.exchange.labels_import import (
        ADD,
        MANY_LABELS,
        REPLACE,
        matches_of,
        near_names,
        placed,
        with_labels,
    )

    for item in read.refused:
        print(f"refused: {item.reason}", file=sys.stderr)
    if not read.files:
        raise HarstudioError(f"none of {len(read.refused)} label files could be read")
    _print_notes([f"{path.name}: {note}" for path, f in read.files for note in f.notes])
    starts_at_s = _moment(options.starts_at) if options.starts_at is not None else None
    ids = clip_ids(project, [options.clip] if options.clip else None)
    matches = matches_of(project, read, clip_id=ids[0] if ids else "", starts_at_s=starts_at_s)
    _print_unmatched(matches)
    if starts_at_s is None:
        _print_begins(matches)
    mode = (REPLACE if options.replace else ADD) if options.tier else ""
    places = placed(project, matches, options.tier or "", mode)
    if not places:
        raise HarstudioError(
            "no clip of the project is meant by these labels", "name it with --clip NAME"
        )
    near = near_names(project, read.labels)
    there, told = set(read.labels), _map(options.map)
    _print_notes([f"--map: these files have no label {old!r}" for old in told if old not in there])
    renamed = {old: new for old, new in {**near, **told}.items() if old in there}
    _print_notes([f"{old!r} taken for {new!r}" for old, new in renamed.items() if new])
    done = with_labels(project, places, renamed)
    _print_notes(done.notes)
    if len(done.new_labels) > MANY_LABELS and not options.many_labels:
        shown = ", ".join(done.new_labels[:5])
        raise HarstudioError(
            f"{len(done.new_labels)} new labels ({shown} …) beside the project's "
            f"{len(project.label_set.labels)}",
            "--many-labels takes them all, --map FROM=TO maps them",
        )
    if not done.segments:
        print("nothing new: these labels are there already, or lie outside their clips")
        return done
    tiers = ", ".join(done.tiers)
    new = f"; new labels: {', '.join(done.new_labels)}" if done.new_labels else ""
    verb = "would go" if options.dry_run else "imported"
    print(f"{done.segments:,} segments {verb} into {done.clips:,} clips, tier {tiers}{new}")
    return done


def _print_unmatched(matches: Sequence[Match]) -> None:
    lost = [m for m in matches if not m.clip_id]
    lines = [f"no clip: {(*m.tier.clips, m.path.name)[0]}: {m.reason}" for m in lost]
    _print_notes(list(dict.fromkeys(lines)))
    if lost:
        matched = len({m.clip_id for m in matches if m.clip_id})
        print(f"{matched:,} clips matched, {len(lost):,} tiers unmatched", file=sys.stderr)


def _print_begins(matches: Sequence[Match]) -> None:
    """When clips are taken to begin whose labels' times are dates."""
    from harstudio.io.label_formats.base import WALL_CLOCK_S

    begins = {m.clip_id: m.zero_s for m in matches if m.clip_id and m.zero_s >= WALL_CLOCK_S}
    if len(begins) == 1:
        first = datetime.fromtimestamp(next(iter(begins.values())), UTC).isoformat(" ")
        _print_notes([f"times are dates: the clip is taken to begin at {first} (--starts-at)"])
    elif begins:
        _print_notes([f"times are dates: each of {len(begins):,} clips begins at its first label"])


def _map(pairs: Sequence[str]) -> dict[str, str]:
    result = {}
    for pair in pairs:
        old, equals, new = pair.partition("=")
        if not old.strip() or not equals:
            raise HarstudioError(f"--map {pair!r}: expected FROM=TO")
        result[old.strip()] = new.strip()
    return result


def _moment(text: str) -> float:
    """Seconds of a number or a date (UTC where it has no time zone)."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = nan
        with suppress(ValueError):
            date = datetime.fromisoformat(text)
            seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    if not isfinite(seconds):
        raise HarstudioError(
            f"--starts-at: got {text!r}, expected seconds or a date such as 2022-03-29T14:25:21Z"
        )
    return seconds


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes[:_MOST_NOTES]:
        print(note, file=sys.stderr)
    if len(notes) > _MOST_NOTES:
        print(f"… and {len(notes) - _MOST_NOTES} more", file=sys.stderr)


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
