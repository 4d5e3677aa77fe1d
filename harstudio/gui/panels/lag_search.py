"""The correlation over lag, worked out beside the window."""

from __future__ import annotations

import contextlib

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from harstudio.core.errors import HarstudioError
from harstudio.workflows import aligning
from harstudio.workflows.aligning import LagSearch
from harstudio.workflows.loading import LoadedClip, LoadedRecording


class LagSearcher(QObject):
    """One search at a time; the result of one that was replaced is dropped."""

    found = Signal(object)  # LagSearch
    failed = Signal(str)
    _arrived = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ticket = 0
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._arrived.connect(self._on_arrived)

    def forget(self) -> None:
        """Whatever is being searched is of no use any more."""
        self._ticket += 1

    def start(self, loaded: LoadedClip, item: LoadedRecording, reach_s: float) -> None:
        """Search the lag of a recording of a clip; see `aligning.search_lag`."""
        self.forget()
        self._pool.start(_Search(self, self._ticket, (loaded, item, reach_s)))

    def _on_arrived(self, ticket: int, result: LagSearch | Exception) -> None:
        if ticket != self._ticket:
            return
        if isinstance(result, HarstudioError):
            self.failed.emit(str(result))
        elif isinstance(result, Exception):
            raise result
        else:
            self.found.emit(result)


class _Search(QRunnable):
    def __init__(
        self,
        searcher: LagSearcher,
        ticket: int,
        work: tuple[LoadedClip, LoadedRecording, float],
    ) -> None:
        super().__init__()
        self._searcher, self._ticket, self._work = searcher, ticket, work

    def run(self) -> None:
        try:
            result: LagSearch | Exception = aligning.search_lag(*self._work)
        except Exception as error:  # carried to the window's thread, raised there
            result = error
        with contextlib.suppress(RuntimeError):  # the window is gone already
            self._searcher._arrived.emit(self._ticket, result)
