"""A film being made: a frame at a time, between whatever else the window does."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Progress
from harstudio.gui.theme import Colours
from harstudio.gui.viewport.captions import Captions, Tier, Writer, frame_bytes
from harstudio.gui.viewport.film import Darkroom, Take
from harstudio.workflows.films import FilmFile, FilmPlan

_AHEAD = 3
"""Frames that may wait for the encoder."""
_FULL_MS = 5
_TOLD_EVERY_S = 0.1


class FilmRun(QObject):
    """Draws the frames of a plan and hands them to an encoder beside the window.

    Looks to the window's list of jobs like a `JobRun`: exactly one of `succeeded`, `failed` and
    `cancelled` comes, then `finished`. It cannot run in a process of its own, for what it draws is
    the window's.

    Parameters
    ----------
    tint : Tier
        Its labels colour floor or body as in the window, whatever is written on the frames.
    """

    progressed = Signal(object)  # Progress
    succeeded = Signal(object)  # Path
    failed = Signal(str, str)  # reason, details
    cancelled = Signal()
    finished = Signal()
    _ended = Signal(str)  # why it failed, or empty

    stop_early = None

    def __init__(
        self,
        path: Path,
        plan: FilmPlan,
        take: Take,
        captions: Captions,
        colours: Colours,
        tint: Tier,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.title = f"Film {path.name}"
        self.progress = Progress(0, plan.frames)
        self._path, self._plan, self._take, self._tint = path, plan, take, tint
        self._times_s = plan.times_s
        self._writer = Writer(captions, plan.width_px, plan.height_px, colours)
        self._colours = colours
        self._room: Darkroom | None = None
        self._file: FilmFile | None = None
        self._next = 0
        self._cancelling = self._over = False
        self._started = self._told = monotonic()
        self._frames: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
        self._thread = threading.Thread(target=self._encode, name=self.title, daemon=True)
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._step)
        self._ended.connect(self._on_ended)

    def start(self) -> None:
        """Begin; what cannot be done is told by `failed` once the event loop runs."""
        try:
            self._room = Darkroom(*self._writer.picture_size, self._colours)
            self._file = FilmFile(self._path, self._plan)
        except HarstudioError as error:
            reason = str(error)
            QTimer.singleShot(0, self, lambda: self._on_ended(reason))
            return
        self._thread.start()
        self._timer.start()

    def cancel(self, within_s: float = 0.0) -> None:
        """Leave nothing behind."""
        if self._cancelling or self._over:
            return
        self._cancelling = True
        self._timer.stop()
        if self._file is not None:
            self._file.discard()
        self._put(None)

    def wait(self, timeout_s: float | None = None) -> None:
        """Until the encoder has ended, or for a time."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def cancelling(self) -> bool:
        return self._cancelling

    @property
    def eta_s(self) -> float | None:
        """Seconds left, from the pace so far; None while unknown."""
        if self._next < 3 or self._next >= self._plan.frames:
            return None
        return (monotonic() - self._started) * (self._plan.frames - self._next) / self._next

    # -- frames, in the window's thread ------------------------------------------------------

    def _step(self) -> None:
        """One frame; the event loop runs between two of them."""
        if self._frames.full():
            self._timer.setInterval(_FULL_MS)
            return
        self._timer.setInterval(0)
        if self._next == self._plan.frames:
            self._timer.stop()
            self._put(None)
            self._tell("Writing the file")
            return
        time_s = float(self._times_s[self._next])
        try:
            picture = self._room.draw(self._take, time_s, self._tint.at(time_s)[1])
            self._put(frame_bytes(self._writer.frame(picture, time_s)))
        except HarstudioError as error:
            self._timer.stop()
            self._file.discard()
            self._put(None)
            self._on_ended(str(error))
            return
        self._next += 1
        if monotonic() - self._told > _TOLD_EVERY_S:
            self._tell(f"frame {self._next:,} of {self._plan.frames:,}")

    def _put(self, frame: bytes | None) -> None:
        # Room is looked for before a frame is drawn; the end of a cancelled film may find none.
        while True:
            try:
                self._frames.put_nowait(frame)
                return
            except queue.Full:
                self._drop()

    def _drop(self) -> None:
        try:
            self._frames.get_nowait()
        except queue.Empty:
            return

    def _tell(self, text: str) -> None:
        self._told = monotonic()
        self.progress = Progress(self._next, self._plan.frames, text)
        self.progressed.emit(self.progress)

    def _on_ended(self, problem: str) -> None:
        if self._over:
            return
        self._over = True
        self._timer.stop()
        if self._room is not None:
            self._room.close()
        if self._cancelling:
            self.cancelled.emit()
        elif problem:
            self.failed.emit(problem, "")
        else:
            self.succeeded.emit(self._path)
        self.finished.emit()

    # -- the encoder, in a thread of its own -------------------------------------------------

    def _encode(self) -> None:
        problem = ""
        try:
            while (frame := self._frames.get()) is not None:
                self._file.write(frame)
            if not self._cancelling:
                self._file.finish()
        except HarstudioError as error:
            problem = str(error)
            self._file.discard()
        except RuntimeError:  # the window was closed meanwhile
            self._file.discard()
            return
        self._say(problem)

    def _say(self, problem: str) -> None:
        try:
            self._ended.emit(problem)
        except RuntimeError:  # the window was closed meanwhile
            return
