"""The timeline panel: what the hand does on the lanes becomes edits of the session."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QInputDialog, QMenu, QScrollArea, QVBoxLayout, QWidget

from harstudio.core.errors import HarstudioError
from harstudio.core.label_set import LabelSet
from harstudio.core.project import Project
from harstudio.gui import labelling
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.session import Session
from harstudio.gui.theme import Theme
from harstudio.gui.timeline.gestures import EMPTY, Dragged, Hit, gap_at
from harstudio.gui.timeline.picture import Shown
from harstudio.gui.timeline.transport import TransportBar, swatch
from harstudio.gui.timeline.view import TimelineView

_MOST_HEIGHT = 160
"""Tiers beyond this are scrolled to, px."""


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
        self._session, self._clock, self._window = session, clock, window
        self.view = TimelineView(clock, window, theme)
        self.transport = TransportBar(clock, window, theme)
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
        self._refresh()

    def _connect(self) -> None:
        session, view = self._session, self.view
        session.project_changed.connect(self._on_project)
        session.clip_opening.connect(self._refresh)
        session.clip_opened.connect(self._refresh)
        session.selection_changed.connect(self._refresh)
        self._clock.time_changed.connect(self._window.follow)
        self.transport.chips.chosen.connect(self.apply)
        view.seeked.connect(self._clock.seek)
        view.segment_clicked.connect(session.select_segment)
        view.stretch_clicked.connect(session.select_range)
        view.emptiness_clicked.connect(lambda: session.select_segment(None))
        view.segment_looped.connect(self.loop_segment)
        view.dragged.connect(self._on_dragged)
        view.stretch_drawn.connect(self._on_drawn)
        view.menu_requested.connect(self._open_menu)

    # -- showing -------------------------------------------------------------------------

    def _on_project(self, before: Project | None, after: Project | None) -> None:
        self._refresh()

    def _refresh(self, *_: object) -> None:
        session = self._session
        project, clip = session.project, session.clip
        label_set = project.label_set if project is not None else LabelSet()
        self.view.show_state(
            Shown(clip, label_set, session.segment_index, session.selection, session.read_only)
        )
        least, most = self.view.height_range
        self._scroll.setMinimumHeight(min(least, _MOST_HEIGHT))
        self._scroll.setMaximumHeight(most)
        self.transport.show_clip(clip)
        self.transport.note.setVisible(project is not None and session.read_only)
        self.transport.chips.show_labels(
            label_set, session.last_label, clip is not None and not session.read_only
        )

    # -- editing -------------------------------------------------------------------------

    def _try(self, edit: Callable[[], None]) -> None:
        """Run an edit; what cannot be done is said in the status bar."""
        try:
            edit()
        except HarstudioError as error:
            self._session.message.emit(str(error))
        self._refresh()

    def apply(self, label: str) -> None:
        """Label the selection, or from the playhead on; it becomes the label at hand."""
        self._try(lambda: labelling.apply_label(self._session, self._clock, label))

    def loop_segment(self, index: int) -> None:
        """Play a segment again and again; a second time ends it."""
        segment = labelling.track_of(self._session).segments[index]
        loop = (segment.start_s, segment.end_s)
        self._session.select_segment(index)
        if self._clock.loop == loop:
            self._clock.set_loop(None)
            return
        self._clock.set_loop(loop)
        self._clock.seek(segment.start_s)

    def _on_dragged(self, what: str, result: Dragged) -> None:
        session = self._session

        def edit() -> None:
            if result.index is None or result.track == labelling.track_of(session):
                return
            label = result.track.segments[result.index].label
            session.edit_labels(f"{what} {label}", result.track)
            session.select_segment(result.index)

        self._try(edit)

    def _on_drawn(self, start_s: float, end_s: float, at: QPoint) -> None:
        session, project = self._session, self._session.project
        if project is not None and session.last_label in project.label_set.names:
            self._paint(start_s, end_s, session.last_label)
            return
        menu = self._menu()
        self._add_labels(menu, lambda label: self._paint(start_s, end_s, label))
        menu.aboutToHide.connect(self.view.cancel)
        menu.popup(at)

    def _paint(self, start_s: float, end_s: float, label: str) -> None:
        self.view.cancel()
        self._try(lambda: labelling.paint(self._session, start_s, end_s, label))

    # -- menus ---------------------------------------------------------------------------

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _add_labels(self, menu: QMenu, use: Callable[[str], None]) -> None:
        project = self._session.project
        for label in project.label_set.labels if project is not None else ():
            action = menu.addAction(swatch(label), label.name.replace("&", "&&"))
            action.triggered.connect(lambda _, name=label.name: use(name))
        menu.addSeparator()
        menu.addAction("New label ...", lambda: self._ask_label(use))

    def _ask_label(self, use: Callable[[str], None]) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("New label")
        dialog.setLabelText("Name of the label")
        dialog.textValueSelected.connect(lambda text: use(text.strip()) if text.strip() else None)
        dialog.open()

    def _open_menu(self, at: QPoint, time_s: float, hit: Hit | None) -> None:
        menu, session = self._menu(), self._session
        editable = hit is not None and not session.read_only
        if hit is not None and hit.kind != EMPTY:
            session.select_segment(hit.index)
            if editable:
                self._add_segment_actions(menu, time_s)
            index = hit.index
            menu.addAction("Loop this segment", lambda: self.loop_segment(index))
        elif editable:
            gap = gap_at(labelling.track_of(session), time_s, self._window.duration_s)
            submenu = menu.addMenu("Label this gap")
            self._add_labels(submenu, lambda label: self._paint(*gap, label))
        menu.addAction("Go here", lambda: self._clock.seek(time_s))
        selection = session.selection
        if selection is not None:
            menu.addAction("Zoom to selection", lambda: self._window.show_range(*selection))
        menu.addAction("Show the whole clip", self._window.fit)
        menu.popup(at)

    def _add_segment_actions(self, menu: QMenu, time_s: float) -> None:
        session = self._session
        track, index = labelling.track_of(session), session.segment_index
        submenu = menu.addMenu("Relabel to")
        self._add_labels(submenu, self.apply)
        menu.addAction("Split here", lambda: self._try(lambda: self._split(time_s)))
        merge = menu.addAction(
            "Merge with the next", lambda: self._try(lambda: labelling.merge(session, self._clock))
        )
        merge.setEnabled(index is not None and index + 1 < len(track))
        menu.addSeparator()
        menu.addAction("Delete", lambda: self._try(lambda: labelling.delete(session)))
        menu.addSeparator()

    def _split(self, time_s: float) -> None:
        after = labelling.track_of(self._session).split(time_s)
        self._session.edit_labels("Split", after)
        self._session.select_segment(after.index_at(time_s))
