"""A label that is being given while it plays: it grows with the playhead until it is ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import Segment
from harstudio.gui.annotating.labelling import SHORTEST_S, apply_label, painted, writing_tier
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.session import Session

_JUMP_S = 1e-6


@dataclass(frozen=True)
class _Live:
    """What grows, and where it will be written, whatever is shown by then."""

    label: str
    start_s: float
    clip_id: str
    tier: str
    otherwise: bool


class LiveLabel(QObject):
    """At most one label that grows while the clock plays.

    A label begins and ends where the person saw it, not where the key came down: so much earlier
    as they need to react. When playing stops, or jumps back, it ends at the playhead. Each ended
    label is one edit, and is not selected, so that the next digit starts another.

    Parameters
    ----------
    reaction_s : callable
        How long the person takes from seeing to pressing, s; None if never measured.
    """

    changed = Signal(str, object)  # label, start_s: float, or None when nothing grows any more

    def __init__(
        self,
        session: Session,
        clock: PlaybackClock,
        reaction_s: Callable[[], float | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._clock, self._reaction_s = session, clock, reaction_s
        self._live: _Live | None = None
        self._seen_s = 0.0
        self._playing_since_s = 0.0
        self._told = False
        clock.time_changed.connect(self._on_time)
        clock.playing_changed.connect(self._on_playing)

    @property
    def on(self) -> bool:
        """Whether a label grows."""
        return self._live is not None

    @property
    def takes_labels(self) -> bool:
        """Whether a label's key starts a live label now: it plays, and nothing is selected."""
        session = self._session
        return self._clock.playing and session.selection is None and self._writable

    @property
    def _writable(self) -> bool:
        return self._session.clip is not None and not self._session.read_only

    def give(self, label: str, *, otherwise: bool = False) -> None:
        """Live while it plays and nothing is selected, else as `labelling.apply_label` does."""
        if self.takes_labels:
            self.press(label, otherwise=otherwise)
        else:
            apply_label(self._session, self._clock, label, otherwise=otherwise)

    def press(self, label: str, *, otherwise: bool = False) -> None:
        """End the label that grows, and begin this one there."""
        at_s = self._seen_by_the_person_s()
        self._session.last_label = label
        if self._write(at_s):
            self._begin(label, at_s, otherwise)

    def toggle(self) -> None:
        """End the label that grows, or begin the one used last; that plays, if it did not."""
        if self._live is not None:
            self._write(self._seen_by_the_person_s())
            return
        label, project = self._session.last_label, self._session.project
        if project is None or not self._writable:
            return
        if label not in project.label_set.names:
            self._session.message.emit("Which label? Press its digit while it plays")
            return
        self._session.select_segment(None)
        self._clock.play()
        self._begin(label, self._seen_by_the_person_s(), False)

    def discard(self) -> None:
        """Forget the label that grows; nothing that was ended changes."""
        if self._live is not None:
            self._session.message.emit(f"{self._live.label} is not kept")
            self._show(None)

    def _seen_by_the_person_s(self) -> float:
        """Clip time of what the person reacts to now; no earlier than where playing began."""
        late_s = (self._reaction_s() or 0.0) * self._clock.speed
        return max(self._playing_since_s, self._clock.now_s - late_s)

    def _begin(self, label: str, at_s: float, otherwise: bool) -> None:
        session = self._session
        clip_id = session.clip_id
        if clip_id is None:
            return
        tier = writing_tier(session)
        session.select_tier(tier)
        self._show(_Live(label, at_s, clip_id, tier, otherwise))
        if not self._told:
            self._told = True
            session.message.emit(f"Live: {label}. {_lag_words(self._reaction_s())}")

    def _write(self, end_s: float) -> bool:
        """Make an edit of the label that grows; whether there is none left that does."""
        live, session = self._live, self._session
        if live is None:
            return True
        clip = session.project.clips.get(live.clip_id) if session.project is not None else None
        if clip is not None and end_s - live.start_s >= SHORTEST_S:
            end_s = min(end_s, clip.duration_s)
            segment = Segment(live.start_s, end_s, live.label, author=session.author)
            track = painted(clip.track(live.tier), segment, live.otherwise)
            try:
                session.edit_clip(f"Label {live.label}", clip.with_track(track, live.tier))
            except HarstudioError as error:
                session.message.emit(f"{live.label} is not written and stays live: {error}")
                return False
        self._show(None)
        return True

    def _show(self, live: _Live | None) -> None:
        self._live = live
        self.changed.emit(live.label if live else "", live.start_s if live else None)

    def _on_time(self, time_s: float) -> None:
        seen_s, self._seen_s = self._seen_s, time_s
        if not self._clock.playing or time_s >= seen_s - _JUMP_S:
            return
        loop = self._clock.loop
        looped = loop is not None and time_s == loop[0] and seen_s <= loop[1]
        self._write(loop[1] if looped else seen_s)
        self._playing_since_s = time_s

    def _on_playing(self, playing: bool) -> None:
        self._seen_s = self._clock.time_s
        if playing:
            self._playing_since_s = self._clock.time_s
        else:
            self._write(self._clock.time_s)


def _lag_words(reaction_s: float | None) -> str:
    if reaction_s is None:
        return "Your reaction time is not measured: Label > Measure reaction time"
    return f"Boundaries are set {reaction_s:.2f} s back for your reaction time"
