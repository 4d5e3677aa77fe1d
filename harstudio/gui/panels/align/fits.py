"""The Align dock's jobs: fits in the background, what they found, and their edits."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from harstudio.core.project import Clip, Project, RecordingRef
from harstudio.core.source import Source
from harstudio.gui.session import Session
from harstudio.gui.worker import JobCentre, JobRun
from harstudio.imu.align import AlignmentFit
from harstudio.workflows import aligning
from harstudio.workflows.aligning import Aligned


class Fits(QObject):
    """One job at a time; its result is one edit, and is remembered as long as it holds."""

    changed = Signal()
    """A job has started or ended, or more is known."""

    all_fitted = Signal(object)  # Aligned

    def __init__(self, session: Session, jobs: JobCentre, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._known: dict[tuple[str, Source], AlignmentFit] = {}
        self._run: JobRun | None = None

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._run is not None

    def of(self, clip_id: str, ref: RecordingRef) -> AlignmentFit | None:
        """What a recording's alignment came from; None if it has been changed since."""
        fit = self._known.get((clip_id, ref.source))
        return fit if fit is not None and fit.alignment == ref.alignment else None

    def forget(self) -> None:
        """Another project is open."""
        self._known.clear()

    def fit(self, clip: Clip, ref: RecordingRef, reach_s: float, near_s: float | None) -> None:
        """Fit lag, drift and mounting of a recording; see `aligning.align_recording`."""
        session = self._session
        if session.project is None or self.busy:
            return
        self._run = self._jobs.start(
            "Aligning the recording",
            aligning.align_recording,
            session.project,
            session.folder,
            clip.id,
            clip.recordings.index(ref),
            reach_s,
            near_s,
            on_done=lambda fit: self._on_fit(clip.id, ref, fit),
            on_end=self._on_end,
        )
        self.changed.emit()

    def fit_all(self, reach_s: float) -> None:
        """Fit the recordings of all usable clips that were never aligned; one step to undo."""
        session, started = self._session, self._session.project
        if started is None or self.busy:
            return
        clips = started.clips.values()
        ids = tuple(clip.id for clip in clips if clip.usable and aligning.can_align(clip))
        if not ids:
            session.message.emit("No clip has both a motion and a recording")
            return
        self._run = self._jobs.start(
            f"Aligning {len(ids)} clips",
            aligning.align_sure_clips,
            started,
            session.folder,
            ids,
            reach_s,
            on_done=lambda found: self._on_all(started, found),
            on_end=self._on_end,
        )
        self.changed.emit()

    def _on_fit(self, clip_id: str, started: RecordingRef, fit: AlignmentFit) -> None:
        project = self._session.project
        clip = project.clips.get(clip_id) if project is not None else None
        sources = [ref.source for ref in clip.recordings] if clip is not None else []
        if clip is None or started.source not in sources:
            return
        index = sources.index(started.source)
        if clip.recordings[index].alignment != started.alignment:
            self._session.message.emit(
                f"{clip.name}: moved while it was fitted; it stays where it was moved to"
            )
            return
        self._known[clip_id, started.source] = fit
        after = aligning.with_alignment(clip, index, fit.alignment)
        self._session.edit_clip("Align recording", after)
        self.changed.emit()
        if fit.ambiguous:
            self._session.message.emit(f"{clip.name}: ambiguous, {fit.ambiguous}")

    def _on_all(self, started: Project, found: Aligned) -> None:
        session = self._session
        if session.project is None:
            return
        by_alignment = {fit.alignment: fit for _, fit in found.fits}
        for clip in found.clips:
            for ref in clip.recordings:
                if ref.alignment in by_alignment:
                    self._known[clip.id, ref.source] = by_alignment[ref.alignment]
        after, moved = aligning.with_aligned(session.project, found, started)
        session.edit(f"Align {len(found.clips) - len(moved)} clips", after)
        self.changed.emit()
        self.all_fitted.emit(found)
        session.message.emit(all_fitted_text(found, moved))

    def _on_end(self) -> None:
        self._run = None
        self.changed.emit()


def all_fitted_text(found: Aligned, moved: tuple[str, ...]) -> str:
    """What became of a fit of all clips; `moved` names those with a recording moved meanwhile."""
    left = len(found.doubtful) + len(found.failures)
    parts = [f"{len(found.clips) - len(moved)} clips aligned, {left} left as they were"]
    if found.kept:
        parts.append(f"{found.kept} recordings aligned before left alone")
    if moved:
        parts.append(f"moved while they were fitted, and left there: {', '.join(moved)}")
    return "; ".join(parts)
