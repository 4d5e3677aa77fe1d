"""What the window works on: project, open clip, selection. The only mutable state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import ImuRecording
from harstudio.core.labels import LabelTrack
from harstudio.core.project import MINE, Clip, Project
from harstudio.core.project_change import ProjectChange
from harstudio.gui.background import Background
from harstudio.gui.undo import EditCommand
from harstudio.store.project_file import ProjectFile
from harstudio.workflows.loading import LoadedClip, load_clip


class Session(QObject):
    """One open project with one open clip.

    Every edit goes through `edit`; views listen to the signals and read the properties.
    """

    project_changed = Signal(object, object)  # before, after: Project or None
    clip_opening = Signal(str)  # clip id
    clip_opened = Signal()  # see `loaded`
    clip_failed = Signal(str, str)  # clip id, reason
    virtual_changed = Signal()  # see `virtual`
    generated_changed = Signal()  # see `generated`
    sensor_changed = Signal(str)
    selection_changed = Signal()  # see `selection`, `segment_index`
    tier_changed = Signal(str)  # see `tier`
    moment_requested = Signal(str, float, float)  # clip id, start_s, end_s
    message = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.author = ""
        self.last_label = ""
        """The label used last: what a new segment gets until another is chosen."""
        self._file: ProjectFile | None = None
        self._project: Project | None = None
        self._clip_id: str | None = None
        self._loaded: LoadedClip | None = None
        self._preview: ImuRecording | None = None
        self._generated: ImuRecording | None = None
        self._sensor = ""
        self._selection: tuple[float, float] | None = None
        self._segment: int | None = None
        self._tier = MINE
        self._reader = Background(self)

    # -- the project ---------------------------------------------------------------------

    @property
    def project(self) -> Project | None:
        return self._project

    @property
    def file(self) -> ProjectFile | None:
        return self._file

    @property
    def folder(self) -> Path:
        """Folder of the project file; relative paths start there."""
        return self._file.folder if self._file is not None else Path()

    @property
    def read_only(self) -> bool:
        return self._file is None or self._file.read_only

    def sign(self, name: str) -> None:
        """Sign edits with another name from now on."""
        self.author = name
        if self._file is not None:
            self._file.author = name

    def open_project(self, path: Path) -> None:
        """Open a project file in place of the present one; HarstudioError leaves all as it was."""
        self._adopt(ProjectFile.open(path, author=self.author or None))

    def create_project(self, path: Path, project: Project) -> None:
        """Make a new project file and open it."""
        self._adopt(ProjectFile.create(path, project, author=self.author or None))

    def _adopt(self, file: ProjectFile) -> None:
        before = self._project
        self.close_clip()
        if self._file is not None:
            self._file.close()
        self._file, self._project = file, file.project
        self.last_label = ""
        self.undo_stack.clear()
        names = file.project.layout.names
        self._sensor = names[0] if names else ""
        self.project_changed.emit(before, self._project)
        self.sensor_changed.emit(self._sensor)

    def close(self) -> None:
        """Let go of the project file."""
        self.close_clip()
        self._reader.wait()
        if self._file is not None:
            self._catch_up()
            self._file.close()
        before, self._file, self._project = self._project, None, None
        self.undo_stack.clear()
        self.project_changed.emit(before, None)

    def edit(self, what: str, after: Project, merge: str = "") -> None:
        """Make a change that can be undone; it is on disk when this returns.

        Parameters
        ----------
        merge : str
            Undone in one step with the edit before if that has the same `merge` (not empty) and
            was made less than a second ago: keys held down, for one.

        Raises
        ------
        HarstudioError
            The project is read-only, or the file could not be written; nothing has changed then.
        """
        before = self._project
        if before is None or after is before or after == before:
            return
        self._write(before, after, what)
        self._show(before, after)
        change = ProjectChange.between(before, after)
        self.undo_stack.push(EditCommand(self._step, change, what, merge))

    def note(self, what: str, after: Project) -> None:
        """Keep something that was found out, not decided: on disk, but no step to undo."""
        before = self._project
        if before is None or after is before:
            return
        self._write(before, after, what)
        self._show(before, after)

    def edit_clip(self, what: str, clip: Clip, merge: str = "") -> None:
        """`edit` with one clip replaced or added."""
        if self._project is not None:
            self.edit(what, self._project.with_clips([clip]), merge)

    def edit_labels(self, what: str, track: LabelTrack, tier: str = "") -> None:
        """`edit` with a tier of the open clip replaced: the active one, unless told."""
        if self.clip is not None:
            self.edit_clip(what, self.clip.with_track(track, tier or self.tier))

    def _write(self, before: Project, after: Project, what: str) -> None:
        if self._file is None:
            raise HarstudioError("no project is open")
        self._file.write(before, after, what)

    def _step(self, change: Callable[[Project], Project], what: str) -> None:
        """Undo or redo. Qt's stack has moved on whatever happens here, so this cannot fail.

        What could not be written stays in memory and is written with the next change.
        """
        before = self._project
        if before is None:
            return
        after = change(before)
        try:
            self._write(before, after, what)
        except HarstudioError as error:
            self.message.emit(f"{what} is not on disk yet: {error}")
        self._show(before, after)

    def _catch_up(self) -> None:
        """Write what an undo could not."""
        if self._file is None or self._project is None:
            return
        if self._project is not self._file.project:
            try:
                self._write(self._file.project, self._project, "Write what could not be before")
            except HarstudioError as error:
                self.message.emit(str(error))

    def _show(self, before: Project, after: Project) -> None:
        self._project = after
        if self._clip_id is not None and self._clip_id not in after.clips:
            self.close_clip()
        self._segment = self._segment_at(self._selection)
        self.project_changed.emit(before, after)
        self.selection_changed.emit()
        if self._needs_loading(before, after):
            self._load()

    def _segment_at(self, selection: tuple[float, float] | None) -> int | None:
        """Index of the segment that is exactly the selected stretch, for it may have moved."""
        if selection is None:
            return None
        segments = self.track.segments
        same = (i for i, s in enumerate(segments) if (s.start_s, s.end_s) == selection)
        return next(same, None)

    def _needs_loading(self, before: Project, after: Project) -> bool:
        if self._clip_id is None:
            return False
        old, new = before.clips.get(self._clip_id), after.clips[self._clip_id]
        same_files = old is not None and (
            old is new
            or (
                old.motion == new.motion
                and [r.source for r in old.recordings] == [r.source for r in new.recordings]
            )
        )
        shared = (before.layout, before.body, before.rate_hz)
        return not same_files or shared != (after.layout, after.body, after.rate_hz)

    # -- the open clip -------------------------------------------------------------------

    @property
    def clip_id(self) -> str | None:
        return self._clip_id

    @property
    def clip(self) -> Clip | None:
        """The open clip as it is now."""
        if self._project is None or self._clip_id is None:
            return None
        return self._project.clips.get(self._clip_id)

    @property
    def tier(self) -> str:
        """The tier that keys and commands work on: the chosen one, where the open clip has it."""
        clip = self.clip
        return self._tier if clip is not None and self._tier in clip.tiers else MINE

    @property
    def track(self) -> LabelTrack:
        """The open clip's labels in the active tier; an empty track without a clip."""
        return self.clip.track(self.tier) if self.clip is not None else LabelTrack()

    def select_tier(self, tier: str) -> None:
        """Work on another tier from now on, in every clip that has it.

        A selected stretch stays, a selected segment does not: the next key would put a label at
        its place into the other tier.
        """
        if tier != self._tier:
            was_segment = self._segment is not None
            self._tier = tier
            self._segment = self._segment_at(self._selection)
            if was_segment and self._segment is None:
                self._selection = None
            self.tier_changed.emit(tier)
            self.selection_changed.emit()

    def label_at(self, time_s: float) -> str:
        """The open clip's label in the active tier; at the clip's end, that of its last moment."""
        clip = self.clip
        if clip is None:
            return ""
        segment = self.track.at(min(time_s, clip.duration_s - 1e-3))
        return segment.label if segment is not None else ""

    @property
    def loaded(self) -> LoadedClip | None:
        """The open clip's arrays; None until they have been read."""
        return self._loaded

    @property
    def virtual(self) -> ImuRecording | None:
        """Virtual signals to show: those of a sensor being moved, else of the project's sensors."""
        if self._preview is not None:
            return self._preview
        return self._loaded.virtual if self._loaded is not None else None

    def preview(self, recording: ImuRecording | None) -> None:
        """Show other virtual signals while a sensor is dragged; None shows the project's again."""
        self._preview = recording
        self.virtual_changed.emit()

    @property
    def generated(self) -> ImuRecording | None:
        """Signals that a trained model has made from the open clip's motion, if it was asked."""
        return self._generated

    def show_generated(self, recording: ImuRecording | None) -> None:
        """Show signals that a model made from the open clip's motion; None shows none."""
        if recording is not self._generated:
            self._generated = recording
            self.generated_changed.emit()

    def open_clip(self, clip_id: str) -> None:
        """Show another clip; its files are read in the background."""
        if self._project is None or clip_id == self._clip_id:
            return
        self._project.clip(clip_id)
        self._clip_id, self._loaded, self._preview = clip_id, None, None
        self._selection, self._segment, self._generated = None, None, None
        self.clip_opening.emit(clip_id)
        self.selection_changed.emit()
        self._load()

    def close_clip(self) -> None:
        """Show no clip."""
        self._reader.drop()
        if self._clip_id is not None:
            self._clip_id, self._loaded, self._preview = None, None, None
            self._selection, self._segment, self._generated = None, None, None
            self.clip_opened.emit()

    def _load(self) -> None:
        clip, project, folder = self.clip, self._project, self.folder
        if clip is not None and project is not None:
            self._reader.run(lambda: _read(project, clip, folder), self._on_read, now=False)

    def _on_read(self, result: LoadedClip | HarstudioError) -> None:
        if self._clip_id is None:
            return
        if isinstance(result, HarstudioError):
            self.clip_failed.emit(self._clip_id, str(result))
            return
        just_opened = self._loaded is None
        self._loaded, self._preview = result, None
        if just_opened:
            self._pick_sensor(result)
        self.clip_opened.emit()

    def _pick_sensor(self, loaded: LoadedClip) -> None:
        """Show a sensor that was really worn, where the chosen one was not."""
        worn = [name for item in loaded.recordings for name in item.recording.sensors]
        if worn and self._sensor not in worn:
            simulated = loaded.virtual.sensors if loaded.virtual is not None else ()
            self.select_sensor(next((name for name in worn if name in simulated), worn[0]))

    # -- what is selected ----------------------------------------------------------------

    @property
    def sensor(self) -> str:
        return self._sensor

    def select_sensor(self, name: str) -> None:
        """The sensor whose signals are shown."""
        if name != self._sensor:
            self._sensor = name
            self.sensor_changed.emit(name)

    @property
    def selection(self) -> tuple[float, float] | None:
        """The selected stretch of time: of the selected segment, or a free one."""
        return self._selection

    @property
    def segment_index(self) -> int | None:
        """Index of the selected segment in the active tier."""
        return self._segment

    def select_range(self, start_s: float, end_s: float) -> None:
        """Select a stretch of time (no segment)."""
        self._selection = (min(start_s, end_s), max(start_s, end_s))
        self._segment = None
        self.selection_changed.emit()

    def select_segment(self, index: int | None) -> None:
        """Select a segment of the active tier, or nothing."""
        segments = self.track.segments
        if index is None or not 0 <= index < len(segments):
            self._segment, self._selection = None, None
        else:
            self._segment = index
            self._selection = (segments[index].start_s, segments[index].end_s)
        self.selection_changed.emit()

    def show_moment(self, clip_id: str, start_s: float, end_s: float) -> None:
        """Open a clip at a stretch of time, or at a segment, and select that in every view."""
        self.open_clip(clip_id)
        self.select_range(start_s, end_s)
        index = self._segment_at(self._selection)
        if index is not None:
            self.select_segment(index)
        self.moment_requested.emit(clip_id, start_s, end_s)


def _read(project: Project, clip: Clip, folder: Path) -> LoadedClip | HarstudioError:
    """The clip with its arrays, or why it has none."""
    try:
        return load_clip(project, clip, folder)
    except HarstudioError as error:
        return error
