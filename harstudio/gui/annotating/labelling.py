"""What the hand does to labels: each command is a function of the session and the clock."""

from __future__ import annotations

from dataclasses import replace

from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import EXCLUDED, KEPT, MINE, PREDICTED, UNREVIEWED, Clip
from harstudio.gui.annotating import suggestions
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.session import Session

SHORTEST_S = 0.02
"""Nothing shorter is put down by hand, s."""


def track_of(session: Session) -> LabelTrack:
    """The open clip's labels in the active tier; an empty track without a clip."""
    return session.track


def label_of_digit(session: Session, digit: str) -> str | None:
    """Name of the label on a digit key; None, and a word about it, where there is none."""
    label = session.project.label_set.by_key(digit) if session.project is not None else None
    if label is None:
        session.message.emit(f"No label has the key {digit}: add one in the Labels panel")
        return None
    return label.name


def label_digit(
    session: Session, clock: PlaybackClock, digit: str, *, otherwise: bool = False
) -> None:
    """`apply_label` with the label on a digit key."""
    label = label_of_digit(session, digit)
    if label is not None:
        apply_label(session, clock, label, otherwise=otherwise)


def apply_label(
    session: Session, clock: PlaybackClock, label: str, *, otherwise: bool = False
) -> None:
    """Label the selection; without one, from the playhead to the next boundary.

    A selected segment is relabelled; a selected suggestion is accepted under that label.

    Parameters
    ----------
    otherwise : bool
        Put down in the way that is not the tier's, see `LabelTrack.paint_otherwise`.
    """
    if session.clip is None:
        return
    index, track = session.segment_index, session.track
    if index is None:
        start_s, end_s = session.selection or free_stretch(session, clock.time_s)
        paint(session, start_s, end_s, label, otherwise=otherwise)
        return
    session.last_label = label
    if session.tier == PREDICTED:
        suggestions.accept(session, clock, label)
        return
    segment = track.segments[index]
    if segment.label != label:
        segment = replace(segment, label=label, author=session.author)
    after = painted(track.remove(index), segment, otherwise)
    session.edit_labels(f"Relabel to {label}", after)
    session.select_segment(after.index_of(segment))


def painted(track: LabelTrack, segment: Segment, otherwise: bool = False) -> LabelTrack:
    """A track with a segment put down in its own way, or in the other."""
    return track.paint_otherwise(segment) if otherwise else track.paint(segment)


def writing_tier(session: Session) -> str:
    """The tier that new labels go to: the active one, but never among the suggestions."""
    return MINE if session.tier == PREDICTED else session.tier


def paint(
    session: Session, start_s: float, end_s: float, label: str, *, otherwise: bool = False
) -> None:
    """Put a label on a stretch of the open clip and select it."""
    clip = session.clip
    if clip is None:
        return
    start_s, end_s = max(0.0, start_s), min(clip.duration_s, end_s)
    if end_s - start_s < SHORTEST_S:
        session.message.emit("Nothing to label there: the stretch is empty")
        return
    session.last_label = label
    tier = writing_tier(session)
    segment = Segment(start_s, end_s, label, author=session.author)
    track = painted(clip.track(tier), segment, otherwise)
    if track == clip.track(tier):
        session.message.emit("Nothing to label there: all of it has a label")
        return
    session.edit_labels(f"Paint {label}", track, tier)
    session.select_tier(tier)
    session.select_segment(_first_new(track, clip.track(tier), segment))


def _first_new(track: LabelTrack, before: LabelTrack, segment: Segment) -> int | None:
    """Index of a segment that was put down, or of the first piece of it that found room."""
    whole = track.index_of(segment)
    if whole is not None:
        return whole
    pieces = (
        i for i in _new_ones(track, before)
        if track.segments[i].label == segment.label
        and segment.start_s <= track.segments[i].start_s < segment.end_s
    )  # fmt: skip
    return next(pieces, None)


def _new_ones(track: LabelTrack, before: LabelTrack) -> list[int]:
    """Indices of the segments that were not there before."""
    known = set(before.segments)
    return [i for i, each in enumerate(track.segments) if each not in known]


def free_stretch(session: Session, time_s: float) -> tuple[float, float]:
    """From a time to the next boundary of the open clip's labels, or its end."""
    clip = session.clip
    end_s = clip.duration_s if clip is not None else 0.0
    edges = [e for s in track_of(session).segments for e in (s.start_s, s.end_s) if e > time_s]
    return time_s, min([end_s, *edges])


def split(session: Session, clock: PlaybackClock) -> None:
    """Cut the segment under the playhead in two."""
    split_at(session, clock.time_s)


