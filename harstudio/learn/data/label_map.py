"""From one set of labels to another, e.g. twelve activities to five: nothing goes in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import UNKNOWN, LabelTrack
from harstudio.learn.runs.files import read_json, write_json

REFUSE, LEAVE_OUT, KEEP = "refuse", "leave_out", "keep"
OTHERS = (REFUSE, LEAVE_OUT, KEEP)


@dataclass(frozen=True)
class Unmapped:
    """Labelled time that a map says nothing about."""

    label: str
    segments: int
    seconds: float

    @property
    def text(self) -> str:
        count = "1 segment" if self.segments == 1 else f"{self.segments:,} segments"
        return f"{self.label} ({count}, {self.seconds:.1f} s)"


@dataclass(frozen=True)
class LabelMap:
    """Which label stands for which.

    Attributes
    ----------
    pairs : tuple of (from, to)
        `to` is empty where a label is left out on purpose.
    others : str
        What becomes of labels that are not named: ``refuse`` (an error that names them),
        ``leave_out`` (told with their counts), or ``keep``. A label that others are mapped to
        stays as it is, and ``unknown`` is left out, unless named.
    name : str

    Raises
    ------
    HarstudioError
        An empty label, one that is mapped twice, or an unknown word for `others`.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    others: str = REFUSE
    name: str = ""

    def __post_init__(self) -> None:
        pairs = tuple((str(old), str(new)) for old, new in self.pairs)
        object.__setattr__(self, "pairs", pairs)
        names = [old for old, _ in pairs]
        for old in names:
            if not old.strip():
                raise HarstudioError("label map: the name of a label is empty")
            if names.count(old) > 1:
                raise HarstudioError(f"label map: {old!r} is mapped twice")
        if self.others not in OTHERS:
            raise HarstudioError(
                f"label map: others is {self.others!r}", f"one of {', '.join(OTHERS)}"
            )

    @property
    def targets(self) -> tuple[str, ...]:
        """The labels that others are mapped to, in order of appearance."""
        return tuple(dict.fromkeys(new for _, new in self.pairs if new))

    def of(self, label: str) -> str | None:
        """What a label becomes: empty where it is left out, None where the map says nothing."""
        named = dict(self.pairs).get(label)
        if named is not None:
            return named
        if label in self.targets:
            return label
        if label == UNKNOWN:
            return ""
        return {REFUSE: None, LEAVE_OUT: "", KEEP: label}[self.others]

    def with_pair(self, old: str, new: str) -> Self:
        """This map with a label mapped, in its place if it was mapped before; `new` may be empty.

        Raises
        ------
        HarstudioError
            An empty name.
        """
        pairs = dict(self.pairs)
        pairs[old] = new
        return replace(self, pairs=tuple(pairs.items()))

    def without(self, old: str) -> Self:
        """This map with nothing said about a label."""
        return replace(self, pairs=tuple(pair for pair in self.pairs if pair[0] != old))

    def labels(self, used: Iterable[str]) -> tuple[str, ...]:
        """What labels in use become, in the map's order of targets, then as they come."""
        found = {new for label in used if (new := self.of(label))}
        kept = tuple(dict.fromkeys(new for label in used if (new := self.of(label))))
        first = tuple(label for label in self.targets if label in found)
        return (*first, *(label for label in kept if label not in first))

    def track(self, track: LabelTrack) -> LabelTrack:
        """A track under the map; segments that are left out, or not named, leave gaps."""
        segments = tuple(
            replace(segment, label=new)
            for segment in track.segments
            if (new := self.of(segment.label))
        )
        return replace(track, segments=segments)

    def unmapped(self, tracks: Iterable[LabelTrack]) -> tuple[Unmapped, ...]:
        """Labels in use that are not named, are no target and not ``unknown``, with counts."""
        named = {old for old, _ in self.pairs} | set(self.targets) | {UNKNOWN}
        found: dict[str, Unmapped] = {}
        for track in tracks:
            for segment in track.segments:
                if segment.label not in named:
                    before = found.get(segment.label, Unmapped(segment.label, 0, 0.0))
                    found[segment.label] = Unmapped(
                        segment.label, before.segments + 1, before.seconds + segment.duration_s
                    )
        return tuple(found[label] for label in sorted(found))

    def left_out(self, tracks: Iterable[LabelTrack]) -> tuple[Unmapped, ...]:
        """Labels in use that the map leaves out, on purpose or as `others`, with counts."""
        bare = LabelMap(tuple((label, label) for label in self._kept(tracks)))
        return bare.unmapped(tracks)

    def checked(self, tracks: Iterable[LabelTrack]) -> tuple[str, ...]:
        """What to tell of these labels under the map.

        Raises
        ------
        HarstudioError
            Labels that the map says nothing about, where it refuses them.
        """
        tracks = tuple(tracks)
        title = f"label map {self.name!r}" if self.name else "label map"
        unmapped = self.unmapped(tracks)
        if unmapped and self.others == REFUSE:
            raise HarstudioError(
                f"{title}: says nothing about {_listed(unmapped)}",
                "map them, or leave out on purpose what is not mapped",
            )
        gone = self.left_out(tracks)
        return (f"{title}: left out {_listed(gone)}",) if gone else ()

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back; null where a label is left out."""
        return {
            "name": self.name,
            "labels": {old: new or None for old, new in self.pairs},
            "others": self.others,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LabelMap:
        """The map written by `to_json`.

        Raises
        ------
        HarstudioError
            An entry is missing or of the wrong kind.
        """
        labels, others, name = data.get("labels"), data.get("others", REFUSE), data.get("name", "")
        if not isinstance(labels, Mapping) or not all(
            isinstance(old, str) and (new is None or isinstance(new, str))
            for old, new in labels.items()
        ):
            raise HarstudioError(
                f"label map: labels is {labels!r}", "an object of label: label, or label: null"
            )
        if not isinstance(others, str) or not isinstance(name, str):
            raise HarstudioError(f"label map: others is {others!r}, name is {name!r}")
        return cls(tuple((old, new or "") for old, new in labels.items()), others, name)

    def _kept(self, tracks: Iterable[LabelTrack]) -> tuple[str, ...]:
        return tuple({label for track in tracks for label in track.labels if self.of(label)})


def load_label_map(path: Path) -> LabelMap:
    """Read a map from a JSON file; HarstudioError names the file and what is wrong with it."""
    data = read_json(path)
    try:
        return LabelMap.from_json(data)
    except HarstudioError as error:
        raise HarstudioError(f"{path}: {error.message}", error.hint) from error


def save_label_map(path: Path, label_map: LabelMap) -> None:
    """Write a map as JSON."""
    write_json(path, label_map.to_json())


IDENTITY = LabelMap(others=KEEP, name="identity")

DIP_FIVE = LabelMap(
    tuple(
        (old, new)
        for new, labels in {
            "upper_body": ("arm_raises", "arm_stretching", "arm_swings", "arm_cross", "clap"),
            "lower_body": ("leg_raises", "leg_stretching", "squat", "squats", "lunge", "lunges"),
            "locomotion": ("walk", "walking", "jog", "jogging", "running", "side_steps"),
            "freestyle": ("jumping", "jumping_jacks", "boxing", "kicking"),
            "computer_work": ("computer_work", "computer_works", "desk_work", "typing"),
        }.items()
        for old in labels
    ),
    name="DIP five",
)  # fmt: skip
"""The five kinds of movement of DIP-IMU (Huang et al. 2018): upper body, lower body, locomotion,
freestyle, and work at a computer. Which of the usual activities goes where follows the examples
that the paper gives of each kind; it is a start, to be edited."""

PRESETS: Mapping[str, LabelMap] = {"identity": IDENTITY, "dip_five": DIP_FIVE}


def named_label_map(name: str) -> LabelMap:
    """A preset by its name, else the map in the file of that path.

    Raises
    ------
    HarstudioError
        Neither; the message lists the presets.
    """
    if name in PRESETS:
        return PRESETS[name]
    if not Path(name).is_file():
        raise HarstudioError(
            f"label map {name!r}: neither a file nor a preset", f"presets: {', '.join(PRESETS)}"
        )
    return load_label_map(Path(name))


def _listed(labels: Iterable[Unmapped]) -> str:
    return ", ".join(each.text for each in labels)
