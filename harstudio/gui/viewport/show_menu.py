"""The menus behind two chips: what is shown, and from where."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from harstudio.core.skeleton import JOINTS
from harstudio.gui.placing import spoken
from harstudio.gui.viewport.companion import Companion
from harstudio.gui.viewport.modes import FRONT, SIDE, TINTS, TOP
from harstudio.gui.viewport.options import GHOST_COUNTS, GHOST_STEPS_S, TRAILS_S, Showing
from harstudio.gui.viewport.rig import Rig
from harstudio.gui.viewport.views import SLOTS

Run = Callable[[], object]
KeyOf = Callable[[str], str]


def fill_show_menu(
    menu: QMenu,
    showing: Showing,
    companion: Companion,
    ask_clip: Run,
    show_shape: Run,
    key_of: KeyOf,
) -> None:
    """Offer everything that can be shown beside the body, ticked as it is now."""
    menu.clear()
    options = showing.options

    def toggle(holder: QMenu, name: str, text: str) -> QAction:
        return _tick(
            holder, f"{text}\t{key_of('show_' + name)}", getattr(options, name),
            lambda: showing.toggle(name),
        )  # fmt: skip

    toggle(menu, "joint_axes", "Joint axes")
    toggle(menu, "contact", "Ground contact")
    toggle(menu, "trails", "Sensor trails")
    _choices(menu, "Length of trails", _seconds(TRAILS_S), options.trail_s, showing, "trail_s")
    toggle(menu, "acceleration", "Acceleration at the sensor")
    kinds = ((True, "Specific force, as it is read"), (False, "Gravity removed"))
    _choices(menu, "Acceleration as", kinds, options.gravity, showing, "gravity")
    toggle(menu, "ghosts", "Ghosts before and after")
    counts = [(n, f"{n} before, {n} after") for n in GHOST_COUNTS]
    ghosts = menu.addMenu("Ghosts")
    _group(ghosts, counts, options.ghost_count, showing, "ghost_count")
    ghosts.addSeparator()
    steps = [(s, f"every {s:g} s") for s in GHOST_STEPS_S]
    _group(ghosts, steps, options.ghost_step_s, showing, "ghost_step_s")
    menu.addSeparator()
    _second(menu, companion, ask_clip, key_of)
    menu.addAction(f"Body shape …\t{key_of('body_shape')}", show_shape)
    menu.addSeparator()
    tints = [(tint, tint.capitalize()) for tint in TINTS]
    _choices(menu, "The label colours", tints, options.tint, showing, "tint")


def _second(menu: QMenu, companion: Companion, ask_clip: Run, key_of: KeyOf) -> None:
    menu.addAction(f"Second motion …\t{key_of('second_motion')}", ask_clip)
    beside = _tick(
        menu, "Second body to the left", companion.beside,
        lambda: companion.put_beside(not companion.beside),
    )  # fmt: skip
    beside.setEnabled(companion.figure is not None)
    if companion.clip_id:
        menu.addAction("No second motion", lambda: companion.show_clip("", 0.0))


def fill_view_menu(menu: QMenu, rig: Rig, ask_name: Callable[[], str], key_of: KeyOf) -> None:
    """Offer views to go back to, views to keep, and joints to turn about."""
    menu.clear()
    for side, text in ((FRONT, "The front"), (SIDE, "The left side"), (TOP, "Above")):
        menu.addAction(f"{text}\t{key_of('look_' + side)}", lambda s=side: rig.look_from(s))
    menu.addSeparator()
    kept = rig.views.names
    for name in kept:
        menu.addAction(f"View {name}\t{key_of('view_' + name)}", lambda n=name: rig.recall_view(n))
    if kept:
        menu.addSeparator()
    keep = menu.addMenu("Keep this view as")
    for name in SLOTS:
        keep.addAction(
            f"View {name}\t{key_of('keep_view_' + name)}", lambda n=name: rig.keep_view(n)
        )
    keep.addAction("Name …", lambda: _keep_named(rig, ask_name))
    if kept:
        forget = menu.addMenu("Forget view")
        for name in kept:
            forget.addAction(f"View {name}", lambda n=name: rig.views.forget(n))
    menu.addSeparator()
    focus = menu.addMenu("Turn about")
    _tick(focus, f"The body\t{key_of('centre')}", not rig.joint, lambda: rig.focus(""))
    focus.addSeparator()
    for joint in JOINTS:
        text = spoken(joint).capitalize()
        _tick(focus, text, rig.joint == joint, lambda j=joint: rig.focus(j))


def _keep_named(rig: Rig, ask_name: Callable[[], str]) -> None:
    name = ask_name()
    if name:
        rig.keep_view(name)


def _tick(menu: QMenu, text: str, checked: bool, run: Run) -> QAction:
    action = menu.addAction(text.rstrip("\t"))
    action.setCheckable(True)
    action.setChecked(checked)
    action.triggered.connect(lambda: run())
    return action


def _seconds(values: Iterable[float]) -> list[tuple[float, str]]:
    return [(value, f"{value:g} s") for value in values]


def _choices(
    menu: QMenu,
    text: str,
    choices: Iterable[tuple[object, str]],
    now: object,
    showing: Showing,
    name: str,
) -> None:
    _group(menu.addMenu(text), choices, now, showing, name)


def _group(
    menu: QMenu, choices: Iterable[tuple[object, str]], now: object, showing: Showing, name: str
) -> None:
    group = QActionGroup(menu)
    for value, words in choices:
        action = _tick(menu, words, value == now, lambda v=value: showing.choose(**{name: v}))
        group.addAction(action)
