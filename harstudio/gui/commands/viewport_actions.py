"""Commands of the viewport: what is shown beside the body, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harstudio.core.skeleton import JOINTS
from harstudio.gui.commands.action_row import ActionRow, Run
from harstudio.gui.placing import spoken
from harstudio.gui.viewport.modes import FRONT, SIDE, TINTS, TOP
from harstudio.gui.viewport.views import SLOTS

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow


def _is_drawn(window: MainWindow) -> bool:
    """Whether somebody is in the picture: no one without a motion, or without OpenGL."""
    return window.session.clip is not None and window.viewport.subject.figure is not None


def _toggle(option: str, text: str, key: str) -> ActionRow:
    return ActionRow(
        f"show_{option}", "View/Show", text, (key,),
        lambda window: window.viewport.showing.toggle(option), _is_drawn,
        lambda window: bool(getattr(window.viewport.showing.options, option)),
    )  # fmt: skip


def _tint(tint: str) -> ActionRow:
    return ActionRow(
        f"tint_{tint}", "View/The label colours", tint.capitalize(), (),
        lambda window: window.viewport.showing.choose(tint=tint), _is_drawn,
        lambda window: window.viewport.showing.options.tint == tint,
    )  # fmt: skip


def _side(side: str, text: str, key: str) -> ActionRow:
    return ActionRow(
        f"look_{side}", "View/Look from", text, (key,),
        lambda window: window.viewport.set_view(side), _is_drawn,
    )  # fmt: skip


def _recall(slot: str) -> ActionRow:
    def run(window: MainWindow) -> None:
        if not window.viewport.rig.recall_view(slot):
            window.tell(f"No view {slot} has been kept yet (Ctrl+Alt+Shift+{slot} keeps one)")

    return ActionRow(
        f"view_{slot}", "View/Look from", f"View {slot}", (f"Ctrl+Alt+{slot}",), run, _is_drawn
    )


def _keep(slot: str) -> ActionRow:
    def run(window: MainWindow) -> None:
        window.viewport.rig.keep_view(slot)
        window.tell(f"View {slot} kept: Ctrl+Alt+{slot} comes back to it")

    return ActionRow(
        f"keep_view_{slot}", "View/Keep this view", f"As view {slot}",
        (f"Ctrl+Alt+Shift+{slot}",), run, _is_drawn,
    )  # fmt: skip


def _about(joint: str) -> ActionRow:
    return ActionRow(
        f"turn_about_{joint}", "View/Turn about", spoken(joint).capitalize(), (),
        lambda window: window.viewport.rig.focus(joint), _is_drawn,
        lambda window: window.viewport.rig.joint == joint,
    )  # fmt: skip


def _measure(joint: str) -> ActionRow:
    return ActionRow(
        f"measure_{joint}", "View/Virtual sensor at", spoken(joint).capitalize(), (),
        lambda window: window.viewport.joints.measure(joint), _has_body,
    )  # fmt: skip


def _has_body(window: MainWindow) -> bool:
    return window.viewport.what_if.body is not None


def _follow(window: MainWindow) -> None:
    window.viewport.set_follow(not window.viewport.rig.follow)


def _about_chosen(window: MainWindow) -> None:
    joint = window.viewport.joints.chosen or window.viewport.joints.hovered
    if joint:
        window.viewport.rig.focus(joint)
    else:
        window.tell("Click on a joint first, or rest the pointer on one")


_shape: Run = lambda window: window.show_panel("body")  # noqa: E731 - a row's command

VIEWPORT_ROWS: tuple[ActionRow, ...] = (
    ActionRow(
        "next_mode", "View/Show", "Body, skeleton or both", ("B",),
        lambda window: window.viewport.next_mode(), _is_drawn,
    ),
    _toggle("joint_axes", "Joint axes", "Alt+J"),
    _toggle("contact", "Ground contact", "Alt+F"),
    _toggle("trails", "Sensor trails", "Alt+T"),
    _toggle("acceleration", "Acceleration at the sensor", "Alt+V"),
    _toggle("gravity", "Acceleration with gravity", "Alt+Shift+V"),
    _toggle("ghosts", "Ghosts before and after", "Alt+G"),
    ActionRow(
        "second_motion", "View/Show", "Second motion …", ("Alt+O",),
        lambda window: window.viewport.ask_second(), _is_drawn,
    ),
    ActionRow(
        "no_second_motion", "View/Show", "No second motion", (),
        lambda window: window.viewport.companion.show_clip("", 0.0),
        lambda window: bool(window.viewport.companion.clip_id),
    ),
    ActionRow(
        "second_left", "View/Show", "Second body to the left", (),
        lambda w: w.viewport.companion.put_beside(not w.viewport.companion.beside), _is_drawn,
        lambda w: w.viewport.companion.beside,
    ),
    ActionRow("body_shape", "View/Show", "Body shape …", ("Alt+S",), _shape, _has_body),
    *(_tint(tint) for tint in TINTS),
    _side(FRONT, "The front", "Alt+1"),
    _side(SIDE, "The left side", "Alt+2"),
    _side(TOP, "Above", "Alt+3"),
    *(_recall(slot) for slot in SLOTS),
    *(_keep(slot) for slot in SLOTS),
    ActionRow(
        "follow", "View", "Follow the body", ("F",), _follow, _is_drawn,
        lambda window: window.viewport.rig.follow,
    ),
    ActionRow(
        "turn_about_chosen", "View/Turn about", "The chosen joint", ("Alt+C",), _about_chosen,
        _is_drawn,
    ),
    *(_about(joint) for joint in JOINTS),
    ActionRow(
        "measure_none", "View/Virtual sensor at", "No joint", (),
        lambda window: window.viewport.joints.forget_measured(),
        lambda window: bool(window.viewport.joints.measured),
    ),
    *(_measure(joint) for joint in JOINTS),
)  # fmt: skip
