"""Which clip of a project a label file means: by its name, or by its files and their folders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from harstudio.core.project import Clip, Project
from harstudio.io.reader import pair_key
from harstudio.store.paths import sources_of
from harstudio.workflows.exchange.file_names import safe_name


@dataclass(frozen=True)
class Found:
    """A clip that fits what a file says.

    Attributes
    ----------
    clip_id : str
        Empty if there is none.
    folders : int
        How many folders the paths share, from the file upwards; -1 where the clip was named.
    reason : str
        Why there is none.
    """

    clip_id: str = ""
    folders: int = 0
    reason: str = ""


class ClipFinder:
    """Finds clips of one project."""

    def __init__(self, project: Project) -> None:
        self._by_name: dict[str, str] = {}
        self._by_key: dict[str, dict[str, list[tuple[str, ...]]]] = {}
        for clip in project.clips.values():
            self._by_name[clip.name] = clip.id
            self._by_name.setdefault(safe_name(clip.name), clip.id)
            for name in _names(clip):
                parts = _parts(name)
                places = self._by_key.setdefault(_key(parts[-1]), {}).setdefault(clip.id, [])
                places.append(parts[:-1])

    def find(self, names: Iterable[str], path: Path) -> Found:
        """The clip that the first telling one of `names` means, or else the label file's own name.

        Parameters
        ----------
        names : names or paths, the surest first
        path : Path
            Of the label file, whose own name comes last: that of a clip or of a clip's file,
            perhaps with ``__TIER`` after it. Other endings are not guessed at: ``walk_2`` may well
            be another clip than ``walk``.
        """
        found = Found(reason="no clip of such a name")
        own = path.absolute().as_posix()
        beside = path.absolute().with_name(path.stem.partition("__")[0] + path.suffix).as_posix()
        for name in (*names, path.stem, own, beside, PurePosixPath(beside).stem):
            found = self._named(name)
            if found.clip_id or "several" in found.reason:
                return found
        return found

    def _named(self, name: str) -> Found:
        if name in self._by_name:
            return Found(self._by_name[name], -1)
        parts = _parts(name)
        if not parts:
            return Found(reason="no clip of such a name")
        stem = PurePosixPath(parts[-1]).stem
        if len(parts) == 1 and stem in self._by_name:
            return Found(self._by_name[stem], -1)
        fitting = self._by_key.get(_key(parts[-1]), {})
        shared = {
            clip_id: max(_shared(parts[:-1], place) for place in places)
            for clip_id, places in fitting.items()
        }
        best = [clip_id for clip_id, n in shared.items() if n == max(shared.values())]
        if len(best) > 1:
            return Found(reason=f"several clips have the name {parts[-1]!r}")
        if not best:
            return Found(reason="no clip of such a name")
        return Found(best[0], shared[best[0]])


def _names(clip: Clip) -> Sequence[str]:
    return (clip.name, *(source.path for source in sources_of(clip)))


def _parts(name: str) -> tuple[str, ...]:
    return tuple(p for p in PurePosixPath(name.replace("\\", "/")).parts if p not in ("/", "."))


def _key(name: str) -> str:
    return pair_key(Path(name)) or name.lower()


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many folders two paths share, counted from the file upwards."""
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a.lower() != b.lower():
            break
        count += 1
    return count
