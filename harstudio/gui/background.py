"""Work that would make a frame late, done beside the window: only the latest request counts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal


class Background(QObject):
    """Runs functions of values one after another; those overtaken by a newer one are dropped."""

    _arrived = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._ticket = 0
        self._arrived.connect(self._on_arrived)

    def run(self, work: Callable[[], Any], then: Callable[[Any], None], *, now: bool) -> None:
        """Do `work`, then `then` with its result in the window's thread; `now`: before returning.

        What `work` raises is raised in the window's thread.
        """
        self._ticket += 1
        ticket = self._ticket
        if now:
            then(work())
            return

        def run() -> None:
            if ticket != self._ticket:
                return
            try:
                finish = partial(then, work())
            except Exception as error:  # carried to the window's thread, raised there
                finish = partial(_raise, error)
            with suppress(RuntimeError):  # the window was closed meanwhile
                self._arrived.emit(ticket, finish)

        self._pool.start(_Runnable(run))

    def drop(self) -> None:
        """Forget what is under way."""
        self._ticket += 1

    def wait(self) -> None:
        """Until nothing runs any more."""
        self._pool.waitForDone()

    def _on_arrived(self, ticket: int, finish: Callable[[], None]) -> None:
        if ticket == self._ticket:
            finish()


def _raise(error: Exception) -> None:
    raise error


class _Runnable(QRunnable):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work

    def run(self) -> None:
        self._work()
