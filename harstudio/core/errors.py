"""The one exception that a user is meant to read."""

from __future__ import annotations


class HarstudioError(Exception):
    """An expected failure: bad input, a missing file, a locked project.

    Shown without a traceback. The message says what, where, got and expected
    (``trial3.csv: acc has 2 columns, expected 3``); the hint says what to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message
