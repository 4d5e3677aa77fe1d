"""Who may write a project: a lock that the system takes back even after kill -9, and a name tag.

A locked file cannot be read on Windows, so the name tag is a small file of its own. Only the lock
counts; a name tag that a killed process left behind is overwritten by the next holder.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

_NOBODY_KNOWN = "another window"


def author_name() -> str:
    """Name of the person at this computer, for the journal and the name tag."""
    try:
        return getpass.getuser()
    except (OSError, ImportError, KeyError):  # no such account, as in some containers
        return "someone"


def now_text() -> str:
    """This moment in UTC, ISO 8601 to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class ProjectLock:
    """The right to write one project file; one holder at a time, also within a process.

    Attributes
    ----------
    held : bool
    refusal : str
        Why it is not held: who has it, or that the folder cannot be written.
    holder : str
        Who has it if it is not held here and somebody does; empty otherwise.
    """

    def __init__(self, path: Path, author: str) -> None:
        # mode 666 less umask: a colleague on a shared folder must be able to lock the file, too.
        self._lock = FileLock(f"{path}.lock", mode=0o666, thread_local=False)
        self._tag = path.with_name(path.name + ".holder")
        self.held = False
        self.refusal = self.holder = ""
        if path.exists() and not os.access(path, os.W_OK):
            self.refusal = "cannot be written (no permission)"
            return
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            self.holder = self._read_tag()
            self.refusal = f"is open elsewhere: {self.holder}"
        except OSError as error:
            self.refusal = f"cannot be written here ({error.strerror})"
        else:
            self.held = True
            self._write_tag(author)

    def release(self) -> None:
        """Give the right back; does nothing the second time."""
        if self.held:
            self.held = False
            with contextlib.suppress(OSError):
                self._tag.unlink(missing_ok=True)
            self._lock.release()

    def _write_tag(self, author: str) -> None:
        tag = {"user": author, "host": platform.node(), "process": os.getpid(), "since": now_text()}
        with contextlib.suppress(OSError):  # the tag is a courtesy, the lock is what counts
            self._tag.write_text(json.dumps(tag), encoding="ascii")

    def _read_tag(self) -> str:
        try:
            tag = json.loads(self._tag.read_text(encoding="ascii"))
            since = datetime.fromisoformat(tag["since"]).strftime("%Y-%m-%d %H:%M UTC")
            return f"{tag['user']} on host {tag['host']}, process {tag['process']}, since {since}"
        except (OSError, ValueError, KeyError, TypeError):
            return _NOBODY_KNOWN
