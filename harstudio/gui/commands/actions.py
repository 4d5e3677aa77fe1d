"""One table of commands: it feeds menus, toolbar, shortcuts, palette, key sheet, and a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harstudio.gui import dialogs, generating
from harstudio.gui.commands.action_row import (
    ActionRow,
    editable,
    has_clip,
    has_project,
    line,
)
from harstudio.gui.commands.clip_actions import CLIP
from harstudio.gui.commands.label_actions import LABEL
from harstudio.gui.commands.play_actions import PLAY, ZOOM
from harstudio.gui.commands.viewport_actions import VIEWPORT_ROWS
from harstudio.gui.exchange import files, label_files
from harstudio.gui.exchange.filming import FILM_ROWS
from harstudio.gui.keyboard.finding import open_palette
from harstudio.gui.keyboard.keysheet import show_keys

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

__all__ = ["ACTIONS", "ActionRow"]


def _has_motion(window: MainWindow) -> bool:
    clip = window.session.clip
    return clip is not None and clip.motion is not None


def _theme(name: str) -> ActionRow:
    return ActionRow(
        f"theme_{name}",
        "View/Theme",
        name.capitalize(),
        (),
        lambda window: window.choose_theme(name),
        None,
        lambda window: window.theme.name == name,
    )


def _workspace(name: str, number: int) -> ActionRow:
    return ActionRow(
        f"workspace_{name}",
        "View",
        f"{name.capitalize()} workspace",
        (f"Ctrl+{number}",),
        lambda window: window.show_workspace(name),
        None,
        lambda window: window.workspace == name,
    )


_FILE: tuple[ActionRow, ...] = (
    ActionRow("new", "File", "&New project …", ("Ctrl+N",), files.new_project),
    ActionRow("open", "File", "&Open project …", ("Ctrl+O",), files.open_project),
    ActionRow("demo", "File", "New &demo project …", (), files.new_demo),
    ActionRow(
        "save_as", "File", "Save a &copy …", ("Ctrl+Shift+S",), files.save_copy, has_project
    ),
    line("File", "file"),
    ActionRow(
        "import", "File", "&Import folder …", ("Ctrl+I",), files.import_folder, editable
    ),
    ActionRow(
        "import_labels", "File", "Import &labels …", ("Ctrl+Shift+I",), label_files.import_labels,
        editable,
    ),
    ActionRow(
        "import_label_folder", "File", "Import folder of labels …", (),
        label_files.import_label_folder, editable,
    ),
    ActionRow(
        "relink", "File", "Find &moved files …", (), files.relink, editable
    ),
    ActionRow(
        "body_file", "File/Body", "SMPL model file …", (), files.choose_body_file, editable
    ),
    ActionRow(
        "body_folder", "File/Body", "Folder of SMPL models …", (), files.choose_body_folder,
        editable,
    ),
    ActionRow(
        "body_open", "File/Body", "The open body", (), lambda w: files.use_body(w, None), editable,
        lambda w: has_project(w) and w.session.project.body is None,
    ),
    ActionRow(
        "export", "File", "&Export labels …", ("Ctrl+E",), label_files.export_labels, has_project
    ),
    ActionRow(
        "export_motions", "File/Export", "Motions cut to segments (AMASS) …", (),
        label_files.export_motions, has_project,
    ),
    ActionRow(
        "export_windows", "File/Export", "Training windows …", (), label_files.export_windows,
        has_project,
    ),
    line("File", "quit"),
    ActionRow("quit", "File", "&Quit", ("Ctrl+Q",), lambda window: window.close()),
)  # fmt: skip

_EDIT: tuple[ActionRow, ...] = (
    ActionRow(
        "undo", "Edit", "&Undo", ("Ctrl+Z",), lambda window: window.session.undo_stack.undo(),
        lambda window: window.session.undo_stack.canUndo(),
    ),
    ActionRow(
        "redo", "Edit", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"),
        lambda window: window.session.undo_stack.redo(),
        lambda window: window.session.undo_stack.canRedo(),
    ),
    line("Edit", "edit"),
    ActionRow("palette", "Edit", "&Find a command …", ("Ctrl+K",), open_palette),
    line("Edit", "author"),
    ActionRow("author", "Edit", "Sign edits as …", (), dialogs.ask_author),
)  # fmt: skip

_VIEW: tuple[ActionRow, ...] = (
    _workspace("review", 1),
    _workspace("compare", 2),
    _workspace("learn", 3),
    ActionRow(
        "reset_layout", "View", "Reset this workspace", (), lambda w: w.reset_workspace()
    ),
    line("View", "view"),
    *ZOOM,
    ActionRow("centre", "View", "Centre the body", ("C",), lambda w: w.viewport.centre(), has_clip),
    *VIEWPORT_ROWS,
    *FILM_ROWS,
    line("View", "theme"),
    *(_theme(name) for name in ("system", "light", "dark")),
)  # fmt: skip

_LEARN: tuple[ActionRow, ...] = (
    ActionRow(
        "train", "Learn", "&Train …", ("Ctrl+T",), lambda w: w.show_panel("train"), has_project
    ),
    ActionRow(
        "results", "Learn", "&Results", ("Ctrl+R",), lambda w: w.show_panel("results"), has_project
    ),
    ActionRow(
        "runs", "Learn", "R&uns", ("Ctrl+Shift+T",), lambda w: w.show_panel("runs"), has_project
    ),
    line("Learn", "generated"),
    ActionRow(
        "generated", "Learn", "Show &generated signals (pose2imu run) …", (), generating.ask_run,
        _has_motion,
    ),
    ActionRow(
        "generated_off", "Learn", "Hide generated signals", (), generating.stop_showing,
        lambda w: w.generating.run_dir is not None,
    ),
)  # fmt: skip

_HELP: tuple[ActionRow, ...] = (
    ActionRow("keys", "Help", "&Keys and mouse …", ("?", "F1"), show_keys),
    ActionRow("about", "Help", "&About harstudio", (), dialogs.show_about),
)

ACTIONS: tuple[ActionRow, ...] = (
    *_FILE, *_EDIT, *CLIP, *LABEL, *PLAY, *_VIEW, *_LEARN, *_HELP,
)  # fmt: skip
