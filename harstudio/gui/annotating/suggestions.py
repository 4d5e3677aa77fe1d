"""Going through what a model proposed: each suggestion is accepted or rejected by one key.

Suggestions stand in a tier of their own. An accepted one becomes the person's label; nothing of
the person's changes until then.
"""

from __future__ import annotations

from dataclasses import replace

from harstudio.core.labels import Segment
from harstudio.core.project import MINE, PREDICTED, Clip, Project
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.session import Session

SURE = 0.9
"""From this confidence on, "accept all" takes a suggestion."""


def has_suggestions(session: Session) -> bool:
    """Whether the open clip has any."""
    return session.clip is not None and bool(len(session.clip.track(PREDICTED)))


def go(session: Session, clock: PlaybackClock, step: int) -> None:
    """Select the next (1) or previous (-1) suggestion of the open clip and go to its start."""
    clip = session.clip
    segments = clip.track(PREDICTED).segments if clip is not None else ()
    if not segments:
        session.message.emit(_nothing_here(session))
        return
    if session.tier == PREDICTED and session.segment_index is not None:
        index = session.segment_index + step
    else:
        starts = [i for i, s in enumerate(segments) if step * (s.start_s - clock.time_s) >= 0]
        index = (starts or [len(segments)])[0] if step > 0 else (starts or [-1])[-1]
    if not 0 <= index < len(segments):
        session.message.emit(f"No {'more' if step > 0 else 'earlier'} suggestions in this clip")
        index = min(max(0, index), len(segments) - 1)
    _select(session, clock, index)


def accept(session: Session, clock: PlaybackClock, label: str = "") -> None:
    """Make the suggestion at hand the person's label (of another name, if told); go on."""
    clip, index = session.clip, current(session, clock)
    if clip is None or index is None:
        session.message.emit("No suggestion here to accept: N goes to the next")
        return
    track = clip.track(PREDICTED)
    segment = _as_ones_own(track.segments[index], session.author, label)
    after = clip.with_track(clip.labels.paint(segment)).with_track(track.remove(index), PREDICTED)
    session.edit_clip(f"Accept {segment.label}", after)
    _go_on(session, clock, index)


def reject(session: Session, clock: PlaybackClock) -> None:
    """Take the suggestion at hand away; go on to the next."""
    clip, index = session.clip, current(session, clock)
    if clip is None or index is None:
        session.message.emit("No suggestion here to reject: N goes to the next")
        return
    track = clip.track(PREDICTED)
    what = f"Reject {track.segments[index].label}"
    session.edit_clip(what, clip.with_track(track.remove(index), PREDICTED))
    _go_on(session, clock, index)


def accept_all(session: Session, least: float = SURE) -> None:
    """Make all suggestions of the open clip that are at least so sure the person's labels."""
    clip = session.clip
    if clip is None:
        return
    track, mine = clip.track(PREDICTED), clip.labels
    sure = [s for s in track.segments if s.confidence >= least]
    if not sure:
        session.message.emit(f"No suggestion in this clip has a confidence of {least:g} or more")
        return
    for segment in sure:
        mine = mine.paint(_as_ones_own(segment, session.author))
    left = replace(track, segments=tuple(s for s in track.segments if s.confidence < least))
    count = f"{len(sure)} suggestion{'s' if len(sure) > 1 else ''}"
    session.edit_clip(f"Accept {count}", clip.with_track(mine).with_track(left, PREDICTED))
    if not len(left):
        session.select_tier(MINE)
    session.select_segment(None)
    session.message.emit(f"Accepted {count}; {len(left)} left in this clip")


def go_to_next_clip(session: Session) -> None:
    """Open the next clip, in the project's order and round its end, that has suggestions."""
    clip = next_suggested(session.project, session.clip_id)
    if clip is None:
        session.message.emit("No other clip has suggestions")
        return
    first = clip.track(PREDICTED).segments[0]
    session.show_moment(clip.id, first.start_s, first.end_s)
    session.select_tier(PREDICTED)
    session.select_segment(0)


def next_suggested(project: Project | None, clip_id: str | None) -> Clip | None:
    """The next other clip that has suggestions; None if no other has."""
    clips = list(project.clips.values()) if project is not None else []
    here = next((i for i, clip in enumerate(clips) if clip.id == clip_id), -1)
    others = clips[here + 1 :] + clips[: max(0, here)]
    return next((clip for clip in others if len(clip.track(PREDICTED))), None)


def current(session: Session, clock: PlaybackClock) -> int | None:
    """Index of the selected suggestion, or of the one under the playhead."""
    if session.clip is None:
        return None
    if session.tier == PREDICTED and session.segment_index is not None:
        return session.segment_index
    return session.clip.track(PREDICTED).index_at(clock.time_s)


def _as_ones_own(segment: Segment, author: str, label: str = "") -> Segment:
    return replace(segment, label=label or segment.label, confidence=1.0, author=author)


def _select(session: Session, clock: PlaybackClock, index: int) -> None:
    session.select_tier(PREDICTED)
    session.select_segment(index)
    clock.seek(session.track.segments[index].start_s)


def _go_on(session: Session, clock: PlaybackClock, index: int) -> None:
    """On to the suggestion that took the place of the one that is gone."""
    clip = session.clip
    left = len(clip.track(PREDICTED)) if clip is not None else 0
    if index < left:
        _select(session, clock, index)
        session.message.emit(f"{left} suggestion{'s' if left > 1 else ''} left in this clip")
        return
    session.select_tier(MINE)  # or the next label would be put among the suggestions
    session.select_segment(None)
    session.message.emit(
        f"The last suggestion of this clip; {left} passed over before it"
        if left
        else "No suggestion left in this clip"
    )


def _nothing_here(session: Session) -> str:
    if next_suggested(session.project, session.clip_id) is not None:
        return "No suggestions in this clip, but in others: Label > Next clip with suggestions"
    return "No suggestions yet: let a trained run predict labels first"