def split_at(session: Session, time_s: float) -> None:
    """Cut the segment at a time in two, of several there the selected one; select what follows."""
    before = session.track
    after = before.split(time_s, session.segment_index)
    halves = _new_ones(after, before)
    if not halves:
        session.message.emit("No segment there to split")
        return
    session.edit_labels("Split", after)
    session.select_segment(halves[-1])


def merge(session: Session, clock: PlaybackClock) -> None:
    """Join the selected segment (or the one under the playhead) with the next."""
    track, index = track_of(session), current_segment(session, clock)
    if index is None or index + 1 >= len(track):
        session.message.emit("Select a segment with another one after it to merge them")
        return
    after = track.merge(index)
    session.edit_labels("Merge", after)
    session.select_segment((_new_ones(after, track) or [index])[0])


def delete(session: Session) -> None:
    """Remove the selected segment; nothing else is ever deleted."""
    track, index = track_of(session), session.segment_index
    if index is None:
        session.message.emit("Select a segment to delete it")
        return
    session.edit_labels(f"Delete {track.segments[index].label}", track.remove(index))
    session.select_segment(None)


def current_segment(session: Session, clock: PlaybackClock) -> int | None:
    """The selected segment, or the one under the playhead."""
    if session.segment_index is not None:
        return session.segment_index
    return track_of(session).index_at(clock.time_s)


def go_to_segment(session: Session, clock: PlaybackClock, step: int) -> None:
    """Select the next (1) or previous (-1) segment and go to its start."""
    segments = track_of(session).segments
    if not segments:
        return
    if session.segment_index is not None:
        index = session.segment_index + step
    elif step > 0:
        index = next(
            (i for i, s in enumerate(segments) if s.start_s > clock.time_s), len(segments) - 1
        )
    else:
        before = [i for i, s in enumerate(segments) if s.start_s < clock.time_s]
        index = before[-1] if before else 0
    index = min(max(0, index), len(segments) - 1)
    session.select_segment(index)
    clock.seek(segments[index].start_s)


def copy_to_tier(session: Session, clock: PlaybackClock, step: int) -> None:
    """Copy the selected segment (or the one at the playhead) to the tier below (1) or above (-1).

    It is selected there then. The tier of suggestions is passed over: nothing is copied into it.
    """
    clip, index = session.clip, current_segment(session, clock)
    if clip is None or index is None:
        session.message.emit("Select a segment to copy it to another tier")
        return
    order = [tier for tier in clip.tiers if tier == session.tier or tier != PREDICTED]
    place = order.index(session.tier) + step
    if not 0 <= place < len(order):
        where = "below" if step > 0 else "above"
        session.message.emit(f"There is no tier {where} to copy to")
        return
    segment, target = session.track.segments[index], order[place]
    track = clip.track(target).paint(segment)
    session.edit_labels(f"Copy {segment.label} to {target}", track, target)
    session.select_tier(target)
    session.select_segment(track.index_of(segment))


def set_confidence(session: Session, clock: PlaybackClock, confidence: float) -> None:
    """Say how sure the label of the selected segment (or the one at the playhead) is, 0 to 1."""
    index = current_segment(session, clock)
    if index is None:
        session.message.emit("Select a segment to say how sure its label is")
        return
    change_segment(session, index, replace(session.track.segments[index], confidence=confidence))


def change_segment(session: Session, index: int, segment: Segment) -> None:
    """Put another segment in one's place in the active tier, and select it."""
    after = session.track.changed(index, segment)
    session.edit_labels(f"Change {segment.label}", after)
    session.select_segment(after.index_of(segment))


def set_status(session: Session, clip_ids: list[str], status: str) -> None:
    """Keep, exclude or un-review clips, as one step."""
    if session.project is None or not clip_ids:
        return
    clips = [replace(session.project.clip(i), status=status) for i in clip_ids]
    changed = [c for c in clips if c != session.project.clip(c.id)]
    words = {KEPT: "Keep", EXCLUDED: "Exclude", UNREVIEWED: "Mark unreviewed"}
    what = f"{words[status]} {_names(changed)}"
    if changed:
        session.edit(what, session.project.with_clips(changed))


def label_whole_clips(session: Session, clip_ids: list[str], label: str) -> None:
    """Give whole clips one label, as one step."""
    if session.project is None:
        return
    clips = [session.project.clip(i) for i in clip_ids]
    labelled = [
        c.with_track(
            replace(c.labels, segments=(Segment(0.0, c.duration_s, label, author=session.author),))
        )
        for c in clips
    ]
    session.edit(f"Label {_names(clips)} {label}", session.project.with_clips(labelled))


def _names(clips: list[Clip]) -> str:
    return clips[0].name if len(clips) == 1 else f"{len(clips)} clips"
