"""Commands that bring label files in, and take labels, cut motions and windows out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QInputDialog,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QVBoxLayout,
)

from harstudio.gui.exchange.export_dialogs import (
    Clips,
    ExportLabelsDialog,
    ExportMotionsDialog,
    ExportWindowsDialog,
)
from harstudio.gui.exchange.import_dialog import ImportLabelsDialog
from harstudio.io.label_formats.registry import FORMATS, format_of
from harstudio.workflows.exchange import cutting, exporting, file_names, labels_import

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

_ENDINGS = " ".join(f"*{s}" for s in dict.fromkeys(s for f in FORMATS for s in f.suffixes))


def import_labels(window: MainWindow) -> None:
    """Ask for label files, read them, then ask where their labels go."""
    names, _ = QFileDialog.getOpenFileNames(
        window, "Import labels", "", f"Label files ({_ENDINGS});;All files (*)"
    )
    if names:
        read_paths(window, [Path(name) for name in names])


def import_label_folder(window: MainWindow) -> None:
    """Ask for a folder of label files; as `import_labels` otherwise."""
    name = QFileDialog.getExistingDirectory(window, "Import a folder of label files")
    if name:
        read_paths(window, [Path(name)])


def read_paths(window: MainWindow, paths: Sequence[Path]) -> None:
    """Read label files, then ask where their labels go."""
    variant = _ask_variant(window, paths)
    if variant is None:
        return
    title = f"Reading {paths[0].name}" if len(paths) == 1 else f"Reading {len(paths)} label files"
    window.jobs.start(
        title,
        labels_import.read_label_files,
        tuple(paths),
        "",
        variant,
        on_done=lambda read: _place(window, read),
    )


def _ask_variant(window: MainWindow, paths: Sequence[Path]) -> str | None:
    """Which of its labels' names to take, where a format has several; None to leave it."""
    kinds = [format_of(path) if path.is_file() else None for path in paths]
    variants = kinds[0].read_variants if kinds[0] is not None and len(set(kinds)) == 1 else ()
    if not variants:
        return ""
    text = f"What of {kinds[0].title} becomes the label?"
    chosen, accepted = QInputDialog.getItem(
        window, "Import labels", text, list(variants), editable=False
    )
    return chosen if accepted else None


def _place(window: MainWindow, read: labels_import.ReadLabels) -> None:
    """Ask where labels go and put them there, in one step to undo."""
    project = window.session.project
    if project is None:
        return
    if not read.files:
        show_lines(window, "Import labels", "No label file could be read.", _refusals(read))
        return
    dialog = ImportLabelsDialog(project, read, window.session.clip, window)
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return
    if window.session.project is not project:  # a job has changed it meanwhile
        window.tell("The project has changed meanwhile: import the labels again")
        return
    done = dialog.result_project
    name = read.files[0][0].name if len(read.files) == 1 else f"{len(read.files)} files"
    window.session.edit(f"Import labels from {name}", done.project)
    window.tell(f"{done.segments:,} segments in {done.clips:,} clips: {', '.join(done.tiers)}")
    lines = [*_refusals(read), *done.notes]
    if lines:
        show_lines(
            window, "Import labels", "The labels are in. What was left out or changed:", lines
        )


def _refusals(read: labels_import.ReadLabels) -> list[str]:
    return [f"refused: {item.reason}" for item in read.refused]


def export_labels(window: MainWindow) -> None:
    """Ask for a format and a place, then write labels there."""
    project = window.session.project
    if project is None:
        return
    dialog = ExportLabelsDialog(project, _clips(window), window)
    if not dialog.asked():
        return
    choice, kind = dialog.choice, dialog.chosen_format
    one = choice.clip_ids is not None and len(choice.clip_ids) == 1 and kind.many_tiers
    if kind.many_clips or one:
        suffix = kind.suffixes[0]
        stem = file_names.safe_name(project.clip(choice.clip_ids[0]).name) if one else "labels"
        name, _ = QFileDialog.getSaveFileName(
            window, "Export labels", stem + suffix, f"{kind.title} (*{suffix})"
        )
        if not name:
            return
        path = Path(name)
        if path.suffix.lower() != suffix.lower():  # "walk.01" would become a folder
            path = path.with_name(path.name + suffix)
        if not _may_replace(window, Path(name), path):
            return
    else:
        folder = _ask_folder(window, f"Folder for files of {kind.title}")
        if folder is None:
            return
        path = folder
    _start(
        window, "Exporting labels", exporting.export_labels, project, path,
        exporting.LabelExport(
            choice.format_id, choice.tiers, choice.clip_ids, choice.excluded, choice.variant, True
        ),
        items="segments",
    )  # fmt: skip


