"""The timeline's menus: what is in them follows what they were opened on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from harstudio.core.project import MINE
from harstudio.gui.annotating import labelling
from harstudio.gui.session import Session
from harstudio.gui.timeline import tiers
from harstudio.gui.timeline.gestures import EMPTY, Hit, gap_at, sharpened
from harstudio.gui.timeline.tier_dialogs import TierDialog, ask_delete
from harstudio.gui.timeline.transport import swatch

if TYPE_CHECKING:
    from harstudio.gui.timeline.panel import TimelinePanel


def empty_menu(parent: QWidget) -> QMenu:
    """A menu that goes when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu


def add_labels(menu: QMenu, parent: QWidget, session: Session, use: Callable[[str], None]) -> None:
    """The project's labels, and a new one."""
    project = session.project
    for label in project.label_set.labels if project is not None else ():
        action = menu.addAction(swatch(label), _plain(label.name))
        action.triggered.connect(lambda _, name=label.name: use(name))
    menu.addSeparator()
    menu.addAction("New label ...", lambda: _ask_label(parent, use))


def _ask_label(parent: QWidget, use: Callable[[str], None]) -> None:
    dialog = QInputDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("New label")
    dialog.setLabelText("Name of the label")
    dialog.textValueSelected.connect(lambda text: use(text.strip()) if text.strip() else None)
    dialog.open()


def lane_menu(panel: TimelinePanel, time_s: float, hit: Hit | None) -> QMenu:
    """The menu of a segment, of a gap, or (without a hit) of the time axis."""
    menu, session = empty_menu(panel), panel.session
    editable = hit is not None and not session.read_only
    if hit is not None and hit.kind != EMPTY:
        session.select_segment(hit.index)
        if editable:
            _add_segment_actions(menu, panel, time_s)
        menu.addAction("Loop this segment", partial(panel.loop_segment, hit.index))
    elif editable:
        clip_s = session.clip.duration_s if session.clip is not None else 0.0
        gap = gap_at(session.track, time_s, clip_s)
        submenu = menu.addMenu("Label this gap")
        add_labels(submenu, panel, session, lambda label: panel.paint(*gap, label))
        if session.selection is not None:
            _add_tiers(menu, panel, "Copy selection to", tiers.copy_selection)
    menu.addAction("Go here", partial(panel.clock.seek, time_s))
    selection = session.selection
    if selection is not None:
        menu.addAction("Zoom to selection", lambda: panel.time_window.show_range(*selection))
    menu.addAction("Show the whole clip", panel.time_window.fit)
    return menu


def _add_segment_actions(menu: QMenu, panel: TimelinePanel, time_s: float) -> None:
    session = panel.session
    track, index = session.track, session.segment_index
    if index is None:
        return
    add_labels(menu.addMenu("Relabel to"), panel, session, panel.apply)
    menu.addAction("Split here", lambda: panel.attempt(lambda: labelling.split_at(session, time_s)))
    merge = menu.addAction(
        "Merge with the next",
        lambda: panel.attempt(lambda: labelling.merge(session, panel.clock)),
    )
    merge.setEnabled(index + 1 < len(track))
    _add_tiers(menu, panel, "Copy to", tiers.copy_selection)
    segment = track.segments[index]
    if segment.start_soft_s or segment.end_soft_s:
        menu.addAction("Make edges sharp", lambda: panel.attempt(lambda: _sharpen(session, index)))
    menu.addSeparator()
    menu.addAction("Delete", lambda: panel.attempt(lambda: labelling.delete(session)))
    menu.addSeparator()


def _sharpen(session: Session, index: int) -> None:
    label = session.track.segments[index].label
    session.edit_labels(f"Make edges of {label} sharp", sharpened(session.track, index))
    session.select_segment(index)


