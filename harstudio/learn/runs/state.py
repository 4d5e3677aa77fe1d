"""Whether a run is going on, came to its end, or died: state.json, and a lock while it runs.

The lock is the system's: it is free as soon as the process is gone, even after kill -9 or a power
cut. A run that says it is running and whose lock is free has failed.
"""

from __future__ import annotations

import contextlib
import math
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from harstudio.core.errors import HarstudioError
from harstudio.learn.runs.files import read_json, write_json

STATE, LOCK = "state.json", ".lock"
RUNNING, FINISHED, STOPPED, FAILED = "running", "finished", "stopped", "failed"
STATES = (RUNNING, FINISHED, STOPPED, FAILED)

_DIED = "its process ended without a word: it was killed, or the machine went off or out of memory"
_LOCK_WAIT_S = 2.0
"""Somebody who looks whether the run is going on holds the lock for a moment."""


@dataclass(frozen=True)
class RunState:
    """How a run stands.

    Attributes
    ----------
    state : str
        ``running``, ``finished``, ``stopped`` (on request, before its time) or ``failed``.
    reason : str
        Why it failed or ended before its time; empty if there is nothing to say.
    seconds : float
        That it took, all sittings together; 0 while it runs and where nobody knows.
    started_utc, ended_utc : str
        ISO 8601; empty where nobody knows.
    """

    state: str
    reason: str = ""
    seconds: float = 0.0
    started_utc: str = ""
    ended_utc: str = ""


class RunLock:
    """Tells others that this process works on a run; given back when the process ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        self._lock = FileLock(self._path, mode=0o666, thread_local=False)

    def take(self) -> None:
        """Take it; HarstudioError if another process works on this run."""
        try:
            self._lock.acquire(timeout=_LOCK_WAIT_S)
        except Timeout as error:
            raise HarstudioError(
                f"{self._path.parent}: another process trains this run", "wait, or stop it first"
            ) from error
        except OSError as error:
            raise HarstudioError(
                f"{self._path.parent}: cannot be written ({error.strerror})"
            ) from error

    def give_back(self) -> None:
        """Give it back and leave no file; harmless the second time."""
        self._lock.release()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


class StateWriter:
    """Keeps state.json of a run that this process works on."""

    def __init__(self, folder: Path, before: RunState | None = None) -> None:
        """`before` is the state of a run that is taken up again: its seconds count on."""
        self._folder, self._lock = folder, RunLock(folder)
        self._begun, self._spent = time.monotonic(), before.seconds if before else 0.0
        self._started = before.started_utc if before else ""

    def start(self) -> None:
        """Say that the run is going on."""
        self._lock.take()
        self._started = self._started or _now()
        self._write(RunState(RUNNING, started_utc=self._started, seconds=self._spent))

    def keep_time(self) -> None:
        """Note the seconds so far, for a run that will not come to its end."""
        self._write(RunState(RUNNING, seconds=self._seconds(), started_utc=self._started))

    def end(self, state: str, reason: str = "") -> None:
        """Say how it ended."""
        self._write(RunState(state, reason, self._seconds(), self._started, _now()))
        self._lock.give_back()

    def drop(self) -> None:
        """Leave no trace."""
        (self._folder / STATE).unlink(missing_ok=True)
        self._lock.give_back()

    def _seconds(self) -> float:
        return self._spent + time.monotonic() - self._begun

    def _write(self, state: RunState) -> None:
        data = {
            "state": state.state,
            "reason": state.reason,
            "seconds": round(state.seconds, 3),
            "started_utc": state.started_utc,
            "ended_utc": state.ended_utc,
            "process": os.getpid(),
            "host": platform.node(),
        }
        write_json(self._folder / STATE, data)


def read_state(folder: Path, *, has_report: bool) -> RunState:
    """How the run in a folder stands.

    Parameters
    ----------
    folder : Path
    has_report : bool
        Whether it came to its report: what counts where there is no readable state.json, as in
        run folders of earlier versions.
    """
    try:
        stored = _stored(read_json(folder / STATE))
    except HarstudioError as error:
        if has_report:
            return RunState(FINISHED)
        known = (folder / STATE).exists()
        return RunState(FAILED, error.message if known else "it did not come to its report")
    if stored.state != RUNNING or is_locked(folder):
        return stored
    return RunState(FAILED, _DIED, stored.seconds, stored.started_utc)


def is_locked(folder: Path) -> bool:
    """Whether a process works on the run in this folder now."""
    path = folder / LOCK
    if not path.exists():
        return False
    lock = FileLock(path, mode=0o666, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:  # a folder that we may not write: nobody can tell
        return False
    lock.release()
    return False


def reason_of(error: BaseException) -> str:
    """Why a run failed, in a line."""
    if isinstance(error, HarstudioError):
        return f"{error.message}" + (f" ({error.hint})" if error.hint else "")
    text = str(error).strip()
    no_memory = any(words in text.lower() for words in ("out of memory", "can't allocate memory"))
    if isinstance(error, MemoryError) or no_memory:
        return "out of memory (fewer clips or sensors, or a smaller batch, help)"
    first = text.splitlines()[0] if text else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _stored(data: Mapping[str, Any]) -> RunState:
    try:
        state = RunState(
            str(data["state"]),
            str(data.get("reason", "")),
            float(data.get("seconds", 0.0)),
            str(data.get("started_utc", "")),
            str(data.get("ended_utc", "")),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise HarstudioError(f"{STATE}: damaged ({error!r})") from error
    if not 0 <= state.seconds < math.inf:
        raise HarstudioError(f"{STATE}: took {state.seconds} s")
    if state.state not in STATES:
        raise HarstudioError(f"{STATE}: state {state.state!r}, expected {', '.join(STATES)}")
    return state


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
