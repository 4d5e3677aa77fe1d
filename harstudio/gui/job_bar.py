"""Running jobs in the status bar: what, how far, how long, and a way to stop."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from harstudio.core.timebase import clock_text
from harstudio.gui.worker import JobCentre, JobRun


class JobBar(QWidget):
    """The job that started last; a count where there are more."""

    def __init__(self, jobs: JobCentre, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._text = QLabel()
        self._bar = QProgressBar(maximum=1000)
        self._bar.setFixedWidth(160)
        self._bar.setFixedHeight(14)
        self._bar.setTextVisible(False)
        self._stop = QPushButton("Stop early")
        self._stop.setToolTip("End the training now and keep the best state so far")
        self._stop.clicked.connect(self._on_stop)
        self._cancel = QPushButton("Cancel")
        self._cancel.setToolTip("End the job and discard what it made")
        self._cancel.clicked.connect(self._on_cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(8)
        for widget in (self._text, self._bar, self._stop, self._cancel):
            layout.addWidget(widget)
        jobs.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the jobs as they are now."""
        running = self._jobs.running
        self.setVisible(bool(running))
        if not running:
            return
        job = running[-1]
        self._text.setText(job_text(job, len(running)))
        busy = job.progress.total <= 0 or job.cancelling
        self._bar.setMaximum(0 if busy else 1000)
        self._bar.setValue(int(1000 * job.progress.fraction))
        self._stop.setVisible(job.stop_early is not None and not job.cancelling)
        self._cancel.setEnabled(not job.cancelling)

    def _on_cancel(self) -> None:
        if self._jobs.running:
            self._jobs.running[-1].cancel()
            self.refresh()

    def _on_stop(self) -> None:
        if self._jobs.running and self._jobs.running[-1].stop_early is not None:
            self._jobs.running[-1].stop_early()
            self._text.setText("Stopping early: the best state so far is kept …")


def job_text(job: JobRun, count: int) -> str:
    """One line: title, what it does, time left."""
    if job.cancelling:
        return f"{job.title}: cancelling …"
    parts = [job.title]
    if job.progress.message:
        parts.append(job.progress.message)
    if job.eta_s is not None and job.eta_s >= 1:
        parts.append(f"{clock_text(job.eta_s)[:-3]} left")
    if count > 1:
        parts.append(f"and {count - 1} more")
    return " · ".join(parts)