def _add_tiers(
    menu: QMenu, panel: TimelinePanel, text: str, use: Callable[[Session, str], None]
) -> None:
    """A submenu of the other tiers, and of a new one."""
    session, submenu = panel.session, menu.addMenu(text)
    for name in session.clip.tiers if session.clip is not None else ():
        if name != session.tier:
            run = partial(use, session, name)
            submenu.addAction(_plain(name), partial(panel.attempt, run))
    submenu.addSeparator()
    submenu.addAction(
        "New tier ...",
        lambda: ask_new_tier(panel, lambda name, _: use(session, name), asks_kind=False),
    )


def tier_menu(panel: TimelinePanel, tier: str) -> QMenu:
    """The menu of a tier."""
    menu, session = empty_menu(panel), panel.session
    track, editable = tiers.clip_track(session, tier), not session.read_only
    menu.addAction("New tier ...", lambda: ask_new_tier(panel)).setEnabled(editable)
    menu.addSeparator()
    others = [n for n in (session.clip.tiers if session.clip is not None else ()) if n != tier]
    copy = menu.addMenu("Copy all to")
    copy.setEnabled(editable and bool(track.segments))
    for name in others:
        run = partial(tiers.copy_tier, session, tier, name)
        copy.addAction(_plain(name), partial(panel.attempt, run))
    copy.addSeparator()
    copy.addAction(
        "New tier ...",
        lambda: ask_new_tier(
            panel, lambda name, _: tiers.copy_tier(session, tier, name), asks_kind=False
        ),
    )
    if editable and session.selection is not None and tier == session.tier:
        _add_tiers(menu, panel, "Copy selection to", tiers.copy_selection)
    overlapping = menu.addAction("Segments may overlap")
    overlapping.setCheckable(True)
    overlapping.setChecked(track.overlapping)
    overlapping.setEnabled(editable)
    overlapping.triggered.connect(
        lambda on: panel.attempt(lambda: tiers.set_overlapping(session, tier, on))
    )
    menu.addSeparator()
    rename = menu.addAction("Rename ...", lambda: ask_rename(panel, tier))
    rename.setEnabled(editable and tier != MINE)
    own = tier == MINE
    text = "Delete all labels ..." if own else "Delete tier ..." if len(track) else "Delete tier"
    delete = menu.addAction(text, lambda: delete_tier(panel, tier))
    delete.setEnabled(editable and (not own or len(track) > 0))
    return menu


def ask_new_tier(
    panel: TimelinePanel,
    use: Callable[[str, bool], None] | None = None,
    *,
    asks_kind: bool = True,
) -> None:
    """Ask for a new tier's name; then make it, or do what is told with it.

    Parameters
    ----------
    use : callable, optional
        Gets the name, and whether segments may overlap: asked only if `asks_kind`.
    """
    session = panel.session
    if session.clip is None or session.read_only:
        return

    def make(name: str, overlaps: bool) -> None:
        tiers.new_tier(session, name, overlapping=overlaps)

    run = use or make
    TierDialog(
        panel,
        "New tier",
        "",
        session.clip.tiers,
        lambda name, overlaps: panel.attempt(lambda: run(name, overlaps)),
        asks_kind=asks_kind,
    ).open()


def ask_rename(panel: TimelinePanel, tier: str) -> None:
    """Ask for another name of a tier."""
    session = panel.session
    if session.clip is None or session.read_only or tier == MINE:
        return
    taken = tuple(name for name in session.clip.tiers if name != tier)
    TierDialog(
        panel,
        "Rename tier",
        tier,
        taken,
        lambda name, _: panel.attempt(lambda: tiers.rename_tier(session, tier, name)),
        asks_kind=False,
    ).open()


def delete_tier(panel: TimelinePanel, tier: str) -> None:
    """Delete a tier, after asking if it holds labels."""
    session = panel.session
    if session.clip is None or session.read_only:
        return
    count = len(tiers.clip_track(session, tier))
    run = partial(panel.attempt, partial(tiers.delete_tier, session, tier))
    if count:
        ask_delete(panel, tier, count, run, own=tier == MINE)
    else:
        run()


def _plain(text: str) -> str:
    """Text in which & is no mnemonic."""
    return text.replace("&", "&&")
