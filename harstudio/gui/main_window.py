"""Assembles session, clock, docks, menus and status bar; no logic of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QLineEdit,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QTabWidget,
    QWidget,
)

from harstudio.core.errors import HarstudioError
from harstudio.core.project import Clip
from harstudio.gui.annotating.live import LiveLabel
from harstudio.gui.annotating.places import Places
from harstudio.gui.clock import PlaybackClock, TimeWindow
from harstudio.gui.commands.menus import Menus
from harstudio.gui.errors import show_failure, warn
from harstudio.gui.exchange import files
from harstudio.gui.generating import Generating
from harstudio.gui.job_bar import JobBar
from harstudio.gui.keyboard.keys import KeyGuard
from harstudio.gui.library.panel import LibraryPanel
from harstudio.gui.panels.agreement.panel import AgreementPanel
from harstudio.gui.panels.align.panel import AlignPanel
from harstudio.gui.panels.body import BodyPanel
from harstudio.gui.panels.history.panel import HistoryPanel
from harstudio.gui.panels.labels import LabelsPanel
from harstudio.gui.panels.results.panel import ResultsPanel
from harstudio.gui.panels.runs.panel import RunsPanel
from harstudio.gui.panels.segments.panel import SegmentsPanel
from harstudio.gui.panels.sensors import SensorsPanel
from harstudio.gui.panels.train.panel import TrainPanel
from harstudio.gui.placing import Placing
from harstudio.gui.session import Session
from harstudio.gui.settings import Settings
from harstudio.gui.signals.panel import SignalsPanel
from harstudio.gui.theme import Theme
from harstudio.gui.timeline.panel import TimelinePanel
from harstudio.gui.title_bar import TitleBar
from harstudio.gui.viewport.panel import ViewportPanel
from harstudio.gui.welcome import Welcome
from harstudio.gui.what_if import WhatIf
from harstudio.gui.worker import JobCentre
from harstudio.gui.workspaces import WORKSPACES, arrange, name_docks, settle
from harstudio.store.paths import resolved, sources_of

_MESSAGE_MS = 12_000


class MainWindow(QMainWindow):
    """The window."""

    def __init__(self, settings: Settings, theme: Theme) -> None:
        super().__init__()
        self.settings, self.theme = settings, theme
        self.session = Session(self)
        self.session.author = settings.author
        self.clock = PlaybackClock(self)
        self.time_window = TimeWindow(self)
        self.jobs = JobCentre(self)
        self.live = LiveLabel(self.session, self.clock, lambda: settings.reaction_s, self)
        self.places = Places(self.session)
        self.workspace = settings.workspace if settings.workspace in WORKSPACES else "review"
        self._make_views()
        self._make_docks()
        self.menus = Menus(self, self.docks.values())
        self.viewport.key_of = lambda command: next(iter(self.menus.keys.get(command, ())), "")
        self._make_toolbar()
        self._make_status_bar()
        self._connect()
        self.setAcceptDrops(True)
        self._key_guard = KeyGuard(self)
        self.resize(1440, 860)
        self._show_arrangement()
        self._on_project_changed()

    # -- parts ---------------------------------------------------------------------------

    def _make_views(self) -> None:
        session, clock, theme = self.session, self.clock, self.theme
        self.placing = Placing(session, self)
        self.what_if = WhatIf(session, self.placing, self)
        self.generating = Generating(session, self.jobs, self)
        self.viewport = ViewportPanel(
            session, self.placing, clock, theme, what_if=self.what_if, settings=self.settings
        )
        self.library = LibraryPanel(session, theme)
        self.signals = SignalsPanel(session, clock, self.time_window, theme, settings=self.settings)
        self.timeline = TimelinePanel(session, clock, self.time_window, theme)
        self.labels = LabelsPanel(session, clock, theme)
        self.align = AlignPanel(session, clock, self.jobs, theme)
        self.train = TrainPanel(session, self.jobs, theme, self.settings)
        self.runs = RunsPanel(session, self.jobs, theme, self.train.book)
        self.results = ResultsPanel(session, self.jobs, theme)
        self._panels: dict[str, tuple[str, QWidget]] = {
            "library": ("Library", self.library),
            "signals": ("Signals", self.signals),
            "timeline": ("Timeline", self.timeline),
            "labels": ("Labels", self.labels),
            "segments": ("Segments", SegmentsPanel(session, clock, self.time_window, theme)),
            "agreement": ("Agreement", AgreementPanel(session, theme)),
            "sensors": (
                "Sensors",
                SensorsPanel(session, self.placing, self.jobs, self.settings, theme),
            ),
            "align": ("Align", self.align),
            "body": ("Body", BodyPanel(session, self.what_if)),
            "train": ("Train", self.train),
            "results": ("Results", self.results),
            "runs": ("Runs", self.runs),
            "history": ("History", HistoryPanel(session)),
        }
        self.welcome = Welcome(
            [
                (
                    "Open the demo",
                    "Six synthetic people, five activities, three recordings: everything to try",
                    self._open_demo,
                ),
                (
                    "New project",
                    "Then import a folder of AMASS motions or of recordings",
                    lambda: files.new_project(self),
                ),
                ("Open a project", "A .harstudio file", lambda: files.open_project(self)),
            ],
            self.open_path,
        )
        self._centre = QStackedWidget()
        self._centre.addWidget(self.welcome)
        self._centre.addWidget(self.viewport)
        self.setCentralWidget(self._centre)

    def _make_docks(self) -> None:
        options = QMainWindow.DockOption
        self.setDockOptions(
            options.AllowNestedDocks | options.AllowTabbedDocks | options.GroupedDragging
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self._later_name_docks = QTimer(self, singleShot=True, interval=0)
        self._later_name_docks.timeout.connect(lambda: name_docks(self, self.docks))
        self.docks: dict[str, QDockWidget] = {}
        for name, (title, widget) in self._panels.items():
            dock = QDockWidget(title, self)
            dock.setObjectName(name)
            dock.setWidget(widget)
            dock.dockLocationChanged.connect(lambda _area: self._later_name_docks.start())
            dock.topLevelChanged.connect(lambda _floating: self._later_name_docks.start())
            self.docks[name] = dock

    def _make_toolbar(self) -> None:
        actions = [self.menus.actions[f"workspace_{name}"] for name in WORKSPACES]
        for name, action in zip(WORKSPACES, actions, strict=True):
            action.setIconText(name.capitalize())
        self.title_bar = TitleBar(actions, self)
        self.addToolBar(self.title_bar)

    def _make_status_bar(self) -> None:
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addPermanentWidget(JobBar(self.jobs))

    def _connect(self) -> None:
        session = self.session
        session.project_changed.connect(lambda _before, _after: self._on_project_changed())
        session.clip_opening.connect(self._on_clip_opening)
        session.clip_opened.connect(self._on_clip_opened)
        session.clip_failed.connect(self._on_clip_failed)
        session.moment_requested.connect(self._on_moment)
        session.message.connect(self.tell)
        session.undo_stack.indexChanged.connect(lambda _index: self.menus.refresh())
        self.clock.time_changed.connect(lambda _time: self._show_title())
        self.clock.time_changed.connect(self._follow)
        self.clock.playing_changed.connect(lambda _playing: self.menus.refresh_soon())
        self.placing.mode_changed.connect(lambda _on: self.menus.refresh())
        self.viewport.choice_changed.connect(self.menus.refresh)
        self.viewport.shape_requested.connect(lambda: self.show_panel("body"))
        self.timeline.give_label = self.labels.give_label = self.live.give
        self.live.changed.connect(self.timeline.show_live)
        self.live.changed.connect(lambda *_: self.menus.refresh_soon())
        self.jobs.failed.connect(lambda reason, details: self._on_job_failed(reason, details))
        self.jobs.told.connect(self.tell)
        self.train.run_finished.connect(self._on_run_finished)
        self.train.wanted.connect(lambda: self.show_panel("train"))
        self.runs.opened.connect(self._on_run_finished)
        self.runs.opened.connect(self.train.show_run)
        self.runs.reuse_requested.connect(self.train.use_settings)
        self.runs.resume_requested.connect(self.train.resume)
        self.results.finetune_requested.connect(self._on_finetune_requested)
        self.train.book.changed.connect(self.results.refresh_runs)

    # -- project and clip ----------------------------------------------------------------

    def open_path(self, path: Path) -> None:
        """Open a project file, or say why not."""
        try:
            self.session.open_project(path)
        except HarstudioError as error:
            warn(self, error.message, error.hint)
            return
        self.project_opened()

    def project_opened(self) -> None:
        """Remember the project that was just opened and show its first clip."""
        file, project = self.session.file, self.session.project
        if file is None or project is None:
            return
        self.settings.opened(file.path)
        if file.read_only:
            self.tell(f"Read-only: {file.holder} has this project open")
        first = next(iter(self.library.model.ids), None)
        if first is not None:
            self.session.open_clip(first)
        self.library.table.setFocus()

    def _open_demo(self) -> None:
        files.make_demo_in(self, self.settings.demo_folder)

    def _on_project_changed(self) -> None:
        project, file = self.session.project, self.session.file
        self._centre.setCurrentWidget(self.viewport if project else self.welcome)
        if project is None:
            self.welcome.show_recent(self.settings.recent)
        if (project is not None) != self.title_bar.isVisibleTo(self):
            self._show_docks(project is not None)
        self.setWindowTitle(f"{project.name} – harstudio" if project else "harstudio")
        self.title_bar.show_lock(file)
        self._show_title()
        self.menus.refresh()

    def _show_docks(self, visible: bool) -> None:
        self.title_bar.setVisible(visible)
        if visible:
            self._show_arrangement()
        else:
            for dock in self.docks.values():
                dock.hide()

    def _on_clip_opening(self, _clip_id: str) -> None:
        clip = self.session.clip
        duration = clip.duration_s if clip is not None else 0.0
        self.clock.set_duration(duration)
        self.time_window.set_duration(duration)
        self._show_title()
        self.menus.refresh()

    def _on_clip_opened(self) -> None:
        clip = self.session.clip
        if clip is None:
            self.clock.set_duration(0.0)
        elif clip.problem and self.session.loaded is not None and not self.session.read_only:
            self._note_problem(clip, "")
        self._show_title()
        self.menus.refresh()

    def _on_clip_failed(self, clip_id: str, reason: str) -> None:
        """Flag a clip whose file turned out to be unusable; one that is only away comes back."""
        project = self.session.project
        if project is None:
            return
        clip = project.clip(clip_id)
        if any(not resolved(s, self.session.folder).exists() for s in sources_of(clip)):
            self.tell(f"{reason}  (File > Find moved files)")
            return
        self.tell(f"Cannot show this clip: {reason}")
        if not self.session.read_only and clip.problem != reason:
            self._note_problem(clip, reason)

    def _note_problem(self, clip: Clip, problem: str) -> None:
        project = self.session.project
        if project is not None:
            what = f"{'Flag' if problem else 'Clear the flag of'} {clip.name}"
            self.session.note(what, project.with_clips([replace(clip, problem=problem)]))

    def _on_moment(self, _clip_id: str, start_s: float, end_s: float) -> None:
        self.clock.pause()
        self.clock.seek(start_s)
        margin = max(1.0, end_s - start_s)
        self.time_window.show_range(start_s - margin, end_s + margin)

    def _follow(self, time_s: float) -> None:
        if self.clock.playing:
            self.time_window.follow(time_s)

    def _show_title(self) -> None:
        self.title_bar.show_clip(self.session.clip, self.session.label_at(self.clock.time_s))

    # -- learning ------------------------------------------------------------------------

    def _on_run_finished(self, run_dir: Path) -> None:
        self.results.show_run(run_dir)
        self.show_panel("results")

    def _on_finetune_requested(self, run_dir: Path) -> None:
        self.train.choose_finetune(run_dir)
        self.show_panel("train")

    def _on_job_failed(self, reason: str, details: str) -> None:
        if details:
            show_failure(self, reason, details)
        else:
            warn(self, reason)

    # -- view ----------------------------------------------------------------------------

    def tell(self, text: str) -> None:
        """Say something in the status bar for a while."""
        self.statusBar().showMessage(text, _MESSAGE_MS)

    def show_panel(self, name: str) -> None:
        """Bring a dock to the front."""
        self.docks[name].show()
        self.docks[name].raise_()
        self._later_name_docks.start()

    def show_workspace(self, name: str) -> None:
        """Switch to another arrangement, remembering this one."""
        if name != self.workspace:
            self._keep_arrangement()
            self.workspace = name
            self.settings.workspace = name
            self._show_arrangement()
        self.menus.refresh()

    def reset_workspace(self) -> None:
        """This workspace as it was when new."""
        arrange(self, self.docks, self.workspace)

    def _show_arrangement(self) -> None:
        if self.session.project is None:
            return
        arrange(self, self.docks, self.workspace)
        _, state = self.settings.layout(self.workspace)
        if not state.isEmpty():
            self.restoreState(state)
            settle(self, self.docks)

    def _keep_arrangement(self) -> None:
        if self.session.project is not None:
            self.settings.keep_layout(self.workspace, self.saveGeometry(), self.saveState())

    def restore_geometry(self) -> None:
        """Size and place of the window as it was closed."""
        geometry, _ = self.settings.layout(self.workspace)
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)

    def choose_theme(self, name: str) -> None:
        """Light, dark, or as the system."""
        self.settings.theme = name
        self.theme.choose(name)

    def escape(self) -> None:
        """Leave a text field, or forget the live label, or select nothing."""
        if isinstance(QApplication.focusWidget(), QLineEdit):
            self.library.table.setFocus()
        elif self.live.on:
            self.live.discard()
        else:
            self.session.select_segment(None)

    def focus_search(self) -> None:
        """Put the cursor into the library's search field."""
        self.show_panel("library")
        self.library.search.setFocus()
        self.library.search.selectAll()

    # -- Qt ------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        for url in event.mimeData().urls():
            path = Path(url.toLocalFile())
            if path.suffix == ".harstudio":
                self.open_path(path)
            elif self.session.project is not None and not self.session.read_only:
                files.import_path(self, path)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        if event.type() == QEvent.Type.ThemeChange and self.theme.name == "system":
            self.theme.apply()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        if self.jobs.running and not self._may_cancel_jobs():
            event.ignore()
            return
        self.clock.pause()
        self._keep_arrangement()
        self.hide()  # what is left may take a second
        self.jobs.cancel_all()
        self.settings.save()
        self.session.close()
        event.accept()

    def _may_cancel_jobs(self) -> bool:
        names = ", ".join(job.title for job in self.jobs.running)
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self, "Quit", f"Still running: {names}.\nCancel and quit?", buttons.Yes | buttons.No
        )
        return answer == buttons.Yes
