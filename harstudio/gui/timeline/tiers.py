"""What can be done with whole tiers of the open clip: each is one edit that undoes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, Clip
from harstudio.gui.session import Session


def new_tier(session: Session, name: str, *, overlapping: bool = False) -> None:
    """Add an empty tier to the open clip and work on it."""
    clip = _clip(session)
    name = name.strip()
    session.edit_clip(f"New tier {name}", clip.with_tier(name, LabelTrack((), overlapping)))
    session.select_tier(name)


def rename_tier(session: Session, tier: str, name: str) -> None:
    """Give a tier of the open clip another name."""
    clip, name = _clip(session), name.strip()
    if name == tier:
        return
    active = session.tier == tier
    session.edit_clip(f"Rename tier {tier} to {name}", clip.with_tier_named(tier, name))
    if active:
        session.select_tier(name)


def set_overlapping(session: Session, tier: str, overlapping: bool) -> None:
    """Let a tier's segments overlap, or not: then later starts trim what they lie over."""
    clip = _clip(session)
    track = clip.track(tier)
    if track.overlapping == overlapping:
        return
    after = LabelTrack(track.segments, True) if overlapping else track.exclusive()
    kind = "overlapping" if overlapping else "exclusive"
    session.edit_clip(f"Make tier {tier} {kind}", clip.with_track(after, tier))
    count = changed_count(track, after)
    if count:
        were = "segment was" if count == 1 else "segments were"
        session.message.emit(f"{tier} is exclusive now: {count} {were} trimmed (undo to restore)")


def delete_tier(session: Session, tier: str) -> None:
    """Take a tier off the open clip; of the person's own labels' tier, only the labels."""
    clip = _clip(session)
    active = session.tier == tier
    what = f"Delete all labels of {clip.name}" if tier == MINE else f"Delete tier {tier}"
    if active:
        session.select_segment(None)
    session.edit_clip(what, clip.without_tier(tier))
    if active:
        session.select_tier(MINE)


def copy_tier(session: Session, tier: str, target: str) -> None:
    """Copy all of a tier's labels to another one, which is made where there is none such.

    In an exclusive tier they trim what they lie over.
    """
    _copy(session, clip_track(session, tier), target, f"Copy {tier} to {target}")


def copy_selection(session: Session, target: str) -> None:
    """Copy the selected segment, or what lies in the selected stretch, to another tier."""
    track, index, selection = session.track, session.segment_index, session.selection
    if index is not None:
        segments: tuple[Segment, ...] = (track.segments[index],)
    else:
        segments = track.cropped(*selection).segments if selection is not None else ()
    what = segments[0].label if len(segments) == 1 else f"{len(segments)} segments"
    _copy(session, LabelTrack(segments, track.overlapping), target, f"Copy {what} to {target}")


def _copy(session: Session, source: LabelTrack, target: str, what: str) -> None:
    clip = _clip(session)
    if not source.segments:
        session.message.emit("Nothing to copy: no labels there")
        return
    if target not in clip.tiers:
        after = clip.with_tier(target, source)
    else:
        after = clip.with_track(laid_over(clip.track(target), source), target)
    session.edit_clip(what, after)
    trimmed = changed_count(clip.track(target), after.track(target))
    said = f"{len(source)} segment{'' if len(source) == 1 else 's'} copied to {target}"
    session.message.emit(said + (f", {trimmed} there trimmed" if trimmed else ""))


def clip_track(session: Session, tier: str) -> LabelTrack:
    """A tier of the open clip."""
    return _clip(session).track(tier)


def laid_over(below: LabelTrack, above: LabelTrack) -> LabelTrack:
    """Two tracks in one, of the kind of the lower one: what is below gives way if it must."""
    if below.overlapping:
        return LabelTrack((*below.segments, *above.segments), overlapping=True)
    above = above.exclusive()
    starts = [s.start_s for s in above.segments]
    ends = [s.end_s for s in above.segments]
    kept: list[Segment] = []
    for segment in below.segments:
        covers = above.segments[
            bisect_right(ends, segment.start_s) : bisect_left(starts, segment.end_s)
        ]
        rest = LabelTrack((segment,))
        for cover in covers:
            rest = rest.erase(cover.start_s, cover.end_s)
        kept += rest.segments
    return LabelTrack((*kept, *above.segments))


def changed_count(before: LabelTrack, after: LabelTrack) -> int:
    """How many segments of a track are not in another one as they were."""
    return len(set(before.segments) - set(after.segments))


def _clip(session: Session) -> Clip:
    clip = session.clip
    if clip is None:
        raise HarstudioError("no clip is open", "open one in the library")
    return clip
