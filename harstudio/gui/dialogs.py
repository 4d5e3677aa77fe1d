"""Small questions and notes: who signs, where to go, which version this is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog, QMessageBox

import harstudio
from harstudio.core.errors import HarstudioError
from harstudio.core.timebase import clock_text

if TYPE_CHECKING:
    from harstudio.gui.main_window import MainWindow


def show_about(window: MainWindow) -> None:
    """Version and licence."""
    QMessageBox.about(
        window,
        "About harstudio",
        f"<h3>harstudio {harstudio.__version__}</h3>"
        "<p>Relabel motion clips, compare real with virtual wearable signals, "
        "fine-tune on a new recording.</p>"
        "<p>MIT licence. The open body is made from MakeHuman assets, CC0 1.0. "
        "See THIRD_PARTY.md.</p>",
    )


def ask_author(window: MainWindow) -> None:
    """The name that edits are signed with."""
    name, accepted = QInputDialog.getText(
        window, "Sign edits", "Your name, kept with each edit:", text=window.session.author
    )
    if accepted and name.strip():
        window.settings.author = name.strip()
        window.session.sign(name.strip())


def ask_time(window: MainWindow) -> None:
    """Go to a time typed in: seconds, MM:SS, or a frame as ``f120``."""
    text, accepted = QInputDialog.getText(
        window, "Go to", "Seconds, MM:SS or a frame (f120):", text=clock_text(window.clock.time_s)
    )
    if accepted and window.session.clip is not None:
        window.clock.seek(parsed_time(text, window.session.clip.rate_hz))


def parsed_time(text: str, rate_hz: float) -> float:
    """Seconds of ``12.4``, ``1:02.5``, ``1:00:00`` or ``f744``.

    Raises
    ------
    HarstudioError
        None of these.
    """
    text = text.strip().lower()
    try:
        if text.startswith("f"):
            return int(text[1:]) / rate_hz
        seconds = 0.0
        for part in text.split(":"):
            seconds = seconds * 60 + float(part)
        return seconds
    except ValueError:
        raise HarstudioError(
            f"{text!r} is no time", "write seconds (12.4), MM:SS (1:02.5) or a frame (f744)"
        ) from None
