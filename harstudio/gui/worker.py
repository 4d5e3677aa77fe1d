"""Jobs of the window: each runs in a child process that a thread of ours watches."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import signal
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, Signal

from harstudio.core.jobs import Job, Progress
from harstudio.workflows import child

_GRACE_S = 4.0
_CLOSING_S = 1.5
_KILLING_S = 0.4
_POLL_S = 0.05


class JobRun(QObject):
    """One job from start to end.

    Exactly one of `succeeded`, `failed` and `cancelled` comes, then `finished`. All arrive in the
    window's thread: the watching thread only ever emits `_told`, whose receiver lives there.
    """

    progressed = Signal(object)  # Progress
    succeeded = Signal(object)  # the job's result
    failed = Signal(str, str)  # reason, details (traceback or empty)
    cancelled = Signal()
    finished = Signal()
    _told = Signal(str, object)

    def __init__(
        self,
        title: str,
        function: Callable[..., Job[Any]],
        arguments: tuple[Any, ...],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.stop_early: Callable[[], None] | None = None
        self.progress = Progress(0, 0)
        self._work = (function, arguments)
        self._cancelling = False
        self._kill_at = math.inf
        self._started = monotonic()
        self._told.connect(self._on_told)
        self._thread = threading.Thread(target=self._run, name=title, daemon=True)

    def start(self) -> None:
        """Start the child process."""
        self._thread.start()

    def cancel(self, within_s: float = _GRACE_S) -> None:
        """Ask the job to stop and tidy up; it is killed if it does not within a few seconds."""
        self._kill_at = min(self._kill_at, monotonic() + within_s)
        self._cancelling = True

    def wait(self, timeout_s: float | None = None) -> None:
        """Until the child is gone, or for a time."""
        self._thread.join(timeout_s)

    @property
    def cancelling(self) -> bool:
        return self._cancelling

    @property
    def eta_s(self) -> float | None:
        """Seconds left: the job's own estimate, or one from its pace; None if unknown."""
        own = self.progress.values.get("eta_s")
        if isinstance(own, int | float):
            return float(own)
        fraction = self.progress.fraction
        if fraction < 0.02:
            return None
        return (monotonic() - self._started) * (1 - fraction) / fraction

    def _on_told(self, kind: str, value: Any) -> None:
        if kind == child.PROGRESS:
            self.progress = value
            self.progressed.emit(value)
            return
        if kind == child.DONE:
            self.succeeded.emit(value)
        elif kind == child.CANCELLED:
            self.cancelled.emit()
        elif kind == child.FAILED:
            self.failed.emit(str(value), "")
        else:
            first = str(value).strip().splitlines()[-1]
            self.failed.emit(f"{self.title} failed: {first}", str(value))
        self.finished.emit()

    # -- in the watching thread ----------------------------------------------------------

    def _tell(self, kind: str, value: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the window is gone already
            self._told.emit(kind, value)

    def _run(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=child.serve, args=(theirs, *self._work), daemon=True)
        try:
            process.start()
        except Exception as error:  # a job that does not pickle is our fault, and must be seen
            self._tell(child.CRASHED, f"the job could not be started: {error!r}")
            return
        theirs.close()
        kind, value = self._watch(ours, process)
        end = monotonic() + _GRACE_S
        while process.is_alive() and monotonic() < min(end, self._kill_at):
            process.join(_POLL_S)
        if process.is_alive():
            process.kill()
            process.join()
        ours.close()
        if kind == child.CRASHED and not value:  # it left no details to show
            kind, value = child.FAILED, f"{self.title} failed: {_how_it_ended(process.exitcode)}"
        self._tell(kind, value)

    def _watch(self, pipe: Any, process: Any) -> tuple[str, Any]:
        """Messages until the last one; CRASHED without a text if the child just died."""
        told = False
        while True:
            if self._cancelling and not told:
                told = True
                _try_send(pipe, child.CANCEL)
            if monotonic() > self._kill_at:
                process.kill()
                return child.CANCELLED, None
            try:
                if not pipe.poll(_POLL_S):
                    if not process.is_alive() and not pipe.poll(0):
                        return _died(told)
                    continue
                kind, value = pipe.recv()
            except (EOFError, OSError):
                return _died(told)
            if kind != child.PROGRESS:
                return kind, value
            self._tell(kind, value)


def _try_send(pipe: Any, message: str) -> None:
    try:
        pipe.send(message)
    except (BrokenPipeError, OSError):
        return


def _how_it_ended(code: int) -> str:
    """What became of a process that told nothing, from its exit code."""
    if code == -signal.SIGTERM or (hasattr(signal, "SIGKILL") and code == -signal.SIGKILL):
        return "its process was killed, by somebody or because the memory ran out"
    return f"its process ended with code {code}"


def _died(cancelled: bool) -> tuple[str, Any]:
    return (child.CANCELLED, None) if cancelled else (child.CRASHED, "")


class JobCentre(QObject):
    """The jobs that are running."""

    changed = Signal()
    failed = Signal(str, str)  # reason, details
    told = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: list[JobRun] = []

    @property
    def running(self) -> tuple[JobRun, ...]:
        return tuple(self._running)

    def start(
        self,
        title: str,
        function: Callable[..., Job[Any]],
        *arguments: Any,
        on_done: Callable[[Any], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> JobRun:
        """Run ``function(*arguments)`` in a child process.

        Parameters
        ----------
        function : callable
            Importable by name; returns a job. Arguments and result must pickle.
        on_done, on_progress, on_end : callable, optional
            Called in the window's thread: with the result; with each Progress; at any end.
        """
        run = JobRun(title, function, arguments, self)
        if on_progress is not None:
            run.progressed.connect(on_progress)
        if on_done is not None:
            run.succeeded.connect(on_done)
        self.adopt(run, on_end)
        return run

    def adopt(self, run: JobRun, on_end: Callable[[], None] | None = None) -> None:
        """Start a job and watch it with the others."""
        self._running.append(run)
        run.progressed.connect(self._on_progressed)
        run.failed.connect(self.failed)
        run.cancelled.connect(lambda: self.told.emit(f"{run.title}: cancelled"))
        run.finished.connect(lambda: self._ended(run, on_end))
        run.start()
        self.changed.emit()

    def _on_progressed(self, _progress: Progress) -> None:
        self.changed.emit()

    def _ended(self, run: JobRun, on_end: Callable[[], None] | None) -> None:
        self._running.remove(run)
        run.deleteLater()
        self.changed.emit()
        if on_end is not None:
            on_end()

    def cancel_all(self) -> None:
        """Cancel everything on closing.

        All jobs together get a second and a half to tidy up, then they are killed.
        """
        end = monotonic() + _CLOSING_S
        for run in self._running:
            run.cancel(_CLOSING_S)
        for run in list(self._running):
            run.wait(max(0.0, end + _KILLING_S - monotonic()))
