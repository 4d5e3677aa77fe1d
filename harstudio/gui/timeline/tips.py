"""What the mouse reads when it rests on a segment or on a tier's name."""

from __future__ import annotations

from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.timebase import clock_text
from harstudio.gui.timeline.press import NAME, Press


def tip_of(press: Press) -> str:
    """What is said of a place; nothing of an empty one."""
    if press.kind == NAME:
        return tier_tip(press.lane.name, press.lane.track)
    if press.inside is not None:
        return segment_tip(press.lane.track.segments[press.inside])
    return ""


def segment_tip(segment: Segment) -> str:
    """Label, start to end, duration, confidence, author, note, soft edges: a line each."""
    when = f"{clock_text(segment.start_s)} \u2013 {clock_text(segment.end_s)}"
    lines = [segment.label, f"{when}  ({segment.duration_s:.2f} s)"]
    if segment.confidence < 1:
        lines.append(f"confidence {segment.confidence:.2f}")
    soft = [
        f"{name} \u00b1 {soft_s:.2f} s"
        for name, soft_s in (("start", segment.start_soft_s), ("end", segment.end_soft_s))
        if soft_s
    ]
    if soft:
        lines.append("uncertain: " + ", ".join(soft))
    if segment.author:
        lines.append(f"by {segment.author}")
    if segment.note:
        lines.append(segment.note)
    return "\n".join(lines)


def tier_tip(name: str, track: LabelTrack) -> str:
    """A tier's full name, how many segments it holds, and whether they may overlap."""
    count = len(track)
    kind = "may overlap" if track.overlapping else "exclusive"
    return (
        f"{name}: {count} segment{'' if count == 1 else 's'}, {kind}\n"
        "Click to work on it, right-click for its menu"
    )
