"""Where the last edits were made, to go back to them one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from harstudio.core.changed_clips import changed_ids
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import MINE, PREDICTED, Clip, Project
from harstudio.gui.clock import PlaybackClock
from harstudio.gui.session import Session

MOST = 50
_SAME_SHARE = 0.5
_MOST_COMPARED = 64


@dataclass(frozen=True)
class Place:
    """A stretch of a clip, s, and the tier that was edited there."""

    clip_id: str
    tier: str
    start_s: float
    end_s: float

    def is_about(self, other: Place) -> bool:
        """Whether two places are the same to a person: they share half of the shorter."""
        if (self.clip_id, self.tier) != (other.clip_id, other.tier):
            return False
        shared_s = min(self.end_s, other.end_s) - max(self.start_s, other.start_s)
        shorter_s = min(self.end_s - self.start_s, other.end_s - other.start_s)
        return shared_s >= _SAME_SHARE * shorter_s


def edited_places(before: Project, after: Project) -> list[Place]:
    """The stretches whose labels differ, one for each clip and tier that has any.

    What left the suggestions is looked for among the person's own labels.
    """
    places: list[Place] = []
    for old, new in _changed_clips(before, after):
        stretches = {
            tier: stretch
            for tier in dict.fromkeys((*old.tiers, *new.tiers))
            if (stretch := changed_stretch(old.track(tier), new.track(tier))) is not None
        }
        suggested = stretches.pop(PREDICTED, None)
        if suggested is not None and not stretches:
            stretches[MINE] = suggested
        places += [Place(new.id, tier, *stretch) for tier, stretch in stretches.items()]
    return places


def _changed_clips(before: Project, after: Project) -> list[tuple[Clip, Clip]]:
    ids = changed_ids(before.clips, after.clips)
    both = [i for i in ids if i in before.clips and i in after.clips]
    pairs = [(before.clips[i], after.clips[i]) for i in both]
    return [(old, new) for old, new in pairs if old.tracks != new.tracks]


def changed_stretch(before: LabelTrack, after: LabelTrack) -> tuple[float, float] | None:
    """Where a person would say that an edit was made, s; None if the tracks are equal.

    What was put down, rather than what it trimmed; of a boundary that moved, its segment.
    """
    if before is after:
        return None
    old, new = set(before.segments), set(after.segments)
    gone, come = old - new, new - old
    if not gone and not come:
        return None
    start_s, end_s = _differing(gone, come) or _hull(come or gone)
    near = [(s.start_s, s.end_s) for s in come if s.start_s <= end_s and start_s <= s.end_s]
    inside = [(a, b) for a, b in near if start_s <= a and b <= end_s]
    if (start_s, end_s) in near or len(inside) > 1 or not near:
        return start_s, end_s
    around = [(a, b) for a, b in near if a <= start_s and end_s <= b]
    return min(inside or around or near, key=lambda stretch: stretch[1] - stretch[0])


def _hull(segments: set[Segment]) -> tuple[float, float]:
    return min(s.start_s for s in segments), max(s.end_s for s in segments)


def _differing(gone: set[Segment], come: set[Segment]) -> tuple[float, float] | None:
    """From the first to the last moment at which one says something else than the other, s."""
    if len(gone) + len(come) > _MOST_COMPARED:
        return None
    edges = sorted({edge for s in (*gone, *come) for edge in (s.start_s, s.end_s)})
    stretches = [
        (a, b) for a, b in pairwise(edges) if _said_within(gone, a, b) != _said_within(come, a, b)
    ]
    return (stretches[0][0], stretches[-1][1]) if stretches else None


def _said_within(
    segments: set[Segment], start_s: float, end_s: float
) -> list[tuple[str, float, str]]:
    within = (s for s in segments if s.start_s <= start_s and end_s <= s.end_s)
    return sorted((s.label, s.confidence, s.note) for s in within)


class Places:
    """The last distinct places that were edited, the latest first."""

    def __init__(self, session: Session) -> None:
        self._session, self._file = session, session.file
        self._places: list[Place] = []
        self._shown: Place | None = None
        session.project_changed.connect(self._on_project_changed)

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(self._places)

    def _on_project_changed(self, before: Project | None, after: Project | None) -> None:
        if self._session.file is not self._file:
            self._file, self._places, self._shown = self._session.file, [], None
            return
        if before is None or after is None:
            return
        for place in edited_places(before, after):
            rest = [each for each in self._places if not each.is_about(place)]
            self._places = [place, *rest][:MOST]
            self._shown = None

    def go_back(self, clock: PlaybackClock) -> None:
        """Go to the last edited place; from a place that was gone to, to the one before it."""
        session, project = self._session, self._session.project
        known = [p for p in self._places if project is not None and p.clip_id in project.clips]
        shown = self._shown
        still_there = (
            shown in known
            and session.clip_id == shown.clip_id
            and abs(clock.time_s - shown.start_s) < 1e-3
        )
        index = known.index(shown) + 1 if still_there else 0
        if index >= len(known):
            session.message.emit("Nothing was edited before this" if known else "No edit yet")
            return
        self._shown = place = known[index]
        session.select_tier(place.tier)
        session.show_moment(place.clip_id, place.start_s, place.end_s)
