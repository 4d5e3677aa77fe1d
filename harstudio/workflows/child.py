"""The far end of a job that the window started: runs it in a process of its own, without Qt."""

from __future__ import annotations

import contextlib
import os
import pickle
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from harstudio.core.errors import HarstudioError
from harstudio.core.jobs import Job

PROGRESS, DONE, FAILED, CRASHED, CANCELLED = "progress", "done", "failed", "crashed", "cancelled"
CANCEL = "cancel"


class _WindowGoneError(Exception):
    """Nobody listens any more."""


def serve(pipe: Connection, function: Callable[..., Job[Any]], arguments: tuple[Any, ...]) -> None:
    """Run ``function(*arguments)`` to its end and report over the pipe.

    Sends (PROGRESS, Progress) as it goes, then one of (DONE, result), (FAILED, message),
    (CRASHED, traceback) and (CANCELLED, None). Anything received means "cancel": the generator
    is closed, which lets it tidy up. So it is when the window is gone.
    """
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(5)  # the window comes first
    with contextlib.suppress(_WindowGoneError), pipe:
        outcome = _outcome(pipe, function, arguments)
        try:
            _tell(pipe, outcome)
        except (pickle.PicklingError, TypeError, AttributeError):  # the result does not travel
            _tell(pipe, (CRASHED, traceback.format_exc()))


def _outcome(
    pipe: Connection, function: Callable[..., Job[Any]], arguments: tuple[Any, ...]
) -> tuple[str, Any]:
    try:
        with contextlib.closing(function(*arguments)) as job:
            return _run(pipe, job)
    except _WindowGoneError:
        raise
    except HarstudioError as error:
        return FAILED, str(error)
    except MemoryError:
        return FAILED, "out of memory (fewer clips, sensors or a longer window step help)"
    except Exception:
        return CRASHED, traceback.format_exc()


def _run(pipe: Connection, job: Job[Any]) -> tuple[str, Any]:
    while True:
        try:
            progress = next(job)
        except StopIteration as stop:
            return DONE, stop.value
        _tell(pipe, (PROGRESS, progress))
        if pipe.poll():
            return CANCELLED, None


def _tell(pipe: Connection, message: tuple[str, Any]) -> None:
    try:
        pipe.send(message)
    except OSError as error:
        raise _WindowGoneError from error
