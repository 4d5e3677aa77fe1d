"""Rows of the table for clips: their status, their recordings, their sensors."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from harstudio.core.project import EXCLUDED, KEPT, UNREVIEWED
from harstudio.gui.annotating import labelling
from harstudio.gui.commands.action_row import (
    ActionRow,
    Run,
    editable,
    has_project,
    labelling_can,
    line,
)
from harstudio.gui.exchange import files

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow


def _recording(window: MainWindow) -> bool:
    clip = window.session.clip
    return editable(window) and clip is not None and bool(clip.recordings and clip.motion)


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
    with_recordings = filter(attrgetter("recordings"), clips)  # asked after every edit
    return any(clip.motion and clip.usable for clip in with_recordings)


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


CLIP: tuple[ActionRow, ...] = (
    ActionRow("keep", "Clip", "&Keep clip", ("A",), _status(KEPT), labelling_can),
    ActionRow("exclude", "Clip", "&Exclude clip", ("E",), _status(EXCLUDED), labelling_can),
    ActionRow(
        "unreview", "Clip", "Mark &unreviewed", ("U",), _status(UNREVIEWED), labelling_can
    ),
    line("Clip", "clip"),
    ActionRow(
        "next_clip", "Clip", "&Next clip", ("PgDown",), lambda w: w.library.step(1), has_project
    ),
    ActionRow(
        "previous_clip", "Clip", "&Previous clip", ("PgUp",), lambda w: w.library.step(-1),
        has_project,
    ),
    ActionRow(
        "find", "Clip", "&Search clips", ("Ctrl+F",), lambda w: w.focus_search(), has_project
    ),
    line("Clip", "align"),
    ActionRow(
        "align", "Clip", "&Align recording to the body", ("Ctrl+L",), _align, _recording
    ),
    ActionRow(
        "align_all", "Clip", "Align &all clips with recordings", (), lambda w: w.align.fit_all(),
        editable,
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
)  # fmt: skip
