"""Going through doubtful labels: what was found, what a person decided, and the label put right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from harstudio.core.errors import HarstudioError
from harstudio.core.labels import LabelTrack, Segment
from harstudio.core.project import Project
from harstudio.learn.judging.label_errors import Suspect, snapped
from harstudio.learn.runs.files import read_json, write_json

REVIEW = "label_errors.json"
"""Beside a project's runs: the doubts that were found last, and those that were dismissed."""

OPEN, RELABELLED, KEPT, GONE = "open", "relabelled", "kept", "gone"
_SAME_SHARE = 0.5


@dataclass(frozen=True)
class Review:
    """Doubts and what was decided on them.

    Attributes
    ----------
    suspects : tuple of Suspect
        The most rewarding first.
    kept : tuple of Suspect
        Those that a person looked at and found right, of this search and of earlier ones.
    windows : int
        That were judged.
    how : str
        By what, for a person.
    """

    suspects: tuple[Suspect, ...] = ()
    kept: tuple[Suspect, ...] = ()
    windows: int = 0
    how: str = ""

    def keeping(self, suspect: Suspect) -> Review:
        """This review with a label found right."""
        return self if self.is_kept(suspect) else replace(self, kept=(*self.kept, suspect))

    def doubting(self, suspect: Suspect) -> Review:
        """This review with a decision to keep a label taken back."""
        return replace(self, kept=tuple(k for k in self.kept if not _same(k, suspect)))

    def is_kept(self, suspect: Suspect) -> bool:
        """Whether the label was found right, be it a little earlier or later."""
        return any(_same(kept, suspect) for kept in self.kept)

    def state(self, suspect: Suspect, project: Project) -> str:
        """``open``, ``kept``, ``relabelled``, or ``gone`` with its clip.

        What was relabelled is told from the labels, so that undoing it opens the case again.
        """
        if suspect.clip_id not in project.clips:
            return GONE
        if not _still_given(suspect, project.clip(suspect.clip_id).labels):
            return RELABELLED
        return KEPT if self.is_kept(suspect) else OPEN

    def to_json(self) -> dict[str, Any]:
        """Plain data that `from_json` reads back."""
        return {
            "how": self.how,
            "windows": self.windows,
            "suspects": [asdict(s) for s in self.suspects],
            "kept": [asdict(s) for s in self.kept],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Review:
        """Read what `to_json` wrote; HarstudioError if it is something else."""
        try:
            return cls(
                suspects=tuple(_suspect(each) for each in data["suspects"]),
                kept=tuple(_suspect(each) for each in data["kept"]),
                windows=int(data["windows"]),
                how=str(data["how"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise HarstudioError(f"{REVIEW}: damaged ({error!r})") from error


def load_review(folder: Path) -> Review:
    """The review that a folder of runs holds; an empty one if it holds none.

    Raises
    ------
    HarstudioError
        The file is damaged.
    """
    path = folder / REVIEW
    if not path.is_file():
        return Review()
    try:
        return Review.from_json(read_json(path))
    except HarstudioError as error:
        raise HarstudioError(f"{path}: {error.message}", "find label errors again") from error


def save_review(folder: Path, review: Review) -> None:
    """Write a review into a folder of runs, which is made if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HarstudioError(f"{folder}: cannot be made ({error.strerror})") from error
    write_json(folder / REVIEW, review.to_json())


def accepted(project: Project, suspect: Suspect, author: str) -> Project:
    """The project with the suggested label: on the whole segment where it is mostly doubted."""
    track = project.clip(suspect.clip_id).labels
    start_s, end_s = snapped(suspect, track)
    return relabelled(
        project, suspect.clip_id, start_s, end_s, suspect.suggested, author, given=suspect.given
    )


def relabelled(
    project: Project,
    clip_id: str,
    start_s: float,
    end_s: float,
    label: str,
    author: str,
    *,
    given: str = "",
    whole: bool = False,
) -> Project:
    """The project with another label on a stretch of a clip's own labels.

    Parameters
    ----------
    start_s, end_s : float, s
    given : str
        The label that is wrong there. In an overlapping track only that one makes room.
    whole : bool
        Relabel the whole segment that most of the stretch lies in; the stretch itself where
        there is none.

    Raises
    ------
    HarstudioError
        No such clip, or the stretch lies outside it.
    """
    clip = project.clip(clip_id)
    start_s, end_s = max(0.0, start_s), min(clip.duration_s, end_s)
    if end_s <= start_s:
        raise HarstudioError(f"{clip.name}: ends at {clip.duration_s:g} s, got {start_s:g} s")
    track = clip.labels
    held = _mostly(track, start_s, end_s, (given, label)) if whole else None
    if held is None:
        freed = _without(track, start_s, end_s, given) if track.overlapping else track
        after = freed.paint(Segment(start_s, end_s, label, author=author))
    else:
        index = track.index_of(held)
        assert index is not None
        after = track.changed(index, replace(held, label=label, author=author, confidence=1.0))
    return project.with_clips([clip.with_track(after)])


def _without(track: LabelTrack, start_s: float, end_s: float, label: str) -> LabelTrack:
    """An overlapping track with a stretch of one label taken away."""
    others = tuple(s for s in track.segments if s.label != label)
    freed = replace(track, segments=tuple(s for s in track.segments if s.label == label))
    return replace(track, segments=(*others, *freed.erase(start_s, end_s).segments))


def _mostly(
    track: LabelTrack, start_s: float, end_s: float, labels: tuple[str, str]
) -> Segment | None:
    """The segment that has the largest part of a stretch.

    Where several lie over each other, one of the first of `labels` comes before one of the second,
    which was relabelled already, and that before any other.
    """

    def rank(segment: Segment) -> tuple[int, float]:
        shared_s = min(segment.end_s, end_s) - max(segment.start_s, start_s)
        meant = labels[::-1].index(segment.label) + 1 if segment.label in labels else 0
        return meant * track.overlapping, shared_s

    return max(track.within(start_s, end_s), key=rank, default=None)


def _still_given(suspect: Suspect, track: LabelTrack) -> bool:
    """Whether at least half of the doubted stretch still carries the doubted label."""
    held_s = sum(
        min(s.end_s, suspect.end_s) - max(s.start_s, suspect.start_s)
        for s in track.within(suspect.start_s, suspect.end_s)
        if s.label == suspect.given
    )
    return held_s >= _SAME_SHARE * (suspect.end_s - suspect.start_s)


def _same(one: Suspect, other: Suspect) -> bool:
    """Whether both doubt the same label at about the same place, in favour of the same other."""
    if (one.clip_id, one.given, one.suggested) != (other.clip_id, other.given, other.suggested):
        return False
    shared_s = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    longer_s = max(one.end_s - one.start_s, other.end_s - other.start_s)
    return shared_s >= _SAME_SHARE * longer_s


def _suspect(data: Mapping[str, Any]) -> Suspect:
    return Suspect(
        clip_id=str(data["clip_id"]),
        subject=str(data["subject"]),
        start_s=float(data["start_s"]),
        end_s=float(data["end_s"]),
        given=str(data["given"]),
        suggested=str(data["suggested"]),
        score=float(data["score"]),
        windows=int(data["windows"]),
        real=bool(data["real"]),
    )