def export_motions(window: MainWindow) -> None:
    """Ask which motions and where, then write them as AMASS files."""
    project = window.session.project
    if project is None:
        return
    dialog = ExportMotionsDialog(project, _clips(window), window)
    folder = _ask_folder(window, "Folder for the motions") if dialog.asked() else None
    if folder is None:
        return
    choice = dialog.choice
    _start(
        window, "Exporting motions", cutting.export_motions, project, window.session.folder, folder,
        cutting.MotionExport(choice.whole, choice.tier, choice.clip_ids, True),
        items="motions",
    )  # fmt: skip


def export_windows(window: MainWindow) -> None:
    """Ask how to cut windows and where to, then write them."""
    project = window.session.project
    if project is None:
        return
    dialog = ExportWindowsDialog(project, _clips(window), window)
    if not dialog.asked():
        return
    name, _ = QFileDialog.getSaveFileName(
        window, "Export training windows", "windows.npz", "Windows (*.npz)"
    )
    path = Path(name)
    if name and path.suffix.lower() != ".npz":
        path = path.with_name(path.name + ".npz")
    if name and _may_replace(window, Path(name), path):
        _start(
            window, "Exporting windows", cutting.export_windows, project, window.session.folder,
            path, dialog.config, dialog.signals.currentData(), dialog.clips.currentData(),
            items="windows",
        )  # fmt: skip


def _clips(window: MainWindow) -> Clips:
    """The choices of clips that there are: all, the open one, those selected."""
    project, selected = window.session.project, tuple(window.library.selected_ids())
    choices: list[tuple[str, tuple[str, ...] | None]] = [(f"All {len(project.clips):,}", None)]
    if len(selected) > 1:
        choices.append((f"The {len(selected):,} selected", selected))
    if window.session.clip is not None:
        choices.append((f"The open one, {window.session.clip.name}", (window.session.clip.id,)))
    return choices


def _ask_folder(window: MainWindow, title: str) -> Path | None:
    """An empty folder, or one whose files of the same names may be replaced."""
    name = QFileDialog.getExistingDirectory(window, title)
    if not name or not file_names.is_occupied(Path(name)):
        return Path(name) if name else None
    buttons = QMessageBox.StandardButton
    answer = QMessageBox.question(
        window,
        title,
        f"{name}\nis not empty. Replace files of the same names in it? Others stay.",
        buttons.Yes | buttons.No,
        buttons.No,
    )
    return Path(name) if answer == buttons.Yes else None


def _may_replace(window: MainWindow, asked: Path, path: Path) -> bool:
    """Whether a file may be written that the file dialog has not asked about, for its ending."""
    if path == asked or not path.exists():
        return True
    buttons = QMessageBox.StandardButton
    question = f"{path.name} exists already. Replace it?"
    answer = QMessageBox.question(window, "Export", question, buttons.Yes | buttons.No, buttons.No)
    return answer == buttons.Yes


def _start(
    window: MainWindow, title: str, job: Callable[..., object], *arguments: object, items: str
) -> None:
    """Run an export, say what it wrote, and show what it left out."""

    def done(result: exporting.Exported) -> None:
        window.tell(f"{result.items:,} {items} written to {result.place}")
        if result.notes:
            text = f"{result.items:,} {items} are written. What was left out or is not kept:"
            show_lines(window, title, text, result.notes)

    window.jobs.start(title, job, *arguments, on_done=done)


def show_lines(window: MainWindow, title: str, text: str, lines: Sequence[str]) -> None:
    """A list of notes that can be copied; it does not stop the work."""
    dialog = QDialog(window, windowTitle=title)
    dialog.resize(620, 260)
    box = QPlainTextEdit("\n".join(lines), readOnly=True)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(16, 16, 16, 16)
    layout.addWidget(QLabel(text, wordWrap=True))
    layout.addWidget(box)
    layout.addWidget(buttons)
    dialog.open()
