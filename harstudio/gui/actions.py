"""One table of commands: it feeds menus, toolbar, shortcuts, the key sheet, and a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

from harstudio.core.project import EXCLUDED, KEPT, UNREVIEWED
from harstudio.gui import dialogs, files, labelling

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

Run = Callable[["MainWindow"], object]
Test = Callable[["MainWindow"], bool]


@dataclass(frozen=True)
class ActionRow:
    """A command.

    Attributes
    ----------
    id : str
    menu : str
        Menu it stands in; ``Menu/Submenu`` for a submenu.
    text : str
    keys : tuple of str
        Shortcuts in Qt's notation; the first is shown.
    run : callable
    enabled, checked : callable or None
        Asked whenever the session changes; `checked` makes it a tick.
    """

    id: str
    menu: str
    text: str
    keys: tuple[str, ...]
    run: Run
    enabled: Test | None = None
    checked: Test | None = None


def _open(window: MainWindow) -> bool:
    return window.session.project is not None


def _editable(window: MainWindow) -> bool:
    return window.session.project is not None and not window.session.read_only


def _clip(window: MainWindow) -> bool:
    return window.session.clip is not None


def _labelling(window: MainWindow) -> bool:
    return _clip(window) and _editable(window)


def _recording(window: MainWindow) -> bool:
    clip = window.session.clip
    return _editable(window) and clip is not None and bool(clip.recordings and clip.motion)


def _placeable(window: MainWindow) -> bool:
    clip = window.session.clip
    has_motion = clip is not None and clip.motion is not None
    return has_motion and window.placing.possible and not window.viewport.problem


def _place(window: MainWindow) -> None:
    problem = window.viewport.place_problem
    if problem and not window.placing.on:
        window.tell(problem)
    else:
        window.placing.set_on(not window.placing.on)


def _comparable(window: MainWindow) -> bool:
    clips = window.session.project.clips.values() if window.session.project else ()
    return any(clip.usable and clip.motion and clip.recordings for clip in clips)


def _step_frames(count: int) -> Run:
    def run(window: MainWindow) -> None:
        clip = window.session.clip
        if clip is not None:
            window.clock.pause()
            frame = round(window.clock.time_s * clip.rate_hz) + count
            window.clock.seek(frame / clip.rate_hz)

    return run


def _step_seconds(seconds: float) -> Run:
    return lambda window: window.clock.seek(window.clock.time_s + seconds)


def _segment_edge(end: bool) -> Run:
    def run(window: MainWindow) -> None:
        selection = window.session.selection
        index = labelling.current_segment(window.session, window.clock)
        if index is not None:
            segment = labelling.track_of(window.session).segments[index]
            window.clock.seek(segment.end_s if end else segment.start_s)
        elif selection is not None:
            window.clock.seek(selection[end])
        else:
            window.clock.seek(window.clock.duration_s if end else 0.0)

    return run


def _loop(window: MainWindow) -> None:
    window.clock.set_loop(None if window.clock.loop else window.session.selection)
    if window.clock.loop is not None:
        window.clock.seek(window.clock.loop[0])
        window.clock.play()


def _set_in(window: MainWindow) -> None:
    _, end = window.session.selection or (0.0, window.clock.duration_s)
    if window.clock.time_s < end:
        window.session.select_range(window.clock.time_s, end)


def _set_out(window: MainWindow) -> None:
    start, _ = window.session.selection or (0.0, 0.0)
    if window.clock.time_s > start:
        window.session.select_range(start, window.clock.time_s)


def _zoom_selection(window: MainWindow) -> None:
    if window.session.selection is not None:
        start, end = window.session.selection
        margin = 0.1 * (end - start)
        window.time_window.show_range(start - margin, end + margin)


def _zoom(factor: float) -> Run:
    return lambda window: window.time_window.zoom(factor, window.clock.time_s)


def _status(status: str) -> Run:
    def run(window: MainWindow) -> None:
        labelling.set_status(window.session, window.library.selected_ids(), status)
        if status != UNREVIEWED and len(window.library.selected_ids()) == 1:
            window.library.step(1)

    return run


def _align(window: MainWindow) -> None:
    window.show_panel("align")
    window.align.fit()


def _nudge(name: str, text: str, key: str, run: Run) -> ActionRow:
    return ActionRow(
        f"nudge_{name}", "Clip/Nudge recording", f"Recording {text}", (key,), run, _recording
    )


def _anchor(index: int, key: str) -> ActionRow:
    return ActionRow(
        f"anchor_{'ab'[index]}", "Clip/Nudge recording", f"Set anchor {'AB'[index]} at playhead",
        (key,), lambda window: window.align.set_anchor(index), _recording,
    )  # fmt: skip


def _digit(digit: str) -> ActionRow:
    return ActionRow(
        f"label_{digit}",
        "Label/Label with key",
        f"Label {digit}",
        (digit,),
        lambda window: labelling.label_digit(window.session, window.clock, digit),
        _labelling,
    )


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


ACTIONS: tuple[ActionRow, ...] = (
    ActionRow("new", "File", "&New project …", ("Ctrl+N",), files.new_project),
    ActionRow("open", "File", "&Open project …", ("Ctrl+O",), files.open_project),
    ActionRow("demo", "File", "New &demo project …", (), files.new_demo),
    ActionRow("save_as", "File", "Save a &copy …", ("Ctrl+Shift+S",), files.save_copy, _open),
    ActionRow("-file", "File", "-", (), lambda _w: None),
    ActionRow(
        "import", "File", "&Import folder …", ("Ctrl+I",), files.import_folder, _editable
    ),
    ActionRow(
        "relink", "File", "Find &moved files …", (), files.relink, _editable
    ),
    ActionRow(
        "body_file", "File/Body", "SMPL model file …", (), files.choose_body_file, _editable
    ),
    ActionRow(
        "body_folder", "File/Body", "Folder of SMPL models …", (), files.choose_body_folder,
        _editable,
    ),
    ActionRow(
        "body_open", "File/Body", "The open body", (), lambda w: files.use_body(w, None), _editable,
        lambda w: _open(w) and w.session.project.body is None,
    ),
    ActionRow(
        "export", "File", "&Export labels as CSV …", ("Ctrl+E",), files.export_labels, _open
    ),
    ActionRow("-quit", "File", "-", (), lambda _w: None),
    ActionRow("quit", "File", "&Quit", ("Ctrl+Q",), lambda window: window.close()),
    ActionRow(
        "undo", "Edit", "&Undo", ("Ctrl+Z",), lambda window: window.session.undo_stack.undo(),
        lambda window: window.session.undo_stack.canUndo(),
    ),
    ActionRow(
        "redo", "Edit", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y"),
        lambda window: window.session.undo_stack.redo(),
        lambda window: window.session.undo_stack.canRedo(),
    ),
    ActionRow("-edit", "Edit", "-", (), lambda _w: None),
    ActionRow("author", "Edit", "Sign edits as …", (), dialogs.ask_author),
    ActionRow("keep", "Clip", "&Keep clip", ("A",), _status(KEPT), _labelling),
    ActionRow("exclude", "Clip", "&Exclude clip", ("E",), _status(EXCLUDED), _labelling),
    ActionRow(
        "unreview", "Clip", "Mark &unreviewed", ("U",), _status(UNREVIEWED), _labelling
    ),
    ActionRow("-clip", "Clip", "-", (), lambda _w: None),
    ActionRow(
        "next_clip", "Clip", "&Next clip", ("PgDown",), lambda w: w.library.step(1), _open
    ),
    ActionRow(
        "previous_clip", "Clip", "&Previous clip", ("PgUp",), lambda w: w.library.step(-1), _open
    ),
    ActionRow("find", "Clip", "&Search clips", ("Ctrl+F",), lambda w: w.focus_search(), _open),
    ActionRow("-align", "Clip", "-", (), lambda _w: None),
    ActionRow(
        "align", "Clip", "&Align recording to the body", ("Ctrl+L",), _align, _recording
    ),
    ActionRow(
        "align_all", "Clip", "Align &all clips with recordings", (), lambda w: w.align.fit_all(),
        _editable,
    ),
    ActionRow(
        "report", "Clip", "&Report: real beside virtual …", ("Ctrl+Shift+R",), files.write_report,
        _comparable,
    ),
    _nudge("back_10", "10 ms earlier", "Alt+Left", lambda w: w.align.nudge(-0.01)),
    _nudge("on_10", "10 ms later", "Alt+Right", lambda w: w.align.nudge(0.01)),
    _nudge("back", "1 sample earlier", "Alt+Shift+Left", lambda w: w.align.nudge_samples(-1)),
    _nudge("on", "1 sample later", "Alt+Shift+Right", lambda w: w.align.nudge_samples(1)),
    _anchor(0, "Alt+A"),
    _anchor(1, "Alt+B"),
    ActionRow(
        "place", "Clip", "&Place sensors on the body", ("P",),
        _place, _placeable, lambda w: w.placing.on,
    ),
    *(_digit(digit) for digit in "1234567890"),
    ActionRow(
        "split", "Label", "&Split at playhead", ("S",),
        lambda w: labelling.split(w.session, w.clock), _labelling,
    ),
    ActionRow(
        "merge", "Label", "&Merge with next", ("M",),
        lambda w: labelling.merge(w.session, w.clock), _labelling,
    ),
    ActionRow(
        "delete", "Label", "&Delete segment", ("Del", "Backspace"),
        lambda w: labelling.delete(w.session), _labelling,
    ),
    ActionRow("-label", "Label", "-", (), lambda _w: None),
    ActionRow(
        "previous_segment", "Label", "&Previous segment", ("K",),
        lambda w: labelling.go_to_segment(w.session, w.clock, -1), _clip,
    ),
    ActionRow(
        "next_segment", "Label", "&Next segment", ("L",),
        lambda w: labelling.go_to_segment(w.session, w.clock, 1), _clip,
    ),
    ActionRow("in", "Label", "Selection starts here", ("[",), _set_in, _clip),
    ActionRow("out", "Label", "Selection ends here", ("]",), _set_out, _clip),
    ActionRow(
        "deselect", "Label", "Select nothing", ("Esc",), lambda w: w.escape(),
        _clip,
    ),
    ActionRow(
        "play", "Play", "&Play / pause", ("Space",), lambda w: w.clock.toggle(), _clip,
        lambda w: w.clock.playing,
    ),
    ActionRow("loop", "Play", "&Loop the selection", ("Shift+Space",), _loop, _clip),
    ActionRow("-play", "Play", "-", (), lambda _w: None),
    ActionRow("frame_back", "Play", "Frame back", ("Left", ","), _step_frames(-1), _clip),
    ActionRow("frame_on", "Play", "Frame forward", ("Right", "."), _step_frames(1), _clip),
    ActionRow("ten_back", "Play", "10 frames back", ("Ctrl+Left",), _step_frames(-10), _clip),
    ActionRow("ten_on", "Play", "10 frames forward", ("Ctrl+Right",), _step_frames(10), _clip),
    ActionRow(
        "second_back", "Play", "1 second back", ("Ctrl+Alt+Left",), _step_seconds(-1), _clip
    ),
    ActionRow(
        "second_on", "Play", "1 second forward", ("Ctrl+Alt+Right",), _step_seconds(1), _clip
    ),
    ActionRow("start", "Play", "To the segment's start", ("Home",), _segment_edge(False), _clip),
    ActionRow("end", "Play", "To the segment's end", ("End",), _segment_edge(True), _clip),
    ActionRow("goto", "Play", "&Go to time …", ("G",), dialogs.ask_time, _clip),
    ActionRow("faster", "Play", "Faster", ("Up",), lambda w: w.clock.change_speed(1), _clip),
    ActionRow("slower", "Play", "Slower", ("Down",), lambda w: w.clock.change_speed(-1), _clip),
    _workspace("review", 1),
    _workspace("compare", 2),
    _workspace("learn", 3),
    ActionRow(
        "reset_layout", "View", "Reset this workspace", (), lambda w: w.reset_workspace()
    ),
    ActionRow("-view", "View", "-", (), lambda _w: None),
    ActionRow("zoom_in", "View", "Zoom in", ("Ctrl++", "Ctrl+="), _zoom(0.5), _clip),
    ActionRow("zoom_out", "View", "Zoom out", ("Ctrl+-",), _zoom(2.0), _clip),
    ActionRow("zoom_selection", "View", "Zoom to selection", ("Z",), _zoom_selection, _clip),
    ActionRow("zoom_fit", "View", "Show all", ("Shift+Z",), lambda w: w.time_window.fit(), _clip),
    ActionRow("centre", "View", "Centre the body", ("C",), lambda w: w.viewport.centre(), _clip),
    ActionRow("-theme", "View", "-", (), lambda _w: None),
    *(_theme(name) for name in ("system", "light", "dark")),
    ActionRow(
        "train", "Learn", "&Train …", ("Ctrl+T",), lambda w: w.show_panel("train"), _open
    ),
    ActionRow(
        "results", "Learn", "&Results", ("Ctrl+R",), lambda w: w.show_panel("results"), _open
    ),
    ActionRow("keys", "Help", "&Keys and mouse", ("?", "F1"), lambda w: w.show_keys()),
    ActionRow("about", "Help", "&About harstudio", (), dialogs.show_about),
)  # fmt: skip


def key_text(row: ActionRow) -> str:
    """The row's shortcuts as the system writes them."""
    form = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(key).toString(form) for key in row.keys)
