"""A project: clips, their labels, the sensors on the body. Immutable; arrays stay out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import SensorLayout
from harstudio.core.label_set import LabelSet
from harstudio.core.labels import LabelTrack
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment

MINE = "labels"
"""Name of the tier that holds the person's own labels."""

PREDICTED = "predicted"
"""Name of the tier that a model's proposals go to; they never touch a person's labels."""

_NO_LABELS = LabelTrack()

UNREVIEWED, KEPT, EXCLUDED = "unreviewed", "kept", "excluded"
STATUSES = (UNREVIEWED, KEPT, EXCLUDED)


@dataclass(frozen=True)
class RecordingRef:
    """A recording that belongs to a clip, and how it lies on the clip's clock."""

    source: Source
    sensors: tuple[str, ...]
    duration_s: float
    rate_hz: float
    alignment: Alignment = field(default_factory=Alignment)


@dataclass(frozen=True)
class Clip:
    """One stretch of motion, of recording, or of both on one clock, with its labels.

    Attributes
    ----------
    id : str
        Stable and unique in the project.
    name, subject, dataset : str
        For people; `subject` is also the unit of a split by subject.
    duration_s, rate_hz : float
        Of the motion, or of the first recording where there is no motion.
    motion : Source or None
    recordings : tuple of RecordingRef
    tracks : tuple of (tier name, LabelTrack)
        Whether a tier's segments may overlap is kept in its track.
    status : str
        unreviewed, kept or excluded.
    notes : str
    problem : str
        Why the clip cannot be used (found on reading); empty if it can.
    """

    id: str
    name: str
    duration_s: float
    rate_hz: float
    subject: str = ""
    dataset: str = ""
    motion: Source | None = None
    recordings: tuple[RecordingRef, ...] = ()
    tracks: tuple[tuple[str, LabelTrack], ...] = ()
    status: str = UNREVIEWED
    notes: str = ""
    problem: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise HarstudioError(f"clip {self.name!r}: status {self.status!r}, not in {STATUSES}")
        if self.motion is None and not self.recordings:
            raise HarstudioError(f"clip {self.name!r}: neither a motion nor a recording")

    @property
    def labels(self) -> LabelTrack:
        """The person's own labels."""
        return self.track(MINE)

    def track(self, tier: str) -> LabelTrack:
        """A tier's labels; an empty track if there is no such tier."""
        return next((track for name, track in self.tracks if name == tier), _NO_LABELS)

    @property
    def tiers(self) -> tuple[str, ...]:
        """Names of the tiers: the person's own first, whether it holds labels or not."""
        return (MINE, *(name for name, _ in self.tracks if name != MINE))

    def with_tier(self, tier: str, track: LabelTrack = _NO_LABELS) -> Clip:
        """This clip with a new tier, empty unless told.

        Raises
        ------
        HarstudioError
            An empty name, or one that is taken.
        """
        if not tier.strip() or tier in self.tiers:
            raise HarstudioError(
                f"tier {tier!r}: {'there is one already' if tier.strip() else 'no name'}",
                "choose another name",
            )
        return replace(self, tracks=(*self.tracks, (tier, track)))

    def without_tier(self, tier: str) -> Clip:
        """This clip without a tier; its own labels' tier is emptied."""
        return replace(self, tracks=tuple(t for t in self.tracks if t[0] != tier))

    def with_tier_named(self, tier: str, name: str) -> Clip:
        """This clip with a tier renamed.

        Raises
        ------
        HarstudioError
            There is no such tier, it is the person's own, or the new name is empty or taken.
        """
        if tier == MINE or tier not in self.tiers:
            raise HarstudioError(f"tier {tier!r}: cannot be renamed")
        track = self.track(tier)
        renamed = self.without_tier(tier).with_tier(name, track)
        order = [name if old == tier else old for old, _ in self.tracks]
        tracks = dict(renamed.tracks)
        return replace(self, tracks=tuple((each, tracks[each]) for each in order))

    def with_track(self, track: LabelTrack, tier: str = MINE) -> Clip:
        """This clip with a tier replaced, or added; self if nothing changes."""
        if self.track(tier) == track:
            return self
        tracks = dict(self.tracks)
        tracks[tier] = track
        return replace(self, tracks=tuple(tracks.items()))

    @property
    def usable(self) -> bool:
        """Neither excluded nor broken."""
        return self.status != EXCLUDED and not self.problem


@dataclass(frozen=True)
class Project:
    """Clips by id in the order they were added, with what they share.

    Attributes
    ----------
    name : str
    clips : mapping of id to Clip
    label_set : LabelSet
    layout : SensorLayout
    rate_hz : float
        Rate of virtual signals and of training windows.
    body : Source or None
        The body model; None is the open body that ships with harstudio.
    """

    name: str
    layout: SensorLayout
    clips: Mapping[str, Clip] = field(default_factory=dict)
    label_set: LabelSet = field(default_factory=LabelSet)
    rate_hz: float = 60.0
    body: Source | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.clips, MappingProxyType):
            object.__setattr__(self, "clips", MappingProxyType(dict(self.clips)))

    def __reduce__(self) -> tuple[object, ...]:
        # A mapping proxy does not pickle; projects travel to the child processes of jobs.
        clips = dict(self.clips)
        return Project, (self.name, self.layout, clips, self.label_set, self.rate_hz, self.body)

    def clip(self, clip_id: str) -> Clip:
        """A clip by id; HarstudioError if there is none."""
        try:
            return self.clips[clip_id]
        except KeyError:
            raise HarstudioError(f"no clip {clip_id!r} in project {self.name!r}") from None

    def with_clips(self, clips: Iterable[Clip]) -> Project:
        """Clips replaced or added by id; new labels join the label set; self if nothing changes."""
        last = {c.id: c for c in clips}
        changed = {i: c for i, c in last.items() if self.clips.get(i) is not c}
        if not changed:
            return self
        used = (name for c in changed.values() for _, track in c.tracks for name in track.labels)
        label_set = self.label_set.extended(used)
        return replace(self, clips={**self.clips, **changed}, label_set=label_set)

    def without_clips(self, ids: Iterable[str]) -> Project:
        """Without those clips (their files stay where they are); self if nothing changes."""
        gone = self.clips.keys() & set(ids)
        if not gone:
            return self
        return replace(self, clips={i: c for i, c in self.clips.items() if i not in gone})
