"""The timeline panel: what the hand does on the lanes becomes edits of the session."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QToolButton, QVBoxLayout, QWidget

from harstudio.core.errors import HarstudioError
from harstudio.core.label_set import LabelSet
from harstudio.core.project import MINE, Project
from harstudio.core.timebase import Alignment
from harstudio.gui.annotating import labelling
from harstudio.gui.background import Background
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.layout import LEFT_MARGIN, RIGHT_MARGIN
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme, small_font
from harstudio.gui.timeline import menus
from harstudio.gui.timeline.gestures import Dragged, Hit
from harstudio.gui.timeline.lanes import RULER
from harstudio.gui.timeline.peaks import peaks_of
from harstudio.gui.timeline.picture import Shown
from harstudio.gui.timeline.transport import TransportBar
from harstudio.gui.timeline.view import TimelineView
from harstudio.workflows.loading import LoadedClip

_MOST_HEIGHT = 132
"""Tiers beyond this are scrolled to, px."""

_ADD_TIER_RIGHT = LEFT_MARGIN - 16
"""Left of the ruler's first time, px."""


class TimelinePanel(QWidget):
    """Overview, ruler, lanes and transport of the open clip."""

    def __init__(
        self,
        session: Session,
        clock: PlaybackClock,
        window: TimeWindow,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session, self.clock, self.time_window = session, clock, window
        # The window puts in what labels live while it plays.
        self.give_label: Callable[[str], object] = partial(labelling.apply_label, session, clock)
        self._theme = theme
        self._peaks = Background(self)
        self._peaks_of: tuple[LoadedClip, str, tuple[Alignment, ...]] | None = None
        self.view = TimelineView(clock, window, theme)
        self.transport = TransportBar(clock, window, theme)
        self.add_tier = QToolButton(self.view, text="+ tier", autoRaise=True)
        self.add_tier.setToolTip("New tier of labels; right-click a tier's name for its menu")
        self.add_tier.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.add_tier.setFont(small_font(self.font()))
        self._scroll = scroll = QScrollArea(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(scroll, 1)
        layout.addWidget(self.transport)
        layout.addStretch(0)  # what even high lanes leave over lies below everything
        self._connect()
        self._dress()
        self._refresh()

    def _connect(self) -> None:
        session, view = self.session, self.view
        session.project_changed.connect(self._on_project)
        session.clip_opening.connect(self._refresh)
        session.clip_opened.connect(self._refresh)
        session.clip_opened.connect(self._find_peaks)
        session.sensor_changed.connect(self._find_peaks)
        session.selection_changed.connect(self._refresh)
        session.tier_changed.connect(self._on_tier)
        self.clock.time_changed.connect(self.time_window.follow)
        self._theme.changed.connect(self._dress)
        self._scroll.verticalScrollBar().valueChanged.connect(self._place_add_tier)
        self.add_tier.clicked.connect(self.new_tier)
        self.transport.chips.chosen.connect(self.apply)
        view.seeked.connect(self.clock.seek)
        view.tier_chosen.connect(session.select_tier)
        view.segment_clicked.connect(session.select_segment)
        view.emptiness_clicked.connect(lambda: session.select_segment(None))
        view.segment_looped.connect(self.loop_segment)
        view.dragged.connect(self._on_dragged)
        view.stretch_drawn.connect(self._on_drawn)
        view.menu_requested.connect(self._open_menu)
        view.tier_menu_requested.connect(self._open_tier_menu)

    # -- showing -------------------------------------------------------------------------

    def show_live(self, label: str, start_s: float | None) -> None:
        """Show a label that is being given while it plays, from a time to the playhead, s.

        None when it is done.
        """
        self.view.show_live(label, start_s)

    def _on_project(self, before: Project | None, after: Project | None) -> None:
        self._refresh()
        self._find_peaks()

    def _on_tier(self, _tier: str) -> None:
        self._refresh()
        lane = self.view.lanes.lane(self.session.tier)
        self._scroll.ensureVisible(0, lane.bottom, 0, 4)
        self._scroll.ensureVisible(0, lane.top, 0, self.view.lanes.head)

    def _refresh(self, *_: object) -> None:
        session = self.session
        project, clip = session.project, session.clip
        label_set = project.label_set if project is not None else LabelSet()
        self.view.show_state(
            Shown(
                clip,
                label_set,
                session.segment_index,
                session.selection,
                session.read_only,
                session.tier,
            )
        )
        least, most = self.view.height_range
        self._scroll.setMinimumHeight(min(least, _MOST_HEIGHT))
        self._scroll.setMaximumHeight(most)
        editable = clip is not None and not session.read_only
        self.add_tier.setVisible(editable)
        self.transport.show_clip(clip)
        self.transport.note.setVisible(project is not None and session.read_only)
        self.transport.chips.show_labels(label_set, session.last_label, editable)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.view.show_axis(self.width())

    def _dress(self) -> None:
        """Colour the button that adds a tier, and the scroll bar.

        That one gets the room right of the time axis, which stays in line with the signals.
        """
        colours = self._theme.colours
        self.add_tier.setStyleSheet(
            f"QToolButton {{ border: none; background: transparent; color: {colours.faint};"
            " text-align: right; padding: 0 4px; }"
            f"QToolButton:hover, QToolButton:focus {{ color: {colours.text};"
            f" background: {colours.raised}; }}"
        )
        self._scroll.verticalScrollBar().setStyleSheet(
            f"QScrollBar {{ width: {RIGHT_MARGIN}px; background: {colours.window}; border: none; }}"
            f"QScrollBar::handle {{ background: {colours.line}; min-height: 16px; }}"
            f"QScrollBar::handle:hover {{ background: {colours.faint}; }}"
            "QScrollBar::add-line, QScrollBar::sub-line { height: 0; }"
        )
        self._place_add_tier()

    def _place_add_tier(self, *_: object) -> None:
        """Beside the ruler, left of its first time."""
        ruler = self.view.lanes.band(RULER)
        width = min(self.add_tier.sizeHint().width(), _ADD_TIER_RIGHT)
        top = ruler.top + self.view.scrolled
        self.add_tier.setGeometry(_ADD_TIER_RIGHT - width, top, width, ruler.height - 4)

    def _find_peaks(self, *_: object) -> None:
        """Find the peaks that drags snap to, beside the window, where they may be others now."""
        session = self.session
        loaded, clip, sensor = session.loaded, session.clip, session.sensor
        if loaded is None or clip is None:
            self._peaks_of = None
            self._peaks.drop()
            self.view.show_peaks(None)
            return
        found_for = (loaded, sensor, tuple(ref.alignment for ref in clip.recordings))
        known = self._peaks_of
        if known is not None and known[0] is loaded and known[1:] == found_for[1:]:
            return
        self._peaks_of = found_for
        self._peaks.run(lambda: peaks_of(loaded, clip, sensor), self.view.show_peaks, now=False)

    # -- editing -------------------------------------------------------------------------

    def attempt(self, edit: Callable[[], None]) -> None:
        """Run an edit; what cannot be done is said in the status bar."""
        try:
            edit()
        except HarstudioError as error:
            self.session.message.emit(str(error))
        self._refresh()

    def apply(self, label: str) -> None:
        """Label the selection, or from the playhead on; it becomes the label at hand."""
        self.attempt(lambda: self.give_label(label))

    def loop_segment(self, index: int) -> None:
        """Play a segment of the active tier again and again; a second time ends it."""
        segment = self.session.track.segments[index]
        loop = (segment.start_s, segment.end_s)
        self.session.select_segment(index)
        if self.clock.loop == loop:
            self.clock.set_loop(None)
            return
        self.clock.set_loop(loop)
        self.clock.seek(segment.start_s)

    def paint(self, start_s: float, end_s: float, label: str) -> None:
        """Put a label on a stretch of the active tier."""
        self.view.cancel()
        self.attempt(lambda: labelling.paint(self.session, start_s, end_s, label))

    def _on_dragged(self, what: str, result: Dragged) -> None:
        session = self.session

        def edit() -> None:
            if result.index is None or result.track == session.track:
                return
            label = result.track.segments[result.index].label
            where = "" if session.tier == MINE else f" in {session.tier}"
            session.edit_labels(f"{what} {label}{where}", result.track)
            session.select_segment(result.index)

        self.attempt(edit)

    def _on_drawn(self, start_s: float, end_s: float, at: QPoint) -> None:
        session, project = self.session, self.session.project
        if project is not None and session.last_label in project.label_set.names:
            self.paint(start_s, end_s, session.last_label)
            return
        menu = menus.empty_menu(self)
        menus.add_labels(menu, self, session, lambda label: self.paint(start_s, end_s, label))
        menu.aboutToHide.connect(self.view.cancel)
        menu.popup(at)

    # -- tiers ---------------------------------------------------------------------------

    def step_tier(self, step: int) -> None:
        """Work on the next (1) or previous (-1) tier of the open clip."""
        session = self.session
        if session.clip is not None:
            tiers = session.clip.tiers
            at = min(max(0, tiers.index(session.tier) + step), len(tiers) - 1)
            session.select_tier(tiers[at])

    def new_tier(self) -> None:
        """Ask for a new tier's name and make it."""
        menus.ask_new_tier(self)

    def rename_tier(self) -> None:
        """Ask for another name of the active tier."""
        menus.ask_rename(self, self.session.tier)

    def delete_tier(self) -> None:
        """Delete the active tier, after asking if it holds labels."""
        menus.delete_tier(self, self.session.tier)

    def show_tier_menu(self) -> None:
        """Open the active tier's menu beside its name."""
        lane = self.view.lanes.lane(self.session.tier)
        self._open_tier_menu(self.view.mapToGlobal(QPoint(8, lane.bottom)), lane.name)

    # -- menus ---------------------------------------------------------------------------

    def _open_menu(self, at: QPoint, time_s: float, hit: Hit | None) -> None:
        menus.lane_menu(self, time_s, hit).popup(at)

    def _open_tier_menu(self, at: QPoint, tier: str) -> None:
        if self.session.clip is not None:
            menus.tier_menu(self, tier).popup(at)
