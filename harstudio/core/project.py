"""A project: clips, their labels, the sensors on the body. Immutable; arrays stay out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from harstudio.core.errors import HarstudioError
from harstudio.core.imu import SensorLayout
from harstudio.core.labels import LabelSet, LabelTrack
from harstudio.core.source import Source
from harstudio.core.timebase import Alignment

MINE = "labels"
"""Name of the tier that holds the person's own labels."""

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
