"""Rows of the table for labels: by key, while it plays, suggestions, tiers, one segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harstudio.gui.annotating import labelling, segment_dialog, suggestions
from harstudio.gui.annotating.reaction_dialog import measure_reaction
from harstudio.gui.commands.action_row import ActionRow, labelling_can, line
from harstudio.gui.commands.action_row import has_clip as _clip

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow

DIGITS = "1234567890"
BY_KEY = "Label/Label with key"
BY_SHIFTED_KEY = "Label/Label with Shift and key"


def _digit(digit: str, *, otherwise: bool = False) -> ActionRow:
    def run(window: MainWindow) -> None:
        label = labelling.label_of_digit(window.session, digit)
        if label is not None:
            window.live.give(label, otherwise=otherwise)

    return ActionRow(
        f"label_{digit}_otherwise" if otherwise else f"label_{digit}",
        BY_SHIFTED_KEY if otherwise else BY_KEY,
        f"Label {digit}, overlapping the other way" if otherwise else f"Label {digit}",
        (f"Shift+{digit}" if otherwise else digit,),
        run,
        labelling_can,
    )


def _set_in(window: MainWindow) -> None:
    """Begin the selection here; one that ends before this goes on to the clip's end."""
    now_s, clip_s = window.clock.time_s, window.clock.duration_s
    _, end_s = window.session.selection or (0.0, clip_s)
    _select(window, now_s, end_s if now_s < end_s else clip_s)


def _set_out(window: MainWindow) -> None:
    """End the selection here; one that begins after this begins with the clip."""
    now_s = window.clock.time_s
    start_s, _ = window.session.selection or (0.0, 0.0)
    _select(window, start_s if start_s < now_s else 0.0, now_s)


def _select(window: MainWindow, start_s: float, end_s: float) -> None:
    if start_s < end_s:
        window.session.select_range(start_s, end_s)
    else:
        window.tell("Nothing to select: the playhead is at the end of the clip, or its start")


def _suggested(window: MainWindow) -> bool:
    return labelling_can(window) and suggestions.has_suggestions(window.session)


def _confidence(percent: int) -> ActionRow:
    return ActionRow(
        f"confidence_{percent}",
        "Label/Confidence of the segment",
        f"Confidence {percent} %",
        (),
        lambda w: labelling.set_confidence(w.session, w.clock, percent / 100),
        labelling_can,
    )


LABEL: tuple[ActionRow, ...] = (
    *(_digit(digit) for digit in DIGITS),
    *(_digit(digit, otherwise=True) for digit in DIGITS),
    ActionRow(
        "live", "Label", "Begin or end a &live label", ("Return", "Enter"),
        lambda w: w.live.toggle(), labelling_can, lambda w: w.live.on,
    ),
    line("Label", "live"),
    ActionRow(
        "split", "Label", "&Split at playhead", ("S",),
        lambda w: labelling.split(w.session, w.clock), labelling_can,
    ),
    ActionRow(
        "merge", "Label", "&Merge with next", ("M",),
        lambda w: labelling.merge(w.session, w.clock), labelling_can,
    ),
    ActionRow(
        "segment", "Label", "S&egment …", ("F2",), segment_dialog.ask_segment, labelling_can
    ),
    *(_confidence(percent) for percent in (100, 75, 50, 25)),
    ActionRow(
        "delete", "Label", "&Delete segment", ("Del", "Backspace"),
        lambda w: labelling.delete(w.session), labelling_can,
    ),
    line("Label", "move"),
    ActionRow(
        "previous_segment", "Label", "&Previous segment", ("K",),
        lambda w: labelling.go_to_segment(w.session, w.clock, -1), _clip,
    ),
    ActionRow(
        "next_segment", "Label", "&Next segment", ("L",),
        lambda w: labelling.go_to_segment(w.session, w.clock, 1), _clip,
    ),
    ActionRow(
        "last_edit", "Label", "Last edited &place", ("Ctrl+J",),
        lambda w: w.places.go_back(w.clock), _clip,
    ),
    ActionRow("in", "Label", "Selection starts here", ("[",), _set_in, _clip),
    ActionRow("out", "Label", "Selection ends here", ("]",), _set_out, _clip),
    ActionRow("deselect", "Label", "Select nothing", ("Esc",), lambda w: w.escape(), _clip),
    line("Label", "tiers"),
    ActionRow(
        "copy_down", "Label", "Copy to the tier &below", ("Alt+Down",),
        lambda w: labelling.copy_to_tier(w.session, w.clock, 1), labelling_can,
    ),
    ActionRow(
        "copy_up", "Label", "Copy to the tier &above", ("Alt+Up",),
        lambda w: labelling.copy_to_tier(w.session, w.clock, -1), labelling_can,
    ),
    line("Label", "suggestions"),
    ActionRow(
        "next_suggestion", "Label", "Next s&uggestion", ("N",),
        lambda w: suggestions.go(w.session, w.clock, 1), _clip,
    ),
    ActionRow(
        "previous_suggestion", "Label", "Previous suggestion", ("Shift+N",),
        lambda w: suggestions.go(w.session, w.clock, -1), _clip,
    ),
    ActionRow(
        "accept", "Label", "Accept suggestion", ("Y",),
        lambda w: suggestions.accept(w.session, w.clock), _suggested,
    ),
    ActionRow(
        "reject", "Label", "Reject suggestion", ("X",),
        lambda w: suggestions.reject(w.session, w.clock), _suggested,
    ),
    ActionRow(
        "accept_all", "Label", f"Accept all from {suggestions.SURE:g} on in this clip", (),
        lambda w: suggestions.accept_all(w.session), _suggested,
    ),
    ActionRow(
        "next_suggested_clip", "Label", "Next clip with suggestions", (),
        lambda w: suggestions.go_to_next_clip(w.session), _clip,
    ),
    line("Label", "reaction"),
    ActionRow(
        "reaction", "Label", "Measure &reaction time …", (), measure_reaction
    ),
)  # fmt: skip
