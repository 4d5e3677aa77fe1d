"""What the viewport asks a person for: names, and another clip."""

from __future__ import annotations

from PySide6.QtWidgets import QInputDialog, QWidget

from harstudio.core.errors import HarstudioError
from harstudio.core.timebase import clock_text
from harstudio.gui.session import Session
from harstudio.gui.viewport.companion import Companion


def ask_sensor_name(parent: QWidget, suggestions: list[str]) -> str:
    """A new sensor's name; empty for never mind."""
    name, accepted = QInputDialog.getItem(
        parent, "Add a sensor", "Name (recordings are matched by it):", suggestions, 0, True
    )
    return "_".join(name.split()) if accepted else ""


def ask_view_name(parent: QWidget) -> str:
    """A name for a view; empty for never mind."""
    name, accepted = QInputDialog.getText(parent, "Keep this view", "Name:")
    return name.strip() if accepted else ""


def ask_clip(parent: QWidget, session: Session, companion: Companion, now_s: float) -> None:
    """Ask for a clip and when it starts, and show its motion as a second body."""
    project = session.project
    if project is None or session.clip is None:
        return
    clips = [c for c in project.clips.values() if c.motion is not None and c.usable]
    names = [f"{clip.name} · {clip.subject}" if clip.subject else clip.name for clip in clips]
    if not clips:
        session.message.emit("No clip of this project has a motion to show")
        return
    name, accepted = QInputDialog.getItem(
        parent, "Second motion", "Clip whose motion is laid over this one:", names, 0, False
    )
    if not accepted or name not in names:
        return
    starts = ["where this clip starts", f"at the playhead, {clock_text(now_s)}"]
    start, accepted = QInputDialog.getItem(parent, "Second motion", "It starts:", starts, 0, False)
    if accepted:
        try:
            companion.show_clip(clips[names.index(name)].id, now_s * starts.index(start))
        except HarstudioError as error:
            session.message.emit(str(error))
