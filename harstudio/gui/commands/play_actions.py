"""Rows of the table for playing, and for moving and zooming in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harstudio.gui import dialogs
from harstudio.gui.annotating import labelling
from harstudio.gui.commands.action_row import ActionRow, Run, has_clip, line

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow


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
            segment = window.session.track.segments[index]
            window.clock.seek(segment.end_s if end else segment.start_s)
        elif selection is not None:
            window.clock.seek(selection[end])
        else:
            window.clock.seek(window.clock.duration_s if end else 0.0)

    return run


def _loop(window: MainWindow) -> None:
    looped = window.clock.loop is not None
    window.clock.set_loop(None if looped else window.session.selection)
    if window.session.selection is None and not looped:
        window.tell("Select a segment or a stretch to loop it")
    elif window.clock.loop is not None:
        window.clock.seek(window.clock.loop[0])
        window.clock.play()


def _zoom_selection(window: MainWindow) -> None:
    if window.session.selection is not None:
        start, end = window.session.selection
        margin = 0.1 * (end - start)
        window.time_window.show_range(start - margin, end + margin)
    else:
        window.tell("Select a segment or a stretch to zoom to it")


def _zoom(factor: float) -> Run:
    return lambda window: window.time_window.zoom(factor, window.clock.time_s)


PLAY: tuple[ActionRow, ...] = (
    ActionRow(
        "play", "Play", "&Play / pause", ("Space",), lambda w: w.clock.toggle(), has_clip,
        lambda w: w.clock.playing,
    ),
    ActionRow("loop", "Play", "&Loop the selection", ("Shift+Space",), _loop, has_clip),
    line("Play", "play"),
    ActionRow("frame_back", "Play", "Frame back", ("Left", ","), _step_frames(-1), has_clip),
    ActionRow("frame_on", "Play", "Frame forward", ("Right", "."), _step_frames(1), has_clip),
    ActionRow("ten_back", "Play", "10 frames back", ("Ctrl+Left",), _step_frames(-10), has_clip),
    ActionRow("ten_on", "Play", "10 frames forward", ("Ctrl+Right",), _step_frames(10), has_clip),
    ActionRow(
        "second_back", "Play", "1 second back", ("Ctrl+Alt+Left",), _step_seconds(-1), has_clip
    ),
    ActionRow(
        "second_on", "Play", "1 second forward", ("Ctrl+Alt+Right",), _step_seconds(1), has_clip
    ),
    ActionRow(
        "start", "Play", "To the segment's start", ("Home",), _segment_edge(False), has_clip
    ),
    ActionRow("end", "Play", "To the segment's end", ("End",), _segment_edge(True), has_clip),
    ActionRow("goto", "Play", "&Go to time …", ("G",), dialogs.ask_time, has_clip),
    ActionRow("faster", "Play", "Faster", ("Up",), lambda w: w.clock.change_speed(1), has_clip),
    ActionRow(
        "slower", "Play", "Slower", ("Down",), lambda w: w.clock.change_speed(-1), has_clip
    ),
)  # fmt: skip

ZOOM: tuple[ActionRow, ...] = (
    ActionRow("zoom_in", "View", "Zoom in", ("Ctrl++", "Ctrl+="), _zoom(0.5), has_clip),
    ActionRow("zoom_out", "View", "Zoom out", ("Ctrl+-",), _zoom(2.0), has_clip),
    ActionRow("zoom_selection", "View", "Zoom to selection", ("Z",), _zoom_selection, has_clip),
    ActionRow(
        "zoom_fit", "View", "Show all", ("Shift+Z",), lambda w: w.time_window.fit(), has_clip
    ),
)
