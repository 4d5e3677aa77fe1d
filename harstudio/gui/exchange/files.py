"""Commands that ask for a file or a folder and then start a job or an edit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QMessageBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
)

from harstudio.body.sites import LAYOUTS, layout_of
from harstudio.core.jobs import Job
from harstudio.core.project import Project
from harstudio.workflows import demo, importing, loading, relinking
from harstudio.workflows.reports import fidelity as reporting

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

_FILTER = "harstudio projects (*.harstudio)"


def new_project(window: MainWindow) -> None:
    """Ask for a place and make an empty project there."""
    name, _ = QFileDialog.getSaveFileName(window, "New project", "project.harstudio", _FILTER)
    if name:
        path = Path(name).with_suffix(".harstudio")
        layout = layout_of(LAYOUTS["xiao2020"], "xiao2020")
        window.session.create_project(path, Project(path.stem, layout))
        window.project_opened()


def open_project(window: MainWindow) -> None:
    """Ask for a project file and open it."""
    name, _ = QFileDialog.getOpenFileName(window, "Open project", "", _FILTER)
    if name:
        window.open_path(Path(name))


def new_demo(window: MainWindow) -> None:
    """Ask for a folder and make the demo project in it."""
    name = QFileDialog.getExistingDirectory(window, "Folder for the demo project")
    if name:
        make_demo_in(window, Path(name))


def make_demo_in(window: MainWindow, folder: Path) -> None:
    """Make the demo project in a folder, or open the one that is there."""
    target = folder / demo.PROJECT_NAME
    if target.exists():
        window.open_path(target)
        return
    window.jobs.start("Making the demo", demo.make_demo, folder, on_done=window.open_path)


def save_copy(window: MainWindow) -> None:
    """Copy the project file; the copy is not opened."""
    file = window.session.file
    if file is None:
        return
    name, _ = QFileDialog.getSaveFileName(window, "Save a copy", "copy.harstudio", _FILTER)
    if name:
        file.save_copy(Path(name).with_suffix(".harstudio"))
        window.tell(f"Copy saved as {name}")


def import_folder(window: MainWindow) -> None:
    """Ask for a folder, then import it."""
    name = QFileDialog.getExistingDirectory(window, "Import a folder of motions or recordings")
    if name:
        import_path(window, Path(name))


def import_path(window: MainWindow, folder: Path) -> None:
    """Import what lies below a folder, after asking whether folders name the labels."""
    labels = _ask_labels(window, folder)
    project = window.session.project
    if labels is None or project is None:
        return
    window.jobs.start(
        f"Importing {folder.name}",
        import_job,
        project,
        window.session.folder,
        folder,
        labels,
        on_done=lambda found: _imported(window, folder, found),
    )


def import_job(project: Project, home: Path, folder: Path, labels: bool) -> Job[importing.Imported]:
    """`importing.import_folder` with its option by place, as a child process takes it."""
    return importing.import_folder(project, home, folder, labels_from_folders=labels)


def _ask_labels(window: MainWindow, folder: Path) -> bool | None:
    """Whether folder names are labels; None if the person changed her mind."""
    dialog = QDialog(window, windowTitle="Import")
    box = QCheckBox("Label each clip with the name of its folder (walking/…, jumping/…)")
    text = QLabel(
        f"Import every motion and recording below\n{folder}\n\n"
        "Label files beside a clip (NAME_labels.csv) are always read.",
        wordWrap=True,
    )
    standard = QDialogButtonBox.StandardButton
    buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
    buttons.button(standard.Ok).setText("Import")
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(16, 16, 16, 16)
    layout.setSpacing(16)
    for widget in (text, box, buttons):
        layout.addWidget(widget)
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    return box.isChecked() if accepted else None


def _imported(window: MainWindow, folder: Path, found: importing.Imported) -> None:
    project = window.session.project
    if project is None:
        return
    window.session.edit(f"Import {folder.name}", importing.with_imported(project, found))
    window.tell(import_summary(found))
    if found.rejected:
        show_rejected(window, found)


def import_summary(found: importing.Imported) -> str:
    """What an import brought, in one line."""
    counts = (
        (len(found.clips), "clips imported"),
        (len(found.recordings), "recordings added to their clips"),
        (found.known, "known already"),
        (len(found.skipped), "without motion skipped"),
        (len(found.rejected), "refused"),
    )
    return ", ".join(f"{n:,} {what}" for n, what in counts if n) or "nothing found to import"


def show_rejected(window: MainWindow, found: importing.Imported) -> None:
    """The files that an import refused, with their reasons."""
    dialog = QDialog(window, windowTitle="Import: refused files")
    dialog.resize(760, 420)
    count = len(found.rejected)
    text = QLabel(
        f"{len(found.clips)} clips were imported. {count} file{'s were' if count > 1 else ' was'} "
        "refused; the rest of the project is not affected.",
        wordWrap=True,
    )
    table = QTableWidget(count, 2)
    table.setHorizontalHeaderLabels(["File", "Reason"])
    table.verticalHeader().hide()
    table.horizontalHeader().setStretchLastSection(True)
    table.setColumnWidth(0, 280)
    for row, item in enumerate(found.rejected):
        for column, value in enumerate((item.path, item.reason)):
            cell = QTableWidgetItem(value)
            cell.setToolTip(value)
            table.setItem(row, column, cell)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    for widget in (text, table, buttons):
        layout.addWidget(widget)
    dialog.open()


def relink(window: MainWindow) -> None:
    """Look for files that are not where they were."""
    session = window.session
    if session.project is None:
        return
    missing = relinking.missing_sources(session.project, session.folder)
    if not missing:
        window.tell("Every file of the project is where it was")
        return
    title = f"{len(missing)} files are missing: where are they now?"
    name = QFileDialog.getExistingDirectory(window, title)
    if name:
        window.jobs.start(
            "Finding moved files",
            relinking.find_missing,
            session.project,
            session.folder,
            Path(name),
            on_done=lambda found: _relinked(window, found),
        )


def _relinked(window: MainWindow, found: relinking.Relinked) -> None:
    session = window.session
    if session.project is not None and found.found:
        after = relinking.with_found(session.project, found, session.folder)
        session.edit(f"Find {len(found.found)} moved files", after)
    window.tell(f"{len(found.found)} files found again, {len(found.missing)} still missing")


def choose_body_file(window: MainWindow) -> None:
    """Ask for a SMPL, SMPL-H or SMPL-X model file and show every clip on it."""
    name, _ = QFileDialog.getOpenFileName(window, "Body model", "", "Body models (*.npz *.pkl)")
    if name:
        use_body(window, Path(name))


def choose_body_folder(window: MainWindow) -> None:
    """Ask for a folder of released models; each clip takes the one of its gender."""
    name = QFileDialog.getExistingDirectory(window, "Folder of released SMPL models")
    if name:
        use_body(window, Path(name))


def use_body(window: MainWindow, path: Path | None) -> None:
    """Show the project's clips on another body, after making sure that it can be read."""
    session = window.session
    if session.project is None:
        return
    body = loading.body_source(path, session.folder) if path is not None else None
    name = path.name if path is not None else "the open body"
    session.edit(f"Body: {name}", replace(session.project, body=body))
    window.tell(f"Clips are shown on {name}")


