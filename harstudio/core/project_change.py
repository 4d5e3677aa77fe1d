"""The difference between two projects, small enough to keep thousands of them for undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from harstudio.core.changed_clips import changed_ids
from harstudio.core.project import Clip, Project

_PARTS = tuple(field.name for field in fields(Project) if field.name != "clips")


@dataclass(frozen=True)
class _Side:
    """One end of a change: what it sets.

    Attributes
    ----------
    parts : mapping of field name to value
    clips : mapping of id to Clip, or None for a clip that is not there
    order : tuple of id, or None
        All clips, where some were added, removed or put in another order.
    """

    parts: Mapping[str, Any]
    clips: Mapping[str, Clip | None]
    order: tuple[str, ...] | None

    def put_on(self, project: Project) -> Project:
        if self.order is None and None not in self.clips.values():  # 11,000 clips, one of them new
            held = {i: clip for i, clip in self.clips.items() if clip is not None}
            clips = {**project.clips, **held} if held else project.clips
        else:
            known = {**project.clips, **self.clips}
            order = known if self.order is None else self.order
            clips = {i: clip for i in order if (clip := known.get(i)) is not None}
        return replace(project, clips=clips, **self.parts)

    def over(self, earlier: _Side) -> _Side:
        """This side, with what only an earlier one sets."""
        return _Side(
            {**earlier.parts, **self.parts},
            {**earlier.clips, **self.clips},
            self.order if self.order is not None else earlier.order,
        )


@dataclass(frozen=True)
class ProjectChange:
    """What an edit changed: only the clips and parts that differ, as they were and as they are.

    Holding whole projects instead would keep a table of all clips for each step.
    """

    before: _Side
    after: _Side

    @classmethod
    def between(cls, before: Project, after: Project) -> ProjectChange:
        """What makes `after` of `before`; clips are compared by identity."""
        names = [name for name in _PARTS if getattr(before, name) is not getattr(after, name)]
        old, new = before.clips, after.clips
        touched: list[str] = []
        moved = False
        if old is not new:
            touched = changed_ids(old, new)
            moved = len(old) != len(new) or list(old) != list(new)
        return cls(
            _Side(
                {name: getattr(before, name) for name in names},
                {i: old.get(i) for i in touched},
                tuple(old) if moved else None,
            ),
            _Side(
                {name: getattr(after, name) for name in names},
                {i: new.get(i) for i in touched},
                tuple(new) if moved else None,
            ),
        )

    def undone(self, project: Project) -> Project:
        """A project with this change taken back."""
        return self.before.put_on(project)

    def done(self, project: Project) -> Project:
        """A project with this change made again."""
        return self.after.put_on(project)

    def then(self, later: ProjectChange) -> ProjectChange:
        """Both changes as one."""
        return ProjectChange(self.before.over(later.before), later.after.over(self.after))
