"""An earlier state of a clip beside the present one: what differs, and how to have it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import Clip
from harstudio.core.source import Source


@dataclass(frozen=True)
class TierDifference:
    """What happens to one tier's segments.

    Attributes
    ----------
    tier : str
    added, removed, changed : int
        Segments; one that is changed shares time with what it was.
    comes, goes : bool
        The tier itself appears or disappears.
    """

    tier: str
    added: int
    removed: int
    changed: int
    comes: bool = False
    goes: bool = False

    @property
    def text(self) -> str:
        """In words, e.g. ``3 added, 1 changed in labels``."""
        counts = ((self.added, "added"), (self.removed, "removed"), (self.changed, "changed"))
        words = ", ".join(f"{count} {what}" for count, what in counts if count)
        if self.comes or self.goes:
            tier = f"tier {self.tier} {'comes' if self.comes else 'goes'}"
            return f"{tier} ({words})" if words else tier
        return f"{words} in {self.tier}"


def tier_differences(now: Clip, then: Clip) -> tuple[TierDifference, ...]:
    """What happens to each tier when `then` takes the place of `now`; equal tiers are left out."""
    found = []
    for tier in dict.fromkeys((*now.tiers, *then.tiers)):
        old, new = now.track(tier), then.track(tier)
        comes, goes = tier not in now.tiers, tier not in then.tiers
        if comes or goes or old.segments != new.segments:
            found.append(TierDifference(tier, *_counts(old, new), comes, goes))
    return tuple(found)


def differences(now: Clip, then: Clip) -> tuple[str, ...]:
    """What changes when `then` takes the place of `now`, in words; empty if nothing does."""
    words = [each.text for each in tier_differences(now, then)]
    for tier in now.tiers:
        old, new = now.track(tier).overlapping, then.track(tier).overlapping
        if tier in then.tiers and old != new:
            words.append(f"{tier}: segments {'may' if new else 'may not'} overlap")
    for field in ("status", "name", "subject", "dataset", "notes"):
        old_text, new_text = getattr(now, field), getattr(then, field)
        if old_text != new_text:
            words.append(f"{field}: {old_text or 'none'} → {new_text or 'none'}")
    if len(now.recordings) != len(then.recordings):
        words.append(f"recordings: {len(now.recordings)} → {len(then.recordings)}")
    elif now.recordings != then.recordings:
        words.append("recordings: another alignment")
    if now.motion != then.motion:
        gone = "the motion goes" if now.motion else "a motion comes"
        words.append("another motion" if now.motion and then.motion else gone)
    return tuple(words)


def restored(then: Clip, now: Clip | None) -> Clip:
    """An earlier state as it can be had today.

    Files that were moved since are looked for where they are now, and a problem that was found
    since stays: neither was decided by a person. `now` is None for a clip that was removed.
    """
    if now is None:
        return then
    known = {source.fingerprint: source for source in _sources(now) if source.fingerprint}

    def present(source: Source) -> Source:
        return known.get(source.fingerprint, source)

    motion = present(then.motion) if then.motion is not None else None
    recordings = tuple(replace(ref, source=present(ref.source)) for ref in then.recordings)
    return replace(then, motion=motion, recordings=recordings, problem=now.problem)


def _sources(clip: Clip) -> list[Source]:
    sources = [ref.source for ref in clip.recordings]
    return [clip.motion, *sources] if clip.motion is not None else sources


def _counts(old: LabelTrack, new: LabelTrack) -> tuple[int, int, int]:
    """Segments added, removed and changed."""
    gone = _rest(old, new)
    come = _rest(new, old)
    changed = i = j = 0
    while i < len(gone) and j < len(come):
        a, b = gone[i], come[j]
        if a.start_s < b.end_s and b.start_s < a.end_s:
            changed, i, j = changed + 1, i + 1, j + 1
        elif a.end_s <= b.end_s:
            i += 1
        else:
            j += 1
    return len(come) - changed, len(gone) - changed, changed


def _rest(track: LabelTrack, other: LabelTrack) -> Sequence[Segment]:
    """Segments of a track that another has not, in the order of time."""
    left = Counter(other.segments)
    rest = []
    for segment in track.segments:
        if left[segment]:
            left[segment] -= 1
        else:
            rest.append(segment)
    return rest