def write_report(window: MainWindow) -> None:
    """Ask for a folder, then compare real with virtual signals: tables and figures.

    Of the selected clips if there are several, else of all that have a motion and a recording.
    """
    project = window.session.project
    if project is None:
        return
    chosen = [project.clip(i) for i in window.library.selected_ids()]
    fitting = tuple(c.id for c in chosen if c.usable and c.motion and c.recordings)
    ids = fitting if len(chosen) > 1 and fitting else None
    name = QFileDialog.getExistingDirectory(window, "Folder for the report")
    if name and _may_write_report(window, Path(name)):
        window.jobs.start(
            "Comparing real with virtual",
            reporting.report_project,
            project,
            window.session.folder,
            Path(name),
            ids,
            reporting.FIGURE_FORMATS,
            on_done=lambda report: window.tell(
                f"{reporting.counts_text(report)}: {len(report.files)} files in {report.folder}"
            ),
        )


def _may_write_report(window: MainWindow, folder: Path) -> bool:
    """Whether an earlier report in the folder, if there is one, may be replaced."""
    if not (folder / reporting.CSV_NAME).exists():
        return True
    buttons = QMessageBox.StandardButton
    answer = QMessageBox.question(
        window,
        "Report",
        f"{folder}\nholds a report already. Replace its tables and figures?",
        buttons.Yes | buttons.No,
        buttons.No,
    )
    return answer == buttons.Yes
