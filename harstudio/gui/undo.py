"""The one undo command: it puts back, or again, what an edit changed."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtGui import QUndoCommand

from harstudio.core.project import Project
from harstudio.core.project_change import ProjectChange

_MERGE_WITHIN_S = 1.0

Step = Callable[[Callable[[Project], Project], str], None]
"""Makes a change of the present project, and says in words what it was."""


class EditCommand(QUndoCommand):
    """An edit that has been made already.

    Parameters
    ----------
    step : callable
        Carries out undo and redo.
    merge : str
        Joined with the command before if that has the same `merge` (not empty) and is less than a
        second old.
    """

    def __init__(self, step: Step, change: ProjectChange, what: str, merge: str) -> None:
        super().__init__(what)
        self._step, self._change = step, change
        self._merge, self._at = merge, monotonic()
        self._done = True

    def id(self) -> int:
        return 1 if self._merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802
        if (
            not isinstance(other, EditCommand)
            or other._merge != self._merge
            or other._at - self._at > _MERGE_WITHIN_S
        ):
            return False
        self._change, self._at = self._change.then(other._change), other._at
        return True

    def redo(self) -> None:
        if self._done:  # `push` calls redo at once, but the edit has been made already
            self._done = False
            return
        self._step(self._change.done, f"Redo: {self.text()}")

    def undo(self) -> None:
        self._step(self._change.undone, f"Undo: {self.text()}")
